"""One answer for each mail, which says only what is true."""

import shutil
from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from dondoc.audit import Actor, Channel
from dondoc.configuration.check.samples import ANSWER, DAY
from dondoc.configuration.context import AppContext
from dondoc.drafts import codes
from dondoc.intake import inbox
from dondoc.intake.answers import answer as answering
from dondoc.intake.answers.answer import answer
from dondoc.intake.judge import judge_submission
from dondoc.intake.mails.kinds import Why
from dondoc.intake.receive import receive
from dondoc.intake.verdicts import newest_verdict, without_reading
from dondoc.mail.letter import Letter
from dondoc.mail.render import render
from dondoc.store.intake import Mail, Submission
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.mails import MailKind, NoDocument
from dondoc.vocabulary.submissions import Arrival, MayBe, Outcome
from tests.drafts.test_scan import pdf

from .conftest import DUC_THO, OFFICER, SCAN, VU_QUANG, Desk
from .test_judge import cameras, newest, status

PERSON = Actor("Nguyễn Văn A", "nva", Channel.PAGE)


def mail(
    desk: Desk,
    *files: tuple[str, bytes],
    kind: MailKind = MailKind.SUBMISSION,
    sender: str = OFFICER,
    text: str = "",
    passed_over: Sequence[Sequence[str]] = (),
    reason: Sequence[object] = (),
) -> list[int]:
    """A mail that was taken in, with what it brings."""
    number = len(desk.submissions())
    with desk.app.sessions.begin() as session:
        row = Mail(
            digest=sha256(f"{number}{files}".encode()).hexdigest(),
            kind=kind,
            reason=[*reason],
            text=text,
            bounced=[],
            passed_over=[*passed_over],
            recorded_at=desk.now,
        )
        session.add(row)
        session.flush()
        its = row.id
    taken = []
    for index, (name, content) in enumerate(files or (("thu.eml", text.encode()),)):
        submission, _ = receive(
            desk.app,
            content,
            channel=Arrival.MAIL,
            channel_id=f"{number}/{index}",
            sender=sender,
            filename=name,
            received_at=desk.now,
            now=desk.now,
            message_id=f"<{number}@ductho.test>",
            automatic=kind.by_machine,
        )
        taken.append(submission)
        with desk.app.sessions.begin() as session:
            session.get_one(Submission, submission).mail_id = its
            if not files:
                by_person = (MailKind.REPLY, MailKind.FORGOTTEN, MailKind.SUBMISSION)
                outcome = Outcome.WAITING if kind in by_person else Outcome.DISMISSED
                verdict = {"may_be": MayBe.NEITHER, "agency": DUC_THO}
                session.add(without_reading(submission, outcome, "thư không có tệp", desk.now, **verdict))
    return taken


def the_letter(desk: Desk) -> OutboxLetter:
    [letter] = [letter for letter in desk.letters() if letter.kind in ("receipt", "returned")]
    return letter


def test_a_mail_with_several_documents_gets_one_answer_that_names_each(desk: Desk) -> None:
    scan, form, broken = mail(desk, ("cv.pdf", SCAN), ("bm03.xlsx", desk.form()), ("bm.xlsx", desk.form()[:500]))
    desk.work()
    letter = the_letter(desk)
    assert letter.kind == "returned"
    assert letter.subject == "Đã nhận 03 tệp, tiếp nhận 01 – Đức Thọ [IOC Hà Tĩnh]"
    assert f"- Tệp “cv.pdf” (mã BN-{scan:04}): chờ cán bộ của Sở xem" in letter.text
    assert f"- Biểu mẫu 03 (tệp “bm03.xlsx”, mã BN-{form:04}): 02 camera tại 01 điểm" in letter.text
    assert f"- Tệp “bm.xlsx” (mã BN-{broken:04}): chưa tiếp nhận được." in letter.text
    assert "không cần gửi lại" not in letter.text
    assert "Sở đang xem: Văn bản cử cán bộ đầu mối (Trung tâm Hành chính công cấp huyện)." in letter.text
    assert {v.answered for v in desk.verdicts()} == {True}


def test_nothing_is_answered_before_all_of_a_mail_is_judged(desk: Desk) -> None:
    first, second = mail(desk, ("cv.pdf", SCAN), ("bm03.xlsx", desk.form()))
    judge_submission(desk.app, first, now=desk.now)
    assert answer(desk.app, [first], now=desk.now) == []
    assert desk.letters() == []
    judge_submission(desk.app, second, now=desk.now)
    assert len(answer(desk.app, [second], now=desk.now)) == 1
    assert answer(desk.app, [first, second], now=desk.now) == []


