"""An upgrade that is killed, two at once, and a program that meets a database of another revision."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE

import pytest
from alembic import command
from sqlalchemy import text

from dondoc.configuration.context import AppContext
from dondoc.errors import Cause, Problem, Unavailable
from dondoc.store import session as room
from dondoc.store.session import engine, head, migrations, revision, sessions, upgrade
from tests.conftest import Run
from tests.store.frozen import Frozen, frozen, rows

# Upgrades, and stops in the middle: after this statement it says so, and goes on when its standard input says to.
UPGRADES = """
import sys
from sqlalchemy import Engine, event
from dondoc.store.session import upgrade
url, where = sys.argv[1:]

@event.listens_for(Engine, "after_cursor_execute")
def stop(connection, cursor, statement, *_):
    global where
    if where and where in statement:
        where = ""  # another migration may make the same table anew
        print("in the middle", flush=True)
        sys.stdin.readline()

print("asks", flush=True)
print(*upgrade(url), flush=True)
"""
MIDDLE = "INSERT INTO _alembic_tmp_report_issues"  # a table is being made anew; migrations before it are done
MIDDLE_OF = {"sqlite": MIDDLE, "postgresql": "UPDATE reports SET directive"}


@pytest.fixture
def old(empty_database: str) -> Frozen:
    """A database of the first version, with rows."""
    then = frozen("begin")
    then.thaw(empty_database)
    return then


@contextmanager
def upgrading(url: str, where: str = "") -> Iterator[subprocess.Popen[str]]:
    """Another process that upgrades; it has begun."""
    process = subprocess.Popen([sys.executable, "-c", UPGRADES, url, where], stdin=PIPE, stdout=PIPE, text=True)
    try:
        assert heard(process) == "asks"
        yield process
    finally:
        process.kill()
        process.communicate()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> str:
    """Let it go on, and return what it says at its end."""
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()
    return heard(process)


def middle(url: str) -> str:
    return MIDDLE_OF[url.partition(":")[0]]


def test_an_upgrade_that_is_killed_leaves_the_database_as_it_was(old: Frozen, empty_database: str) -> None:
    before = rows(empty_database)
    with upgrading(empty_database, middle(empty_database)) as process:
        assert heard(process) == "in the middle"
        process.kill()
        process.wait()
        assert rows(empty_database) == before
        assert upgrade(empty_database) == (old.revision, head())


def test_of_two_that_upgrade_at_once_one_waits_for_the_other(old: Frozen, empty_database: str) -> None:
    with upgrading(empty_database, middle(empty_database)) as first:
        assert heard(first) == "in the middle"
        with upgrading(empty_database) as second:
            assert go_on(first) == f"{old.revision} {head()}"
            assert heard(second) == f"{head()} {head()}", "there was nothing left to do"


def test_one_that_waits_too_long_is_told(old: Frozen, empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LOCK_SECONDS", 1)
    with upgrading(empty_database, middle(empty_database)) as first:
        assert heard(first) == "in the middle"
        with pytest.raises(Unavailable, match="đang bận") as told:
            upgrade(empty_database)
        assert told.value.cause == Cause.BUSY


def test_going_back_is_refused_where_there_are_rows(empty_database: str) -> None:
    """Its own downgrade would drop the trail of acts without a word."""
    then = frozen("trust")
    then.thaw(empty_database)
    before = rows(empty_database)
    config = migrations()
    made = engine(empty_database)
    with made.connect() as connection:
        config.attributes["connection"] = connection
        assert revision(connection) == then.revision
        with pytest.raises(Problem, match="khôi phục bản sao lưu trước khi nâng cấp"):
            command.downgrade(config, "-1")
    with made.connect() as connection:
        assert revision(connection) == then.revision
    made.dispose()
    assert rows(empty_database) == before


def stamp(url: str, said: str) -> None:
    made = engine(url)
    with made.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": said})
    made.dispose()


@pytest.mark.parametrize(("said", "cause"), [("2026_11_27_trust", Cause.BEHIND), ("2099_01_01_later", Cause.AHEAD)])
def test_a_program_that_was_running_while_its_database_changed_writes_no_more(
    empty_database: str, said: str, cause: Cause
) -> None:
    upgrade(empty_database)
    running = sessions(empty_database)
    with running.begin() as session:
        session.execute(text("SELECT 1"))
    stamp(empty_database, said)
    with pytest.raises(Unavailable) as told, running.begin() as session:
        session.execute(text("SELECT 1"))
    assert told.value.cause == cause
    stamp(empty_database, head())
    with running.begin() as session:
        session.execute(text("SELECT 1"))
    running.kw["bind"].dispose()


def test_the_version_names_the_program_and_its_database_and_what_to_do(app: AppContext, dondoc: Run) -> None:
    from dondoc import __version__

    assert dondoc("--version").stdout.splitlines() == [
        f"dondoc {__version__}",
        f"Cơ sở dữ liệu: phiên bản {head()}; dondoc này dùng phiên bản {head()}.",
    ]
    for said, remedy in (("2026_11_27_trust", "dondoc db upgrade"), ("2099_01_01_later", "Cài phiên bản đó")):
        stamp(app.settings.url, said)
        for asked in ("--version", "doctor"):
            told = dondoc(asked).output
            assert told.startswith(f"dondoc {__version__}\nCơ sở dữ liệu: phiên bản {said}; ")
            assert remedy in told


def test_the_version_is_told_where_there_is_no_database_and_none_is_made(
    environment: pytest.MonkeyPatch, dondoc: Run
) -> None:
    from dondoc.configuration.settings import load

    assert "phiên bản chưa có" in dondoc("--version").stdout
    assert not load().home.exists()
