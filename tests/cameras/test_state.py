"""How a camera stands, and the properties of outages under any sequence of nights."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dondoc.cameras.registry.declarations import Source
from dondoc.cameras.state import outages, state
from dondoc.cameras.state.checks import Excuse, Look, Night
from dondoc.cameras.state.outages import over
from dondoc.cameras.state.state import CameraState, bad_run, down_since
from dondoc.cameras.state.timeline import timeline
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.store.cameras import Camera, Outage
from dondoc.vocabulary.cameras import Unseen
from tests.cameras.nights import AGENCY, NIGHT, NOW, SYSTEM, cameras, late, live, on, paused, said, seen

PAUSED = Excuse(Unseen.PAUSED, "tạm dừng")
KINDS = {"good": ("ok", None), "bad": ("no_frame", None), "silent": ("no_frame", PAUSED)}
SEQUENCES = st.lists(st.sampled_from(sorted(KINDS)), max_size=40)
KINDS["fine"] = ("ok", PAUSED)


def nights(kinds: list[str]) -> list[Night]:
    return [
        Night(Look(1, on(n), "night", KINDS[kind][0], 2, at(on(n), 22)), KINDS[kind][1]) for n, kind in enumerate(kinds)
    ]


def states(app: AppContext, number: int) -> dict[int, CameraState]:
    with app.sessions.begin() as session:
        return {s.camera.id: s for s in state.states(app, session, late(number))}


class TestProperties:
    @given(SEQUENCES, st.integers(1, 5))
    def test_an_outage_needs_so_many_bad_nights_since_the_last_good_one(self, kinds: list[str], needed: int) -> None:
        told = [k for k in kinds if k != "silent"]
        bad = len(told) - 1 - max((n for n, k in enumerate(told) if k == "good"), default=-1)
        since = down_since(nights(kinds), needed)
        assert (since is not None) == (bad >= needed)
        assert len(bad_run(nights(kinds))) == bad

    @given(SEQUENCES, st.integers(1, 5))
    def test_nights_that_say_nothing_change_nothing(self, kinds: list[str], needed: int) -> None:
        seen_only = [night for night in nights(kinds) if night.counts]
        assert down_since(nights(kinds), needed) == down_since(seen_only, needed)

    @given(SEQUENCES, SEQUENCES)
    def test_a_good_look_that_counts_for_nobody_ends_the_bad_nights_before_it(
        self, before: list[str], after: list[str]
    ) -> None:
        assert len(bad_run(nights([*before, "fine", *after]))) == len(bad_run(nights(after)))

    @given(SEQUENCES, st.integers(1, 5))
    def test_a_good_night_ends_everything_and_a_worse_history_never_helps(self, kinds: list[str], needed: int) -> None:
        assert down_since(nights([*kinds, "good"]), needed) is None
        if down_since(nights(kinds), needed):
            assert down_since(nights([*kinds, "bad"]), needed) == down_since(nights(kinds), needed)

    @given(SEQUENCES, st.integers(1, 4))
    def test_an_outage_lived_night_by_night_is_open_exactly_when_the_history_says_so(
        self, kinds: list[str], needed: int
    ) -> None:
        camera, outage = Camera(confirmed=True), None
        for number in range(len(kinds)):
            so_far = nights(kinds)[: number + 1]
            if outage and over(camera, outage, so_far, needed=needed, paused=None)[0]:
                outage = None
            elif outage is None and (since := down_since(so_far, needed)):
                outage = Outage(first_night=since, verdict="no_frame", opened_at=late(number))
            assert (outage is not None) == (down_since(so_far, needed) is not None)


class TestStates:
    def test_each_state_with_its_reason(self, app: AppContext) -> None:
        ids = cameras(app, *(f"{AGENCY},{SYSTEM},c{n},rtsp://10.1.1.{n},,,,,," for n in range(1, 7)))
        well, ill, out, never, blocked, unseen = ids
        seen(app, 0, {well: "ok", ill: "ok", out: "ok"})
        live(app, out, ["no_frame", "no_frame"], 1)
        seen(app, 2, {well: "ok", ill: "closed_early", never: "rtsp_timeout", blocked: "blocked_target"})
        found = states(app, 2)
        assert [found[i].state for i in ids] == [
            "ok", "failing", "outage", "not_connected_yet", "not_checked", "not_checked",
        ]  # fmt: skip
        assert found[out].reason == "camera có trả lời nhưng không gửi hình, từ đêm 23/11/2021"
        assert (found[out].outage, found[out].since, found[out].nights) == (1, on(1), 2)
        assert found[ill].reason.endswith("01 đêm; tính là sự cố từ đêm thứ 02")
        assert found[never].reason == "chưa từng thấy hình: kết nối được nhưng camera không trả lời"
        assert "ngoài các dải mạng" in found[blocked].reason
        assert found[unseen].reason == "mới khai, chưa đến lượt kiểm tra"
        assert "07 ngày" in states(app, 9)[unseen].reason
        assert [s.number for s in found.values() if not s.checked] == ["CAM-00005", "CAM-00006"]
        assert [found[i].kind.reachable for i in ids] == [True, False, True, False, False, False]

    @pytest.mark.parametrize(
        ("verdicts", "says"),
        [
            (["connect_timeout"], "chưa từng kết nối được: camera không trả lời kết nối"),
            (["rtsp_timeout"], "chưa từng thấy hình: kết nối được nhưng camera không trả lời"),
            (["auth_failed"], "chưa từng thấy hình: camera từ chối tài khoản, mật khẩu đã cấp"),
            (["no_frame"], "chưa từng thấy hình: camera có trả lời nhưng không gửi hình"),
            (["covered"], "chưa từng thấy hình tốt: hình một màu, không thấy cảnh (có thể ống kính bị che)"),
            (
                ["decode_failed"],
                "chưa từng thấy hình tốt: hình nhận được bị hỏng (vỡ, thiếu hoặc không mở được)",
            ),
            (["auth_failed", "unreachable"], "chưa từng thấy hình: không có đường mạng đến camera"),
            (["black", "auth_failed"], "chưa từng thấy hình tốt: camera từ chối tài khoản, mật khẩu đã cấp"),
        ],
    )
    def test_what_never_worked_is_said_as_far_as_it_has_come(
        self, app: AppContext, verdicts: list[str], says: str
    ) -> None:
        (camera,) = cameras(app, f"{AGENCY},{SYSTEM},a,rtsp://10.1.1.1,,,,,,")
        live(app, camera, verdicts)
        found = states(app, len(verdicts) - 1)[camera]
        assert (found.state, found.reason) == ("not_connected_yet", says)

    def test_a_look_by_day_is_said_with_its_hour_and_not_as_the_night_to_come(self, app: AppContext) -> None:
        well, ill = cameras(app, *(f"{AGENCY},{SYSTEM},{n},rtsp://10.1.1.{n},,,,,," for n in range(1, 3)))
        seen(app, 0, {well: "ok", ill: "ok"})
        assert states(app, 0)[well].reason == "hoạt động tốt, đêm 22/11/2021"
        seen(app, 1, {well: "ok", ill: "no_frame"}, round="now-140000", hour=14)
        found = states(app, 1)
        assert found[well].reason == "hoạt động tốt, lúc 14:00 ngày 23/11/2021"
        assert "01 ngày; tính là sự cố từ ngày thứ 02" in found[ill].reason
        outages.settle(app, night=on(1), now=late(1))
        seen(app, 2, {ill: "no_frame"})
        outages.settle(app, night=on(2), now=late(2))
        assert states(app, 2)[ill].reason.endswith("từ ngày 23/11/2021")

    def test_cameras_are_counted_in_one_way(self, app: AppContext) -> None:
        rows = [f"{AGENCY},{SYSTEM},{n},rtsp://10.1.1.{n},,,,Cổng {n % 2},," for n in range(1, 6)]
        ids = cameras(app, *rows)
        seen(app, 0, dict(zip(ids, ["ok", "auth_required", "black", "rtsp_timeout"], strict=False)))
        assert state.counts([*states(app, 0).values()]) == {
            "sites": 2,
            "declared": 5,
            "checked": 4,
            "not_checked": 1,
            "reachable": 3,
            "showing": 1,
            "asking": 1,
            "not_connected": 2,
            "outages": 0,
        }

    def test_an_old_look_says_nothing_of_today(self, app: AppContext) -> None:
        (camera,) = cameras(app, f"{AGENCY},{SYSTEM},a,rtsp://10.1.1.1,,,,,,")
        seen(app, 0, {camera: "ok"})
        assert states(app, 6)[camera].state == "ok"
        assert states(app, 8)[camera].state == "not_checked"

    def test_the_past_is_told_as_it_was_known_then(self, app: AppContext) -> None:
        (camera,) = cameras(app, f"{AGENCY},{SYSTEM},a,rtsp://10.1.1.1,,,,,,")
        live(app, camera, ["ok", "no_frame", "no_frame", "ok"])
        assert [states(app, n)[camera].state for n in range(4)] == ["ok", "failing", "outage", "ok"]
        with app.sessions.begin() as session:
            known = state.states(app, session, late(2), known_at=at(on(1), 12))
        assert known[0].state == "ok"

    def test_a_pause_stands_over_everything_with_its_words(self, app: AppContext) -> None:
        (camera,) = cameras(app, f"{AGENCY},{SYSTEM},a,rtsp://10.1.1.1,,,,,,")
        live(app, camera, ["ok", "no_frame", "no_frame"])
        paused(app, 3, 5, agency=AGENCY)
        assert states(app, 3)[camera].reason == "tạm dừng theo Công điện số 12/CĐ-UBND (bão số 8; Trần Văn Nam)"
        assert states(app, 3)[camera].checked is False
        assert states(app, 6)[camera].state == "outage"

    @pytest.mark.parametrize(
        ("exemption", "says"), [("vms_only", "VMS"), ("private_address", "mạng nội bộ"), ("no_route", "đường chia sẻ")]
    )
    def test_what_is_out_of_reach_by_design_is_no_fault(self, app: AppContext, exemption: str, says: str) -> None:
        (camera,) = cameras(app, f"{AGENCY},{SYSTEM},a,rtsp://10.1.1.1,,,,,,")
        seen(app, 0, {camera: "ok"})
        said(app, camera, Source.IMPORT, exemption=exemption)
        found = states(app, 0)[camera]
        assert (found.state, found.checked) == ("not_checked", False)
        assert says in found.reason

    def test_a_camera_that_has_worked_once_is_remembered_without_its_nights(self, app: AppContext) -> None:
        (camera,) = cameras(app, f"{AGENCY},{SYSTEM},a,rtsp://10.1.1.1,,,,,,")
        seen(app, 0, {camera: "ok"})
        seen(app, 1, {camera: "ok"})
        with app.sessions.begin() as session:
            assert session.scalar(select(Camera.worked_at)) == NOW


def test_a_strip_says_of_tonight_that_it_is_still_to_come_and_when_a_look_by_day_was() -> None:
    early, by_day = (Look(1, on(n), "x", "ok", 2, at(on(n), hour)) for n, hour in ((0, 22), (1, 14)))
    cells = timeline([Night(early), Night(by_day)], on(3), 5)
    assert [cell.words for cell in cells] == [
        "21/11/2021: không xem",
        "22/11/2021: hoạt động tốt",
        "lúc 14:00 ngày 23/11/2021: hoạt động tốt",
        "24/11/2021: không xem",
        "25/11/2021: chưa xem",
    ]


def test_the_night_ends_with_its_last_look_that_counts(app: AppContext) -> None:
    (camera,) = cameras(app, f"{AGENCY},{SYSTEM},a,rtsp://10.1.1.1,,,,,,")
    seen(app, 0, {camera: "no_frame"})
    seen(app, 0, {camera: "ok"}, round="second")
    with app.sessions.begin() as session:
        found = state.states(app, session, at(NIGHT + timedelta(days=1), 8))
    assert found[0].state == "ok"
