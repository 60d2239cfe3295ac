"""Who a step is written to."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from sqlalchemy.orm import Session

from dondoc.directive.model import Registry, Step
from dondoc.escalation.undelivered import Undelivered
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


@dataclass(frozen=True)
class AddressBook:
    """Who holds which role on a day. `undelivered`: addresses that letters do not reach, and since when; `only`: nobody
    of other agencies is asked for."""

    session: Session
    registry: Registry
    day: date
    undelivered: Undelivered = field(default_factory=dict)
    only: str | None = None

    def recipients(self, step: Step, agency: str, systems: Sequence[str]) -> list[Recipient]:
        """Who gets the letters of a step, no address twice: for each system the first role of `to` that somebody holds
        whom letters reach, and whoever holds the roles of `also`. Nobody at all when nobody holds a role of `to`.

        Mail for a head goes to the official mailbox of the agency, which its clerk reads. Where none is known, or
        letters do not reach it, it goes to his own address: an approver sees that before it leaves.

        A copy goes to somebody of `also` who stands below those whom the step is meant for; who does not is meant too.
        """
        main = self._found(step, [step.to], agency, systems)
        also = self._found(step, [(role,) for role in step.also], agency, systems)
        meant = min((role.rank or 0 for role in step.to), default=0)
        people = [Recipient(email, False, role) for email, role in main.items()]
        people += [
            Recipient(email, (role.rank or 0) < meant, role) for email, role in also.items() if email not in main
        ]
        return people if main else []

    def passed_over(self, step: Step, agency: str, systems: Sequence[str]) -> list[tuple[Contact, Role]]:
        """Who would get the letters of a step, if they reached them."""
        if not self.undelivered:
            return []
        groups = [step.to, *((role,) for role in step.also)]
        found = [
            pair for roles in groups for system in systems for pair in self._first(step, roles, agency, system, {})
        ]
        return list({one.email: (one, role) for one, role in found if one.email in self.undelivered}.values())

    def reached(self, agency: str, role: Role) -> bool:
        """Whether somebody holds a role for every system, whom letters reach."""
        return any(
            one.system is None and one.email not in self.undelivered for one in self._held.get((agency, role), ())
        )

    def officer(self, agency: str, system: str) -> Contact | None:
        """The focal officer for a system of an agency; None while letters do not reach him, or there is none."""
        held = self._named(agency, Role.FOCAL_OFFICER, system)
        return next((one for one in held[:1] if one.email not in self.undelivered), None)

    def since(self, agency: str, system: str) -> date | None:
        """The day on which the officer for a system took over."""
        holder = contacts.held_since(self.session, agency, Role.FOCAL_OFFICER, self.day, system)
        return holder.since if holder else None

    def _found(
        self, step: Step, groups: Sequence[Sequence[Role]], agency: str, systems: Sequence[str]
    ) -> dict[str, Role]:
        """One group of roles after the other, whoever holds the first role that anybody holds: address and role."""
        found: dict[str, Role] = {}
        for roles in groups:
            for system in systems:
                for contact, role in self._first(step, roles, agency, system, self.undelivered):
                    found.setdefault(contact.email, role)
        return found

    @cached_property
    def _held(self) -> dict[tuple[str, str], list[Contact]]:
        """Everybody who holds a role on the day, by agency and role: asked once, not for each step and system."""
        found: dict[tuple[str, str], list[Contact]] = defaultdict(list)
        whose = [Contact.agency.in_((self.only, self.registry.office))] if self.only else []
        for contact in contacts.in_force(self.session, self.day, *whose):
            found[contact.agency, contact.role].append(contact)
        return found

    def _named(self, agency: str, role: Role, system: str | None) -> list[Contact]:
        held = self._held.get((agency, role), ())
        return contacts.first_named(held, system) if held else []

    def _first(
        self, step: Step, roles: Sequence[Role], agency: str, system: str, undelivered: Undelivered
    ) -> Iterator[tuple[Contact, Role]]:
        """Who holds the first role that anybody holds: the last named, but of our own board everybody."""
        for role in roles:
            held = self._named(self.registry.office if role.side is Side.OURS else agency, role, system)
            held = held[:1] if role == Role.FOCAL_OFFICER else held  # who was replaced is written to no more
            if role == Role.HEAD and not step.own_address:
                held = [*self._named(agency, Role.CLERK, None), *held]
            if found := [one for one in held if one.email not in undelivered]:
                yield from ((one, role) for one in (found if role.side is Side.OURS else found[:1]))
                return
