"""From arrival to answer: whose it is, what enters the data, what waits for a person, and what the sender reads."""

import re
import threading
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from pydantic import SecretStr
from sqlalchemy import select

from dondoc.audit import Actor, Channel
from dondoc.cameras.registry import addresses
from dondoc.cameras.registry.hiding import public
from dondoc.clock import end_of
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.facts import contacts, obligations
from dondoc.forms import template
from dondoc.forms.limited import judge
from dondoc.forms.spec import load_specs
from dondoc.intake import browse, inbox, submit
from dondoc.intake.answers import answer, words
from dondoc.intake.judge import judge_submission
from dondoc.intake.receive import receive
from dondoc.intake.verdicts import only_forms, without_reading
from dondoc.store.cameras import Camera
from dondoc.store.intake import Assignment, Verdict
from dondoc.vocabulary.submissions import Outcome, ToDo
from tests.conftest import CLERK, Run, at

from .conftest import DUC_THO, NAMED, OFFICER, SCAN, VU_QUANG, Desk

PERSON = Actor("Nguyễn Văn A", "nva", Channel.PAGE)


def bring(desk: Desk, content: bytes, name: str = "BM03.xlsx", *, sender: str = OFFICER, channel: str = "mail") -> int:
    """One arrival, judged and answered."""
    desk.now += timedelta(minutes=1)
    submission, _ = receive(
        desk.app,
        content,
        channel=channel,
        channel_id=f"{desk.now}",
        sender=sender,
        filename=name,
        received_at=desk.now,
        now=desk.now,
        message_id="<1@ductho.test>",
    )
    desk.work()
    return submission


def newest(desk: Desk, submission: int) -> Verdict:
    return [v for v in desk.verdicts() if v.submission_id == submission][-1]


def status(desk: Desk, agency: str, key: str = "tourism/form_03") -> str:
    as_of = end_of(date(2021, 11, 22))
    with desk.app.sessions.begin() as session:
        rows = obligations.at(desk.app, session, as_of)
    return next(s.status for s in rows if s.duty.agency == agency and s.duty.short == key)


def cameras(desk: Desk) -> list[Camera]:
    with desk.app.sessions.begin() as session:
        return list(session.scalars(select(Camera).order_by(Camera.id)))


def test_a_good_form_meets_the_obligation_and_its_cameras_enter_the_data(desk: Desk) -> None:
    submission = bring(desk, desk.form(cameras=2))
    verdict = newest(desk, submission)
    assert (verdict.outcome, verdict.agency, verdict.form, verdict.version) == ("accepted", DUC_THO, "form_03", 1)
    assert verdict.fulfils == ["stttt-cntt-2021-11:tourism/form_03"]
    assert status(desk, DUC_THO) == "fulfilled"
    assert [(c.agency, c.system, c.submission_id) for c in cameras(desk)] == [(DUC_THO, "tourism", submission)] * 2


def test_a_token_in_an_address_is_kept_for_the_camera_alone(desk: Desk) -> None:
    path = "/live/a8F3kQz9pL2mNx7w?channel=1"
    book, filled = load_workbook(BytesIO(desk.form(cameras=1))), BytesIO()
    (cell,) = (c for sheet in book for row in sheet.iter_rows() for c in row if c.value == f"/{DUC_THO}/0")
    cell.value = path
    book.save(filled)
    verdict = newest(desk, bring(desk, filled.getvalue()))
    assert verdict.outcome == "accepted"
    assert [row["main_path"] for row in verdict.rows] == ["/live/***?channel=1"]
    (camera,) = cameras(desk)
    assert camera.url == "rtsp://127.0.0.1:554/live/***?channel=1"
    whole = addresses.read(camera, desk.app.settings.secret_keys)
    assert whole.url == whole.main == f"rtsp://127.0.0.1:554{path}"
    assert not any("a8F3" in letter.text for letter in desk.letters())


def test_a_form_without_cameras_meets_the_obligation_too(desk: Desk) -> None:
    bring(desk, desk.form(cameras=0, no_camera="Có", total_sites="0"))
    assert status(desk, DUC_THO) == "fulfilled"
    assert cameras(desk) == []
    [letter] = desk.letters()
    assert "không có camera thuộc phạm vi" in letter.text


