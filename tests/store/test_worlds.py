"""What people wrote with earlier versions is all there after an upgrade, and answers as it did then."""

import json
from dataclasses import replace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from dondoc import audit
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.camera import PASSWORD
from dondoc.keys import cipher
from dondoc.store.cameras import Camera
from dondoc.store.intake import Verdict
from dondoc.store.models import Base
from dondoc.store.reporting import Report
from dondoc.store.session import engine, upgrade
from tests.conftest import Run
from tests.store.frozen import SECRET, Frozen, frozen, names, rows

LETTER = "stttt-cntt-2021-11"
# What migrations write anew on purpose: ids of duties with their letter.
REWRITTEN = {
    ("decisions", "obligations"),
    ("outbox", "context"),
    ("registered_letters", "fulfils"),
    ("verdicts", "fulfils"),
}
ASKED = {  # as in make.py
    "obligations": ("obligations", "--as-of", "2021-11-26"),
    "outbox": ("outbox",),
    "preview": ("preview", "--as-of", "2021-11-29", "--all"),
}
TRIGGERS = {
    "sqlite": {"camera_checks_no_update", *(f"audit_events_no_{act}" for act in ("delete", "replace", "update"))},
    "postgresql": {"camera_checks_no_update", "audit_events_no_change"},
}
RETURNED_LATELY = "ubnd-huyen-nghi-xuan"  # it has time to correct its form
LIST_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


@pytest.fixture(params=names())
def world_of_then(request: pytest.FixtureRequest, empty_database: str, environment: pytest.MonkeyPatch) -> Frozen:
    """The database of a version, once on SQLite and once on PostgreSQL."""
    environment.setenv("DONDOC_SECRET_KEY", SECRET)
    environment.setenv("DONDOC_MODE", "live")
    environment.setenv("DONDOC_CLOCK", "2021-11-26T08:00+07:00")
    then = frozen(request.param)
    then.thaw(empty_database)
    return then


def kept(then: Frozen, found: dict[str, Any]) -> None:
    """Every row of then, with every value that no migration writes anew."""
    for table, (columns, before) in then.rows.items():
        names_now, after = found[table]
        where = [(column, names_now.index(column)) for column in columns if (table, column) not in REWRITTEN]
        told = [{column: row[columns.index(column)] for column, _ in where} for row in before]
        assert [{column: row[i] for column, i in where} for row in after] == told, table


def answer(dondoc: Run, then: Frozen, name: str, command: tuple[str, ...]) -> list[dict[str, Any]]:
    """What a command says now, in the fields of then."""
    fields = {field for row in then.answers[name] for field in row}
    rows_now = json.loads(dondoc(*command, "--json").stdout)
    return [{field: row[field] for field in row if field in fields} for row in rows_now]


def test_a_world_of_then_is_whole_after_the_upgrade(world_of_then: Frozen, empty_database: str, dondoc: Run) -> None:
    before, _ = upgrade(empty_database)
    assert before == world_of_then.revision
    kept(world_of_then, rows(empty_database))
    made = engine(empty_database)
    with made.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert set(connection.scalars(text(LIST_TRIGGERS[made.dialect.name]))) == TRIGGERS[made.dialect.name]
    made.dispose()
    dondoc("db", "upgrade")  # as people do: also what is computed from rows anew
    for name, command in ASKED.items():
        told = world_of_then.answers[name]
        if name == "preview":
            waits = [row["step"] == "report_up" or row["agency"] == RETURNED_LATELY for row in told]
            told = [row | ({"step": None} if its else {}) for row, its in zip(told, waits, strict=True)]
        assert answer(dondoc, world_of_then, name, command) == told, name
    board = {row["agency"] for row in world_of_then.answers["preview"] if row["step"] == "report_up"}
    later = json.loads(dondoc("preview", "--as-of", "2021-12-01", "--json").stdout)
    assert board <= {row["agency"] for row in later if row["step"] == "report_up"}, "once their heads' days are over"
    waiting = answer(dondoc, world_of_then, "inbox", ("inbox",))
    assert [row for row in world_of_then.answers["inbox"] if row not in waiting] == [], "it waited for a person then"
    opened = AppContext(load())
    trail = audit.examine(opened.sessions, opened.settings)
    assert (trail.broken, trail.unknown, trail.unsealed) == (None, 0, 0)
    with opened.sessions.reading() as session:
        assert session.scalars(select(Report.directive)).all() == [LETTER]
        duties = [name for names in session.scalars(select(Verdict.fulfils)) for name in names]
        assert duties
        assert all(name.startswith(f"{LETTER}:") for name in duties)
        locked = [camera.password for camera in session.scalars(select(Camera)) if camera.password]
        assert {cipher([SECRET], "password").decrypt(word).decode() for word in locked} == {PASSWORD, "mat-khau-cu"}
    opened.sessions.kw["bind"].dispose()


@pytest.mark.slow
def test_a_row_of_the_trail_that_was_changed_before_rows_had_a_chain_is_seen(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_SECRET_KEY", SECRET)
    then, url = frozen("trust3"), load().url
    columns, events = then.rows["audit_events"]
    changed = [
        ["Người Khác" if (row[0], name) == (2, "name") else value for name, value in zip(columns, row, strict=True)]
        for row in events
    ]
    replace(then, rows=then.rows | {"audit_events": (columns, changed)}).thaw(url)
    upgrade(url)
    opened = AppContext(load())
    assert "dòng 2" in str(audit.examine(opened.sessions, opened.settings).broken)
    opened.sessions.kw["bind"].dispose()
