"""The chasing letters so far, as the ladder reads them from the outbox."""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.configuration.settings import Settings
from dondoc.escalation.ladder import Duty, SentLetter
from dondoc.mail import outbox
from dondoc.store.mail import OutboxLetter

KINDS = ("reminder", "overdue")
_ROW = OutboxLetter
# Not the whole row: its words may be long, and every letter that leaves asks for the history.
_COLUMNS = (
    *(_ROW.id, _ROW.agency, _ROW.context, _ROW.decided_at, _ROW.state, _ROW.recipient, _ROW.message_id),
    *(_ROW.sent_at, _ROW.not_after, _ROW.rehearsal),
)


def read(session: Session, settings: Settings, agency: str | None = None) -> list[SentLetter]:
    """Every chasing letter (to one agency) that counts in this mode, one entry per recipient, oldest first."""
    query = select(*_COLUMNS).where(_ROW.kind.in_(KINDS), outbox.counted(settings)).order_by(_ROW.id)
    if agency is not None:
        query = query.where(_ROW.agency == agency)
    return [past(row) for row in session.execute(query)]


def past(row: Any) -> SentLetter:
    """A row of the outbox as the ladder sees it. Raises KeyError for a row that this room did not write."""
    return SentLetter(
        id=row.id,
        agency=row.agency or "",
        step=row.context["step"],
        steps=row.context["steps"],
        duties=frozenset(duties(row.context["duties"])),
        day=date.fromisoformat(row.context["day"]),
        decided_on=row.decided_at.astimezone(HERE).date(),
        state=row.state,
        recipient=row.recipient,
        message_id=row.message_id,
        copy=row.context["copy"],
        sent_on=row.sent_at.astimezone(HERE).date() if row.sent_at else None,
        last_chance=row.not_after.astimezone(HERE).date() if row.not_after else None,
        rehearsal=row.rehearsal,
    )


def duties(written: list[list[str]]) -> list[Duty]:
    """Obligations as a letter's context keeps them."""
    return [(name, date.fromisoformat(last_day)) for name, last_day in written]
