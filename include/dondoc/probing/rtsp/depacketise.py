"""From RTP packets to one key picture: H.264 (RFC 6184) and H.265 (RFC 7798)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from dondoc.probing.picture import memory
from dondoc.probing.picture.memory import Fits
from dondoc.probing.picture.units import is_key, is_set, joined, kind
from dondoc.probing.rtsp.rare_payloads import MOST_TOGETHER, RARE, usual

MOST_SETS, LARGEST_SET = 32, 4096  # parameter sets kept, which are 2 to 6 of a hundred bytes; bytes of one
MOST_UNITS = 4096  # NAL units in one picture, which has some tens
REPLAY = b"\xab\xac"  # an extension of the head: when it was recorded
ERA = datetime(1900, 1, 1, tzinfo=UTC)  # of NTP
CODE = b"\0\0\1"  # begins a unit in a stream of them; within a unit no honest one has it


class Numbers:
    """The numbers of one sender's packets. `reliable`: none gets lost on the way, whatever they say."""

    def __init__(self, *, reliable: bool) -> None:
        self._reliable, self._last = reliable, -1

    def lost(self, packet: bytes) -> bool:
        """Whether some are missing before this one."""
        if self._reliable:
            return False
        before, follows = self._last, self._follows(packet)
        self._last = int.from_bytes(packet[2:4])
        return before >= 0 and not follows

    def skip(self, packet: bytes) -> None:
        """Pass over one without content: where it follows the last, it has a number, and nothing else."""
        if bounds(packet)[1] and self._follows(packet):
            self._last = int.from_bytes(packet[2:4])

    def _follows(self, packet: bytes) -> bool:
        return int.from_bytes(packet[2:4]) == (self._last + 1) & 0xFFFF


