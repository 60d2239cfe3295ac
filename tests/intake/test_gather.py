"""Sources: a drop folder with real files, a mailbox over real IMAP. Each is told only when its item is durable."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from imap_tools import MailBoxUnencrypted
from sqlalchemy import event, select

from dondoc.configuration.context import AppContext
from dondoc.intake import gather, inbox
from dondoc.intake.sources import folder
from dondoc.mail.imap import Broken
from dondoc.mail.servers import ImapServer, imap_from_url
from dondoc.store.intake import SourceRead, Submission
from tests.conftest import at

from .conftest import DUC_THO, INTAKE, OFFICER, SCAN, Desk, Post

pytestmark = pytest.mark.slow


def reads(app: AppContext) -> list[tuple[str, bool, int]]:
    with app.sessions.begin() as session:
        return [(r.source, r.ok, r.items) for r in session.scalars(select(SourceRead).order_by(SourceRead.id))]


def test_a_file_is_taken_in_whole_and_removed(desk: Desk) -> None:
    path = desk.drop("BM03 Đức Thọ.xlsx", b"noi dung", at(17, 8))
    result = desk.read_folder()
    assert (result.ok, len(result.submission_ids), result.problems) == (True, 1, [])
    [row] = desk.submissions()
    assert (row.channel, row.sender, row.filename, row.happened_at) == ("folder", "", "BM03 Đức Thọ.xlsx", at(17, 8))
    assert desk.app.blobs.get(row.sha256) == b"noi dung"
    assert list(path.parent.iterdir()) == []  # nothing in clear is left behind: a form may hold a password
    assert reads(desk.app) == [("folder", True, 1)]


def test_a_folder_too_full_for_one_reading_is_read_on_and_counts_as_unread_till_then(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.drop("a.xlsx", b"mot", at(17, 8))
    monkeypatch.setattr(folder, "SECONDS", 0.0)
    result = desk.read_folder()
    assert (result.ok, result.submission_ids) == (False, [])
    assert "còn 01 mục chưa đến lượt" in result.problems[0]
    monkeypatch.undo()
    assert desk.read_folder().ok


def test_a_file_that_still_grows_and_what_is_no_document_are_left_alone(desk: Desk, tmp_path: Path) -> None:
    growing = desk.drop("dang-chep.xlsx", b"nua", datetime.now(UTC))
    lock, hidden = desk.drop("~$bm03.xlsx", b"x"), desk.drop(".tam", b"x")
    secret = tmp_path / "bi-mat"
    secret.write_bytes(b"khong phai cua ai")
    os.utime(secret, (0, 0))
    link = growing.parent / "lien-ket.xlsx"
    link.symlink_to(secret)
    (growing.parent / "thu-muc").mkdir()
    os.mkfifo(growing.parent / "ong.xlsx")
    assert desk.read_folder().submission_ids == []
    assert all(p.exists() for p in (growing, lock, hidden, link))
    assert desk.submissions() == []


def test_what_disks_and_windows_put_there_themselves_holds_no_letter_and_is_no_submission(desk: Desk) -> None:
    drop = desk.drop("Thumbs.db", b"x").parent
    desk.drop("desktop.ini", b"x")
    for name in ("lost+found", "System Volume Information", "$RECYCLE.BIN", "@eaDir", "#recycle"):
        (drop / name).mkdir()
        (drop / name / "x").write_bytes(b"x")
    assert desk.read_folder().problems == []
    assert reads(desk.app) == [("folder", True, 0)]
    assert len(list(drop.iterdir())) == 7, "left where it is"


def test_what_is_no_file_is_named_and_not_followed_and_every_other_file_is_taken(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "bi-mat"
    secret.write_bytes(b"khong phai cua ai")
    drop = desk.drop("z.xlsx", b"z").parent
    desk.drop("a.xlsx", b"a")
    (drop / "Huyện Đức Thọ").mkdir()
    (drop / "Huyện Đức Thọ" / "bm03.xlsx").write_bytes(b"x")
    (drop / "rong").mkdir()  # empty: nothing in it can be lost
    (drop / "Qua-lon" / "BN-0009").mkdir(parents=True)
    (drop / "ngoai.xlsx").symlink_to(secret)
    (drop / "treo.xlsx").symlink_to(tmp_path / "khong-co")
    os.mkfifo(drop / "ong.xlsx")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(drop / "o-cam"))
        result = desk.read_folder()
    assert not result.ok
    for named in ("“Huyện Đức Thọ” (thư mục)", "“ngoai.xlsx” (liên kết)", "“treo.xlsx” (liên kết)"):
        assert named in result.detail
    for named in (
        "05 mục trong drop/",
        "“ong.xlsx” (không phải tệp)",
        "“o-cam” (không phải tệp)",
        "chuyển đi nơi khác",
    ):
        assert named in result.detail
    assert "“rong”" not in result.detail
    assert [s.filename for s in desk.submissions()] == ["a.xlsx", "z.xlsx"]
    assert reads(desk.app) == [("folder", False, 2)], "no agency is chased for what we have not read"


def test_many_that_cannot_be_taken_in_make_one_short_sentence(desk: Desk) -> None:
    drop = desk.drop("a.xlsx", b"a").parent
    for number in range(40):
        (drop / f"lien-ket-{number:02}").symlink_to(drop)
    detail = desk.read_folder().detail
    assert "40 mục" in detail
    assert "và 30 mục khác" in detail
    assert "lien-ket-10" not in detail


@pytest.fixture
def permissions_hold() -> Iterator[None]:
    """Root, too, is held to the mode of a file: without the two capabilities that let it pass (capset(2))."""
    libc, header, sets = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(0x20080522), (ctypes.c_uint32 * 6)()
    libc.capget(header, sets)
    before = sets[0]
    sets[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert libc.capset(header, sets) == 0
    yield
    sets[0] = before
    libc.capset(header, sets)


def test_a_file_that_we_may_not_read_is_named_and_taken_in_once_we_may(desk: Desk, permissions_hold: None) -> None:
    odd = os.fsdecode(b"cong van \xff\n.pdf")
    for name in ("a.xlsx", "kin.xlsx", odd, "z.xlsx"):
        desk.drop(name, name.encode(errors="replace"))
    drop = desk.app.settings.home / "drop"
    for name in ("kin.xlsx", odd):
        (drop / name).chmod(0)
    result = desk.read_folder()
    assert (result.ok, len(result.submission_ids)) == (False, 2)
    assert "“kin.xlsx” (Permission denied)" in result.detail
    assert "“cong van ??.pdf” (Permission denied)" in result.detail
    assert "quyền đọc và xóa" in result.detail
    assert {path.name for path in drop.iterdir()} == {"kin.xlsx", odd}
    for name in ("kin.xlsx", odd):
        (drop / name).chmod(0o600)
    assert (desk.read_folder().ok, list(drop.iterdir())) == (True, [])
    assert len(desk.submissions()) == 4


def test_a_file_that_we_may_read_but_not_remove_is_received_once_and_named(desk: Desk, permissions_hold: None) -> None:
    drop = desk.drop("bm03.xlsx", b"x").parent
    drop.chmod(0o500)
    results = [desk.read_folder(), desk.read_folder()]
    drop.chmod(0o700)
    assert [(r.ok, len(r.submission_ids)) for r in results] == [(False, 1), (False, 0)]
    assert "bm03.xlsx" in results[1].detail
    assert len(desk.submissions()) == 1


def test_a_file_of_an_impossible_time_does_not_keep_the_others_out(desk: Desk) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:  # the disk's own file system may know no such times
        drop = desk.app.settings.home / "drop"
        drop.parent.mkdir(parents=True, exist_ok=True)
        drop.symlink_to(folder)
        for name, seconds in (("a.xlsx", 10**12), ("b.xlsx", -(10**12)), ("c.xlsx", 0)):
            os.utime(desk.drop(name, name.encode()), (seconds, seconds))
        result = desk.read_folder()
    assert (result.ok, len(result.submission_ids)) == (True, 3)
    assert desk.submissions()[0].happened_at == desk.now


@pytest.mark.parametrize(
    ("own", "came"),
    [(at(10), at(17, 9)), (at(17, 8, 30), at(17, 8, 30)), (at(17, 9, 10), at(17, 9, 10))],
    ids=["a copy with its original's time", "one that was left by the last reading", "one that came since"],
)
def test_what_was_not_there_at_the_last_reading_came_after_it(desk: Desk, own: datetime, came: datetime) -> None:
    desk.now = at(17, 9)
    desk.read_folder()
    desk.now = at(17, 9, 15)
    desk.drop("a.xlsx", b"a", own)
    desk.read_folder()
    assert [row.happened_at for row in desk.submissions()] == [came]


def test_a_file_that_somebody_took_away_meanwhile_is_no_fault(desk: Desk) -> None:
    desk.drop("a.xlsx", b"a")
    other = desk.drop("b.xlsx", b"b")
    event.listen(Submission, "after_insert", lambda *_: other.unlink(), once=True)
    result = desk.read_folder()
    assert (result.ok, len(result.submission_ids)) == (True, 1)


def small(desk: Desk) -> int:
    """Sets the limit of what is read to 1 MB; returns a size beyond it."""
    desk.app = AppContext(desk.app.settings.model_copy(update={"max_file_mb": 1}))
    return 2**20 + 1


def test_a_file_too_large_to_be_read_stays_whole_and_a_person_is_told_where(desk: Desk) -> None:
    content = b"x" * small(desk)
    large, fits = desk.drop("quet.pdf", content, at(17, 8)), desk.drop("vua.pdf", content[:-1], at(17, 8))
    assert desk.read_folder().ok
    assert sorted(p.name for p in large.parent.iterdir()) == ["Qua-lon"]
    assert (large.parent / "Qua-lon" / "BN-0001" / "quet.pdf").read_bytes() == content
    assert [s.filename for s in desk.submissions()] == ["quet.pdf.txt", "vua.pdf"]
    assert desk.work() == {1: "waiting", 2: "waiting"}
    with desk.app.sessions.begin() as session:
        told = inbox.inbox(session)[0]["reason"]
    assert "1,0 MB, quá 1 MB" in told
    assert "drop/Qua-lon/BN-0001/" in told
    assert not fits.exists()
    assert desk.read_folder().submission_ids == [], "what lies aside is not taken in again"


def test_a_too_large_file_does_not_leave_by_a_link_that_somebody_laid_in_the_drop_folder(
    desk: Desk, tmp_path: Path
) -> None:
    desk.app = AppContext(desk.app.settings.model_copy(update={"max_file_mb": 1}))
    path = desk.drop("lon.xlsx", b"x" * (2**20 + 1))
    elsewhere = tmp_path / "noi-khac"
    elsewhere.mkdir()
    (path.parent / "Qua-lon").symlink_to(elsewhere)
    result = desk.read_folder()
    assert not result.ok
    assert "lon.xlsx" in result.detail
    assert (path.exists(), list(elsewhere.iterdir())) == (True, [])
    (path.parent / "Qua-lon").unlink()
    assert desk.read_folder().ok
    assert [p.name for p in path.parent.rglob("lon.xlsx")] == ["lon.xlsx"]
    assert len(desk.submissions()) == 1


def test_killed_before_a_too_large_file_is_put_aside_it_is_received_once(desk: Desk) -> None:
    path, content = desk.app.settings.home / "drop" / "quet.pdf", b"x" * small(desk)
    desk.drop("quet.pdf", content, at(17, 8))
    desk.read_folder()
    (path.parent / "Qua-lon" / "BN-0001" / "quet.pdf").rename(path)  # as if it had died right before
    desk.read_folder()
    assert (len(desk.submissions()), len(desk.verdicts())) == (1, 1)
    assert (path.parent / "Qua-lon" / "BN-0001" / "quet.pdf").read_bytes() == content


def test_a_mail_too_large_to_be_fetched_is_kept_whole_in_the_mailbox_and_its_sender_is_told(post: Post) -> None:
    content = b"x" * small(post.desk)
    post.send(("quet.pdf", content), message_id="<lon@ductho.test>")
    post.send(("nho.pdf", SCAN), message_id="<nho@ductho.test>")
    assert post.read().ok
    assert post.left() == 0
    large, other = sorted(post.desk.submissions(), key=lambda s: s.filename != "thu-qua-lon.eml")
    assert (large.filename, large.sender, large.message_id) == ("thu-qua-lon.eml", OFFICER, "<lon@ductho.test>")
    assert len(post.desk.app.blobs.get(large.sha256)) < 2000, "its headers"
    assert post.desk.work() == {large.id: "refused", other.id: "waiting"}
    [answer] = [row for row in post.desk.letters() if row.kind == "returned"]
    assert (answer.kind, answer.recipient, answer.in_reply_to) == ("returned", OFFICER, "<lon@ductho.test>")
    assert "quá 1 MB nên chưa đọc, vẫn được giữ nguyên" in answer.text
    assert "trong một thư riêng" in answer.text
    assert "thư của Quý cơ quan (mã" in answer.text
    assert "tệp “" not in answer.text
    assert answer.subject.startswith("Thư quá lớn, chưa đọc được: đề nghị gửi lại")
    server = imap_from_url(post.server.imap_url(INTAKE, "Qua-lon"))
    with MailBoxUnencrypted(server.host, server.port).login(server.user, server.password, server.folder) as box:
        [kept] = box.fetch(mark_seen=False)
    assert kept.attachments[0].payload == content


def test_a_full_disk_leaves_every_file_where_it_is_and_says_so(desk: Desk) -> None:
    paths = [desk.drop(f"{n}.xlsx", b"x") for n in (1, 2)]
    desk.app = AppContext(desk.app.settings.model_copy(update={"min_free_mb": 10**9}))
    result = desk.read_folder()
    assert not result.ok
    assert "tạm ngừng tiếp nhận" in result.detail
    assert all(p.exists() for p in paths)
    assert reads(desk.app) == [("folder", False, 0)]


def test_a_folder_that_cannot_be_read_is_recorded_as_unread(desk: Desk) -> None:
    desk.app.settings.home.mkdir(parents=True, exist_ok=True)
    (desk.app.settings.home / "drop").write_text("đây là một tệp")
    result = desk.read_folder()
    assert not result.ok
    assert "Không đọc được thư mục" in result.detail
    assert reads(desk.app) == [("folder", False, 0)]


def test_every_attachment_is_a_submission_with_its_sender_and_time_of_receipt(post: Post) -> None:
    post.send(("BM03 Đức Thọ.xlsx", b"mot"), ("van ban.pdf", SCAN), Date="Mon, 01 Jan 2001 00:00:00 +0000")
    result = post.read()
    assert (result.ok, len(result.submission_ids)) == (True, 2)
    first, second = post.desk.submissions()
    assert (first.channel, first.sender, first.filename) == ("mail", OFFICER, "BM03 Đức Thọ.xlsx")
    assert (second.filename, post.desk.app.blobs.get(second.sha256)) == ("van ban.pdf", SCAN)
    assert first.message_id == "<1@ductho.test>"
    assert first.subject == "Gửi thông tin khảo sát camera"
    assert first.happened_at == post.desk.now  # the server's time, which cannot be later than now; never 2001
    assert post.left() == 0
    assert reads(post.desk.app) == [("mailbox", True, 2)]


def test_the_mails_that_were_taken_in_lie_in_a_folder_of_their_own(post: Post) -> None:
    post.send(("a.xlsx", b"mot"))
    post.read()
    assert post.read().submission_ids == []
    server = imap_from_url(post.server.imap_url(INTAKE, gather.DONE))
    with MailBoxUnencrypted(server.host, server.port).login(server.user, server.password, server.folder) as box:
        [kept] = box.fetch(mark_seen=False)
    assert kept.attachments[0].payload == b"mot"
    assert len(post.desk.submissions()) == 1


def test_a_mail_without_an_attachment_is_kept_itself(post: Post) -> None:
    post.send(subject="Đề nghị gia hạn")
    post.read()
    [row] = post.desk.submissions()
    assert row.filename == "thu.eml"
    kept = post.desk.app.blobs.get(row.sha256)
    assert b"Message-ID: <1@ductho.test>" in kept
    assert post.desk.work() == {1: "waiting"}


def test_pictures_of_the_mails_own_text_are_no_documents(post: Post) -> None:
    post.send_raw(
        b"From: cntt@ductho.test\r\nMessage-ID: <p@x>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b'--b\r\nContent-Type: text/html\r\n\r\n<p>Gui <img src="cid:logo"></p>\r\n'
        b"--b\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
        b"--b\r\nContent-Type: image/jpeg; name=anh-van-ban.jpg\r\nContent-Disposition: inline\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n/9j/4AAQ\r\n"
        b"--b--\r\n"
    )
    post.read()
    assert [row.filename for row in post.desk.submissions()] == ["anh-van-ban.jpg"]


def test_an_attachment_without_a_name_gets_one(post: Post) -> None:
    post.send_raw(
        b"From: cntt@ductho.test\r\nMessage-ID: <n@x>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nGui\r\n"
        b"--b\r\nContent-Type: application/pdf\r\nContent-ID: <x>\r\nContent-Disposition: attachment\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ=\r\n--b--\r\n"
    )
    post.read()
    assert [row.filename for row in post.desk.submissions()] == ["tep-dinh-kem.pdf"]


@pytest.mark.parametrize(
    "raw",
    [
        b"From: =?utf-8?b?!!!?= <a@b.test>\r\nSubject: =?x-unknown?q?=FF?=\r\n\r\nxin chao\r\n",
        b"\r\n\r\n",
        b"Subject: khong nguoi gui\r\nContent-Type: multipart/mixed\r\n\r\nkhong co ranh gioi\r\n",
        b"From: a@b.test\r\nMessage-ID: <\xff\xfe>\r\nContent-Type: text/plain; charset=khong-co\r\n\r\n\xff\xfe\r\n",
        b"From: a@b.test\r\nContent-Type: application/x; name*=utf-8''%FF%FE.xlsx\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n@@@@\r\n",
        b"From: a@b.test\r\nSubject: =?utf-8?B?a?=\r\n\r\nma hoa hong\r\n",
        b"From: " + b"((((((((\r\n " * 500 + b"a@b.test\r\n\r\nchu thich long nhau\r\n",
    ],
)
def test_a_broken_mail_is_kept_and_does_not_stop_the_next(post: Post, raw: bytes) -> None:
    post.send_raw(raw)
    post.send(("bm03.xlsx", b"lanh"), message_id="<sau@x>")
    result = post.read()
    assert result.ok
    assert "bm03.xlsx" in [row.filename for row in post.desk.submissions()]
    assert len(post.desk.submissions()) == 2
    assert post.left() == 0
    assert set(post.desk.work().values()) <= {"waiting", "refused"}


def test_a_broken_subject_does_not_keep_the_form_from_its_agency(post: Post) -> None:
    post.desk.register(DUC_THO)
    message = EmailMessage()
    message["From"], message["Message-ID"] = OFFICER, "<hong@ductho.test>"
    message.add_attachment(post.desk.form(), maintype="application", subtype="octet-stream", filename="bm03.xlsx")
    post.send_raw(b"Subject: =?utf-8?B?a?=\r\n" + message.as_bytes(policy=SMTP))
    result = post.read()
    assert (result.ok, result.problems) == (True, [])
    assert post.desk.work() == {1: "accepted"}


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({"Auto-Submitted": "auto-replied"}, OFFICER),
        ({"Precedence": "bulk"}, OFFICER),
        ({"X-Dondoc-Loop": "dondoc.hatinh.test"}, OFFICER),
        ({"X-Autoreply": "yes"}, OFFICER),
        ({}, "MAILER-DAEMON@ductho.test"),
        ({}, "no-reply@ductho.test"),
        ({"Return-Path": "<>"}, OFFICER),
    ],
)
def test_what_a_machine_wrote_is_kept_but_never_answered(post: Post, headers: dict[str, str], sender: str) -> None:
    post.send(sender=sender, **headers)
    post.read()
    [row] = post.desk.submissions()
    assert row.automatic
    assert post.desk.work() == {}, "nobody has to look at it"
    [verdict] = post.desk.verdicts()
    assert (verdict.outcome, verdict.agency) == ("dismissed", None)  # an absence note is nobody's letter
    assert post.desk.letters() == []


def test_a_persons_mail_is_no_machines(post: Post) -> None:
    post.send(("a.pdf", SCAN), **{"Auto-Submitted": "no"})
    post.read()
    assert not post.desk.submissions()[0].automatic
    post.desk.work()
    assert [(row.kind, row.recipient) for row in post.desk.letters()] == [("receipt", OFFICER)]


def test_a_bounce_is_kept_without_an_answer(post: Post) -> None:
    post.send_raw(
        b"From: Mail Delivery <postmaster@ductho.test>\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nkhong den duoc\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        b"Final-Recipient: rfc822; cntt@ductho.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    post.read()
    post.desk.work()
    assert [row.filename for row in post.desk.submissions()] == ["thu.eml"]
    assert post.desk.letters() == []


def test_a_mailbox_that_does_not_answer_is_recorded_and_the_folder_is_read_all_the_same(desk: Desk) -> None:
    desk.drop("bm03.xlsx", b"x")
    with socket.socket() as deaf:  # holds its port and does not listen
        deaf.bind(("127.0.0.1", 0))
        server = ImapServer("127.0.0.1", deaf.getsockname()[1], "plain", "tiep-nhan", "mat-khau-hop-thu")
        failed = gather.read_mailbox(desk.app, server, desk.now)
    assert not failed.ok
    assert "Hộp thư 127.0.0.1" in failed.detail
    assert "từ chối kết nối" in failed.detail
    assert "mat-khau-hop-thu" not in failed.detail
    assert desk.read_folder().ok
    assert reads(desk.app) == [("mailbox", False, 0), ("folder", True, 1)]


def test_a_wrong_password_is_a_sentence_without_it(post: Post) -> None:
    server = ImapServer("127.0.0.1", post.server.imap_port, "plain", "tiep-nhan@ioc.test", "sai-mat-khau")
    failed = gather.read_mailbox(post.desk.app, server, post.desk.now)
    assert not failed.ok
    assert "sai-mat-khau" not in failed.detail
    assert post.desk.submissions() == []


def test_with_a_full_disk_the_mails_stay_in_the_mailbox(post: Post) -> None:
    post.send(("a.xlsx", b"mot"))
    post.send(("b.xlsx", b"hai"), message_id="<2@ductho.test>")
    good = post.desk.app
    post.desk.app = AppContext(good.settings.model_copy(update={"min_free_mb": 10**9}))
    assert not post.read().ok
    assert post.left() == 2
    post.desk.app = good
    assert len(post.read().submission_ids) == 2


def test_the_same_file_by_mail_and_by_folder_is_one_version_and_one_duplicate(post: Post) -> None:
    form = post.desk.form()
    post.send(("BM03.xlsx", form))
    post.desk.drop("BM03 ban chinh.xlsx", form)
    post.read()
    post.desk.read_folder()
    assert post.desk.work() == {1: "accepted", 2: "duplicate"}
    assert [v.version for v in post.desk.verdicts()] == [1, None]


DIE_WHERE_THE_SOURCE_IS_TOLD = """
import os, signal
from datetime import datetime
from pathlib import Path
from dondoc.intake import gather
from dondoc.configuration.settings import load
from dondoc.configuration.context import AppContext

