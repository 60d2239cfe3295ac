"""After a restore from backup everything unsent waits for a person."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dondoc import preconditions
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.store.session import file_of
from dondoc.vocabulary.letters import LetterKind
from tests.escalation.conftest import Office, one

HONG_LINH, CAN_LOC = "ubnd-thi-xa-hong-linh", "ubnd-huyen-can-loc"
RESTORED = "cơ sở dữ liệu được khôi phục từ bản sao lưu"


def deliver(office: Office) -> dict[str, int]:
    """As every door does it."""
    return preconditions.deliver(office.app, lambda: office.now).counts


def copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


@pytest.fixture
def restored(post_office: Office, environment: pytest.MonkeyPatch) -> Office:
    """One agency's letters wait in the backup, from before they left; another's were decided after it."""
    assert post_office.server is not None
    environment.setenv("DONDOC_SMTP_URL", post_office.server.smtp_url("ioc@so.test"))
    app = AppContext(load())
    post_office.app = app
    file = file_of(app.sessions.kw["bind"].url)
    assert file is not None
    deliver(post_office)
    post_office.decide(agencies=[HONG_LINH])
    backup = file.with_suffix(".backup")
    copy(file, backup)
    post_office.decide(agencies=[CAN_LOC])
    assert deliver(post_office)["sent"] >= 2
    assert {row.state for row in post_office.letters(HONG_LINH)} == {"sent"}
    copy(backup, file)
    assert {row.state for row in post_office.letters(HONG_LINH)} == {"pending"}
    return post_office


def test_nothing_leaves_again_before_a_person_says_so_and_our_people_are_told(restored: Office) -> None:
    boxes = restored.server.boxes  # type: ignore[union-attr]
    before = {row.recipient: len(boxes.messages(row.recipient)) for row in restored.letters(HONG_LINH)}
    deliver(restored)
    rows = restored.letters(HONG_LINH)
    assert {row.state for row in rows} == {"held"}
    assert all(RESTORED in row.reason for row in rows)
    told = [row for row in restored.letters() if row.kind == LetterKind.INTERNAL and RESTORED in row.subject]
    assert len(told) == 1
    deliver(restored)
    assert {row.recipient: len(boxes.messages(row.recipient)) for row in rows} == before
    assert len([row for row in restored.letters() if RESTORED in row.subject]) == 1, "told once"
    assert set(restored.approve(*(str(row.id) for row in rows))) == {"pending"}
    deliver(restored)
    assert {row.state for row in restored.letters(HONG_LINH)} == {"sent"}


def test_what_is_decided_again_on_that_day_waits_too(restored: Office) -> None:
    deliver(restored)
    ids = one(restored.decide(agencies=[CAN_LOC]), CAN_LOC)["outbox_ids"]
    assert ids
    assert {row.state for row in restored.letters(CAN_LOC)} == {"held"}
    deliver(restored)
    assert {row.state for row in restored.letters(CAN_LOC)} == {"held"}


def test_a_database_that_was_not_restored_goes_on(post_office: Office, environment: pytest.MonkeyPatch) -> None:
    assert post_office.server is not None
    environment.setenv("DONDOC_SMTP_URL", post_office.server.smtp_url("ioc@so.test"))
    post_office.app = AppContext(load())
    for agency in (HONG_LINH, CAN_LOC):
        post_office.decide(agencies=[agency])
        deliver(post_office)
        assert {row.state for row in post_office.letters(agency)} == {"sent"}
