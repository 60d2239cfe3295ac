"""`escalate_overdue_agencies` and `weekly_status_report`, run to their ends."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from dondoc import audit, clock
from dondoc.configuration.context import AppContext
from dondoc.demo.mailserver import MailServer
from dondoc.orchestration import accounts, approving, escalating, limits
from dondoc.staff import alerts as causes
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Decision, Report
from dondoc.store.trust import Alert
from tests.decisions import decided
from tests.directive.letters import NOVEMBER_2021, SHIPPED, file, group, written
from tests.escalation.conftest import Office
from tests.orchestration.conftest import OPS

pytestmark = pytest.mark.slow

HEAD = "van-phong@ioc.test"


def letters(app: AppContext, kind: str) -> list[OutboxLetter]:
    with app.sessions.begin() as session:
        return list(session.scalars(select(OutboxLetter).where(OutboxLetter.kind == kind)))


def test_who_is_late_is_decided_with_a_reason_and_a_letter(
    peopled: AppContext, play: Callable[..., dict[str, str]]
) -> None:
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


def test_a_dry_run_records_nothing(peopled: AppContext, play: Callable[..., dict[str, str]]) -> None:
    play("gather_survey_submissions")
    assert play("escalate_overdue_agencies", as_of="2021-11-22", dry_run=True)[""] == "success"
    assert letters(peopled, "overdue") == []


def test_without_a_look_at_the_sources_every_chasing_letter_is_held(
    peopled: AppContext, play: Callable[..., dict[str, str]]
) -> None:
    assert play("escalate_overdue_agencies", as_of="2021-11-22")[""] == "success"
    assert {row.state for row in letters(peopled, "overdue")} == {"held"}


def test_a_report_is_drawn_up_and_waits_for_approval(peopled: AppContext, play: Callable[..., dict[str, str]]) -> None:
    states = play("weekly_status_report", as_of="2021-11-18")
    assert (states["draw_up"], states["anything_to_approve"]) == ("success", "success")
    (letter,) = letters(peopled, "report")
    assert (letter.recipient, letter.state, letter.needs_approval) == (HEAD, "held", True)
    (told,) = [row for row in letters(peopled, "internal") if "chờ duyệt" in row.subject]
    assert "- Báo cáo tuần: 01 thư về 01 đơn vị" in told.text
    with peopled.sessions.begin() as session:
        (report,) = session.scalars(select(Report))
    assert report.as_of.astimezone(clock.HERE).isoformat() == "2021-11-18T17:00:00+07:00"
    files = {path.name for path in Path(report.folder).iterdir()}
    assert {"report.docx", "report.xlsx", "report.html", "figures.json"} <= files


def test_one_report_that_fails_stops_no_other_and_makes_its_map_index_and_the_run_red(
    peopled: AppContext, play: Callable[..., dict[str, str]], environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    second = file(group("tourism/focal_letter", "ubnd-thi-xa-hong-linh", due_before="2021-11-20"))
    environment.setenv("DONDOC_DIRECTIVE", f"{SHIPPED},{written(tmp_path / 'b.yaml', second)}")
    blocked = peopled.settings.home / "reports" / "2021-11-18" / NOVEMBER_2021.id
    blocked.parent.mkdir(parents=True)
    blocked.write_text("a file in the place of the first report's folder")
    states = play("weekly_status_report", as_of="2021-11-18")
    assert (states["draw_up"], states["approve"], states[""]) == ("failed success", "upstream_failed success", "failed")
    assert [row.directives for row in letters(peopled, "report")] == [[second.id]]
    with peopled.sessions.reading() as session:
        [asked] = audit.events(session, act=approving.ASK)
    assert asked.subject.endswith("/1"), "the question of its own map index"
    assert asked.details["letters"] == [row.id for row in letters(peopled, "report")]
    with peopled.sessions.reading() as session:
        [failed] = [one for one in causes.open_alerts(session) if one.cause.startswith("weekly_status_report.draw_up/")]
    [told] = [row for row in letters(peopled, "internal") if "weekly_status_report.draw_up" in row.subject]
    assert "/tasks/draw_up/mapped/0\n" in told.text
    blocked.unlink()
    assert play("weekly_status_report", as_of="2021-11-18", dry_run=True)["release"] == "skipped skipped"
    with peopled.sessions.reading() as session:
        assert session.get_one(Alert, failed.id).over_at


def test_a_report_never_speaks_of_hours_to_come(peopled: AppContext, play: Callable[..., dict[str, str]]) -> None:
    play("weekly_status_report", as_of="2021-11-22")  # it is 08:00 of that day
    with peopled.sessions.begin() as session:
        (report,) = session.scalars(select(Report))
    assert f"{report.as_of.astimezone(clock.HERE):%d/%m/%Y %H}" == "22/11/2021 08"


def test_a_run_whose_question_was_never_answered_releases_nothing_and_is_red(
    peopled: AppContext, play: Callable[..., dict[str, str]]
) -> None:
    """`play` sets `approve` to success by hand, as anybody may who can edit a DAG."""
    states = play("weekly_status_report", as_of="2021-11-18")
    assert (states["approve"], states["release"], states[""]) == ("success", "failed", "failed")
    assert {row.state for row in letters(peopled, "report")} == {"held"}
    with peopled.sessions.reading() as session:
        [refused] = audit.events(session, act=approving.REFUSE)
        [asked] = audit.events(session, act=approving.ASK)
    assert "không có ai trả lời" in refused.details["why"]
    assert asked.details["letters"] == [row.id for row in letters(peopled, "report")]
    told = [row for row in letters(peopled, "internal") if "Không chấp nhận" in row.subject]
    assert [row.recipient for row in told] == [OPS]
    assert refused.subject in told[0].text


def test_a_request_left_alone_for_five_mornings_is_one_request_and_no_letter_leaves(
    desk: AppContext, mail: MailServer, environment: pytest.MonkeyPatch
) -> None:
    """Its letters die after two working days and are decided anew; what was asked before needs no answer any more."""
    office, late = Office(desk, mail), "ubnd-huyen-can-loc"
    office.know((late, "focal_officer", "dau-moi@x.test"), (late, "clerk", "vt@x.test"), ("so-tttt", "approver", OPS))
    office.see("folder")
    office.decide(agencies=[late])
    office.go(date(2021, 11, 23), 8)
    office.deliver()
    before = {letter.id for letter in letters(desk, "overdue")}

    def run(day: date) -> dict[str, Any]:
        it = SimpleNamespace(dag_id="d", run_id=f"{day}", run_after=clock.at(day, 7, 30), run_type="scheduled", conf={})
        known: dict[str, Any] = {"as_of": None, "dry_run": False, "agencies": [late]}
        dag, ti = SimpleNamespace(params=known), SimpleNamespace(map_index=-1)
        return {"dag_run": it, "params": known, "dag": dag, "ti": ti}

    mornings = [date(2021, 11, 25), date(2021, 11, 26), date(2021, 11, 29), date(2021, 11, 30), date(2021, 12, 1)]
    environment.delenv("DONDOC_CLOCK")
    asked = []
    for day in mornings:
        environment.setattr(clock, "now", lambda day=day: clock.at(day, 7, 31))
        office.go(day)
        office.see()
        asked.append(escalating.decide(run(day))["to_approve"])
        assert approving.choices([int(one) for one in asked[-1]]) == {}, "one decision: nothing to tick"
    assert asked[0] == asked[1] == asked[2] != asked[3] == asked[4]
    over = [approving.over(run(day), limits.APPROVAL) for day in mornings]
    assert [why is None for why in over] == [False, False, False, False, True]
    assert over[3] == "được hỏi lại trong d/2021-12-01"
    rest = [letter for letter in letters(desk, "overdue") if letter.id not in before]
    assert len(rest) == 4, "decided anew once"
    assert all(letter.sent_at is None for letter in rest)


def test_what_an_approver_reads_in_airflow_has_role_agency_and_page_but_no_address(
    peopled: AppContext, play: Callable[..., dict[str, str]]
) -> None:
    play("weekly_status_report", as_of="2021-11-18")
    [row] = letters(peopled, "report")
    pages = "http://127.0.0.1:8080/dondoc"
    report = f"{pages}/reports/{row.context['report']}"
    assert approving.letters([row.id]) == (
        f"- [TH-{row.id:05}]({pages}/letters/{row.id}) gửi lãnh đạo UBND tỉnh Hà Tĩnh: {row.subject} "
        f"([báo cáo]({report}), [dự thảo]({report}/report.docx))"
    )
    together = decided(peopled, clock.now())
    numbers = ", ".join(f"TH-{one:05}" for one in together)
    [line] = approving.letters(together).splitlines()
    assert line.startswith(f"- [{numbers}](http://127.0.0.1:8080/dondoc/letters/{together[0]}) gửi "), "one decision"


@pytest.mark.parametrize(
    ("manager", "called"),
    [
        ("airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager", "id"),
        ("airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager", "name"),
        ("airflow.providers.keycloak.auth_manager.keycloak_auth_manager.KeycloakAuthManager", "id"),
    ],
)
def test_a_login_is_what_nobody_else_can_be_called(monkeypatch: pytest.MonkeyPatch, manager: str, called: str) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", manager)
    assert accounts.login("id", "name") == called
