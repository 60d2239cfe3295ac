"""Letters on the pages: who may release them, who sees whom they go to, and who reads the audit trail."""

import re
from datetime import timedelta
from typing import Any

import pytest
from lxml import html
from sqlalchemy import select

from dondoc import audit, clock
from dondoc.configuration.context import AppContext
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.store.facts import Contact
from dondoc.store.mail import OutboxLetter
from tests.conftest import acting, approver, at
from tests.decisions import decided
from tests.web.conftest import ORIGIN, Visit, rows_of, words_of

pytestmark = pytest.mark.slow

HEAD = "lanh-dao.duc-tho@ha-tinh.test"


@pytest.fixture
def held(app: AppContext) -> int:
    """A letter to a head, with addresses wherever a letter can have any."""
    with app.sessions.begin() as session:
        common: dict[str, Any] = {"phone": "", "valid_from": at(1).date(), "recorded_at": at(1)}
        session.add(Contact(agency="ubnd-huyen-duc-tho", role="head", name="Nguyễn A", email=HEAD, **common))
        letter = Letter(
            kind="internal",
            recipient=HEAD,
            subject=f"Đôn đốc {HEAD}",
            text=f"Kính gửi <{HEAD}>, hỏi (a.b@c.test).",
            html="x",
            dedup="1",
            reason=f"550 {HEAD}: no such user",
            agency="ubnd-huyen-duc-tho",
            needs_approval=True,
        )
        return outbox.enqueue(session, [letter], settings=app.settings, now=clock.now())[0].id


def state(app: AppContext, letter: int) -> str:
    with app.sessions.reading() as session:
        return session.get_one(OutboxLetter, letter).state


def test_whoever_is_no_approver_reads_who_is_and_has_no_button(app: AppContext, visit: Visit, held: int) -> None:
    approver(app)
    for role in ("ops", "admin", "viewer"):
        page = visit(role).get(f"/letters/{held}").text
        assert ">Duyệt gửi<" not in page
        assert re.search(r"Tài khoản \S+ không phải người duyệt", words_of(page))
        assert "Người duyệt: Trần Thị B." in words_of(page)
        refused = visit(role).post(f"/letters/{held}/approve", headers=ORIGIN)
        assert refused.status_code == 403
        assert "Người duyệt: Trần Thị B." in words_of(refused.text)
    assert state(app, held) == "held"


def test_where_nobody_is_registered_the_page_says_how(visit: Visit, held: int) -> None:
    assert "contacts import" in words_of(visit("admin").get(f"/letters/{held}").text)
    assert visit("approver").post(f"/letters/{held}/approve", headers=ORIGIN).status_code == 403


def test_a_viewer_whom_the_address_book_names_may_approve(app: AppContext, visit: Visit, held: int) -> None:
    approver(app, "Trần Thị B", "nguoixem")
    assert ">Duyệt gửi<" in visit("viewer").get(f"/letters/{held}").text
    assert visit("viewer").post(f"/letters/{held}/approve", headers=ORIGIN).status_code == 303
    assert state(app, held) == "pending"


def test_an_approver_reads_what_a_letter_carries_before_releasing_it(app: AppContext, visit: Visit, held: int) -> None:
    digest = app.blobs.put(b"PK bao cao")
    with app.sessions.begin() as session:
        session.get_one(OutboxLetter, held).attachments = [{"filename": "a.xlsx", "sha256": digest, "type": "x/y"}]
    there = f"/letters/{held}/attachments/0"
    assert visit("viewer").get(there).status_code == 403
    approver(app, "Trần Thị B", "nguoixem")
    assert there in visit("viewer").get(f"/letters/{held}").text
    assert visit("viewer").get(there).content == b"PK bao cao"
    with app.sessions.begin() as session:
        session.get_one(OutboxLetter, held).needs_approval = False
    assert visit("viewer").get(there).status_code == 403, "what is not theirs to release is not theirs to read"


def test_of_several_decisions_those_that_are_ticked_go_and_the_rest_waits(app: AppContext, visit: Visit) -> None:
    approver(app)
    first, second = (decided(app, clock.now() + timedelta(seconds=n)) for n in range(2))
    page = html.fromstring(visit("approver").get("/letters?state=held").text)
    assert page.xpath("//input[@name='letters']/@value") == [str(first[0]), str(second[0])]
    assert page.xpath("//input[@name='letters'][@checked]") == []
    visit("approver").post("/letters/approve", headers=ORIGIN)
    visit("approver").post("/letters/approve", headers=ORIGIN, data={"letters": [str(second[0])]})
    assert [state(app, one) for one in (*first, *second)] == ["held", "held", "pending", "pending"]
    assert html.fromstring(visit("ops").get("/letters?state=held").text).xpath("//input[@name='letters']") == []
    refused = visit("ops").post("/letters/approve", headers=ORIGIN, data={"letters": [str(first[0])]})
    assert (refused.status_code, state(app, first[0])) == (403, "held")