def test_the_old_marked_copy_beside_the_corrected_form_is_not_spoken_of(desk: Desk) -> None:
    wrong = desk.form(wrong=1)
    mail(desk, ("bm03.xlsx", wrong))
    desk.work()
    mail(desk, ("bm03_can_sua.xlsx", wrong), ("bm03_da_sua.xlsx", desk.form()))
    desk.work()
    letter = desk.letters()[-1]
    assert (letter.kind, letter.subject) == ("receipt", "Đã nhận Biểu mẫu 03: 02 camera – Đức Thọ [IOC Hà Tĩnh]")
    assert "can_sua" not in letter.text
    assert status(desk, DUC_THO) == "fulfilled"


def test_an_old_copy_or_a_blank_asks_for_nothing_once_the_form_is_there(desk: Desk) -> None:
    from dondoc.forms.blank import blank
    from dondoc.forms.spec import load_specs

    spec, owner = load_specs(desk.app.settings.data)["form_03"], desk.app.registry.agency(DUC_THO)
    untouched = blank(spec, owner, registry=desk.app.registry, secrets=desk.app.secrets)
    mail(desk, ("bm03.xlsx", desk.form(wrong=1)))
    desk.work()
    mail(desk, ("trong.xlsx", untouched), ("bm03.xlsx", desk.form()))
    desk.work()
    letter = desk.letters()[-1]
    assert (letter.kind, letter.subject) == ("receipt", "Đã nhận Biểu mẫu 03: 02 camera – Đức Thọ [IOC Hà Tĩnh]")
    assert "trong.xlsx" not in letter.text
    mail(desk, ("trong.xlsx", untouched))
    mail(desk, ("bm03_can_sua.xlsx", desk.form(wrong=1)))
    desk.work()
    of_blank, of_old = desk.letters()[-2:]
    assert of_blank.subject == "Biểu mẫu 03 gửi lên còn trống, bản BN-0003 vẫn được dùng – Đức Thọ [IOC Hà Tĩnh]"
    assert "chưa điền nội dung; bản BN-0003 vẫn được dùng" in of_blank.text
    assert of_old.subject == "Đã nhận Biểu mẫu 03 – Đức Thọ [IOC Hà Tĩnh]"
    assert "giống hệt một bản cũ; bản đang dùng vẫn là BN-0003" in of_old.text
    assert "cần sửa" not in of_old.text


def test_the_same_content_is_answered_anew_when_another_version_stands(desk: Desk) -> None:
    first, second = desk.form(cameras=2), desk.form(cameras=3)
    said = []
    for content in (first, first, second, first, desk.form(cameras=4), first, first, desk.form(cameras=2, base=3)):
        before = len(desk.letters())
        mail(desk, ("bm03.xlsx", content))
        desk.work()
        said.append([letter.text for letter in desk.letters()[before:]])
    accepted, repeated, _, older, _, older_still, again, back = said
    assert "02 camera" in accepted[0]
    assert "không cần gửi lại" in repeated[0]
    assert "bản đang dùng vẫn là BN-0003" in older[0]
    assert "bản đang dùng vẫn là BN-0005" in older_still[0]
    assert again == []
    assert "Thay bản BN-0005." in back[0]


def test_a_receipt_says_what_was_met_what_is_still_owed_and_the_numbers_of_the_cameras(desk: Desk) -> None:
    mail(desk, ("bm03.xlsx", desk.form()))
    desk.work()
    letter = the_letter(desk)
    first, second = cameras(desk)
    assert "Nội dung phải gửi này được tính là hoàn thành." in letter.text
    assert f"Số hiệu camera: dòng 1 – CAM-{first.id:05} Cổng 01; dòng 2 – CAM-{second.id:05} Cổng 02." in letter.text
    assert "Quý cơ quan còn phải gửi:\n- Văn bản cử cán bộ đầu mối" in letter.text
    assert "trước ngày 19/11/2021" in letter.text
    assert "Sở kiểm tra kết nối của 02 camera" in letter.text


