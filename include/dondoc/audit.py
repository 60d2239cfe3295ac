"""Who did what, for good: an append-only trail in which each row's digest covers the row before it.

With a key set the digest is an HMAC, so that whoever can write the database but lacks the key cannot forge a row, nor
change one and make the rest fit. Rows cut off at the end are seen only by whoever noted the last digest elsewhere:
`dondoc audit verify` prints it, and takes one to compare.
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import keys
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.store.session import one_at_a_time
from dondoc.store.trust import AuditEvent

PURPOSE = "audit"
BEGIN = "0" * 64
LONGEST = 200  # characters of a person's name
# Names of programs: no person's word is given in one of these. Compared without accents and case.
MACHINES = frozenset(
    {"dondoc", "don doc", "airflow", "system", "he thong", "may", "may chu", "scheduler", "cron", "bot", "anonymous"}
)


class Channel(StrEnum):
    """The door through which somebody acted."""

    PAGE = "page"
    CLI = "cli"
    AIRFLOW = "airflow"
    MAIL = "mail"
    MACHINE = "machine"


@dataclass(frozen=True)
class Actor:
    """Who acts. `name` is what people call them, `login` what the door knows for certain: an account, not a name."""

    name: str
    login: str
    channel: Channel
    address: str | None = None  # of the network


MACHINE = Actor("dondoc", "", Channel.MACHINE)


def person(name: str) -> str:
    """The name of a person who decides.

    Raises:
        Problem: there is none, or it is that of a program.
    """
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name:
        raise Problem("Chưa ghi tên người quyết định.")
    if not _is_a_name(name):
        raise Problem(f"Tên người quyết định phải viết bằng chữ Latinh, không quá {LONGEST} ký tự, không ký tự ẩn.")
    if fold(unicodedata.normalize("NFKC", name)) in MACHINES:
        raise Problem(f"“{name}” là tên của máy, không phải của người. Ghi họ tên người quyết định.")
    return name


def _is_a_name(name: str) -> bool:
    """No letters of other scripts, in which a program's name can look like itself, and nothing that nobody sees."""
    latin = all(unicodedata.name(c, "").startswith(("LATIN", "FULLWIDTH LATIN")) for c in name if c.isalpha())
    seen = all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in name)
    return latin and seen and len(name) <= LONGEST and any(c.isalnum() for c in name)


def record(
    session: Session, secrets: list[str], actor: Actor, act: str, subject: str, *, now: datetime, **details: Any
) -> AuditEvent:
    """Write down an act, in the transaction of the act itself.

    Args:
        secrets: `World.secrets`; the first one makes the digest.
        act: a verb in code, e.g. `approve`; `subject`: to what, e.g. `TH-00012`.
        details: JSON values; nothing secret.
    """
    one_at_a_time(session, "audit")
    last = session.execute(select(AuditEvent.id, AuditEvent.digest).order_by(AuditEvent.id.desc()).limit(1)).first()
    number, before = (last.id, last.digest) if last else (0, BEGIN)
    event = AuditEvent(
        id=number + 1,  # not the database's own numbering: a transaction rolled back would leave a gap in it
        act=act,
        subject=subject,
        name=actor.name,
        login=actor.login,
        channel=str(actor.channel),
        address=actor.address,
        details=json.loads(json.dumps(details, default=str)),
        key=keys.short_name(secrets[0]) if secrets else "",
        digest="",
        recorded_at=now,
    )
    event.digest = _digest(event, before, secrets[0] if secrets else None)
    session.add(event)
    session.flush()
    return event


def events(
    session: Session,
    *,
    act: str | None = None,
    subject: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[AuditEvent]:
    """What was written down, newest first; `before`: only events with a smaller number."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    wanted = [
        *([AuditEvent.act == act] if act else []),
        *([AuditEvent.subject == subject] if subject else []),
        *([AuditEvent.recorded_at >= since] if since else []),
        *([AuditEvent.id < before] if before else []),
    ]
    return list(session.scalars(query.where(*wanted)))


def as_row(event: AuditEvent) -> dict[str, Any]:
    """An event as the command line and the page show it."""
    names = ("id", "recorded_at", "act", "subject", "name", "login", "channel", "address", "details", "digest")
    return {name: getattr(event, name) for name in names}


def _digest(event: AuditEvent, before: str, secret: str | None) -> str:
    told = [
        before,
        event.act,
        event.subject,
        event.name,
        event.login,
        event.channel,
        event.address,
        event.details,
        event.key,
        event.recorded_at.astimezone(UTC).isoformat(),
    ]
    message = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    if secret is None:
        return hashlib.sha256(message).hexdigest()
    return hmac.new(keys.derive(secret, PURPOSE), message, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Checked:
    """What `verify` found. `broken`: the first row that does not fit, and why; `unknown`: rows made with lost keys;
    `unsealed`: rows made without a key, which whoever can write the database can have made.
    """

    events: int
    unknown: int
    unsealed: int
    broken: str | None
    last: str  # the newest digest: note it elsewhere


def verify(session: Session, secrets: list[str], noted: str | None = None) -> Checked:
    """Go through the whole trail.

    Args:
        noted: a digest that was printed before; it has to be in the trail.
    """
    by_name: Mapping[str, str] = {keys.short_name(secret): secret for secret in secrets}
    events: Iterable[AuditEvent] = session.scalars(
        select(AuditEvent).order_by(AuditEvent.id).execution_options(yield_per=500)
    )
    before, count, unknown, unsealed, keyed, seen, previous = BEGIN, 0, 0, 0, False, noted in (None, BEGIN), 0
    known = False
    for event in events:
        count += 1
        broken = None
        if event.id != previous + 1:
            broken = f"thiếu dòng trước số {event.id}"
        elif event.key and event.key not in by_name and known:
            # keys are dropped oldest first: after a row that we can check comes none that we cannot
            broken = (
                f"dòng {event.id} ghi tên một khóa không có trong DONDOC_SECRET_KEY, sau những dòng ghi bằng khóa đang "
                "dùng: thêm khóa ấy để kiểm tra; chưa từng có khóa ấy thì dòng đã bị sửa"
            )
        elif event.key and event.key not in by_name:
            unknown += 1
        elif not event.key and keyed:
            broken = f"dòng {event.id} không có khóa, trong khi các dòng trước có"
        elif _digest(event, before, by_name[event.key] if event.key else None) != event.digest:
            broken = f"dòng {event.id} ({event.act} {event.subject}) đã bị sửa, hoặc dòng trước nó bị xóa"
        if broken:
            return Checked(count, unknown, unsealed, broken, before)
        keyed, known, unsealed = keyed or bool(event.key), known or event.key in by_name, unsealed + (not event.key)
        before, previous, seen = event.digest, event.id, seen or event.digest == noted
    return Checked(
        count, unknown, unsealed, None if seen else "không có dấu đã ghi lại: các dòng cuối đã bị xóa", before
    )
