"""What is in the payload of a packet of H.264 (RFC 6184) or H.265 (RFC 7798): units, and pieces of them."""

from collections.abc import Iterator

from dondoc.probing.picture.units import kind
from dondoc.probing.rtsp.depacketise import CODE
from dondoc.probing.rtsp.rare_payloads import FU_A, MOST_TOGETHER, STAP_A, is_rare, usual

AGGREGATED, PIECE = {"h264": STAP_A, "h265": 48}, {"h264": FU_A, "h265": 49}
MOST = 16  # units with start codes between them, in one


def unpacked(codec: str, payload: bytes, *, numbered: bool = False) -> Iterator[tuple[bool, bytes]]:
    """Content in its order, and whether it begins a unit, or goes on with the one before.

    Args:
        numbered: H.265 with decoding order numbers, which are left out.
    """
    for begins, content in _contents(codec, payload, 2 if numbered and codec == "h265" else 0):
        first, *others = content.split(CODE, MOST) if CODE in content else (content,)
        if first.strip(b"\0"):
            yield begins, first
        for unit in filter(None, others):
            yield True, unit


def _contents(codec: str, payload: bytes, number: int) -> Iterator[tuple[bool, bytes]]:
    if is_rare(codec, payload):
        payload = usual(codec, payload)
    if not payload:
        return
    sort, at = kind(codec, payload), 2 if codec == "h265" else 1
    if sort == PIECE[codec]:
        yield from _piece(codec, payload, at, number)
    elif sort == AGGREGATED[codec]:
        yield from _aggregated(payload, at + number, number // 2)
    elif sort < AGGREGATED[codec]:
        yield True, payload[:at] + payload[at + number :]


def _piece(codec: str, payload: bytes, at: int, number: int) -> Iterator[tuple[bool, bytes]]:
    if len(payload) <= at + 1:
        return
    flags, rest = payload[at], payload[at + 1 :]
    if not flags & 0x80:
        yield False, rest
    elif codec == "h265":
        yield True, bytes((payload[0] & 0x81 | (flags & 63) << 1, payload[1])) + rest[number:]
    else:
        yield True, bytes((payload[0] & 0xE0 | flags & 31,)) + rest


def _aggregated(payload: bytes, at: int, between: int) -> Iterator[tuple[bool, bytes]]:
    for _ in range(MOST_TOGETHER):
        if len(payload) - at <= 2:
            return
        end = at + 2 + int.from_bytes(payload[at : at + 2])
        yield True, payload[at + 2 : end]
        at = end + between
