"""Who is written to, and which addresses may act for an agency. Dated; newer rows win, none is ever deleted.

Of the rows of one address in one role the newest that has begun by a day says how it stands that day: so a row with a
last day ends what the rows before it began, and an answer for an earlier day stays what it was.
"""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.clock import HERE
from dondoc.directive.model import Registry
from dondoc.documents.words import phone
from dondoc.errors import Problem
from dondoc.invisible import invisible, warning
from dondoc.store.facts import Contact
from dondoc.store.intake import Assignment, Submission
from dondoc.store.parts import parts
from dondoc.vocabulary.fields import Field, may
from dondoc.vocabulary.people import OF_AN_AGENCY, Role

REQUIRED = ("agency", "role", "name", "email", "phone")
Held = tuple[str, Role, str | None, str]  # agency, role, system, address
OPTIONAL = ("system", "valid_from", "valid_to", "login")
MASKED = "da-an.invalid"  # RFC 2606: no mail ever goes there
ALWAYS = date(2000, 1, 1)  # from when somebody is known of whom the list does not say it


def canonical(email: str) -> str:
    """An address as it is compared: domain in ASCII (IDNA) and small letters, local part in small letters.

    Raises:
        EmailNotValidError: it is no bare address.
    """
    found = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    return f"{found.local_part.lower()}@{found.ascii_domain.lower()}"


@lru_cache(maxsize=4096)  # a run asks about each sender for every agency
def folded(email: str) -> str:
    """`canonical`, or what is no address in small letters."""
    try:
        return canonical(email)
    except EmailNotValidError:
        return email.strip().lower()


@dataclass(frozen=True)
class Imported:
    """`ended`: who is missing from the list, where it ends those."""

    added: int
    unchanged: int
    ended: tuple[Contact, ...] = ()


class Missing(StrEnum):
    """Whose contacts end when a list does not name them."""

    NOBODY = "nobody"
    LISTED = "listed"  # those of the agencies that the list names
    ALL = "all"


def masked(email: str) -> str:
    """What stands for an address that is no longer kept: only who knows the address finds it again."""
    return f"{hashlib.sha256(email.encode()).hexdigest()[:24]}@{MASKED}"


def import_csv(
    session: Session,
    registry: Registry,
    text: str,
    filename: str,
    *,
    by: Actor,
    secrets: list[str],
    now: datetime,
    missing: Missing = Missing.NOBODY,
) -> Imported:
    """Take over a CSV of contacts; a row that is already known as it stands changes nothing.

    Of several who hold a role, whom the list names last comes before everybody whom older lists named, whatever their
    days. A row without `valid_to` or `login` keeps what is known of these: an old list does not bring back who has
    left. Who comes again has a row with a new `valid_from`.

    Args:
        missing: whose contacts end with the day before when the list does not name them.

    Raises:
        Problem: anything is wrong with any row; then nothing is taken over.
    """
    rows = _rows(text, filename)
    contacts: list[Contact] = []
    faults = []
    for line, row in rows:
        wrong = _fault(registry, row)
        if wrong:
            faults.append(f"{filename}:{line}: {wrong}")
        else:
            contacts.append(_contact(row, now))
    if faults:
        raise Problem("Chưa nhập dòng nào. " + " ".join(faults))
    fresh = set[Held]()
    for contact in sorted(contacts, key=lambda c: c.valid_from):  # of one address the later period counts
        history = _history(session, contact)
        if contact.valid_from == ALWAYS:
            contact.valid_from = _undated(session, contact, history, fresh, now)
        _keep_what_is_known(contact, history)
        if not _known(contact, history):
            session.add(contact)
            session.flush()
            fresh.add(_held(contact))
        if contact.valid_to:
            forget_assignments(session, contact.agency, contact.email, contact.valid_to)
    fresh |= _put_first(session, contacts, now)
    ended = _end_missing(session, contacts, missing, now)
    added = sum(_held(contact) in fresh for contact in contacts)
    counts = {"added": added, "unchanged": len(contacts) - added}
    told = counts | ({"ended": [[c.agency, c.role, c.system] for c in ended]} if ended else {})
    audit.record(session, secrets, by, "contacts_import", filename, now=now, **told)
    return Imported(**counts, ended=tuple(ended))


def _held(contact: Contact) -> Held:
    """What of whose a contact is, by its address."""
    return contact.agency, contact.role, contact.system, contact.email


