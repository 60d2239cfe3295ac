"""The current state of a fleet on SQLite: a page's overview and every camera, beside the facts; and a night stored.

    .venv/bin/python bench/cameras/current.py [cameras] [nights] [repeats]

Processor time, medians of the repeats. A night is stored twice: as it is, and without keeping current states, as it was
before there were any. Rows are made in the database, in a temporary folder.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from unittest.mock import patch

from sqlalchemy import text
from sqlalchemy.orm import Session

from dondoc.cameras.nights import night
from dondoc.cameras.nights.result import Result
from dondoc.cameras.state import current, outages, state
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.probing.verdicts import Finding, Verdict
from dondoc.store.session import upgrade

LAST = date(2026, 11, 24)
SECRET = "mot-chuoi-ngau-nhien-du-dai-de-thu"
COUNT = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {})"
FLEET = """INSERT INTO cameras (id, agency, system, key, name, place, site, url, confirmed, restricted, worked_at,
                     happened_at, recorded_at)
SELECT n, CASE n % 4 WHEN 0 THEN 'so-nnptnt' WHEN 1 THEN 'cong-an-tinh' WHEN 2 THEN 'ubnd-huyen-duc-tho'
       ELSE 'ubnd-huyen-can-loc' END, 'security_traffic', 'c' || n, 'Camera ' || n, 'Điểm ' || n / 5, 'Cổng',
       'rtsp://10.1.1.1:554/' || n, 0, 0, :first, :first, :first FROM n"""
DECLARED = """INSERT INTO camera_declarations (camera_id, source, said, url, happened_at, recorded_at)
SELECT id, 'import', json_object('name', name, 'place', place, 'site', site), url, happened_at, recorded_at
FROM cameras"""
PICTURE = """{"mean": 135.07, "std": 24.56, "p99": 182, "clip": 0.0, "mode": 0.0179, "lap": 10.86, "sharp": 17.97,
"coarse_lap": 20.92, "coarse_sharp": 34.62, "edge": 0.04629, "colour": 20.4, "bars": 15.76, "size": "640x360", "hash":
"0014009030303800", "tiles": "1ASSMtU5rw9MtphfIoDv9baXQI0RiaqRpvv6xEsvOs2vFm/K5g8FayaMSU7NDSwB55XXSC/hr1QO4nICOkfqwXev",
"flat": 0.019, "u": 0.55, "v": 1.441, "grain": 0.997, "patches": 0.855, "light": "night", "verdict": "ok"}"""
CHECKS = """INSERT INTO camera_checks (camera_id, night, round, stage, verdict, phase, detail, elapsed_ms, features,
                           happened_at, recorded_at)
SELECT c.id, date(:last, '-' || (n.n - 1) || ' days'), 'night', 2, v,
       CASE v WHEN 'ok' THEN 'done' ELSE 'connect' END, '', 850,
       CASE WHEN v = 'ok' AND c.id <= :pictured THEN :picture END,
       date(:last, '-' || (n.n - 1) || ' days') || ' 15:00:00.000000',
       date(:last, '-' || (n.n - 1) || ' days') || ' 15:10:00.000000'
FROM n JOIN (SELECT id FROM cameras) c
JOIN (SELECT 'ok' v UNION SELECT 'connect_timeout') ON
     v = CASE WHEN (c.id % 50 = 0 AND n.n < 10) OR (c.id * 7919 + n.n * 104729) % 12 = 0
              THEN 'connect_timeout' ELSE 'ok' END
