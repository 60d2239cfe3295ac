"""Who a step is written to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from dondoc.directive.model import Registry, Step
from dondoc.facts import contacts
from dondoc.store.facts import Contact
from dondoc.vocabulary.people import Role, Side


@dataclass(frozen=True)
class Recipient:
    email: str
    copy: bool  # told as well; the step is taken by the others
    role: Role  # in which it is written to


def needs_approval(step: Step) -> bool:
    """Whether a person has to release the letters of a step, whatever the directive says of it."""
    return step.approval or any(role.needs_approval for role in (*step.to, *step.also))


def recipients(
    session: Session, registry: Registry, step: Step, agency: str, systems: Sequence[str], day: date
) -> list[Recipient]:
    """Who gets the letters of a step, no address twice: for each system the first role of `to` that somebody holds,
    and whoever holds the roles of `also`. Nobody at all when nobody holds a role of `to`.
    """
    main = _found(session, registry, [step.to], agency, systems, day)
    also = _found(session, registry, [(role,) for role in step.also], agency, systems, day)
    people = [Recipient(email, False, role) for email, role in main.items()]
    people += [Recipient(email, True, role) for email, role in also.items() if email not in main]
    return people if main else []


def _found(
    session: Session,
    registry: Registry,
    groups: Sequence[Sequence[Role]],
    agency: str,
    systems: Sequence[str],
    day: date,
) -> dict[str, Role]:
    """One group of roles after the other, whoever holds the first role that anybody holds: address and role."""
    found: dict[str, Role] = {}
    for roles in groups:
        for system in systems:
            for contact, role in _first(session, registry, roles, agency, day, system):
                found.setdefault(contact.email, role)
    return found


def _first(
    session: Session, registry: Registry, roles: Sequence[Role], agency: str, day: date, system: str
) -> Iterator[tuple[Contact, Role]]:
    """Who holds the first role that anybody holds: the last named, but of our own board everybody."""
    for role in roles:
        whose = registry.office if role.side is Side.OURS else agency
        if found := contacts.find(session, whose, role, day, system):
            yield from ((one, role) for one in (found if role.side is Side.OURS else found[:1]))
            return
