"""Personal data of people who are no contact any more: masked after a while, so that letters still make sense."""

from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.clock import HERE
from dondoc.facts.contacts import MASKED, masked
from dondoc.store.facts import Contact, ContactChange
from dondoc.vocabulary.people import OF_AN_AGENCY

NAME = "(đã ẩn)"


def mask(session: Session, months: int, *, by: Actor, secrets: list[str], now: datetime) -> int:
    """Mask name, telephone and address of people of agencies who ended all that they were more than a time ago.

    Agency, role, system and days stay, and the address keeps a digest: letters that went to it still say to whom.

    Returns:
        how many people were masked now; running again masks nobody twice.
    """
    before = _months_ago(now.astimezone(HERE).date(), months)
    known = or_(~Contact.email.endswith(f"@{MASKED}"), Contact.name != NAME)
    rows = session.scalars(select(Contact).where(known).order_by(Contact.id)).all()
    newest = {(c.agency, c.role, c.system, c.email): c for c in rows}
    kept = {
        c.email for c in newest.values() if c.valid_to is None or c.valid_to >= before or c.role not in OF_AN_AGENCY
    }
    gone = {c.email for c in rows} - kept
    for row in rows:
        if row.email in gone:
            row.name, row.phone, row.login, row.email = NAME, "", None, masked(row.email)
    for change in session.scalars(select(ContactChange).where(ContactChange.confirmed.is_not(None))):
        if change.email in gone:
            change.name, change.phone, change.email = NAME, "", masked(change.email)
        if change.asked in gone:
            change.asked = masked(change.asked)
        if change.by in gone:
            change.by = masked(change.by)
    session.flush()
    if gone:
        audit.record(session, secrets, by, "contacts_mask", before.isoformat(), now=now, masked=len(gone))
    return len(gone)


def _months_ago(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, 28))
