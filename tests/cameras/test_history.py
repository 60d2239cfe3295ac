"""Nights for years: what becomes of results that are past their time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from dondoc.cameras.nights import night, past, rollup
from dondoc.cameras.state.checks import Look
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.fleet import Fleet
from dondoc.probing.verdicts import PHASE
from dondoc.store.cameras import Camera, CameraCheck, CameraMonth, NightRun, Outage
from tests.cameras.nights import AGENCY, NIGHT, SYSTEM, cameras, on
from tests.conftest import migrate

MONTH = date(2021, 11, 1)


def checks(app: AppContext, camera: int, nights: dict[date, str], round: str = "night", **more: object) -> None:
    with app.sessions.begin() as session:
        for day, verdict in nights.items():
            session.add(
                CameraCheck(
                    camera_id=camera, night=day, round=round, stage=2, verdict=verdict, phase=PHASE[verdict], detail="",
                    elapsed_ms=1, happened_at=at(day, 22), recorded_at=at(day, 22), **more,
                )
            )  # fmt: skip


def days(first: date, count: int, verdict: str = "ok") -> dict[date, str]:
    return {first + timedelta(days=n): verdict for n in range(count)}


def months(app: AppContext) -> list[CameraMonth]:
    with app.sessions.begin() as session:
        return list(session.scalars(select(CameraMonth).order_by(CameraMonth.camera_id, CameraMonth.month)))


def left(app: AppContext) -> int:
    with app.sessions.begin() as session:
        return session.scalar(select(func.count(CameraCheck.id))) or 0


def a_camera(app: AppContext) -> int:
    return cameras(app, f"{AGENCY},{SYSTEM},a,rtsp://10.1.1.1,,,,,,")[0]


def test_old_nights_become_months_with_the_same_counts(app: AppContext) -> None:
    camera = a_camera(app)
    checks(
        app, camera, days(MONTH, 20) | days(date(2021, 11, 21), 6, "no_frame") | days(date(2021, 11, 27), 4, "black")
    )
    checks(app, camera, {date(2021, 11, 21): "ok"}, "second")
    checks(app, camera, days(date(2023, 1, 1), 30))
    today = date(2023, 2, 1)
    assert rollup.roll_up(app, today) == {"months": 1, "looks": 31}
    (row,) = months(app)
    assert (row.month, row.nights, row.good, row.reachable, row.showing, row.not_checked) == (MONTH, 30, 21, 30, 21, 0)
    assert row.verdicts == {"ok": 21, "no_frame": 5, "black": 4}
    assert rollup.roll_up(app, today) == {"months": 0, "looks": 0}
    assert len(months(app)) == 1
    assert left(app) == 30


def test_the_last_looks_of_a_camera_stay_however_old(app: AppContext) -> None:
    camera = a_camera(app)
    checks(app, camera, days(MONTH, 30))
    for _ in range(2):
        rollup.roll_up(app, date(2025, 1, 1))
        assert left(app) == rollup.KEPT
        assert [m.nights for m in months(app)] == [20]
    checks(app, camera, days(date(2024, 12, 1), 30))  # it is looked at again: now the rest may go
    rollup.roll_up(app, date(2025, 1, 1))
    assert [m.nights for m in months(app)] == [30]
    assert left(app) == 30


def test_nights_that_say_nothing_are_counted_apart(app: AppContext) -> None:
    camera = a_camera(app)
    checks(app, camera, days(MONTH, 10) | days(date(2021, 11, 11), 5, "connect_timeout"))
    checks(app, camera, days(date(2023, 1, 1), 30))
    with app.sessions.begin() as session:
        for day in days(date(2021, 11, 11), 2):
            session.add(
                NightRun(
                    night=day, round="night", our_side_down="phía Sở", planned=1, counts={}, started_at=at(day, 22),
                    finished_at=at(day, 23),
                )
            )  # fmt: skip
    rollup.roll_up(app, date(2023, 2, 1))
    assert [(m.nights, m.good, m.not_checked) for m in months(app)] == [(15, 10, 2)]


def test_a_month_is_rolled_up_only_when_all_of_it_is_past_its_time(app: AppContext) -> None:
    camera = a_camera(app)
    checks(app, camera, days(MONTH, 30) | days(date(2022, 11, 1), 30))
    edge = date(2021, 12, 1) + timedelta(days=app.settings.check_retention_days)
    assert rollup.roll_up(app, edge - timedelta(days=1))["looks"] == 0
    assert rollup.roll_up(app, edge)["looks"] == 30


def test_outages_and_what_a_camera_once_was_stay(app: AppContext) -> None:
    camera = a_camera(app)
    checks(app, camera, days(MONTH, 30))
    checks(app, camera, days(date(2023, 1, 1), 30))
    with app.sessions.begin() as session:
        session.get_one(Camera, camera).worked_at = at(MONTH, 22)
        session.add(Outage(camera_id=camera, first_night=MONTH, verdict="black", opened_at=at(MONTH, 22)))
    rollup.roll_up(app, date(2023, 3, 1))
    with app.sessions.begin() as session:
        assert session.scalar(select(func.count(Outage.id))) == 1
        assert session.get_one(Camera, camera).worked_at is not None


def test_it_works_on_both_databases(app: AppContext, empty_database: str) -> None:
    migrate(empty_database)
    made = AppContext(load())
    camera = a_camera(made)
    checks(made, camera, days(MONTH, 30), steps=["> OPTIONS"], features={"lap": 3.5})
    checks(made, camera, days(date(2023, 1, 1), 30))
    assert rollup.roll_up(made, date(2023, 3, 1)) == {"months": 1, "looks": 30}
    assert [m.verdicts for m in months(made)] == [{"ok": 30}]
    made.sessions.kw["bind"].dispose()


@given(st.lists(st.integers(0, 20), max_size=40), st.integers(0, 30))
def test_whole_nights_are_kept_and_at_least_as_many_looks_as_promised(nights: list[int], newer: int) -> None:
    found = [
        (number, Look(1, on(night), "night", "ok", 2, at(on(night), 22))) for number, night in enumerate(sorted(nights))
    ]
    gone = rollup.surplus(found, newer)
    kept = found[len(gone) :]
    assert list(gone) == found[: len(gone)]
    assert len(kept) + newer >= min(rollup.KEPT, len(found) + newer)
    assert not {x.night for _, x in gone} & {x.night for _, x in kept}


class TestPast:
    def test_the_pictures_of_former_nights_make_a_past(self, app: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
        camera = a_camera(app)
        for number in range(3):
            checks(app, camera, {on(number): "ok"}, features={"lap": number})
        monkeypatch.setattr(past, "history", lambda found: [(f["lap"], f["at"]) for f in found])
        with app.sessions.begin() as session:
            found = past.pasts(session, [camera], on(2))
            assert found == {camera: [(0, "2021-11-22T22:00:00+07:00"), (1, "2021-11-23T22:00:00+07:00")]}
            assert past.pasts(session, [camera], NIGHT) == {}

    def test_a_look_remembers_what_the_one_before_saw(self, app: AppContext, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
        newer = AppContext(load())
        with Fleet() as fleet:
            camera = cameras(newer, f"{AGENCY},{SYSTEM},a,{fleet.url('healthy')},,,,,,")[0]
            for number in range(2):
                found = night.check_batch(newer, [camera], night=on(number), round="night", now=at(on(number), 22))
                night.store(newer, found, night=on(number), round="night", now=at(on(number), 22))
        with newer.sessions.begin() as session:
            remembered = past.pasts(session, [camera], on(2))[camera]
        assert len(remembered["last"]) == 2
        newer.sessions.kw["bind"].dispose()
