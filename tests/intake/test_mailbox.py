"""A mailbox that says NO, answers with nothing, lies or breaks: no mail is lost, none stands in another's way."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dondoc.configuration.context import AppContext
from dondoc.intake import aside, gather, inbox
from dondoc.intake.gather import SourceResult
from dondoc.intake.mails.signs import signs
from dondoc.intake.receive import safe_filename
from dondoc.intake.sources import mailbox
from dondoc.intake.sources.mail import read_mail
from dondoc.store.intake import MailboxItem, SourceRead
from tests.mail.authority import authority
from tests.mail.hostile import PASSWORD, Imap, Talk

from .conftest import DUC_THO, INTAKE, OFFICER, Desk, Post

pytestmark = pytest.mark.slow


def mail(text: str = "x", sender: str = OFFICER, message_id: str | None = "<1@ductho.test>") -> bytes:
    lines = [f"From: {sender}", f"Subject: {text}", *([f"Message-ID: {message_id}"] if message_id is not None else [])]
    return ("\r\n".join(lines) + f"\r\n\r\n{text}\r\n").encode()


def no(what: bytes = b"NO [SERVERBUG] cannot read") -> Callable[[Talk, bytes], None]:
    return lambda talk, tag: talk.say(tag + b" " + what)


def hang_up(talk: Talk, tag: bytes) -> None:
    talk.conn.close()


def drip(talk: Talk, tag: bytes) -> None:
    talk.drip(b"* 1 FETCH (")


FAULTS = {
    "NO": no(),
    "BAD": no(b"BAD what"),
    "an empty OK": no(b"OK done"),
    "no content": lambda talk, tag: talk.say(b"* 2 FETCH (UID 2 BODY[]<0> NIL)", tag + b" OK done"),
    "an empty mail": lambda talk, tag: talk.say(b"* 2 FETCH (UID 2 BODY[]<0> {0}", b")", tag + b" OK done"),
    "the end": hang_up,
    "no IMAP": lambda talk, tag: talk.say(b"HTTP/1.1 200 OK"),
    "too much": lambda talk, tag: talk.raw(b"* 2 FETCH (UID 2 BODY[]<0> {999999999999}\r\n"),
    "a drip": drip,
}
CONTENT = "UID FETCH 2 (UID INTERNALDATE"


@pytest.fixture
def server() -> Iterator[Imap]:
    with Imap({uid: mail(f"thu {uid}", message_id=f"<{uid}@ductho.test>") for uid in (1, 2, 3)}) as made:
        yield made


def setting(desk: Desk, **values: Any) -> None:
    desk.app = AppContext(desk.app.settings.model_copy(update=values))


def read(desk: Desk, server: Imap) -> SourceResult:
    return gather.read_mailbox(desk.app, server.at(), desk.now)


def items(desk: Desk) -> list[tuple[int, int, bool]]:
    with desk.app.sessions.reading() as session:
        return [
            (i.uid, i.failures, i.set_aside) for i in session.scalars(select(MailboxItem).order_by(MailboxItem.uid))
        ]


def subjects(desk: Desk) -> list[str | None]:
    return [s.subject for s in desk.submissions()]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_mail_that_the_mailbox_does_not_give_stays_and_is_named_and_the_others_are_taken_in(
    desk: Desk, server: Imap, fault: str
) -> None:
    setting(desk, mail_seconds=5.0)
    server.on[CONTENT] = FAULTS[fault]
    result = read(desk, server)
    assert not result.ok
    assert "UID 2 (" in result.detail
    assert "01 thư" in result.detail
    assert sorted(server.moved) == [1, 3]
    assert set(server.mails) == {2}
    assert sorted(filter(None, subjects(desk))) == ["thu 1", "thu 3"]
    assert items(desk) == [(2, 1, False)]
    server.on.clear()
    assert read(desk, server).ok
    assert (set(server.mails), items(desk)) == (set(), [])
    assert len(desk.submissions()) == 3


def test_after_some_runs_it_is_set_aside_a_person_finds_it_and_no_letter_is_held_for_it(
    desk: Desk, server: Imap
) -> None:
    server.on[CONTENT] = no()
    for run in range(1, aside.AFTER + 1):
        result = read(desk, server)
        assert result.ok == (run == aside.AFTER)
        desk.now += timedelta(minutes=5)
    assert items(desk) == [(2, aside.AFTER, True)]
    with desk.app.sessions.reading() as session:
        [entry] = [row for row in inbox.inbox(session) if row["outcome"] == "waiting" and "UID" in row["file"]]
    assert "UID 2" in entry["reason"]
    assert "NO [SERVERBUG]" not in entry["file"]
    assert "cannot read" in entry["reason"]
    assert entry["agency"] == DUC_THO, "what an officer may have sent pauses what the agency owes"
    before = sum(CONTENT in command for command in server.commands)
    result = read(desk, server)
    assert (result.ok, sum(CONTENT in command for command in server.commands)) == (True, before)
    assert "01 thư để riêng" in result.detail
    assert set(server.mails) == {2}, "never moved, never lost"
    assert [letter for letter in desk.letters() if "UID" in letter.subject] == []
    desk.work()
    assert OFFICER not in {letter.recipient for letter in desk.letters() if "thu-UID" in letter.text}


def test_a_mail_that_is_still_there_after_an_ok_to_its_move_is_named_and_set_aside(desk: Desk, server: Imap) -> None:
    server.on["UID MOVE 2 "] = no(b"OK done")
    result = read(desk, server)
    assert (result.ok, set(server.mails), items(desk)) == (False, {2}, [(2, 1, False)])
    assert "UID 2 (máy chủ nói đã chuyển" in result.detail
    for _ in range(aside.AFTER):
        result = read(desk, server)
    assert (result.ok, items(desk)) == (True, [(2, aside.AFTER, True)])
    assert sorted(filter(None, subjects(desk))) == ["thu 1", "thu 2", "thu 3"]


def test_what_was_set_aside_is_asked_for_once_an_hour_and_taken_in_when_it_comes(desk: Desk, server: Imap) -> None:
    server.on[CONTENT] = no()
    for _ in range(aside.AFTER):
        read(desk, server)
    server.on.clear()
    desk.now += timedelta(minutes=59)
    assert read(desk, server).submission_ids == []
    desk.now += timedelta(minutes=2)
    assert len(read(desk, server).submission_ids) == 1
    assert (set(server.mails), items(desk)) == (set(), [])
    outcomes = {v.outcome for v in desk.verdicts() if "đã lấy được" in v.reason}
    assert outcomes == {"dismissed"}, "its note waits for nobody any more"


def test_a_mailbox_that_gives_nothing_at_all_is_at_fault_itself_and_no_mail_is_set_aside_for_it(desk: Desk) -> None:
    with Imap({uid: mail(str(uid)) for uid in range(1, 9)}) as server:
        server.on["INTERNALDATE"] = no(b"NO storage is away")
        for _ in range(2 * aside.AFTER):
            assert not read(desk, server).ok
        assert {(failures, lies) for _, failures, lies in items(desk)} == {(0, False)}
        desk.now += timedelta(days=1)
        assert read(desk, server).ok, "but letters are held for it no longer than a day"
        assert len(items(desk)) == 8
        with desk.app.sessions.reading() as session:
            assert len(inbox.inbox(session)) == 8


@pytest.mark.parametrize("answer", [no(), no(b"BAD no"), hang_up])
def test_a_mail_that_cannot_be_moved_is_taken_in_once_and_named(
    desk: Desk, server: Imap, answer: Callable[[Talk, bytes], None]
) -> None:
    server.on["UID MOVE 2"] = answer
    for _ in range(2):
        result = read(desk, server)
        assert not result.ok
        assert "UID 2" in result.detail
    assert len(desk.submissions()) == 3
    assert set(server.mails) == {2}
    server.on.clear()
    assert read(desk, server).ok
    assert len(desk.submissions()) == 3
    assert set(server.mails) == set()


def test_a_mail_that_provably_went_elsewhere_is_no_fault(desk: Desk, server: Imap) -> None:
    def gone(talk: Talk, tag: bytes) -> None:
        server.mails.pop(2, None)
        talk.say(tag + b" OK done")

    server.on[CONTENT] = gone
    result = read(desk, server)
    assert (result.ok, len(result.submission_ids), items(desk)) == (True, 2, [])


def test_a_mailbox_that_names_none_of_its_mails_is_unread(desk: Desk, server: Imap) -> None:
    server.on["UID SEARCH"] = no(b"OK done")
    result = read(desk, server)
    assert not result.ok
    assert "có 3 thư mà không nêu thư nào" in result.detail


def test_uids_that_mean_something_else_make_no_mail_new(desk: Desk) -> None:
    same = [mail("a"), mail("b"), mail("c", message_id=""), mail("d", message_id=None)]
    with Imap(dict(enumerate(same, 1))) as server:
        assert len(read(desk, server).submission_ids) == 4
        desk.work()
        letters = len(desk.letters())
        server.mails, server.validity = dict(enumerate(reversed(same), 70)), 2
        assert read(desk, server).submission_ids == []
        assert set(server.mails) == set()
    desk.work()
    assert (len(desk.submissions()), len(desk.letters())) == (4, letters)


def test_nobody_can_send_a_mail_that_passes_for_anothers(desk: Desk) -> None:
    honest = b"Received: from ductho.test\r\n" + mail("bieu mau")
    forged = b"Received: from ke-gian.test\r\n" + mail("bieu mau")  # the very same, sent before it by somebody else
    other_sender = mail("bieu mau", sender="ke-gian@x.test")
    with Imap({1: forged, 2: other_sender, 3: honest}) as server:
        assert len(read(desk, server).submission_ids) == 3


def test_a_set_aside_mail_is_another_once_uids_mean_something_else(desk: Desk, server: Imap) -> None:
    server.on[CONTENT] = no()
    for _ in range(aside.AFTER):
        read(desk, server)
    server.on.clear()
    server.validity = 2
    assert len(read(desk, server).submission_ids) == 1


def test_junk_does_not_keep_a_registered_sender_waiting_and_is_taken_in_by_the_next_runs(desk: Desk) -> None:
    setting(desk, mails_per_run=4)
    junk = {uid: mail(f"rac {uid}", f"rac-{uid}@xa.test", f"<{uid}@xa.test>") for uid in range(1, 9)}
    with Imap(junk | {9: mail("bieu mau", message_id="<9@ductho.test>")}) as server:
        result = read(desk, server)
        assert result.ok, "every registered sender was read"
        assert "còn 05 thư của người gửi chưa đăng ký" in result.detail
        assert subjects(desk)[0] == "bieu mau"
        assert len(result.submission_ids) == 4
        assert len(read(desk, server).submission_ids) == 4
        assert len(read(desk, server).submission_ids) == 1
        assert set(server.mails) == set()


def test_mails_forged_in_a_registered_name_keep_its_owner_waiting_no_longer_than_strangers(desk: Desk) -> None:
    setting(desk, mails_per_run=5, authserv_id=["mx.ioc.test"])

    def stamped(result: str, text: str) -> bytes:
        return b"Authentication-Results: mx.ioc.test; dmarc=%s header.from=ductho.test\r\n" % result.encode() + mail(
            text
        )

    forged = {uid: stamped("fail", f"giả {uid}") for uid in range(1, 31)}
    with Imap(forged | {31: stamped("pass", "thật")}) as server:
        result = read(desk, server)
    assert subjects(desk)[0] == "thật"
    assert result.ok, "what is left is nobody's: it holds no letter back"


def test_with_registered_senders_left_the_source_counts_as_unread(desk: Desk) -> None:
    setting(desk, mails_per_run=2)
    with Imap({uid: mail(str(uid), message_id=f"<{uid}@x>") for uid in (1, 2, 3)}) as server:
        result = read(desk, server)
        assert (result.ok, len(result.submission_ids)) == (False, 2)
        assert "còn 01 thư của địa chỉ đã đăng ký" in result.detail
        assert read(desk, server).ok


def test_strangers_that_use_up_the_time_hold_no_letter(desk: Desk, server: Imap) -> None:
    setting(desk, mailbox_seconds=4.0)
    server.mails |= {uid: mail(f"rác {uid}", "ai-do@xa.test", f"<{uid}@xa.test>") for uid in (4, 5)}
    server.on["UID FETCH 4 (UID INTERNALDATE"] = drip
    result = read(desk, server)
    assert result.ok, "every registered sender was read"
    assert (len(result.submission_ids), set(server.mails)) == (3, {4, 5})
    assert "còn 02 thư chưa đọc" in result.detail


def test_a_mail_whose_sender_the_mailbox_does_not_tell_may_be_a_registered_ones(desk: Desk, server: Imap) -> None:
    setting(desk, mails_per_run=2)
    server.on["HEADER.FIELDS"] = no()
    result = read(desk, server)
    assert not result.ok
    assert "còn 01 thư của địa chỉ đã đăng ký" in result.detail


def test_a_mailbox_that_drips_is_left_when_its_time_is_over_and_what_came_is_kept(desk: Desk, server: Imap) -> None:
    setting(desk, mailbox_seconds=4.0)
    server.on["UID FETCH 3 (UID INTERNALDATE"] = drip
    began = time.monotonic()
    result = read(desk, server)
    assert time.monotonic() - began < 25
    assert not result.ok
    assert len(result.submission_ids) == 2
    assert items(desk) == [], "it was the time of all that ran out"
    with desk.app.sessions.reading() as session:
        assert [(r.ok, r.items) for r in session.scalars(select(SourceRead))] == [(False, 2)]


def test_a_mailbox_that_breaks_at_every_mail_is_not_called_without_end(desk: Desk) -> None:
    with Imap({uid: mail(str(uid), message_id=f"<{uid}@x>") for uid in range(1, 31)}) as server:
        server.on["INTERNALDATE"] = hang_up
        assert not read(desk, server).ok
        assert server.visits <= mailbox.RECONNECTS + 1
        assert len(server.mails) == 30


def test_the_order_is_found_by_few_requests(desk: Desk) -> None:
    setting(desk, mails_per_run=1)
    with Imap({uid: mail(str(uid), f"rac-{uid}@xa.test") for uid in range(1, 1201)}) as server:
        assert read(desk, server).ok
        assert sum("HEADER.FIELDS" in command for command in server.commands) == 3


def test_what_a_slow_mailbox_told_of_the_order_before_it_broke_counts(desk: Desk) -> None:
    setting(desk, mails_per_run=1)
    mails = {uid: mail(str(uid), f"rac-{uid}@xa.test") for uid in range(1, 601)} | {300: mail("thật")}
    with Imap(mails) as server:
        server.on["UID FETCH 501"] = hang_up
        assert not read(desk, server).ok, "among those that it did not tell there may be a registered sender's"
    assert subjects(desk) == ["thật"]


def test_a_mailbox_with_a_false_certificate_gets_no_password_and_the_run_says_why(desk: Desk, tmp_path: Path) -> None:
    with Imap({1: mail()}, tls=authority(tmp_path).served(self_signed=True)) as server:
        result = gather.read_mailbox(desk.app, server.at("tls", "localhost"), desk.now)
        assert PASSWORD.encode() not in server.received
    assert not result.ok
    assert "tự ký" in result.detail
    assert f"localhost:{server.port}" in result.detail
    assert "DONDOC_CA_FILE" in result.detail


def test_a_mail_that_was_damaged_on_our_disk_is_proven_again_before_the_mailbox_is_told(
    desk: Desk, server: Imap
) -> None:
    server.mails = {1: mail("a")}
    server.on["UID MOVE"] = no()
    read(desk, server)
    [row] = desk.submissions()
    [kept] = [p for p in (desk.app.settings.home / "originals").rglob("*") if p.is_file()]
    kept.write_bytes(kept.read_bytes()[:-9])
    server.on.clear()
    assert read(desk, server).ok
    assert desk.app.blobs.get(row.sha256) == mail("a")


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 300_000,
        b"From: a@b.test\r\n" + b"X: y\r\n" * 400_000 + b"\r\nx",
        b"From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + b"X:y\n" * 1_100_000 + b"\n\nx",
        b"From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\nContent-Type: application/x\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nx\r\n" * 900
        + b"--b--\r\n",
    ],
    ids=["parts", "headers", "lines", "files"],
)
def test_a_mail_built_to_exhaust_us_is_kept_whole_for_a_person(raw: bytes) -> None:
    began = time.process_time()
    found = read_mail(raw)
    assert time.process_time() - began < 10
    assert (found.documents, found.parts.text, found.header["From"]) == ([], "", "a@b.test")
    assert found.parts.faults


def test_one_field_sixty_thousand_times_in_a_header_takes_no_time() -> None:
    raw = b"From: a@b.test\r\n" + "a:á\n".encode() * 50_000 + b"\nx"
    began = time.process_time()
    assert not signs(read_mail(raw).header, "")
    assert time.process_time() - began < 10


def enclosing(headers: bytes) -> bytes:
    start = b"From: cntt@ductho.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    return start + headers + b"\r\n\r\nx\r\n--b--\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b'From: cntt@ductho.test\r\nContent-Type: text/plain; a="' + b";" * 240_000 + b"\r\n\r\nx",
        enclosing(b'Content-Disposition: attachment; a="' + b";" * 2_000_000),
    ],
    ids=["its-own-header", "parameters"],
)
def test_a_mail_that_takes_a_parser_hours_is_kept_whole_and_the_next_one_is_read(
    desk: Desk, server: Imap, monkeypatch: pytest.MonkeyPatch, raw: bytes
) -> None:
    monkeypatch.setattr("dondoc.intake.sources.mail.CPU", 1)
    server.mails = {1: raw, 2: mail("thu 2")}
    began = time.process_time()
    result = read(desk, server)
    assert result.ok
    assert time.process_time() - began < 10
    assert [s.filename for s in desk.submissions()] == ["thu.eml", "thu.eml"]
    assert desk.app.blobs.get(desk.submissions()[0].sha256) == raw
    assert "quá nhiều thời gian" in result.detail
    assert not server.mails


def test_a_file_name_that_took_a_parser_hours_is_read_in_time() -> None:
    raw = enclosing(b'Content-Disposition: attachment; filename="' + b"=?a?q?" * 300_000 + b'"')
    began = time.process_time()
    [(name, content)] = read_mail(raw).documents
    assert time.process_time() - began < 10
    assert (content, len(safe_filename(name)) < 300) == (b"x", True)


def test_without_a_child_to_read_them_all_mails_stay_in_the_mailbox(
    desk: Desk, server: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dondoc.intake.sources.mail.WORK", "dondoc.intake.nothing_of_this_name")
    result = read(desk, server)
    assert not result.ok
    assert "Không khởi động được" in result.detail
    assert (len(server.mails), desk.submissions()) == (3, [])


def test_two_readings_of_one_mail_over_a_real_server_bring_it_once(post: Post) -> None:
    post.send(("a.xlsx", b"mot"))
    box = post.server.boxes.open(INTAKE)
    [content] = [box.get_bytes(key) for key in box.iterkeys()]
    assert len(post.read().submission_ids) == 1
    post.server.boxes.put(INTAKE, content)  # as a restored backup lays it there: another UID
    assert post.read().submission_ids == []
    assert post.left() == 0


def test_a_form_from_where_its_sender_never_wrote_replaces_nothing_until_a_person_says_so(post: Post) -> None:
    desk = post.desk

    def sent(number: int, host: str, content: bytes) -> str:
        desk.now += timedelta(minutes=5)
        came = f"from x ({host}) by tiep-nhan.ioc.test with ESMTP"
        post.send(("bm03.xlsx", content), message_id=f"<{number}@ductho.test>", Received=came)
        post.read()
        desk.work()
        return desk.verdicts()[-1].outcome

    home, elsewhere = "mx1.hatinh.gov.vn [203.0.113.7]", "vps.example.net [198.51.100.9]"
    assert sent(1, home, desk.form(cameras=2)) == "accepted"
    assert sent(2, elsewhere, desk.form(cameras=3)) == "waiting"
    assert "đến từ nơi khác các lần trước" in desk.verdicts()[-1].reason
    assert "chờ cán bộ của Sở xem; trong khi chờ, bản BN-0001 vẫn được dùng." in desk.letters()[-1].text
    assert sent(3, home.replace("mx1", "mx2"), desk.form(cameras=4)) == "accepted"
    newcomer = desk.form(cameras=5, officer_email="moi.dt@hatinh.gov.vn")
    assert sent(4, elsewhere, newcomer) == "waiting"
