"""Delivery against a real SMTP and IMAP server."""

from datetime import timedelta

import pytest

from dondoc import clock, preconditions
from dondoc.errors import Problem
from dondoc.mail.letter import Attachment, OnHold
from dondoc.mail.servers import SmtpServer, smtp_from_url
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import ANSWERS, LetterKind
from tests.conftest import acting
from tests.mail.conftest import ARCHIVE, MONDAY, Desk, always, hang_up


def test_a_letter_arrives_whole_and_its_twin_lies_in_the_archive(desk: Desk) -> None:
    sha256 = desk.app.blobs.put(b"PK noi dung")
    row_id = desk.write(
        subject="[IOC Hà Tĩnh] Đề nghị bổ sung, chỉnh sửa Biểu mẫu 03 của Ủy ban nhân dân huyện Đức Thọ: 03 chỗ",
        attachments=(Attachment("bieu_mau_can_sua.xlsx", sha256, "application/vnd.ms-excel"),),
        in_reply_to="<" + "A" * 120 + "@outlook.test>",
    )
    assert desk.deliver() == {"sent": 1}
    row, [message], [twin] = desk.row(row_id), desk.received(), desk.received(ARCHIVE)
    assert message["message-id"] == twin["message-id"] == row.message_id
    assert message["subject"] == row.subject
    assert (message["to"], message["from"]) == ("can-bo@huyen.test", "ioc@hatinh.test")
    assert message["auto-submitted"] == "auto-generated"
    assert message["x-dondoc-loop"] == "dondoc.hatinh.test"
    assert message["in-reply-to"] == "<" + "A" * 120 + "@outlook.test>"
    assert ARCHIVE not in message.as_string()
    assert message.get_body(("plain",)).get_content().strip() == "Đã nhận."
    assert message.get_body(("html",)).get_content().strip() == "<p>Đã nhận.</p>"
    [attachment] = message.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content()) == ("bieu_mau_can_sua.xlsx", b"PK noi dung")
    assert (row.state, row.attempts, row.sent_at, row.rehearsal) == ("sent", 1, MONDAY, False)
    assert row.reason == "trả lời bản nộp BN-0001"
    assert desk.history(row_id) == ["pending", "claimed", "sending", "sent"]
    assert desk.deliver() == {}
    assert len(desk.received()) == 1


def test_a_temporary_refusal_is_tried_again_later_and_a_permanent_one_never(desk: Desk) -> None:
    later, never = desk.write("ban@huyen.test"), desk.write("khong-co@huyen.test")
    desk.post.rcpt["ban@huyen.test"] = ["451 4.2.0 try again"]
    desk.post.rcpt["khong-co@huyen.test"] = ["550 5.1.1 no such user"]
    assert desk.deliver() == {"deferred": 1, "refused": 1}
    assert "451 4.2.0 try again" in desk.row(later).reason
    assert "550 5.1.1 no such user" in desk.row(never).reason
    assert desk.deliver() == {}, "not due yet"
    desk.now += timedelta(minutes=1)
    assert desk.deliver() == {"sent": 1}
    assert (desk.row(later).state, desk.row(later).attempts) == ("sent", 2)


@pytest.mark.parametrize(("reply", "state"), [("452 full", "deferred"), ("554 spam", "refused")])
def test_an_answer_to_the_message_itself_decides(desk: Desk, reply: str, state: str) -> None:
    row_id, second = desk.write(), desk.write("hai@huyen.test")
    desk.post.data = [reply]
    assert desk.deliver() == {state: 1, "sent": 1}
    assert (desk.row(row_id).state, desk.row(second).state) == (state, "sent")


def test_a_refused_sender_says_so(desk: Desk) -> None:
    row_id = desk.write()
    desk.post.mail = ["530 5.7.0 authentication required"]
    assert desk.deliver() == {"refused": 1}
    assert "530 5.7.0" in desk.row(row_id).reason


def test_a_connection_lost_after_the_message_leaves_it_uncertain_until_the_archive_proves_it(desk: Desk) -> None:
    lost, arrived = desk.write("mot@huyen.test"), desk.write("hai@huyen.test")
    desk.post.data = [hang_up]
    assert desk.deliver(limit=1) == {"uncertain": 1}
    desk.post.after_data = hang_up  # stored with its twin, but we never hear so
    assert desk.deliver() == {"uncertain": 1}
    desk.post.after_data = lambda server: None
    assert desk.deliver(archive=True) == {"sent": 1}
    assert (desk.row(lost).state, desk.row(arrived).state) == ("uncertain", "sent")
    assert desk.row(arrived).sent_at == MONDAY
    assert desk.deliver(archive=True) == {}, "absence proves nothing: a person decides"
    assert len(desk.received("hai@huyen.test")) == 1


