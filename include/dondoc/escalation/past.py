"""The letters of a morning so far, as the ladder knows them: what each carried to whom, and what became of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

from dondoc.escalation.own_steps import THANKS
from dondoc.escalation.reasons import LadderReason
from dondoc.facts.obligations import Standing
from dondoc.vocabulary.letters import IN_HAND, STOPPABLE, OutboxState
from dondoc.vocabulary.numbers import TH
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reasons import Reason, because

Duty = tuple[str, date]  # who owed what, and until when: after an extension the ladder begins anew


def duty(standing: Standing) -> Duty:
    """The obligation as chasing letters remember it."""
    return f"{standing.duty.agency}/{standing.duty.id}", standing.last_day or date.max


@dataclass(frozen=True)
class Stop:
    """A person's word against a decision: its step is not taken again before the day `until`."""

    on: date
    until: date
    reason: str
    by: str


class Promised(NamedTuple):
    """By when the reader of a letter says that something will come, and when that was said."""

    by: date
    said: date


@dataclass(frozen=True)
class SentLetter:
    """A letter of a morning to one recipient that is in the outbox already.

    `day` is what it was decided for, `decided_on` when; `last_chance` the last day on which it may leave; `steps` what
    it carried of each directive's ladder, by the directive's id, `step` the one that decided who got it; `duties` are
    its ground, `others` what it lists as still to come; `answer_by` the last day that it gives the agency; `role` the
    one in which its reader was written to, `left_behind` what of its ground has another officer since, who has it not.
    """

    id: int
    agency: str
    step: str
    steps: Mapping[str, str]
    duties: frozenset[Duty]
    day: date
    decided_on: date
    state: OutboxState
    recipient: str = ""
    role: Role | None = None
    left_behind: frozenset[Duty] = frozenset()
    message_id: str = ""
    copy: bool = False  # to somebody who is told as well: it carries no step
    sent_on: date | None = None
    last_chance: date | None = None
    rehearsal: bool = False
    bounced: bool = False  # the mail server of its recipient gave it back for good
    withdrawn: bool = False  # it was sent wrongly: it is no step, and gives no day
    decision: int | None = None  # whose letters leave together
    noted: int | None = None  # the decision about its agency
    to_us: bool = False  # our own people are told of the agency
    others: frozenset[Duty] = frozenset()
    answer_by: date | None = None
    promise: Promised | None = None  # by a reply that nobody of ours has closed
    stop: Stop | None = None
    rests_on: frozenset[int] = frozenset()  # official letters of ours that it cites

    @property
    def obligations(self) -> set[str]:
        """Ids of what it is about."""
        return {name.split("/", 1)[1] for name, _ in self.duties}

    @property
    def number(self) -> str:
        return TH(self.id)

    def stands(self, day: date) -> bool:
        """Whether its step counts as taken on a day: it has left, or may still leave."""
        if self.day > day or self.bounced or self.withdrawn:
            return False
        if self.state in (OutboxState.CANCELLED, OutboxState.REFUSED):
            return False
        if self.state in STOPPABLE:  # it dies when its time is over
            trial = self.state == OutboxState.HELD and self.decided_on != self.day
            return not trial and (self.last_chance is None or day <= self.last_chance)
        return not self.rehearsal

    def waits(self, day: date) -> bool:
        """Whether it may still leave by itself or by an approval."""
        return self.state in (*STOPPABLE, *IN_HAND) and self.stands(day)

    def waits_for_a_person(self, day: date) -> bool:
        """Whether it may still leave by an approval alone: that takes its time, and holds up nothing else."""
        return self.state == OutboxState.HELD and self.stands(day)

    def may_have_left(self, day: date) -> bool:
        """Whether the agency has it, or may have it."""
        return self.state not in STOPPABLE and self.stands(day)

    def delivered(self, day: date) -> bool:
        """Whether somebody whom it was meant for truly had it by the end of a day."""
        had = self.state == OutboxState.SENT and not (self.rehearsal or self.bounced or self.withdrawn)
        return had and self.sent_on is not None and self.sent_on <= day

    def read_on(self, day: date) -> bool:
        """Whether it came on a day, be it withdrawn since: the next one is not for the same day."""
        return self.sent_on == day and (self.withdrawn or self.delivered(day))

    def lists(self, standing: Standing) -> bool:
        """Whether it speaks of an obligation, as its ground or as still to come."""
        return duty(standing) in self.duties or duty(standing) in self.others

    def same_decision(self, other: "SentLetter") -> bool:
        return self.id == other.id or (self.decision is not None and self.decision == other.decision)

    def fate(self) -> Reason:
        """The letter and what became of it."""
        if self.sent_on:
            return because(LadderReason.ARRIVED, letter=self.number, on=self.sent_on)
        match self.state:
            case OutboxState.HELD:
                fate = LadderReason.HELD
            case OutboxState.UNCERTAIN:
                fate = LadderReason.UNCERTAIN
            case _:
                fate = LadderReason.ON_ITS_WAY
        return because(fate, letter=self.number)


_About = TypeVar("_About", Standing, SentLetter)


def carrying(standing: Standing, past: Sequence[SentLetter]) -> list[SentLetter]:
    """The letters that carried a step of an obligation to the agency that answers for it now; since it was thanked for
    that, where it was: nobody higher hears first that it is owed after all."""
    if not past:
        return []
    wanted, since = duty(standing), thanked(standing, past)
    mine = [p for p in past if not p.copy and p.agency == standing.agency and wanted in p.duties]
    return [p for p in mine if p.id > since.id] if since else mine


def thanked(standing: Standing, past: Sequence[SentLetter]) -> SentLetter | None:
    """The last letter by which the agency was thanked for an obligation, be it withdrawn since."""
    name, _ = duty(standing)
    mine = (p for p in reversed(past) if p.step == THANKS.id and p.sent_on and not p.rehearsal)
    return next((p for p in mine if p.agency == standing.agency and name in {d for d, _ in p.duties}), None)


def step_of(letter: SentLetter, standing: Standing) -> str | None:
    return letter.steps.get(standing.duty.directive)


def by_agency(of: Iterable[_About]) -> defaultdict[str, list[_About]]:
    """What each agency owes, or was written, in the order given."""
    found = defaultdict[str, list[_About]](list)
    for one in of:
        found[one.agency].append(one)
    return found