def _put_first(session: Session, listed: Sequence[Contact], now: datetime) -> set[Held]:
    """Whom a list names last for a role comes first from today, before everybody whom an older list named later."""
    today, moved = now.astimezone(HERE).date(), set[Held]()
    last: dict[tuple[str, Role, str | None], Contact] = {}
    for contact in sorted(listed, key=lambda c: c.valid_from):
        if contact.valid_from <= today and (contact.valid_to is None or contact.valid_to >= today):
            last[contact.agency, contact.role, contact.system] = contact
    for (agency, role, system), contact in last.items():
        first = next((c for c in find(session, agency, role, today) if c.system == system), None)
        if first is not None and first.email != contact.email:
            session.add(_copy(contact, now, valid_from=today))
            session.flush()
            moved.add(_held(contact))
    return moved


def _end_missing(session: Session, listed: Sequence[Contact], missing: Missing, now: datetime) -> list[Contact]:
    """End with yesterday who holds a role today and is not in a list."""
    if missing is Missing.NOBODY:
        return []
    today = now.astimezone(HERE).date()
    named = {_held(contact) for contact in listed}
    whose = [Contact.agency.in_({c.agency for c in listed})] if missing is Missing.LISTED else []
    gone = [c for c in in_force(session, today, *whose) if _held(c) not in named]
    ended = [_copy(c, now, valid_to=today - timedelta(days=1)) for c in gone]
    session.add_all(ended)
    session.flush()
    for contact in ended:
        forget_assignments(session, contact.agency, contact.email, today - timedelta(days=1))
    return ended


def _copy(contact: Contact, now: datetime, **new: date) -> Contact:
    names = ("agency", "role", "system", "name", "email", "phone", "login", "valid_from", "valid_to")
    return Contact(**({name: getattr(contact, name) for name in names} | {"recorded_at": now} | new))


def _rows(text: str, filename: str) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    columns = [str(c).strip() for c in reader.fieldnames or ()]
    if missing := [c for c in REQUIRED if c not in columns]:
        raise Problem(f"{filename}: thiếu cột {', '.join(missing)}. Dòng đầu phải là: {','.join(REQUIRED)}.")
    if unknown := sorted(set(columns) - {*REQUIRED, *OPTIONAL}):
        raise Problem(f"{filename}: không hiểu cột {', '.join(unknown)}. Chỉ dùng: {','.join(REQUIRED + OPTIONAL)}.")
    reader.fieldnames = columns
    try:
        return [
            (reader.line_num, {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)})
            for row in reader
            if any(row.values())
        ]
    except csv.Error:
        raise Problem(f"{filename}:{reader.line_num + 1}: không phải CSV (thiếu dấu nháy đóng?).") from None


def _fault(registry: Registry, row: dict[str, str]) -> str | None:
    for column, cell in row.items():
        if character := invisible(cell, but_for=""):
            return f"{warning(f'cột {column}', character)}."
    if row["agency"] not in {a.id for a in registry.agencies}:
        return f"không có đơn vị “{row['agency']}” trong văn bản chỉ đạo."
    if row["role"] not in [*Role]:
        return f"không có vai trò “{row['role']}”; chỉ dùng {', '.join(Role)}."
    if row.get("system") and row["system"] not in {s.id for s in registry.systems}:
        return f"không có hệ thống “{row['system']}”."
    try:
        canonical(row["email"])
    except EmailNotValidError:
        return f"“{row['email']}” không phải địa chỉ thư điện tử."
    days = {}
    for column in ("valid_from", "valid_to"):
        try:
            days[column] = date.fromisoformat(row[column]) if row.get(column) else None
        except ValueError:
            return f"{column} “{row[column]}” không phải ngày; viết dạng 2021-11-22."
    if days["valid_to"] and days["valid_to"] < (days["valid_from"] or ALWAYS):
        return f"valid_to {row['valid_to']} trước valid_from {row.get('valid_from') or ALWAYS}."
    return None


def _contact(row: dict[str, str], now: datetime) -> Contact:
    return Contact(
        agency=row["agency"],
        role=Role.read(row["role"], "vai trò"),
        system=row.get("system") or None,
        name=row["name"],
        email=canonical(row["email"]),
        phone=row["phone"],
        login=row.get("login") or None,
        valid_from=date.fromisoformat(row["valid_from"]) if row.get("valid_from") else ALWAYS,
        valid_to=date.fromisoformat(row["valid_to"]) if row.get("valid_to") else None,
        recorded_at=now,
    )


def _history(session: Session, contact: Contact) -> Sequence[Contact]:
    """The rows of the same address in the same role, newest first."""
    return session.scalars(
        select(Contact)
        .where(Contact.agency == contact.agency, Contact.role == contact.role)
        .where(Contact.email.in_((contact.email, masked(contact.email))))
        .where(Contact.system.is_(None) if contact.system is None else Contact.system == contact.system)
        .order_by(Contact.id.desc())
    ).all()


