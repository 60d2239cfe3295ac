"""Where the duties of a letter stand, in columns that exclude each other and add up."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from dondoc.directive.model import Registry
from dondoc.facts.obligations import Standing
from dondoc.facts.words import name as duty_name
from dondoc.reporting.figures.model import Agencies, DutyRow, Progress, SystemProgress
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.obligations import DONE, Status
from dondoc.vocabulary.reports import DutyColumn
from dondoc.workdays import WorkingDays

COLUMN = {
    Status.FULFILLED: DutyColumn.ON_TIME,
    Status.FULFILLED_LATE: DutyColumn.DONE_LATE,
    Status.UNDER_REVIEW: DutyColumn.UNDER_REVIEW,
    Status.NEEDS_REASSIGNMENT: DutyColumn.UNDER_REVIEW,  # it is our turn as well: nobody else can say who answers
    Status.RETURNED: DutyColumn.RETURNED,
    Status.OVERDUE: DutyColumn.OVERDUE,
    Status.NOT_DUE: DutyColumn.NOT_DUE,
}


def came_on(standing: Standing) -> date | None:
    """When it came: what met it, what was returned, or what waits for us."""
    if standing.received_at:
        return standing.received_at.date()
    arrived = standing.reasons[0].params.get("arrived")
    return arrived if isinstance(arrived, date) else None


def submission(standing: Standing) -> int | None:
    """The number of what was returned, or waits for us."""
    number = standing.reasons[0].params.get("submission")
    return BN.read(number) if number else None


def is_late(standing: Standing, today: date) -> bool:
    """Whether its agency is late with it: nothing came, or came too late and waits for us, or was returned and its
    last day is over. What came in time and waits for us is our backlog, not the agency's delay."""
    if standing.last_day is None or standing.last_day >= today:
        return False
    if standing.status == Status.UNDER_REVIEW:
        came = came_on(standing)
        return came is None or came > standing.last_day
    return standing.status in (Status.OVERDUE, Status.RETURNED)


def days_late(standing: Standing, calendar: WorkingDays, today: date) -> int:
    """Working days after the last day: of what is late until today, of what was done late until it came."""
    if is_late(standing, today) and standing.last_day:
        return calendar.between(standing.last_day, today)
    return standing.working_days_late


def progress(standings: Sequence[Standing], today: date) -> Progress:
    return Progress(**_counted(standings, today))


def _counted(standings: Sequence[Standing], today: date) -> dict[str, Any]:
    owed = [standing for standing in standings if standing.status != Status.WAIVED]
    columns = Counter(COLUMN[standing.status] for standing in owed)
    due = [standing for standing in owed if standing.last_day and standing.last_day < today]
    return {
        **{str(column): columns[column] for column in DutyColumn},
        "owed": len(owed),
        "waived": len(standings) - len(owed),
        "reassign": sum(standing.status == Status.NEEDS_REASSIGNMENT for standing in owed),
        "due": len(due),
        "due_done": sum(standing.status in DONE for standing in due),
        "late": sum(is_late(standing, today) for standing in due),
    }


def by_system(registry: Registry, standings: Iterable[Standing], today: date) -> tuple[SystemProgress, ...]:
    """In the order of the letter's sections; only systems of which something is asked."""
    its: dict[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        its[standing.duty.system].append(standing)
    return tuple(
        SystemProgress(system=system.id, name=system.name, **_counted(its[system.id], today))
        for system in sorted(registry.systems, key=lambda one: one.section)
        if system.id in its
    )


def agencies(standings: Iterable[Standing], today: date) -> Agencies:
    its: dict[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        if standing.status != Status.WAIVED:
            its[standing.agency].append(standing)
    return Agencies(
        asked=len(its),
        done=sum(all(one.status in DONE for one in mine) for mine in its.values()),
        late=sum(any(is_late(one, today) for one in mine) for mine in its.values()),
    )


def rows(registry: Registry, standings: Iterable[Standing], calendar: WorkingDays, today: date) -> tuple[DutyRow, ...]:
    """What stands behind the numbers, in the order of the agencies."""
    order = {agency.id: agency.order for agency in registry.agencies}
    made = (
        DutyRow(
            id=standing.duty.id,
            agency=standing.agency,
            name=registry.agency(standing.agency).name,
            system=standing.duty.system,
            system_name=registry.system(standing.duty.system).name,
            deliverable=standing.duty.deliverable,
            period=standing.duty.period,
            what=duty_name(registry, standing),
            due_before=standing.duty.due_before,
            last_day=standing.last_day,
            column=COLUMN.get(standing.status),
            status=standing.status,
            working_days_late=days_late(standing, calendar, today),
            received_on=came_on(standing),
            reason=standing.reason,
        )
        for standing in standings
        if standing.duty.due_before and standing.last_day
    )
    return tuple(sorted(made, key=lambda row: (order.get(row.agency, 0), row.agency, row.due_before, row.id)))
