"""The demo's own Airflow: four programs under a minder, spoken to over its REST interface."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from dondoc.demo.days import APPROVER
from dondoc.demo.place import HOST
from dondoc.errors import Problem

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ("api-server", "scheduler", "dag-processor", "triggerer")
USERS = {"admin": "admin", APPROVER: "op", "xem.demo": "viewer"}  # name → role
FINAL = {"success", "failed"}
WAITING = "awaiting_input"


def environment(home: Path, port: int, passwords: Mapping[str, str]) -> dict[str, str]:
    """What makes the programs an Airflow of this demo's own."""
    url, place = f"http://{HOST}:{port}", home / "airflow"
    place.mkdir(parents=True, exist_ok=True)
    (place / "passwords.json").write_text(json.dumps(passwords))
    own = {
        "AIRFLOW_HOME": place,
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API__WORKERS": 1,
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
        "AIRFLOW__CORE__DAGS_FOLDER": ROOT / "dags",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__FERNET_KEY": _fernet(),
        "AIRFLOW__CORE__LOAD_EXAMPLES": False,
        "AIRFLOW__CORE__PARALLELISM": 4,
        "AIRFLOW__CORE__PLUGINS_FOLDER": ROOT / "plugins",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": place / "passwords.json",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": 1,
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 3600,  # a file that changes is read at once all the same
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{place / 'airflow.db'}",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": False,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    return {name: str(value) for name, value in own.items()}


def _fernet() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


@contextmanager
def migrating(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Airflow's own database being made; ended with the block."""
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)  # noqa: S603
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Airflow:
    """The four programs between `with` and its end, and what the demo asks of them.

    Raises:
        Problem: a program ends by itself, or something does not happen in time.
    """

    def __init__(self, logs: Path, port: int) -> None:
        self.logs, self.url = logs, f"http://{HOST}:{port}"
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def __enter__(self) -> Self:
        skip = {"scheduler": ["--skip-serve-logs"], "triggerer": ["--skip-serve-logs"]}
        commands = [[name, sys.executable, "-m", "airflow", name, *skip.get(name, [])] for name in PROGRAMS]
        self._minder = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "dondoc.demo.minder", str(self.logs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        assert self._minder.stdin is not None
        assert self._minder.stdout is not None
        self._minder.stdin.write(json.dumps(commands) + "\n")
        self._minder.stdin.flush()
        os.set_blocking(self._minder.stdout.fileno(), False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()
        assert self._minder.stdin is not None
        self._minder.stdin.close()
        self._minder.wait()

    def check(self) -> None:
        """Whether all four programs are still there."""
        assert self._minder.stdout is not None
        if ended := self._minder.stdout.readline().split():
            raise Problem(f"Airflow {ended[0]} đã dừng (mã {ended[1]}). Xem {self.logs / ended[0]}.log.")

    def wait(self, what: str, condition: Callable[[], Any], seconds: float) -> Any:
        """The condition's first true value; a server that does not answer yet counts as not true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check()
            try:
                if value := condition():
                    return value
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        raise Problem(f"Đợi quá {seconds:.0f} giây: {what}. Xem nhật ký trong {self.logs}.")

    def healthy(self) -> None:
        """Wait until every program says that it is."""
        self.wait("Airflow khởi động", self._healthy, 180)

    def reads(self, dags: set[str]) -> None:
        """Wait until the DAGs are known."""
        self.wait("Airflow đọc các DAG", lambda: dags <= self._known(), 120)

    def _healthy(self) -> bool:
        answer = self._client.get("/api/v2/monitor/health")
        states = [part.get("status") for part in answer.json().values()] if answer.status_code == 200 else [None]
        return all(state == "healthy" for state in states)

    def _known(self) -> set[str]:
        return {dag["dag_id"] for dag in self._ask("GET", "/dags")["dags"]}

    def log_in(self, user: str, password: str) -> None:
        """Who asks from now on."""
        answer = self._client.post("/auth/token", json={"username": user, "password": password})
        self._client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        answer = self._client.request(method, f"/api/v2{path}", **content)
        if answer.status_code >= 400:
            raise Problem(f"Airflow từ chối {method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def connect(self, name: str, kind: str, port: int, extra: str, **login: str) -> None:
        """Create a Connection to this machine, as an administrator would in the UI."""
        made = {"connection_id": name, "conn_type": kind, "host": HOST, "port": port, "extra": extra, **login}
        self._ask("POST", "/connections", json=made)

    def start(self, dag: str, **conf: Any) -> str:
        """Start a run. Returns its id."""
        run: str = self._ask("POST", f"/dags/{dag}/dagRuns", json={"logical_date": None, "conf": conf})["dag_run_id"]
        return run

    def state(self, dag: str, run: str) -> str:
        """The run's state, or `awaiting_input` while one of its tasks waits for a person."""
        state: str = self._ask("GET", f"/dags/{dag}/dagRuns/{run}")["state"]
        return WAITING if state not in FINAL and self.questions(dag, run) else state

    def questions(self, dag: str, run: str) -> list[dict[str, Any]]:
        """What waits for a person's answer in this run.

        Airflow shows a question a moment before its task waits for the answer: one in between may wake nobody.
        """
        details = self._ask("GET", f"/dags/{dag}/dagRuns/{run}/hitlDetails")["hitl_details"]
        return [one for one in details if not one["response_received"] and one["task_instance"]["state"] == WAITING]

    def answer(self, dag: str, run: str, question: Mapping[str, Any], option: str) -> None:
        """Answer as whoever is logged in."""
        task = question["task_instance"]
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task['task_id']}/{task['map_index']}/hitlDetails"
        self._ask("PATCH", path, json={"chosen_options": [option], "params_input": {}})

    def await_end(self, dag: str, run: str, until: set[str]) -> str:
        """The run's state once it is one of these."""

        def reached() -> str | None:
            state = self.state(dag, run)
            return state if state in until else None

        state: str = self.wait(f"lượt chạy {dag}", reached, 240)
        if state == WAITING:
            self.await_scheduler()
        return state

    def await_scheduler(self) -> None:
        """Wait until the scheduler has seen that the processes which ask have ended.

        An answer that comes before makes it take the task for a killed one: it asks again, and the answer is gone.
        """
        for _ in range(2):  # the first beat may be of a round that had begun before
            last = self._beat()
            self.wait("bộ lập lịch của Airflow", partial(self._beat_after, last), 120)

    def _beat(self) -> str:
        beat: str = self._client.get("/api/v2/monitor/health").json()["scheduler"]["latest_scheduler_heartbeat"]
        return beat

    def _beat_after(self, last: str) -> bool:
        return self._beat() != last

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """The run's task instances, a hundred at most."""
        instances: list[dict[str, Any]] = self._ask(
            "GET", f"/dags/{dag}/dagRuns/{run}/taskInstances", params={"limit": 100}
        )["task_instances"]
        return instances

    def failed_tasks(self, dag: str, run: str) -> list[str]:
        return [task["task_id"] for task in self.tasks(dag, run) if task["state"] in ("failed", "upstream_failed")]