ORDER BY n.n DESC, c.id"""


def fill(app: AppContext, cameras: int, nights: int, pictured: int = 0) -> None:
    """A fleet with its nights; of the first so many cameras also what their pictures were like."""
    first = at(LAST - timedelta(days=nights), 12).astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")
    with app.sessions.begin() as session:
        session.execute(
            text(f"{FLEET.split('SELECT')[0]} {COUNT.format(cameras)} SELECT{FLEET.split('SELECT', 1)[1]}"),
            {"first": first},
        )
        session.execute(text(DECLARED))
        head, rest = CHECKS.split("SELECT", 1)
        session.execute(
            text(f"{head} {COUNT.format(nights)} SELECT{rest}"),
            {"last": f"{LAST}", "pictured": pictured, "picture": PICTURE},
        )
    with app.sessions.begin() as session:
        session.execute(text("ANALYZE"))


def cost(work: Callable[[], object], repeats: int = 1) -> tuple[float, float]:
    """Processor and wall time in ms, medians."""
    took = []
    for _ in range(repeats):
        begun, wall = time.process_time(), time.perf_counter()
        work()
        took.append(((time.process_time() - begun) * 1000, (time.perf_counter() - wall) * 1000))
    return statistics.median(c for c, _ in took), statistics.median(w for _, w in took)


def results(cameras: int, when: datetime) -> list[Result]:
    verdicts = ("ok",) * 11 + ("connect_timeout",)
    return [
        Result.of(Finding(str(n), Verdict.stored(verdicts[n % 12]), "", 850, 2), when) for n in range(1, cameras + 1)
    ]


def stored(app: AppContext, cameras: int, day: date) -> None:
    night.store(app, results(cameras, at(day, 22)), night=day, round="night", now=at(day, 23))
    outages.settle(app, night=day, now=at(day, 23))


def fresh(folder: str, cameras: int) -> float:
    """Processor time of the first overview in a process whose data files are read, its queries not compiled yet."""
    program = [sys.executable, __file__, "--once", folder, str(cameras)]
    return float(subprocess.run(program, check=True, capture_output=True, text=True).stdout)


def once(folder: str, cameras: int) -> float:
    os.environ |= {"DONDOC_HOME": folder, "DONDOC_SECRET_KEY": SECRET}
    app = AppContext(load())
    assert app.registry
    with app.sessions.reading() as session:
        return cost(lambda: page(app, session, cameras))[0]


def page(app: AppContext, session: Session, cameras: int) -> None:
    found = current.overview(app, session, at(LAST, 23), size=50)
    assert (found.total, len(found.rows)) == (cameras, 50)


def main(cameras: int, nights: int, repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DONDOC_HOME": folder, "DONDOC_SECRET_KEY": SECRET}
        app = AppContext(load())
        upgrade(app.settings.url)
        fill(app, cameras, nights)
        now = at(LAST, 23)
        outages.settle(app, night=LAST, now=now)
        with app.sessions.reading() as session:
            overview = cost(lambda: page(app, session, cameras), 5 * repeats)
            read = cost(lambda: current.read(app, session, now), 5 * repeats)
            facts = cost(lambda: state.states(app, session, now), repeats)
        first = statistics.median(fresh(folder, cameras) for _ in range(repeats))
        plain, kept = [], []
        for number in range(1, repeats + 1):
            before, after = LAST + timedelta(days=2 * number - 1), LAST + timedelta(days=2 * number)
            with patch.object(current, "refresh", lambda *_, **__: 0):
                plain.append(cost(partial(stored, app, cameras, before))[0])
            with app.sessions.begin() as session:
                current.refresh(app, session, at(before, 23))
            kept.append(cost(partial(stored, app, cameras, after))[0])
        print(f"{cameras} cameras, {nights} nights; processor (wall) in ms")
        print(f"overview of a page: {overview[0]:.0f} ({overview[1]:.0f}); first of a process: {first:.0f}")
        print(f"every camera, read: {read[0]:.0f} ({read[1]:.0f}); of the facts: {facts[0]:.0f} ({facts[1]:.0f})")
        a, b = statistics.median(plain), statistics.median(kept)
        print(f"a night stored and settled: {b:.0f}; without keeping states: {a:.0f}; ratio {b / a:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        print(once(sys.argv[2], int(sys.argv[3])))
    else:
        given = [int(word) for word in sys.argv[1:4]]
        main(*(given + [10_000, 400, 5][len(given) :]))
