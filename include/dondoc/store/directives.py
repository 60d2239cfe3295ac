"""Letters and the calendar as dated records: each version of each."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dondoc.store.base import Base


class DirectiveVersion(Base):
    """One version of a letter, valid from a day until the next one. No row is ever changed."""

    __tablename__ = "directive_versions"
    __table_args__ = (UniqueConstraint("directive", "number"),)  # of two that add at once, one is told
    id: Mapped[int] = mapped_column(primary_key=True)
    directive: Mapped[str] = mapped_column(index=True)
    number: Mapped[int]  # 1, 2, … of this letter
    state: Mapped[str]  # draft, active, closed
    content: Mapped[dict[str, Any]]  # as in the letter's YAML file, without agencies and systems
    digest: Mapped[str] = mapped_column(index=True)  # SHA-256 of the content
    valid_from: Mapped[date]
    document: Mapped[str]  # by which document; empty: the letter itself
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str]  # a person; empty: taken in from a file of the installation
    recorded_at: Mapped[datetime]


class CalendarVersion(Base):
    """What the file of overrides held from a moment on. No row is ever changed."""

    __tablename__ = "calendar_versions"
    id: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]  # as in the file
    recorded_at: Mapped[datetime]
