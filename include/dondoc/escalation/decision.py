"""What an agency is to be written on a day, and why. Pure: the ladder, standings, letters so far, day.

An agency gets one chasing letter a day at most, whatever number of letters it owes under, and no second one while
another still waits to leave: it goes at the highest step due, for the obligations that climbed to it; the others are
listed apart.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from dondoc.directive.model import Step
from dondoc.escalation import words
from dondoc.escalation.ladder import Ladder, chased
from dondoc.escalation.own_steps import OWN
from dondoc.escalation.past import SentLetter, carrying, duty, step_of
from dondoc.escalation.reasons import LadderReason
from dondoc.facts import words as duty_words
from dondoc.facts.obligations import Standing, without_later_periods
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reasons import Reason, because

Obstacle = Callable[[Step, Sequence[Standing]], Reason | None]


@dataclass(frozen=True)
class Decision:
    """What an agency is to be written on a day: `step` None is nothing. `ground` climbed to the step.

    `steps`: what is taken of each letter's ladder, by the letter's id; `step` is the one that decides who gets it;
    `answer_by`: the last day that the agency is given to answer, when its letters give it one; `newcomers`: name by
    address of each new officer whose first letter this is.
    """

    agency: str
    day: date
    step: Step | None
    reasons: tuple[Reason, ...]
    ground: tuple[Standing, ...] = ()
    still_to_come: tuple[Standing, ...] = ()
    steps: Mapping[str, Step] = field(default_factory=dict)
    answer_by: date | None = None
    newcomers: Mapping[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """The reasons in words."""
        return words.sentence(self.reasons)


def decide(
    ladder: Ladder,
    agency: str,
    owed: Sequence[Standing],
    past: Sequence[SentLetter],
    day: date,
    *,
    called: Reason | None = None,
    obstacle: Obstacle = lambda step, ground: None,
) -> Decision:
    """What an agency is to be written on a day: the highest step that can leave.

    Args:
        owed: the standings that the agency answers for.
        past: the agency's chasing letters so far, oldest first.
        called: why it was spoken to today, by which person.
        obstacle: why no letter of a step can leave for some obligations: nobody to write to, nobody to approve.
    """
    open_ = [s for s in owed if chased(s)]
    if (why := not_today(ladder, past, day, called)) and (open_ or why.code == LadderReason.DAY_OFF):
        return Decision(agency, day, None, (why,))
    due = [(s, candidates) for s in open_ if (candidates := ladder.candidates(s, past, day))]
    if not due:
        return Decision(agency, day, None, (_why_nothing(ladder, owed, past, day),))
    (steps, ground), obstacles = _leaving(ladder, due, obstacle)
    mine = set(map(duty, ground))
    others = (s for s in without_later_periods(open_, day) if duty(s) not in mine)
    above = any(step.needs for step in steps.values())
    rest = tuple(s for s in others if not _spoken_for(ladder, s, past, day) and not (above and _is_news(s, past, day)))
    top, reasons = steps[ground[0].duty.directive], (*_why(ladder, steps, ground, rest, past, day), *obstacles)
    return Decision(agency, day, top, reasons, ground, rest, steps, ladder.answer_by(steps, day, (*ground, *rest)))


def _spoken_for(ladder: Ladder, standing: Standing, past: Sequence[SentLetter], day: date) -> bool:
    """Whether no other letter speaks of it: what was written last gave time for it, or waits for its approver."""
    if standing.correct_by and day <= standing.correct_by:
        return True
    if any(ladder.asked_for(p, standing) for p in ladder.open_letters(standing, past, day)):
        return True
    waiting = (p for p in past if p.waits_for_a_person(day) and not p.copy and p.agency == standing.agency)
    return any(duty(standing) in p.duties for p in waiting)


def _is_news(standing: Standing, past: Sequence[SentLetter], day: date) -> bool:
    """Whether it is late, and nobody of the agency was ever written about it, as of what another owed until today: the
    officer hears first, and no letter to those above him says that it was asked for."""
    late = standing.last_day is not None and standing.last_day < day
    return late and not any(p.agency == standing.agency and p.lists(standing) and p.may_have_left(day) for p in past)


Due = Sequence[tuple[Standing, Sequence[Step]]]  # with its candidates, the one to take first
Chosen = tuple[dict[str, Step], tuple[Standing, ...]]  # what is taken of each letter's ladder, and its ground


def _leaving(ladder: Ladder, due: Due, obstacle: Obstacle) -> tuple[Chosen, list[Reason]]:
    """The highest steps that can leave with their ground, and why higher ones cannot; if none can, the highest."""
    obstacles: list[Reason] = []
    left, highest = list(due), _highest(ladder, due)
    while left:
        steps, ground = _highest(ladder, left)
        top = steps[ground[0].duty.directive]
        if (why := obstacle(top, ground)) is None:
            return (steps, ground), obstacles
        obstacles.append(because(LadderReason.CANNOT_LEAVE, step=words.title(top), why=why))
        mine = set(map(duty, ground))
        lower = [(s, candidates[1:] if duty(s) in mine else candidates) for s, candidates in left]
        left = [(s, candidates) for s, candidates in lower if candidates]
    return highest, []


def _highest(ladder: Ladder, candidates: Due) -> Chosen:
    """Of each directive the step to take: those of the highest rank that is due, and of one's own the last of them."""
    due = [(standing, steps[0]) for standing, steps in candidates]
    top = max(step.rank for _, step in due)
    found: dict[str, Step] = {}
    for standing, step in due:
        before = found.setdefault(standing.duty.directive, step) if step.rank == top else step
        if before is not step and (steps := ladder.steps(standing)).index(step) > steps.index(before):
            found[standing.duty.directive] = step
    return found, tuple(s for s, step in due if found.get(s.duty.directive) is step)


