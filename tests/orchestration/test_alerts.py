"""A failure is told: through the outbox, or at once when the outbox is what failed."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from dondoc.demo.mailserver import MailServer
from dondoc.errors import Problem
from dondoc.orchestration import alerts
from dondoc.store.mail import OutboxLetter
from dondoc.world import World

OPS = "van-hanh@ioc.test"
SECRET = "mat-khau-rat-bi-mat"


def context(error: BaseException | None) -> dict[str, Any]:
    task = SimpleNamespace(dag_id="gather_survey_submissions", task_id="read_mailbox", run_id="manual__1", try_number=2)
    return {"task_instance": task, "exception": error}


def letters(world: World) -> list[OutboxLetter]:
    with world.sessions.begin() as session:
        return list(session.scalars(select(OutboxLetter)))


def test_a_failure_becomes_one_internal_letter_however_often_it_is_told(desk: World) -> None:
    for _ in range(2):
        alerts.failed(context(Problem("Không đọc được hộp thư.")))
    (letter,) = letters(desk)
    assert (letter.kind, letter.recipient, letter.state) == ("internal", OPS, "pending")
    assert "gather_survey_submissions.read_mailbox" in letter.subject
    assert "Không đọc được hộp thư." in letter.text


def test_the_words_of_a_library_are_not_repeated(desk: World) -> None:
    alerts.failed(context(OSError(f"imap://u:{SECRET}@host")))
    (letter,) = letters(desk)
    assert SECRET not in letter.text + letter.html + letter.subject + letter.reason
    assert "OSError" in letter.text


def test_with_an_unusable_database_the_alert_leaves_at_once(
    desk: World, mail: MailServer, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_DATABASE_URL", "postgresql://127.0.0.1:1/khong-co")
    alerts.failed(context(Problem("Cơ sở dữ liệu không mở được.")))
    (message,) = mail.boxes.messages(OPS)
    assert message["Subject"] == "[dondoc] Việc gather_survey_submissions.read_mailbox không chạy được"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Cơ sở dữ liệu không mở được." in message.get_content()


def test_with_everything_down_the_task_keeps_its_own_error(
    desk: World, environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    environment.setenv("DONDOC_DATABASE_URL", f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/x")
    environment.delenv("AIRFLOW_CONN_DONDOC_SMTP")
    environment.setenv("DONDOC_SMTP_URL", f"smtp://u:{SECRET}@127.0.0.1:1?from=a@b.test")
    alerts.failed(context(Problem("Hỏng.")))
    assert "the mail server is unusable too" in caplog.text
    assert SECRET not in caplog.text
