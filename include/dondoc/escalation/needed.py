"""What the ladder is about to need and nobody holds: told some working days before the step is due."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.clock import HERE, end_of
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive, Step
from dondoc.escalation import renamed, words
from dondoc.escalation.ladder import Ladder, chased, ladder_on
from dondoc.escalation.past import SentLetter, by_agency
from dondoc.escalation.reasons import LadderReason
from dondoc.escalation.recipients import AddressBook, needs_approval
from dondoc.escalation.undelivered import undelivered
from dondoc.facts import approvers, obligations
from dondoc.facts.index import FactIndex
from dondoc.facts.obligations import Standing
from dondoc.facts.read import Facts, read
from dondoc.facts.rulings import standing_rulings
from dondoc.mail import servers
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.people import Role, Side
from dondoc.vocabulary.reasons import Reason, because

AHEAD = 5  # working days


@dataclass(frozen=True)
class Coming:
    """A step that may be due for an agency on a day, and for which systems."""

    agency: str
    step: Step
    on: date
    system: str


def coming(
    ladder: Ladder, owed: Iterable[Standing], past: Mapping[str, Sequence[SentLetter]], day: date
) -> list[Coming]:
    """The steps that could be due within AHEAD working days if every letter arrived on its day, the earliest first.
    What has the same steps on the same days is looked at once."""
    last, alike = ladder.calendar.add(day, AHEAD), dict[tuple[object, ...], Standing]()
    for s in filter(chased, owed):
        its = past.get(s.agency)
        alike.setdefault((s.agency, s.duty.directive, s.duty.system, s.last_day, s.duty.id if its else ""), s)
    found = [one for s in alike.values() for one in _steps(ladder, s, past.get(s.agency, ()), day) if one.on <= last]
    return sorted(found, key=lambda one: (one.on, ladder.registry.agency(one.agency).order, one.step.id))


def _steps(ladder: Ladder, standing: Standing, past: Sequence[SentLetter], day: date) -> Iterator[Coming]:
    last_day = standing.last_day
    assert last_day is not None
    due: dict[str, date] = {}
    for step in ladder.climbing(standing):
        if taken := ladder.taken(step, standing, past, day):
            due[step.id] = taken.sent_on or day
        elif step.kind != LetterKind.REMINDER or last_day >= day:  # a reminder is not made up
            on = max(ladder.calendar.add(day, 0), ladder.first_day(step, last_day))
            if step.needs:
                on = max(on, ladder.after_wait(step, standing, due.get(step.needs, day)))
            due[step.id] = on
            yield Coming(standing.agency, step, on, standing.duty.system)


def lacking(app: AppContext, session: Session, now: datetime) -> list[Reason]:
    """What is missing for the steps to come, as known now."""
    day = now.astimezone(HERE).date()
    ladder = ladder_on(app, session, day)
    if not (concerned := _may_lack(app, session, ladder, day, now)):
        return []  # a page asks each time that somebody looks: no obligation is judged for that
    letters, facts = tuple(ladder.letters.values()), read(session, end_of(day))
    owed = [s for s in obligations.standings(letters, app.calendar, facts, end_of(day)) if s.agency in concerned]
    past = by_agency(renamed.read(app, session, ladder, facts.rulings))
    return [*missing(app, session, ladder, coming(ladder, owed, past, day), now)]


def _may_lack(app: AppContext, session: Session, ladder: Ladder, day: date, now: datetime) -> set[str]:
    """The agencies of which something may be missing, whatever they owe: not every role of their steps is held by
    somebody for all systems whom letters reach, on the first day and on the last."""
    days = (day, ladder.calendar.add(day, AHEAD))
    ruled = Facts(rulings=tuple(standing_rulings(session, end_of(day))))
    owing = {letter.id: _may_owe(letter, FactIndex(ruled, letter.registry), days) for letter in ladder.letters.values()}
    everybody = set[str]().union(*owing.values())
    if servers.smtp(app.settings) is None and not _left_before(session):
        return everybody
    if not all(_approvers(session, ladder, on) for on in days):
        return everybody
    books = [AddressBook(session, ladder.registry, on, undelivered(session, now)) for on in days]

    def held(agency: str, role: Role, step: Step) -> bool:
        whose = ladder.registry.office if role.side is Side.OURS else agency
        mailbox = (Role.CLERK,) if role == Role.HEAD and not step.own_address else ()
        return all(any(book.reached(whose, one) for one in (role, *mailbox)) for book in books)

    return {
        agency
        for letter in ladder.letters.values()
        for agency in owing[letter.id]
        if any(not held(agency, role, step) for step in letter.ladder_of(agency) for role in (step.to[0], *step.also))
    }


def _may_owe(letter: Directive, index: FactIndex, days: Iterable[date]) -> set[str]:
    """Whoever may answer for something under a letter, and is there on one of the days."""
    asked = {duty.agency for duty in letter.duties if duty.due_before}
    holders = set[str]().union(*(index.holders(agency, letter.id) for agency in asked))
    return {one for one in holders if any(letter.registry.agency(one).alive(on) for on in days)}


def missing(
    app: AppContext, session: Session, ladder: Ladder, steps: Sequence[Coming], now: datetime
) -> Iterator[Reason]:
    """Of steps to come: roles that nobody holds on the day or that no letter reaches, an approver, a mail server."""
    failed = undelivered(session, now)

    @lru_cache
    def book(on: date) -> AddressBook:
        return AddressBook(session, ladder.registry, on, failed)

    if steps and servers.smtp(app.settings) is None and not _left_before(session):
        yield because(LadderReason.NO_MAIL_SERVER, on=steps[0].on)
    unapproved = (c for c in steps if needs_approval(c.step) and not _approvers(session, ladder, c.on))
    if first := next(unapproved, None):
        yield because(LadderReason.APPROVER_NEEDED, step=words.title(first.step), on=first.on)
    lacks: dict[str, dict[tuple[Role, ...], Reason]] = {}  # of each agency, by roles
    for one in steps:
        for roles, instead in _vacant(book(one.on), one):
            known = lacks.setdefault(ladder.registry.office if roles[0].side is Side.OURS else one.agency, {})
            if not any({*roles} <= {*others} for others in known):
                code = LadderReason.ROLE_VACANT if instead else LadderReason.ROLE_NEEDED
                said = {"roles": " hoặc ".join(role.label for role in roles), "step": words.title(one.step)}
                known[roles] = because(code, on=one.on, **said, **instead)
    for whose, known in lacks.items():
        agency = ladder.registry.agency(whose).name
        yield because(LadderReason.ROLES_LACKING, agency=agency, lacks=tuple(known.values()))


def _vacant(book: AddressBook, one: Coming) -> Iterator[tuple[tuple[Role, ...], dict[str, str]]]:
    """Roles of a step that nobody holds; and who is written to instead, where somebody is."""

    def held(*roles: Role) -> bool:
        step = one.step.model_copy(update={"to": roles, "also": ()})
        return bool(book.recipients(step, one.agency, [one.system]))

    if not held(*one.step.to):
        yield one.step.to, {}
    elif not held(one.step.to[0]):
        yield one.step.to[:1], {"instead": next(role.label for role in one.step.to if held(role))}
    yield from (((role,), {}) for role in one.step.also if not held(role))


def _approvers(session: Session, ladder: Ladder, on: date) -> bool:
    return bool(approvers.approvers(session, ladder.registry.office, on))


def _left_before(session: Session) -> bool:
    """Whether letters have left: a mail server that only Airflow's Connections know is not seen from everywhere."""
    sent = select(OutboxLetter.id).where(OutboxLetter.state == OutboxState.SENT).limit(1)
    return session.scalar(sent) is not None