Path.unlink = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
gather.read_folder(AppContext(load()), datetime.fromisoformat("2021-11-18T14:00+07:00"))
"""


def test_killed_between_receiving_and_telling_the_source_it_is_received_once(desk: Desk) -> None:
    path = desk.drop("bm03.xlsx", b"noi dung")
    desk.app.blobs.put(b"noi dung")  # so that the only file removed is the one that tells the source
    killed = subprocess.run([sys.executable, "-c", DIE_WHERE_THE_SOURCE_IS_TOLD], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.exists()
    assert len(desk.submissions()) == 1
    assert desk.read_folder().submission_ids == []
    assert not path.exists()
    assert len(desk.submissions()) == 1
    assert desk.work() == {1: "refused"}  # nobody had judged it yet, and it is not forgotten


def test_a_mail_that_was_received_but_not_moved_is_received_once(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.send(("a.xlsx", b"mot"))

    def lost_line(*_: object) -> None:
        raise Broken("kết nối đứt")

    with monkeypatch.context() as broken:
        broken.setattr("dondoc.mail.imap.Mailbox.move", lost_line)
        result = post.read()
    assert (result.ok, len(result.submission_ids), post.left()) == (False, 1, 1)
    again = post.read()
    assert (again.ok, again.submission_ids, post.left()) == (True, [], 0)
    assert len(post.desk.submissions()) == 1


BEGINS_TO_WRITE = """
import fcntl, os, sys
from dondoc.intake.sources import folder

