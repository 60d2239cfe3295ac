"""Several letters at once: what a letter that repeats another takes over, and what each obligation is called."""

from datetime import date, datetime
from typing import Any

from dondoc.clock import end_of
from dondoc.directive.model import Directive
from dondoc.facts.obligations import short_names, standings
from dondoc.facts.read import Facts, Paper, Received
from dondoc.store.facts import Ruling
from dondoc.workdays import WorkingDays
from tests.conftest import at
from tests.directive.letters import directive, group

DUC_THO, FORM = "ubnd-huyen-duc-tho", "tourism/form_03"
FIRST = directive(group(FORM, DUC_THO, due_before="2021-11-10"), id="a", day="2021-11-01", number="1/STTTT")
DUE = group(FORM, DUC_THO, due_before="2021-12-01")
NEW, REPEATS = directive(DUE, id="b"), directive(DUE, id="b", follows="a")
ANEW = directive(DUE, id="b", follows="a", again=True)


def form(moment: datetime, outcome: str = "accepted") -> Received:
    return Received(1, DUC_THO, "form_03", frozenset(), outcome, None, moment)


def of_both(calendar: WorkingDays, second: Directive, facts: Facts, *first: Directive) -> list[str]:
    return [s.status for s in standings((*first, second), calendar, facts, end_of(date(2021, 11, 22)))]


def test_what_came_before_a_letter_was_signed_counts_only_when_it_follows_and_does_not_say_again(
    calendar: WorkingDays,
) -> None:
    early = Facts(submissions=(form(at(8)),))
    assert of_both(calendar, NEW, early, FIRST) == ["fulfilled", "not_due"]
    assert of_both(calendar, REPEATS, early, FIRST) == ["fulfilled", "fulfilled"]
    assert of_both(calendar, REPEATS, early) == ["fulfilled"], "also when the first is closed"
    assert of_both(calendar, ANEW, early, FIRST) == ["fulfilled", "not_due"]


def test_a_paper_that_was_registered_for_the_first_letter_meets_the_one_that_follows(calendar: WorkingDays) -> None:
    papers = Facts(papers=(Paper(DUC_THO, frozenset({f"a:{FORM}"}), "5/UBND", date(2021, 11, 8), at(8)),))
    assert of_both(calendar, REPEATS, papers, FIRST) == ["fulfilled", "fulfilled"]
    assert of_both(calendar, ANEW, papers, FIRST) == ["fulfilled", "not_due"]
    assert of_both(calendar, NEW, papers, FIRST) == ["fulfilled", "not_due"]


def test_what_came_before_even_the_first_letter_that_asked_meets_neither(calendar: WorkingDays) -> None:
    assert of_both(calendar, REPEATS, Facts(submissions=(form(at(29, month=10)),)), FIRST) == ["overdue", "not_due"]
    third = directive(DUE, id="c", day="2021-11-18", follows="b")
    before_again = Facts(submissions=(form(at(8)),))
    assert of_both(calendar, third, before_again, FIRST, ANEW) == ["fulfilled", "not_due", "not_due"]


def test_one_form_meets_what_several_letters_ask(calendar: WorkingDays) -> None:
    facts = Facts(submissions=(form(at(17)),))
    assert of_both(calendar, ANEW, facts, FIRST) == ["fulfilled_late", "fulfilled"]


def test_what_was_returned_or_ruled_before_a_letter_asked_says_nothing_of_it(calendar: WorkingDays) -> None:
    assert of_both(calendar, NEW, Facts(submissions=(form(at(8), "returned"),)), FIRST) == ["returned", "not_due"]

    def ruled(kind: str, **said: Any) -> Facts:
        words = {"document": "CV 1", "reason": "thử", "by": "Lê A", "happened_at": at(8)}
        return Facts(rulings=(Ruling(kind=kind, agency=DUC_THO, **words, **said),))

    for kind in ("waive", "accept"):
        status = {"waive": "waived", "accept": "fulfilled"}[kind]
        assert of_both(calendar, NEW, ruled(kind), FIRST) == [status, "not_due"]
        assert of_both(calendar, REPEATS, ruled(kind), FIRST) == [status, status]
    assert of_both(calendar, REPEATS, ruled("accept", directive="a"), FIRST) == ["fulfilled", "fulfilled"]
    assert of_both(calendar, REPEATS, ruled("waive", directive="a"), FIRST) == ["waived", "not_due"], "of that letter"
    paused = standings((FIRST, NEW), calendar, ruled("pause"), end_of(date(2021, 11, 22)))
    assert all(s.paused for s in paused), "a storm is one for every letter"


def test_an_obligation_is_called_without_its_letter_unless_two_letters_ask_for_it(calendar: WorkingDays) -> None:
    def names(*letters: Directive) -> list[str]:
        found = standings(letters, calendar, Facts(), end_of(date(2021, 11, 22)))
        return [short_names(found)[s.duty.id] for s in found]

    other = directive(group("tourism/focal_letter", DUC_THO, due_before="2021-12-01"), id="c")
    assert names(FIRST, other) == [FORM, "tourism/focal_letter"]
    assert names(FIRST, NEW, other) == [f"a:{FORM}", f"b:{FORM}", "tourism/focal_letter"]
