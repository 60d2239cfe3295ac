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
from dondoc.probing.probe import probe
from dondoc.probing.verdicts import Finding, Help, Target

pytestmark = pytest.mark.slow

LOOPBACK = [ip_network("127.0.0.0/8")]
Unit = tuple[bytes, ...]
Pack = Callable[[Unit, int, int], list[bytes]]  # a picture's units, sequence number and time to RTP packets
JOIN = b"\0\0\0\1".join


def packet(payload: bytes, sequence: int, time: int, marker: bool = False, sort: int = 96, source: int = 0x0D0D) -> bytes:
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
    return plain(unit, 7, time)


def standing(unit: Unit, sequence: int, time: int) -> list[bytes]:  # noqa: F811
    return [p[:2] + b"\0\7" + p[4:] for p in plain(unit, sequence, time)]


def jumping(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[:2] + struct.pack("!H", n * 17 + sequence & 0xFFFF) + p[4:] for n, p in enumerate(plain(unit, sequence, time))]


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
    encoder.options = {"preset": "ultrafast", "x264-params": "intra-refresh=1:keyint=8:bframes=0:repeat-headers=1:slices=1"}
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
