"""Whether a picture of JPEG is shifted in brightness or colour from one block on: what a wrong code leaves behind.

Each block says by how much its mean differs from that of the block before. Where a decoder has misread one and found
its way again, as codes of variable length let it, all that follows is off by as much; no other sign of it is left. From
the wrong block on, the step lies above the blocks of its row; for those before, which come a row later, above the next:
read as one line, the steps between rows of blocks hold a run of as many as a row has blocks, all alike, and none before
and after. No lens sees that: an edge of the world that is as wide as the picture begins where a row does.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from dondoc.probing.picture.measure import Planes

SIZE = 8  # pixels of a block
LEAST = 3.0  # levels of brightness
# Times the quantisation step of a JPEG, of brightness and of colours: in coarse ones, where a colour ends may look like
# a shift.
COARSE = 3, 6
PLAIN = 6  # levels of brightness, the most that a plain edge of a block spreads
ENOUGH = 0.4  # share of a run that must be counted, and a third of it in each of its rows
FEWEST = 3  # blocks in each part of a run: fewer are alike by chance, where a shore ends at a post
TRIED = 400  # runs that are looked at: in a picture without such a step there are few
_DQT = 0xDB
_MARKER = re.compile(rb"\xff+[^\xff\xda]", re.DOTALL)  # with bytes that fill up (T.81, B.1.1.2), up to the scan


class Rule(NamedTuple):
    """When a run is a step."""

    most: float  # share of each part of it that must be like its middle, and of what lies beside it that must not
    near: float  # share of its middle by which others are like it, or none


OF_ALL, OF_PLAIN = Rule(0.7, 0.5), Rule(0.9, 0.12)


def shifted(picture: Planes, step: float = 0.0) -> bool:
    """Whether any plane does. `step`: as `quantisation_step` of the JPEG gives it."""
    bright, colour = (max(LEAST, times * step) for times in COARSE)
    high, wide = (-(-large // small) for large, small in zip(picture.y.shape, picture.u.shape, strict=True))
    sizes = (SIZE * min(high, 2), SIZE * min(wide, 2)), (SIZE, SIZE), (SIZE, SIZE)
    planes = zip(picture[:3], sizes, (bright, colour, colour), strict=True)
    return any(_shifted(*plane) for plane in planes)


def quantisation_step(jpeg: bytes) -> float:
    """Levels of brightness, by which the means of two blocks differ at least: the first entry of its coarsest table.

    ITU-T T.81, B.2.4.1; a mean is the eighth part of the coefficient that is divided by it. 0 where there is no table.
    """
    tables = (segment for kind, segment in _segments(jpeg) if kind == _DQT)
    return max((first / 8 for segment in tables for first in _first_entries(segment)), default=0.0)


def _segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    at = 2
    while found := _MARKER.match(jpeg, at):
        at = found.end() - 2
        end = at + 2 + max(int.from_bytes(jpeg[at + 2 : at + 4]), 2)
        yield jpeg[at + 1], jpeg[at + 4 : end]
        at = end


def _first_entries(segment: bytes) -> Iterator[int]:
    while segment:
        size = 2 if segment[0] >> 4 else 1
        yield int.from_bytes(segment[1 : 1 + size])
        segment = segment[1 + 64 * size :]


def _shifted(plane: Any, size: tuple[int, int], least: float) -> bool:
    """In all blocks, or in those that are plain, where letters or the like lie across the step."""
    high, wide = size
    rows, columns = plane.shape[0] // high, plane.shape[1] // wide
    if rows < 3 or columns < 5:
        return False
    blocks = plane[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
    edges_below, edges_above = blocks[1:, :2], blocks[:-1, -2:]
    below, above = edges_below.mean(3), edges_above.mean(3)
    # Of the line between two rows, what the blocks below it say and what those above it do.
    jumps = 1.5 * below[:, 0] - 0.5 * below[:, 1] - 1.5 * above[:, 1] + 0.5 * above[:, 0]
    plain = (_spread(edges_below) <= PLAIN) & (_spread(edges_above) <= PLAIN)
    counted = (np.ones_like(plain), OF_ALL), (plain, OF_PLAIN)
    return any(_steps(jumps.ravel(), which.ravel(), columns, rule, least) for which, rule in counted)


def _spread(edges: Any) -> Any:
    return edges.max((1, 3)).astype(int) - edges.min((1, 3))


def _steps(jumps: Any, counted: Any, columns: int, rule: Rule, least: float) -> bool:
    best: dict[int, tuple[float, int]] = {}  # of the runs that begin in a row: how well it fits, and at which block
    for start in _runs(jumps, counted, columns, least):
        row, column = divmod(int(start), columns)
        best[row] = max(best.get(row, (0.0, 0)), (_fit(jumps, counted, (row, column, columns), rule.near), column))
    return any(fit > rule.most and FEWEST <= column <= columns - FEWEST for fit, column in best.values())


def _runs(jumps: Any, counted: Any, length: int, least: float) -> Any:
    """Where those begin whose mean is furthest from none, beside how they spread."""
    number, total, squares = (_sums(one, length) for one in (counted, counted * jumps, counted * jumps**2))
    enough = number >= ENOUGH * length
    mean, square = total / np.maximum(number, 1), squares / np.maximum(number, 1)
    clear = np.abs(mean) / np.sqrt(np.maximum(square - mean**2, 1))
    found = np.flatnonzero(enough & (np.abs(mean) > least) & (clear > 1))
    return found[np.argsort(-clear[found])[:TRIED]]


def _sums(one: Any, length: int) -> Any:
    """Of each run of so many."""
    sums = np.concatenate(([0.0], np.cumsum(one)))
    return sums[length:] - sums[:-length]


def _fit(jumps: Any, counted: Any, at: tuple[int, int, int], near: float) -> float:
    """The least share: of either part of a run, like its middle, and of what precedes and follows it, like none."""
    row, column, columns = at
    start = row * columns + column
    run, of_run = jumps[start : start + columns], counted[start : start + columns]
    around = slice(start - column, start), slice(start + columns, start + 2 * columns - column)
    middle = float(np.median(run[of_run]))
    if abs(middle) < LEAST:  # of its sign, and far from its mean
        return 0.0
    limit = max(LEAST / 2, near * abs(middle))
    alike, end = np.abs(run - middle) < limit, columns - column
    parts = [(alike[:end], of_run[:end]), (alike[end:], of_run[end:])]
    parts += [(np.abs(jumps[one]) < limit, counted[one]) for one in around]
    return min(_share(*part) for part in parts if part[0].size)


def _share(one: Any, counted: Any) -> float:
    """0 where too few are counted."""
    enough = counted.sum() >= min(FEWEST, one.size) and counted.mean() > ENOUGH / 3
    return float(one[counted].mean()) if enough else 0.0
