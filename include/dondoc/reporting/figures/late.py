"""Who is late, with what, what was done about it, and what they say themselves."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.directive.model import Directive, Registry
from dondoc.escalation.words import title
from dondoc.facts.obligations import Standing
from dondoc.facts.words import name as duty_name
from dondoc.mail.withdrawn import withdrawn
from dondoc.reporting.figures.duties import came_on, days_late, is_late, submission
from dondoc.reporting.figures.model import AgencyWord, Chase, LateAgency, LateDuty
from dondoc.store.facts import Ruling
from dondoc.store.intake import Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Decision
from dondoc.vocabulary.letters import CHASING, OutboxState
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.rulings import SPOKEN, CallResult
from dondoc.workdays import WorkingDays


@dataclass(frozen=True)
class Chases:
    """The chasing letters of a directive that truly reached an agency: how many, the newest, and until when it has."""

    count: int
    newest: Chase
    answer_by: date | None


def chases(session: Session, letter: Directive, seen_by: datetime) -> dict[str, Chases]:
    """By agency. Copies, rehearsals and what went to our own board are none."""
    steps = {step.id: step for step in (*letter.steps, *letter.ladder)}
    to_us = {step.id for step in letter.steps if set(step.to) == {Role.BOARD}}
    query = (
        select(OutboxLetter.agency, OutboxLetter.context, OutboxLetter.sent_at, Decision.answer_by)
        .outerjoin(Decision, Decision.id == OutboxLetter.decision_id)
        .where(OutboxLetter.kind.in_(CHASING), OutboxLetter.state == OutboxState.SENT)
        .where(OutboxLetter.id.not_in(withdrawn(seen_by)))
        .where(OutboxLetter.rehearsal.is_(False), OutboxLetter.sent_at <= seen_by)
        .order_by(OutboxLetter.sent_at, OutboxLetter.id)
    )
    found: dict[str, list[Chase]] = defaultdict(list)
    for agency, context, sent_at, answer_by in session.execute(query):
        step = context["steps"].get(letter.id)
        if agency is None or step is None or step in to_us or context["copy"]:
            continue
        known = steps.get(step)
        found[agency].append(
            Chase(
                on=sent_at.astimezone(HERE).date(),
                title=title(known) if known else step,
                to_head=known is not None and Role.HEAD in known.to,
                answer_by=answer_by,
            )
        )
    return {
        agency: Chases(len(sent), sent[-1], max((c.answer_by for c in sent if c.answer_by), default=None))
        for agency, sent in found.items()
    }


def words(rulings: Iterable[Ruling], directive: str) -> dict[str, AgencyWord]:
    """What agencies said when they were spoken to, the newest of each."""
    return {
        ruling.agency: AgencyWord(
            on=ruling.happened_at.astimezone(HERE).date(), reason=ruling.reason, until=ruling.until
        )
        for ruling in rulings
        if ruling.kind in SPOKEN and ruling.agency and ruling.directive in (None, directive)
        if ruling.result != CallResult.NO_ANSWER
    }


def faults(session: Session, numbers: Iterable[int], known_at: datetime | None) -> dict[int, int]:
    """How many cells are to be mended in each of these submissions, by its newest verdict."""
    wanted = [*numbers]
    if not wanted:
        return {}
    query = select(Verdict.submission_id, Verdict.issues).where(Verdict.submission_id.in_(wanted)).order_by(Verdict.id)
    if known_at is not None:
        query = query.where(Verdict.recorded_at <= known_at)
    newest: dict[int, list[Any]] = dict(session.execute(query).all())
    return {number: sum(i.get("severity") == "error" for i in issues) for number, issues in newest.items()}


def duties(
    letter: Directive,
    standings: Sequence[Standing],
    calendar: WorkingDays,
    today: date,
    sent: Mapping[str, Chases],
    cells: Mapping[int, int],
) -> tuple[LateDuty, ...]:
    """What is late, the longest first."""
    registry = letter.registry
    made = []
    for standing in standings:
        if standing.duty.due_before and is_late(standing, today):
            chased = sent.get(standing.agency)
            until = chased.answer_by if chased else None
            made.append(
                LateDuty(
                    id=standing.duty.id,
                    agency=standing.agency,
                    name=registry.agency(standing.agency).name,
                    system=standing.duty.system,
                    system_name=registry.system(standing.duty.system).name,
                    deliverable=standing.duty.deliverable,
                    text=standing.duty.text,
                    period=standing.duty.period,
                    what=duty_name(registry, standing),
                    former=_former(registry, standing),
                    due_before=standing.duty.due_before,
                    last_day=standing.last_day,
                    status=standing.status,
                    working_days_late=days_late(standing, calendar, today),
                    received_on=came_on(standing),
                    faults=cells.get(submission(standing) or 0, 0),
                    paused=standing.paused is not None,
                    letters_sent=chased.count if chased else 0,
                    answer_by=until if until and until >= today else None,
                )
            )
    return tuple(sorted(made, key=lambda row: (-row.working_days_late, registry.agency(row.agency).order, row.id)))


def _former(registry: Registry, standing: Standing) -> str:
    """Whose a duty was before agencies were rearranged; empty while it still is."""
    return "" if standing.agency == standing.duty.agency else registry.agency(standing.duty.agency).name


def agencies(
    letter: Directive,
    late: Iterable[LateDuty],
    today: date,
    sent: Mapping[str, Chases],
    said: Mapping[str, AgencyWord],
) -> tuple[LateAgency, ...]:
    """One row an agency: the longest late first, then in the order of the agencies."""
    its: dict[str, list[LateDuty]] = defaultdict(list)
    for duty in late:
        its[duty.agency].append(duty)
    made = []
    for agency, mine in its.items():
        chased, word = sent.get(agency), said.get(agency)
        still = [day for day in (chased and chased.answer_by, word and word.until) if day and day >= today]
        made.append(
            LateAgency(
                agency=agency,
                name=letter.registry.agency(agency).name,
                kind=letter.registry.agency(agency).kind,
                duties=tuple(mine),
                letters_sent=chased.count if chased else 0,
                chased=chased.newest if chased else None,
                answer_by=max(still, default=None),
                word=word,
            )
        )
    order = {a.id: a.order for a in letter.registry.agencies}
    return tuple(sorted(made, key=lambda row: (-row.days, order.get(row.agency, 0), row.agency)))
