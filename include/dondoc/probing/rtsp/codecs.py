"""From RTP packets to one key picture of what is neither H.264 nor H.265: JPEG, MPEG-4, MPEG-2, H.263, VP8, AV1.

Of these a picture is what came with one time stamp; each codec has a function that puts it together out of the payloads
and says whether it needs no other picture. None raises, whatever bytes it is given.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from dondoc.probing.picture import memory
from dondoc.probing.picture.memory import Fits
from dondoc.probing.rtsp.depacketise import Numbers, bounds
from dondoc.probing.rtsp.jpeg import LARGEST_HEAD, Kept, Size, jpeg, jpeg_markers

MOST_UNITS = 4096  # of an AV1 picture, which has some tens: each costs two bytes to send, and us more
Assemble = Callable[[Sequence[bytes], bytes], bytes | None]


class Frames:
    """Collects packets until a whole key picture is there. `feed` never raises, whatever bytes it is given."""

    def __init__(
        self,
        codec: str,
        parameter_sets: tuple[bytes, ...] = (),
        *,
        reliable: bool = False,
        fits: Fits = memory.fits,
        size: Size | None = None,
    ) -> None:
        self._assemble = partial(jpeg, kept=Kept(size)) if codec == "jpeg" else CODECS[codec]
        self._markers = jpeg_markers if codec == "jpeg" else _no_markers
        self._head = b""  # of the picture, as far as it came beside the payloads
        self._beforehand = b"".join(parameter_sets)
        self._payloads: list[bytes] = []
        self._timestamp, self._numbers = b"", Numbers(reliable=reliable)
        self._size, self._fits = 0, fits  # what is held of the picture, and whether it may be so much
        self._whole = False  # one joins in the middle of a picture
        self.seen = False  # whether any packet with a payload came

    def feed(self, packet: bytes) -> bytes | None:
        """Take an RTP packet; the key picture as its decoder wants it, once it is complete."""
        start, end = bounds(packet)
        markers, timestamp = self._markers(packet), packet[4:8]
        if start >= end and not markers:
            self._numbers.skip(packet)
            return None
        lost = self._numbers.lost(packet)
        done = self._finish() if timestamp != self._timestamp and not lost else None
        if timestamp != self._timestamp:
            self._payloads, self._head, self._size, self._whole = [], b"", 0, True
        self.seen, self._timestamp = True, timestamp
        self._size += memory.cost(payload := packet[start:end], markers)
        fitting = len(self._head) + len(markers) <= LARGEST_HEAD and self._fits(self._size)
        self._whole = self._whole and not lost and fitting
        if self._whole:
            self._payloads += [payload] if payload else []
            self._head += markers
        else:
            self._payloads, self._head = [], b""
            self._fits(0)
        return done or (self._finish() if packet[1] & 0x80 else None)

    def _finish(self) -> bytes | None:
        payloads, self._payloads, self._size = self._payloads, [], 0
        picture = self._assemble(payloads, self._beforehand + self._head) if payloads else None
        if picture is None:
            self._fits(0)
        return picture


def _no_markers(_: bytes) -> bytes:
    return b""


def mpeg4(payloads: Sequence[bytes], beforehand: bytes) -> bytes | None:
    """RFC 6416: pieces of the stream as they are. Its pictures (VOP) say what they are in two bits."""
    stream = b"".join(payloads)
    start = stream.find(b"\0\0\1\xb6")
    return beforehand + stream if start >= 0 and stream[start + 4 : start + 5] < b"\x40" else None


def mpeg2(payloads: Sequence[bytes], _: bytes) -> bytes | None:
    """RFC 2250: four bytes, or eight, before each piece; a picture that can be begun with has a sequence header."""
    if any(len(p) < 8 or p[2] & 7 != 1 for p in payloads):
        return None
    stream = b"".join(p[8 if p[0] & 4 else 4 :] for p in payloads)
    return stream if stream.startswith(b"\0\0\1\xb3") else None


def h263(payloads: Sequence[bytes], _: bytes) -> bytes | None:
    """RFC 4629: two bytes, which may stand for two zeros, and a spare picture header before each piece."""
    if any(len(p) < 2 for p in payloads):
        return None
    stream = b"".join(
        (b"\0\0" if p[0] & 4 else b"") + p[2 + (p[0] & 2) // 2 + ((p[0] & 1) << 5 | p[1] >> 3) :] for p in payloads
    )
    return stream if _intra_h263(stream) else None


def h263_of_1996(payloads: Sequence[bytes], _: bytes) -> bytes | None:
    """RFC 2190: a head of three kinds before each piece; one byte may be shared by two pieces, some bits of it each."""
    stream = bytearray()
    for payload in payloads:
        first = payload[0]
        piece = payload[(12 if first & 0x40 else 8) if first & 0x80 else 4 :]
        unused = first >> 3 & 7  # bits of the piece's first byte that are not its own
        if unused and stream and piece:
            stream[-1] |= piece[0] & 0xFF >> unused
            piece = piece[1:]
        stream += piece
        if piece:
            stream[-1] &= 0xFF << (first & 7) & 0xFF
    return bytes(stream) if _intra_h263(bytes(stream)) else None


def _intra_h263(stream: bytes) -> bool:
    """Whether a picture's header (ITU-T H.263, 5.1) says that it refers to no other."""
    bits = int.from_bytes(stream[:10].ljust(10, b"\0"))

    def read(at: int, count: int) -> int:
        return bits >> 80 - at - count & (1 << count) - 1

    if read(0, 22) != 0b100000:
        return False
    if read(35, 3) != 7:
        return read(38, 1) == 0
    return read(59 if read(38, 3) == 1 else 41, 3) == 0


