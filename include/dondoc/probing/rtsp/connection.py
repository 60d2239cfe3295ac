"""One connection to a camera, as a bare protocol: asyncio's streams cost more than all the rest of a probe."""

import asyncio
import ssl
from typing import cast

from dondoc.probing.rtsp.message import Inbox, Response
from dondoc.probing.shortage import raise_if_ours

MOST = 256 * 1024  # bytes kept unread; any message is shorter


class NotTls(ConnectionError):
    """The other end spoke before it was spoken to: no server of TLS does."""


class Connection(asyncio.Protocol):
    """Keeps what came until it is read; a camera that sends more than is read is made to wait."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.ended = False
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._paused = False
        self._lost: Exception | None = None  # by what

    @property
    def ours(self) -> str:
        """The address of this machine that the camera sees."""
        assert self._transport is not None
        return str(self._transport.get_extra_info("sockname")[0])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    async def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on.

        Raises:
            ssl.SSLError, OSError: no TLS at the other end.
        """
        if self.inbox.received:
            raise NotTls
        loop = asyncio.get_running_loop()
        assert self._transport is not None
        made = await loop.start_tls(self._transport, self, context, server_hostname=host)
        if made is None or self.ended:
            raise ConnectionAbortedError
        self._transport = made

    def data_received(self, data: bytes) -> None:
        self.inbox.feed(data)
        if len(self.inbox) > MOST and self._transport and not self._paused:
            self._transport.pause_reading()
            self._paused = True
        self._wake()

    def eof_received(self) -> None:
        self.ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended, self._lost = True, exc
        self._wake()

    def _wake(self) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    async def read(self) -> Response | bytes:
        """The next message or packet.

        Raises:
            NotRtsp: something else came.
            ConnectionAbortedError: the connection ended.
            Shortage: by a fault of ours.
        """
        while (got := self.inbox.take()) is None:
            self.check()
            if self._paused and self._transport:
                self._transport.resume_reading()
                self._paused = False
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return got

    def check(self) -> None:
        """Raises ConnectionAbortedError where the connection ended, Shortage where that was our own fault."""
        if self.ended:
            raise_if_ours(self._lost)
            raise ConnectionAbortedError

    def send(self, data: bytes) -> None:
        """Send a request.

        Raises:
            ConnectionAbortedError: the connection ended.
        """
        if self.ended or self._transport is None:
            raise ConnectionAbortedError
        self._transport.write(data)

    def close(self) -> None:
        """Hang up, at once."""
        if self._transport:
            self._transport.abort()
