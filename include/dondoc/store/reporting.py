"""Reports that were made, decisions of the ladder, and the number that the clerk gave."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dondoc.store.base import Base


class Decision(Base):
    """What the ladder decided for an agency on a day, and why: also when it decided to write nothing."""

    __tablename__ = "decisions"
    id: Mapped[int] = mapped_column(primary_key=True)
    as_of: Mapped[date] = mapped_column(index=True)
    agency: Mapped[str] = mapped_column(index=True)
    step: Mapped[str | None]
    directives: Mapped[list[Any]]  # ids of the letters whose step it takes
    obligations: Mapped[list[Any]]  # ids
    reason: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]


class Report(Base):
    """A weekly report as it was drawn up."""

    __tablename__ = "reports"
    id: Mapped[int] = mapped_column(primary_key=True)
    directive: Mapped[str] = mapped_column(index=True)
    as_of: Mapped[datetime] = mapped_column(index=True)
    known_at: Mapped[datetime | None]
    folder: Mapped[str]
    figures: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]


class ReportIssue(Base):
    """The clerk issued the report: its number, date and the signed document."""

    __tablename__ = "report_issues"
    __table_args__ = (UniqueConstraint("directive", "as_of"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    directive: Mapped[str]
    as_of: Mapped[date]
    document_number: Mapped[str]
    document_date: Mapped[date]
    blob: Mapped[str]
    by: Mapped[str]
    recorded_at: Mapped[datetime]
