"""The outbox: what is to be sent, and every change of a letter's state, with who did it and why."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.configuration.settings import Settings
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.mail import epoch
from dondoc.mail.letter import Letter, OnHold, Precondition
from dondoc.mail.render import one_line
from dondoc.mail.states import BY, decision, move, record
from dondoc.store.facts import Contact
from dondoc.store.mail import Approval, OutboxLetter
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.fields import Field, must
from dondoc.vocabulary.letters import STOPPABLE, LetterKind, OutboxState
from dondoc.vocabulary.numbers import TH


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
    hold = letter.hold or _repeats(session, letter, now)
    reason = f"{letter.reason.rstrip('.')} (giữ lại: {hold})" if hold else letter.reason
    row = OutboxLetter(
        message_id=message_id(key, settings.installation),
        dedup_key=key,
        rehearsal=rehearsal,
        kind=letter.kind,
        agency=letter.agency,
        directives=list(letter.directives),
        decision_id=letter.decision,
        recipient=letter.recipient,
        subject=one_line(letter.subject),
        text=letter.text,
        html=letter.html,
        attachments=[{"filename": a.filename, "sha256": a.sha256, "type": a.type} for a in letter.attachments],
        in_reply_to=letter.in_reply_to,
        context=letter.context,
        state=OutboxState.HELD if letter.needs_approval or hold else OutboxState.PENDING,
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


def _repeats(session: Session, letter: Letter, now: datetime) -> str | None:
    """On the day on which a backup was restored, what is decided may have been decided, and have left, before."""
    decided = letter.office_hours or letter.kind == LetterKind.REPORT
    return epoch.RESTORED if decided and epoch.restored_on(session, now) else None


def together(session: Session, ids: Iterable[int]) -> list[OutboxLetter]:
    """The letters of these ids, each with all letters of its decision, as they are now. Until the transaction ends
    nobody else changes them.

    Raises:
        Problem: no such letter.
    """
    decisions = dict.fromkeys(_get(session, row_id).decision_id or -row_id for row_id in ids)
    return [row for decision in decisions for row in session.scalars(_unit(decision))]


def _unit(decision: int) -> Select[OutboxLetter]:
    """The letters of a decision; a negative number means the one letter that belongs to none."""
    mine = OutboxLetter.decision_id == decision if decision > 0 else OutboxLetter.id == -decision
    fresh = select(OutboxLetter).where(mine).order_by(OutboxLetter.id).execution_options(populate_existing=True)
    return fresh.with_for_update()


def siblings(session: Session, row: OutboxLetter) -> list[OutboxLetter]:
    """All letters of the same decision, this one too, oldest first."""
    if row.decision_id is None:
        return [row]
    mine = select(OutboxLetter).where(OutboxLetter.decision_id == row.decision_id)
    return list(session.scalars(mine.order_by(OutboxLetter.id)))


def obsolete_reason(
    session: Session, row: OutboxLetter, precondition: Mapping[LetterKind, Precondition], now: datetime
) -> str | None:
    """None while the letter may leave, else why it may not any more. Of a decision all letters may, or none.

    Raises:
        OnHold: it has to wait, or nobody knows how to tell for this kind of letter.
    """
    if row.kind not in precondition:
        raise no_check(row.id, row.kind)
    if gone := next((s for s in siblings(session, row) if s.state == OutboxState.CANCELLED), None):
        return f"{_number(gone)} của cùng quyết định đã hủy: {gone.reason}"
    if row.not_after and now > row.not_after:
        return f"đã quá thời điểm còn được gửi ({row.not_after:%H:%M %d/%m/%Y})"
    return precondition[row.kind](session, row, now)


def no_check(row_id: int, kind: str) -> OnHold:
    return OnHold(f"Thư {TH(row_id)}: không có cách kiểm tra thư loại “{kind}” còn đúng không; chưa gửi.")


def approve(
    session: Session,
    ids: Iterable[int],
    contact: Contact,
    actor: Actor,
    *,
    secrets: list[str],
    two_approvers: bool = False,
    now: datetime,
    precondition: Mapping[LetterKind, Precondition],
) -> list[OutboxLetter]:
    """Release held letters that are still true, cancel those that are not: each with all letters of its decision, in
    this one transaction. Rows not held are returned untouched.

    What is stopped for now stays held, approved: delivery releases it by itself when nothing stops it any more, and
    nobody is asked again. With `two_approvers` a letter to anyone above the clerk stays held until a second person
    has said yes too.

    Args:
        contact: the approver that `actor` is: ask `dondoc.approval`, which knows who is one.

    Returns:
        the letters of these ids and all that belong to the same decisions.

    Raises:
        Problem: no such letter.
    """
    one_at_a_time(session, "approve")
    rows = together(session, ids)
    for _, unit in groupby(rows, lambda row: row.decision_id or -row.id):
        _yes(session, list(unit), contact, actor, secrets, two_approvers, now, precondition)
    return rows


def _yes(
    session: Session,
    unit: Sequence[OutboxLetter],
    contact: Contact,
    actor: Actor,
    secrets: list[str],
    two_approvers: bool,
    now: datetime,
    precondition: Mapping[LetterKind, Precondition],
) -> None:
    """An approver says yes to the held letters of a decision; nothing happens when that is no news."""
    held = [row for row in unit if row.state == OutboxState.HELD and not row.approved_by]
    approved = {row.id: approvals(session, row.id) for row in held}
    two = two_approvers and any(row.needs_approval for row in held)
    news = [row for row in held if not (two and any(_same_person(one, contact, actor) for one in approved[row.id]))]
    if not news:
        return
    earlier = approved[news[0].id]
    names = " và ".join([*(one.name for one, _ in earlier), contact.name])
    state, reason = _after_yes(session, news, names, two and not earlier, now, precondition)
    if state == OutboxState.CANCELLED:
        withdraw(session, unit, by=contact.name, note=reason, now=now, reason=reason)
    for row in news:
        if state != OutboxState.CANCELLED:
            values = {"reason": decision(session, row) if state == OutboxState.PENDING else reason}
            if not (two and not earlier):
                values["approved_by"] = names
            move(session, row, state, by=contact.name, note=reason, now=now, **values)
            door = {"login": actor.login, "channel": str(actor.channel), "address": actor.address}
            session.add(Approval(letter_id=row.id, contact_id=contact.id, name=contact.name, recorded_at=now, **door))
        who = replace(actor, name=contact.name)
        known = {"contact": contact.id, "called": actor.name, "state": state}
        audit.record(session, secrets, who, "approve", _number(row), now=now, **known)


def _after_yes(
    session: Session,
    rows: Sequence[OutboxLetter],
    names: str,
    first_of_two: bool,
    now: datetime,
    precondition: Mapping[LetterKind, Precondition],
) -> tuple[OutboxState, str]:
    """The state of letters of one decision to which these people have said yes, and why."""
    stopped = None
    for row in rows:
        try:
            if gone := obsolete_reason(session, row, precondition, now):
                return OutboxState.CANCELLED, f"{names} duyệt, nhưng thư không còn đúng: {gone}"
        except OnHold as hold:
            stopped = hold
    if first_of_two:
        return OutboxState.HELD, f"{names} đã duyệt; còn thiếu người duyệt thứ hai, có địa chỉ thư và tài khoản khác"
    if stopped:
        return OutboxState.HELD, f"{names} đã duyệt, nhưng còn giữ lại: {stopped}"
    return OutboxState.PENDING, f"{names} duyệt gửi"


def withdraw(
    session: Session, unit: Iterable[OutboxLetter], *, by: str, note: str, now: datetime, reason: str
) -> list[OutboxLetter]:
    """Cancel the letters of a decision that have not left and are not leaving at this moment.

    Should one come back that is leaving now, `obsolete_reason` sees that the decision was withdrawn.

    Returns:
        those that were cancelled.
    """
    waiting = [row for row in unit if row.state in STOPPABLE]
    return [
        row for row in waiting if move(session, row, OutboxState.CANCELLED, by=by, note=note, now=now, reason=reason)
    ]


def approvals(session: Session, row_id: int) -> list[tuple[Approval, Contact]]:
    """Who has said yes to a letter, in order, with the row of the address book that made them an approver."""
    both = select(Approval, Contact).join(Contact, Contact.id == Approval.contact_id)
    return [(a, c) for a, c in session.execute(both.where(Approval.letter_id == row_id).order_by(Approval.id))]


def _same_person(approved: tuple[Approval, Contact], contact: Contact, actor: Actor) -> bool:
    """Whether these may be one person: one address, one account or one name is enough, be it under two entries."""
    approval, earlier = approved
    accounts = {approval.login, earlier.login} & {actor.login, contact.login} - {None, ""}
    return bool(accounts) or earlier.email == contact.email or fold(earlier.name) == fold(contact.name)


def cancel(
    session: Session, row_id: int, reason: str, actor: Actor, *, secrets: list[str], now: datetime, **details: object
) -> list[OutboxLetter]:
    """A person stops a letter that has not left, with all letters of its decision. What has left stays sent.

    Args:
        details: what else the trail keeps of it.

    Returns:
        the letters of the decision, whatever their state.

    Raises:
        Problem: no such letter, all have left or are leaving, or no reason or name of a person is given.
    """
    by = audit.person(actor.name)
    reason = must(Field.REASON, reason)
    one_at_a_time(session, "approve")
    unit = together(session, [row_id])
    if not withdraw(session, unit, by=by, note=reason, now=now, reason=f"{by} hủy: {reason}"):
        state = next(row.state for row in unit if row.id == row_id)
        raise Problem(f"Thư {TH(row_id)} đang ở trạng thái “{state.label}”: không hủy được nữa.")
    if len(unit) > 1:
        details["letters"] = {_number(row): row.state for row in unit}
    audit.record(session, secrets, actor, "cancel", TH(row_id), now=now, reason=reason, **details)
    return unit


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
    if row.state != OutboxState.UNCERTAIN:
        only = OutboxState.UNCERTAIN.label
        raise Problem(f"Thư {TH(row.id)} đang ở trạng thái “{row.state.label}”: chỉ xác nhận được thư “{only}”.")
    reason = decision(session, row)
    if word == "sent":
        done = move(
            session,
            row,
            OutboxState.SENT,
            by=by,
            note=f"{by} xác nhận đã gửi",
            now=now,
            reason=reason,
            sent_at=now,
        )
    else:
        free = {"owner": None, "lease_until": None, "next_attempt_at": None}
        done = move(session, row, OutboxState.PENDING, by=by, note=f"{by} cho gửi lại", now=now, reason=reason, **free)
    _moved(done, row)
    audit.record(session, secrets, actor, "settle", _number(row), now=now, word=word)
    return row


def _get(session: Session, row_id: int) -> OutboxLetter:
    if (row := session.get(OutboxLetter, row_id, populate_existing=True)) is None:
        raise Problem(f"Không có thư {TH(row_id)} trong hộp thư đi.")
    return row


def _number(row: OutboxLetter) -> str:
    return TH(row.id)


def _moved(done: bool, row: OutboxLetter) -> None:
    if not done:
        raise Problem(f"Thư {TH(row.id)} vừa đổi trạng thái. Xem lại rồi thử lại.")


def as_row(letter: OutboxLetter) -> dict[str, str | int | None]:
    """The contract's fields of a letter."""
    return {
        "id": str(letter.id),
        "message_id": letter.message_id,
        "recipient": letter.recipient,
        "kind": letter.kind,
        "state": letter.state,
        "attempts": letter.attempts,
        "reason": letter.reason,
        "decision": str(letter.decision_id) if letter.decision_id else None,
    }
