"""`escalate_overdue_agencies` and `weekly_status_report`, run to their ends."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from dondoc import clock
from dondoc.errors import Problem
from dondoc.facts import contacts
from dondoc.orchestration import approving
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Decision, Report
from dondoc.world import World

HEAD = "van-phong@ioc.test"


@pytest.fixture
def peopled(desk: World) -> World:
    rows = ["agency,role,name,email,phone", f"ubnd-tinh,head,Văn phòng,{HEAD},0239"]
    agencies = sorted({duty.agency for duty in desk.directive.obligations})
    rows += [f"{agency},focal_officer,Người {n},nguoi{n}@ioc.test,0912345678" for n, agency in enumerate(agencies)]
    with desk.sessions.begin() as session:
        contacts.import_csv(session, desk.directive, "\n".join(rows), "contacts.csv", clock.at(clock.now().date(), 0))
    return desk


def letters(world: World, kind: str) -> list[OutboxLetter]:
    with world.sessions.begin() as session:
        return list(session.scalars(select(OutboxLetter).where(OutboxLetter.kind == kind)))


def test_who_is_late_is_decided_with_a_reason_and_a_letter(peopled: World, play: Callable[..., dict[str, str]]) -> None:
    play("gather_survey_submissions")  # we are not blind
    states = play("escalate_overdue_agencies", as_of="2021-11-22")
    assert (states[""], states["decide"]) == ("success", "success")
    with peopled.sessions.begin() as session:
        decisions = list(session.scalars(select(Decision)))
    assert all(decision.reason for decision in decisions)
    late = letters(peopled, "overdue")
    assert len(late) == 9  # the centres' focal letters, due before the 19th
    assert {row.state for row in late} == {"pending"}
    play("escalate_overdue_agencies", as_of="2021-11-22")
    assert len(letters(peopled, "overdue")) == 9


def test_a_dry_run_records_nothing(peopled: World, play: Callable[..., dict[str, str]]) -> None:
    play("gather_survey_submissions")
    assert play("escalate_overdue_agencies", as_of="2021-11-22", dry_run=True)[""] == "success"
    assert letters(peopled, "overdue") == []


def test_without_a_look_at_the_sources_every_chasing_letter_is_held(
    peopled: World, play: Callable[..., dict[str, str]]
) -> None:
    assert play("escalate_overdue_agencies", as_of="2021-11-22")[""] == "success"
    assert {row.state for row in letters(peopled, "overdue")} == {"held"}


def test_a_report_is_drawn_up_and_waits_for_approval(peopled: World, play: Callable[..., dict[str, str]]) -> None:
    states = play("weekly_status_report", as_of="2021-11-18")
    assert (states["draw_up"], states["anything_to_approve"]) == ("success", "success")
    (letter,) = letters(peopled, "report")
    assert (letter.recipient, letter.state, letter.needs_approval) == (HEAD, "held", True)
    (told,) = letters(peopled, "internal")
    assert "- Báo cáo tuần: 01 thư về 01 đơn vị" in told.text
    with peopled.sessions.begin() as session:
        (report,) = session.scalars(select(Report))
    assert report.as_of.astimezone(clock.HERE).isoformat() == "2021-11-18T17:00:00+07:00"
    files = {path.name for path in Path(report.folder).iterdir()}
    assert {"report.docx", "report.xlsx", "report.html", "figures.json"} <= files


def test_a_report_never_speaks_of_hours_to_come(peopled: World, play: Callable[..., dict[str, str]]) -> None:
    play("weekly_status_report", as_of="2021-11-22")  # it is 08:00 of that day
    with peopled.sessions.begin() as session:
        (report,) = session.scalars(select(Report))
    assert f"{report.as_of.astimezone(clock.HERE):%d/%m/%Y %H}" == "22/11/2021 08"


def test_what_an_approver_answers_in_airflow_releases_the_letters(
    peopled: World, play: Callable[..., dict[str, str]]
) -> None:
    play("weekly_status_report", as_of="2021-11-18")
    held = [str(row.id) for row in letters(peopled, "report")]
    asked = approving.letters(held)  # what the approver reads first
    assert asked.startswith(f"- [TH-{int(held[0]):05}](http://127.0.0.1:8080/dondoc/letters/{held[0]}) gửi {HEAD}: [")
    left = approving.release(held, {"chosen_options": [approving.LEAVE], "responded_by_user": {"name": "duyet"}})
    assert left == {"approved": [], "by": None}
    with pytest.raises(Problem, match="Không rõ ai"):
        approving.release(held, {"chosen_options": [approving.APPROVE], "responded_by_user": None})
    assert letters(peopled, "report")[0].state == "held"
    answer = {"chosen_options": [approving.APPROVE], "responded_by_user": {"id": "2", "name": "duyet"}}
    assert approving.release(held, answer) == {"approved": held, "by": "duyet"}
    assert [(row.state, row.approved_by) for row in letters(peopled, "report")] == [("pending", "duyet")]
