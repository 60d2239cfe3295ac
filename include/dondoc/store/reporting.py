"""Reports that were made, decisions of the ladder, and the number that the clerk gave."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from dondoc.clock import HERE
from dondoc.store.base import Base
from dondoc.vocabulary.reports import ReportPart


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
    """A weekly report as it was drawn up. People quote `BC-{id:04}`; its draft carries `code`."""

    __tablename__ = "reports"
    id: Mapped[int] = mapped_column(primary_key=True)
    directive: Mapped[str] = mapped_column(index=True)
    as_of: Mapped[datetime] = mapped_column(index=True)
    known_at: Mapped[datetime | None]
    folder: Mapped[str]
    figures: Mapped[dict[str, Any]]
    code: Mapped[str] = mapped_column(index=True)  # a digest of its figures
    recorded_at: Mapped[datetime]

    @property
    def day(self) -> date:
        """The day that it is the report of."""
        return self.as_of.astimezone(HERE).date()


class ReportApproval(Base):
    """An approver found a draft right."""

    __tablename__ = "report_approvals"
    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    by: Mapped[str]
    recorded_at: Mapped[datetime]


class ReportIssue(Base):
    """The clerk issued a report: its number, date and the signed document. The newest row of a day counts."""

    __tablename__ = "report_issues"
    id: Mapped[int] = mapped_column(primary_key=True)
    directive: Mapped[str] = mapped_column(index=True)
    as_of: Mapped[date]
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"))  # None: drawn up nobody knows which time
    document_number: Mapped[str]
    document_date: Mapped[date]
    blob: Mapped[str]
    reason: Mapped[str | None] = mapped_column(Text)  # why it corrects or replaces the row before; None: the first one
    by: Mapped[str]
    recorded_at: Mapped[datetime]


class ReportText(Base):
    """What a person writes in a part of the report of a day, in place of what is drawn; the newest row counts."""

    __tablename__ = "report_texts"
    __table_args__ = (Index("ix_report_texts_directive_as_of", "directive", "as_of"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    directive: Mapped[str]
    as_of: Mapped[date]
    part: Mapped[ReportPart]
    text: Mapped[str] = mapped_column(Text)  # "": what is drawn stands again
    by: Mapped[str]
    recorded_at: Mapped[datetime]
