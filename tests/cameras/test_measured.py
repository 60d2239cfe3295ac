"""From a form over a night's closer looks to the camera's page and the weekly workbook: real RTSP, real HTTP."""

import time
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dondoc import clock
from dondoc.cameras.measured import facts, plan
from dondoc.cameras.measured.declared import of
from dondoc.cameras.measured.findings import ASK, CALL, FindingCode, findings
from dondoc.cameras.measured.told import Told, told
from dondoc.cameras.measured.turn import due
from dondoc.cameras.nights import night
from dondoc.cameras.registry.declare import declare
from dondoc.cameras.state import current
from dondoc.cameras.state.remarks import Remarks
from dondoc.cameras.state.state import states
from dondoc.cli.output import moment
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.demo.camera import HOST, SLOW_CLOCK
from dondoc.demo.fleet import Fleet
from dondoc.probing.rtsp import stream_facts
from dondoc.reporting.figures import measured as figures
from dondoc.store.cameras import CameraMeasurement
from dondoc.store.intake import Submission, Verdict
from dondoc.vocabulary.reasons import said
from tests.cameras.nights import result

AGENCY, SYSTEM = "so-nnptnt", "reservoir"
MONDAY = date(2021, 11, 22)
FORM = {"codec": "h264", "resolution": "1080p", "fps": 10, "retention_days": 30, "onvif": "yes", "place": "Hồ Kẻ Gỗ"}


def form(app: AppContext, rows: list[dict[str, Any]], when: date, version: int = 1) -> list[int]:
    """An accepted form of these rows; the ids of its cameras."""
    now = at(when, 9)
    with app.sessions.begin() as session:
        sub = Submission(
            channel="mail", channel_id=str(version), sender="a@example.vn", filename="f.xlsx", sha256="0" * 64,
            message_id="<1@x>", subject=None, automatic=False, happened_at=now, recorded_at=now,
        )  # fmt: skip
        session.add(sub)
        session.flush()
        session.add(
            Verdict(
                submission_id=sub.id, outcome="accepted", reason="", form="form_01", agency=AGENCY, value_hash="h",
                version=version, base_version=0, fulfils=[], rows=rows, head={}, issues=[], recorded_at=now,
            )
        )  # fmt: skip
        its = {"agency": AGENCY, "system": SYSTEM, "secrets": app.secrets}
        return declare(session, rows=rows, submission_id=sub.id, happened_at=now, now=now, **its)


def on(camera: int) -> date:
    """The night of that week on which it is a camera's turn."""
    return next(day for n in range(7) if due(camera, day := MONDAY + timedelta(days=n)))


def look(app: AppContext, environment: pytest.MonkeyPatch, cameras: list[int], day: date, round: str = "night") -> None:
    """A round of a night's looks."""
    environment.setenv("DONDOC_CLOCK", at(day, 22).isoformat())
    environment.setenv("DONDOC_CLOCK_SINCE", str(time.time()))
    results = night.check_batch(app, cameras, night=day, round=round, now=clock.now())
    assert {result.verdict for result in results} == {"ok"}
    night.store(app, results, night=day, round=round, now=clock.now())


@pytest.fixture
def rows(environment: pytest.MonkeyPatch, fleet: Fleet) -> list[dict[str, Any]]:
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
    environment.setenv("DONDOC_ONVIF_PORT", str(fleet.ports[0]))
    environment.setattr(stream_facts, "LEAST", 0.6)
    return [
        {**FORM, "name": kind, "host": host, "rtsp_port": fleet.ports[0], "main_path": f"/{kind}/1"}
        for kind, host in (("recorder-stopped", HOST), ("wrong-clock", SLOW_CLOCK), ("recorder", HOST))
    ]


def sentences(one: Told) -> list[str]:
    return [said(finding) for measured in one.measured for finding in findings(one.declared, measured)]


