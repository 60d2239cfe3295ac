"""The demo's mail server is a real one: what a person or a program sees in it."""

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from imap_tools import MailBoxUnencrypted

from dondoc.demo.mailboxes import folder_of
from dondoc.demo.mailpage import create_app
from dondoc.demo.mailserver import MailServer
from dondoc.mail.servers import imap_from_url

pytestmark = pytest.mark.slow


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path / "mail") as server:
        yield server


def letter(name: str, subject: str | None = None) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ioc@ha.test", "a@b.test", subject or name
    message["Message-ID"] = f"<{name}@ha.test>"
    message.set_content("xin chào")
    message.add_alternative("<p>xin <script>alert(1)</script></p>", subtype="html")
    message.add_attachment(b"PK", maintype="application", subtype="x", filename='tệp"x.xlsx')
    return message


def send(port: int, *messages: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, "test") as smtp:
        for message in messages:
            smtp.send_message(message)


def test_a_letter_is_found_moved_and_read_over_imap(mail: MailServer) -> None:
    send(mail.smtp_port, letter("mot"), letter("hai"))
    server = imap_from_url(mail.imap_url("a@b.test"))
    with MailBoxUnencrypted(server.host, server.port).login(server.user, server.password) as box:
        assert len(box.uids('HEADER Message-ID "<hai@ha.test>"')) == 1
        assert box.uids('HEADER Message-ID "<ba@ha.test>"') == []
        box.folder.create("Da-tiep-nhan")
        box.move(box.uids('HEADER Message-ID "<hai@ha.test>"'), "Da-tiep-nhan")
        assert [m.subject for m in box.fetch()] == ["mot"]
    assert [m["subject"] for m in mail.boxes.messages("a@b.test")] == ["mot", "hai"]


def test_its_lists_do_not_pass_through_where_temporary_files_lie(
    mail: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "another file system"))
    send(mail.smtp_port, letter("mot"))
    server = imap_from_url(mail.imap_url("a@b.test"))
    with MailBoxUnencrypted(server.host, server.port).login(server.user, server.password) as box:
        assert [m.subject for m in box.fetch()] == ["mot"]


def test_the_page_lists_newest_first_and_shows_each_letter_without_running_it(mail: MailServer) -> None:
    send(mail.smtp_port, letter("mot"), letter("hai", "<b>hai"))
    page = TestClient(create_app(mail.boxes))
    listing = page.get("/").text
    assert 0 < listing.index("&lt;b&gt;hai") < listing.index(">mot<")
    path = listing.split('href="/letter/')[1].split('"')[0]
    shown = page.get(f"/letter/{path}").text
    assert '<iframe sandbox srcdoc="&lt;p&gt;xin &lt;script' in shown
    assert "<script" not in shown
    file = page.get(f"/letter/{path}/0")
    assert (file.content, file.headers["content-disposition"]) == (b"PK", 'attachment; filename="t_p_x.xlsx"')
    assert page.get("/letter/khong@co.test/1").status_code == 404
    assert page.get(f"/letter/{path}/7").status_code == 404


def test_no_address_leads_out_of_the_home_folder() -> None:
    assert folder_of("../../etc/passwd") == "_.._etc_passwd"
    assert folder_of("A:b@C.vn\n") == "a_b@c.vn_"


def test_its_ports_are_its_own_before_it_serves(tmp_path: Path) -> None:
    server = MailServer(tmp_path)
    for port in (server.smtp_port, server.imap_port):
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
    with server:
        send(server.smtp_port, letter("mot"))


def test_it_runs_as_a_program_and_ends_on_a_signal(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "dondoc.demo.mailserver", "--home", str(tmp_path)]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
    assert process.stdout is not None
    ports = json.loads(process.stdout.readline())
    send(ports["smtp"], letter("mot"))
    with urllib.request.urlopen(f"http://127.0.0.1:{ports['web']}/") as page:
        assert ">mot<" in page.read().decode()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