def test_the_receipt_says_what_was_received_and_answers_the_mail(desk: Desk) -> None:
    bring(desk, desk.form())
    [letter] = desk.letters()
    assert (letter.kind, letter.state, letter.recipient, letter.agency) == ("receipt", "pending", OFFICER, DUC_THO)
    assert letter.in_reply_to == "<1@ductho.test>"
    assert letter.subject == "Đã nhận Biểu mẫu 03: 02 camera – Đức Thọ [IOC Hà Tĩnh]"
    for wanted in ("lúc 14 giờ 01 phút ngày 18/11/2021", "BN-0001", "02 camera", "được tính là hoàn thành"):
        assert wanted in letter.text
        assert wanted in re.sub(r"</?b>", "", letter.html)
    assert "127.0.0.1" not in letter.text + letter.html
    assert "18,34" not in letter.text + letter.html


def test_a_wrong_form_goes_back_with_its_cells_marked(desk: Desk) -> None:
    submission = bring(desk, desk.form(cameras=5, wrong=4))
    assert newest(desk, submission).outcome == "returned"
    assert status(desk, DUC_THO) == "returned"
    assert cameras(desk) == []
    [letter] = desk.letters()
    assert letter.kind == "returned"
    errors = [i for i in newest(desk, submission).issues if i["severity"] == "error"]
    assert len(errors) == 12
    listed = letter.text.split("Cần sửa:\n")[1].split("\n…")[0]
    assert listed.count("- ") == words.SHOWN
    assert "… và 02 chỗ khác, đánh dấu đầy đủ trong tệp đính kèm." in letter.text
    assert "Không gửi mật khẩu" in letter.text
    [attached] = letter.attachments
    assert attached["filename"] == "bm03_can_sua.xlsx"
    book = load_workbook(BytesIO(desk.app.blobs.get(attached["sha256"])))
    assert sum(cell.comment is not None for sheet in book for row in sheet.iter_rows() for cell in row) >= 12


def test_the_marked_copy_mended_and_sent_back_is_accepted(desk: Desk) -> None:
    bring(desk, desk.form(wrong=1))
    bring(desk, desk.form(wrong=0))
    assert [v.outcome for v in desk.verdicts()] == ["returned", "accepted"]
    assert status(desk, DUC_THO) == "fulfilled"


def test_the_same_wrong_form_again_is_told_that_its_faults_still_stand(desk: Desk) -> None:
    content = desk.form(wrong=1)
    bring(desk, content)
    bring(desk, content)
    assert [v.outcome for v in desk.verdicts()] == ["returned", "duplicate"]
    assert "không cần gửi lại" not in desk.letters()[-1].text
    assert "số liệu giống hệt bản đã nhận trước đó; còn 03 chỗ cần sửa, nêu dưới đây" in desk.letters()[-1].text
    assert status(desk, DUC_THO) == "returned"


def test_the_same_good_form_again_gets_one_answer_saying_so(desk: Desk) -> None:
    content = desk.form()
    for _ in range(3):
        bring(desk, content)
    assert [v.outcome for v in desk.verdicts()] == ["accepted", "duplicate", "duplicate"]
    assert [letter.kind for letter in desk.letters()] == ["receipt", "receipt"]
    assert "không cần gửi lại" in desk.letters()[1].text


def test_a_workbook_that_cannot_be_read_is_answered_with_what_to_do(desk: Desk) -> None:
    submission = bring(desk, desk.form()[:500])
    assert newest(desk, submission).outcome == "refused"
    [letter] = desk.letters()
    assert letter.kind == "returned"
    assert "Đề nghị gửi lại tệp chưa đọc được (mã BN-0001) – Đức Thọ" in letter.subject
    for wanted in (letter.text, letter.html):
        assert "Tệp bị hỏng hoặc gửi thiếu nên không mở được. Đề nghị mở tệp bằng Excel" in wanted
        assert wanted.count("BM03.xlsx") == 1, "said once"
        assert "chỉnh sửa" not in wanted
        assert "Bieu_mau_" in wanted


