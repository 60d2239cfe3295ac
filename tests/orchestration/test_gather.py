"""`gather_survey_submissions`, run to its end: real mailbox, real cameras, real SMTP."""

import json
import os
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult
from openpyxl import load_workbook
from sqlalchemy import select, text, update

from dondoc import clock
from dondoc.audit import Actor, Channel
from dondoc.configuration.context import AppContext
from dondoc.demo.days import address
from dondoc.demo.fleet import Fleet
from dondoc.demo.mailserver import MailServer
from dondoc.demo.submissions import SCAN, Desk
from dondoc.diagnosis import examine
from dondoc.facts import contacts
from dondoc.intake import backlog, gather, inbox
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.mail.servers import imap_from_url
from dondoc.orchestration import gathering
from dondoc.probing.verdicts import SENTENCE
from dondoc.staff import alerts
from dondoc.store.cameras import CameraCheck
from dondoc.store.intake import SourceRead, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind
from tests.conftest import CLERK, Run
from tests.intake.survey_fake import FORM, TOKEN, Fake
from tests.ports import held
from tests.probing.certificate import self_signed as self_signed_certificate

pytestmark = pytest.mark.slow

OFFICER, INTAKE = "dau-moi.can-loc@ioc.test", "tiep-nhan@ioc.test"
AGENCY = "ubnd-huyen-can-loc"
MAILBOX = {
    "conn_type": "imap",
    "host": "127.0.0.1",
    "login": "u",
    "password": "bi-mat-imap",
    "extra": {"use_ssl": False},
}


@pytest.fixture
def officer(desk: AppContext, mail: MailServer, fleet: Fleet) -> Desk:
    """An officer of Can Lộc whose address is registered, and the official one that the forms name."""
    rows = [
        f"{AGENCY},focal_officer,Trần Thị Lan,{email},0912345678"
        for email in (OFFICER, address(AGENCY, "focal_officer"))
    ]
    text = "\n".join(["agency,role,name,email,phone", *rows])
    with desk.sessions.begin() as session:
        contacts.import_csv(
            session,
            desk.registry,
            text,
            "contacts.csv",
            by=CLERK,
            secrets=desk.secrets,
            now=clock.at(clock.now().date(), 0),
        )
    return Desk(desk, mail, fleet)


def outcomes(app: AppContext) -> list[str]:
    with app.sessions.begin() as session:
        return sorted(session.scalars(select(Verdict.outcome)))


def test_a_form_is_read_judged_probed_and_answered_in_one_run(
    officer: Desk, mail: MailServer, play: Callable[..., dict[str, str]]
) -> None:
    officer.send(OFFICER, "Bieu mau.xlsx", officer.form_03(AGENCY, "healthy", "missing"), to=INTAKE)
    states = play("gather_survey_submissions")
    assert set(states.values()) == {"success"}
    with officer.app.sessions.begin() as session:
        assert sorted(session.scalars(select(CameraCheck.verdict))) == ["not_found", "ok"]
        letters = {row.kind: row for row in session.scalars(select(OutboxLetter))}
    assert {(kind, row.state) for kind, row in letters.items()} == {("receipt", "sent"), ("reachability", "sent")}
    [copy] = letters["reachability"].attachments
    assert copy["filename"] in letters["reachability"].text
    book = load_workbook(BytesIO(officer.app.blobs.get(copy["sha256"])))
    said = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value}
    assert SENTENCE["not_found"] in said  # beside the camera that is to be seen to
    assert len(mail.boxes.messages(OFFICER)) == 2


def test_what_a_killed_run_left_is_probed_by_the_next_one_and_told_once(
    officer: Desk, mail: MailServer, fleet: Fleet, play: Callable[..., dict[str, str]]
) -> None:
    officer.send(OFFICER, "Bieu mau.xlsx", officer.form_03(AGENCY, "healthy", "missing"), to=INTAKE)
    app = officer.app
    server = imap_from_url(mail.imap_url(INTAKE))
    assert gather.read_mailbox(app, server, clock.now()).ok
    backlog.judge_and_answer(app, clock.now())  # and then somebody pulled the plug
    for _ in range(2):
        assert play("gather_survey_submissions")["probe_declared"] == "success"
    assert fleet.counts["connections"] == 2
    assert len(mail.boxes.messages(OFFICER)) == 2