def test_what_is_held_for_a_reason_of_our_own_has_its_own_word_and_its_own_list(app: AppContext, visit: Visit) -> None:
    approver(app)
    asked, kept = (decided(app, clock.now() + timedelta(seconds=n)) for n in range(2))
    with app.sessions.begin() as session:
        for row in session.scalars(select(OutboxLetter).where(OutboxLetter.id.in_(kept))):
            row.needs_approval, row.reason = False, "Quá hạn (giữ lại: không thấy hết nguồn tiếp nhận: hộp thư)"
    page = html.fromstring(visit("approver").get("/letters?state=held").text)
    lists = page.xpath("//h2[.='Chờ duyệt' or .='Đang giữ']/following-sibling::form[1]")
    assert [one.xpath(".//input/@value") for one in lists] == [[str(asked[0])], [str(kept[0])]]
    assert "giữ lại: không thấy hết nguồn tiếp nhận" in words_of(visit("viewer").get("/letters?state=held").text)
    for letter, word in ((kept[0], "đang giữ"), (asked[0], "chờ duyệt")):
        shown = html.fromstring(visit("viewer").get(f"/letters/{letter}").text)
        assert {*shown.xpath("//main/p/b/text()"), *shown.xpath("//td[@class='number'][2]/text()")} == {word}
    visit("approver").post("/letters/approve", headers=ORIGIN, data={"letters": [str(kept[0])]})
    assert [state(app, one) for one in (*asked, *kept)] == ["held", "held", "pending", "pending"]


def test_the_first_of_two_is_told_that_a_second_is_missing(app: AppContext, visit: Visit, held: int) -> None:
    app.settings.two_approvers = True
    approver(app)
    answer = visit("approver").post(f"/letters/{held}/approve", headers=ORIGIN)
    page = words_of(visit("approver").get(answer.headers["location"]).text)
    assert "Trần Thị B đã duyệt; còn thiếu người duyệt thứ hai" in page
    assert "qua trang đôn đốc, tài khoản b.tran" in page
    assert state(app, held) == "held"


@pytest.mark.parametrize("path", ["/letters", "/letters/{}", "/letters?state=held"])
def test_a_viewer_sees_role_and_agency_and_no_address(visit: Visit, held: int, path: str) -> None:
    seen, full = (visit(role).get(path.format(held)).text for role in ("viewer", "ops"))
    assert "@" not in seen
    assert "lãnh đạo UBND huyện Đức Thọ" in words_of(seen)
    assert HEAD in full


def test_every_act_on_a_page_is_in_the_trail_with_the_account_and_its_address(
    app: AppContext, visit: Visit, held: int
) -> None:
    approver(app)
    visit("approver").post(f"/letters/{held}/approve", headers=ORIGIN)
    visit("approver").post(f"/letters/{held}/cancel", headers=ORIGIN, data={"reason": "đã gọi điện"})
    with app.sessions.reading() as session:
        events = audit.events(session)
    assert [(e.act, e.subject, e.login, e.channel, e.address) for e in events] == [
        (act, f"TH-{held:05}", "b.tran", "page", "10.1.2.3") for act in ("cancel", "approve")
    ]


def test_the_trail_is_for_administrators_and_says_whether_it_is_whole(app: AppContext, visit: Visit, held: int) -> None:
    approver(app)
    visit("approver").post(f"/letters/{held}/approve", headers=ORIGIN)
    for role in ("ops", "viewer", "approver"):
        refused = visit(role).get("/audit")
        assert (role, refused.status_code) == (role, 403)
        assert "chỉ dành cho quản trị viên" in words_of(refused.text)
        assert "/audit" not in visit(role).get("/").text
    page = words_of(visit("admin").get("/audit?check=1").text)
    assert "Nguyên vẹn: 1 dòng" in page
    assert f"duyệt thưTH-{held:05}Trần Thị Bb.trantrang đôn đốc10.1.2.3" in page
    assert 'href="/audit"' in visit("admin").get("/").text
    with app.sessions.begin() as session:
        session.connection().exec_driver_sql("DROP TRIGGER audit_events_no_update")
        session.connection().exec_driver_sql("UPDATE audit_events SET name='<script>'")
    broken = visit("admin").get("/audit?check=1").text
    assert "NHẬT KÝ ĐÃ BỊ CAN THIỆP" in broken
    assert "<script>" not in broken


