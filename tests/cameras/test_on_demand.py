"""A look that a person asked for: it blames nobody for our own line, and undoes nothing the night has told."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from dondoc.cameras.nights import night
from dondoc.cameras.nights import on_demand as now
from dondoc.cameras.state import local_outage, outages
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.fleet import Fleet
from dondoc.store.cameras import CameraCheck, NightRun
from tests.cameras.nights import AGENCY, SYSTEM, all_outages, cameras, late, live, on, seen
from tests.conftest import CLERK


@pytest.fixture
def near(app: AppContext, environment: pytest.MonkeyPatch) -> Iterator[AppContext]:
    """The same world, which may probe the loopback."""
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
    made = AppContext(load())
    yield made
    made.sessions.kw["bind"].dispose()


def our_line_is_down(app: AppContext, port: int) -> AppContext:
    return AppContext(app.settings.model_copy(update={"reference_hosts": [f"127.0.0.1:{port}"]}))


def asked(app: AppContext, camera: int, number: int, hour: int = 23) -> CameraCheck:
    return now.look(app, camera, by=CLERK, now=lambda: at(on(number), hour))


def one(app: AppContext, url: str, name: str = "a") -> int:
    return cameras(app, f"{AGENCY},{SYSTEM},{name},{url},,,,,,")[-1]


class TestOurSide:
    def test_a_look_while_our_own_line_is_down_says_nothing_of_the_camera(self, near: AppContext, fleet: Fleet) -> None:
        camera = one(near, fleet.url("refusing"))
        live(near, camera, ["ok"])
        cut_off = our_line_is_down(near, fleet.refusing_port)
        for number in (1, 2):
            found = asked(cut_off, camera, number)
            assert (found.verdict, found.detail) == ("connection_refused", local_outage.SILENT)
            assert outages.settle(cut_off, night=on(number), now=late(number)) == {"opened": [], "closed": []}
        with near.sessions.begin() as session:
            rounds = select(NightRun.our_side_down).where(NightRun.round.like("now-%"))
            assert session.scalars(rounds).all() == [local_outage.SILENT] * 2
        cut_off.sessions.kw["bind"].dispose()

    def test_with_our_line_up_it_counts(self, near: AppContext, fleet: Fleet) -> None:
        camera = one(near, fleet.url("refusing"))
        live(near, camera, ["ok"])
        up = our_line_is_down(near, fleet.ports[0])  # which answers
        assert asked(up, camera, 1).detail != local_outage.SILENT
        asked(up, camera, 2)
        after = late(2) + timedelta(minutes=5)  # the look ended a moment after the hour
        assert outages.settle(up, night=on(2), now=after)["opened"] == [1]
        up.sessions.kw["bind"].dispose()

    def test_what_did_answer_counts_whatever_our_reference_hosts_do(self, near: AppContext, fleet: Fleet) -> None:
        cut_off = our_line_is_down(near, fleet.refusing_port)
        assert asked(cut_off, one(near, fleet.url("missing")), 0).detail != local_outage.SILENT
        with near.sessions.begin() as session:
            assert session.scalars(select(NightRun.our_side_down)).all() == [None]
        cut_off.sessions.kw["bind"].dispose()

    def test_two_cameras_asked_for_in_the_same_second_are_judged_apart(self, near: AppContext, fleet: Fleet) -> None:
        first, second = one(near, fleet.url("refusing")), one(near, fleet.url("missing"), "b")
        cut_off = our_line_is_down(near, fleet.refusing_port)
        asked(cut_off, first, 0)
        asked(near, second, 0)
        with near.sessions.begin() as session:
            assert len(set(session.scalars(select(CameraCheck.round)))) == 2
        cut_off.sessions.kw["bind"].dispose()


class TestByHand:
    @pytest.mark.parametrize("hour", [12, 23])
    def test_a_bad_look_by_hand_does_not_undo_a_good_night(self, app: AppContext, hour: int) -> None:
        camera = one(app, "rtsp://10.1.1.1")
        live(app, camera, ["ok"])
        for number in (1, 2):
            seen(app, number, {camera: "ok"})
            seen(app, number, {camera: "connect_timeout"}, "now-1", hour)
            outages.settle(app, night=on(number), now=late(number))
        assert all_outages(app) == []
        assert night.plan(app, night=on(2), round="second", system_window=None, only_failed=True) == []

    def test_a_good_look_by_hand_after_a_bad_one_saves_the_night(self, app: AppContext) -> None:
        camera = one(app, "rtsp://10.1.1.1")
        live(app, camera, ["ok", "black", "black"])
        seen(app, 2, {camera: "ok"}, "now-1", 23)
        assert outages.settle(app, night=on(2), now=late(2))["closed"] == [1]
        assert night.plan(app, night=on(2), round="second", system_window=None, only_failed=True) == []

    def test_a_good_look_by_hand_at_noon_does_not_save_a_night_that_was_bad_later(self, app: AppContext) -> None:
        camera = one(app, "rtsp://10.1.1.1")
        live(app, camera, ["ok"])
        for number in (1, 2):
            seen(app, number, {camera: "ok"}, "now-1", 12)
            seen(app, number, {camera: "black"})
        assert outages.settle(app, night=on(2), now=late(2))["opened"] == [1]

    def test_where_there_is_no_other_a_look_by_hand_is_the_nights(self, app: AppContext) -> None:
        camera = one(app, "rtsp://10.1.1.1")
        live(app, camera, ["ok"])
        for number in (1, 2):
            seen(app, number, {camera: "black"}, "now-1", 23)
        assert outages.settle(app, night=on(2), now=late(2))["opened"] == [1]
        assert night.plan(app, night=on(2), round="second", system_window=None, only_failed=True) == [[camera]]
