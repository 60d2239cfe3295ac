"""Who may release letters: attacks on the rule at the command line and in the rooms, and the rule of two persons."""

import json
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dondoc import approval, audit, clock
from dondoc.audit import Actor, Channel
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.facts.approvers import NotAnApprover, approvers
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.store.mail import Approval, OutboxLetter
from dondoc.store.trust import AuditEvent
from tests.conftest import Run, acting, approver
from tests.decisions import decided

NOW = clock.at(date(2021, 11, 25), 9)
MACHINES = ["dondoc", "Hệ thống", "airflow", "", "  ", "Máy chủ"]


@pytest.fixture
def app(environment: pytest.MonkeyPatch, app: AppContext) -> AppContext:
    environment.setenv("DONDOC_CLOCK", NOW.isoformat())
    return app


@pytest.fixture
def two(environment: pytest.MonkeyPatch) -> None:
    """Two persons have to say yes; comes before `world`."""
    environment.setenv("DONDOC_TWO_APPROVERS", "true")


@pytest.fixture
def both(empty_database: str, two: None, app: AppContext) -> AppContext:
    """The rule of two persons, once on SQLite and once on PostgreSQL."""
    return app


def write(app: AppContext, **other: Any) -> int:
    values: dict[str, Any] = {"kind": "internal", "recipient": "lanh-dao@huyen.test", "subject": "Đôn đốc"}
    values |= {"text": "x", "html": "x", "dedup": f"k|{other}", "reason": "quá hạn", "needs_approval": True} | other
    with app.sessions.begin() as session:
        return outbox.enqueue(session, [Letter(**values)], settings=app.settings, now=NOW)[0].id


def say_yes(app: AppContext, letter: int, actor: Actor, email: str | None = None) -> OutboxLetter:
    with app.sessions.begin() as session:
        rows = approval.approve(app, session, [letter], actor, email=email, now=NOW)
    return rows[0]


def row_of(app: AppContext, letter: int) -> OutboxLetter:
    with app.sessions.reading() as session:
        return session.get_one(OutboxLetter, letter)


def written(app: AppContext) -> list[AuditEvent]:
    with app.sessions.reading() as session:
        return audit.events(session)


class TestWho:
    def test_a_login_is_matched_and_the_door_is_written_down_beside_the_name(self, app: AppContext) -> None:
        contact, letter = approver(app, "Trần Thị B", "b.tran"), write(app)
        row = say_yes(app, letter, Actor("btran", "b.tran", Channel.AIRFLOW, "10.1.2.3"))
        assert (row.state, row.approved_by) == ("pending", "Trần Thị B")
        with app.sessions.reading() as session:
            [said] = session.scalars(select(Approval))
        assert (said.letter_id, said.contact_id, said.name) == (letter, contact.id, "Trần Thị B")
        assert (said.login, said.channel, said.address) == ("b.tran", "airflow", "10.1.2.3")
        [event] = written(app)
        assert (event.act, event.subject, event.name) == ("approve", f"TH-{letter:05}", "Trần Thị B")
        assert (event.login, event.channel, event.address) == ("b.tran", "airflow", "10.1.2.3")

    def test_the_mail_address_of_the_account_will_do(self, app: AppContext) -> None:
        approver(app, login=None, email="b@so.test")
        with pytest.raises(NotAnApprover):
            say_yes(app, write(app), acting(login="2"), email="khac@so.test")
        assert say_yes(app, write(app), acting(login="2"), email="B@so.test").state == "pending"

    @pytest.mark.parametrize("channel", [Channel.PAGE, Channel.AIRFLOW])
    def test_what_an_account_is_called_is_no_authority(self, app: AppContext, channel: Channel) -> None:
        approver(app, "Trần Thị B", "b.tran", "b@so.test")
        letter = write(app)
        for name, login in (("Trần Thị B", "ke.gian"), ("b.tran", "ke.gian"), ("b@so.test", ""), ("x", "B.Tran")):
            with pytest.raises(NotAnApprover, match="không phải người duyệt"):
                say_yes(app, letter, Actor(name, login, channel))
        assert row_of(app, letter).state == "held"
        assert written(app) == []

    def test_an_account_without_a_name_is_not_an_approver_without_a_login(self, app: AppContext) -> None:
        approver(app, login=None, email="b@so.test")
        approver(app, login="", email="c@so.test")
        with pytest.raises(NotAnApprover):
            say_yes(app, write(app), acting(login=""), email="")

    @pytest.mark.parametrize(
        "other",
        [
            {"valid_to": NOW.date() - timedelta(days=1)},
            {"valid_from": NOW.date() + timedelta(days=1)},
            {"role": "ops"},
            {"role": "board"},
            {"agency": "ubnd-tinh"},
        ],
    )
    def test_whoever_is_no_approver_today_is_refused(self, app: AppContext, other: dict[str, Any]) -> None:
        approver(app, **other)
        letter = write(app)
        with pytest.raises(NotAnApprover):
            say_yes(app, letter, acting())
        assert row_of(app, letter).state == "held"

    def test_on_the_last_day_one_may_still_approve(self, app: AppContext) -> None:
        approver(app, valid_to=NOW.date())
        assert say_yes(app, write(app), acting()).state == "pending"

    def test_an_end_that_was_entered_later_counts(self, app: AppContext) -> None:
        approver(app)
        approver(app, valid_to=NOW.date() - timedelta(days=1))
        with app.sessions.reading() as session:
            assert approvers(session, app.registry.office, NOW.date()) == []

    def test_where_nobody_is_registered_the_sentence_says_how_to_register_one(self, app: AppContext) -> None:
        with pytest.raises(NotAnApprover, match=r"contacts import.*approver.*login"):
            say_yes(app, write(app), acting())


