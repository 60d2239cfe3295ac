"""Where every obligation stands at a moment, and why. Pure: a function of directive, calendar and facts."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive import names
from dondoc.directive.following import asked_by, asked_since
from dondoc.directive.model import Directive, Duty
from dondoc.directive.record import ALWAYS
from dondoc.directive.succession import responsible
from dondoc.facts.index import FactIndex, FactsAbout
from dondoc.facts.promises import Promise, promise
from dondoc.facts.read import Facts, Paper, Received, read
from dondoc.facts.reasons import StandingReason, cited
from dondoc.facts.rulings import in_order, latest, standing_rulings
from dondoc.store.facts import Ruling
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reasons import Reason, because, said
from dondoc.vocabulary.rulings import SPOKEN, RulingKind
from dondoc.vocabulary.submissions import OUR_TURN, Outcome
from dondoc.workdays import WorkingDays

TO_CORRECT = 3  # working days that a return gives
RETURNS = 2  # in a row that give time

Arrival = tuple[datetime, Reason]  # when something came, and what
Met = tuple[list[Arrival], datetime | None]  # what met a period, and since when what comes is meant for it


class Rest(NamedTuple):
    """From which to which day nobody was chased for an obligation: it was paused, or it was our turn."""

    first: date
    last: date


@dataclass(frozen=True)
class Standing:
    """An obligation at a moment. `agency` answers for it now; `last_day` is the last day in time, None if undated.

    `reasons`: the first decides the status; the others moved the last day, or gave it to another agency.
    `paused`: why nobody is to be chased for it at present; `rests`: the days that are over on which nobody was, but for
    what its agency promised. `correct_by`: of a returned form the last day that it may be
    corrected by, until which nobody is chased either. `promises`: by when that agency said it would send it, the newest
    last. `met_by`: the agency that answered for it when it was met.
    """

    duty: Duty
    agency: str
    status: Status
    last_day: date | None
    working_days_late: int
    reasons: tuple[Reason, ...]
    received_at: datetime | None = None
    paused: Reason | None = None
    rests: tuple[Rest, ...] = ()
    correct_by: date | None = None
    promises: tuple[Promise, ...] = ()
    met_by: str | None = None

    @property
    def reason(self) -> str:
        """The reasons in words."""
        return said(self.reasons)

    def broken_promise(self, today: date) -> Promise | None:
        """The newest promise, where its day is over, nothing came, and we gave no more time ourselves."""
        newest = self.promises[-1] if self.promises else None
        if newest is None or newest.until >= today or self.status not in (Status.OVERDUE, Status.NOT_DUE):
            return None
        return None if self._has_more_time(newest.until) else newest

    def _has_more_time(self, day: date) -> bool:
        """Whether an extension goes beyond a day, or a rest lies on it."""
        extended = self.last_day is not None and day <= self.last_day
        return extended or any(rest.first <= day <= rest.last for rest in self.rests)


def standings(
    letters: Sequence[Directive],
    calendar: WorkingDays,
    facts: Facts,
    as_of: datetime,
    owed_by: Collection[str] | None = None,
) -> list[Standing]:
    """Of each letter every obligation, then every milestone, in the letter's order.

    `letters`: those that are active, with what they repeat; `owed_by`: only what was asked of these agencies.
    """
    by_id = {one.id: one for letter in letters for one in (*letter.repeats, letter)}
    as_of = as_of.astimezone(HERE)
    found: list[Standing] = []
    for registry, alike in groupby(letters, key=lambda letter: letter.registry):
        told = FactIndex(facts, registry)
        for letter in alike:
            asked, first, series = asked_by(letter, by_id), asked_since(letter, by_id), _Series(letter)
            found += [
                _Judge(letter, asked, first, calendar, told, as_of, series, duty).standing()
                for duty in letter.duties
                if owed_by is None or duty.agency in owed_by
            ]
    return found


def at(app: AppContext, session: Session, as_of: datetime, known_at: datetime | None = None) -> list[Standing]:
    """Where every obligation of the letters that were active stood at a moment, as known at another."""
    letters = app.letters(session, as_of.astimezone(HERE).date(), known_at)
    calendar = app.calendar_known(session, known_at)
    return standings(letters, calendar, read(session, as_of, known_at), as_of)


def of(app: AppContext, session: Session, agency: str, as_of: datetime) -> list[Standing]:
    """As `at`, of what one agency answers for; what others have sent costs nothing."""
    letters = app.letters(session, as_of.astimezone(HERE).date())
    facts, asked = about(session, letters, [agency], as_of)
    found = standings(letters, app.calendar_known(session, None), facts, as_of, asked)
    return [standing for standing in found if standing.agency == agency]


def about(
    session: Session, letters: Sequence[Directive], agencies: Iterable[str], as_of: datetime
) -> tuple[Facts, set[str]]:
    """The facts about all that was asked of some agencies or for which they may answer, and of whom that was asked:
    for `standings` of these alone, which say of each obligation the same as those of everybody."""
    rulings = Facts(rulings=tuple(standing_rulings(session, as_of, None)))
    asked, holders = set(agencies), set[str]()
    for registry, alike in groupby(letters, key=lambda letter: letter.registry):
        index = FactIndex(rulings, registry)
        asked = asked.union(*map(index.held_before, asked))
        holders = holders.union(*(index.holders(one, letter.id) for letter in alike for one in asked))
    return read(session, as_of, senders=holders), asked


def without_later_periods(open_: Sequence[Standing], day: date) -> list[Standing]:
    """Of a duty that comes back no period after the one that runs: nobody is asked today for the report of April."""
    running: dict[tuple[str, str, str], date] = {}
    for last, series in ((s.last_day, _series(s)) for s in open_):
        if last is not None and last >= day:
            running[series] = min(last, running.get(series, last))
    return [s for s in open_ if s.last_day is None or s.last_day <= running.get(_series(s), s.last_day)]


def _series(standing: Standing) -> tuple[str, str, str]:
    duty = standing.duty
    return duty.directive, duty.agency, duty.series


def as_row(standing: Standing) -> dict[str, Any]:
    """The contract's fields of `obligations`."""
    due = standing.duty.due_before
    return {
        "id": standing.duty.id,
        "directive": standing.duty.directive,
        "agency": standing.agency,
        "system": standing.duty.system,
        "deliverable": standing.duty.deliverable,
        "period": standing.duty.period,
        "due_before": due.isoformat() if due else None,
        "last_day": standing.last_day.isoformat() if standing.last_day else None,
        "status": standing.status,
        "working_days_late": standing.working_days_late,
        "reason": standing.reason,
        "reason_code": standing.reasons[0].code,
    }


