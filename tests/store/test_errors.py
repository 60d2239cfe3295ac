"""Each thing that can be wrong with a database has a sentence and a remedy of its own, tried on real ones."""

import contextlib
import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.diagnosis import examine
from dondoc.errors import Cause, Unavailable
from dondoc.store import session as room
from dondoc.store.errors import SENTENCES, explain
from dondoc.store.intake import SourceRead
from dondoc.store.session import Sessions, engine, sessions, upgrade
from tests.conftest import at, migrate

pytestmark = pytest.mark.slow

PASSWORD = "MatKhau-BiMat-77"


def read_all(made: Sessions) -> None:
    with made.reading() as session:
        for table in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all():
            session.execute(text(f'SELECT * FROM "{table}"')).all()


def write(made: Sessions) -> None:
    with made.begin() as session:
        session.add(SourceRead(source="folder", ok=True, items=1, detail="x" * 5000, recorded_at=at(18)))


def cause_of(act: Callable[[], object]) -> Cause:
    """What an act fails with, as people are told."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - of which kind is what we ask
        act()
    why = explain(raised.value)
    assert why is not None, raised.value
    assert str(why)
    assert PASSWORD not in str(why)
    return why.cause


def told(code: str = "database") -> list[str]:
    """What `doctor` says of the database."""
    return [finding["message"] for finding in examine(lambda: at(22)) if finding["code"] == code]


def shell(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("dondoc"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ)


def file_of(app: AppContext) -> Path:
    return Path(str(make_url(app.settings.url).database))


@pytest.fixture
def closed(app: AppContext) -> Path:
    """The file of a migrated world that nobody has open."""
    with app.sessions.begin() as session:
        for day in range(1, 29):
            session.add(SourceRead(source="folder", ok=True, items=1, detail="x" * 4000, recorded_at=at(day)))
    app.sessions.kw["bind"].dispose()
    with sqlite3.connect(file_of(app)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file_of(app)


def test_a_file_that_is_no_database(closed: Path, app: AppContext) -> None:
    closed.write_bytes(b"khong phai co so du lieu" * 400)
    assert cause_of(lambda: read_all(sessions(app.settings.url))) == Cause.DAMAGED
    assert told() == [SENTENCES[Cause.DAMAGED]]
    done = shell("inbox", "--json")
    assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", SENTENCES[Cause.DAMAGED])


def test_a_file_whose_pages_were_overwritten(closed: Path, app: AppContext) -> None:
    content = bytearray(closed.read_bytes())
    for start in range(4096 * 4, len(content), 4096):  # the schema stays, so do the migrations
        content[start : start + 64] = b"\xff" * 64
    closed.write_bytes(content)
    assert cause_of(lambda: read_all(sessions(app.settings.url))) == Cause.DAMAGED
    [sentence] = told()
    assert sentence.startswith(SENTENCES[Cause.DAMAGED])


def test_a_disk_that_is_full(app: AppContext) -> None:
    made = sessions(app.settings.url)

    @event.listens_for(made.kw["bind"], "connect")
    def no_room(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # SQLite takes the present number: not a page more

    def fill() -> None:
        for _ in range(50):
            write(made)

    assert cause_of(fill) == Cause.FULL
    read_all(made)  # what is there can still be read


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_real_disk_that_is_full_is_named_by_doctor_too(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    assert mount
    assert umount
    subprocess.run([mount, "-t", "tmpfs", "-o", "size=2m", "none", disk], check=True)
    try:
        environment.setenv("DONDOC_DATABASE_URL", f"sqlite:///{disk / 'dondoc.db'}")
        upgrade(load().url)
        with (disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(b"x" * 4096)
        made = sessions(load().url)
        assert cause_of(lambda: [write(made) for _ in range(200)]) == Cause.FULL
        made.kw["bind"].dispose()
        assert told()[0].startswith(SENTENCES[Cause.FULL])
    finally:
        subprocess.run([umount, disk], check=True)


def test_a_file_that_may_only_be_read(closed: Path, app: AppContext, environment: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///file:{closed}?mode=ro&uri=true"
    environment.setenv("DONDOC_DATABASE_URL", url)
    made = sessions(url)
    read_all(made)
    assert cause_of(lambda: write(made)) == Cause.READ_ONLY
    assert told() == [SENTENCES[Cause.READ_ONLY]]
    assert not Path("file:").exists(), "a URI of SQLite's own is no path of ours"


def test_a_file_that_cannot_be_opened(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "x.db").mkdir()
    url = f"sqlite:///{tmp_path / 'x.db'}"
    environment.setenv("DONDOC_DATABASE_URL", url)
    assert cause_of(lambda: read_all(sessions(url))) == Cause.CLOSED
    assert told() == [SENTENCES[Cause.CLOSED]]


def test_a_database_locked_for_too_long(app: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LOCK_SECONDS", 1)
    holder = sqlite3.connect(file_of(app), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        made = sessions(app.settings.url)
        read_all(made)
        assert cause_of(lambda: write(made)) == Cause.BUSY
        assert told() == [SENTENCES[Cause.BUSY]]
    finally:
        holder.close()


def test_an_empty_one_and_one_behind_and_one_ahead(empty_database: str) -> None:
    assert cause_of(lambda: write(sessions(empty_database))) == Cause.EMPTY
    assert told() == [SENTENCES[Cause.EMPTY]]
    upgrade(empty_database)
    write(sessions(empty_database))
    made = engine(empty_database)
    for version, cause in ((_older()[0], Cause.BEHIND), ("2099_01_01_later", Cause.AHEAD)):
        with made.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
        assert cause_of(lambda: write(sessions(empty_database))) == cause
        assert told() == [SENTENCES[cause]]
        done = shell("inbox", "--json")
        assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", SENTENCES[cause])
    made.dispose()


def _older() -> list[str]:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(room.migrations())
    return [s.revision for s in scripts.walk_revisions()][1:]


def test_once_it_is_mended_the_same_process_goes_on(environment: pytest.MonkeyPatch) -> None:
    made = sessions(load().url)
    with pytest.raises(Unavailable):
        write(made)
    upgrade(load().url)
    write(made)


def test_a_missing_table_is_a_database_behind(empty_database: str) -> None:
    migrate(empty_database)
    made = sessions(empty_database)
    write(made)
    with made.begin() as session:
        session.execute(text("DROP TABLE source_reads"))
    assert cause_of(lambda: write(made)) == Cause.BEHIND
    assert cause_of(lambda: _execute(made, "SELECT x FROM blobs_of_tomorrow")) == Cause.BEHIND


def _execute(made: Sessions, statement: str) -> None:
    with made.reading() as session:
        session.execute(text(statement))


def test_a_postgresql_that_is_not_there(environment: pytest.MonkeyPatch) -> None:
    url = f"postgresql://dondoc:{PASSWORD}@127.0.0.1:1/dondoc"
    environment.setenv("DONDOC_DATABASE_URL", url)
    assert cause_of(lambda: write(sessions(url))) == Cause.UNREACHABLE
    assert told() == [SENTENCES[Cause.UNREACHABLE]]
    done = shell("db", "upgrade")
    assert done.returncode == 2
    assert PASSWORD not in done.stderr
    assert SENTENCES[Cause.UNREACHABLE] in done.stderr


def test_a_password_in_the_query_of_the_url_is_not_said_either() -> None:
    with pytest.raises(Unavailable) as raised:
        upgrade(f"postgresql://dondoc@127.0.0.1:1/dondoc?password={PASSWORD}")
    assert PASSWORD not in str(raised.value)


def test_a_postgresql_that_knows_neither_us_nor_the_database(
    postgres: str, environment: pytest.MonkeyPatch, empty_postgres: str
) -> None:
    server = make_url(postgres)
    for url, cause in (
        (server.set(database="khong_co"), Cause.NO_DATABASE),
        (server.set(username="nguoi-la", password=PASSWORD), Cause.LOGIN),
    ):
        clear = url.render_as_string(hide_password=False)
        environment.setenv("DONDOC_DATABASE_URL", clear)
        assert cause_of(lambda clear=clear: write(sessions(clear))) == cause
        assert told() == [SENTENCES[cause]]


def test_a_wrong_password_of_postgresql(postgres: str, empty_postgres: str) -> None:
    """The server of the tests trusts its socket: a rule for one role asks for a password."""
    made = engine(empty_postgres)
    with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        rules = Path(str(connection.scalar(text("SHOW hba_file"))))
        before = rules.read_bytes()
        connection.execute(text("CREATE ROLE nguoi_khac LOGIN PASSWORD 'dung'"))
        rules.write_bytes(b"local all nguoi_khac scram-sha-256\n" + before)
        connection.execute(text("SELECT pg_reload_conf()"))
        try:
            wrong = make_url(empty_postgres).set(username="nguoi_khac", password=PASSWORD)
            clear = wrong.render_as_string(hide_password=False)
            seen = cause_of(lambda: write(sessions(clear)))
        finally:
            rules.write_bytes(before)
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text("DROP ROLE nguoi_khac"))
    made.dispose()
    assert seen == Cause.LOGIN


def test_a_postgresql_that_is_read_only_or_waits_too_long(empty_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(empty_postgres)
    made = sessions(empty_postgres)
    with made.reading() as session:
        session.add(SourceRead(source="x", ok=True, items=1, detail="", recorded_at=at(18)))
        assert cause_of(session.flush) == Cause.READ_ONLY
    monkeypatch.setattr(room, "LOCK_SECONDS", 1)
    hasty = sessions(empty_postgres)
    with made.begin() as holder:
        room.one_at_a_time(holder, "x")

        def wait() -> None:
            with hasty.begin() as session:
                room.one_at_a_time(session, "x")

        assert cause_of(wait) == Cause.BUSY


def test_a_server_that_ends_our_connection(empty_postgres: str) -> None:
    migrate(empty_postgres)
    made, other = sessions(empty_postgres), engine(empty_postgres)

    def cut() -> None:
        with made.reading() as session:
            pid = session.scalar(text("SELECT pg_backend_pid()"))
            with other.begin() as connection:
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            session.execute(text("SELECT 1"))

    assert cause_of(cut) == Cause.UNREACHABLE
    other.dispose()


def test_no_connection_left_in_the_pool(app: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "POOL", {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.2})
    made = sessions(app.settings.url)
    with made.reading() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(NoConnectionFree) as raised:
            read_all(made)
    why = explain(raised.value)
    assert why
    assert why.cause == Cause.BUSY


@pytest.mark.parametrize(
    ("number", "cause"), [(errno.ENOSPC, Cause.FULL), (errno.EDQUOT, Cause.FULL), (errno.EROFS, Cause.READ_ONLY)]
)
def test_a_disk_outside_the_database_has_the_same_words(number: int, cause: Cause) -> None:
    why = explain(OSError(number, os.strerror(number)))
    assert why
    assert why.cause == cause


def test_a_key_that_opens_nothing_is_named() -> None:
    with pytest.raises(InvalidToken) as raised:
        Fernet(Fernet.generate_key()).decrypt(Fernet(Fernet.generate_key()).encrypt(b"x"))
    why = explain(raised.value)
    assert why
    assert why.cause == Cause.KEY


def test_a_fault_of_ours_is_not_explained_away(both_kinds: Sessions) -> None:
    for wrong in ("SELEC 1", "INSERT INTO verdicts (id) VALUES (1)"):
        with pytest.raises(Exception) as raised, both_kinds.begin() as session:  # noqa: PT011
            session.execute(text(wrong))
        assert explain(raised.value) is None
    assert explain(ValueError("x")) is None
    assert explain(FileNotFoundError(errno.ENOENT, "x")) is None


@pytest.fixture
def both_kinds(empty_database: str) -> Sessions:
    migrate(empty_database)
    return sessions(empty_database)


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Level and words of what the log says of the database since it was last asked."""
    said = [(r.levelname, r.getMessage()) for r in caplog.records if r.name == "dondoc.store.errors"]
    caplog.clear()
    return said


