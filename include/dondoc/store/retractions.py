"""What people entered, without what they took back."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select

from dondoc.store.facts import RegisteredLetter, Retraction
from dondoc.store.official import OfficialIssue
from dondoc.store.reporting import ReportIssue

_Entered = TypeVar("_Entered", RegisteredLetter, OfficialIssue, ReportIssue)
_OF: dict[type[Any], Any] = {
    RegisteredLetter: Retraction.registered_letter_id,
    OfficialIssue: Retraction.official_issue_id,
    ReportIssue: Retraction.report_issue_id,
}


def not_retracted(table: type[_Entered], known_at: datetime | None = None) -> Select[_Entered]:
    """The rows that stand, as known at a moment; None: now."""
    retracted = select(_OF[table]).where(_OF[table].is_not(None))
    if known_at is None:
        return select(table).where(table.id.not_in(retracted))
    known = retracted.where(Retraction.recorded_at <= known_at)
    return select(table).where(table.recorded_at <= known_at, table.id.not_in(known))
