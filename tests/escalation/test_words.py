"""What officials read: each letter of the letter of 2021, by agency and step, as they would be willing to sign it."""

import re
from collections import defaultdict
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.configuration.check import samples
from dondoc.configuration.settings import DATA
from dondoc.directive.model import Directive
from dondoc.escalation import words
from dondoc.mail.render import SHOWN, fitted, render, request
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.agencies import AgencyKind
from tests.directive.letters import NOVEMBER_2021, REGISTRY
from tests.escalation.conftest import Office
from tests.escalation.test_still_true import play

DUC_THO, HONG_LINH, POLICE = "ubnd-huyen-duc-tho", "ubnd-thi-xa-hong-linh", "cong-an-tinh"
DIRECTIVE: Directive = NOVEMBER_2021.directive(REGISTRY)
VERBS = ("Gửi", "Đề nghị gửi", "Đề nghị phối hợp gửi", "Kính đề nghị chỉ đạo gửi")
DATE = re.compile(r"\d\d/\d\d/\d{4}")


def outside(agency: str) -> bool:
    return REGISTRY.agency(agency).kind in (AgencyKind.CENTRAL, AgencyKind.ENTERPRISE)


def checked(row: OutboxLetter) -> None:
    """What holds for every letter of the ladder."""
    html = re.sub(r"<[^>]+>", "", row.html)
    for text in (row.subject, row.text, html):
        assert not re.search(r"None|Thông báo|lần \d|gửi hết ngày|[Vv]ăn bản V/v|số\s*/|quá 0+ ngày|yêu cầu", text), (
            text
        )
    assert len(row.subject) < 100
    assert "Trao đổi: " in row.text
    assert "điện thoại" in html, "one person with a number"
    if row.context["role"] != "board":
        assert DATE.search(row.subject[:SHOWN]), row.subject
        first, second = row.text.split("\n\n")[1].replace("\n", " ").split(". ")[:2]
        assert first.startswith("Sở TT&TT kính đề nghị")
        assert len(set(DATE.findall(re.sub(r"\(.*?\)", "", first)))) == 1, "the request with its one date"
        assert second.startswith("Căn cứ: Công văn số 7418/UBND-NC2 ngày 05/11/2021"), second


@pytest.fixture
def letters(post_office: Office) -> dict[tuple[str, str], list[OutboxLetter]]:
    play(post_office)
    found: dict[tuple[str, str], list[OutboxLetter]] = defaultdict(list)
    for row in post_office.letters():
        if row.kind.chases:
            checked(row)
            for agency in row.context.get("agencies", [row.agency]):
                found[agency, row.context["step"]].append(row)
    return found


WORDS = {
    (DUC_THO, "remind_3"): (
        "Gửi văn bản cử đầu mối trước 19/11/2021 – Đức Thọ [IOC Hà Tĩnh]",
        ["Các nội dung khác còn phải gửi:", "- Biểu mẫu 03 (Khu, điểm du lịch): trước ngày 20/11/2021."],
    ),
    ("so-nnptnt", "remind_3"): (
        "Gửi 02 nội dung trước 20/11/2021 – Sở NN&PTNT [IOC Hà Tĩnh]",
        [
            "gửi 02 nội dung dưới đây trước ngày 20/11/2021 (hạn cuối: hết thứ Sáu, 19/11/2021).",
            "- Văn bản cử cán bộ đầu mối (Hồ, đập thủy lợi): trước ngày 20/11/2021",
            "dự thảo văn bản cử cán bộ đầu mối, để trống số, ngày, họ tên",
            "Nếu chưa thể gửi, xin trả lời một dòng: ngày dự kiến gửi và lý do; Sở sẽ ghi nhận và không đôn đốc trước",
        ],
    ),
    (HONG_LINH, "overdue_1"): (
        "Đề nghị gửi Biểu mẫu 03 trong ngày 24/11/2021 – TX. Hồng Lĩnh [IOC Hà Tĩnh]",
        [
            "gửi Biểu mẫu 03 (Khu, điểm du lịch) trong ngày 24/11/2021 (thời hạn: trước ngày 20/11/2021, quá 02 ngày",
            "Đơn vị không có camera: chọn “Có”",
        ],
    ),
    (HONG_LINH, "overdue_2"): (
        "Kính đề nghị chỉ đạo gửi trước 01/12/2021: Biểu mẫu 03 – TX. Hồng Lĩnh [IOC Hà Tĩnh]",
        [
            "Kính gửi: Đồng chí Chủ tịch UBND thị xã Hồng Lĩnh",
            "Sở đã gửi thư tới cán bộ đầu mối focal_officer và văn thư ngày 23/11/2021.",
            "Sau ngày 01/12/2021 Sở tổng hợp, báo cáo UBND tỉnh Hà Tĩnh. Nếu có khó khăn, xin đồng chí cho biết",
        ],
    ),
    (POLICE, "overdue_1"): (
        "Đề nghị phối hợp gửi trước 27/11/2021: 02 nội dung – CA tỉnh [IOC Hà Tĩnh]",
        ["kính đề nghị Quý cơ quan phối hợp gửi 02 nội dung dưới đây trước ngày 27/11/2021."],
    ),
    (POLICE, "report_up"): (
        "[Nội bộ] 03 đơn vị chưa gửi đủ sau các thư đề nghị phối hợp: xin ý kiến [IOC Hà Tĩnh]",
        ["Xin ý kiến một trong ba: (1) đồng chí gọi", "Thư về đúng nội dung này: 16/11/2021 (TH-", "điện thoại 0912"],
    ),
}


