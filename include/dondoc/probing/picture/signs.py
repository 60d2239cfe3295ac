"""Signs that no lens has made a picture: exact flatness, colours that no camera can see, rows that repeat, letters.

Taken from samples of the picture as it was decoded, before it is reduced: reducing it hides noise.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np

from dondoc.probing.picture.baseline import COLOURS, GREY
from dondoc.probing.picture.drawn_text import drawn_text

FINE, COARSE = 4, 8  # every so many-th pixel, either way, is looked at
MID = 128  # what a decoder puts where it has nothing: in brightness and in both colours
UNLIKE = 8  # steps along a row: it is not of one colour, whatever an encoder makes of it
WHOLE, ALONG, LEAST = 0.9, 0.98, 0.1  # share of a whole picture; of a row that is of one colour; of rows, to be told of
COLOURED = 10  # steps from grey on the whole
POSSIBLE = 18  # steps from grey, nearer than which no colour is so far outside, whatever its brightness
BEYOND = 60  # steps outside of what red, green and blue can be: encoders overshoot by less
STILL = 0.15  # mean step from one row to the next, of rows that are the same
SHOWN = 3  # deviation along a row in which there is something to see
AGAIN = 4.0  # mean difference of halves that are the same but for the encoder
NOISY, SOME = 0.2, 0.05  # shares of edges: a picture full of noise has as many; weak noise, if it is alike all over
ALIKE = 0.5  # deviation from tile to tile, by that of all, of what is
TINTED, UNLIT = 3, 40  # steps from grey above which, and brightness below which no noise is an analogue channel's
TILES = 16, 8  # columns and rows


class Sampled(NamedTuple):
    """Every COARSE-th pixel, brightness and colours from the same places, as float32 of shape (rows, columns)."""

    y: Any
    u: Any  # less MID, as v
    v: Any
    full_range: bool


class Reduced(NamedTuple):
    """The brightness of a picture, reduced, without the strips, as `measure` sees it; at half that size; what share of
    it each brightness has; and the share of its edges."""

    middle: Any
    half: Any
    shares: Any
    edge: float


def signs(picture: Any, reduced: Reduced) -> dict[str, Any]:
    """What was found; a sign that is not there is left out, but for u and v.

    Args:
        picture: `measure.Planes`.

    Returns:
        flat: share of the commonest brightness; odd: of colours that red, green and blue cannot make;
        blank: of tiles that are a decoder's own grey; below: of rows of one colour, from the bottom up, and
        below_colour: that colour, its brightness 0-255 and u and v;
        tail: share of the height at the bottom where rows repeat, tail_step: mean step along those rows,
        tail_change: what is left of change down the columns, tail_above: mean step from row to row above them,
        tail_goes_on: how much the rows just above are like them, tail_regular: how much they repeat along themselves;
        twice: how much less the lower half differs from the upper one than from any other part, 0-1;
        u, v: mean of the colour planes less 128; grain: deviation that is left at half the size, 0-1; drift: deviation
        from tile to tile, whatever is within;
        of a picture with edges and without colour, noise: deviation within a tile, noise_mean: its brightness, both of
        the middle tile; noise_half, noise_quarter, noise_eighth: what is left of that deviation at half the size, of
        this at a quarter of it, and so on;
        noise_varies, noise_drifts: how much deviation and brightness differ from tile to tile, by that deviation;
        and what `drawn_text` finds.
    """
    middle, half, shares, edge = reduced
    strip = len(picture.y) // 10
    brightness = picture.y[strip : len(picture.y) - strip]
    sampled = _sampled(picture, strip)
    found = {
        "flat": _commonest(brightness[::FINE, ::FINE]),
        "odd": _odd(sampled),
        "blank": _blank(sampled),
        "u": float(sampled.u.mean()),
        "v": float(sampled.v.mean()),
        **_tail(brightness, len(picture.y)),
        **_twice(middle),
        "grain": _deviation(half) / max(_deviation(middle), 1),
        "drift": _deviation(cv2.resize(half, TILES, interpolation=cv2.INTER_AREA).astype(np.float32)),
    }
    if _may_be_noise(found, middle, edge):
        found |= _noise(middle, half)
    kept = {name: round(value, 3) for name, value in found.items() if round(value, 3) or name in COLOURS}
    coloured = max(abs(found["u"]), abs(found["v"])) > COLOURED
    return kept | _below(sampled) | drawn_text(picture, middle, shares, coloured)


def _sampled(picture: Any, strip: int) -> Sampled:
    y = picture.y[strip : len(picture.y) - strip : COARSE, ::COARSE]
    u, v = (_at_the_same_places(p, picture.y.shape, strip) for p in (picture.u, picture.v))
    y, u, v = (p.astype(np.float32) for p in (y, u, v))
    return Sampled(y, u - MID, v - MID, picture.full_range)


def _at_the_same_places(plane: Any, shape: tuple[int, int], strip: int) -> Any:
    (height, width), (high, wide) = shape, plane.shape
    rows, columns = np.arange(strip, height - strip, COARSE), np.arange(0, width, COARSE)
    if (2 * high, 2 * wide) == shape:  # of most; the same, in a fifth of the time
        return plane[strip // 2 :: COARSE // 2, :: COARSE // 2][: len(rows)]
    return plane[np.ix_(rows * high // height, columns * wide // width)]


def _commonest(values: Any) -> float:
    sample = np.ascontiguousarray(values)
    return float(cv2.calcHist([sample], [0], None, [256], [0, 256]).max() / sample.size)


def _odd(s: Sampled) -> float:
    """Share of colours that are impossible, by BT.601; BT.709 differs by less than BEYOND."""
    if max(s.u.max(), -s.u.min(), s.v.max(), -s.v.min()) < POSSIBLE:
        return 0.0
    wide = 1.0 if s.full_range else 255 / 224
    y = s.y if s.full_range else (s.y - 16) * (255 / 219)
    red, blue = y + 1.402 * wide * s.v, y + 1.772 * wide * s.u
    green = y - 0.344 * wide * s.u - 0.714 * wide * s.v
    least, most = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    return float(((least < -BEYOND) | (most > 255 + BEYOND)).mean())


def _blank(s: Sampled) -> float:
    """Of a decoder's grey, which is 130 in full range once encoded again. There a mask for privacy has 128, as has what
    a decoder leaves: of that only a whole picture counts."""
    if s.full_range and (s.y == MID).mean() > WHOLE:
        return 1.0
    grey = s.y == (GREY if s.full_range else MID)
    high, wide = len(grey) // 8, grey.shape[1] // 16
    if not (high and wide) or np.count_nonzero(grey) < high * wide:  # too small, as of some thermal cameras; or no tile
        return 0.0
    grey &= (abs(s.u) <= 1) & (abs(s.v) <= 1)
    tiles = grey[: high * 8, : wide * 16].reshape(8, high, 16, wide)
    return float(tiles.all(axis=(1, 3)).mean())


def _below(s: Sampled) -> dict[str, Any]:
    """Of one colour as the last row is, but for a step."""
    if np.ptp(s.y[-1]) > UNLIKE:
        return {}
    last = [float(np.median(plane[-1])) for plane in (s.y, s.u, s.v)]
    same = np.all([abs(plane - value) <= 1 for plane, value in zip((s.y, s.u, s.v), last, strict=True)], axis=0)
    others = np.flatnonzero(same[::-1].mean(axis=1) < ALONG)
    share = (int(others[0]) if len(others) else len(same)) / len(same)
    if share < LEAST:
        return {}
    y = last[0] if s.full_range else (last[0] - 16) * (255 / 219)
    return {"below": round(share, 3), "below_colour": [round(max(0.0, y)), *map(round, last[1:])]}


def _tail(brightness: Any, height: int) -> dict[str, float]:
    """Rows from the bottom up that repeat the one above; in a picture of some pixels nothing is told of them."""
    if min(brightness.shape) < 2 * COARSE:
        return {}
    rows = np.ascontiguousarray(brightness[:, ::COARSE])
    steps = cv2.reduce(cv2.absdiff(rows[1:], rows[:-1]), 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[::-1, 0]
    window = max(2, height // 22)  # an encoder leaves a trace in some rows
    moving = np.flatnonzero(np.convolve(steps, np.full(window, 1 / window), "valid") >= STILL)
    count = int(moving[0]) if len(moving) else len(steps)
    if count < height // 20:
        return {}
    tail, above = rows[len(rows) - count - 1 :].astype(np.int16), steps[count + window : count + window + height // 8]
    found = {
        "tail": count / height,
        "tail_step": float(np.abs(np.diff(tail)).mean()),
        "tail_change": float(np.abs(tail - np.median(tail, axis=0)).mean()),
        "tail_above": float(above.mean()) if len(above) else 0.0,
    }
    if found["tail_step"] < 1 or not len(above):
        return found
    row, before = (brightness[at].astype(np.float32) for at in (-count // 2, max(0, len(rows) - count - 2 - window)))
    return {**found, "tail_goes_on": _alike(row, before), "tail_regular": _regular(row)}


def _alike(one: Any, other: Any) -> float:
    """Correlation of two rows."""
    one, other = one - one.mean(), other - other.mean()
    return float((one * other).sum() / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1))


def _regular(row: Any) -> float:
    """The best correlation of a row with itself further on, after it was unlike itself: posts stand evenly."""
    width, count = len(row), len(row) // 2
    row = row - cv2.blur(row[None], (width // 4 * 2 + 1, 1))[0]  # light is uneven
    power = np.abs(np.fft.rfft(row, 2 * width)) ** 2
    shifted = np.fft.irfft(power)[:count] / np.arange(width, width - count, -1) * (width / max(float(row @ row), 1))
    unlike = np.flatnonzero(shifted < 0.3)
    return float(shifted[unlike[0] :].max()) if len(unlike) else 0.0


def _twice(middle: Any) -> dict[str, float]:
    """Whether the lower half is the upper one again, by all pixels, and no other part is: blinds are like any."""
    below = len(middle) * 5 // 8  # half of the height, of which the strips are left out
    count = len(middle) - below
    apart = float(cv2.norm(middle[:count], middle[below:], cv2.NORM_L1)) / middle[:count].size
    if apart > AGAIN:
        return {}
    few = middle[:, ::COARSE].astype(np.int16)
    if np.percentile(few[:count].std(axis=1), 20) < SHOWN:
        return {}
    starts = range(count // 6, below - count // 12, 2)
    least = min(float(np.abs(few[at : at + count] - few[:count]).mean()) for at in starts)
    return {"twice": 1 - apart / least} if apart < least else {}


def _deviation(grey: Any) -> float:
    return float(cv2.meanStdDev(grey)[1][0, 0])


def _may_be_noise(found: Mapping[str, float], middle: Any, edge: float) -> bool:
    if edge < SOME or max(abs(found["u"]), abs(found["v"])) > TINTED or cv2.mean(middle)[0] < UNLIT:
        return False
    return edge > NOISY or found["drift"] < ALIKE * _deviation(middle)


def _noise(middle: Any, half: Any) -> dict[str, float]:
    """Of tiles, and of most of them, for words may stand on it. Noise of single points loses half of its deviation with
    half of the size, again and again; and is alike everywhere, as no light is, and nothing that is near and far."""
    means, deviations = _tiles(middle)
    noise, halved, quartered, eighth = (float(np.median(one)) for one in (deviations, *_smaller_and_smaller(half)))
    return {
        "noise": noise,
        "noise_mean": float(np.median(means)),
        "noise_half": halved / max(noise, 1),
        "noise_quarter": quartered / max(halved, 1),
        "noise_eighth": eighth / max(quartered, 1),
        "noise_varies": _apart(deviations) / max(noise, 1),
        "noise_drifts": _apart(means) / max(noise, 1),
    }


def _smaller_and_smaller(half: Any) -> Iterator[Any]:
    """The deviations of tiles at half, a quarter and an eighth of the size."""
    for _ in range(3):
        yield _tiles(half)[1]
        half = cv2.resize(half, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def _tiles(grey: Any) -> tuple[Any, Any]:
    """Mean and deviation of each tile."""
    plain = grey.astype(np.float32)
    mean, square = (cv2.resize(one, TILES, interpolation=cv2.INTER_AREA) for one in (plain, plain * plain))
    return mean, np.sqrt(np.maximum(square - mean * mean, 0))


def _apart(values: Any) -> float:
    """Deviation of most of them, whatever some are: 1.48 times the median distance from the median."""
    return 1.48 * float(np.median(np.abs(values - np.median(values))))