class TestCommandLine:
    @pytest.mark.parametrize("name", MACHINES)
    @pytest.mark.parametrize("verb", ["approve", "cancel", "settle"])
    def test_a_program_has_no_say(self, app: AppContext, dondoc: Run, verb: str, name: str) -> None:
        approver(app, name or "Trần Thị B")
        letter = write(app)
        more: dict[str, tuple[str, ...]] = {"approve": (), "cancel": ("--reason", "thử"), "settle": ("sent",)}
        with pytest.raises(Problem, match="người quyết định"):
            dondoc(verb, letter, *more[verb], "--by", name)
        assert row_of(app, letter).state == "held"

    def test_a_stranger_is_told_who_may(self, app: AppContext, dondoc: Run) -> None:
        approver(app, "Trần Thị B")
        letter = write(app)
        with pytest.raises(Problem, match=r"Nguyễn Văn Lạ không phải người duyệt.*Trần Thị B"):
            dondoc("approve", letter, "--by", "Nguyễn Văn Lạ")
        assert row_of(app, letter).state == "held"

    @pytest.mark.parametrize("by", ["Trần Thị B", "tran thi b", " TRẦN  THỊ B ", "b.tran", "B@so.test"])
    def test_an_approver_is_named_by_name_login_or_address(self, app: AppContext, dondoc: Run, by: str) -> None:
        approver(app, "Trần Thị B", "b.tran", "b@so.test")
        letter = write(app)
        [row] = json.loads(dondoc("approve", letter, "--by", by, "--json").stdout)
        assert (row["id"], row["state"]) == (str(letter), "pending")
        [event] = written(app)
        assert (event.name, event.channel) == ("Trần Thị B", "cli")
        assert event.login
        assert event.address

    def test_a_name_that_two_people_bear_is_not_guessed(self, app: AppContext, dondoc: Run) -> None:
        approver(app, "Trần Thị B", "b1", "b1@so.test")
        approver(app, "Trần Thị B", "b2", "b2@so.test")
        letter = write(app)
        with pytest.raises(Problem, match="nhiều người duyệt"):
            dondoc("approve", letter, "--by", "Trần Thị B")
        assert json.loads(dondoc("approve", letter, "--by", "b2@so.test", "--json").stdout)[0]["state"] == "pending"

    def test_every_act_on_a_letter_is_in_the_trail_and_the_trail_can_be_read(
        self, app: AppContext, dondoc: Run
    ) -> None:
        approver(app)
        first, second = write(app, dedup="1"), write(app, dedup="2")
        dondoc("approve", first, "--by", "b.tran")
        dondoc("cancel", second, "--reason", "đã gọi điện", "--by", "Lê Văn C")
        events = json.loads(dondoc("audit", "list", "--json").stdout)
        assert [(e["act"], e["subject"], e["name"]) for e in events] == [
            ("cancel", f"TH-{second:05}", "Lê Văn C"),
            ("approve", f"TH-{first:05}", "Trần Thị B"),
        ]
        assert events[0]["details"] == {"reason": "đã gọi điện"}
        assert len(json.loads(dondoc("audit", "list", "--act", "approve", "--json").stdout)) == 1
        assert json.loads(dondoc("audit", "list", "--since", "2021-11-26", "--json").stdout) == []
        assert "Lê Văn C" in dondoc("audit", "list").stdout

    def test_the_trail_is_verified_and_a_noted_digest_compared(self, app: AppContext, dondoc: Run) -> None:
        approver(app)
        dondoc("approve", write(app), "--by", "b.tran")
        whole = json.loads(dondoc("audit", "verify", "--json").stdout)
        assert (whole["events"], whole["unknown"], whole["broken"]) == (1, 0, None)
        assert json.loads(dondoc("audit", "verify", "--expect", whole["last"], "--json").stdout) == whole
        broken = dondoc("audit", "verify", "--expect", "0" * 63 + "1", "--json")
        assert broken.exit_code == 0
        assert "bị xóa" in json.loads(broken.stdout)["broken"]
        assert "CAN THIỆP" in broken.stderr


