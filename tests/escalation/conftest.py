"""A live world with contacts for every agency, a real mail server, and a clock that a test moves by hand."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dondoc import approval, clock, preconditions
from dondoc.configuration.context import AppContext
from dondoc.demo.mailserver import MailServer
from dondoc.directive.model import Agency, Registry
from dondoc.escalation import escalate
from dondoc.facts import contacts, register
from dondoc.facts.rule import rule
from dondoc.forms import attached
from dondoc.forms.blank import blank
from dondoc.forms.spec import FormSpec
from dondoc.mail import delivery
from dondoc.mail.servers import smtp_from_url
from dondoc.store.facts import Contact
from dondoc.store.intake import SourceRead, Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Decision
from dondoc.vocabulary.rulings import RulingKind
from tests.conftest import CLERK, NOVEMBER, acting, approver

ROLES = ("focal_officer", "clerk", "head")


TUESDAY = clock.at(date(2021, 11, 23), 7, 30)  # form_03 of November 2021 is due for its first overdue letter


@dataclass
class Office:
    """The Department, and the few verbs that the tests use."""

    app: AppContext
    server: MailServer | None = None
    now: datetime = TUESDAY

    def go(self, day: date, hour: int = 7, minute: int = 30) -> None:
        self.now = clock.at(day, hour, minute)

    def know(self, *rows: tuple[str, str, str]) -> None:
        """Enter contacts: agency, role, address."""
        text = io.StringIO()
        csv.writer(text).writerows(
            [("agency", "role", "name", "email", "phone"), *((a, r, r, e, "0912") for a, r, e in rows)]
        )
        with self.app.sessions.begin() as session:
            contacts.import_csv(
                session,
                self.app.registry,
                text.getvalue(),
                "danh-ba.csv",
                by=CLERK,
                secrets=self.app.secrets,
                now=self.now,
            )

    def know_everybody(self) -> None:
        ours = self.app.registry.office
        with self.app.sessions.reading() as session:
            theirs = {d.agency for v in self.app.versions(session) for d in v.directive.obligations}
        self.know(*((a, role, f"{role}@{a}.test") for a in sorted(theirs) for role in ROLES))
        self.know((ours, "board", "lanh-dao@so.test"), (ours, "ops", "quan-tri@so.test"))

    def see(self, source: str = "folder", *, ok: bool = True, detail: str = "") -> None:
        """A source is read."""
        read = SourceRead(source=source, ok=ok, items=0, detail=detail, recorded_at=self.now)
        with self.app.sessions.begin() as session:
            session.add(read)

    def decide(self, day: date | None = None, **other: Any) -> list[dict[str, Any]]:
        arguments = {"now": self.now, "record": True} | other
        return escalate.escalate(self.app, day or self.now.date(), **arguments)

    def preview(self, day: date, **other: Any) -> list[dict[str, Any]]:
        return self.decide(day, record=False, **other)

    def deliver(self) -> dict[str, int]:
        """What became of letters; of those to our own people, with which each day begins, nothing is said."""
        before = self._internal()
        counts = Counter(self._deliver()) - Counter(s for i, s in self._internal().items() if before[i] != s)
        return {str(state): count for state, count in counts.items()}

    def _internal(self) -> dict[int, str]:
        return {row.id: row.state for row in self.letters() if row.kind == "internal"}

    def _deliver(self) -> dict[str, int]:
        assert self.server is not None
        return delivery.deliver(
            self.app.sessions,
            smtp_from_url(self.server.smtp_url("ioc@so.test")),
            settings=self.app.settings,
            secrets=self.app.secrets,
            calendar=self.app.calendar,
            blobs=self.app.blobs,
            precondition=preconditions.registry(self.app),
            now=lambda: self.now,
        ).counts

    def approve(self, *ids: str) -> list[str]:
        """The approver says yes; who is one is not what these tests are about."""
        with self.app.sessions.begin() as session:
            known = session.scalars(select(Contact).where(Contact.login == acting().login)).first()
        if known is None:
            approver(self.app)
        with self.app.sessions.begin() as session:
            rows = approval.approve(self.app, session, map(int, ids), acting(), now=self.now)
            return [row.state for row in rows]

    def rule(self, kind: str, **other: Any) -> int:
        given = {"document": "Giấy ghi 12", "reason": "mưa lũ", "by": acting("Lê Văn C"), "now": self.now} | other
        with self.app.sessions.begin() as session:
            return rule(self.app, session, RulingKind(kind), **given).number

    def arrives(self, agency: str, *fulfils: str) -> None:
        """A letter comes on paper and is registered at once."""
        with self.app.sessions.begin() as session:
            register.register(
                session,
                self.app.letters(session, NOVEMBER),
                self.app.registry,
                agency=agency,
                fulfils=fulfils,
                number="12/UBND",
                document_date=self.now.date(),
                arrived=self.now,
                blob=None,
                by=acting("Văn thư"),
                secrets=self.app.secrets,
                now=self.now,
            )

    def submission(self, agency: str, form: str, outcome: str | None) -> None:
        """A form comes in; outcome None: nobody has judged it yet."""
        with self.app.sessions.begin() as session:
            row = Submission(
                channel="mail",
                channel_id=f"{agency}{form}{self.now}",
                sender=f"{ROLES[0]}@{agency}.test",
                filename="f.xlsx",
                sha256="0",
                happened_at=self.now,
                recorded_at=self.now,
            )
            session.add(row)
            session.flush()
            if outcome:
                judged = {"form": form, "agency": agency, "fulfils": [], "rows": [], "head": {}, "issues": []}
                session.add(Verdict(submission_id=row.id, outcome=outcome, reason="", recorded_at=self.now, **judged))

    def letters(self, agency: str | None = None) -> list[OutboxLetter]:
        with self.app.sessions.begin() as session:
            rows = list(session.scalars(select(OutboxLetter).order_by(OutboxLetter.id)))
        return [r for r in rows if agency is None or r.agency == agency]

    def decisions(self) -> list[Decision]:
        with self.app.sessions.begin() as session:
            return list(session.scalars(select(Decision).order_by(Decision.id)))


def days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def one(rows: list[dict[str, Any]], agency: str) -> dict[str, Any]:
    """The row of an agency."""
    [row] = [r for r in rows if r["agency"] == agency]
    return row


@pytest.fixture(scope="session")
def drawn() -> dict[tuple[Any, ...], bytes]:
    return {}


@pytest.fixture(autouse=True)
def _each_blank_is_drawn_once(monkeypatch: pytest.MonkeyPatch, drawn: dict[tuple[Any, ...], bytes]) -> None:
    """A tenth of a second each, twenty a morning, a hundred mornings: the real ones, but kept."""

    def kept(spec: FormSpec, agency: Agency, *, registry: Registry, secrets: list[str]) -> bytes:
        key = (spec.id, agency.id, registry.survey, *secrets)
        if key not in drawn:
            drawn[key] = blank(spec, agency, registry=registry, secrets=secrets)
        return drawn[key]

    monkeypatch.setattr(attached, "blank", kept)


@pytest.fixture
def live(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_MODE", "live")


@pytest.fixture
def office(live: None, app: AppContext) -> Office:
    """Everybody is known and the sources have just been read; no mail server."""
    made = Office(app)
    made.know_everybody()
    made.see()
    return made


@pytest.fixture
def post_office(office: Office, tmp_path: Path) -> Iterator[Office]:
    """The same with a mail server."""
    with MailServer(tmp_path / "mail") as server:
        office.server = server
        yield office
