"""Approval in a real Airflow, under both auth managers, attacked by colleagues who may do much but not this."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dondoc import approval, audit, clock
from dondoc.demo.mailserver import MailServer
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.orchestration.approving import ANSWER, APPROVE, LEAVE, REFUSE
from dondoc.store.facts import Contact
from dondoc.store.mail import Approval, OutboxLetter
from tests.conftest import acting, approver
from tests.escalation.conftest import Office
from tests.orchestration.server import ESCALATE, Server, serve

pytestmark = [pytest.mark.whole_airflow, pytest.mark.timeout(900)]
LATE = ("ubnd-huyen-duc-tho", "ubnd-huyen-can-loc")
DAG = "weekly_status_report"
TODAY = date(2021, 11, 25)
HEAD = "van-phong@ubnd.test"
USERS = {
    "quantri": "admin",
    "ops": "op",
    "b.tran": "user",  # the approver: more than this Airflow need not let them
    "c.le": "op",  # an approver until yesterday
    "nguoidung": "user",
    "xem": "viewer",
}
# What happens in each run → its day; the genuine one last, because a newer report makes the older pointless.
DAYS = {name: date(2021, 11, 8 + i) for i, name in enumerate(["stranger", "expired", "forged", "asked", "left", "yes"])}
ALIKE = ("forged", "asked", "left")  # whoever manages the accounts: under one of the two
once = pytest.mark.parametrize("server", ["fab"], indirect=True)


@dataclass(frozen=True)
class Run:
    """A run of the weekly report that asks about one letter."""

    server: Server
    id: str
    letter: int

    @property
    def path(self) -> str:
        return f"/dags/{DAG}/dagRuns/{self.id}"

    def answer(self, user: str, option: str = APPROVE) -> int:
        path = f"{self.path}/taskInstances/approve/0/hitlDetails"
        said = {"chosen_options": [option], "params_input": {}}
        return self.server.ask(user, "PATCH", path, json=said).status_code

    def write_xcom(self, user: str, task: str, value: Any) -> None:
        """As whoever may edit XComs: changed where there is one, else made."""
        path = f"{self.path}/taskInstances/{task}/xcomEntries"
        edited = self.server.ask(user, "PATCH", f"{path}/return_value", json={"value": value, "map_index": 0})
        if edited.status_code == 404:
            new = {"key": "return_value", "value": value, "map_index": 0}
            edited = self.server.ask(user, "POST", path, json=new)
        assert edited.is_success, edited.text

    def mark(self, user: str, task: str, state: str) -> None:
        path = f"{self.path}/taskInstances/{task}/0"
        self.server.ask(user, "PATCH", path, json={"new_state": state}).raise_for_status()

    def clear(self, user: str, *tasks: str) -> None:
        wanted = {"dag_run_id": self.id, "task_ids": tasks, "dry_run": False, "only_failed": False}
        wanted |= {"reset_dag_runs": True}
        self.server.ask(user, "POST", f"/dags/{DAG}/clearTaskInstances", json=wanted).raise_for_status()

    def end(self) -> str:
        """The state of the run, once it has one for good."""
        return self.server.wait(DAG, self.id, {"success", "failed"})

    def row(self) -> OutboxLetter:
        with self.server.app.sessions.reading() as session:
            return session.get_one(OutboxLetter, self.letter)

    def written(self, act: str) -> list[Any]:
        with self.server.app.sessions.reading() as session:
            return audit.events(session, act=act, subject=f"{DAG}/{self.id}/0")

    def released_nothing_and_told(self, why: str) -> None:
        assert (self.end(), self.row().state, self.row().approved_by) == ("failed", "held", None)
        assert self.server.state(DAG, self.id, "release/0") == "failed"
        [refused] = self.written(REFUSE)
        assert why in refused.details["why"]
        with self.server.app.sessions.reading() as session:
            told = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "internal")).all()
        [mine] = [one for one in told if self.id in one.text and "Không chấp nhận" in one.subject]
        assert why in mine.text


@pytest.fixture(scope="module", params=["simple", "fab"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("airflow"), USERS, fab=request.param == "fab") as started:
        app = started.app
        approver(app, "Trần Thị B", "b.tran")
        approver(app, "Lê Văn C", "c.le")
        common: dict[str, Any] = {"phone": "", "valid_from": date(2000, 1, 1), "recorded_at": clock.at(TODAY, 8)}
        with app.sessions.begin() as session:
            session.add(Contact(agency="ubnd-tinh", role="head", name="Văn phòng", email=HEAD, **common))
        yield started


@pytest.fixture(scope="module")
def runs(server: Server) -> dict[str, Run]:
    """Every run, waiting for its answer."""
    started = {}
    days = {name: day for name, day in DAYS.items() if server.manager == "fab" or name not in ALIKE}
    for name, day in days.items():
        asked = {"logical_date": None, "conf": {"as_of": day.isoformat()}}
        run = server.ask("quantri", "POST", f"/dags/{DAG}/dagRuns", json=asked).raise_for_status().json()["dag_run_id"]
        started[name] = run
        assert server.wait(DAG, run, {"awaiting_input", "success", "failed"}) == "awaiting_input"
    with server.app.sessions.reading() as session:
        rows = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "report")).all()
    letters = {date.fromisoformat(row.context["as_of"][:10]): row.id for row in rows}
    return {name: Run(server, run, letters[days[name]]) for name, run in started.items()}


def test_what_is_asked_names_role_and_agency_and_no_address(server: Server, runs: dict[str, Run]) -> None:
    run = runs["yes"]
    asked = server.ask("xem", "GET", f"{run.path}/hitlDetails").raise_for_status()
    body = asked.json()["hitl_details"][0]["body"]
    assert f"[TH-{run.letter:05}]" in body
    assert "gửi lãnh đạo UBND tỉnh" in body
    assert "@" not in asked.text.replace("@[", "")


def test_an_answer_by_somebody_else_releases_nothing(server: Server, runs: dict[str, Run]) -> None:
    run = runs["stranger"]
    assert run.answer("xem") == 403
    if server.manager == "simple":  # Airflow itself lets only those answer whom we named
        assert {run.answer(user) for user in ("nguoidung", "ops", "quantri")} == {403}
        return
    assert run.answer("nguoidung") == 200
    run.released_nothing_and_told("Tài khoản nguoidung không phải người duyệt")
    assert [event.login for event in run.written(ANSWER)] == ["nguoidung"]


def test_an_answer_by_whoever_was_an_approver_until_yesterday_releases_nothing(runs: dict[str, Run]) -> None:
    run = runs["expired"]
    approver(run.server.app, "Lê Văn C", "c.le", valid_to=TODAY - timedelta(days=1))
    assert run.answer("c.le") == 200
    run.released_nothing_and_told("Tài khoản c.le không phải người duyệt")


@once
def test_a_task_set_to_success_by_hand_with_a_forged_answer_releases_nothing(runs: dict[str, Run]) -> None:
    run, ids = runs["forged"], [one.letter for one in runs.values()]
    answer = {"chosen_options": [APPROVE], "responded_by_user": {"id": "b.tran", "name": "b.tran"}}
    run.write_xcom("ops", "approve", answer | {"number": 1, "chosen": APPROVE, "login": "b.tran"})
    run.write_xcom("ops", "anything_to_approve", ids)
    run.mark("ops", "approve", "success")
    run.released_nothing_and_told("được đặt thành công mà không có ai trả lời")
    assert all(one.row().approved_by is None for one in runs.values())


@once
def test_an_edited_list_of_letters_releases_nothing_though_the_approver_said_yes(runs: dict[str, Run]) -> None:
    run = runs["asked"]
    run.write_xcom("ops", "anything_to_approve", [one.letter for one in runs.values()])
    assert run.answer("b.tran") == 200
    run.released_nothing_and_told("XCom của tác vụ anything_to_approve đã bị sửa")
    assert all(one.row().approved_by is None for one in runs.values())


@once
def test_a_question_that_is_cleared_is_asked_again_and_only_its_new_answer_counts(runs: dict[str, Run]) -> None:
    run = runs["asked"]
    run.clear("ops", "anything_to_approve", "approve", "release")
    assert run.server.wait(DAG, run.id, {"awaiting_input", "failed"}) == "awaiting_input"
    assert run.row().state == "held"
    assert run.answer("b.tran") == 200
    assert (run.end(), run.row().state) == ("success", "cancelled")
    assert "Trần Thị B duyệt, nhưng thư không còn đúng: đã có báo cáo mới hơn" in run.row().reason
    assert len(run.written(ANSWER)) == 2


@once
def test_a_no_cannot_be_made_a_yes_afterwards(runs: dict[str, Run]) -> None:
    run = runs["left"]
    assert run.answer("b.tran", LEAVE) == 200
    assert (run.end(), run.row().state) == ("success", "held")
    [said] = run.written(ANSWER)
    run.write_xcom("ops", "approve", {"number": said.id, "chosen": APPROVE, "login": "b.tran"})
    run.clear("ops", "release")
    run.released_nothing_and_told("XCom của tác vụ approve khác với câu trả lời")


def test_an_approver_of_role_user_releases_and_is_written_down_by_their_login(runs: dict[str, Run]) -> None:
    run = runs["yes"]
    assert run.answer("b.tran") == 200
    assert (run.end(), run.row().state, run.row().approved_by) == ("success", "pending", "Trần Thị B")
    with run.server.app.sessions.reading() as session:
        [said] = session.scalars(select(Approval).where(Approval.letter_id == run.letter))
        checked = audit.verify(session, run.server.app.settings.secret_keys)
    assert (said.login, said.channel, said.name) == ("b.tran", "airflow", "Trần Thị B")
    assert checked.broken is None


def test_on_our_page_the_same_people_may_and_only_administrators_read_the_trail(server: Server) -> None:
    letter = Letter("internal", "lanh-dao@huyen.test", "Thử", "x", "x", "thu|trang", "thử", needs_approval=True)
    with server.app.sessions.begin() as session:
        rows = [replace(letter, dedup=f"trang|{n}") for n in range(2)]
        ids = [r.id for r in outbox.enqueue(session, rows, settings=server.app.settings, now=clock.at(TODAY, 9))]
    origin = {"Origin": server.url}
    for user in ("xem", "nguoidung", "ops", "quantri"):
        refused = server.client(user).post(f"/dondoc/letters/{ids[0]}/approve", headers=origin)
        assert (user, refused.status_code) == (user, 403)
        assert "không phải người duyệt" in refused.text
        page = server.client(user).get(f"/dondoc/letters/{ids[0]}").text
        assert (user, ">Duyệt gửi<" in page, "lanh-dao@huyen.test" in page) == (user, False, user in ("ops", "quantri"))
    assert server.client("b.tran").post(f"/dondoc/letters/{ids[0]}/approve", headers=origin).status_code == 303
    with server.app.sessions.reading() as session:
        assert [session.get_one(OutboxLetter, i).state for i in ids] == ["pending", "held"]
        [said] = session.scalars(select(Approval).where(Approval.letter_id == ids[0]))
    assert (said.login, said.channel, said.address) == ("b.tran", "page", "127.0.0.1")
    read = {user: server.client(user).get("/dondoc/audit?check=1").status_code for user in USERS}
    assert read == dict.fromkeys(USERS, 403) | {"quantri": 200}


def the_open_request(server: Server) -> dict[str, Any]:
    """The one that waits for a person, when it is not just looking whether it is over."""

    def waiting() -> list[dict[str, Any]]:
        return server.airflow.questions(ESCALATE, "~")

    found: list[dict[str, Any]] = server.airflow.wait("a request is open", waiting, 60)
    [one] = found
    return one


def states(server: Server) -> dict[str, list[str]]:
    """Of the chasing letters that an approver releases, by agency."""
    with server.app.sessions.reading() as session:
        rows = session.scalars(select(OutboxLetter).where(OutboxLetter.needs_approval, OutboxLetter.agency.in_(LATE)))
        found: dict[str, list[str]] = {agency: [] for agency in LATE}
        for row in rows:
            found[row.agency or ""].append(row.state)
    return found


@pytest.mark.parametrize("server", ["simple"], indirect=True)
def test_one_request_is_open_whose_rest_the_next_run_asks_about_and_which_the_page_closes(
    server: Server, tmp_path: Path
) -> None:
    """Two agencies are late; the approver lets a morning pass, releases one the next, and the other on the page."""
    with server.app.sessions.begin() as session:  # what another test left is asked about too
        for row in session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "internal")).all():
            row.needs_approval = False
    with MailServer(tmp_path / "mail") as mail:
        office = Office(server.app, mail)
        office.know(
            *((agency, role, f"{role}@{agency}.test") for agency in LATE for role in ("clerk", "focal_officer"))
        )
        office.go(date(2021, 11, 23))
        office.see()
        office.decide()
        office.go(date(2021, 11, 23), 8)
        assert office.deliver()["sent"] >= len(LATE)

    first = server.morning(date(2021, 11, 25))
    assert server.wait(ESCALATE, first, {"awaiting_input", "success", "failed"}) == "awaiting_input"
    second = server.morning(date(2021, 11, 26))
    assert server.wait(ESCALATE, first, {"success", "failed"}) == "success", "the run of which nobody answered"
    assert server.wait(ESCALATE, second, {"awaiting_input", "success", "failed"}) == "awaiting_input"
    assert states(server) == {agency: ["held", "held"] for agency in LATE}, "no letter twice"
    asked = the_open_request(server)
    assert asked["task_instance"]["dag_run_id"] == second
    assert asked["body"].count("**Chậm 0") == len(LATE)
    ticks = {key: one["schema"]["title"] for key, one in asked["params"].items()}
    assert [title.partition(":")[0] for title in ticks.values()] == ["UBND huyện Đức Thọ", "UBND huyện Can Lộc"]

    answer = {"chosen_options": [APPROVE], "params_input": dict(zip(ticks, (True, False), strict=True))}

    def answered() -> bool:
        """Airflow may lose an answer that overtakes the process which asked; then the request is open again."""
        if server.airflow.questions(ESCALATE, second):
            path = f"/dags/{ESCALATE}/dagRuns/{second}/taskInstances/approve/-1/hitlDetails"
            assert server.ask("b.tran", "PATCH", path, json=answer).status_code in (200, 409)
        return server.airflow.state(ESCALATE, second) == "success"

    server.airflow.wait("the answer is carried out", answered, 240)
    assert states(server) == {LATE[0]: ["pending", "pending"], LATE[1]: ["held", "held"]}
    with server.app.sessions.reading() as session:
        said = audit.events(session, act=ANSWER, subject=f"{ESCALATE}/{second}")  # each time that it was given
    assert {(one.login, len(one.details["left"])) for one in said} == {("b.tran", 2)}

    third = server.morning(date(2021, 11, 29))
    assert server.wait(ESCALATE, third, {"awaiting_input", "success", "failed"}) == "awaiting_input"
    asked = the_open_request(server)
    assert ("Can Lộc" in asked["body"], "Đức Thọ" in asked["body"]) == (True, False)
    with server.app.sessions.begin() as session:
        rest = [row.id for row in session.scalars(select(OutboxLetter).where(OutboxLetter.state == "held"))]
        approval.approve(server.app, session, rest, acting(), now=clock.at(date(2021, 11, 29), 9))
    assert server.wait(ESCALATE, third, {"success", "failed"}) == "success"
    assert server.airflow.questions(ESCALATE, "~") == []
    assert states(server) == {agency: ["pending", "pending"] for agency in LATE}
