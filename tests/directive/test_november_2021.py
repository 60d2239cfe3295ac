"""The letter of November 2021 as data."""

from collections import Counter
from datetime import date

import pytest

from dondoc.directive.model import Directive
from dondoc.directive.succession import Succession, responsible
from dondoc.vocabulary.reasons import said

NOT_CONNECTED = {
    "ubnd-huyen-ky-anh",
    "ubnd-thi-xa-ky-anh",
    "ubnd-huyen-cam-xuyen",
    "ubnd-huyen-duc-tho",
    "ubnd-huyen-huong-khe",
    "ubnd-huyen-vu-quang",
    "ubnd-huyen-nghi-xuan",
    "ubnd-huyen-loc-ha",
    "ubnd-huyen-thach-ha",
}


def test_seventeen_agencies_owe_thirty_dated_obligations(directive: Directive) -> None:
    owed = directive.obligations
    assert len(owed) == 30
    assert len({d.agency for d in owed}) == 17
    assert Counter(d.due_before for d in owed) == {date(2021, 11, 19): 9, date(2021, 11, 20): 21}
    assert Counter(d.deliverable for d in owed) == {
        "focal_letter": 13,
        "form_01": 1,
        "form_02": 1,
        "form_03": 13,
        "form_04": 2,
    }


def test_each_system_asks_what_the_letter_asks(directive: Directive) -> None:
    assert Counter(d.short for d in directive.obligations) == {
        "public_admin_centre/focal_letter": 9,
        "security_traffic/focal_letter": 1,
        "security_traffic/form_02": 1,
        "tourism/form_03": 13,
        "port_border/focal_letter": 2,
        "port_border/form_04": 2,
        "reservoir/focal_letter": 1,
        "reservoir/form_01": 1,
    }
    first = {d.agency for d in directive.obligations if d.system == "public_admin_centre"}
    assert first == NOT_CONNECTED
    assert {d.due_before for d in directive.obligations if d.agency in first and d.deliverable == "focal_letter"} == {
        date(2021, 11, 19)
    }
    assert [s.form for s in sorted(directive.registry.systems, key=lambda s: s.section) if s.cameras] == [
        None,
        "form_02",
        "form_03",
        "form_04",
        "form_01",
    ]


def test_thirteen_agencies_owe_two_things_and_four_owe_one(directive: Directive) -> None:
    each = Counter(d.agency for d in directive.obligations)
    assert Counter(each.values()) == {2: 13, 1: 4}
    assert {a for a, count in each.items() if count == 1} == {
        "ubnd-thanh-pho-ha-tinh",
        "ubnd-thi-xa-hong-linh",
        "ubnd-huyen-huong-son",
        "ubnd-huyen-can-loc",
    }


def test_what_has_no_date_is_a_milestone(directive: Directive) -> None:
    assert len(directive.milestones) == 14
    assert all(d.due_before is None and d.text for d in directive.milestones)
    assert {d.agency for d in directive.milestones if d.deliverable == "coordination"} == {"vien-thong-ha-tinh"}
    assert {d.agency for d in directive.milestones if d.system == "public_admin_centre"} == {
        *NOT_CONNECTED,
        "vien-thong-ha-tinh",
    }


def test_all_thirty_agencies_of_that_november_were_alive(directive: Directive) -> None:
    owing = {d.agency for d in (*directive.obligations, *directive.milestones)}
    day = date(2021, 11, 20)
    assert all(directive.registry.agency(a).alive(day) for a in (*owing, directive.issuer, directive.superior))
    assert not directive.registry.agency("so-khcn").alive(day)


@pytest.mark.parametrize(
    ("agency", "day", "heir"),
    [
        ("ubnd-huyen-loc-ha", date(2024, 12, 31), "ubnd-huyen-loc-ha"),
        ("ubnd-huyen-loc-ha", date(2025, 1, 1), "ubnd-huyen-thach-ha"),
        ("ubnd-huyen-loc-ha", date(2025, 7, 1), None),  # Thạch Hà, which had taken it over, was split up
        ("so-nnptnt", date(2025, 3, 1), "so-nnmt"),
        ("cuc-hai-quan-tinh", date(2025, 3, 1), "chi-cuc-hai-quan-xi"),
        ("so-tttt", date(2025, 3, 1), "so-khcn"),
        ("ubnd-huyen-duc-tho", date(2025, 6, 30), "ubnd-huyen-duc-tho"),
        ("ubnd-huyen-duc-tho", date(2025, 7, 1), None),
        ("cong-an-tinh", date(2026, 11, 24), "cong-an-tinh"),
    ],
)
def test_a_merger_is_followed_and_a_split_is_left_to_a_person(
    directive: Directive, agency: str, day: date, heir: str | None
) -> None:
    found, why = responsible(directive.registry, agency, day)
    assert found == heir
    assert bool(why) == (found != agency)
    if heir is None:
        assert why
        assert "cần người phân công lại" in said(why)
    elif why:
        assert why.code is Succession.MOVED
        assert directive.registry.agency(heir).name in said(why)


def test_the_ladder_asks_approval_for_whoever_is_above_the_clerk(directive: Directive) -> None:
    climbing, asking = ["remind_3", "remind_1", "overdue_1", "overdue_2", "report_up"], ["ask_again"]
    assert [s.id for s in directive.ladder] == climbing + asking
    assert [s.id for s in directive.ladder if s.repeat] == asking
    for step in directive.ladder:
        assert step.approval == bool({"head", "board"} & {*step.to, *step.also})
