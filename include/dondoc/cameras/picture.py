"""Decodes one picture and looks at it. Runs as a child process: a crash of a decoder must not take us along.

Reads from standard input: length of 4 bytes, one byte for the codec ("4" or "5"), the Annex-B stream; writes one line
with the verdict. Until its input ends.
"""

import contextlib
import sys
from typing import Any

WIDTH, HEIGHT = 640, 360
STRIP = 0.1  # of the height, at top and bottom: clock and name are written there
BLACK_MEAN, BLACK_P99 = 2.0, 4.0  # facts of synthetic scenes: a lens cap has a mean of 5, a dark street of 6
CODECS = {"4": "h264", "5": "hevc"}
MEMORY = 4 * 1024**3


def decode(codec: str, stream: bytes) -> Any:
    """The first whole picture as an array of shape (height, width, 3) in BGR; None when there is none."""
    import av

    decoder: Any = av.CodecContext.create(codec, "r")
    decoder.thread_count = 1
    try:
        frames = [*decoder.decode(av.Packet(stream)), *decoder.decode(None)]
    except (av.FFmpegError, ValueError):
        return None
    good = [f for f in frames if not f.is_corrupt]
    return good[0].to_ndarray(format="bgr24") if good else None


def look(picture: Any) -> str:
    """`black` or `ok`."""
    import cv2
    import numpy as np

    grey = cv2.cvtColor(cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    middle = grey[int(HEIGHT * STRIP) : int(HEIGHT * (1 - STRIP))]
    return "black" if middle.mean() < BLACK_MEAN and np.percentile(middle, 99) < BLACK_P99 else "ok"


def judge(codec: str, stream: bytes) -> str:
    """`decode_failed`, `black` or `ok`."""
    picture = decode(codec, stream)
    return "decode_failed" if picture is None else look(picture)


def main() -> None:
    """Judge what comes in, one after another."""
    import resource

    with contextlib.suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while head := sys.stdin.buffer.read(5):
        stream = sys.stdin.buffer.read(int.from_bytes(head[:4]))
        sys.stdout.write(judge(CODECS[chr(head[4])], stream) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
