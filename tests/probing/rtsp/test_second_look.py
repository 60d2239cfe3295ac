"""Healthy cameras of every kind show their picture, be it at a second look; of the others nobody is wrongly blamed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import TypeAlias

import pytest

from dondoc.demo.camera import Camera
from dondoc.probing.picture import decode, units
from dondoc.probing.picture.decoder import STOPPED, Decoder, Seen
from dondoc.probing.probe import AGAIN, probe
from dondoc.probing.rtsp.exchange import Progress
from dondoc.probing.second_look import LONGER, Outcome, Second, concluded, helped
from dondoc.probing.verdicts import NOT_CHECKED, Finding, Help, Target
from tests.probing import ffmpeg
from tests.probing.ffmpeg import needs_ffmpeg
from tests.probing.zoo import (
    HEALTHY,
    SEEN_HERE_ALONE,
    SICK,
    Datagrams,
    Odd,
    OnlyUdp,
    Relay,
    Slow,
    Unit,
    odd,
    plain,
    refreshed,
    serve,
    torn,
    url,
)

pytestmark = pytest.mark.slow

LOOPBACK = [ip_network("127.0.0.0/8")]
Looked: TypeAlias = tuple[Finding, Counter[str]]
Look: TypeAlias = Callable[..., list[Looked]]
AT_ONCE = 8
RELAY = "silent before the next key picture"
PATIENT, BRISK, IMPATIENT = 20.0, 4.0, 2.0  # seconds of a first look
TOO_SHORT = 1.0  # for the relay's first key picture, which comes in the time of a last look


@pytest.fixture(scope="module")
def look() -> Iterator[Look]:
    """A look at cameras of some kinds, by a decoder that is ready: on a busy machine its start takes seconds."""
    with asyncio.Runner() as runner:
        decoder = Decoder(1)
        runner.run(decoder.judge("h264", b""))

        async def one(kind: type[Odd], timeout: float, room: asyncio.Semaphore) -> Looked:
            counts: Counter[str] = Counter()
            async with room:
                server = await serve(kind, counts)
                target = Target("x", url(server))
                found = await probe(target, stage=2, allow=LOOPBACK, timeout=timeout, decoder=decoder)
                server.close()
            return found, counts

        async def all_of(kinds: tuple[type[Odd], ...], timeout: float) -> list[Looked]:
            room = asyncio.Semaphore(AT_ONCE)
            return await asyncio.gather(*(one(kind, timeout, room) for kind in kinds))

        yield lambda *kinds, timeout=PATIENT: runner.run(all_of(kinds, timeout))
        runner.run(decoder.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def seen(look: Look) -> dict[str, Looked]:
    """What is seen of each kind; most of them are waited for, so they are looked at side by side."""
    groups = {
        PATIENT: {name: kind for name, (kind, why) in HEALTHY.items() if not why} | SEEN_HERE_ALONE,
        BRISK: {name: kind for name, (kind, why) in HEALTHY.items() if why and kind is not Relay},
        IMPATIENT: {name: kind for name, (kind, *_) in SICK.items()},
        TOO_SHORT: {RELAY: Relay},
    }
    return {
        name: found
        for timeout, kinds in groups.items()
        for name, found in zip(kinds, look(*kinds.values(), timeout=timeout), strict=True)
    }


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_healthy_camera_of_any_kind_shows_its_picture(seen: dict[str, Looked], kind: str) -> None:
    found, _ = seen[kind]
    assert (found.verdict, found.help, found.showing) == ("ok", HEALTHY[kind][1], True), found.detail


@pytest.mark.parametrize("kind", SEEN_HERE_ALONE)
def test_what_another_program_drops_is_shown(seen: dict[str, Looked], kind: str) -> None:
    assert seen[kind][0].showing


def test_a_key_picture_that_comes_late_is_waited_for_and_the_session_kept(look: Look) -> None:
    [(found, counts)] = look(Slow, timeout=4.5)  # its key picture comes after 5.5 s
    assert (found.verdict, found.help) == ("ok", Help.SLOW), "\n".join((found.detail, *found.steps))
    assert (counts["connections"], counts["SETUP"]) == (2, 2)


def test_a_camera_that_sends_nothing_over_tcp_is_asked_once_over_udp(look: Look) -> None:
    [(found, counts)] = look(OnlyUdp, timeout=5.0)
    assert (found.verdict, found.help, counts["SETUP"]) == ("ok", Help.UDP, 2)


@pytest.mark.parametrize("transport", ["RTP/AVP;unicast;server_port=6000-6001", "RTP/AVP/UDP;unicast"])
def test_udp_in_answer_to_tcp_is_understood_without_our_ports(look: Look, transport: str) -> None:
    class Unasked(Odd):
        async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
            if "client_port" in headers["transport"]:
                return await Camera._setup(self, "udp", url, headers)
            return await self._say("200 OK", headers, f"Transport: {transport}\r\nSession: 7\r\n")

    [(found, counts)] = look(Unasked)
    assert (found.verdict, found.help, counts["SETUP"]) == ("ok", None, 2)


def test_damage_that_a_second_look_does_not_see_was_the_network(look: Look) -> None:
    def once(unit: Unit, sequence: int, time: int) -> list[bytes]:
        return (torn if kind.visits == 1 else plain)(unit, sequence, time)

    kind = odd(once)
    [(found, _)] = look(kind)
    assert (found.verdict, found.help) == ("ok", Help.NETWORK)
    assert "đường truyền" in found.detail


def test_of_packets_that_are_lost_the_way_is_told(seen: dict[str, Looked]) -> None:
    assert "nhà mạng" in seen["UDP alone, and a third of it is lost on the way"][0].detail


@pytest.mark.parametrize("kind", SICK)
def test_nobody_is_blamed_for_what_was_only_not_understood(seen: dict[str, Looked], kind: str) -> None:
    _, verdict, advice = SICK[kind]
    found, counts = seen[kind]
    assert (found.verdict, found.phase, found.help) == (verdict, "frame", None), found.detail
    assert counts["connections"] == (3 if verdict == "no_frame" else 2)  # one of them over UDP
    steps = found.steps
    begun = (steps[0], steps[steps.index(AGAIN) + 1])
    assert [line.partition("  ")[2] for line in begun] == ["nối đến thiết bị"] * 2
    assert (found.verdict in NOT_CHECKED) is (advice is None)
    assert advice is None or advice in (found.verdict.advice or "")


def refusing(method: str, status: str, torn_first: bool) -> type[Odd]:
    """Is damaged, or silent, at the first look, and refuses the others at some step; without a status it hangs up."""

    async def refuse(self: Odd, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        if self.counts["connections"] == 1:
            return await getattr(Odd, f"_{method}")(self, behaviour, url, headers)
        return await self._say(status, headers) if status else False

    stream = {} if torn_first else {"stream": lambda: iter(())}
    return odd(torn, **stream, **{f"_{method}": refuse})


def test_what_no_second_look_could_confirm_is_blamed_on_nobody(look: Look) -> None:
    """The device is busy now, wants another login, hangs up: one weak sign is none."""
    statuses = ("453 Not Enough Bandwidth", "401 Unauthorized", "500 Oops", "")
    ways = [(m, s, t) for m in ("describe", "setup", "play") for s in statuses for t in (True, False)]
    seen = look(*(refusing(*way) for way in ways), timeout=IMPATIENT)
    assert {way: str(found.verdict) for way, (found, _) in zip(ways, seen, strict=True)} == dict.fromkeys(
        ways, "unconfirmed"
    )
    assert all(found.verdict in NOT_CHECKED for found, _ in seen)


DAMAGED, SILENT = Seen("decode_failed", "hỏng"), Seen("no_frame", "im lặng")
UNREAD, SHOWN = Seen("not_decodable", "?"), Second(Seen("ok", "có hình"), Help.SLOW)
SETUP, PACKETS, PICTURE = Progress.SETUP, Progress.PACKETS, Progress.KEY_PICTURE


@pytest.mark.parametrize(
    ("first", "silent", "others", "verdict"),
    [
        (SILENT, True, [Outcome(PACKETS), Outcome(PACKETS)], "no_frame"),
        (SILENT, True, [Outcome(SETUP), Outcome(PACKETS)], "no_frame"),
        (SILENT, True, [Outcome(SETUP), Outcome(SETUP)], "unconfirmed"),
        (SILENT, True, [Outcome(PICTURE)], "not_decodable"),
        (SILENT, True, [Outcome(PACKETS), Outcome(PICTURE)], "not_decodable"),
        (SILENT, True, [Outcome(PICTURE, SHOWN)], "ok"),
        (SILENT, True, [Outcome(PICTURE, Second(DAMAGED))], "not_decodable"),
        (SILENT, False, [Outcome(PICTURE, Second(DAMAGED))], "not_decodable"),
        (SILENT, False, [Outcome(PICTURE)], "not_decodable"),
        (SILENT, False, [Outcome(PACKETS)], "not_decodable"),
        (SILENT, False, [Outcome(Progress.CONNECT)], "unconfirmed"),
        (SILENT, False, [Outcome(PICTURE, lossy=True)], "unconfirmed"),
        (SILENT, True, [Outcome(PICTURE, Second(DAMAGED), lossy=True)], "unconfirmed"),
        (UNREAD, False, [Outcome(PICTURE, lossy=True)], "unconfirmed"),
        (UNREAD, False, [Outcome(PICTURE, SHOWN, lossy=True)], "ok"),
        (DAMAGED, False, [Outcome(PICTURE, Second(DAMAGED))], "decode_failed"),
        (DAMAGED, False, [Outcome(PICTURE)], "unconfirmed"),
        (DAMAGED, False, [Outcome(PACKETS)], "unconfirmed"),
        (DAMAGED, False, [Outcome(SETUP)], "unconfirmed"),
        (DAMAGED, False, [Outcome(PICTURE, SHOWN)], "ok"),
        (UNREAD, False, [Outcome(SETUP)], "not_decodable"),
        (UNREAD, False, [Outcome(PICTURE)], "not_decodable"),
        (UNREAD, False, [Outcome(PICTURE, Second(DAMAGED))], "not_decodable"),
    ],
)
def test_only_what_two_looks_agree_on_is_a_fault(
    first: Seen, silent: bool, others: list[Outcome], verdict: str
) -> None:
    assert concluded(first, others, silent=silent).seen.verdict == verdict


OVER_TCP = {"udp": False, "lossy": False}


@pytest.mark.parametrize(
    ("first", "ours", "why"),
    [
        (SILENT, True, Help.SLOW),
        (SILENT, False, Help.MISREAD),
        (DAMAGED, True, Help.NETWORK),
        (DAMAGED, False, Help.MISREAD),
        (UNREAD, True, Help.MISREAD),
        (UNREAD, False, Help.MISREAD),
        (Seen("not_decodable", STOPPED), True, None),
        (Seen("not_decodable", STOPPED), False, None),
    ],
)
def test_no_camera_is_called_slow_of_which_the_first_picture_was_not_read(
    first: Seen, ours: bool, why: Help | None
) -> None:
    assert helped(first, ours=ours, **OVER_TCP) is why


def test_a_camera_that_is_silent_on_every_way_costs_no_more_than_its_time(look: Look) -> None:
    [(found, counts)] = look(odd(stream=lambda: iter(())), timeout=IMPATIENT)
    assert found.verdict == "no_frame"
    assert counts["connections"] == 3
    assert LONGER <= 7  # with 8 s of a first look, and as much over UDP: 72 s in all


@needs_ffmpeg
def test_ffmpeg_shows_a_picture_of_each_healthy_camera() -> None:
    """The referee: of whom another program shows nothing, we do not claim that he is healthy."""

    async def shows(kind: type[Odd], over: str) -> bool:
        server = await serve(kind, Counter())
        shown = await ffmpeg.shows(url(server), over)
        server.close()
        return shown

    async def all_of_them() -> list[str]:
        udp = (OnlyUdp, Datagrams)
        kinds = {name: (made, "udp" if issubclass(made, udp) else "tcp") for name, (made, _) in HEALTHY.items()}
        shown = await asyncio.gather(*(shows(*one) for one in kinds.values()))
        return [name for name, one in zip(kinds, shown, strict=True) if not one]

    assert asyncio.run(all_of_them()) == []


def test_a_slice_that_is_lost_while_a_picture_is_renewed_is_seen() -> None:
    pictures = refreshed()
    torn = [one[:-1] if n == 10 else one for n, one in enumerate(pictures[:20])]  # renewed from picture 7, and from 15
    assert decode.play("h264", b"".join(map(units.joined, pictures[:20]))) is not None
    assert decode.play("h264", b"".join(map(units.joined, torn))) is None
