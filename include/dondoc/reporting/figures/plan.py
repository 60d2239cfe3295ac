"""What we do next week, and what the superior is asked for: drawn from the figures by the rules of the letter. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from dondoc.directive.model import PROPOSALS, Directive, ProposalRule
from dondoc.facts.obligations import Standing
from dondoc.reporting.figures.duties import came_on
from dondoc.reporting.figures.model import Backlog, Cameras, LateAgency, Proposal, TaskLine
from dondoc.vocabulary.agencies import AgencyKind
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reports import Ask, Task
from dondoc.workdays import WorkingDays

REVIEW_DAYS = 2  # working days in which we look at what waits for us
CHASE_DAYS = 3  # working days that an agency gets whom no letter has given a day yet
COMING = 5  # working days ahead that count as soon due


def backlog(standings: Iterable[Standing], cameras: Cameras, calendar: WorkingDays, today: date) -> Backlog:
    ours = [s for s in standings if s.status in (Status.UNDER_REVIEW, Status.NEEDS_REASSIGNMENT)]
    came = [day for s in ours if (day := came_on(s))]
    return Backlog(
        duties=len(ours),
        oldest=min(came, default=None),
        by=calendar.add(today, REVIEW_DAYS) if ours else None,
        accounts=cameras.awaiting_account,
    )


def tasks(
    standings: Sequence[Standing],
    late: Sequence[LateAgency],
    ours: Backlog,
    cameras: Cameras,
    calendar: WorkingDays,
    today: date,
) -> tuple[TaskLine, ...]:
    """Only what there is to do; each with its day where it has one."""
    chased = [agency for agency in late if agency.its_turn]
    given = [agency for agency in chased if agency.answer_by]
    soon = calendar.add(today, COMING)
    coming = [s for s in standings if s.status == Status.NOT_DUE and s.last_day and s.last_day <= soon]
    reassign = sum(s.status == Status.NEEDS_REASSIGNMENT for s in standings)
    lines = (
        TaskLine(task=Task.REVIEW, count=ours.duties - reassign, by=ours.by),
        TaskLine(task=Task.REASSIGN, count=reassign, by=ours.by),
        TaskLine(task=Task.TALK, count=len(given), by=max((a.answer_by for a in given if a.answer_by), default=None)),
        TaskLine(task=Task.CHASE, count=len(chased) - len(given), by=calendar.add(today, CHASE_DAYS)),
        TaskLine(task=Task.REMIND, count=len(coming), by=min((s.last_day for s in coming if s.last_day), default=None)),
        TaskLine(task=Task.ACCOUNTS, count=cameras.awaiting_account),
        TaskLine(task=Task.CAMERAS, count=cameras.unchecked + cameras.no_answer + cameras.bad_picture),
    )
    return tuple(line for line in lines if line.count)


def proposals(
    letter: Directive, late: Iterable[LateAgency], calendar: WorkingDays, today: date
) -> tuple[Proposal, ...]:
    """Per rule: whom the superior is asked to write to or to remind, and whom we go on chasing; each with a date.

    Nobody is named whose turn it is not, and nobody is to be reminded who still has time: of a letter or a promise, or
    because we have not written to its head yet, where the ladder has that step.
    """
    rules, next_week = letter.weekly_report.proposals, (today + timedelta(days=7)).isocalendar().week
    to_head = any(Role.HEAD in step.to for step in letter.ladder)
    made: list[Proposal] = []
    ruled = {kind: rule for rule in (*reversed(PROPOSALS), *reversed(rules)) for kind in rule.kinds}
    mine = [agency for agency in late if agency.its_turn]
    for rule in dict.fromkeys(ruled.values()):
        its = [agency for agency in mine if ruled.get(agency.kind) == rule]
        asked = [agency for agency in its if _may_be_asked(rule, agency, today, to_head)]
        waits = [agency for agency in its if agency not in asked]
        asks_by, waits_by = calendar.add(today, rule.days), calendar.add(today, CHASE_DAYS)
        if asked:
            made.append(_proposal(rule.ask, asked, asks_by, next_week))
        if waits:
            until = max(agency.answer_by or waits_by for agency in waits)
            made.append(_proposal(Ask.KEEP_CHASING, waits, until, next_week))
    order = list(Ask)
    return tuple(sorted(made, key=lambda one: (order.index(one.ask), list(AgencyKind).index(one.kind))))


def _may_be_asked(rule: ProposalRule, agency: LateAgency, today: date, to_head: bool) -> bool:
    """`to_head`: the head is written to before anybody above hears of it. Where only the superior may write, a day that
    we gave changes nothing; the agency's own promise does.
    """
    if rule.ask is Ask.SUPERIOR_LETTER:
        return agency.word is None or agency.word.until is None or agency.word.until < today
    if agency.answer_by is not None:
        return False
    last = agency.chased
    return last is not None and last.to_head >= to_head and last.answer_by is not None and last.answer_by < today


def _proposal(ask: Ask, agencies: Sequence[LateAgency], by: date, week: int) -> Proposal:
    names = tuple(agency.name for agency in agencies)
    return Proposal(ask=ask, kind=agencies[0].kind, agencies=names, by=by, week=week)
