"""Words in cells: how they are compared, and how a message shows them."""

import re
from functools import lru_cache

from dondoc.directive.names import fold

_IN_PARENTHESES = re.compile(r"\([^)]*\)")
SHOWN = 60


folded = lru_cache(20_000)(fold)


@lru_cache(10_000)
def compact(text: str) -> str:
    """A word as lists compare it: folded, without blanks; `+` counts, since H.264 is not H.264+."""
    return fold(text.replace("+", "plus")).replace(" ", "")


@lru_cache(10_000)
def label_keys(text: str) -> tuple[str, ...]:
    """What a label is looked up by: itself, and itself without what stands in parentheses."""
    whole, short = fold(text), fold(_IN_PARENTHESES.sub(" ", text))
    return (whole,) if short in ("", whole) else (whole, short)


_ADDED = re.compile(r"^\s*[([]?(\d{1,2}|[a-zđ]|[ivx]{1,5})[)\].]+\s*(?=\D)|\(?\*+\)?|[\[{][^\]}]*[\]}]", re.IGNORECASE)


@lru_cache(10_000)
def loose_keys(text: str, fillers: tuple[str, ...]) -> tuple[str, ...]:
    """What else a label may be looked up by: without its number ("12."), star and words that say nothing."""
    found: list[str] = []
    for short in label_keys(_ADDED.sub(" ", text)):
        found.append(short)
        for filler in fillers:
            if f" {filler} " in f" {short} ":
                short = " ".join(f" {short} ".replace(f" {filler} ", " ").split())
                found.append(short)
    return tuple(key for key in dict.fromkeys(found) if key and key not in label_keys(text))


def shown(text: object) -> str:
    """A value as a message quotes it: one line, not longer than 60 characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
