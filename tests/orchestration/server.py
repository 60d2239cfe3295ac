"""A whole Airflow of its own for a test module: its four programs, an account for each role, and our own database."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from dondoc import clock
from dondoc.configuration import settings
from dondoc.configuration.context import AppContext
from dondoc.demo import airflow as demo
from tests.conftest import SECRET, migrate
from tests.ports import held

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
PASSWORD = secrets.token_hex(8)
ROOT, ESCALATE = Path(__file__).resolve().parents[2], "escalate_overdue_agencies"
CLOCK = """
import os
from datetime import timedelta
from pathlib import Path
if (clock := Path("{}")).exists():
    os.environ["DONDOC_CLOCK"], os.environ["DONDOC_CLOCK_SINCE"] = clock.read_text().split()
"""
MAKE_USERS = """
import sys
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
with get_application_builder() as builder:
    for pair in sys.argv[2:]:
        name, role = pair.split(":")
        made = builder.sm.add_user(
            name, name, "Demo", f"{name}@tai-khoan.test", builder.sm.find_role(role.capitalize()), sys.argv[1]
        )
        assert made, pair
"""


@dataclass
class Server:
    """A running Airflow, asked by anybody who has an account."""

    app: AppContext
    url: str
    manager: str
    airflow: demo.Airflow
    folder: Path
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def client(self, user: str) -> httpx.Client:
        """A browser of a user, who is logged in."""
        if user not in self.clients:
            made = httpx.Client(base_url=self.url, trust_env=False, timeout=60)
            token = made.post("/auth/token", json={"username": user, "password": PASSWORD}).raise_for_status()
            made.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
            self.clients[user] = made
        return self.clients[user]

    def ask(self, user: str, method: str, path: str, **content: Any) -> httpx.Response:
        """A call of Airflow's public interface."""
        return self.client(user).request(method, f"/api/v2{path}", **content)

    def morning(self, day: date) -> str:
        """A run of `ESCALATE` at 07:30 of a day."""
        (self.folder / "clock").write_text(f"{clock.at(day, 7, 30).isoformat()} {time.time()}")
        return self.airflow.start(ESCALATE)

    def wait(self, dag: str, run: str, until: set[str]) -> str:
        """The run's state, or `awaiting_input`, once it is one of these."""
        return self.airflow.await_end(dag, run, until)

    def state(self, dag: str, run: str, task: str) -> str | None:
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}"
        found: str | None = self.ask("quantri", "GET", path).raise_for_status().json()["state"]
        return found


@contextmanager
def serve(folder: Path, users: dict[str, str], *, fab: bool) -> Iterator[Server]:
    """Airflow over a fresh world of ours, on Thursday 25/11/2021, 09:00; a day of its own for `ESCALATE`: `morning`."""
    _dags(folder)
    with held() as [port], _serve(folder, users, port, fab=fab) as server:
        yield server


def _dags(folder: Path) -> None:
    """Ours; one reads its time from a file when a task begins, and looks often whether its question is over."""
    (folder / "dags").mkdir()
    for path in (ROOT / "dags").glob("*.py"):
        source = path.read_text()
        if path.stem == ESCALATE:
            waits = "patience=limits.APPROVAL"
            assert waits in source
            source = CLOCK.format(folder / "clock") + source.replace(
                waits, f"{waits}, look_again=timedelta(seconds=15)"
            )
        (folder / "dags" / path.name).write_text(source)


@contextmanager
def _serve(folder: Path, users: dict[str, str], port: int, *, fab: bool) -> Iterator[Server]:
    kept = dict(os.environ)
    own = {
        "DONDOC_CLOCK": "2021-11-25T09:00+07:00",
        "DONDOC_CLOCK_SINCE": str(time.time()),
        "DONDOC_HOME": str(folder / "dondoc"),
        "DONDOC_MODE": "live",
        "DONDOC_OPS_ADDRESS": "van-hanh@ioc.test",
        "DONDOC_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DONDOC_SCHEDULES": "off",
        "DONDOC_SECRET_KEY": SECRET,
    }
    for name in [n for n in os.environ if n.startswith(("AIRFLOW_", "DONDOC_"))]:
        del os.environ[name]
    os.environ.update(own | demo.environment(folder, port, dict.fromkeys(users, PASSWORD)))
    os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(folder / "dags")
    os.environ["AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL"] = "1"
    os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = ",".join(f"{name}:{role}" for name, role in users.items())
    if fab:
        os.environ["AIRFLOW__CORE__AUTH_MANAGER"] = FAB
    logs = folder / "logs"
    logs.mkdir()
    try:
        app = AppContext(settings.load())
        migrate(app.settings.url)
        with demo.migrating(logs / "migrate.log") as migrating:
            assert migrating.wait() == 0, (logs / "migrate.log").read_text()
        if fab:
            named = [f"{name}:{role}" for name, role in users.items()]
            subprocess.run([sys.executable, "-c", MAKE_USERS, PASSWORD, *named], check=True, capture_output=True)
        started = demo.Airflow(logs, port)
        started.__enter__()
    finally:
        os.environ.clear()
        os.environ.update(kept)
    server = Server(app, started.url, "fab" if fab else "simple", started, folder)
    try:
        started.healthy()
        started.log_in("quantri", PASSWORD)
        started.reads({"weekly_status_report", ESCALATE})
        yield server
    finally:
        for client in server.clients.values():
            client.close()
        started.__exit__(None, None, None)
        app.sessions.kw["bind"].dispose()
