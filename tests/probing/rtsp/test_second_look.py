"""Healthy cameras of every kind show their picture, be it at a second look; of the others nobody is wrongly blamed."""

import asyncio
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache, partial
from ipaddress import ip_network

import av
import pytest

from dondoc.demo import clips, rtp
from dondoc.demo.camera import Camera
from dondoc.probing.picture import decode, units
from dondoc.probing.probe import probe
from dondoc.probing.verdicts import Finding, Help, Target

pytestmark = pytest.mark.slow

LOOPBACK = [ip_network("127.0.0.0/8")]
Unit = tuple[bytes, ...]
Pack = Callable[[Unit, int, int], list[bytes]]  # a picture's units, sequence number and time to RTP packets
JOIN = b"\0\0\0\1".join


def packet(
    payload: bytes, sequence: int, time: int, marker: bool = False, sort: int = 96, source: int = 0x0D0D
) -> bytes:
    head = struct.pack("!BBHII", 0x80, sort | 0x80 * marker, sequence & 0xFFFF, time & 0xFFFF_FFFF, source)
    return head + payload


def plain(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[4:] for p in rtp.packets(unit, "h264", sequence, time)]


def in_one_unit(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return plain((JOIN(unit),), sequence, time)


def in_one_packet(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [packet(b"\x78" + b"".join(struct.pack("!H", len(n)) + n for n in unit), sequence, time, marker=True)]


def with_codes(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [packet(b"\0\0\0\1" + nal, sequence + n, time, nal is unit[-1]) for n, nal in enumerate(unit)]


def marked_slices(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [packet(nal, sequence + n, time, marker=nal[0] & 31 in (1, 5)) for n, nal in enumerate(unit)]


def unmarked(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[:1] + bytes((p[1] & 0x7F,)) + p[2:] for p in plain(unit, sequence, time)]


def without_end(unit: Unit, sequence: int, time: int) -> list[bytes]:
    sent = plain(unit, sequence, time)
    return [p[:13] + bytes((p[13] & 0xBF,)) + p[14:] if p[12] & 31 == 28 else p for p in sent]


def standing(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[:2] + b"\0\7" + p[4:] for p in plain(unit, sequence, time)]


def jumping(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [
        p[:2] + struct.pack("!H", n * 17 + sequence & 0xFFFF) + p[4:] for n, p in enumerate(plain(unit, sequence, time))
    ]


def with_sound(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Sound under one numbering, and reports, all on the channel of the pictures."""
    sent = []
    for p in plain(unit, sequence, time):
        sent += [packet(b"\x65\x88" + bytes(80), 0, time // 7, True, sort=8, source=5), p, b"\x80\xc8\0\6" + bytes(24)]
    return [p[:2] + struct.pack("!H", sequence * 9 + n & 0xFFFF) + p[4:] for n, p in enumerate(sent)]


def after_a_dead_session(unit: Unit, sequence: int, time: int) -> list[bytes]:
    old = [packet(b"\x7c\x85" + bytes(900), n, 5, source=9) for n in range(2)]
    return [x for p in plain(unit, sequence, time) for x in (old[0], p, old[1])]


def undescribed(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[:1] + bytes((p[1] & 0x80 | 97,)) + p[2:] for p in plain(unit, sequence, time)]


def junk(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return plain((b"\x67\x00", b"\x65\x80" + bytes(range(7, 250)) * 4), sequence, time)


def torn(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Its recorder lost a slice, and numbers the rest anew."""
    return plain(unit[:-1] if unit[-1][0] & 31 == 5 else unit, sequence, time)


@lru_cache
def refreshed() -> tuple[Unit, ...]:
    """Pictures of a stream that renews itself by and by, without key pictures: its first one is left out."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = clips.WIDTH, clips.HEIGHT, "yuv420p"
    encoder.time_base = Fraction(1, 10)
    encoder.options = {
        "preset": "ultrafast",
        "x264-params": "intra-refresh=1:keyint=8:bframes=0:repeat-headers=1:slices=1",
    }
    made = []
    for number in range(40):
        frame = av.VideoFrame.from_ndarray(clips.SCENES["moving"](number), format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        made += encoder.encode(frame)
    made += encoder.encode(None)
    return tuple(tuple(clips.nal_units(bytes(p))) for p in made)[1:]


def pictures(start: int = 0) -> Iterator[Unit]:
    units = clips.clip("moving").units
    for number in range(start, 100_000):
        yield units[number % len(units)]


class Odd(Camera):
    """Sends its pictures in a way of its own; `seconds` late, `torn` ones first."""

    pack: Pack = staticmethod(plain)
    stream: Callable[[], Iterator[Unit]] = staticmethod(pictures)
    visits = 0
    every = 0.02

    async def _stream(self, behaviour: str, visit: int) -> None:
        type(self).visits += 1
        await asyncio.to_thread(clips.clip, "moving")
        sequence = 100
        for number, unit in enumerate(self.stream()):
            sent = self.pack(unit, sequence, number * 9000)
            sequence += len(sent)
            for p in sent:
                if self.datagrams:
                    self.datagrams.send(p)
                else:
                    self.writer.write(b"$\0" + struct.pack("!H", len(p)) + p)
            if not self.datagrams:
                await self.writer.drain()
            await asyncio.sleep(self.every)


def look(kind: type[Odd], timeout: float = 20.0) -> tuple[Finding, Counter[str]]:
    counts: Counter[str] = Counter()
    kind.visits = 0

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            await kind(reader, writer, counts).talk()

    async def run() -> Finding:
        server = await asyncio.start_server(visit, "127.0.0.1", 0)
        url = f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/healthy/1"
        found = await probe(Target("x", url), stage=2, allow=LOOPBACK, timeout=timeout)
        server.close()
        return found

    return asyncio.run(run()), counts


def odd(pack: Pack = plain, stream: Callable[[], Iterator[Unit]] = pictures, **more: object) -> type[Odd]:
    return type("Kind", (Odd,), {"pack": staticmethod(pack), "stream": staticmethod(stream), **more})


# Kinds of healthy cameras, and why they show their picture only at the second look.
HEALTHY: dict[str, tuple[type[Odd], Help | None]] = {
    "parameter sets and picture in one unit": (odd(in_one_unit), None),
    "all in one packet": (odd(in_one_packet), None),
    "start codes before units": (odd(with_codes), None),
    "no marker": (odd(unmarked), None),
    "marker on every slice, joined in the middle": (odd(marked_slices, partial(pictures, 1)), None),
    "marker on every slice": (odd(marked_slices), Help.MISREAD),
    "no end of a fragmented unit": (odd(without_end), None),
    "numbers that stand": (odd(standing), None),
    "numbers that jump": (odd(jumping), None),
    "sound and reports on the channel": (odd(with_sound), None),
    "packets of a dead session": (odd(after_a_dead_session), None),
    "another payload type than described": (odd(undescribed), None),
    "gradual refresh": (odd(stream=lambda: iter(refreshed()), every=0.2), Help.MISREAD),
}


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_healthy_camera_of_any_kind_shows_its_picture(kind: str) -> None:
    made, why = HEALTHY[kind]
    found, _ = look(made, timeout=2.0 if why else 20.0)
    assert (found.verdict, found.help, found.showing) == ("ok", why, True), found.detail


class Slow(Odd):
    """Sends a key picture long after PLAY, and ends a session that gives no sign of life for two seconds."""

    late, every, alive = 35, 0.1, 0.0

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        return await self._say(
            "200 OK", headers, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 7;timeout=2\r\n"
        )

    async def _answer(self, method: str, url: str, headers: dict[str, str]) -> bool:
        self.alive = asyncio.get_running_loop().time()
        return await super()._answer(method, url, headers)

    async def _stream(self, behaviour: str, visit: int) -> None:
        units = clips.clip("moving").units
        type(self).visits += 1
        for number in range(1000):
            if asyncio.get_running_loop().time() - self.alive > 2.5:
                self.writer.close()
                return
            for p in plain(units[0 if number % self.late == self.late - 1 else 1], number * 20, number * 9000):
                self.writer.write(b"$\0" + struct.pack("!H", len(p)) + p)
            await asyncio.sleep(self.every)


def test_a_key_picture_that_comes_late_is_waited_for_and_the_session_kept() -> None:
    found, counts = look(Slow, timeout=1.5)
    assert (found.verdict, found.help) == ("ok", Help.SLOW), (found.detail, found.steps)
    assert (counts["connections"], counts["SETUP"]) == (2, 2)


class OnlyUdp(Odd):
    """Takes SETUP over TCP, and sends nothing there."""

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        return await Camera._setup(self, "udp" if "client_port" in headers["transport"] else behaviour, url, headers)

    async def _stream(self, behaviour: str, visit: int) -> None:
        if self.datagrams:
            await super()._stream(behaviour, visit)


def test_a_camera_that_sends_nothing_over_tcp_is_asked_once_over_udp() -> None:
    found, counts = look(OnlyUdp, timeout=2.0)
    assert (found.verdict, found.help, counts["SETUP"]) == ("ok", Help.UDP, 2)


@pytest.mark.parametrize("transport", ["RTP/AVP;unicast;server_port=6000-6001", "RTP/AVP/UDP;unicast"])
def test_udp_in_answer_to_tcp_is_understood_without_our_ports(transport: str) -> None:
    class Unasked(Odd):
        async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
            if "client_port" in headers["transport"]:
                return await Camera._setup(self, "udp", url, headers)
            return await self._say("200 OK", headers, f"Transport: {transport}\r\nSession: 7\r\n")

    found, counts = look(Unasked, timeout=20.0)
    assert (found.verdict, found.help, counts["SETUP"]) == ("ok", None, 2)


def test_damage_that_a_second_look_does_not_see_was_the_network() -> None:
    def once(unit: Unit, sequence: int, time: int) -> list[bytes]:
        return (torn if kind.visits == 1 else plain)(unit, sequence, time)

    kind = odd(once)
    found, _ = look(kind)
    assert (found.verdict, found.help) == ("ok", Help.NETWORK)
    assert "đường truyền" in found.detail


# Kinds that show no picture, and what is said of them.
SICK: dict[str, tuple[type[Odd], str]] = {
    "nothing that decodes": (odd(junk), "not_decodable"),
    "a slice lost before it was sent": (odd(torn), "decode_failed"),
    "packets without a picture": (odd(stream=lambda: (u for u in pictures() if u[0][0] & 31 == 1)), "not_decodable"),
    "nothing at all": (odd(stream=lambda: iter(())), "no_frame"),
}


@pytest.mark.parametrize("kind", SICK)
def test_nobody_is_blamed_for_what_was_only_not_understood(kind: str) -> None:
    made, verdict = SICK[kind]
    found, counts = look(made, timeout=1.0)
    assert (found.verdict, found.help) == (verdict, None), found.detail
    assert counts["connections"] == 2


def test_a_slice_that_is_lost_while_a_picture_is_renewed_is_seen() -> None:
    pictures = refreshed()
    torn = [one[:-1] if n == 10 else one for n, one in enumerate(pictures[:20])]  # renewed from picture 7, and from 15
    assert decode.play("h264", b"".join(map(units.joined, pictures[:20]))) is not None
    assert decode.play("h264", b"".join(map(units.joined, torn))) is None
