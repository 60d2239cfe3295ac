"""What a stream is like, measured from its packets: pictures and bits a second, time between key pictures."""

from dataclasses import dataclass, field
from itertools import pairwise

from dondoc.probing.rtsp.depacketise import bounds

CLOCK = 90_000  # ticks a second, of all video (RFC 3551)
LEAST, MOST = 2.0, 6.0  # seconds that are measured: until two key pictures came, and no longer
PICTURES = 2_000  # that are counted: 120 a second come to 720
SLOWEST, FASTEST = 0.1, 130  # pictures a second: anything else is a clock that does not tell the time
_SINGLE = {"h264": range(1, 24), "h265": range(48)}
_KEYS = {"h264": (5,), "h265": range(16, 22)}
_SETS = {"h264": (7,), "h265": (32, 33)}  # parameter sets: they stand before key pictures, also those that are no IDR


@dataclass
class Meter:
    """Takes RTP packets; never raises, whatever bytes it is given. Times are those that the camera writes."""

    codec: str
    _times: set[int] = field(default_factory=set)
    _keys: set[int] = field(default_factory=set)
    _sets: set[int] = field(default_factory=set)
    _bytes: int = 0
    _last: int | None = None  # time of the newest packet, unwrapped

    def feed(self, packet: bytes) -> None:
        start, end = bounds(packet)
        if start >= end or len(self._times) >= PICTURES:
            return
        time = self._unwrapped(int.from_bytes(packet[4:8]))
        self._times.add(time)
        self._bytes += end - start
        kind = self._kind(packet[start:end])
        if self.codec == "jpeg" or kind in _KEYS.get(self.codec, ()):
            self._keys.add(time)
        elif kind in _SETS.get(self.codec, ()):
            self._sets.add(time)

    def _unwrapped(self, stamp: int) -> int:
        if self._last is None:
            self._last = stamp
        self._last += (stamp - self._last + 2**31) % 2**32 - 2**31
        return self._last

    def _kind(self, payload: bytes) -> int | None:
        """Of the NAL unit that begins in a packet, or of the first of several; None: none begins here."""
        h265 = self.codec == "h265"
        if self.codec not in _SINGLE or len(payload) < 5:
            return None
        kind = payload[0] >> 1 & 63 if h265 else payload[0] & 31
        if kind == (49 if h265 else 28):  # one over several packets
            head = payload[2 if h265 else 1]
            return (head & 63 if h265 else head & 31) if head & 0x80 else None
        if kind == (48 if h265 else 24):
            return payload[4] >> 1 & 63 if h265 else payload[3] & 31
        return kind

    @property
    def seconds(self) -> float:
        """Between the first and the last picture."""
        return (max(self._times) - min(self._times)) / CLOCK if self._times else 0.0

    @property
    def enough(self) -> bool:
        """Whether all there is to know is known."""
        return len(self._times) >= PICTURES or (self.seconds >= LEAST and len(self._key_times) > 1)

    @property
    def _key_times(self) -> set[int]:
        return self._keys or self._sets

    def facts(self) -> dict[str, float | int]:
        """`rate` (pictures a second), `kbps`, `key_interval` (seconds): as far as the camera's times tell."""
        count, seconds = len(self._times), self.seconds
        rate = (count - 1) / seconds if seconds else 0.0
        if count < 3 or not SLOWEST <= rate <= FASTEST:
            return {}
        found: dict[str, float | int] = {
            "rate": round(rate, 1),
            "kbps": round(self._bytes * 8 / (count / rate) / 1000),
        }
        keys = sorted(self._key_times)
        if len(keys) > 1:
            found["key_interval"] = round(min(b - a for a, b in pairwise(keys)) / CLOCK, 2)
        return found
