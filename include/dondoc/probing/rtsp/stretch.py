"""A stretch of a stream as it came, for a decoder that finds the pictures in it by itself.

What FFmpeg does with packets: it heeds no marker, no number, no time. What a picture is, its slices alone say.
"""

from dondoc.probing.picture import memory
from dondoc.probing.picture.memory import Fits
from dondoc.probing.picture.units import START, begins_picture, is_set, kind, needs_no_other
from dondoc.probing.rtsp.depacketise import CODE, LARGEST_SET, bounds

AFTER = 3  # pictures that begin after a key picture until there is enough to look at
SETS = 16  # parameter sets that are kept when the rest is dropped


class Stretch:
    """Collects H.264 or H.265 until it is worth to decode: `feed` gives the stream from its last key picture on."""

    def __init__(
        self, codec: str, parameter_sets: tuple[bytes, ...] = (), *, numbered: bool = False, fits: Fits = memory.fits
    ) -> None:
        self._codec, self._h265, self._numbered, self._fits = codec, codec == "h265", numbered, fits
        self._head = 2 if self._h265 else 1
        self._sets: dict[bytes, None] = dict.fromkeys(parameter_sets)
        self._parts: list[bytes] = []
        self._size, self._begun = 0, -1  # `_begun`: pictures since the key picture; -1: none is under way
        self._done: bytes | None = None
        self.seen = False

    @property
    def stream(self) -> bytes:
        """What is held, with the parameter sets that came ever."""
        return b"".join(START + one for one in self._sets) + b"".join(self._parts)

    def feed(self, packet: bytes) -> bytes | None:
        """Take an RTP packet; the stream, when a key picture in it must be over."""
        start, end = bounds(packet)
        if start >= end:
            return None
        self.seen, self._done = True, None
        self._take(packet[start:end])
        return self._done

    def _take(self, payload: bytes) -> None:
        sort = kind(self._codec, payload)
        number = 2 if self._numbered and self._h265 else 0
        at = self._head
        if sort == (49 if self._h265 else 28):
            self._piece(payload, number)
        elif sort == (48 if self._h265 else 24):
            at += number
            while len(payload) - at > 2:
                length = int.from_bytes(payload[at : at + 2])
                self._unit(payload[at + 2 : at + 2 + length])
                at += 2 + length + number // 2
        elif sort < (48 if self._h265 else 24):
            self._unit(payload[:at] + payload[at + number :])

    def _piece(self, payload: bytes, number: int) -> None:
        if len(payload) <= self._head + 1:
            return
        flags, rest = payload[self._head], payload[self._head + 1 :]
        if not flags & 0x80:
            self._keep(rest)
            return
        if self._h265:
            head = bytes((payload[0] & 0x81 | (flags & 63) << 1, payload[1]))
        else:
            head = bytes((payload[0] & 0xE0 | flags & 31,))
        self._unit(head + rest[number:])

    def _unit(self, unit: bytes) -> None:
        unit = unit.lstrip(b"\0").removeprefix(b"\1") if unit[:3] in (b"\0\0\0", CODE) else unit
        for one in filter(None, unit.split(CODE, SETS)):
            if begins_picture(self._codec, one):
                self._begin(one)
            if is_set(self._codec, one) and self._head < len(one) <= LARGEST_SET:
                self._sets.pop(one, None)
                self._sets[one] = None
                while len(self._sets) > SETS:
                    del self._sets[next(iter(self._sets))]
            self._keep(START + one)

    def _begin(self, unit: bytes) -> None:
        """Another picture begins."""
        self._begun += self._begun >= 0
        if self._begun == AFTER:
            self._done, self._begun = self.stream, -1
        if self._begun < 0 and needs_no_other(self._codec, unit):
            self._parts, self._size, self._begun = [], 0, 0

    def _keep(self, part: bytes) -> None:
        self._size += memory.cost(part)
        if not self._fits(self._size):
            self._parts, self._size, self._begun = [], 0, -1
            self._fits(0)
            return
        self._parts.append(part)
