"""Official letters of ours to agencies: as they were drafted, and as the clerk issued them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dondoc.store.base import Base

ELSEWHERE = "cv:"  # no directive's id has a colon


class OfficialLetter(Base):
    """A draft for the clerk to number and sign, of one directive and morning; or a letter of ours that was written
    elsewhere, of which there is no draft. People quote `CV-{id:04}`."""

    __tablename__ = "official_letters"
    __table_args__ = (UniqueConstraint("directive", "day", "rehearsal"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    directive: Mapped[str] = mapped_column(index=True)  # of one written elsewhere: ELSEWHERE, its number, how often
    day: Mapped[date]
    items: Mapped[list[Any]]  # what it asks for: [[agency, id of the duty with its agency, last day, step], …]
    answer_days: Mapped[int]  # working days that it gives, from the day on which it is issued
    blob: Mapped[str]  # the .docx; of one written elsewhere the signed document
    rehearsal: Mapped[bool]
    recorded_at: Mapped[datetime]

    @property
    def elsewhere(self) -> bool:
        return self.directive.startswith(ELSEWHERE)


class OfficialIssue(Base):
    """The clerk issued a draft: number, date, who signed it, and the signed document."""

    __tablename__ = "official_issues"
    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("official_letters.id"), index=True)
    document_number: Mapped[str]
    document_date: Mapped[date]
    signer: Mapped[str]
    agencies: Mapped[list[Any]]  # to which of the draft's agencies it went
    blob: Mapped[str]
    by: Mapped[str]
    recorded_at: Mapped[datetime]
