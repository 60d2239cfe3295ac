"""Steps that got another id: what was sent under the old one counts for the new, or people get it again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.directive.model import Step
from dondoc.directive.record import Version
from dondoc.escalation import history
from dondoc.escalation.ladder import Ladder
from dondoc.escalation.past import SentLetter
from dondoc.store.facts import Ruling

Versions = Callable[[], Sequence[Version]]  # asked for only where an id is gone: they are many


def read(
    app: AppContext, session: Session, ladder: Ladder, rulings: Iterable[Ruling], agency: str | None = None
) -> list[SentLetter]:
    """As `history.read`, with the ids that the steps of the letters have now: a step whose id no ladder of the agency
    has any more is the one that stands in its place, among those of its kind that go to the same roles."""
    past = history.read(session, app.settings, rulings, agency)
    return [_followed(letter, lambda: app.versions(session), ladder) for letter in past]


def _followed(letter: SentLetter, versions: Versions, ladder: Ladder) -> SentLetter:
    steps = {}
    for directive, taken in letter.steps.items():
        now = ladder.letters[directive].ladder_of(letter.agency) if directive in ladder.letters else ()
        steps[directive] = taken if any(s.id == taken for s in now) else _new_id(letter, directive, versions, now)
    return letter if steps == letter.steps else replace(letter, steps=steps)


def _new_id(letter: SentLetter, directive: str, versions: Versions, now: Sequence[Step]) -> str:
    taken = letter.steps[directive]
    for version in reversed(versions()):
        if version.directive.id == directive:
            before = version.directive.ladder_of(letter.agency)
            if old := next((s for s in before if s.id == taken), None):
                alike = [s.id for s in before if (s.kind, s.to) == (old.kind, old.to)]
                new = [s.id for s in now if (s.kind, s.to) == (old.kind, old.to)]
                place = alike.index(taken)
                return new[place] if place < len(new) else taken
    return taken
