"""Whom the reader of a letter can call."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.orm import Session

from dondoc.directive.model import Directive, Registry
from dondoc.documents.words import phone
from dondoc.facts import contacts


def desk(
    session: Session, registry: Registry, letters: Iterable[Directive], day: date, known_at: datetime | None = None
) -> str | None:
    """Our own focal officer, when one is registered, else the contact of the first letter that names one."""
    if registered := contacts.desk(session, registry, day, known_at):
        return registered
    named = next((letter.contact for letter in letters if letter.contact), None)
    return f"{named.name}, điện thoại {phone(named.phone)}" if named else None