def short_names(owed: Iterable[Standing]) -> dict[str, str]:
    """What scripts and people call each obligation, by its id: without its letter, unless two letters ask for it."""
    found = {s.duty.id: s.duty.short for s in owed}
    count = Counter(found.values())
    return {name: short if count[short] == 1 else name for name, short in found.items()}


def _came(paper: Paper) -> Arrival:
    arrived = paper.received_at.date()
    return paper.received_at, because(StandingReason.PAPER, number=paper.number, day=paper.day, arrived=arrived)


def _submitted(code: StandingReason, submission: Received) -> Reason:
    return because(code, submission=BN(submission.id), arrived=submission.received_at.date())


def _accepted(ruling: Ruling) -> Arrival:
    return ruling.happened_at, because(StandingReason.ACCEPTED, ruling=cited(ruling))


class _Found(NamedTuple):
    """Where an obligation stands, since what arrived when, and how many working days late."""

    status: Status
    reason: Reason
    received_at: datetime | None = None
    late: int = 0
    correct_by: date | None = None


@dataclass(frozen=True)
class _Series:
    """The duties of a letter that come back. What met the periods of one is worked out once, for all of them."""

    letter: Directive
    met: dict[tuple[str, str], dict[Duty, Met]] = field(default_factory=dict)

    @cached_property
    def periods(self) -> dict[tuple[str, str], list[Duty]]:
        """By agency and what is asked, in their order."""
        found: dict[tuple[str, str], list[Duty]] = {}
        for duty in self.letter.obligations:
            found.setdefault((duty.agency, duty.series), []).append(duty)
        return found


