"""Stage 1 over N simulated cameras, against asking them one after another with a bare DESCRIBE.

    .venv/bin/python bench/cameras.py [cameras] [dead cameras] [time-out in seconds]

The fleet runs on the same machine: trust the ratio, not the rates. Each is measured three times; medians are printed.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from ipaddress import ip_network

from dondoc.cameras.probe import probe_many
from dondoc.cameras.verdicts import Target

LOOPBACK = [ip_network("127.0.0.0/8")]


async def _describe(port: int, url: str, timeout: float) -> None:
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
    except TimeoutError:
        return
    writer.close()


async def _one_by_one(port: int, urls: list[str], timeout: float) -> None:
    for url in urls:
        await _describe(port, url, timeout)


def _rate(count: int, work: Callable[[], object]) -> float:
    rates = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        rates.append(count / (time.perf_counter() - started))
    return statistics.median(rates)


def main() -> None:
    given = [*sys.argv[1:], *["1000", "5", "1"][len(sys.argv) - 1 :]]
    cameras, dead, timeout = int(given[0]), int(given[1]), float(given[2])
    command = [sys.executable, "-m", "dondoc.demo.fleet", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as fleet:
        assert fleet.stdout is not None
        port = json.loads(fleet.stdout.readline())["ports"][0]
        kinds = ["hanging"] * dead + ["healthy"] * (cameras - dead)
        urls = [f"rtsp://127.0.0.1:{port}/{kind}/{number}" for number, kind in enumerate(kinds)]
        targets = [Target(str(n), url) for n, url in enumerate(urls)]
        own = _rate(cameras, lambda: list(probe_many(targets, timeout=timeout, allow=LOOPBACK)))
        bare = _rate(cameras, lambda: asyncio.run(_one_by_one(port, urls, timeout)))
        fleet.terminate()
    print(f"{cameras} cameras, {dead} of them hanging, time-out {timeout:g} s")
    print(f"probe_many, 64 at a time (OPTIONS + DESCRIBE): {own:8.0f} cameras/s")
    print(f"one after another (DESCRIBE alone):            {bare:8.0f} cameras/s")
    print(f"ratio:                                         {own / bare:8.1f}")


if __name__ == "__main__":
    main()
