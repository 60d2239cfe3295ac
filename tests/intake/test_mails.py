"""Mails of all kinds: each is what it is, brings what it brings, and is taken in once, whatever happens."""

import email
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from dondoc.clock import HERE
from dondoc.intake.mails import content as contents
from dondoc.intake.mails import kinds, own, take, words
from dondoc.intake.sources import mailbox, parts
from dondoc.intake.sources.mail import read_mail
from dondoc.intake.sources.parts import PARTS, Parts
from dondoc.store.intake import Mail, Submission
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.mails import MailKind
from tests.corpus.mails import build
from tests.corpus.mails.cases import CASES, Case
from tests.corpus.mails.cases import mailbox as all_mails
from tests.corpus.mails.more import MORE

from .conftest import DUC_THO, INTAKE, OFFICER, Desk, Post

ARRIVED = datetime(2021, 11, 18, 14, tzinfo=HERE)


def taken_apart(raw: bytes) -> Parts:
    """As the child does it, in this process."""
    return PARTS.validate_json(parts.work(raw, bytes).partition(b"\n")[0])


@pytest.mark.parametrize("case", [*CASES, *MORE], ids=lambda case: case.name)
def test_a_mail_is_what_it_is_and_brings_what_it_brings(case: Case) -> None:
    read = taken_apart(case.raw)
    decision = kinds.decide(email.message_from_bytes(case.raw), read)
    by_person = not decision.kind.by_machine
    assert (decision.kind, decision.automatic) == (case.kind, case.automatic), decision.reason
    assert [name for name, _ in read.documents] == list(case.documents)
    assert read.passed_over == list(case.passed_over)
    assert read.bounced == list(case.bounced)
    assert (words.promised(read.own, ARRIVED) if by_person else None) == case.promised
    assert (words.document_number(read.own) if by_person else None) == case.number
    assert read.faults == []
    if case.own is not None:
        assert read.own == case.own


def our_letter(
    desk: Desk, *, message_id: str = build.LETTER, recipient: str = OFFICER, key: str = "a", **more: Any
) -> int:
    with desk.app.sessions.begin() as session:
        row = OutboxLetter(
            message_id=message_id,
            dedup_key=key,
            kind=LetterKind.REMINDER,
            agency=DUC_THO,
            directives=[],
            recipient=recipient,
            subject="Nhắc hạn",
            text="x",
            html="x",
            context={},
            state=OutboxState.SENT,
            reason="x",
            decided_at=desk.now,
            **{"attachments": [], "sent_at": desk.now - timedelta(hours=6)} | more,
        )
        session.add(row)
        session.flush()
        return row.id


def kept(desk: Desk) -> list[Mail]:
    with desk.app.sessions.reading() as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


class Killed(BaseException):
    """The process ends here."""


