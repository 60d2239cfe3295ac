"""Engines and sessions: what each database promises."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.store.intake import SourceRead, Verdict
from dondoc.store.reporting import Report
from dondoc.store.session import engine, one_at_a_time, sessions, upgrade
from tests.conftest import at

pytestmark = pytest.mark.slow


def read_at(moment: datetime) -> SourceRead:
    return SourceRead(source="folder", ok=True, items=1, detail="", recorded_at=moment)


@pytest.fixture
def both(empty_database: str, app: AppContext) -> AppContext:
    """A migrated world, once on SQLite and once on PostgreSQL."""
    assert app.settings.url == empty_database
    return app


def test_an_instant_comes_back_as_the_same_moment_in_vietnams_time(both: AppContext) -> None:
    moment = datetime(2021, 11, 19, 17, 30, tzinfo=UTC)
    with both.sessions.begin() as session:
        session.add(read_at(moment))
    with both.sessions.begin() as session:
        found = session.scalars(select(SourceRead)).one().recorded_at
    assert found == moment
    assert found.tzinfo == HERE
    assert found.isoformat() == "2021-11-20T00:30:00+07:00"


def test_instants_are_compared_as_moments(both: AppContext) -> None:
    with both.sessions.begin() as session:
        session.add(read_at(at(20, 0, 30)))
    with both.sessions.begin() as session:
        late = select(SourceRead).where(SourceRead.recorded_at <= datetime(2021, 11, 19, 17, 30, tzinfo=UTC))
        early = select(SourceRead).where(SourceRead.recorded_at <= datetime(2021, 11, 19, 17, 29, tzinfo=UTC))
        assert session.scalars(late).all()
        assert not session.scalars(early).all()


def test_an_instant_without_a_zone_is_refused(both: AppContext) -> None:
    with pytest.raises(StatementError, match="time zone"), both.sessions.begin() as session:
        session.add(read_at(datetime(2021, 11, 20)))


def test_vietnamese_text_and_nested_values_come_back_whole(both: AppContext) -> None:
    figures = {"tên": "Bến khách – Đức Thọ", "rows": [1, None, 2.5, "🛶"]}
    with both.sessions.begin() as session:
        session.add(Report(directive="a", as_of=at(18), folder="báo cáo", figures=figures, code="", recorded_at=at(18)))
    with both.sessions.begin() as session:
        assert session.scalars(select(Report)).one().figures == figures


def test_a_row_that_points_nowhere_is_refused(both: AppContext) -> None:
    with pytest.raises(IntegrityError), both.sessions.begin() as session:
        session.add(
            Verdict(
                submission_id=99,
                outcome="waiting",
                reason="",
                fulfils=[],
                rows=[],
                head={},
                issues=[],
                recorded_at=at(1),
            )
        )


def test_many_writers_that_read_first_lose_nothing(both: AppContext) -> None:
    """Each adds one to what it has just read: a lost update or a "database is locked" would show."""
    failures: list[BaseException] = []

    def add_five() -> None:
        try:
            for _ in range(5):
                with both.sessions.begin() as session:
                    one_at_a_time(session, "count")
                    so_far = session.scalars(select(SourceRead.items).order_by(SourceRead.items.desc())).first() or 0
                    row = read_at(at(20))
                    row.items = so_far + 1
                    session.add(row)
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=add_five) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert failures == []
    with both.sessions.begin() as session:
        assert sorted(session.scalars(select(SourceRead.items))) == list(range(1, 21))


def test_sqlite_keeps_its_promises(app: AppContext) -> None:
    with app.sessions.begin() as session:
        pragma = {
            name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "synchronous")
        }
        assert session.scalar(text("PRAGMA busy_timeout")) == 30000
    assert pragma == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}


def test_a_transaction_on_sqlite_holds_the_write_lock_from_its_beginning(app: AppContext, tmp_path: Path) -> None:
    import sqlite3

    file = app.settings.url.removeprefix("sqlite:///")
    with app.sessions.begin() as session:
        session.scalar(text("SELECT 1"))
        other = sqlite3.connect(file, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


@pytest.mark.parametrize("url", ["khong phai", "mysql://u:p@h/x", "postgresql://u:p@h:cong/x", "://"])
def test_an_unreadable_url_is_a_sentence_without_the_url(url: str) -> None:
    with pytest.raises(Problem, match="DONDOC_DATABASE_URL") as refused:
        sessions(url)
    assert url not in str(refused.value)


def test_a_server_that_does_not_answer_is_a_sentence_without_the_password() -> None:
    with pytest.raises(Problem, match="Không mở được cơ sở dữ liệu") as refused:
        upgrade("postgresql://dondoc:mat-khau-bi-mat@127.0.0.1:1/dondoc")
    assert "mat-khau-bi-mat" not in str(refused.value)


def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("đây không phải cơ sở dữ liệu" * 100, encoding="utf-8")
    with pytest.raises(Problem, match="Không mở được cơ sở dữ liệu"):
        upgrade(f"sqlite:///{tmp_path / 'x.db'}")


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tep").touch()
    with pytest.raises(Problem, match="Không tạo được thư mục"):
        engine(f"sqlite:///{tmp_path / 'tep' / 'con' / 'x.db'}")


def test_a_reader_waits_for_no_writer_and_sees_one_state(both: AppContext) -> None:
    with both.sessions.begin() as session:
        session.add(read_at(at(18)))
    with both.sessions.begin() as writer:
        writer.add(read_at(at(19)))
        writer.flush()
        began = time.monotonic()
        with both.sessions.reading() as reader:
            assert len(reader.scalars(select(SourceRead)).all()) == 1
        assert time.monotonic() - began < 5  # a writer that waits for the lock does so for 30 s
    with both.sessions.reading() as reader:
        assert len(reader.scalars(select(SourceRead)).all()) == 2


def test_one_more_connection_leaves_the_others_their_locks(app: AppContext) -> None:
    """SQLite's are the process's: another program that finds none thinks it is the last, and removes the log."""
    log = Path(f"{make_url(app.settings.url).database}-wal")
    with app.sessions.begin() as session:
        session.add(read_at(at(18)))
    before = log.stat()
    with app.sessions.reading() as one:
        one.scalars(select(SourceRead)).all()
        with app.sessions.reading() as another:  # opens a connection of its own
            another.scalars(select(SourceRead)).all()
        leaving = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM source_reads').fetchall()"
        subprocess.run([sys.executable, "-c", leaving, log.with_name(log.name.removesuffix("-wal"))], check=True)
        assert (log.stat().st_ino, log.stat().st_size) == (before.st_ino, before.st_size)


def test_readers_do_not_keep_a_writer_waiting(both: AppContext) -> None:
    with both.sessions.reading() as reader:
        reader.scalars(select(SourceRead)).all()
        with both.sessions.begin() as writer:
            writer.add(read_at(at(19)))
    with both.sessions.reading() as reader:
        assert len(reader.scalars(select(SourceRead)).all()) == 1


def test_a_reading_session_cannot_write_and_leaves_the_next_one_free_to(both: AppContext) -> None:
    with both.sessions.reading() as session:
        session.add(read_at(at(18)))
        with pytest.raises(DBAPIError, match=r"read-?only"):
            session.flush()
    with both.sessions.begin() as session:
        session.add(read_at(at(18)))