@dataclass(frozen=True)
class _Judge:
    """The rules for one obligation, in the order in which the first that holds decides.

    `asked`: the letters that asked for it, its own first; `since`: the day of the oldest of them, None if unknown.
    """

    letter: Directive
    asked: tuple[str, ...]
    since: date | None
    calendar: WorkingDays
    told: FactIndex
    as_of: datetime
    series: _Series
    duty: Duty

    def standing(self) -> Standing:
        last_day, extended = self._last_day()
        agency, moved = self._answers(self.as_of.date())
        found = self._found(agency, last_day)
        holder = agency or self.duty.agency
        promises = self._promises(holder)
        return Standing(
            duty=self.duty,
            agency=holder,
            status=found.status,
            last_day=last_day,
            working_days_late=found.late,
            reasons=(found.reason, *extended, *moved),
            received_at=found.received_at,
            paused=self._paused(holder, promises),
            rests=self._rests(holder),
            correct_by=found.correct_by,
            promises=promises,
            met_by=self._held_on(found.received_at) if found.received_at else None,
        )

    def _held_on(self, moment: datetime) -> str | None:
        """Who answered for it at a moment."""
        return self._answers(moment.astimezone(HERE).date())[0] if len(self._holders) > 1 else self.duty.agency

    def _rulings(self, kind: RulingKind) -> list[Ruling]:
        return [
            r
            for r in self._about(kind)
            if r.agency is None or self._its(r.agency, r.happened_at.astimezone(HERE).date())
            if r.directive or self._is_asked(r.happened_at)
        ]

    def _about(self, kind: RulingKind) -> list[Ruling]:
        """Rulings of a kind on this letter, system, deliverable and period, of whoever may answer for it."""
        letters = self.asked if kind == RulingKind.ACCEPT else self.asked[:1]
        if not (about := self.told.ruled(kind, letters, self._holders)):
            return []
        return [r for r in about if self._names_it(r)]

    def _names_it(self, ruling: Ruling) -> bool:
        """Whether a ruling is on this system, deliverable and period, or on all, and not on cameras of a place."""
        its = ("system", self.duty.system), ("deliverable", self.duty.deliverable), ("period", self.duty.period)
        about_cameras = ruling.place is not None or ruling.site is not None
        return not about_cameras and all(getattr(ruling, name) in (None, value) for name, value in its)

    @cached_property
    def _holders(self) -> frozenset[str]:
        """Every agency that may have answered for it at some time."""
        return self.told.holders(self.duty.agency, self.letter.id)

    @cached_property
    def _facts(self) -> FactsAbout:
        return self.told.about(self._holders)

    def _its(self, agency: str | None, day: date) -> bool:
        """Whether what an agency did or was told on a day concerns this obligation.

        An heir's own form of before it took over does not: it had only its own to send then.
        """
        return agency == self.duty.agency or (agency in self._holders and agency == self._answers(day)[0])

    def _last_day(self) -> tuple[date | None, tuple[Reason, ...]]:
        """ "Trước ngày X" ends with the day before X; an extension moves it, never to an earlier day."""
        if self.duty.due_before is None:
            return None, ()
        written = self.duty.due_before - timedelta(days=1)
        extended = latest(self._rulings(RulingKind.EXTEND))
        if extended and extended.until and extended.until > written:
            return extended.until, (because(StandingReason.EXTENDED, until=extended.until, ruling=cited(extended)),)
        return written, ()

    def _answers(self, day: date) -> tuple[str | None, tuple[Reason, ...]]:
        """Who answers for it on a day: its own agency, whoever a person gave it to, or the heir of either; and why, if
        it is another."""
        holder, given = self.duty.agency, tuple[Reason, ...]()
        for ruling in self._about(RulingKind.REASSIGN):
            ruled = ruling.happened_at.astimezone(HERE).date()
            if ruled <= day and ruling.agency in (
                self.duty.agency,
                holder,
                responsible(self.letter.registry, holder, ruled)[0],
            ):
                holder, given = ruling.to_agency or "", (because(StandingReason.REASSIGNED, ruling=cited(ruling)),)
        agency, moved = responsible(self.letter.registry, holder, day)
        return agency, (*given, moved) if moved else given

    def _found(self, agency: str | None, last_day: date | None) -> _Found:
        if arrivals := self._fulfilments():
            return self._met(*arrivals[0], last_day)
        if waived := self._rulings(RulingKind.WAIVE):
            return _Found(Status.WAIVED, because(StandingReason.WAIVED, ruling=cited(waived[-1])))
        if agency is None:
            return _Found(Status.NEEDS_REASSIGNMENT, because(StandingReason.NO_AGENCY))
        if waiting := next((s for s in self._meant_for_it(OUR_TURN) if self._may_meet(s, agency)), None):
            return _Found(Status.UNDER_REVIEW, _submitted(StandingReason.OUR_TURN, waiting))
        if returned := list(filter(self._is_its_form, self._meant_for_it({Outcome.RETURNED}))):
            why = _submitted(StandingReason.RETURNED, returned[-1])
            return _Found(Status.RETURNED, why, correct_by=self._correct_by(returned))
        if last_day is None:
            return _Found(Status.NOT_DUE, because(StandingReason.UNDATED))
        return self._open(last_day)

    def _correct_by(self, returned: Sequence[Received]) -> date:
        """What a return gives: days to correct it. Who sends what is wrong again and again gains no more by it."""
        last = returned[:RETURNS][-1]
        return self.calendar.add((last.judged_at or last.received_at).astimezone(HERE).date(), TO_CORRECT)

    def _met(self, received: datetime, what: Reason, last_day: date | None) -> _Found:
        if last_day is None or received.date() <= last_day:
            return _Found(Status.FULFILLED, what, received)
        late = self.calendar.between(last_day, received.date())
        about = {"met_by": what, "last_day": last_day}
        reason = (
            because(StandingReason.LATE, **about, days=late)
            if late
            else because(StandingReason.AFTER_LAST_DAY, **about)
        )
        return _Found(Status.FULFILLED_LATE, reason, received, late)

    def _open(self, last_day: date) -> _Found:
        due, today = self.duty.due_before, self.as_of.date()
        if today <= last_day:
            return _Found(Status.NOT_DUE, because(StandingReason.NOT_DUE, due_before=due))
        if late := self.calendar.between(last_day, today):
            return _Found(Status.OVERDUE, because(StandingReason.MISSING_LATE, due_before=due, days=late), late=late)
        return _Found(Status.OVERDUE, because(StandingReason.MISSING, due_before=due))

    def _is_its_form(self, submission: Received) -> bool:
        """What it asks for, sent by the agency that owed it or by the one that answered for it on that day."""
        asked = submission.form == self.duty.deliverable or self._named_in(submission.fulfils)
        return asked and self._its(submission.agency, submission.received_at.date())

    def _named_in(self, fulfils: frozenset[str]) -> bool:
        """Whether it was said to be met: under its own letter, or under one that this letter repeats."""
        return not self._names.isdisjoint(fulfils)

    @cached_property
    def _names(self) -> frozenset[str]:
        """What it is called where something is said to meet it."""
        names = self.duty.short, self.duty.series
        return frozenset(f"{letter}:{name}" for letter in self.asked for name in names)

    def _fulfilments(self) -> list[Arrival]:
        """When and by what it was met. Timeliness is the receipt of the first version that was accepted."""
        return self._in_its_period()[0] if self.duty.period else self._arrivals()

    def _arrivals(self) -> list[Arrival]:
        """The earliest first; of several at one moment papers before forms before rulings, as they were noted."""
        return sorted((one for one in self._arrived() if self._is_asked(one[0])), key=lambda arrival: arrival[0])

    def _is_asked(self, moment: datetime) -> bool:
        """Whether it was asked for by then: what came before meets nothing, unless the letter follows another."""
        return self.since is None or moment.astimezone(HERE).date() >= self.since

    def _arrived(self) -> Iterator[Arrival]:
        for paper in self._facts.papers:
            if self._named_in(paper.fulfils) and self._its(paper.agency, paper.received_at.date()):
                yield _came(paper)
        for submission in self._facts.counting:
            if self._is_its_form(submission):
                yield submission.received_at, _submitted(StandingReason.SUBMISSION, submission)
        yield from map(_accepted, self._rulings(RulingKind.ACCEPT))

    def _given(self) -> set[Arrival]:
        """What a person gave to this very period, whenever it came."""
        its = {f"{one}:{self.duty.short}" for one in self.asked}
        papers = (p for p in self._facts.papers if its & p.fulfils)
        return {*map(_came, papers), *(_accepted(r) for r in self._rulings(RulingKind.ACCEPT) if r.period)}

    def _in_its_period(self) -> Met:
        """What met this period of a duty that comes back, and since when what comes is meant for it."""
        its = self.duty.agency, self.duty.series
        if its not in self.series.met:
            self.series.met[its] = dict(self._periods(self.series.periods[its]))
        return self.series.met[its][self.duty]

    def _periods(self, periods: Iterable[Duty]) -> Iterator[tuple[Duty, Met]]:
        """An arrival meets the period that a person named, else the oldest that has begun and is neither met nor
        waived; a period begins on the day before which the one before it was due. Nothing is meant for one while an
        older one is open.
        """
        begins = clock.at(self.since or ALWAYS, 0)
        since: datetime | None = begins
        met: set[Arrival] = set()
        for duty in periods:
            its = replace(self, duty=duty)
            waived = min((r.happened_at for r in its._rulings(RulingKind.WAIVE)), default=None)
            given = its._given()
            came = (a for a in its._arrivals() if a not in met and (begins <= a[0] or a in given))
            mine = [a for a in came if not waived or a[0] < waived][:1]
            yield duty, (mine, since and max(since, begins))
            ended = mine[0][0] if mine else waived
            since = max(since, ended) if since and ended else None
            begins, met = clock.at(duty.due_before or ALWAYS, 0), met.union(mine)

    def _meant_for_it(self, outcomes: Collection[Outcome]) -> Iterator[Received]:
        """What was sent with such an outcome since it was asked for, in its period."""
        for submission in self._facts.may_be:
            when = submission.received_at
            if submission.outcome in outcomes and self._is_asked(when) and self._is_meant(when):
                yield submission

    def _is_meant(self, moment: datetime) -> bool:
        """Of a duty that comes back: whether this was its oldest open period then."""
        if not self.duty.period:
            return True
        since = self._in_its_period()[1]
        return since is not None and since <= moment

    def _may_meet(self, submission: Received, agency: str) -> bool:
        day = submission.received_at.date()
        if submission.form is None and not submission.may_be.meets(self.duty.deliverable):
            return False
        if submission.form not in (None, self.duty.deliverable):
            return False
        if submission.agency is not None:
            return self._its(submission.agency, day)
        if submission.form is None or not submission.named:
            return False  # nobody can tell whose it is: a person has to look, and nobody is paused by a stray mail
        return agency in names.match(self.letter.registry, submission.named, day).candidates

    def _of_holder(self, kind: RulingKind, holder: str) -> list[Ruling]:
        """Rulings on whoever answers for it now: a word to or about a former agency concerns no other."""
        return [r for r in self._about(kind) if r.agency in (None, holder)]

    def _promises(self, holder: str) -> tuple[Promise, ...]:
        said = in_order(r for kind in SPOKEN for r in self._of_holder(kind, holder) if r.until)
        meant = [r for r in said if r.period or self._is_meant(r.happened_at)]
        return tuple(made for ruling in meant if (made := promise(ruling)))

    def _paused(self, holder: str, promises: Sequence[Promise]) -> Reason | None:
        today = self.as_of.date()
        held = [r for r in self._of_holder(RulingKind.PAUSE, holder) if r.until is None or today <= r.until]
        if held:
            return because(StandingReason.PAUSED, ruling=cited(held[-1]))
        return promises[-1].reason if promises and today <= promises[-1].until else None

    def _rests(self, holder: str) -> tuple[Rest, ...]:
        """The pauses that are over, and the nights for which something waited for us: of what meets nothing only the
        first few, as of what is returned."""
        over = self.told.pauses_over(self.letter.id, holder)
        if not over and not self._facts.waited:
            return ()
        rests = [Rest(one.first, one.last) for one in over if self._names_it(one.ruling)]
        waited = (s for s in self._facts.waited if self._is_asked(s.received_at) and self._is_meant(s.received_at))
        ours = [
            Rest(s.received_at.astimezone(HERE).date(), s.waited_until.astimezone(HERE).date())
            for s in waited
            if s.waited_until and self._may_meet(s, holder)
        ]
        rests += [one for one in ours if one.first < one.last][:RETURNS]
        return tuple(sorted(rests))
