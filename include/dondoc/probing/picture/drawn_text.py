"""Whether a picture is drawn letters on a drawn ground, as the cards of devices are, and as no lens sees anything.

Cameras write their name and time into their pictures as well: what tells a card is the ground. A device fills it with
one value, or one that shades off evenly; what a lens has seen, be it a night without light whose noise an encoder took
away, differs by some steps here and there. Only a wall or a sky may shade off as evenly.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np

from dondoc.probing.picture.shading import Shading

CLEAR = 60  # steps from the ground: what a letter has
ROUNDED = 2  # steps from a pixel to the next, where a ground shades off, and what encoders change of them
OTHER = 24  # steps from such a ground: what is certainly drawn on it
NEARLY = 4  # steps from the ground: noise and what an encoder leaves of it; what is drawn is further away
FLAT = 0.96  # share of one brightness, where there is no more than lines on it
SEARCHED = 0.7  # share of nearly the commonest brightness from which on letters are looked for
COARSE, AROUND = 8, 31  # every so many-th pixel is looked at; of those, the median of so many either way is the ground
WIDTH = 1280  # pixels, the width at which they are: strokes of small ones are lost in a smaller picture
HEIGHT = 2 * WIDTH  # pixels at most, more than of any camera that stands on its side: the work grows with its square
TINY, SOLID = 6, 0.72  # a letter is at least so many pixels high; most fill less of the rectangle around them
THIN, OPEN, MOST = 0.25, 3, 300  # half a stroke, by its height; letters that fill less; shapes that are looked at
FEWEST = 4  # letters in a line
NEAR, FAR = 140, 50  # parts of the width around what stands out: encoders blur the nearer, a lens spreads light beyond
LARGE = 9  # parts of the height and the width: a shape that is larger is no letter, but a channel or an emblem
BUSY = 6  # parts of the height: where edges fill a place that is larger, there are leaves, gravel, a crowd
EVENLY = 0.005  # uneven share of a ground that shades off evenly
SEEN = 0.05  # uneven share from which on a lens has seen the ground, and nothing is asked of what stands on it
MOST_SHAPES = 32  # large shapes that are told of
LINE = 7  # pixels: what is thinner separates channels
BLOCK = 32  # pixels: what an encoder changes around a shape

Box = Any  # int array of shape (number of shapes, 4): left, top, right, bottom of each


class Ground(NamedTuple):
    """What letters are written on: its brightness of each pixel; how it shades off; and by how much a device's own may
    differ from that by rounding."""

    brightness: Any
    shading: Shading
    rounding: int


def drawn_text(picture: Any, middle: Any, shares: Any, coloured: bool) -> dict[str, Any]:
    """What was found; empty where no letters are.

    Args:
        picture: `measure.Planes`.
        middle: its brightness, reduced, without the strips, as `measure` sees it; shares: of each brightness in it.
        coloured: whether it has a colour: only then a ground is looked for that shades off in any way.

    Returns:
        letters: how many like letters are in one line, the time of a clock apart; place: of the line its left, top,
        right and bottom in hundredths of the picture; halo: steps by which light spreads around it; clock: in such
        hundredths how far down one is; fill: brightness of the ground, 0-255; shading: how that shades off, if it does;
        falls_to: what is left of its brightness where it is darkest; and what `_unlike` finds on it.
    """
    if not _may_be_drawn(middle, shares, coloured):
        return {}
    fine = at_most(picture.y, WIDTH, HEIGHT)
    if min(fine.shape) <= COARSE:  # no letter has room in it, nor can it be seen to shade off
        return {}
    ground = _ground(fine, coloured)
    away = cv2.absdiff(fine, ground.brightness)
    words, clock = _written(away)
    found: dict[str, Any] = {"clock": _place(clock, fine)[1]} if len(clock) else {}
    if len(words):
        halo = _halo(fine, ground.brightness, away, words)
        found |= {"letters": len(words), "place": _place(words, fine), "halo": round(halo, 3)}
    if found or (ground.shading is Shading.NONE and (away > (NEARLY if shares.max() > FLAT else CLEAR)).any()):
        found |= _of_ground(fine, away, ground, coloured) | {"fill": _level(picture, np.median(ground.brightness))}
        if ground.shading is not Shading.NONE:
            darkest, brightest = (_level(picture, one) for one in (ground.brightness.min(), ground.brightness.max()))
            found["falls_to"] = round(darkest / max(brightest, 1), 2)
    return found


def _of_ground(fine: Any, away: Any, ground: Ground, coloured: bool) -> dict[str, Any]:
    """Its shading, if it has any, and what is unlike it."""
    unlike = _unlike(fine, away, ground)
    if coloured and ground.shading is Shading.EVENLY and unlike.get("uneven", 1) > EVENLY:
        ground = ground._replace(shading=Shading.ANYHOW)
        unlike = _unlike(fine, away, ground)
    return unlike if ground.shading is Shading.NONE else unlike | {"shading": str(ground.shading)}


def _level(picture: Any, brightness: Any) -> int:
    """0-255, of what may be of limited range."""
    return round(float(brightness) if picture.full_range else max(0.0, (float(brightness) - 16) * 255 / 219))


def _may_be_drawn(middle: Any, shares: Any, coloured: bool) -> bool:
    if shares.max() > 1 - 1e-9:
        return True  # letters may be in the strips
    if _nearly_one(shares):
        return True
    few = np.ascontiguousarray(middle[::4, ::4])
    if coloured and (_steps(few) <= NEARLY).mean() > SEARCHED:
        return True
    return bool((cv2.absdiff(few, _shade(few)) <= ROUNDED).mean() > SEARCHED)


def _nearly_one(shares: Any) -> bool:
    """Whether most of a picture is nearly of one brightness."""
    return bool(np.convolve(shares, np.ones(2 * NEARLY + 1), "same").max() > SEARCHED)


def _steps(grey: Any) -> Any:
    """From the darkest to the brightest of each pixel and those around it."""
    return cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))


def _ground(fine: Any, coloured: bool) -> Ground:
    shares = cv2.calcHist([fine], [0], None, [256], [0, 256]).ravel() / fine.size
    if shares.max() > SEARCHED or (not coloured and _nearly_one(shares)):
        return Ground(np.full_like(fine, shares.argmax()), Shading.NONE, 0)
    shade = _shade(fine)
    if not coloured or (np.ptp(shade) and (cv2.absdiff(fine, shade) <= ROUNDED).mean() > SEARCHED):
        return Ground(shade, Shading.EVENLY, ROUNDED) if np.ptp(shade) else Ground(shade, Shading.NONE, 0)
    few = cv2.medianBlur(np.ascontiguousarray(fine[::COARSE, ::COARSE]), AROUND)
    return Ground(cv2.resize(few, fine.shape[::-1]), Shading.ANYHOW, ROUNDED)


def _shade(grey: Any) -> Any:
    """The ground, if it gets evenly darker or brighter down and across; of the same shape."""
    few = grey[::COARSE, ::COARSE].astype(np.float32)
    down, across = (np.arange(size, dtype=np.float32) for size in grey.shape)
    steeply, wide = _slope(few) / COARSE, _slope(few.T) / COARSE
    plane = steeply * down[:, None] + wide * across
    return np.clip(plane + np.median(few - plane[::COARSE, ::COARSE]), 0, 255).round().astype(np.uint8)


def _slope(grey: Any) -> float:
    """By how much it gets brighter from one row to the next, wherever it is steady."""
    half = len(grey) // 2
    return float(np.median(grey[half : 2 * half] - grey[:half])) / half


def _written(away: Any) -> tuple[Box, Box]:
    """The longest line of letters, and the time of a clock. With a clock in the strips where cameras write, or with
    words in both, what is there is their name and time."""
    stands_out = cv2.threshold(away, CLEAR, 1, cv2.THRESH_BINARY)[1]
    shapes, dots = _shapes(stands_out)
    lines = _lines(shapes)
    clocks = [line for line in lines if _is_clock(line, dots)]
    words = [line for line in lines if not _is_clock(line, dots)]
    strips = {line[0, 1] > len(away) / 2 for line in words if _in_strip(line, len(away))}
    if len(strips) == 2 or any(_in_strip(line, len(away)) for line in clocks):
        words = [line for line in words if not _in_strip(line, len(away))]
    none = shapes[:0]
    return max(words, key=len, default=none), next(iter(clocks), none)


def _shapes(stands_out: Any) -> tuple[Box, Box]:
    """What is like letters, and what is like the dots between the numbers of a clock."""
    found = np.concatenate(
        [_connected(stands_out, *band) for band in _bands(stands_out)] or [np.zeros((0, 5), np.int32)]
    )
    wide, high, area = (found[:, n].astype(np.float32) for n in (2, 3, 4))
    like = (high >= TINY) & (wide <= 3 * high) & (high < len(stands_out) / 4) & (area > 0.1 * wide * high)
    small = (high < len(stands_out) / 30) & (wide < len(stands_out) / 30) & (area > 0.6 * wide * high)
    drawn = [one for one in found[like][:MOST] if _of_strokes(stands_out, one)]
    return _boxes(np.array(drawn, np.int32).reshape(-1, 5)), _boxes(found[small][: 2 * MOST])


def _bands(stands_out: Any) -> list[tuple[int, int]]:
    """Rows in which something is, from first to last: most of a picture with letters is empty, and costs nothing."""
    there = np.concatenate(([0], stands_out.any(axis=1), [0])).astype(np.int8)
    return [*zip(*(np.flatnonzero(np.diff(there) == step).tolist() for step in (1, -1)), strict=True)]


def _connected(stands_out: Any, top: int, bottom: int) -> Any:
    """Of each shape between two rows its left, top, width, height and area."""
    found = cv2.connectedComponentsWithStats(stands_out[top:bottom])[2][1:]
    return found + np.array([0, top, 0, 0, 0], np.int32)


def _boxes(shapes: Any) -> Any:
    """Left, top, right, bottom, and area."""
    return np.column_stack((shapes[:, :2], shapes[:, :2] + shapes[:, 2:4], shapes[:, 4]))


def _of_strokes(stands_out: Any, shape: Any) -> bool:
    """Whether it is thin everywhere, which a lamp is not."""
    left, top, wide, high, _ = shape
    inside = cv2.copyMakeBorder(stands_out[top : top + high, left : left + wide], 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    return bool(cv2.distanceTransform(inside, cv2.DIST_L2, 3).max() < THIN * high)


def _lines(shapes: Box) -> list[Box]:
    """Of letters about as high as each other, side by side; each letter in one of them."""
    lines = []
    while len(shapes) >= FEWEST:
        top, bottom = shapes[:, 1], shapes[:, 3]
        middle, high = (top + bottom) / 2, bottom - top
        lower = np.minimum(high[:, None], high)
        beside = (np.abs(middle[:, None] - middle) < lower / 2) & (np.maximum(high[:, None], high) < 2 * lower)
        chosen = beside[beside.sum(axis=1).argmax()]
        line, shapes = shapes[chosen], shapes[~chosen]
        if len(line) >= FEWEST and _open(line) >= OPEN:
            lines.append(line)
    return lines


def _open(line: Box) -> int:
    """How many are not solid."""
    left, top, right, bottom, area = line.T
    return int(np.count_nonzero(area < SOLID * (right - left) * (bottom - top)))


def _is_clock(line: Box, dots: Box) -> bool:
    """Whether two dots stand one above the other between its numbers."""
    top, bottom = np.median(line[:, 1]), np.median(line[:, 3])
    high, left, right = bottom - top, line[:, 0].min(), line[:, 2].max()
    small = (dots[:, 3] - dots[:, 1] < 0.35 * high) & (dots[:, 2] - dots[:, 0] < 0.35 * high)
    within = small & (dots[:, 1] >= top - 1) & (dots[:, 3] <= bottom + 1) & (dots[:, 0] > left) & (dots[:, 2] < right)
    of_letters = (dots[:, :1] < line[:, 2]) & (dots[:, 2:3] > line[:, 0])  # as in the marks above and below a vowel
    within &= ~of_letters.any(axis=1)
    x, y = (dots[within, :2] + dots[within, 2:4]).T / 2
    above = (np.abs(x[:, None] - x) < 0.12 * high + 1) & (y[:, None] - y > 0.25 * high)
    return bool(above.any())


def _in_strip(line: Box, height: int) -> bool:
    middle = (line[:, 1] + line[:, 3]).mean() / 2
    return not 0.12 * height < middle < 0.88 * height


def _place(line: Box, fine: Any) -> list[int]:
    height, width = fine.shape
    (left, top), (right, bottom) = line[:, :2].min(axis=0), line[:, 2:4].max(axis=0)
    return [int(100 * left / width), int(100 * top / height), int(100 * right / width), int(100 * bottom / height)]


def _halo(fine: Any, ground: Any, away: Any, line: Box) -> float:
    """How much brighter or darker than the ground it is around letters."""
    near, far = max(3, fine.shape[1] // NEAR + 1), fine.shape[1] // FAR
    (left, top), (right, bottom) = line[:, :2].min(axis=0), line[:, 2:4].max(axis=0)
    place = slice(max(0, top - far), bottom + far), slice(max(0, left - far), right + far)
    drawn = cv2.threshold(away[place], CLEAR, 1, cv2.THRESH_BINARY)[1]
    around = cv2.inRange(cv2.distanceTransform(1 - drawn, cv2.DIST_C, 3), near, far) > 0
    if not around.any():
        return 0.0
    lighter = fine[place][around].astype(np.int16) - ground[place][around]
    # Other words near by lighten some of it, not most.
    return float(min(abs(lighter.mean()), np.median(np.abs(lighter))))


def _unlike(fine: Any, away: Any, ground: Ground) -> dict[str, Any]:
    """What of a picture is unlike a ground on which a device has drawn.

    Returns:
        busy: edges fill a place; nothing else is told then. calm: share that is not near an edge; uneven: share of that
        which is not exactly as it was filled, or where that is not known, not smooth; faint: share of edges that are
        faint, and far from clear ones; shapes: see `_large_shapes`.
    """
    steps = _steps(fine)
    if _busy(steps):
        return {"busy": True}
    strip = len(steps) // 10  # a device's own clock may be as bright as the ground
    faint = (_far_from(steps > CLEAR) & (steps > NEARLY))[strip:-strip]
    calm, uneven = _far_from(steps > NEARLY), steps
    if ground.shading is Shading.EVENLY:
        calm, uneven = calm & (away <= NEARLY), away
    found = {
        "calm": round(float(calm.mean()), 3),
        "uneven": round(float((uneven[calm] > ground.rounding).mean()), 5) if calm.any() else 1.0,
        "faint": round(float(faint.mean()), 4),
    }
    if found["uneven"] > SEEN:
        return found
    drawn = cv2.threshold(away, OTHER if ground.shading is Shading.ANYHOW else NEARLY, 1, cv2.THRESH_BINARY)[1]
    shapes = _large_shapes(fine, drawn)
    return found | ({"shapes": shapes[:MOST_SHAPES]} if shapes else {})


def _busy(steps: Any) -> bool:
    """Whether edges fill a place larger than a letter: leaves, gravel, a crowd."""
    gap, large = len(steps) // 80 | 1, len(steps) // BUSY
    edges = cv2.morphologyEx((steps > NEARLY).view(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    return bool(cv2.boxFilter(edges, cv2.CV_32S, (large, large), normalize=False).max() == large * large)


def _far_from(edges: Any) -> Any:
    around = 2 * BLOCK + 1, 2 * BLOCK + 1
    return cv2.boxFilter(edges.view(np.uint8), cv2.CV_32S, around, normalize=False) == 0


def _large_shapes(fine: Any, drawn: Any) -> list[list[int]]:
    """Of each its width, height, how much of that rectangle it is, and how much of it a device filled, in hundredths:
    most of an emblem, little of the channel of a camera."""
    solid = cv2.morphologyEx(drawn, cv2.MORPH_OPEN, np.ones((LINE, LINE), np.uint8))
    count, labels, shapes, _ = cv2.connectedComponentsWithStats(solid)
    found = []
    for number in range(1, count):
        left, top, wide, high, area = shapes[number]
        if wide * LARGE >= fine.shape[1] and high * LARGE >= fine.shape[0]:
            place = slice(top, top + high), slice(left, left + wide)
            filled = _filled(fine[place][labels[place] == number])
            parts = wide / fine.shape[1], high / fine.shape[0], area / (wide * high), filled
            found.append([round(100 * part) for part in parts])
    return found


def _filled(pixels: Any) -> float:
    """Share of them that are of values by far more common than those beside: what a lens has seen has all between."""
    counts = np.bincount(pixels, minlength=256)
    beside = np.maximum(np.append(counts[1:], 0), np.insert(counts[:-1], 0, 0))
    return float(counts[counts > 4 * beside].sum() / len(pixels))


def at_most(brightness: Any, width: int, height: int) -> Any:
    """The same in no larger size, of the same shape."""
    high, wide = brightness.shape
    by = min(width / wide, height / high)
    if by >= 1:
        return np.ascontiguousarray(brightness)
    size = max(1, int(wide * by)), max(1, int(high * by))
    return cv2.resize(brightness, size, interpolation=cv2.INTER_AREA)
