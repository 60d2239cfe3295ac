"""Mornings that are killed at every step of decide → record → claim → send → mark, before a rough mail server.

A morning runs in a process of its own, forked from one that has read what every morning reads. It ends itself by
SIGKILL before one of its steps: a statement, a commit, or a word to the mail server. The next morning's process finds
what is left.
"""

import asyncio
import multiprocessing
import os
import signal
import smtplib
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from multiprocessing.connection import Connection
from random import Random
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlalchemy import Engine, event, update

from dondoc import clock, preconditions
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.mailserver import MailServer, Post
from dondoc.escalation import blanks, escalate
from dondoc.forms.spec import load_specs
from dondoc.mail import outbox
from dondoc.mail.letter import Attachment
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import OutboxState
from tests.conftest import acting
from tests.escalation.conftest import Office

ARCHIVE = "luu@so.test"
PROCESSES = multiprocessing.get_context("forkserver")
# Loaded once, the program that is run too: it takes ten times as long as a morning.
ROOMS = ("dondoc.cameras.letters", "dondoc.intake.officers", "dondoc.reporting.report")
PROGRAM = sys.modules["__main__"].__spec__
PROCESSES.set_forkserver_preload([__name__, *ROOMS, *([PROGRAM.name] if PROGRAM else [])])
FINAL = {OutboxState.SENT, OutboxState.REFUSED, OutboxState.CANCELLED}


