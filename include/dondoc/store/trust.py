"""What the installation knows of itself: the audit trail, check values of its keys, and causes that were alerted."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from dondoc.store.base import Base


class AuditEvent(Base):
    """One act of a person, or one download of sensitive data. The database refuses to change or delete a row."""

    __tablename__ = "audit_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str] = mapped_column(index=True)  # what was done, e.g. approve, assign, export
    subject: Mapped[str]  # to what: TH-00012, CAM-00003, an agency
    name: Mapped[str]
    login: Mapped[str]
    channel: Mapped[str]  # page, cli, airflow, mail, machine
    address: Mapped[str | None]
    details: Mapped[dict[str, Any]]
    key: Mapped[str]  # which key made the digest; empty: none was set
    chain: Mapped[str]  # SHA-256 over this row and the one before it: fits or not, whoever has lost a key
    digest: Mapped[str]  # what only the key can make of `chain`; without a key the same
    recorded_at: Mapped[datetime]


class KeyCheck(Base):
    """A value that only the right key can have made: a wrong or lost key is known before it writes."""

    __tablename__ = "key_checks"
    key: Mapped[str] = mapped_column(primary_key=True)  # its short name, no secret
    value: Mapped[str]
    recorded_at: Mapped[datetime]


class Alert(Base):
    """A cause of trouble, until it is over."""

    __tablename__ = "alerts"
    id: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(index=True)
    detail: Mapped[str] = mapped_column(Text)
    count: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    told_at: Mapped[datetime | None]  # when the operators were written to; None: too many letters that day
    over_at: Mapped[datetime | None]