def test_with_a_file_that_cannot_be_read_a_blank_goes_back_to_whom_it_is_known_to_belong(desk: Desk) -> None:
    bring(desk, desk.form()[:500])
    bring(desk, desk.form()[:600], sender="la@noi-khac.test")
    known, stranger = desk.letters()
    assert stranger.attachments == []
    assert "Biểu mẫu trống" not in stranger.text
    [blank] = known.attachments
    found = judge(
        desk.app.blobs.get(blank["sha256"]),
        blank["filename"],
        data=desk.app.settings.data,
        registry=desk.app.registry,
        secrets=desk.app.settings.secret_keys,
        day=desk.now.date(),
    )
    assert (found.form, found.agency, found.token) == ("form_03", DUC_THO, "valid")


def test_no_blank_goes_to_whom_owes_no_form_any_more(desk: Desk) -> None:
    bring(desk, desk.form())
    bring(desk, desk.form()[:500])
    assert desk.letters()[-1].attachments == []


def test_from_an_unregistered_address_nothing_happens_until_a_person_assigns_it(desk: Desk) -> None:
    submission = bring(desk, desk.form(), sender="la@noi-khac.test")
    assert newest(desk, submission).outcome == "waiting"
    assert newest(desk, submission).agency == DUC_THO
    assert cameras(desk) == []
    assert status(desk, DUC_THO) == "under_review"
    [letter] = desk.letters()
    assert (letter.kind, letter.recipient) == ("receipt", "la@noi-khac.test")
    assert "Đức Thọ" not in letter.subject + letter.text  # it says nothing of whose form it may be
    with desk.app.sessions.begin() as session:
        assert contacts.agency_of_sender(session, "la@noi-khac.test", date(2021, 11, 20)) == set()

    verdict = inbox.assign(desk.app, submission, DUC_THO, by=PERSON, now=desk.now)
    assert (verdict.outcome, verdict.version) == ("accepted", 1)
    assert len(cameras(desk)) == 2
    again = bring(desk, desk.form(cameras=3, base=1, note="x"), sender="la@noi-khac.test")
    assert newest(desk, again).outcome == "waiting"  # that was said of the first form alone
    inbox.assign(desk.app, again, DUC_THO, by=PERSON, now=desk.now, lasting=True)
    later = bring(desk, desk.form(cameras=4, base=2, note="y"), sender="la@noi-khac.test")
    assert newest(desk, later).outcome == "accepted"


def test_a_registered_sender_of_another_agency_cannot_act_for_this_one(desk: Desk) -> None:
    desk.register(VU_QUANG, "cntt@vuquang.test")
    submission = bring(desk, desk.form(DUC_THO), sender="cntt@vuquang.test")
    assert (newest(desk, submission).outcome, newest(desk, submission).agency) == ("waiting", DUC_THO)
    assert status(desk, VU_QUANG) == "overdue"


def test_a_mail_without_a_sender_acts_for_nobody_but_our_own_folder_does(desk: Desk) -> None:
    nobody = bring(desk, desk.form(), sender="")
    assert newest(desk, nobody).outcome == "waiting"
    assert desk.letters() == []
    ours = bring(desk, desk.form(cameras=3), sender="", channel="folder")
    assert newest(desk, ours).outcome == "accepted"
    assert [letter.recipient for letter in desk.letters()] == [NAMED]  # the agency's own officer


def test_a_copy_that_is_not_ours_is_known_by_an_exact_name_and_ky_anh_alone_is_asked(desk: Desk) -> None:
    desk.register("ubnd-huyen-ky-anh", "cntt@kyanh.test")
    exact = bring(desk, desk.form(DUC_THO, token=False))
    assert newest(desk, exact).agency == DUC_THO
    assert newest(desk, exact).outcome.startswith("accepted")
    unclear = desk.form("ubnd-huyen-ky-anh", token=False, agency_name="UBND Kỳ Anh")
    stranger = bring(desk, unclear, sender="la@noi-khac.test")
    assert (newest(desk, stranger).outcome, newest(desk, stranger).agency) == ("waiting", None)
    assert status(desk, "ubnd-huyen-ky-anh") == status(desk, "ubnd-thi-xa-ky-anh") == "under_review"
    known = bring(desk, unclear, sender="cntt@kyanh.test")
    assert newest(desk, known).agency == "ubnd-huyen-ky-anh"


