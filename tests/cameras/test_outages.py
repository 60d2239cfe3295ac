"""When an outage opens and closes, what is expected silence, what is our own fault, and what is said only once."""

import socket
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from dondoc.cameras import letters, recoveries
from dondoc.cameras.nights import night
from dondoc.cameras.state import common_causes as places
from dondoc.cameras.state import local_outage as ourside
from dondoc.cameras.state import outages, rules, state
from dondoc.cameras.state.common_causes import Seat
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.errors import Problem
from dondoc.facts.rule import rule
from dondoc.mail import outbox
from dondoc.reporting.figures.compute import figures
from dondoc.store import parts
from dondoc.store.cameras import Camera, NightRun, Outage
from dondoc.store.intake import Submission, Verdict
from dondoc.store.mail import OutboxLetter, Withdrawal
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.rulings import RulingKind
from tests.cameras.nights import (
    AGENCY,
    NIGHT,
    OTHER,
    SYSTEM,
    all_outages,
    at_site,
    cameras,
    contact,
    late,
    live,
    on,
    paused,
    result,
    seen,
)  # fmt: skip
from tests.conftest import CLERK, letter_of


def told(app: AppContext) -> tuple[list[int], int]:
    """A camera is out, and its agency's officer is written to: the outage, and the letter."""
    camera = one(app)
    contact(app, "a@example.vn")
    for number, verdict in enumerate(["ok", "no_frame", "no_frame"]):
        seen(app, number, {camera: verdict})
    opened = outages.settle(app, night=on(2), now=late(2))["opened"]
    [letter] = letters.outages(app, opened, late(2))
    return opened, letter


def one(app: AppContext, system: str = SYSTEM, more: str = ",,,,,") -> int:
    return cameras(app, f"{AGENCY},{system},a,rtsp://10.1.1.1{more}")[0]


class TestPatience:
    def test_a_camera_on_the_sun_gets_more_nights(self, app: AppContext) -> None:
        solar = one(app, "reservoir", ",,,,,,solar")
        live(app, solar, ["ok", *["no_frame"] * 4])
        assert all_outages(app) == []
        live(app, solar, ["no_frame"], 5)
        assert [o.first_night for o in all_outages(app)] == [on(1)]

    def test_nights_that_do_not_count_neither_end_nor_lengthen_a_row_of_bad_ones(self, app: AppContext) -> None:
        live(app, one(app), ["ok", "no_frame", "blocked_target", "no_frame"])
        assert [o.first_night for o in all_outages(app)] == [on(1)]


