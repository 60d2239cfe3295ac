"""Mornings killed at every step."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dondoc.demo.mailserver import MailServer
from tests.escalation.conftest import Office
from tests.escalation.killed import ARCHIVE, Killed, Rough


@pytest.fixture
def rough(live: None, environment: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path / "mail", post=Rough) as server:
        environment.setenv("DONDOC_SMTP_URL", server.smtp_url("ioc@so.test"))
        environment.setenv("DONDOC_INTAKE_ADDRESS", "ioc@so.test")
        environment.setenv("DONDOC_ARCHIVE_ADDRESS", ARCHIVE)
        environment.setenv("DONDOC_ARCHIVE_IMAP_URL", server.imap_url(ARCHIVE))
        yield server


def test_mornings_killed_at_any_step_lose_nothing_and_send_nothing_twice(rough: MailServer, office: Office) -> None:
    killed = Killed(office, rough, ["ubnd-thi-xa-hong-linh", "ubnd-huyen-duc-tho"], seed=1)
    killed.play(50)  # a thousand in `make soak`
    assert killed.kills >= 50
