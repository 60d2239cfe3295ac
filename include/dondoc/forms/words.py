"""Words in cells: how they are compared, and how a message shows them."""

import re
from functools import lru_cache

from dondoc.directive.names import fold

_IN_PARENTHESES = re.compile(r"\([^)]*\)")
SHOWN = 60


@lru_cache(10_000)
def compact(text: str) -> str:
    """A word as lists compare it: folded, without blanks; `+` counts, since H.264 is not H.264+."""
    return fold(text.replace("+", "plus")).replace(" ", "")


@lru_cache(10_000)
def label_keys(text: str) -> tuple[str, ...]:
    """What a label is looked up by: itself, and itself without what stands in parentheses."""
    whole, short = fold(text), fold(_IN_PARENTHESES.sub(" ", text))
    return (whole,) if short in ("", whole) else (whole, short)


def shown(text: object) -> str:
    """A value as a message quotes it: one line, not longer than 60 characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
