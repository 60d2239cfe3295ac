"""What is kept of the facts about cameras, so that nobody need add them up, is what they come to, whatever happens."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random, randrange
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.exports import fleet
from dondoc.cameras.nights import night
from dondoc.cameras.nights.result import Result
from dondoc.cameras.registry import records
from dondoc.cameras.registry.declare import declare
from dondoc.cameras.registry.imports import import_csv
from dondoc.cameras.registry.lift import Word, lift
from dondoc.cameras.state import current, outages, remarks, state
from dondoc.cameras.state.current import Filter
from dondoc.cameras.state.state import CameraState
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.facts.rule import rule
from dondoc.store.cameras import Camera, CurrentState
from dondoc.vocabulary.cameras import State
from dondoc.vocabulary.rulings import RulingKind
from tests.cameras.nights import AGENCY, OTHER, SYSTEM, at_site, late, live, paused, result, said, seen
from tests.conftest import CLERK, SECRET, Run, acting, at

PLACES, NAMES, HOSTS = ("Hồ Kẻ Gỗ", "Ngã ba Đồng Lộc"), ("Cổng", "Bãi xe"), ("10.1.1.1", "192.168.1.9", "10.1.1.2")
PERSON = acting("Trần Văn Nam")


class Life:
    """Things that happen to a fleet, one after the other."""

    def __init__(self, app: AppContext, seed: int) -> None:
        self.app, self.random, self.now, self.rulings = app, Random(seed), at(18, 8), list[int]()
        self.pictures = Random(seed)  # apart: what happens is the same whatever is seen

    def step(self) -> None:
        self.now += timedelta(minutes=self.random.choice((1, 30, 600, 1500)))
        happening = self.random.choice(
            (self.form, self.file, self.person, self.look, self.look, self.batch, self.pause, self.undo, self.refresh)
        )
        happening()

    def any_camera(self, session: Any) -> Camera | None:
        found = session.scalars(select(Camera).order_by(Camera.id)).all()
        return self.random.choice(found) if found else None

    def form(self) -> None:
        pick = self.random.choice
        rows = [
            {"place": pick(PLACES), "name": pick(NAMES), "site": pick(NAMES), "host": pick((*HOSTS, "")),
             "main_path": f"/{number}", "link": pick(("ftth", "tslcd")), "audio": pick((True, False, None)),
             "status": pick(("working", "broken", "maintenance", "not_installed")), "restricted": pick((True, False))}
            for number in range(self.random.randint(1, 3))
        ]  # fmt: skip
        arrived = self.now - timedelta(hours=self.random.choice((0, 50)))
        with self.app.sessions.begin() as session:
            declare(
                session, agency=AGENCY, system=SYSTEM, rows=rows, submission_id=None, happened_at=arrived, now=self.now,
                secrets=[SECRET],
            )  # fmt: skip

    def file(self) -> None:
        pick = self.random.choice
        row = f"{pick((AGENCY, OTHER))},{SYSTEM},{pick(NAMES)},rtsp://{pick(HOSTS)}/{pick('012')},{pick((*PLACES, ''))}"
        text = f"agency,system,name,url,place,status\n{row},{pick(('working', 'not_installed', ''))}\n"
        # The name alone tells nothing where two places have it.
        with suppress(Problem), self.app.sessions.begin() as session:
            import_csv(session, self.app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=self.now)

    def person(self) -> None:
        with self.app.sessions.begin() as session:
            if camera := self.any_camera(session):
                if camera.restricted:
                    lift(session, [SECRET], camera, Word.RESTRICTED, reason="x", by=PERSON, now=self.now)
                else:
                    records.confirm(session, [SECRET], camera, by=PERSON, now=self.now)

    def look(self) -> None:
        day = night.night_of(self.now)
        down = self.random.choice((None, None, None, "phía Sở mất kết nối"))
        name = self.random.choice(("night", "second", f"now-{self.now:%d%H%M}"))
        night.store(self.app, self.found(), night=day, round=name, now=self.now, local_outage=down)
        outages.settle(self.app, night=day, now=self.now)

    def batch(self) -> None:
        """Of a round that others may have begun, and that a later look may conclude."""
        with self.app.sessions.begin() as session:
            night.record(session, self.found(), night=night.night_of(self.now), round="night", now=self.now)

    def found(self) -> list[Result]:
        verdicts = ("ok", "no_frame", "connect_timeout", "blocked_target")
        with self.app.sessions.reading() as session:
            ids = session.scalars(select(Camera.id)).all()
        return [
            result(one, self.random.choice(verdicts), self.now, **self.closer())
            for one in ids
            if self.random.random() < 0.8
        ]

    def closer(self) -> dict[str, Any]:
        """What a picture is suspected of, and what a closer look measured."""
        drift = self.pictures.choice((0, 10, -9000))
        stopped = {"recording": False, "newest": 9, "oldest": 30, "missing": 0}
        measured = self.pictures.choice((None, None, {"clock": {"local": drift}}, {"recorder": stopped}))
        return {"features": {"suspicion": self.pictures.choice((None, "hazy", "moved"))}, "measured": measured}

    def pause(self) -> None:
        with self.app.sessions.begin() as session:
            camera, begins = self.any_camera(session), self.now + timedelta(hours=self.random.choice((-40, 0, 30)))
            if camera is None:
                return
            scope = self.random.choice(
                ({"agency": camera.agency, "place": camera.place or None}, {"system": SYSTEM}, {})
            )
            until = self.random.choice((None, max(begins, self.now).date(), begins.date() + timedelta(days=2)))
            said_of = {"document": "x", "reason": "x", "by": PERSON, "now": self.now}
            number = rule(self.app, session, RulingKind.PAUSE, until=until, from_=begins, **scope, **said_of)
            self.rulings.append(number.number)

    def undo(self) -> None:
        if self.rulings:
            with self.app.sessions.begin() as session:
                said_of = {"document": "x", "reason": "x", "by": PERSON, "now": self.now}
                rule(self.app, session, RulingKind.UNDO, undoes=self.rulings.pop(), **said_of)

    def refresh(self) -> None:
        with self.app.sessions.begin() as session:
            current.refresh(self.app, session, self.now)


def kept(app: AppContext) -> tuple[list[Any], list[Any]]:
    """All that is kept of the facts: cameras' own rows, and their states, but for when they were made."""
    columns = [column.name for column in Camera.__table__.c]
    with app.sessions.reading() as session:
        cameras = [{name: getattr(c, name) for name in columns} for c in session.scalars(select(Camera))]
        states = session.scalars(select(CurrentState).order_by(CurrentState.camera_id))
        told = [{name: getattr(s, name) for name in (*CameraState._fields[1:], "remarks")} for s in states]
    return cameras, told