def test_a_receipt_brings_the_version_in_force_and_the_agencys_own_letter(desk: Desk) -> None:
    mail(desk, ("bm03.xlsx", desk.form()))
    desk.work()
    letter = the_letter(desk)
    names = [one["filename"] for one in letter.attachments]
    assert names == [f"Bieu_mau_03_{DUC_THO}_ban_1.xlsx", f"Du_thao_cong_van_gui_bieu_mau_03_{DUC_THO}.docx"]
    for name in names:
        assert name in letter.text
    copy = desk.app.blobs.get(letter.attachments[0]["sha256"])
    book = load_workbook(BytesIO(copy))
    assert "CAM-00001" in {cell.value for row in book["Danh sách camera"].iter_rows() for cell in row}
    mail(desk, ("ban_sua.xlsx", copy))
    desk.work()
    assert desk.verdicts()[-1].outcome == "duplicate"


def test_what_senders_write_is_never_markup_in_a_letter(desk: Desk) -> None:
    book = load_workbook(BytesIO(desk.form(cameras=1)))
    for cell in (cell for row in book["Danh sách camera"].iter_rows(min_row=6) for cell in row):
        if cell.data_type == "s" and str(cell.value).startswith(("Khu lưu niệm", "Cổng 01")):
            cell.value = "<img src=//xau.test>"
    stream = BytesIO()
    book.save(stream)
    mail(desk, ("<b>bm03.xlsx", stream.getvalue()), ("<b>cv.pdf", SCAN))
    desk.work()
    letter = the_letter(desk)
    assert "<img src=//xau.test>" in letter.text
    assert "&lt;img src=//xau.test&gt;" in letter.html
    assert "<img" not in letter.html
    assert "“<b>" not in letter.html


def test_a_form_stays_accepted_though_it_cannot_be_answered(desk: Desk, tmp_path: Path) -> None:
    data = tmp_path / "include"
    shutil.copytree(desk.app.settings.data, data, ignore=shutil.ignore_patterns("dondoc"))
    (data / "letters" / "answer" / "subject.txt.j2").write_text("{{ khong_co }}")
    later = Desk(AppContext(desk.app.settings.model_copy(update={"data": data})), desk.now)
    good, wrong = mail(later, ("bm03.xlsx", later.form())), mail(later, ("sai.xlsx", later.form(wrong=1, base=1)))
    later.work()
    assert later.letters() == []
    assert status(later, DUC_THO) == "fulfilled"
    assert "chưa trả lời được người gửi: lỗi của hệ thống, UndefinedError" in newest(later, good[0]).reason
    left = newest(later, wrong[0])
    assert (left.outcome, left.agency, left.form, left.answered) == ("waiting", DUC_THO, "form_03", True)


def test_what_a_person_decides_while_an_answer_is_composed_is_answered_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    [scan] = mail(desk, ("cv.pdf", SCAN))
    judge_submission(desk.app, scan, now=desk.now)
    compose = answering._letter

    def meanwhile(*args: Any) -> Letter:
        letter = compose(*args)
        with desk.app.sessions.begin() as session:
            inbox.mark_registered(session, sha256(SCAN).hexdigest(), agency=DUC_THO, number="12/UBND", now=desk.now)
        return letter

    with monkeypatch.context() as patch:
        patch.setattr(answering, "_letter", meanwhile)
        assert answer(desk.app, [scan], now=desk.now) == []
    assert len(answer(desk.app, [scan], now=desk.now)) == 1
    assert "12/UBND" in the_letter(desk).text
    assert answer(desk.app, [scan], now=desk.now) == []


def test_a_receipt_goes_without_a_letter_whose_template_cannot_be_used(desk: Desk, tmp_path: Path) -> None:
    data = tmp_path / "include"
    shutil.copytree(desk.app.settings.data, data, ignore=shutil.ignore_patterns("dondoc"))
    for template in (data / "letter-drafts").glob("*.docx"):
        template.write_bytes(b"hong")
    later = Desk(AppContext(desk.app.settings.model_copy(update={"data": data})), desk.now)
    mail(later, ("bm03.xlsx", later.form()))
    later.work()
    letter = the_letter(later)
    assert [one["filename"] for one in letter.attachments] == [f"Bieu_mau_03_{DUC_THO}_ban_1.xlsx"]
    assert "Du_thao" not in letter.text
    assert later.verdicts()[-1].outcome == "accepted"


