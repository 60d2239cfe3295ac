"""A camera that tries to move us: to another host, another port, another way to log in. All of 127.0.0.0/8 is allowed,
so that nothing but our own rules keeps us with the camera."""

import asyncio
import contextlib
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_network
from typing import Any

import pytest

from dondoc.demo import rtp
from dondoc.demo.fleet import Fleet
from dondoc.probing.probe import FAULT, probe, probe_many
from dondoc.probing.rtsp import authenticator
from dondoc.probing.verdicts import Finding, Target
from tests.probing.misbehaving import Visit

pytestmark = pytest.mark.slow

ELSEWHERE = "127.0.0.9"  # the host of whoever wants to be called
LOOPBACK = [ip_network("127.0.0.0/8")]
USER, PASSWORD = "ioc", "Mat-khau!9"
DIGEST, BASIC = b"WWW-Authenticate: Digest realm=a, nonce=b\r\n", b"WWW-Authenticate: Basic realm=a\r\n"
JPEG = "m=video 0 RTP/AVP 26\r\n"
H264 = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"


class Listener:
    """Another host, with TCP and UDP at the same port: what reached it."""

    def __init__(self) -> None:
        self._tcp, self._udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        self._tcp.bind((ELSEWHERE, 0))
        self._tcp.listen()
        self.port: int = self._tcp.getsockname()[1]
        self._udp.bind((ELSEWHERE, self.port))
        for one in (self._tcp, self._udp):
            one.setblocking(False)

    @property
    def called(self) -> bool:
        for ask in (self._tcp.accept, lambda: self._udp.recv(1)):
            with suppress(BlockingIOError):
                ask()  # type: ignore[operator]
                return True
        return False

    def send(self, data: bytes, port: int) -> None:
        self._udp.sendto(data, ("127.0.0.1", port))

    def close(self) -> None:
        self._tcp.close()
        self._udp.close()


@pytest.fixture
def elsewhere() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


Answer = Callable[[Visit, bytes], Awaitable[bool]]


def visited(answer: Answer, *login: str, allow: Any = LOOPBACK, scheme: str = "rtsp") -> tuple[Finding, list[bytes]]:
    """The finding about a camera that answers as `answer` does (False: as a good one), and all that it was asked."""
    heard: list[bytes] = []

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here = Visit(reader, writer, heard)
        with suppress(asyncio.IncompleteReadError, OSError):
            while method := await here.asked():
                if not await answer(here, method):
                    await good(here, method)
        writer.close()

    async def run() -> Finding:
        server = await asyncio.start_server(visit, "127.0.0.1", 0)
        url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/1"
        found = await probe(Target("x", url, *login), stage=2, allow=allow, timeout=4.0)
        server.close()
        return found

    return asyncio.run(run()), heard


async def good(visit: Visit, method: bytes, media: str = H264) -> None:
    """MJPEG or H.264 over TCP."""
    if method == b"DESCRIBE":
        await visit.reply(body=f"v=0\r\ns=-\r\n{media}a=control:t1\r\n".encode())
    elif method == b"SETUP":
        await visit.reply(more=b"Session: 7\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")
    elif method == b"PLAY":
        await visit.reply(more=b"Session: 7\r\n")
        for number in range(3):
            for packet in rtp.played("moving", "jpeg" if media == JPEG else "h264", number):
                visit.writer.write(packet)
    else:
        await visit.reply()


def asked_of(heard: list[bytes]) -> set[bytes]:
    """Hosts in the first lines and in what Digest signed."""
    found = b"\n".join(heard)
    return set(re.findall(rb"(?:^[A-Z]+ |uri=\")rtsps?://([^/ ?\"]*)", found, re.MULTILINE))


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 Other", b"305 Proxy", b"307 T", b"308 P"])
@pytest.mark.parametrize("at", [b"OPTIONS", b"SETUP", b"PLAY"])
def test_a_redirect_after_or_before_the_description_is_not_followed(
    elsewhere: Listener, at: bytes, status: bytes
) -> None:
    place = f"Location: rtsp://{ELSEWHERE}:{elsewhere.port}/1\r\n".encode()

    async def answer(visit: Visit, method: bytes) -> bool:
        if method == at:
            await visit.reply(status, place)
        return method == at

    found, _ = visited(answer, USER, PASSWORD)
    assert not elsewhere.called
    assert found.verdict == ("ok" if at == b"OPTIONS" else "server_error")


