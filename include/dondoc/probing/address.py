"""Addresses of streams, rtsp://[user[:password]@]host[:port]/path: read strictly. What is shown of them: `hiding`."""

import ipaddress
import re
import socket
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, unquote

PORTS = {"rtsp": 554, "rtsps": 322}
LONGEST = 2048
_PARTS = re.compile(r"(rtsps?)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)
_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)  # no name ends in one
_PORT = re.compile(r"[0-9]{1,5}")
_OCTAL = re.compile(r"(?<![0-9a-f])0[0-9]")


@dataclass(frozen=True)
class Address:
    """Where a stream is. `host` is ASCII, an IPv6 address without brackets; `path` holds the query too."""

    scheme: str
    host: str
    port: int
    path: str
    user: str | None = None
    password: str | None = None

    @property
    def url(self) -> str:
        """The address without user info: what is sent to the camera. Its path may hold a secret: see `hiding`."""
        return f"{self.root}{self.path}"

    @property
    def root(self) -> str:
        """The address without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def device(self) -> tuple[str, str, int]:
        """What answers there, in one spelling: a refused password must not be sent again because of a dot."""
        return self.scheme, self.host.rstrip("."), self.port

    def __repr__(self) -> str:
        return f"Address({self.root})"


def parse(url: str) -> Address:
    """Read an address.

    Raises:
        ValueError: with a sentence of what is wrong, which never holds a part of the address.
    """
    url = url.strip()
    if len(url) > LONGEST or " " in url or not url.isprintable():  # of all spaces only this one is printable
        raise ValueError("địa chỉ quá dài hoặc có dấu cách, ký tự điều khiển")
    match = _PARTS.fullmatch(url)
    if not match:
        raise ValueError("địa chỉ phải bắt đầu bằng rtsp:// hoặc rtsps://")
    scheme, authority, rest = match[1].lower(), match[2], match[3]
    info, at, place = authority.rpartition("@")
    if "@" in rest:
        # rtsp://admin:a/b@host would connect to "admin" and show the password as a path
        raise ValueError("tên hoặc mật khẩu có ký tự / ? # phải viết dạng %2F %3F %23, dấu @ trong đường dẫn là %40")
    host, port = _place(place, PORTS[scheme])
    user, password = _user_info(info) if at else (None, None)
    path = rest if rest.startswith("/") else f"/{rest}"
    return Address(scheme, host, port, quote(path, safe="/%?&=+:;,!*'()~$[]|"), user, password)


def _place(place: str, default: int) -> tuple[str, int]:
    """Host and port of "host", "host:port", "[v6]" or "[v6]:port"."""
    if place.startswith("["):
        host, bracket, rest = place[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("địa chỉ IPv6 phải nằm trong ngoặc vuông")
        port = rest[1:]
        host = _v6(host)
    else:
        host, _, port = place.partition(":")
        host = _name(host)
    if port and not _PORT.fullmatch(port):
        raise ValueError("cổng phải là số")
    if port and not 1 <= int(port) <= 65535:
        raise ValueError("cổng phải từ 1 đến 65535")
    return host, int(port or default)


def _v6(text: str) -> str:
    try:
        if "%" in text:
            raise ValueError
        ip = ipaddress.IPv6Address(text)
        return str(ip.ipv4_mapped or ip)
    except ValueError:
        raise ValueError("địa chỉ IPv6 không đúng") from None


def _name(text: str) -> str:
    try:
        host = (text if text.isascii() else text.encode("idna").decode()).lower()
        if _NUMBER.fullmatch(host):
            return _v4(host.removesuffix("."))
    except (ValueError, OSError):
        host = ""
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise ValueError("tên máy hoặc địa chỉ IP không đúng")
    return host


def _v4(text: str) -> str:
    """The usual spelling of 127.1 and its like; 010.0.0.1 is 8.0.0.1 to some and 10.0.0.1 to others: refused."""
    if _OCTAL.search(text):
        raise ValueError
    return socket.inet_ntoa(socket.inet_aton(text))


def _user_info(info: str) -> tuple[str, str | None]:
    name, colon, secret = info.partition(":")
    try:
        user, password = unquote(name, errors="strict"), unquote(secret, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("tên hoặc mật khẩu có dấu % phải viết dạng %25") from None
    if not sendable(user + password):
        raise ValueError("tên hoặc mật khẩu có ký tự điều khiển")
    return user, password if colon else None


def sendable(login: str) -> bool:
    """Whether a name or a password has nothing that could end a header's line; blanks of every kind are its own."""
    return login.isprintable() or all(c.isprintable() or unicodedata.category(c) == "Zs" for c in login)
