"""Letters that repeat what others asked for."""

from collections.abc import Iterator, Mapping
from datetime import date

from dondoc.directive.model import Directive


def asked_by(letter: Directive, known: Mapping[str, Directive]) -> tuple[str, ...]:
    """The letters that asked for what a letter asks for, itself first: what any of them was sent counts for it."""
    return letter.id, *followed(letter, known)


def asked_since(letter: Directive, known: Mapping[str, Directive]) -> date | None:
    """The day of the oldest letter that asked; None where it has none, or is not known."""
    oldest = asked_by(letter, known)[-1]
    return known[oldest].day if oldest in known else None


def followed(letter: Directive, known: Mapping[str, Directive]) -> Iterator[str]:
    """The letters that it repeats, nearest first, as far as they are known, and the first that is not."""
    seen = {letter.id}
    while letter.follows and not letter.again and letter.follows not in seen:
        yield letter.follows
        seen.add(letter.follows)
        if letter.follows not in known:
            return
        letter = known[letter.follows]
