"""A Department with an address book, a mailbox and a clock, and the verbs by which something happens to it.

Agencies write by real mail; the Department's own people act through the same functions as the page and the commands.
"""

import csv
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from email.utils import make_msgid
from typing import Any

import pytest

from dondoc import clock, lifecycle, preconditions
from dondoc.configuration.settings import DATA
from dondoc.directive.load import File, load_registry
from dondoc.directive.record import State
from dondoc.escalation import sources, withdrawal
from dondoc.facts import contacts, register
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import CHASING, OutboxState
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.rulings import CallResult, Cause
from tests.conftest import CLERK, acting
from tests.corpus.mails import build
from tests.escalation.conftest import Office
from tests.intake.conftest import INTAKE, Desk

IDS = {agency.short: agency.id for agency in load_registry(DATA).agencies}
BOXES = {"focal_officer": "dau-moi", "clerk": "van-thu", "head": "lanh-dao"}
COLUMNS = ("agency", "role", "name", "email", "phone", "login")


def day_of(text: str) -> date:
    """ "25/11" of the year that is played."""
    day, month = map(int, text.split("/"))
    return date(2021, month, day)


def address(agency: str, role: str = "focal_officer") -> str:
    """The mailbox of an agency's role."""
    return f"{BOXES[role]}.{agency.removeprefix('ubnd-').removeprefix('huyen-')}@hatinh.gov.vn"


@dataclass
class Department(Office):
    """An office that reads a folder and a mailbox before it decides; `people`: name and telephone of each address."""

    patch: pytest.MonkeyPatch | None = None

    def go(self, day: date, hour: int = 7, minute: int = 30) -> None:
        super().go(day, hour, minute)
        assert self.patch is not None
        self.patch.setenv("DONDOC_CLOCK", self.now.isoformat())  # by which the mail server files what arrives
        self.patch.setenv("DONDOC_CLOCK_SINCE", str(time.time()))

    def learn(self, *rows: Sequence[str]) -> None:
        """Take over a list of contacts: agency, role, name, address, telephone, login."""
        text = io.StringIO()
        csv.writer(text).writerows([COLUMNS, *rows])
        given: dict[str, Any] = {"by": CLERK, "secrets": self.app.secrets, "now": self.now}
        with self.app.sessions.begin() as session:
            contacts.import_csv(session, self.app.registry, text.getvalue(), "danh-ba.csv", **given)

    def named(self, agency: str) -> dict[str, str]:
        """The officer as the address book names him."""
        with self.app.sessions.reading() as session:
            officer = contacts.find(session, agency, Role.FOCAL_OFFICER, self.now.date())[-1]
        return {"officer_name": officer.name, "officer_phone": officer.phone}

    def work(self) -> None:
        """As the gathering DAG does every five minutes: read, judge, answer, deliver."""
        sources.look(self.app, self.now)
        preconditions.deliver(self.app, lambda: self.now)

    def morning(self, day: date) -> None:
        """Read, decide, deliver; at nine the approver says yes to all that waits for it."""
        self.go(day)
        sources.look(self.app, self.now)
        self.decide()
        preconditions.deliver(self.app, lambda: self.now)
        if held := [str(row.id) for row in self.letters() if row.state == OutboxState.HELD]:
            self.go(day, 9)
            self.approve(*held)
            preconditions.deliver(self.app, lambda: self.now)

    def mail(self, agency: str, body: Any, subject: str, sender: str = "", **headers: str) -> None:
        """Somebody of an agency writes to the mailbox."""
        assert self.server is not None
        headers = {"Message_ID": make_msgid(domain="huyen.test")} | headers
        self.server.boxes.put(INTAKE, build.mail(body, subject, sender or address(agency), **headers))

    def last_letter(self, agency: str, role: str) -> OutboxLetter:
        """The chasing letter that a mailbox of an agency had last."""
        mine = (r for r in self.letters(agency) if r.kind in CHASING and r.recipient == address(agency, role))
        return [row for row in mine if row.state == OutboxState.SENT][-1]


Happens = Callable[[Department, str], None]  # to the agency of that id