def killed_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, times: int) -> None:
    """What is called so for the nth time ends the process."""
    real, left = getattr(owner, name), [times]

    def step(*args: Any, **more: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return real(*args, **more)

    monkeypatch.setattr(owner, name, step)


def test_a_mixed_mailbox_is_taken_in_once_though_runs_are_killed_and_two_read_it_at_once(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, letter = post.desk, our_letter(post.desk)
    cases, raws = zip(*all_mails(), strict=True)
    assert len(cases) >= 60
    for raw in raws:
        post.server.boxes.put(INTAKE, raw)
    for owner, name, times in ((take, "_verdict", 3), (mailbox.Mailbox, "move", 20)):
        with monkeypatch.context() as patch:
            killed_at(patch, owner, name, times)
            with pytest.raises(Killed):
                post.read()
    with ThreadPoolExecutor(2) as pool:
        for run in [pool.submit(post.read) for _ in range(2)]:
            run.result()
    assert post.read().ok
    assert post.left() == 0
    expected = Counter((case.kind, len(case.documents) or 1) for case in cases if case.kind == MailKind.SUBMISSION)
    expected += Counter((case.kind, 1) for case in cases if case.kind != MailKind.SUBMISSION)
    with desk.app.sessions.reading() as session:
        brought = select(Mail.kind, func.count(Submission.id)).join(Submission).group_by(Mail.id, Mail.kind)
        found = Counter((kind, number) for kind, number in session.execute(brought))
    assert found == expected
    assert Counter(v.submission_id for v in desk.verdicts()).most_common(1)[0][1] == 1
    assert sum(mail.letter_id == letter for mail in kept(desk)) == sum(case.of_letter for case in cases)
    mine = {mail.id: mail.kind for mail in kept(desk)}
    of_kind = {row.id: mine[row.mail_id or 0] for row in desk.submissions()}
    outcomes = {(of_kind[v.submission_id], str(v.outcome), v.answered) for v in desk.verdicts()}
    assert outcomes == {
        *((kind, "dismissed", True) for kind in MailKind if kind.by_machine or kind == MailKind.OURS),
        *((kind, "waiting", False) for kind in (MailKind.REPLY, MailKind.FORGOTTEN, MailKind.SUBMISSION)),  # opaque
    }


def test_a_second_copy_of_a_mail_that_was_taken_in_before_mails_had_rows_changes_nothing(post: Post) -> None:
    raw = build.mail("Dạ vâng ạ.", Message_ID="<1@ductho.test>")
    post.server.boxes.put(INTAKE, raw)
    assert len(post.read().submission_ids) == 1
    with post.desk.app.sessions.begin() as session:
        session.execute(update(Submission).values(mail_id=None))
        session.execute(delete(Mail))
    post.server.boxes.put(INTAKE, raw)
    assert post.read().submission_ids == []
    assert (post.left(), len(post.desk.submissions()), kept(post.desk)) == (0, 1, [])


def test_a_password_in_a_mail_is_kept_in_none_of_our_tables_but_the_sealed_original(post: Post) -> None:
    post.server.boxes.put(
        INTAKE, build.mail("Dạ gửi Sở.\nmật khẩu: Camera@2021\nTK: admin/abc@1234", Message_ID="<1@a>")
    )
    post.read()
    [mail] = kept(post.desk)
    assert "Camera@2021" not in mail.text
    assert "abc@1234" not in mail.text
    assert mail.text.startswith("Dạ gửi Sở.")


def test_a_mail_of_more_parts_than_are_taken_apart_is_said_to_have_too_many() -> None:
    part = b"--B\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF\r\n"
    raw = b"From: a@b.vn\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n" + part * 10_000 + b"--B--\r\n"
    mail = read_mail(raw)
    assert kinds.decide(mail.header, mail.parts, ours=False, sent_back=False).reason.code == kinds.Why.TOO_MANY


def test_a_mail_with_a_part_that_cannot_be_read_is_kept_whole_beside_its_documents(post: Post) -> None:
    broken = build.file("xa.eml", b"From: a@b\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 3_000, "text/x")
    raw = build.mail(build.several("mixed", build.words("Gửi."), build.file("a.pdf", build.PDF), broken))
    post.server.boxes.put(INTAKE, raw)
    post.read()
    document, whole = post.desk.submissions()
    assert (document.filename, whole.filename, whole.mail_id) == ("a.pdf", "thu.eml", document.mail_id)
    assert post.desk.app.blobs.get(whole.sha256).startswith(raw[:40])
    [verdict] = post.desk.verdicts()
    assert (verdict.submission_id, verdict.outcome, verdict.answered) == (whole.id, "waiting", True)


@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", "unicode_escape", "zlib", "x-khong-co"])
@pytest.mark.parametrize("name", ["filename*={}''abc%FF.pdf", 'filename="=?{}?q?abc=FF.pdf?="'])
def test_no_name_of_a_charset_keeps_a_file_or_words_from_being_read(charset: str, name: str) -> None:
    head = "From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; "
    text = f'charset="{charset}"\r\n\r\nGui So bieu mau\r\n--b\r\nContent-Type: application/pdf\r\n'
    file = f"Content-Disposition: attachment; {name.format(charset)}\r\n\r\n%PDF-1.4\r\n--b--\r\n"
    read = taken_apart((head + text + file).encode())
    assert (len(read.documents), read.faults) == (1, [])
    assert "Gui So bieu mau" in read.text


@pytest.mark.parametrize(
    ("sender", "recipient", "belongs"),
    [
        (OFFICER, OFFICER, True),
        (OFFICER, "lanh-dao@ductho.test", True),  # of the same agency
        ("la@x.test", OFFICER, False),
    ],
)
def test_an_answer_belongs_to_a_letter_only_from_whom_it_was_sent_to(
    post: Post, sender: str, recipient: str, belongs: bool
) -> None:
    letter = our_letter(post.desk, recipient=recipient)
    post.server.boxes.put(INTAKE, build.mail("Dạ vâng.", sender=sender, In_Reply_To=build.LETTER, Message_ID="<1@a>"))
    post.read()
    assert [mail.letter_id for mail in kept(post.desk)] == [letter if belongs else None]


BOUNCE = build.report(
    build.words("x"),
    build.status({"Final-Recipient": f"rfc822; {OFFICER}", "Action": "failed", "Status": "5.1.1"}),
    Message_ID="<b@mx>",
)


@pytest.mark.parametrize(
    ("sent_hours_ago", "tied"), [((6,), True), ((6, 30), False), ((6, 24 * 8), True), ((24 * 8,), False)]
)
def test_a_bounce_that_names_no_letter_is_tied_to_the_one_that_its_recipient_was_sent_lately(
    post: Post, sent_hours_ago: tuple[int, ...], tied: bool
) -> None:
    rows = [
        our_letter(
            post.desk, key=str(hours), message_id=f"<{hours}@ioc>", sent_at=post.desk.now - timedelta(hours=hours)
        )
        for hours in sent_hours_ago
    ]
    post.server.boxes.put(INTAKE, BOUNCE)
    post.read()
    [mail] = kept(post.desk)
    assert (mail.kind, mail.letter_id) == (MailKind.BOUNCE, rows[0] if tied else None)
    assert mail.bounced == [{"recipient": OFFICER, "action": "failed", "status": "5.1.1"}]


def test_a_bounce_of_a_mail_that_somebody_wrote_from_the_same_mailbox_concerns_no_letter_of_ours(post: Post) -> None:
    our_letter(post.desk, sent_at=post.desk.now - timedelta(hours=6))
    failed = {"Final-Recipient": f"rfc822; {OFFICER}", "Action": "failed", "Status": "5.3.4"}
    theirs = build.mail("Ảnh họp", "Ảnh", "ioc@so.test", Message_ID="<anh-hop@so.test>")
    report = build.report(build.words("Message too large."), build.status(failed), build.enclosed(theirs))
    post.server.boxes.put(INTAKE, report)
    post.read()
    [mail] = kept(post.desk)
    assert (mail.kind, mail.letter_id) == (MailKind.BOUNCE, None)


@pytest.mark.parametrize(("own", "kind"), [(True, "ours"), (False, "submission")])
def test_a_letter_of_ours_that_comes_back_is_ours_as_long_as_it_brings_what_it_brought(
    post: Post, own: bool, kind: str
) -> None:
    content = b"bieu mau trong"
    sent = [{"filename": "BM03.xlsx", "sha256": sha256(content).hexdigest(), "type": build.XLSX}]
    our_letter(post.desk, attachments=sent)
    body = build.several("mixed", build.words("x"), build.file("BM03.xlsx", content if own else b"da dien", build.XLSX))
    post.server.boxes.put(INTAKE, build.mail(body, Message_ID=build.LETTER, X_Dondoc_Loop="dondoc"))
    post.read()
    [mail] = kept(post.desk)
    assert mail.kind == kind
    assert all(row.automatic for row in post.desk.submissions()), "nobody answers our own letters"


# -- what words say

THURSDAY = ARRIVED


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Em gửi trong chiều nay ạ.", "18"),
        ("Chiều mai em gửi.", "19"),
        ("Sáng mai đơn vị nộp.", "19"),
        ("Ngày kia em gửi ạ.", "20"),
        ("Thứ 2 em gửi.", "22"),
        ("Thứ Hai tuần sau đơn vị sẽ gửi.", "22"),
        ("Thứ Sáu tuần tới gửi Sở ạ.", "26"),
        ("Trước thứ Tư tuần sau em gửi ạ", "23"),
        ("Đơn vị sẽ gửi chậm nhất ngày 25/11/2021.", "25"),
        ("Đơn vị sẽ hoàn thành trước ngày 25 tháng 11 năm 2021.", "24"),
        ("Trước 16h ngày 23/11 em gửi.", "23"),
        ("Ngày 22 em nộp ạ.", "22"),
        ("Cuối tuần này em gửi.", "19"),
        # with the reason that our letters ask for
        ("Đơn vị sẽ gửi chậm nhất ngày 25/11/2021 do cán bộ đi công tác.", "25"),
        ("Đơn vị dự kiến gửi ngày 25/11, vì chưa nhận được ý kiến của lãnh đạo.", "25"),
        ("Ngày dự kiến gửi: 25/11/2021. Lý do: cán bộ đi công tác.", "25"),
        ("Dự kiến ngày 25/11 đơn vị gửi ạ.", "25"),
        ("Đơn vị gửi ngày 25/11 do đường truyền hỏng nên có thể chậm.", None),
        ("Trong tuần sau sẽ gửi ạ.", "26"),
        ("Trong vòng 3 ngày đơn vị sẽ gửi.", "21"),
        ("I will send it tomorrow.", "19"),
        ("chieu nay em gui a", "18"),
        ("thu hai tuan sau em gui", "22"),
        ("Dạ chiều em gửi sau ạ", "18"),
        ("Hôm nay em bận, mai em gửi ạ.", "19"),
        ("Ngày mai em sẽ nộp, mong anh chị thông cảm.", "19"),
        ("Chúng tôi sẽ gửi báo cáo trong ngày mai 19/11.", "19"),
        ("Hai ngày nữa em gửi ạ.", "20"),
        ("Một tuần nữa đơn vị gửi.", "25"),
        ("Đơn vị sẽ gửi vào ngày 30 tháng này.", "30"),
        ("Sáng T2 tuần sau đơn vị nộp ạ.", "22"),
        ("Hôm nay em ốm nên mai mới gửi được ạ.", "19"),
        ("Sang tuần em gửi anh nhé.", "26"),
        ("Sang tuần thứ ba đơn vị nộp ạ.", "23"),
        ("Cuối tháng em gửi ạ.", "30"),
        ("Hết tháng 11 đơn vị sẽ gửi đủ.", "30"),
        ("Em xin phép gửi muộn, trước 12h trưa mai em gửi ạ.", "19"),
        ("Hết tuần này em sẽ nộp đủ 3 biểu.", "19"),
        ("Đầu giờ chiều em gửi.", "18"),
        ("Đến 25/11 là em có đủ số liệu để gửi.", "25"),
        # nothing that is sure
        ("Em gửi sau ạ.", None),
        ("Ngày mai em họp.", None),
        ("Thứ Năm em gửi.", None),  # today, or in a week
        ("Thứ Sáu tới em gửi.", None),  # tomorrow, or in a week
        ("Đơn vị đã gửi hôm nay.", None),
        ("Ngày mai gửi có được không ạ?", None),
        ("Xin gia hạn, ngày 25/11 gửi.", None),
        ("Đề nghị Sở gửi lại mẫu trước 25/11.", None),
        ("Theo công văn, hạn gửi trước 20/11.", None),
        ("Nếu kịp thì mai em gửi.", None),
        ("Không kịp gửi trước 25/11.", None),
        ("Một hai hôm nữa em gửi ạ.", None),
        ("Vài ngày nữa em gửi ạ.", None),
        ("Em sẽ cố gửi trước 22/11.", None),
        ("Ngày 22 gửi phần 1. Ngày 24 gửi phần 2.", None),
        ("Em gửi ngày 10/11.", None),  # over
        ("Em gửi ngày 31/11.", None),  # no day
        ("Cuối tháng 13 em gửi.", None),
        ("Khoảng cuối tháng này bên em gửi được ạ.", None),
        ("Phòng đang tổng hợp từ các xã, dự kiến 24/11 xong.", None),
        ("Em gửi link drive: https://drive.google.com/x", None),
        ("em gui thu sau", None),  # "in the next mail", or on Friday
        # not promised: what was, what is not, what others do, what only has a day
        ("Sáng nay em gửi ạ.", None),  # it is the afternoon
        ("Hôm nay không gửi được ạ.", None),
        ("Em nộp hôm nay rồi ạ.", None),
        ("Sau ngày 25/11 đơn vị mới gửi được.", None),
        ("Từ ngày 25/11 đơn vị sẽ gửi dần.", None),
        ("Tôi đi công tác đến 25/11/2021, sẽ trả lời khi về.", None),
        ("Viettel sẽ gửi số liệu cho đơn vị ngày mai.", None),
        ("Camera sẽ được lắp xong ngày 30/11/2021.", None),
        ("Thứ Sáu này cơ quan họp, sẽ báo cáo lãnh đạo.", None),
        ("Trả lời thư ngày 18/11, đơn vị không có camera.", None),
        ("Em gửi 10/12 camera ạ.", None),
        ("Đã có chị Mai gửi.", None),
        ("Nhờ anh Hoàng Mai nộp ạ.", None),
        ("Kính gửi Sở, ngày mai là ngày Nhà giáo.", None),
        ("Nộp ngày 25/11 có sao không ạ", None),
        ("Mai mốt em gửi.", None),
        ("Ngày 25/11 đơn vị họp, sau đó mới gửi.", None),
        ("Đi nộp phạt ngày 25/11.", None),
        ("Đơn vị sẽ chuyển trụ sở vào ngày 25/11.", None),
        ("Đường truyền sẽ được chuyển ngày 25/11.", None),
        ("Em chuyển sang phòng khác từ ngày mai.", None),
        ("Ngày mai UBND tỉnh gửi kết luận.", None),
    ],
)
def test_a_day_is_promised_only_where_it_is_sure(text: str, day: str | None) -> None:
    found = words.promised(text, THURSDAY)
    assert (f"{found:%d}" if found else None) == day


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("UBND xã đã gửi văn bản số 45/UBND ngày 15/11.", "45/UBND"),
        ("Đã nộp Báo cáo số 12/BC-UBND qua trục.", "12/BC-UBND"),
        ("Đơn vị đã phát hành CV số: 77 rồi.", "77"),
        ("Đã gửi văn bản số 1234 / UBND - VHTT.", "1234/UBND-VHTT"),
        ("Đã gửi qua VNPT-iOffice, số đi 123 ngày 17/11.", "123"),
        ("CV 512/UBND-VHTT ngày 16/11/2021 đã gửi qua trục liên thông.", "512/UBND-VHTT"),
        ("Báo cáo số 88/BC-UBND đã ký ngày 17/11, văn thư chuyển rồi ạ.", "88/BC-UBND"),
        ("Đã gửi công văn 123 ngày 15.", "123"),
        ("Chúng tôi đã gửi công văn số 12-CV/HU.", "12-CV/HU"),
        ("Theo Công văn số 7418/STTTT-CNTT, đơn vị đã gửi.", None),
        ("Đơn vị sẽ gửi văn bản số 45/UBND.", None),
        ("Đã gửi VB 45/UBND và 46/UBND.", None),
        ("Camera xem 24/7, đã gửi ngày 15/11.", None),
        ("Điện thoại 0912345678, đã gửi rồi.", None),
        ("Báo cáo 10 camera đã gửi.", None),
        ("Đã gửi ở công văn số 15 và 16.", None),
        ("Đã gửi lại theo yêu cầu văn bản 1234/UBND-NC.", None),
        ("Gửi biểu mẫu BM03/UBND, camera 4/NVR, 2/Mbps, 50/Camera.", None),
    ],
)
def test_the_number_of_a_letter_that_was_sent(text: str, number: str | None) -> None:
    assert words.document_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "Anh gửi kèm biểu mẫu cho em với.",
        "Gửi file em với ạ.",
        "Đã tải file đính kèm, cảm ơn Sở.",
        "Đơn vị đang tổng hợp theo biểu mẫu đính kèm.",
        "Em gửi phiếu qua Zalo rồi ạ.",
    ],
)
def test_who_asks_for_a_file_or_speaks_of_ours_does_not_say_that_one_is_attached(text: str) -> None:
    assert words.claims(text) is None


