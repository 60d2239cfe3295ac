"""Long lists of ids, in parts: a database limits what one statement names."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

AT_ONCE = 5000
T = TypeVar("T")


def parts(of: Sequence[T]) -> Iterator[Sequence[T]]:
    """At most AT_ONCE at a time. What is done with each in a transaction of its own needs no more memory for a larger
    fleet, and keeps nobody else waiting for longer."""
    return (of[start : start + AT_ONCE] for start in range(0, len(of), AT_ONCE))
