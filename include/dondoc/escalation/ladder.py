"""The ladder: which step may be taken for an obligation on a day, and why not. Pure: standings, letters so far,
calendar, day.

A step belongs to an obligation and to the ladder of its letter. It is taken only after the step that it needs was
delivered long enough ago, and not before the day is over that a letter gave the agency to answer, or that a person
named who stopped it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive, Registry, Step
from dondoc.escalation import words
from dondoc.escalation.past import SentLetter, Stop, carrying, duty, step_of
from dondoc.escalation.reasons import LadderReason
from dondoc.escalation.recipients import needs_approval
from dondoc.facts import words as duty_words
from dondoc.facts.issued import Issued, issued
from dondoc.facts.obligations import Standing
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reasons import Reason, because
from dondoc.workdays import WorkingDays

APPROVAL_DAYS = 2  # working days that an approver has; then the letter is dead, and the ladder decides anew
LISTED_DAYS = 2  # working days in which nobody is reminded of what another letter has named


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
        if not any(p.left_behind for p in past):
            return None
        lower = {s.id: s for s in self.steps(standing) if s.kind == step.kind and s.rank < step.rank}
        mine = [p for p in carrying(standing, past) if p.role == Role.FOCAL_OFFICER and p.delivered(day)]
        had = [p for p in mine if step_of(p, standing) in lower]
        return lower[step_of(had[-1], standing) or ""] if had and duty(standing) in had[-1].left_behind else None

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
            for p in carrying(standing, past)
            if step_of(p, standing) == step.needs and p.delivered(day) and p.sent_on and wanted not in p.left_behind
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
                rested = max(rest.last, rested or rest.last)
                until = max(until, self.calendar.add(rested, days))
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
        if (mine := step_of(letter, standing)) in own:
            return own.index(step.id) > own.index(mine)
        taken = [
            s.rank
            for d, i in letter.steps.items()
            if d in self.letters
            for s in self.letters[d].ladder_of(letter.agency)
            if s.id == i
        ]
        return not taken or step.rank > max(taken)

    def stop(self, step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> Stop | None:
        """The newest word by which a person stopped a step of an obligation, while it holds."""
        if not (stopped := [p for p in past if p.stop]):
            return None
        mine = (p.stop for p in reversed(carrying(standing, stopped)) if p.stop and step_of(p, standing) == step.id)
        return next((stop for stop in mine if day < stop.until), None)

    def taken(self, step: Step, standing: Standing, past: Sequence[SentLetter], day: date) -> SentLetter | None:
        """The letter by which a step was taken, or is about to be; of one that repeats while that is not long ago."""
        mine = (p for p in reversed(carrying(standing, past)) if duty(standing) not in p.left_behind)
        letter = next((p for p in mine if step_of(p, standing) == step.id and p.stands(day)), None)
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
        climbing, last_day = self.climbing(standing), standing.last_day
        for at in reversed(range(len(climbing))):
            if last_day is None or day < self.first_day(climbing[at], last_day):
                continue  # most are: nobody asks for their reasons
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


def _resumed(standing: Standing, since: date) -> date:
    """From when days are counted that began on a day: anew from the last day of rest since."""
    return max([since, *(rest.last for rest in standing.rests if rest.last >= since)])


def chased(standing: Standing) -> bool:
    """Whether the agency may be written to about an obligation at all."""
    return standing.status.chased and standing.last_day is not None and standing.paused is None
