"""A row of the outbox as a mail, ready for the wire."""

import re
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import cache
from html import escape
from secrets import token_hex
from typing import Any

from dondoc.configuration.settings import ADDRESS, Settings
from dondoc.errors import Problem
from dondoc.mail.archive import PROOF, proof
from dondoc.mail.render import one_line
from dondoc.mail.servers import ImapServer, SmtpServer, intake
from dondoc.store.blobs import Blobs
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind

_MESSAGE_ID = re.compile(r"<[!-;=?-~]+>")


class _Wire(EmailPolicy):
    """Headers as mail programs understand them.

    The standard folding loses a blank between two encoded words of a long subject, and breaks a long Message-ID of
    others into encoded words, by which no mail program can tell the thread.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """As it is: the standard takes every header apart, which costs more than sending the mail."""
        if "\r" in value or "\n" in value:
            raise ValueError(f"{name} would be more than one line")
        return name, value

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        return value

    @cache  # noqa: B019 - of the one policy
    def header_max_count(self, name: str) -> int | None:
        return super().header_max_count(name)

    def fold_binary(self, name: str, value: Any) -> bytes:
        if value.isascii() and len(name) + len(value) <= 76:
            return f"{name}: {value}\r\n".encode("ascii")
        if name == "Subject":
            return f"{name}: {Header(str(value), 'utf-8', header_name=name).encode(linesep=self.linesep)}\r\n".encode()
        if name in ("In-Reply-To", "References"):
            folded = "\r\n ".join(str(value).split())
            return f"{name}: {folded}\r\n".encode("ascii")
        return super().fold_binary(name, self.header_factory(name, value))


# Seven bits: not every relay offers 8BITMIME.
POLICY = _Wire(linesep="\r\n", cte_type="7bit")


def address(text: str) -> str:
    """The bare address, fit for an SMTP command.

    Raises:
        ValueError: it is none, or needs more than ASCII.
    """
    address = text.strip()
    if not (address.isascii() and ADDRESS.fullmatch(address)):
        raise ValueError("địa chỉ người nhận không hợp lệ")
    return address


def is_address(text: str | None) -> bool:
    """True for one bare address in ASCII."""
    try:
        return bool(address(text or ""))
    except ValueError:
        return False


def destination(row: OutboxLetter, settings: Settings) -> str:
    """Where the letter really goes: in rehearsal to one address, whoever it is for.

    Raises:
        ValueError: it is no address.
    """
    return address(settings.rehearsal_to or "") if settings.mode == "rehearsal" else address(row.recipient)


def reply_to(settings: Settings) -> str | None:
    """Where answers to our letters belong: the mailbox that intake reads; None when its address is not known."""
    if is_address(settings.intake_address):
        return settings.intake_address
    box = _intake(settings)
    return box.user if box and is_address(box.user) else None


def replies_are_read(settings: Settings, server: SmtpServer) -> bool:
    """Whether intake sees the answers to our letters: by their Reply-To, or as they come from its own mailbox."""
    if reply_to(settings):
        return True
    box, local = _intake(settings), parseaddr(server.sender)[1].partition("@")[0]
    return bool(box and local and box.user.lower() == local.lower())


def _intake(settings: Settings) -> ImapServer | None:
    try:
        return intake(settings)
    except Problem:  # no reason to keep letters back: reading the mailbox says what is wrong
        return None


def build(
    row: OutboxLetter, server: SmtpServer, *, settings: Settings, secrets: list[str], blobs: Blobs, now: datetime
) -> EmailMessage:
    """The mail of a row.

    Args:
        secrets: `AppContext.secrets`; the first one makes the proof of sending.

    Raises:
        ValueError: the row cannot be a mail: a bad address.
        Problem: an attachment is not to be had.
    """
    message = EmailMessage(policy=POLICY)
    _, text, html = _marked(row) if settings.mode == "rehearsal" else ("", row.text, row.html)
    recipient, subject = left_as(row, settings)
    message["Message-ID"] = row.message_id
    message["Date"] = format_datetime(now)
    message["From"] = one_line(server.sender)
    message["To"] = recipient
    if row.kind != LetterKind.INTERNAL and (answers := reply_to(settings)):
        message["Reply-To"] = answers
    message["Subject"] = subject
    if row.in_reply_to and _MESSAGE_ID.fullmatch(row.in_reply_to.strip()):
        message["In-Reply-To"] = row.in_reply_to.strip()
        earlier = [one for one in row.context.get("references", []) if _MESSAGE_ID.fullmatch(one)]
        message["References"] = " ".join(dict.fromkeys([*earlier, row.in_reply_to.strip()]))
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-Dondoc-Loop"] = settings.installation
    message[PROOF] = proof(secrets, row.message_id, recipient, subject)
    message.set_content(text)
    message.make_alternative(boundary=f"={token_hex(12)}=")
    message.add_alternative(html, subtype="html")
    for attachment in row.attachments:
        main, _, sub = attachment["type"].partition("/")
        content = blobs.get(attachment["sha256"])
        message.add_attachment(content, maintype=main, subtype=sub, filename=one_line(attachment["filename"]))
    return message


def left_as(row: OutboxLetter, settings: Settings) -> tuple[str, str]:
    """The recipient and the subject that a letter of this mode leaves with.

    Raises:
        ValueError: there is no address to send it to.
    """
    subject = _marked(row)[0] if settings.mode == "rehearsal" else row.subject
    return destination(row, settings), one_line(subject)


def sender(server: SmtpServer) -> str:
    """The envelope's sender.

    Raises:
        Problem: the connection's sender is no address.
    """
    try:
        return address(parseaddr(server.sender)[1])
    except ValueError:
        raise Problem(
            "Địa chỉ người gửi của dondoc_smtp không hợp lệ. Ghi ?from=địa-chỉ trong DONDOC_SMTP_URL."
        ) from None


def _marked(row: OutboxLetter) -> tuple[str, str, str]:
    """Subject, text and HTML that say it is a rehearsal and for whom the letter would be."""
    note = f"THƯ DIỄN TẬP, không có giá trị. Khi chạy thật, thư này gửi tới: {one_line(row.recipient)}"
    shown = f'<p style="margin:0;padding:8px 12px;background:#fff3cd;color:#664d03"><b>{escape(note)}</b></p>'
    opened = re.match(r"(?is).*?<body[^>]*>", row.html)
    start = opened.end() if opened else 0
    html = row.html[:start] + shown + row.html[start:]
    return f"[DIỄN TẬP → {row.recipient}] {row.subject}", f"{note}\n\n{row.text}", html
