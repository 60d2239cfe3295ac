"""Steps that rest on an official letter: drafted for the clerk once a morning, taken once it is issued, cited then."""

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from sqlalchemy import select

from dondoc.directive.model import Step
from dondoc.errors import Problem
from dondoc.escalation import official
from dondoc.escalation.decision import decide
from dondoc.escalation.ladder import Ladder
from dondoc.escalation.past import SentLetter, duty
from dondoc.escalation.reasons import LadderReason
from dondoc.facts import issued
from dondoc.facts.issued import Issued, Item
from dondoc.facts.obligations import Standing
from dondoc.store.mail import OutboxLetter
from dondoc.store.official import OfficialIssue, OfficialLetter
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reasons import Reason, because, said
from dondoc.vocabulary.rulings import Cause
from dondoc.workdays import WorkingDays
from tests.conftest import acting
from tests.directive.letters import REGISTRY, file, group, written
from tests.escalation.conftest import Office, one

HONG_LINH, DUC_THO, POLICE = "ubnd-thi-xa-hong-linh", "ubnd-huyen-duc-tho", "cong-an-tinh"
DATED = {"due_before": "2021-11-20"}
FIRST = {"id": "overdue_1", "after": 1, "to": ["focal_officer", "clerk"], "letter": "overdue_1", "kind": "overdue"}
URGED = {
    **{"id": "urged", "title": "công văn đôn đốc", "after": 3, "to": ["head"], "letter": "overdue_2"},
    **{"kind": "overdue", "approval": True, "needs": "overdue_1", "wait": 2, "official": True, "answer_days": 5},
}
BOARD = {
    **{"id": "report_up", "after": 5, "to": ["board"], "letter": "overdue_board", "kind": "overdue"},
    **{"approval": True, "needs": "urged", "wait": 3},
}
AGAIN = {**FIRST, "id": "ask_again", "after": 4, "needs": "overdue_1", "repeat": 5}
LETTER = file(
    group("tourism/form_03", HONG_LINH, **DATED),
    group("tourism/form_03", DUC_THO, **DATED),
    group("public_admin_centre/focal_letter", DUC_THO, **DATED),
    id="mot", number=None, day=None, ladder=[FIRST, URGED, BOARD, AGAIN],
)  # fmt: skip
FIRST_THE_BOARD = file(
    group("tourism/form_03", DUC_THO, **DATED),
    id="mot",
    ladder=[FIRST, {**BOARD, "needs": "overdue_1", "wait": 2, "after": 4}, URGED],
)
DIRECTIVE = LETTER.directive(REGISTRY)
TUESDAY, THURSDAY, FRIDAY = date(2021, 11, 23), date(2021, 11, 25), date(2021, 11, 26)
MONDAY, PDF = date(2021, 11, 29), b"%PDF-1.7"


