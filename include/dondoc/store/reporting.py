"""Reports that were made, decisions of the ladder, and the number that the clerk gave."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dondoc.store.base import Base


class Decision(Base):
    """What was decided for an agency on a day, and why: also to write nothing.

    Its letters name it (`decision_id`); they are approved, stopped and found untrue together.
    """

    __tablename__ = "decisions"
    id: Mapped[int] = mapped_column(primary_key=True)
    as_of: Mapped[date] = mapped_column(index=True)
    agency: Mapped[str] = mapped_column(index=True)
    step: Mapped[str | None]
    directives: Mapped[list[Any]]  # ids of the letters whose step it takes
    obligations: Mapped[list[Any]]  # ids
    reason: Mapped[str] = mapped_column(Text)
    reasons: Mapped[list[Any]]  # the same as codes: [[code, {parameter: value}], …]
    answer_by: Mapped[date | None]  # the last day that its letters give the agency to answer
    rehearsal: Mapped[bool] = mapped_column(default=False)
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
