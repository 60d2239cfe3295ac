"""Memory for the pictures of a batch: one check may take a lot of it, but not all checks at once.

What an honest camera sends fits into its share, whatever the others do; so of those that flood each other out of the
rest, none is honest.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

LARGEST = 8 * 1024 * 1024  # bytes of one picture; those of 4K cameras have one or two million
SHARE = 2 * 1024 * 1024  # bytes that each check may hold in any case
TOTAL = 256 * 1024 * 1024  # bytes that all checks may hold before that limits each of them
PIECE = 64  # bytes that a piece takes besides what is in it
Fits = Callable[[int], bool]


def cost(*pieces: bytes) -> int:
    """What it takes to hold these."""
    return sum(map(len, pieces)) + PIECE * len(pieces)


def fits(size: int) -> bool:
    """Whether a picture may be so large, where no other camera is checked."""
    return size <= LARGEST


def parts(fits: Fits, count: int) -> list[Fits]:
    """For several that each hold some of a check's pictures: together they may hold what one may."""
    held = [0] * count

    def grow(part: int, size: int) -> bool:
        if not fits(sum(held) - held[part] + size):
            return False
        held[part] = size
        return True

    return [partial(grow, part) for part in range(count)]


class PictureMemory:
    """What the checks of a batch hold of pictures, from the first packet until they were judged."""

    def __init__(self, total: int = TOTAL) -> None:
        self._left = total

    @contextmanager
    def place(self) -> Iterator[Fits]:
        """For one check: says whether what it holds may grow, or has shrunk, to so many bytes, and notes it if so."""
        held = 0

        def grow(size: int) -> bool:
            nonlocal held
            more = size - held
            if not fits(size) or (size > SHARE and more > max(0, self._left)):
                return False
            self._left, held = self._left - more, size
            return True

        try:
            yield grow
        finally:
            self._left += held