path, real = sys.argv[1], fcntl.fcntl

def slowly(file, what, argument):
    if what == fcntl.F_SETLEASE and argument == fcntl.F_UNLCK:
        try:
            os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except BlockingIOError:
            print("meanwhile")
    return real(file, what, argument)

fcntl.fcntl = slowly
with open(path, "rb") as file:
    print(folder._is_written(file.fileno()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_who_begins_to_write_at_the_moment_of_looking_does_not_end_the_reader(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").touch()
    command = [sys.executable, "-c", BEGINS_TO_WRITE, tmp_path / "a.xlsx"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, ["meanwhile", "False"])


def test_a_file_that_somebody_is_still_writing_stays_whole_until_it_is_finished(desk: Desk) -> None:
    path = desk.drop("cham.xlsx", b"PK first half, ")
    with path.open("ab") as writer:  # a copy over a network that stalls: its last change lies far back
        assert gather.read_folder(desk.app, desk.now).submission_ids == []
        writer.write(b"second half")
    os.utime(path, (desk.now.timestamp(),) * 2)
    (submission,) = gather.read_folder(desk.app, desk.now).submission_ids
    with desk.app.sessions.reading() as session:
        assert desk.app.blobs.get(session.get_one(Submission, submission).sha256) == b"PK first half, second half"
    assert not path.exists()