def test_a_strangers_form_is_probed_only_after_a_person_gave_it_to_the_agency(
    officer: Desk, mail: MailServer, fleet: Fleet, play: Callable[..., dict[str, str]]
) -> None:
    officer.send("nguoi.la@ioc.test", "Bieu mau.xlsx", officer.form_03(AGENCY, "healthy"), to=INTAKE)
    play("gather_survey_submissions")
    assert fleet.counts["connections"] == 0
    inbox.assign(officer.app, 1, AGENCY, by=Actor("Lê A", "le.a", Channel.CLI), now=clock.now())
    play("gather_survey_submissions")
    assert fleet.counts["connections"] == 1
    with officer.app.sessions.begin() as session:
        assert [c.verdict for c in session.scalars(select(CameraCheck))] == ["ok"]
        assert "reachability" in set(session.scalars(select(OutboxLetter.kind)))


def test_a_file_in_the_drop_folder_is_taken_in_and_kept_for_a_person(
    officer: Desk, play: Callable[..., dict[str, str]]
) -> None:
    officer.drop("cu dau moi.pdf", SCAN)
    drop = officer.app.settings.home / "drop"
    os.utime(drop / "cu dau moi.pdf", (time.time() - 60,) * 2)
    assert play("gather_survey_submissions")[""] == "success"
    assert outcomes(officer.app) == ["waiting"]
    assert list(drop.iterdir()) == []


def test_a_dead_mailbox_makes_its_own_task_and_the_run_red_and_stops_nothing_else(
    officer: Desk, play: Callable[..., dict[str, str]], environment: pytest.MonkeyPatch
) -> None:
    officer.drop("cu dau moi.pdf", SCAN)
    os.utime(officer.app.settings.home / "drop" / "cu dau moi.pdf", (time.time() - 60,) * 2)
    working = os.environ["AIRFLOW_CONN_DONDOC_IMAP"]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        environment.setenv("AIRFLOW_CONN_DONDOC_IMAP", json.dumps(MAILBOX | {"port": closed.getsockname()[1]}))
        states = play("gather_survey_submissions")
    others = {name: state for name, state in states.items() if name not in ("", "read_mailbox", "all_went_well")}
    assert (states["read_mailbox"], states[""]) == ("failed", "failed"), "who looks at the runs sees it"
    assert set(others.values()) == {"success"}
    assert outcomes(officer.app) == ["waiting"]
    with officer.app.sessions.begin() as session:
        reads = {row.source: row.ok for row in session.scalars(select(SourceRead))}
        (alert,) = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "internal"))
    assert reads == {"folder": True, "mailbox": False}
    assert "read_mailbox" in alert.subject
    assert "bi-mat-imap" not in alert.text
    environment.setenv("AIRFLOW_CONN_DONDOC_IMAP", working)
    assert play("gather_survey_submissions")[""] == "success", "the next run catches up"


def test_a_survey_server_is_read_as_its_connection_says_and_makes_the_run_red_when_it_is_dead(
    officer: Desk, play: Callable[..., dict[str, str]], environment: pytest.MonkeyPatch
) -> None:
    with Fake("kobo") as fake:
        fake.submit({"so": 1})
        found = {"conn_type": "http", "host": "127.0.0.1", "port": fake.port, "schema": "http", "password": TOKEN}
        found["extra"] = {"kind": "kobo", "forms": FORM}
        environment.setenv("AIRFLOW_CONN_DONDOC_SURVEY", json.dumps(found))
        assert play("gather_survey_submissions")[""] == "success"
    assert outcomes(officer.app) == ["waiting"]
    states = play("gather_survey_submissions")
    others = {name: state for name, state in states.items() if name not in ("", "read_survey", "all_went_well")}
    assert (states["read_survey"], states[""], set(others.values())) == ("failed", "failed", {"success"})
    with officer.app.sessions.begin() as session:
        (alert,) = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "internal"))
    assert "từ chối kết nối" in alert.text
    assert TOKEN not in alert.text


