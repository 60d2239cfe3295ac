"""Filled forms, a mailbox over real SMTP and IMAP, and the few verbs of somebody who sends and somebody who gathers."""

import os
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import DATA
from dondoc.demo.mailserver import HOST, MailServer
from dondoc.directive.model import Registry
from dondoc.forms import template
from dondoc.forms.spec import Field, load_specs
from dondoc.intake import backlog, gather
from dondoc.intake.gather import SourceResult
from dondoc.mail.servers import imap_from_url
from dondoc.store.facts import Contact
from dondoc.store.intake import Submission, Verdict
from dondoc.store.mail import OutboxLetter
from tests.conftest import at

INTAKE = "tiep-nhan@ioc.test"
DUC_THO, VU_QUANG = "ubnd-huyen-duc-tho", "ubnd-huyen-vu-quang"
OFFICER = "cntt@ductho.test"
NAMED = "hant.dt@hatinh.gov.vn"  # the officer whom a form names unless said otherwise: known already, written to first
SCAN = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
LEFT_BLANK = {"sub_path", "nvr", "nvr_channels", "channel", "reason", "note", "vms"}
WRONG = {"latitude": "105,72", "rtsp_port": "năm năm bốn", "resolution": "nét cao"}


def _filled(fields: tuple[Field, ...], given: dict[str, Any]) -> dict[str, Any]:
    """What is given, and the form's own examples elsewhere."""
    words = {f.key: given.get(f.key, "" if f.key in LEFT_BLANK else f.example) for f in fields}
    return {key: word for key, word in words.items() if word != ""}


@cache
def _form(
    registry: Registry,
    secrets: tuple[str, ...],
    agency: str,
    form: str,
    cameras: int,
    wrong: int,
    base: int,
    note: str,
    head: tuple[tuple[str, Any], ...],
) -> bytes:
    spec, owner = load_specs(DATA)[form], registry.agency(agency)
    book = template.make(spec, owner, registry, list(secrets), base)
    rows = [
        _filled(
            spec.columns,
            {
                "name": f"Cổng {n + 1:02}{note}",
                "host": "127.0.0.1",
                "main_path": f"/{agency}/{n}",
                "latitude": f"18,34{n:02}",
                "longitude": f"105,90{n:02}",
                "link": "TSLCD",
            }
            | (WRONG if n < wrong else {}),
        )
        for n in range(cameras)
    ]
    values = {"agency_name": owner.name, "no_camera": "Không", "total_sites": "1", "total_cameras": str(cameras)}
    template.fill(book, spec, _filled(spec.head, values | dict(head)), enumerate(rows, template.FIRST))
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


@dataclass
class Desk:
    app: AppContext
    now: datetime = field(default_factory=lambda: at(18, 14))

    def form(
        self,
        agency: str = DUC_THO,
        form: str = "form_03",
        *,
        cameras: int = 2,
        base: int = 0,
        note: str = "",
        **head: Any,
    ) -> bytes:
        """A form filled in without a fault; `note` makes its values differ, `wrong=n` spoils n rows."""
        wrong, token = head.pop("wrong", 0), head.pop("token", True)
        secrets = tuple(self.app.settings.secret_keys) if token else ()
        return _form(self.app.registry, secrets, agency, form, cameras, wrong, base, note, tuple(head.items()))

    def register(
        self, agency: str, email: str = OFFICER, role: str = "focal_officer", *, name: str = "Lê Văn B", phone: str = ""
    ) -> None:
        with self.app.sessions.begin() as session:
            session.add(
                Contact(
                    agency=agency,
                    role=role,
                    name=name,
                    email=email,
                    phone=phone,
                    valid_from=date(2021, 11, 1),
                    recorded_at=at(1),
                )
            )

    def drop(self, name: str, content: bytes, when: datetime | None = None) -> Path:
        """Lay a file into the drop folder as it was left some time ago."""
        folder = self.app.settings.home / "drop"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(content)
        os.utime(path, ((when or self.now).timestamp(),) * 2)
        return path

    def read_folder(self) -> SourceResult:
        return gather.read_folder(self.app, self.now)

    def work(self) -> dict[int, str]:
        """Judge and answer whatever nobody has judged yet, as a gather run does."""
        found = backlog.judge_and_answer(self.app, self.now)
        return {submission: outcome for outcome, ids in found.items() for submission in ids}

    def submissions(self) -> list[Submission]:
        with self.app.sessions.begin() as session:
            return list(session.scalars(select(Submission).order_by(Submission.id)))

    def verdicts(self) -> list[Verdict]:
        with self.app.sessions.begin() as session:
            return list(session.scalars(select(Verdict).order_by(Verdict.id)))

    def letters(self) -> list[OutboxLetter]:
        with self.app.sessions.begin() as session:
            return list(session.scalars(select(OutboxLetter).order_by(OutboxLetter.id)))


@pytest.fixture
def desk(app: AppContext) -> Desk:
    made = Desk(app)
    made.register(DUC_THO)
    made.register(DUC_THO, NAMED, name="Nguyễn Thị Hà", phone="0912345678")
    return made


@dataclass
class Post:
    """The Department's mailbox and whoever writes to it."""

    desk: Desk
    server: MailServer

    def send(
        self,
        *files: tuple[str, bytes],
        sender: str = OFFICER,
        message_id: str = "<1@ductho.test>",
        mime: str = "application/octet-stream",
        **headers: str,
    ) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Message-ID"] = sender, INTAKE, message_id
        message["Subject"] = headers.pop("subject", "Gửi thông tin khảo sát camera")
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content("Đơn vị gửi kèm tệp. Trân trọng.\n")
        for name, content in files:
            message.add_attachment(content, maintype=mime.split("/")[0], subtype=mime.split("/")[1], filename=name)
        self.send_raw(message.as_bytes(policy=SMTP), sender)

    def send_raw(self, content: bytes, sender: str = OFFICER) -> None:
        with smtplib.SMTP(HOST, self.server.smtp_port, "khach.test", timeout=20) as smtp:
            smtp.sendmail(sender, [INTAKE], content)

    def read(self, folder: str = "INBOX") -> SourceResult:
        server = imap_from_url(self.server.imap_url(INTAKE, folder))
        return gather.read_mailbox(self.desk.app, server, self.desk.now)

    def left(self) -> int:
        """How many mails are still in the inbox itself."""
        return len(self.server.boxes.open(INTAKE))


@pytest.fixture
def post(desk: Desk, tmp_path: Path) -> Iterator[Post]:
    with MailServer(tmp_path / "mail") as server:
        server.boxes.open(INTAKE)
        yield Post(desk, server)
