"""A whole night in a real Airflow: N simulated cameras, from the trigger of the DAG to its stored verdicts.

    .venv/bin/python bench/cameras/night.py [cameras …]        # default 1000 10000 20000

Of the cameras 10 % are dead (their port refuses), 5 % hang, 10 % are slow (their picture comes a second late), the rest
play at once; five to a site, an address each. One pass without spreading. SQLite, LocalExecutor with four places; the
fleet runs on the same cores. Prints one line a size: wall seconds from trigger to success, processor seconds of Airflow
and its tasks, and of the fleet; task instances, the most memory of a task (with its children, shared pages by their
share), verdicts.
"""

import asyncio
import os
import re
import resource
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

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
TASK = re.compile(r"airflow worker -- ([0-9a-f-]{36})")  # the title of a task's process; its worker has another


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
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await Camera(reader, writer, counts).talk()
        visits.discard(asyncio.current_task())
        writer.close()

    async with await asyncio.start_server(visit, "0.0.0.0", port, backlog=4096) as server:
        print("ready", flush=True)
        await server.serve_forever()


class Memory:
    """The most memory of each task instance, its children with it, sampled from /proc once a second."""

    def __init__(self, root: int) -> None:
        self.root, self.most = root, defaultdict[str, int](int)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(1):
            below = children()
            for process in family(self.root, below):
                if instance := TASK.search(title(process)):
                    size = sum(map(pss, family(process, below)))
                    self.most[instance[1]] = max(self.most[instance[1]], size)

    def told(self, instances: list[dict[str, Any]]) -> str:
        """The most of each kind of task."""
        kinds = defaultdict[str, int](int)
        for one in instances:
            kinds[one["task_id"]] = max(kinds[one["task_id"]], self.most[one["id"]])
        return ", ".join(f"{task} {size / 1e6:.0f} MB" for task, size in sorted(kinds.items()))


def stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; zeros of one that is gone."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return ["0"] * 50


def title(process: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    return ""


def children() -> dict[int, set[int]]:
    """The processes that each process has started."""
    below = defaultdict[int, set[int]](set)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            below[int(stat(int(folder.name))[1])].add(int(folder.name))
    return below


def family(root: int, below: dict[int, set[int]]) -> set[int]:
    """A process and all below it."""
    found, new = set[int](), {root}
    while new:
        found |= new
        new = {child for process in new for child in below[process]} - found
    return found


def processor(root: int) -> float:
    """Seconds of processor that a process and all that ever was below it have taken."""
    ticks = sum(int(field) for process in family(root, children()) for field in stat(process)[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def pss(process: int) -> int:
    """Bytes of memory of a process, what it shares by its share."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


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
        roots = (started._minder.pid, serving.pid)
        began, before = time.monotonic(), [processor(root) for root in roots]
        with Memory(roots[0]) as memory:
            run = started.start(DAG, look="all")
            state = started.wait(DAG, lambda: (s := started.state(DAG, run)) in airflow.FINAL and s, 3000)
        seconds, load = time.monotonic() - began, os.getloadavg()[1]
        own, fleets = (processor(root) - spent for root, spent in zip(roots, before, strict=True))
        tasks = started.tasks(DAG, run)
        with app.sessions.begin() as session:
            verdicts = session.execute(select(CameraCheck.verdict, func.count()).group_by(CameraCheck.verdict)).all()
        rate = f"{count} cameras: {state} in {seconds:.0f} s, {1000 * seconds / count:.1f} ms a camera"
        cost = f"processor {own:.0f} s of Airflow and its tasks, {fleets:.0f} s of the fleet; load average {load:.1f}"
        counts = ", ".join(f"{verdict} {cameras}" for verdict, cameras in sorted(verdicts))
        return f"{rate}; {len(tasks)} task instances; {cost}; most memory: {memory.told(tasks)}; {counts}"


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
