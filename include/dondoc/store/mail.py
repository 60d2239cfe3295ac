"""The outbox: one row per letter and recipient, and every change of its state."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from dondoc.store.base import Base
from dondoc.vocabulary.letters import LetterKind, OutboxState


class OutboxLetter(Base):
    """A letter to one recipient. People quote `TH-{id:05}`."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(unique=True)  # computed from the dedup key: never sent twice
    dedup_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[LetterKind] = mapped_column(index=True)
    agency: Mapped[str | None] = mapped_column(index=True)
    directives: Mapped[list[Any]]  # ids of the letters that it is about
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"), index=True)  # None: nobody decided it
    recipient: Mapped[str]
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    attachments: Mapped[list[Any]]  # [{"filename": …, "sha256": …, "type": …}]
    in_reply_to: Mapped[str | None]
    context: Mapped[dict[str, Any]]  # what the "still true?" check of its kind needs, e.g. step and obligations
    state: Mapped[OutboxState] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(Text)  # of the decision, then of the newest state
    needs_approval: Mapped[bool] = mapped_column(default=False)
    approved_by: Mapped[str | None]
    office_hours: Mapped[bool] = mapped_column(default=False)  # leaves only 07:30-17:00 on working days
    rehearsal: Mapped[bool] = mapped_column(default=False)  # decided in rehearsal, for ever: leaves in no other mode
    attempts: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None]
    lease_until: Mapped[float | None]  # real time, seconds since the epoch: leases ignore DONDOC_CLOCK
    next_attempt_at: Mapped[datetime | None]
    not_after: Mapped[datetime | None]
    decided_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class OutboxEvent(Base):
    """A letter changed its state: when, from what to what, who or what did it and why."""

    __tablename__ = "outbox_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), index=True)
    from_state: Mapped[OutboxState | None]
    to_state: Mapped[OutboxState]
    by: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]


class OutboxEpoch(Base):
    """A number that goes up before letters leave, and is noted outside the database: `mail.epoch` compares.

    A database that turned out to be older goes on with a row of its own, `restored`.
    """

    __tablename__ = "outbox_epochs"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    restored: Mapped[bool]
    recorded_at: Mapped[datetime]


class Withdrawal(Base):
    """A letter that was sent wrongly is withdrawn, with its cause, or that is taken back; the newest row counts."""

    __tablename__ = "withdrawals"
    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), index=True)
    taken_back: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str]
    recorded_at: Mapped[datetime]


class Approval(Base):
    """An approver said yes to a letter: who, how they were known, and where they said it."""

    __tablename__ = "approvals"
    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))  # of role approver
    name: Mapped[str]
    login: Mapped[str]
    channel: Mapped[str]  # page, cli, airflow
    address: Mapped[str | None]  # of the network, where it is known
    recorded_at: Mapped[datetime]
