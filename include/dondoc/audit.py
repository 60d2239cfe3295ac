"""Who did what, for good: an append-only trail in which each row covers the row before it.

`chain` is a plain digest over a row and the row before it, `digest` an HMAC over `chain`: whoever can write the
database but lacks the key cannot forge a row, nor change one and make the rest fit. A row under a key that was dropped
cannot be checked by itself any more, but each later row still covers it. Rows cut off at the end are seen by whoever
noted a later digest elsewhere: `store.heads` does, and `dondoc audit verify` prints the last one and takes one to
compare.

A room that lets a person change something records it here itself, in the transaction of the change: no door can forget
it, and the act has one name whichever door it came through. `tests/cli/test_trail.py` and `tests/web/test_trail.py`
hold every command and every route to that.
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import keys
from dondoc.configuration.settings import Settings
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.invisible import invisible
from dondoc.store import heads, key_checks
from dondoc.store.session import Sessions, one_at_a_time
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
    seen = invisible(name) is None and all(c == " " or not unicodedata.category(c).startswith("Z") for c in name)
    return latin and seen and len(name) <= LONGEST and any(c.isalnum() for c in name)


def record(
    session: Session, secrets: list[str], actor: Actor, act: str, subject: str, *, now: datetime, **details: Any
) -> AuditEvent:
    """Write down an act, in the transaction of the act itself.

    Args:
        secrets: `AppContext.secrets`; the first one makes the digest.
        act: a verb in code, e.g. `approve`; `subject`: to what, e.g. `TH-00012`.
        details: JSON values; nothing secret.

    Raises:
        Problem: the key was changed since this process began.
    """
    one_at_a_time(session, "audit")
    key_checks.refuse_stale(session, secrets)
    before = last(session)
    event = AuditEvent(
        id=before.id + 1 if before else 1,  # the database's own numbering leaves a gap where one was rolled back
        act=act,
        subject=subject,
        name=actor.name,
        login=actor.login,
        channel=str(actor.channel),
        address=actor.address,
        details=json.loads(json.dumps(details, default=str)),
        key=keys.short_name(secrets[0]) if secrets else "",
        recorded_at=now,
    )
    event.chain = _chain(event, (before.chain, before.digest) if before else (BEGIN, BEGIN))
    event.digest = _seal(event.chain, secrets[0] if secrets else None)
    session.add(event)
    session.flush()
    heads.remember(event)
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


def last(session: Session) -> AuditEvent | None:
    """The newest event."""
    return session.scalar(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1))


def as_row(event: AuditEvent) -> dict[str, Any]:
    """An event as the command line and the page show it."""
    names = ("id", "recorded_at", "act", "subject", "name", "login", "channel", "address", "details", "digest")
    return {name: getattr(event, name) for name in names}


def _message(event: AuditEvent, before: tuple[str, ...]) -> bytes:
    fields = [
        *before,
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
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _chain(event: AuditEvent, before: tuple[str, str]) -> str:
    return hashlib.sha256(_message(event, before)).hexdigest()


def _seal(chain: str, secret: str | None) -> str:
    return (
        chain if secret is None else hmac.new(keys.derive(secret, PURPOSE), chain.encode(), hashlib.sha256).hexdigest()
    )


def _early_seal(event: AuditEvent, before: str, secret: str | None) -> str:
    """The digest of a row that was written before rows had a `chain`: over the row and the digest before it."""
    message = _message(event, (before,))
    if secret is None:
        return hashlib.sha256(message).hexdigest()
    return hmac.new(keys.derive(secret, PURPOSE), message, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Checked:
    """What `verify` found. `broken`: the first row that does not fit, and why; `unknown`: rows made with lost keys that
    no row under a key of ours covers; `unsealed`: rows made without a key, which whoever can write the database can
    have made.
    """

    events: int
    unknown: int
    unsealed: int
    broken: str | None
    last: str  # the newest digest: note it elsewhere


def examine(sessions: Sessions, settings: Settings, expected: str | None = None) -> Checked:
    """Go through the trail of an installation, and compare it with the digests that were noted outside the database.

    Args:
        expected: a digest that a person noted.

    Raises:
        Problem: the file of digests cannot be read.
    """
    try:
        noted = heads.noted(settings.home)
    except OSError as error:
        raise Problem(f"Không đọc được {heads.file(settings.home)}: {error.strerror}. Kiểm tra quyền đọc.") from None
    with sessions.reading() as session:
        return verify(session, settings.secret_keys, [*noted, *([expected] if expected else [])])


def verify(session: Session, secrets: list[str], noted: Iterable[str] = ()) -> Checked:
    """Go through the whole trail.

    Args:
        noted: digests that were noted elsewhere; each has to be in it.
    """
    walk = _Walk({keys.short_name(secret): secret for secret in secrets}, key_checks.names(session))
    missing = set(noted) - {BEGIN}
    every = select(AuditEvent).order_by(AuditEvent.id).execution_options(yield_per=500)
    for event in session.scalars(every):
        if fault := walk.fault(event):
            return walk.found(fault)
        walk.step(event)
        missing.discard(event.digest)
    cut = (
        f"{len(missing)} dấu đã ghi lại không có trong nhật ký: các dòng cuối đã bị xóa, hoặc cơ sở dữ liệu là một bản "
        "sao cũ"
    )
    return walk.found(cut if missing else None)


@dataclass
class _Walk:
    """How far a trail fits, row by row."""

    ours: Mapping[str, str]  # keys by their short names
    used: set[str]  # short names of all keys that the database knows
    events: int = 0
    unknown: int = 0
    unsealed: int = 0
    before: tuple[str, str] = field(default=(BEGIN, BEGIN))
    keyed: bool = False
    known: bool = False

    def fault(self, event: AuditEvent) -> str | None:
        """Why a row cannot be the next one; None when it can."""
        secret = self.ours.get(event.key)
        if event.id != self.events + 1:
            return f"thiếu dòng trước số {event.id}"
        early = not event.chain and (not self.events or not self.before[0])  # once a row has a chain, all later ones do
        if not early and event.chain != _chain(event, self.before):
            return f"dòng {event.id} ({event.act} {event.subject}) đã bị sửa, hoặc dòng trước nó bị xóa"
        if not event.key and self.keyed:
            return f"dòng {event.id} không có khóa, trong khi các dòng trước có"
        if event.key and secret is None and self.known:  # keys are dropped oldest first
            return (
                f"dòng {event.id} ghi tên một khóa không có trong DONDOC_SECRET_KEY, sau những dòng ghi bằng khóa đang "
                "dùng: thêm khóa ấy để kiểm tra; chưa từng có khóa ấy thì dòng đã bị sửa"
            )
        if event.key and secret is None and event.key not in self.used:
            return f"dòng {event.id} ghi tên một khóa mà cơ sở dữ liệu này chưa từng dùng: dòng ấy từ nơi khác đến"
        seal = _early_seal(event, self.before[1], secret) if early else _seal(event.chain, secret)
        if (secret or not event.key) and not hmac.compare_digest(event.digest, seal):
            return f"dòng {event.id} ({event.act} {event.subject}) không phải do khóa của cơ sở dữ liệu này ghi"
        return None

    def step(self, event: AuditEvent) -> None:
        sealed = event.key in self.ours
        self.events, self.before = event.id, (event.chain, event.digest)
        self.unknown = 0 if sealed else self.unknown + bool(event.key)  # it covers all before it
        self.unsealed += not event.key
        self.keyed, self.known = self.keyed or bool(event.key), self.known or sealed

    def found(self, broken: str | None) -> Checked:
        return Checked(self.events, self.unknown, self.unsealed, broken, self.before[1])