def _undated(session: Session, contact: Contact, history: Sequence[Contact], fresh: set[Held], now: datetime) -> date:
    """From when somebody is a contact of whom a list does not say it: as known, or from today in place of another."""
    today = now.astimezone(HERE).date()
    if history:
        return history[0].valid_from if history[0].valid_from <= today else ALWAYS
    others = [c for c in find(session, contact.agency, contact.role, today) if c.system == contact.system]
    return today if any(_held(c) not in fresh for c in others) else ALWAYS


def _keep_what_is_known(contact: Contact, history: Sequence[Contact]) -> None:
    if not history:
        return
    newest = history[0]
    if contact.valid_to is None and newest.valid_to and contact.valid_from <= newest.valid_to:
        contact.valid_to = newest.valid_to
    contact.login = contact.login or newest.login


def _known(contact: Contact, history: Sequence[Contact]) -> bool:
    """Whether the newest row of the same address that began on the same day says the same already."""
    same = next((c for c in history if c.valid_from == contact.valid_from), None)
    return same is not None and (same.name, same.phone, same.valid_to, same.login) == (
        contact.name,
        contact.phone,
        contact.valid_to,
        contact.login,
    )


def find(
    session: Session,
    agency: str,
    role: Role,
    day: date,
    system: str | None = None,
    known_at: datetime | None = None,
) -> list[Contact]:
    """Who holds a role on a day, one entry per address; whoever was named for the system itself comes first.

    Of several people for the same agency, role and system the last named comes first.
    """
    return first_named(
        in_force(session, day, Contact.agency == agency, Contact.role == role, known_at=known_at), system
    )


def first_named(held: Iterable[Contact], system: str | None) -> list[Contact]:
    """Those who hold one role of an agency, in the order of `find`."""
    rows = sorted(held, key=lambda c: (c.valid_from, c.id), reverse=True)
    wanted = [r for r in rows if system is not None and r.system == system] + [r for r in rows if r.system is None]
    if system is None:
        wanted = list(rows)
    return list({r.email: r for r in reversed(wanted)}.values())[::-1]


@dataclass(frozen=True)
class Holder:
    """Who holds a role first. `since`: the first day on which; `before`: who held it the day before, if anybody."""

    contact: Contact
    since: date
    before: Contact | None


def held_since(
    session: Session,
    agency: str,
    role: Role,
    day: date,
    system: str | None = None,
    known_at: datetime | None = None,
) -> Holder | None:
    """Who is written to in a role on a day, since when, and whom they replaced; None: nobody holds it.

    Letters that are still to leave go to the new holder, who gets one letter that hands over what the one before him
    was asked for.
    """

    def first(on: date) -> Contact | None:
        return next(iter(find(session, agency, role, on, system, known_at)), None)

    if (holder := first(day)) is None:
        return None
    since = day
    for edge in _edges(session, agency, role, day):
        held = first(edge - timedelta(days=1))
        since = edge
        if held is None or held.email != holder.email:
            return Holder(holder, since, held)
    return Holder(holder, since, None)


def _edges(session: Session, agency: str, role: Role, day: date) -> list[date]:
    """The days up to one on which it can have changed who holds a role, the latest first."""
    query = select(Contact.valid_from, Contact.valid_to).where(Contact.agency == agency, Contact.role == role)
    found = {edge for begins, ends in session.execute(query) for edge in (begins, ends and ends + timedelta(days=1))}
    return sorted((edge for edge in found if edge and edge <= day), reverse=True)


def desk(session: Session, registry: Registry, day: date, known_at: datetime | None = None) -> str | None:
    """Whom a reader can call: our own focal officer, when one is named."""
    return by_phone(find(session, registry.office, Role.FOCAL_OFFICER, day, known_at=known_at))


def to_call(session: Session, agency: str, day: date, system: str | None = None) -> str | None:
    """Whom of an agency to call: its focal officer, else its clerk, else its head."""
    roles = (Role.FOCAL_OFFICER, Role.CLERK, Role.HEAD)
    return by_phone(contact for role in roles for contact in find(session, agency, role, day, system))


def by_phone(held: Iterable[Contact]) -> str | None:
    """Name and number of the first who has one."""
    return next((f"{c.name}, điện thoại {phone(c.phone)}" for c in held if c.phone), None)


def in_force(
    session: Session, day: date, *which: ColumnElement[bool], known_at: datetime | None = None
) -> list[Contact]:
    """The contacts of a day that meet the conditions, as known at a moment; those that ended before it are none."""
    recorded = [Contact.recorded_at <= known_at] if known_at else []
    query = select(Contact).where(Contact.valid_from <= day, *which, *recorded)
    return _in_force(session.scalars(query.order_by(Contact.id)), day)


