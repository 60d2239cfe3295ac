"""What can be measured on one picture, without the strips where cameras write their clock and name."""

from base64 import b64encode
from typing import Any, NamedTuple

import cv2
import numpy as np

from dondoc.probing.picture.signs import Reduced, signs

WIDTH, HEIGHT = 640, 360
STRIP = HEIGHT // 10  # rows cut off at top and bottom: clock and name are written there
TILES = (8, 16)  # rows and columns of tiles, each kept as one byte to compare nights with
PLAIN = 16  # a tile with fewer grey values is plain: sky, wall, burnt out, unlit; encoders make it equal every night
BAR = 8  # pixels: how finely bars and colours are looked for
SMALL = WIDTH // BAR, HEIGHT // BAR
STRIPED = 5  # levels of a colour that bars deviate less down a column
EMPTY, FULL = 0.3, 0.55  # share of the most that a pure colour has of red, green and blue: less, or more
COLOURED = 20  # mean distance from grey below which a picture has no bars
BARS = "632541"  # yellow, cyan, green, magenta, red, blue, of SMPTE ECR 1 and ITU-R BT.471: red 4, green 2, blue 1
# Limited range (16 for black, 235 for white) stretched to 0-255.
STRETCH = np.clip((np.arange(256) - 16) * (255 / 219), 0, 255).round().astype(np.uint8)


class Planes(NamedTuple):
    """A picture as decoders give it: brightness of shape (height, width), two colour planes of any smaller shape."""

    y: Any
    u: Any
    v: Any
    full_range: bool


