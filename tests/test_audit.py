"""The audit trail: what is written stays, and whoever changes it is found out."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dondoc import audit
from dondoc.audit import BEGIN, Actor, Channel
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.diagnosis import examine
from dondoc.errors import Problem
from dondoc.store import heads
from dondoc.store.session import engine
from dondoc.store.trust import AuditEvent, KeyCheck
from tests.conftest import SECRET, Run, approver, at, migrate

WHO = Actor("Trần Thị B", "b.tran", Channel.PAGE, "10.1.2.3")
NEW, OTHER = "khoa-moi-rat-dai-va-that-ngau-nhien", "khoa-khac-rat-dai-va-that-ngau-nhien"
Under = Callable[[str], AppContext]


@pytest.fixture
def both(empty_database: str, app: AppContext) -> AppContext:
    """A migrated world, once on SQLite and once on PostgreSQL."""
    return app


@pytest.fixture
def under(environment: pytest.MonkeyPatch) -> Under:
    """A process that was started with these keys, on the same database."""

    def opened(key: str) -> AppContext:
        environment.setenv("DONDOC_SECRET_KEY", key)
        return AppContext(load())

    return opened


def write(app: AppContext, count: int = 5, kind: str = "TH") -> None:
    for number in range(count):
        with app.sessions.begin() as session:
            moment = at(18) + timedelta(minutes=number)
            audit.record(session, app.secrets, WHO, "approve", f"{kind}-{number:05}", now=moment, câu=["á", 1, None])


def verified(app: AppContext, noted: str | None = None) -> audit.Checked:
    """What can be told by whoever has nothing but the database, the keys, and maybe a digest."""
    with app.sessions.reading() as session:
        return audit.verify(session, app.settings.secret_keys, [noted] if noted else [])


def seen(app: AppContext) -> str:
    return audit.examine(app.sessions, app.settings).broken or ""


def by_force(app: AppContext, *statements: str) -> None:
    """As an attacker who owns the database: the guards are taken off first."""
    sqlite = app.settings.url.startswith("sqlite")
    guards = (
        [f"DROP TRIGGER audit_events_no_{what}" for what in ("update", "delete", "replace")]
        if sqlite
        else ["DROP TRIGGER audit_events_no_change ON audit_events"]
    )
    made = engine(app.settings.url)
    with made.begin() as connection:
        for statement in (*guards, *statements):
            connection.execute(text(statement))
    made.dispose()


def chained_anew(app: AppContext, name: str, key: str | None = None) -> None:
    """Rows from the second on rewritten, each fitting the one before it: all that can be done without the key."""
    by_force(app)
    with app.sessions.begin() as session:
        before = (BEGIN, BEGIN)
        for event in session.scalars(select(AuditEvent).order_by(AuditEvent.id)):
            if event.id > 1:
                event.name, event.key = name, event.key if key is None else key
                event.chain = audit._chain(event, before)
                event.digest = event.digest if event.key else event.chain
            before = (event.chain, event.digest)


def test_a_trail_that_nobody_touched_is_whole(both: AppContext) -> None:
    write(both)
    found = verified(both)
    assert (found.events, found.unknown, found.broken, seen(both)) == (5, 0, None, "")
    assert verified(both, noted=found.last).broken is None


@pytest.mark.parametrize("statement", ["UPDATE audit_events SET name='x'", "DELETE FROM audit_events"])
def test_the_database_itself_refuses_to_change_or_delete(both: AppContext, statement: str) -> None:
    write(both)
    with pytest.raises(DBAPIError, match="append-only"), both.sessions.begin() as session:
        session.execute(text(statement))
    assert verified(both).events == 5


def test_nor_does_sqlite_let_a_row_be_replaced(app: AppContext) -> None:
    write(app)
    with pytest.raises(DBAPIError, match="append-only"), app.sessions.begin() as session:
        session.execute(text("INSERT OR REPLACE INTO audit_events SELECT * FROM audit_events WHERE id=2"))
    assert verified(app).events == 5


@pytest.mark.parametrize(
    "attack",
    [
        ("UPDATE audit_events SET name='Người khác' WHERE id=3",),
        ("UPDATE audit_events SET details='{}' WHERE id=2",),
        ("UPDATE audit_events SET digest='00' WHERE id=4",),
        ("UPDATE audit_events SET recorded_at='2021-11-01 00:00:00' WHERE id=5",),
        ("DELETE FROM audit_events WHERE id=3",),
        ("DELETE FROM audit_events WHERE id=1",),
        ("DELETE FROM audit_events WHERE id=3", "UPDATE audit_events SET id=id-1 WHERE id>3"),
        tuple(f"UPDATE audit_events SET id={new} WHERE id={old}" for old, new in ((2, 99), (3, 2), (99, 3))),
        ("INSERT INTO audit_events SELECT 6, act, 'TH-9', name, login, channel, address, details, key, chain, digest, "
         "recorded_at FROM audit_events WHERE id=5",),
    ],
)  # fmt: skip
def test_what_was_changed_by_force_is_found(both: AppContext, attack: tuple[str, ...]) -> None:
    write(both)
    by_force(both, *attack)
    assert verified(both).broken


@pytest.mark.parametrize("key", [None, ""])
def test_a_chain_made_anew_without_the_key_is_found(both: AppContext, key: str | None) -> None:
    write(both)
    chained_anew(both, "Người khác", key)
    assert "dòng 2" in (verified(both).broken or "")


def test_rows_under_a_key_that_was_dropped_are_covered_by_those_under_the_new_one(
    both: AppContext, under: Under
) -> None:
    write(both, 3)
    write(under(f"{NEW},{SECRET}"), 2)
    newer = under(NEW)
    found = verified(newer)
    assert (found.events, found.unknown, found.broken) == (5, 0, None)
    chained_anew(both, "Người khác")
    assert "dòng 4" in (verified(newer).broken or "")


@pytest.mark.parametrize("statement", ["DELETE FROM audit_events WHERE id=5", "DELETE FROM audit_events"])
def test_rows_cut_off_at_the_end_are_found_by_the_digests_noted_outside_the_database(
    both: AppContext, statement: str
) -> None:
    write(both)
    noted = verified(both).last
    by_force(both, statement)
    assert verified(both).broken is None
    for broken in (seen(both), verified(both, noted=noted).broken or ""):
        assert "bị xóa" in broken
    assert any(finding["code"] == "audit" for finding in examine(lambda: at(18)))


def test_an_older_copy_put_in_the_place_of_the_database_is_found(app: AppContext, tmp_path: Path) -> None:
    write(app, 3)
    app.sessions.kw["bind"].dispose()
    database = app.settings.home / "dondoc.db"
    shutil.copy(database, tmp_path / "cu.db")
    write(app, 2)
    app.sessions.kw["bind"].dispose()
    shutil.copy(tmp_path / "cu.db", database)
    assert "bản sao cũ" in seen(app)
    write(app, 4, "SAU")
    assert "bản sao cũ" in seen(app), "going on from there hides nothing"


@pytest.mark.parametrize("key", [SECRET, OTHER])
def test_a_trail_copied_from_another_database_is_found(
    both: AppContext, environment: pytest.MonkeyPatch, tmp_path: Path, key: str
) -> None:
    write(both, 2)
    environment.setenv("DONDOC_DATABASE_URL", f"sqlite:///{tmp_path / 'khac.db'}")
    environment.setenv("DONDOC_HOME", str(tmp_path / "khac"))
    environment.setenv("DONDOC_SECRET_KEY", key)
    there = AppContext(load())
    migrate(there.settings.url)
    write(there, 3, "KHAC")
    with there.sessions.reading() as session:
        copied = [
            {column.name: getattr(event, column.name) for column in AuditEvent.__table__.columns}
            for event in session.scalars(select(AuditEvent))
        ]
    by_force(both, "DELETE FROM audit_events")
    with both.sessions.begin() as session:
        session.add_all(AuditEvent(**values) for values in copied)
    assert seen(both)
    assert key == SECRET or "chưa từng dùng" in (verified(both).broken or "")


def test_without_a_key_no_row_follows_those_that_were_made_with_one(app: AppContext, under: Under) -> None:
    write(app)
    with pytest.raises(Problem, match="chưa được đặt"):
        write(under(""), 1)
    with app.sessions.begin() as session:  # as the program of somebody who has the database
        session.execute(KeyCheck.__table__.delete())
        audit.record(session, [], WHO, "approve", "TH-1", now=at(18))
    assert "dòng 6" in (verified(app).broken or "")


def test_a_row_cannot_be_hidden_under_the_name_of_a_key_that_never_was(both: AppContext) -> None:
    write(both)
    chained_anew(both, "Người khác", key="0123456789ab")
    assert "dòng 2 ghi tên một khóa không có" in (verified(both).broken or "")


def test_rows_that_no_key_of_ours_covers_are_said(both: AppContext, under: Under, dondoc: Run) -> None:
    write(both, 3)
    newer = under(f"{NEW},{SECRET}")
    with newer.sessions.begin():
        pass  # the new key is noted, and nothing done with it
    assert (verified(under(NEW)).unknown, verified(under(NEW)).broken) == (3, None)
    said = dondoc("audit", "verify").stderr
    assert "3 dòng ghi bằng khóa không còn" in said
    assert "nguyên vẹn" not in said


def test_a_whole_trail_made_anew_without_the_key_is_not_called_whole(
    empty_database: str, environment: pytest.MonkeyPatch, under: Under, dondoc: Run
) -> None:
    migrate(empty_database)
    write(under(""), 3)
    app = under(SECRET)
    assert verified(app).unsealed == 3
    assert "3 dòng không có khóa" in dondoc("audit", "verify").stderr
    assert any(finding["code"] == "audit_key" for finding in examine(lambda: at(18)))


def test_a_rolled_back_act_leaves_no_gap_and_no_note_outside(both: AppContext) -> None:
    write(both, 2)
    with both.sessions.begin() as session:
        audit.record(session, both.secrets, WHO, "approve", "TH-1", now=at(18))
        with session.begin_nested():
            pass
        session.rollback()
    with both.sessions.begin() as session:
        part = session.begin_nested()
        audit.record(session, both.secrets, WHO, "approve", "TH-2", now=at(18))
        part.rollback()
    write(both, 2)
    assert (verified(both).events, seen(both)) == (4, "")
    assert len(heads.noted(both.settings.home)) == 4


def test_a_home_that_cannot_be_written_stops_no_act(app: AppContext, caplog: pytest.LogCaptureFixture) -> None:
    heads.file(app.settings.home).mkdir(parents=True)
    write(app, 1)
    assert verified(app).events == 1
    assert "not noted" in caplog.text
    with pytest.raises(Problem, match="Không đọc được"):
        seen(app)


def test_the_approver_is_told_the_last_digest(app: AppContext) -> None:
    from dondoc.mail import outbox
    from dondoc.mail.letter import Letter
    from dondoc.staff import notices
    from dondoc.store.mail import OutboxLetter

    approver(app)
    write(app, 2)
    letter = Letter("report", "a@hatinh.test", "S", "t", "<p>t</p>", "1", "vì", needs_approval=True)
    with app.sessions.begin() as session:
        outbox.enqueue(session, [letter], settings=app.settings, now=at(18))
        notices.letters_wait(app, session, at(18))
        told = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "internal")).one()
    assert f"2 dòng, dấu cuối {verified(app).last}" in told.text


def test_writers_at_once_make_one_chain(both: AppContext) -> None:
    assert both.secrets
    threads = [threading.Thread(target=write, args=(both, 5)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verified(both)
    assert (found.events, found.broken, len(heads.noted(both.settings.home))) == (20, None, 20)


WRITES = """
import sys, time
from dondoc import audit, clock
from dondoc.errors import Problem
from dondoc.configuration.context import open_context
app, (_, name, count) = open_context(), sys.argv
for number in range(int(count)):
    try:
        with app.sessions.begin() as session:
            audit.record(
                session, app.secrets, audit.Actor(name, name, audit.Channel.CLI), "approve", "TH-1", now=clock.now()
            )
    except Problem as problem:
        print(problem, flush=True)
        sys.exit(3)
    print(number, flush=True)
    time.sleep(0.005)
