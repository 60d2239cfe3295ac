"""From RTP packets to one key picture of what is neither H.264 nor H.265: JPEG, MPEG-4, MPEG-2, H.263, VP8, AV1.

Of these a picture is what came with one time stamp; each codec has a function that puts it together out of the payloads
and says whether it needs no other picture. None raises, whatever bytes it is given.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

from dondoc.probing.picture import memory
from dondoc.probing.picture.input_kind import InputKind
from dondoc.probing.picture.memory import Fits
from dondoc.probing.rtsp.depacketise import REPLAY, Numbers, bounds, extension

LARGEST_HEAD = 16 * 1024  # bytes of segments beside the packets of a JPEG, which have some hundreds
MOST_SEGMENTS = 128  # of them, and bytes of filling between them: a head has ten
MOST_UNITS = 4096  # of an AV1 picture, which has some tens: each costs two bytes to send, and us more
# Markers of a JPEG's segments (ITU-T T.81, annex B), in the order in which they are written.
FRAME, HUFFMAN, SCAN, QUANTISATION, RESTART = 0xC0, 0xC4, 0xDA, 0xDB, 0xDD
ORDER = (QUANTISATION, RESTART, FRAME, HUFFMAN, SCAN)
Size = tuple[int, int]  # width and height, pixels
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


class Pieces:
    """Collects the pieces of a JPEG by where they say that they belong (RFC 2435, 3.1.2): no marker and no time is
    heeded, and a picture ends where another one begins."""

    input_kind = InputKind.PICTURE

    def __init__(self, size: Size | None = None, *, fits: Fits = memory.fits) -> None:
        self._kept, self._fits, self._size = Kept(size), fits, 0
        self._payloads: dict[int, bytes] = {}  # by their place
        self._head = b""
        self.seen = False

    def feed(self, packet: bytes) -> bytes | None:
        """Take an RTP packet; the picture before it, where it begins another one."""
        start, end = bounds(packet)
        payload, markers = packet[start:end], jpeg_markers(packet)
        if not payload and not markers:
            return None
        self.seen |= len(payload) > 0
        place = int.from_bytes(payload[1:4])
        done = self.taken() or None if self._payloads and (place == 0 or not payload) else None
        self._size += memory.cost(payload, markers)
        if len(self._head) + len(markers) > LARGEST_HEAD or not self._fits(self._size):
            self.taken()
            return done
        self._head += markers
        if payload:
            self._payloads.setdefault(place, payload)
        return done

    def taken(self) -> bytes:
        """What there is of a picture, which is then forgotten; empty where that is none."""
        payloads, head = [self._payloads[place] for place in sorted(self._payloads)], self._head
        self._payloads, self._head, self._size = {}, b"", 0
        self._fits(0)
        return (payloads and jpeg(payloads, head, kept=self._kept)) or b""


class Kept:
    """What a JPEG's head need say only once: tables by their quality, whole segments by their marker, and, where the
    description has it, the size."""

    def __init__(self, size: Size | None = None) -> None:
        self.size = size
        self.tables: dict[int, bytes] = {}
        self.segments: dict[int, bytes] = {}


def _no_markers(_: bytes) -> bytes:
    return b""


def jpeg_markers(packet: bytes) -> bytes:
    """Segments of a JPEG's head that stand in the head of a packet (ONVIF Streaming, 5.1.4): all that RFC 2435 cannot
    say, as of pictures that are wider than 2,040 pixels."""
    kind, content = extension(packet)
    if kind == REPLAY:  # the other one follows it
        kind, content = content[12:14], content[16:]
    return content if kind in (b"\xff\xd8", b"\xff\xff") else b""


def _segments(markers: bytes) -> dict[int, bytes]:
    """They by their marker, those of one kind together; a frame of any kind is a FRAME."""
    found: dict[int, list[bytes]] = {sort: [] for sort in ORDER}
    at = 0
    for _ in range(MOST_SEGMENTS):
        if (at := markers.find(b"\xff", at)) < 0 or len(markers) <= at + 3:
            break
        sort, length = markers[at + 1], int.from_bytes(markers[at + 2 : at + 4])
        if sort in (0, 0xFF, 0xD8):  # filling, or the start of it all
            at += 1
            continue
        sort = FRAME if sort in (0xC1, 0xC2) else sort
        if sort in found:  # a head needs no others
            found[sort].append(markers[at : at + 2 + length])
        at += 2 + length
    return {sort: b"".join(segments) for sort, segments in found.items() if segments}


def jpeg(payloads: Sequence[bytes], markers: bytes, *, kept: Kept) -> bytes | None:
    """RFC 2435, with what `jpeg_markers` found. `kept` goes from one picture to the next."""
    scan: list[bytes] = []
    head, quantisation, interval, length = b"", b"", 0, 0
    for payload in payloads:
        if len(payload) < 8 or int.from_bytes(payload[1:4]) != length or payload[4] & 63 > 1:
            return None
        at = 8
        if payload[4] & 64:
            interval, at = int.from_bytes(payload[8:10]), 12
        if not scan:
            head, (quantisation, at) = payload[:8], _quantisation(payload, at, kept.tables)
        scan.append(payload[at:])
        length += len(scan[-1])
    kept.segments |= (given := _segments(markers))
    width, height = _size(head, kept.size)
    sized = bool(width and height)
    again = {HUFFMAN} | (set() if sized else {FRAME}) | (set() if head[5] else {QUANTISATION})
    given = {marker: one for marker, one in kept.segments.items() if marker in again} | given
    if len(quantisation) not in (64, 128) or not (sized or FRAME in given):
        return None
    return _jfif(head[4], (width, height), quantisation, interval, given) + b"".join(scan) + b"\xff\xd9"


def _quantisation(payload: bytes, at: int, tables: dict[int, bytes]) -> tuple[bytes, int]:
    """The tables of a picture, brightness and colour, and where its scan begins."""
    quality = payload[5]
    if quality < 128:
        return _scaled(quality), at
    length = int.from_bytes(payload[at + 2 : at + 4])
    table = payload[at + 4 : at + 4 + length][:128] if length else tables.get(quality, b"")
    if length and quality < 255:
        tables[quality] = table
    return table, at + 4 + length  # some send a third one, which no component uses


def _scaled(quality: int) -> bytes:
    """The tables of the standard (ITU-T T.81, annex K) for a quality of 1 to 99: RFC 2435, appendix A."""
    quality = min(max(quality, 1), 99)
    factor = 5000 // quality if quality < 50 else 200 - 2 * quality
    return bytes(min(max((value * factor + 50) // 100, 1), 255) for value in _STANDARD)


def _size(head: bytes, told: Size | None) -> Size:
    """Width and height. A head has room for 2,040 pixels, in units of 8: of what is larger it says nothing, or the rest
    beyond 2,048; then the description counts."""
    sizes = head[6] * 8, head[7] * 8
    if told and all(size == 0 or (-(-one // 8) * 8 - size) % 2048 == 0 for size, one in zip(sizes, told, strict=True)):
        return told
    return sizes


def _jfif(kind: int, size: Size, quantisation: bytes, interval: int, given: Mapping[int, bytes]) -> bytes:
    """What precedes the scan; `given` goes before what the packets' own head says. Where no Huffman tables are given, a
    decoder takes the standard's."""
    brightness = 0x22 if kind & 1 else 0x21  # 4:2:0 or 4:2:2
    tables = [bytes((i,)) + quantisation[at : at + 64] for i, at in enumerate(range(0, len(quantisation), 64))]
    colour = len(tables) - 1
    sizes = size[1].to_bytes(2) + size[0].to_bytes(2)
    frame = b"\x08" + sizes + bytes((3, 1, brightness, 0, 2, 0x11, colour, 3, 0x11, colour))
    segments = {
        RESTART: _segment(RESTART, interval.to_bytes(2)) if interval else b"",
        FRAME: _segment(FRAME, frame),
        HUFFMAN: b"",
        **given,
        QUANTISATION: _segment(QUANTISATION, b"".join(tables)) + given.get(QUANTISATION, b""),
    }
    segments.setdefault(SCAN, _segment(SCAN, _scan(segments[FRAME])))
    return b"\xff\xd8" + b"".join(segments[marker] for marker in ORDER)


def _scan(frame: bytes) -> bytes:
    """The head of a scan of all components of a frame, the first of them brightness."""
    names = frame[10 : 10 + 3 * frame[9] : 3] if len(frame) > 9 else b""
    return bytes((len(names),)) + b"".join(bytes((n, 0x11 if at else 0)) for at, n in enumerate(names)) + b"\0\x3f\0"


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2) + content


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
# ITU-T T.81, tables K.1 and K.2, in the order of the zigzag: brightness, colour.
_STANDARD = bytes.fromhex(
    "100b0c0e0c0a100e0d0e1211101318281a18161618312325"
    "1d283a333d3c3933383740485c4e404457453738506d5157"
    "5f626768673e4d71797064785c656763"
    "1112121815182f1a1a2f634238426363" + "63" * 48
)