def test_a_redirect_of_a_description_carries_no_login_and_leaves_no_network_that_is_allowed(
    elsewhere: Listener,
) -> None:
    async def answer(visit: Visit, method: bytes) -> bool:
        if method != b"DESCRIBE":
            return False
        if b"Authorization" not in visit.heard[-1]:
            await visit.reply(b"401 No", DIGEST)
        else:
            await visit.reply(b"302 Found", f"Location: rtsp://{ELSEWHERE}:{elsewhere.port}/1\r\n".encode())
        return True

    found, _ = visited(answer, USER, PASSWORD, allow=[ip_network("127.0.0.1/32")])
    assert found.verdict == "blocked_target"
    assert not elsewhere.called


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps"])
def test_a_redirect_to_another_port_or_scheme_of_the_same_host_gets_no_login(scheme: str) -> None:
    heard: list[bytes] = []

    async def run() -> Finding:
        async def second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.IncompleteReadError, OSError):
                if scheme == "rtsps":
                    heard.append(await reader.read(5))  # a handshake of TLS is all that may come
                here = Visit(reader, writer, heard)
                while await here.asked():
                    await here.reply(b"401 No", BASIC)
            writer.close()

        async def first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.IncompleteReadError, OSError):
                here = Visit(reader, writer, [])
                await here.opened()
                port = other.sockets[0].getsockname()[1]
                await here.reply(b"302 Found", f"Location: {scheme}://127.0.0.1:{port}/1\r\n".encode())
                await reader.read()
            writer.close()

        other = await asyncio.start_server(second, "127.0.0.1", 0)
        camera = await asyncio.start_server(first, "127.0.0.1", 0)
        url = f"rtsp://127.0.0.1:{camera.sockets[0].getsockname()[1]}/1"
        found = await probe(Target("x", url, USER, PASSWORD), stage=2, allow=LOOPBACK, timeout=2.0)
        other.close()
        camera.close()
        return found

    found = asyncio.run(run())
    assert heard
    assert not any(b"Authorization" in one for one in heard)
    assert not found.password_sent
    assert found.verdict in ("auth_required", "tls_failure")


# Where a camera at {host}:{port} sends who asks for a description, and what is found then.
# {other} is a port of the same host, {away} one of another; both ask for a login, and have none to get.
LOCATIONS = {
    "its own": ("rtsp://{host}:{port}/2", "ok"),
    "its own, with a password": ("rtsp://khac:mat-ma@{host}:{port}/2", "ok"),
    "its own, in capitals with blanks around": ("  RTSP://{host}:{port}/2  ", "ok"),
    "its own, spelled as IPv6": ("rtsp://[::ffff:127.0.0.1]:{port}/2", "ok"),
    "its own, as one number": ("rtsp://2130706433:{port}/2", "ok"),
    "its own, as a path": ("/2", "ok"),
    "its own, as a path with a query": ("/2?user=khac", "ok"),
    "a loop": ("/1", "server_error"),
    "another port": ("rtsp://{host}:{other}/2", "auth_required"),
    "another port, with a password": ("rtsp://khac:mat-ma@{host}:{other}/2", "auth_required"),
    "another host": ("rtsp://{elsewhere}:{away}/2", "auth_required"),
    "another host behind our name": ("rtsp://{host}:{port}@{elsewhere}:{away}/2", "auth_required"),
    "our host behind another's path": ("rtsp://{elsewhere}:{away}/@{host}:{port}/2", "server_error"),
    "a name that is ours": ("rtsp://localhost:{port}/2", "auth_required"),
    "TLS at the same port": ("rtsps://{host}:{port}/2", "tls_failure"),
    "a port where nobody is": ("rtsp://{host}:9/2", "connection_refused"),
    "what may not be probed": ("rtsp://192.0.2.7:{port}/2", "blocked_target"),
    "a network path": ("//{elsewhere}:{away}/2", "server_error"),
    "a path without a slash": ("2", "server_error"),
    "nothing": ("", "server_error"),
    "the web": ("http://{elsewhere}:{away}/", "server_error"),
    "a file": ("file:///etc/passwd", "server_error"),
    "two lines": ("rtsp://{host}:{port}/2\r\n Location: rtsp://{elsewhere}:{away}/", "server_error"),
}


