"""The weekly look by day at cameras of the night: whose turn it is, and that it decides nothing by itself."""

from datetime import timedelta
from typing import Any

from dondoc.cameras.measured import turn
from dondoc.cameras.nights import night, rollup
from dondoc.cameras.nights.past import pasts
from dondoc.cameras.state import checks, doubts, outages, state
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.probing.picture.suspicions import Suspicion
from dondoc.probing.verdicts import ADVICE, SENTENCE
from dondoc.reporting.figures.cameras import doubted
from tests.cameras.nights import AGENCY, SYSTEM, all_outages, at_site, cameras, late, live, on, paused, result, seen

PAC = "public_admin_centre"


def by_day(app: AppContext, number: int, camera: int, verdict: str, **more: Any) -> None:
    when = at(on(number), 10)
    night.store(app, [result(camera, verdict, when, **more)], night=on(number), round=night.DAYLIGHT, now=when)


def pictured(app: AppContext, number: int, camera: int, suspicion: str | None) -> None:
    when = at(on(number), 22)
    found = result(camera, "ok", when, features={"suspicion": suspicion})
    night.store(app, [found], night=on(number), round="night", now=when)


def told(app: AppContext, number: int, hour: int = 23) -> list[tuple[str, bool]]:
    with app.sessions.reading() as session:
        return [(found.words, found.by_day) for found in doubts.doubts(session, at(on(number), hour))]


def planned(app: AppContext, number: int) -> set[int]:
    return {camera for batch in night.plan_daylight(app, on(number)) for camera in batch}


def test_each_camera_has_its_turn_once_a_week_and_each_day_as_many() -> None:
    week = [[camera for camera in range(1, 71) if turn.due(camera, on(day))] for day in range(turn.WEEK)]
    assert sorted(camera for day in week for camera in day) == [*range(1, 71)]
    assert {len(day) for day in week} == {10}


def test_by_day_those_of_the_night_have_their_turn_that_showed_a_picture_last_night(app: AppContext) -> None:
    rows = [f"{AGENCY},{SYSTEM},Cổng {n},rtsp://10.4.1.{n},,,,Cổng,," for n in range(1, 15)]
    ids = cameras(app, *rows, f"{AGENCY},{PAC},Sảnh,rtsp://10.4.1.99,,,,Sảnh,,")
    seen(app, 0, dict.fromkeys(ids, "ok") | {ids[3]: "no_frame"})
    due = [camera for camera in ids[:-1] if turn.due(camera, on(1))]
    assert len(due) == 2
    assert planned(app, 1) == {*due} - {ids[3]}
    week = [camera for day in range(1, 8) for camera in planned(app, day)]
    assert set(week) == set(due) - {ids[3]}, "no night before the others' turn was seen"


def test_a_look_by_day_opens_and_closes_no_outage_and_counts_for_no_night(app: AppContext) -> None:
    [well, lost] = at_site(app, 2)
    live(app, well, ["ok"])
    live(app, lost, ["ok", "no_frame", "no_frame"])
    for number in range(1, 6):
        by_day(app, number, well, "covered")
        by_day(app, number, lost, "ok")
        outages.settle(app, night=on(number), now=late(number))
    assert [(o.camera_id, o.closed_at) for o in all_outages(app)] == [(lost, None)]
    with app.sessions.reading() as session:
        assert night.last_of_night(session, on(4)) == {}
        found = {s.camera.id: s.state for s in state.states(app, session, late(3))}
        assert set(pasts(session, [well], on(9))) == set(), "without features nothing is compared with it"
    assert found == {well: "ok", lost: "outage"}
    rollup.roll_up(app, on(500))


def test_what_is_doubted_of_a_picture_needs_two_nights_or_two_looks_by_day(app: AppContext) -> None:
    [camera] = at_site(app, 1)
    pictured(app, 0, camera, "hazy")
    assert told(app, 0) == []
    pictured(app, 1, camera, "hazy")
    assert told(app, 1) == [(Suspicion.HAZY.label, False)]
    by_day(app, 2, camera, "covered")
    assert told(app, 2, 11) == [(Suspicion.HAZY.label, False)], "the sun may have stood in the lens"
    by_day(app, 3, camera, "covered")
    assert told(app, 3, 11) == [(Suspicion.HAZY.label, False), (SENTENCE["covered"], True)]
    pictured(app, 3, camera, None)
    for number in (4, 5):
        by_day(app, number, camera, "ok", features={"suspicion": "cast"})
        assert told(app, number) == [(Suspicion.CAST.label, True)][: number - 4], "one that agrees is needed anew"
    by_day(app, 6, camera, "connect_timeout")
    assert told(app, 6) == [(Suspicion.CAST.label, True)], "that it did not answer says nothing of its picture"
    assert told(app, 12) == []


