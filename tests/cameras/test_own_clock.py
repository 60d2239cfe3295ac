"""Whose clock is wrong: where most devices of a night differ from ours by about the same, ours."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from dondoc.cameras.measured import facts, own_clock
from dondoc.cameras.measured.facts import CloserLook
from dondoc.cameras.measured.findings import Measured, findings
from dondoc.cameras.measured.own_clock import Drift, measured_drift, wrong
from dondoc.cameras.measured.words import in_words
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.diagnosis import examine
from dondoc.probing.wanted import Subject
from dondoc.store.mail import OutboxLetter
from tests.cameras.nights import NIGHT, NOW, cameras

HOURS = 3600


def night(*ahead: int, agencies: int = 3) -> list[Drift]:
    """Devices whose clocks are ahead by so many seconds."""
    return [Drift(f"agency {n % agencies}", f"10.0.0.{n}", timedelta(seconds=one)) for n, one in enumerate(ahead)]


@pytest.mark.parametrize(
    ("drifts", "off"),
    [
        (night(600, 603, 598, 610, 601), -600 - 1),
        (night(-7200, -7195, -7203, -7201, -7200, 5, 4000), 7200),
        (night(*[90] * 6), -90),
        (night(*[-7 * HOURS] * 9), 7 * HOURS),
        (night(*[3, -2, 8, 0, 1, -9], 600, 600), None),  # ours is right, and two are wrong
        (night(*[600] * 5, *[0] * 5), None),  # no more than half
        (night(600, 300, 0, -300, -600, 900, 1200), None),  # nobody sets them
        (night(*[600] * 4), None),  # too few
        (night(*[600] * 9, agencies=1), None),  # they may follow a wrong server of time
        (night(*[30] * 9), None),
        ([], None),
    ],
)
def test_our_clock_is_wrong_where_most_devices_agree_that_it_is(drifts: list[Drift], off: int | None) -> None:
    assert wrong(drifts) == (None if off is None else timedelta(seconds=off))


def test_a_recorder_speaks_once_however_many_channels_it_has() -> None:
    one = Drift("agency", "10.0.0.1", timedelta(hours=1))
    assert wrong([one] * 40 + night(1, 2, 3, 4, 5)) is None


def test_a_device_that_agencies_share_speaks_once_for_all_of_them() -> None:
    shared = [Drift(f"agency {n}", "10.9.9.9", timedelta(hours=1)) for n in range(9)]
    assert wrong(shared) is None
    assert wrong([*shared, *night(1, 2, 3, 4)]) is None


@given(st.lists(st.integers(-(10**12), 10**12), max_size=30), st.integers(1, 4))
def test_whatever_devices_say_ours_is_not_wrong_by_what_few_say(ahead: list[int], agencies: int) -> None:
    off = wrong(night(*ahead, agencies=agencies))
    if off is not None:
        assert sum(abs(one + off / timedelta(seconds=1)) <= 61 for one in ahead) * 2 > len(ahead)


@pytest.mark.parametrize(
    ("found", "ahead"),
    [
        ({"utc": 60, "local": 3660}, 60),  # its zone is its own affair
        ({"utc": -90}, -90),
        ({"utc": 7 * HOURS + 20}, None),  # it may call its local time universal
        ({"utc": 7 * HOURS, "local": 7 * HOURS}, 7 * HOURS),
        ({"local": 40}, 40),
        ({"local": -7 * HOURS}, None),
        ({}, None),
        ({"utc": "x"}, None),
    ],
)
def test_what_a_device_tells_of_our_clock(found: dict[str, object], ahead: int | None) -> None:
    assert measured_drift(found) == (None if ahead is None else timedelta(seconds=ahead))


def measured(app: AppContext, *ahead: int) -> list[int]:
    """Cameras of three agencies whose clocks are ahead by so many seconds, as a night measured them; their ids."""
    agencies = ("so-nnptnt", "ubnd-huyen-duc-tho", "ubnd-huyen-can-loc")
    ids = cameras(app, *(f"{agencies[n % 3]},security_traffic,C{n},rtsp://10.0.0.{n + 1}/1" for n in range(len(ahead))))
    looks = [
        CloserLook(camera, NOW, {Subject.CLOCK: {"utc": one, "local": one}})
        for camera, one in zip(ids, ahead, strict=True)
    ]
    with app.sessions.begin() as session:
        facts.record(session, looks, NIGHT, NOW)
    return ids


def of(app: AppContext, camera: int) -> Measured:
    with app.sessions.reading() as session:
        (one,) = facts.newest(session, NOW, among=[camera])[camera]
    return one


@pytest.mark.slow
def test_when_our_clock_is_wrong_nobody_is_accused_and_we_are_told(
    app: AppContext, environment: pytest.MonkeyPatch
) -> None:
    from dondoc.orchestration import checking

    environment.setenv("DONDOC_OPS_ADDRESS", "van.hanh@example.vn")
    app = AppContext(load())
    ids = measured(app, *[-3 * HOURS - n for n in range(6)], 5)
    for camera in ids:
        assert findings(None, of(app, camera)) == ()
        assert "đồng hồ máy kiểm tra của Sở có vẻ nhanh 03 giờ" in in_words(of(app, camera))
    assert "nhanh 03 giờ" in checking._own_clock(app, NIGHT, NOW)
    assert [f["severity"] for f in examine(lambda: NOW) if f["code"] == "own_clock"] == ["error"]
    checking._own_clock(app, NIGHT, NOW)
    with app.sessions.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutboxLetter)) == 1


@pytest.mark.slow
def test_when_it_is_right_those_that_are_wrong_are_told(app: AppContext) -> None:
    from dondoc.orchestration import checking

    ids = measured(app, *[3] * 6, -3 * HOURS)
    assert [len(findings(None, of(app, camera))) for camera in ids] == [0] * 6 + [1]
    assert checking._own_clock(app, NIGHT, NOW) == ""
    assert not [f for f in examine(lambda: NOW) if f["code"] == "own_clock"]
    with app.sessions.reading() as session:
        assert own_clock.wrong_nights(session, [NIGHT], NOW) == {}
