"""Who would be written to because of a letter on which days to come, if nothing more arrived. Nothing is recorded."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from dondoc.clock import HERE, end_of
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.directive.record import active, holding, linked
from dondoc.escalation import history
from dondoc.escalation.ladder import Decision, Ladder, SentLetter, decide, duty
from dondoc.escalation.recipients import recipients
from dondoc.facts.obligations import Standing, standings
from dondoc.facts.read import read
from dondoc.vocabulary.letters import OutboxState

WEEKS = 8


@dataclass(frozen=True)
class Expected:
    """A letter to come. `addresses`: to how many it could go, as the address book is now."""

    decision: Decision
    addresses: int


def forecast(
    app: AppContext, session: Session, letter: Directive, begins: date, now: datetime, weeks: int = WEEKS
) -> list[Expected]:
    """The decisions of the weeks to come that take a step of a letter, beside the other letters that are active.

    Every letter is taken to arrive on its day, approved ones too; of the other letters only what the same agencies owe
    is looked at.

    Args:
        begins: the day from which the letter would hold.
    """
    today, concerned = now.astimezone(HERE).date(), {duty.agency for duty in letter.obligations}
    known, facts, registry = app.versions(session), read(session, now), app.registry
    letter = linked(letter, holding(known, max(today, begins)))
    past = history.read(session, app.settings, facts.rulings)
    order = {agency.id: agency.order for agency in registry.agencies}
    found: list[Expected] = []
    end = today + timedelta(weeks=weeks)
    for day in _days(max(today, begins), end):
        if not app.calendar.is_working_day(day):
            continue
        beside = (one for one in active(known, day) if one.id != letter.id)
        letters = {one.id: _of(one, concerned, _latest(app, one, end)) for one in (*beside, letter)}
        ladder = Ladder(registry, letters, app.calendar, app.settings.grace_days)
        owed: dict[str, list[Standing]] = {}
        for standing in standings(tuple(letters.values()), app.calendar, facts, end_of(day)):
            owed.setdefault(standing.agency, []).append(standing)
        for agency in sorted(owed, key=order.__getitem__):
            mine = [sent for sent in past if sent.agency == agency]
            decision = decide(ladder, agency, owed[agency], mine, day)
            if decision.step is None:
                continue
            past.append(_arrived(decision))
            if letter.id in decision.steps:
                found.append(Expected(decision, _addresses(app, session, decision, today)))
    return found


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _of(letter: Directive, agencies: Collection[str], latest: date) -> Directive:
    """A letter with what some agencies owe by a date, as far as that is not long after the days in question."""
    mine = tuple(d for d in letter.obligations if d.agency in agencies and d.due_before and d.due_before <= latest)
    return letter.model_copy(update={"obligations": mine, "milestones": ()})


def _latest(app: AppContext, letter: Directive, end: date) -> date:
    """The last day before which something is due that a step of the letter could be about by the end."""
    ahead = max((-step.after for step in letter.ladder), default=0)
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


def _addresses(app: AppContext, session: Session, decision: Decision, today: date) -> int:
    assert decision.step is not None
    systems = list(dict.fromkeys(standing.duty.system for standing in decision.ground))
    return len(recipients(session, app.registry, decision.step, decision.agency, systems, today))
