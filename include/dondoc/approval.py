"""A person's word on a decision, for every door: an approver releases its letters, anybody of ours stops them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby

from sqlalchemy.orm import Session

from dondoc import preconditions
from dondoc.audit import Actor
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.escalation import history
from dondoc.escalation.ladder import ladder_on
from dondoc.escalation.past import duty
from dondoc.facts import approvers, rulings
from dondoc.facts.obligations import standings
from dondoc.facts.read import read
from dondoc.facts.rule import rule
from dondoc.mail import outbox
from dondoc.mail.letter import OnHold, Precondition
from dondoc.mail.states import BY
from dondoc.staff import notices
from dondoc.store.facts import Ruling
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Decision
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.numbers import TH
from dondoc.vocabulary.rulings import RulingKind


def approve(
    app: AppContext, session: Session, ids: Iterable[int], actor: Actor, *, email: str | None = None, now: datetime
) -> list[OutboxLetter]:
    """Release the held letters of decisions in an approver's name; as `outbox.approve`.

    Args:
        ids: of a letter of each decision.
        email: of the actor's account, where the door knows it for certain.

    Raises:
        NotAnApprover: the actor is not registered as an approver, or not for today.
        Problem: no such letter, or the name of a program.
    """
    day = now.astimezone(HERE).date()
    contact = approvers.approver(session, app.registry.office, actor, day, email=email)
    checks = preconditions.registry(app)
    two = app.settings.two_approvers
    return outbox.approve(
        session, ids, contact, actor, secrets=app.secrets, two_approvers=two, now=now, precondition=checks
    )


def lapse(app: AppContext, session: Session, now: datetime) -> list[OutboxLetter]:
    """Cancel the decisions that wait for an approver and are not true any more: nobody is asked about them, and the
    ladder decides anew. Reports are left out, which have a question each.

    Returns:
        the letters that were cancelled.
    """
    checks, gone = preconditions.registry(app), []
    one_at_a_time(session, "approve")
    held = [row.id for row in notices.held_letters(app, session, now) if row.kind != LetterKind.REPORT]
    for _, letters in groupby(outbox.together(session, held), lambda row: row.decision_id or -row.id):
        unit = list(letters)
        if why := next(filter(None, (_untrue(session, row, checks, now) for row in unit)), None):
            reason = f"không còn đúng: {why}"
            gone += outbox.withdraw(session, unit, by=BY, note=reason, now=now, reason=reason)
    return gone


def _untrue(
    session: Session, row: OutboxLetter, checks: Mapping[LetterKind, Precondition], now: datetime
) -> str | None:
    """Why a letter may not leave any more; what only has to wait is true."""
    try:
        return outbox.obsolete_reason(session, row, checks, now)
    except OnHold:
        return None


def stop(
    app: AppContext,
    session: Session,
    letter: int,
    reason: str,
    actor: Actor,
    *,
    until: date | None = None,
    now: datetime,
) -> list[OutboxLetter]:
    """Cancel what has not left of a decision, and do not take its step again before a day.

    That word is a ruling, which `resume` or `rule undo` withdraws. A letter that takes no step, and a
    trial for another day, are only cancelled. Of a decision that is stopped already another day takes the place of the
    first: a ruling that withdraws the one, and one more.

    Args:
        letter: any letter of the decision.
        until: the first day on which the step may be taken again; default: the day of the next step.

    Returns:
        the letters of the decision, whatever their state.

    Raises:
        Problem: as `outbox.cancel`; the day is not to come; or there is no step to stop until a day.
    """
    row = session.get(OutboxLetter, letter)
    decision = session.get(Decision, row.decision_id) if row and row.decision_id else None
    today = now.astimezone(HERE).date()
    lasting = decision if decision and decision.step and _is_of_its_day(decision) else None
    if until and until <= today:
        raise Problem(f"Không dừng được đến ngày {until:%d/%m/%Y}: ngày đó phải sau hôm nay ({today:%d/%m/%Y}).")
    if until and lasting is None:
        raise Problem(f"Thư {TH(letter)} không thuộc bậc đôn đốc nào: chỉ hủy được, không dừng đến một ngày.")
    if row is None or lasting is None:
        return outbox.cancel(session, letter, reason, actor, secrets=app.secrets, now=now)
    earlier = stop_of(session, row, now)
    if earlier and until:
        return _stop_until(app, session, row, earlier, until, reason, actor, now)
    until = until or _next_step(app, session, row, now)
    more = {"decision": lasting.id, "until": until.isoformat()}
    unit = outbox.cancel(session, letter, reason, actor, secrets=app.secrets, now=now, **more)
    _rule(
        app, session, RulingKind.STOP, row, reason, actor, now, agency=lasting.agency, until=until, decision=lasting.id
    )
    return unit


def _stop_until(
    app: AppContext,
    session: Session,
    letter: OutboxLetter,
    earlier: Ruling,
    until: date,
    reason: str,
    actor: Actor,
    now: datetime,
) -> list[OutboxLetter]:
    if until == earlier.until:
        raise Problem(f"Quyết định của thư {TH(letter.id)} đã dừng đến ngày {until:%d/%m/%Y}. Chọn ngày khác.")
    one_at_a_time(session, "approve")
    _rule(app, session, RulingKind.UNDO, letter, reason, actor, now, undoes=earlier.id)
    about = {"agency": earlier.agency, "until": until, "decision": earlier.decision_id}
    _rule(app, session, RulingKind.STOP, letter, reason, actor, now, **about)
    return outbox.siblings(session, letter)


def _is_of_its_day(decision: Decision) -> bool:
    """False for a trial for another day."""
    return decision.recorded_at.astimezone(HERE).date() == decision.as_of


def _next_step(app: AppContext, session: Session, letter: OutboxLetter, now: datetime) -> date:
    """The day of the step after that of a letter, as if that had been taken today."""
    day = now.astimezone(HERE).date()
    ladder = ladder_on(app, session, day)
    owed = standings(tuple(ladder.letters.values()), app.calendar, read(session, now), now)
    about = history.of(session, letter)
    return max(ladder.after_stop(one.steps, [s for s in owed if duty(s) in one.duties], day) for one in about)


def resume(app: AppContext, session: Session, letter: int, reason: str, actor: Actor, *, now: datetime) -> int:
    """Withdraw the stop of a decision: its step may be taken again, from the next time that letters are decided on.

    Args:
        letter: any letter of the decision.

    Returns:
        the number of the ruling that withdraws it.

    Raises:
        Problem: no such letter, nobody has stopped its decision, or no reason or name of a person is given.
    """
    row = session.get(OutboxLetter, letter)
    if row is None or (stopped := stop_of(session, row, now)) is None:
        raise Problem(f"Không có quyết định nào đang dừng với thư {TH(letter)}.")
    return _rule(app, session, RulingKind.UNDO, row, reason, actor, now, undoes=stopped.id)


def stop_of(session: Session, letter: OutboxLetter, now: datetime) -> Ruling | None:
    """The ruling by which the decision of a letter is stopped, if it stands."""
    if letter.decision_id is None:
        return None
    rows = [r for r in rulings.standing_rulings(session, now) if r.decision_id == letter.decision_id]
    return rows[-1] if rows else None


def outcome(unit: Sequence[OutboxLetter], stopped: Ruling | None) -> str:
    """What became of the letters of a decision that somebody stopped, for that person."""

    def numbers(*states: str) -> str:
        return ", ".join(TH(row.id) for row in unit if row.state in states)

    parts = [f"{numbers('cancelled')}: đã hủy"]
    if left := numbers("sent", "uncertain"):
        parts.append(f"{left}: đã gửi trước đó, không thu lại được")
    if leaving := numbers("claimed", "sending"):
        parts.append(f"{leaving}: đang gửi, có thể không dừng kịp")
    if stopped and stopped.until:
        parts.append(f"Bậc này chưa đề xuất lại trước ngày {stopped.until:%d/%m/%Y}")
    return ". ".join(parts) + "."


def _rule(
    app: AppContext,
    session: Session,
    kind: RulingKind,
    letter: OutboxLetter,
    reason: str,
    by: Actor,
    now: datetime,
    **more: object,
) -> int:
    given = {"document": f"Thư {TH(letter.id)}", "reason": reason, "by": by, "now": now}
    return rule(app, session, kind, **given, **more).number  # type: ignore[arg-type]
