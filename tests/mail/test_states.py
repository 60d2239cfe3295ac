"""Any order of what people, servers and clocks may do: the outbox keeps its promises."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pydantic import SecretStr
from sqlalchemy import select

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings
from dondoc.demo.mailserver import MailServer
from dondoc.errors import Problem
from dondoc.mail import outbox
from dondoc.mail.letter import OnHold
from dondoc.mail.states import NEXT
from dondoc.store.mail import OutboxEvent, OutboxLetter
from tests.conftest import acting, migrate
from tests.mail.conftest import Desk, Scripted, hang_up

pytestmark = pytest.mark.slow

LETTERS = st.integers(min_value=1, max_value=4)
REPLIES = {"fine": "250", "later": "451 later", "never": "550 never", "lost": "lost", "lost but stored": "stored"}


class Counting(Scripted):
    """Counts what it takes instead of storing it."""

    taken: Counter[str]

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:
        reply = str(self.data.pop(0)) if self.data else "250"
        if reply in ("250", "stored"):
            self.taken[envelope.rcpt_tos[0]] += 1
        if reply in ("lost", "stored"):
            return hang_up(server)
        return "250 OK" if reply == "250" else reply


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with MailServer(tmp_path_factory.mktemp("mail"), post=Counting) as started:
        yield started


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy."""
    path = tmp_path_factory.mktemp("empty") / "dondoc.db"
    migrate(f"sqlite:///{path}")
    return path


def test_no_order_of_events_breaks_the_outbox(server: MailServer, empty: Path) -> None:
    class Outbox(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.home = Path(tempfile.mkdtemp())
            shutil.copy(empty, self.home / "dondoc.db")
            made = Settings(home=self.home, mode="live", secret_key=SecretStr("khoa-thu-nghiem-dai-va-ngau-nhien"))  # type: ignore[call-arg]
            self.desk = Desk(AppContext(made), server)
            self.post.taken, self.post.data = Counter(), []
            self.resent: Counter[str] = Counter()
            self.vouched: set[str] = set()
            self.gone: set[str] = set()
            for n in (1, 2, 3):
                self.write(n, approval=n == 3)
            self.stopped = False
            self.desk.checks["overdue"] = self.check

        def check(self, session: object, row: OutboxLetter, now: object) -> str | None:
            if row.recipient in self.gone:
                return "đã nộp"
            if self.stopped:
                raise OnHold("tạm dừng")
            return None

        @property
        def post(self) -> Counting:
            assert isinstance(server.post, Counting)
            return server.post

        def teardown(self) -> None:
            self.desk.app.sessions.kw["bind"].dispose()
            shutil.rmtree(self.home)

        @rule(n=LETTERS, approval=st.booleans())
        def write(self, n: int, approval: bool) -> None:
            self.desk.write(f"so-{n}@huyen.test", kind="overdue", needs_approval=approval)

        @rule(row_id=LETTERS)
        def approve(self, row_id: int) -> None:
            with suppress(Problem):
                self.desk.approve(row_id)

        @rule(row_id=LETTERS)
        def cancel(self, row_id: int) -> None:
            self._say(lambda s: outbox.cancel(s, row_id, "thôi", acting(), **self.desk.given))

        @rule(row_id=LETTERS, word=st.sampled_from(["sent", "resend"]))
        def settle(self, row_id: int, word: str) -> None:
            if row := self._say(lambda s: outbox.settle(s, row_id, word, acting(), **self.desk.given)):
                self.resent[row.recipient] += word == "resend"
                self.vouched |= {row.recipient} if word == "sent" else set()

        def _say(self, verb):  # type: ignore[no-untyped-def]
            try:
                with self.desk.app.sessions.begin() as session:
                    return verb(session)
            except Problem:
                return None

        @rule()
        def stop_or_go_on(self) -> None:
            self.stopped = not self.stopped

        @rule(n=LETTERS)
        def agency_submits(self, n: int) -> None:
            self.gone.add(f"so-{n}@huyen.test")

        @rule(replies=st.lists(st.sampled_from(sorted(REPLIES)), min_size=1, max_size=3))
        def deliver(self, replies: list[str]) -> None:
            self.desk.now += timedelta(hours=2)  # whatever was put off is due again
            self.post.data = [REPLIES[r] for r in replies]
            before = Counter(self.post.taken)
            self.desk.deliver()
            assert not self.stopped or self.post.taken == before

        @invariant()
        def promises_hold(self) -> None:
            with self.desk.app.sessions.begin() as session:
                rows = session.scalars(select(OutboxLetter)).all()
                events = session.scalars(select(OutboxEvent).order_by(OutboxEvent.id)).all()
            for row in rows:
                copies = self.post.taken[row.recipient]
                assert copies <= 1 + self.resent[row.recipient]
                assert copies or row.state != "sent" or row.recipient in self.vouched
                assert row.state not in ("claimed", "sending"), "nobody is at work"
                assert not copies or row.approved_by or not row.needs_approval
                own = [e for e in events if e.letter_id == row.id]
                assert own[-1].to_state == row.state
                assert own[0].from_state is None
                for before, after in pairwise(own):
                    assert after.from_state == before.to_state
                    assert after.to_state in NEXT[before.to_state]

    run_state_machine_as_test(
        Outbox,
        settings=settings(
            max_examples=50, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
