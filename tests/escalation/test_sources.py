"""When we are blind."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from dondoc.escalation import sources
from dondoc.intake import gather
from dondoc.intake.sources.source import begin
from tests.escalation.conftest import Office

HONG_LINH = "ubnd-thi-xa-hong-linh"


@pytest.fixture
def desk(live: None, app) -> Office:  # type: ignore[no-untyped-def]
    return Office(app)


def blind(office: Office, **settings: object) -> str | None:
    with office.app.sessions.begin() as session:
        return sources.blind(session, office.app.settings.model_copy(update=settings), office.now)


def test_a_folder_never_read_makes_us_blind(desk: Office) -> None:
    assert blind(desk) == "thư mục tiếp nhận chưa được đọc lần nào"


def test_one_read_shortly_before_does_not(desk: Office) -> None:
    desk.see()
    desk.now += timedelta(minutes=60)
    assert blind(desk) is None
    desk.now += timedelta(seconds=1)
    assert "cách đây quá 60 phút" in str(blind(desk))
    assert blind(desk, source_max_age_minutes=90) is None


def test_the_newest_reading_counts(desk: Office) -> None:
    desk.see()
    desk.see(ok=False, detail="hết chỗ trống.")
    assert blind(desk) == "không đọc được thư mục tiếp nhận lúc 07:30 23/11/2021 (hết chỗ trống)"
    desk.see()
    assert blind(desk) is None


def test_the_mailbox_counts_only_when_there_is_one(desk: Office) -> None:
    desk.see()
    configured = {"imap_url": SecretStr("imap://a:b@127.0.0.1:9/INBOX")}
    assert blind(desk, **configured) == "hộp thư tiếp nhận chưa được đọc lần nào"
    desk.see("mailbox")
    assert blind(desk, **configured) is None


def test_that_nobody_reads_any_more_is_known_though_nothing_failed(desk: Office) -> None:
    def stopped() -> object:
        with desk.app.sessions.reading() as session:
            return sources.stopped(session, desk.app.settings, desk.now)

    assert stopped() is None, "an installation that has just begun"
    began = desk.now
    desk.see(ok=False)
    desk.now += timedelta(minutes=60)
    assert stopped() is None
    desk.now += timedelta(seconds=1)
    assert stopped() == began


def unclear(office: Office) -> str | None:
    with office.app.sessions.reading() as session:
        return sources.unclear(session, office.app.settings, office.now)


def test_a_reading_that_was_killed_counts_as_unread(desk: Office) -> None:
    desk.see()
    begin(desk.app, "folder", desk.now)
    assert "chưa xong hoặc đã bị ngắt" in str(unclear(desk)), "nothing leaves"
    assert blind(desk) is None, "it may be running while letters are decided"
    desk.now += timedelta(minutes=15)
    assert "chưa xong hoặc đã bị ngắt" in str(blind(desk))
    gather.read_folder(desk.app, desk.now)
    assert (unclear(desk), blind(desk)) == (None, None)


def test_letters_leave_only_shortly_after_a_reading(post_office: Office) -> None:
    post_office.decide(agencies=[HONG_LINH])
    post_office.now += timedelta(hours=9)
    post_office.deliver()
    assert {row.state for row in post_office.letters(HONG_LINH)} == {"pending"}
    assert all("đọc lần cuối lúc 07:30" in row.reason for row in post_office.letters(HONG_LINH))
    gather.read_folder(post_office.app, post_office.now)
    post_office.deliver()
    assert {row.state for row in post_office.letters(HONG_LINH)} == {"sent"}
