"""Where every obligation stands at a moment, and why. Pure: a function of directive, calendar and facts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive import names
from dondoc.directive.following import asked_by, asked_since
from dondoc.directive.model import Directive, Duty
from dondoc.directive.record import ALWAYS
from dondoc.directive.succession import responsible
from dondoc.facts.index import FactIndex
from dondoc.facts.read import Facts, Paper, Received, read
from dondoc.store.facts import Ruling
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.rulings import RulingKind
from dondoc.vocabulary.submissions import ACCEPTED, OUR_TURN, Outcome
from dondoc.workdays import WorkingDays

Arrival = tuple[datetime, str]  # when something came, and what, in words
Met = tuple[list[Arrival], datetime | None]  # what met a period, and since when what comes is meant for it


@dataclass(frozen=True)
class Standing:
    """An obligation at a moment. `agency` answers for it now; `last_day` is the last day in time, None if undated."""

    duty: Duty
    agency: str
    status: Status
    last_day: date | None
    working_days_late: int
    reason: str
    received_at: datetime | None = None
    paused: str | None = None  # why nobody is to be chased for it at present


def standings(letters: Sequence[Directive], calendar: WorkingDays, facts: Facts, as_of: datetime) -> list[Standing]:
    """Of each letter every obligation, then every milestone, in the letter's order.

    `letters`: those that are active, with what they repeat.
    """
    by_id = {one.id: one for letter in letters for one in (*letter.repeats, letter)}
    as_of = as_of.astimezone(HERE)
    found: list[Standing] = []
    for registry, alike in groupby(letters, key=lambda letter: letter.registry):
        told = FactIndex(facts, registry)
        for letter in alike:
            asked, first, series = asked_by(letter, by_id), asked_since(letter, by_id), _Series(letter)
            found += [
                _Judge(letter, asked, first, calendar, told, as_of, series, duty).standing() for duty in letter.duties
            ]
    return found


def at(app: AppContext, session: Session, as_of: datetime, known_at: datetime | None = None) -> list[Standing]:
    """Where every obligation of the letters that were active stood at a moment, as known at another."""
    letters = app.letters(session, as_of.astimezone(HERE).date(), known_at)
    calendar = app.calendar_known(session, known_at)
    return standings(letters, calendar, read(session, as_of, known_at), as_of)


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
    }


def short_names(owed: Iterable[Standing]) -> dict[str, str]:
    """What scripts and people call each obligation, by its id: without its letter, unless two letters ask for it."""
    found = {s.duty.id: s.duty.short for s in owed}
    count = Counter(found.values())
    return {name: short if count[short] == 1 else name for name, short in found.items()}


def cites(ruling: Ruling) -> str:
    """A ruling as every reason quotes it: document, reason, name."""
    return f"theo {ruling.document} ({ruling.reason}; {ruling.by})"


def _came(paper: Paper) -> Arrival:
    what = f"đã nhận Văn bản số {paper.number} ngày {paper.day:%d/%m/%Y}"
    return paper.received_at, f"{what}, đến ngày {paper.received_at:%d/%m/%Y}"


def _accepted(ruling: Ruling) -> Arrival:
    return ruling.happened_at, f"được công nhận hoàn thành {cites(ruling)}"


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
        last_day, why_last = self._last_day()
        agency, why_agency = self._answers(self.as_of.date())
        status, reason, received = self._status(agency, last_day)
        late = self._late(status, last_day, received)
        if late:
            reason += f", chậm {late:02} ngày làm việc"
        return Standing(
            duty=self.duty,
            agency=agency or self.duty.agency,
            status=status,
            last_day=last_day,
            working_days_late=late,
            reason="; ".join(part for part in (reason, why_last, why_agency) if part),
            received_at=received,
            paused=self._paused(),
        )

    def _rulings(self, kind: RulingKind) -> list[Ruling]:
        return [
            r
            for r in self._about(kind)
            if r.agency is None or self._its(r.agency, r.happened_at.astimezone(HERE).date())
            if r.directive or kind == RulingKind.PAUSE or self._is_asked(r.happened_at)
        ]

    def _about(self, kind: RulingKind) -> list[Ruling]:
        """Rulings of a kind on this letter, system, deliverable and period, of whoever may answer for it."""
        duty = self.duty
        its: dict[str, str | None] = {"system": duty.system, "deliverable": duty.deliverable, "period": duty.period}
        letters = self.asked if kind == RulingKind.ACCEPT else self.asked[:1]
        about = self.told.ruled(kind, letters, self._holders)
        return [
            r
            for r in about
            if r.place is None and r.site is None and all(getattr(r, n) in (None, value) for n, value in its.items())
        ]

    @cached_property
    def _holders(self) -> frozenset[str]:
        """Every agency that may have answered for it at some time."""
        return self.told.holders(self.duty.agency, self.letter.id)

    def _its(self, agency: str | None, day: date) -> bool:
        """Whether what an agency did or was told on a day concerns this obligation.

        An heir's own form of before it took over does not: it had only its own to send then.
        """
        return agency == self.duty.agency or (agency in self._holders and agency == self._answers(day)[0])

    def _last_day(self) -> tuple[date | None, str]:
        """ "Trước ngày X" ends with the day before X; an extension moves it, never to an earlier day."""
        if self.duty.due_before is None:
            return None, ""
        written = self.duty.due_before - timedelta(days=1)
        extended = self._rulings(RulingKind.EXTEND)
        if extended and extended[-1].until and extended[-1].until > written:
            newest = extended[-1]
            return newest.until, f"gia hạn đến hết ngày {newest.until:%d/%m/%Y} {cites(newest)}"
        return written, ""

    def _answers(self, day: date) -> tuple[str | None, str]:
        """Who answers for it on a day: its own agency, whoever a person gave it to, or the heir of either."""
        holder, given = self.duty.agency, ""
        for ruling in self._about(RulingKind.REASSIGN):
            ruled = ruling.happened_at.astimezone(HERE).date()
            if ruled <= day and ruling.agency in (
                self.duty.agency,
                holder,
                responsible(self.letter.registry, holder, ruled)[0],
            ):
                holder, given = ruling.to_agency or "", f"phân công lại {cites(ruling)}"
        agency, why = responsible(self.letter.registry, holder, day)
        return agency, "; ".join(part for part in (given, why) if part)

    def _status(self, agency: str | None, last_day: date | None) -> tuple[Status, str, datetime | None]:
        if arrivals := self._fulfilments():
            received, what = arrivals[0]
            if last_day and received.date() > last_day:
                return Status.FULFILLED_LATE, f"{what}, sau hạn {last_day:%d/%m/%Y}", received
            return Status.FULFILLED, what, received
        if waived := self._rulings(RulingKind.WAIVE):
            return Status.WAIVED, f"được miễn {cites(waived[-1])}", None
        if agency is None:
            return Status.NEEDS_REASSIGNMENT, "đơn vị không còn", None
        if ours := self._our_turn(agency):
            return Status.UNDER_REVIEW, ours, None
        if returned := [s for s in self._meant_for_it() if s.outcome == Outcome.RETURNED and self._is_its_form(s)]:
            last = returned[-1]
            when = f"{last.received_at:%d/%m/%Y}"
            return (
                Status.RETURNED,
                f"bản nộp {BN(last.id)} ngày {when} đã được đề nghị chỉnh sửa, chưa nhận lại",
                None,
            )
        if last_day is None:
            return Status.NOT_DUE, "không định thời hạn", None
        due = f"trước ngày {self.duty.due_before:%d/%m/%Y}"
        if self.as_of.date() > last_day:
            return Status.OVERDUE, f"chưa nhận được; thời hạn {due}", None
        return Status.NOT_DUE, f"chưa đến hạn ({due})", None

    def _is_its_form(self, submission: Received) -> bool:
        """What it asks for, sent by the agency that owed it or by the one that answered for it on that day."""
        asked = submission.form == self.duty.deliverable or self._named_in(submission.fulfils)
        return asked and self._its(submission.agency, submission.received_at.date())

    def _named_in(self, fulfils: frozenset[str]) -> bool:
        """Whether it was said to be met: under its own letter, or under one that this letter repeats."""
        return any(
            f"{letter}:{name}" in fulfils for letter in self.asked for name in (self.duty.short, self.duty.series)
        )

    def _fulfilments(self) -> list[Arrival]:
        """When and by what it was met. Timeliness is the receipt of the first version that was accepted."""
        return self._in_its_period()[0] if self.duty.period else self._arrivals()

    def _arrivals(self) -> list[Arrival]:
        return sorted(arrival for arrival in self._arrived() if self._is_asked(arrival[0]))

    def _is_asked(self, moment: datetime) -> bool:
        """Whether it was asked for by then: what came before meets nothing, unless the letter follows another."""
        return self.since is None or moment.astimezone(HERE).date() >= self.since

    def _arrived(self) -> Iterator[Arrival]:
        for submission in self.told.sent_by(self._holders):
            if submission.outcome in ACCEPTED and self._is_its_form(submission):
                yield (
                    submission.received_at,
                    f"đã nhận bản nộp {BN(submission.id)} ngày {submission.received_at:%d/%m/%Y}",
                )
        for paper in self.told.papers_of(self._holders):
            if self._named_in(paper.fulfils) and self._its(paper.agency, paper.received_at.date()):
                yield _came(paper)
        yield from map(_accepted, self._rulings(RulingKind.ACCEPT))

    def _given(self) -> set[Arrival]:
        """What a person gave to this very period, whenever it came."""
        its = {f"{one}:{self.duty.short}" for one in self.asked}
        papers = (p for p in self.told.papers_of(self._holders) if its & p.fulfils)
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

    def _meant_for_it(self) -> Iterator[Received]:
        """What was sent since it was asked for; of a duty that comes back, while this was its oldest open period."""
        since = self._in_its_period()[1] if self.duty.period else clock.at(ALWAYS, 0)
        for submission in self.told.may_be_of(self._holders):
            if since and since <= submission.received_at and self._is_asked(submission.received_at):
                yield submission

    def _our_turn(self, agency: str) -> str | None:
        """Something that may meet it waits for a person on our side: that pauses it."""
        for submission in self._meant_for_it():
            if submission.outcome in OUR_TURN and self._may_meet(submission, agency):
                return f"bản nộp {BN(submission.id)} ngày {submission.received_at:%d/%m/%Y} đang chờ Sở xử lý"
        return None

    def _may_meet(self, submission: Received, agency: str) -> bool:
        day = submission.received_at.date()
        if submission.form not in (None, self.duty.deliverable):
            return False
        if submission.agency is not None:
            return self._its(submission.agency, day)
        if submission.form is None or not submission.named:
            return False  # nobody can tell whose it is: a person has to look, and nobody is paused by a stray mail
        return agency in names.match(self.letter.registry, submission.named, day).candidates

    def _late(self, status: Status, last_day: date | None, received: datetime | None) -> int:
        if last_day is None or status not in (Status.OVERDUE, Status.FULFILLED_LATE):
            return 0
        until = received.date() if received else self.as_of.date()
        return self.calendar.between(last_day, until)

    def _paused(self) -> str | None:
        today = self.as_of.date()
        held = [r for r in self._rulings(RulingKind.PAUSE) if r.until is None or today <= r.until]
        return f"tạm dừng đôn đốc {cites(held[-1])}" if held else None