@pytest.mark.parametrize("status", ["301 Moved", "302 Found"])
@pytest.mark.parametrize("name", LOCATIONS)
def test_a_camera_that_points_somewhere_gets_a_login_for_itself_alone(name: str, status: str) -> None:
    location, verdict = LOCATIONS[name]
    heard: dict[str, list[bytes]] = {"camera": [], "other": [], "away": []}

    def server(who: str, place: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            here = Visit(reader, writer, heard[who])
            with suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
                while method := await here.asked():
                    first = here.heard[-1].partition(b"\r")[0]
                    if method == b"OPTIONS":
                        await here.reply()
                    elif who == "camera" and b"/1 " in first:
                        await here.reply(status.encode(), f"Location: {place.format(**ports)}\r\n".encode())
                    elif b"Authorization: Digest" not in here.heard[-1]:
                        await here.reply(b"401 No", DIGEST)
                    else:
                        await good(here, method)
            writer.close()

        return visit

    ports: dict[str, object] = {"host": "127.0.0.1", "elsewhere": ELSEWHERE}

    async def run() -> Finding:
        async with contextlib.AsyncExitStack() as opened:
            for who, host, port in (
                ("away", ELSEWHERE, "away"),
                ("other", "127.0.0.1", "other"),
                ("camera", "127.0.0.1", "port"),
            ):
                made = await asyncio.start_server(server(who, location), host, 0)
                opened.callback(made.close)
                ports[port] = made.sockets[0].getsockname()[1]
            url = f"rtsp://127.0.0.1:{ports['port']}/1"
            return await probe(Target("x", url, USER, PASSWORD), allow=LOOPBACK, timeout=3.0)

    found = asyncio.run(run())
    assert found.verdict == verdict, found.steps
    logins = {who: sum(b"Authorization" in one for one in asked) for who, asked in heard.items()}
    assert logins == {"camera": 1 if verdict == "ok" else 0, "other": 0, "away": 0}
    assert sum(b"DESCRIBE" in one for one in heard["camera"]) <= 3
    assert not any(b"khac:" in one or b"mat-ma" in one or b"a2hhYz" in one for asked in heard.values() for one in asked)
    shown = " ".join((found.detail, *found.steps))
    assert not re.search(r"127\.|192\.|khac|passwd", shown)
    if verdict not in ("ok", "server_error"):
        assert "chuyển hướng" in found.detail  # else who reads it looks for the fault where the camera is


@pytest.mark.parametrize("media", [H264, JPEG])
def test_an_address_of_another_host_in_the_description_is_asked_of_the_camera_as_its_own(
    elsewhere: Listener, media: str
) -> None:
    """What Digest signs could be used at the host whose address it is: this one's login, everywhere it is good."""
    there = f"rtsp://{ELSEWHERE}:{elsewhere.port}"

    async def answer(visit: Visit, method: bytes) -> bool:
        if b"Authorization" not in visit.heard[-1]:
            await visit.reply(b"401 No", DIGEST)
        elif method == b"DESCRIBE":
            body = f"v=0\r\ns=-\r\na=control:{there}/whole\r\n{media}a=control:{there}/t1\r\n".encode()
            await visit.reply(more=f"Content-Base: {there}/base/\r\nContent-Location: {there}/\r\n".encode(), body=body)
        else:
            await good(visit, method, media)
        return True

    found, heard = visited(answer, USER, PASSWORD)
    assert found.showing
    assert not elsewhere.called
    (host,) = asked_of(heard)
    assert host.startswith(b"127.0.0.1:")
    (setup,) = (line for request in heard for line in request.split(b"\n") if line.startswith(b"SETUP"))
    assert setup.split()[1].endswith(b"/t1")


def test_mjpeg_gets_no_second_connection_that_could_be_led_away_with_the_login(elsewhere: Listener) -> None:
    """As FFmpeg was: good at the first visit; at the second, Basic instead of Digest and a way to another host."""
    visits: list[Visit] = []

    async def answer(visit: Visit, method: bytes) -> bool:
        if visit not in visits:
            visits.append(visit)
        again = len(visits) > 1
        if method == b"OPTIONS":
            return False
        if b"Authorization" not in visit.heard[-1]:
            await visit.reply(b"401 No", BASIC if again else DIGEST)
        elif again:
            await visit.reply(b"302 Found", f"Location: rtsp://{ELSEWHERE}:{elsewhere.port}/1\r\n".encode())
        else:
            await good(visit, method, JPEG)
        return True

    found, heard = visited(answer, USER, PASSWORD)
    assert found.showing
    assert len(visits) == 1
    assert not any(b"Basic" in request for request in heard)
    assert not elsewhere.called


async def _udp(visit: Visit, method: bytes, more: str, play: Callable[[int], None]) -> bool:
    """A camera that takes nothing but UDP, answers SETUP with more words of Transport, and then plays to a port."""
    if method == b"SETUP":
        asked = re.search(rb"client_port=(\d+)-(\d+)", visit.heard[-1])
        if not asked:
            await visit.reply(b"461 Unsupported Transport")
            return True
        visit.reader.port = int(asked[1])  # type: ignore[attr-defined]
        line = f"Session: 7\r\nTransport: RTP/AVP;unicast;client_port={int(asked[1])}-{int(asked[2])}{more}\r\n"
        await visit.reply(more=line.encode())
        return True
    if method == b"PLAY":
        await visit.reply(more=b"Session: 7\r\n")
        play(visit.reader.port)  # type: ignore[attr-defined]
        return True
    return False


def test_source_and_destination_of_udp_are_not_heeded(elsewhere: Listener) -> None:
    port = elsewhere.port
    more = f";source={ELSEWHERE};destination={ELSEWHERE};server_port={port}-{port + 1}"
    camera = socket.socket(type=socket.SOCK_DGRAM)
    camera.bind(("127.0.0.1", 0))

    def play(to: int) -> None:
        for number in range(3):
            for packet in rtp.played("moving", "h264", number):
                camera.sendto(packet[4:], ("127.0.0.1", to))

    found, _ = visited(lambda visit, method: _udp(visit, method, more, play))
    camera.close()
    assert found.showing
    assert not elsewhere.called


def test_packets_over_udp_that_another_host_sends_are_no_picture(elsewhere: Listener) -> None:
    def play(to: int) -> None:
        for number in range(3):
            for packet in rtp.played("moving", "h264", number):
                elsewhere.send(packet[4:], to)

    found, _ = visited(lambda visit, method: _udp(visit, method, "", play))
    assert (found.verdict, "không có gói hình nào" in found.detail) == ("no_frame", True)


def test_no_other_service_of_the_camera_is_knocked_at() -> None:
    """A port that no camera sends RTP from, or none at all."""
    ports = ["22-23", "0-1", "65535-65536", "99999999-1", "-5", ";;="]

    def verdict(port: str) -> str:
        found, _ = visited(lambda visit, method: _udp(visit, method, f";server_port={port}", lambda to: None))
        return found.verdict

    with ThreadPoolExecutor(len(ports)) as side_by_side:  # each waits for pictures until its time is over
        assert dict(zip(ports, side_by_side.map(verdict, ports), strict=True)) == dict.fromkeys(ports, "no_frame")


@pytest.mark.parametrize("first", [b"OPTIONS", b"DESCRIBE"])
def test_the_password_itself_is_not_sent_once_digest_was_offered(first: bytes) -> None:
    """Digest at the first question, Basic alone at a later one: the password in clear is what it is after."""

    async def answer(visit: Visit, method: bytes) -> bool:
        offered = DIGEST if method == first and b"Authorization" not in visit.heard[-1] else BASIC
        await visit.reply(b"401 No", offered)
        return True

    found, heard = visited(answer, USER, PASSWORD)
    assert not any(b"Basic" in request for request in heard)
    assert found.verdict == ("auth_required" if first == b"OPTIONS" else "auth_failed")


@pytest.mark.parametrize(
    "algorithm", ["Basic", "BASIC", "-sess", "MD5-sess-sess", "SHA-512-256", "\N{LATIN SMALL LETTER LONG S}"]
)
def test_an_algorithm_of_digest_that_is_none_costs_no_more_than_the_login(algorithm: str) -> None:
    """One camera that named "Basic" as it ended the looks at all the others of its batch."""
    offered = f"WWW-Authenticate: Digest realm=a, nonce=b, algorithm={algorithm}\r\n".encode()

    async def answer(visit: Visit, method: bytes) -> bool:
        if method == b"DESCRIBE":
            await visit.reply(b"401 No", offered)
        return method == b"DESCRIBE"

    found, heard = visited(answer, USER, PASSWORD)
    assert (found.verdict, found.password_sent) == ("auth_required", False)
    assert "401 Unauthorized (Digest loại khác)" in found.steps[-1]
    assert not any(b"Authorization" in request for request in heard)


@pytest.mark.parametrize("header", ["Content-Base", "Content-Location"])
def test_a_base_that_is_a_word_without_an_end_takes_no_time(header: str) -> None:
    """To look for an address in it took a minute, in which no other camera had a turn."""

    async def answer(visit: Visit, method: bytes) -> bool:
        if method == b"DESCRIBE":
            body = f"v=0\r\ns=-\r\n{H264}a=control:t1\r\n".encode()
            await visit.reply(more=f"{header}: {'a' * 60_000}\r\n".encode(), body=body)
        return method == b"DESCRIBE"

    found, _ = visited(answer)
    assert (found.verdict, found.elapsed_ms < 30_000) == ("no_frame", True)


def test_a_fault_of_ours_costs_one_look_and_is_loud(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumbles(_: object) -> None:
        raise KeyError(PASSWORD)

    monkeypatch.setattr(authenticator, "ranked", stumbles)
    targets = [Target("bad", fleet.url("digest"), USER, PASSWORD), Target("good", fleet.url("healthy"))]
    found = {f.camera: (f.verdict, f.detail) for f in probe_many(targets, timeout=30, allow=LOOPBACK)}
    assert found["bad"] == ("check_failed", FAULT)
    assert found["good"][0] == "ok"
    assert "KeyError in test_redirects.py" in caplog.text
    assert PASSWORD not in caplog.text


def test_a_stale_nonce_later_on_does_not_change_the_way_either() -> None:
    async def answer(visit: Visit, method: bytes) -> bool:
        if method == b"SETUP":
            await visit.reply(b"401 No", b"WWW-Authenticate: Basic realm=a, stale=TRUE\r\n")
        elif b"Authorization" in visit.heard[-1] or method == b"OPTIONS":
            return False
        else:
            await visit.reply(b"401 No", DIGEST)
        return True

    _, heard = visited(answer, USER, PASSWORD)
    assert not any(b"Basic" in request for request in heard)


def test_a_name_with_good_and_bad_addresses_is_asked_at_the_good_ones_only(
    elsewhere: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dondoc.probing import resolver

    found = ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", ELSEWHERE, "127.0.0.1"]
    rows = [(0, 0, 0, "", (ip, 0)) for ip in found]
    monkeypatch.setattr(resolver.socket, "getaddrinfo", lambda *_, **__: rows)
    allow = [ip_network("127.0.0.1/32"), ip_network("0.0.0.0/0"), ip_network("::/0")]
    got = asyncio.run(resolver.Resolver(allow).resolve("cam.example.vn"))
    assert [str(ip) for ip in got] == ["127.0.0.1"]
    assert not elsewhere.called