def test_each_step_has_the_words_that_an_official_would_sign(
    letters: dict[tuple[str, str], list[OutboxLetter]],
) -> None:
    for key, (subject, said) in WORDS.items():
        subjects = [row.subject for row in letters[key]]
        assert subject in subjects
        row = letters[key][subjects.index(subject)]
        for part in said:
            assert part in row.text, (key, part, row.text)
    for (agency, step), rows in letters.items():
        if step == "overdue_2":
            for row in rows:
                assert not row.attachments, "a head is given no file"
                assert not re.search(r"Cách gửi|mật khẩu|Kèm theo", row.text)
            [to_head] = [row for row in rows if row.context["role"] == "head"]
            assert to_head.recipient == f"clerk@{agency}.test", "the official mailbox, not his own address"
            assert to_head.in_reply_to is None, "he had none before"
        if outside(agency) and step != "report_up":
            assert step != "overdue_2", "their heads are not written to"
            for row in rows:
                assert "quá" not in row.subject + row.text
                assert "báo cáo" not in row.text
                assert "phối hợp" in row.subject
    thread = letters[HONG_LINH, "overdue_1"][0]
    before = [letters[HONG_LINH, step][0].message_id for step in ("remind_3", "remind_1")]
    assert thread.context["references"] == before
    assert thread.in_reply_to == before[-1]


LATE = "quá hạn sau các thư đôn đốc"
TO_THE_BOARD = [
    (["UBND huyện Đức Thọ"], f"UBND huyện Đức Thọ {LATE}", "văn bản đôn đốc ("),
    (["UBND huyện Đức Thọ", "Sở NN&PTNT"], f"02 đơn vị {LATE}", "văn bản đôn đốc ("),
    (["Công an tỉnh"], "Công an tỉnh chưa gửi đủ sau các thư đề nghị phối hợp", "văn bản đề nghị phối hợp ("),
    (
        ["Công an tỉnh", "UBND huyện Đức Thọ"],
        "02 đơn vị chưa gửi đủ sau các thư đề nghị",
        "văn bản đôn đốc, đề nghị phối hợp (",
    ),
]


@pytest.mark.parametrize(("agencies", "subject", "paper"), TO_THE_BOARD)
def test_our_board_reads_of_nobody_outside_our_authority_that_he_is_late(
    agencies: list[str], subject: str, paper: str
) -> None:
    whole = samples.CHASING.samples[0]
    rows = [{**whole["rows"][0], "agency": name, "orders": name != "Công an tỉnh"} for name in agencies]
    context = {**whole, "rows": rows}
    rendered = render(DATA, REGISTRY, "overdue_board", context, date(2021, 12, 1))
    assert rendered.subject == f"[Nội bộ] {subject}: xin ý kiến [IOC Hà Tĩnh]"
    assert paper in rendered.text
    assert paper in rendered.html


