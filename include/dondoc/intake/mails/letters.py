"""To which letter of ours a mail belongs. Its Message-ID is known to nobody but us and who received it."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from email.message import Message

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.facts import contacts
from dondoc.intake.mails.bounces import Bounced
from dondoc.intake.receive import visible
from dondoc.store.mail import OutboxLetter

LOOKED_AT = 16_000  # characters of the fields that name other mails
LATELY = timedelta(days=7)  # how long after a letter a bounce may come that does not name it
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,900}>")


def named(header: Message) -> list[str]:
    """The Message-IDs that a mail says it answers, the nearest one first."""
    fields = ((name, str(value)) for name in ("in-reply-to", "references") for value in header.get_all(name, []))
    ids = [_MESSAGE_ID.findall(value[-LOOKED_AT:])[:: -1 if name == "references" else 1] for name, value in fields]
    return list(dict.fromkeys(visible(one) for several in ids for one in several))


def of_id(session: Session, message_id: str | None) -> OutboxLetter | None:
    """The letter of ours that has this Message-ID."""
    same = select(OutboxLetter).where(OutboxLetter.message_id == visible(message_id or ""))
    return session.scalar(same) if message_id else None


def answered(session: Session, ids: Collection[str], sender: str, agencies: Collection[str]) -> int | None:
    """The newest letter that somebody answers to whom it was sent, or whose agency it was sent to."""
    query = select(OutboxLetter).where(OutboxLetter.message_id.in_(ids)).order_by(OutboxLetter.id.desc())
    address = contacts.canonical(sender) if sender else ""
    for letter in session.scalars(query):
        if letter.agency in agencies or (address and contacts.canonical(letter.recipient) == address):
            return letter.id
    return None


def returned(
    session: Session,
    originals: Collection[str],
    ids: Collection[str],
    bounced: Collection[Bounced],
    arrived: datetime,
) -> int | None:
    """The letter that did not arrive: by its Message-ID, else the one letter that its recipient was sent lately. A
    bounce of what has another's Message-ID is about that: people write from the same mailbox too.

    Args:
        originals: Message-IDs of what came back.
        ids: those that the bounce says it answers.
    """
    known = OutboxLetter.message_id.in_([*originals, *ids])
    found = session.scalars(select(OutboxLetter.id).where(known)).all()
    if not found and not originals and (recipients := {one.recipient for one in bounced if one.recipient}):
        lately = OutboxLetter.sent_at.between(arrived - LATELY, arrived)
        found = session.scalars(select(OutboxLetter.id).where(OutboxLetter.recipient.in_(recipients), lately)).all()
    return found[0] if len(found) == 1 else None
