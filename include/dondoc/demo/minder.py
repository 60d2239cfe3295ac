"""Starts programs, each in a session of its own, and stops all of them when its standard input ends.

`python -m dondoc.demo.minder LOGS` reads a JSON list of [name, argument, …] from its first line of input. Whoever
started it may be killed in any way: its end closes the pipe, and nothing is left behind. Standard output gets one line
for each program that ends by itself.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

PATIENCE = 6.0  # seconds between asking and killing


def members(session: int) -> list[psutil.Process]:
    """The living processes of a session: the program, its workers, and what these started."""
    processes = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                processes.append(process)
        except (ProcessLookupError, PermissionError, psutil.Error):
            continue
    return processes


def stop(programs: list[subprocess.Popen[bytes]]) -> None:
    """Ask, wait, then kill, session by session: sessions of our own unreaped children, nobody else's."""
    for program in programs:
        if program.poll() is None:
            program.terminate()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and any(members(p.pid) for p in programs):
        time.sleep(0.2)
        for program in programs:
            program.poll()
    while left := [process for program in programs for process in members(program.pid)]:
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.1)
        for program in programs:
            program.poll()


def _start(commands: list[list[str]], logs: Path) -> dict[str, subprocess.Popen[bytes]]:
    started = {}
    for name, *command in commands:
        with (logs / f"{name}.log").open("wb") as log:
            started[name] = subprocess.Popen(  # noqa: S603 - the demo's own commands
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
    return started


def main() -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C is for whoever started us; we see the pipe close
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    programs: dict[str, subprocess.Popen[bytes]] = {}
    try:
        commands = json.loads(sys.stdin.readline() or "[]")
        programs = _start(commands, Path(sys.argv[1]))
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin, selectors.EVENT_READ)
            reported: set[str] = set()
            while not selector.select(0.5):
                for name, program in programs.items():
                    if program.poll() is not None and name not in reported:
                        reported.add(name)
                        print(f"{name} {program.returncode}", flush=True)
    finally:
        stop(list(programs.values()))


if __name__ == "__main__":
    main()
