"""What the tasks of a night cost without the looks: processor and peak memory of each, for a fleet with a past.

    .venv/bin/python bench/cameras/tasks.py [cameras …]        # default 10000 40000 100000, some minutes

SQLite; NIGHTS nights of every camera lie there, those of the first batch with what their pictures were like. Each step
is a process of its own, as a task of Airflow is: what opening the application costs is in its memory, not in its time.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from math import ceil

from bench.cameras.current import LAST, SECRET, fill, results
from dondoc.cameras import letters
from dondoc.cameras.exports import fleet
from dondoc.cameras.nights import handed_on, night, past, planner, rollup
from dondoc.cameras.nights.handed_on import Batch, Found
from dondoc.cameras.state import outages
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.store.session import upgrade

NIGHTS = 62
DAY = LAST + timedelta(days=1)
NOW = at(DAY, 23)


def plan(app: AppContext, cameras: int) -> None:
    assert sum(map(len, night.plan(app, night=DAY, round="night", system_window=None))) == cameras


def pasts(app: AppContext, cameras: int) -> None:
    with app.sessions.reading() as session:
        assert len(past.pasts(session, range(1, planner.size(cameras) + 1), DAY)) > 0


def store(app: AppContext, cameras: int) -> None:
    """One batch, from the first to the last byte: the check's file, its reading, the transaction."""
    size = planner.size(cameras)
    about = {"run": "r", "night": DAY, "look": "night", "over": 0.0, "planned": cameras}
    batch = Batch(cameras=[*range(1, size + 1)], starts=NOW, began=NOW, **about)
    name = handed_on.put(app, batch)
    found = handed_on.put(app, Found.of(name, batch, results(size, NOW)))
    told = handed_on.found(app, found, name, batch)
    with app.sessions.begin() as session:
        night.record(session, told.results, night=DAY, round="night", now=NOW, planned=cameras)


def conclude(app: AppContext, cameras: int) -> None:
    night.conclude(app, night=DAY, round="night", now=NOW, planned=cameras, started=NOW)
    settled = outages.settle(app, night=DAY, now=NOW)
    letters.outages(app, settled["opened"], NOW)
    with app.sessions.reading() as session:
        run = night.run_of(session, DAY, "night")
        assert run is not None
        night.summary(app, session, run)
    fleet.metrics(app, NOW)


def roll_up(app: AppContext, cameras: int) -> None:
    """The night of a month on which the oldest one leaves."""
    app.settings.check_retention_days = 31
    rollup.roll_up(app, DAY.replace(day=1) + timedelta(days=4))


STEPS: dict[str, Callable[[AppContext, int], None]] = {
    step.__name__: step for step in (plan, pasts, store, conclude, roll_up)
}


def step(name: str, cameras: int) -> None:
    app = AppContext(load())
    with app.sessions.begin():
        began = time.process_time()
    STEPS[name](app, cameras)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{time.process_time() - began:.1f} s, {memory:.0f} MB")


def main(cameras: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DONDOC_HOME": folder, "DONDOC_SECRET_KEY": SECRET}
        app = AppContext(load())
        upgrade(app.settings.url)
        fill(app, cameras, NIGHTS, pictured=planner.size(cameras))
        rest = results(cameras, NOW)[planner.size(cameras) :]
        app.sessions.kw["bind"].dispose()
        for name in STEPS:
            if name == "conclude":  # the other batches
                for start in range(0, len(rest), 5000):
                    with app.sessions.begin() as session:
                        part = rest[start : start + 5000]
                        night.record(session, part, night=DAY, round="night", now=NOW, planned=cameras)
                app.sessions.kw["bind"].dispose()
            command = [sys.executable, "-m", "bench.cameras.tasks", "--step", name, str(cameras)]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
            times = f" (× {ceil(cameras / planner.size(cameras))} batches)" if name in ("pasts", "store") else ""
            print(f"{cameras:>7} {name:<9} {told}{times}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        step(sys.argv[2], int(sys.argv[3]))
    else:
        for size in map(int, sys.argv[1:] or ("10000", "40000", "100000")):
            main(size)
