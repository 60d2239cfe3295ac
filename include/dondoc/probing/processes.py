"""Stage 1 of a large fleet in several processes: of a dialogue that gets answers, most of the time is Python's own."""

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TypeAlias, cast

from dondoc.configuration.settings import Network
from dondoc.errors import Problem
from dondoc.probing.probe import probe_many
from dondoc.probing.verdicts import Finding, Target

WORTH = 1000  # cameras to a process: fewer are asked before another would have begun
Probe: TypeAlias = Callable[[], Iterator[Finding]]
EVERY = 0.1  # seconds between two tellings of a process
_DIED = "Một tiến trình kiểm tra camera dừng đột ngột (thiếu bộ nhớ, hoặc bị kết thúc từ bên ngoài). Hãy chạy lại."


def probe_shares(
    targets: Iterable[Target], *, concurrency: int, timeout: float, allow: Sequence[Network]
) -> Iterator[Finding]:
    """Ask many cameras, in a process for each core when there are enough of them.

    The processes begin at once, not when the first finding is asked for: call it before any thread is started.

    Args:
        concurrency: cameras at a time, of all processes together.
        timeout, allow: as `probe_many`.

    Returns:
        findings, in order of completion but for a tenth of a second.

    Raises:
        Problem: as `probe_many`; a process died.
    """
    everyone = list(targets)
    count = max(1, min(_cores(), len(everyone) // WORTH))
    probe = partial(probe_many, concurrency=max(1, concurrency // count), timeout=timeout, allow=allow)
    if count == 1:
        return probe(everyone)
    return _gather(dict(_start(partial(probe, everyone[i::count])) for i in range(count)))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _start(probe: Probe) -> tuple[Connection, BaseProcess]:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_tell, args=(probe, theirs), daemon=True)
    process.start()
    theirs.close()  # so that its end is seen here when the process has ended
    return ours, process


def _gather(processes: dict[Connection, BaseProcess]) -> Iterator[Finding]:
    under_way = set(processes)
    try:
        while under_way:
            for connection in cast(list[Connection], wait(list(under_way))):
                try:
                    findings = connection.recv()
                except EOFError:
                    raise Problem(_DIED) from None
                if isinstance(findings, Exception):
                    raise findings
                if not findings:
                    under_way.remove(connection)
                yield from findings
    finally:
        for process in processes.values():
            process.terminate()
            process.join()


def _tell(probe: Probe, connection: Connection) -> None:
    """What a process does: tell what it found, some at a time, at last nothing; or what went wrong."""
    gc.freeze()  # nothing we begin with is ever garbage, and a probe leaves little: look for it less often
    gc.set_threshold(20_000)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; whoever asked ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        findings: list[Finding] = []
        last = 0.0
        for finding in probe():
            findings.append(finding)
            if time.monotonic() - last > EVERY:
                connection.send(findings)
                findings, last = [], time.monotonic()
        if findings:
            connection.send(findings)
        connection.send([])
    except Exception as error:
        connection.send(error)


def _end_with_parent() -> None:
    """Whoever asked may be ended without a chance to end this process."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)
