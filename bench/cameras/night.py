"""A whole night in a real Airflow: N simulated cameras, from the trigger of the DAG to its stored verdicts.

    .venv/bin/python bench/cameras/night.py [cameras …]        # default 1000 10000 20000

Of the cameras 10 % are dead (their port refuses), 5 % hang, 10 % are slow (their picture comes a second late), the rest
play at once; five to a site, an address each. One pass without spreading. SQLite, LocalExecutor with four places; the
fleet runs on the same cores. Prints one line a size: wall seconds from trigger to success, task instances, verdicts.
"""

import asyncio
import contextlib
import os
import resource
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, select

from dondoc import clock
from dondoc.audit import MACHINE
from dondoc.cameras.registry.imports import import_csv
from dondoc.configuration import settings
from dondoc.configuration.context import AppContext
from dondoc.demo import airflow, clips, place
from dondoc.demo.airflow import Airflow
from dondoc.demo.camera import Camera
from dondoc.store.cameras import CameraCheck
from dondoc.store.session import upgrade

DAG = "check_camera_reachability"
KINDS = ("refusing", "refusing", "hanging", "late", "late", *("healthy",) * 15)  # 10 %, 5 %, 10 %, 75 %
AGENCIES, PER_SITE = 13, 5


def declare(app: AppContext, count: int, port: int, closed: int) -> None:
    """So many cameras as a file of our own people declares them."""
    agencies = [a.id for a in app.registry.agencies if a.kind == "district"][:AGENCIES]
    rows = ["agency,system,name,place,url"]
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        host = f"127.{77 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        url = f"rtsp://{host}:{closed if kind == 'refusing' else port}/{kind}/{number}"
        site = number // PER_SITE
        rows.append(f"{agencies[site % len(agencies)]},tourism,Camera {number},Điểm {site},{url}")
    with app.sessions.begin() as session:
        about = {"by": MACHINE, "secrets": app.secrets, "now": clock.now()}
        import_csv(session, app.registry, "\n".join(rows), "cameras.csv", **about)


async def serve(port: int) -> None:
    """The fleet: every address of the loopback range, one port."""
    clips.clip("moving", "h264")
    counts: Counter[str] = Counter()
    visits: set[asyncio.Task[None] | None] = set()  # who only hangs would be collected

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await Camera(reader, writer, counts).talk()
        visits.discard(asyncio.current_task())
        writer.close()

    async with await asyncio.start_server(visit, "0.0.0.0", port, backlog=4096) as server:
        print("ready", flush=True)
        await server.serve_forever()


def surroundings(home: Path, port: int) -> None:
    own = {
        "DONDOC_HOME": str(home / "dondoc"),
        "DONDOC_PROBE_ALLOW": "127.0.0.0/8",
        "DONDOC_REHEARSAL_TO": "bench@example.vn",
        "DONDOC_SCHEDULES": "off",
        "DONDOC_SECRET_KEY": secrets.token_urlsafe(32),
    }
    for name in [n for n in os.environ if n.startswith(("AIRFLOW_", "DONDOC_"))]:
        del os.environ[name]
    os.environ.update(own | airflow.environment(home, port, dict.fromkeys(airflow.USERS, "bench")))


def night(count: int) -> str:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home, port, fleet = Path(folder), place.port(18_080), place.port(8554)
        surroundings(home, port)
        shut = stack.enter_context(socket.socket())  # bound and not listening: refuses
        shut.bind(("0.0.0.0", 0))
        serving = subprocess.Popen([sys.executable, __file__, "--serve", str(fleet)], stdout=subprocess.PIPE)
        stack.callback(serving.wait)
        stack.callback(serving.terminate)
        assert serving.stdout is not None
        serving.stdout.readline()
        (home / "logs").mkdir()
        migrating = stack.enter_context(airflow.migrating(home / "logs" / "migrate.log"))
        upgrade(settings.load().url)
        app = AppContext(settings.load())
        declare(app, count, fleet, shut.getsockname()[1])
        migrating.wait()
        started = stack.enter_context(Airflow(home / "logs", port))
        started.healthy()
        started.log_in("admin", "bench")
        started.reads({DAG})
        began = time.monotonic()
        run = started.start(DAG, look="all")
        state = started.wait(DAG, lambda: (s := started.state(DAG, run)) in airflow.FINAL and s, 3000)
        seconds = time.monotonic() - began
        tasks = len(started.tasks(DAG, run))
        with app.sessions.begin() as session:
            verdicts = session.execute(select(CameraCheck.verdict, func.count()).group_by(CameraCheck.verdict)).all()
        rate = f"{count} cameras: {state} in {seconds:.0f} s, {1000 * seconds / count:.1f} ms a camera"
        return f"{rate}, {tasks} task instances; {', '.join(f'{v} {n}' for v, n in sorted(verdicts))}"


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(int(sys.argv[2])))
        return
    for count in map(int, sys.argv[1:] or ("1000", "10000", "20000")):
        print(night(count), flush=True)


if __name__ == "__main__":
    main()
