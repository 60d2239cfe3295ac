"""A new focal officer: what he is told first, and which steps the one before him had that he has not.

The first letter that goes to him hands over what is owed and what was sent. Where the ladder has none for him, he gets
one of its own kind, which takes no step of any ladder.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from dondoc.escalation.decision import Decision
from dondoc.escalation.ladder import Ladder, chased
from dondoc.escalation.own_steps import HAND_OVER
from dondoc.escalation.past import Duty, SentLetter, duty
from dondoc.escalation.reasons import LadderReason
from dondoc.escalation.recipients import AddressBook
from dondoc.facts import words as duty_words
from dondoc.facts.obligations import Standing, without_later_periods
from dondoc.store.facts import Contact
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reasons import because

DAYS = 2  # working days that it gives for what is late already

Officer = Callable[[str, str], Contact | None]  # of an agency, for a system


def system_of(owed: Duty) -> str:
    return owed[0].split(":", 1)[1].split("/", 1)[0]


def mark(past: Sequence[SentLetter], officer: Officer) -> list[SentLetter]:
    """An agency's letters, each with what of it the officer of today has not: another had it, who is none any more."""
    readers: dict[int, set[str]] = defaultdict(set)
    for p in past:
        if p.role == Role.FOCAL_OFFICER and p.sent_on and not (p.copy or p.bounced):
            readers[_decision(p)].add(p.recipient)
    return [_marked(p, readers.get(_decision(p)), officer) for p in past]


def _decision(letter: SentLetter) -> int:
    return letter.decision or -letter.id


def _marked(letter: SentLetter, readers: set[str] | None, officer: Officer) -> SentLetter:
    if not readers or letter.copy:
        return letter
    today = {d: officer(letter.agency, system_of(d)) for d in letter.duties}
    left = frozenset(d for d, holder in today.items() if holder and holder.email not in readers)
    return replace(letter, left_behind=left) if left else letter


def repeated(decision: Decision, past: Iterable[SentLetter]) -> set[str]:
    """Who has the letter already that a decision repeats: for them it would be the same step twice."""
    ground, step = set(map(duty, decision.ground)), decision.step and decision.step.id
    same = [p for p in past if p.step == step and p.delivered(decision.day)]
    had: dict[str, set[Duty]] = defaultdict(set)
    for p in same:
        had[p.recipient] |= p.duties
    again = any(ground & p.left_behind for p in same)
    return {reader for reader, its in had.items() if again and ground <= its}


def newcomers(
    book: AddressBook, agency: str, owed: Sequence[Standing], past: Sequence[SentLetter], day: date
) -> dict[str, str]:
    """Name by address of each officer who came after letters about what he answers for, and has had none since."""
    found: dict[str, str] = {}
    if not (left := [p for p in past if not p.copy and p.may_have_left(day)]):
        return found
    for system in dict.fromkeys(s.duty.system for s in owed if s.status.chased and s.last_day):
        officer = book.officer(agency, system)
        about = [p for p in left if p.sent_on and any(system_of(d) == system for d in p.duties)]
        if officer and any(p.recipient != officer.email for p in about):
            since = book.since(agency, system) or day
            had = any(p.recipient == officer.email and (p.sent_on or day) >= since for p in left)
            if not had and any(p.sent_on and p.sent_on <= since for p in about):
                found[officer.email] = officer.name
    return found


def begun(
    ladder: Ladder,
    decision: Decision,
    owed: Sequence[Standing],
    past: Sequence[SentLetter],
    new: Mapping[str, str],
) -> Decision:
    """A decision of the ladder; where its letter is the first that new officers get, with all that is owed."""
    if not new or decision.step is None or Role.FOCAL_OFFICER not in decision.step.to:
        return decision
    rest = tuple(s for s in _open(owed, decision.day) if s not in decision.ground)
    given = [decision.answer_by, *_given(ladder, rest, past, decision.day)]
    return replace(
        decision,
        reasons=(*decision.reasons, because(LadderReason.FIRST_LETTER, names=_names(new))),
        still_to_come=rest,
        answer_by=max((on for on in given if on), default=None),
        newcomers=new,
    )


def alone(
    ladder: Ladder,
    agency: str,
    owed: Sequence[Standing],
    past: Sequence[SentLetter],
    day: date,
    new: Mapping[str, str],
) -> Decision | None:
    """A letter of its own to new officers; None where there is nothing to hand over, or a person has stopped a step.

    It asks for what was asked for before. The day that it gives is none before one that was given; for what is not late
    it gives none.
    """
    open_ = _open(owed, day)
    asked = [s for s in open_ if any(duty(s) in p.duties and p.may_have_left(day) for p in past)]
    if not (new and asked) or any(p.stop and day < p.stop.until for p in past):
        return None
    rest = tuple(s for s in open_ if s not in asked)
    names = tuple(duty_words.name(ladder.registry, s) for s in asked)
    why = because(LadderReason.HAND_OVER, names=_names(new), owed=names)
    steps = {s.duty.directive: HAND_OVER for s in asked}
    by = _answer_by(ladder, asked, past, day)
    return Decision(agency, day, HAND_OVER, (why,), tuple(asked), rest, steps, by, new)


def _open(owed: Sequence[Standing], day: date) -> list[Standing]:
    return without_later_periods([s for s in owed if chased(s)], day)


def _answer_by(ladder: Ladder, asked: Sequence[Standing], past: Sequence[SentLetter], day: date) -> date | None:
    given = _given(ladder, asked, past, day)
    if not given and any(s.last_day and s.last_day < day for s in asked):
        given = [ladder.calendar.add(day, DAYS)]
    extended = [s.last_day for s in asked if s.last_day and duty_words.extended(s)]
    return max([*given, *extended]) if given else None


def _given(ladder: Ladder, asked: Sequence[Standing], past: Sequence[SentLetter], day: date) -> list[date]:
    """The days that the agency was given for these, and that are not over."""
    letters = [ladder.until(p) for s in asked for p in ladder.open_letters(s, past, day) if p.lists(s)]
    corrections = [s.correct_by for s in asked if s.correct_by and s.correct_by >= day]
    return [on for on in (*letters, *corrections) if on]


def _names(new: Mapping[str, str]) -> str:
    return ", ".join(dict.fromkeys(new.values()))
