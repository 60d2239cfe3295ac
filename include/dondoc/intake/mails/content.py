"""What a mail is made of: its texts, its documents, and the parts that are none. By a child: see `sources.parts`."""

import email
import mimetypes
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

from imap_tools.message import MailAttachment

from dondoc.intake.mails import archives, bounces, headers, pictures
from dondoc.intake.mails.archives import Closed
from dondoc.intake.mails.reader import Reader
from dondoc.vocabulary.mails import NoDocument

DEPTH = 2  # packages and mails within others that are opened
DOCUMENTS = 100
UNPACKED = 50 << 20  # bytes of all files in the packages of a mail
BODY = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/")
# Parts that by their type are no document, and by the endings of their names where the type is not told.
_TYPES = {
    "text/calendar": NoDocument.INVITATION,
    "application/ics": NoDocument.INVITATION,
    "text/vcard": NoDocument.CARD,
    "text/x-vcard": NoDocument.CARD,
    "text/directory": NoDocument.CARD,
    "application/pkcs7-signature": NoDocument.SIGNATURE,
    "application/x-pkcs7-signature": NoDocument.SIGNATURE,
    "application/pgp-signature": NoDocument.SIGNATURE,
    "application/pgp-keys": NoDocument.SIGNATURE,
    "application/pgp-encrypted": NoDocument.SIGNATURE,
    "application/applefile": NoDocument.SYSTEM,
    "text/vnd.google.email-reaction+json": NoDocument.FOOTER,
    "message/delivery-status": NoDocument.REPORT,
    "message/global-delivery-status": NoDocument.REPORT,
    "message/disposition-notification": NoDocument.REPORT,
    "message/feedback-report": NoDocument.REPORT,
    "text/rfc822-headers": NoDocument.RETURNED,
}
_ENDINGS = {"ics": NoDocument.INVITATION, "vcf": NoDocument.CARD, "p7s": NoDocument.SIGNATURE}
_FOOTER = re.compile(r"(?i)att\d{5}(\.(txt|html?|c|bin|dat))?")  # what Exchange makes of text behind a file
# What filters leave in the place of a file: MailScanner, Symantec, Norton, Exchange Online, and by its new ending.
_STRIPPED = re.compile(
    r"(?i)(virus ?warning|[^/]{0,80}attachment[-_ ](warning|removed)|(norton antivirus )?deleted\d*|malware alert text|"
    r"[^/]{1,200}\.(deleted|removed|blocked|quarantined|infected))\.(txt|html?)"
)
_FILES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")  # how files begin that Exchange gave such a name
_ZIP = ("application/zip", "application/x-zip-compressed", "application/x-zip", "multipart/x-zip")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_OPAQUE = ("application/pkcs7-mime", "application/x-pkcs7-mime")


@dataclass
class Content:
    """What was found in a mail, with all that is packed into it."""

    documents: list[tuple[str, bytes]] = field(default_factory=list)
    passed_over: list[tuple[str, NoDocument]] = field(default_factory=list)
    plain: str = ""
    html: str = ""
    originals: list[str] = field(default_factory=list)  # Message-IDs of the mails in it
    of_ours: bool = False  # one of them is a letter of ours
    opaque: bool = False  # signed or encrypted as one piece (S/MIME): nothing of it can be read
    left: int = field(default_factory=lambda: UNPACKED)  # bytes that may still be unpacked


def read(mail: Message, reader: Reader, subject: str = "") -> Content:
    """All of a mail; what cannot be read of it is among the reader's faults."""
    content = Content()
    _Opening(content, reader, returns=_returns(mail, subject)).mail(mail, 0)
    return content


def _returns(mail: Message, subject: str) -> bool:
    """Whether a mail enclosed in it is one that a server gives back, rather than one that somebody forwards."""
    return mail.get_content_type() == "multipart/report" or bounces.is_plain(subject, "")