@pytest.mark.parametrize(
    ("statement", "level", "begins"),
    [
        ("SELEC :x", "ERROR", "[fault] SELEC: "),
        ("INSERT INTO khong_co (x) VALUES (:x)", "ERROR", "[behind] INSERT khong_co: "),
        ("INSERT INTO verdicts (reason) VALUES (:x)", "INFO", "[fault] INSERT verdicts: "),  # maybe expected: it raises
    ],
)
def test_an_error_is_logged_with_the_kind_of_its_statement_and_no_value(
    both_kinds: Sessions, caplog: pytest.LogCaptureFixture, statement: str, level: str, begins: str
) -> None:
    caplog.set_level("INFO")
    with pytest.raises(DBAPIError), both_kinds.begin() as session:
        session.execute(text(statement), {"x": PASSWORD})
    assert PASSWORD not in caplog.text
    [(at_level, said)] = logged(caplog)
    assert at_level == level
    assert said.startswith(begins)


def test_a_lock_is_logged_as_passing_and_a_full_disk_as_an_error(
    app: AppContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "LOCK_SECONDS", 0)
    made = sessions(app.settings.url)
    holder = sqlite3.connect(file_of(app), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert cause_of(lambda: write(made)) == Cause.BUSY
    assert logged(caplog) == [("WARNING", "[busy] BEGIN: OperationalError (SQLITE_BUSY)")]
    holder.close()

    @event.listens_for(made.kw["bind"], "begin")
    def no_room(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count=1")

    assert cause_of(lambda: [write(made) for _ in range(50)]) == Cause.FULL
    assert logged(caplog) == [("ERROR", "[full] INSERT source_reads: OperationalError (SQLITE_FULL)")]


def test_what_people_entered_stands_in_no_error(both_kinds: Sessions) -> None:
    with pytest.raises(Exception) as raised, both_kinds.begin() as session:  # noqa: PT011
        session.execute(text("INSERT INTO khong_co (x) VALUES (:x)"), {"x": PASSWORD})
    assert PASSWORD not in str(raised.value)