def test_a_forged_token_acts_for_nobody(desk: Desk, environment: pytest.MonkeyPatch) -> None:
    forger = Desk(AppContext(desk.app.settings.model_copy(update={"secret_key": SecretStr("x")})))
    submission = bring(desk, forger.form(VU_QUANG), sender="la@noi-khac.test")
    assert newest(desk, submission).outcome == "waiting"


def test_two_corrections_of_the_same_copy_leave_one_to_a_person_who_decides(desk: Desk) -> None:
    bring(desk, desk.form(cameras=2))
    bring(desk, desk.form(cameras=3, base=1))
    stale = bring(desk, desk.form(cameras=4, base=1), sender=NAMED)
    assert newest(desk, stale).outcome == "conflict"
    assert len(cameras(desk)) == 3
    assert status(desk, DUC_THO) == "fulfilled"
    with desk.app.sessions.begin() as session:
        [row] = inbox.inbox(session)
    assert (row["number"], row["outcome"]) == ("BN-0003", "conflict")
    decided = inbox.assign(desk.app, stale, DUC_THO, by=PERSON, now=desk.now)
    assert (decided.outcome, decided.version) == ("accepted", 3)
    assert len(cameras(desk)) == 4


def test_assigning_counts_even_when_every_clock_says_the_same(desk: Desk) -> None:
    """Each process under DONDOC_CLOCK starts at the same moment: order must not rest on times."""
    submission = bring(desk, desk.form(), sender="la@noi-khac.test")
    early = at(18, 13)
    assert inbox.assign(desk.app, submission, DUC_THO, by=PERSON, now=early).outcome == "accepted"
    assert judge_submission(desk.app, submission, now=early).outcome == "accepted"
    assert len([v for v in desk.verdicts() if v.submission_id == submission]) == 2


def test_judging_again_writes_nothing(desk: Desk) -> None:
    submission = bring(desk, desk.form())
    first = newest(desk, submission)
    assert judge_submission(desk.app, submission, now=desk.now).id == first.id
    answer.answer(desk.app, [submission], now=desk.now)
    assert len(desk.verdicts()) == 1
    assert len(desk.letters()) == 1


def test_a_day_has_so_many_answers_to_one_address_and_the_next_day_has_its_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert answer.PER_DAY == 20
    monkeypatch.setattr(answer, "PER_DAY", 3)
    for n in range(answer.PER_DAY + 3):
        bring(desk, SCAN + b"%d" % n, "van-ban.pdf")
    assert len(desk.letters()) == answer.PER_DAY
    assert len(desk.verdicts()) == answer.PER_DAY + 3  # received and judged all the same
    desk.now += timedelta(days=1)
    bring(desk, SCAN + b"mai", "van-ban.pdf")
    assert len(desk.letters()) == answer.PER_DAY + 1


def test_a_password_in_a_form_is_nowhere_but_in_the_original(desk: Desk) -> None:
    content = desk.form(note=" rtsp://admin:BiMat-2021@10.0.0.9/")
    submission = bring(desk, content)
    verdict = newest(desk, submission)
    told = "".join(f"{v.subject}{v.text}{v.html}" for v in desk.letters())
    assert "BiMat-2021" not in told + str((verdict.rows, verdict.head, verdict.issues, verdict.reason))


def test_what_an_answer_holds_back_it_never_loses(desk: Desk) -> None:
    """A workbook that is no form of ours at all is kept, refused with a reason, and can still be assigned."""
    from openpyxl import Workbook

    book, stream = Workbook(), BytesIO()
    book.active["A1"] = '=HYPERLINK("http://x")'  # type: ignore[index]
    book.save(stream)
    submission = bring(desk, stream.getvalue(), "la.xlsx")
    assert newest(desk, submission).outcome == "refused"
    assert desk.app.blobs.get(desk.submissions()[0].sha256) == stream.getvalue()


def test_a_killed_run_is_caught_up_by_the_next(desk: Desk) -> None:
    receive(
        desk.app,
        desk.form(),
        channel="mail",
        channel_id="1",
        sender=OFFICER,
        filename="BM03.xlsx",
        received_at=desk.now,
        now=desk.now,
    )
    assert desk.work() == {1: "accepted"}
    assert desk.work() == {}


