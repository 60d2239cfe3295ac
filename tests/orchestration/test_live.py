"""A whole Airflow, its four programs running, attacked over its REST interface and by signals to its processes."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select, text

from dondoc import clock
from dondoc.cameras.registry import imports
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo import airflow as demo
from dondoc.demo.airflow import Airflow
from dondoc.demo.fleet import Fleet
from dondoc.demo.mailserver import MailServer
from dondoc.errors import Problem
from dondoc.store.cameras import CameraCheck, CredentialAttempt
from dondoc.store.mail import OutboxLetter
from tests.conftest import CLERK, SECRET, migrate
from tests.ports import held

pytestmark = pytest.mark.whole_airflow
ROOT = Path(__file__).resolve().parents[2]
CHECK, GATHER = "check_camera_reachability", "gather_survey_submissions"
OURS = [CHECK, "escalate_overdue_agencies", GATHER, "weekly_status_report"]
UNLOCKED = "check_camera_without_allowed_run_types"
STOPPED = ["stopped_in_its_body", "stopped_elsewhere"]
OPS = "van-hanh@ioc.test"


class Live:
    """What a test asks of the running Airflow."""

    def __init__(self, airflow: Airflow, app: AppContext, fleet: Fleet) -> None:
        self.airflow, self.app, self.fleet = airflow, app, fleet

    def ask(self, method: str, path: str, **content: Any) -> Any:
        return self.airflow._ask(method, path, **content)

    def unpause(self, *dags: str) -> None:
        for dag in dags:
            self.ask("PATCH", f"/dags/{dag}", json={"is_paused": False})

    def end(self, dag: str, run: str, seconds: float = 180) -> str:
        path = f"/dags/{dag}/dagRuns/{run}"

        def over() -> str | None:
            state: str = self.ask("GET", path)["state"]
            return state if state in demo.FINAL else None

        found: str = self.airflow.wait(f"{dag} {run}", over, seconds)
        return found

    def tasks(self, dag: str, run: str) -> dict[str, str]:
        return {task["task_id"]: task["state"] for task in self.airflow.tasks(dag, run)}

    def rows(self, *tables: str) -> list[Any]:
        with self.app.sessions.reading() as session:
            found = [session.execute(text(f"SELECT * FROM {table} ORDER BY id")).all() for table in tables]
        return [tuple(row) for rows in found for row in rows]

    def subjects(self) -> list[str]:
        with self.app.sessions.reading() as session:
            return list(session.scalars(select(OutboxLetter.subject).where(OutboxLetter.kind == "internal")))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Our DAGs, those that stop, and the check once more without the lock against backfills; all paused at first."""
    home = tmp_path_factory.mktemp("live")
    dags = home / "dags"
    dags.mkdir()
    for path in [*(ROOT / "dags").glob("*.py"), ROOT / "tests" / "orchestration" / "live" / "stopped.py"]:
        (dags / path.name).write_text(path.read_text())
    source = (dags / f"{CHECK}.py").read_text()
    rare = source.replace(
        '"0 22 * * *", "0 10 * * *", "0 4 * * *"', '"0 22 1 1 *"'
    )  # the run that unpausing makes is late
    opened = rare.replace("**defaults.DAG,", '**{**defaults.DAG, "allowed_run_types": None},')
    assert len({source, rare, opened}) == 3
    (dags / f"{CHECK}.py").write_text(rare)
    (dags / f"{UNLOCKED}.py").write_text(opened.replace(CHECK, UNLOCKED))
    passwords = {user: secrets.token_hex(8) for user in demo.USERS}
    with (
        held() as [port],
        pytest.MonkeyPatch.context() as environment,
        Fleet() as fleet,
        MailServer(home / "mail") as mail,
    ):
        for name in [n for n in os.environ if n.startswith(("AIRFLOW_", "DONDOC_"))]:
            environment.delenv(name)
        mail.imap_url("tiep-nhan@ioc.test")
        settings = demo.environment(home, port, passwords) | {
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "DONDOC_CLOCK": "2021-11-22T22:00+07:00",
            "DONDOC_CLOCK_SINCE": str(time.time()),
            "DONDOC_HOME": str(home / "dondoc"),
            "DONDOC_MODE": "live",
            "DONDOC_OPS_ADDRESS": OPS,
            "DONDOC_PROBE_ALLOW": "127.0.0.0/8",
            "DONDOC_SECRET_KEY": SECRET,
            "DONDOC_SMTP_URL": mail.smtp_url("ioc@ioc.test"),
            "DONDOC_SPREAD_MINUTES": "0",
        }
        for name, value in settings.items():
            environment.setenv(name, value)
        app = AppContext(load())
        migrate(app.settings.url)
        (home / "logs").mkdir()
        with demo.migrating(home / "logs" / "migrate.log") as migrating:
            assert migrating.wait() == 0
        with Airflow(home / "logs", port) as airflow:
            airflow.healthy()
            airflow.log_in("admin", passwords["admin"])
            airflow.reads({*OURS, UNLOCKED, *STOPPED})
            yield Live(airflow, app, fleet)
        app.sessions.kw["bind"].dispose()


def declare(live: Live) -> None:
    rows = [
        f"so-nnptnt,reservoir,Đập {b},{live.fleet.url(b, str(n))},u,sai"
        for n, b in enumerate(("wrong-password", "missing"))
    ]
    with live.app.sessions.begin() as session:
        imports.import_csv(
            session,
            live.app.registry,
            "\n".join(["agency,system,name,url,user,password", *rows]),
            "c.csv",
            by=CLERK,
            secrets=live.app.settings.secret_keys,
            now=clock.now(),
        )