@pytest.fixture
def environment(environment: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> pytest.MonkeyPatch:
    letter = getattr(request, "param", LETTER)
    environment.setenv("DONDOC_DIRECTIVE", str(written(tmp_path / "mot.yaml", letter)))
    return environment


@pytest.fixture
def waiting(post_office: Office) -> Office:
    """The first overdue letters arrived on the Tuesday; on the Thursday the heads' turn would have come."""
    post_office.know(("so-tttt", "clerk", "van-thu@so.test"))
    post_office.go(TUESDAY)
    post_office.decide()
    post_office.deliver()
    morning(post_office, THURSDAY)
    return post_office


def morning(office: Office, day: date) -> list[dict[str, Any]]:
    office.go(day)
    office.see()
    return office.decide(everyone=True)


def drafts(office: Office) -> list[OfficialLetter]:
    with office.app.sessions.reading() as session:
        return list(session.scalars(select(OfficialLetter).order_by(OfficialLetter.id)))


def issue(office: Office, letter: int = 1, day: date = FRIDAY, **given: Any) -> None:
    entered = {"number": "2145/STTTT-CNTT", "signer": "Đậu Tùng Lâm", "signed": PDF} | given
    issued.issue(office.app, letter, document_date=day, actor=acting("Văn thư"), now=office.now, **entered)


def mails(office: Office, title: str) -> list[OutboxLetter]:
    return [row for row in office.letters() if row.kind == "internal" and title in row.subject]


def lines(office: Office, letter: int) -> list[str]:
    found = Document(BytesIO(office.app.blobs.get(drafts(office)[letter - 1].blob)))
    tables = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return [one for text in (*(p.text for p in found.paragraphs), *tables) for one in text.split("\n") if one]


def test_the_clerk_gets_one_draft_a_morning_for_all_agencies_and_the_step_waits_for_it(waiting: Office) -> None:
    rows = waiting.preview(THURSDAY, everyone=True)
    assert {one(rows, agency)["step"] for agency in (HONG_LINH, DUC_THO)} == {None}
    assert "chờ công văn của Sở được cấp số, ký và vào sổ" in one(rows, DUC_THO)["reason"]
    [draft] = drafts(waiting)
    assert (draft.day, draft.answer_days, len(draft.items)) == (THURSDAY, 5, 3)
    [mail] = mails(waiting, "Dự thảo công văn CV-0001: trình ký, cấp số")
    assert mail.recipient == "van-thu@so.test"
    assert "Kính gửi: UBND thị xã Hồng Lĩnh, UBND huyện Đức Thọ" in mail.text
    assert "05 ngày làm việc kể từ ngày ban hành" in mail.text
    assert [(file["filename"], file["sha256"]) for file in mail.attachments] == [("du_thao_CV-0001.docx", draft.blob)]
    read = lines(waiting, 1)
    assert "- Ủy ban nhân dân thị xã Hồng Lĩnh;" in read
    assert "V/v đề nghị gửi Biểu mẫu 03 và văn bản cử đầu mối theo Công văn số 8000/UBND-NC2 ngày 15/11/2021" in read
    assert "Hà Tĩnh, ngày      tháng 11 năm 2021" in read
    assert any(line.startswith("Số:      ") and "/STTTT-" in line for line in read)
    assert read[read.index("Ủy ban nhân dân huyện Đức Thọ") + 1 :][:2] == [
        "Biểu mẫu 03 (Khu, điểm du lịch): trước ngày 20/11/2021; "
        "Văn bản cử cán bộ đầu mối (Trung tâm Hành chính công cấp huyện): trước ngày 20/11/2021",
        "23/11/2021",
    ]
    waiting.decide()
    rows = morning(waiting, FRIDAY)
    assert len(drafts(waiting)) == len(mails(waiting, "Dự thảo công văn")) == 1, "nothing has changed"
    assert one(rows, DUC_THO)["step"] is None
    assert "ban hành hôm nay: hết ngày 02/12/2021" in mail.text
    [told] = mails(waiting, "Sáng 26/11")
    assert "CV-0001, chờ từ ngày 25/11/2021, đã 01 ngày làm việc: UBND thị xã Hồng Lĩnh, " in told.text
    assert all("Công văn số 2145" not in row.text for row in waiting.letters())


def test_once_it_is_issued_the_letters_cite_it_and_its_day_is_what_counts(waiting: Office) -> None:
    waiting.go(FRIDAY, 10)
    issue(waiting)
    rows = morning(waiting, MONDAY)
    row = one(rows, DUC_THO)
    assert (row["step"], row["answer_by"]) == ("urged", "2021-12-03"), "five working days from Friday 26/11"
    held = [letter for letter in waiting.letters(DUC_THO) if letter.state == "held"]
    cited = "và Công văn số 2145/STTTT-CNTT ngày 26/11/2021 của Sở Thông tin và Truyền thông"
    assert held
    assert all(cited in text for letter in held for text in (letter.text, letter.html))
    assert "chỉ đạo gửi trước 04/12/2021" in held[0].subject
    assert waiting.approve(*row["outbox_ids"]) == ["pending"] * len(row["outbox_ids"])
    assert not mails(waiting, "Sáng 29/11")[0].text.count("CV-0001")


def test_what_rests_on_a_letter_that_was_taken_back_does_not_leave(waiting: Office) -> None:
    waiting.go(FRIDAY, 10)
    issue(waiting)
    row = one(morning(waiting, MONDAY), DUC_THO)
    row_back = issued.unissue(waiting.app, 1, reason="nhầm số", actor=acting("Văn thư"), now=waiting.now)
    assert row_back.document_number == "2145/STTTT-CNTT"
    issue(waiting, number="2146/STTTT-CNTT")
    assert set(waiting.approve(*row["outbox_ids"])) == {"cancelled"}
    assert "công văn mà thư nêu đã rút khỏi sổ" in waiting.letters(DUC_THO)[-1].reason
    row = one(morning(waiting, date(2021, 11, 30)), DUC_THO)
    assert row["step"] == "urged"
    assert "Công văn số 2146/STTTT-CNTT ngày 26/11/2021" in waiting.letters(DUC_THO)[-1].text


def test_a_draft_that_others_have_made_untrue_is_replaced_the_next_morning(waiting: Office) -> None:
    waiting.go(THURSDAY, 15)
    waiting.arrives(HONG_LINH, "form_03")
    morning(waiting, FRIDAY)
    second = drafts(waiting)[1]
    assert {agency for agency, *_ in second.items} == {DUC_THO}
    assert "Thay dự thảo CV-0001, nếu chưa ban hành" in mails(waiting, "CV-0002")[0].text
    assert "Kính gửi: Ủy ban nhân dân huyện Đức Thọ." in lines(waiting, 2)
    with waiting.app.sessions.reading() as session:
        [still] = official.waiting_now(waiting.app, session, waiting.now)
    assert (still.letter.id, still.since) == (2, THURSDAY), "waiting since the first draft that asked for it"
    issue(waiting)
    with waiting.app.sessions.reading() as session:
        assert official.waiting_now(waiting.app, session, waiting.now) == [], "the first draft had been signed already"


def test_only_the_agencies_to_which_it_went_are_written_to(waiting: Office) -> None:
    waiting.go(FRIDAY, 10)
    issue(waiting, agencies=[HONG_LINH])
    rows = morning(waiting, MONDAY)
    assert (one(rows, HONG_LINH)["step"], one(rows, DUC_THO)["step"]) == ("urged", None)
    assert {agency for agency, *_ in drafts(waiting)[-1].items} == {DUC_THO}


def test_while_the_clerk_has_it_the_agency_is_asked_again_and_nothing_is_drafted_while_all_is_held(
    waiting: Office,
) -> None:
    rows = morning(waiting, date(2021, 11, 30))
    assert one(rows, DUC_THO)["step"] == "ask_again", "five working days after what was written last"
    assert len(drafts(waiting)) == 1
    waiting.arrives(HONG_LINH, "form_03")
    waiting.rule("hold_all")
    morning(waiting, date(2021, 12, 1))
    assert len(drafts(waiting)) == 1


@pytest.mark.parametrize("environment", [FIRST_THE_BOARD], indirect=True)
def test_the_board_reads_why_and_until_when_and_gets_the_draft_that_it_may_have_issued(post_office: Office) -> None:
    post_office.go(TUESDAY)
    post_office.decide()
    post_office.deliver()
    post_office.go(TUESDAY, 15)
    told = {"agency": DUC_THO, "until": date(2021, 11, 24), "spoken_to": "ông Trần Văn A", "cause": Cause.NO_BUDGET}
    post_office.rule("called", **told, reason="chờ phân bổ kinh phí")
    row = one(morning(post_office, THURSDAY), DUC_THO)
    assert row["step"] == "report_up"
    letter = next(one for one in post_office.letters() if str(one.id) in row["outbox_ids"])
    assert "(2) ban hành văn bản đôn đốc (dự thảo kèm theo: du_thao_CV-0001.docx; " in letter.text
    assert [file["filename"] for file in letter.attachments] == ["du_thao_CV-0001.docx"]
    assert (
        "Lý do, ngày hẹn: chưa có kinh phí: chờ phân bổ kinh phí (trao đổi ngày 23/11/2021 với ông Trần Văn A); ngày "
        "23/11/2021 hẹn gửi đến hết ngày 24/11/2021, đã qua ngày hẹn." in letter.text
    )
    post_office.go(FRIDAY, 10)
    issue(post_office)
    assert one(morning(post_office, MONDAY), DUC_THO)["step"] == "urged"


def elsewhere(office: Office, *agencies: str, **given: Any) -> OfficialIssue:
    said = {"number": "2145/STTTT-CNTT", "document_date": FRIDAY, "signer": "Đậu Tùng Lâm", "signed": PDF}
    said |= {"step": "urged", "answer_days": 5, "actor": acting("Văn thư"), "now": office.now} | given
    return official.issue_elsewhere(office.app, "mot", agencies=agencies, **said)


def test_a_letter_that_was_written_elsewhere_counts_from_its_date_like_one_of_our_drafts(waiting: Office) -> None:
    waiting.go(FRIDAY, 16)
    row = elsewhere(waiting, HONG_LINH, DUC_THO)
    assert row.agencies == [HONG_LINH, DUC_THO]
    with waiting.app.sessions.reading() as session:
        assert official.waiting_now(waiting.app, session, waiting.now) == [], "the draft is not needed any more"
    decided = one(morning(waiting, MONDAY), DUC_THO)
    assert (decided["step"], decided["answer_by"]) == ("urged", "2021-12-03"), "five working days from Friday 26/11"
    assert any("Công văn số 2145/STTTT-CNTT ngày 26/11/2021" in letter.text for letter in waiting.letters(DUC_THO))
    waiting.approve(*decided["outbox_ids"])
    waiting.deliver()
    issued.unissue(waiting.app, row.letter_id, reason="nhầm số", actor=acting("Văn thư"), now=waiting.now)
    cited = ", ".join(f"TH-{int(number):05}" for number in decided["outbox_ids"])
    assert official.taken_back(waiting.app, row).endswith(f"Thư đã gửi có nêu công văn này, cần thì rút lại: {cited}.")
    with waiting.app.sessions.reading() as session:
        [still] = official.waiting_now(waiting.app, session, waiting.now)
        assert [entry.letter.elsewhere for entry in official.register(waiting.app, session, waiting.now)] == [False]
    assert still.letter.id == 1
    assert elsewhere(waiting, HONG_LINH).agencies == [HONG_LINH], "entered again, as it was"


@pytest.mark.parametrize(
    ("agencies", "given", "why"),
    [
        ([POLICE], {}, "cong-an-tinh không còn phải gửi gì đã quá hạn"),
        ([DUC_THO], {"document_date": date(2020, 11, 26)}, r"gì đã quá hạn vào ngày văn bản \(26/11/2020\)"),
        ([DUC_THO], {"document_date": date(2021, 11, 19)}, r"gì đã quá hạn vào ngày văn bản \(19/11/2021\)"),
        ([DUC_THO], {"number": "1" * 201}, "dài quá 200 ký tự"),
        ([], {}, "chưa chọn"),
        ([DUC_THO], {"step": "ask_again"}, "“ask_again” không có trong “mot”. Có: mot overdue_1; mot urged"),
        ([DUC_THO], {"answer_days": 0}, "ghi từ 1 đến 60"),
        ([DUC_THO], {"document_date": date(2021, 12, 2)}, "trong tương lai"),
    ],
)
def test_a_letter_written_elsewhere_that_cannot_be_so_is_not_entered(
    office: Office, agencies: list[str], given: dict[str, Any], why: str
) -> None:
    office.go(FRIDAY, 16)
    with pytest.raises(Problem, match=why):
        elsewhere(office, *agencies, **given)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"signed": b"PK\x03\x04"}, "phải là tệp PDF"),
    ({"number": " "}, "Chưa ghi “Số, ký hiệu văn bản”"),
    ({"signer": ""}, "Chưa ghi “Người ký”"),
    ({"day": date(2021, 11, 24)}, "trước ngày của dự thảo"),
    ({"day": date(2021, 12, 2)}, "trong tương lai"),
    ({"agencies": [POLICE]}, "CV-0001 không gửi cong-an-tinh"),
    ({"letter": 7}, "Không có dự thảo CV-0007"),
]