def test_who_owes_nothing_more_is_told_so_and_thanked(desk: Desk) -> None:
    mail(desk, ("bm03.xlsx", desk.form()), ("cv.pdf", SCAN))
    desk.work()
    assert "hoàn thành cả" not in the_letter(desk).text
    with desk.app.sessions.begin() as session:
        from dondoc.facts.register import register

        register(
            session,
            desk.app.letters(session, desk.now.date()),
            desk.app.registry,
            agency=DUC_THO,
            fulfils=["focal_letter"],
            number="12/UBND",
            document_date=desk.now.date(),
            arrived=desk.now,
            blob=None,
            by=PERSON,
            secrets=desk.app.secrets,
            now=desk.now,
        )
        scan = sha256(SCAN).hexdigest()
        inbox.mark_registered(session, scan, agency=DUC_THO, number="12/UBND", now=desk.now)
    desk.work()
    letter = desk.letters()[-1]
    assert "đã vào sổ văn bản số 12/UBND" in letter.text
    assert "Quý cơ quan đã hoàn thành cả 02 nội dung. Xin cảm ơn." in letter.text
    with desk.app.sessions.begin() as session:
        assert inbox.unmark_registered(session, scan, number="99/KHAC", now=desk.now) == []
        [opened] = inbox.unmark_registered(session, scan, number="12/UBND", now=desk.now)
        assert newest_verdict(session, opened).outcome == "waiting", "taken out of the register, it waits again"


def test_a_newer_form_of_the_same_sender_is_answered_with_what_is_different(desk: Desk) -> None:
    mail(desk, ("bm03.xlsx", desk.form(cameras=2)))
    desk.work()
    mail(desk, ("bm03.xlsx", desk.form(cameras=3)))
    desk.work()
    text = desk.letters()[-1].text
    assert "Thay bản BN-0001." in text
    assert "So với bản BN-0001:\n- thêm Cổng 03" in text


@pytest.mark.parametrize(
    ("kind", "subject", "words"),
    [
        (MailKind.FORGOTTEN, "Thư chưa có tệp kèm theo, đề nghị gửi lại – Đức Thọ", "gửi lại thư, kèm tệp"),
        (MailKind.REPLY, "Đã nhận thư, chưa có tệp kèm theo – Đức Thọ", "chưa tính là đã gửi nội dung nào"),
    ],
)
def test_a_mail_without_a_document_is_told_so_once_a_day_and_pauses_nothing(
    desk: Desk, kind: MailKind, subject: str, words: str
) -> None:
    for _ in range(3):
        mail(desk, kind=kind, text="Dạ chiều em gửi sau ạ")
        desk.work()
    letter = the_letter(desk)
    assert letter.subject == f"{subject} [IOC Hà Tĩnh]"
    assert words in letter.text
    assert "không cần gửi lại" not in letter.text
    assert status(desk, DUC_THO) == "overdue"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"passed_over": [["bm03.xlsx.deleted.txt", NoDocument.STRIPPED]]}, "đã bị phần mềm chống virus gỡ khỏi thư"),
        ({"reason": [Why.SHARED, {"words": "x"}]}, "tệp ở một đường dẫn mà hệ thống không mở"),
    ],
)
def test_who_meant_to_send_a_file_is_told_why_it_is_not_there(desk: Desk, more: dict[str, Any], words: str) -> None:
    mail(desk, kind=MailKind.FORGOTTEN, **more)
    desk.work()
    letter = the_letter(desk)
    assert words in letter.text
    assert "đề nghị gửi lại" in letter.subject


def test_who_attached_an_empty_file_is_not_told_that_there_was_none(desk: Desk) -> None:
    mail(desk, kind=MailKind.FORGOTTEN, passed_over=[["bm03.xlsx", NoDocument.EMPTY]])
    desk.work()
    letter = the_letter(desk)
    assert letter.subject.startswith("Tệp kèm theo không có nội dung, đề nghị gửi lại")
    assert "tệp kèm theo “bm03.xlsx” không có nội dung" in letter.text
    assert "không có tệp kèm theo" not in letter.text


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (Why.OPAQUE, "Đề nghị gửi lại thư thường, không ký số hoặc mã hóa cả thư, kèm tệp"),
        (Why.UNREADABLE, "Đề nghị soạn thư mới, đính kèm lại tệp rồi gửi"),
        (Why.TOO_MANY, "Đề nghị chỉ gửi các tệp phải nộp, chia thành nhiều thư"),
    ],
)
def test_a_mail_that_could_not_be_opened_is_called_a_mail_and_its_sender_told_what_to_do(
    desk: Desk, why: Why, words: str
) -> None:
    (submission,) = mail(desk, reason=[why, {}])
    desk.work()
    letter = the_letter(desk)
    assert letter.subject == f"Thư chưa mở được, đề nghị gửi lại (mã BN-{submission:04}) – Đức Thọ [IOC Hà Tĩnh]"
    assert f"thư của Quý cơ quan (mã BN-{submission:04}): thư " in letter.text
    assert words in letter.text
    for text in (letter.text, letter.html, letter.subject):
        assert "thu.eml" not in text
        assert "tệp “" not in text


