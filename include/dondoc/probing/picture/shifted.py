"""Whether a picture of JPEG is shifted in brightness or colour from one block on: what a wrong code leaves behind.

Each block says by how much its mean differs from that of the block before. Where a decoder has misread one and found
its way again, as codes of variable length let it, all that follows is off by as much; no other sign of it is left. From
the wrong block on, the step lies above the blocks of its row; for those before, which come a row later, above the next:
read as one line, the steps between rows of blocks hold a run of as many as a row has blocks, all alike, and none before
and after. No lens sees that: an edge of the world that is as wide as the picture begins where a row does.
"""

from typing import Any

import numpy as np

from dondoc.probing.picture.measure import Planes

SIZE = 8  # pixels of a block
LEAST = 3.0  # levels of brightness
MOST = 0.8  # share of each part of a run that must be like its middle, and of what lies beside it that must not
TRIED = 400  # runs that are looked at: in a picture without such a step there are few


def shifted(picture: Planes) -> bool:
    """Whether any plane does."""
    high, wide = (-(-large // small) for large, small in zip(picture.y.shape, picture.u.shape, strict=True))
    sizes = (SIZE * min(high, 2), SIZE * min(wide, 2)), (SIZE, SIZE), (SIZE, SIZE)
    return any(_shifted(plane, *size) for plane, size in zip(picture[:3], sizes, strict=True))


def _shifted(plane: Any, high: int, wide: int) -> bool:
    rows, columns = plane.shape[0] // high, plane.shape[1] // wide
    if rows < 3 or columns < 5:
        return False
    blocks = plane[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
    below, above = blocks[1:, :2].mean(3), blocks[:-1, -2:].mean(3)
    # Of the line between two rows, what the blocks below it say and what those above it do.
    jumps = (1.5 * below[:, 0] - 0.5 * below[:, 1] - 1.5 * above[:, 1] + 0.5 * above[:, 0]).ravel()
    best: dict[int, tuple[float, int]] = {}  # of the runs that begin in a row: how well it fits, and at which block
    for start in _runs(jumps, columns):
        row, column = divmod(int(start), columns)
        best[row] = max(best.get(row, (0.0, 0)), (_fit(jumps, row, column, columns), column))
    return any(fit > MOST and 1 < column < columns - 1 for fit, column in best.values())


def _runs(jumps: Any, length: int) -> Any:
    """Where those begin whose mean is furthest from none, beside how they spread."""
    sums, squares = (np.concatenate(([0.0], np.cumsum(one))) for one in (jumps, jumps**2))
    mean, square = ((one[length:] - one[:-length]) / length for one in (sums, squares))
    clear = np.abs(mean) / np.sqrt(np.maximum(square - mean**2, 1))
    found = np.flatnonzero((np.abs(mean) > LEAST) & (clear > 1))
    return found[np.argsort(-clear[found])[:TRIED]]


def _fit(jumps: Any, row: int, column: int, columns: int) -> float:
    """The least share: of either part of a run, like its middle, and of the rest of its two rows, unlike it."""
    start = row * columns + column
    run, middle = jumps[start : start + columns], float(np.median(jumps[start : start + columns]))
    beside = np.concatenate((jumps[start - column : start], jumps[start + columns : start + 2 * columns - column]))
    if abs(middle) < LEAST:
        return 0.0
    alike, quiet = np.abs(run - middle) < abs(middle) / 2, np.abs(beside) < abs(middle) / 2
    parts = alike[: columns - column], alike[columns - column :], quiet
    return min(float(one.mean()) for one in parts if one.size)
