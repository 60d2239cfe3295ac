"""The outbox: what is to be sent, and every change of a letter's state, with who did it and why."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.configuration.settings import Settings
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.mail.letter import Letter, OnHold, Precondition
from dondoc.mail.render import one_line
from dondoc.mail.states import BY, decision, move, record
from dondoc.store.facts import Contact
from dondoc.store.mail import Approval, OutboxLetter
from dondoc.store.session import one_at_a_time


def message_id(dedup: str, installation: str) -> str:
    """The Message-ID of a letter: the same for ever for the same dedup key, so that proof of sending can be found."""
    return f"<{hashlib.sha256(dedup.encode()).hexdigest()[:40]}@{installation}>"


def counted(settings: Settings) -> ColumnElement[bool]:
    """The rows that count in this mode: once it is live, a rehearsal is as if it had never been."""
    return OutboxLetter.rehearsal.is_(False) if settings.mode == "live" else true()


def enqueue(session: Session, letters: Iterable[Letter], *, settings: Settings, now: datetime) -> list[OutboxLetter]:
    """Put letters into the outbox, `held` where a person has to release them, else `pending`.

    A letter whose dedup key is there already changes nothing. A letter of a rehearsal has a key, and so a Message-ID,
    of its own: neither its row nor its copy in the archive can be taken for the real one.

    Returns:
        the row of each letter, in order.
    """
    return [_row(session, letter, settings, now) for letter in letters]


def _row(session: Session, letter: Letter, settings: Settings, now: datetime) -> OutboxLetter:
    rehearsal = settings.mode == "rehearsal"
    key = f"rehearsal|{letter.dedup}" if rehearsal else letter.dedup
    same = select(OutboxLetter).where(OutboxLetter.dedup_key == key)
    if row := session.scalar(same):
        return row
    reason = f"{letter.reason} (giữ lại: {letter.hold})" if letter.hold else letter.reason
    row = OutboxLetter(
        message_id=message_id(key, settings.installation),
        dedup_key=key,
        rehearsal=rehearsal,
        kind=letter.kind,
        agency=letter.agency,
        directives=list(letter.directives),
        recipient=letter.recipient,
        subject=one_line(letter.subject),
        text=letter.text,
        html=letter.html,
        attachments=[{"filename": a.filename, "sha256": a.sha256, "type": a.type} for a in letter.attachments],
        in_reply_to=letter.in_reply_to,
        context=letter.context,
        state="held" if letter.needs_approval or letter.hold else "pending",
        reason=reason,
        needs_approval=letter.needs_approval,
        office_hours=letter.office_hours,
        not_after=letter.not_after,
        decided_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another process was faster
        return session.scalars(same).one()
    record(session, row, None, by=BY, reason=reason, now=now)
    return row


def why_not(session: Session, row: OutboxLetter, precondition: Mapping[str, Precondition], now: datetime) -> str | None:
    """None while the letter may leave, else why it may not any more.

    Raises:
        OnHold: it has to wait.
        Problem: nobody knows how to tell for this kind of letter.
    """
    if row.kind not in precondition:
        raise no_check(row.id, row.kind)
    if row.not_after and now > row.not_after:
        return f"đã quá thời điểm còn được gửi ({row.not_after:%H:%M %d/%m/%Y})"
    return precondition[row.kind](session, row, now)


def no_check(row_id: int, kind: str) -> Problem:
    return Problem(f"Thư TH-{row_id:05}: không có cách kiểm tra thư loại “{kind}” còn đúng không; chưa gửi.")


def approve(
    session: Session,
    ids: Iterable[int],
    contact: Contact,
    actor: Actor,
    *,
    secrets: list[str],
    two_approvers: bool = False,
    now: datetime,
    precondition: Mapping[str, Precondition],
) -> list[OutboxLetter]:
    """Release held letters that are still true, cancel those that are not. Rows not held are returned untouched.

    What is stopped for now stays held, approved: delivery releases it by itself when nothing stops it any more, and
    nobody is asked again. With `two_approvers` a letter to anyone above the clerk stays held until a second person
    has said yes too.

    Args:
        contact: the approver that `actor` is: ask `dondoc.approval`, which knows who is one.

    Raises:
        Problem: no such letter.
    """
    one_at_a_time(session, "approve")
    rows = [_get(session, row_id) for row_id in ids]
    for row in rows:
        if row.state == "held" and not row.approved_by:
            _yes(session, row, contact, actor, secrets, two_approvers, now, precondition)
    return rows


def _yes(
    session: Session,
    row: OutboxLetter,
    contact: Contact,
    actor: Actor,
    secrets: list[str],
    two_approvers: bool,
    now: datetime,
    precondition: Mapping[str, Precondition],
) -> None:
    """An approver says yes to one letter; nothing happens when that is no news."""
    said = approvals(session, row.id)
    two = two_approvers and row.needs_approval
    if two and any(_same_person(one, contact, actor) for one in said):
        return
    names = " và ".join([*(one.name for one, _ in said), contact.name])
    state, why = _after_yes(session, row, names, two and not said, now, precondition)
    values = {"reason": decision(session, row) if state == "pending" else why}
    if state != "cancelled" and not (two and not said):
        values["approved_by"] = names
    if not move(session, row, state, by=contact.name, why=why, now=now, **values):
        session.refresh(row)  # somebody cancelled it at this moment
        return
    if state != "cancelled":
        door = {"login": actor.login, "channel": str(actor.channel), "address": actor.address}
        session.add(Approval(letter_id=row.id, contact_id=contact.id, name=contact.name, recorded_at=now, **door))
    who = replace(actor, name=contact.name)
    known = {"contact": contact.id, "called": actor.name, "state": state}
    audit.record(session, secrets, who, "approve", _number(row), now=now, **known)


def _after_yes(
    session: Session,
    row: OutboxLetter,
    names: str,
    first_of_two: bool,
    now: datetime,
    precondition: Mapping[str, Precondition],
) -> tuple[str, str]:
    """The state of a letter to which these people have said yes, and why."""
    stopped = None
    try:
        if gone := why_not(session, row, precondition, now):
            return "cancelled", f"{names} duyệt, nhưng thư không còn đúng: {gone}"
    except OnHold as why:
        stopped = why
    if first_of_two:
        return "held", f"{names} đã duyệt; còn thiếu người duyệt thứ hai, có địa chỉ thư và tài khoản khác"
    if stopped:
        return "held", f"{names} đã duyệt, nhưng còn giữ lại: {stopped}"
    return "pending", f"{names} duyệt gửi"


def approvals(session: Session, row_id: int) -> list[tuple[Approval, Contact]]:
    """Who has said yes to a letter, in order, with the row of the address book that made them an approver."""
    both = select(Approval, Contact).join(Contact, Contact.id == Approval.contact_id)
    return [(a, c) for a, c in session.execute(both.where(Approval.letter_id == row_id).order_by(Approval.id))]


def _same_person(said: tuple[Approval, Contact], contact: Contact, actor: Actor) -> bool:
    """Whether these may be one person: one address, one account or one name is enough, be it under two entries."""
    approval, earlier = said
    accounts = {approval.login, earlier.login} & {actor.login, contact.login} - {None, ""}
    return bool(accounts) or earlier.email == contact.email or fold(earlier.name) == fold(contact.name)


def cancel(
    session: Session, row_id: int, reason: str, actor: Actor, *, secrets: list[str], now: datetime
) -> OutboxLetter:
    """A person stops a letter that has not left.

    Raises:
        Problem: no such letter, it has left or is leaving, or no reason or name of a person is given.
    """
    row, by = _get(session, row_id), audit.person(actor.name)
    if not reason.strip():
        raise Problem("Chưa ghi lý do hủy thư.")
    if row.state not in ("held", "pending", "deferred"):
        raise Problem(f"Thư TH-{row.id:05} đang ở trạng thái “{row.state}”: không hủy được nữa.")
    _moved(move(session, row, "cancelled", by=by, why=reason, now=now, reason=f"{by} hủy: {reason}"), row)
    audit.record(session, secrets, actor, "cancel", _number(row), now=now, reason=reason)
    return row


def settle(
    session: Session, row_id: int, word: str, actor: Actor, *, secrets: list[str], now: datetime
) -> OutboxLetter:
    """A person's word on an `uncertain` letter: it was `sent`, or it did not arrive: `resend` (same Message-ID).

    Raises:
        Problem: no such letter, it is not uncertain, the word is another, or no name of a person is given.
    """
    row, by = _get(session, row_id), audit.person(actor.name)
    if word not in ("sent", "resend"):
        raise Problem(f"“{word}” không phải câu trả lời. Viết sent (đã gửi) hoặc resend (gửi lại).")
    if row.state != "uncertain":
        raise Problem(f"Thư TH-{row.id:05} đang ở trạng thái “{row.state}”: chỉ xác nhận được thư “uncertain”.")
    reason = decision(session, row)
    if word == "sent":
        done = move(session, row, "sent", by=by, why=f"{by} xác nhận đã gửi", now=now, reason=reason, sent_at=now)
    else:
        free = {"owner": None, "lease_until": None, "next_attempt_at": None}
        done = move(session, row, "pending", by=by, why=f"{by} cho gửi lại", now=now, reason=reason, **free)
    _moved(done, row)
    audit.record(session, secrets, actor, "settle", _number(row), now=now, word=word)
    return row


def _get(session: Session, row_id: int) -> OutboxLetter:
    if (row := session.get(OutboxLetter, row_id, populate_existing=True)) is None:
        raise Problem(f"Không có thư TH-{row_id:05} trong hộp thư đi.")
    return row


def _number(row: OutboxLetter) -> str:
    return f"TH-{row.id:05}"


def _moved(done: bool, row: OutboxLetter) -> None:
    if not done:
        raise Problem(f"Thư TH-{row.id:05} vừa đổi trạng thái. Xem lại rồi thử lại.")


def as_row(letter: OutboxLetter) -> dict[str, str | int]:
    """The contract's fields of a letter."""
    return {
        "id": str(letter.id),
        "message_id": letter.message_id,
        "recipient": letter.recipient,
        "kind": letter.kind,
        "state": letter.state,
        "attempts": letter.attempts,
        "reason": letter.reason,
    }