def test_officers_are_not_counted_as_cameras(desk: Desk) -> None:
    mail(desk, ("dau_moi.xlsx", desk.form(form="form_focal")))
    desk.work()
    letter = the_letter(desk)
    assert "camera" not in letter.subject
    assert " camera" not in letter.text.split(": ", 2)[2].split(".")[0]


def test_a_draft_that_names_officers_is_not_said_to_go_with_a_form(desk: Desk) -> None:
    [sample] = [one for one in ANSWER.samples if [part["names_officers"] for part in one["parts"]] == [True]]
    letter = render(desk.app.settings.data, desk.app.registry, "answer", sample, DAY)
    for text in (letter.text, letter.html):
        assert "dự thảo văn bản cử cán bộ đầu mối của Quý cơ quan (để trống số, ngày, chữ ký)" in text
        assert "gửi kèm biểu mẫu" not in text


@pytest.mark.parametrize("kind", [kind for kind in MailKind if kind.by_machine])
def test_a_machine_is_not_answered_and_pauses_nothing(desk: Desk, kind: MailKind) -> None:
    mail(desk, kind=kind, text="Undelivered Mail Returned to Sender")
    desk.work()
    assert desk.letters() == []
    assert status(desk, DUC_THO) == "overdue"
    with desk.app.sessions.reading() as session:
        assert inbox.inbox(session) == []


def test_forms_of_two_agencies_in_one_mail_are_each_named(desk: Desk) -> None:
    desk.register(VU_QUANG)
    mail(desk, ("dt.xlsx", desk.form()), ("vq.xlsx", desk.form(VU_QUANG)))
    desk.work()
    letter = the_letter(desk)
    assert (letter.agency, letter.text.startswith("Kính gửi: Quý cơ quan\n")) == (None, True)
    assert "Biểu mẫu 03 của UBND huyện Đức Thọ" in letter.text
    assert "Biểu mẫu 03 của UBND huyện Vũ Quang" in letter.text


def test_a_stranger_s_mail_gets_one_answer_that_repeats_nothing_of_it(desk: Desk) -> None:
    mail(desk, ("mat-khau.pdf", SCAN), ("bm03.xlsx", desk.form()), sender="la@noi-khac.test")
    desk.work()
    letter = the_letter(desk)
    assert letter.recipient == "la@noi-khac.test"
    for theirs in ("mat-khau", "bm03", "Đức Thọ", "Biểu mẫu"):
        assert theirs not in letter.subject + letter.text


def test_an_untouched_blank_is_no_submission(desk: Desk) -> None:
    from dondoc.forms.blank import blank
    from dondoc.forms.spec import load_specs

    spec = load_specs(desk.app.settings.data)["form_03"]
    owner, registry = desk.app.registry.agency(DUC_THO), desk.app.registry
    (submission,) = mail(desk, ("bm03.xlsx", blank(spec, owner, registry=registry, secrets=desk.app.secrets)))
    desk.work()
    assert newest(desk, submission).outcome == "refused"
    letter = the_letter(desk)
    assert letter.subject == "Biểu mẫu 03 còn trống, đề nghị điền và gửi lại – Đức Thọ [IOC Hà Tĩnh]"
    assert "biểu mẫu trống, chưa điền nội dung nên chưa tính là đã gửi" in letter.text
    assert status(desk, DUC_THO) == "overdue"


def test_the_signed_letter_is_known_by_the_code_on_its_draft(desk: Desk) -> None:
    (form,) = mail(desk, ("bm03.xlsx", desk.form()))
    desk.work()
    code = codes.make(desk.app.secrets, form)
    (scan,) = mail(desk, ("cv_ky.pdf", pdf(f"Ma doi chieu: {code}")), sender="la@noi-khac.test")
    desk.work()
    verdict = newest(desk, scan)
    assert (verdict.outcome, verdict.agency, verdict.letter_of) == ("waiting", DUC_THO, form)
    assert verdict.reason == f"văn bản mang mã đối chiếu của bản nộp BN-{form:04}: chờ vào sổ"
    (forged,) = mail(desk, ("gia.pdf", pdf(f"{code[:-1]}{'0' if code[-1] != '0' else '1'}")))
    desk.work()
    assert newest(desk, forged).letter_of is None
