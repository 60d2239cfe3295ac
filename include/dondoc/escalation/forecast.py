"""Who would be written to because of a letter on which days to come, if nothing more arrived. Nothing is recorded."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate, islice

from sqlalchemy.orm import Session

from dondoc.clock import HERE, end_of
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.directive.record import active, holding, linked
from dondoc.escalation import history
from dondoc.escalation.decision import Decision, decide
from dondoc.escalation.ladder import Ladder
from dondoc.escalation.past import SentLetter, by_agency, duty
from dondoc.escalation.recipients import AddressBook
from dondoc.facts.obligations import standings
from dondoc.facts.read import read
from dondoc.vocabulary.letters import OutboxState

WEEKS = 8
DUTIES = 300  # that are looked at, about 8 ms each: the agencies whose are these, in administrative order
LETTERS = 200  # that are told


@dataclass(frozen=True)
class Expected:
    """A letter to come. `addresses`: to how many it could go, as the address book is now."""

    decision: Decision
    addresses: int


@dataclass(frozen=True)
class Forecast:
    """The letters to come by day. `agencies`: how many were looked at, of `of`; `more`: there are more letters."""

    expected: list[Expected]
    agencies: int
    of: int
    more: bool


def forecast(
    app: AppContext, session: Session, letter: Directive, begins: date, now: datetime, weeks: int = WEEKS
) -> Forecast:
    """The decisions of the weeks to come that take a step of a letter, beside the other letters that are active.

    Every letter is taken to arrive on its day, approved ones too, and every official letter to be issued; of the other
    letters only what the same agencies owe is looked at. Of a letter of thousands of duties it looks at DUTIES, and
    tells LETTERS.

    Args:
        begins: the day from which the letter would hold.
    """
    today = now.astimezone(HERE).date()
    first, end = max(today, begins), today + timedelta(weeks=weeks)
    letter = linked(letter, holding(app.versions(session), first))
    concerned = {duty.agency for duty in letter.obligations}
    looked_at = _within(app, letter, end)
    found = [*islice(_expected(app, session, letter, looked_at, first, end, now), LETTERS + 1)]
    return Forecast(found[:LETTERS], len(looked_at), len(concerned), len(found) > LETTERS)


def _within(app: AppContext, letter: Directive, end: date) -> list[str]:
    """The agencies that are looked at, in administrative order: at least one."""
    order, latest = {agency.id: agency.order for agency in app.registry.agencies}, _latest(app, letter, end)
    owing = dict.fromkeys(sorted({one.agency for one in letter.obligations}, key=order.__getitem__), 0)
    for one in _of(letter, owing, latest).obligations:
        owing[one.agency] += 1
    until = [*accumulate(owing.values())]
    return [agency for agency, so_far in zip(owing, until, strict=True) if so_far <= max(DUTIES, until[0])]


def _expected(
    app: AppContext,
    session: Session,
    letter: Directive,
    agencies: Sequence[str],
    first: date,
    end: date,
    now: datetime,
) -> Iterator[Expected]:
    known, facts = app.versions(session), read(session, now)
    book = AddressBook(session, app.registry, now.astimezone(HERE).date())
    past = by_agency(history.read(session, app.settings, facts.rulings))
    for day in filter(app.calendar.is_working_day, _days(first, end)):
        beside = (one for one in active(known, day) if one.id != letter.id)
        letters = {one.id: _of(one, agencies, _latest(app, one, end)) for one in (*beside, letter)}
        ladder = Ladder(app.registry, letters, app.calendar, app.settings.grace_days, official=None)
        owed = by_agency(standings(tuple(letters.values()), app.calendar, facts, end_of(day)))
        for agency in sorted(owed, key=lambda one: app.registry.agency(one).order):
            decision = decide(ladder, agency, owed[agency], past[agency], day)
            if decision.step is None:
                continue
            past[agency].append(_arrived(decision))
            if letter.id in decision.steps:
                yield Expected(decision, _addresses(book, decision))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _of(letter: Directive, agencies: Collection[str], latest: date) -> Directive:
    """A letter with what some agencies owe by a date, as far as that is not long after the days in question."""
    mine = tuple(d for d in letter.obligations if d.agency in agencies and d.due_before and d.due_before <= latest)
    return letter.model_copy(update={"obligations": mine, "milestones": ()})


def _latest(app: AppContext, letter: Directive, end: date) -> date:
    """The last day before which something is due that a step of the letter could be about by the end."""
    ahead = max((-step.after for step in letter.steps), default=0)
    return app.calendar.add(end, max(ahead, 0) + 2)


def _arrived(decision: Decision) -> SentLetter:
    assert decision.step is not None
    return SentLetter(
        id=0,
        agency=decision.agency,
        step=decision.step.id,
        steps={directive: step.id for directive, step in decision.steps.items()},
        duties=frozenset(map(duty, decision.ground)),
        day=decision.day,
        decided_on=decision.day,
        state=OutboxState.SENT,
        sent_on=decision.day,
        others=frozenset(map(duty, decision.still_to_come)),
        answer_by=decision.answer_by,
    )


def _addresses(book: AddressBook, decision: Decision) -> int:
    assert decision.step is not None
    systems = list(dict.fromkeys(standing.duty.system for standing in decision.ground))
    return len(book.recipients(decision.step, decision.agency, systems))
