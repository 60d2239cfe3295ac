"""Airflow's own buttons: Backfill, Clear, "mark success", a run by hand for another day. None of them breaks a rule."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dondoc import audit, clock
from dondoc.cameras.nights import night
from dondoc.cameras.registry import imports
from dondoc.configuration.context import AppContext
from dondoc.demo.days import address
from dondoc.demo.fleet import Fleet
from dondoc.demo.mailserver import MailServer
from dondoc.demo.submissions import Desk
from dondoc.directive import record
from dondoc.errors import Problem
from dondoc.facts import contacts
from dondoc.mail import outbox
from dondoc.orchestration import checking, escalating, reporting, runs
from dondoc.reporting import report
from dondoc.store.cameras import CameraCheck, CredentialAttempt, NightRun, Outage
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Decision, Report
from tests.cameras.nights import result
from tests.conftest import CLERK, NOVEMBER, Run, letter_of
from tests.directive.letters import NOVEMBER_2021, file, group
from tests.orchestration import rounds

pytestmark = pytest.mark.slow

AGENCY = "ubnd-huyen-can-loc"
OFFICER = address(AGENCY, "focal_officer")  # the one whom Desk writes into the forms
CHECK, ESCALATE, REPORT = "check_camera_reachability", "escalate_overdue_agencies", "weekly_status_report"
TONIGHT = date(2021, 11, 22)
Play = Callable[..., dict[str, str]]


def context(at: str, run_type: str = "manual", **conf: Any) -> dict[str, Any]:
    """A run that was due at a moment, as its tasks see it; run again it is the same."""
    known = {"as_of": None, "dry_run": False, "agencies": [], "look": "auto"}
    run = SimpleNamespace(
        run_type=run_type,
        run_after=datetime.fromisoformat(at),
        conf=conf,
        run_id="r",
        dag_id="d",
        triggering_user_name="quantri",
    )
    dag, ti = SimpleNamespace(params=known), SimpleNamespace(map_index=0)
    return {"dag_run": run, "params": known | conf, "dag": dag, "ti": ti}


def at(environment: pytest.MonkeyPatch, moment: str) -> None:
    """What time it is; without a played clock, as in an installation."""
    environment.delenv("DONDOC_CLOCK", raising=False)
    environment.setattr(clock, "now", lambda: datetime.fromisoformat(moment).astimezone(clock.HERE))


def declare(app: AppContext, fleet: Fleet, *behaviours: str, login: str = ",") -> None:
    rows = [f"{AGENCY},security_traffic,Ngã tư {b},{fleet.url(b, str(n))},{login}" for n, b in enumerate(behaviours)]
    with app.sessions.begin() as session:
        imports.import_csv(
            session,
            app.registry,
            "\n".join(["agency,system,name,url,user,password", *rows]),
            "c.csv",
            by=CLERK,
            secrets=app.settings.secret_keys,
            now=clock.now(),
        )


def everything(app: AppContext, *tables: str) -> list[Any]:
    with app.sessions.reading() as session:
        return [tuple(row) for table in tables for row in session.execute(text(f"SELECT * FROM {table} ORDER BY id"))]


def count(app: AppContext, *models: Any) -> int:
    with app.sessions.reading() as session:
        return sum(len(session.scalars(select(model)).all()) for model in models)


class TestAnotherNight:
    @pytest.mark.parametrize("day", ["2021-11-16", "2021-11-21", "2021-11-23", "2030-01-01"])
    def test_is_not_looked_at_whatever_parameter_says_so(
        self, desk: AppContext, fleet: Fleet, play: Play, day: str
    ) -> None:
        declare(desk, fleet, "wrong-password", "missing", login="u,sai")
        before = fleet.counts["connections"]
        states = play(CHECK, as_of=day, look="all")
        assert (states["plan"], states[""]) == ("failed", "failed"), "who asked for it sees why"
        assert fleet.counts["connections"] == before
        assert count(desk, CameraCheck, NightRun, Outage, CredentialAttempt, OutboxLetter) == 0

    def test_says_why(self, desk: AppContext) -> None:
        with pytest.raises(runs.Refused, match=r"đêm 16/11/2021 đã qua \(đêm nay là đêm 22/11/2021\)"):
            checking.plan(context("2021-11-22T08:00+07:00", as_of="2021-11-16"))

    def test_a_batch_that_is_run_again_days_later_asks_nobody(
        self, desk: AppContext, fleet: Fleet, environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        at(environment, "2021-11-22T22:00+07:00")
        declare(desk, fleet, "wrong-password", login="u,sai")
        (batch,) = checking.plan(context("2021-11-22T22:00+07:00"))
        before = fleet.counts["connections"]
        at(environment, "2021-11-25T22:00+07:00")
        rounds.whole([batch], context("2021-11-22T22:00+07:00"))
        assert fleet.counts["connections"] == before
        assert "are not asked: đêm 22/11/2021 đã qua" in caplog.text
        assert count(desk, CameraCheck, Outage, CredentialAttempt, OutboxLetter) == 0

    def test_no_door_looks_at_cameras_in_its_name(self, desk: AppContext, fleet: Fleet) -> None:
        declare(desk, fleet, "wrong-password", login="u,sai")
        before = fleet.counts["connections"]
        with pytest.raises(Problem, match="đêm 20/11/2021 đã qua"):
            night.check_batch(desk, [1], night=date(2021, 11, 20), round="night", now=clock.at(TONIGHT, 22))
        assert (fleet.counts["connections"], count(desk, CredentialAttempt)) == (before, 0)

    def test_a_result_of_tonight_is_not_stored_for_it(self, desk: AppContext, fleet: Fleet) -> None:
        declare(desk, fleet, "missing")
        now = clock.at(TONIGHT, 22)
        results = night.check_batch(desk, [1], night=TONIGHT, round="night", now=now)
        old = TONIGHT - timedelta(days=3)
        assert night.store(desk, results, night=old, round="night", now=now) == {"left_out": 1}
        assert count(desk, CameraCheck) == 0

    def test_stored_days_late_it_opens_no_outage(self, desk: AppContext, fleet: Fleet) -> None:
        """The looks were made in time, their storing was cleared a week later: nobody is told what was then."""
        declare(desk, fleet, "healthy")
        for number, verdict in enumerate(("ok", "black", "black")):
            on = TONIGHT + timedelta(days=number)
            starts = clock.at(on, 22)
            with pytest.MonkeyPatch.context() as patch:
                at(patch, starts.isoformat())
                batch = rounds.batch(desk, [1], look="night")
                found = rounds.found(desk, batch, [result(1, verdict, starts)])
                at(patch, clock.at(TONIGHT + timedelta(days=9), 9).isoformat())
                receipt = checking.store(batch, found, rounds.context())
                assert checking.conclude([batch], receipt, rounds.context())[verdict] == 1
        assert count(desk, CameraCheck) == 3, "what was seen is a fact and is kept"
        assert count(desk, Outage, OutboxLetter) == 0


class TestClear:
    def test_of_a_whole_night_changes_nothing_that_was_stored_and_sends_no_refused_password_again(
        self, desk: AppContext, fleet: Fleet, environment: pytest.MonkeyPatch
    ) -> None:
        at(environment, "2021-11-22T22:00+07:00")
        declare(desk, fleet, "wrong-password", "missing", login="u,sai")

        def whole_run() -> dict[str, Any]:
            run = context("2021-11-22T22:00+07:00")
            return rounds.whole(checking.plan(run), run)

        whole_run()
        stored, logins = everything(desk, "camera_checks", "night_runs", "outages"), fleet.counts["logins"]
        assert logins == 1
        at(environment, "2021-11-22T23:10+07:00")
        assert whole_run()["left_out"] == 2
        assert everything(desk, "camera_checks", "night_runs", "outages") == stored
        assert fleet.counts["logins"] == logins

    def test_of_store_alone_changes_nothing(
        self, desk: AppContext, fleet: Fleet, environment: pytest.MonkeyPatch
    ) -> None:
        at(environment, "2021-11-22T22:00+07:00")
        declare(desk, fleet, "healthy", "missing")
        run = context("2021-11-22T22:00+07:00")
        [batch] = checking.plan(run)
        found = checking.check(batch, run)
        checking.conclude([batch], [checking.store(batch, found, run)], run)
        stored = everything(desk, "camera_checks", "night_runs", "outbox")
        for moment in ("2021-11-22T23:00+07:00", "2021-11-30T23:00+07:00"):
            at(environment, moment)
            assert checking.conclude([batch], [checking.store(batch, found, run)], run)["left_out"] == 2
        assert everything(desk, "camera_checks", "night_runs", "outbox") == stored

    def test_of_last_weeks_night_plans_nothing(self, desk: AppContext, environment: pytest.MonkeyPatch) -> None:
        at(environment, "2021-11-29T09:00+07:00")
        for run_type in ("scheduled", "manual"):
            with pytest.raises(runs.Refused, match="đêm 22/11/2021 đã qua"):
                checking.plan(context("2021-11-22T22:00+07:00", run_type))

    def test_the_database_itself_lets_no_look_be_changed(self, desk: AppContext, fleet: Fleet) -> None:
        declare(desk, fleet, "missing")
        results = night.check_batch(desk, [1], night=TONIGHT, round="night", now=clock.at(TONIGHT, 22))
        night.store(desk, results, night=TONIGHT, round="night", now=clock.at(TONIGHT, 22))
        with pytest.raises(DBAPIError, match="append-only"), desk.sessions.begin() as session:
            session.scalars(select(CameraCheck)).one().verdict = "ok"

    def test_of_last_weeks_decisions_lets_nothing_leave(
        self, peopled: AppContext, environment: pytest.MonkeyPatch
    ) -> None:
        at(environment, "2021-11-29T09:00+07:00")
        found = escalating.decide(context("2021-11-22T07:30+07:00"))
        with peopled.sessions.reading() as session:
            states = {row.state for row in session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "overdue"))}
        assert found["outbox_ids"]
        assert states == {"held"}
        with pytest.raises(runs.Refused, match="trễ quá 02 giờ"):
            escalating.decide(context("2021-11-23T07:30+07:00", "scheduled"))

    def test_of_a_report_makes_no_second_set_of_letters_and_writes_over_no_file(
        self, peopled: AppContext, environment: pytest.MonkeyPatch
    ) -> None:
        asked = context("2021-11-22T08:03+07:00")  # by hand, before the day's 17:00
        at(environment, "2021-11-22T08:05+07:00")
        first = reporting.draw_up(asked, NOVEMBER_2021.id)
        folder = Path(first["folder"])
        kept = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
        facts = everything(peopled, "reports", "outbox")
        for moment in ("2021-11-22T09:30+07:00", "2021-11-30T09:30+07:00"):
            at(environment, moment)
            assert reporting.draw_up(asked, NOVEMBER_2021.id) == first
        assert everything(peopled, "reports", "outbox") == facts
        assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == kept

    def test_of_a_report_after_new_facts_draws_another_beside_the_first(
        self, peopled: AppContext, environment: pytest.MonkeyPatch
    ) -> None:
        asked = context("2021-11-25T17:15+07:00", as_of="2021-11-25")
        at(environment, "2021-11-25T17:16+07:00")
        first = Path(reporting.draw_up(asked, NOVEMBER_2021.id)["folder"])
        kept = (first / "figures.json").read_bytes()
        with peopled.sessions.begin() as session:
            from dondoc.facts.register import register

            register(
                session, peopled.letters(session, NOVEMBER), peopled.registry,
                agency="cong-an-tinh", fulfils=["focal_letter"], number="15/VB",
                document_date=date(2021, 11, 17), arrived=clock.at(date(2021, 11, 18), 9), blob=None,
                by=CLERK, secrets=peopled.secrets, now=clock.now(),
            )  # fmt: skip
        second = reporting.draw_up(asked, NOVEMBER_2021.id)
        assert Path(second["folder"]) == first.with_name("2021-11-25-2")
        assert (first / "figures.json").read_bytes() == kept
        with peopled.sessions.reading() as session:
            sent = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "report").order_by(OutboxLetter.id))
            assert [letter.state for letter in sent] == ["cancelled", "held"], "the first draft's had not left"

    def test_of_a_report_is_about_the_letters_that_were_known_at_the_runs_moment(
        self, peopled: AppContext, environment: pytest.MonkeyPatch
    ) -> None:
        """Airflow shows the old question of a map index again: it must not be about another letter."""
        at(environment, "2021-11-22T10:00+07:00")
        older = file(group("tourism/focal_letter", "ubnd-thi-xa-hong-linh", due_before="2021-11-20"), day="2021-09-01")
        told = {"document": "", "reason": "", "by": CLERK.name}
        with peopled.sessions.begin() as session:
            record.add(session, older, state=record.State.ACTIVE, valid_from=date(2021, 11, 2), now=clock.now(), **told)
        assert reporting.list_letters(context("2021-11-22T09:00+07:00")) == [NOVEMBER_2021.id]
        assert reporting.list_letters(context("2021-11-22T11:00+07:00")) == [NOVEMBER_2021.id, older.id]


@pytest.mark.parametrize(("run_type", "who"), [("manual", "quantri"), ("scheduled", None)])
def test_who_starts_letters_or_a_report_by_hand_is_in_the_trail(
    peopled: AppContext, environment: pytest.MonkeyPatch, run_type: str, who: str | None
) -> None:
    at(environment, "2021-11-25T17:20+07:00")
    escalating.decide(context("2021-11-25T17:15+07:00", run_type))
    reporting.draw_up(context("2021-11-25T17:15+07:00", run_type), NOVEMBER_2021.id)
    with peopled.sessions.reading() as session:
        events = [e for e in audit.events(session) if e.act in ("escalate", "draw_report")]
    assert {(e.act, e.subject, e.login, e.channel) for e in events} == (
        {(act, "2021-11-25", who, "airflow") for act in ("escalate", "draw_report")} if who else set()
    )


class TestADayToCome:
    def test_is_decided_on_and_not_recorded(self, peopled: AppContext, play: Play) -> None:
        states = play(ESCALATE, as_of="2021-11-23")
        assert (states["decide"], states["approve"], states[""]) == ("failed", "upstream_failed", "failed")
        assert count(peopled, Decision, OutboxLetter) == 0
        assert play(ESCALATE, as_of="2021-11-23", dry_run=True)[""] == "success", "looked at beforehand"
        assert count(peopled, Decision, OutboxLetter) == 0

    def test_has_no_report(self, peopled: AppContext, play: Play, dondoc: Run, tmp_path: Path) -> None:
        states = play(REPORT, as_of="2021-11-25")
        assert (states["list_letters"], states["draw_up"], states[""]) == ("failed", "upstream_failed", "failed")
        assert count(peopled, Report, OutboxLetter) == 0
        with pytest.raises(Problem, match="Ngày 25/11/2021 chưa đến"):
            dondoc("report", "--as-of", "2021-11-25", "--out", tmp_path / "ra")
        assert not (tmp_path / "ra").exists()

    def test_a_report_of_it_is_neither_put_up_for_approval_nor_approved(
        self, peopled: AppContext, tmp_path: Path
    ) -> None:
        friday = clock.at(date(2021, 11, 26), 17)
        report.make(peopled, letter_of(peopled), friday, None, tmp_path / "mai")
        with pytest.raises(Problem, match="chưa đến"):
            report.enqueue(peopled, letter_of(peopled), friday, tmp_path / "mai", clock.now())
        # as one of the version before lies there
        report.enqueue(peopled, letter_of(peopled), friday, tmp_path / "mai", friday)
        with peopled.sessions.begin() as session:
            ids = list(session.scalars(select(OutboxLetter.id)))
            why = outbox.obsolete_reason(
                session, session.get_one(OutboxLetter, ids[0]), {"report": report.precondition(peopled)}, clock.now()
            )
        assert why
        assert "chưa đến" in why


class TestADayThatIsOver:
    def test_gives_letters_that_are_held(
        self, peopled: AppContext, play: Play, environment: pytest.MonkeyPatch
    ) -> None:
        environment.setenv("DONDOC_CLOCK", "2021-11-23T08:00+07:00")
        play("gather_survey_submissions")  # we are not blind
        assert play(ESCALATE, as_of="2021-11-22")[""] == "success"
        with peopled.sessions.reading() as session:
            rows = list(session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "overdue")))
        assert rows
        assert {row.state for row in rows} == {"held"}
        assert play("gather_survey_submissions")["deliver"] == "success"
        assert {row.state for row in rows} == {"held"}, "and no delivery lets them go"


class TestTooLate:
    """More than two hours after its time a run decides and records nothing, and is red."""

    def test_a_night(self, desk: AppContext, fleet: Fleet, environment: pytest.MonkeyPatch) -> None:
        at(environment, "2021-11-23T00:30+07:00")
        declare(desk, fleet, "healthy")
        with pytest.raises(runs.Refused, match="22:00 22/11/2021 bị trễ quá 02 giờ"):
            checking.plan(context("2021-11-22T22:00+07:00", "scheduled"))

    def test_a_report(self, peopled: AppContext, environment: pytest.MonkeyPatch) -> None:
        at(environment, "2021-11-25T20:00+07:00")
        with pytest.raises(runs.Refused, match="trễ quá 02 giờ"):
            reporting.draw_up(context("2021-11-25T17:15+07:00", "scheduled"), NOVEMBER_2021.id)
        assert count(peopled, Report, OutboxLetter) == 0


class TestMarkedAsSuccess:
    @pytest.mark.parametrize("task", ["deliver", "judge_and_answer", "read_mailbox", "probe_declared"])
    def test_what_did_not_run_is_done_by_the_next_run(
        self, desk: AppContext, fleet: Fleet, mail: MailServer, airflow: None, play: Play, task: str
    ) -> None:
        from airflow.dag_processing.dagbag import DagBag

        rows = f"agency,role,name,email,phone\n{AGENCY},focal_officer,Trần Thị Lan,{OFFICER},0912345678\n"
        with desk.sessions.begin() as session:
            contacts.import_csv(
                session,
                desk.registry,
                rows,
                "c.csv",
                by=CLERK,
                secrets=desk.secrets,
                now=clock.at(clock.now().date(), 0),
            )
        officer = Desk(desk, mail, fleet)
        officer.send(OFFICER, "Bieu mau.xlsx", officer.form_03(AGENCY, "healthy", "missing"), to="tiep-nhan@ioc.test")
        name = "gather_survey_submissions"
        root = Path(__file__).resolve().parents[2]
        DagBag(str(root / "dags" / f"{name}.py")).dags[name].test(mark_success_pattern=task)
        assert set(play(name).values()) == {"success"}
        with desk.sessions.reading() as session:
            letters = {(row.kind, row.state) for row in session.scalars(select(OutboxLetter))}
            looks = sorted(session.scalars(select(CameraCheck.verdict)))
        assert letters == {("receipt", "sent"), ("reachability", "sent")}
        assert looks == ["not_found", "ok"]
        assert len(mail.boxes.messages(OFFICER)) == 2
        assert set(play(name).values()) == {"success"}, "and once more, as Clear does"
        assert len(mail.boxes.messages(OFFICER)) == 2
