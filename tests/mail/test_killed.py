"""Workers that die at the worst moment, and workers that compete: no letter twice, none lost."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import update

from dondoc.configuration.context import AppContext
from dondoc.mail import delivery_run
from dondoc.mail.delivery_run import LINES
from dondoc.store.mail import OutboxLetter
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


def test_many_letters_go_over_several_lines_and_each_of_them_once(desk: Desk) -> None:
    addresses = [f"so-{n}@huyen.test" for n in range(40)]
    ids = [desk.write(address) for address in addresses]
    desk.post.rcpt[addresses[20]], desk.post.rcpt[addresses[21]] = ["451 later"], ["550 no"]
    assert desk.deliver() == {"sent": 38, "deferred": 1, "refused": 1}
    assert 1 < len(desk.post.lines) <= LINES
    assert [len(desk.received(a)) for a in addresses] == [1] * 20 + [0, 0] + [1] * 18
    assert desk.history(ids[39]) == ["pending", "claimed", "sending", "sent"]


def test_a_server_that_allows_one_line_gets_all_letters_on_it(desk: Desk) -> None:
    addresses = [f"so-{n}@huyen.test" for n in range(30)]
    for address in addresses:
        desk.write(address)
    desk.post.allowed = 1
    assert desk.deliver() == {"sent": 30}
    assert [len(desk.received(a)) for a in addresses] == [1] * 30


def test_letters_that_were_claimed_together_are_given_back_when_the_server_is_slow(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_run, "MOMENT", 60.0)  # else a busy machine claims one at a time
    desk = replace(desk, app=AppContext(desk.app.settings.model_copy(update={"lease_seconds": 6})))
    ids = [desk.write(f"so-{n}@huyen.test") for n in range(7)]  # 1, 2, then 4 at once
    seen: list[object] = []

    def slowly() -> None:
        seen.append(1)
        if 7 <= len(seen) <= 10:  # both recipients of the first two of the four: over a third of the lease
            time.sleep(0.6)

    desk.post.on_rcpt = slowly
    assert desk.deliver() == {"sent": 7}
    assert [desk.row(i).attempts for i in ids] == [1] * 7
    assert [desk.history(i).count("claimed") for i in ids] == [1] * 5 + [2] * 2


def test_one_letter_that_somebody_else_took_of_those_claimed_together_stops_no_other(desk: Desk) -> None:
    ids = [desk.write(f"so-{n}@huyen.test") for n in range(15)]  # 1, 2, 4, then 8 at once
    seen: list[object] = []

    def taken_over() -> None:
        seen.append(1)
        if len(seen) == 20:  # of the eight
            with desk.app.sessions.begin() as session:
                session.execute(update(OutboxLetter).where(OutboxLetter.id == ids[-1]).values(owner="another"))

    desk.post.on_rcpt = taken_over
    assert desk.deliver() == {"sent": 14}
    assert desk.row(ids[-1]).state == "claimed"
    assert len(desk.received("so-14@huyen.test")) == 0
