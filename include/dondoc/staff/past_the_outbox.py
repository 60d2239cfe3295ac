"""Mail to our own people when the outbox is what failed: at once, one for each kind of error until it is over.

A file under the home knows what was mailed, as the database does not. A home that cannot be written keeps nothing:
rather a mail too many than none.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from uuid import uuid4

from dondoc.configuration.settings import Settings
from dondoc.mail import servers
from dondoc.mail.message import POLICY
from dondoc.mail.smtp import SmtpConnection
from dondoc.store import files

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mailed:
    """How many mails left on a day, and about which causes that are not over.

    `incident`: a name for what those have in common, so that their end is told once.
    """

    day: str
    sent: int = 0
    open: list[str] = field(default_factory=list)
    incident: str = ""


def mailed(settings: Settings, now: datetime) -> Mailed:
    """What was mailed, and is not known to be over."""
    with _note(settings, now) as note:
        return note.mailed


def mail(settings: Settings, cause: str, subject: str, text: str, now: datetime) -> None:
    """Mail it, unless the same cause is open, or no more mails are to leave today.

    Raises:
        RuntimeError: the mail server did not take it.
    """
    server = servers.smtp(settings)
    if not (server and settings.ops_address):
        log.error("no way to tell anybody: set dondoc_smtp and DONDOC_OPS_ADDRESS")
        return
    with _note(settings, now) as note:
        known = note.mailed
        if cause in known.open or known.sent >= settings.alerts_per_day:
            return
        message = EmailMessage(policy=POLICY)
        message["From"], message["To"], message["Subject"] = server.sender, settings.ops_address, subject
        message["Date"], message["Auto-Submitted"] = format_datetime(now), "auto-generated"
        message.set_content(text)
        with SmtpConnection(server, timeout=20, name=settings.installation) as connection:
            reply, _ = connection.begin_message(parseaddr(server.sender)[1], settings.ops_address, None)
            reply = connection.data(message.as_bytes()) if reply.accepted else reply
        if not reply.accepted:
            raise RuntimeError(f"the mail server said {reply}")
        incident = known.incident or uuid4().hex
        note.mailed = replace(known, sent=known.sent + 1, open=[*known.open, cause], incident=incident)


def ended(settings: Settings, over: Mailed, now: datetime) -> None:
    """Forget these causes: that they are over is told, durably. What was mailed since is another incident."""
    with _note(settings, now) as note:
        known = note.mailed
        if known.incident == over.incident:
            left = [cause for cause in known.open if cause not in over.open]
            note.mailed = replace(known, sent=known.sent + 1, open=left, incident=uuid4().hex if left else "")


@dataclass
class _Note:
    mailed: Mailed


@contextmanager
def _note(settings: Settings, now: datetime) -> Iterator[_Note]:
    """What the file says, one process at a time; what is changed in it is kept there."""
    today, folder = f"{now:%Y-%m-%d}", settings.home / "locks"
    try:
        files.folder(folder)
        handle = os.open(folder / "alerts.json", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        log.warning("no note of what is mailed at once: %s", error.strerror)
        yield _Note(Mailed(today))
        return
    with os.fdopen(handle, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = _read(today, file.read())
        note = _Note(before)
        yield note
        if note.mailed != before:
            file.seek(0)
            file.truncate()
            json.dump(asdict(note.mailed), file)


def _read(today: str, kept: str) -> Mailed:
    """The note as it counts today: causes stay open, the count of mails starts at zero each day."""
    try:
        note = Mailed(**json.loads(kept))
    except (ValueError, TypeError):  # there is none yet, or somebody cut it off
        return Mailed(today)
    if note.open and not note.incident:  # as versions before this field wrote it
        note = replace(note, incident=note.day)
    return note if note.day == today else replace(note, day=today, sent=0)
