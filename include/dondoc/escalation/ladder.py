"""The ladder: who is written to at which step on a day, and why. Pure: standings, letters so far, calendar, day.

A step belongs to an obligation and to the ladder of its letter. It is taken only after the step that it needs was
delivered long enough ago, and not before the day is over that a letter gave the agency to answer, or that a person
named who stopped it. An agency gets one chasing letter a day at most, whatever number of letters it owes under, and no
second one while another still waits to leave: it goes at the highest step due, for the obligations that climbed to it;
the others are listed apart.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive, Registry, Step
from dondoc.escalation import words
from dondoc.escalation.own_steps import OWN
from dondoc.escalation.reasons import LadderReason
from dondoc.escalation.recipients import needs_approval
from dondoc.facts import words as duty_words
from dondoc.facts.issued import Issued, issued
from dondoc.facts.obligations import Standing, without_later_periods
from dondoc.vocabulary.letters import IN_HAND, STOPPABLE, LetterKind, OutboxState
from dondoc.vocabulary.numbers import TH
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reasons import Reason, because
from dondoc.workdays import WorkingDays

APPROVAL_DAYS = 2  # working days that an approver has; then the letter is dead, and the ladder decides anew
LISTED_DAYS = 2  # working days in which nobody is reminded of what another letter has named
Duty = tuple[str, date]  # who owed what, and until when: after an extension the ladder begins anew


Obstacle = Callable[[Step, Sequence[Standing]], Reason | None]


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


@dataclass(frozen=True)
class Ladder:
    """The ladders of the active letters on a calendar. `grace_days`: working days before the first overdue letter."""

    registry: Registry
    letters: Mapping[str, Directive]
    calendar: WorkingDays
    grace_days: int
    promise_days: int = 10  # working days that a reply gains at most
    official: tuple[Issued, ...] | None = ()  # the oldest first; None: whatever is wanted is taken to be issued

    def steps(self, standing: Standing) -> tuple[Step, ...]:
        """The steps of the letter under which it is owed, for an agency like the one that answers for it."""
        return self.letters[standing.duty.directive].ladder_of(standing.agency)

    def climbing(self, standing: Standing) -> tuple[Step, ...]:
        """Those that are taken once, one after the other."""
        return tuple(step for step in self.steps(standing) if not step.repeat)

    def name(self, standing: Standing) -> str:
        """An obligation, with its letter where several are active."""
        name = duty_words.name(self.registry, standing)
        letter = self.letters[standing.duty.directive]
        return f"{name} theo {words.short_reference(letter)}" if len(self.letters) > 1 else name

    def first_day(self, step: Step, last_day: date) -> date:
        """The first day on which the calendar allows a step."""
        if step.kind == LetterKind.REMINDER:
            return self.calendar.add(last_day, step.after) if step.after < 0 else last_day
        return self.calendar.add(last_day, max(step.after, self.grace_days + 1))

    def blocked_reason(self, step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> Reason | None:
        """Why a step may not be taken for an obligation on a day; None when it may."""
        last_day = standing.last_day
        if last_day is None:
            return because(LadderReason.UNDATED)
        if step.kind == LetterKind.REMINDER and day > last_day:
            return because(LadderReason.PAST_DUE, due=duty_words.due(standing))
        if step.kind == LetterKind.REMINDER and (letter := self._just_listed(standing, past, day)):
            return because(LadderReason.JUST_LISTED, letter=letter.number, on=letter.sent_on)
        if stop := self.stop(step, standing, past, day):
            return because(LadderReason.STOPPED, by=stop.by, on=stop.on, why=stop.reason, until=stop.until)
        if standing.correct_by and day <= standing.correct_by:
            return because(LadderReason.TIME_TO_CORRECT, until=standing.correct_by)
        if day < (first := self.first_day(step, last_day)):
            return because(LadderReason.TOO_EARLY, first=first)
        recent = self._step_before(step, standing, past, day) if step.needs else None
        if before := self._to_repeat(step, standing, past, day):
            return because(LadderReason.TO_REPEAT, before=words.title(before))
        granted = self._granted(step, standing, past, day)
        if granted and (recent is None or granted.params["until"] >= recent.params.get("first", date.max)):
            return granted
        return recent or self._not_issued(step, standing) or self._given_by_document(step, standing, day)

    def _given_by_document(self, step: Step, standing: Standing, day: date) -> Reason | None:
        """An official letter that has gone out gave the agency a day to answer, and that is not over: it binds every
        step but its own."""
        asked = (one for taken, one in self._asked_by_documents(standing) if taken != step.id)
        rested = replace(standing, rests=()) if step.repeat else standing
        given = [(self._anew(rested, one.day, self.answer_day(one))[0], one) for one in asked]
        until, other = max(given, key=lambda pair: pair[0], default=(date.min, None))
        if other is None or day > until:
            return None
        return because(LadderReason.DOCUMENT_GIVES, document=other.citation, until=until)

    def answer_day(self, document: Issued) -> date:
        """The last day that an official letter gives."""
        return self.calendar.add(document.day, document.answer_days)

    def _not_issued(self, step: Step, standing: Standing) -> Reason | None:
        """The official letter is still missing on which a step rests."""
        if not step.official or self.official is None or self.document(step, standing):
            return None
        return because(LadderReason.NOT_ISSUED)

    def document(self, step: Step, standing: Standing) -> Issued | None:
        """The official letter on which a step rests for an obligation: the newest that asks its agency for it."""
        asked = self._asked_by_documents(standing)
        return next((one for taken, one in reversed(asked) if taken == step.id), None)

    def documents(self, standings: Iterable[Standing]) -> list[Issued]:
        """The official letters that ask for any of these obligations, the oldest first."""
        found = {one.id: one for standing in standings for _, one in self._asked_by_documents(standing)}
        return sorted(found.values(), key=lambda one: (one.day, one.id))

    def _asked_by_documents(self, standing: Standing) -> list[tuple[str | None, Issued]]:
        """For which step by which official letter an agency is asked for an obligation, the oldest first.

        One whose step has got another id since counts for the first step of the ladder that rests on one.
        """
        if not (asked := self._documents.get((standing.agency, *duty(standing)))):
            return []
        steps = self.steps(standing)
        known, first = {s.id for s in steps}, next((s.id for s in steps if s.official), None)
        return [(taken if taken in known else first, one) for taken, one in asked]

    @cached_property
    def _documents(self) -> dict[tuple[str, str, date], list[tuple[str, Issued]]]:
        """By agency and obligation: for which step by which official letter, the oldest first."""
        found: dict[tuple[str, str, date], list[tuple[str, Issued]]] = {}
        for one in self.official or ():
            for item in one.items:
                found.setdefault((item.agency, item.duty, item.last_day), []).append((item.step, one))
        return found

    def _to_repeat(self, step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> Step | None:
        """The step that the officer had, if there is a new one since: nobody higher hears before he has had it too."""
        if not past:
            return None
        lower = {s.id: s for s in self.steps(standing) if s.kind == step.kind and rank(s) < rank(step)}
        mine = [p for p in _of(standing, past) if p.role == Role.FOCAL_OFFICER and p.delivered(day)]
        had = [p for p in mine if _step(p, standing) in lower]
        return lower[_step(had[-1], standing) or ""] if had and duty(standing) in had[-1].left_behind else None

    def _just_listed(self, standing: Standing, past: Sequence[SentLetter], day: date) -> SentLetter | None:
        """A letter of these days that names an obligation with its date beside what it asks for: nobody needs a
        reminder every morning because the days of what it owes lie close together."""
        theirs = (p for p in past if p.agency == standing.agency and not p.copy and p.delivered(day))
        listing = (p for p in theirs if duty(standing) in p.others and p.sent_on)
        return next((p for p in listing if p.sent_on and day <= self.calendar.add(p.sent_on, LISTED_DAYS)), None)

    def _step_before(self, step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> Reason | None:
        """The step that this one needs has not arrived, or not long enough ago: counted from its official letter, where
        it rests on one."""
        step_before = next(s for s in self.steps(standing) if s.id == step.needs)
        wanted, before = duty(standing), words.title(step_before)
        arrived = [
            p.sent_on
            for p in _of(standing, past)
            if _step(p, standing) == step.needs and p.delivered(day) and p.sent_on and wanted not in p.left_behind
        ]
        if not arrived:
            return because(LadderReason.STEP_BEFORE_MISSING, before=before)
        document = self.document(step_before, standing) if step_before.official else None
        since = document.day if document else min(arrived)
        begins, first = _resumed(standing, since), self.after_wait(step, standing, since)
        if day >= first:
            return None
        if begins == since and document:
            return because(LadderReason.STEP_BEFORE_ISSUED, document=document.citation, days=step.wait, first=first)
        about = {"before": before, "arrived": min(arrived), "days": step.wait, "first": first}
        if begins == since:
            return because(LadderReason.STEP_BEFORE_RECENT, **about)
        return because(LadderReason.STEP_BEFORE_RESTED, **about, rested=begins)

    def after_wait(self, step: Step, standing: Standing, since: date) -> date:
        """The first day after a step's wait, when the step before came on a day. It begins anew after days of rest."""
        return self.calendar.add(_resumed(standing, since), step.wait)

    def _granted(self, step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> Reason | None:
        """A letter that has left gave the agency a day to answer, and that is not over.

        It binds every step for what the letter asked for, the steps above its own for what it only listed, and whatever
        a person has to release for all that the agency owes: nobody is told of it while it has time.
        """
        if not past:
            return None
        binding = [
            p
            for p in self.open_letters(standing, past, day)
            if self.asked_for(p, standing)
            or needs_approval(step)
            or (p.lists(standing) and self._is_above(step, p, standing))
        ]
        if not binding:
            return None if step.repeat else self._given_anew(standing, past, day)
        last = max(binding, key=lambda p: self.until(p) or date.min)
        until = self.until(last)
        code = LadderReason.TIME_TO_ANSWER if until == last.answer_by else LadderReason.PROMISED
        return because(code, letter=last.number, until=until)

    def _given_anew(self, standing: Standing, past: Sequence[SentLetter], day: date) -> Reason | None:
        """A rest took from the days that a letter gave, and these, counted anew, are not over. They bind what stands
        above it: a step that repeats gives a day itself."""
        if not standing.rests:
            return None
        theirs = (p for p in past if p.agency == standing.agency and not p.copy and p.may_have_left(day))
        for p in theirs:
            if p.answer_by and self.asked_for(p, standing):
                until, rested = self._anew(standing, p.sent_on or p.day, p.answer_by)
                if rested and day <= until:
                    return because(LadderReason.TIME_ANEW, letter=p.number, by=p.answer_by, rested=rested, until=until)
        return None

    def _anew(self, standing: Standing, given: date, until: date) -> tuple[date, date | None]:
        """The last day of those that were given on a day, with those that rests took; and the last day of rest."""
        days, rested = max(1, self.calendar.between(given, until)), None
        for rest in standing.rests:
            if rest.first <= until and rest.last >= given:
                until, rested = max(until, self.calendar.add(rest.last, days)), rest.last
        return until, rested

    def asked_for(self, letter: SentLetter, standing: Standing) -> bool:
        """Whether a letter asked for an obligation: as its ground, or beside it by the same day."""
        listed = duty(standing) in letter.others
        return duty(standing) in letter.duties or (listed and self.asks(standing, letter.day, letter.answer_by))

    def asks(self, standing: Standing, day: date, by: date | None) -> bool:
        """Whether a letter of a day asks for what it lists besides its ground: what is due by the day that it gives.
        The day of grace is not held against anybody."""
        last = standing.last_day
        if last is None or by is None or last > by:
            return False
        return day <= last or self.calendar.between(last, day) > self.grace_days

    def until(self, letter: SentLetter) -> date | None:
        """The last day that a letter leaves its reader: the one that it gave, or within bounds one named in reply."""
        promise = letter.promise
        named = min(promise.by, self.calendar.add(promise.said, self.promise_days)) if promise else None
        return max((day for day in (letter.answer_by, named) if day), default=None)

    def open_letters(self, standing: Standing, past: Sequence[SentLetter], day: date) -> list[SentLetter]:
        """The letters by which the agency that answers for an obligation still has time to answer."""
        theirs = (p for p in past if p.agency == standing.agency and not p.copy and p.may_have_left(day))
        return [p for p in theirs if (until := self.until(p)) and day <= until]

    def _is_above(self, step: Step, letter: SentLetter, standing: Standing) -> bool:
        """Whether a step of an obligation's ladder stands above what a letter took."""
        own = [s.id for s in self.steps(standing)]
        if (mine := _step(letter, standing)) in own:
            return own.index(step.id) > own.index(mine)
        taken = [
            rank(s)
            for d, i in letter.steps.items()
            if d in self.letters
            for s in self.letters[d].ladder_of(letter.agency)
            if s.id == i
        ]
        return not taken or rank(step) > max(taken)

    def stop(self, step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> Stop | None:
        """The newest word by which a person stopped a step of an obligation, while it holds."""
        stopped = [p for p in past if p.stop]
        mine = (p.stop for p in reversed(_of(standing, stopped)) if p.stop and _step(p, standing) == step.id)
        return next((stop for stop in mine if day < stop.until), None)

    def taken(self, step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> SentLetter | None:
        """The letter by which a step was taken, or is about to be; of one that repeats while that is not long ago."""
        mine = (p for p in reversed(_of(standing, past)) if duty(standing) not in p.left_behind)
        letter = next((p for p in mine if _step(p, standing) == step.id and p.stands(day)), None)
        return None if letter and step.repeat and self._long_ago(step.repeat, letter, day) else letter

    def _long_ago(self, days: int, letter: SentLetter, day: date) -> bool:
        return letter.sent_on is not None and day >= self.calendar.add(letter.sent_on, days)

    def candidates(self, standing: Standing, past: Sequence[SentLetter], day: date) -> list[Step]:
        """The steps that may be taken for an obligation, the one to take first.

        The highest that is allowed, unless it is taken already or a person has stopped a higher one; and, where that
        cannot be, the step that repeats, when nobody has written about the obligation for its interval.
        """
        allowed, above = self.highest(standing, past, day)
        if any(self.stop(step, standing, past, day) for step in above):
            return []
        found = [allowed] if allowed and not self.taken(allowed, standing, past, day) else []
        return found + [s for s in self.steps(standing) if s.repeat and self._again(s, standing, past, day)]

    def highest(
        self, standing: Standing, past: Sequence[SentLetter], day: date
    ) -> tuple[Step | None, tuple[Step, ...]]:
        """Of those taken once the highest that is allowed, and those above it."""
        climbing = self.climbing(standing)
        for at in reversed(range(len(climbing))):
            if not self.blocked_reason(climbing[at], standing, past, day):
                return climbing[at], climbing[at + 1 :]
        return None, climbing

    def _again(self, step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> bool:
        """Whether it is time to ask once more: some interval after whatever was written about the obligation last."""
        if self.blocked_reason(step, standing, past, day):
            return False
        about = [p for p in past if not p.copy and p.stands(day) and self.asked_for(p, standing)]
        return all(self._long_ago(step.repeat or 0, p, day) for p in about)

    def answer_by(self, steps: Mapping[str, Step], day: date, listed: Iterable[Standing] = ()) -> date | None:
        """The last day that the letters of these steps, written on a day, give the agency to answer: none before an
        extension of what they list is over."""
        if any(step.kind == LetterKind.REMINDER or "board" in step.to for step in steps.values()):
            return None
        listed = tuple(listed)
        extended = [s.last_day for s in listed if s.last_day and duty_words.extended(s)]
        usual = self.calendar.add(day, 1)
        if any(map(needs_approval, steps.values())):
            usual = self.calendar.add(day, APPROVAL_DAYS + 2) - timedelta(days=1)
        given = {self._given(step, day, listed, usual) for step in steps.values()}
        return max([*extended, *given])

    def _given(self, step: Step, day: date, listed: Sequence[Standing], usual: date) -> date:
        """From the day of its official letter, where a step rests on one; a day that is still to come."""
        if not step.answer_days:
            return usual
        if not step.official:
            return self.calendar.add(day, step.answer_days)
        issued = [self.answer_day(document) for s in listed if (document := self.document(step, s))]
        return max(usual, *(issued or [self.calendar.add(day, step.answer_days)]))

    def after_stop(self, steps: Mapping[str, str], ground: Sequence[Standing], day: date) -> date:
        """The day on which the steps above these would have come, had these been taken on a day; of the last step the
        day after as long as it waits for the one before."""
        days = [self.calendar.add(day, 1)]
        for standing in ground:
            ladder = self.steps(standing)
            at = next((i for i, s in enumerate(ladder) if s.id == steps.get(standing.duty.directive)), len(ladder))
            days += [self.calendar.add(day, step.wait) for step in ladder[at : at + 1]]
            for step in ladder[at + 1 : at + 2]:
                days.append(max(self.first_day(step, standing.last_day or day), self.calendar.add(day, step.wait)))
        return max(days)


def ladder_on(app: AppContext, session: Session, day: date) -> Ladder:
    """The ladders of the letters that are active on a day."""
    letters = {letter.id: letter for letter in app.letters(session, day)}
    settings, documents = app.settings, issued(session, day)
    return Ladder(app.registry, letters, app.calendar, settings.grace_days, settings.promise_days, documents)


def _of(standing: Standing, past: Sequence[SentLetter]) -> list[SentLetter]:
    """The letters that carried a step of an obligation to the agency that answers for it now."""
    if not past:
        return []
    wanted = duty(standing)
    return [p for p in past if not p.copy and p.agency == standing.agency and wanted in p.duties]


def _resumed(standing: Standing, since: date) -> date:
    """From when days are counted that began on a day: anew from the last day of rest since."""
    return max([since, *(rest.last for rest in standing.rests if rest.last >= since)])


def _step(letter: SentLetter, standing: Standing) -> str | None:
    return letter.steps.get(standing.duty.directive)


def rank(step: Step) -> tuple[bool, int]:
    """How high a step is, whichever letter's: a notice is above a reminder, and who stands higher is written later."""
    return step.kind == LetterKind.OVERDUE, max(role.rank or 0 for role in step.to)


def chased(standing: Standing) -> bool:
    """Whether the agency may be written to about an obligation at all."""
    return standing.status.chased and standing.last_day is not None and standing.paused is None


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
    rest = tuple(s for s in others if not _spoken_for(ladder, s, past, day))
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
    top = max(rank(step) for _, step in due)
    found: dict[str, Step] = {}
    for standing, step in due:
        before = found.setdefault(standing.duty.directive, step) if rank(step) == top else step
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
    if before := {p.number: (p, s) for s in ground for p in _of(s, past) if p.delivered(day)}:
        told = (
            because(LadderReason.LETTER_BEFORE, title=_title(ladder, p, s), letter=p.fate()) for p, s in before.values()
        )
        yield because(LadderReason.LETTERS_BEFORE, letters=tuple(told))
    if failed := [p.number for s in ground for p in _of(s, past) if p.state == OutboxState.REFUSED]:
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
    taken = _step(letter, standing) or ""
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
