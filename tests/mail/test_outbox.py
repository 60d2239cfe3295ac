"""The outbox's own verbs: enqueue, approve, cancel, settle."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dondoc.errors import Problem
from dondoc.mail import outbox
from dondoc.mail.letter import OnHold
from dondoc.store.mail import OutboxEvent, OutboxLetter
from tests.conftest import acting
from tests.mail.conftest import MONDAY, Desk, hang_up


def test_the_same_letter_twice_is_one_row_with_a_message_id_that_never_changes(desk: Desk) -> None:
    first, again = desk.write(dedup="k|1"), desk.write(dedup="k|1", subject="khác")
    other = desk.write(dedup="k|2")
    assert first == again != other
    assert desk.row(first).message_id == outbox.message_id("k|1", "dondoc.hatinh.test")
    assert desk.row(first).message_id != desk.row(other).message_id
    assert desk.row(first).message_id.endswith("@dondoc.hatinh.test>")
    assert desk.history(first) == ["pending"]


def test_a_held_letter_leaves_only_after_a_named_person_said_yes(desk: Desk) -> None:
    row_id = desk.write(kind="overdue", needs_approval=True)
    held = desk.write("b@huyen.test", kind="overdue", hold="không đọc được hộp thư")
    assert desk.deliver() == {}
    assert "không đọc được hộp thư" in desk.row(held).reason
    rows = desk.approve(row_id, held)
    assert [(r.state, r.approved_by) for r in rows] == [("pending", "Trần Thị B")] * 2
    assert desk.deliver() == {"sent": 2}
    with desk.app.sessions.begin() as session:
        events = session.scalars(select(OutboxEvent).where(OutboxEvent.letter_id == row_id)).all()
    assert [(e.to_state, e.by) for e in events[:2]] == [("held", "dondoc"), ("pending", "Trần Thị B")]


def test_a_late_approval_of_a_stale_letter_cancels_it(desk: Desk) -> None:
    stale = desk.write(kind="overdue", needs_approval=True)
    late = desk.write("b@huyen.test", needs_approval=True, not_after=MONDAY - timedelta(minutes=1))
    desk.checks["overdue"] = lambda session, row, now: "đơn vị đã nộp Biểu mẫu 03"
    rows = desk.approve(stale, late)
    assert [r.state for r in rows] == ["cancelled", "cancelled"]
    assert "đã nộp Biểu mẫu 03" in rows[0].reason
    assert desk.deliver() == {}


def test_a_held_letter_whose_time_is_over_is_closed_and_says_whether_anybody_had_approved_it(desk: Desk) -> None:
    nobody = desk.write(needs_approval=True, not_after=MONDAY + timedelta(hours=1))
    stopped = desk.write("b@huyen.test", needs_approval=True, not_after=MONDAY + timedelta(hours=1))
    later = desk.write("c@huyen.test", needs_approval=True, not_after=MONDAY + timedelta(days=1))

    def on_hold(*_: object) -> str | None:
        raise OnHold("mọi thư đang tạm dừng")

    desk.checks["receipt"] = on_hold
    desk.approve(stopped)
    desk.now += timedelta(hours=2)
    assert desk.deliver() == {"cancelled": 2}
    assert desk.row(nobody).reason.startswith("quá hạn duyệt")
    assert desk.row(stopped).reason.startswith("quá hạn gửi: Trần Thị B đã duyệt kịp")
    assert desk.row(later).state == "held"


def test_approving_what_is_not_held_changes_nothing(desk: Desk) -> None:
    row_id = desk.write()
    desk.deliver()
    [row] = desk.approve(row_id)
    assert (row.state, row.approved_by) == ("sent", None)


def test_an_unknown_letter_or_a_nameless_person_is_refused(desk: Desk) -> None:
    row_id = desk.write(needs_approval=True)
    with pytest.raises(Problem, match="TH-00099"):
        desk.approve(row_id, 99)
    with desk.app.sessions.begin() as session:
        with pytest.raises(Problem, match="TH-00099"):
            outbox.cancel(session, 99, "x", acting("A"), **desk.given)
        with pytest.raises(Problem, match="Lý do"):
            outbox.cancel(session, row_id, " ", acting("A"), **desk.given)
    assert desk.row(row_id).state == "held"


def test_only_what_has_not_left_can_be_cancelled(desk: Desk) -> None:
    row_id = desk.write()
    with desk.app.sessions.begin() as session:
        outbox.cancel(session, row_id, "đã gọi điện", acting("Trần B"), **desk.given)
    assert (desk.row(row_id).state, desk.row(row_id).reason) == ("cancelled", "Trần B hủy: đã gọi điện")
    sent = desk.write("b@huyen.test")
    assert desk.deliver() == {"sent": 1}
    for gone in (row_id, sent):
        with desk.app.sessions.begin() as session, pytest.raises(Problem, match="không hủy được"):
            outbox.cancel(session, gone, "x", acting("A"), **desk.given)


def test_a_person_settles_what_is_uncertain_and_nothing_else(desk: Desk) -> None:
    arrived, lost = desk.write("a@huyen.test"), desk.write("b@huyen.test")
    desk.post.data = [hang_up, hang_up]
    assert desk.deliver() == {"uncertain": 2}
    with desk.app.sessions.begin() as session:
        with pytest.raises(Problem, match="resend"):
            outbox.settle(session, lost, "again", acting("A"), **desk.given)
        outbox.settle(session, arrived, "sent", acting("A"), **desk.given)
        outbox.settle(session, lost, "resend", acting("A"), **desk.given)
        with pytest.raises(Problem, match="chưa rõ đã gửi"):
            outbox.settle(session, arrived, "sent", acting("A"), **desk.given)
    assert (desk.row(arrived).state, desk.row(arrived).sent_at) == ("sent", MONDAY)
    assert desk.deliver() == {"sent": 1}
    [message] = desk.received("b@huyen.test")
    assert message["message-id"] == desk.row(lost).message_id


def test_a_row_is_shown_with_the_fields_of_the_contract(desk: Desk) -> None:
    row = outbox.as_row(desk.row(desk.write()))
    assert row == {
        "id": "1",
        "message_id": outbox.message_id("test|can-bo@huyen.test", "dondoc.hatinh.test"),
        "recipient": "can-bo@huyen.test",
        "kind": "receipt",
        "state": "pending",
        "attempts": 0,
        "reason": "trả lời bản nộp BN-0001",
        "decision": None,
    }


def test_a_state_cannot_be_skipped(desk: Desk) -> None:
    from dondoc.mail.states import move

    row_id = desk.write()
    with desk.app.sessions.begin() as session, pytest.raises(ValueError, match="pending → sent"):
        move(session, session.get_one(OutboxLetter, row_id), "sent", by="x", note="x", now=MONDAY)
