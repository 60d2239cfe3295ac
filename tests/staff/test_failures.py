"""Failures are told once, and their end once, whoever dies meanwhile."""

import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.mailserver import MailServer
from dondoc.errors import Problem
from dondoc.staff import alerts, failures, past_the_outbox
from dondoc.staff.failures import Failure
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.notices import Notice

pytestmark = pytest.mark.slow

OPS = "van-hanh@ioc.test"
FAILED = Failure(Notice.TASK_FAILED, "gather.deliver", "scheduled__1", task="deliver", error=Problem("Hỏng."))

# Tells that the database can be used again, and dies where the letter about it is committed.
DYING = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.orm import Session
from dondoc import clock
from dondoc.configuration.context import open_context
from dondoc.staff import failures
from dondoc.store.mail import OutboxLetter

written = []
event.listen(OutboxLetter, "after_insert", lambda *_: written.append(1))

@event.listens_for(Session, sys.argv[1])
def die(session):
    if written and not session.in_nested_transaction():
        os.kill(os.getpid(), signal.SIGKILL)

failures.over(open_context(), ["gather"], clock.now())
"""


def subjects(app: AppContext) -> list[str]:
    with app.sessions.reading() as session:
        return list(session.scalars(select(OutboxLetter.subject).order_by(OutboxLetter.id)))


@pytest.mark.parametrize(("where", "written"), [("before_commit", 0), ("after_commit", 1)])
def test_who_dies_telling_that_the_database_is_usable_again_neither_loses_nor_repeats_it(
    environment: pytest.MonkeyPatch, app: AppContext, tmp_path: os.PathLike[str], where: str, written: int
) -> None:
    with MailServer(tmp_path) as server:  # type: ignore[arg-type]
        environment.setenv("DONDOC_OPS_ADDRESS", OPS)
        environment.setenv("DONDOC_SMTP_URL", server.smtp_url("ioc@ioc.test"))
        good = app.settings.url
        environment.setenv("DONDOC_DATABASE_URL", "postgresql://127.0.0.1:1/khong-co")
        failures.occurred(AppContext(load()), FAILED, clock.now())
        assert len(server.boxes.messages(OPS)) == 1
    environment.setenv("DONDOC_DATABASE_URL", good)
    done = subprocess.run([sys.executable, "-c", DYING, where], timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert len(subjects(app)) == written
    app.settings.ops_address = OPS
    for _ in range(2):
        failures.over(app, ["gather"], clock.now())
    assert subjects(app) == ["[dondoc] Đã hết lỗi: cơ sở dữ liệu dùng lại được"]
    assert past_the_outbox.mailed(app.settings, clock.now()).open == []


def test_a_cause_that_nobody_was_there_to_hear_is_told_when_somebody_is(
    app: AppContext, caplog: pytest.LogCaptureFixture
) -> None:
    failures.occurred(app, FAILED, clock.now())
    assert subjects(app) == []
    assert "nobody of ours to tell" in caplog.text
    with app.sessions.reading() as session:
        assert [alert.told_at for alert in alerts.open_alerts(session)] == [None]
    app.settings.ops_address = OPS
    failures.occurred(app, FAILED, clock.now())
    assert subjects(app) == ["[dondoc] Việc gather.deliver không chạy được"]