def test_the_trail_goes_back_page_by_page_and_by_act(app: AppContext, visit: Visit) -> None:
    with app.sessions.begin() as session:
        for number in range(130):
            act = ("approve", "cancel")[number % 2]
            audit.record(session, app.settings.secret_keys, acting(), act, f"TH-{number:05}", now=at(2))
    first = visit("admin").get("/audit").text
    assert 'href="/audit?before=31"' in first
    assert "TH-00000" in visit("admin").get("/audit?before=31").text
    cancelled = words_of(visit("admin").get("/audit?act=cancel").text)
    assert "TH-00129" in cancelled
    assert "TH-00128" not in cancelled
    assert visit("admin").get("/audit?before=99999999999999999999").status_code == 400


def test_a_page_account_named_like_a_program_has_no_say(app: AppContext, visit: Visit, held: int) -> None:
    answer = visit("machine").post(f"/letters/{held}/cancel", headers=ORIGIN, data={"reason": "thử"})
    assert answer.status_code == 400
    assert "tên của máy" in answer.text
    with app.sessions.reading() as session:
        assert session.scalars(select(OutboxLetter.state)).all() == ["held"]


class TestDecision:
    """A decision with two letters: one button for both."""

    @pytest.fixture
    def letters(self, app: AppContext) -> list[int]:
        approver(app)
        return decided(app, clock.now())

    def test_each_of_its_pages_shows_all_letters_and_one_button_releases_them(
        self, app: AppContext, visit: Visit, letters: list[int]
    ) -> None:
        for letter in letters:
            page = visit("approver").get(f"/letters/{letter}").text
            assert page.count(">Duyệt gửi cả 02 thư<") == page.count(">Dừng, hủy mọi thư chưa gửi<") == 1
            assert "Mọi thư của quyết định này" in page
            assert all(f"TH-{one:05}" in page for one in letters)
        [row] = rows_of(visit("approver").get("/letters").text)
        assert row[0] == " ".join(f"TH-{one:05}" for one in letters)
        answer = visit("approver").post(f"/letters/{letters[1]}/approve", headers=ORIGIN)
        assert [state(app, one) for one in letters] == ["pending", "pending"]
        assert "chờ gửi; TH-" in words_of(visit("approver").get(answer.headers["location"]).text)

    def test_it_is_stopped_until_a_day_also_while_it_waits_to_leave_and_that_can_be_withdrawn(
        self, app: AppContext, visit: Visit, letters: list[int]
    ) -> None:
        visit("approver").post(f"/letters/{letters[0]}/approve", headers=ORIGIN)
        form = {"reason": "đã gọi điện", "until": "2999-12-01"}
        answer = visit("ops").post(f"/letters/{letters[1]}/cancel", headers=ORIGIN, data=form)
        assert [state(app, one) for one in letters] == ["cancelled", "cancelled"]
        page = words_of(visit("ops").get(answer.headers["location"]).text)
        assert "đã hủy. Bậc này chưa đề xuất lại trước ngày 01/12/2999." in page
        assert "vì đã gọi điện: bậc này chưa đề xuất lại" in page
        visit("ops").post(f"/letters/{letters[0]}/resume", headers=ORIGIN, data={"reason": "nhầm"})
        assert "chưa đề xuất lại" not in words_of(visit("viewer").get(f"/letters/{letters[0]}").text)
        again = visit("ops").post(f"/letters/{letters[0]}/resume", headers=ORIGIN, data={"reason": "nhầm"})
        assert (again.status_code, "Không có quyết định nào đang dừng" in again.text) == (400, True)

    @pytest.mark.parametrize("until", ["2021-11-01", "mai", "9999-99-99"])
    def test_a_day_that_is_past_or_none_stops_nothing(
        self, app: AppContext, visit: Visit, letters: list[int], until: str
    ) -> None:
        form = {"reason": "thử", "until": until}
        assert visit("ops").post(f"/letters/{letters[0]}/cancel", headers=ORIGIN, data=form).status_code == 400
        assert state(app, letters[0]) == "held"
