"""The current copy: what it shows, what it keeps back, and what comes of it when it is sent again."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from dondoc.forms import current_rows, template
from dondoc.forms.current import GREY, TO_SEE
from dondoc.forms.verdict import FormVerdict
from tests.forms.conftest import SPECS, codes, current, edited, form, judged, row, table
from tests.forms.test_annotate import annotated

SPEC = SPECS["form_03"]
SECRET = ("113.160.10.2", "/Streaming", "554", "18,5", "105,5", "10.9.8.7")


def rows() -> list[dict[str, Any]]:
    return [
        row(number="CAM-00014", host="113.160.10.21"),
        row(number="CAM-00015", host="113.160.10.22", name="Bãi xe", note="máy chủ 10.9.8.7:554"),
    ]


def at(key: str, number: int = 0) -> tuple[int, int]:
    return template.FIRST + number, template.column(SPEC.current, key)


def sent(**changes: dict[int, object]) -> FormVerdict:
    """The verdict of a current copy in which cells were changed: field → {row: value}."""

    def change(book: Workbook) -> None:
        for key, values in changes.items():
            for number, value in values.items():
                table(book).cell(*at(key, number)).value = value

    return judged(edited(current(rows()), change))


def test_each_camera_has_its_number_and_a_word_on_it_to_choose() -> None:
    book = load_workbook(BytesIO(current(rows())))
    sheet = table(book)
    assert [sheet.cell(template.HEADER, column).value for column in (2, 3)] == ["Số hiệu", "Thay đổi"]
    assert [sheet.cell(*at("number", n)).value for n in range(3)] == ["CAM-00014", "CAM-00015", None]
    assert [sheet.cell(*at("change", n)).value for n in range(3)] == ["Giữ nguyên", "Giữ nguyên", None]
    rule = next(r for r in sheet.data_validations.dataValidation if sheet.cell(*at("change")).coordinate in r.sqref)
    title, area = next(book.defined_names[rule.formula1].destinations)
    words = [one.value for (one,) in book[title][area.replace("$", "")]]
    assert words == ["Giữ nguyên", "Sửa", "Thay thiết bị", "Tháo dỡ"]
    assert book.active.title == SPEC.sheet


def test_what_is_sensitive_stays_here_and_the_copy_says_so() -> None:
    content = current(rows())
    with ZipFile(BytesIO(content)) as archive:
        parts = {
            name: archive.read(name).decode() for name in archive.namelist() if "sheet2" in name or "Strings" in name
        }
    assert not [(name, word) for name, part in parts.items() for word in SECRET if f">{word}" in part]
    sheet = table(load_workbook(BytesIO(content)))
    for key in ("host", "rtsp_port", "main_path", "latitude", "longitude"):
        assert sheet.cell(*at(key)).value is None
        assert sheet.cell(*at(key)).fill.fgColor.rgb == GREY.fgColor.rgb
        assert "để trống nếu không đổi" in sheet.cell(template.HEADER, at(key)[1]).comment.text
    assert sheet.cell(*at("note", 1)).value == "máy chủ (đã ẩn)"


def test_the_same_content_gives_the_same_bytes() -> None:
    assert current(rows()) == current(rows())


def test_rows_to_be_seen_to_are_coloured_and_say_why() -> None:
    sheet = table(load_workbook(BytesIO(current(rows(), marked={"CAM-00015": "Hình đen từ 23/11/2021."}))))
    assert sheet.cell(*at("name", 1)).fill.fgColor.rgb == TO_SEE.fgColor.rgb
    assert sheet.cell(*at("name", 0)).fill.fgColor.rgb != TO_SEE.fgColor.rgb
    assert sheet.cell(*at("number", 1)).comment.text == "Hình đen từ 23/11/2021."
    assert sheet.cell(template.FIRST + 1, len(SPEC.current.columns) + 2).value == "Hình đen từ 23/11/2021."


def test_a_form_without_cameras_and_a_blank_know_nothing_of_numbers() -> None:
    assert SPECS["form_focal"].followed == ()
    labels = [one.value for one in table(load_workbook(BytesIO(form())))[template.HEADER]]
    assert not {"Số hiệu", "Thay đổi"} & {*labels}


@pytest.mark.slow
def test_a_copy_that_nothing_was_changed_in_is_accepted_and_says_what_it_was_made_from() -> None:
    verdict = judged(current(rows(), marked={"CAM-00015": "Hình đen."}))
    assert (verdict.outcome, verdict.issues, verdict.base_version) == ("accepted", (), 3)
    assert [(one["number"], one["change"]) for one in verdict.rows] == [("CAM-00014", "keep"), ("CAM-00015", "keep")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"change": {0: "Sửa"}}, []),
        ({"change": {0: None}}, []),
        ({"change": {0: "Tháo dỡ"}, "place": {0: None}, "status": {0: "lạ"}, "ward": {0: None}}, []),
        ({"change": {0: "Thay thiết bị"}}, ["AD6", "AE6"]),  # its address and port; it stands where the old one stood
        ({"change": {0: "Thay thiết bị"}, "host": {0: "113.1.1.1"}, "rtsp_port": {0: 8554}}, []),
        ({"number": {0: None}}, ["P6", "Q6", "AD6", "AE6"]),  # a new camera has nothing stored
        ({"number": {0: "CAM 14b"}}, ["B6"]),
        ({"name": {0: None}}, ["K6"]),
    ],
)
def test_what_a_row_must_hold_depends_on_what_became_of_its_camera(changes: dict[str, Any], asked: list[str]) -> None:
    verdict = sent(**changes)
    assert sorted(str(issue.cell) for issue in verdict.issues) == sorted(asked), verdict.issues


@pytest.mark.slow
def test_keeping_and_editing_are_no_content_and_a_new_device_or_a_removal_is() -> None:
    kept, edited_, removed = (sent(change={0: word}) for word in ("Giữ nguyên", "Sửa", "Tháo dỡ"))
    assert kept.value_hash == edited_.value_hash != removed.value_hash
    whole = {"host": {0: "113.1.1.1"}, "rtsp_port": {0: 554}}
    assert sent(change={0: "Thay thiết bị"}, **whole).value_hash != sent(change={0: "Sửa"}, **whole).value_hash


@pytest.mark.slow
def test_a_number_column_of_their_own_is_theirs() -> None:
    """“Số hiệu” is what offices call their own tags too."""
    content = edited(form(), lambda book: [table(book).cell(r, 60, v) for r, v in ((4, "Số hiệu"), (6, "HK-001"))])
    assert codes(judged(content)) == ["column_unknown"]


@pytest.mark.slow
def test_a_current_copy_with_a_fault_comes_back_with_its_numbers() -> None:
    content = edited(current(rows()), lambda book: table(book).cell(*at("status"), value="lạ"))
    copy = annotated(content, base_version=3)
    assert [table(load_workbook(BytesIO(copy))).cell(*at("number", n)).value for n in (0, 1)] == [
        "CAM-00014",
        "CAM-00015",
    ]
    again = judged(edited(copy, lambda book: table(book).cell(*at("status"), value="Hỏng")))
    assert (again.outcome, again.base_version) == ("accepted", 3)


# -- what a blank means: pure

NOW = {"number": "CAM-00014", "name": "Cổng", "host": "1.2.3.4", "latitude": 18.5, "note": "máy 10.9.8.7", "brand": "X"}


@pytest.mark.parametrize(
    ("said", "row_", "kept"),
    [
        ({"change": "keep", "name": "Cổng"}, {**NOW, "change": "keep"}, {"host", "latitude", "note", "brand"}),
        ({"name": "Cổng", "brand": "Y"}, {**NOW, "brand": "Y"}, {"host", "latitude", "note"}),
        (
            {"change": "edit", "name": "Cổng B"},
            {**NOW, "name": "Cổng B", "change": "edit", "note": 0, "brand": 0},
            {"host", "latitude"},
        ),
        (
            {"change": "edit", "name": "Cổng", "note": "máy (đã ẩn)"},
            {**NOW, "change": "edit", "brand": 0},
            {"host", "latitude", "note"},
        ),
        (
            {"change": "replace_device", "name": "Cổng", "host": "5.6.7.8"},
            {**NOW, "change": "replace_device", "host": "5.6.7.8", "note": 0, "brand": 0},
            {"latitude"},
        ),
        ({"change": "remove"}, {**NOW, "change": "remove"}, {*NOW}),
    ],
    ids=["keep", "no word but a change", "edit", "masked text", "new device", "removed"],
)
def test_a_blank_means_what_the_word_beside_it_says(said: dict[str, Any], row_: dict[str, Any], kept: set[str]) -> None:
    got = current_rows.merged(SPEC, {"number": "CAM-00014", "_row": 9, **said}, {**NOW, "_row": 6})
    assert got.row == {"_row": 9, **{key: value for key, value in row_.items() if value != 0}}
    assert got.kept - {"_row", "number"} == kept - {"number"}
