"""A connection that lasts and brings no more than it may, whatever the other side does.

A timeout of a socket starts again with every byte; a deadline does not. Amounts are counted as they arrive, never taken
from what the other side announces.
"""

import socket
import ssl
import time
from typing import Any

from dondoc import tls

CHUNK = 65_536
CONNECT_SECONDS = 20.0  # a server that is up answers sooner


class Deadline:
    """A moment of the real clock after which a thing is given up."""

    def __init__(self, seconds: float, outer: "Deadline | None" = None) -> None:
        self.end = time.monotonic() + seconds
        if outer is not None:
            self.end = min(self.end, outer.end)

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.end

    def left(self, most: float) -> float:
        """Seconds that are left, at most so many.

        Raises:
            TimeoutError: none are.
        """
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("deadline")
        return min(seconds, most)


class TooMuch(OSError):
    """The other side sent more than it may."""


class Injected(OSError):
    """Somebody put data in clear before what was to be under TLS."""


def explain(error: Exception) -> str:
    """What went wrong with a connection, for a person; nothing in it is the other side's text."""
    match error:
        case ssl.SSLError():
            return tls.explain(error)
        case TimeoutError():
            return "không trả lời trong thời gian cho phép; kiểm tra máy chủ và đường mạng"
        case TooMuch():
            return "gửi về nhiều dữ liệu hơn mức cho phép, đã ngắt; kiểm tra đúng máy chủ chưa"
        case Injected():
            return "có dữ liệu không mã hóa chen vào trước TLS, đã ngắt; có thể có kẻ chen giữa, báo quản trị mạng"
        case ConnectionRefusedError():
            return "từ chối kết nối; kiểm tra máy chủ có chạy không và số cổng"
        case socket.gaierror():
            return "không tìm thấy máy chủ có tên này; kiểm tra tên và máy chủ DNS"
        case _:
            return f"không trả lời, hoặc kết nối đứt ({type(error).__name__}); kiểm tra máy chủ và đường mạng"


class Connection:
    """A TCP connection, in clear or under TLS: enough of a socket, and of its file, for `smtplib` and `imaplib`.

    Every exchange begins with `allow`, which says how much may come back.
    """

    def __init__(
        self, host: str, port: int, *, deadline: Deadline, patience: float, context: ssl.SSLContext | None = None
    ) -> None:
        """Connects, and shakes hands where there is a context.

        Args:
            patience: seconds for one step of the other side, within the deadline.

        Raises:
            OSError: it cannot be reached (ssl.SSLError: it is not who it says, or speaks no TLS).
        """
        self.host, self.deadline, self.patience = host, deadline, patience
        self._came = bytearray()
        self._lines = self._data = 0  # bytes that may still come
        self._socket = _reached(host, port, deadline)
        if context:
            self._secure(context)

    def allow(self, lines: int, data: int = 0) -> None:
        """Bytes that may come from now on: in lines, and in blocks of announced size."""
        self._lines, self._data = lines, data

    def _secure(self, context: ssl.SSLContext) -> None:
        try:
            self._socket.settimeout(self.deadline.left(CONNECT_SECONDS))
            self._socket = context.wrap_socket(self._socket, server_hostname=self.host)
        except BaseException:
            self.close()
            raise

    def starttls(self, context: ssl.SSLContext) -> None:
        """From here on under TLS. What came in clear after the other side agreed was put there by somebody else.

        Raises:
            OSError: as when connecting; or something came in clear.
        """
        if self._came:
            self.close()
            raise Injected("data in clear after STARTTLS")
        self._secure(context)

    def _receive(self) -> bool:
        self._socket.settimeout(self.deadline.left(self.patience))
        chunk = self._socket.recv(CHUNK)
        self._came += chunk
        return bool(chunk)

    def readline(self, most: int = CHUNK) -> bytes:
        """A line with its end, at most so many bytes of it; what there is when the other side has ended.

        Raises:
            TooMuch: there is no end of it, or of lines.
            OSError: time is up, or the connection broke.
        """
        looked = 0
        while (end := self._came.find(b"\n", looked, most)) < 0 and len(self._came) < most:
            if (looked := len(self._came)) > self._lines:
                raise TooMuch("lines without end")
            if not self._receive():
                break
        size = end + 1 if end >= 0 else min(len(self._came), most)
        self._lines -= size
        if self._lines < 0:
            raise TooMuch("lines without end")
        return self._taken(size)

    def read(self, size: int) -> bytes:
        """So many bytes; fewer when the other side has ended.

        Raises:
            TooMuch: that is more than may come. None of it is read then.
            OSError: time is up, or the connection broke.
        """
        self._data -= size
        if self._data < 0:
            raise TooMuch(f"{size} bytes announced")
        while len(self._came) < size and self._receive():
            pass
        return self._taken(min(size, len(self._came)))

    def _taken(self, size: int) -> bytes:
        with memoryview(self._came) as received:
            taken = bytes(received[:size])
        del self._came[:size]
        return taken

    def sendall(self, content: bytes | bytearray) -> None:
        """All of it.

        Raises:
            OSError: time is up, or the connection broke.
        """
        rest = memoryview(content)
        while rest:
            self._socket.settimeout(self.deadline.left(self.patience))
            rest = rest[self._socket.send(rest[:CHUNK]) :]

    def makefile(self, *_: Any) -> "Connection":
        return self

    def close(self) -> None:
        self._socket.close()


def _reached(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Connected to the first address of the host that answers, all of them within one patience.

    Raises:
        OSError: none does.
    """
    within, failed = Deadline(CONNECT_SECONDS, deadline), OSError("no address")
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # no name at all
        raise socket.gaierror(socket.EAI_NONAME, "no name") from None
    for family, kind, protocol, _, address in addresses:
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(within.left(CONNECT_SECONDS))
            made.connect(address)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
        except OSError as error:
            made.close()
            failed = error
    raise failed