def vp8(payloads: Sequence[bytes], _: bytes) -> bytes | None:
    """RFC 7741: a descriptor of up to six bytes before each piece."""
    pieces = [p[_descriptor(p) :] for p in payloads]
    begun = payloads[0][0] & 0x1F == 0x10  # the start of the first partition
    return b"".join(pieces) if begun and pieces[0] and not pieces[0][0] & 1 else None


def _descriptor(payload: bytes) -> int:
    if not payload[0] & 0x80:
        return 1
    more, at = payload[1:2] or b"\0", 2
    if more[0] & 0x80:
        at += 2 if payload[2:3] >= b"\x80" else 1
    return at + bool(more[0] & 0x40) + bool(more[0] & 0x30)


def av1(payloads: Sequence[bytes], _: bytes) -> bytes | None:
    """AV1's own payload format: units (OBU) without their sizes, which a decoder wants to be told."""
    if not payloads[0][0] & 0x08 or payloads[0][0] & 0x80:  # no new sequence begins, or its start is lost
        return None
    units: list[bytearray] = []
    for payload, following in pairwise((*payloads, b"\0")):
        elements = _elements(payload)
        if elements is None or bool(payload[0] & 0x40) != bool(following[0] & 0x80):
            return None
        if payload[0] & 0x80 and units and elements:
            units[-1] += elements.pop(0)
        units += map(bytearray, elements)
        if len(units) > MOST_UNITS:
            return None
    return b"\x12\0" + b"".join(_sized(bytes(unit)) for unit in units if unit)


def _elements(payload: bytes) -> list[bytes] | None:
    count, at = payload[0] >> 4 & 3, 1
    elements: list[bytes] = []
    while at < len(payload) and len(elements) <= MOST_UNITS:
        if count and len(elements) == count - 1:
            return [*elements, payload[at:]]
        size, at = _leb128(payload, at)
        if at + size > len(payload):
            return None
        elements.append(payload[at : at + size])
        at += size
    return elements


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number (at most 8 bytes of it are read), and where it ends."""
    value = 0
    for shift, byte in enumerate(data[at : at + 8]):
        value |= (byte & 0x7F) << 7 * shift
        if not byte & 0x80:
            return value, at + shift + 1
    return len(data), len(data)


def _sized(unit: bytes) -> bytes:
    if unit[0] & 2:  # it says its size already
        return unit
    head = 2 if unit[0] & 4 else 1
    size, left = b"", max(0, len(unit) - head)
    while left > 0x7F:
        size, left = size + bytes((left & 0x7F | 0x80,)), left >> 7
    return bytes((unit[0] | 2,)) + unit[1:head] + size + bytes((left,)) + unit[head:]


CODECS: dict[str, Assemble] = {
    "mpeg4": mpeg4,
    "mpeg2": mpeg2,
    "h263": h263,
    "h263-1996": h263_of_1996,
    "vp8": vp8,
    "av1": av1,
}