@pytest.mark.slow
def test_what_cannot_be_so_is_not_entered(waiting: Office) -> None:
    waiting.go(FRIDAY, 10)
    for given, why in REFUSED:
        with pytest.raises(Problem, match=why):
            issue(waiting, **given)
    with pytest.raises(Problem, match="CV-0001 chưa vào sổ"):
        issued.unissue(waiting.app, 1, reason="nhầm", actor=acting(), now=waiting.now)
    issue(waiting, agencies=[HONG_LINH])
    with pytest.raises(Problem, match="CV-0001 đã vào sổ với số 2145/STTTT-CNTT"):
        issue(waiting, number="1/STTTT")
    morning(waiting, MONDAY)
    for number in ("2145/STTTT-CNTT", "02145 / stttt–cntt"):
        with pytest.raises(Problem, match="năm 2021 đã ghi cho CV-0001"):
            issue(waiting, 2, MONDAY, number=number)


def standing(**other: Any) -> Standing:
    [found] = [one for one in DIRECTIVE.obligations if one.agency == HONG_LINH]
    return Standing(found, HONG_LINH, Status.OVERDUE, date(2021, 11, 19), 0, (), **other)


def ladder(calendar: WorkingDays, *documents: tuple[date, str]) -> Ladder:
    item = (HONG_LINH, *duty(standing()))
    official = (
        Issued(i, f"{i}/STTTT", day, 5, frozenset({Item(*item, step)})) for i, (day, step) in enumerate(documents)
    )
    return Ladder(DIRECTIVE.registry, {DIRECTIVE.id: DIRECTIVE}, calendar, 1, official=tuple(official))