def sends(form: str, role: str = "focal_officer", sender: str = "", **filled: Any) -> Happens:
    """A filled form comes by mail; `wrong`: so many of its rows are."""

    def happen(office: Department, agency: str) -> None:
        day = office.now.date()
        named = {"officer_email": sender or address(agency), "document_date": f"{day:%d/%m/%Y}"} | office.named(agency)
        content = Desk(office.app).form(agency, form, **named | filled)
        file = build.file(f"{form.upper().replace('FORM_', 'BM')}.xlsx", content)
        body = build.several("mixed", build.words("Đơn vị gửi kèm biểu mẫu."), file)
        office.mail(agency, body, "Gửi biểu mẫu khảo sát camera", sender or address(agency, role))

    return happen


def sends_something_broken(office: Department, agency: str) -> None:
    """A file that is no workbook any more."""
    file = build.file("Bieu mau 03.xlsx", build.workbook()[:100])
    office.mail(agency, build.several("mixed", build.words("Gửi Sở."), file), "Gửi biểu mẫu 03")


def replies(text: str, role: str = "focal_officer") -> Happens:
    """Somebody answers our last letter with a line."""

    def happen(office: Department, agency: str) -> None:
        letter = office.last_letter(agency, role)
        thread = {"In_Reply_To": letter.message_id, "References": letter.message_id}
        office.mail(agency, text, f"Re: {letter.subject}", address(agency, role), **thread)

    return happen


def bounces(role: str = "focal_officer") -> Happens:
    """Their mail server gives our last letter back: there is no such mailbox."""

    def happen(office: Department, agency: str) -> None:
        letter, dead = office.last_letter(agency, role), address(agency, role)
        failed = {"Final-Recipient": f"rfc822; {dead}", "Action": "failed", "Status": "5.1.1"}
        original = build.mail("…", letter.subject, "ioc@so.test", Message_ID=letter.message_id)
        report = build.report(build.words("No such user."), build.status(failed), build.enclosed(original))
        assert office.server is not None
        office.server.boxes.put(INTAKE, report)

    return happen


def paper(fulfils: str, number: str, written: str, arrived: str = "") -> Happens:
    """A letter on paper is entered into the register: today, or only now though it came on an earlier day."""

    def happen(office: Department, agency: str) -> None:
        came = clock.at(day_of(arrived), 10) if arrived else office.now
        with office.app.sessions.begin() as session:
            register.register(
                session,
                office.app.letters_since(session, came.date()),
                office.app.registry,
                agency=agency,
                fulfils=[fulfils],
                number=number,
                document_date=day_of(written),
                arrived=came,
                blob=None,
                by=CLERK,
                secrets=office.app.secrets,
                now=office.now,
            )

    return happen


def ruled(kind: str, until: str = "", document: str = "", reason: str = "", **more: Any) -> Happens:
    """A person's word: extend, pause, called, promise …"""

    def happen(office: Department, agency: str) -> None:
        day = {"until": day_of(until)} if until else {}
        office.rule(kind, agency=agency, document=document, reason=reason, by=CLERK, **day, **more)

    return happen


def said_on_the_phone(until: str, cause: Cause) -> Happens:
    """Somebody of ours called, and was told by when it comes."""
    spoken = {"spoken_to": "Nguyễn Văn An", "result": CallResult.REACHED, "cause": cause}
    return ruled("called", until, **spoken)


def withdrawn(reason: str) -> Happens:
    """The last letter to an agency was wrong: the Department takes it back, and the approver lets the correction go."""

    def happen(office: Department, agency: str) -> None:
        letter = office.last_letter(agency, "clerk")
        with office.app.sessions.begin() as session:
            rows = withdrawal.withdraw(office.app, session, letter.id, reason, CLERK, now=office.now)
            written = [str(row.id) for row in rows]
        office.approve(*written)

    return happen


def officer_is_now(name: str, mailbox: str, phone: str) -> Happens:
    """The agency's list names another officer."""
    return lambda office, agency: office.learn((agency, "focal_officer", name, mailbox, phone, ""))


def ours_signs(letter: File) -> Happens:
    """The Department has another letter in force from today."""

    def happen(office: Department, _: str) -> None:
        said: dict[str, Any] = {"state": State.DRAFT, "valid_from": office.now.date(), "document": "", "reason": ""}
        with office.app.sessions.begin() as session:
            number = lifecycle.enter(office.app, session, letter, by=CLERK, now=office.now, after=None, **said)
            lifecycle.activate(office.app, session, letter.id, by=acting(), now=office.now, after=number)

    return happen
