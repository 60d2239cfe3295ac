"""Packets as they were sent: over UDP some overtake others, and on any way some come twice."""

from dondoc.probing.rtsp.senders import REPORTS

WINDOW, HELD = 16, 64 * 1024  # packets, and bytes, of one sender that wait for one that was overtaken
BEFORE = 2  # packets that the first one may have overtaken
SENDERS = 4  # that are put in order at a time
LOSSY = 0.02  # share of packets that did not come
KNOWN = 64  # packets by which one that comes again is known


class Duplicates:
    """Knows the last packets, so that one which comes again, byte for byte, counts once."""

    def __init__(self) -> None:
        self._known: dict[int, None] = {}

    def has(self, packet: bytes) -> bool:
        """Whether it came a moment ago; it is known from now on."""
        sign = hash(packet)
        if sign in self._known:
            return True
        self._known[sign] = None
        if len(self._known) > KNOWN:
            del self._known[next(iter(self._known))]
        return False


class ReorderQueue:
    """Puts the packets of each source in the order of their numbers (RFC 3550), as far as WINDOW goes.

    Takes any bytes. What has no number, or comes too late, is given on as it comes: others judge what is missing.
    """

    def __init__(self) -> None:
        self._queues: dict[bytes, _Queue] = {}
        self._came = 0
        self._lost = 0  # of senders that are forgotten

    def feed(self, packet: bytes) -> list[bytes]:
        """Take a packet; those whose turn it is now."""
        if len(packet) < 12 or packet[1] & 0x7F in REPORTS:
            return [packet]
        source = packet[8:12]
        self._came += 1
        queue = self._queues.pop(source, None) or _Queue(int.from_bytes(packet[2:4]))
        self._queues[source] = queue  # the newest last
        forgotten = self._forget() if len(self._queues) > SENDERS else []
        return forgotten + queue.feed(packet)

    def _forget(self) -> list[bytes]:
        oldest = self._queues.pop(next(iter(self._queues)))
        rest = oldest.rest()
        self._lost += oldest.lost
        return rest

    @property
    def lossy(self) -> bool:
        """Whether so many were missing that the way, not the camera, may be why no picture comes of the rest."""
        lost = self._lost + sum(queue.lost for queue in self._queues.values())
        return lost > LOSSY * (self._came + lost)

    @property
    def waits(self) -> bool:
        """Whether any is held back."""
        return any(queue.held for queue in self._queues.values())

    def rest(self) -> list[bytes]:
        """All that is held back, of which nothing more is waited for."""
        return [packet for queue in self._queues.values() for packet in queue.rest()]


class _Queue:
    """Packets of one source that wait for the number `_next`."""

    def __init__(self, first: int) -> None:
        self._next, self._size = first - BEFORE & 0xFFFF, 0
        self.lost = -BEFORE  # numbers that were waited for in vain; those before the first were never due
        self.held: dict[int, bytes] = {}

    def feed(self, packet: bytes) -> list[bytes]:
        number, due = int.from_bytes(packet[2:4]), list[bytes]()
        while WINDOW < self._ahead(number) < 0x8000 and self.held:
            due += self._given_up()
        if self._ahead(number) > WINDOW:
            return due + self._out_of_order(number, packet)
        if number in self.held:  # numbers that stand
            return due + self.rest() + [packet]
        self.held[number] = packet
        self._size += len(packet)
        due += self._run()
        while self._size > HELD:
            due += self._given_up()
        return due

    def rest(self) -> list[bytes]:
        due = list[bytes]()
        while self.held:
            due += self._given_up()
        return due

    def _ahead(self, number: int) -> int:
        return number - self._next & 0xFFFF

    def _out_of_order(self, number: int, packet: bytes) -> list[bytes]:
        """One that comes too late, or with which the numbers begin anew."""
        if -self._ahead(number) & 0xFFFF <= WINDOW:
            return [packet]
        due = self.rest()
        self._next = number + 1 & 0xFFFF
        return [*due, packet]

    def _given_up(self) -> list[bytes]:
        """What follows the number that is waited for no more."""
        first = min(self.held, key=self._ahead)
        self.lost += self._ahead(first)
        self._next = first
        return self._run()

    def _run(self) -> list[bytes]:
        due = list[bytes]()
        while self._next in self.held:
            due.append(self.held.pop(self._next))
            self._next = self._next + 1 & 0xFFFF
        self._size -= sum(map(len, due))
        return due
