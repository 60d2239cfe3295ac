"""Short real video clips for the simulated cameras, encoded once when first played."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

WIDTH, HEIGHT, RATE = 640, 360, 10
LARGE = (1920, 1080)  # of the scene `large`, which is packed as tightly as cameras do
H265_QUALITY = 23  # crf of the scene `large`: key pictures of 120 KB. By x265 itself, 28, they have 20 and no noise
KEY_EVERY, KEYS = 5, 6  # pictures, and key pictures in a clip
ENCODERS = {"h264": "libx264", "h265": "libx265", "jpeg": "mjpeg"}
NOISE = 2.0  # standard deviation of a sensor's noise: no two pictures of a live camera are the same


@dataclass(frozen=True)
class Clip:
    """`units` are the access units (pictures) in order, each a tuple of NAL units without start codes, or one JPEG."""

    codec: str  # h264, h265 or jpeg
    units: tuple[tuple[bytes, ...], ...]


@lru_cache
def clip(scene: str, codec: str = "h264") -> Clip:
    """A clip of one of SCENES."""
    import av

    make = SCENES[scene]
    encoder: Any = av.CodecContext.create(ENCODERS[codec], "w")
    encoder.width, encoder.height = LARGE if scene == "large" else (WIDTH, HEIGHT)
    encoder.pix_fmt = "yuvj420p" if codec == "jpeg" else "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, RATE), Fraction(RATE)
    encoder.thread_count = 1 if codec == "jpeg" else 0  # a JPEG in slices would need restart markers
    encoder.options = _options(codec, large=scene == "large")
    encoded = []
    for number in range(KEY_EVERY * KEYS):
        picture = av.VideoFrame.from_ndarray(make(number), format="rgb24").reformat(format=encoder.pix_fmt)
        picture.pts = number
        encoded += [bytes(p) for p in encoder.encode(picture)]
    encoded += [bytes(p) for p in encoder.encode(None)]
    return Clip(codec, tuple((one,) if codec == "jpeg" else tuple(nal_units(one)) for one in encoded))


def _options(codec: str, *, large: bool) -> dict[str, str]:
    preset = "veryfast" if large else "ultrafast"
    if codec == "jpeg":
        return {"huffman": "default", "qmin": "3", "qmax": "3"}  # RTP carries no Huffman tables
    params = f"keyint={KEY_EVERY}:min-keyint={KEY_EVERY}:scenecut=0:repeat-headers=1:bframes=0"
    if codec == "h265":
        quality = f":crf={H265_QUALITY}" if large else ""
        return {"preset": preset, "x265-params": f"{params}:open-gop=0:wpp=0:log-level=none{quality}"}
    return {"preset": preset, "tune": "zerolatency", "x264-params": params}


@lru_cache
def _ground(width: int, height: int) -> Any:
    import numpy as np

    rows, columns = np.mgrid[0:height, 0:width]
    street = (70 + rows * 110 // height + 25 * ((columns // 40 + rows // 40) % 2)).astype(np.uint8)
    return np.stack([street, street, np.flipud(street)], axis=-1)


def _street(number: int, width: int = WIDTH, height: int = HEIGHT) -> Any:
    """A street with something passing, as an array of shape (height, width, 3)."""
    picture = _ground(width, height).copy()
    left = number * 25 % (width - 90)
    picture[200:260, left : left + 90] = (200, 40, 40)
    return picture


@lru_cache
def _noise(width: int, height: int) -> Any:
    import numpy as np

    return np.random.default_rng(1).normal(0, NOISE, (height, width, 1)).round().astype(np.int16)


def _noisy(picture: Any, number: int) -> Any:
    import numpy as np

    noise = np.roll(_noise(picture.shape[1], picture.shape[0]), number * 7919)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _flat(*colour: int) -> Any:
    import numpy as np

    return np.full((HEIGHT, WIDTH, 3), colour, np.uint8)


def _card(number: int) -> Any:
    import cv2

    return cv2.putText(_flat(0, 0, 255), "NO SIGNAL", (160, 195), cv2.FONT_HERSHEY_SIMPLEX, 2, (255, 255, 255), 4)


def _infrared(number: int) -> Any:
    """By night: no colour, and little light."""
    grey = _street(number).mean(axis=-1, keepdims=True).repeat(3, axis=-1)
    return _noisy(grey * 0.5, number)


def _pink(number: int) -> Any:
    """By day, with the filter stuck that is to keep infrared light away: a pale pink lies over all."""
    return _noisy(_street(number) * 0.6 + (100, 60, 90), number)


def _blurred(number: int) -> Any:
    import cv2

    return _noisy(cv2.GaussianBlur(_street(number), (0, 0), 6), number)


SCENES: dict[str, Callable[[int], Any]] = {
    "moving": lambda number: _noisy(_street(number), number),
    "still": lambda number: _noisy(_street(0), number),
    "frozen": lambda number: _noisy(_street(0), 0),
    "dark": lambda number: _flat(0, 0, 0),
    "overexposed": lambda number: _noisy(_street(number) * 1.5 + 120.0, number),
    "covered": lambda number: _noisy(_flat(60, 58, 56), number),
    "blurred": _blurred,
    "pink": _pink,
    "card": _card,
    "infrared": _infrared,
    "large": lambda number: _noisy(_street(number, *LARGE), number),
}


def nal_units(stream: bytes) -> Iterator[bytes]:
    """Split an Annex-B byte stream at its start codes."""
    for part in stream.split(b"\x00\x00\x01")[1:]:
        if nal := part.rstrip(b"\x00"):
            yield nal