def letter(step: str, on: date) -> SentLetter:
    about = {"duties": frozenset({duty(standing())}), "day": on, "decided_on": on, "sent_on": on}
    return SentLetter(1, HONG_LINH, step, {DIRECTIVE.id: step}, state=OutboxState.SENT, **about)


PAST = [letter("overdue_1", TUESDAY)]


@pytest.mark.parametrize(
    ("documents", "day", "by"),
    [
        ([(FRIDAY, "urged")], MONDAY, date(2021, 12, 3)),
        ([(FRIDAY, "urged")], date(2021, 12, 6), date(2021, 12, 9)),  # entered late: no letter gives a day that is over
        ([(THURSDAY, "urged"), (MONDAY, "urged")], date(2021, 11, 30), date(2021, 12, 6)),  # the newest counts
        ([(FRIDAY, "had_another_id")], MONDAY, date(2021, 12, 3)),  # the step was renamed since
        ([], MONDAY, None),
    ],
)
def test_the_step_is_taken_and_its_day_counted_from_the_document(
    documents: list[tuple[date, str]], day: date, by: date | None, calendar: WorkingDays
) -> None:
    decision = decide(ladder(calendar, *documents), HONG_LINH, [standing()], PAST, day)
    assert (decision.answer_by, decision.step and decision.step.id) == (by, "urged" if by else None)
    assert ("chờ công văn" in decision.reason) == (by is None)


