"""Looks spread over a time, and never too many of one site at once."""

import random
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Protocol, TypeVar

APART = 15.0  # seconds between the starts of two parts


class Sited(Protocol):
    @property
    def site(self) -> Hashable | None: ...


T = TypeVar("T", bound=Sited)


def parts(items: Sequence[T], *, seconds: float, per_site: int, rng: random.Random) -> list[tuple[float, list[T]]]:
    """The checks in parts, each with the second at which it may start; at most `per_site` of a site in a part.

    The channels of a recorder come to lie in different parts, as far as there are several.
    """
    count = max(1, min(len(items), int(seconds // APART)))
    mixed = rng.sample(items, len(items)) if count > 1 else list(items)
    made: list[list[T]] = [[] for _ in range(count)]
    load: list[Counter[Hashable]] = [Counter() for _ in range(count)]
    for index, item in enumerate(mixed):
        place = next(_places(load, item.site, index % count, per_site))
        if place == len(made):
            made.append([])
            load.append(Counter())
        made[place].append(item)
        load[place][item.site] += 1
    step = seconds / count
    return [(_start(n, step, seconds, rng), part) for n, part in enumerate(made) if part]


def _places(load: Sequence[Counter[Hashable]], site: Hashable | None, first: int, per_site: int) -> Iterator[int]:
    """Parts that have room for one more of a site, the wanted one first; a new one at the end."""
    if site is None:
        yield first
    count = len(load)
    yield from (n % count for n in range(first, first + count) if load[n % count][site] < per_site)
    yield count


def _start(number: int, step: float, seconds: float, rng: random.Random) -> float:
    return min(seconds, number * step + rng.uniform(0, step / 2)) if seconds else 0.0
