"""The calendar as a dated record: a day that is declared off later does not change what was answered before."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.directive.record import ALWAYS
from dondoc.store.directives import CalendarVersion
from dondoc.workdays import CalendarFile, WorkingDays, calendar


def take_in(session: Session, file: CalendarFile, now: datetime) -> None:
    """Record what the file holds, when that is news. The first that is recorded counts as known since ever."""
    last = _newest(session, None)
    if last is None or _file(last) != file:
        known = now if last else clock.at(ALWAYS, 0)
        session.add(CalendarVersion(content=file.model_dump(mode="json"), recorded_at=known))
        session.flush()


def known(session: Session, file: CalendarFile, known_at: datetime | None) -> WorkingDays:
    """The calendar as it was known at a moment; None: as the file has it now."""
    row = _newest(session, known_at) if known_at else None
    return calendar(_file(row) if row else file)


def _newest(session: Session, known_at: datetime | None) -> CalendarVersion | None:
    query = select(CalendarVersion).order_by(CalendarVersion.recorded_at.desc(), CalendarVersion.id.desc()).limit(1)
    return session.scalar(query if known_at is None else query.where(CalendarVersion.recorded_at <= known_at))


def _file(row: CalendarVersion) -> CalendarFile:
    return CalendarFile.model_validate(row.content)