@pytest.fixture
def both(empty_database: str, app: AppContext) -> Desk:
    made = Desk(app)
    made.register(DUC_THO)
    return made


def test_the_same_sender_s_newer_form_is_the_next_version_and_asks_for_cameras_it_lacks(desk: Desk) -> None:
    first = bring(desk, desk.form(cameras=3))
    second = newest(desk, bring(desk, desk.form(cameras=2)))
    assert (second.outcome, second.version, second.replaces) == ("accepted_with_warnings", 2, first)
    [asked] = second.issues
    assert asked["code"] == "row_gone"
    assert "Cổng 03" in asked["message"]
    assert len(cameras(desk)) == 3  # asked about, not removed


def test_two_workers_at_once_make_one_first_version(both: Desk) -> None:
    """The same two arrivals judged by several threads: each once, and one version 1 only."""
    both.register(DUC_THO, NAMED)
    for n, sender in ((2, OFFICER), (3, NAMED)):
        receive(
            both.app,
            both.form(cameras=n),
            channel="mail",
            channel_id=str(n),
            sender=sender,
            filename="BM03.xlsx",
            received_at=both.now,
            now=both.now,
        )
    failures: list[BaseException] = []

    def work(submission: int) -> None:
        try:
            judge_submission(both.app, submission, now=both.now)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work, args=(s,)) for s in (1, 2, 1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert failures == []
    assert sorted((v.outcome, v.version or 0) for v in both.verdicts()) == [("accepted", 1), ("conflict", 0)]


def test_a_scan_waits_and_entering_it_in_the_register_settles_it(
    desk: Desk, dondoc: Run, environment: pytest.MonkeyPatch, tmp_path: object
) -> None:
    environment.setenv("DONDOC_CLOCK", "2021-11-19T10:00+07:00")
    bring(desk, SCAN, "1120_UBND-VP.pdf")
    bring(desk, b"%PDF khac", "khac.pdf")
    scan = desk.app.settings.home / "scan.pdf"
    scan.write_bytes(SCAN)
    letter = ("--agency", DUC_THO, "--fulfils", "focal_letter", "--number", "1120/UBND-VP", "--date", "2021-11-17")
    letter += ("--arrived", "2021-11-18", "--by", "Trần Thị Văn")
    assert status(desk, DUC_THO, "public_admin_centre/focal_letter") == "under_review"
    said = dondoc("register", *letter, "--file", scan).stderr
    assert "BN-0001 không còn chờ xử lý" in said
    assert status(desk, DUC_THO, "public_admin_centre/focal_letter") == "fulfilled"
    verdict = newest(desk, 1)
    assert (verdict.outcome, verdict.agency, verdict.form, verdict.fulfils) == ("accepted", DUC_THO, None, [])
    assert verdict.reason == "đã vào sổ văn bản số 1120/UBND-VP"
    with desk.app.sessions.begin() as session:
        assert [row["number"] for row in inbox.inbox(session)] == ["BN-0002"]
    assert status(desk, DUC_THO) == "overdue"  # the other scan may be a letter, but no form

    said = dondoc("register", *letter, "--submission", "BN-0002").stderr
    assert "BN-0002 không còn chờ xử lý" in said
    with desk.app.sessions.begin() as session:
        assert inbox.inbox(session) == []
    with pytest.raises(Problem, match="Không có bản nộp BN-0099"):
        dondoc("register", *letter, "--submission", "99")
    with pytest.raises(Problem, match="một trong hai"):
        dondoc("register", *letter, "--submission", "2", "--file", scan)
    assert status(desk, DUC_THO) == "overdue"


def test_registering_a_form_that_was_already_accepted_leaves_its_verdict_alone(desk: Desk) -> None:
    bring(desk, desk.form())
    with desk.app.sessions.begin() as session:
        sha256 = desk.submissions()[0].sha256
        assert inbox.mark_registered(session, sha256, agency=DUC_THO, number="1/VB", now=desk.now) == []
    assert status(desk, DUC_THO) == "fulfilled"


def test_a_person_puts_a_stray_mail_aside_and_nothing_is_deleted(desk: Desk, dondoc: Run) -> None:
    submission = bring(desk, b"quang cao", "thu.eml")
    assert status(desk, DUC_THO) == "under_review"
    dondoc("dismiss", "BN-0001", "--reason", "thư quảng cáo", "--by", "Nguyễn Văn A")
    assert newest(desk, submission).outcome == "dismissed"
    assert newest(desk, submission).reason == "thư quảng cáo (Nguyễn Văn A)"
    assert status(desk, DUC_THO) == "overdue"
    assert desk.app.blobs.get(desk.submissions()[0].sha256) == b"quang cao"
    before = len(desk.letters())
    answer.answer(desk.app, [submission], now=desk.now)
    assert len(desk.letters()) == before
    with pytest.raises(Problem, match="không chờ người xử lý"):
        dondoc("dismiss", "1", "--reason", "lần nữa", "--by", "A")
    assert inbox.assign(desk.app, submission, DUC_THO, by=PERSON, now=desk.now).outcome == "waiting"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dismiss", "99", "--reason", "x", "--by", "A"), "Không có bản nộp BN-0099"),
        (("dismiss", "1", "--reason", " ", "--by", "A"), "Lý do"),
        (("dismiss", "x", "--reason", "x", "--by", "A"), "không phải số bản nộp"),
        (("assign", "99", "--agency", DUC_THO, "--by", "A"), "Không có bản nộp BN-0099"),
        (("assign", "1", "--agency", "ubnd-x", "--by", "A"), "Không có đơn vị “ubnd-x”"),
        (("assign", "2", "--agency", DUC_THO, "--by", "A"), "BN-0002 không chờ người xử lý"),
    ],
)
def test_a_wrong_word_on_a_submission_is_a_sentence(
    desk: Desk, dondoc: Run, arguments: tuple[str, ...], words: str
) -> None:
    bring(desk, b"quang cao", "thu.eml")
    bring(desk, desk.form())
    with pytest.raises(Problem, match=words):
        dondoc(*arguments)
    with desk.app.sessions.begin() as session:
        assert session.scalars(select(Assignment)).all() == []