class Rough(Post):
    """A mail server that hesitates, hangs up before and after it took a letter, refuses, and asks to come again."""

    def __init__(self, boxes: Any) -> None:
        super().__init__(boxes)
        self.random, self.rough = Random(0), True

    def says(self, *answers: tuple[float, str]) -> str | None:
        """One of the answers with its probability, or none of them."""
        left = self.random.random() if self.rough else 1.0
        for probability, answer in answers:
            left -= probability
            if left < 0:
                return answer
        return None

    async def handle_MAIL(
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.says((0.02, "421 4.7.0 closing"), (0.03, "451 4.3.0 later")):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.says((0.05, "451 4.2.1 later"), (0.06 if address == ARCHIVE else 0.02, "550 5.1.1 no")):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:
        if self.rough:
            await asyncio.sleep(self.random.uniform(0, 0.01))
        answer = self.says((0.04, "451 4.3.0 later"), (0.01, "554 5.7.1 no"), (0.04, "before"), (0.06, "after"))
        if answer in (None, "after"):
            await super().handle_DATA(server, session, envelope)
        if answer in ("before", "after"):
            assert server.transport is not None
            server.transport.abort()
        return answer if answer and answer[0].isdigit() else "250 OK"


class _Steps:
    """Counts the steps of a process, and ends it before one of them."""

    def __init__(self, counted: Any, last: int) -> None:
        self.counted, self.last = counted, last
        for name in ("before_cursor_execute", "commit"):
            event.listen(Engine, name, self)
        said = smtplib.SMTP.send

        def send(smtp: smtplib.SMTP, words: Any) -> None:
            self()
            said(smtp, words)
            self()

        smtplib.SMTP.send = send  # type: ignore[method-assign]

    def __call__(self, *_: Any) -> None:
        self.counted.value += 1
        if self.counted.value == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def _file(app: AppContext) -> Attachment:
    return Attachment("bieu_mau.xlsx", app.blobs.put(b"bieu mau"), "application/octet-stream")


def _prepared(environment: dict[str, str], agencies: list[str], orders: Connection, counted: Any) -> None:
    """Has read all that every morning reads, and forks one for each order: when it is, and before which step it dies.
    Answers how it ended."""
    os.environ |= environment
    # Files are not what this is about, and each process would draw them anew.
    blanks.attached.make = lambda app, pairs, *_: {pair: _file(app) for pair in pairs}  # type: ignore[assignment]
    blanks.attached.focal_draft = lambda app, *_, **__: _file(app)  # type: ignore[assignment]
    app = AppContext(load())
    escalate.escalate(app, date(2021, 11, 23), now=clock.at(date(2021, 11, 23), 7, 30), record=False)
    load_specs(app.settings.data)
    app.sessions.kw["bind"].dispose()  # no connection is shared with a fork
    while order := orders.recv():
        if (morning := os.fork()) == 0:
            _morning(app, agencies, counted, *order)
        orders.send(os.waitstatus_to_exitcode(os.waitpid(morning, 0)[1]))


def _morning(app: AppContext, agencies: list[str], counted: Any, now: datetime, last: int) -> None:
    """Never returns: it is the end of a process."""
    try:
        _Steps(counted, last)
        escalate.escalate(app, now.date(), now=now, record=True, agencies=agencies)
        preconditions.deliver(app, lambda: now)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


@dataclass
class Killed:
    """A Department whose mornings are killed. `kills`: how many were; `steps`: of the last whole one."""

    office: Office
    server: MailServer
    agencies: list[str]
    seed: int
    kills: int = 0
    steps: int = 300
    settled: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random, self.post.random = Random(self.seed), Random(self.seed)

    @property
    def post(self) -> Rough:
        assert isinstance(self.server.post, Rough)
        return self.server.post

    def play(self, kills: int, first: date = date(2021, 11, 16)) -> None:
        """Working day by working day until so many mornings were killed; then everything is settled.

        Raises:
            AssertionError: a letter was lost, left twice, or nobody can tell.
        """
        day = first
        with self.prepared():
            while self.kills < kills:
                self.a_day(day, kills)
                day = self.office.app.calendar.add(day, 1)
        self.settle(day)
        self.check()

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """While there is the process from which mornings are forked."""
        self.counted = PROCESSES.Value("i", 0)
        self.orders, theirs = PROCESSES.Pipe()
        environment = {name: value for name, value in os.environ.items() if name.startswith("DONDOC_")}
        process = PROCESSES.Process(target=_prepared, args=(environment, self.agencies, theirs, self.counted))
        process.start()
        try:
            yield
        finally:
            self.orders.send(None)
            process.join(10)

    def a_day(self, day: date, kills: int) -> None:
        self.office.go(day)
        self.office.see()
        while self.run(self.fatal(kills, 0.8), of_morning=True):
            self.let_leases_run_out()
        if held := [str(row.id) for row in self.office.letters() if row.state == OutboxState.HELD]:
            self.office.go(day, 9)
            self.office.approve(*held)
        for hour in (10, 15):  # what was put off, and what was approved
            self.office.go(day, hour)
            self.office.see()
            self.run(self.fatal(kills, 0.6))
            self.let_leases_run_out()

    def fatal(self, kills: int, probability: float) -> int:
        """Before which step the next process dies; 0: it lives."""
        dies = self.kills < kills and self.random.random() < probability
        return self.random.randint(1, self.steps) if dies else 0

    def run(self, last: int, *, of_morning: bool = False) -> bool:
        """One process, killed before its `last` step if it has so many; whether it was."""
        self.counted.value = 0
        self.orders.send((self.office.now, last))
        assert self.orders.poll(120), f"seed {self.seed}: a morning without an end"
        code = self.orders.recv()
        assert code in (0, -signal.SIGKILL), f"seed {self.seed}: {code}"
        if code == 0 and of_morning:
            self.steps = self.counted.value
        self.kills += code != 0
        return bool(code)

    def let_leases_run_out(self) -> None:
        with self.office.app.sessions.begin() as session:
            session.execute(update(OutboxLetter).where(OutboxLetter.lease_until.is_not(None)).values(lease_until=0.0))

    def settle(self, day: date) -> None:
        """The server is well again; what the archive does not prove a person looks up in the reader's mailbox."""
        self.post.rough = False
        for _ in range(4):  # what a person sends again may fail again
            self.office.go(day, 10)
            self.office.see()
            self.let_leases_run_out()
            preconditions.deliver(self.office.app, lambda: self.office.now)
            for row in self.office.letters():
                if row.state == OutboxState.UNCERTAIN:
                    word = "sent" if self.copies()[row.recipient, row.message_id] else "resend"
                    self.settled[word] += 1
                    with self.office.app.sessions.begin() as session:
                        outbox.settle(
                            session, row.id, word, acting(), secrets=self.office.app.secrets, now=self.office.now
                        )
            day += timedelta(days=30)  # whatever waits has had its time

    def copies(self) -> Counter[tuple[str, str]]:
        """How often each letter lies in its reader's mailbox."""
        boxes = self.server.boxes
        return Counter((to, str(m["Message-ID"])) for to in boxes.addresses() for m in boxes.messages(to))

    def check(self) -> None:
        told, rows, copies = f"seed {self.seed}: ", self.office.letters(), self.copies()
        chasing = [row for row in rows if row.agency]
        assert {row.state for row in chasing} <= FINAL, told + str(Counter(row.state for row in chasing))
        for row in rows:
            count = copies[row.recipient, row.message_id]
            assert count == (row.state == OutboxState.SENT), f"{told}{row.id} {row.state}: {count} copies"
        written = {row.decision_id for row in rows}
        lost = [d for d in self.office.decisions() if d.step and d.step != "report_up" and d.id not in written]
        assert not lost, told + f"decided without a letter: {[(d.agency, d.as_of, d.step) for d in lost]}"
        days = Counter(
            (row.agency, row.recipient, row.sent_at.astimezone(clock.HERE).date()) for row in chasing if row.sent_at
        )
        assert max(days.values()) == 1, told + "two letters a day"
