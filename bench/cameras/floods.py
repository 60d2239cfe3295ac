"""16 cameras that send without end beside 24 honest ones, one picture each: wrong verdicts of the honest ones.

Then as many as are looked at at once, most of which send as large a picture as one look takes and hold it: the memory.

    .venv/bin/python bench/cameras/floods.py [repeats]

Floods, honest cameras and the prober share the machine; the deadline is the night's. Repeats are interleaved: the
honest ones alone, then beside the floods.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from ipaddress import ip_network
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from dondoc.cameras.nights.batch import CONCURRENCY, TIMEOUT
from dondoc.probing.probe import probe_many
from dondoc.probing.verdicts import Finding, Target
from tests.probing.flooders import HOARDS, flooders

HONEST, FLOODS = 24, 16


def look(targets: list[Target]) -> tuple[list[Finding], float]:
    started = time.monotonic()
    found = probe_many(targets, stage=2, concurrency=len(targets), timeout=TIMEOUT, allow=[ip_network("127.0.0.0/8")])
    return [f for f in found if f.camera.startswith("honest")], time.monotonic() - started


def main(repeats: int) -> None:
    command = [sys.executable, "-m", "dondoc.demo.fleet"]
    with flooders() as urls, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as fleet:
        assert fleet.stdout is not None
        root = f"rtsp://127.0.0.1:{json.loads(fleet.stdout.readline())['ports'][0]}/healthy"
        honest = [Target(f"honest {n}", f"{root}/{n}") for n in range(HONEST)]
        floods = [Target(kind, url) for kind, url in urls.items()][:FLOODS]
        look(honest)  # its clips are made
        wrong, alone, beside = [], [], []
        for _ in range(repeats):
            found, _ = look(honest)
            alone.append(statistics.median(f.elapsed_ms for f in found))
            found, _ = look(floods + honest)
            beside.append(statistics.median(f.elapsed_ms for f in found))
            wrong.append(sum(f.verdict != "ok" for f in found))
        kinds = [*HOARDS, "large datagrams"]
        hoards = [Target(f"hoard {n}", f"{urls[kinds[n % len(kinds)]]}/{n}") for n in range(CONCURRENCY - HONEST)]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found, _ = look(hoards + honest)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        fleet.terminate()
    print(f"{FLOODS} floods beside {HONEST} honest cameras, {repeats} repeats")
    print(f"wrong verdicts among the honest: {wrong}")
    print(f"ms to an honest verdict, median: alone {[*map(round, alone)]}, beside floods {[*map(round, beside)]}")
    print(f"{len(hoards)} that hoard beside {HONEST}: {grown} MB more, {sum(f.verdict != 'ok' for f in found)} wrong")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
