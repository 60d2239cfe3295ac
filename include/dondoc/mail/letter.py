"""The letter that every room hands to the outbox."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dondoc.errors import Problem
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind


@dataclass(frozen=True)
class Attachment:
    filename: str  # no accents: old clients garble them
    sha256: str  # in the blobs
    type: str  # MIME type


@dataclass(frozen=True)
class Letter:
    """A letter to one recipient, not yet in the outbox.

    `dedup` says what must never be sent twice: installation, directive, agency, kind, step or outage,
    date of decision and recipient, joined by "|". The Message-ID is computed from it.
    """

    kind: LetterKind
    recipient: str
    subject: str
    text: str
    html: str
    dedup: str
    reason: str
    agency: str | None = None
    directives: tuple[str, ...] = ()  # ids of the letters that it is about
    decision: int | None = None  # which it carries out, with the others of the same decision
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str | None = None
    context: dict[str, Any] = field(default_factory=dict)
    needs_approval: bool = False
    hold: str | None = None  # why it starts as `held` although nobody's approval is needed
    office_hours: bool = False
    not_after: datetime | None = None


class OnHold(Problem):
    """The letter is still true, but may not leave for now; says why. It keeps its state until that is over."""


# Given an outbox row and the moment: None while the letter is still true, else why it is not. One per kind.
# Raises OnHold while it has to wait.
Precondition = Callable[[Session, OutboxLetter, datetime], str | None]