def test_an_unreadable_archive_proves_nothing(desk: Desk) -> None:
    from dondoc.mail.servers import ImapServer

    row_id = desk.write()
    desk.post.data = [hang_up]
    assert desk.deliver(archive=ImapServer("127.0.0.1", 9, "plain", "a", "b")) == {"uncertain": 1}
    assert desk.row(row_id).state == "uncertain"


def test_a_refused_archive_does_not_stop_the_letter(desk: Desk) -> None:
    desk.write()
    desk.post.rcpt[ARCHIVE] = ["550 no archive here"]
    assert desk.deliver() == {"sent": 1}


def test_a_dead_server_defers_everything_at_once_and_is_no_error(desk: Desk) -> None:
    ids = [desk.write(f"so-{n}@huyen.test") for n in range(5)]
    assert desk.deliver(smtp=SmtpServer("127.0.0.1", 9, sender="ioc@hatinh.test")) == {"deferred": 5}
    assert "từ chối kết nối" in desk.row(ids[-1]).reason
    desk.now += timedelta(minutes=1)
    assert desk.deliver() == {"sent": 5}


def test_a_connection_that_dropped_between_two_letters_is_opened_again(desk: Desk) -> None:
    for n in range(3):
        desk.write(f"so-{n}@huyen.test")
    desk.post.mail = ["250 OK", "421 too many messages"]
    assert desk.deliver() == {"sent": 2, "deferred": 1}


def test_office_hours_keep_a_chasing_letter_until_the_next_working_morning(desk: Desk) -> None:
    row_id = desk.write(kind="reminder", office_hours=True)
    for closed in (
        clock.at(MONDAY.date(), 7, 29),
        clock.at(MONDAY.date(), 17),
        clock.at(MONDAY.date() - timedelta(days=1), 9),
    ):
        desk.now = closed
        assert desk.deliver() == {}
    assert (desk.row(row_id).state, desk.row(row_id).attempts) == ("pending", 0)
    desk.now = clock.at(MONDAY.date(), 7, 30)
    assert desk.deliver() == {"sent": 1}


def test_a_letter_that_is_no_longer_true_or_too_late_is_cancelled(desk: Desk) -> None:
    stale, late = desk.write(kind="overdue"), desk.write("b@huyen.test", not_after=MONDAY - timedelta(seconds=1))
    desk.checks["overdue"] = lambda session, row, now: "đơn vị đã nộp"
    assert desk.deliver() == {"cancelled": 2}
    assert "đơn vị đã nộp" in desk.row(stale).reason
    assert "đã quá thời điểm" in desk.row(late).reason
    assert desk.received() == []


def test_a_kind_that_nobody_can_check_stops_only_its_own_letter_and_is_told(desk: Desk) -> None:
    strange, good = desk.write("b@huyen.test", kind="outage"), desk.write()
    for _ in range(2):  # as long as it stays
        done = desk.work()
        [said] = done.unknown
        assert f"TH-{strange:05}" in said
        assert "“outage”" in said
    assert (desk.row(good).state, desk.row(strange).state) == ("sent", "pending")
    assert desk.row(strange).reason == said


def test_a_check_that_fails_keeps_only_its_own_letter(desk: Desk) -> None:
    def broken(session: object, row: OutboxLetter, now: object) -> str | None:
        raise KeyError("step")

    bad, good = desk.write(kind="overdue"), desk.write("b@huyen.test")
    desk.checks["overdue"] = broken
    assert desk.deliver() == {"deferred": 1, "sent": 1}
    assert "KeyError" in desk.row(bad).reason
    assert desk.row(good).state == "sent"


