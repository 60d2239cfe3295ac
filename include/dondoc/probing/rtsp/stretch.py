"""A stretch of a stream as it came, for a decoder that finds the pictures in it by itself.

Of H.264 and H.265 its units, as FFmpeg takes them out of packets: no marker, no number, no time is heeded; what a
picture is, its slices alone say. Of all else the packets.
"""

from dondoc.probing.picture import memory
from dondoc.probing.picture.form import Form
from dondoc.probing.picture.memory import Fits
from dondoc.probing.picture.units import START, begins_picture, is_set, kind, needs_no_other
from dondoc.probing.rtsp.depacketise import CODE, LARGEST_SET, bounds
from dondoc.probing.rtsp.payloads import is_rare, usual

AFTER = 3  # pictures that begin after a key picture until there is enough to look at
MOST_PACKETS = 240 * 1024  # bytes: of more, FFmpeg's reader would write a report to the sender, and has nowhere to
SETS = 16  # parameter sets that are kept when the rest is dropped


class Packets:
    """Keeps RTP packets as they came, each after its length of two bytes, for a reader that is not ours."""

    form = Form.PACKETS

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

    form = Form.STRETCH

    def __init__(
        self, codec: str, parameter_sets: tuple[bytes, ...] = (), *, numbered: bool = False, fits: Fits = memory.fits
    ) -> None:
        self._codec, self._h265, self._numbered, self._fits = codec, codec == "h265", numbered, fits
        self._head = 2 if self._h265 else 1
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
        payload = packet[start:end]
        if payload := usual(self._codec, payload) if is_rare(self._codec, payload) else payload:
            self._take(payload)
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