def test_what_cannot_be_read_in_the_drop_folder_makes_the_run_red_and_is_named_to_the_operators(
    officer: Desk, play: Callable[..., dict[str, str]]
) -> None:
    officer.drop("cu dau moi.pdf", SCAN)
    drop = officer.app.settings.home / "drop"
    os.utime(drop / "cu dau moi.pdf", (time.time() - 60,) * 2)
    (drop / "BM03 Vu Quang.xlsx").symlink_to(drop / "khong-co")
    states = play("gather_survey_submissions")
    others = {name: state for name, state in states.items() if name not in ("", "read_folder", "all_went_well")}
    assert (states["read_folder"], states[""]) == ("failed", "failed")
    assert set(others.values()) == {"success"}
    assert outcomes(officer.app) == ["waiting"]
    with officer.app.sessions.begin() as session:
        (alert,) = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "internal"))
    assert "“BM03 Vu Quang.xlsx” (liên kết)" in alert.text
    assert "chuyển đi nơi khác" in alert.text
    (drop / "BM03 Vu Quang.xlsx").unlink()
    assert play("gather_survey_submissions")[""] == "success"


def test_a_rehearsal_without_an_address_is_a_red_delivery(
    officer: Desk, play: Callable[..., dict[str, str]], environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_MODE", "rehearsal")
    environment.delenv("DONDOC_REHEARSAL_TO")
    states = play("gather_survey_submissions")
    assert (states["judge_and_answer"], states["deliver"], states[""]) == ("success", "failed", "failed")
    with officer.app.sessions.begin() as session:
        assert "DONDOC_REHEARSAL_TO" in session.scalars(select(OutboxLetter.text)).one()


def test_a_letter_of_an_unknown_kind_makes_the_delivery_red_and_is_told_while_others_leave(
    officer: Desk, play: Callable[..., dict[str, str]]
) -> None:
    with officer.app.sessions.begin() as session:
        strange, good = (
            outbox.enqueue(
                session,
                [Letter(LetterKind.RECEIPT, OFFICER, "x", "x", "x", dedup=name, reason="thử")],
                settings=officer.app.settings,
                now=clock.now(),
            )[0].id
            for name in ("strange", "good")
        )
        later_version = text("UPDATE outbox SET kind = 'telegram' WHERE id = :id")
        session.execute(later_version, {"id": strange})
    states = play("gather_survey_submissions")
    assert (states["deliver"], states[""]) == ("failed", "failed")
    with officer.app.sessions.begin() as session:
        assert session.get_one(OutboxLetter, strange).state == "pending"
        assert session.get_one(OutboxLetter, good).state == "sent"
        (told,) = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "internal"))
        [cause] = alerts.open_alerts(session, "gather_survey_submissions.deliver")
    assert f"TH-{strange:05}" in told.text
    assert "“telegram”" in cause.detail


