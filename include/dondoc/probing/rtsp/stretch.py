"""A stretch of a stream as it came, for a decoder that finds the pictures in it by itself.

Of H.264 and H.265 its units, as FFmpeg takes them out of packets: no marker, no number, no time is heeded; what a
picture is, its slices alone say. Of all else the packets.
"""

from dondoc.probing.picture import memory
from dondoc.probing.picture.input_kind import InputKind
from dondoc.probing.picture.memory import Fits
from dondoc.probing.picture.units import START, begins_picture, is_set, needs_no_other
from dondoc.probing.rtsp.depacketise import LARGEST_SET, bounds
from dondoc.probing.rtsp.unpacked import unpacked

AFTER = 3  # pictures that begin after a key picture until there is enough to look at
MOST_PACKETS = 240 * 1024  # bytes: of more, FFmpeg's reader would write a report to the sender, and has nowhere to
SETS = 16  # parameter sets that are kept when the rest is dropped


class Packets:
    """Keeps RTP packets as they came, each after its length of two bytes, for a reader that is not ours."""

    input_kind = InputKind.PACKETS

    def __init__(self, fits: Fits = memory.fits) -> None:
        self._fits, self._held, self._size = fits, list[bytes](), 0
        self.seen = False

    def feed(self, packet: bytes) -> bytes | None:
        """Take an RTP packet; all that is held, once it is as much as that reader takes."""
        start, end = bounds(packet)
        self.seen |= start < end
        full = self.taken() if self._size + len(packet) > MOST_PACKETS else None
        if len(packet) <= MOST_PACKETS and self._fits(self._size + memory.cost(packet)):
            self._held.append(packet)
            self._size += memory.cost(packet)
        return full

    def taken(self) -> bytes:
        """What is held, which is then forgotten."""
        held, self._held, self._size = self._held, [], 0
        self._fits(0)
        return b"".join(len(one).to_bytes(2) + one for one in held)


class Stretch:
    """Collects H.264 or H.265 until it is worth to decode: `feed` gives the stream from its last key picture on."""

    input_kind = InputKind.STRETCH

    def __init__(
        self, codec: str, parameter_sets: tuple[bytes, ...] = (), *, numbered: bool = False, fits: Fits = memory.fits
    ) -> None:
        self._codec, self._numbered, self._fits = codec, numbered, fits
        self._head = 2 if codec == "h265" else 1
        told = (one for one in parameter_sets if is_set(codec, one))  # a description may hold anything
        self._sets: dict[bytes, None] = dict.fromkeys(told)
        self._parts: list[bytes] = []
        self._size, self._begun = 0, -1  # `_begun`: pictures since the key picture; -1: none is under way
        self._done: bytes | None = None
        self.seen = False

    def taken(self) -> bytes:
        """What is held, with the parameter sets that came ever."""
        return b"".join(START + one for one in self._sets) + b"".join(self._parts)

    def feed(self, packet: bytes) -> bytes | None:
        """Take an RTP packet; the stream, when a key picture in it must be over."""
        start, end = bounds(packet)
        if start >= end:
            return None
        self.seen, self._done = True, None
        for begins, content in unpacked(self._codec, packet[start:end], numbered=self._numbered):
            if begins:
                self._unit(content)
            else:
                self._keep(content)
        return self._done

    def _unit(self, unit: bytes) -> None:
        if begins_picture(self._codec, unit):
            self._begin(unit)
        if is_set(self._codec, unit) and self._head < len(unit) <= LARGEST_SET:
            self._sets.pop(unit, None)
            self._sets[unit] = None
            while len(self._sets) > SETS:
                del self._sets[next(iter(self._sets))]
        self._keep(START + unit)

    def _begin(self, unit: bytes) -> None:
        """Another picture begins."""
        self._begun += self._begun >= 0
        if self._begun == AFTER:
            self._done, self._begun = self.taken(), -1
        if self._begun < 0 and needs_no_other(self._codec, unit):
            self._parts, self._size, self._begun = [], 0, 0

    def _keep(self, part: bytes) -> None:
        self._size += memory.cost(part)
        if not self._fits(self._size):
            self._parts, self._size, self._begun = [], 0, -1
            self._fits(0)
            return
        self._parts.append(part)