@given(
    st.text(max_size=300),
    st.sampled_from(["", "thứ sáu ", "trước 25/11 ", "gửi ", "số 1/UBND ", "> ", "On x wrote:\n"]),
)
def test_any_words_are_read_to_an_end(text: str, more: str) -> None:
    said = own.own_words(f"{text}{more}{text}")
    day = words.promised(said, ARRIVED)
    assert day is None or day >= ARRIVED.date() - timedelta(days=1)
    words.document_number(said)
    words.claims(said)


@given(st.binary(max_size=400))
def test_whatever_comes_as_a_mail_or_in_one_is_kept(noise: bytes) -> None:
    taken_apart(noise)
    for kind, name in (("application/zip", "a.zip"), ("application/ms-tnef", "winmail.dat"), ("image/png", "a.png")):
        for start in (b"", b"PK\x03\x04", b"\x78\x9f\x3e\x22"):
            content = start + noise
            read = taken_apart(build.mail(build.several("mixed", build.file(name, content, kind))))
            assert read.documents or read.passed_over


def test_a_zip_that_unpacks_to_more_than_we_take_stays_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "UNPACKED", 1_000)
    package = build.zipped(("a.csv", b"0" * 5_000))
    read = taken_apart(build.mail(build.several("mixed", build.file("a.zip", package, "application/zip"))))
    assert [name for name, _ in read.documents] == ["a.zip"]


def test_a_bounce_that_is_too_large_is_dismissed_and_another_large_mail_is_refused_with_advice(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "largest", lambda app: 600)
    failed = build.status({"Final-Recipient": f"rfc822; {OFFICER}", "Action": "failed", "Status": "5.1.1"})
    post.server.boxes.put(INTAKE, build.report(build.words("x" * 3_000), failed, Message_ID="<a@b>"))
    post.server.boxes.put(INTAKE, build.mail("x" * 3_000, Message_ID="<c@d>", Precedence="list"))
    post.read()
    assert sorted(str(mail.kind) for mail in kept(post.desk)) == ["bounce", "submission"]
    assert sorted((str(v.outcome), v.answered) for v in post.desk.verdicts()) == [
        ("dismissed", True),
        ("refused", False),
    ]
