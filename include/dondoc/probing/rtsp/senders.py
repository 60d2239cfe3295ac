"""Whose packets are heard: on the channel of a picture there may be sound, reports, and what a former session left."""

from collections.abc import Callable
from functools import partial
from typing import Generic, Protocol, TypeVar

from dondoc.probing.picture import memory
from dondoc.probing.picture.memory import Fits
from dondoc.probing.rtsp.depacketise import bounds, sender

MOST = 4  # senders that are listened to at a time; the longest silent one is forgotten
REPORTS = range(72, 77)  # RTCP's types (RFC 5761), seen as those of packets


def is_report(packet: bytes) -> bool:
    """Whether it is no packet of RTP, or one of RTCP."""
    return bounds(packet) == (0, 0) or sender(packet)[0] in REPORTS


class Collector(Protocol):
    """Makes a picture out of the packets of one sender."""

    seen: bool

    def feed(self, packet: bytes) -> bytes | None: ...


C = TypeVar("C", bound=Collector)


class Senders(Generic[C]):
    """Keeps the packets of each sender apart. What was described is preferred: others count only while it is silent.

    Args:
        by_source: senders are told apart by what they call themselves (SSRC), too; some cameras change that at will.
    """

    def __init__(
        self,
        make: Callable[[Fits], C],
        payload_type: int | None = None,
        fits: Fits = memory.fits,
        *,
        by_source: bool = True,
    ) -> None:
        self._make, self._described, self._fits, self._by_source = make, payload_type, fits, by_source
        self._collectors: dict[tuple[int, bytes], C] = {}
        self._sizes: dict[tuple[int, bytes], int] = {}
        self._who: tuple[int, bytes] | None = None
        self.newest: C | None = None  # the collector that was given the last packet, of `_who`
        self._heard = False  # what was described
        self.seen = False  # any packet with a payload

    def feed(self, packet: bytes) -> bytes | None:
        """Take a packet; what its collector made of it."""
        if is_report(packet):
            return None
        kind, source = sender(packet)
        who = kind, source if self._by_source else b""
        self._heard |= who[0] == self._described
        if self._heard and who[0] != self._described:
            return None
        if self.newest is None or who != self._who:
            self._who, self.newest = who, self._collector(who)
        made = self.newest.feed(packet)
        self.seen |= self.newest.seen
        return made

    def _collector(self, who: tuple[int, bytes]) -> C:
        made = self._collectors.pop(who, None) or self._make(partial(self._grow, who))
        self._collectors[who] = made  # the newest last
        if len(self._collectors) > MOST:
            silent = next(iter(self._collectors))
            del self._collectors[silent]
            self._sizes.pop(silent, None)
        return made

    def _grow(self, who: tuple[int, bytes], size: int) -> bool:
        """Whether one may hold so much beside what the others hold."""
        others = sum(self._sizes.values()) - self._sizes.get(who, 0)
        if not self._fits(others + size):
            return False
        self._sizes[who] = size
        return True
