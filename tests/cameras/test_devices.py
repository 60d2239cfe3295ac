"""Which devices are asked what they are, over a few weeks of nights: real RTSP, real ONVIF, a real database."""

import time
from collections.abc import Collection, Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from dondoc import clock
from dondoc.cameras.logins import credentials
from dondoc.cameras.measured.told import told
from dondoc.cameras.measured.turn import WEEK, due
from dondoc.cameras.measured.words import line
from dondoc.cameras.nights import night
from dondoc.cameras.nights.rollup import roll_up
from dondoc.cameras.state.state import states
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.camera import HOST, PASSWORD, USER
from dondoc.demo.fleet import Fleet
from dondoc.probing.rtsp import stream_facts
from dondoc.reporting.figures import measured as figures
from dondoc.store.cameras import Camera, CredentialAttempt
from tests.cameras.test_measured import AGENCY, FORM, form
from tests.conftest import CLERK, SECRET
from tests.probing.onvif_device import Device

FIRST = date(2021, 11, 22)
KNOWN = "HIKVISION DS-2CD2043G2-I, firmware V5.7.3"


def on(camera: int, week: int = 0) -> date:
    """The night of a week on which it is a camera's turn."""
    return next(day for n in range(WEEK) if due(camera, day := FIRST + timedelta(days=n + WEEK * week)))


def refused(words: str | None) -> bool:
    return words is not None and words.startswith("chưa đo được: thiết bị từ chối tài khoản")


class World:
    """Cameras of an agency that agreed; of their numbers every seventh has its turn on the same night."""

    def __init__(self, app: AppContext, environment: pytest.MonkeyPatch, fleet: Fleet) -> None:
        self.app, self.environment, self.fleet = app, environment, fleet
        self.cameras: list[int] = []

    def declare(self, count: int = 1, named: Collection[int] = (), **said: object) -> list[int]:
        """So many cameras of one device; those in `named` by its name."""
        its = {**FORM, "retention_days": 0, "host": HOST, "rtsp_port": self.fleet.ports[0], **said}
        rows = [{**its, "name": f"Camera {n}", "main_path": f"/digest/{n}"} for n in range(count)]
        for n in named:
            rows[n]["host"] = "localhost"
        self.cameras = form(self.app, rows, FIRST)
        for camera in self.cameras:
            self.enter(camera, FIRST - timedelta(days=1))
        return self.cameras

    def enter(self, camera: int, day: date, password: str = PASSWORD) -> None:
        with self.app.sessions.begin() as session:
            its = {"by": CLERK, "secrets": self.app.secrets, "now": at(day, 9)}
            credentials.enter(session, session.get_one(Camera, camera), USER, password, **its)

    def retry(self, camera: int, day: date, hour: int = 9) -> None:
        with self.app.sessions.begin() as session:
            its = {"by": CLERK, "reason": "đã tạo tài khoản ONVIF", "secrets": self.app.secrets, "now": at(day, hour)}
            credentials.retry(session, session.get_one(Camera, camera), **its)

    def look(
        self, device: Device, cameras: Sequence[int], day: date, round: str = "night", *, stored: bool = True
    ) -> None:
        """A round of a night, in which each shows a good picture."""
        self.environment.setenv("DONDOC_ONVIF_PORT", str(device.port))
        self.environment.setenv("DONDOC_CLOCK", at(day, 22).isoformat())
        self.environment.setenv("DONDOC_CLOCK_SINCE", str(time.time()))
        app = AppContext(load())
        results = night.check_batch(app, cameras, night=day, round=round, now=clock.now())
        assert {result.verdict for result in results} == {"ok"}
        assert PASSWORD not in str(results)
        if stored:
            night.store(app, results, night=day, round=round, now=clock.now())

    def said(self, camera: int, day: date) -> str | None:
        """What the camera's page says of its device after a night."""
        with self.app.sessions.reading() as session:
            its = told(self.app, session, at(day, 23), among=[camera])[camera]
        lines = [line(its.declared, one) for one in its.measured]
        return next((one.measured for one in lines if one.subject == "Thiết bị"), None)


