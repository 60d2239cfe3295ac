"""RTP packets of a picture, as cameras make them.

H.264 (RFC 6184): STAP-A for parameter sets, FU-A for what is too long. H.265 (RFC 7798): FU. JPEG: RFC 2435.
"""

import struct
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from dondoc.demo import clips

MAX = 1400  # bytes of payload
PAYLOAD_TYPES = {"h264": 96, "h265": 96, "jpeg": 26}
CLOCK = 90_000  # ticks a second


def packets(nals: tuple[bytes, ...], codec: str, sequence: int, timestamp: int) -> Iterator[bytes]:
    """Interleaved frames ("$", channel 0, length, RTP) of one picture; the last one carries the marker."""
    payloads = list(_PAYLOADS[codec](nals))
    for number, payload in enumerate(payloads):
        marker = 0x80 if number == len(payloads) - 1 else 0
        head = struct.pack(
            "!BBHII",
            0x80,
            marker | PAYLOAD_TYPES[codec],
            (sequence + number) & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            0x0D0D,
        )
        yield struct.pack("!cBH", b"$", 0, len(head) + len(payload)) + head + payload


@lru_cache(maxsize=256)
def played(scene: str, codec: str, number: int) -> tuple[bytes, ...]:
    """The interleaved frames of a clip's picture `number`, counted on over the clip's end."""
    units, sent = clips.clip(scene, codec).units, _sent(scene, codec)
    turn, place = divmod(number, len(units))
    before = turn * sent[-1] + sent[place]
    return tuple(packets(units[place], codec, before, number * CLOCK // clips.RATE))


@lru_cache
def _sent(scene: str, codec: str) -> tuple[int, ...]:
    """How many packets were sent before each picture of a clip, and with the last of them."""
    counts = (len(list(_PAYLOADS[codec](unit))) for unit in clips.clip(scene, codec).units)
    return tuple(accumulate(counts, initial=0))


def _h264(nals: tuple[bytes, ...]) -> Iterator[bytes]:
    small = [n for n in nals if n[0] & 31 in (7, 8)]
    if len(small) > 1:
        yield b"\x78" + b"".join(struct.pack("!H", len(n)) + n for n in small)
    else:
        yield from small
    for nal in (n for n in nals if n[0] & 31 not in (7, 8)):
        if len(nal) <= MAX:
            yield nal
            continue
        indicator, kind = nal[0] & 0xE0 | 28, nal[0] & 31
        for flags, piece in _pieces(nal[1:]):
            yield bytes((indicator, flags | kind)) + piece


def _h265(nals: tuple[bytes, ...]) -> Iterator[bytes]:
    for nal in nals:
        if len(nal) <= MAX:
            yield nal
            continue
        head, kind = bytes((nal[0] & 0x81 | 49 << 1, nal[1])), nal[0] >> 1 & 63
        for flags, piece in _pieces(nal[2:]):
            yield head + bytes((flags | kind,)) + piece


def _pieces(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Pieces of a long NAL, each with its start (0x80) or end (0x40) flag."""
    starts = range(0, len(body), MAX)
    for start in starts:
        flags = (0x80 if start == 0 else 0) | (0x40 if start == starts[-1] else 0)
        yield flags, body[start : start + MAX]


def _jpeg(pictures: tuple[bytes, ...]) -> Iterator[bytes]:
    """A JPEG of 4:2:0 with the standard Huffman tables: its quantisation tables go before the first piece."""
    tables, scan = _taken_apart(pictures[0])
    quantisation = struct.pack("!BBH", 0, 0, len(tables)) + tables
    for at in range(0, len(scan), MAX):
        head = struct.pack("!IBBBB", at, 1, 255, clips.WIDTH // 8, clips.HEIGHT // 8)
        yield head + (b"" if at else quantisation) + scan[at : at + MAX]


def _taken_apart(jpeg: bytes) -> tuple[bytes, bytes]:
    """The quantisation tables (64 bytes each, brightness and colour) and the scan of a baseline JPEG."""
    tables, at = b"", 2
    while True:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4])
        segment, at = jpeg[at + 4 : at + 2 + length], at + 2 + length
        if marker == 0xDB:
            tables += b"".join(segment[start + 1 : start + 65] for start in range(0, len(segment), 65))
        if marker == 0xDA:
            return (tables if len(tables) > 64 else tables * 2), jpeg[at:].removesuffix(b"\xff\xd9")


_PAYLOADS = {"h264": _h264, "h265": _h265, "jpeg": _jpeg}