@given(st.sampled_from(VERBS), st.text(st.characters(categories=["L"]), min_size=1, max_size=200), st.dates())
def test_whatever_is_asked_the_date_is_among_the_first_letters(verb: str, what: str, day: date) -> None:
    when = f"trong ngày {day.day:02}/{day.month:02}/{day.year:04}"
    if verb.startswith("Kính"):
        when = when.replace("trong ngày", "trước")
    assert DATE.search(request(what, verb, when)[:SHOWN])


@given(st.text(max_size=300), st.text(max_size=40))
def test_no_subject_is_too_long(subject: str, tag: str) -> None:
    assert len(fitted(subject, tag)) < 100


def test_the_subject_of_every_agency_and_every_duty_fits() -> None:
    whens = {"Gửi": "trước 20/11/2021", "Đề nghị gửi": "trong ngày 24/11/2021"}
    for agency in REGISTRY.agencies:
        for name in (words.what([duty]) for duty in DIRECTIVE.duties):
            for verb in VERBS:
                when = whens.get(verb, "trước 01/12/2021")
                subject = f"{request(name, verb, when)} – {agency.short} [IOC Hà Tĩnh]"
                assert fitted(subject, "IOC Hà Tĩnh") == subject, "even its tag has room"
                assert DATE.search(subject[:SHOWN])


def test_a_letter_without_a_number_is_named_by_what_it_is_about() -> None:
    unnumbered: Any = DIRECTIVE.model_copy(update={"number": None, "day": None})
    assert words.reference(unnumbered).startswith("văn bản của Sở về đôn đốc triển khai")
    assert words.grounds([unnumbered]) == "Công văn số 7418/UBND-NC2 ngày 05/11/2021 của UBND tỉnh"


def test_what_came_is_thanked_for_and_what_could_not_be_read_is_said(office: Office) -> None:
    office.arrives(DUC_THO, "focal_letter")
    office.submission(DUC_THO, "form_03", "refused")
    office.decide(agencies=[DUC_THO])
    row = office.letters(DUC_THO)[0]
    checked(row)
    for text in (row.text, row.html):
        assert (
            "Sở đã nhận, xin cảm ơn: Văn bản cử cán bộ đầu mối (Trung tâm Hành chính công cấp huyện), ngày 23/11"
            in text
        )
        assert "Tệp “f.xlsx” gửi ngày 23/11/2021 chưa mở được; xin gửi lại." in text
    assert not [a for a in row.attachments if a["filename"].endswith("docx")], "that letter came"


def test_who_owes_only_a_letter_is_offered_no_form(office: Office) -> None:
    office.arrives(DUC_THO, "form_03")
    office.decide(agencies=[DUC_THO])
    row = office.letters(DUC_THO)[0]
    assert "biểu mẫu" not in row.text.lower().replace("xin cảm ơn: biểu mẫu 03", "")
    assert [a["filename"] for a in row.attachments] == [f"Du_thao_cong_van_cu_dau_moi_{DUC_THO}.docx"]


def test_the_registered_officer_of_ours_is_named_before_the_contact_of_the_directive(office: Office) -> None:
    office.know(("so-tttt", "focal_officer", "ha@so.test"))
    office.decide(agencies=[DUC_THO])
    assert "Trao đổi: focal_officer, điện thoại 0912." in office.letters(DUC_THO)[0].text


def test_the_one_date_is_none_before_an_extension_that_the_letter_names(office: Office) -> None:
    office.rule("extend", agency=DUC_THO, system="tourism", deliverable="form_03", until=date(2021, 11, 30))
    [row] = office.decide(agencies=[DUC_THO])
    assert row["answer_by"] == "2021-11-30"
    letter = office.letters(DUC_THO)[0]
    assert letter.subject.startswith("Đề nghị gửi 02 nội dung trong ngày 30/11/2021")
    assert "hết ngày 30/11/2021 (đã gia hạn)" in letter.text
