"""Nothing is left behind, however the demo ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow

# Starts a child in a process group of its own, as Airflow does with tasks, and ignores being asked to stop.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgid(0, 0)
print(os.getpid(), flush=True)
time.sleep(600)
"""
# A demo in small: starts a minder, says its pid, and waits.
PARENT = """
import json, subprocess, sys, time
minder = subprocess.Popen([sys.executable, "-m", "dondoc.demo.minder", sys.argv[1]],
                          stdin=subprocess.PIPE, text=True, start_new_session=True)
minder.stdin.write(sys.argv[2] + "\\n"); minder.stdin.flush()
print(minder.pid, flush=True)
time.sleep(600)
"""


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def pids(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_whatever_ends_the_demo_its_programs_end_too(tmp_path: Path, ending: signal.Signals) -> None:
    asked = json.dumps([["stubborn", sys.executable, "-c", STUBBORN]])
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), asked], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert parent.stdout is not None
    minder = int(parent.stdout.readline())
    log = tmp_path / "stubborn.log"
    until(lambda: len(pids(log)) == 2)
    assert all(map(alive, pids(log)))
    parent.send_signal(ending)
    parent.communicate()
    until(lambda: not any(map(alive, [minder, *pids(log)])))


def test_a_program_that_ends_by_itself_is_told_of(tmp_path: Path) -> None:
    minder = subprocess.Popen(
        [sys.executable, "-m", "dondoc.demo.minder", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert minder.stdin is not None
    assert minder.stdout is not None
    minder.stdin.write(json.dumps([["short", sys.executable, "-c", "print('xong'); raise SystemExit(3)"]]) + "\n")
    minder.stdin.flush()
    assert minder.stdout.readline() == "short 3\n"
    minder.stdin.close()
    assert minder.wait(120) == 0
    minder.stdout.close()
    assert (tmp_path / "short.log").read_text() == "xong\n"
