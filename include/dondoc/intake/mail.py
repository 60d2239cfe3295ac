"""What a mail brings. Its headers and parts may be hostile or broken: what cannot be read is missing, and said."""

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parseaddr
from typing import TypeVar

from imap_tools.message import MailMessage

HEADERS = 65_536  # bytes of the beginning of a mail that are read where the rest is not
LARGEST_HEADER = 262_144
MOST_LINES = 1_000_000  # 50 MB in base64 have 700,000
MOST_PARTS = 5_000
MOST_DOCUMENTS = 100
T = TypeVar("T")


@dataclass(frozen=True)
class Mail:
    """What was read. `documents`: name and bytes of each; `automatic`: a machine wrote it; `faults`: what could not."""

    parsed: Message
    complete: bool  # False: its header goes on beyond what was read
    message_id: str | None
    subject: str | None
    text: str
    documents: list[tuple[str, bytes]]
    automatic: bool
    faults: list[str]


def read_mail(raw: bytes) -> Mail:
    """A mail, or its beginning, read as far as it can be."""
    reader = _Reader()
    if why := unreasonable(raw):
        reader.faults.append(why)
        raw = raw[:HEADERS]
    mail = reader.read(lambda: MailMessage.from_bytes(raw), MailMessage.from_bytes(b""))
    documents: list[tuple[str, bytes]] = [] if why else reader.read(lambda: _documents(mail), [])
    if len(documents) > MOST_DOCUMENTS:
        reader.faults.append(f"{len(documents)} tệp đính kèm")
        documents = []
    return Mail(
        parsed=mail.obj,
        complete=_header_ends(raw),
        message_id=reader.read(lambda: _message_id(mail), None),
        subject=reader.read(lambda: mail.subject, None),
        text="" if why else reader.read(lambda: mail.text, ""),
        documents=documents,
        automatic=reader.read(lambda: is_automatic(mail), True),  # who cannot be told from a machine gets no answer
        faults=list(dict.fromkeys(reader.faults)),
    )


def unreasonable(raw: bytes) -> str | None:
    """Why a mail is kept whole and not taken apart: it would take too much time or memory. None: it is as mails are."""
    if len(raw) > LARGEST_HEADER and not _header_ends(raw[:LARGEST_HEADER]):
        return "phần đầu thư quá dài"
    if raw.count(b"\n") > MOST_LINES:
        return "quá nhiều dòng"
    if raw.count(b"\n--") > MOST_PARTS:
        return "quá nhiều phần"
    return None


def _header_ends(raw: bytes) -> bool:
    return b"\r\n\r\n" in raw or b"\n\n" in raw


def is_automatic(mail: MailMessage) -> bool:
    """A machine wrote it (RFC 3834): a bounce, an absence note, or our own letter coming back."""
    headers = {name.lower(): " ".join(map(str, values)).lower() for name, values in mail.headers.items()}
    sender = parseaddr(headers.get("from", ""))[1]
    return (
        headers.get("auto-submitted", "no") != "no"
        or headers.get("precedence", "") in ("bulk", "junk", "auto_reply")
        or "x-dondoc-loop" in headers
        or "x-autoreply" in headers
        or headers.get("return-path", "").strip() == "<>"
        or "multipart/report" in headers.get("content-type", "")
        or sender.startswith(("mailer-daemon", "postmaster", "no-reply", "noreply"))
    )


def _documents(mail: MailMessage) -> list[tuple[str, bytes]]:
    """What a mail brings, by name: not the pictures of its own text, and a forwarded mail by what is in it."""
    found = []
    for part in mail.attachments:
        shown = part.content_type.startswith("image/") and part.content_id and f"cid:{part.content_id}" in mail.html
        body = not part.filename and part.content_type.startswith(("text/", "message/"))
        if part.payload and not shown and not body:
            ending = mimetypes.guess_extension(part.content_type) or ""
            found.append((part.filename or f"tep-dinh-kem{ending}", part.payload))
    return found


def _message_id(mail: MailMessage) -> str | None:
    return " ".join(str(v) for v in mail.headers.get("message-id", ())).strip() or None


@dataclass
class _Reader:
    """Reads a mail part by part. The libraries raise whatever they trip over: such a part counts as missing, and the
    others are read all the same."""

    faults: list[str] = field(default_factory=list)

    def read(self, part: Callable[[], T], instead: T) -> T:
        try:
            return part()
        except Exception as error:
            self.faults.append(type(error).__name__)
            return instead
