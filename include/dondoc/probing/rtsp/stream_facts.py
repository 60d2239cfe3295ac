"""What a stream is like, measured from its packets: pictures and bits a second, time between key pictures.

All of it rests on the times that the camera writes (RFC 3550). Where they cannot be what they are to be, nothing is
told: pieces of one picture have several, two pictures have one, or a second of them takes much longer here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dondoc.probing.picture import h264
from dondoc.probing.picture.bits import Bits
from dondoc.probing.picture.units import begins_picture, is_set, is_slice, kind
from dondoc.probing.rtsp.depacketise import Numbers, bounds, sender
from dondoc.probing.rtsp.senders import REPORTS
from dondoc.probing.rtsp.unpacked import unpacked

CLOCK = 90_000  # ticks a second, of all video (RFC 3551)
LEAST, MOST = 2.0, 6.0  # seconds that are measured: until two key pictures came, and no longer
PICTURES = 2_000  # that are counted: 120 a second come to 720
SLOWEST, FASTEST = 0.1, 130  # pictures a second: anything else is a clock that does not tell the time
SLOWER = 1.5  # times as long as their times say: the clock is another one (48,000 ticks), or we cannot follow
UNIT = ("h264", "h265")
_KEYS = {"h264": (5,), "h265": range(16, 22)}


@dataclass
class Meter:
    """Takes RTP packets of one track; never raises, whatever bytes it is given.

    Only pictures count, each once; a field is half of one. Of the payload types on a channel the described one counts,
    as soon as it is there.
    """

    codec: str
    described: int | None = None
    parameter_sets: Sequence[bytes] = ()
    numbered: bool = False
    reliable: bool = True
    _pictures: dict[int, float] = field(default_factory=dict)  # how many of each time
    _keys: set[int] = field(default_factory=set)
    _sets: set[int] = field(default_factory=set)
    _bytes: int = 0
    _last: int | None = None  # time of the newest packet, unwrapped
    _type: int | None = None  # of the packets that count
    _begun: int | None = None  # time of the picture under way
    _first: tuple[int, float] | None = None  # time of the first picture, and when it came
    _latest: tuple[int, float] | None = None
    _sps: h264.Sps | None = None
    _in_slice: bool = False  # what came last is of a picture
    _doubtful: bool = False

    def __post_init__(self) -> None:
        self._numbers = Numbers(reliable=self.reliable)
        for unit in self.parameter_sets:
            self._read_set(unit)

    def feed(self, packet: bytes, at: float) -> None:
        """Take a packet that came at a moment (seconds of any clock that only goes forward)."""
        start, end = bounds(packet)
        if start >= end or len(self._pictures) >= PICTURES or not self._counts(sender(packet)[0]):
            return
        self._doubtful |= self._numbers.lost(packet)
        time = self._unwrapped(int.from_bytes(packet[4:8]))
        self._bytes += end - start
        payload = packet[start:end]
        if self.codec in UNIT:
            for begins, content in unpacked(self.codec, payload, numbered=self.numbered):
                self._take(begins, content, time, at)
        elif self.codec == "jpeg":
            self._take_piece(int.from_bytes(payload[1:4]) == 0, time, at)
        elif time != self._begun:
            self._begin(time, at, 1.0)

    def _counts(self, sort: int) -> bool:
        if sort in REPORTS or (self._type == self.described != sort and self._type is not None):
            return False
        if self._type != sort == self.described:  # what came until now was something else
            self._pictures, self._keys, self._sets, self._bytes = {}, set(), set(), 0
            self._first = self._latest = self._begun = self._last = None
        self._type = sort
        return True

    def _unwrapped(self, stamp: int) -> int:
        if self._last is None:
            self._last = stamp
        self._last += (stamp - self._last + 2**31) % 2**32 - 2**31
        return self._last

    def _take(self, begins: bool, content: bytes, time: int, at: float) -> None:
        """Take a unit of H.264 or H.265, or a piece that goes on with one."""
        self._in_slice = is_slice(self.codec, content) if begins else self._in_slice
        if not begins:
            self._doubtful |= self._in_slice and time != self._begun
        elif is_set(self.codec, content):
            self._sets.add(time)
            self._read_set(content)
        elif is_slice(self.codec, content) and not self._is_layer(content):
            first = begins_picture(self.codec, content)
            self._take_piece(first, time, at, self._share(content) if first else 1.0)
            if kind(self.codec, content) in _KEYS[self.codec]:
                self._keys.add(time)

    def _is_layer(self, unit: bytes) -> bool:
        """Whether it is of another layer than the first one (H.265)."""
        return self.codec == "h265" and bool(int.from_bytes(unit[:2]) & 0x1F8)

    def _take_piece(self, first: bool, time: int, at: float, share: float = 1.0) -> None:
        if first:
            self._begin(time, at, share)
        elif self._begun is not None and time != self._begun:
            self._doubtful = True

    def _begin(self, time: int, at: float, share: float) -> None:
        self._pictures[time] = self._pictures.get(time, 0.0) + share
        self._doubtful |= self._pictures[time] > 1
        self._begun, self._latest = time, (time, at)
        self._first = self._first or (time, at)
        if self.codec == "jpeg":
            self._keys.add(time)

    def _read_set(self, unit: bytes) -> None:
        if self.codec != "h264" or kind("h264", unit) != 7:
            return
        try:
            self._sps = h264.parameters(Bits(unit[1:]))
        except (IndexError, ValueError):
            self._sps = None

    def _share(self, unit: bytes) -> float:
        """What a picture is of a frame."""
        if self._sps is None:
            return 1.0
        try:
            return 0.5 if h264.is_field(unit, self._sps) else 1.0
        except (IndexError, ValueError):
            return 1.0

    @property
    def seconds(self) -> float:
        """Between the first and the last picture."""
        return (max(self._pictures) - min(self._pictures)) / CLOCK if self._pictures else 0.0

    @property
    def enough(self) -> bool:
        """Whether all there is to know is known."""
        return len(self._pictures) >= PICTURES or (self.seconds >= LEAST and len(self._key_times) > 1)

    @property
    def _key_times(self) -> set[int]:
        """Of key pictures, be they no IDR: of what stands before them, where that does not stand before all."""
        if len(self._keys) > 1 or 2 * len(self._sets) > len(self._pictures):
            return self._keys
        return max(self._keys, self._sets, key=len)

    @property
    def _is_slow(self) -> bool:
        """Whether pictures come much slower than their times say."""
        if not self._first or not self._latest:
            return False
        (began, first), (ended, last) = self._first, self._latest
        return last - first > SLOWER * (ended - began) / CLOCK

    def facts(self) -> dict[str, float | int]:
        """`rate` (pictures a second), `kbps`, `key_interval` (seconds): as far as the camera's times tell."""
        count, seconds = sum(self._pictures.values()), self.seconds
        if self._doubtful or self._is_slow or len(self._pictures) < 3 or not seconds:
            return {}
        rate = (count - self._pictures[max(self._pictures)]) / seconds
        if not SLOWEST <= rate <= FASTEST:
            return {}
        found: dict[str, float | int] = {
            "rate": round(rate, 1),
            "kbps": round(self._bytes * 8 / (count / rate) / 1000),
        }
        keys = sorted(self._key_times)
        if len(keys) > 1:
            found["key_interval"] = round(min(b - a for a, b in pairwise(keys)) / CLOCK, 2)
        return found
