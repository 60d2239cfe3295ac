"""A pair of UDP ports for the packets of one camera."""

import asyncio
import contextlib
import errno
import socket
from collections import deque
from typing import cast

from dondoc.probing.allow_list import Ip
from dondoc.probing.picture.memory import cost
from dondoc.probing.shortage import SHORT, Shortage, raise_if_ours

KEPT = 1024 * 1024  # bytes, so counted, of datagrams that wait to be read; they are read as soon as we have a turn
RECEIVED = 4 * 1024 * 1024  # bytes that the kernel is asked to hold meanwhile; it may allow less
PAIRS = 64  # tries to find two ports side by side


class Datagrams(asyncio.DatagramProtocol):
    """RTP of one camera over UDP (RFC 3550: a pair of ports, the even one for packets); what others send is dropped."""

    def __init__(self, ip: Ip, reports: socket.socket) -> None:
        self._from, self._reports = str(ip), reports
        self._kept: deque[bytes] = deque()
        self._size = 0
        self._waiting: asyncio.Future[None] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr[0] != self._from or self._size > KEPT:
            return
        self._kept.append(data)
        self._size += cost(data)
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    def error_received(self, exc: Exception) -> None:
        """What we sent to open the way was not wanted: no matter."""

    async def read(self) -> bytes:
        """The next packet."""
        while not self._kept:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        data = self._kept.popleft()
        self._size -= cost(data)
        return data

    def knock(self, port: int) -> None:
        """Send an empty packet and an empty report to the camera, as FFmpeg does: firewalls let in what answers."""
        if self._transport and 1024 <= port < 65535:
            self._transport.sendto(b"\x80" + bytes(11), (self._from, port))
            with contextlib.suppress(OSError):
                self._reports.sendto(b"\x80\xc9\0\1" + bytes(4), (self._from, port + 1))

    def close(self) -> None:
        if self._transport:
            self._transport.close()
        self._reports.close()


async def datagrams(ip: Ip, ours: str) -> Datagrams:
    """A pair of UDP ports on our address `ours`, for what the camera at `ip` sends and for nobody else.

    Raises:
        Shortage: this machine has no more descriptors, ports or memory.
    """
    packets, reports = _pair(ours)
    loop = asyncio.get_running_loop()
    return (await loop.create_datagram_endpoint(lambda: Datagrams(ip, reports), sock=packets))[1]


def _pair(ours: str) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in ours else socket.AF_INET
    for _ in range(PAIRS):
        with contextlib.ExitStack() as opened:
            try:
                packets, reports = (
                    opened.enter_context(socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)) for _ in "12"
                )
                packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED)
                packets.bind((ours, 0))
                port = packets.getsockname()[1]
                if port % 2:
                    continue
                reports.bind((ours, port + 1))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                raise_if_ours(error)
                raise
            opened.pop_all()
            return packets, reports
    raise Shortage(SHORT.format("không còn cặp cổng UDP"))
