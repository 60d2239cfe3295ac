"""An agency that owes nothing more is thanked once: its officer, and by its official mailbox its head."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from dondoc import approval
from dondoc.clock import end_of
from dondoc.directive.model import Directive
from dondoc.escalation.ladder import Ladder
from dondoc.escalation.past import SentLetter
from dondoc.escalation.thanks import gone
from dondoc.facts import register
from dondoc.facts.obligations import Standing
from dondoc.facts.reasons import StandingReason
from dondoc.reporting.figures import late
from dondoc.store.facts import RegisteredLetter
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reasons import because
from dondoc.workdays import WorkingDays
from tests.conftest import NOVEMBER, acting
from tests.escalation.conftest import Office, one

HONG_LINH, DUC_THO = "ubnd-thi-xa-hong-linh", "ubnd-huyen-duc-tho"
OFFICER, CLERK = (f"{role}@{HONG_LINH}.test" for role in ("focal_officer", "clerk"))


def morning(office: Office, day: int, *, deliver: bool = True) -> list[dict[str, Any]]:
    office.go(date(2021, 11, day))
    office.see()
    rows = office.decide(agencies=[HONG_LINH, DUC_THO])
    if deliver:
        office.deliver()
    return rows


def thanks(office: Office) -> list[OutboxLetter]:
    return [row for row in office.letters() if row.kind == LetterKind.THANKS]


@pytest.fixture
def through(post_office: Office) -> Office:
    """The agency was asked on Tuesday, and sent what it owed."""
    morning(post_office, 23)
    post_office.go(date(2021, 11, 23), 14)
    post_office.arrives(HONG_LINH, "form_03")
    return post_office


def test_officer_and_official_mailbox_are_thanked_at_once_without_approval_in_the_same_thread(through: Office) -> None:
    assert thanks(through) == [], "not on the day of another letter"
    told = one(morning(through, 24), HONG_LINH)
    rows = thanks(through)
    assert {row.recipient: row.state for row in rows} == {OFFICER: "sent", CLERK: "sent"}
    assert (told["step"], told["outbox_ids"]) == ("thanks", [str(row.id) for row in rows])
    assert {row.context["role"]: row.needs_approval for row in rows} == {"focal_officer": False, "clerk": False}
    again = through.decide(agencies=[HONG_LINH, DUC_THO])
    assert one(again, HONG_LINH) == told
    assert one(through.preview(date(2021, 11, 24)), HONG_LINH)["recipients"] == [OFFICER, CLERK]
    assert {row.agency for row in rows} == {HONG_LINH}, "the other one owes something"
    assert through.server is not None
    first, last = through.server.boxes.messages(OFFICER)
    assert last["In-Reply-To"] == first["Message-ID"]
    text = last.get_body(("plain",)).get_content()
    assert "Biểu mẫu 03 (Khu, điểm du lịch), ngày 23/11/2021" in text
    assert "không còn nội dung nào phải gửi" in text
    for day in (25, 26, 29, 30):
        morning(through, day)
    assert len(thanks(through)) == 2
    with through.app.sessions.reading() as session:
        [letter] = through.app.letters(session, NOVEMBER)
        assert late.chases(session, letter, end_of(date(2021, 11, 30)))[HONG_LINH].count == 2, "officer and clerk"


def test_it_does_not_leave_once_something_is_owed_again_and_comes_when_nothing_is(through: Office) -> None:
    morning(through, 24, deliver=False)
    with through.app.sessions.begin() as session:
        [paper] = session.scalars(select(RegisteredLetter.id))
        more = {"reason": "ghi nhầm đơn vị", "by": acting("Lê Văn C"), "secrets": through.app.secrets}
        register.undo(session, paper, now=through.now, **more)
    through.deliver()
    assert [row.state for row in thanks(through)] == ["cancelled", "cancelled"]
    assert "Biểu mẫu 03" in thanks(through)[0].reason
    through.arrives(HONG_LINH, "form_03")
    morning(through, 25)
    assert [row.state for row in thanks(through)] == ["cancelled", "cancelled", "sent", "sent"]


def test_whom_a_person_did_not_want_thanked_is_not(through: Office) -> None:
    morning(through, 24, deliver=False)
    with through.app.sessions.begin() as session:
        approval.stop(through.app, session, thanks(through)[0].id, "đã gọi cảm ơn", acting("Lê Văn C"), now=through.now)
    for day in (25, 26, 29):
        morning(through, day)
    assert len(thanks(through)) == 2


@pytest.mark.parametrize(("deliverable", "is_left"), [("letter", True), ("form_03", True), ("connection", False)])
def test_a_document_without_a_date_is_left_to_be_sent_and_a_connection_is_none(
    directive: Directive, calendar: WorkingDays, deliverable: str, is_left: bool
) -> None:
    dated = next(duty for duty in directive.obligations if duty.agency == HONG_LINH)
    undated = dated.model_copy(update={"deliverable": deliverable, "due_before": None})
    open_ = because(StandingReason.MISSING, due_before=NOVEMBER)
    standing = Standing(undated, HONG_LINH, Status.NOT_DUE, None, 0, (open_,))
    word = SentLetter(
        1, HONG_LINH, "thanks", {directive.id: "thanks"}, frozenset(), NOVEMBER, NOVEMBER, OutboxState.PENDING
    )
    ladder = Ladder(directive.registry, {directive.id: directive}, calendar, grace_days=1)
    assert bool([*gone(ladder, word, [standing])]) == is_left


@pytest.mark.parametrize("kind", ["waive", "reassign"])
def test_who_did_nothing_is_not_thanked(post_office: Office, kind: str) -> None:
    morning(post_office, 23)
    post_office.arrives(DUC_THO, "form_03")
    post_office.arrives(DUC_THO, "focal_letter")
    post_office.go(date(2021, 11, 24), 6)
    if kind == "reassign":  # what another had sent
        post_office.rule(kind, agency=DUC_THO, to_agency=HONG_LINH)
    post_office.rule("waive", agency=HONG_LINH)
    for day in (24, 25):
        morning(post_office, day)
    assert HONG_LINH not in {row.agency for row in thanks(post_office)}


def test_who_was_thanked_by_mistake_is_told_so_by_its_officer_first_and_only_once(through: Office) -> None:
    morning(through, 24)
    with through.app.sessions.begin() as session:
        [paper] = session.scalars(select(RegisteredLetter.id))
        more = {"reason": "ghi nhầm đơn vị", "by": acting("Lê Văn C"), "secrets": through.app.secrets}
        register.undo(session, paper, now=through.now, **more)
    sorry = "Ngày 24/11/2021 Sở đã gửi thư cảm ơn Quý cơ quan gửi đủ; kiểm tra lại thì chưa đủ."
    taken = {}
    for day in (25, 26, 29):
        told = one(through.preview(date(2021, 11, day), everyone=True, now=through.now), HONG_LINH)["step"]
        morning(through, day)
        taken[day] = told
    assert taken == {25: "overdue_1", 26: None, 29: "overdue_2"}, "the ladder begins anew"
    last = {row.context["step"]: row for row in through.letters(HONG_LINH) if row.kind == LetterKind.OVERDUE}
    for text in (last["overdue_1"].text, last["overdue_1"].html):
        assert sorry in text
    assert "cảm ơn đơn vị gửi đủ" not in last["overdue_2"].text
