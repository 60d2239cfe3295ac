"""Stage 1 against prometheus-blackbox-exporter and nmap, and with ten thousand cameras that hang.

    .venv/bin/python bench/cameras/stage1.py

Every tool has the whole machine, shared with the simulated cameras and with what asks the exporter. Each measurement is
taken REPEATS times, the tools by turns; medians and their spread are printed as Markdown, for bench/README.md. Needs
Linux and the Debian packages prometheus-blackbox-exporter and nmap.
"""

import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

import peers
import simulator

HERE = Path(__file__).parent
REPEATS, CAMERAS = 5, 10_000
SCRAPES = (16, 32, 64)  # at a time; the best is compared with
AT_ONCE, DEADLINE = 128, 5.0
EXPECTED = {"open": "ok", "digest": "ok", "hanging": "rtsp_timeout"}


def address(number: int) -> str:
    return f"127.77.{number // 250}.{number % 250 + 1}"


def own(kind: str, port: int, cameras: int, at_once: int) -> None:
    """One run of ours, as a process would make it: prints seconds, p99 in ms and the most memory in MB."""
    from dondoc.probing.processes import probe_shares
    from dondoc.probing.verdicts import Target

    login = (simulator.USER, simulator.PASSWORD) if kind == "digest" else (None, None)
    targets = [Target(str(i), f"rtsp://{address(i)}:{port}/1", *login) for i in range(cameras)]
    started = time.perf_counter()
    looks = probe_shares(targets, concurrency=at_once, timeout=DEADLINE, allow=[ip_network("127.0.0.0/8")])
    used: list[float] = []
    timer = threading.Timer(DEADLINE * 0.9, lambda: used.append(memory()))  # when every hanging one hangs
    timer.daemon = True
    timer.start()
    found = list(looks)
    seconds = time.perf_counter() - started
    verdicts = Counter(f.verdict for f in found)
    assert verdicts == {EXPECTED[kind]: cameras}, verdicts
    p99 = sorted(f.elapsed_ms for f in found)[int(cameras * 0.99)]
    print(json.dumps([seconds, p99, *used]))


def memory() -> float:
    """MB of this process and its children, what they share counted once."""
    processes = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    return sum(proportional(Path(f"/proc/{number}/smaps_rollup").read_text()) for number in processes) / 1024


def proportional(smaps: str) -> int:
    return next(int(line.split()[1]) for line in smaps.splitlines() if line.startswith("Pss:"))


def run_own(kind: str, ports: dict[str, int], cameras: int, at_once: int) -> list[float]:
    words = (sys.executable, __file__, kind, str(ports[kind]), str(cameras), str(at_once))
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return list(json.loads(done.stdout))


def run_command(ports: dict[str, int], folder: Path, cameras: int) -> float:
    """Seconds of the command line with a list of cameras, from its start to its end."""
    listed = folder / "cameras.csv"
    listed.write_text("id,url\n" + "".join(f"{i},rtsp://{address(i)}:{ports['open']}/1\n" for i in range(cameras)))
    words = (sys.executable, "-c", "from dondoc.cli import main; main()", "probe", "--from", str(listed), "--json")
    started = time.perf_counter()
    done = subprocess.run((*words, "--allow", "127.0.0.0/8"), capture_output=True, text=True, check=True)
    assert done.stdout.count('"ok"') == cameras
    return time.perf_counter() - started


@contextmanager
def cameras() -> Iterator[dict[str, int]]:
    with subprocess.Popen((sys.executable, str(HERE / "simulator.py")), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def measure(ports: dict[str, int], folder: Path) -> dict[str, list[float]]:
    """Cameras per second of everything, by turns, so that what else the machine does hits all alike."""
    rates: dict[str, list[float]] = {}
    asked = [f"{address(i)}:{ports['open']}" for i in range(CAMERAS)]
    everyone = f"127.77.0-{CAMERAS // 250 - 1}.1-250"

    def note(name: str, cameras: int, seconds: float) -> None:
        rates.setdefault(name, []).append(cameras / seconds)
        print(f"  {name}: {rates[name][-1]:.0f}/s", file=sys.stderr)

    with peers.blackbox(folder) as exporter:
        for _ in range(REPEATS):
            note("dondoc, no password", CAMERAS, run_own("open", ports, CAMERAS, AT_ONCE)[0])
            note("dondoc, Digest", CAMERAS, run_own("digest", ports, CAMERAS, AT_ONCE)[0])
            for at_once in SCRAPES:
                note(f"blackbox exporter, {at_once} at a time", CAMERAS, peers.scrape(exporter, asked, at_once))
            start_up = peers.nmap(ports["open"], address(0), 1)
            whole = peers.nmap(ports["open"], everyone, CAMERAS)
            note("nmap", CAMERAS, whole - start_up)
            note("nmap, start-up included", CAMERAS, whole)
            note("dondoc probe, start-up included", CAMERAS, run_command(ports, folder, CAMERAS))
            settle()
    return rates


def settle() -> None:
    """Wait until the kernel has forgotten most connections: a full table of conntrack looks like dead cameras."""
    count, most = (Path(f"/proc/sys/net/netfilter/nf_conntrack_{name}") for name in ("count", "max"))
    while count.exists() and int(count.read_text()) > int(most.read_text()) / 3:
        time.sleep(1)


def spread(values: Sequence[float], unit: str) -> str:
    return f"{statistics.median(values):.0f} {unit} ({min(values):.0f}–{max(values):.0f})"


def report(rates: dict[str, list[float]], hanging: list[list[float]]) -> None:
    medians = {name: statistics.median(values) for name, values in rates.items()}
    best = max((name for name in medians if name.startswith("blackbox")), key=medians.__getitem__)
    print("| prober | cameras/s, median (least–most) | × blackbox | × nmap |\n|---|---|---|---|")
    for name, values in rates.items():
        against = f"{medians[name] / medians[best]:.2f} | {medians[name] / medians['nmap']:.2f}"
        print(f"| {name} | {spread(values, '')} | {against} |")
    _, p99, used = zip(*hanging, strict=True)
    print(f"\n{CAMERAS} cameras that hang, all at once, deadline {DEADLINE * 1000:.0f} ms: p99 {spread(p99, 'ms')}")
    print(f"most memory of that run: {spread(used, 'MB')}")


def main() -> None:
    if lacking := peers.missing():
        sys.exit(f"missing: {', '.join(lacking)}")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, cameras() as ports:
        rates = measure(ports, Path(folder))
        hanging = [run_own("hanging", ports, CAMERAS, CAMERAS) for _ in range(REPEATS)]
    print(f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}, ", end="")
    print(f"{REPEATS} repeats; load average {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end\n")
    report(rates, hanging)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        own(sys.argv[1], *map(int, sys.argv[2:]))