def test_an_upload_of_ours_acts_by_its_token(desk: Desk) -> None:
    line = submit.submit(
        desk.app, desk.form(), "BM03.xlsx", sender="", channel="upload", by=CLERK, received_at=desk.now, now=desk.now
    )
    assert (line["outcome"], line["agency"], line["duplicate"]) == ("accepted", DUC_THO, False)


def test_the_stored_rows_are_those_of_the_judge(desk: Desk) -> None:
    content = desk.form()
    submission = bring(desk, content)
    form = judge(
        content,
        "BM03.xlsx",
        data=desk.app.settings.data,
        registry=desk.app.registry,
        secrets=desk.app.settings.secret_keys,
        day=date(2021, 11, 18),
    )
    verdict = newest(desk, submission)
    assert verdict.rows == [row | {"main_path": public(row["main_path"])} for row in form.rows]
    assert verdict.value_hash == form.value_hash


def test_what_was_put_aside_or_given_wrongly_is_taken_back_and_waits_again(desk: Desk) -> None:
    scan = bring(desk, SCAN, "cv.pdf")
    with desk.app.sessions.begin() as session:
        inbox.dismiss(session, desk.app.secrets, scan, reason="thư rác", by=PERSON, now=desk.now)
    focal = "public_admin_centre/focal_letter"
    assert status(desk, DUC_THO, focal) == "overdue"
    inbox.undo(desk.app, scan, reason="bấm nhầm", by=PERSON, now=desk.now)
    assert status(desk, DUC_THO, focal) == "under_review"
    assert newest(desk, scan).may_be == "letter"

    stranger = bring(desk, desk.form(), sender="la@noi-khac.test")
    inbox.assign(desk.app, stranger, DUC_THO, by=PERSON, now=desk.now, lasting=True)
    assert status(desk, DUC_THO) == "fulfilled"
    inbox.undo(desk.app, stranger, reason="không phải của huyện", by=PERSON, now=desk.now)
    assert status(desk, DUC_THO) == "under_review"
    again = bring(desk, desk.form(cameras=1), sender="la@noi-khac.test")
    assert newest(desk, again).outcome == "waiting"  # its sender does not act for the agency any more
    given = inbox.assign(desk.app, stranger, DUC_THO, by=PERSON, now=desk.now)
    assert (given.outcome, given.version) == ("accepted", 1)


