"""Workers that die at the worst moment, and workers that compete: no letter twice, none lost."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.mail.conftest import ARCHIVE, Desk

pytestmark = pytest.mark.slow

WORKER = """
import sys
from dondoc import clock
from dondoc.mail import delivery
from dondoc.mail.servers import smtp_from_url
from dondoc.configuration.context import open_context
app = open_context()
app.calendar, app.blobs
print("ready", flush=True)
sys.stdin.readline()
delivery.deliver(
    app.sessions, smtp_from_url(app.settings.smtp_url.get_secret_value()), settings=app.settings,
    secrets=app.secrets, calendar=app.calendar, blobs=app.blobs,
    precondition={"receipt": lambda *_: None}, now=clock.now)
"""


def worker(desk: Desk) -> subprocess.Popen[str]:
    """A process that delivers once it reads a line."""
    environment = {**os.environ, "DONDOC_SMTP_URL": desk.server.smtp_url("ioc@hatinh.test")}
    started = subprocess.Popen(
        [sys.executable, "-c", WORKER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.parametrize(
    ("where", "left", "after", "copies"),
    [
        ("at RCPT", "claimed", {"sent": 1}, 1),
        ("before the message is stored", "sending", {"uncertain": 1}, 0),
        ("after the message is stored", "sending", {"sent": 1}, 1),
    ],
)
def test_a_worker_killed_at_a_step_neither_loses_nor_repeats(
    desk: Desk, where: str, left: str, after: dict[str, int], copies: int
) -> None:
    row_id, process = desk.write(), worker(desk)

    def kill(*_: object) -> str:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return "250 OK"

    match where:
        case "at RCPT":
            desk.post.on_rcpt = kill
        case "before the message is stored":
            desk.post.data = [kill]
        case _:
            desk.post.after_data = kill
    go(process)
    assert process.wait(20) == -signal.SIGKILL
    desk.post.on_rcpt = desk.post.after_data = lambda *_: None  # type: ignore[assignment,return-value]
    assert desk.row(row_id).state == left
    assert desk.deliver() == {}, "its lease still runs"
    desk.let_leases_run_out()
    assert desk.deliver(archive=True) == after
    assert desk.deliver(archive=True) == {}
    assert len(desk.received()) == copies


def test_a_late_answer_settles_what_was_taken_for_lost(desk: Desk) -> None:
    row_id = desk.write()

    def sweep_meanwhile(*_: object) -> None:
        desk.let_leases_run_out()
        assert desk.deliver() == {"uncertain": 1}

    desk.post.after_data = sweep_meanwhile
    assert desk.deliver() == {"sent": 1}
    assert desk.history(row_id) == ["pending", "claimed", "sending", "uncertain", "sent"]


def test_a_worker_whose_lease_ran_out_before_the_message_leaves_it_to_the_next(desk: Desk) -> None:
    row_id = desk.write()

    def taken_over() -> None:
        desk.post.on_rcpt = lambda: None
        desk.let_leases_run_out()
        assert desk.deliver() == {"sent": 1}

    desk.post.on_rcpt = taken_over
    assert desk.deliver() == {}
    assert desk.row(row_id).attempts == 2
    assert len(desk.received()) == 1


def test_workers_at_the_same_time_deliver_each_letter_once(desk: Desk) -> None:
    addresses = [f"so-{n}@huyen.test" for n in range(24)]
    for address in addresses:
        desk.write(address)
    with ThreadPoolExecutor(4) as pool:
        counts = [future.result() for future in [pool.submit(desk.deliver) for _ in range(4)]]
    assert sum((Counter(c) for c in counts), Counter()) == {"sent": 24}
    assert [len(desk.received(a)) for a in addresses] == [1] * 24


def test_processes_killed_at_random_with_refusals_between_send_nothing_twice(desk: Desk) -> None:
    addresses = [f"so-{n}@huyen.test" for n in range(20)]
    ids = [desk.write(address) for address in addresses]
    for address in addresses[::5]:
        desk.post.rcpt[address] = ["451 later"]
    chance = random.Random(7)
    desk.post.delay = 0.01
    for _ in range(3):
        pair = [worker(desk), worker(desk)]
        for process in pair:
            go(process)
        time.sleep(chance.uniform(0.03, 0.15))
        for process in pair:
            process.kill()
            process.wait()
        desk.let_leases_run_out()
    desk.post.delay = 0
    for _ in range(3):
        desk.deliver(archive=True)
        desk.now = desk.now.replace(year=desk.now.year + 10)  # whatever was put off is due
    rows = [desk.row(i) for i in ids]
    assert {row.state for row in rows} <= {"sent", "uncertain"}
    for row in rows:
        copies = len(desk.received(row.recipient))
        assert copies == 1 if row.state == "sent" else copies == 0
    assert len(desk.received(ARCHIVE)) == sum(row.state == "sent" for row in rows)
