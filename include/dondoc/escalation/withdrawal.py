"""To withdraw a letter that was sent wrongly: it counts no more, and one correction goes to those who had it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.escalation.undelivered import bounced
from dondoc.facts.desk import desk
from dondoc.mail import compose, outbox
from dondoc.mail.letter import Letter
from dondoc.mail.render import Rendered, render
from dondoc.mail.shapes import WithdrawalWords
from dondoc.mail.withdrawn import withdrawn
from dondoc.store.mail import OutboxLetter, Withdrawal
from dondoc.store.reporting import Decision
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.fields import Field, must
from dondoc.vocabulary.letters import IN_HAND, STOPPABLE, LetterKind, OutboxState
from dondoc.vocabulary.numbers import TH

NEVER = (LetterKind.INTERNAL, LetterKind.WITHDRAWAL)


def withdraw(
    app: AppContext, session: Session, letter: int, reason: str, actor: Actor, *, now: datetime
) -> list[OutboxLetter]:
    """Mark a letter as sent wrongly, with all letters of its decision, and write a correction to those who had them.

    What of the decision has not left is cancelled. The corrections wait for an approver, all together.

    Returns:
        the corrections.

    Raises:
        Problem: no such letter, none of its decision has left, one is leaving or nobody knows whether it left, it was
            withdrawn already or cannot be, or no reason or name of a person is given.
    """
    by, reason = audit.person(actor.name), must(Field.REASON, reason).rstrip(".")
    one_at_a_time(session, "approve")
    unit = outbox.together(session, [letter])
    left = _left(session, unit)
    if letter_withdrawn(session, letter):
        raise Problem(f"Thư {TH(letter)} đã được rút lại trước đó.")
    note = f"{by} rút lại: {reason}"
    outbox.withdraw(session, unit, by=by, note=note, now=now, reason=note)
    for row in left:
        session.add(Withdrawal(letter_id=row.id, reason=reason, by=by, recorded_at=now))
    session.flush()
    back = bounced(session)
    had = [row for row in left if row.id not in back]
    written = _corrections(app, session, had, reason, now)
    rows = outbox.enqueue(session, written, settings=app.settings, now=now)
    told = {"letters": [TH(row.id) for row in left], "corrections": [TH(row.id) for row in rows]}
    audit.record(session, app.secrets, actor, "withdraw", TH(letter), now=now, reason=reason, **told)
    return rows


def take_back(app: AppContext, session: Session, letter: int, reason: str, actor: Actor, *, now: datetime) -> None:
    """Let a letter count again: only while nothing of its correction has left, which is cancelled.

    Raises:
        Problem: the letter is not withdrawn, its correction has left or is leaving, or no reason or name of a person is
            given.
    """
    by, reason = audit.person(actor.name), must(Field.REASON, reason)
    one_at_a_time(session, "approve")
    unit = [row for row in outbox.together(session, [letter]) if letter_withdrawn(session, row.id)]
    if not unit:
        raise Problem(f"Thư {TH(letter)} chưa được rút lại.")
    answers = corrections(session, unit)
    if gone := [TH(one.id) for one in answers if one.state not in (*STOPPABLE, OutboxState.CANCELLED)]:
        raise Problem(f"Thư xin rút lại {', '.join(gone)} đã gửi hoặc đang gửi: không thôi rút lại được nữa.")
    note = f"{by} thôi rút lại: {reason}"
    outbox.withdraw(session, answers, by=by, note=note, now=now, reason=note)
    for row in unit:
        session.add(Withdrawal(letter_id=row.id, taken_back=True, reason=reason, by=by, recorded_at=now))
    told = {"letters": [TH(row.id) for row in unit], "corrections": [TH(row.id) for row in answers]}
    audit.record(session, app.secrets, actor, "keep_letter", TH(letter), now=now, reason=reason, **told)


def outcome(written: Sequence[OutboxLetter]) -> str:
    """What became of a withdrawal, for the person who made it."""
    if not written:
        return "Đã rút lại. Không ai nhận được thư ấy, nên không có thư xin rút lại."
    return f"Đã rút lại. Thư xin rút lại chờ duyệt: {', '.join(TH(row.id) for row in written)}."


def letter_withdrawn(session: Session, letter: int) -> Withdrawal | None:
    """The withdrawal of a letter that stands."""
    newest = select(Withdrawal).where(Withdrawal.letter_id == letter).order_by(Withdrawal.id.desc()).limit(1)
    row = session.scalar(newest)
    return row if row and not row.taken_back else None


def corrections(session: Session, unit: Sequence[OutboxLetter]) -> list[OutboxLetter]:
    """The letters that withdraw these: of each the newest first."""
    known = {row.message_id for row in unit}
    mine = (OutboxLetter.kind == LetterKind.WITHDRAWAL, OutboxLetter.in_reply_to.in_(known))
    return list(session.scalars(select(OutboxLetter).where(*mine).order_by(OutboxLetter.id.desc())))


def awaited(session: Session, agency: str) -> OutboxLetter | None:
    """A correction to an agency that has not left: no other letter overtakes it."""
    mine = (OutboxLetter.kind == LetterKind.WITHDRAWAL, OutboxLetter.agency == agency)
    waits = OutboxLetter.state.in_((*STOPPABLE, *IN_HAND))
    return session.scalars(select(OutboxLetter).where(*mine, waits).order_by(OutboxLetter.id).limit(1)).first()


def precondition(session: Session, letter: OutboxLetter, now: datetime) -> str | None:
    """A correction is true while the letter that it is about stands withdrawn."""
    about = select(OutboxLetter.id).where(OutboxLetter.message_id == letter.in_reply_to)
    if session.scalar(about.where(OutboxLetter.id.in_(withdrawn()))) is None:
        return "thư ấy không còn được rút lại"
    return None


def _left(session: Session, unit: Sequence[OutboxLetter]) -> list[OutboxLetter]:
    """The letters of a decision that somebody had."""
    first = unit[0]
    if first.kind == LetterKind.WITHDRAWAL:
        raise Problem(
            f"Không rút lại được thư rút lại thư {TH(first.id)}: người nhận sẽ không còn biết thư nào đúng. Bậc ấy "
            "được đề xuất lại từ lần lập thư kế tiếp; nếu cần sớm hơn thì gọi điện cho đơn vị."
        )
    if first.kind in NEVER:
        raise Problem(f"Không rút lại được thư {first.kind.label.lower()} {TH(first.id)}.")
    if unclear := [row for row in unit if row.state in (*IN_HAND, OutboxState.UNCERTAIN)]:
        said = ", ".join(f"{TH(row.id)} {row.state.label}" for row in unclear)
        raise Problem(f"Chưa rút lại được: {said}. Chờ gửi xong, hoặc xác nhận bằng dondoc settle, rồi rút lại.")
    if left := [row for row in unit if row.state == OutboxState.SENT]:
        return left
    raise Problem(f"Thư {TH(first.id)} {first.state.label}, chưa ai nhận được: dùng dondoc cancel nếu cần hủy.")


def _corrections(
    app: AppContext, session: Session, had: Sequence[OutboxLetter], reason: str, now: datetime
) -> list[Letter]:
    if not had:
        return []
    why = f"Rút lại {', '.join(TH(row.id) for row in had)}: {reason}"
    first = had[0]
    number = _noted(session, first, why, now) if first.decision_id else None
    again = session.scalar(select(func.count()).where(Withdrawal.letter_id == first.id)) or 1
    return [
        compose.letter(
            app.settings,
            LetterKind.WITHDRAWAL,
            row.recipient,
            _words(app, session, row, reason, now),
            compose.of_withdrawal(row.message_id, again),
            why,
            agency=row.agency,
            directives=tuple(row.directives),
            decision=number,
            in_reply_to=row.message_id,
            context={"references": [*row.context.get("references", []), row.message_id]},
            needs_approval=True,
        )
        for row in had
    ]


def _noted(session: Session, row: OutboxLetter, why: str, now: datetime) -> int:
    """The person's decision that the corrections carry out: they are approved and stopped together."""
    noted = Decision(
        as_of=now.astimezone(HERE).date(),
        agency=row.agency or "",
        step=None,
        directives=list(row.directives),
        obligations=[],
        reason=why,
        reasons=[],
        rehearsal=row.rehearsal,
        recorded_at=now,
    )
    session.add(noted)
    session.flush()
    return noted.id


def _words(app: AppContext, session: Session, row: OutboxLetter, reason: str, now: datetime) -> Rendered:
    names, day = {a.id: a.name for a in app.registry.agencies}, now.astimezone(HERE).date()
    context: WithdrawalWords = {
        "agency": names.get(row.agency or "", "Quý cơ quan"),
        "subject": row.subject,
        "number": TH(row.id),
        "day": (row.sent_at or row.decided_at).astimezone(HERE).date(),
        "reason": reason,
        "desk": desk(session, app.registry, app.letters(session, day), day),
    }
    return render(app.settings.data, app.registry, LetterKind.WITHDRAWAL, context, day)
