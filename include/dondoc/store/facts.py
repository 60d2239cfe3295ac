"""Facts that people enter: letters registered by hand, rulings, and who is to be written to. Never changed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from dondoc.store.base import Base
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.rulings import CallResult, Cause, RulingKind


class RegisteredLetter(Base):
    """A letter that came on paper, by e-office or by a sealed channel, entered by a person."""

    __tablename__ = "registered_letters"
    id: Mapped[int] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(index=True)
    fulfils: Mapped[list[Any]]  # ids of obligations: ["directive:system/deliverable", …]
    document_number: Mapped[str]
    document_date: Mapped[date]
    blob: Mapped[str | None]  # SHA-256 of the scan
    by: Mapped[str]
    happened_at: Mapped[datetime]  # arrived at the Department
    recorded_at: Mapped[datetime]


class Retraction(Base):
    """A person took back what was entered by mistake: from then on it is known never to have been so."""

    __tablename__ = "retractions"
    id: Mapped[int] = mapped_column(primary_key=True)
    registered_letter_id: Mapped[int | None] = mapped_column(ForeignKey("registered_letters.id"), unique=True)
    report_issue_id: Mapped[int | None] = mapped_column(ForeignKey("report_issues.id"), unique=True)
    official_issue_id: Mapped[int | None] = mapped_column(ForeignKey("official_issues.id"), index=True, unique=True)
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str]
    recorded_at: Mapped[datetime]


class Ruling(Base):
    """A person's word that overrides the machine."""

    __tablename__ = "rulings"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RulingKind] = mapped_column(index=True)
    directive: Mapped[str | None]  # absent: every letter
    agency: Mapped[str | None]  # absent: every agency
    system: Mapped[str | None]  # absent: every system
    deliverable: Mapped[str | None]  # absent: every deliverable
    period: Mapped[str | None]  # of a duty that comes back; absent: every period
    # extend: the new last day; pause: its last day; called, promise: the last day on which the agency will send; stop:
    # when the step may be taken again
    until: Mapped[date | None]
    place: Mapped[str | None]  # pause: only the cameras of this place, and no duty
    site: Mapped[str | None]  # the same by their position, as people ruled before places were known
    to_agency: Mapped[str | None]  # reassign
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))  # stop: of which letters
    undoes: Mapped[int | None] = mapped_column(ForeignKey("rulings.id"))
    spoken_to: Mapped[str | None]  # called: the person at the agency
    result: Mapped[CallResult | None]  # called: what came of it
    cause: Mapped[Cause | None]  # called, promise: why it is late
    document: Mapped[str]
    document_date: Mapped[date | None]  # of competing rulings the newest document counts; None: when it was ruled
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str]
    happened_at: Mapped[datetime]  # holds from
    recorded_at: Mapped[datetime]


class Contact(Base):
    """Who receives letters for an agency in a role, from one day to another. The newest row of an address counts."""

    __tablename__ = "contacts"
    id: Mapped[int] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(index=True)
    role: Mapped[Role]
    system: Mapped[str | None]
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    login: Mapped[str | None]  # of an approver: how Airflow and the pages call this person
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]  # the last day; None: until another row says so
    recorded_at: Mapped[datetime]


class ContactChange(Base):
    """A new contact that a form named: it counts once the old address or a person of ours has confirmed it."""

    __tablename__ = "contact_changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    agency: Mapped[str] = mapped_column(index=True)
    role: Mapped[Role]
    system: Mapped[str | None]
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    asked: Mapped[str | None]  # the old address that was asked; None: only a person can confirm
    confirmed: Mapped[bool | None]  # None: waits
    by: Mapped[str | None]  # who confirmed or refused it: an address or a name
    decided_at: Mapped[datetime | None]
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
