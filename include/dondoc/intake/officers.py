"""The focal officers that an accepted form names: what is known changes nothing, what is new has to be confirmed."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.documents.words import phone
from dondoc.facts import contact_changes, contacts
from dondoc.facts.desk import desk
from dondoc.intake import origins
from dondoc.mail import compose, outbox
from dondoc.mail.letter import Letter
from dondoc.mail.render import render
from dondoc.mail.shapes import ContactChangeWords
from dondoc.store.facts import Contact, ContactChange
from dondoc.store.intake import Submission
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.people import Role

KIND = LetterKind.CONTACT_CHANGE
ROLE = Role.FOCAL_OFFICER
SHOWN = 10  # people in one letter


def named(head: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], systems: list[str]) -> list[Mapping[str, Any]]:
    """Whom a form names: in its head for its system, or line by line in the form for officers."""
    of_the_head = {**head, "system": systems[0] if systems else None}
    listed = [of_the_head, *(rows if not systems else ())]
    return [one for one in listed if one.get("officer_email") and one.get("officer_name")]


def take_over(
    session: Session,
    app: AppContext,
    submission: Submission,
    agency: str,
    people: Iterable[Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Enter what needs nobody's word; ask the old address for the rest, and tell the agency's clerk.

    Nobody's word is needed for an officer of a system where there was none, from the agency's clerk or head; for one
    who is known for the system already, and only comes first again; and for an officer's own name and telephone from
    the officer's own address.
    """
    changes = []
    for one in people:
        wanted = _wanted(agency, one, submission, now)
        officers = contacts.find(session, agency, ROLE, now.date(), wanted.system)
        if _is_known(wanted, officers):
            continue
        if _needs_nobody(session, wanted, officers, submission):
            session.add(wanted)
            session.flush()
        elif change := _change(session, wanted, officers, submission, now):
            changes.append(change)
    session.flush()
    written = _letters(session, app, agency, submission, changes, now)
    outbox.enqueue(session, written, settings=app.settings, now=now)


def _wanted(agency: str, one: Mapping[str, Any], submission: Submission, now: datetime) -> Contact:
    return Contact(
        agency=agency,
        role=ROLE,
        system=one.get("system"),
        name=str(one["officer_name"]),
        email=contacts.folded(str(one["officer_email"])),
        phone=str(one.get("officer_phone") or ""),
        valid_from=submission.happened_at.date(),
        recorded_at=now,
    )


def _is_known(wanted: Contact, officers: list[Contact]) -> bool:
    """Whether the letters go to this person already."""
    return bool(officers) and officers[0].email == wanted.email and _same_person(officers[0], wanted)


def _same_person(one: Contact, other: Contact) -> bool:
    return fold(one.name) == fold(other.name) and (not other.phone or _digits(one.phone) == _digits(other.phone))


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone).removeprefix("84").removeprefix("0")


def _needs_nobody(session: Session, wanted: Contact, officers: list[Contact], submission: Submission) -> bool:
    if submission.sender_doubt or origins.is_new(session, submission):
        return False
    if any(c.email == wanted.email and c.system == wanted.system and _same_person(c, wanted) for c in officers):
        return True
    if officers and officers[0].email == wanted.email == submission.sender:
        return True
    roles = contacts.roles_of_sender(session, submission.sender, submission.happened_at.date())
    return not officers and bool(roles & {(wanted.agency, Role.CLERK), (wanted.agency, Role.HEAD)})


def _change(
    session: Session, wanted: Contact, officers: list[Contact], submission: Submission, now: datetime
) -> ContactChange | None:
    """A change that waits; None when the same one waits already. Once it was refused only a person confirms it."""
    same = session.scalars(
        select(ContactChange).where(
            ContactChange.agency == wanted.agency,
            ContactChange.role == wanted.role,
            ContactChange.email == wanted.email,
            ContactChange.system.is_not_distinct_from(wanted.system),
            ContactChange.confirmed.is_not(True),
        )
    ).all()
    if any(c.confirmed is None and (c.name, c.phone) == (wanted.name, wanted.phone) for c in same):
        return None
    refused = any(c.confirmed is False for c in same)
    change = ContactChange(
        submission_id=submission.id,
        agency=wanted.agency,
        role=wanted.role,
        system=wanted.system,
        name=wanted.name,
        email=wanted.email,
        phone=wanted.phone,
        asked=officers[0].email if officers and not refused else None,
        happened_at=submission.happened_at,
        recorded_at=now,
    )
    session.add(change)
    session.flush()
    return change


def _letters(
    session: Session, app: AppContext, agency: str, submission: Submission, changes: list[ContactChange], now: datetime
) -> list[Letter]:
    """One to each old address, with the code that confirms; one without it to the clerk."""
    to_confirm = sorted((c for c in changes if c.asked), key=lambda c: str(c.asked))
    letters = []
    for address, group in groupby(to_confirm, key=lambda c: str(c.asked)):
        people = list(group)
        for unnamed in people[SHOWN:]:
            unnamed.asked = None  # nobody says yes to whom the letter does not name: a person of ours does
        letters.append(_letter(app, session, agency, address, submission, people[:SHOWN], confirm=True))
    clerks = contacts.find(session, agency, Role.CLERK, now.date())[:1] if changes else []
    written_to = {letter.recipient for letter in letters}
    return letters + [
        _letter(app, session, agency, c.email, submission, changes, confirm=False)
        for c in clerks
        if c.email not in written_to
    ]


def _letter(
    app: AppContext,
    session: Session,
    agency: str,
    recipient: str,
    submission: Submission,
    changes: list[ContactChange],
    *,
    confirm: bool,
) -> Letter:
    code = contact_changes.code(app.secrets, submission.id, recipient) if confirm else None
    names, today = {s.id: s.name for s in app.registry.systems}, submission.recorded_at.astimezone(HERE).date()
    context: ContactChangeWords = {
        "agency": app.registry.agency(agency).name,
        "number": BN(submission.id),
        "received_at": submission.happened_at,
        "origin": _origin(submission),
        "people": [
            {"name": c.name, "email": c.email, "phone": phone(c.phone), "system": names.get(c.system or "")}
            for c in changes[:SHOWN]
        ],
        "more": max(0, len(changes) - SHOWN),
        "code": code,
        "desk": desk(session, app.registry, app.letters(session, today), today),
    }
    words = render(app.settings.data, app.registry, KIND, context, today)
    return compose.letter(
        app.settings,
        KIND,
        recipient,
        words,
        compose.of_change(app.registry.survey, agency, submission.id, code),
        f"{BN(submission.id)} ghi cán bộ đầu mối mới: {'đề nghị xác nhận' if confirm else 'báo cho văn thư'}",
        agency=agency,
        context={"submission": submission.id, "changes": [c.id for c in changes], "asks": confirm},
    )


def _origin(submission: Submission) -> str:
    """From where a form came: whoever is asked about a change in it knows whether that was one of theirs."""
    if not submission.sender:
        return "không qua thư điện tử"
    if submission.sender_doubt:
        return f"từ thư ghi người gửi là {submission.sender} (chưa xác minh được)"
    return f"từ địa chỉ {submission.sender}"


def precondition(session: Session, letter: OutboxLetter, now: datetime) -> str | None:
    """A question holds while it was not answered, a notice while something of it was not refused."""
    changes = session.scalars(select(ContactChange).where(ContactChange.id.in_(letter.context["changes"]))).all()
    open_ones = [c for c in changes if c.confirmed is None or (c.confirmed and not letter.context["asks"])]
    return None if open_ones else "thay đổi liên hệ đã được xác nhận hoặc từ chối"
