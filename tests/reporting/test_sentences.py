"""What a report says in words: true of its figures in every week, and as a Vietnamese official would write it."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.reporting import sentences
from dondoc.reporting.document import fields_of
from dondoc.reporting.figures.cameras import UNCHECKED
from dondoc.reporting.figures.model import AgencyWord, Cameras, Declared, Figures, Measured, Progress, TaskLine, Texts
from dondoc.reporting.sentences.cameras import CAUSES
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reports import Ask, CameraColumn, Task

from .samples import contents
from .worlds import (
    ASK_CENTRAL,
    CENTRAL,
    CHASE,
    CHASE_CENTRAL,
    DISTRICTS,
    EXTENDED,
    HEAD,
    LOST,
    OFFICER,
    PAUSED,
    REMIND,
    WAIVED,
    World,
    duty,
    first_letter,
    late,
    the_week,
    week,
    worlds,
)

WRONG = (
    r"(?<![\d/.])(?<!số )(?<!Số )00 (?!phút)",  # "00 đơn vị"
    r"  ",
    r"\s[.,;:]",
    r"[,;:]\.|\.\.|;;|,,|\(\)|:;",
    r"\bNone\b|[{}]",
    r"phê bình|yêu cầu|!",
    r"\d\.\d%",
    r"\b[1-9] (nội dung|đơn vị|camera|ngày)",  # without the nought before
)


def all_of(world: World) -> list[str]:
    """Every sentence of a report, and the parts of its rows."""
    given = fields_of(world.letter, world.figures)
    told = [given.opening, given.summary, *given.duties.remarks, given.lateness, *given.relief, *given.causes]
    told += [*given.tasks, *given.proposals, given.closing, *(given.cameras.remarks if given.cameras else ())]
    return told


def check(world: World) -> None:
    for said in all_of(world):
        assert said.endswith((".", ":")), said
        assert not said[0].islower(), said
        assert not [wrong for wrong in WRONG if re.search(wrong, said)], said
    given = fields_of(world.letter, world.figures)
    for row in given.late.rows:
        for part in (row.name, row.items, row.state):
            assert not [wrong for wrong in WRONG if re.search(wrong, part)], part
    agree(world, given.summary)


def agree(world: World, summary: str) -> None:
    """What the opening says is what the figures say."""
    figures, total = world.figures, world.figures.headline
    assert ("quá hạn của" in summary or "đã quá hạn, của" in summary) == bool(total.late)
    assert ("toàn bộ" in summary and "(100%)" in summary) == (total.fulfilled == total.owed > 1)
    assert ("camera" in summary) == figures.surveys
    asks = any(one.ask is not Ask.KEEP_CHASING for one in figures.proposals)
    assert ("Kính đề nghị" in summary) == (asks and not world.figures.texts.proposals)
    assert ("xem xét, chỉ đạo" in all_of(world)[-1 - len(_remarks(world))]) == (
        asks or bool(world.figures.texts.proposals)
    )


def _remarks(world: World) -> tuple[str, ...]:
    cameras = fields_of(world.letter, world.figures).cameras
    return cameras.remarks if cameras else ()


@pytest.mark.parametrize("name", worlds())
def test_every_named_week_reads_well(name: str) -> None:
    check(worlds()[name])


@given(
    late=st.integers(0, 40),
    done=st.integers(0, 30),
    not_due=st.integers(0, 9),
    review=st.integers(0, 9),
    cameras=st.integers(0, 60),
    long=st.booleans(),
    waived=st.integers(0, 3),
    lost=st.integers(0, 5),
    asks=st.sets(st.sampled_from((ASK_CENTRAL, CHASE, CHASE_CENTRAL, REMIND))),
    relief=st.sets(st.sampled_from((EXTENDED, PAUSED, WAIVED))),
    number=st.none() | st.just("05/BC-STTTT"),
    compared=st.booleans(),
    unconfirmed=st.booleans(),
)
def test_no_week_makes_a_sentence_that_is_wrong(
    late: int, done: int, not_due: int, review: int, cameras: int, long: bool, waived: int, lost: int, **other: object
) -> None:
    made = contents(late=late, done=done, not_due=not_due, review=review, cameras=cameras, long=long).figures
    since = made.since.model_copy(update={"number": other["number"]}) if made.since else None
    changed = {
        "headline": made.headline.model_copy(update={"waived": waived}),
        "since": since if other["compared"] else None,
        "lost": LOST[:lost] if cameras else (),
        "proposals": tuple(sorted(other["asks"], key=str)),  # type: ignore[call-overload]
        "relief": tuple(sorted(other["relief"], key=str)),  # type: ignore[call-overload]
        "unconfirmed_calendar": other["unconfirmed"],
    }
    check(World(first_letter(), made.model_copy(update=changed)))


@given(st.text(max_size=300), st.none() | st.dates(date(2021, 1, 1), date(2022, 12, 31)))
def test_whatever_an_agency_says_stands_on_one_line(reason: str, until: date | None) -> None:
    state = sentences.late_state(late("A", word=AgencyWord(on=date(2021, 11, 24), reason=reason, until=until)))
    assert "\n" not in state
    assert "  " not in state
    assert len(state) < 180


def opening(name: str) -> str:
    world = worlds()[name]
    return " ".join(sentences.summary(world.figures, world.letter))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "the week",
            "Đã hoàn thành 14/30 nội dung đã đến hạn (46,7%), tăng 08 nội dung so với ngày 18/11/2021; 07/17 đơn vị "
            "hoàn thành toàn bộ. Còn 16 nội dung chưa hoàn thành, trong đó 14 nội dung đã quá hạn của 09 đơn vị "
            "(Bảng 3). Đã có 12/25 camera khai báo cho hình tốt. Kính đề nghị UBND tỉnh cho ý kiến đối với 03 cơ quan "
            "trung ương (mục IV).",
        ),
        (
            "nothing due yet",
            "Đến thời điểm báo cáo, chưa có nội dung nào hoàn thành trong số 30 nội dung phải gửi; chưa nội dung nào "
            "đến hạn. Đến nay chưa có camera nào được khai báo.",
        ),
        (
            "nothing late",
            "Đã hoàn thành 20/30 nội dung (66,7%), tăng 05 nội dung so với ngày 18/11/2021; trong 24 nội dung đã đến "
            "hạn, đã hoàn thành 20 nội dung; 11/17 đơn vị hoàn thành toàn bộ. Còn 10 nội dung chưa hoàn thành, gồm 04 "
            "nội dung đang được Sở xem xét và 06 nội dung còn trong hạn; không có nội dung quá hạn. Đã có 12/25 camera "
            "khai báo cho hình tốt.",
        ),
        (
            "all done",
            "Đã hoàn thành toàn bộ 30 nội dung phải gửi (100%), tăng 04 nội dung so với ngày 18/11/2021; cả 17 đơn vị "
            "đều đã hoàn thành. 25 camera đã khai đều cho hình tốt.",
        ),
        (
            "one done of one",
            "Đã hoàn thành 01 nội dung phải gửi (100%), tăng 01 nội dung so với ngày 18/11/2021. Đến nay chưa có "
            "camera nào được khai báo.",
        ),
        (
            "one late",
            "Đã hoàn thành 29/30 nội dung đã đến hạn (96,7%), không tăng so với ngày 18/11/2021; 16/17 đơn vị hoàn "
            "thành toàn bộ. Còn 01 nội dung chưa hoàn thành, đã quá hạn, của UBND huyện Lộc Hà. Đã có 24/25 camera "
            "khai báo cho hình tốt.",
        ),
        (
            "all ours",
            "Đã hoàn thành 20/30 nội dung đã đến hạn (66,7%), tăng 02 nội dung so với ngày 18/11/2021; 10/17 đơn vị "
            "hoàn thành toàn bộ. Còn 10 nội dung chưa hoàn thành, đều đang được Sở xem xét; không có nội dung quá hạn. "
            "Đã có 12/25 camera khai báo cho hình tốt.",
        ),
        (
            "all waived",
            "30 nội dung đều được miễn; không còn nội dung phải gửi. Đến nay chưa có camera nào được khai báo.",
        ),
        (
            "second letter, all done",
            "Đã hoàn thành toàn bộ 15 nội dung phải gửi (100%), tăng 05 nội dung so với ngày 18/11/2021; cả 04 đơn "
            "vị đều đã hoàn thành.",
        ),
    ],
)
def test_the_opening_of_a_named_week(name: str, said: str) -> None:
    assert opening(name) == said


def test_what_an_agency_is_late_with_names_the_system_only_where_it_must() -> None:
    assert sentences.late_items(late("A", duty(4, "focal_letter"), duty(2))) == (
        "Văn bản cử đầu mối (04 ngày); Biểu mẫu 03 (02 ngày)"
    )
    other = duty(3, system="port_border", system_name="Cảng vụ, cửa khẩu")
    assert sentences.late_items(late("A", duty(12), other)) == (
        "Biểu mẫu 03 (Khu, điểm du lịch; 12 ngày); Biểu mẫu 03 (Cảng vụ, cửa khẩu; 03 ngày)"
    )
    heir = duty(3).model_copy(update={"former": "UBND huyện Lộc Hà"})
    assert sentences.late_items(late("A", duty(3), heir)) == (
        "Biểu mẫu 03 (03 ngày); Biểu mẫu 03 (nhiệm vụ của UBND huyện Lộc Hà; 03 ngày)"
    )
    assert sentences.late_items(late("A", duty(0))) == "Biểu mẫu 03 (vừa hết hạn)"


def test_what_was_done_about_an_agency() -> None:
    came = {"received_on": date(2021, 11, 25)}
    promised = AgencyWord(on=date(2021, 11, 24), reason="cán bộ đi vắng.", until=date(2021, 11, 29))
    cases = {
        "25/11, gửi lãnh đạo": late("A", chased=HEAD),
        "22/11, gửi đầu mối; trả lại để sửa 04 chỗ": late("A", duty(status=Status.RETURNED, faults=4), chased=OFFICER),
        "Sở đang xem, gửi 25/11": late(
            "A", duty(status=Status.UNDER_REVIEW, **came), duty(form="form_04", status=Status.UNDER_REVIEW, **came)
        ),
        "25/11, gửi lãnh đạo; Biểu mẫu 04: Sở đang xem, gửi 25/11": late(
            "A", duty(), duty(form="form_04", status=Status.UNDER_REVIEW, **came), chased=HEAD
        ),
        "chưa có thư đôn đốc": late("A"),
        "đang tạm dừng đôn đốc": late("A", duty(paused=True)),
        "25/11, gửi lãnh đạo; đơn vị hẹn gửi đến hết ngày 29/11: cán bộ đi vắng": late("A", chased=HEAD, word=promised),
    }
    assert {said: sentences.late_state(one) for said, one in cases.items()} == {said: said for said in cases}
    assert sentences.late_state(late("A", chased=HEAD), date(2025, 3, 6)) == "25/11/2021, gửi lãnh đạo"


def proposals(figures: Figures) -> list[str]:
    return sentences.proposals(figures, "UBND tỉnh")


def test_who_is_asked_for_what_and_by_when() -> None:
    assert proposals(the_week()) == [
        "1. Đề nghị UBND tỉnh có văn bản đề nghị Công an tỉnh, Cục Hải quan tỉnh và Cảng vụ Hàng hải Hà Tĩnh phối "
        "hợp gửi nội dung còn thiếu trước ngày 03/12/2021.",
        "2. Đối với các UBND cấp huyện tại Bảng 3: Sở tiếp tục đôn đốc; nếu đến hết ngày 30/11/2021 vẫn chưa nhận "
        "được, Sở sẽ trình UBND tỉnh văn bản nhắc nhở kèm báo cáo tuần 48.",
    ]
    some = the_week(proposals=(REMIND, CHASE.model_copy(update={"agencies": DISTRICTS[2:6]})))
    assert proposals(some)[0] == (
        "1. Đề nghị UBND tỉnh quan tâm, nhắc nhở UBND huyện Lộc Hà và UBND huyện Vũ Quang gửi nội dung còn thiếu "
        "trước ngày 02/12/2021."
    )
    assert (
        "UBND huyện Hương Sơn, UBND thị xã Kỳ Anh, UBND huyện Nghi Xuân và UBND huyện Can Lộc: Sở" in proposals(some)[1]
    )
    assert proposals(week(on_time=1)) == ["Trong kỳ báo cáo, Sở chưa có nội dung cần kiến nghị."]


def test_agencies_whose_superior_is_not_ours_are_only_asked_to_cooperate() -> None:
    for name in ("central only", "central, still time"):
        [said] = proposals(worlds()[name].figures)
        assert "phối hợp" in said
        assert not re.search("nhắc nhở|đôn đốc", said)


def test_our_own_backlog_is_named_as_ours_with_its_day() -> None:
    [said] = sentences.tasks(worlds()["one ours"].figures)
    assert said == (
        "Trong tuần tới, Sở xử lý xong 01 nội dung đang chờ Sở (chờ lâu nhất từ ngày 22/11/2021) trước ngày 29/11/2021."
    )


def test_what_is_to_be_done_has_its_last_day_and_names_cameras_as_their_table_does() -> None:
    seen = Cameras(declared=12, showing=3, bad_picture=5, no_answer=4)
    lines = (
        TaskLine(task=Task.CHASE, count=8, by=date(2021, 11, 30)),
        TaskLine(task=Task.REMIND, count=2, by=date(2021, 11, 30)),
        TaskLine(task=Task.CAMERAS, count=9),
    )
    assert sentences.tasks(the_week(tasks=lines, cameras_total=seen)) == [
        "Trong tuần tới, Sở đề nghị 08 đơn vị còn nội dung quá hạn gửi chậm nhất ngày 30/11/2021; nhắc 02 nội dung sắp "
        "đến hạn (thời hạn gần nhất: hết ngày 30/11/2021); kiểm tra lại 09 camera hình chưa đạt hoặc không trả lời."
    ]
    none_yet = Cameras(declared=9, unchecked=9)
    [said] = sentences.tasks(the_week(tasks=lines[2:], cameras_total=none_yet))
    assert said.endswith("Sở kiểm tra 09 camera chưa kiểm tra.")
    all_kinds = seen.model_copy(update={"declared": 13, "unchecked": 1})
    [said] = sentences.tasks(the_week(tasks=lines[2:], cameras_total=all_kinds))
    assert said.endswith("camera hình chưa đạt, không trả lời hoặc chưa kiểm tra.")


def test_a_half_is_rounded_up_as_in_the_workbook() -> None:
    assert [Progress(owed=16, on_time=done).percent for done in (1, 3, 15, 16)] == [6.3, 18.8, 93.8, 100.0]


def test_reliefs_carry_their_document_and_reason() -> None:
    assert sentences.reliefs(the_week(relief=(EXTENDED, PAUSED, WAIVED))) == [
        "UBND huyện Hương Khê được gia hạn đến hết ngày 30/11/2021 theo Công văn số 1905/UBND-VP ngày 18/11/2021 "
        "(khắc phục hậu quả mưa lũ).",
        "Tạm dừng đôn đốc đối với UBND huyện Nghi Xuân đến hết ngày 05/12/2021 (chống bão).",
        "UBND thị xã Hồng Lĩnh được miễn Biểu mẫu 03 theo Văn bản số 9/VB ngày 17/11/2021 (không có điểm du lịch).",
    ]


def test_cameras_that_were_lost_are_named_while_they_are_few() -> None:
    [said] = sentences.camera_remarks(the_week(declared=Declared()))
    assert said == (
        "So với ngày 18/11/2021: khai thêm 15 camera, thêm 07 camera có hình tốt. Có 02 camera từng có hình tốt, nay "
        "không còn: Sảnh chờ – Trung tâm Hành chính công, UBND thị xã Hồng Lĩnh (hình chỉ có màu đen); Cổng chính – "
        "Trung tâm Hành chính công, UBND thị xã Hồng Lĩnh (hình bị đứng, không đổi). Sở đã gửi thư đề nghị khắc phục "
        "ngày 25/11/2021."
    )
    placeless = (LOST[0].model_copy(update={"place": ""}),)
    [said] = sentences.camera_remarks(the_week(lost=placeless, declared=Declared()))
    assert "nay không còn: Sảnh chờ, UBND thị xã Hồng Lĩnh (hình chỉ có màu đen)." in said
    [many] = sentences.camera_remarks(the_week(lost=LOST, declared=Declared()))
    assert "Có 05 camera từng có hình tốt, nay không còn, của 01 đơn vị: hình chỉ có màu đen (04)" in many


def test_an_issued_report_is_named_where_it_is_compared_with() -> None:
    assert "tăng 08 nội dung so với Báo cáo số 05/BC-STTTT (số liệu đến ngày 18/11/2021)" in opening(
        "since an issued report"
    )


def test_who_typed_proposals_is_led_to_them() -> None:
    told = sentences.summary(the_week(texts=Texts(proposals="Đề nghị bố trí kinh phí.")), first_letter())
    assert told[-1] == "Phần kiến nghị, đề xuất của Sở được nêu riêng (mục IV)."
    assert not any(name in " ".join(told) for name in CENTRAL)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Declared(), ""),
        (Declared(retention=1), "Đơn vị khai: chưa camera nào trong 01 camera lưu hình từ 30 ngày trở lên."),
        (Declared(retention=1, kept=1), "Đơn vị khai: 01 camera lưu hình từ 30 ngày trở lên."),
        (Declared(retention=3, kept=3), "Đơn vị khai: 03 camera đều lưu hình từ 30 ngày trở lên."),
        (Declared(retention=24, kept=18), "Đơn vị khai: 18/24 camera lưu hình từ 30 ngày trở lên."),
    ],
)
def test_of_recording_only_what_forms_declare_is_said(made: Declared, said: str) -> None:
    assert sentences.recording(the_week(declared=made)) == said


@pytest.mark.parametrize(
    ("made", "kept", "differing"),
    [
        (Measured(), "", ""),
        (Measured(cameras=5), "", ""),
        (Measured(cameras=50, recorders=40, kept=31), "31/40", ""),
        (
            Measured(cameras=50, recorders=40, kept=0, findings={"codec_differs": 2, "not_recording": 3}),
            "00/40",
            "Trong 50 camera đã đo có điều cần đơn vị xem lại: chuẩn nén khác khai báo (02); không thấy bản ghi "
            "mới (03).",
        ),
    ],
)
def test_of_recorders_and_streams_what_was_measured_is_said(made: Measured, kept: str, differing: str) -> None:
    week = the_week(measured=made)
    stopped = " Không thấy bản ghi mới: 03 camera." if made.findings else ""
    said = f"Lưu trữ đủ số ngày đã khai: {kept} camera kiểm tra được.{stopped}" if kept else ""
    assert sentences.kept(week) == said
    assert said in " ".join(sentences.camera_remarks(week))
    assert sentences.differing(week) == differing


def test_resolutions_are_said_in_the_words_of_the_forms() -> None:
    made = Declared(resolutions={"1080p (2MP)": 20, "4K (8MP)": 4})
    said = "Độ phân giải đơn vị khai: 1080p (2MP): 20 camera; 4K (8MP): 04 camera."
    assert sentences.resolutions(the_week(declared=made)) == said
    assert sentences.resolutions(the_week(declared=Declared())) == ""


def test_whatever_keeps_a_camera_from_being_checked_has_words() -> None:
    for code in UNCHECKED:
        [said] = [
            line for line in sentences.causes(the_week(without_picture={}, unchecked={str(code): 3})) if "03" in line
        ]
        assert said.startswith("03 camera chưa kiểm tra được: ")
        assert str(code) not in said


def test_no_cause_is_called_as_a_column_that_counts_more_than_it() -> None:
    """“chờ cấp tài khoản xem (02)” below a column “Chờ cấp tài khoản” of 3 reads as a mistake."""
    called = [words for words in CAUSES.values() for column in CameraColumn if words.startswith(column.label.lower())]
    assert called == []