def test_what_one_look_by_day_leaves_is_looked_at_again_the_day_after_and_told_when_they_agree(app: AppContext) -> None:
    [camera] = at_site(app, 1)
    turns = [number for number in range(1, 20) if turn.due(camera, on(number))]
    planned_on, told_on = [], []
    for number in range(1, 20):
        seen(app, number - 1, {camera: "ok"})
        if camera in planned(app, number):
            planned_on.append(number)
            by_day(app, number, camera, "covered" if number < turns[2] else "ok")
        if told(app, number, 12):
            told_on.append(number)
    assert planned_on == [turns[0], turns[0] + 1, *turns[1:]], "once it is sure, its turn is enough"
    assert told_on == [*range(turns[0] + 1, turns[2])]


def test_a_doubt_that_the_next_day_does_not_bear_out_is_told_to_nobody(app: AppContext) -> None:
    [camera] = at_site(app, 1)
    [first] = [number for number in range(1, 8) if turn.due(camera, on(number))]
    for number, verdict in ((first, "overexposed"), (first + 1, "ok")):
        seen(app, number - 1, {camera: "ok"})
        assert planned(app, number) == {camera}
        by_day(app, number, camera, verdict)
        assert told(app, number, 12) == []
    seen(app, first + 1, {camera: "ok"})
    assert planned(app, first + 2) == set()


def test_a_doubt_says_what_to_look_into_and_is_as_it_was_known(app: AppContext) -> None:
    [camera, other] = at_site(app, 2)
    for number in (0, 1):
        by_day(app, number, camera, "covered")
        by_day(app, number, other, "blurred")
    with app.sessions.reading() as session:
        [found] = doubts.doubts(session, late(1), among=[camera])
        assert (found.camera, found.advice) == (camera, ADVICE["covered"])
        assert doubts.doubts(session, late(1), at(on(1), 9)) == []


def test_what_is_doubted_under_a_pause_is_in_no_report(app: AppContext) -> None:
    ids = at_site(app, 2)
    for number in (0, 1):
        seen(app, number, dict.fromkeys(ids, "ok"))
        for camera in ids:
            by_day(app, number, camera, "covered")
    paused(app, 1, None, agency=AGENCY, place="Cổng")
    with app.sessions.reading() as session:
        doubted_now = doubts.doubts(session, late(1))
        assert [one.camera for one in doubted_now] == ids
        for known_at, numbers in ((late(1) - timedelta(minutes=1), ["CAM-00001", "CAM-00002"]), (None, [])):
            states = state.states(app, session, late(1), known_at)
            assert [row.number for row in doubted(app.registry, states, doubted_now)] == numbers


def test_a_round_by_day_and_its_looks_by_daylight_are_stored_each_as_its_own(app: AppContext, monkeypatch: Any) -> None:
    from dondoc.orchestration import checking  # Airflow is set up by then
    from tests.orchestration import rounds

    [well, due] = at_site(app, 2)
    monkeypatch.setattr(checking, "open_context", lambda: app)
    monkeypatch.setattr(checking.clock, "now", lambda: at(on(1), 10) + timedelta(minutes=5))
    seen_now = [("day", well, "no_frame"), (night.DAYLIGHT, due, "ok")]
    batches, receipts = [], []
    for look, camera, verdict in seen_now:
        batches.append(rounds.batch(app, [camera], look=look))
        found = rounds.found(app, batches[-1], [result(camera, verdict, at(on(1), 10))])
        receipts.append(checking.store(batches[-1], found, rounds.context()))
    told = checking.conclude(batches, receipts, rounds.context())
    assert (told["no_frame"], told["ok"]) == (1, 1)
    with app.sessions.reading() as session:
        assert [night.run_of(session, on(1), look).counts for look, *_ in seen_now] == [{"no_frame": 1}, {"ok": 1}]
        judge = checks.judge(app, session)
        told = checks.histories(session, judge, {}, since=on(0), until=on(2))
    assert told == {}