def test_a_missing_attachment_is_tried_again_and_a_bad_address_refused(desk: Desk) -> None:
    missing = desk.write(attachments=(Attachment("a.xlsx", "0" * 64, "application/x"),))
    bad = [
        desk.write(a) for a in ("khong phai dia chi", "a@b.test\r\nRCPT TO:<c@d.test>", "a@b.test,c@d.test", "đ@b.vn")
    ]
    assert desk.deliver() == {"deferred": 1, "refused": 4}
    assert "Không thấy bản gốc" in desk.row(missing).reason
    assert all("địa chỉ" in desk.row(b).reason for b in bad)
    assert desk.server.boxes.addresses() == []


def test_no_text_of_others_becomes_a_header(desk: Desk) -> None:
    desk.write(
        subject="Nhận tệp a\r\nBcc: nan-nhan@x.test\r\n\r\nxong \u202eslx.exe",
        in_reply_to="<a@b>\r\nBcc: nan-nhan@x.test",
        attachments=(Attachment("a\r\nBcc: x@y.test.xlsx", desk.app.blobs.put(b"x"), "application/x"),),
    )
    assert desk.deliver() == {"sent": 1}
    [message] = desk.received()
    assert message["bcc"] is None
    assert message["in-reply-to"] is None
    assert message["subject"] == "Nhận tệp a Bcc: nan-nhan@x.test xong slx.exe"
    assert set(desk.server.boxes.addresses()) == {"can-bo@huyen.test", ARCHIVE}


def test_a_played_clock_never_writes_to_a_real_server(desk: Desk) -> None:
    played = desk.app.settings.model_copy(update={"clock": MONDAY})
    desk.write()
    for host in ("mail.hatinh.gov.vn", "127.0.0.1.evil.test", "10.0.0.1"):
        with pytest.raises(Problem, match="DONDOC_CLOCK"):
            desk.deliver(smtp=SmtpServer(host, 25), settings=played)
    assert desk.deliver(settings=played) == {"sent": 1}


def test_a_password_never_shows(desk: Desk) -> None:
    row_id = desk.write()
    url = f"smtp://nguoi:bi-mat%40@127.0.0.1:{desk.server.smtp_port}?from=ioc@hatinh.test"
    assert desk.deliver(smtp=smtp_from_url(url)) == {"deferred": 1}
    assert "bi-mat" not in desk.row(row_id).reason + repr(smtp_from_url(url))


class TestRehearsal:
    @pytest.fixture
    def desk(self, app, mail) -> Desk:  # type: ignore[no-untyped-def]
        return Desk(app, mail)

    def test_every_letter_goes_to_one_address_marked_with_whom_it_is_for(self, desk: Desk) -> None:
        row_id = desk.write(html="<html><body style='x'><p>Đã nhận.</p></body></html>")
        assert desk.deliver() == {"sent": 1}
        assert desk.server.boxes.addresses() == ["dien-tap@example.vn"]
        [message] = desk.received("dien-tap@example.vn")
        assert message["to"] == "dien-tap@example.vn"
        for words in (message["subject"], *(message.get_body((k,)).get_content() for k in ("plain", "html"))):
            assert "can-bo@huyen.test" in words
            assert "DIỄN TẬP" in words
        row = desk.row(row_id)
        assert (row.state, row.rehearsal, row.recipient) == ("sent", True, "can-bo@huyen.test")

    @pytest.mark.parametrize("address", [None, "khong-phai-dia-chi"])
    def test_without_an_address_delivery_fails_and_the_letters_say_why_they_stay(
        self, desk: Desk, address: str | None
    ) -> None:
        row_id = desk.write()
        nowhere = desk.app.settings.model_copy(update={"rehearsal_to": address})
        with pytest.raises(Problem, match="DONDOC_REHEARSAL_TO"):
            desk.deliver(settings=nowhere)
        assert desk.row(row_id).state == "pending"
        assert "DONDOC_REHEARSAL_TO" in desk.row(row_id).reason
        assert desk.deliver() == {"sent": 1}

    def test_on_the_day_it_goes_live_the_real_letter_leaves_though_it_was_rehearsed(self, desk: Desk) -> None:
        rehearsed = desk.write(dedup="nhắc|22/11")
        assert desk.deliver() == {"sent": 1}
        desk.app.settings.mode = "live"
        real = desk.write(dedup="nhắc|22/11")
        assert desk.write(dedup="nhắc|22/11") == real != rehearsed
        assert desk.deliver() == {"sent": 1}
        [practice], [true] = desk.received("dien-tap@example.vn"), desk.received()
        assert practice["message-id"] == desk.row(rehearsed).message_id != true["message-id"]
        assert "DIỄN TẬP" not in true["subject"]

    def test_what_was_decided_in_rehearsal_and_has_not_left_never_reaches_a_real_person(self, desk: Desk) -> None:
        waiting, held = desk.write(), desk.write("b@huyen.test", needs_approval=True)
        desk.app.settings.mode = "live"
        assert desk.deliver() == {"cancelled": 2}
        assert "diễn tập" in desk.row(waiting).reason + desk.row(held).reason
        assert desk.server.boxes.addresses() == []

    def test_a_real_letter_waits_through_a_rehearsal_and_leaves_when_it_is_live_again(self, desk: Desk) -> None:
        desk.app.settings.mode = "live"
        real = desk.write()
        desk.app.settings.mode = "rehearsal"
        assert desk.deliver() == {}
        assert desk.row(real).state == "pending"
        practice = desk.write()
        assert practice != real
        assert desk.deliver() == {"sent": 1}
        desk.app.settings.mode = "live"
        assert desk.deliver() == {"sent": 1}
        assert len(desk.received()) == 1
        assert [desk.row(i).rehearsal for i in (real, practice)] == [False, True]

    def test_the_archives_copy_of_a_rehearsal_proves_nothing_of_the_real_letter(self, desk: Desk) -> None:
        desk.app.settings.archive_address = ARCHIVE
        desk.write(dedup="k")
        assert desk.deliver() == {"sent": 1}
        desk.app.settings.mode = "live"
        real = desk.write(dedup="k")
        desk.post.data = [hang_up]
        assert desk.deliver(archive=True) == {"uncertain": 1}
        assert desk.row(real).state == "uncertain"


