"""What can be measured on one picture, without the strips where cameras write their clock and name."""

from base64 import b64encode
from typing import Any, NamedTuple

import cv2
import numpy as np

from dondoc.probing.picture.signs import signs

WIDTH, HEIGHT = 640, 360
STRIP = HEIGHT // 10  # rows cut off at top and bottom: clock and name are written there
TILES = (8, 16)  # rows and columns of tiles, each kept as one byte to compare nights with
PLAIN = 16  # a tile with fewer grey values is plain: sky, wall, burnt out, unlit; encoders make it equal every night
STRIPED, STEP = 5, 8  # steps of brightness: bars deviate less down a column, and one differs by more from the next
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
        hides less; edge: share of Canny pixels; colour: mean distance from grey, 0-127; bars: median deviation down
        the columns, steps: how many their brightness goes down along a row, never up (or the other way), both None
        without colour;
        hash: 64 bits of differences (dHash); tiles: a digest of each tile's pixels, 0 for a plain one, as base64;
        and what `signs` finds.
    """
    grey = cv2.resize(picture.y, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    grey = grey if picture.full_range else cv2.LUT(grey, STRETCH)
    middle = grey[STRIP : HEIGHT - STRIP]
    seen = _brightness(middle)
    half = cv2.resize(middle, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    fine, coarse = _detail(middle), _detail(half)
    contrast = (seen["std"] ** 2 + 1) / 1000
    colour = _colour(picture)
    bars, steps = _bars(middle[: len(middle) // 2]) if colour > 20 else (None, None)
    return {
        **seen,
        "lap": round(fine, 2),
        "sharp": round(fine / contrast, 2),
        "coarse_lap": round(coarse, 2),
        "coarse_sharp": round(coarse / contrast, 2),
        "edge": round(cv2.countNonZero(cv2.Canny(middle, 50, 150)) / middle.size, 5),
        "colour": round(colour, 1),
        "bars": bars,
        "steps": steps,
        "size": f"{picture.y.shape[1]}x{picture.y.shape[0]}",
        "hash": _difference_hash(middle),
        "tiles": b64encode(_tiles(middle)).decode(),
        **signs(picture, middle, half),
    }


def _brightness(middle: Any) -> dict[str, float]:
    shares = cv2.calcHist([middle], [0], None, [256], [0, 256]).ravel() / middle.size
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


def _bars(grey: Any) -> tuple[float, int | None]:
    """Median of the deviations down the columns, and where that is small, the steps."""
    mean = cv2.reduce(grey, 0, cv2.REDUCE_AVG, dtype=cv2.CV_64F)
    square = cv2.reduce(grey, 0, cv2.REDUCE_SUM2, dtype=cv2.CV_64F) / len(grey)
    away = round(float(np.median(np.sqrt(np.maximum(square - mean**2, 0)))), 2)
    return away, _steps(np.median(grey, axis=0)) if away < STRIPED else None


def _steps(row: Any) -> int:
    """Test bars are in order of brightness: flags, containers and stripes that stand in the world are not."""
    jumps = _jumps(row)
    row, jumps = (row, jumps) if np.abs(jumps.min()) > jumps.max() else (-row, -jumps)
    down = _jumps(np.minimum.accumulate(row)) < -STEP  # below all before: ribs and folds come up again
    return int(np.count_nonzero(down[1:] & ~down[:-1])) if jumps.max() < 2 * STEP else 0


def _jumps(row: Any) -> Any:
    """Over more than the edge between two bars."""
    return row[8:] - row[:-8]


def _colour(picture: Planes) -> float:
    small = [cv2.resize(p, (WIDTH // 8, HEIGHT // 8), interpolation=cv2.INTER_AREA) for p in (picture.u, picture.v)]
    away = [cv2.absdiff(p, np.full_like(p, 128)) for p in small]
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
    """Which tiles have few grey values. Most show enough of them in an eighth of their pixels."""
    plain = _values(tiles[:, ::8]) < PLAIN
    plain[plain] = _values(tiles[plain]) < PLAIN
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
