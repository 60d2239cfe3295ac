"""The facts by whom they may concern: of 20,000 duties each looks only at its own."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from dondoc.directive import names
from dondoc.directive.model import Registry
from dondoc.facts.read import Facts, Paper, Received
from dondoc.facts.rulings import PauseOver
from dondoc.store.facts import Ruling
from dondoc.vocabulary.rulings import RulingKind
from dondoc.vocabulary.submissions import ACCEPTED

Kind = tuple[str, str | None]  # of a ruling, and the letter that it is about


@dataclass(frozen=True)
class FactIndex:
    """Facts that agencies of one registry sent, or were told; each answer is in the order in which they came."""

    facts: Facts
    registry: Registry

    @cached_property
    def _sent(self) -> dict[str, list[int]]:
        """Places of submissions, by the agency that sent them."""
        found: dict[str, list[int]] = defaultdict(list)
        for place, submission in enumerate(self.facts.submissions):
            if submission.agency is not None:
                found[submission.agency].append(place)
        return found

    @cached_property
    def _unattributed(self) -> dict[str, list[int]]:
        """Places of submissions that nobody has given to an agency yet, by those that their name may mean."""
        found: dict[str, list[int]] = defaultdict(list)
        for place, submission in enumerate(self.facts.submissions):
            if submission.agency is None and submission.form and submission.named:
                meant = names.match(self.registry, submission.named, submission.received_at.date())
                for agency in meant.candidates:
                    found[agency].append(place)
        return found

    @cached_property
    def _papers(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for place, paper in enumerate(self.facts.papers):
            found[paper.agency].append(place)
        return found

    @cached_property
    def _kinds(self) -> set[str]:
        """Kinds of which there are rulings: of most there are none, and each obligation asks for all."""
        return {ruling.kind for ruling in self.facts.rulings}

    @cached_property
    def _rulings(self) -> dict[Kind, dict[str | None, list[int]]]:
        """Places of rulings, by what they are about and whom they name; None: everybody."""
        found: dict[Kind, dict[str | None, list[int]]] = defaultdict(lambda: defaultdict(list))
        for place, ruling in enumerate(self.facts.rulings):
            found[ruling.kind, ruling.directive][ruling.agency].append(place)
        return found

    def holders(self, agency: str, letter: str) -> frozenset[str]:
        """The agencies that may at some time answer for what one owes under a letter: its heirs, whoever a person gave
        it to, and theirs."""
        if (known := self._holders.get((agency, letter))) is not None:
            return known
        found = [agency]
        for one in found:
            given = (r.to_agency for r in self.ruled(RulingKind.REASSIGN, (letter,), (one,)))
            heirs = (successor.agency for successor in self.registry.agency(one).successors)
            found += [a for a in dict.fromkeys((*given, *heirs)) if a and a not in found]
        return self._holders.setdefault((agency, letter), frozenset(found))

    @cached_property
    def _holders(self) -> dict[tuple[str, str], frozenset[str]]:
        """Answers so far: an agency owes many duties under a letter."""
        return {}

    def held_before(self, agency: str) -> frozenset[str]:
        """The agencies for whose duties one may answer: itself, and whose heir it is or whose duties it was given."""
        found = [agency]
        for one in found:
            rulings = (r for r in self.facts.rulings if r.kind == RulingKind.REASSIGN and r.to_agency == one)
            given = (ruling.agency for ruling in rulings if ruling.agency)
            found += [a for a in (*given, *self._left_to.get(one, ())) if a not in found]
        return frozenset(found)

    @cached_property
    def _left_to(self) -> dict[str, list[str]]:
        """Of each heir, whose it is."""
        found: dict[str, list[str]] = defaultdict(list)
        for one in self.registry.agencies:
            for heir in one.successors:
                if heir.agency:
                    found[heir.agency].append(one.id)
        return found

    def about(self, agencies: frozenset[str]) -> "FactsAbout":
        return self._about.setdefault(agencies, FactsAbout(self, agencies))

    @cached_property
    def _about(self) -> dict[frozenset[str], "FactsAbout"]:
        """Answers so far: an agency owes many duties."""
        return {}

    def sent_by(self, agencies: Iterable[str]) -> list[Received]:
        return self._received(place for agency in agencies for place in self._sent.get(agency, ()))

    def may_be_of(self, agencies: Iterable[str]) -> list[Received]:
        """What these sent, and what may be theirs."""
        by_agency = (self._sent, self._unattributed)
        return self._received(place for agency in agencies for by in by_agency for place in by.get(agency, ()))

    def _received(self, places: Iterable[int]) -> list[Received]:
        return [self.facts.submissions[place] for place in sorted(set(places))]

    def papers_of(self, agencies: Iterable[str]) -> list[Paper]:
        places = sorted(place for agency in agencies for place in self._papers.get(agency, ()))
        return [self.facts.papers[place] for place in places]

    def ruled(self, kind: str, letters: Sequence[str], agencies: Iterable[str]) -> list[Ruling]:
        """Rulings of a kind that name one of these letters, or none, and one of these agencies, or none."""
        if kind not in self._kinds:
            return []
        if not (about := [by for letter in (None, *letters) if (by := self._rulings.get((kind, letter)))]):
            return []
        places = {place for by in about for agency in (None, *agencies) for place in by.get(agency, ())}
        return [self.facts.rulings[place] for place in sorted(places)]

    def pauses_over(self, letter: str, agency: str) -> list[PauseOver]:
        """Pauses that are over, of this letter or of all, and of this agency or of all."""
        if not (over := self._pauses_over):
            return []
        return [one for its in (None, letter) for whose in (None, agency) for one in over.get((its, whose), ())]

    @cached_property
    def _pauses_over(self) -> dict[tuple[str | None, str | None], list[PauseOver]]:
        found: dict[tuple[str | None, str | None], list[PauseOver]] = defaultdict(list)
        for one in self.facts.pauses_over:
            found[one.ruling.directive, one.ruling.agency].append(one)
        return found


@dataclass(frozen=True)
class FactsAbout:
    """The facts that may concern some agencies, each looked up once for all that they owe."""

    index: FactIndex
    agencies: frozenset[str]

    @cached_property
    def papers(self) -> list[Paper]:
        return self.index.papers_of(self.agencies)

    @cached_property
    def counting(self) -> list[Received]:
        """What they sent that counts for a duty: it was accepted, or says when what was accepted first came."""
        return [s for s in self.index.sent_by(self.agencies) if s.outcome in ACCEPTED or s.first]

    @cached_property
    def waited(self) -> list[Received]:
        """What waited for us, and does no more."""
        return [s for s in self.may_be if s.waited_until]

    @cached_property
    def may_be(self) -> list[Received]:
        """What they sent, and what may be theirs."""
        return self.index.may_be_of(self.agencies)
