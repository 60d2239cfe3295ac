"""The audit trail: what is written stays, and whoever changes it is found out."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dondoc import audit
from dondoc.audit import Actor, Channel
from dondoc.diagnosis import examine
from dondoc.errors import Problem
from dondoc.store.session import engine
from dondoc.world import World
from tests.conftest import Run, at

WHO = Actor("Trần Thị B", "b.tran", Channel.PAGE, "10.1.2.3")
KEYS = ["a" * 40]


@pytest.fixture
def both(empty_database: str, world: World) -> World:
    """A migrated world, once on SQLite and once on PostgreSQL."""
    return world


def write(world: World, count: int = 5, keys: list[str] = KEYS) -> None:
    for number in range(count):
        with world.sessions.begin() as session:
            moment = at(18) + timedelta(minutes=number)
            audit.record(session, keys, WHO, "approve", f"TH-{number:05}", now=moment, câu=["á", 1, None])


def verified(world: World, keys: list[str] = KEYS, noted: str | None = None) -> audit.Checked:
    with world.sessions.reading() as session:
        return audit.verify(session, keys, noted)


def by_force(world: World, *statements: str) -> None:
    """As an attacker who owns the database: the guards are taken off first."""
    sqlite = world.settings.url.startswith("sqlite")
    guards = (
        ["DROP TRIGGER audit_events_no_update", "DROP TRIGGER audit_events_no_delete"]
        if sqlite
        else ["DROP TRIGGER audit_events_no_change ON audit_events"]
    )
    made = engine(world.settings.url)
    with made.begin() as connection:
        for statement in (*guards, *statements):
            connection.execute(text(statement))
    made.dispose()


def test_a_trail_that_nobody_touched_is_whole(both: World) -> None:
    write(both)
    found = verified(both)
    assert (found.events, found.unknown, found.broken) == (5, 0, None)
    assert verified(both, noted=found.last).broken is None


@pytest.mark.parametrize("statement", ["UPDATE audit_events SET name='x'", "DELETE FROM audit_events"])
def test_the_database_itself_refuses_to_change_or_delete(both: World, statement: str) -> None:
    write(both)
    with pytest.raises(DBAPIError, match="append-only"), both.sessions.begin() as session:
        session.execute(text(statement))
    assert verified(both).events == 5


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_events SET name='Người khác' WHERE id=3",
        "UPDATE audit_events SET details='{}' WHERE id=2",
        "DELETE FROM audit_events WHERE id=3",
        "DELETE FROM audit_events WHERE id=1",
        "UPDATE audit_events SET digest='00' WHERE id=4",
        "UPDATE audit_events SET recorded_at='2021-11-01 00:00:00' WHERE id=5",
    ],
)
def test_what_was_changed_by_force_is_found(both: World, attack: str) -> None:
    write(both)
    by_force(both, attack)
    assert verified(both).broken


def test_rows_cut_off_at_the_end_are_found_by_a_digest_that_was_noted(both: World) -> None:
    write(both)
    noted = verified(both).last
    by_force(both, "DELETE FROM audit_events WHERE id=5")
    assert verified(both).broken is None
    assert "bị xóa" in (verified(both, noted=noted).broken or "")


def test_without_the_key_nobody_can_make_a_row_that_fits(world: World) -> None:
    write(world)
    write(world, 1, keys=[])
    assert "dòng 6 không có khóa" in (verified(world).broken or "")


def test_a_row_cannot_be_hidden_under_the_name_of_a_key_that_never_was(both: World) -> None:
    write(both)
    by_force(both, "UPDATE audit_events SET name='Người khác', key='0123456789ab' WHERE id=3")
    assert "dòng 3 ghi tên một khóa không có" in (verified(both).broken or "")


def test_rows_under_a_key_that_was_dropped_are_not_taken_for_forged(both: World) -> None:
    write(both, 3)
    write(both, 2, keys=["b" * 40])
    found = verified(both, keys=["b" * 40])
    assert (found.events, found.unknown, found.broken) == (5, 3, None)


def test_a_whole_trail_made_anew_without_the_key_is_not_called_whole(
    both: World, dondoc: Run, environment: pytest.MonkeyPatch
) -> None:
    write(both, 3, keys=[])
    assert verified(both).unsealed == 3
    assert "3 dòng không có khóa" in dondoc("audit", "verify").stderr
    assert any(finding["code"] == "audit_key" for finding in examine(lambda: at(18)))


def test_a_rolled_back_act_leaves_no_gap(both: World) -> None:
    write(both, 2)
    with both.sessions.begin() as session:
        audit.record(session, KEYS, WHO, "approve", "TH-1", now=at(18))
        session.rollback()
    write(both, 2)
    assert verified(both).broken is None


def test_writers_at_once_make_one_chain(both: World) -> None:
    threads = [threading.Thread(target=write, args=(both, 5)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verified(both)
    assert (found.events, found.broken) == (20, None)


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