"""


def writing(name: str, count: int, key: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "DONDOC_SECRET_KEY": key}
    command = [sys.executable, "-c", WRITES, name, str(count)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_a_process_that_began_before_the_key_was_changed_writes_no_more(both: AppContext, under: Under) -> None:
    with writing("cũ", 10**6, SECRET) as older:
        try:
            assert older.stdout
            begun = [older.stdout.readline() for _ in range(5)]
            with writing("mới", 20, f"{NEW},{SECRET}") as newer:
                assert newer.wait(120) == 0
            said = older.stdout.read()  # it ends by itself
        finally:
            older.kill()
    assert begun[4] == "4\n"
    assert "Khóa của cơ sở dữ liệu đã đổi" in said
    with both.sessions.reading() as session:
        names = list(session.scalars(select(AuditEvent.name).order_by(AuditEvent.id)))
    assert names == ["cũ"] * (len(names) - 20) + ["mới"] * 20
    for known in (f"{NEW},{SECRET}", NEW):
        found = audit.examine(both.sessions, under(known).settings)
        assert (found.events, found.unknown, found.broken) == (len(names), 0, None)


@pytest.mark.parametrize(
    "name",
    [
        "dondoc",
        " DONDOC ",
        "Hệ thống",
        "airflow",
        "Đôn đốc",
        "Máy chủ",
        "",
        "  ",
        "d\u043endoc",
        "\u200b",
        "\x1b[2J",
        "ｄｏｎｄｏｃ",
        "-",
        "a" * 300,
    ],
)
def test_a_program_is_no_person(name: str) -> None:
    with pytest.raises(Problem):
        audit.person(name)


def test_a_persons_name_is_kept_as_it_is() -> None:
    assert audit.person("  Lê  Văn Máy ") == "Lê Văn Máy"
