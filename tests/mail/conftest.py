"""A real SMTP and IMAP server on loopback whose answers a test can script, and a world that writes to it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from sqlalchemy import select, update

from dondoc import clock
from dondoc.audit import Actor
from dondoc.configuration.context import AppContext
from dondoc.demo.mailserver import MailServer, Post
from dondoc.mail import delivery, outbox
from dondoc.mail.delivery import Delivered
from dondoc.mail.letter import Letter, Precondition
from dondoc.mail.servers import ImapServer, imap_from_url, smtp_from_url
from dondoc.store.facts import Contact
from dondoc.store.mail import OutboxEvent, OutboxLetter
from tests.conftest import acting, approver

MONDAY = clock.at(clock.datetime(2021, 11, 22).date(), 9)
ARCHIVE = "luu@ioc.test"
KINDS = ("receipt", "reminder", "overdue", "internal")


class Scripted(Post):
    """Answers as the test says: replies are used up one by one, then all is well. A reply may be a function."""

    def __init__(self, boxes: Any) -> None:
        super().__init__(boxes)
        self.mail: list[str] = []
        self.rcpt: dict[str, list[str]] = defaultdict(list)
        self.data: list[str | Callable[[SMTP], str]] = []
        self.on_rcpt: Callable[[], None] = lambda: None
        self.after_data: Callable[[SMTP], None] = lambda server: None
        self.delay = 0.0
        self.lines: list[SmtpSession] = []  # that a letter was offered on
        self.allowed = 100  # lines

    async def handle_MAIL(
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if session not in self.lines[: self.allowed]:
            self.lines.append(session)
        if session not in self.lines[: self.allowed]:
            return "421 4.7.0 too many connections"
        if self.mail and (reply := self.mail.pop(0)) != "250 OK":
            return reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.to_thread(self.on_rcpt)
        if self.rcpt[address] and (reply := self.rcpt[address].pop(0)) != "250 OK":
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:
        await asyncio.sleep(self.delay)
        if self.data:
            reply = self.data.pop(0)
            return reply if isinstance(reply, str) else reply(server)
        answer = await super().handle_DATA(server, session, envelope)
        self.after_data(server)
        return answer


def hang_up(server: SMTP) -> str:
    """The connection is gone before the server's answer to the message."""
    assert server.transport is not None
    server.transport.abort()
    return "250 OK"  # into the void


def always(session: Any, row: OutboxLetter, now: datetime) -> str | None:
    return None


@dataclass
class Desk:
    """A world with a mail server, and the few verbs that the tests use."""

    app: AppContext
    server: MailServer
    now: datetime = MONDAY
    checks: dict[str, Precondition] = field(default_factory=lambda: dict.fromkeys(KINDS, always))

    @property
    def post(self) -> Scripted:
        assert isinstance(self.server.post, Scripted)
        return self.server.post

    def write(self, recipient: str = "can-bo@huyen.test", *, dedup: str | None = None, **other: Any) -> int:
        values = {"kind": "receipt", "subject": "Xác nhận đã nhận", "text": "Đã nhận.\n", "html": "<p>Đã nhận.</p>"}
        values |= {"reason": "trả lời bản nộp BN-0001", "dedup": dedup or f"test|{recipient}"} | other
        letter = Letter(recipient=recipient, **values)
        with self.app.sessions.begin() as session:
            return outbox.enqueue(session, [letter], settings=self.app.settings, now=self.now)[0].id

    def work(self, *, archive: bool | ImapServer = False, **other: Any) -> Delivered:
        arguments: dict[str, Any] = {
            "settings": self.app.settings,
            "secrets": self.app.secrets,
            "calendar": self.app.calendar,
            "blobs": self.app.blobs,
            "precondition": self.checks,
            "now": lambda: self.now,
            "archive": imap_from_url(self.server.imap_url(ARCHIVE)) if archive is True else archive or None,
        }
        smtp = smtp_from_url(self.server.smtp_url("ioc@hatinh.test"))
        return delivery.deliver(self.app.sessions, other.pop("smtp", smtp), **arguments | other)

    def deliver(self, **other: Any) -> Mapping[str, int]:
        return self.work(**other).counts

    @property
    def given(self) -> dict[str, Any]:
        """What every act of a person takes besides the act."""
        return {"secrets": self.app.secrets, "now": self.now}

    def approve(self, *ids: int, by: Actor | None = None) -> list[OutboxLetter]:
        """An approver says yes; without a name, the one that there is."""
        actor = by or acting()
        with self.app.sessions.begin() as session:
            known = session.scalars(select(Contact).where(Contact.login == actor.login)).first()
        contact = known or approver(self.app, actor.name, actor.login)
        with self.app.sessions.begin() as session:
            return outbox.approve(session, ids, contact, actor, **self.given, precondition=self.checks)

    def row(self, row_id: int) -> OutboxLetter:
        with self.app.sessions.begin() as session:
            return session.get_one(OutboxLetter, row_id)

    def history(self, row_id: int) -> list[str]:
        with self.app.sessions.begin() as session:
            events = session.scalars(select(OutboxEvent).where(OutboxEvent.letter_id == row_id)).all()
        return [event.to_state for event in events]

    def let_leases_run_out(self) -> None:
        with self.app.sessions.begin() as session:
            session.execute(update(OutboxLetter).where(OutboxLetter.lease_until.is_not(None)).values(lease_until=0.0))

    def received(self, address: str = "can-bo@huyen.test") -> list[Any]:
        return self.server.boxes.messages(address)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path / "mail", post=Scripted) as server:
        yield server


@pytest.fixture
def live(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_MODE", "live")
    environment.setenv("DONDOC_ARCHIVE_ADDRESS", ARCHIVE)
    environment.setenv("DONDOC_INSTALLATION", "dondoc.hatinh.test")


@pytest.fixture
def desk(live: None, app: AppContext, mail: MailServer) -> Desk:
    return Desk(app, mail)