class TestTwoPersons:
    def test_the_first_yes_is_written_down_and_the_second_releases(self, both: AppContext) -> None:
        approver(both, "Trần Thị B", "b.tran")
        approver(both, "Lê Văn C", "c.le")
        letter = write(both)
        first = say_yes(both, letter, acting())
        assert (first.state, first.approved_by) == ("held", None)
        assert "Trần Thị B đã duyệt; còn thiếu người duyệt thứ hai" in first.reason
        second = say_yes(both, letter, acting("Lê Văn C", "c.le", Channel.AIRFLOW))
        assert (second.state, second.approved_by) == ("pending", "Trần Thị B và Lê Văn C")
        assert second.reason == "quá hạn"
        with both.sessions.reading() as session:
            assert [one.login for one, _ in outbox.approvals(session, letter)] == ["b.tran", "c.le"]

    @pytest.mark.parametrize(
        ("contact", "again"),
        [
            ({}, acting()),
            ({"name": "Trần Bê", "login": "b.tran", "email": "khac@so.test"}, acting()),
            ({"name": "Trần Thị B", "login": "b.hai", "email": "hai@so.test"}, acting(login="b.hai")),
            ({"name": "Người Khác", "login": "b.hai", "email": "b.tran@so.test"}, acting(login="b.hai")),
        ],
        ids=["the same again", "one login under two entries", "one name", "one address"],
    )
    def test_one_person_is_not_two(self, two: None, app: AppContext, contact: dict[str, Any], again: Actor) -> None:
        approver(app)
        letter = write(app)
        say_yes(app, letter, acting())
        approver(app, **contact)
        row = say_yes(app, letter, again)
        assert (row.state, row.approved_by) == ("held", None)
        assert len(written(app)) == 1

    def test_one_account_of_the_machine_is_not_two_persons(self, two: None, app: AppContext, dondoc: Run) -> None:
        approver(app, "Trần Thị B", "b.tran")
        approver(app, "Lê Văn C", "c.le")
        letter = write(app)
        for name in ("Trần Thị B", "Lê Văn C"):
            [row] = json.loads(dondoc("approve", letter, "--by", name, "--json").stdout)
            assert row["state"] == "held"
        assert "Trần Thị B đã duyệt" in row["reason"]
        assert say_yes(app, letter, acting("Lê Văn C", "c.le")).state == "pending"

    def test_a_letter_that_needs_no_approval_and_is_held_needs_one_person(self, two: None, app: AppContext) -> None:
        approver(app)
        letter = write(app, needs_approval=False, hold="không đọc được hộp thư")
        assert say_yes(app, letter, acting()).state == "pending"

    def test_two_at_once_release_and_one_person_twice_at_once_does_not(self, both: AppContext) -> None:
        approver(both, "Trần Thị B", "b.tran")
        approver(both, "Lê Văn C", "c.le")
        couple, alone = write(both, dedup="1"), write(both, dedup="2")
        at_once(
            lambda: say_yes(both, couple, acting()),
            lambda: say_yes(both, couple, acting("Lê Văn C", "c.le")),
            *[lambda: say_yes(both, alone, acting())] * 3,
        )
        assert (row_of(both, couple).state, row_of(both, alone).state) == ("pending", "held")
        with both.sessions.reading() as session:
            assert [len(outbox.approvals(session, letter)) for letter in (couple, alone)] == [2, 1]


def test_one_who_approves_and_one_who_stops_at_once_find_a_whole_decision(empty_database: str, app: AppContext) -> None:
    approver(app)
    ids = decided(app, NOW)

    later = NOW.date() + timedelta(days=1)

    def stops() -> None:
        with app.sessions.begin() as session:
            approval.stop(app, session, ids[1], "đã gọi điện", acting("Lê Văn C", "c.le"), until=later, now=NOW)

    at_once(stops, *[lambda: say_yes(app, ids[0], acting())] * 2)
    assert {row_of(app, letter).state for letter in ids} == {"cancelled"}


def at_once(*acts: Callable[[], object]) -> None:
    """Everything in threads of its own; what one raises is raised here."""
    failed: list[BaseException] = []

    def safe(act: Callable[[], object]) -> None:
        try:
            act()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=safe, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_broken_trail_is_a_finding_of_the_doctor(app: AppContext, dondoc: Run) -> None:
    approver(app)
    say_yes(app, write(app), acting())
    codes = {finding["code"] for finding in json.loads(dondoc("doctor", "--json").stdout)}
    assert not codes & {"audit", "audit_key"}
    with app.sessions.begin() as session:
        session.connection().exec_driver_sql("DROP TRIGGER audit_events_no_update")
        session.connection().exec_driver_sql("UPDATE audit_events SET name='Người khác'")
    findings = {finding["code"]: finding for finding in json.loads(dondoc("doctor", "--json").stdout)}
    assert findings["audit"]["severity"] == "error"
