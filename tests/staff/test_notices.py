"""What our own people are told: which letters and which forms wait, until when, where to go; that our line was down."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from dondoc import clock
from dondoc.intake import inbox
from dondoc.staff import notices
from dondoc.store.facts import Contact
from dondoc.store.mail import OutboxLetter
from tests.conftest import letter_of
from tests.escalation.conftest import Office, one

HONG_LINH, DUC_THO = "ubnd-thi-xa-hong-linh", "ubnd-huyen-duc-tho"
THURSDAY = date(2021, 11, 25)  # form_03, chased on the 23rd, is due for the letter to the heads


@pytest.fixture
def office(office: Office) -> Office:
    office.know(("so-tttt", "approver", "duyet@so.test"))
    return office


@pytest.fixture
def thursday(post_office: Office) -> Office:
    """The first letters have left on Tuesday, and it is the morning of the second ones."""
    post_office.decide(agencies=[HONG_LINH, DUC_THO])
    post_office.deliver()
    post_office.go(THURSDAY)
    post_office.see()
    return post_office


def told(office: Office, about: str = "chờ duyệt") -> list[OutboxLetter]:
    return [r for r in office.letters() if r.kind == "internal" and about in r.subject]


def test_letters_that_wait_for_approval_are_told_with_step_agencies_deadline_and_place(thursday: Office) -> None:
    rows = thursday.decide(agencies=[HONG_LINH, DUC_THO])
    held = [i for row in rows for i in row["outbox_ids"]]
    assert {row["step"] for row in rows} == {"overdue_2"}
    [letter] = told(thursday)
    assert (letter.recipient, letter.state) == ("duyet@so.test", "pending")
    [step] = [s for s in letter_of(thursday.app).ladder if s.id == "overdue_2"]
    for row in rows:
        page = f"http://127.0.0.1:8080/dondoc/letters/{row['outbox_ids'][0]}"
        name = thursday.app.registry.agency(row["agency"]).name
        until = "duyệt muộn nhất lúc 17 giờ 00 phút ngày 29/11/2021"
        assert f"- {name}: {step.title}, 02 thư; {until}. Đọc và duyệt: {page}" in letter.text
        assert f'href="{page}"' in letter.html
    assert letter.context["to_approve"] == [int(i) for i in held]


def test_the_mail_of_the_morning_says_what_leaves_what_waits_what_failed_and_whom_to_call(post_office: Office) -> None:
    office = post_office
    office.decide(agencies=[HONG_LINH])
    office.deliver()
    office.go(date(2021, 11, 22), 9)
    office.submission(DUC_THO, "form_03", "waiting")
    office.go(THURSDAY)
    office.see()
    with office.app.sessions.begin() as session:
        of_dau_tu = Contact.agency == "cuc-hai-quan-tinh", Contact.role.in_(["focal_officer", "clerk"])
        session.execute(update(Contact).where(*of_dau_tu).values(valid_to=date(2021, 11, 1)))
    office.decide()
    [letter] = told(office, "Sáng 25/11: gửi")
    for line in (
        "- UBND huyện Lộc Hà: Bậc “đề nghị gửi nội dung quá hạn” vì ",
        "Đọc hoặc dừng: http://127.0.0.1:8080/dondoc/letters/",
        "- BN-0001, nhận ngày 22/11/2021, đã 03 ngày làm việc: UBND huyện Đức Thọ",
        "- Cục Hải quan tỉnh: chưa có địa chỉ để gửi",
        "- UBND thị xã Hồng Lĩnh: focal_officer, điện thoại 0912. “Sở xin hỏi Biểu mẫu 03 (Khu, điểm du lịch): đơn vị",
    ):
        assert line in letter.text
    office.decide()
    assert len(told(office, "Sáng 25/11")) == 1


def test_nothing_is_said_on_a_day_off_or_where_there_is_nothing(office: Office) -> None:
    for day in (date(2021, 11, 8), date(2021, 11, 20)):
        office.go(day)
        office.see()
        office.decide()
    assert told(office, "Sáng") == []


def test_a_letter_of_before_that_remembers_no_title_is_told_by_its_kind(thursday: Office) -> None:
    [row] = [row for row in thursday.decide(agencies=[HONG_LINH]) if row["needs_approval"]]
    with thursday.app.sessions.begin() as session:
        for number in row["outbox_ids"]:
            letter = session.get_one(OutboxLetter, int(number))
            letter.context = {name: value for name, value in letter.context.items() if name != "title"}
    thursday.now += timedelta(minutes=20)
    thursday.decide(agencies=[DUC_THO])
    assert f"- Thư đôn đốc “Quá hạn”: {len(row['outbox_ids']):02} thư về 01 đơn vị" in told(thursday)[-1].text


def test_the_same_letters_are_told_once_and_told_again_only_with_a_new_one(thursday: Office) -> None:
    first = one(thursday.decide(agencies=[HONG_LINH]), HONG_LINH)["outbox_ids"]
    thursday.now += timedelta(minutes=20)
    thursday.decide(agencies=[HONG_LINH])
    assert len(told(thursday)) == 1
    second = one(thursday.decide(agencies=[DUC_THO]), DUC_THO)["outbox_ids"]
    assert [len(r.context["to_approve"]) for r in told(thursday)] == [len(first), len(first) + len(second)]
    thursday.approve(*first)
    thursday.decide(agencies=[DUC_THO])
    assert len(told(thursday)) == 2, "fewer wait, none of them new"


def test_where_nobody_may_approve_the_administrator_is_told_how_to_register_somebody(post_office: Office) -> None:
    post_office.decide(agencies=[HONG_LINH])
    post_office.deliver()
    post_office.go(THURSDAY)
    post_office.see()
    with post_office.app.sessions.begin() as session:
        session.execute(update(Contact).where(Contact.role == "approver").values(role="ops"))
    post_office.decide(agencies=[HONG_LINH])
    letter = told(post_office)[0]
    assert "Chưa đăng ký người duyệt nào" in letter.text
    assert "dondoc contacts import" in letter.text


def test_nothing_is_told_while_nothing_waits(office: Office) -> None:
    office.decide()
    assert told(office) == []


def test_what_waits_of_forms_is_counted_as_on_the_page_and_has_its_link(office: Office) -> None:
    office.submission(HONG_LINH, "form_03", "waiting")
    office.now += timedelta(seconds=1)
    office.submission(DUC_THO, "form_03", "refused")
    office.decide()
    with office.app.sessions.begin() as session:
        page = len(inbox.inbox(session, inbox.ASIDE))
    [letter] = told(office, "Sáng")
    assert page == 2
    assert f"chờ xử lý {page:02}" in letter.subject
    assert "BN-0002, nhận ngày 23/11/2021: UBND huyện Đức Thọ (tệp chưa mở được" in letter.text
    assert "http://127.0.0.1:8080/dondoc/inbox" in letter.text


def test_a_file_that_could_not_be_opened_is_alone_no_reason_to_write(office: Office) -> None:
    office.submission(DUC_THO, "form_03", "refused")
    office.decide()
    assert told(office, "chờ xử lý") == []


def test_letters_whose_time_has_passed_are_not_asked_for(thursday: Office) -> None:
    first = one(thursday.decide(agencies=[HONG_LINH]), HONG_LINH)["outbox_ids"]
    thursday.go(date(2021, 12, 1))
    thursday.see()
    thursday.decide(agencies=[DUC_THO])
    assert clock.at(date(2021, 11, 29), 17) < thursday.now
    assert not set(first) & {str(i) for i in told(thursday)[-1].context["to_approve"]}


def test_a_round_that_says_nothing_because_of_us_is_told_the_administrator_once(office: Office) -> None:
    round = (date(2021, 11, 22), "night", "Đêm 22/11/2021: không kiểm tra được", office.now)
    with office.app.sessions.begin() as session:
        first = notices.local_outage(office.app, session, *round)
    with office.app.sessions.begin() as session:
        assert notices.local_outage(office.app, session, *round) == first
    letters = told(office, "phía Sở mất kết nối")
    assert [letter.id for letter in letters] == first
    assert {letter.state for letter in letters} == {"pending"}
    assert "Đêm 22/11/2021: không kiểm tra được" in letters[0].text
