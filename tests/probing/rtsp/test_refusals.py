"""A login that a camera takes back, or asks for in the middle: it is shown once, to that device alone, and what becomes
of it is remembered. What a camera gives us to give back is given back byte by byte."""

import asyncio
import re
import socket
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from ipaddress import ip_network
from typing import Any

import pytest

from dondoc.cameras.logins.attempts import accepted
from dondoc.demo import rtp
from dondoc.probing import resolver
from dondoc.probing.probe import probe
from dondoc.probing.verdicts import Finding, Target
from tests.probing.misbehaving import Visit

pytestmark = pytest.mark.slow

LOOPBACK = [ip_network("127.0.0.0/8")]
USER, PASSWORD = "ioc", "Mat-khau!9"
DIGEST = b'WWW-Authenticate: Digest realm="a", nonce="%s"\r\n'
BASIC = b'WWW-Authenticate: Basic realm="a"\r\n'
CLEAR = b64encode(f"{USER}:{PASSWORD}".encode())
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


async def plays_no_key_picture(visit: Visit, method: bytes, patience: int) -> bool:
    """Answer SETUP and PLAY as `good` does, but no key picture comes; False where neither was asked for.

    `patience`: seconds that a session lives without a keep-alive request.
    """
    if method == b"SETUP":
        await visit.reply(more=SETUP + b"Session: 7;timeout=%d\r\n" % patience)
    elif method == b"PLAY":
        await good(visit, method, pictures=False)
        for packet in rtp.played("moving", "h264", 1):
            visit.writer.write(packet)
    return method in (b"SETUP", b"PLAY")


class Cameras:
    """Cameras at some addresses of one port, all of one kind. `heard`: requests by address; `visits`: connections."""

    def __init__(self, answer: Answer, *, pictures: bool = True) -> None:
        self._answer, self._pictures = answer, pictures
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
                    await good(here, method, pictures=self._pictures)
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


@pytest.mark.parametrize("way", [BASIC, DIGEST])
@pytest.mark.parametrize("at", [b"SETUP", b"PLAY"])
def test_a_refused_login_is_not_shown_again_when_we_say_goodbye(at: bytes, way: bytes) -> None:
    async def answer(visit: Visit, method: bytes, login: bool) -> None:
        await (visit.reply(b"401 No", way) if method == at else good(visit, method))
        return True

    found = look(camera := Cameras(answer))
    assert (found.verdict, len(camera.logins())) == ("auth_failed", 1), camera.asked


def test_a_login_that_is_good_for_the_description_alone_is_not_shown_once_more_after_its_refusal() -> None:
    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if method != b"OPTIONS" and (not login or method == b"PLAY"):
            await visit.reply(b"401 No", DIGEST)
            return True
        return None

    found = look(camera := Cameras(answer))
    assert found.verdict == "forbidden"
    assert not camera.logins(b"TEARDOWN")
    assert any(one.startswith(b"TEARDOWN") for one in camera.asked)


@pytest.mark.parametrize("answered", [True, False])
def test_keep_alive_requests_that_are_refused_carry_no_login_any_more(answered: bool) -> None:
    """Nor those after one without an answer, as over UDP nobody reads it."""

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        played = any(one.startswith(b"PLAY") for one in visit.heard)
        if login and await plays_no_key_picture(visit, method, patience=2):
            return True
        if played or (method != b"OPTIONS" and not login):
            if answered or not played:
                await visit.reply(b"401 No", DIGEST)
        else:
            return None
        return True

    look(camera := Cameras(answer), timeout=3.5)
    assert sum(one.startswith(b"OPTIONS") for one in camera.heard["127.0.0.1"]) > 3
    assert len(camera.logins(b"OPTIONS")) <= 2  # one on each connection


def test_a_second_look_remembers_that_the_first_was_asked_for_digest() -> None:
    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if method == b"DESCRIBE" and not login:
            await visit.reply(b"401 No", DIGEST if camera.visits == 1 else BASIC)
        else:
            return None
        return True

    found = look(camera := Cameras(answer, pictures=False), timeout=1.0)
    assert camera.visits == 3
    assert (found.verdict, found.digest) == ("unconfirmed", True)
    assert not any(CLEAR in login for login in camera.logins())