def not_today(ladder: Ladder, past: Sequence[SentLetter], day: date, called: Reason | None = None) -> Reason | None:
    """Why the agency is not written to on this day, whatever it owes."""
    if not ladder.calendar.is_working_day(day):
        return because(LadderReason.DAY_OFF, day=day, why=ladder.calendar.why(day))
    if called:
        return because(LadderReason.CALLED, why=called)
    today = [p for p in past if p.stands(day) and day in (p.day, p.sent_on)]
    if waiting := today or [p for p in past if p.waits(day) and not p.waits_for_a_person(day)]:
        code = LadderReason.ONE_LETTER_A_DAY if today else LadderReason.LETTER_WAITS
        return because(code, letters=tuple(p.fate() for p in waiting))
    return None


def _why(
    ladder: Ladder,
    steps: Mapping[str, Step],
    ground: Sequence[Standing],
    rest: Sequence[Standing],
    past: Sequence[SentLetter],
    day: date,
) -> Iterator[Reason]:
    titles = " và ".join(dict.fromkeys(f"“{words.title(step)}”" for step in steps.values()))
    taken = tuple(step.id for step in steps.values())
    yield because(LadderReason.STEP, steps=taken, titles=titles, ground=tuple(_owed(ladder, s, day) for s in ground))
    if before := {p.number: (p, s) for s in ground for p in carrying(s, past) if p.delivered(day)}:
        told = (
            because(LadderReason.LETTER_BEFORE, title=_title(ladder, p, s), letter=p.fate()) for p, s in before.values()
        )
        yield because(LadderReason.LETTERS_BEFORE, letters=tuple(told))
    if failed := [p.number for s in ground for p in carrying(s, past) if p.state == OutboxState.REFUSED]:
        yield because(LadderReason.LETTERS_REFUSED, letters=", ".join(dict.fromkeys(failed)))
    for directive, step in steps.items():
        first = next(s for s in ground if s.duty.directive == directive)
        climbing = ladder.climbing(first)
        for above in climbing[climbing.index(step) + 1 :][:1] if step in climbing else ():
            if above.kind != LetterKind.REMINDER and (why := ladder.blocked_reason(above, first, past, day)):
                yield because(LadderReason.NOT_YET, step=words.title(above), why=why)
    if rest:
        yield because(LadderReason.STILL_TO_COME, owed=tuple(_owed(ladder, s, day) for s in rest))


def _title(ladder: Ladder, letter: SentLetter, standing: Standing) -> str:
    taken = step_of(letter, standing) or ""
    return next((f"“{words.title(s)}”" for s in (*OWN.values(), *ladder.steps(standing)) if s.id == taken), taken)


def _owed(ladder: Ladder, standing: Standing, day: date) -> Reason:
    """Where an obligation stands. A returned form says nothing of time by itself."""
    about = {"obligation": standing.duty.id, "name": ladder.name(standing), "why": standing.reasons}
    if standing.status != Status.RETURNED or standing.last_day is None:
        return because(LadderReason.OWED, **about)
    about["due"] = duty_words.due(standing)
    late = ladder.calendar.between(standing.last_day, day)
    return because(LadderReason.RETURNED_LATE, **about, late=late) if late else because(LadderReason.RETURNED, **about)


def _why_nothing(ladder: Ladder, owed: Sequence[Standing], past: Sequence[SentLetter], day: date) -> Reason:
    dated = [s for s in owed if s.last_day is not None or s.status == Status.NEEDS_REASSIGNMENT]
    if not dated:
        return because(LadderReason.NOTHING_DATED)
    return because(LadderReason.NO_STEP, obligations=tuple(_why_not(ladder, s, past, day) for s in dated))


def _why_not(ladder: Ladder, standing: Standing, past: Sequence[SentLetter], day: date) -> Reason:
    """Why an obligation brings no letter on a day: it is not chased, or what has to happen before its next step."""
    if not chased(standing):
        about = {"obligation": standing.duty.id, "name": ladder.name(standing)}
        return because(LadderReason.NOT_CHASED, **about, why=standing.paused or standing.reasons)
    allowed, above = ladder.highest(standing, past, day)
    so_far = _owed(ladder, standing, day)
    if allowed and (letter := ladder.taken(allowed, standing, past, day)):
        so_far = because(LadderReason.STEP_TAKEN, so_far=so_far, step=words.title(allowed), letter=letter.fate())
    for step in above:
        if not _over(step, standing, day) and (why := ladder.blocked_reason(step, standing, past, day)):
            return because(LadderReason.NEXT_STEP, so_far=so_far, step=words.title(step), why=why)
    return because(LadderReason.ALL_STEPS_TAKEN, so_far=so_far)


def _over(step: Step, standing: Standing, day: date) -> bool:
    return step.kind == LetterKind.REMINDER and standing.last_day is not None and day > standing.last_day