class TestSilence:
    def test_a_centre_that_is_closed_is_not_down(self, app: AppContext) -> None:
        camera = one(app, "public_admin_centre")
        for number in range(7):  # Monday to Sunday
            seen(app, number, {camera: "ok" if number == 0 else "connect_timeout"}, "day", hour=22)
            outages.settle(app, night=on(number), now=late(number))
        assert all_outages(app) == []
        with app.sessions.begin() as session:
            assert state.states(app, session, late(6))[0].state == "ok"
        for number in (7, 8):  # Monday and Tuesday morning
            seen(app, number, {camera: "connect_timeout"}, "day", hour=10)
            outages.settle(app, night=on(number), now=late(number))
        assert [o.first_night for o in all_outages(app)] == [on(7)]

    def test_a_weekend_is_no_working_time(self, app: AppContext) -> None:
        camera = one(app, "public_admin_centre")
        live(app, camera, ["ok"])
        for number in (5, 6):  # Saturday, Sunday
            seen(app, number, {camera: "connect_timeout"}, "day", hour=10)
            outages.settle(app, night=on(number), now=late(number))
        assert all_outages(app) == []

    def test_maintenance_is_said_by_the_agency(self, app: AppContext) -> None:
        camera = one(app, more=",,,,,maintenance,")
        live(app, camera, ["no_frame", "no_frame"])
        with app.sessions.begin() as session:
            found = state.states(app, session, late(1))[0]
        assert (found.state, found.reason) == ("not_checked", "đơn vị khai camera đang bảo trì")

    def test_a_fault_in_the_rules_is_shown_with_its_line(self, environment: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
        (tmp_path / "cameras").mkdir()
        (tmp_path / "cameras" / "rules.yaml").write_text("silences:\n  - {id: a, sytem: [x], reason: b}\n")
        environment.setenv("DONDOC_DATA", str(tmp_path))
        with pytest.raises(Exception, match=r"rules\.yaml:2: không có khóa “sytem”"):
            rules.load(load())


class TestPause:
    def test_stops_outages_letters_and_denominators_alike(self, app: AppContext) -> None:
        first, second = at_site(app, 2)
        contact(app, "a@example.vn")
        for camera in (first, second):
            live(app, camera, ["ok", "no_frame", "no_frame"])
        opened = outages.settle(app, night=on(2), now=late(2))["opened"]
        assert len(letters.outages(app, opened, late(2))) == 1
        paused(app, 3, None, agency=AGENCY, system=SYSTEM)
        with app.sessions.begin() as session:
            letter = session.scalars(select(OutboxLetter)).one()
            assert "Công điện số 12" in (letters.precondition(app)(session, letter, late(3)) or "")
        row = next(r for r in figures(app, letter_of(app), late(3)).as_json()["cameras"] if r["agency"] == AGENCY)
        assert (row["declared"], row["checked"], row["not_checked"], row["outages"]) == (2, 0, 2, 0)
        assert len(outages.settle(app, night=on(3), now=late(3))["closed"]) == 2
        assert {o.closed_because for o in all_outages(app)} == {
            "tạm dừng theo Công điện số 12/CĐ-UBND (bão số 8; Trần Văn Nam)"
        }

    def test_one_that_is_entered_later_takes_away_the_nights_it_covers(self, app: AppContext) -> None:
        live(app, one(app), ["ok", "no_frame", "no_frame", "no_frame"])
        assert len(all_outages(app)) == 1
        paused(app, 1, 2)
        assert outages.settle(app, night=on(3), now=at(on(4), 1))["closed"] == [1]
        assert "Công điện" in (all_outages(app)[0].closed_because or "")

    def test_one_that_covers_only_the_beginning_moves_it(self, app: AppContext) -> None:
        live(app, one(app), ["ok", *["no_frame"] * 4])
        paused(app, 1, 2)
        assert outages.settle(app, night=on(4), now=at(on(5), 1))["closed"] == []
        assert [o.first_night for o in all_outages(app)] == [on(3)]

    def test_a_site_alone_is_paused_and_no_duty_with_it(self, app: AppContext) -> None:
        gate = at_site(app, 1, "Cổng")[0]
        road = at_site(app, 1, "Đường lớn")[0]
        paused(app, 1, None, agency=AGENCY, place="CỔNG ")
        for camera in (gate, road):
            live(app, camera, ["ok", "no_frame", "no_frame"])
        assert [o.camera_id for o in all_outages(app)] == [road]
        with app.sessions.begin() as session:
            found = state.states(app, session, late(2))
        assert [s.state for s in found] == ["not_checked", "outage"]

    def test_one_that_was_taken_back_held_until_then(self, app: AppContext) -> None:
        camera = one(app)
        number = paused(app, 1, None)
        live(app, camera, ["ok", "no_frame", "no_frame"])
        with app.sessions.begin() as session:
            rule(
                app, session, RulingKind.UNDO, undoes=number, document="CV 9", reason="hết bão", by=CLERK,
                from_=at(on(3), 8), now=at(on(3), 8),
            )  # fmt: skip
        live(app, camera, ["no_frame"], 3)
        assert all_outages(app) == []
        live(app, camera, ["no_frame"], 4)
        assert [o.first_night for o in all_outages(app)] == [on(3)]

    def test_what_was_bad_before_it_opens_nothing_after_it(self, app: AppContext) -> None:
        camera = one(app)
        live(app, camera, ["ok", "no_frame", "no_frame"])
        paused(app, 3, 4)
        live(app, camera, ["no_frame", "ok"], 3)
        assert [o.closed_because is None for o in all_outages(app)] == [False]
        outages.settle(app, night=on(5), now=at(on(5), 10))  # the day look of other systems
        assert len(all_outages(app)) == 1
        with app.sessions.begin() as session:
            found = state.states(app, session, at(on(5), 10))[0]
        assert (found.state, found.checked) == ("not_checked", False)
        live(app, camera, ["no_frame"], 5)
        assert len(all_outages(app)) == 1  # it worked meanwhile: the first bad night
        live(app, camera, ["no_frame"], 6)
        assert [o.first_night for o in all_outages(app)][1:] == [on(5)]

    def test_needs_an_agency_for_a_site(self, app: AppContext) -> None:
        with pytest.raises(Problem, match="Điểm chỉ ghi khi tạm dừng, kèm đơn vị") as caught:
            paused(app, 1, None, place="Cổng")
        assert "--" not in str(caught.value), "pages show it too"

    @pytest.mark.parametrize("site", ["Cổng bắc", "không có", " ", "---"])
    def test_of_a_site_that_no_camera_has_is_refused_with_the_nearest_names(self, app: AppContext, site: str) -> None:
        for name, agency in (("Cổng Bắc 1", AGENCY), ("Đập Kẻ Gỗ", AGENCY), ("Cổng bắc", OTHER)):
            at_site(app, 1, name, agency)
        with app.sessions.begin() as session:
            session.scalars(select(Camera).where(Camera.site == "Đập Kẻ Gỗ")).one().restricted = True
        with pytest.raises(Problem, match=r"không có camera nào ở điểm “.*”\. Có: Cổng Bắc 1\.$"):
            paused(app, 1, None, agency=AGENCY, place=site)
        with pytest.raises(Problem, match="Xem tên điểm trong danh sách camera"):
            paused(app, 1, None, agency=AGENCY, system="reservoir", place="Cổng Bắc 1")
        paused(app, 1, None, agency=AGENCY, place="đập kẻ gỗ")  # restricted: not named, but known

    def test_of_a_site_that_came_with_another_agency_is_known_from_then_on(self, app: AppContext) -> None:
        at_site(app, 1, "Đập Kẻ Gỗ", "so-nnptnt")
        with pytest.raises(Problem, match="không có camera nào ở điểm"):
            paused(app, 1, None, agency="so-nnmt", place="Đập Kẻ Gỗ")
        paused(app, 1300, None, agency="so-nnmt", place="Đập Kẻ Gỗ")


class TestFlapping:
    def test_many_short_outages_are_one_letter(self, app: AppContext) -> None:
        camera = one(app)
        contact(app, "a@example.vn")
        sent = []
        for number in range(13):
            verdict = "ok" if number % 3 == 0 else "no_frame"
            seen(app, number, {camera: verdict})
            opened = outages.settle(app, night=on(number), now=late(number))["opened"]
            sent += letters.outages(app, opened, late(number))
        assert [o.flapping for o in all_outages(app)] == [False, False, True, True]
        assert len(sent) == 3
        with app.sessions.begin() as session:
            texts = [letter.text for letter in session.scalars(select(OutboxLetter).order_by(OutboxLetter.id))]
            again = [f"lần thứ {number:02} trong 14 ngày" for number in (2, 3)]
            assert [[words in text for words in again] for text in texts] == [[False] * 2, [True, False], [False, True]]
            assert state.states(app, session, late(12))[0].state == "flapping"


class TestRehearsal:
    @pytest.fixture
    def in_earnest(self, app: AppContext) -> Iterator[AppContext]:
        """The same world once it is live."""
        made = AppContext(app.settings.model_copy(update={"mode": "live"}))
        yield made
        made.sessions.kw["bind"].dispose()

    def test_a_letter_that_was_only_rehearsed_has_told_nobody(self, app: AppContext, in_earnest: AppContext) -> None:
        camera = one(app)
        contact(app, "a@example.vn")
        live(app, camera, ["ok", "no_frame", "no_frame"])
        for now_in in (app, in_earnest):
            for expected in ([1], []):
                assert outages.settle(now_in, night=on(2), now=late(2))["opened"] == expected
                assert len(letters.outages(now_in, [1], late(2))) == len(expected)
        with app.sessions.begin() as session:
            assert session.scalars(select(OutboxLetter.rehearsal).order_by(OutboxLetter.id)).all() == [True, False]

    def test_a_flapping_camera_is_not_kept_quiet_by_a_rehearsed_letter(
        self, app: AppContext, in_earnest: AppContext
    ) -> None:
        camera = one(app)
        contact(app, "a@example.vn")
        live(app, camera, ["ok", *["no_frame", "no_frame", "ok"] * 2, "no_frame", "no_frame"])
        assert len(letters.outages(app, [3], late(8))) == 1
        live(app, camera, ["ok", "no_frame", "no_frame"], 9)
        assert [o.flapping for o in all_outages(app)] == [False, False, True, True]
        assert outages.settle(app, night=on(11), now=late(11))["opened"] == []
        assert outages.settle(in_earnest, night=on(11), now=late(11))["opened"] == [4]

    def test_who_was_told_in_rehearsal_is_thanked_in_rehearsal_alone(
        self, app: AppContext, in_earnest: AppContext
    ) -> None:
        _, letter = told(app)
        with app.sessions.begin() as session:
            row = session.get_one(OutboxLetter, letter)
            row.state, row.sent_at = OutboxState.SENT, at(on(3), 8)
        live(app, 1, ["ok"], 3)
        assert recoveries.write(in_earnest, late(3)) == []
        assert len(recoveries.write(app, late(3))) == 1

    def test_thanks_that_were_only_rehearsed_have_thanked_nobody(self, app: AppContext, in_earnest: AppContext) -> None:
        _, letter = told(in_earnest)
        with app.sessions.begin() as session:
            row = session.get_one(OutboxLetter, letter)
            row.state, row.sent_at = OutboxState.SENT, at(on(3), 8)
        live(app, 1, ["ok"], 3)
        written = [recoveries.write(one, late(3)) for one in (app, in_earnest)]
        with app.sessions.begin() as session:
            rows = [session.get_one(OutboxLetter, number) for [number] in written]
            assert [row.rehearsal for row in rows] == [True, False]


class TestOurSide:
    def fleet(self, app: AppContext) -> list[int]:
        return [*at_site(app, 4, "Cổng"), *at_site(app, 4, "Phố", OTHER)]

    def test_nearly_everything_at_once_counts_against_nobody(self, app: AppContext) -> None:
        ids = self.fleet(app)
        seen(app, 0, dict.fromkeys(ids, "ok"))
        for number in (1, 2, 3):
            seen(app, number, dict.fromkeys(ids, "connect_timeout") | {ids[0]: "dns_failure"})
            assert outages.settle(app, night=on(number), now=late(number))["opened"] == []
        with app.sessions.begin() as session:
            run = night.run_of(session, on(3), "night")
            assert run is not None
            assert "08/08" in (run.our_side_down or "")
            assert "không tính cho đơn vị nào" in night.summary(app, session, run)
            assert {s.state for s in state.states(app, session, late(3))} == {"ok"}

    @pytest.mark.parametrize(
        ("verdicts", "ours"),
        [
            ([("a", "connect_timeout")] * 9, False),  # of one agency: its own line
            ([("a", "connect_timeout")] * 2 + [("b", "dns_failure")] * 2, False),  # too few to tell
            ([("a", "connect_timeout")] * 8 + [("b", "dns_failure"), ("b", "ok")], True),
            ([("a", "connect_timeout")] * 7 + [("b", "dns_failure"), ("b", "ok"), ("b", "ok")], False),
            ([("a", "rtsp_timeout")] * 8 + [("b", "closed_early")] * 8, False),  # somebody did answer
            ([("a", "unreachable")] * 8 + [("b", "unreachable")] + [("b", "blocked_target")] * 50, True),
        ],
    )
    def test_the_line_is_drawn_by_a_rule(self, environment: pytest.MonkeyPatch, verdicts: list, ours: bool) -> None:
        assert (ourside.nearly_everything(verdicts, rules.load(load()).local_outage) is not None) is ours

    def test_what_is_paused_or_expected_to_be_silent_is_no_sign_of_it(self, app: AppContext) -> None:
        ids = self.fleet(app)
        extra = at_site(app, 1, "Kho bạc")
        seen(app, 0, dict.fromkeys([*ids, *extra], "ok"))
        paused(app, 1, 1, agency=AGENCY, place="Cổng")
        paused(app, 1, 1, agency=OTHER)
        seen(app, 1, dict.fromkeys(ids, "connect_timeout") | dict.fromkeys(extra, "ok"))
        with app.sessions.begin() as session:
            run = night.run_of(session, on(1), "night")
            assert run is not None
            assert run.our_side_down is None
            assert "01 đạt, 00 chưa đạt, 08 không tính" in night.summary(app, session, run)

    def test_a_second_look_at_the_failed_ones_alone_is_no_proof(self, app: AppContext) -> None:
        ids = self.fleet(app)
        extra = at_site(app, 40, "Quảng trường trung tâm")
        seen(app, 0, dict.fromkeys(ids, "connect_timeout") | dict.fromkeys(extra, "ok"))
        seen(app, 0, dict.fromkeys(ids, "connect_timeout"), round="second")
        with app.sessions.begin() as session:
            assert session.scalars(select(NightRun.our_side_down)).all() == [None, None]

    def test_a_second_look_saves_a_night_that_was_ours(self, app: AppContext) -> None:
        ids = self.fleet(app)
        seen(app, 0, dict.fromkeys(ids, "connect_timeout"))
        (again,) = night.plan(app, night=NIGHT, round="second", system_window=None, only_failed=True)
        assert sorted(again) == ids
        seen(app, 0, dict.fromkeys(ids, "ok"), round="second")
        with app.sessions.begin() as session:
            assert {s.state for s in state.states(app, session, at(on(1), 8))} == {"ok"}

    @pytest.mark.slow
    def test_a_reference_host_answers_or_not(self, environment: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            environment.setenv("DONDOC_REFERENCE_HOSTS", f"127.0.0.1:{port}, 127.0.0.1:9")
            assert not ourside.references_answer(load())  # not on the allow-list
            environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
            assert ourside.references_answer(load())
        assert not ourside.references_answer(load())
        environment.delenv("DONDOC_REFERENCE_HOSTS")
        assert ourside.references_answer(load())


class TestTogether:
    def seats(self, *where: tuple[str, str, str]) -> list[Seat]:
        return [Seat(number, *place) for number, place in enumerate(where)]

    @pytest.mark.parametrize(
        ("down", "kinds", "alone"),
        [
            ({0: "connect_timeout", 1: "rtsp_timeout"}, ["place"], []),
            ({0: "connect_timeout", 1: "black"}, [], [0, 1]),
            ({0: "connect_timeout"}, [], [0]),
            ({2: "black", 3: "black"}, ["device"], []),
            (dict.fromkeys(range(5), "dns_failure"), ["agency"], []),
            (dict.fromkeys(range(4), "dns_failure"), ["place", "device"], []),
        ],
    )
    def test_the_widest_place_that_is_down_as_a_whole_is_named(
        self, down: dict[int, str], kinds: list[str], alone: list[int]
    ) -> None:
        seats = self.seats(("x", "A", "1"), ("x", "A", "2"), ("x", "B", "3"), ("x", "", "3"), ("x", "C", "4"))
        found, rest = places.gather(down, seats, 2)
        assert [place.kind for place in found] == kinds
        assert rest == alone

    def test_one_letter_says_the_place_and_not_every_camera(self, app: AppContext) -> None:
        gate = at_site(app, 3, "Cổng chợ")
        alone, well = at_site(app, 2, "Đường 26/3")
        contact(app, "a@example.vn")
        seen(app, 0, dict.fromkeys([*gate, alone, well], "ok"))
        for number in (1, 2):
            seen(app, number, dict.fromkeys(gate, "connect_timeout") | {alone: "black", well: "ok"})
        opened = outages.settle(app, night=on(2), now=late(2))["opened"]
        assert len(letters.outages(app, opened, late(2))) == 1
        with app.sessions.begin() as session:
            letter = session.scalars(select(OutboxLetter)).one()
            session.get_one(Camera, gate[0]).restricted = True
        text = letter.text
        assert "Mất kết nối tại điểm Cổng chợ: 03 camera (CAM-00001, CAM-00002, CAM-00003)" in text
        assert "chưa đạt trong ít nhất 02 lần kiểm tra gần nhất, sớm nhất từ ngày 23/11/2021 (sự cố SC-0001, " in text
        assert text.count("SC-0001") == 1
        assert "Kính đề nghị Quý cơ quan kiểm tra 04 camera dưới đây và trả lời thư này trước ngày " in text
        assert "- Nơi nhiều camera cùng mất kết nối: trước hết kiểm tra nguồn điện, đường truyền" in text
        assert "CAM-00004 (Đường 26/3 1): hình chỉ có màu đen" in text
        assert "CAM-00005" not in text
        assert "- Với tình trạng “camera không trả lời kết nối”: kiểm tra nguồn điện, đường truyền" in text
        assert "- Với tình trạng “hình chỉ có màu đen”: kiểm tra ống kính, đèn hồng ngoại" in text
        assert "“camera không trả lời kết nối”" in letter.html
        assert "10.8.1" not in text + letter.html
        assert letter.context["outages"] == opened

    def test_a_place_whose_cameras_fail_alike_is_said_to_fail_as_each_of_them_does(self, app: AppContext) -> None:
        ids = at_site(app, 2, "Cổng chợ")
        contact(app, "a@example.vn")
        seen(app, 0, dict.fromkeys(ids, "ok"))
        for number in (1, 2):
            seen(app, number, dict(zip(ids, ("blurred", "covered"), strict=True)))
        letters.outages(app, outages.settle(app, night=on(2), now=late(2))["opened"], late(2))
        with app.sessions.begin() as session:
            letter = session.scalars(select(OutboxLetter)).one()
        assert (
            "Cùng chưa đạt tại điểm Cổng chợ: 02 camera (CAM-00001, CAM-00002), hình bị mờ hoặc "
            "hình một màu, không thấy cảnh (có thể ống kính bị che);" in letter.text
        )
        assert "gỡ vật che" in letter.text
        assert "chỉnh lại nét" in letter.text
        for untrue in ("mất hình", "Mất kết nối", "không có hình"):
            assert untrue not in letter.subject + letter.text + letter.html

    @pytest.mark.parametrize(
        ("places", "at"), [(("Cổng chợ", "Cổng chợ", "Bến xe"), ", điểm Cổng chợ, Bến xe"), (("", "", ""), "")]
    )
    def test_cameras_of_one_recorder_are_told_as_such_with_where_they_hang(
        self, app: AppContext, places: tuple[str, str, str], at: str
    ) -> None:
        hang = [*zip(places, (1, 2, 3), (9, 9, 9), strict=True), ("Cổng chợ", 4, 4), ("Bến xe", 5, 5)]
        rows = (f"{AGENCY},{SYSTEM},{site} {n},rtsp://10.9.1.{host}/{n},,,,{site},," for site, n, host in hang)
        ids = cameras(app, *rows)
        contact(app, "a@example.vn")
        for number, verdict in enumerate(["ok", "rtsp_timeout", "rtsp_timeout"]):
            seen(app, number, dict.fromkeys(ids[:3], verdict) | dict.fromkeys(ids[3:], "ok"))
        letters.outages(app, outages.settle(app, night=on(2), now=late(2))["opened"], late(2))
        with app.sessions.begin() as session:
            letter = session.scalars(select(OutboxLetter)).one()
        assert f"Cùng chưa đạt tại đầu ghi hoặc thiết bị dùng chung{at}: 03 camera (" in letter.text
        assert "nguồn điện" not in letter.text, "it did take the connection"
        assert letter.subject.startswith("Kiểm tra 03 camera trước ")

    @pytest.mark.parametrize("verdict", ["black", "covered", "blurred", "overexposed"])
    def test_a_fault_of_the_picture_asks_for_the_lens_or_the_lamp_alone(self, app: AppContext, verdict: str) -> None:
        (alone,) = at_site(app, 1, "Đường 26/3")
        contact(app, "a@example.vn")
        for number, found in enumerate(["ok", verdict, verdict]):
            seen(app, number, {alone: found})
        letters.outages(app, outages.settle(app, night=on(2), now=late(2))["opened"], late(2))
        with app.sessions.begin() as session:
            letter = session.scalars(select(OutboxLetter)).one()
        for words in (letter.text, letter.html):
            assert "ống kính" in words
            assert "nguồn điện" not in words
            assert "đường truyền" not in words
            assert "không cần trả lời" not in words, "its foot asks for an answer"

    def test_a_restricted_camera_is_named_by_the_row_of_its_form(self, app: AppContext) -> None:
        first, second = at_site(app, 2, "Nhà văn hóa")
        contact(app, "a@example.vn")
        with app.sessions.begin() as session:
            file = Submission(channel="mail", channel_id="1", filename="f.xlsx", sha256="0" * 64, sender="a@example.vn")
            file.happened_at = file.recorded_at = late(0)
            session.add(file)
            session.flush()
            camera = session.get_one(Camera, second)
            camera.restricted, camera.submission_id = True, file.id
            rows = [{"place": "Cổng", "name": "khác"}, {"place": camera.place.upper(), "name": camera.name}]
            judged = Verdict(submission_id=file.id, outcome="accepted", form="form_03", rows=rows, agency=AGENCY)
            judged.fulfils, judged.head, judged.issues, judged.reason, judged.recorded_at = [], {}, [], "", late(0)
            session.add(judged)
        for number, (one, other) in enumerate([("ok", "ok"), ("black", "no_frame"), ("black", "no_frame")]):
            seen(app, number, {first: one, second: other})
        letters.outages(app, outages.settle(app, night=on(2), now=late(2))["opened"], late(2))
        with app.sessions.begin() as session:
            letter = session.scalars(select(OutboxLetter)).one()
            hidden = session.get_one(Camera, second).name
        assert "Tại điểm Nhà văn hóa:\n- CAM-00001 (Nhà văn hóa 1): hình chỉ có màu đen" in letter.text
        assert "- CAM-00002 (hạn chế nêu tên, dòng 2 của Biểu mẫu 03 (Khu, điểm du lịch)): " in letter.text
        assert hidden not in letter.text + letter.html
        assert letter.html.count("Tại điểm") == 1

    def test_a_letter_says_what_was_found_last_how_often_and_since_when(self, app: AppContext) -> None:
        camera = one(app)
        live(app, camera, ["ok", "no_frame", "no_frame"])
        seen(app, 3, {camera: "covered"})
        contact(app, "a@example.vn")  # only now is there somebody to write to
        letters.outages(app, outages.settle(app, night=on(3), now=late(3))["opened"], late(3))
        with app.sessions.begin() as session:
            letter = session.scalars(select(OutboxLetter)).one()
        for words in (letter.text, letter.html):
            assert (
                "hình một màu, không thấy cảnh (có thể ống kính bị che); "
                "chưa đạt trong 03 lần kiểm tra gần nhất, từ ngày 23/11/2021 (sự cố SC-0001)." in words
            )
            assert "Đề nghị Quý cơ quan gỡ vật che, lau ống kính;" in words
            assert "Thuộc hệ thống An ninh, giao thông:" in words, "no place is declared"
            assert "không gửi hình" not in words

    @pytest.mark.parametrize(("hour", "minute", "told"), [(21, 0, 1), (22, 30, 0)])
    def test_an_outage_of_which_nothing_was_seen_for_a_week_is_told_to_nobody(
        self, app: AppContext, hour: int, minute: int, told: int
    ) -> None:
        live(app, one(app), ["ok", "no_frame", "no_frame"])
        contact(app, "a@example.vn")
        now = at(on(9), hour, minute)
        opened = outages.settle(app, night=on(9), now=now)["opened"]
        assert len(opened) == 1
        assert len(letters.outages(app, opened, now)) == told

    def test_of_many_outages_ids_are_named_in_parts_and_contacts_asked_for_once(
        self, app: AppContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = [(system, n) for n, system in enumerate([SYSTEM, "reservoir", "tourism"] * 3)]
        ids = cameras(app, *(f"{AGENCY},{system},Cổng {n},rtsp://10.1.1.{n},,,,Điểm {n},," for system, n in rows))
        contact(app, "a@example.vn")
        for number, verdict in enumerate(["ok", "no_frame", "no_frame"]):
            seen(app, number, dict.fromkeys(ids, verdict))
        opened = outages.settle(app, night=on(2), now=late(2))["opened"]
        asked: list[str] = []
        engine = app.sessions.kw["bind"]
        event.listen(engine, "before_cursor_execute", lambda c, cursor, statement, values, *_: asked.append(statement))
        monkeypatch.setattr(parts, "AT_ONCE", 4)
        assert len(letters.outages(app, opened, late(2))) == 1
        assert len([said for said in asked if "FROM contacts" in said and "contacts.agency IN" in said]) == 1
        assert len(opened) == 6, "reservoirs are waited for"
        assert len([said for said in asked if "FROM outages JOIN cameras" in said]) == 2
        with app.sessions.begin() as session:
            assert session.scalars(select(OutboxLetter)).one().context["outages"] == opened

    def test_a_letter_that_was_withdrawn_has_told_nobody(self, app: AppContext) -> None:
        opened, letter = told(app)
        assert letters.outages(app, opened, late(2)) == []
        with app.sessions.begin() as session:
            taken = Withdrawal(letter_id=letter, taken_back=False, reason="sai", by="A", recorded_at=late(2))
            session.add(taken)
        assert outages.settle(app, night=on(3), now=late(3))["opened"] == opened

    def test_a_letter_that_has_not_left_is_written_anew_to_a_new_officer(self, app: AppContext) -> None:
        opened, letter = told(app)
        check = letters.precondition(app)
        with app.sessions.reading() as session:
            assert check(session, session.get_one(OutboxLetter, letter), late(2)) is None
        contact(app, "b@example.vn")
        with app.sessions.begin() as session:
            row = session.get_one(OutboxLetter, letter)
            assert "thư được viết lại cho người mới" in (check(session, row, late(2)) or "")
            outbox.withdraw(session, [row], by="dondoc", note="", now=late(2), reason="")
        assert outages.settle(app, night=on(3), now=late(3))["opened"] == opened
        letters.outages(app, opened, late(3))
        with app.sessions.reading() as session:
            assert session.scalars(select(OutboxLetter)).all()[-1].recipient == "b@example.vn"


class TestRecovery:
    def sent(self, app: AppContext, number: int = 2) -> None:
        """The letter about the outages has left the morning after."""
        with app.sessions.begin() as session:
            for letter in session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "outage")):
                letter.state, letter.sent_at = OutboxState.SENT, at(on(number + 1), 8)

    def written_to(self, app: AppContext, ids: Sequence[int]) -> None:
        """Cameras are out since the first night, and the letter about them has left."""
        contact(app, "a@example.vn")
        for number, verdict in enumerate(["ok", "no_frame", "no_frame"]):
            seen(app, number, dict.fromkeys(ids, verdict))
        letters.outages(app, outages.settle(app, night=on(2), now=late(2))["opened"], late(2))
        self.sent(app)

    def thanks(self, app: AppContext, number: int) -> list[OutboxLetter]:
        recoveries.write(app, late(number))
        with app.sessions.begin() as session:
            return list(session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "recovery")))

    def test_who_was_written_to_is_thanked_once_when_all_of_it_is_over(self, app: AppContext) -> None:
        first, second, third = at_site(app, 3)
        contact(app, "a@example.vn")
        for number, verdicts in enumerate([("ok",) * 3, ("black", "no_frame", "ok"), ("black", "no_frame", "ok")]):
            seen(app, number, dict(zip((first, second, third), verdicts, strict=True)))
        letters.outages(app, outages.settle(app, night=on(2), now=late(2))["opened"], late(2))
        self.sent(app)
        live(app, first, ["ok"], 3)
        assert self.thanks(app, 3) == [], "one is still out"
        live(app, second, ["ok"], 4)
        assert len(self.thanks(app, 4)) == 1
        [thanks] = self.thanks(app, 5)
        with app.sessions.begin() as session:
            letter = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "outage")).one()
        assert (thanks.recipient, thanks.in_reply_to, thanks.agency) == ("a@example.vn", letter.message_id, AGENCY)
        assert thanks.subject.startswith("Cảm ơn, 02 camera đã hoạt động trở lại – ")
        for words in (thanks.text, thanks.html):
            assert "không còn sự cố nào nêu trong thư ngày 25/11/2021" in words
            assert "hoạt động trở lại, ghi nhận ngày 25/11/2021 (sự cố SC-0001)." in words
            assert "hoạt động trở lại, ghi nhận ngày 26/11/2021 (sự cố SC-0002)." in words
            assert "Quý cơ quan không phải trả lời thư trên nữa." in words
            assert "10.4.1" not in words

    def test_nobody_is_thanked_for_a_letter_that_has_not_left_or_where_a_person_ended_it(self, app: AppContext) -> None:
        camera = one(app)
        contact(app, "a@example.vn")
        live(app, camera, ["ok", "no_frame", "no_frame"])
        letters.outages(app, [1], late(2))
        paused(app, 3, 4)
        live(app, camera, ["no_frame"], 3)
        assert [o.closed_because is None for o in all_outages(app)] == [False]
        self.sent(app)
        assert self.thanks(app, 3) == []

    def test_a_night_that_is_concluded_writes_the_thanks(
        self, app: AppContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from dondoc.orchestration import checking  # Airflow is set up by then
        from tests.orchestration import rounds

        told(app)
        self.sent(app)
        monkeypatch.setattr(checking, "open_context", lambda: app)
        monkeypatch.setattr(checking.clock, "now", lambda: late(3))
        batch = rounds.batch(app, [1], look="night")
        found = rounds.found(app, batch, [result(1, "ok", at(on(3), 22))])
        checking.conclude([batch], checking.store(batch, found, rounds.context()), rounds.context())
        with app.sessions.reading() as session:
            kinds = session.scalars(select(OutboxLetter.kind).order_by(OutboxLetter.id)).all()
        assert kinds == ["outage", "recovery"]

    def test_nor_who_is_no_longer_the_officer(self, app: AppContext) -> None:
        told(app)
        self.sent(app)
        live(app, 1, ["ok"], 3)
        contact(app, "b@example.vn")
        assert self.thanks(app, 3) == []

    def test_nor_for_a_camera_that_is_somebody_elses_now(self, app: AppContext) -> None:
        first, second = at_site(app, 2)
        contact(app, "a@example.vn")
        for number, verdict in enumerate(["ok", "black", "black", "ok"]):
            seen(app, number, {first: verdict, second: verdict})
            if number == 2:
                letters.outages(app, outages.settle(app, night=on(2), now=late(2))["opened"], late(2))
        outages.settle(app, night=on(3), now=late(3))
        self.sent(app)
        with app.sessions.begin() as session:
            session.get_one(Camera, second).agency = OTHER
        assert self.thanks(app, 3) == []
        with app.sessions.begin() as session:
            session.get_one(Camera, second).agency = AGENCY
        assert len(self.thanks(app, 3)) == 1

    def still(self, app: AppContext, thanks: OutboxLetter, number: int) -> str | None:
        """Why thanks that have not left are not true any more."""
        with app.sessions.reading() as session:
            return recoveries.precondition(app)(session, session.get_one(OutboxLetter, thanks.id), late(number))

    def thanked(self, app: AppContext) -> OutboxLetter:
        told(app)
        assert self.thanks(app, 2) == [], "its letter has not left"
        self.sent(app)
        live(app, 1, ["ok"], 3)
        [thanks] = self.thanks(app, 3)
        assert self.still(app, thanks, 3) is None
        return thanks

    def test_thanks_that_have_not_left_do_not_leave_when_the_camera_is_out_again(self, app: AppContext) -> None:
        thanks = self.thanked(app)
        live(app, 1, ["no_frame", "no_frame"], 4)
        assert self.still(app, thanks, 5) == "camera lại mất kết nối: SC-0002"

    def test_nor_for_a_letter_that_was_withdrawn_meanwhile(self, app: AppContext) -> None:
        thanks = self.thanked(app)
        with app.sessions.begin() as session:
            answered = session.scalars(select(OutboxLetter.id).where(OutboxLetter.kind == "outage")).one()
            session.add(Withdrawal(letter_id=answered, taken_back=False, reason="sai", by="A", recorded_at=late(3)))
        assert self.still(app, thanks, 4) == "thư báo sự cố đã rút lại"

    @pytest.mark.parametrize(("days", "written"), [(29, 1), (31, 0)])
    def test_nobody_is_thanked_for_a_letter_of_more_than_a_month_ago(
        self, app: AppContext, days: int, written: int
    ) -> None:
        _, letter = told(app)
        self.sent(app)
        with app.sessions.begin() as session:
            session.get_one(OutboxLetter, letter).sent_at = late(3) - timedelta(days=days)
        live(app, 1, ["ok"], 3)
        assert len(self.thanks(app, 3)) == written

    def test_nobody_is_thanked_for_a_letter_that_was_withdrawn(self, app: AppContext) -> None:
        _, letter = told(app)
        self.sent(app)
        with app.sessions.begin() as session:
            session.add(Withdrawal(letter_id=letter, taken_back=False, reason="sai", by="A", recorded_at=late(2)))
        live(app, 1, ["ok"], 3)
        assert self.thanks(app, 3) == []

    def test_nor_to_who_is_no_longer_the_officer_when_they_leave(self, app: AppContext) -> None:
        thanks = self.thanked(app)
        contact(app, "b@example.vn")
        assert self.still(app, thanks, 4) == "cán bộ đầu mối của đơn vị đã thay đổi"

    def test_nobody_is_thanked_while_an_outage_is_open_that_the_letter_names_though_another_letter_told_of_it(
        self, app: AppContext
    ) -> None:
        first, second = at_site(app, 2)
        contact(app, "a@example.vn")
        nights = [("ok", "ok"), ("black", "ok"), ("black", "ok"), ("black", "covered"), ("black", "covered")]
        for number, verdicts in enumerate(nights):
            seen(app, number, dict(zip((first, second), verdicts, strict=True)))
            letters.outages(app, outages.settle(app, night=on(number), now=late(number))["opened"], late(number))
        self.sent(app, 4)
        with app.sessions.reading() as session:
            [_, letter] = session.scalars(select(OutboxLetter).order_by(OutboxLetter.id))
        assert "Cùng chưa đạt tại điểm Cổng: 02 camera (CAM-00001, CAM-00002)" in letter.text
        live(app, second, ["ok"], 5)
        assert self.thanks(app, 5) == [], "the letter names SC-0001, too"
        live(app, first, ["ok"], 6)
        reasons = [thanks.reason for thanks in self.thanks(app, 6)]
        assert reasons == ["Camera hoạt động trở lại: SC-0001", "Camera hoạt động trở lại: SC-0002"]

    def test_nobody_is_thanked_for_what_a_person_ended_beside_what_works(self, app: AppContext) -> None:
        [first], [second] = at_site(app, 1, "Chợ"), at_site(app, 1, "Cổng")
        self.written_to(app, (first, second))
        paused(app, 3, None, agency=AGENCY, place="cổng")
        live(app, first, ["ok"], 3)
        [thanks] = self.thanks(app, 3)
        assert thanks.subject.startswith("Cảm ơn, 01 camera đã hoạt động trở lại – ")
        for words in (thanks.text, thanks.html):
            fixed, _, others = words.partition("Không còn tính là sự cố:")
            assert "CAM-00001" in fixed
            assert "CAM-00002" not in fixed
            assert "CAM-00002" in others
            assert "tạm dừng theo Công điện số 12/CĐ-UBND" in others

    @pytest.mark.parametrize(
        "first",
        [
            ["ok", "no_frame"],
            ["ok", "no_frame", "no_frame"],
            ["ok", "no_frame", "no_frame", "ok", "no_frame", "no_frame", "ok"],
        ],
        ids=["fails", "out", "flaps"],
    )
    def test_nobody_is_thanked_while_a_camera_fails_again_or_comes_and_goes(
        self, app: AppContext, first: list[str]
    ) -> None:
        ids = at_site(app, 2)
        self.written_to(app, ids)
        for number, verdict in enumerate(first, 3):
            second = "ok" if number == 2 + len(first) else "no_frame"
            seen(app, number, dict(zip(ids, (verdict, second), strict=True)))
            outages.settle(app, night=on(number), now=late(number))
        assert all(outage.closed_at for outage in all_outages(app)[:2]), "of those that the letter names none is open"
        assert self.thanks(app, 2 + len(first)) == []

    def test_nobody_is_thanked_while_an_outage_is_open_of_which_nothing_was_seen_for_a_week(
        self, app: AppContext
    ) -> None:
        ids = at_site(app, 2)
        self.written_to(app, ids)
        live(app, ids[0], ["ok"], 12)
        with app.sessions.reading() as session:
            assert [one.state for one in state.states(app, session, late(12))] == ["ok", "not_checked"]
        assert self.thanks(app, 12) == []

    def test_contacts_and_outages_are_asked_for_once_for_all_letters(self, app: AppContext) -> None:
        ids = [camera for n in range(4) for camera in at_site(app, 1, f"Điểm số {'I' * n}")]
        contact(app, "a@example.vn")
        seen(app, 0, dict.fromkeys(ids, "ok"))
        for number in range(1, 7):  # each night one more is out
            seen(app, number, {c: "no_frame" if number > n else "ok" for n, c in enumerate(ids)})
            letters.outages(app, outages.settle(app, night=on(number), now=late(number))["opened"], late(number))
        self.sent(app, 6)
        seen(app, 7, dict.fromkeys(ids, "ok"))
        outages.settle(app, night=on(7), now=late(7))
        asked: list[str] = []
        engine = app.sessions.kw["bind"]
        event.listen(engine, "before_cursor_execute", lambda c, cursor, statement, values, *_: asked.append(statement))
        assert len(self.thanks(app, 7)) == 4
        assert len([said for said in asked if "FROM contacts" in said and "contacts.agency IN" in said]) == 1
        assert len([said for said in asked if "FROM outages JOIN cameras" in said]) == 1

    def test_the_agency_that_took_the_cameras_over_is_thanked_where_the_reader_is_the_same(
        self, app: AppContext
    ) -> None:
        told(app)
        self.sent(app)
        live(app, 1, ["ok"], 3)
        later = at(on(1200), 23)
        with app.sessions.begin() as session:
            session.scalars(select(OutboxLetter)).one().sent_at = at(on(1199), 8)
        contact(app, "a@example.vn", agency="so-nnmt")
        seen(app, 1200, {1: "ok"})
        recoveries.write(app, later)
        with app.sessions.reading() as session:
            thanks = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "recovery")).one()
        assert thanks.agency == "so-nnmt"
        assert "Sở Nông nghiệp và Môi trường" in thanks.text


def test_outages_that_a_month_has_passed_over_stay_open(app: AppContext) -> None:
    camera = one(app)
    live(app, camera, ["ok", "no_frame", "no_frame"])
    for number in range(33, 36):
        seen(app, number, {camera: "no_frame"})
        assert outages.settle(app, night=on(number), now=late(number))["closed"] == []
    with app.sessions.begin() as session:
        (outage,) = session.scalars(select(Outage))
        assert outage.closed_at is None
        assert state.states(app, session, late(35))[0].since == NIGHT + timedelta(days=1)
