"""What takes too long for every change: `make soak`.

    .venv/bin/python -m tests.soak [--histories 3000] [--kills 1000] [--letters 10000] [--seed N]

Random histories of 60 days against the rules of the ladder; mornings that are killed at every step before a rough mail
server; two deliverers at once on SQLite and on PostgreSQL. A seed makes the same again. Figures: bench/README.md.
"""

import argparse
import logging
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.mailserver import HOST, MailServer, Smtp, listening, port_of
from dondoc.mail import delivery, outbox
from dondoc.mail.letter import Letter
from dondoc.mail.servers import smtp_from_url
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind, OutboxState
from tests.conftest import migrate, only_ours, postgres_database, postgresql
from tests.escalation import histories
from tests.escalation.conftest import Office
from tests.escalation.killed import ARCHIVE, Killed, Rough

KILLS = 50  # in one world: its letters are read again and again
PROCESSES = multiprocessing.get_context("spawn")


@contextmanager
def world(**settings: str) -> Iterator[AppContext]:
    """A live, empty Department; further settings by their names."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        only_ours(patch, Path(folder) / "home")
        for name, value in {"MODE": "live", "INTAKE_ADDRESS": "ioc@so.test", **settings}.items():
            patch.setenv(f"DONDOC_{name}", value)
        app = AppContext(load())
        migrate(app.settings.url)
        yield app
        app.sessions.kw["bind"].dispose()


def many_histories(count: int, seed: int) -> str:
    letters = histories.play(range(seed, seed + count))
    return f"{count} histories of {histories.DAYS} days, {letters} letters decided: no rule broken"


def many_kills(count: int, seed: int) -> str:
    kills, settled = 0, Counter[str]()
    while kills < count:
        with tempfile.TemporaryDirectory() as folder, MailServer(Path(folder), post=Rough) as server:
            urls = {"SMTP_URL": server.smtp_url("ioc@so.test"), "ARCHIVE_IMAP_URL": server.imap_url(ARCHIVE)}
            with world(ARCHIVE_ADDRESS=ARCHIVE, **urls) as app:
                office = Office(app)
                office.know_everybody()
                killed = Killed(office, server, ["ubnd-thi-xa-hong-linh", "ubnd-huyen-duc-tho"], seed + kills)
                killed.play(min(KILLS, count - kills))
                kills, settled = kills + killed.kills, settled + killed.settled
        print(f"  {kills} kills", flush=True)
    return f"{kills} mornings killed: none lost, none twice; uncertain ones that a person settled: {dict(settled)}"


class Counts:
    """Takes every letter and counts it by its Message-ID."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        content: bytes = envelope.content  # type: ignore[attr-defined]
        [name] = [line for line in content.split(b"\r\n\r\n", 1)[0].split(b"\r\n") if line.startswith(b"Message-ID:")]
        self.seen[name.decode()] += 1
        return "250 OK"


def deliver(environment: dict[str, str], port: int, start: "multiprocessing.synchronize.Barrier") -> None:
    """All that is due, in a process of its own."""
    os.environ |= environment
    app = AppContext(load())
    given = {"settings": app.settings, "secrets": app.secrets, "calendar": app.calendar, "blobs": app.blobs}
    check = {LetterKind.RECEIPT: lambda *_: None}
    server = smtp_from_url(f"smtp://{HOST}:{port}?from=ioc@so.test")
    start.wait()
    delivery.deliver(app.sessions, server, precondition=check, now=clock.now, **given)  # type: ignore[arg-type]


def two_at_once(count: int, url: str | None) -> str:
    counts, listener = Counts(), listening()
    sink = Smtp(counts, listener)
    sink.start()
    with world(**({"DATABASE_URL": url} if url else {})) as app:
        words = {"text": "Đã nhận.\n", "html": "<p>Đã nhận.</p>", "subject": "Xác nhận đã nhận", "reason": "trả lời"}
        letters = [Letter("receipt", f"{n}@huyen.test", dedup=f"{n}", **words) for n in range(count)]  # type: ignore[call-arg]
        with app.sessions.begin() as session:
            outbox.enqueue(session, letters, settings=app.settings, now=clock.now())
        environment = {name: value for name, value in os.environ.items() if name.startswith("DONDOC_")}
        start, begun = PROCESSES.Barrier(2), time.monotonic()
        both = [PROCESSES.Process(target=deliver, args=(environment, port_of(listener), start)) for _ in range(2)]
        for process in both:
            process.start()
        for process in both:
            process.join()
        seconds = time.monotonic() - begun
        with app.sessions.reading() as session:
            states = Counter(session.scalars(OutboxLetter.__table__.select().with_only_columns(OutboxLetter.state)))
    sink.stop()
    assert states == {OutboxState.SENT: count}, states
    assert len(counts.seen) == count, f"{count - len(counts.seen)} never came"
    assert max(counts.seen.values()) == 1, "a letter came twice"
    return (
        f"two deliverers at once, {'PostgreSQL' if url else 'SQLite'}: {count} letters, each once, in {seconds:.0f} s"
    )


def two_at_once_on_both(count: int, _: int) -> str:
    said = two_at_once(count, None)
    with postgresql() as server, postgres_database(server) as url:
        return f"{said}\n{two_at_once(count, url)}"


def main() -> None:
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts: dict[str, tuple[Callable[[int, int], str], int]] = {
        "histories": (many_histories, 3000),
        "kills": (many_kills, 1000),
        "letters": (two_at_once_on_both, 10_000),
    }
    for name, (_, usual) in parts.items():
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    for name, (work, _) in parts.items():
        if count := getattr(arguments, name):
            begun = time.monotonic()
            print(work(count, arguments.seed), f"({time.monotonic() - begun:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
