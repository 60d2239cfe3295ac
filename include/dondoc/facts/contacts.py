"""Who is written to, and which addresses may act for an agency. Dated; newer rows win, none is ever deleted."""

import csv
import io
from datetime import date, datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.directive.model import Directive
from dondoc.errors import Problem
from dondoc.store.facts import Contact

ROLES = ("focal_officer", "clerk", "head", "board", "approver", "ops")
REQUIRED = ("agency", "role", "name", "email", "phone")
OPTIONAL = ("system", "valid_from", "login")


def import_csv(session: Session, directive: Directive, text: str, filename: str, now: datetime) -> dict[str, int]:
    """Take over a CSV of contacts; a row that is already known as it stands changes nothing.

    Returns:
        counts `added` and `unchanged`.

    Raises:
        Problem: anything is wrong with any row; then nothing is taken over.
    """
    rows = _rows(text, filename)
    contacts, faults = [], []
    for line, row in rows:
        wrong = _fault(directive, row)
        if wrong:
            faults.append(f"{filename}:{line}: {wrong}")
        else:
            contacts.append(_contact(row, now))
    if faults:
        raise Problem("Chưa nhập dòng nào. " + " ".join(faults))
    added = 0
    for contact in contacts:
        if not _known(session, contact):
            session.add(contact)
            session.flush()
            added += 1
    return {"added": added, "unchanged": len(contacts) - added}


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


def _fault(directive: Directive, row: dict[str, str]) -> str | None:
    if row["agency"] not in {a.id for a in directive.agencies}:
        return f"không có đơn vị “{row['agency']}” trong văn bản chỉ đạo."
    if row["role"] not in ROLES:
        return f"không có vai trò “{row['role']}”; chỉ dùng {', '.join(ROLES)}."
    if row.get("system") and row["system"] not in {s.id for s in directive.systems}:
        return f"không có hệ thống “{row['system']}”."
    try:
        validate_email(row["email"], check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return f"“{row['email']}” không phải địa chỉ thư điện tử."
    try:
        date.fromisoformat(row.get("valid_from") or "2000-01-01")
    except ValueError:
        return f"valid_from “{row['valid_from']}” không phải ngày; viết dạng 2021-11-22."
    return None


def _contact(row: dict[str, str], now: datetime) -> Contact:
    return Contact(
        agency=row["agency"],
        role=row["role"],
        system=row.get("system") or None,
        name=row["name"],
        email=row["email"].lower(),
        phone=row["phone"],
        login=row.get("login") or None,
        valid_from=date.fromisoformat(row.get("valid_from") or "2000-01-01"),
        recorded_at=now,
    )


def _known(session: Session, contact: Contact) -> bool:
    """Whether the newest row for the same address says the same already."""
    newest = session.scalar(
        select(Contact)
        .where(Contact.agency == contact.agency, Contact.role == contact.role, Contact.email == contact.email)
        .where(Contact.system.is_(None) if contact.system is None else Contact.system == contact.system)
        .order_by(Contact.id.desc())
        .limit(1)
    )
    return newest is not None and (newest.name, newest.phone, newest.login, newest.valid_from) == (
        contact.name,
        contact.phone,
        contact.login,
        contact.valid_from,
    )


def find(session: Session, agency: str, role: str, day: date, system: str | None = None) -> list[Contact]:
    """Who holds a role on a day, one entry per address; whoever was named for the system itself comes first.

    Of several people for the same agency, role and system the last named comes first.
    """
    rows = session.scalars(
        select(Contact)
        .where(Contact.agency == agency, Contact.role == role, Contact.valid_from <= day)
        .order_by(Contact.valid_from.desc(), Contact.id.desc())
    ).all()
    wanted = [r for r in rows if system is not None and r.system == system] + [r for r in rows if r.system is None]
    if system is None:
        wanted = list(rows)
    return list({r.email: r for r in reversed(wanted)}.values())[::-1]


def agency_of_sender(session: Session, email: str, day: date) -> set[str]:
    """The agencies an address may act for: those it is registered for in a role of theirs."""
    rows = session.scalars(
        select(Contact.agency)
        .where(Contact.email == email.strip().lower(), Contact.valid_from <= day)
        .where(Contact.role.in_(["focal_officer", "clerk", "head"]))
    )
    return set(rows)
