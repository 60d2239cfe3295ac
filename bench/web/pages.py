"""The pages of a real uvicorn over a real SQLite with 1,000 cameras: what they cost, how long one waits.

    .venv/bin/python bench/web/pages.py [FOLDER]

FOLDER: another checkout of this project, whose pages are measured by turns with these.
"""

import asyncio
import http.client
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).resolve()
CAMERAS, NIGHTS, REPEATS, SECONDS, CLIENTS = 1000, 30, 4, 3, 4
PAGES = ("/", "/cameras", "/cameras/500", "/letters")
READERS, READING, WRITING = 200, 20, 45
PORTS = iter(range(int(os.environ.get("BENCH_PORT", "18700")), 18800))


def serve(port: int) -> None:
    """The pages, for whoever the header X-Role names."""
    import uvicorn
    from fastapi import Request

    from dondoc.configuration.context import open_context
    from dondoc.web.app import create_app
    from dondoc.web.user import User

    app = open_context()

    def visitor(request: Request) -> User:
        return User("ops", request.headers["x-role"] == "ops", "ops")

    pages = create_app(current_user=visitor, app=lambda: app)
    uvicorn.run(pages, host="127.0.0.1", port=port, log_level="error", proxy_headers=False)


def fill() -> None:
    """The world that is shown."""
    from dondoc.audit import MACHINE
    from dondoc.cameras.nights import night
    from dondoc.cameras.nights.result import Result
    from dondoc.cameras.registry.imports import import_csv
    from dondoc.clock import at
    from dondoc.configuration.context import AppContext
    from dondoc.configuration.settings import load
    from dondoc.probing.verdicts import Finding, Verdict
    from dondoc.store.session import upgrade

    app = AppContext(load())
    upgrade(app.settings.url)
    agencies = [a.id for a in app.registry.agencies if a.alive(date(2021, 11, 1))]
    rows = [
        f"{agencies[n % len(agencies)]},security_traffic,Camera {n},rtsp://10.{n % 200}.{n // 250}.1/x,Điểm {n // 4}"
        for n in range(CAMERAS)
    ]
    with app.sessions.begin() as session:
        text = "\n".join(["agency,system,name,url,site", *rows])
        about = {"by": MACHINE, "secrets": app.secrets, "now": at(date(2021, 10, 20), 9)}
        import_csv(session, app.registry, text, "c.csv", **about)
    for back in range(NIGHTS, 0, -1):
        day = date(2021, 11, 25) - timedelta(days=back)
        verdicts = ["connect_timeout" if (n * 7 + back) % 23 == 0 else "ok" for n in range(CAMERAS)]
        results = [
            Result.of(Finding(str(n), Verdict.stored(verdict), "", 9, 2), at(day, 22))
            for n, verdict in enumerate(verdicts, 1)
        ]
        night.store(app, results, night=day, round="night", now=at(day, 22))


@contextmanager
def serving(checkout: Path, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Port and process of the pages of a checkout."""
    port = next(PORTS)
    own = environment | {"PYTHONPATH": str(checkout / "include")}
    process = subprocess.Popen([sys.executable, str(HERE), "serve", str(port)], env=own)
    try:
        for _ in range(300):
            assert process.poll() is None, "the pages did not start"
            try:
                ask(port, "/static/style.css")
                break
            except OSError:
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def ask(port: int, path: str) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", path, headers={"X-Role": "ops"})
    status = line.getresponse().status
    line.close()
    return status


def used(process: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(port: int, process: int, path: str) -> float:
    """Milliseconds of processor time for a page, while some clients ask, each over one connection."""
    before = used(process)
    counts, ends = [], time.monotonic() + SECONDS

    def client() -> None:
        line, count = http.client.HTTPConnection("127.0.0.1", port, timeout=60), 0
        while time.monotonic() < ends:
            line.request("GET", path, headers={"X-Role": "ops"})
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            count += 1
        counts.append(count)

    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return (used(process) - before) / sum(counts) * 1000


async def reader(port: int, number: int, think: float, ends: float, seen: list[tuple[float, int, bool]]) -> None:
    await asyncio.sleep(think * number / READERS)
    while time.monotonic() < ends:
        began, status, body = time.monotonic(), 0, b""
        try:
            read, write = await asyncio.open_connection("127.0.0.1", port)
            page = PAGES[number % len(PAGES)]
            write.write(f"GET {page} HTTP/1.1\r\nHost: x\r\nX-Role: ops\r\nConnection: close\r\n\r\n".encode())
            body = await read.read()
            write.close()
            status = int(body.split(b" ", 2)[1])
        except (OSError, IndexError):
            pass
        ours = b'lang="vi"' in body
        seen.append((time.monotonic() - began, status, ours))
        number += 1
        await asyncio.sleep(think)


def full(port: int, file: Path, think: float) -> str:
    """Readers while another process of ours, for all SQLite can tell, writes; what they waited and got."""
    writer = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("CREATE TABLE IF NOT EXISTS bench (x)")
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.05):
            writer.execute("INSERT INTO bench VALUES (randomblob(1000))")
        writer.execute("ROLLBACK")

    writing = threading.Thread(target=write)
    writing.start()
    began, seen = time.monotonic(), []

    async def read() -> None:
        ends = time.monotonic() + READING
        await asyncio.gather(*(reader(port, n, think, ends, seen) for n in range(READERS)))

    asyncio.run(read())
    time.sleep(max(0, WRITING - (time.monotonic() - began)))
    over.set()
    writing.join()
    waits = sorted(wait for wait, _, _ in seen)
    statuses = Counter(status if ours else f"{status} not ours" for _, status, ours in seen)
    return (
        f"{len(seen)} pages, waited {statistics.median(waits):.2f} s (median), {waits[int(len(waits) * 0.99)]:.2f} s "
        f"(99 of 100), {waits[-1]:.2f} s (longest); answers {dict(statuses)}"
    )


def main(others: list[str]) -> None:
    checkouts = [HERE.parents[2], *(Path(other).resolve() for other in others)]
    with tempfile.TemporaryDirectory(prefix="dondoc-bench-") as home:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DONDOC_")}
        environment |= {
            "DONDOC_HOME": home,
            "DONDOC_SECRET_KEY": "a-key-for-this-measurement-only-0123456789",
            "DONDOC_CLOCK": "2021-11-25T09:00+07:00",
        }
        own = environment | {"PYTHONPATH": str(checkouts[0] / "include")}
        subprocess.run([sys.executable, str(HERE), "fill"], env=own, check=True)
        for think in (5.0, 0.0):
            for checkout in checkouts:
                with serving(checkout, environment) as (port, _):
                    said = full(port, Path(home) / "dondoc.db", think)
                    print(f"{checkout.name}, {READERS} readers, {think:.0f} s between pages: {said}", flush=True)
        costs: dict[tuple[Path, str], list[float]] = {}
        for _ in range(REPEATS):
            for checkout in checkouts:
                with serving(checkout, environment) as (port, process):
                    for page in PAGES:
                        ask(port, page)
                        costs.setdefault((checkout, page), []).append(cost(port, process, page))
        for page in PAGES:
            ours = statistics.median(costs[checkouts[0], page])
            for checkout in checkouts:
                found = costs[checkout, page]
                middle = statistics.median(found)
                spread = f"{min(found):.1f} to {max(found):.1f}"
                print(f"{page:14} {checkout.name:12} {middle:6.1f} ms of a processor ({spread}), {middle / ours:.2f}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", port]:
            serve(int(port))
        case ["fill"]:
            fill()
        case others:
            main(others)
