"""What packets plainly are, whatever their description calls them: some cameras describe what they sent before a change
of their settings, or in words of their own."""

from collections import Counter

from dondoc.probing.rtsp.depacketise import bounds

MANY = 8  # packets with a sign until it is believed
CLEAR = 4  # times as many as of all others
# Types of units that cameras send. A unit of H.265 has a second byte of its head: its layer is 0, its sublayer 1 to 7;
# the first byte of one is even, of H.264 it would be of types that no camera sends.
_H264 = {1, 5, 7, 8, *range(24, 30)}
_H265 = {0, 1, *range(16, 22), 32, 33, 34, 39, 48, 49, 50}
TELLING = 8  # bytes at the start of a payload that tell whether units have numbers
_TABLES = 128  # of this quality on, JPEG's own tables stand in the first packet (RFC 2435)


def is_numbered(payload: bytes) -> bool | None:
    """Whether units of H.265 are seen to have decoding order numbers; None: this packet does not tell.

    It tells by a video parameter set, which has 16 set bits in a known place (ITU-T H.265, 7.3.2.1).
    """
    if payload[:1] != b"\x40":
        return None
    return {(True, False): False, (False, True): True}.get((payload[4:6] == b"\xff\xff", payload[6:8] == b"\xff\xff"))


class Recogniser:
    """Takes RTP packets of one sender; `feed` says what they are as soon as that is plain.

    Args:
        any_bytes: the description names a codec whose packets may begin with any bytes. Some then look like those of
            another codec by chance, so packets that look like none count as votes for none.
    """

    def __init__(self, *, any_bytes: bool = False) -> None:
        self._any_bytes = any_bytes
        self._votes: Counter[str] = Counter()
        self._next = 0  # where the following packet of a JPEG would go on
        self.seen = False  # any packet with a payload

    def feed(self, packet: bytes) -> bytes | None:
        """Take a packet; the codec's name (`h264`, `h265`, `jpeg`), None: it cannot be told."""
        start, end = bounds(packet)
        if start >= end:
            return None
        self.seen = True
        sign = self._sign(packet[start:end])
        if sign or self._any_bytes:
            self._votes[sign] += 1
        (best, count), *_ = self._votes.most_common(1) or [("", 0)]
        plain = count >= MANY and count >= CLEAR * (self._votes.total() - count)
        return best.encode() if best and plain else None

    def _sign(self, payload: bytes) -> str:
        if self._goes_on(payload):
            return "jpeg"
        if payload.startswith((b"\0\0\1", b"\0\0\0\1")):
            payload = payload.lstrip(b"\0")[1:] or payload
        if payload[0] & 0x81 == 0 and payload[0] >> 1 in _H265 and 1 <= int.from_bytes(payload[1:2]) <= 7:
            return "h265"
        return "h264" if payload[0] < 0x80 and payload[0] & 31 in _H264 else ""

    def _goes_on(self, payload: bytes) -> bool:
        """Whether it is the piece of a JPEG that follows the one before (RFC 2435, 3.1)."""
        offset, kind, quality = int.from_bytes(payload[1:4]), payload[4:5], payload[5:6]
        if len(payload) < 9 or kind not in (b"\0", b"\1", b"\x40", b"\x41"):
            return False
        at = 12 if kind >= b"\x40" else 8
        if offset == 0 and quality[0] >= _TABLES:
            at += 4 + int.from_bytes(payload[at + 2 : at + 4])
        follows, self._next = 0 < offset == self._next, offset + len(payload) - at
        return follows