def test_a_week_of_closer_looks_tells_what_differs_and_is_no_outage(
    rows: list[dict[str, Any]], app: AppContext, environment: pytest.MonkeyPatch
) -> None:
    stopped, slow, good = cameras = form(app, rows, MONDAY)
    for camera in cameras:
        look(app, environment, cameras, on(camera))
    as_of = at(MONDAY + timedelta(days=7), 17)
    with app.sessions.reading() as session:
        its = told(app, session, as_of)
        now = states(app, session, as_of)
        seen = {state.camera.id: state.state for state in now}
        shown, counted = figures.rows(app.registry, now, its), figures.measured(now, its)
        then = told(app, session, at(MONDAY, 10))
    small = (
        "khai 1080p (2MP), luồng chính chỉ 640×360, cỡ thường thấy của luồng phụ: kiểm tra đường dẫn luồng chính, "
        + ASK
    )
    newest = on(stopped) - timedelta(days=9)
    [first, second] = sentences(its[stopped])
    assert first == small
    assert second.startswith("không thấy bản ghi mới: ")
    assert f"bản ghi gần nhất xem lại được là của ngày {newest:%d/%m/%Y};" in second
    set_it = f"đặt lại giờ, bật tự đồng bộ giờ (NTP), {CALL}"
    assert sentences(its[slow]) == [small, f"đồng hồ của thiết bị chậm 03 giờ; {set_it}"]
    assert sentences(its[good]) == [small]
    assert set(seen.values()) == {"ok"}
    assert (counted.cameras, counted.recorders, counted.kept) == (3, 2, 1)
    assert counted.findings == {
        FindingCode.MAIN_IS_SMALL: 3,
        FindingCode.NOT_RECORDING: 1,
        FindingCode.CLOCK_WRONG: 1,
    }
    assert len(shown) == 5
    assert HOST not in str(shown)
    assert then == {}

    form(app, [{**row, "resolution": "other", "retention_days": 60} for row in rows], on(good), version=2)
    with app.sessions.reading() as session:
        corrected = told(app, session, as_of)
        as_known = told(app, session, as_of, known_at=at(on(good), 8))
    assert sentences(corrected[good]) == []  # what is declared since, 60 days, nobody has asked for yet
    assert good not in as_known


def test_the_remarks_of_the_list_follow_a_form_that_is_judged_anew(app: AppContext) -> None:
    row = {**FORM, "name": "Cổng", "host": HOST, "main_path": "/1"}
    [camera], now = form(app, [row], MONDAY), at(MONDAY, 22)
    found = result(camera, "ok", now, measured={"stream": {"codec": "h265", "main": [1920, 1080]}})
    night.store(app, [found], night=MONDAY, round="night", now=now)

    def listed() -> Remarks:
        with app.sessions.reading() as session:
            return current.overview(app, session, now).remarks[camera]

    assert listed() == ("codec_differs",)
    with app.sessions.begin() as session:
        first = session.scalars(select(Verdict)).one()
        columns = {c.name: getattr(first, c.name) for c in Verdict.__table__.c if c.name not in ("id", "recorded_at")}
        session.add(Verdict(**{**columns, "rows": [{**row, "codec": "h265"}]}, recorded_at=now))
    assert listed() == ()


def test_a_closer_look_is_taken_once_a_week_in_rounds_of_everybody_and_kept_once(
    rows: list[dict[str, Any]], app: AppContext, environment: pytest.MonkeyPatch, fleet: Fleet
) -> None:
    [camera] = form(app, rows[2:], MONDAY)
    before = fleet.counts["clocks"]
    look(app, environment, [camera], on(camera), "declared-1")
    look(app, environment, [camera], on(camera) + timedelta(days=1))
    assert fleet.counts["clocks"] == before
    look(app, environment, [camera], on(camera))
    look(app, environment, [camera], on(camera), "second")
    assert fleet.counts["clocks"] == before + 2
    with app.sessions.begin() as session:
        kept = session.scalars(select(CameraMeasurement)).all()
        assert sorted(one.subject for one in kept) == ["clock", "recorder", "stream"]
        assert all("127.0.0.1" not in str(one.found) for one in kept)
        assert facts.newest(session, at(on(camera) + timedelta(days=30), 17)) == {}
        facts.forget(session, on(camera) + timedelta(days=1))
        assert session.scalars(select(CameraMeasurement)).all() == []


