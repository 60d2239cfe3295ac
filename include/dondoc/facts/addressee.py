"""To whom a letter goes, said without an address: for those who may read of it but not write to its recipient."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.directive.model import Registry
from dondoc.facts.contacts import masked
from dondoc.store.facts import Contact
from dondoc.store.mail import OutboxLetter

SOMEBODY = "người ngoài danh bạ"


def addressees(session: Session, registry: Registry, letters: Sequence[OutboxLetter]) -> dict[int, str]:
    """Role and agency of each letter's recipient, by the letter's id, e.g. `lãnh đạo UBND huyện Đức Thọ`."""
    names = {agency.id: agency.name for agency in registry.agencies}
    addresses = {one for letter in letters for one in (letter.recipient, masked(letter.recipient))}
    rows = session.scalars(select(Contact).where(Contact.email.in_(addresses)).order_by(Contact.id))
    roles = {(row.email, row.agency): row.role for row in rows}

    def one(letter: OutboxLetter) -> str:
        for agency in (letter.agency, registry.office):
            for address in (letter.recipient, masked(letter.recipient)):
                if agency and (role := roles.get((address, agency))):
                    return f"{role.of} {names.get(agency, agency)}"
        return f"{SOMEBODY}, {names[letter.agency]}" if letter.agency in names else SOMEBODY

    return {letter.id: one(letter) for letter in letters}