def test_only_a_persons_word_that_nothing_rests_on_is_taken_back(desk: Desk) -> None:
    first = bring(desk, desk.form(), sender="la@noi-khac.test")
    with pytest.raises(Problem, match="không có gì để thu hồi"):
        inbox.undo(desk.app, first, reason="thử", by=PERSON, now=desk.now)
    inbox.assign(desk.app, first, DUC_THO, by=PERSON, now=desk.now, lasting=True)
    bring(desk, desk.form(cameras=3, base=1), sender="la@noi-khac.test")
    with pytest.raises(Problem, match="đã được BN-0002 thay"):
        inbox.undo(desk.app, first, reason="thử", by=PERSON, now=desk.now)


@pytest.mark.parametrize(
    ("first", "second", "done"),
    [
        (b"PK hong", {}, True),  # which form it was nobody can tell: the one that its agency has to send
        (b"", {}, True),  # the form's own blank, which names it
        (b"PK hong", {"wrong": 1}, False),  # what came since is to be corrected
    ],
)
def test_a_file_that_could_not_be_read_is_nobodys_work_once_a_good_form_came(
    desk: Desk, first: bytes, second: dict[str, Any], done: bool
) -> None:
    blank = BytesIO()
    spec, registry = load_specs(desk.app.settings.data)["form_03"], desk.app.registry
    template.make(spec, registry.agency(DUC_THO), registry, list(desk.app.secrets)).save(blank)
    for number, content in enumerate((first or blank.getvalue(), desk.form(**second))):
        bring(desk, content)
        with desk.app.sessions.reading() as session:
            line = browse.lines(desk.app, session, [1], desk.now)[0]
            waits = [row["id"] for row in inbox.inbox(session, inbox.ASIDE, only_forms(desk.app, session, desk.now))]
            number_waiting = browse.waiting(desk.app, session, desk.now)
        settled = done and number == 1
        assert (line.todo, "1" in waits) == (ToDo.NOTHING if settled else ToDo.SEND_AGAIN, not settled)
        assert number_waiting == len(waits)


def test_the_same_form_that_came_in_time_and_was_taken_in_last_is_no_late_one(desk: Desk) -> None:
    desk.now = at(22, 9)
    bring(desk, desk.form())
    assert status(desk, DUC_THO) == "fulfilled_late"
    sent = {"channel": "folder", "channel_id": "usb", "sender": OFFICER, "filename": "BM03.xlsx", "message_id": None}
    receive(desk.app, desk.form(), received_at=at(17, 16), now=desk.now, **sent)
    desk.work()
    assert newest(desk, 2).outcome == "duplicate"
    assert "nội dung giống hệt bản BN-0001 đã tiếp nhận" in desk.letters()[-1].text
    assert status(desk, DUC_THO) == "fulfilled"
    with desk.app.sessions.begin() as session:
        session.add(without_reading(1, Outcome.DISMISSED, "không phải của đơn vị", desk.now, agency=DUC_THO))
    assert status(desk, DUC_THO) != "fulfilled", "a duplicate of nothing counts for nothing"


def test_what_one_clerk_is_giving_to_an_agency_no_other_gives_elsewhere_or_puts_aside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission, judged = bring(desk, desk.form(), sender="la@noi-khac.test"), inbox.judge_submission
    other = Actor("Trần Thị B", "ttb", Channel.PAGE)

    def meanwhile(*args: Any, **more: Any) -> Verdict:
        with pytest.raises(Problem, match="vừa được Nguyễn Văn A giao"):
            inbox.assign(desk.app, submission, VU_QUANG, by=other, now=desk.now)
        with pytest.raises(Problem, match="vừa được Nguyễn Văn A giao"), desk.app.sessions.begin() as session:
            inbox.dismiss(session, desk.app.secrets, submission, reason="rác", by=other, now=desk.now)
        return judged(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "judge_submission", meanwhile)
        inbox.assign(desk.app, submission, DUC_THO, by=PERSON, now=desk.now)
    assert {camera.agency for camera in cameras(desk)} == {DUC_THO}
    assert (newest(desk, submission).outcome, newest(desk, submission).agency) == ("accepted", DUC_THO)
