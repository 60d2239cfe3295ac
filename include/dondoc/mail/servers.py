"""Addresses of mail servers, read from URLs. The same URLs come from settings and from Airflow's Connections."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from dondoc.errors import Problem

Security = Literal["plain", "tls", "starttls"]

# scheme → (security, usual port)
_SMTP: dict[str, tuple[Security, int]] = {
    "smtp": ("plain", 25),
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
}
_IMAP = {"imap": (False, 143), "imaps": (True, 993)}
_SMTP_FORM = "smtp://máy-chủ:25?from=địa-chỉ hoặc smtp+starttls://người-dùng:mật-khẩu@máy-chủ:587?from=địa-chỉ"
_IMAP_FORM = "imaps://người-dùng:mật-khẩu@máy-chủ:993/INBOX"


@dataclass(frozen=True)
class SmtpServer:
    """A server that takes our letters. `sender` is an address, with or without a name before it."""

    host: str
    port: int
    security: Security = "plain"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str = "dondoc@localhost"

    @property
    def on_loopback(self) -> bool:
        """True when nothing sent there can leave this machine by itself."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True)
class ImapServer:
    """A mailbox that we read, and the folder of it."""

    host: str
    port: int
    ssl: bool
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"


def refuse_to_play(server: SmtpServer) -> None:
    """A played clock goes only with mail that stays on this machine.

    Raises:
        Problem: the server is elsewhere.
    """
    if not server.on_loopback:
        raise Problem("Đang đặt DONDOC_CLOCK: chỉ gửi thư qua máy chủ ở 127.0.0.1. Bỏ DONDOC_CLOCK để gửi thật.")


def smtp_from_url(url: str) -> SmtpServer:
    """Read `smtp://`, `smtps://` or `smtp+starttls://user:password@host:port?from=…`.

    Raises:
        Problem: the URL is none of these. It never quotes the URL, which may hold a password.
    """
    parts, port = _split(url, "DONDOC_SMTP_URL (kết nối dondoc_smtp)", _SMTP, _SMTP_FORM)
    security, usual = _SMTP[parts.scheme]
    query = parse_qs(parts.query, keep_blank_values=True)
    user = unquote(parts.username) if parts.username else None
    if parts.path.strip("/") or set(query) - {"from"}:
        raise _unreadable("DONDOC_SMTP_URL (kết nối dondoc_smtp)", "thừa phần sau tên máy chủ", _SMTP_FORM)
    default = user if user and "@" in user else SmtpServer.sender
    sender = query.get("from", [default])[0]
    password = unquote(parts.password) if parts.password else None
    return SmtpServer(parts.hostname or "", port or usual, security, user, password, sender)


def imap_from_url(url: str) -> ImapServer:
    """Read `imap://` or `imaps://user:password@host:port/FOLDER`; the folder is INBOX unless named.

    Raises:
        Problem: the URL is none of these. It never quotes the URL, which may hold a password.
    """
    what = "Địa chỉ hộp thư (DONDOC_IMAP_URL, DONDOC_ARCHIVE_IMAP_URL hoặc kết nối dondoc_imap)"
    parts, port = _split(url, what, _IMAP, _IMAP_FORM)
    if "@" in parts.path or parts.query:
        raise _unreadable(what, "thừa phần sau tên máy chủ", _IMAP_FORM)
    ssl, usual = _IMAP[parts.scheme]
    return ImapServer(
        parts.hostname or "",
        port or usual,
        ssl,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        unquote(parts.path.strip("/")) or "INBOX",
    )


def _split(
    url: str, what: str, schemes: dict[str, tuple[Security, int]] | dict[str, tuple[bool, int]], form: str
) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise _unreadable(what, "cổng không phải số, hoặc mật khẩu có ký tự chưa mã hóa", form) from None
    if parts.scheme not in schemes:
        raise _unreadable(what, f"phải bắt đầu bằng {', '.join(f'{s}://' for s in schemes)}", form)
    if not parts.hostname:
        raise _unreadable(what, "thiếu tên máy chủ", form)
    if parts.fragment:
        raise _unreadable(what, "có dấu # chưa mã hóa", form)
    return parts, port


def _unreadable(what: str, why: str, form: str) -> Problem:
    return Problem(f"{what} không đọc được: {why}. Viết dạng {form}; ký tự đặc biệt trong mật khẩu viết dạng %XX.")
