"""RTP packets of a picture, as cameras make them: STAP-A for parameter sets, FU-A and FU for what is too long."""

import struct
from collections.abc import Iterator

MAX = 1400  # bytes of payload
PAYLOAD_TYPE = 96


def packets(nals: tuple[bytes, ...], codec: str, sequence: int, timestamp: int) -> Iterator[bytes]:
    """Interleaved frames ("$", channel 0, length, RTP) of one picture; the last one carries the marker."""
    payloads = list(_h265(nals) if codec == "h265" else _h264(nals))
    for number, payload in enumerate(payloads):
        marker = 0x80 if number == len(payloads) - 1 else 0
        head = struct.pack(
            "!BBHII", 0x80, marker | PAYLOAD_TYPE, (sequence + number) & 0xFFFF, timestamp & 0xFFFFFFFF, 0x0D0D
        )
        yield struct.pack("!cBH", b"$", 0, len(head) + len(payload)) + head + payload


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