def test_a_run_without_any_connection_says_what_to_do(
    officer: Desk, play: Callable[..., dict[str, str]], environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("AIRFLOW_CONN_DONDOC_SMTP")
    environment.delenv("AIRFLOW_CONN_DONDOC_IMAP")
    states = play("gather_survey_submissions")
    assert (states["read_mailbox"], states["deliver"], states["judge_and_answer"]) == ("success", "failed", "success")


@contextmanager
def gone() -> Iterator[tuple[int, dict[str, Any]]]:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield closed.getsockname()[1], {}


@contextmanager
def refusing_the_login() -> Iterator[tuple[int, dict[str, Any]]]:
    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    with held() as [port]:
        server = Controller(Sink(), "127.0.0.1", port, authenticator=refuse, auth_require_tls=False)
        server.start()
        try:
            yield port, {"login": "ioc", "password": "bi-mat-smtp"}
        finally:
            server.stop()


@contextmanager
def self_signed() -> Iterator[tuple[int, dict[str, Any]]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        context.load_cert_chain(self_signed_certificate(Path(folder)))
    with held() as [port]:
        server = Controller(Sink(), "127.0.0.1", port, ssl_context=context)
        server.start()
        try:
            yield port, {"extra": {"disable_tls": True}}
        finally:
            server.stop()


@pytest.mark.parametrize("trouble", [gone, refusing_the_login, self_signed])
def test_a_mail_server_that_cannot_be_used_makes_every_run_red_and_is_told_by_what_still_works(
    officer: Desk,
    mail: MailServer,
    play: Callable[..., dict[str, str]],
    environment: pytest.MonkeyPatch,
    dondoc: Run,
    trouble: Callable[[], Any],
) -> None:
    officer.send(OFFICER, "Bieu mau.xlsx", officer.form_03(AGENCY, "healthy"), to=INTAKE)
    app, working = officer.app, os.environ["AIRFLOW_CONN_DONDOC_SMTP"]
    with trouble() as (port, more):
        connection = json.loads(working) | {"port": port} | more
        environment.setenv("AIRFLOW_CONN_DONDOC_SMTP", json.dumps(connection))
        for _ in range(3):  # in the second no letter is due: it waits for its next attempt
            states = play("gather_survey_submissions")
            assert (states["deliver"], states[""]) == ("failed", "failed")
            assert states["judge_and_answer"] == "success"
        environment.setenv("DONDOC_SMTP_URL", f"smtp://ioc:sai@127.0.0.1:{port}?from=ioc@ioc.test")
        assert dondoc("deliver", "--json").exit_code == 0, "the command's contract: a dead server is a finding"
        environment.delenv("DONDOC_SMTP_URL")
    with app.sessions.begin() as session:
        (alert,) = alerts.open_alerts(session)
        (letter,) = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "internal"))
        assert set(session.scalars(select(OutboxLetter.state))) == {"deferred"}, "nothing is lost"
        session.execute(update(OutboxLetter).values(next_attempt_at=None))
    for said in (alert.detail, letter.text):
        assert f"127.0.0.1:{port}" in said
        assert "Kiểm tra máy chủ thư và kết nối dondoc_smtp" in said
        assert "bi-mat-smtp" not in said
    assert any(f"127.0.0.1:{port}" in found["message"] for found in examine(clock.now) if found["code"] == "alert")
    environment.setenv("AIRFLOW_CONN_DONDOC_SMTP", working)
    assert play("gather_survey_submissions")[""] == "success"
    assert play("gather_survey_submissions")[""] == "success"
    assert [m["Subject"] for m in mail.boxes.messages("van-hanh@ioc.test")] == [
        "[dondoc] Việc gather_survey_submissions.deliver không chạy được",
        "[dondoc] Đã hết lỗi: gather_survey_submissions.deliver",
    ]
    assert len(mail.boxes.messages(OFFICER)) == 2


def test_cameras_that_one_run_had_no_time_for_are_looked_at_by_the_next_and_told_of_together(
    officer: Desk, mail: MailServer, play: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    officer.send(OFFICER, "Bieu mau.xlsx", officer.form_03(AGENCY, "healthy", "missing", "dark"), to=INTAKE)
    monkeypatch.setattr(gathering, "FEW", 2)
    monkeypatch.setattr(gathering, "LOOKING", 0.0)  # time for the first few only

    def kinds() -> tuple[int, list[str]]:
        with officer.app.sessions.reading() as session:
            return len(session.scalars(select(CameraCheck)).all()), sorted(session.scalars(select(OutboxLetter.kind)))

    assert play("gather_survey_submissions")[""] == "success"
    assert kinds() == (2, ["receipt"])
    monkeypatch.setattr(gathering, "LOOKING", 240.0)
    assert play("gather_survey_submissions")[""] == "success"
    assert kinds() == (3, ["reachability", "receipt"])
