"""What an approver is asked: a line for each decision, by agency, with how late it is and why."""

from datetime import date
from typing import Any

import pytest

from dondoc import approval
from dondoc.configuration.settings import DATA
from dondoc.directive.load import load_registry
from dondoc.directive.model import Registry
from dondoc.staff import to_approve
from dondoc.staff.to_approve import Entry, entries
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind
from dondoc.workdays import WorkingDays
from tests.conftest import at
from tests.escalation.conftest import Office

CAN_LOC, DUC_THO = "ubnd-huyen-can-loc", "ubnd-huyen-duc-tho"
TODAY = date(2021, 11, 30)  # Tuesday


def row(number: int, agency: str | None, decision: int | None = None, **context: Any) -> OutboxLetter:
    kind = LetterKind.REPORT if "report" in context else LetterKind.OVERDUE
    values = {"kind": kind, "subject": "S", "reason": "vì", "decided_at": at(25), "not_after": at(29, 17)}
    return OutboxLetter(
        id=number, agency=agency, decision_id=decision, context={"title": "bậc hai"} | context, **values
    )


def asked(*rows: OutboxLetter, registry: Registry, calendar: WorkingDays) -> list[Entry]:
    return entries(rows, {one.id: f"người {one.id}" for one in rows}, registry, calendar, TODAY)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(DATA)


DUTY, OLDER = ["x/tourism/form_03", "2021-11-19"], ["x/tourism/focal_letter", "2021-11-18"]
# what waits → about whom, how late, with which letters
CASES = {
    "the letters of a decision are one line": (
        [row(1, CAN_LOC, 7, duties=[DUTY]), row(2, CAN_LOC, 7, duties=[DUTY])],
        [("UBND huyện Can Lộc", 7, (1, 2))],
    ),
    "agencies in administrative order, our own people last": (
        [row(1, None, 7, agencies={CAN_LOC: {"duties": [DUTY]}}), row(2, CAN_LOC, 8), row(3, DUC_THO, 9)],
        [("UBND huyện Đức Thọ", 0, (3,)), ("UBND huyện Can Lộc", 0, (2,)), ("Lãnh đạo Sở", 7, (1,))],
    ),
    "as late as the oldest of its ground, not of what is only listed": (
        [row(1, CAN_LOC, 7, duties=[DUTY, OLDER], others=[["x/y/z", "2021-10-01"]])],
        [("UBND huyện Can Lộc", 8, (1,))],
    ),
    "what is due yet is not late": (
        [row(1, CAN_LOC, 7, duties=[["x", "2021-12-03"]])],
        [("UBND huyện Can Lộc", 0, (1,))],
    ),
    "what belongs to no decision stands by itself": (
        [row(1, "ubnd-tinh", report=3), row(2, "ubnd-tinh", report=3)],
        [("UBND tỉnh Hà Tĩnh", 0, (1,)), ("UBND tỉnh Hà Tĩnh", 0, (2,))],
    ),
    "nothing": ([], []),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_asked(name: str, registry: Registry, calendar: WorkingDays) -> None:
    rows, expected = CASES[name]
    found = asked(*rows, registry=registry, calendar=calendar)
    assert [(one.about, one.late, one.letters) for one in found] == expected


def test_a_line_says_who_reads_it_why_since_when_and_until_when(registry: Registry, calendar: WorkingDays) -> None:
    rows = [row(1, CAN_LOC, 7, duties=[DUTY]), row(2, CAN_LOC, 7, duties=[DUTY])]
    [one] = asked(*rows, registry=registry, calendar=calendar)
    assert (one.to, one.reason, one.since, one.until) == (
        {1: "người 1", 2: "người 2"},
        "vì",
        date(2021, 11, 25),
        at(29, 17),
    )
    assert (one.key, one.called) == ("TH-00001", "UBND huyện Can Lộc: bậc hai, chậm 07 ngày làm việc")


def test_what_is_not_true_any_more_is_cancelled_with_its_reason_and_nobody_is_asked_about_it(
    post_office: Office,
) -> None:
    office = post_office
    office.know(("so-tttt", "approver", "duyet@so.test"))
    office.decide(agencies=[CAN_LOC, DUC_THO])
    office.deliver()
    office.go(date(2021, 11, 25))
    office.see()
    office.decide(agencies=[CAN_LOC, DUC_THO])
    office.go(date(2021, 11, 25), 10)
    office.arrives(DUC_THO, "form_03")
    office.go(date(2021, 11, 26))
    with office.app.sessions.begin() as session:
        gone = {row.agency: row.reason for row in approval.lapse(office.app, session, office.now)}
        assert approval.lapse(office.app, session, office.now) == []
        [asked] = to_approve.waiting(office.app, session, office.now)
    assert asked.agency == CAN_LOC
    assert [*gone] == [DUC_THO]
    assert gone[DUC_THO].startswith("không còn đúng: Biểu mẫu 03")
    assert office.decide(agencies=[DUC_THO])[0]["obligations"] == ["public_admin_centre/focal_letter"], "decided anew"
