"""Who a step is written to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from dondoc.directive.model import Registry, Step
from dondoc.facts import contacts
from dondoc.store.facts import Contact

WITHOUT_ASKING = {"focal_officer", "clerk"}  # anybody else only after a named approver said yes


@dataclass(frozen=True)
class Recipient:
    email: str
    copy: bool  # told as well; the step is taken by the others


def needs_approval(step: Step) -> bool:
    """Whether a person has to release the letters of a step, whatever the directive says of it."""
    return step.approval or not WITHOUT_ASKING.issuperset((*step.to, *step.also))


def recipients(
    session: Session, registry: Registry, step: Step, agency: str, systems: Sequence[str], day: date
) -> list[Recipient]:
    """Who gets the letters of a step, no address twice: for each system the first role of `to` that somebody holds,
    and whoever holds the roles of `also`. Nobody at all when nobody holds a role of `to`.
    """
    main = _emails(session, registry, [step.to], agency, systems, day)
    also = _emails(session, registry, [(role,) for role in step.also], agency, systems, day)
    return [Recipient(e, e not in main) for e in dict.fromkeys([*main, *also])] if main else []


def _emails(
    session: Session,
    registry: Registry,
    groups: Sequence[Sequence[str]],
    agency: str,
    systems: Sequence[str],
    day: date,
) -> list[str]:
    """One group of roles after the other, the addresses of whoever holds the first role that anybody holds."""
    found = (_first(session, registry, roles, agency, day, system) for roles in groups for system in systems)
    return list(dict.fromkeys(contact.email for people in found for contact in people))


def _first(
    session: Session, registry: Registry, roles: Sequence[str], agency: str, day: date, system: str
) -> Iterator[Contact]:
    """Who holds the first role that anybody holds: the last named, but of our own board everybody."""
    for role in roles:
        whose = registry.office if role == "board" else agency
        if found := contacts.find(session, whose, role, day, system):
            yield from found if role == "board" else found[:1]
            return
