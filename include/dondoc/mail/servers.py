"""Addresses of mail servers, read from URLs. The same URLs come from settings and from Airflow's Connections."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from dondoc.configuration.settings import Settings
from dondoc.errors import Problem

Security = Literal["plain", "tls", "starttls"]

# scheme → (security, usual port)
_SMTP: dict[str, tuple[Security, int]] = {
    "smtp": ("plain", 25),
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
}
_IMAP: dict[str, tuple[Security, int]] = {
    "imap": ("plain", 143),
    "imaps": ("tls", 993),
    "imap+starttls": ("starttls", 143),
}
_SMTP_FORM = "smtp://máy-chủ:25?from=địa-chỉ hoặc smtp+starttls://người-dùng:mật-khẩu@máy-chủ:587?from=địa-chỉ"
_IMAP_FORM = "imaps://người-dùng:mật-khẩu@máy-chủ:993/INBOX hoặc imap+starttls://…:143/INBOX"


class Unusable(Exception):
    """A server, or the mailbox on it, cannot be used now or any further. Which, why, and what to do; no secret."""


@dataclass(frozen=True)
class Trust:
    """Whom we believe besides the system's authorities, and whether a password may leave this machine in clear."""

    ca_file: Path | None = None
    plain_login: bool = False


@dataclass(frozen=True)
class SmtpServer:
    """A server that takes our letters. `sender` is an address, with or without a name before it."""

    host: str
    port: int
    security: Security = "plain"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str = "dondoc@localhost"
    trust: Trust = Trust()

    @property
    def on_loopback(self) -> bool:
        return on_loopback(self.host)

    @property
    def bares_password(self) -> bool:
        """True when a login would show the password on the way, and nobody has said that it may."""
        return self.user is not None and _bare(self)


@dataclass(frozen=True)
class ImapServer:
    """A mailbox that we read, and the folder of it."""

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    trust: Trust = Trust()

    @property
    def bares_password(self) -> bool:
        """True when a login would show the password on the way, and nobody has said that it may."""
        return _bare(self)


def on_loopback(host: str) -> bool:
    """True when nothing sent there can leave this machine by itself."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _bare(server: SmtpServer | ImapServer) -> bool:
    return server.security == "plain" and not on_loopback(server.host) and not server.trust.plain_login


BARE = (
    "địa chỉ này không mã hóa, mật khẩu sẽ bị lộ trên đường truyền nên chưa gửi. Cách xử lý: dùng {schemes}; nếu đường "
    "truyền đó đã được bảo vệ riêng thì đặt DONDOC_ALLOW_PLAIN_LOGIN=true"
)


def smtp(settings: Settings) -> SmtpServer | None:
    """The server that takes our letters; None when none is set.

    Raises:
        Problem: its URL cannot be read.
    """
    return smtp_from_url(settings.smtp_url.get_secret_value(), trust(settings)) if settings.smtp_url else None


def intake(settings: Settings) -> ImapServer | None:
    """The mailbox that forms come to; None when none is set.

    Raises:
        Problem: its URL cannot be read.
    """
    return imap_from_url(settings.imap_url.get_secret_value(), trust(settings)) if settings.imap_url else None


def archive(settings: Settings) -> ImapServer | None:
    """The mailbox that proves what left; None when none is set.

    Raises:
        Problem: its URL cannot be read.
    """
    url = settings.archive_imap_url
    return imap_from_url(url.get_secret_value(), trust(settings)) if url else None


def trust(settings: Settings) -> Trust:
    return Trust(settings.ca_file, settings.allow_plain_login)


def refuse_to_play(server: SmtpServer) -> None:
    """A played clock goes only with mail that stays on this machine.

    Raises:
        Problem: the server is elsewhere.
    """
    if not server.on_loopback:
        raise Problem("Đang đặt DONDOC_CLOCK: chỉ gửi thư qua máy chủ ở 127.0.0.1. Bỏ DONDOC_CLOCK để gửi thật.")


def smtp_from_url(url: str, trust: Trust = Trust()) -> SmtpServer:
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
    return SmtpServer(parts.hostname or "", port or usual, security, user, password, sender, trust)


def imap_from_url(url: str, trust: Trust = Trust()) -> ImapServer:
    """Read `imap://`, `imaps://` or `imap+starttls://user:password@host:port/FOLDER`; INBOX unless a folder is named.

    Raises:
        Problem: the URL is none of these. It never quotes the URL, which may hold a password.
    """
    what = "Địa chỉ hộp thư (DONDOC_IMAP_URL, DONDOC_ARCHIVE_IMAP_URL hoặc kết nối dondoc_imap)"
    parts, port = _split(url, what, _IMAP, _IMAP_FORM)
    if "@" in parts.path or parts.query:
        raise _unreadable(what, "thừa phần sau tên máy chủ", _IMAP_FORM)
    security, usual = _IMAP[parts.scheme]
    return ImapServer(
        parts.hostname or "",
        port or usual,
        security,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        unquote(parts.path.strip("/")) or "INBOX",
        trust,
    )


def _split(url: str, what: str, schemes: dict[str, tuple[Security, int]], form: str) -> tuple[SplitResult, int | None]:
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


def _unreadable(what: str, reason: str, form: str) -> Problem:
    return Problem(f"{what} không đọc được: {reason}. Viết dạng {form}; ký tự đặc biệt trong mật khẩu viết dạng %XX.")