def test_nobody_is_asked_again_before_the_day_that_the_document_gave(calendar: WorkingDays) -> None:
    """The letter that rests on it has not left: nobody has approved it."""

    def obstacle(step: Step, ground: Sequence[Standing]) -> Reason | None:
        return because(LadderReason.NO_APPROVER) if step.id == "urged" else None

    known, owed = ladder(calendar, (FRIDAY, "urged")), [standing()]
    steps = {
        day: decide(known, HONG_LINH, owed, PAST, day, obstacle=obstacle).steps
        for day in (date(2021, 11, 30), date(2021, 12, 3), date(2021, 12, 6))
    }
    assert [[step.id for step in taken.values()] for taken in steps.values()] == [["urged"], ["urged"], ["ask_again"]]
    why = known.blocked_reason(DIRECTIVE.ladder[3], owed[0], PAST, date(2021, 12, 3))
    assert said(why) == "Công văn số 0/STTTT ngày 26/11/2021 đã hẹn đơn vị trả lời đến hết ngày 03/12/2021"


def test_the_next_step_waits_from_the_documents_day_not_from_the_letters(calendar: WorkingDays) -> None:
    """The letter came on Wednesday 1/12; seven working days from Friday 26/11 are over on the next Tuesday."""
    past, board = [*PAST, letter("urged", date(2021, 12, 1))], DIRECTIVE.ladder[2].model_copy(update={"wait": 7})
    known, owed = ladder(calendar, (FRIDAY, "urged")), standing()
    assert known.blocked_reason(board, owed, past, date(2021, 12, 7)) is None
    early = known.blocked_reason(board, owed, past, date(2021, 12, 6))
    assert said(early) == "Công văn số 0/STTTT ngày 26/11/2021 chưa đủ 07 ngày làm việc, chờ đến 07/12/2021"
