"""How long a task and a run may take, and the end of a task that does not keep to it.

Airflow's `execution_timeout` is an alarm inside the task's own process: a process that is stopped (SIGSTOP, a debugger,
a hung disk) never hears it, while the supervisor beside it goes on sending heartbeats. Measured: such a task stays
`running`, and with `max_active_runs=1` no run comes after it. So a small process of our own waits beside the task and
kills it; behind that stands `dagrun_timeout`, after which the scheduler fails the run and its supervisors kill what is
left.
"""

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

READ, JUDGE, PROBE, DELIVER = (timedelta(minutes=m) for m in (3, 10, 8, 10))
MAILBOX = timedelta(minutes=12)  # more than DONDOC_MAILBOX_SECONDS may be: what is killed writes down nothing
PLAN, STORE, CONCLUDE = timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)
CHECK = timedelta(hours=3)  # a batch waits for its turn, and spreads its checks
DECIDE = DRAW_UP = timedelta(minutes=15)
OTHERS = timedelta(minutes=5)
# A run ends before the next one of its kind that matters: 22:00 before 04:00, a morning's letters before the next.
GATHER_RUN, CHECK_RUN = timedelta(minutes=45), timedelta(hours=5, minutes=30)
# How long a person is waited for: for letters until the next morning's run asks, which over Tết is long to come.
APPROVAL, REPORT_APPROVAL = timedelta(days=15), timedelta(days=3)
LOOK_AGAIN = timedelta(minutes=5)  # how often a question looks whether it was answered elsewhere
ESCALATE_RUN, REPORT_RUN = APPROVAL + timedelta(hours=1), REPORT_APPROVAL + timedelta(hours=1)
GRACE = timedelta(seconds=15)  # after its own alarm a task may end by itself

# Argument 1: a descriptor of the task's process, which no other process can take the place of; 2: seconds. It ends when
# the task ends, when its standard input is closed, or with the killing.
_WATCHER = """
import select, signal, sys
task = int(sys.argv[1])
over = select.poll()  # not select(), which ends at descriptor 1,024
over.register(task, select.POLLIN)
over.register(0, select.POLLIN)
if not over.poll(float(sys.argv[2]) * 1000):
    signal.pidfd_send_signal(task, signal.SIGKILL)
"""


@contextmanager
def killed_after(limit: timedelta) -> Iterator[None]:
    """Within, this process lives no longer than the limit, whatever state it is in. Linux only; elsewhere as long."""
    if not hasattr(os, "pidfd_open"):
        yield
        return
    task = os.pidfd_open(os.getpid())
    try:
        watcher = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", "-c", _WATCHER, str(task), str(limit.total_seconds())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},
            pass_fds=[task],
            start_new_session=True,  # a signal to the task's process group is none for it
        )
    finally:
        os.close(task)
    try:
        yield
    finally:
        assert watcher.stdin is not None
        watcher.stdin.close()
        watcher.wait()


def held_to(limit: timedelta) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The body of a task that Airflow gives `execution_timeout=limit`: it is over shortly after, even if stopped."""

    def decorate(body: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(body)
        def held(*args: P.args, **kwargs: P.kwargs) -> R:
            with killed_after(limit + GRACE):
                return body(*args, **kwargs)

        vars(held)["limit"] = limit
        return held

    return decorate
