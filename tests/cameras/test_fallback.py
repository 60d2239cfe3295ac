"""What our own reader does not speak: UDP, MJPEG, and a child process that must not give a login away."""

import asyncio
import os
import signal
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from dondoc.cameras import fallback
from dondoc.cameras.address import parse
from dondoc.cameras.decoder import Decoder, Seen
from dondoc.cameras.digest import parse_challenges
from dondoc.cameras.probe import probe
from dondoc.cameras.verdicts import Finding, Target
from dondoc.demo import clips
from dondoc.demo.camera import PASSWORD, USER
from dondoc.demo.fleet import Fleet

HERE, LOOPBACK = ip_address("127.0.0.1"), [ip_network("127.0.0.0/8")]


@pytest.fixture(autouse=True, scope="module")
def _encoded() -> None:
    clips.clip("moving")
    clips.clip("moving", "jpeg")


def look(url: str, *login: str, timeout: float = 6.0) -> Finding:
    return asyncio.run(probe(Target("x", url, *login), stage=2, allow=LOOPBACK, timeout=timeout))


@pytest.mark.parametrize("behaviour", ["mjpeg", "udp"])
def test_a_picture_comes_another_way(fleet: Fleet, behaviour: str) -> None:
    before = fleet.counts["TEARDOWN"]
    found = look(fleet.url(behaviour))
    assert (found.verdict, found.detail) == ("ok", "có hình")
    assert found.features
    assert found.features["mean"] == pytest.approx(133, abs=5)
    assert fleet.counts["TEARDOWN"] > before


def fallen_back(fleet: Fleet, behaviour: str, login: tuple[str, str] | None = None, timeout: float = 6.0) -> Seen:
    async def run() -> Seen:
        url = fallback.source(parse(fleet.url(behaviour)), HERE, login)
        async with Decoder(1) as decoder:
            return await fallback.look(url, "tcp", decoder, timeout=timeout)

    return asyncio.run(run())


def test_a_login_with_odd_letters_is_good_there_too_and_sent_once(fleet: Fleet) -> None:
    before = fleet.counts["logins"]
    assert fallen_back(fleet, "basic", (USER, PASSWORD)).verdict == "ok"
    assert fleet.counts["logins"] == before + 1


def test_the_past_is_heeded_there_too(fleet: Fleet) -> None:
    async def run() -> list[str]:
        url = fallback.source(parse(fleet.url("frozen")), HERE, None)
        async with Decoder(1) as decoder:
            first = await fallback.look(url, "tcp", decoder, timeout=6)
            past = {"last": [first.features, first.features]}
            return [first.verdict, (await fallback.look(url, "tcp", decoder, timeout=6, past=past)).verdict]

    assert asyncio.run(run()) == ["ok", "frozen"]


def test_a_camera_that_sends_nothing_is_no_frame_within_its_time(fleet: Fleet) -> None:
    assert fallen_back(fleet, "silent", timeout=1.0).verdict == "no_frame"


def children() -> list[int]:
    pids = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
    mine = []
    for pid in pids:
        try:
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"fallback" in Path(f"/proc/{pid}/cmdline").read_bytes():
                mine.append(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return mine


def test_a_login_is_in_no_argument_and_no_variable_and_a_crash_is_no_frame(fleet: Fleet) -> None:
    async def run() -> Seen:
        url = fallback.source(parse(fleet.url("silent")), HERE, ("ten", "bi-mat"))
        async with Decoder(1) as decoder:
            asked = asyncio.create_task(fallback.look(url, "tcp", decoder, timeout=8))
            while not (pids := children()):
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)  # it is the child by now, not our own fork
            for name in ("cmdline", "environ"):
                assert b"bi-mat" not in Path(f"/proc/{pids[0]}/{name}").read_bytes()
            os.kill(pids[0], signal.SIGSEGV)
            return await asked

    assert asyncio.run(run()).verdict == "no_frame"
    assert children() == []


def test_the_address_holds_the_ip_that_was_checked() -> None:
    address = parse("rtsps://cam.example.vn:8554/a?b=c")
    assert fallback.source(address, ip_address("10.1.2.3"), None) == "rtsps://10.1.2.3:8554/a?b=c"
    with_login = fallback.source(address, ip_address("2001:db8::1"), ("a b", "p@ss:/#ư"))
    assert with_login == "rtsps://a%20b:p%40ss%3A%2F%23%C6%B0@[2001:db8::1]:8554/a?b=c"


@pytest.mark.parametrize(
    ("offered", "may"),
    [
        ('Basic realm="x"', True),
        ('Digest realm="x", nonce="1"', True),
        ('Digest realm="x \\"y\\"", nonce="1"', False),
        ('Digest realm="x", nonce="1", algorithm=SHA-256', False),
        ('Digest realm="x", nonce="1", algorithm=MD5-sess, qop="auth"', False),
    ],
)
def test_a_login_that_ffmpeg_cannot_answer_is_not_tried(offered: str, may: bool) -> None:
    assert fallback.can_log_in(parse_challenges([offered])[0]) is may
    assert fallback.can_log_in(None)
