"""JPEG out of RTP packets (RFC 2435), which carry what a scan is made of and leave the rest of its head out."""

from collections.abc import Mapping, Sequence

from dondoc.probing.picture import memory
from dondoc.probing.picture.input_kind import InputKind
from dondoc.probing.picture.memory import Fits
from dondoc.probing.rtsp.depacketise import REPLAY, bounds, extension

LARGEST_HEAD = 16 * 1024  # bytes of segments beside the packets of a JPEG, which have some hundreds
MOST_SEGMENTS = 128  # of them, and bytes of filling between them: a head has ten
# Markers of a JPEG's segments (ITU-T T.81, annex B), in the order in which they are written.
FRAME, HUFFMAN, SCAN, QUANTISATION, RESTART = 0xC0, 0xC4, 0xDA, 0xDB, 0xDD
ORDER = (QUANTISATION, RESTART, FRAME, HUFFMAN, SCAN)
Size = tuple[int, int]  # width and height, pixels
# ITU-T T.81, tables K.1 and K.2, in the order of the zigzag: brightness, colour.
_STANDARD = bytes.fromhex(
    "100b0c0e0c0a100e0d0e1211101318281a18161618312325"
    "1d283a333d3c3933383740485c4e404457453738506d5157"
    "5f626768673e4d71797064785c656763"
    "1112121815182f1a1a2f634238426363" + "63" * 48
)


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
