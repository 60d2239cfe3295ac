"""Cameras that send their pictures each in a way of its own: healthy ones, of which FFmpeg shows one, and others."""

import asyncio
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache, partial

import av

from dondoc.demo import clips, rtp
from dondoc.demo.camera import Camera
from dondoc.probing.verdicts import Help

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


def with_padding(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [bytes((p[0] | 0x20,)) + p[1:] + b"\0\0\0\4" for p in plain(unit, sequence, time)]


def with_extensions(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Extensions of the head (as ONVIF has them), and two contributing sources."""
    more = b"\0\0\0\1\0\0\0\2" + b"\xab\xac\0\3" + bytes(12)
    return [bytes((p[0] | 0x12,)) + p[1:12] + more + p[12:] for p in plain(unit, sequence, time)]


def preceded(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Delimiter and a message to the player in packets of their own, before each picture, with a marker and a time."""
    before = [b"\x09\xf0", b"\x06\x05\x04abcd\x80"]
    sent = [packet(nal, sequence + n, time - 90, marker=True) for n, nal in enumerate(before)]
    return sent + plain(unit, sequence + len(sent), time)


def in_one_piece(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """What fits into a packet as a fragment that is first and last at once."""
    sent = []
    for p in plain(unit, sequence, time):
        nal = p[12:]
        fits = nal[0] & 31 < 24
        sent.append(p[:12] + bytes((nal[0] & 0xE0 | 28, 0xC0 | nal[0] & 31)) + nal[1:] if fits else p)
    return sent


def with_a_rest(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """An aggregate of which a byte is left over."""
    return [p + b"\0" if p[12] & 31 == 24 else p for p in plain(unit, sequence, time)]


def with_lies(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """An aggregate that is wrong about the sizes of what is in it."""
    return [packet(b"\x78" + b"".join(b"\0\3" + nal for nal in unit), sequence, time, marker=True)]


def h265(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[4:] for p in rtp.packets(unit, "h265", sequence, time)]


def h265_aggregated(unit: Unit, sequence: int, time: int) -> list[bytes]:
    sets = [nal for nal in unit if len(nal) < 200]
    body = b"\x60\x01" + b"".join(struct.pack("!H", len(nal)) + nal for nal in sets)
    rest = [p[4:] for p in rtp.packets(tuple(n for n in unit if n not in sets), "h265", sequence + 1, time)]
    return [packet(body, sequence, time), *rest] if sets else h265(unit, sequence, time)


def h265_numbered(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """With numbers of the order in which it is to be decoded (RFC 7798, DONL)."""
    sent = []
    for p in h265(unit, sequence, time):
        at = 14 if p[12] >> 1 & 63 != 49 else 15 if p[14] & 0x80 else 0
        sent.append(p[:at] + struct.pack("!H", sequence & 0xFFFF) + p[at:] if at else p)
    return sent


def h265_torn(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return h265(tuple(nal[: len(nal) // 2] if len(nal) > 400 else nal for nal in unit), sequence, time)


def jpeg(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [p[4:] for p in rtp.packets(unit, "jpeg", sequence, time)]


def jpeg_by_quality(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Tables by a number, sent with each eighth picture only."""
    return [_by_number(p, keep=time % 72_000 == 0) for p in jpeg(unit, sequence, time)]


def jpeg_without_tables(unit: Unit, sequence: int, time: int) -> list[bytes]:
    return [_by_number(p, keep=False) for p in jpeg(unit, sequence, time)]


def _by_number(p: bytes, keep: bool) -> bytes:
    first = p[13:16] == b"\0\0\0"
    told = p[:17] + b"\xc8" + p[18:]
    return told if keep or not first else told[:22] + b"\0\0" + told[24 + int.from_bytes(told[22:24]) :]


def jpeg_too_wide(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """Wider than the head of a packet can say (RFC 2435: 2,040 pixels), so it says nothing."""
    return [p[:18] + b"\0" + p[19:] for p in jpeg(unit, sequence, time)]


def jpeg_restarting(unit: Unit, sequence: int, time: int) -> list[bytes]:
    """With restart markers, of which the head of each packet tells."""
    return [p[:16] + b"\x41" + p[17:20] + b"\0\x14\xff\xff" + p[20:] for p in jpeg(unit, sequence, time)]


@lru_cache
def restarting() -> tuple[Unit, ...]:
    """A JPEG with a restart marker after each 20 blocks."""
    import cv2

    how = [cv2.IMWRITE_JPEG_QUALITY, 80, cv2.IMWRITE_JPEG_RST_INTERVAL, 20]
    return ((cv2.imencode(".jpg", clips.SCENES["moving"](0), how)[1].tobytes(),),)


def of(codec: str) -> Callable[[], Iterator[Unit]]:
    return lambda: iter(clips.clip("moving", codec).units * 100)


def changed() -> Iterator[Unit]:
    """Joined in the middle of one stream, which then becomes another: of another size, with other parameter sets."""
    large = _encoded("libx264", "x264-params", "keyint=8:bframes=0:repeat-headers=1", 24, (704, 576))
    sets = tuple(nal for nal in clips.clip("moving").units[0] if nal[0] & 31 in (7, 8))
    small = clips.clip("moving").units
    return iter(((*sets, *small[1]), *small[2:5], *large * 100))


@lru_cache
def refreshed(codec: str = "h264") -> tuple[Unit, ...]:
    """Pictures of a stream that renews itself by and by, without key pictures: its first one is left out."""
    name, params = {"h264": ("libx264", "x264-params"), "h265": ("libx265", "x265-params")}[codec]
    return _encoded(name, params, "intra-refresh=1:keyint=8:bframes=0:repeat-headers=1:slices=1", 40)[1:]


def announced() -> Iterator[Unit]:
    """As the encoders in cameras do, which say where a renewal begins (SEI, recovery point)."""
    for unit in refreshed("h265"):
        sets = [nal for nal in unit if nal[0] >> 1 in (32, 33, 34)]
        yield (*sets, b"\x4e\x01\x06\x02\x08\x50\x80", *unit[len(sets) :]) if sets else unit


@lru_cache
def _encoded(
    name: str, params: str, told: str, count: int, size: tuple[int, int] = (clips.WIDTH, clips.HEIGHT)
) -> tuple[Unit, ...]:
    encoder = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base = Fraction(1, 10)
    quiet = ":wpp=0:log-level=none" if name == "libx265" else ""
    encoder.options = {"preset": "ultrafast", params: told + quiet}
    made = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(clips.SCENES["moving"](number), format="rgb24").reformat(*size, "yuv420p")
        frame.pts = number
        made += encoder.encode(frame)
    made += encoder.encode(None)
    return tuple(tuple(clips.nal_units(bytes(p))) for p in made)


def pictures(start: int = 0) -> Iterator[Unit]:
    units = clips.clip("moving").units
    for number in range(start, 100_000):
        yield units[number % len(units)]


def keyless() -> Iterator[Unit]:
    return (unit for unit in pictures() if unit[0][0] & 31 == 1)


class Odd(Camera):
    """Sends its pictures in a way of its own; `seconds` late, `torn` ones first."""

    pack: Pack = staticmethod(plain)
    media = ""  # how it describes its pictures; default: H.264
    channel = 0
    stream: Callable[[], Iterator[Unit]] = staticmethod(pictures)
    visits = 0
    every = 0.02

    async def _describe(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        if not self.media:
            return await super()._describe(behaviour, url, headers)
        sdp = f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{self.media}a=control:trackID=1\r\n"
        return await self._say("200 OK", headers, f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\n", sdp)

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        if not self.channel:
            return await super()._setup(behaviour, url, headers)
        told = f"Transport: RTP/AVP/TCP;unicast;interleaved={self.channel}-{self.channel + 1}\r\nSession: 7\r\n"
        return await self._say("200 OK", headers, told)

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
                    self.writer.write(struct.pack("!cBH", b"$", self.channel, len(p)) + p)
            if not self.datagrams:
                await self.writer.drain()
            await asyncio.sleep(self.every)


async def serve(kind: type[Odd], counts: Counter[str]) -> asyncio.Server:
    """A server of cameras of a kind, on a free port."""
    kind.visits = 0

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            await kind(reader, writer, counts).talk()

    return await asyncio.start_server(visit, "127.0.0.1", 0)


def url(server: asyncio.Server) -> str:
    return f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/healthy/1"


def odd(pack: Pack = plain, stream: Callable[[], Iterator[Unit]] = pictures, **more: object) -> type[Odd]:
    return type("Kind", (Odd,), {"pack": staticmethod(pack), "stream": staticmethod(stream), **more})


class Slow(Odd):
    """Sends a key picture long after PLAY, and ends a session that gives no sign of life for four seconds."""

    late, every, alive = 55, 0.1, 0.0

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        return await self._say(
            "200 OK", headers, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 7;timeout=4\r\n"
        )

    async def _answer(self, method: str, url: str, headers: dict[str, str]) -> bool:
        self.alive = asyncio.get_running_loop().time()
        return await super()._answer(method, url, headers)

    async def _stream(self, behaviour: str, visit: int) -> None:
        units = clips.clip("moving").units
        type(self).visits += 1
        for number in range(1000):
            if asyncio.get_running_loop().time() - self.alive > 4.5:
                self.writer.close()
                return
            for p in plain(units[0 if number % self.late == self.late - 1 else 1], number * 20, number * 9000):
                self.writer.write(b"$\0" + struct.pack("!H", len(p)) + p)
            await asyncio.sleep(self.every)


class OnlyUdp(Odd):
    """Takes SETUP over TCP, and sends nothing there."""

    async def _setup(self, behaviour: str, url: str, headers: dict[str, str]) -> bool:
        return await Camera._setup(self, "udp" if "client_port" in headers["transport"] else behaviour, url, headers)

    async def _stream(self, behaviour: str, visit: int) -> None:
        if self.datagrams:
            await super()._stream(behaviour, visit)


H265, NUMBERED = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n", "a=fmtp:96 sprop-max-don-diff=1\r\n"
JPEG = "m=video 0 RTP/AVP 26\r\n"
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
    "padding": (odd(with_padding), None),
    "extensions and contributors": (odd(with_extensions), None),
    "delimiter and messages in packets of their own": (odd(preceded), None),
    "fragments that are first and last at once": (odd(in_one_piece), None),
    "an aggregate with a rest": (odd(with_a_rest), None),
    "another channel than asked for": (odd(channel=4), None),
    "parameter sets that change": (odd(stream=changed), None),
    "H.265": (odd(h265, of("h265"), media=H265), None),
    "H.265, aggregated": (odd(h265_aggregated, of("h265"), media=H265), None),
    "H.265, gradual refresh": (odd(h265, announced, media=H265, every=0.2), Help.MISREAD),
    "JPEG": (odd(jpeg, of("jpeg"), media=JPEG), None),
    "JPEG, tables now and then": (odd(jpeg_by_quality, of("jpeg"), media=JPEG), None),
    "JPEG, restart markers": (odd(jpeg_restarting, lambda: iter(restarting() * 400), media=JPEG), None),
    "gradual refresh": (odd(stream=lambda: iter(refreshed()), every=0.2), Help.MISREAD),
}


# Kinds of which FFmpeg 5.1 shows nothing, which does not make them sick: it drops what the description does not name,
# and looks for the numbers of H.265 in each piece of a unit, not in the first alone (RFC 7798, 4.4.3).
SEEN_HERE_ALONE: dict[str, type[Odd]] = {
    "another payload type than described": odd(undescribed),
    "H.265, numbered": odd(h265_numbered, of("h265"), media=H265 + NUMBERED),
}
# Kinds that show no picture, what is said of them, and what whoever is called for it is to look into; None: nobody is.
SICK: dict[str, tuple[type[Odd], str, str | None]] = {
    "nothing that decodes": (odd(junk), "not_decodable", None),
    "a slice lost before it was sent": (odd(torn), "decode_failed", "đường truyền"),
    "packets without a picture": (
        odd(stream=lambda: (u for u in pictures() if u[0][0] & 31 == 1)),
        "not_decodable",
        None,
    ),
    "nothing at all": (odd(stream=lambda: iter(())), "no_frame", "khởi động lại camera"),
    "an aggregate that lies about its sizes": (odd(with_lies), "not_decodable", None),
    "H.265 of which half is missing": (odd(h265_torn, of("h265"), media=H265), "decode_failed", "đường truyền"),
    "H.265, gradual refresh of which nothing tells": (
        odd(h265, lambda: iter(refreshed("h265")), media=H265),
        "not_decodable",
        None,
    ),
    "JPEG wider than can be said": (odd(jpeg_too_wide, of("jpeg"), media=JPEG), "not_decodable", None),
    "JPEG whose tables never come": (odd(jpeg_without_tables, of("jpeg"), media=JPEG), "not_decodable", None),
}
