"""Changes of contacts that a form named: they wait until the old address or a person of ours has said yes."""

import hmac
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dondoc import audit, clock, keys
from dondoc.audit import Actor
from dondoc.clock import HERE
from dondoc.errors import Problem
from dondoc.facts.moments import happened
from dondoc.store.facts import Contact, ContactChange
from dondoc.vocabulary.fields import Field, must
from dondoc.vocabulary.numbers import BN, TD

PURPOSE = "contact change"
SIGNED = 20  # characters of the signature in a code: 120 bits
STATES = {None: "waiting", True: "confirmed", False: "refused"}
CODE = re.compile(rf"XN-([0-9]{{4,9}})-([A-Za-z0-9_-]{{{SIGNED}}})(?![A-Za-z0-9_-])")


def code(secrets: list[str], submission: int, asked: str) -> str:
    """What an old address quotes to answer for all changes of a submission that it was asked about.

    Raises:
        Problem: no secret is set.
    """
    signed = keys.sign(secrets, PURPOSE, f"{submission}|{asked}".encode())
    return f"XN-{submission:04}-{signed[:SIGNED]}"


def genuine(secrets: list[str], text: str, asked: str) -> int | None:
    """The submission of the first code in a text that was made for this address; None without any."""
    for said in CODE.finditer(text):
        submission = int(said[1])
        if any(hmac.compare_digest(code([secret], submission, asked), said[0]) for secret in secrets):
            return submission
    return None


def waiting(session: Session) -> list[ContactChange]:
    """Changes that nobody has answered, oldest first."""
    return list(
        session.scalars(select(ContactChange).where(ContactChange.confirmed.is_(None)).order_by(ContactChange.id))
    )


def asked_of(session: Session, submission: int, address: str) -> list[ContactChange]:
    """The changes of a submission that an old address was asked about and that still wait."""
    return [c for c in waiting(session) if (c.submission_id, c.asked) == (submission, address)]


def confirm(
    session: Session, secrets: list[str], change: int, *, by: Actor, now: datetime, on: date | None = None
) -> ContactChange:
    """Let a change take effect.

    Args:
        on: from this day; None: today.

    Raises:
        Problem: there is no such change, it was answered already, or the day is to come or before the form named it.
    """
    found = _answer(session, change, True, by, now)
    since = on or now.astimezone(HERE).date()
    named = found.happened_at.astimezone(HERE).date()
    happened(clock.at(since, 0), now, since=named, of=BN(found.submission_id))
    session.add(
        Contact(
            agency=found.agency,
            role=found.role,
            system=found.system,
            name=found.name,
            email=found.email,
            phone=found.phone,
            valid_from=since,
            recorded_at=now,
        )
    )
    _record(session, secrets, found, "contact_confirm", by, now, **{"from": since.isoformat()})
    return found


def refuse(
    session: Session, secrets: list[str], change: int, *, reason: str, by: Actor, now: datetime
) -> ContactChange:
    """Let a change never take effect.

    Raises:
        Problem: there is no such change, it was answered already, or nobody says why.
    """
    reason = must(Field.REASON, reason)
    found = _answer(session, change, False, by, now)
    _record(session, secrets, found, "contact_refuse", by, now, reason=reason)
    return found


def _answer(session: Session, change: int, confirmed: bool, by: Actor, now: datetime) -> ContactChange:
    if session.get(ContactChange, change) is None:
        raise Problem(f"Không có thay đổi liên hệ {TD(change)}.")
    first = session.scalar(
        update(ContactChange)
        .where(ContactChange.id == change, ContactChange.confirmed.is_(None))
        .values(confirmed=confirmed, by=by.name, decided_at=now)
        .returning(ContactChange.id),
        execution_options={"synchronize_session": False},
    )
    found = session.get_one(ContactChange, change, populate_existing=True)
    if first is None:
        raise Problem(f"{TD(change)} đã được {'xác nhận' if found.confirmed else 'từ chối'} ({found.by}).")
    return found


def _record(
    session: Session, secrets: list[str], change: ContactChange, act: str, by: Actor, now: datetime, **more: str
) -> None:
    told = {"agency": change.agency, "system": change.system, "email": change.email}
    audit.record(session, secrets, by, act, TD(change.id), now=now, **told, **more)


def rows(changes: Sequence[ContactChange]) -> list[dict[str, Any]]:
    """Changes as the command line and the pages show them."""
    return [
        {
            "id": str(c.id),
            "number": TD(c.id),
            "submission": BN(c.submission_id),
            "agency": c.agency,
            "role": c.role,
            "system": c.system,
            "name": c.name,
            "email": c.email,
            "phone": c.phone,
            "asked": c.asked,
            "state": STATES[c.confirmed],
            "by": c.by,
            "decided_at": c.decided_at.isoformat(timespec="seconds") if c.decided_at else None,
            "named_at": c.happened_at.isoformat(timespec="seconds"),
        }
        for c in changes
    ]


def every(session: Session) -> list[ContactChange]:
    """All changes, answered or not, oldest first."""
    return list(session.scalars(select(ContactChange).order_by(ContactChange.id)))
