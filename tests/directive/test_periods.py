"""Duties that come back: each period is an obligation of its own, and what arrives meets the oldest that is open."""

import cProfile
from datetime import date, datetime
from typing import Any

import pytest

from dondoc.clock import end_of
from dondoc.directive.periods import Periodic
from dondoc.facts.obligations import as_row, standings
from dondoc.facts.read import Facts, Paper, Received
from dondoc.store.facts import Ruling
from dondoc.workdays import WorkingDays
from tests.conftest import at
from tests.directive.letters import directive, group

AGENCY = "so-nnptnt"
MONTHLY = {"first": "2021-12", "last": "2022-03", "before_day": 25}
LETTER = directive(group("reservoir/focal_letter", AGENCY, periodic=MONTHLY))
DONE = frozenset({f"{LETTER.id}:reservoir/focal_letter"})


def paper(moment: datetime, fulfils: frozenset[str] = DONE) -> Paper:
    return Paper(AGENCY, fulfils, "12/SNN", moment.date(), moment)


def waived(moment: datetime, period: str | None) -> Ruling:
    about: dict[str, Any] = {"agency": AGENCY, "system": "reservoir", "deliverable": "focal_letter", "period": period}
    return Ruling(kind="waive", document="CV 1", reason="thử", by="Lê A", happened_at=moment, **about)


def statuses(calendar: WorkingDays, day: date, facts: Facts) -> dict[str | None, str]:
    return {s.duty.period: s.status for s in standings((LETTER,), calendar, facts, end_of(day))}


@pytest.mark.parametrize(
    ("said", "periods"),
    [
        (
            {"first": "2021-11", "last": "2022-02", "before_day": 25},
            {"2021-11": "2021-11-25", "2021-12": "2021-12-25", "2022-01": "2022-01-25", "2022-02": "2022-02-25"},
        ),
        ({"first": "2022-01", "last": "2022-02", "before_day": 31}, {"2022-01": "2022-01-31", "2022-02": "2022-02-28"}),
        ({"first": "2024-02", "last": "2024-02", "before_day": 30}, {"2024-02": "2024-02-29"}),
        (
            {"first": "2021-11", "last": "2022-06", "before_day": 1, "months": 3},
            {"2021-11": "2021-11-01", "2022-02": "2022-02-01", "2022-05": "2022-05-01"},
        ),
    ],
)
def test_each_month_has_its_day_and_a_shorter_one_its_last(said: dict[str, Any], periods: dict[str, str]) -> None:
    assert {name: f"{day}" for name, day in Periodic.model_validate(said).periods()} == periods


def test_each_period_is_an_obligation_of_its_own_up_to_the_last(calendar: WorkingDays) -> None:
    rows = [as_row(s) for s in standings((LETTER,), calendar, Facts(), end_of(date(2022, 1, 26)))]
    assert [(r["id"], r["period"], r["last_day"], r["status"]) for r in rows] == [
        ("stttt-2021-12:reservoir/focal_letter@2021-12", "2021-12", "2021-12-24", "overdue"),
        ("stttt-2021-12:reservoir/focal_letter@2022-01", "2022-01", "2022-01-24", "overdue"),
        ("stttt-2021-12:reservoir/focal_letter@2022-02", "2022-02", "2022-02-24", "not_due"),
        ("stttt-2021-12:reservoir/focal_letter@2022-03", "2022-03", "2022-03-24", "not_due"),
    ]


def test_what_arrives_meets_the_oldest_open_period_that_has_begun(calendar: WorkingDays) -> None:
    first, second = paper(at(20, month=12)), paper(at(21, month=12))
    december = {"2021-12": "fulfilled", "2022-01": "not_due", "2022-02": "not_due", "2022-03": "not_due"}
    assert statuses(calendar, date(2021, 12, 30), Facts(papers=(first, second))) == december, "the next has not begun"

    late = paper(at(10, month=1, year=2022))
    missed = Facts(papers=(late,))
    assert statuses(calendar, date(2022, 1, 30), missed) == december | {
        "2021-12": "fulfilled_late",
        "2022-01": "overdue",
    }
    both = Facts(papers=(late, paper(at(11, month=1, year=2022))))
    assert statuses(calendar, date(2022, 1, 30), both) == december | {
        "2021-12": "fulfilled_late",
        "2022-01": "fulfilled",
    }


@pytest.mark.parametrize("day", [20, 26])
def test_a_paper_that_names_its_period_meets_that_and_no_other(calendar: WorkingDays, day: int) -> None:
    named = paper(at(day, month=12), frozenset({f"{LETTER.id}:reservoir/focal_letter@2022-01"}))
    found = statuses(calendar, date(2021, 12, 30), Facts(papers=(named,)))
    assert (found["2021-12"], found["2022-01"]) == ("overdue", "fulfilled")


def test_a_waived_period_takes_nothing_that_comes_later(calendar: WorkingDays) -> None:
    facts = Facts(papers=(paper(at(10, month=1, year=2022)),), rulings=(waived(at(27, month=12), "2021-12"),))
    found = statuses(calendar, date(2022, 1, 30), facts)
    assert (found["2021-12"], found["2022-01"]) == ("waived", "fulfilled")


def test_what_met_a_period_before_everything_was_waived_still_meets_it(calendar: WorkingDays) -> None:
    facts = Facts(papers=(paper(at(20, month=12)),), rulings=(waived(at(27, month=12), None),))
    assert [*statuses(calendar, date(2022, 1, 30), facts).values()] == ["fulfilled", "waived", "waived", "waived"]


def test_a_form_that_was_returned_or_waits_for_us_touches_only_the_period_for_which_it_came(
    calendar: WorkingDays,
) -> None:
    letter = directive(group("reservoir/form_01", AGENCY, periodic=MONTHLY))

    def of(day: date, *sent: tuple[datetime, str]) -> list[str]:
        rows = (Received(n, AGENCY, "form_01", frozenset(), how, None, when) for n, (when, how) in enumerate(sent))
        return [s.status for s in standings((letter,), calendar, Facts(submissions=tuple(rows)), end_of(day))]

    returned, again = (at(10, month=12), "returned"), (at(15, month=12), "accepted")
    assert of(date(2021, 12, 12), returned) == ["returned", "not_due", "not_due", "not_due"]
    assert of(date(2022, 1, 26), returned, again) == ["fulfilled", "overdue", "not_due", "not_due"]
    waits = (at(5, month=1, year=2022), "waiting")
    assert of(date(2022, 1, 26), again, waits) == ["fulfilled", "under_review", "not_due", "not_due"]
    assert of(date(2022, 1, 26), waits) == ["under_review", "overdue", "not_due", "not_due"]


def test_what_a_duty_costs_grows_with_its_periods_and_no_faster(calendar: WorkingDays) -> None:
    """Ten years of months for every agency were minutes at every look, and the page of a draft looks forty times."""

    def calls(last: str) -> int:
        many = directive(group("reservoir/focal_letter", AGENCY, periodic=MONTHLY | {"last": last}))
        watch = cProfile.Profile()
        watch.runcall(standings, (many,), calendar, Facts(), end_of(date(2022, 1, 26)))
        return sum(entry.callcount for entry in watch.getstats())

    calls("2022-11")  # what is read once is read
    assert calls("2025-11") < 2.5 * calls("2023-11")  # twice as many months