@pytest.mark.parametrize(
    ("first", "refused", "taken"), [(False, True, False), (True, True, None), (False, False, None), (True, False, True)]
)
def test_a_login_that_a_second_look_shows_in_vain_is_remembered(first: bool, refused: bool, taken: bool | None) -> None:
    """`first`: whether it was shown and taken in the first look; `refused`: in the second, else it is not answered."""

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if method == b"DESCRIBE" and camera.visits > 1 and login and not refused:
            await asyncio.sleep(9)
        elif method == b"DESCRIBE" and (camera.visits > 1 or (first and not login)):
            await visit.reply(b"401 No", DIGEST)
        else:
            return None
        return True

    found = look(camera := Cameras(answer, pictures=False), timeout=1.0)
    assert (camera.visits, found.verdict) == (2, "unconfirmed")
    assert len(camera.logins(b"DESCRIBE")) == 1 + first
    assert (found.password_sent, accepted(found)) == (True, taken)


def test_of_several_addresses_of_a_name_a_second_look_is_at_the_one_that_was_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first one has no place left for a while, as after a start: the second takes the first look."""
    hosts = ["127.0.0.3", "127.0.0.4"]
    rows = [[(0, 0, 0, "", (one, 0)) for one in hosts]]
    monkeypatch.setattr(resolver.socket, "getaddrinfo", lambda *_, **__: rows[0])

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if method == b"DESCRIBE" and not login:
            await visit.reply(b"401 No", DIGEST)
        elif method == b"PLAY":
            await late.start()
            await good(visit, method, pictures=False)
        else:
            return None
        return True

    class Late:
        port = 0
        server: asyncio.Server | None = None

        async def start(self) -> None:
            self.server = self.server or await asyncio.start_server(camera.visit, hosts[0], self.port)

    camera, late = Cameras(answer), Late()

    async def run() -> Finding:
        server = await asyncio.start_server(camera.visit, hosts[1], 0)
        late.port = server.sockets[0].getsockname()[1]
        target = Target("x", f"rtsp://hai.example.vn:{late.port}/1", USER, PASSWORD)
        found = await probe(target, stage=2, allow=LOOPBACK, timeout=1.0)
        server.close()
        if late.server:
            late.server.close()
        return found

    assert asyncio.run(run()).verdict == "no_frame"
    assert camera.visits == 3
    assert [*camera.heard] == [hosts[1]]


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


# The base of the addresses and the track's own, and what is asked for: each byte as the camera has it.
CODES = {
    "GBK in the base": ("摄像".encode("gbk") + b"/", b"t1", b"/%C9%E3%CF%F1/t1"),
    "UTF-8 in the base": ("cổng/".encode(), b"t1", b"/c%E1%BB%95ng/t1"),
    "Latin-1 in the track": (b"live/", b"entr\xe9e 1", b"/live/entr%E9e%201"),
    "GBK in both": (b"\xc9\xe3/", b"\xcf\xf1", b"/%C9%E3/%CF%F1"),
}


@pytest.mark.parametrize("name", CODES)
def test_a_track_is_asked_for_by_the_bytes_of_its_name(name: str) -> None:
    base, track, asked = CODES[name]

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        url = visit.heard[-1].split(b" ")[1]
        host = url.split(b"/")[2]
        if method == b"DESCRIBE":
            more = b"Content-Base: rtsp://" + host + b"/" + base + b"\r\n"
            await visit.reply(more=more, body=BODY.replace(b"t1", track))
        elif method == b"SETUP" and url != b"rtsp://" + host + asked:
            await visit.reply(b"404 Not Found")
        else:
            return None
        return True

    found = look(Cameras(answer))
    assert found.showing, found.detail


@pytest.mark.parametrize("header", [b"Connection: close\r\n", b"connection:CLOSE\r\n", b""])
def test_a_camera_that_hangs_up_after_each_401_is_logged_in_to(header: bytes) -> None:
    """Also after the one to OPTIONS, as some ask for a login there."""

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if login:
            return None
        await visit.reply(b"401 No", DIGEST + header)
        return False

    found = look(camera := Cameras(answer))
    assert (found.verdict, camera.visits) == ("ok", 3), found.steps
    assert len(camera.logins(b"DESCRIBE")) == 1


def test_a_keep_alive_request_without_a_login_that_is_refused_refuses_no_login() -> None:
    """A camera answers late: the second carries none, the third does again."""

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        asked = [one for one in visit.heard if one.startswith(b"OPTIONS")]
        if method == b"SETUP":
            await visit.reply(more=SETUP + b"Session: 7;timeout=2\r\n")
        elif method == b"DESCRIBE" and not login:
            await visit.reply(b"401 No", DIGEST)
        elif method == b"OPTIONS" and len(asked) == 3:
            await visit.reply()
            await visit.reply(b"401 No", DIGEST)
        elif method == b"OPTIONS" and len(asked) == 2:
            return True
        else:
            return None
        return True

    look(camera := Cameras(answer, pictures=False), timeout=4.0)
    shown = [b"\r\nAuthorization: " in one for one in camera.asked if one.startswith(b"OPTIONS")]
    assert shown[:4] == [False, True, False, True]


@pytest.mark.parametrize(("hangs_up", "visits"), [(False, 1), (True, 2)])
def test_a_camera_that_says_at_once_that_it_hangs_up_is_asked_as_long_as_it_does_not(
    hangs_up: bool, visits: int
) -> None:
    """Some say so with every answer, and take one viewer at a time."""

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if method != b"OPTIONS":
            return None
        await visit.reply(more=b"Connection: close\r\n")
        return not hangs_up

    found = look(camera := Cameras(answer))
    assert (found.verdict, camera.visits) == ("ok", visits), found.steps


@pytest.mark.parametrize("how", ["no place", "hangs"])
@pytest.mark.parametrize("header", [b"Connection: close\r\n", b""])
def test_a_camera_that_cannot_be_called_again_for_its_login_has_ended_a_connection(how: str, header: bytes) -> None:
    """It was there a moment ago: neither its port nor its line is to be looked for."""

    async def run() -> Finding:
        loop = asyncio.get_running_loop()
        listening = socket.create_server(("127.0.0.1", 0), backlog=0)
        listening.setblocking(False)
        port = listening.getsockname()[1]
        asked = asyncio.create_task(
            probe(Target("x", f"rtsp://127.0.0.1:{port}/1", USER, PASSWORD), allow=LOOPBACK, timeout=3.0)
        )
        connection, _ = await loop.sock_accept(listening)
        crowd = [socket.socket() for _ in range(3)] if how == "hangs" else []
        if how == "no place":
            listening.close()
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        await loop.sock_recv(connection, 9999)
        await loop.sock_sendall(connection, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")
        await loop.sock_recv(connection, 9999)
        await loop.sock_sendall(connection, b"RTSP/1.0 401 No\r\nCSeq: 2\r\n" + DIGEST + header + b"\r\n")
        if not header:
            await loop.sock_recv(connection, 9999)
        connection.close()
        found = await asked
        for one in (listening, *crowd):
            one.close()
        return found

    found = asyncio.run(run())
    assert found.verdict == ("closed_early" if how == "no place" else "rtsp_timeout")
    assert (found.phase, "DESCRIBE" in found.detail) == ("rtsp", True), found.detail


@pytest.mark.parametrize("strict", [False, True])
def test_the_nonce_that_a_camera_wants_next_is_used(strict: bool) -> None:
    """`strict`: it takes each nonce once, and says no word of a stale one."""

    async def answer(visit: Visit, method: bytes, login: bool) -> bool | None:
        if method == b"OPTIONS":
            return None
        if not login or (strict and b'nonce="n%d"' % next_one[0] not in visit.heard[-1]):
            next_one[0] += 1
            await visit.reply(
                b"401 No", b'WWW-Authenticate: Digest realm="a", nonce="n%d", qop="auth"\r\n' % next_one[0]
            )
            return True
        next_one[0] += 1
        info = b'Authentication-Info: nextnonce="n%d", qop=auth\r\n' % next_one[0]
        if method == b"DESCRIBE":
            await visit.reply(more=info, body=BODY)
        elif method == b"SETUP":
            await visit.reply(more=SETUP + b"Session: 7\r\n" + info)
        else:
            await visit.reply(more=info)
            for number in range(3):
                for packet in rtp.played("moving", "h264", number):
                    visit.writer.write(packet)
        return True

    next_one = [0]
    found = look(camera := Cameras(answer))
    assert found.showing, (found.verdict, found.detail)
    used = [re.findall(rb'[, ](?:nonce="|nc=)(\w+)', one) for one in camera.logins()]
    assert used == [[b"n%d" % number, b"00000001"] for number in range(1, 5)]
