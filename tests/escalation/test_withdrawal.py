"""A letter that was sent wrongly: marked with its cause, corrected once, counted nowhere."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from dondoc import audit
from dondoc.clock import end_of
from dondoc.errors import Problem
from dondoc.escalation import withdrawal
from dondoc.reporting.figures import late
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind
from tests.conftest import NOVEMBER, acting
from tests.escalation.conftest import TUESDAY, Office, one

HONG_LINH = "ubnd-thi-xa-hong-linh"
MORNING = TUESDAY.date()
NEXT = MORNING + timedelta(days=1)


@pytest.fixture
def sent(post_office: Office) -> list[OutboxLetter]:
    """The agency has its first overdue letter."""
    post_office.decide(agencies=[HONG_LINH])
    post_office.deliver()
    rows = post_office.letters(HONG_LINH)
    assert {(row.state, row.context["step"]) for row in rows} == {("sent", "overdue_1")}
    return rows


def withdraw(office: Office, letter: int, reason: str = "đơn vị đã gửi công văn ngày 19/11/2021") -> list[str]:
    with office.app.sessions.begin() as session:
        rows = withdrawal.withdraw(office.app, session, letter, reason, acting("Lê Văn C"), now=office.now)
        return [str(row.id) for row in rows]


def take_back(office: Office, letter: int) -> None:
    with office.app.sessions.begin() as session:
        withdrawal.take_back(office.app, session, letter, "rút nhầm thư", acting("Lê Văn C"), now=office.now)


def chases(office: Office, day: date) -> dict[str, int]:
    with office.app.sessions.reading() as session:
        [letter] = office.app.letters(session, NOVEMBER)
        return {agency: found.count for agency, found in late.chases(session, letter, end_of(day)).items()}


def corrections(office: Office) -> list[OutboxLetter]:
    return [row for row in office.letters() if row.kind == LetterKind.WITHDRAWAL]


def test_exactly_who_had_it_gets_one_correction_in_the_same_thread_once_an_approver_says_so(
    post_office: Office, sent: list[OutboxLetter]
) -> None:
    written = withdraw(post_office, sent[0].id)
    rows = corrections(post_office)
    assert sorted(row.recipient for row in rows) == sorted(row.recipient for row in sent)
    assert {row.state for row in rows} == {"held"}
    post_office.deliver()
    assert {row.state for row in corrections(post_office)} == {"held"}
    post_office.approve(written[0])
    post_office.deliver()
    assert {row.state for row in corrections(post_office)} == {"sent"}
    assert post_office.server is not None
    for letter in sent:
        [first, second] = post_office.server.boxes.messages(letter.recipient)
        assert second["In-Reply-To"] == first["Message-ID"]
        assert str(second["References"]).split()[-1] == first["Message-ID"]
        text = second.get_body(("plain",)).get_content()
        assert "xin rút lại thư" in text
        assert "gửi ngày 23/11/2021" in text
        assert "Lý do: đơn vị đã gửi công văn ngày 19/11/2021." in text
        assert "không thực hiện theo thư đó" in text


def test_the_ladder_goes_back_and_no_count_includes_it(post_office: Office, sent: list[OutboxLetter]) -> None:
    post_office.go(NEXT)
    before = chases(post_office, NEXT)
    assert before[HONG_LINH] >= 1
    assert one(post_office.preview(NEXT, everyone=True), HONG_LINH)["step"] is None
    written = withdraw(post_office, sent[0].id)
    assert chases(post_office, NEXT) == {}
    assert chases(post_office, MORNING) == before, "a report of the day before stays what it was"
    row = one(post_office.preview(NEXT), HONG_LINH)
    assert row["step"] == "overdue_1"
    post_office.see()
    post_office.decide(agencies=[HONG_LINH])
    post_office.deliver()
    waiting = [row for row in post_office.letters(HONG_LINH) if row.state == "pending"]
    assert waiting, "the next letter waits for the correction"
    assert all("thư xin rút lại" in row.reason for row in waiting)
    post_office.approve(*written)
    post_office.deliver()
    post_office.deliver()
    assert {row.state for row in post_office.letters(HONG_LINH)} == {"sent"}
    assert chases(post_office, NEXT) == before


def test_a_withdrawal_is_taken_back_while_its_correction_has_not_left(
    post_office: Office, sent: list[OutboxLetter]
) -> None:
    before = chases(post_office, MORNING)
    written = withdraw(post_office, sent[0].id)
    take_back(post_office, sent[0].id)
    assert {row.state for row in corrections(post_office)} == {"cancelled"}
    assert chases(post_office, MORNING) == before
    again = withdraw(post_office, sent[0].id)
    assert set(again).isdisjoint(written), "the same letter, withdrawn once more, is corrected by a new one"
    post_office.approve(*again)
    post_office.deliver()
    with pytest.raises(Problem, match="đã gửi hoặc đang gửi: không thôi rút lại được nữa"):
        take_back(post_office, sent[0].id)


def test_it_stands_in_the_trail_with_its_cause(post_office: Office, sent: list[OutboxLetter]) -> None:
    withdraw(post_office, sent[0].id)
    with post_office.app.sessions.reading() as session:
        [event] = audit.events(session, act="withdraw")
    assert (event.name, event.details["reason"]) == ("Lê Văn C", "đơn vị đã gửi công văn ngày 19/11/2021")


def test_what_cannot_be_withdrawn_says_why(post_office: Office, sent: list[OutboxLetter]) -> None:
    withdraw(post_office, sent[0].id)
    with pytest.raises(Problem, match="đã được rút lại trước đó"):
        withdraw(post_office, sent[0].id)
    with pytest.raises(Problem, match=r"không còn biết thư nào đúng.*gọi điện cho đơn vị"):
        withdraw(post_office, corrections(post_office)[0].id)
    with pytest.raises(Problem, match="chưa được rút lại"):
        take_back(post_office, corrections(post_office)[0].id)
    other = "ubnd-huyen-duc-tho"
    post_office.decide(agencies=[other])
    [row, *_] = post_office.letters(other)
    with pytest.raises(Problem, match="chưa ai nhận được: dùng dondoc cancel"):
        withdraw(post_office, row.id)


def test_whom_it_did_not_reach_gets_no_correction(post_office: Office, sent: list[OutboxLetter]) -> None:
    with post_office.app.sessions.begin() as session:
        for row in session.scalars(select(OutboxLetter).where(OutboxLetter.id == sent[0].id)):
            row.state = "refused"
            row.decision_id = None
    with pytest.raises(Problem, match="chưa ai nhận được"):
        withdraw(post_office, sent[0].id)
