"""`check_camera_reachability`, run to its end against real cameras."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from dondoc import clock
from dondoc.cameras import imports
from dondoc.demo.fleet import Fleet
from dondoc.store.cameras import CameraCheck
from dondoc.world import World


def declare(world: World, fleet: Fleet, *behaviours: str) -> None:
    rows = [f"so-nnptnt,reservoir,Đập {b},{fleet.url(b, str(n))}" for n, b in enumerate(behaviours)]
    text = "\n".join(["agency,system,name,url", *rows])
    with world.sessions.begin() as session:
        imports.import_csv(
            session, world.directive, text, "cameras.csv", secrets=world.settings.secret_keys, now=clock.now()
        )


def looks(world: World) -> dict[str, tuple[str, str]]:
    with world.sessions.begin() as session:
        return {str(c.night): (c.round, c.verdict) for c in session.scalars(select(CameraCheck))}


def test_a_night_ends_in_rows_with_a_verdict_per_camera(
    desk: World, fleet: Fleet, play: Callable[..., dict[str, str]]
) -> None:
    declare(desk, fleet, "healthy", "missing", "refusing")
    states = play("check_camera_reachability", as_of="2021-11-22", look="all")
    assert states == {"": "success", "plan": "success", "check": "success", "store": "success"}
    with desk.sessions.begin() as session:
        rows = [(c.verdict, c.round, str(c.night)) for c in session.scalars(select(CameraCheck))]
    assert sorted(rows) == [(verdict, "all", "2021-11-22") for verdict in ("connection_refused", "not_found", "ok")]


def test_a_night_leaves_its_metrics_where_a_collector_reads_them(
    desk: World, fleet: Fleet, play: Callable[..., dict[str, str]], environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target = tmp_path / "dondoc.prom"
    environment.setenv("DONDOC_METRICS_FILE", str(target))
    declare(desk, fleet, "healthy", "missing")
    assert play("check_camera_reachability", as_of="2021-11-22", look="night")[""] == "success"
    assert 'dondoc_check_last_run_cameras{look="night",verdict="ok"} 1.0' in target.read_text()


def test_the_second_look_takes_only_what_was_not_seen_well(
    desk: World, fleet: Fleet, play: Callable[..., dict[str, str]]
) -> None:
    declare(desk, fleet, "healthy", "missing")
    play("check_camera_reachability", as_of="2021-11-22", look="night")
    seen = fleet.counts["connections"]
    assert play("check_camera_reachability", as_of="2021-11-22", look="second")[""] == "success"
    assert fleet.counts["connections"] == seen + 1


def test_a_dry_run_looks_at_nothing(desk: World, fleet: Fleet, play: Callable[..., dict[str, str]]) -> None:
    declare(desk, fleet, "healthy")
    assert play("check_camera_reachability", as_of="2021-11-22", look="all", dry_run=True)[""] == "success"
    assert (looks(desk), fleet.counts["connections"]) == ({}, 0)


def test_only_the_agencies_asked_for_are_looked_at(
    desk: World, fleet: Fleet, play: Callable[..., dict[str, str]]
) -> None:
    declare(desk, fleet, "healthy")
    assert play("check_camera_reachability", look="all", agencies=["cong-an-tinh"])[""] == "success"
    assert looks(desk) == {}
    assert play("check_camera_reachability", look="all", agencies=["so-nnptn"])["plan"] == "failed"