def test_how_old_a_measurement_is_counts_by_days_here(app: AppContext) -> None:
    """00:30 here is 17:30 of the day before by universal time."""
    [camera] = form(app, [{**FORM, "name": "1", "host": "10.1.1.1", "main_path": "/1"}], MONDAY)
    seen = result(camera, "ok", at(MONDAY, 22), measured={"clock": {"local": -10800}})
    night.store(app, [seen], night=MONDAY, round="night", now=at(MONDAY, 22))
    with app.sessions.reading() as session:
        told = [facts.newest(session, moment(f"2021-12-{when}")) for when in ("12T16:30+00:00", "12T17:30+00:00")]
    assert [bool(one) for one in told] == [True, False]


def test_behind_one_address_with_several_ports_no_device_is_asked_for_its_time(
    rows: list[dict[str, Any]], app: AppContext, environment: pytest.MonkeyPatch, fleet: Fleet
) -> None:
    """Whose clock answers there, nobody can tell."""
    slow, beside = form(app, [rows[1], {**rows[1], "name": "beside", "rtsp_port": fleet.refusing_port}], MONDAY)
    before = fleet.counts["clocks"]
    environment.setenv("DONDOC_CLOCK", at(on(slow), 22).isoformat())
    found = night.check_batch(app, [slow, beside], night=on(slow), round="night", now=clock.now())
    assert {one.camera: one.verdict for one in found} == {slow: "ok", beside: "connection_refused"}
    assert fleet.counts["clocks"] == before
    look(app, environment, [slow], on(slow) + timedelta(days=7))
    assert fleet.counts["clocks"] == before + 1


@pytest.mark.parametrize(
    ("form", "asked"),
    [
        (FORM, "stream recorder clock"),
        (None, "stream clock"),
        ({**FORM, "onvif": "no"}, "stream recorder"),
        ({**FORM, "storage": "cloud"}, "stream clock"),
        ({**FORM, "retention_days": 0}, "stream clock"),
        ({**FORM, "retention_days": "một tháng"}, "stream clock"),
    ],
)
def test_what_a_form_says_is_not_there_is_not_asked_for(form: dict[str, Any] | None, asked: str) -> None:
    main = "rtsp://10.1.1.1/Streaming/Channels/101"
    its = plan.wanted(main, None, of(form) if form else None, 80, at(MONDAY, 22))
    wanted = {"stream": its.stream, "recorder": its.playback and its.days, "clock": its.clock}
    assert " ".join(name for name, one in wanted.items() if one) == asked
    assert "10.1.1.1" not in f"{its} {its.playback}"


@pytest.mark.parametrize(
    ("url", "main", "stream", "is_sub"),
    [
        ("/Streaming/Channels/102", None, "/Streaming/Channels/101", True),  # known by its path
        ("/Streaming/Channels/101", None, "/Streaming/Channels/101", False),
        ("/live/low", "/live/high", "/live/high", True),  # known by the form
        ("/live", None, "/live", False),
        ("/live", "/live", "/live", False),
    ],
)
def test_it_is_the_main_stream_that_is_measured(url: str, main: str | None, stream: str, is_sub: bool) -> None:
    root = "rtsp://10.1.1.1:554"
    its = plan.wanted(f"{root}{url}", main and f"{root}{main}", None, 0, at(MONDAY, 22))
    assert (its.stream, its.is_sub, its.clock) == (f"{root}{stream}", is_sub, None)
