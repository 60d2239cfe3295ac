"""What the sentences of an answer say, without a database."""

from datetime import date
from typing import Any

import pytest

from dondoc.clock import end_of
from dondoc.configuration.check.samples import ANSWER, DAY
from dondoc.configuration.settings import DATA
from dondoc.directive.model import Directive
from dondoc.facts.obligations import standings, without_later_periods
from dondoc.facts.read import Facts
from dondoc.intake.answers import words
from dondoc.mail.render import render
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.submissions import Outcome
from dondoc.workdays import WorkingDays
from tests.directive import letters

MONTHLY = {"first": "2021-12", "last": "2022-04", "before_day": 25}
REPORTS = letters.group("reservoir/focal_letter", "so-nnptnt", periodic=MONTHLY)
FORM = letters.group("reservoir/form_01", "so-nnptnt", due_before="2021-11-20")
NOTHING_COUNTED = "nên chưa tính là đã gửi nội dung nào"
SAMPLE = next(sample for sample in ANSWER.samples if len(sample["parts"]) == 1)


def said(directive: Directive, part: dict[str, Any], **given: Any) -> str:
    """Subject and text of an answer about one part."""
    one = SAMPLE["parts"][0] | part
    parts: dict[str, Any] = {"parts": [one], "counted": [one], "faulty": 0}
    given = {**SAMPLE, "kind": MailKind.SUBMISSION, **parts, **given}
    rendered = render(DATA, directive.registry, "answer", given, DAY)
    return f"{rendered.subject}\n{rendered.text}"


@pytest.mark.parametrize(("owed", "told"), [([("Biểu mẫu 03", "trước ngày 20/11/2021")], True), ([], False)])
def test_nothing_is_said_not_to_count_where_nothing_is_owed(
    directive: Directive, owed: list[tuple[str, str]], told: bool
) -> None:
    assert (NOTHING_COUNTED in said(directive, {}, kind=MailKind.REPLY, owed=owed)) is told


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.ACCEPTED_WITH_WARNINGS, Outcome.RETURNED])
@pytest.mark.parametrize("nil", [True, False])
def test_no_camera_is_never_counted(directive: Directive, outcome: Outcome, nil: bool) -> None:
    text = said(directive, {"outcome": outcome, "nil": nil, "cameras": 0, "places": []})
    assert "00 camera" not in text
    assert "12 camera" in said(directive, {"outcome": outcome})


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2021, 11, 22), ["trước ngày 20/11/2021 (đã quá hạn)", "trước ngày 25/12/2021"]),
        (
            date(2022, 1, 3),
            ["trước ngày 20/11/2021 (đã quá hạn)", "trước ngày 25/12/2021 (đã quá hạn)", "trước ngày 25/01/2022"],
        ),
    ],
)
def test_what_is_still_owed_is_what_is_overdue_and_what_is_due_next(
    calendar: WorkingDays, day: date, told: list[str]
) -> None:
    owed = standings((letters.directive(FORM, REPORTS),), calendar, Facts(), end_of(day))
    left = [s for s in owed if s.status in words.OPEN and s.duty.deliverable in ("form_01", "focal_letter")]
    assert [words.due(one) for one in without_later_periods(left, day)] == told
