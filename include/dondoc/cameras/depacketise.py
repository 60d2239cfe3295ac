"""From RTP packets to one key picture: H.264 (RFC 6184) and H.265 (RFC 7798)."""

from collections.abc import Iterator

LARGEST = 16 * 1024 * 1024  # bytes of one picture
START = b"\x00\x00\x00\x01"


class Depacketiser:
    """Collects packets until a whole key picture is there. `feed` never raises, whatever bytes it is given."""

    def __init__(self, codec: str, parameter_sets: tuple[bytes, ...] = ()) -> None:
        self._h265 = codec == "h265"
        self._sets = {self._kind(nal): nal for nal in parameter_sets if len(nal) >= 2}
        self._unit: list[bytes] = []
        self._fragment: bytearray | None = None
        self._timestamp = self._sequence = -1
        self._size = 0
        self.seen = False  # whether any packet with a payload came

    def feed(self, packet: bytes) -> bytes | None:
        """Take an RTP packet; the key picture as an Annex-B stream with its parameter sets, once it is complete."""
        payload = _payload(packet)
        if not payload:
            return None
        self.seen = True
        sequence, timestamp = int.from_bytes(packet[2:4]), int.from_bytes(packet[4:8])
        done = self._finish() if timestamp != self._timestamp else None
        if sequence != (self._sequence + 1) & 0xFFFF:
            self._fragment = None  # its middle was lost
        self._timestamp, self._sequence = timestamp, sequence
        for nal in self._nals(payload):
            self._take(nal)
        return done or (self._finish() if packet[1] & 0x80 else None)

    def _take(self, nal: bytes) -> None:
        if len(nal) < 2:
            return
        if self._kind(nal) in ((32, 33, 34) if self._h265 else (7, 8)):
            self._sets[self._kind(nal)] = nal
        elif self._size + len(nal) <= LARGEST:
            self._unit.append(nal)
            self._size += len(nal)

    def _finish(self) -> bytes | None:
        unit, self._unit, self._size = self._unit, [], 0
        key = range(16, 22) if self._h265 else (5,)
        if not any(self._kind(nal) in key for nal in unit):
            return None
        return b"".join(START + nal for nal in [*(self._sets[k] for k in sorted(self._sets)), *unit])

    def _kind(self, nal: bytes) -> int:
        return nal[0] >> 1 & 63 if self._h265 else nal[0] & 31

    def _nals(self, payload: bytes) -> Iterator[bytes]:
        kind = self._kind(payload)
        if kind == (48 if self._h265 else 24):  # several in one packet
            yield from _aggregated(payload[2 if self._h265 else 1 :])
        elif kind == (49 if self._h265 else 28):  # one over several packets
            yield from self._fragments(payload)
        elif kind < (48 if self._h265 else 24):
            yield payload

    def _fragments(self, payload: bytes) -> Iterator[bytes]:
        at = 2 if self._h265 else 1
        if len(payload) <= at + 1:
            return
        flags, body = payload[at], payload[at + 1 :]
        if flags & 0x80:
            head = (
                bytes((payload[0] & 0x81 | (flags & 63) << 1, payload[1]))
                if self._h265
                else bytes((payload[0] & 0xE0 | flags & 31,))
            )
            self._fragment = bytearray(head)
        if self._fragment is None or len(self._fragment) + len(body) > LARGEST:
            self._fragment = None
            return
        self._fragment += body
        if flags & 0x40:
            yield bytes(self._fragment)
            self._fragment = None


def _aggregated(rest: bytes) -> Iterator[bytes]:
    while len(rest) > 2:
        length = int.from_bytes(rest[:2])
        yield rest[2 : 2 + length]
        rest = rest[2 + length :]


def _payload(packet: bytes) -> bytes:
    """What an RTP packet carries; empty when it is none."""
    if len(packet) < 12 or packet[0] >> 6 != 2:
        return b""
    start = 12 + 4 * (packet[0] & 15)
    if packet[0] & 0x10:
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4])
    end = len(packet) - (packet[-1] if packet[0] & 0x20 else 0)
    return packet[start:end]
