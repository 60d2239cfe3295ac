"""Pictures out of RTP packets by FFmpeg's own reader: a second way for all that is neither H.264 nor H.265.

FFmpeg opens no socket for it: it is given a description of ours, and then the packets, as if they were one file.
"""

from collections.abc import Iterator
from typing import Any

import av

# Of our names: payload type and FFmpeg's name; only the old H.263 has its own way of packets by its type.
NAMES = {
    "jpeg": (26, "JPEG"),
    "mpeg4": (96, "MP4V-ES"),
    "mpeg2": (32, "MPV"),
    "h263": (96, "H263-1998"),
    "h263-1996": (34, "H263"),
    "vp8": (96, "VP8"),
    "av1": (96, "AV1"),
}
MOST = 256 * 1024  # bytes: see `stretch.MOST_PACKETS`; FFmpeg never comes back from 280,000
SESSION = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"


class _File:
    """What is read piece by piece: the description, its end, then a packet at a time."""

    def __init__(self, description: bytes, packets: Iterator[bytes]) -> None:
        self._pieces = iter((description, b"", *packets))

    def read(self, size: int) -> bytes:
        return next(self._pieces, b"")[:size]


def pictures(codec: str, received: bytes, pixels: int) -> tuple[list[bytes], bytes]:
    """The pictures that FFmpeg makes of the packets, each after its length, and what its decoder is told beforehand.

    Args:
        pixels: that a picture may have.

    Raises:
        FFmpegError, ValueError: none can be made.
    """
    kind, name = NAMES[codec]
    described = f"{SESSION}m=video 0 RTP/AVP {kind}\na=rtpmap:{kind} {name}/90000\n"
    told = {"sdp_flags": "custom_io", "reorder_queue_size": "0", "probesize": "32", "analyzeduration": "0"}
    file: Any = _File(described.encode(), _packets(received[:MOST], kind))
    limits: Any = [{"max_pixels": str(pixels)}]  # its declared type is wrong
    with av.open(file, format="sdp", options=told, stream_options=limits, buffer_size=65_536) as opened:
        stream: Any = opened.streams.video[0]
        made = [bytes(packet) for packet in opened.demux(stream) if packet.size]
        return made, bytes(stream.codec_context.extradata or b"")


def _packets(received: bytes, kind: int) -> Iterator[bytes]:
    """They with the payload type that was described."""
    at = 0
    while len(received) - at > 2:
        end = at + 2 + int.from_bytes(received[at : at + 2])
        packet = received[at + 2 : end]
        if len(packet) > 12:
            yield packet[:1] + bytes((packet[1] & 0x80 | kind,)) + packet[2:]
        at = end