def stopped(session: object, row: OutboxLetter, now: object) -> str | None:
    raise OnHold("mọi thư đang tạm dừng theo Công văn 99")


class TestStopped:
    def test_an_approved_letter_stays_held_and_leaves_by_itself_when_nothing_stops_it_any_more(
        self, desk: Desk
    ) -> None:
        row_id = desk.write(kind="overdue", needs_approval=True)
        desk.checks["overdue"] = stopped
        [row] = desk.approve(row_id)
        assert (row.state, row.approved_by) == ("held", "Trần Thị B")
        assert "Trần Thị B đã duyệt" in desk.row(row_id).reason
        [row] = desk.approve(row_id, by=acting("Lê C", "c.le"))
        assert (row.state, row.approved_by) == ("held", "Trần Thị B"), "once is enough"
        assert desk.deliver() == {}
        assert "Công văn 99" in desk.row(row_id).reason
        desk.checks["overdue"] = always
        assert desk.deliver() == {"sent": 1}
        assert desk.history(row_id) == ["held", "held", "pending", "claimed", "sending", "sent"]
        assert desk.row(row_id).reason == "trả lời bản nộp BN-0001"
        assert len(desk.received()) == 1

    def test_what_became_untrue_meanwhile_is_cancelled_though_it_was_approved(self, desk: Desk) -> None:
        row_id = desk.write(kind="overdue", needs_approval=True)
        desk.checks["overdue"] = stopped
        desk.approve(row_id)
        desk.checks["overdue"] = lambda session, row, now: "đơn vị đã nộp"
        assert desk.deliver() == {"cancelled": 1}
        assert desk.received() == []

    def test_nobody_approved_it_so_the_end_of_the_stop_releases_nothing(self, desk: Desk) -> None:
        row_id = desk.write(kind="overdue", needs_approval=True)
        assert desk.deliver() == {}
        assert desk.row(row_id).state == "held"

    def test_a_letter_on_its_way_waits_as_it_is(self, desk: Desk) -> None:
        row_id = desk.write(kind="overdue")
        desk.checks["overdue"] = stopped
        assert desk.deliver() == {}
        assert (desk.row(row_id).state, desk.row(row_id).attempts) == ("pending", 0)
        assert "Công văn 99" in desk.row(row_id).reason
        desk.checks["overdue"] = always
        assert desk.deliver() == {"sent": 1}


def test_only_kinds_that_stay_true_are_claimed_several_at_once(desk: Desk) -> None:
    checks = preconditions.registry(desk.app)
    assert {kind for kind in checks if checks[kind] is checks[LetterKind.RECEIPT]} == {*ANSWERS}