def measure(picture: Planes) -> dict[str, Any]:
    """Features, JSON-safe and small (about 700 bytes); no picture can be made of them.

    Returns:
        mean, std, p99: of the brightness, 0-255; clip: share of pixels ≥ 250; mode: share of the commonest brightness;
        lap: variance of the Laplacian; sharp: the same per variance of the picture, so that fog and dusk (less
        contrast) do not lower it as a lens out of focus does; coarse_…: both at half the size, where a sensor's noise
        hides less; edge: share of Canny pixels; colour: mean distance from grey, 0-127; bars: how many of BARS stand
        side by side in their order;
        hash: 64 bits of differences (dHash); tiles: a digest of each tile's pixels, 0 for a plain one, as base64;
        and what `signs` finds.
    """
    grey = _reduced(picture.y)
    grey = grey if picture.full_range else cv2.LUT(grey, STRETCH)
    middle = grey[STRIP : HEIGHT - STRIP]
    shares = cv2.calcHist([middle], [0], None, [256], [0, 256]).ravel() / middle.size
    seen = _brightness(middle, shares)
    half = cv2.resize(middle, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    fine, coarse = _detail(middle), _detail(half)
    contrast = (seen["std"] ** 2 + 1) / 1000
    colours = _colours(picture)
    colour = _colour(*colours)
    edge = cv2.countNonZero(cv2.Canny(middle, 50, 150)) / middle.size
    return {
        **seen,
        "lap": round(fine, 2),
        "sharp": round(fine / contrast, 2),
        "coarse_lap": round(coarse, 2),
        "coarse_sharp": round(coarse / contrast, 2),
        "edge": round(edge, 5),
        "colour": round(colour, 1),
        "bars": _bars(grey, *colours) if colour > COLOURED else 0,
        "size": f"{picture.y.shape[1]}x{picture.y.shape[0]}",
        "hash": _difference_hash(middle),
        "tiles": b64encode(_tiles(middle)).decode(),
        **signs(picture, Reduced(middle, half, shares, edge)),
    }


def _reduced(y: Any) -> Any:
    """To WIDTH and HEIGHT. In a third of 1920×1080 cv2.blur has the very means of cv2.INTER_AREA, in half the time."""
    if y.shape == (3 * HEIGHT, 3 * WIDTH):
        return np.ascontiguousarray(cv2.blur(y, (3, 3))[1::3, 1::3])
    return cv2.resize(y, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def _brightness(middle: Any, shares: Any) -> dict[str, float]:
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(middle))
    return {
        "mean": round(mean, 2),
        "std": round(deviation, 2),
        "p99": int(np.searchsorted(shares.cumsum(), 0.99)),
        "clip": round(float(shares[250:].sum()), 4),
        "mode": round(float(shares.max()), 4),
    }


def _detail(grey: Any) -> float:
    """Variance of the Laplacian; its sums are exact, and several times as fast as cv2.meanStdDev of 16 bits."""
    bends = cv2.Laplacian(cv2.blur(grey, (3, 3)), cv2.CV_16S)
    return cv2.norm(bends, cv2.NORM_L2SQR) / bends.size - (cv2.sumElems(bends)[0] / bends.size) ** 2


def _bars(grey: Any, u: Any, v: Any) -> int:
    """Upright bars of one colour each, in the upper half: below, some test pictures have others, or words."""
    y, u, v = (
        cv2.resize(plane, SMALL, interpolation=cv2.INTER_AREA)[STRIP // BAR : SMALL[1] // 2].astype(np.float32)
        for plane in (grey, u, v)
    )
    red, blue = y + 1.402 * (v - 128), y + 1.772 * (u - 128)  # ITU-R BT.601; BT.709 differs by less than what is pure
    colours = np.stack((red, (y - 0.299 * red - 0.114 * blue) / 0.587, blue))
    row = np.median(colours, axis=1)
    even = np.median(np.abs(colours - row[:, None]), axis=1).max(axis=0) < STRIPED
    full = row / max(float(row.max()), 1)
    pure = even & ((full < EMPTY) | (full > FULL)).all(axis=0)
    named = np.where(pure, (full > FULL).T @ (4, 2, 1), 0)
    return max(_in_order(named), _in_order(named[::-1]))


def _in_order(named: Any) -> int:
    """How many of BARS follow one another, each at least two columns wide."""
    begins = np.flatnonzero(np.diff(named, prepend=-1))
    runs = zip(named[begins], np.diff(begins, append=len(named)), strict=True)
    row = "".join(str(name) for name, long in runs if name and long > 1)
    return max(n for n in range(len(BARS) + 1) for at in range(len(BARS) - n + 1) if BARS[at : at + n] in row)


def _colours(picture: Planes) -> list[Any]:
    return [cv2.resize(p, SMALL, interpolation=cv2.INTER_AREA) for p in (picture.u, picture.v)]


def _colour(u: Any, v: Any) -> float:
    away = [cv2.absdiff(p, np.full_like(p, 128)) for p in (u, v)]
    return float(cv2.mean(cv2.max(*away)[STRIP // 8 + 1 : -(STRIP // 8 + 1)])[0])


def _difference_hash(middle: Any) -> str:
    small = np.rint(_ROWS @ middle.astype(np.float32) @ _COLUMNS)
    return np.packbits(small[:, 1:] > small[:, :-1]).tobytes().hex()


def _areas(length: int, count: int) -> Any:
    """Mean of `count` equal parts of a line, as cv2.INTER_AREA takes it but a good deal faster: (count, length)."""
    edges, pixels = np.arange(count + 1) * (length / count), np.arange(length)
    share = np.minimum(pixels + 1, edges[1:, None]) - np.maximum(pixels, edges[:-1, None])
    return (np.maximum(share, 0) * (count / length)).astype(np.float32)


_ROWS, _COLUMNS = _areas(HEIGHT - 2 * STRIP, 8), _areas(WIDTH, 9).T


def _tiles(middle: Any) -> bytes:
    """One byte a tile, of all its pixels: noise of a sensor changes it, were it in the last bit of one of them."""
    height, width = middle.shape[0] // TILES[0], middle.shape[1] // TILES[1]
    cut = middle.reshape(TILES[0], height, TILES[1], width).swapaxes(1, 2).reshape(-1, height * width)
    digests = (cut @ _WEIGHTS).astype(np.int64) >> 24 & 255
    return np.where(_plain(cut), 0, digests % 255 + 1).astype(np.uint8).tobytes()


def _plain(tiles: Any) -> Any:
    """Which tiles have few grey values: between near ones there are few; most others show enough in some pixels."""
    spread = tiles.max(axis=1) - tiles.min(axis=1)
    plain = spread < PLAIN - 1
    unsure = np.flatnonzero(~plain)
    for every in (16, 4, 1):
        unsure = unsure[_values(tiles[unsure, ::every]) < PLAIN]
    plain[unsure] = True
    return plain


def _values(tiles: Any) -> Any:
    """How many grey values each tile has."""
    there = np.zeros((len(tiles), 256), np.bool_)
    there[np.arange(len(tiles))[:, None], tiles] = True
    return np.count_nonzero(there, axis=1)


def _weights(count: int) -> Any:
    """Odd numbers of 32 bits (a polynomial hash); as floats, which multiply faster, and whose sums stay exact."""
    return np.full(count, 2891336453, np.uint32).cumprod(dtype=np.uint32).astype(np.float64)


_WEIGHTS = _weights((HEIGHT - 2 * STRIP) * WIDTH // (TILES[0] * TILES[1]))