@dataclass
class _Opening:
    content: Content
    reader: Reader
    returns: bool = False  # it is the report of a mail server
    shown: str = ""  # HTML of the mail whose parts are looked at

    def mail(self, mail: Message, depth: int) -> None:
        """A mail, or at a depth one that is enclosed in it. Of the words only its own count."""
        leaves = list(_leaves(mail))
        before = self.shown
        self.shown = "".join(self.reader.read("", _text, part) for part in leaves if _is_body(part, "html"))
        if depth == 0:
            self.content.html = self.shown
            texts = (self.reader.read("", _text, part) for part in leaves if _is_body(part, "plain"))
            self.content.plain = "\n".join(texts)
        for part in leaves:
            self.reader.read(None, self._part, part, depth)
        self.shown = before

    def _part(self, part: Message, depth: int) -> None:
        attachment = MailAttachment(part)
        kind, name = part.get_content_type(), Reader().read("", headers.filename, part)  # it is kept without
        if why := _none_by_type(kind, name):
            self._pass(name or kind, why)
        elif kind in ("message/rfc822", "message/global"):
            self._enclosed(_within(part), name or "thu.eml", depth)
        elif not name and (kind in BODY or not attachment.payload):
            return
        elif kind in _OPAQUE and "signed-receipt" not in str(part.get("Content-Type", "")):
            self.content.opaque = True
        else:
            self._file(name or f"tep-dinh-kem{mimetypes.guess_extension(kind) or ''}", attachment, depth)

    def _file(self, name: str, attachment: MailAttachment, depth: int) -> None:
        content, kind = attachment.payload, attachment.content_type
        shown = bool(attachment.content_id) and f"cid:{attachment.content_id}" in self.shown
        inline = shown or bool(attachment.content_id) or attachment.content_disposition == "inline"
        if kind.startswith("image/") and pictures.is_decoration(name, content, shown=shown, inline=inline):
            self._pass(name, NoDocument.PICTURE)
        elif kind in _TNEF or name.lower() == "winmail.dat":
            self._of_outlook(name, content, depth)
        else:
            self.file(name, content, depth, zipped=kind in _ZIP)

    def file(self, name: str, content: bytes, depth: int, *, zipped: bool = False) -> None:
        """A file from a mail or a package: opened where it is one itself."""
        low = name.lower()
        if not content:
            self._pass(name, NoDocument.EMPTY)
        elif archives.is_system(name):
            self._pass(name, NoDocument.SYSTEM)
        elif _FOOTER.fullmatch(name) and not content.startswith(_FILES):
            self._pass(name, NoDocument.FOOTER)
        elif _STRIPPED.fullmatch(name):
            self._pass(name, NoDocument.STRIPPED)
        elif why := _none_by_type("", name):
            self._pass(name, why)
        elif content[:4] == b"PK\x03\x04" and (low.endswith(".zip") or (zipped and "." not in low)) and depth < DEPTH:
            self._unzip(name, content, depth)
        elif low.endswith(".eml") and depth < DEPTH:
            self._enclosed(email.message_from_bytes(content), name, depth)
        elif any(content == other for _, other in self.content.documents):
            self._pass(name, NoDocument.REPEATED)
        else:
            self.content.documents.append((name, content))

    def _unzip(self, name: str, content: bytes, depth: int) -> None:
        try:
            files = archives.unzipped(content, self.content.left)
        except Closed:
            self.content.documents.append((name, content))
            return
        if len(files) + len(self.content.documents) > DOCUMENTS:
            self.content.documents.append((name, content))
            return
        self.content.left -= sum(len(file) for _, file in files)
        self._pass(name, NoDocument.OPENED if files else NoDocument.EMPTY)
        for inner, file in files:
            self.file(inner, file, depth + 1)

    def _of_outlook(self, name: str, content: bytes, depth: int) -> None:
        try:
            plain, html, files = archives.of_outlook(content)
        except Closed:
            self.content.documents.append((name, content))
            return
        self._pass(name, NoDocument.OPENED)
        if depth == 0 and not self.content.plain and not self.content.html:
            self.content.plain, self.content.html = plain, html
        for inner, file in files:
            if pictures.dimensions(file) and pictures.is_decoration(inner, file, shown=False, inline=True):
                self._pass(inner, NoDocument.PICTURE)
            else:
                self.file(inner, file, depth + 1)

    def _enclosed(self, mail: Message, name: str, depth: int) -> None:
        """A mail within this one: what a report gives back, a letter of ours, or one that was forwarded."""
        self.content.originals += [str(mail.get("Message-ID", "")).strip()]
        ours = mail.get("X-Dondoc-Loop") is not None
        self.content.of_ours |= ours
        if self.returns and depth == 0:
            self._pass(name, NoDocument.RETURNED)
        elif ours:
            self._pass(name, NoDocument.OUR_LETTER)
        elif depth < DEPTH:
            self._pass(name, NoDocument.OPENED)
            self.mail(mail, depth + 1)
        else:
            self.content.documents.append((name, mail.as_bytes()))

    def _pass(self, name: str, why: NoDocument) -> None:
        self.content.passed_over.append((name, why))


def _leaves(mail: Message) -> Iterator[Message]:
    """The parts of a mail that hold something, but not those of a mail enclosed in it."""
    waiting = [mail]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting += [one for one in reversed(inner) if isinstance(one, Message)]
        else:
            yield part


def _within(part: Message) -> Message:
    """The mail that a part encloses, also where it was encoded, which no standard allows and some programs do."""
    inner = part.get_payload()
    mail = inner[0] if isinstance(inner, list) and inner else None
    if not isinstance(mail, Message):
        return email.message_from_string(str(inner))
    if str(part.get("Content-Transfer-Encoding", "")).lower().strip() == "base64" and not mail.keys():
        return email.message_from_bytes(b64decode(mail.as_bytes()))
    return mail


def _none_by_type(kind: str, name: str) -> NoDocument | None:
    return _TYPES.get(kind) or _ENDINGS.get(name.lower().rpartition(".")[2])


def _is_body(part: Message, subtype: str) -> bool:
    return part.get_content_type() == f"text/{subtype}" and not part.get_filename()


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return headers.text_of(content if isinstance(content, bytes) else b"", part.get_content_charset())
