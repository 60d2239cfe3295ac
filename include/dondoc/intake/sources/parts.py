"""Taking a mail apart as the work of a confined child: see `isolation.server`. `intake.mail` is its other side.

A request is the mail. The answer is a line of JSON (`Parts`) and the bytes of the documents, one after the other.
"""

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from imap_tools.message import MailMessage
from pydantic import TypeAdapter

MOST_DOCUMENTS = 100
SUBJECT, TEXT, NAME = 2_000, 20_000, 2_000  # characters that anybody looks at
T = TypeVar("T")


@dataclass
class Parts:
    """What was read. `documents`: name and size of each; `faults`: what could not be read."""

    subject: str | None = None
    text: str = ""
    documents: list[tuple[str, int]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


PARTS = TypeAdapter(Parts)


def prepare(context: bytes) -> None:
    """Load what is loaded at the first use: the types of files, and the decoders of mails."""
    work(b"Subject: =?utf-8?q?a?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n", bytes)
    mimetypes.init()


def work(request: bytes, ask: Callable[[bytes], bytes]) -> bytes:
    """One mail: what it says, and the documents that it brings."""
    reader = _Reader()
    mail = reader.read(lambda: MailMessage.from_bytes(request), MailMessage.from_bytes(b""))
    documents = reader.read(lambda: _documents(mail), list[tuple[str, bytes]]())
    if len(documents) > MOST_DOCUMENTS:
        reader.faults.append(f"{len(documents)} tệp đính kèm")
        documents = []
    parts = Parts(
        subject=reader.read(lambda: _clean(mail.subject[:SUBJECT]), None),
        text=reader.read(lambda: _clean(mail.text[:TEXT]), ""),
        documents=[(_clean(name[-NAME:]), len(content)) for name, content in documents],
        faults=list(dict.fromkeys(reader.faults)),
    )
    return b"".join([PARTS.dump_json(parts), b"\n", *(content for _, content in documents)])


def _clean(text: str) -> str:
    """Without half pairs, which no JSON can hold."""
    return text.encode("utf-8", "replace").decode()


def _documents(mail: MailMessage) -> list[tuple[str, bytes]]:
    """What a mail brings, by name: not the pictures of its own text, and a forwarded mail by what is in it."""
    documents = []
    for part in mail.attachments:
        shown = part.content_type.startswith("image/") and part.content_id and f"cid:{part.content_id}" in mail.html
        body = not part.filename and part.content_type.startswith(("text/", "message/"))
        if part.payload and not shown and not body:
            ending = mimetypes.guess_extension(part.content_type) or ""
            documents.append((part.filename or f"tep-dinh-kem{ending}", part.payload))
    return documents


@dataclass
class _Reader:
    """Reads a mail part by part. The libraries raise whatever they trip over: such a part counts as missing, and the
    others are read all the same."""

    faults: list[str] = field(default_factory=list)

    def read(self, part: Callable[[], T], instead: T) -> T:
        try:
            return part()
        except MemoryError:
            raise
        except Exception as error:
            self.faults.append(type(error).__name__)
            return instead
