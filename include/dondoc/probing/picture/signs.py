"""Signs that no lens has made a picture: exact flatness, colours that no camera can see, rows that repeat, letters.

Taken from samples of the picture as it was decoded, before it is reduced: reducing it hides noise.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np

from dondoc.probing.picture.baseline import COLOURS

FINE, COARSE = 4, 8  # every so many-th pixel, either way, is looked at
MID = 128  # what a decoder puts where it has nothing: in brightness and in both colours
BEYOND = 60  # steps outside of what red, green and blue can be: encoders overshoot by less
STILL = 0.15  # mean step from one row to the next, of rows that are the same
CLEAR = 60  # steps from the background: what a letter has
SEARCHED = 0.7  # share of the commonest brightness from which on letters are looked for: others have none, or no ground
NEAR = 12  # steps either way within which ink is one colour


class Sampled(NamedTuple):
    """Every COARSE-th pixel, brightness and colours from the same places, as float32 of shape (rows, columns)."""

    y: Any
    u: Any  # less MID, as v
    v: Any
    full_range: bool


def signs(picture: Any, middle: Any, half: Any) -> dict[str, float]:
    """What was found; a sign that is not there is left out, but for u and v.

    Args:
        picture: `measure.Planes`.
        middle: its brightness, reduced, without the strips, as `measure` sees it; half: at half that size.

    Returns:
        flat: share of the commonest brightness; odd: of colours that red, green and blue cannot make;
        blank: of tiles that are a decoder's own grey;
        tail: share of the height at the bottom where rows repeat, tail_step: mean step along those rows,
        tail_change: what is left of change down the columns, tail_above: mean step from row to row above them;
        u, v: mean of the colour planes less 128; grain: deviation that is left at half the size, 0-1;
        patches: deviation of tiles from one another, by that of all;
        letters: strokes side by side in the densest rows, with ink: share of one brightness in what stands out,
        ground: share of tiles that are background and nothing else, written: share of rows with strokes.
    """
    strip = len(picture.y) // 10
    brightness = picture.y[strip : len(picture.y) - strip]
    sampled = _sampled(picture, strip)
    found = {
        "flat": _commonest(brightness[::FINE, ::FINE]),
        "odd": float(_odd(sampled).mean()),
        "blank": _blank(sampled),
        "u": float(sampled.u.mean()),
        "v": float(sampled.v.mean()),
        **_tail(brightness[:, ::COARSE], len(picture.y)),
        **_grain(middle, half),
        **_letters(middle),
    }
    return {name: round(value, 3) for name, value in found.items() if round(value, 3) or name in COLOURS}


def _sampled(picture: Any, strip: int) -> Sampled:
    height, width = picture.y.shape
    rows, columns = np.arange(strip, height - strip, COARSE), np.arange(0, width, COARSE)
    y = picture.y[strip : height - strip : COARSE, ::COARSE]
    u, v = (p[np.ix_(rows * len(p) // height, columns * p.shape[1] // width)] for p in (picture.u, picture.v))
    y, u, v = (p.astype(np.float32) for p in (y, u, v))
    return Sampled(y, u - MID, v - MID, picture.full_range)


def _commonest(values: Any) -> float:
    sample = np.ascontiguousarray(values)
    return float(cv2.calcHist([sample], [0], None, [256], [0, 256]).max() / sample.size)


def _odd(s: Sampled) -> Any:
    """Where colours are impossible, by BT.601; BT.709 differs by less than BEYOND."""
    wide = 1.0 if s.full_range else 255 / 224
    y = s.y if s.full_range else (s.y - 16) * (255 / 219)
    red, blue = y + 1.402 * wide * s.v, y + 1.772 * wide * s.u
    green = y - 0.344 * wide * s.u - 0.714 * wide * s.v
    least, most = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    return (least < -BEYOND) | (most > 255 + BEYOND)


def _blank(s: Sampled) -> float:
    """In full range a privacy mask may have this very grey, in limited range none does: there only a whole picture."""
    grey = ((s.y == MID) & (abs(s.u) <= 1) & (abs(s.v) <= 1)).astype(np.uint8)
    if not s.full_range:
        rows, columns = len(grey) // 8 * 8, grey.shape[1] // 16 * 16
        tiles = grey[:rows, :columns].reshape(8, -1, 16, columns // 16)
        return float(tiles.all(axis=(1, 3)).mean()) if tiles.size else 0.0
    return float(grey.mean() > 0.9)


def _tail(columns: Any, height: int) -> dict[str, float]:
    """Rows from the bottom up that repeat the one above."""
    rows = np.ascontiguousarray(columns)
    steps = cv2.reduce(cv2.absdiff(rows[1:], rows[:-1]), 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[::-1, 0]
    window = max(2, height // 22)  # an encoder leaves a trace in some rows
    moving = np.flatnonzero(np.convolve(steps, np.full(window, 1 / window), "valid") >= STILL)
    count = int(moving[0]) if len(moving) else len(steps)
    if count < height // 20:
        return {}
    tail, above = rows[len(rows) - count - 1 :].astype(np.int16), steps[count + window : count + window + height // 8]
    return {
        "tail": count / height,
        "tail_step": float(np.abs(np.diff(tail)).mean()),
        "tail_change": float(np.abs(tail - np.median(tail, axis=0)).mean()),
        "tail_above": float(above.mean()) if len(above) else 0.0,
    }


def _grain(middle: Any, half: Any) -> dict[str, float]:
    """Noise of single pixels is gone at half the size, and alike everywhere."""
    tiles = cv2.resize(half, (16, 8), interpolation=cv2.INTER_AREA)
    deviation, halved, patches = (float(cv2.meanStdDev(p)[1][0, 0]) for p in (middle, half, tiles))
    return {"grain": halved / max(deviation, 1), "patches": patches / max(deviation, 1)}


def _letters(middle: Any) -> dict[str, float]:
    shares = cv2.calcHist([middle], [0], None, [256], [0, 256]).ravel() / middle.size
    ground = int(shares.argmax())
    if shares[ground] < SEARCHED:
        return {}
    stands_out = cv2.absdiff(middle, np.full_like(middle, ground)) > CLEAR
    strokes = np.count_nonzero(stands_out[:, 1:] & ~stands_out[:, :-1], axis=1)
    written = strokes > 0
    if not written.any():
        return {}
    ink = np.bincount(middle[stands_out], minlength=256)
    tiles = (middle == ground).reshape(8, len(middle) // 8, 16, -1).all(axis=(1, 3))
    return {
        "letters": float(np.percentile(strokes[written], 90)),
        "ink": float(np.convolve(ink, np.ones(2 * NEAR + 1)).max() / ink.sum()),
        "ground": float(tiles.mean()),
        "written": float(written.mean()),
    }
