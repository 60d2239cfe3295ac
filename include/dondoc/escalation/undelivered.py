"""Addresses that our letters did not reach: the next role is written to, until somebody mends or confirms them.

One letter that came back is enough to try another address of the same agency, as that accuses nobody. An address counts
again once it is entered anew, or a later letter to it arrived. A delay is no failure: the mail server still tries.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.store.facts import Contact
from dondoc.store.intake import Mail
from dondoc.store.mail import OutboxEvent, OutboxLetter
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.mails import MailKind

DELAYED = "delayed"  # code of the reason of a bounce that says "not yet"
Undelivered = dict[str, datetime]  # address → since when


def bounced(session: Session, now: datetime | None = None) -> dict[int, datetime]:
    """Letters that a mail server gave back for good, by their id: when we learned of it."""
    query = select(Mail.letter_id, Mail.reason, Mail.recorded_at).where(
        Mail.kind == MailKind.BOUNCE, Mail.letter_id.is_not(None)
    )
    if now is not None:
        query = query.where(Mail.recorded_at <= now)
    return {row.letter_id: row.recorded_at for row in session.execute(query) if row.reason[:1] != [DELAYED]}


def undelivered(session: Session, now: datetime) -> Undelivered:
    """Every address that the newest letter to it did not reach, unless it has been entered anew since."""
    failed: Undelivered = {}
    returned = bounced(session, now)
    for address, when in (*_refused(session, now), *_returned(session, returned)):
        failed[address] = max(when, failed.get(address, when))
    arrived = _arrived(session, failed, set(returned))
    entered = _entered(session, failed)
    return {
        address: when
        for address, when in failed.items()
        if not any(since.get(address) and since[address] > when for since in (arrived, entered))
    }


def _refused(session: Session, now: datetime) -> Iterable[tuple[str, datetime]]:
    """By our own mail server, or by theirs while we spoke to it."""
    query = (
        select(OutboxLetter.recipient, OutboxEvent.recorded_at)
        .join(OutboxEvent, OutboxEvent.letter_id == OutboxLetter.id)
        .where(OutboxLetter.state == OutboxState.REFUSED, OutboxEvent.to_state == OutboxState.REFUSED)
        .where(OutboxLetter.rehearsal.is_(False), OutboxEvent.recorded_at <= now)
    )
    return [(row.recipient, row.recorded_at) for row in session.execute(query)]


def _returned(session: Session, returned: dict[int, datetime]) -> Iterable[tuple[str, datetime]]:
    query = select(OutboxLetter.id, OutboxLetter.recipient).where(OutboxLetter.id.in_(returned))
    return [
        (row.recipient, returned[row.id]) for row in session.execute(query.where(OutboxLetter.rehearsal.is_(False)))
    ]


def _arrived(session: Session, addresses: Iterable[str], returned: set[int]) -> dict[str, datetime]:
    query = select(OutboxLetter.id, OutboxLetter.recipient, OutboxLetter.sent_at).where(
        OutboxLetter.recipient.in_(addresses), OutboxLetter.state == OutboxState.SENT, OutboxLetter.rehearsal.is_(False)
    )
    rows = (row for row in session.execute(query.order_by(OutboxLetter.sent_at)) if row.id not in returned)
    return {row.recipient: row.sent_at for row in rows if row.sent_at}


def _entered(session: Session, addresses: Iterable[str]) -> dict[str, datetime]:
    query = select(Contact.email, Contact.recorded_at).where(Contact.email.in_(addresses))
    return {row.email: row.recorded_at for row in session.execute(query.order_by(Contact.recorded_at))}
