"""From RTP packets to one key picture: H.264 (RFC 6184) and H.265 (RFC 7798)."""

from collections.abc import Iterator, Sequence

from dondoc.probing.picture import memory
from dondoc.probing.picture.memory import Fits

MOST_SETS, LARGEST_SET = 32, 4096  # parameter sets kept, which are 2 to 6 of a hundred bytes; bytes of one
# NAL units in one packet, and in one picture, which have some tens: an empty one costs two bytes to send, and us more.
MOST_TOGETHER, MOST_UNITS = 256, 4096
START = b"\x00\x00\x00\x01"


class Depacketiser:
    """Collects packets until a whole key picture is there. `feed` never raises, whatever bytes it is given.

    A key picture is one that needs no other: IDR, for H.265 also CRA and BLA, for H.264 also a picture of nothing but
    I slices (cameras with an open GOP send their IDR once, at the start). A picture whose first slice or any packet is
    missing is passed over. Gradual refresh without any such picture is not understood: there is nothing whole to show.
    """

    def __init__(
        self,
        codec: str,
        parameter_sets: tuple[bytes, ...] = (),
        *,
        numbered: bool = False,
        fits: Fits = memory.fits,
    ) -> None:
        self._h265 = codec == "h265"
        self._numbered = numbered and self._h265  # decoding order numbers stand in the packets: passed over
        self._head = 2 if self._h265 else 1  # bytes before the content of a NAL unit
        self._sets: dict[bytes, int] = {}  # parameter set -> its kind; the newest last
        self._unit: list[bytes] = []
        self._fragment: list[bytes] | None = None
        self._timestamp, self._sequence = b"", -1
        self._size, self._fits = 0, fits  # what is held of the picture, and whether it may be so much
        self._whole = True  # nothing of the picture under way was lost
        self.seen = False  # whether any packet with a payload came
        for nal in parameter_sets:
            self._keep(nal)

    def feed(self, packet: bytes) -> bytes | None:
        """Take an RTP packet; the key picture as an Annex-B stream with its parameter sets, once it is complete."""
        start, end = bounds(packet)
        if start >= end:
            return None
        self.seen = True
        sequence, timestamp = int.from_bytes(packet[2:4]), packet[4:8]
        if sequence != (self._sequence + 1) & 0xFFFF and self._sequence >= 0:
            self._fragment, self._whole = None, False
        # A new time without a marker before it: the camera sets none, or it was lost.
        done = self._finish() if timestamp != self._timestamp else None
        self._sequence, self._timestamp = sequence, timestamp
        self._take(packet, start, end)
        return done or (self._finish() if packet[1] & 0x80 else None)

    def _take(self, packet: bytes, start: int, end: int) -> None:
        kind = self._kind(packet[start])
        if kind == (49 if self._h265 else 28):  # one NAL unit over several packets
            self._piece(packet, start, end)
        elif kind == (48 if self._h265 else 24):  # several in one packet
            number = 2 if self._numbered else 0
            for nal in _aggregated(packet[start + self._head + number : end], between=number // 2):
                self._add(nal)
        elif kind < (48 if self._h265 else 24):
            self._add(packet[start : start + 2] + packet[start + 4 : end] if self._numbered else packet[start:end])

    def _piece(self, packet: bytes, start: int, end: int) -> None:
        at = start + self._head
        if at + 1 >= end:
            return
        flags = packet[at]
        if flags & 0x80:
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

    def _add(self, nal: bytes) -> None:
        if len(nal) <= self._head:
            return
        if self._kind(nal[0]) in ((32, 33, 34) if self._h265 else (7, 8)):
            self._keep(nal)
        elif len(self._unit) == MOST_UNITS:
            self._pass_over()
        elif self._grow(memory.cost(nal)):
            self._unit.append(nal)

    def _keep(self, nal: bytes) -> None:
        """Later sets overrule earlier ones of the same number, so order is all that is needed."""
        if self._head < len(nal) <= LARGEST_SET:
            self._sets.pop(nal, None)
            self._sets[nal] = self._kind(nal[0])
            while len(self._sets) > MOST_SETS:
                del self._sets[next(iter(self._sets))]

    def _finish(self) -> bytes | None:
        unit, self._unit, self._size = self._unit, [], 0
        whole, self._whole = self._whole and self._fragment is None, True
        self._fragment = None
        if not (whole and self._sets and self._is_key(unit)):
            self._fits(0)
            return None
        sets = sorted(self._sets, key=self._sets.__getitem__)
        return b"".join(part for nal in (*sets, *unit) for part in (START, nal))

    def _is_key(self, unit: Sequence[bytes]) -> bool:
        slices = [nal for nal in unit if (self._kind(nal[0]) < 32 if self._h265 else 1 <= self._kind(nal[0]) <= 5)]
        if not slices or not slices[0][self._head] & 0x80:  # both codecs begin a picture's first slice with a set bit
            return False
        if self._h265:
            return all(16 <= self._kind(nal[0]) <= 21 for nal in slices)
        return all(self._kind(nal[0]) == 5 or (self._kind(nal[0]) == 1 and _is_intra(nal)) for nal in slices)

    def _kind(self, first: int) -> int:
        return first >> 1 & 63 if self._h265 else first & 31


def _is_intra(nal: bytes) -> bool:
    """Whether an H.264 slice says in its header that it refers to no other picture (slice_type I)."""
    bits = int.from_bytes(nal[1:9].ljust(8, b"\0"))
    _, rest = _exp_golomb(bits, 64)
    kind, _ = _exp_golomb(bits, rest)
    return kind in (2, 7)


def _exp_golomb(bits: int, left: int) -> tuple[int, int]:
    """An unsigned number from the `left` low bits, and how many bits remain."""
    zeros = left - (bits & (1 << left) - 1).bit_length()
    left -= 2 * zeros + 1
    return (-1, 0) if left < 0 else ((bits >> left & (2 << zeros) - 1) - 1, left)


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
    start, end = 12 + 4 * (packet[0] & 15), len(packet)
    if packet[0] & 0x10:
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4])
    if packet[0] & 0x20:
        end -= packet[-1]
    return start, end