@pytest.mark.parametrize("dag", OURS)
def test_the_backfill_button_starts_nothing(live: Live, dag: str) -> None:
    asked = {"dag_id": dag, "from_date": "2021-11-16T00:00:00+07:00", "to_date": "2021-11-18T23:59:00+07:00"}
    with pytest.raises(Problem, match="Airflow từ chối POST /backfills: 4"):
        live.ask("POST", "/backfills", json=asked)
    assert live.ask("GET", f"/dags/{dag}/dagRuns")["total_entries"] == 0


@pytest.mark.timeout(600)
def test_a_backfill_run_that_exists_nevertheless_asks_no_camera_and_writes_nothing(live: Live) -> None:
    declare(live)
    before, tables = live.fleet.counts["connections"], ("camera_checks", "night_runs", "credential_attempts", "outages")
    facts = live.rows(*tables)
    asked = {"dag_id": UNLOCKED, "from_date": "2022-01-01T00:00:00+07:00", "to_date": "2023-12-31T12:00:00+07:00"}

    def made() -> bool:
        try:
            return bool(live.ask("POST", "/backfills", json=asked))
        except Problem as busy:  # SQLite: the scheduler was writing
            if "503" not in str(busy):
                raise
            return False

    live.airflow.wait("a backfill is made", made, 120)
    live.unpause(UNLOCKED)
    runs = live.ask("GET", f"/dags/{UNLOCKED}/dagRuns", params={"run_type": "backfill"})["dag_runs"]
    assert len(runs) == 2
    for run in runs:
        assert live.end(UNLOCKED, run["dag_run_id"], 240) == "failed"
        assert live.tasks(UNLOCKED, run["dag_run_id"])["plan"] == "failed"
    live.ask("PATCH", f"/dags/{UNLOCKED}", json={"is_paused": True})
    assert live.fleet.counts["connections"] == before
    assert live.rows(*tables) == facts


@pytest.mark.timeout(600)
def test_clear_of_a_finished_night_changes_no_row_and_sends_no_refused_password_again(live: Live) -> None:
    declare(live)
    with live.app.sessions.reading() as session:
        attempts = len(session.scalars(select(CredentialAttempt)).all())
    assert attempts == 0
    live.unpause(CHECK)
    run = live.airflow.start(CHECK, look="all")
    assert live.end(CHECK, run) == "success"
    with live.app.sessions.reading() as session:
        verdicts = sorted(session.scalars(select(CameraCheck.verdict)))
    assert verdicts == ["auth_failed", "not_found"]
    facts, logins = live.rows("camera_checks", "night_runs", "outages"), live.fleet.counts["logins"]
    assert logins == 1
    everything = {"dry_run": False, "dag_run_id": run, "only_failed": False, "reset_dag_runs": True}
    for only in ([], ["store"]):
        more = {"task_ids": only} if only else {}
        live.ask("POST", f"/dags/{CHECK}/clearTaskInstances", json=everything | more)
        assert live.end(CHECK, run) == "success"
    assert live.rows("camera_checks", "night_runs", "outages") == facts
    assert live.fleet.counts["logins"] == logins
    for day in ("2021-11-16", "2021-11-23"):
        old = live.airflow.start(CHECK, look="all", as_of=day)
        assert live.end(CHECK, old) == "failed"
    assert live.rows("camera_checks", "night_runs", "outages") == facts


def stop(live: Live, dag: str) -> tuple[str, psutil.Process]:
    """A run whose task sleeps, stopped by a signal."""
    live.unpause(dag)
    run, told = live.airflow.start(dag), live.app.settings.home / dag
    live.airflow.wait("the task begins", told.exists, 120)
    time.sleep(1)
    process = psutil.Process(int(told.read_text()))
    os.kill(process.pid, signal.SIGSTOP)
    return run, process


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.timeout(600)
def test_a_stopped_task_is_killed_shortly_after_its_limit_and_the_others_go_on(live: Live) -> None:
    dag = "stopped_in_its_body"
    run, process = stop(live, dag)
    live.airflow.wait("the stopped task ends", lambda: gone(process), 120)
    assert live.end(dag, run, 120) == "failed"
    assert live.tasks(dag, run) == {"sleeper": "failed", "others": "success", "all_went_well": "upstream_failed"}
    live.airflow.wait("the operators are told", lambda: f"[dondoc] Lượt chạy {dag} không xong" in live.subjects(), 120)


@pytest.mark.timeout(600)
def test_what_an_alarm_cannot_end_ends_with_the_run_that_comes_next_and_is_told(live: Live) -> None:
    """Without the watcher: `execution_timeout` alone leaves a stopped task running, `dagrun_timeout` does not."""
    dag = "stopped_elsewhere"
    run, process = stop(live, dag)
    following = live.airflow.start(dag)
    time.sleep(20)  # more than twice its execution_timeout
    assert live.tasks(dag, run)["sleeper"] == "running"
    assert live.end(dag, run, 150) == "failed"
    live.airflow.wait("the stopped task ends", lambda: gone(process), 120)
    assert live.end(dag, following, 150) == "success"
    live.airflow.wait("the operators are told", lambda: any("quá thời hạn" in s for s in live.subjects()), 120)
