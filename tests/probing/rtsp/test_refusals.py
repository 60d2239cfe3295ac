"""What a camera gives us to give back is given back byte by byte."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from ipaddress import ip_network
from typing import Any

import pytest

from dondoc.demo import rtp
from dondoc.probing.probe import probe
from dondoc.probing.verdicts import Finding, Target
from tests.probing.misbehaving import Visit

pytestmark = pytest.mark.slow

LOOPBACK = [ip_network("127.0.0.0/8")]
USER, PASSWORD = "ioc", "Mat-khau!9"
DIGEST = b'WWW-Authenticate: Digest realm="a", nonce="%s"\r\n'
BASIC = b'WWW-Authenticate: Basic realm="a"\r\n'
BODY = b"v=0\r\ns=-\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t1\r\n"
SETUP = b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
Answer = Callable[[Visit, bytes, bool], Awaitable[bool | None]]
"""What a camera does when it is asked: None: as a good one; False: it hangs up. The last word: whether with a login."""


async def good(visit: Visit, method: bytes, *, pictures: bool = True, session: bytes = b"7") -> None:
    if method == b"DESCRIBE":
        await visit.reply(body=BODY)
    elif method == b"SETUP":
        await visit.reply(more=SETUP + b"Session: " + session + b"\r\n")
    else:
        await visit.reply()
    if method == b"PLAY" and pictures:
        for number in range(3):
            for packet in rtp.played("moving", "h264", number):
                visit.writer.write(packet)


class Cameras:
    """Cameras at some addresses of one port, all of one kind. `heard`: requests by address; `visits`: connections."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.heard: dict[str, list[bytes]] = {}
        self.visits = 0

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        here = Visit(reader, writer, self.heard.setdefault(writer.get_extra_info("sockname")[0], []))
        with suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            while method := await here.asked():
                done = await self._answer(here, method, b"\r\nAuthorization: " in here.heard[-1])
                if done is False:
                    break
                if done is None:
                    await good(here, method)
        writer.close()

    @property
    def asked(self) -> list[bytes]:
        return [request for requests in self.heard.values() for request in requests]

    def logins(self, method: bytes = b"") -> list[bytes]:
        """Those that were shown, with requests of a method."""
        with_it = (one for one in self.asked if one.startswith(method))
        return [found[1] for one in with_it if (found := re.search(rb"\r\nAuthorization: (.*)\r\n", one))]


def look(
    camera: Cameras, *, hosts: Sequence[str] = ("127.0.0.1",), host: str = "", timeout: float = 5.0, **more: Any
) -> Finding:
    async def run() -> Finding:
        async with AsyncExitStack() as opened:
            port = 0
            for one in hosts:
                server = await asyncio.start_server(camera.visit, one, port)
                opened.callback(server.close)
                port = server.sockets[0].getsockname()[1]
            target = Target("x", f"rtsp://{host or hosts[0]}:{port}/1", USER, PASSWORD, **more)
            found = await probe(target, stage=2, allow=LOOPBACK, timeout=timeout)
            await asyncio.sleep(0.05)  # a goodbye is read
            return found

    return asyncio.run(run())


# Session identifiers as they come, and as they are to be given back.
SESSIONS = {
    "GBK": ("会话".encode("gbk"), "会话".encode("gbk")),
    "UTF-8": ("Phiên-ổ".encode(), "Phiên-ổ".encode()),
    "Latin-1": (b"s\xe9ance;timeout=60", b"s\xe9ance"),
    "a no-break space at its end": (b"12\xa0 ;timeout=9", b"12\xa0"),
    "signs": (b'a/b+c=\\"$-_.', b'a/b+c=\\"$-_.'),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_is_named_as_the_camera_named_it(name: str) -> None:
    told, given = SESSIONS[name]

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if method == b"SETUP":
            await good(visit, method, session=told)
        elif method in (b"PLAY", b"TEARDOWN") and b"\r\nSession: " + given + b"\r\n" not in visit.heard[-1]:
            await visit.reply(b"454 Session Not Found")
        else:
            return None
        return True

    found = look(Cameras(answer))
    assert found.showing, (found.verdict, found.detail)