class Depacketiser:
    """Collects packets until a whole key picture is there. `feed` never raises, whatever bytes it is given.

    A key picture is one that needs no other: IDR, for H.265 also CRA and BLA, for H.264 also a picture of nothing but
    I slices (cameras with an open GOP send their IDR once, at the start). A picture whose first slice or any packet is
    missing is passed over; over TCP none is, and the numbers of packets tell nothing: some cameras let them stand, or
    count sound along. The marker ends a picture, until one camera is seen to set it on every slice.
    """

    def __init__(
        self,
        codec: str,
        parameter_sets: tuple[bytes, ...] = (),
        *,
        numbered: bool = False,
        reliable: bool = False,
        fits: Fits = memory.fits,
    ) -> None:
        self._codec, self._h265 = codec, codec == "h265"
        self._numbered = numbered and self._h265  # decoding order numbers stand in the packets: passed over
        self._head = 2 if self._h265 else 1  # bytes before the content of a NAL unit
        self._sets: dict[bytes, int] = {}  # parameter set -> its kind; the newest last
        self._unit: list[bytes] = []
        self._fragment: list[bytes] | None = None
        self._timestamp, self._numbers = b"", Numbers(reliable=reliable)
        self._size, self._fits = 0, fits  # what is held of the picture, and whether it may be so much
        self._whole = True  # nothing of the picture under way was lost
        self._marked = self._often_marked = False  # the last packet; more than the last of a picture
        self.seen = False  # whether any packet with a payload came
        for nal in parameter_sets:
            self._keep(nal)

    def feed(self, packet: bytes) -> bytes | None:
        """Take an RTP packet; the key picture as an Annex-B stream with its parameter sets, once it is complete."""
        start, end = bounds(packet)
        if start >= end:
            self._numbers.skip(packet)
            return None
        self.seen, timestamp = True, packet[4:8]
        if self._numbers.lost(packet):
            self._fragment, self._whole = None, False
        new = timestamp != self._timestamp
        self._often_marked |= self._marked and not new
        # A new time without a marker before it: the camera sets none, or it was lost.
        done = self._finish() if new else None
        self._timestamp, self._marked = timestamp, packet[1] >= 0x80
        self._take(packet, start, end)
        return done or (self._finish() if self._marked and not self._often_marked else None)

    def _take(self, packet: bytes, start: int, end: int) -> None:
        sort = kind(self._codec, packet[start : start + 1])
        if sort in RARE[self._codec]:
            packet = packet[:start] + usual(self._codec, packet[start:end])
            if (end := len(packet)) == start:
                return
            sort = kind(self._codec, packet[start : start + 1])
        if sort == (49 if self._h265 else 28):  # one NAL unit over several packets
            self._piece(packet, start, end)
            return
        self._end_fragment()
        if sort == (48 if self._h265 else 24):  # several in one packet
            number = 2 if self._numbered else 0
            for nal in _aggregated(packet[start + self._head + number : end], between=number // 2):
                self._add(nal)
        elif sort < (48 if self._h265 else 24):
            self._add(packet[start : start + 2] + packet[start + 4 : end] if self._numbered else packet[start:end])

    def _piece(self, packet: bytes, start: int, end: int) -> None:
        at = start + self._head
        if at + 1 >= end:
            return
        flags = packet[at]
        if flags & 0x80:
            self._end_fragment()
            self._fragment = []
        if self._fragment is None or not self._whole:
            self._pass_over()  # its start was lost
            return
        number = 2 if self._numbered and flags & 0x80 else 0
        head = [self._rebuilt(packet[start:at], flags)] if flags & 0x80 else []
        pieces = (*head, packet[at + 1 + number : end])
        if not self._grow(memory.cost(*pieces)):
            return
        self._fragment += pieces
        if flags & 0x40:
            self._end_fragment()

    def _end_fragment(self) -> None:
        """The unit under way is over: some cameras do not say so with its last piece."""
        if self._fragment is None:
            return
        whole, self._fragment = self._fragment, None
        self._size -= memory.cost(*whole)
        self._add(b"".join(whole))

    def _grow(self, more: int) -> bool:
        """Whether there is room for more of the picture; without any it is passed over."""
        if self._whole and self._fits(self._size + more):
            self._size += more
            return True
        self._pass_over()
        return False

    def _pass_over(self) -> None:
        """Hold nothing of the picture under way, and take nothing more of it."""
        self._unit, self._fragment, self._size, self._whole = [], None, 0, False
        self._fits(0)

    def _rebuilt(self, head: bytes, flags: int) -> bytes:
        """The header of the fragmented NAL unit."""
        if self._h265:
            return bytes((head[0] & 0x81 | (flags & 63) << 1, head[1]))
        return bytes((head[0] & 0xE0 | flags & 31,))

    def _add(self, content: bytes) -> None:
        """A unit, or several with start codes between them, as some cameras send their parameter sets."""
        units = content.split(CODE, MOST_TOGETHER) if CODE in content else (content,)
        for unit in units:
            self._add_unit(unit.rstrip(b"\0") if len(units) > 1 else unit)

    def _add_unit(self, nal: bytes) -> None:
        if len(nal) <= self._head:
            return
        if is_set(self._codec, nal):
            self._keep(nal)
        elif len(self._unit) == MOST_UNITS:
            self._pass_over()
        elif self._grow(memory.cost(nal)):
            self._unit.append(nal)

    def _keep(self, nal: bytes) -> None:
        """Later sets overrule earlier ones of the same number, so order is all that is needed."""
        if self._head < len(nal) <= LARGEST_SET and is_set(self._codec, nal):  # a description may hold anything
            self._sets.pop(nal, None)
            self._sets[nal] = kind(self._codec, nal)
            while len(self._sets) > MOST_SETS:
                del self._sets[next(iter(self._sets))]

    def _finish(self) -> bytes | None:
        self._end_fragment()
        unit, self._unit, self._size = self._unit, [], 0
        whole, self._whole = self._whole, True
        if not (whole and self._sets and is_key(self._codec, unit)):
            self._fits(0)
            return None
        sets = sorted(self._sets, key=self._sets.__getitem__)
        return joined((*sets, *unit))


def _aggregated(rest: bytes, between: int = 0) -> Iterator[bytes]:
    """NAL units, each after its length; `between`: bytes before the length of all but the first."""
    at = 0
    for _ in range(MOST_TOGETHER):
        if len(rest) - at <= 2:
            return
        end = at + 2 + int.from_bytes(rest[at : at + 2])
        yield rest[at + 2 : end]
        at = end + between


def bounds(packet: bytes) -> tuple[int, int]:
    """Where the content of an RTP packet (RFC 3550) starts and ends; nothing between them when it is none."""
    if len(packet) < 12 or packet[0] >> 6 != 2:
        return 0, 0
    if packet[0] == 0x80:  # as nearly all are: no other sources, no extension, no padding
        return 12, len(packet)
    start, end = 12 + 4 * (packet[0] & 15), len(packet)
    if packet[0] & 0x10:
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4])
    if packet[0] & 0x20 and end - packet[-1] >= start:  # else it is no padding, whatever its head says
        end -= packet[-1]
    return start, end


def extension(packet: bytes) -> tuple[bytes, bytes]:
    """What a packet's head is extended by: two bytes that say what it is, and the content."""
    at = 12 + 4 * (packet[0] & 15) if packet[:1] else 0
    if len(packet) < at + 4 or not packet[0] & 0x10:
        return b"", b""
    return packet[at : at + 2], packet[at + 4 : at + 4 + 4 * int.from_bytes(packet[at + 2 : at + 4])]


def recorded_at(packet: bytes) -> datetime | None:
    """When what a packet of a replay holds was recorded, where the recorder says so (ONVIF Streaming, 6.3)."""
    kind, content = extension(packet)
    if kind != REPLAY or len(content) < 8:
        return None
    return ERA + timedelta(seconds=int.from_bytes(content[:4]))


def sender(packet: bytes) -> tuple[int, bytes]:
    """Who sent an RTP packet on a channel: its payload type and source (SSRC)."""
    return packet[1] & 0x7F, packet[8:12]
