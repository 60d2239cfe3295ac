"""An answer to our letter, as a mail program addresses it, comes to the mailbox that intake reads."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from smtplib import SMTP as Smtp
from typing import Any

import pytest
from pydantic import SecretStr

from dondoc import preconditions
from dondoc.configuration.context import AppContext
from dondoc.demo.mailserver import HOST
from tests.intake.conftest import INTAKE, OFFICER, Desk, Post

SENDER = "IOC Hà Tĩnh <ioc@ioc.test>"


@pytest.fixture(autouse=True)
def _live(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_MODE", "live")


def writing(post: Post, **other: Any) -> AppContext:
    """The world with the server's addresses in its settings: letters leave as `ioc@`, intake reads `tiep-nhan@`."""
    server = post.server
    urls = {"smtp_url": SecretStr(server.smtp_url(SENDER)), "imap_url": SecretStr(server.imap_url(INTAKE))}
    return AppContext(post.desk.app.settings.model_copy(update={**urls, **other}))


def answer(post: Post, letter: EmailMessage, name: str, content: bytes) -> None:
    """Press “reply” on a letter, attach a file, send."""
    reply = EmailMessage()
    to = parseaddr(letter.get("Reply-To", letter["From"]))[1]
    reply["From"], reply["To"], reply["Message-ID"] = OFFICER, to, "<tra-loi@ductho.test>"
    reply["Subject"], reply["In-Reply-To"] = f"Re: {letter['Subject']}", letter["Message-ID"]
    reply.set_content("Đơn vị gửi lại biểu mẫu.\n")
    reply.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    with Smtp(HOST, post.server.smtp_port, "khach.test", timeout=20) as smtp:
        smtp.sendmail(OFFICER, [to], reply.as_bytes(policy=SMTP))


def test_a_form_in_an_answer_to_the_letter_that_asked_for_it_is_taken_in(post: Post) -> None:
    desk = post.desk
    post.send(("bieu-mau.xlsx", desk.form(wrong=1)))
    assert post.read().ok
    assert set(desk.work().values()) == {"returned"}
    preconditions.deliver(writing(post), lambda: desk.now)
    [letter] = post.server.boxes.messages(OFFICER)
    assert (parseaddr(letter["From"])[1], letter["Reply-To"]) == ("ioc@ioc.test", INTAKE)
    answer(post, letter, "bieu-mau_can_sua.xlsx", desk.form())
    assert len(post.read().submission_ids) == 1
    assert set(desk.work().values()) == {"accepted"}


def test_the_address_that_is_set_goes_before_the_user_of_the_mailbox(post: Post) -> None:
    post.send(("bieu-mau.xlsx", post.desk.form()))
    post.read()
    post.desk.work()
    preconditions.deliver(writing(post, intake_address="khao-sat@ioc.test"), lambda: post.desk.now)
    assert [m["Reply-To"] for m in post.server.boxes.messages(OFFICER)] == ["khao-sat@ioc.test"]


def test_delivery_says_when_nobody_would_read_the_answers(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    nameless = SecretStr(f"imap://tiep-nhan:x@{HOST}:{post.server.imap_port}/INBOX")
    preconditions.deliver(writing(post, imap_url=nameless), lambda: post.desk.now)
    assert "DONDOC_INTAKE_ADDRESS" in caplog.text
    caplog.clear()
    preconditions.deliver(writing(post, imap_url=nameless, intake_address=INTAKE), lambda: post.desk.now)
    assert "DONDOC_INTAKE_ADDRESS" not in caplog.text


def test_a_letter_to_our_own_people_asks_for_no_answer_to_intake(post: Post, desk: Desk) -> None:
    from dondoc.staff import notices

    app = writing(post, ops_address="van-hanh@ioc.test")
    with app.sessions.begin() as session:
        assert notices.local_outage(app, session, desk.now.date(), "night", "mất kết nối", desk.now)
    preconditions.deliver(app, lambda: desk.now)
    [told] = post.server.boxes.messages("van-hanh@ioc.test")
    assert told["Reply-To"] is None