@pytest.fixture
def world(app: AppContext, environment: pytest.MonkeyPatch, fleet: Fleet) -> World:
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
    environment.setenv("DONDOC_DEVICE_INFO_AGENCIES", f"ubnd-huyen-duc-tho, {AGENCY}")
    environment.setattr(stream_facts, "LEAST", 0.2)
    return World(app, environment, fleet)


def test_a_device_is_asked_once_a_week_and_its_page_says_what_it_is(world: World) -> None:
    [camera] = world.declare(model="DS-2CD2143G2")
    with Device() as device:
        world.look(device, [camera], on(camera))
        world.look(device, [camera], on(camera) + timedelta(days=1))
        assert device.counts["logins"] == 1
        assert world.said(camera, on(camera)) == KNOWN
        world.look(device, [camera], on(camera, week=1))
    assert device.counts["logins"] == 2
    as_of = at(on(camera), 23)
    with world.app.sessions.reading() as session:
        its = told(world.app, session, as_of)
        rows = figures.rows(world.app.registry, states(world.app, session, as_of), its)
    found = "model khai DS-2CD2143G2, thiết bị trả lời là DS-2CD2043G2-I: "
    [row] = [row for row in rows if row.subject == "Thiết bị"]
    assert row.finding.startswith(found)


@pytest.mark.parametrize(("agencies", "said"), [("", {}), ("ubnd-huyen-duc-tho", {}), (AGENCY, {"onvif": "no"})])
def test_nobody_is_asked_without_the_agencys_consent_or_where_there_is_no_onvif(
    world: World, agencies: str, said: dict[str, str]
) -> None:
    world.environment.setenv("DONDOC_DEVICE_INFO_AGENCIES", agencies)
    [camera] = world.declare(**said)
    with Device("open") as device:
        world.look(device, [camera], on(camera))
    assert device.counts["questions"] == 0
    assert device.counts["times"] == (0 if said else 1)


def test_the_channels_of_a_recorder_are_one_device(world: World) -> None:
    cameras = world.declare(15)
    same = cameras[0::WEEK]
    with Device() as device:
        world.look(device, same[1:], on(same[0]))
        assert device.counts["questions"] == 2
        world.look(device, same, on(same[0]), "second")
        world.look(device, [cameras[1]], on(cameras[0]) + timedelta(days=1))
        assert device.counts["questions"] == 2
        world.look(device, cameras, on(same[0], week=1))
    assert device.counts["questions"] == 4
    assert [world.said(camera, on(same[0])) for camera in same] == [None, KNOWN, None]
    assert world.said(same[0], on(same[0], week=1)) == KNOWN


def test_a_refused_login_is_shown_again_only_when_it_changes_and_bars_no_picture(world: World) -> None:
    [camera] = world.declare()
    with Device("refusing-token") as device:
        for week in range(3):
            world.look(device, [camera], on(camera, week))
        assert device.counts["logins"] == 1
        assert device.counts["questions"] == 2
        assert refused(world.said(camera, on(camera)))
        with world.app.sessions.begin() as session:
            camera_row = session.get_one(Camera, camera)
            assert credentials.refused_since(session, camera_row, secrets=world.app.secrets, tonight=FIRST) is None
        world.retry(camera, on(camera, 2) + timedelta(days=1))
        world.look(device, [camera], on(camera, 3))
        assert device.counts["logins"] == 2
        world.look(device, [camera], on(camera, 4))
        assert device.counts["logins"] == 2