def shown(states: list[CameraState]) -> list[Any]:
    """Without what only working a state out needs."""
    return [(*one.camera[:8], *one[1:]) for one in states]


def check_overview(app: AppContext, session: Session, life: Life, true: list[CameraState]) -> None:
    """What a page shows of some of the cameras is what anybody would count and cut out by hand."""
    agency, number = life.random.choice(("", AGENCY, "mot-don-vi-khac")), life.random.randint(1, 3)
    among = life.random.choice((None, {one.camera.id for one in true if life.random.random() < 0.5}))
    only_some, its = life.random.random() < 0.5, remarks.remarks(app, session, life.now)
    state_asked = life.random.choice(("", *State))
    asked = Filter({agency} - {""}, life.random.choice(("", SYSTEM)), state_asked, among, only_some)
    near = [s for s in true if agency in ("", s.camera.agency) and (among is None or s.camera.id in among)]
    having = [s for s in near if asked.state in ("", s.state) and (s.camera.id in its or not only_some)]
    found = current.overview(app, session, life.now, asked, number=number, size=2)
    assert (found.counts, found.total) == (state.counts(near), len(having))
    assert found.last == max(1, (len(having) + 1) // 2)
    assert found.number == min(number, found.last)
    assert shown(found.rows) == shown(having[2 * found.number - 2 : 2 * found.number])
    assert +found.with_remarks == Counter(s.state for s in near if s.camera.id in its)
    assert {s.camera.id: found.remarks[s.camera.id] for s in found.rows} == {
        s.camera.id: its.get(s.camera.id, ()) for s in found.rows
    }


@pytest.mark.parametrize("seed", [0, 1, 2, 16, 17, pytest.param(randrange(10**6), id="any")])
def test_whatever_happens_what_is_kept_is_what_the_facts_come_to_and_old_answers_stay(
    app: AppContext, seed: int
) -> None:
    life, answers = Life(app, seed), list[tuple[datetime, list[Any]]]()
    for _ in range(45):
        life.step()
        with app.sessions.reading() as session:
            true = state.states(app, session, life.now)
            assert shown(current.read(app, session, life.now)) == shown(true)
            check_overview(app, session, life, true)
            now_known = state.states(app, session, life.now, life.now)
        answers.append((life.now, [(s.camera, s.state, s.verdict) for s in now_known]))
    life.refresh()
    before = kept(app)
    with app.sessions.begin() as session:
        assert current.rebuild(app, session, life.now)["cameras"] == 0
    assert kept(app) == before
    assert before[1]
    with app.sessions.reading() as session:
        for moment, told in answers:
            again = state.states(app, session, moment, moment)
            assert [(s.camera, s.state, s.verdict) for s in again] == told


def test_a_pause_ends_by_its_date_alone(app: AppContext) -> None:
    ids = at_site(app, 2)
    for camera in ids:
        live(app, camera, ["ok", "ok"])
    paused(app, 2, 2, agency=AGENCY)
    for number, expected in ((2, "not_checked"), (3, "ok")):
        with app.sessions.begin() as session:
            current.refresh(app, session, late(2))
            assert {s.state for s in current.read(app, session, late(number))} == {expected}


def test_what_is_saved_or_printed_says_of_each_camera_what_its_page_of_the_list_does(
    app: AppContext, dondoc: Run
) -> None:
    """Also of what some hours from now says nothing any more, until the day is over."""
    [camera, _] = at_site(app, 2)
    for number in range(2):
        noon = at(23 + number, 12)
        found = [result(camera, "ok", noon, features={"suspicion": "cast"})]
        night.store(app, found, night=noon.date(), round="daylight", now=noon)
    morning, evening = (at(24, 12) + timedelta(days=7, hours=hours) for hours in (-2, 2))
    with app.sessions.begin() as session:
        current.refresh(app, session, morning)
    for now in (morning, evening):
        with app.sessions.reading() as session:
            shown = current.overview(app, session, now, size=9).remarks
            listed = records.rows(app, session, now)
        for rows in (fleet.table(app, "csv", by=CLERK, now=now), listed):
            assert [row["remarks"] for row in rows] == [remarks.in_words(its) for its in shown.values()]
    assert rows[0]["remarks"] == "nghi vấn: ngả màu"
    printed = dondoc("cameras", "list", "--as-of", at(24, 13).isoformat()).stdout.splitlines()
    assert [line.endswith("; cần xem lại: nghi vấn: ngả màu") for line in printed[2:]] == [False, True, False, False]


def test_a_changed_rule_makes_every_stored_state_stale(environment: pytest.MonkeyPatch, app: AppContext) -> None:
    [camera] = at_site(app, 1)
    said(app, camera, confirmed=True)
    seen(app, 0, {camera: "no_frame"})
    with app.sessions.begin() as session:
        current.refresh(app, session, late(0))
    environment.setenv("DONDOC_OUTAGE_NIGHTS", "7")
    patient = AppContext(type(app.settings)())
    with patient.sessions.reading() as session:
        assert "đêm thứ 07" in current.read(patient, session, late(0))[0].reason


def test_what_was_spoilt_is_made_again(app: AppContext, dondoc: Run) -> None:
    [camera] = at_site(app, 1)
    with app.sessions.begin() as session:
        session.get_one(Camera, camera).name = "hỏng"
    assert "1 camera có lời khai giữ sẵn bị lệch" in dondoc("cameras", "rebuild").stderr
    with app.sessions.reading() as session:
        assert session.get_one(Camera, camera).name == "Cổng 1"


def test_of_two_who_store_states_at_once_none_fails_and_no_pause_of_meanwhile_is_lost(
    empty_database: str, app: AppContext
) -> None:
    """On PostgreSQL one stored, after the pause had thrown all states away, what it had worked out without it."""
    life = Life(app, 1)
    for _ in range(6):
        life.form()
    said_of = {"document": "x", "reason": "x", "by": PERSON, "now": life.now}

    def pause() -> None:
        with app.sessions.begin() as session:
            rule(app, session, RulingKind.PAUSE, **said_of)

    def refresh() -> None:
        with app.sessions.begin() as session:
            current.refresh(app, session, life.now)

    with ThreadPoolExecutor() as pool:
        with app.sessions.begin() as session:
            current.refresh(app, session, life.now)
            meanwhile = [pool.submit(pause), pool.submit(refresh)]
            wait(meanwhile, timeout=0.5)  # nothing ends before this does
        for one in meanwhile:
            one.result()
    with app.sessions.reading() as session:
        assert shown(current.read(app, session, life.now)) == shown(state.states(app, session, life.now))


def test_a_remark_on_a_clock_follows_the_clocks_that_are_asked_after_it(
    app: AppContext,
) -> None:
    ids = at_site(app, 3) + at_site(app, 3, "Bến", OTHER)

    def asked(camera: int, number: int) -> dict[int, Any]:
        now = late(0) + timedelta(minutes=number)
        found = [result(camera, "ok", now, measured={"clock": {"utc": -9000, "local": -9000}})]
        night.store(app, found, night=night.night_of(now), round=f"now-{number}", now=now)
        with app.sessions.reading() as session:
            found = current.overview(app, session, now, Filter(with_remarks=True), size=9)
        assert found.total == len(found.rows)
        return {camera: its for camera, its in found.remarks.items() if its}

    told = [asked(camera, number) for number, camera in enumerate(ids)]
    assert told[2] == dict.fromkeys(ids[:3], ("clock_wrong",))
    assert told[5] == {}, "where all differ by the same, it is ours that is wrong"
