"""The chasing letters so far, as the ladder reads them from the outbox."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.configuration.settings import Settings
from dondoc.escalation.past import Duty, Promised, SentLetter, Stop
from dondoc.escalation.promised import promised
from dondoc.escalation.undelivered import bounced
from dondoc.mail import outbox
from dondoc.mail.withdrawn import withdrawn
from dondoc.store.facts import Ruling
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Decision
from dondoc.vocabulary.letters import ONE_A_DAY
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.rulings import RulingKind

_ROW = OutboxLetter
# Not the whole row: its words may be long, and every letter that leaves asks for the history.
_LETTERS = (
    select(
        *(_ROW.id, _ROW.agency, _ROW.context, _ROW.decided_at, _ROW.state, _ROW.recipient, _ROW.message_id),
        *(_ROW.sent_at, _ROW.not_after, _ROW.rehearsal, _ROW.decision_id, Decision.answer_by),
    )
    .outerjoin(Decision, Decision.id == _ROW.decision_id)
    .where(_ROW.kind.in_(ONE_A_DAY))
    .order_by(_ROW.id)
)


@dataclass(frozen=True)
class _Since:
    """What became of letters afterwards: stopped or withdrawn by people, given back by servers, answered with a day."""

    stopped: Mapping[int | None, Stop] = field(default_factory=dict)
    bounced: frozenset[int] = frozenset()
    withdrawn: frozenset[int] = frozenset()
    promised: Mapping[int, Promised] = field(default_factory=dict)


def read(
    session: Session, settings: Settings, rulings: Iterable[Ruling], agency: str | None = None
) -> list[SentLetter]:
    """Every letter of a morning (to or about one agency) that counts in this mode: per recipient and agency, oldest
    first. Those that chase, hand over or thank: of all these an agency has one a day.

    Args:
        rulings: those that stand; the newest that stopped a decision goes with its letters.
    """
    query = _LETTERS.where(outbox.counted(settings))
    more = _Since(
        _stops(rulings), frozenset(bounced(session)), frozenset(session.scalars(withdrawn())), promised(session)
    )
    if agency is not None:
        query = query.where(or_(_ROW.agency == agency, _ROW.agency.is_(None)))
    found = (one for row in session.execute(query) for one in _letters(row, more))
    return [one for one in found if agency in (None, one.agency)]


def of(session: Session, letter: OutboxLetter) -> list[SentLetter]:
    """A row of the outbox as the ladder sees it: once for each agency that it is about."""
    return _letters(session.execute(_LETTERS.where(_ROW.id == letter.id)).one(), _Since())


def _stops(rulings: Iterable[Ruling]) -> dict[int | None, Stop]:
    return {
        r.decision_id: Stop(r.happened_at.astimezone(HERE).date(), r.until or date.max, r.reason, r.by)
        for r in rulings
        if r.kind == RulingKind.STOP
    }


def _letters(row: Any, since: _Since) -> list[SentLetter]:
    """One for each agency: a letter to our own people may be about several."""
    about: dict[str, Any] = row.context.get("agencies") or {row.agency or "": row.context}
    return [_letter(row, agency, its, since) for agency, its in about.items()]


def _letter(row: Any, agency: str, about: Mapping[str, Any], since: _Since) -> SentLetter:
    """One that takes no step, and is about no duty, is still its agency's letter of the day."""
    decided_on = row.decided_at.astimezone(HERE).date()
    return SentLetter(
        id=row.id,
        agency=agency,
        step=about.get("step", ""),
        steps=about.get("steps", {}),
        duties=frozenset(duties(about.get("duties", []))),
        day=date.fromisoformat(row.context.get("day", decided_on.isoformat())),
        decided_on=decided_on,
        state=row.state,
        recipient=row.recipient,
        role=Role.stored(row.context["role"]) if row.context.get("role") else None,
        message_id=row.message_id,
        copy=row.context.get("copy", False),
        sent_on=row.sent_at.astimezone(HERE).date() if row.sent_at else None,
        last_chance=row.not_after.astimezone(HERE).date() if row.not_after else None,
        rehearsal=row.rehearsal,
        bounced=row.id in since.bounced,
        withdrawn=row.id in since.withdrawn,
        promise=since.promised.get(row.id),
        decision=row.decision_id,
        noted=about.get("decision", row.decision_id),
        to_us=row.agency is None,
        others=frozenset(duties(about.get("others", []))),
        answer_by=row.answer_by,
        rests_on=frozenset(row.context.get("rests_on", ())),
        stop=since.stopped.get(row.decision_id) if row.decision_id else None,
    )


def duties(written: list[list[str]]) -> list[Duty]:
    """Obligations as a letter's context keeps them."""
    return [(name, date.fromisoformat(last_day)) for name, last_day in written]