def test_a_refusal_holds_for_all_channels_of_the_device_and_ends_for_all(world: World) -> None:
    first, second, *_ = world.declare(8)
    last = world.cameras[WEEK]
    with Device("refusing-digest") as device:
        world.look(device, [first, last], on(first))
        assert device.counts["logins"] == 1
        world.look(device, [second], on(second, week=1))
        world.look(device, [last], on(last, week=2))
        assert device.counts["logins"] == 1
        world.retry(second, on(last, 2) + timedelta(days=1))
        world.look(device, [last], on(last, week=3))
    assert device.counts["logins"] == 2


def test_a_device_that_is_declared_by_name_and_by_number_is_one(world: World) -> None:
    first, *_, last = world.declare(8, named=[0])
    with Device("refusing-token") as device:
        world.look(device, [first, last], on(first))
        world.look(device, [last], on(first, week=1))
    assert device.counts["logins"] == 1


def test_a_batch_that_is_tried_again_asks_no_device_again(world: World) -> None:
    """Its worker died before anything that it found was stored."""
    [camera] = world.declare()
    with Device("refusing-token") as device:
        world.look(device, [camera], on(camera), stored=False)
        world.look(device, [camera], on(camera))
    assert device.counts["logins"] == 1
    assert refused(world.said(camera, on(camera)))


def test_a_person_lets_the_login_of_a_device_that_is_declared_by_name_be_shown_again(world: World) -> None:
    """The device is then a name and a number; what the person says is of the name."""
    [camera] = world.declare(named=[0])
    with Device("refusing-token") as device:
        world.look(device, [camera], on(camera))
        world.look(device, [camera], on(camera, week=1))
        assert device.counts["logins"] == 1
        world.retry(camera, on(camera, 1) + timedelta(days=1))
        world.look(device, [camera], on(camera, week=2))
        assert device.counts["logins"] == 2
        world.look(device, [camera], on(camera, week=3))
    assert device.counts["logins"] == 2


def test_what_a_person_allows_counts_from_the_next_night_on_and_once(world: World) -> None:
    [camera] = world.declare()
    with Device("refusing-token") as device:
        world.look(device, [camera], on(camera))
        world.retry(camera, on(camera), hour=23)
        world.look(device, [camera], on(camera), "second")
        assert device.counts["logins"] == 1
        world.look(device, [camera], on(camera, week=1))
        assert device.counts["logins"] == 2
        world.look(device, [camera], on(camera, week=2))
    assert device.counts["logins"] == 2


def test_another_login_is_tried(world: World) -> None:
    """Which the device takes over RTSP: only then anything is asked of it."""
    [camera] = world.declare()
    with Device("refusing-token") as device:
        world.look(device, [camera], on(camera))
    with world.app.sessions.begin() as session:  # as a file brings it: nobody releases anything
        session.execute(update(CredentialAttempt).values(fingerprint="of another login"))
    with Device("token") as device:
        world.look(device, [camera], on(camera, week=1))
    assert device.counts["logins"] == 1


def test_an_unanswered_login_is_shown_again_next_week(world: World) -> None:
    [camera] = world.declare()
    with Device("hangs-up") as device:
        world.look(device, [camera], on(camera))
        world.look(device, [camera], on(camera), "second")
        assert device.counts["logins"] == 1
        assert world.said(camera, on(camera)) == (
            "chưa đo được: thiết bị không trả lời khi được hỏi model, firmware qua ONVIF"
        )
        world.look(device, [camera], on(camera, week=1))
    assert device.counts["logins"] == 2


def test_a_refusal_outlasts_what_is_rolled_up_and_another_key(world: World) -> None:
    [camera] = world.declare()
    with Device("refusing-token") as device:
        world.look(device, [camera], on(camera))
        later = FIRST + timedelta(days=WEEK * 80)
        roll_up(world.app, later)
        world.environment.setenv("DONDOC_SECRET_KEY", f"mot-khoa-khac-dai-va-ngau-nhien-hon,{SECRET}")
        world.look(device, [camera], on(camera, week=80))
    assert device.counts["logins"] == 1
    assert world.said(camera, on(camera, week=80)) is None
