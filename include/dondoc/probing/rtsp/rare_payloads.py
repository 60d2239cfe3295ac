"""Rare kinds of payloads in the words of the usual ones, which all readers know.

H.264 (RFC 6184): what is sent with numbers of its decoding order (STAP-B, MTAP16, MTAP24, FU-B) is taken in the order
in which it comes. H.265 (RFC 7798, 4.4.4): what is wrapped for the sake of more words in its head (PACI).
"""

from collections.abc import Iterator

from dondoc.probing.picture.units import kind

STAP_A, STAP_B, MTAP16, MTAP24, FU_A, FU_B = range(24, 30)
PACI = 50
MOST_TOGETHER = 256  # NAL units in one packet, which has some tens: an empty one costs two bytes to send, and us more
_OFFSETS = {MTAP16: 3, MTAP24: 4}  # bytes of order and time before each unit
RARE = {"h264": {STAP_B, MTAP16, MTAP24, FU_B}, "h265": {PACI}}


def is_rare(codec: str, payload: bytes) -> bool:
    return bool(payload) and kind(codec, payload) in RARE.get(codec, ())


def usual(codec: str, payload: bytes) -> bytes:
    """The same in a usual kind; empty where there is nothing in it."""
    if codec == "h265":
        return _unwrapped(payload)
    sort = kind(codec, payload)
    if sort == FU_B:
        return _named(payload, FU_A) + payload[1:2] + payload[4:] if len(payload) > 4 else b""
    if sort == STAP_B:
        return _named(payload, STAP_A) + payload[3:]
    return _named(payload, STAP_A) + b"".join(_units(payload[3:], _OFFSETS[sort]))


def _named(payload: bytes, sort: int) -> bytes:
    return bytes((payload[0] & 0xE0 | sort,))


def _units(rest: bytes, offset: int) -> Iterator[bytes]:
    """Units with their sizes alone, of those with order and time between."""
    at = 0
    for _ in range(MOST_TOGETHER):
        if len(rest) - at <= 2 + offset:
            return
        start = at + 2 + offset
        end = start + int.from_bytes(rest[at : at + 2])
        yield rest[at : at + 2] + rest[start:end]
        at = end


def _unwrapped(payload: bytes) -> bytes:
    if len(payload) < 5:
        return b""
    told = int.from_bytes(payload[2:4])  # A, cType, PHSsize, F0 to F2, Y
    head = bytes((payload[2] & 0x80 | (told >> 9 & 63) << 1 | payload[0] & 1, payload[1]))
    rest = payload[4 + (told >> 4 & 31) :]
    return head + rest if rest and told >> 9 & 63 != PACI else b""
