"""Taking a mail apart as the work of a confined child: see `isolation.server`. `sources.mail` is its other side.

A request is the mail. The answer is a line of JSON (`Parts`) and the bytes of the documents, one after the other.
"""

import email
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.message import Message

from pydantic import TypeAdapter

from dondoc.intake.mails import bounces, content, headers, own, signs
from dondoc.intake.mails.bounces import Bounced
from dondoc.intake.mails.content import DOCUMENTS, Content
from dondoc.intake.mails.reader import Reader
from dondoc.vocabulary.mails import NoDocument

SUBJECT, TEXT, NAME = 2_000, 20_000, 2_000  # characters that anybody looks at
PASSED_OVER = 50  # parts that are named


@dataclass
class Parts:
    """What was read. `documents`: name and size of each; `faults`: what could not be read."""

    subject: str | None = None
    text: str = ""
    own: str = ""  # of the text what its sender wrote, without quotations and signature
    documents: list[tuple[str, int]] = field(default_factory=list)
    passed_over: list[tuple[str, NoDocument]] = field(default_factory=list)
    bounced: list[Bounced] = field(default_factory=list)
    originals: list[str] = field(default_factory=list)  # Message-IDs of the mails that it encloses or gives back
    of_ours: bool = False  # a letter of ours is among these
    opaque: bool = False  # signed or encrypted as one piece
    too_many: int = 0  # how many documents it brings, where these are more than are opened
    faults: list[str] = field(default_factory=list)


PARTS = TypeAdapter(Parts)
_WARM = (
    b"Subject: =?utf-8?q?a?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n--b--\r\n"
)


def prepare(context: bytes) -> None:
    """Load what is loaded at the first use: the types of files, the decoders of mails, the parser of HTML."""
    work(_WARM, bytes)
    bounces.known(email.message_from_bytes(_WARM))
    mimetypes.init()


def work(request: bytes, ask: Callable[[bytes], bytes]) -> bytes:
    """One mail: what it says, and the documents that it brings."""
    reader = Reader()
    mail = reader.read(email.message_from_bytes(b""), email.message_from_bytes, request)
    subject = reader.read("", _subject, request)
    found = content.read(mail, reader, subject)
    count = len(found.documents) + sum(why == NoDocument.REPEATED for _, why in found.passed_over)
    too_many = count if count > DOCUMENTS else 0
    if too_many:
        reader.faults.append(f"{count} tệp đính kèm")
        found.documents = []
    parts = replace(_parts(reader, mail, found, subject), too_many=too_many)
    return b"".join([PARTS.dump_json(parts), b"\n", *(document for _, document in found.documents)])


def _subject(request: bytes) -> str:
    head, _, _ = request.partition(b"\r\n\r\n" if b"\r\n\r\n" in request else b"\n\n")
    return headers.decoded(headers.raw(email.message_from_bytes(head), "subject"))[:SUBJECT]


def _parts(reader: Reader, mail: Message, found: Content, subject: str) -> Parts:
    text = found.plain if found.plain.strip() else reader.read("", own.text_of, found.html, own=False)
    shown = found.plain if found.plain.strip() else reader.read("", own.text_of, found.html, own=True)
    words = own.own_words(shown[:TEXT])
    none: list[str] = []
    named = [*found.originals, *reader.read(none, bounces.originals, mail, text)]
    return Parts(
        subject=_clean(subject) or None,
        text=_clean(text[:TEXT]),
        own=_clean(words),
        documents=[(_clean(name[-NAME:]), len(document)) for name, document in found.documents],
        passed_over=[(_clean(name[-NAME:]), why) for name, why in found.passed_over[:PASSED_OVER]],
        bounced=_bounced(reader, mail, subject, text, words),
        originals=[_clean(one) for one in dict.fromkeys(filter(None, named))][: bounces.MOST],
        of_ours=found.of_ours,
        opaque=found.opaque,
        faults=list(dict.fromkeys(reader.faults)),
    )


def _bounced(reader: Reader, mail: Message, subject: str, text: str, own_words: str) -> list[Bounced]:
    """What it reports of letters that did not arrive; a person's words are no report."""
    found: list[Bounced] = []
    if mail.get_content_type() == "multipart/report":
        found = reader.read(found, bounces.reported, mail)
    if not found and (signs.from_server(mail) or bounces.is_plain(subject, own_words)):
        found = reader.read(found, bounces.known, mail, text)
        found = found or reader.read(found, bounces.reported, mail)
        if not found and not signs.is_absence(mail, subject):
            found = reader.read(found, bounces.by_words, mail, subject, text)
    return [_legible(one) for one in found]


def _legible(one: Bounced) -> Bounced:
    return Bounced(_clean(one.recipient[:320]), _clean(one.action[:20]), one.status)


def _clean(text: str) -> str:
    """Without half pairs, which no JSON can hold."""
    return text.encode("utf-8", "replace").decode()