def _in_force(rows: Iterable[Contact], day: date) -> list[Contact]:
    newest = {(c.agency, c.role, c.system, c.email): c for c in rows if c.valid_from <= day}
    return [c for c in newest.values() if c.valid_to is None or c.valid_to >= day]


def roles_of_sender(session: Session, email: str, day: date, known_at: datetime | None = None) -> set[tuple[str, Role]]:
    """Agency and role, of each role of an agency that an address holds on a day."""
    its = (Contact.email == folded(email), Contact.role.in_(OF_AN_AGENCY))
    held = in_force(session, day, *its, known_at=known_at)
    return {(c.agency, c.role) for c in held}


def agency_of_sender(session: Session, email: str, day: date, known_at: datetime | None = None) -> set[str]:
    """The agencies an address may act for: those it is registered for in a role of theirs."""
    return {agency for agency, _ in roles_of_sender(session, email, day, known_at)}


def addresses_of(session: Session, agencies: Collection[str]) -> set[str]:
    """Every address that was ever registered for one of these in a role of theirs."""
    its = (Contact.agency.in_(agencies), Contact.role.in_(OF_AN_AGENCY))
    return set(session.scalars(select(Contact.email).where(*its)))


def agencies_of_senders(
    session: Session, asked: Collection[tuple[str, date]], known_at: datetime | None = None
) -> dict[tuple[str, date], set[str]]:
    """As `agency_of_sender`, of many addresses and days at once."""
    emails = sorted({folded(email) for email, _ in asked})
    rows: dict[str, list[Contact]] = defaultdict(list)
    for part in parts(emails):
        its: list[ColumnElement[bool]] = [Contact.email.in_(part), Contact.role.in_(OF_AN_AGENCY)]
        its += [Contact.recorded_at <= known_at] if known_at else []
        for contact in session.scalars(select(Contact).where(*its).order_by(Contact.id)):
            rows[contact.email].append(contact)
    return {(email, day): {c.agency for c in _in_force(rows[folded(email)], day)} for email, day in asked}


def end(
    session: Session,
    email: str,
    *,
    agency: str,
    on: date,
    by: Actor,
    secrets: list[str],
    now: datetime,
    role: str | None = None,
    system: str | None = None,
    reason: str = "",
) -> list[Contact]:
    """End what an address is at an agency, with its last day: in one role or all, for one system or all.

    From the next day on it is written to no more and may not act, nor because a person once assigned what it sent.

    Returns:
        the new rows, one for each role and system that ends; none where it acted by an assignment alone.

    Raises:
        Problem: it is none of these on that day.
    """
    which = [Contact.agency == agency, Contact.email == folded(email)]
    which += [Contact.role == role] if role else []
    which += [Contact.system == system] if system else []
    ended = [_copy(c, now, valid_to=on) for c in in_force(session, on, *which)]
    session.add_all(ended)
    session.flush()
    if not (forget_assignments(session, agency, folded(email), on) or ended):
        raise Problem(
            f"Ngày {on:%d/%m/%Y}, {email.strip()} không phải liên hệ của “{agency}”"
            + (
                f" ở vai trò, hệ thống đã ghi ({role or 'mọi vai trò'}, {system or 'mọi hệ thống'})"
                if role or system
                else ""
            )
            + ". Kiểm tra địa chỉ, mã đơn vị và ngày."
        )
    told = {"agency": agency, "on": on.isoformat(), "roles": [[c.role, c.system] for c in ended]}
    audit.record(session, secrets, by, "contacts_end", folded(email), now=now, reason=may(Field.REASON, reason), **told)
    return ended


def forget_assignments(session: Session, agency: str, email: str, last_day: date) -> int:
    """Once an address is nothing to an agency any more, it may not act because of an assignment either.

    Returns:
        how many assignments count no more.
    """
    if agency in agency_of_sender(session, email, last_day + timedelta(days=1)):
        return 0
    sent = select(Submission.id).where(Submission.sender == email)
    lasting = (Assignment.agency == agency, Assignment.lasting, Assignment.submission_id.in_(sent))
    found = session.scalars(select(Assignment).where(*lasting)).all()
    for assignment in found:
        assignment.lasting = False
    return len(found)


def assigned_agencies(session: Session, sender: str) -> set[str]:
    """The agencies that a sender may act for because a person said so, for good, of something it sent."""
    query = (
        select(Assignment.agency)
        .join(Submission, Submission.id == Assignment.submission_id)
        .where(Submission.sender == sender, Assignment.lasting, Submission.sender_doubt.is_(None))
    )
    return set(session.scalars(query))
