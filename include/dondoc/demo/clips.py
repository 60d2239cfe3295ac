"""Short real video clips for the simulated cameras, encoded once at start."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

WIDTH, HEIGHT, RATE = 640, 360, 10
FRAMES, KEY_EVERY = 20, 10
ENCODERS = {"h264": "libx264", "h265": "libx265"}


@dataclass(frozen=True)
class Clip:
    """`units` are the access units (pictures) in order, each a tuple of NAL units without start codes."""

    codec: str  # h264 or h265
    units: tuple[tuple[bytes, ...], ...]


@lru_cache
def clip(scene: str, codec: str = "h264") -> Clip:
    """A clip of a scene: `moving` (a street with something passing), `dark` (nothing but black), `frozen`."""
    import av

    encoder: Any = av.CodecContext.create(ENCODERS[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, RATE), Fraction(RATE)
    encoder.options = _options(codec)
    units = []
    for number in range(FRAMES):
        picture = av.VideoFrame.from_ndarray(_picture(scene, number), format="rgb24").reformat(format="yuv420p")
        picture.pts = number
        units += [bytes(p) for p in encoder.encode(picture)]
    units += [bytes(p) for p in encoder.encode(None)]
    return Clip(codec, tuple(tuple(nal_units(u)) for u in units))


def _options(codec: str) -> dict[str, str]:
    if codec == "h265":
        params = f"keyint={KEY_EVERY}:min-keyint={KEY_EVERY}:scenecut=0:repeat-headers=1:bframes=0:log-level=none"
        return {"preset": "ultrafast", "x265-params": params}
    params = f"keyint={KEY_EVERY}:min-keyint={KEY_EVERY}:scenecut=0:repeat-headers=1:bframes=0"
    return {"preset": "ultrafast", "tune": "zerolatency", "x264-params": params}


def _picture(scene: str, number: int) -> Any:
    """A picture as an array of shape (HEIGHT, WIDTH, 3)."""
    import numpy as np

    if scene == "dark":
        return np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    street = (70 + rows * 110 // HEIGHT + 25 * ((columns // 40 + rows // 40) % 2)).astype(np.uint8)
    picture = np.stack([street, street, np.flipud(street)], axis=-1)
    left = 0 if scene == "frozen" else number * 25
    picture[200:260, left : left + 90] = (200, 40, 40)
    return picture


def nal_units(stream: bytes) -> Iterator[bytes]:
    """Split an Annex-B byte stream at its start codes."""
    for part in stream.split(b"\x00\x00\x01")[1:]:
        if nal := part.rstrip(b"\x00"):
            yield nal
