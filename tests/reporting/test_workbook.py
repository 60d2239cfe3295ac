"""The workbook: its numbers, what stands behind them, its charts, and that it prints."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from dondoc import web
from dondoc.masking import HIDDEN
from dondoc.reporting import sentences
from dondoc.reporting.charts import CAMERAS, DUTIES
from dondoc.reporting.document import fields_of
from dondoc.reporting.figures.compute import Contents
from dondoc.reporting.figures.model import Declared, Doubted, Measured, Texts
from dondoc.reporting.workbook import workbook
from dondoc.vocabulary.reports import CameraColumn, DutyColumn
from tests.directive.letters import NOVEMBER_2021, REGISTRY
from tests.reporting.samples import contents

LETTER = NOVEMBER_2021.directive(REGISTRY)
OF_DUTIES = ["Tóm tắt", "Tiến độ", "Đơn vị chậm", "Biểu đồ", "Dữ liệu – nội dung"]
OF_CAMERAS = ["Camera theo hệ thống", "Camera theo đơn vị", "Dữ liệu – camera", "Khác với khai báo"]
HOSTILE = (
    "=1+1",
    "@SUM(A1)",
    "+84 912",
    "internal:'Tóm tắt'!A1",
    "{=1}",
    "<r><t>chữ</t></r>",
    "_x0041_",
    "  hai đầu  ",
    "1234567890123456789",
    "2021-11-25",
    "a & b < c",
)


def book(made: Contents) -> Workbook:
    return load_workbook(BytesIO(workbook(made, LETTER)))


def heading(sheet: Worksheet) -> int:
    return int(re.findall(r"\d+", str(sheet.print_title_rows))[0])


def table(sheet: Worksheet) -> list[dict[str, Any]]:
    """The rows of a sheet under its headings, by heading; without the total."""
    names = [cell.value for cell in sheet[heading(sheet)]]
    below = sheet.iter_rows(heading(sheet) + 1)
    rows = [dict(zip(names, (cell.value for cell in row), strict=True)) for row in below]
    return [row for row in rows if row.get("TT", 1) is not None and any(row.values())]


def total(sheet: Worksheet) -> dict[str, Any]:
    [row] = [row for row in sheet.iter_rows(heading(sheet) + 1) if row[1].value == "Tổng cộng"]
    return dict(zip((cell.value for cell in sheet[heading(sheet)]), (cell.value for cell in row), strict=True))


def changed(made: Contents, **fields: Any) -> Contents:
    return replace(made, figures=made.figures.model_copy(update=fields))


def without_since() -> Contents:
    nothing: dict[str, Any] = {"systems": (), "relief": (), "since": None, "surveys": True}
    return contents(late=0, done=0, review=0, cameras=0, **nothing)


def test_the_columns_of_duties_add_up_in_every_row_and_down_to_the_total() -> None:
    sheet = book(contents(not_due=3))["Tiến độ"]
    rows, below = table(sheet), total(sheet)
    assert len(rows) == 5
    labels = [column.label for column in DutyColumn]
    for row in (*rows, below):
        assert row["Phải gửi"] == sum(row[label] for label in labels)
        assert row["Tỷ lệ"] == pytest.approx((row["Đúng hạn"] + row["Chậm hạn"]) / row["Phải gửi"])
    for label in ("Phải gửi", *labels):
        assert below[label] == sum(row[label] for row in rows)


def test_behind_every_number_stand_as_many_rows() -> None:
    opened = book(contents(not_due=3))
    behind = Counter((row["Hệ thống"], row["Thuộc cột"]) for row in table(opened["Dữ liệu – nội dung"]))
    for row in table(opened["Tiến độ"]):
        for column in DutyColumn:
            assert row[column.label] == behind[row["Hệ thống"], column.label]
    seen = Counter(row["Thuộc cột"] for row in table(opened["Dữ liệu – camera"]))
    for name in ("Camera theo hệ thống", "Camera theo đơn vị"):
        below = total(opened[name])
        assert below["Đã khai"] == sum(below[column.label] for column in CameraColumn) == 25
        assert {column: below[column.label] for column in CameraColumn} == {c: seen[c.label] for c in CameraColumn}


def test_the_summary_stands_beside_what_it_is_compared_with() -> None:
    opened = book(contents())
    rows = {row["Chỉ tiêu"]: row for row in table(opened["Tóm tắt"]) if row["25/11/2021"] is not None}
    assert rows["Nội dung đúng hạn"] | {"Chỉ tiêu": ""} == {
        "Chỉ tiêu": "",
        "18/11/2021": 6,
        "25/11/2021": 12,
        "Thay đổi": 6,
    }
    assert rows["Camera đã khai"]["Thay đổi"] == 15
    alone = table(book(without_since())["Tóm tắt"])
    assert [*alone[0]] == ["Chỉ tiêu", "25/11/2021"]


def test_the_summary_has_what_is_eased_and_what_is_asked_for() -> None:
    typed = "Đề nghị họp giao ban.\nĐề nghị cấp kinh phí."
    [drawn, written] = [contents(), contents(texts=Texts(proposals=typed))]
    seen = [[cell.value for cell in book(made)["Tóm tắt"]["A"]] for made in (drawn, written)]
    assert any("Hương Khê" in str(line) and "1905/UBND-VP" in str(line) for line in seen[0])
    assert seen[0][-2:] == sentences.proposals(drawn.figures, "UBND tỉnh")
    assert seen[1][-3:] == ["Kiến nghị, đề xuất:", *typed.split("\n")]


def test_the_summary_says_what_forms_declare_of_recording_and_resolution() -> None:
    made = changed(contents(), declared=Declared(retention=24, kept=18, resolutions={"1080p (2MP)": 20}))
    seen = [cell.value for cell in book(made)["Tóm tắt"]["A"]]
    assert {sentences.recording(made.figures), sentences.resolutions(made.figures)} <= {*seen}


def test_what_differs_from_the_forms_is_listed_and_counted() -> None:
    made = changed(contents(), measured=Measured(cameras=9, recorders=4, kept=3, findings={"kept_too_short": 1}))
    opened, row = book(made), made.findings[0]
    listed = table(opened["Khác với khai báo"])[0]
    assert (listed["Số hiệu"], listed["Về"], listed["Khác với khai báo"]) == (row.number, row.subject, row.finding)
    seen = [cell.value for cell in opened["Tóm tắt"]["A"]]
    assert {sentences.kept(made.figures), sentences.differing(made.figures)} <= {*seen}


def test_the_document_has_the_same_sums_and_late_agencies() -> None:
    made = contents()
    given, opened = fields_of(LETTER, made.figures), book(made)
    pairs = ((given.duties.total, "Tiến độ", "Phải gửi", DutyColumn, "owed"),)
    pairs += ((given.cameras and given.cameras.total, "Camera theo hệ thống", "Đã khai", CameraColumn, "declared"),)
    for said, sheet, first, columns, name in pairs:
        below = total(opened[sheet])
        assert {first: getattr(said, name), **{c.label: getattr(said, c) for c in columns}} == {
            title: str(below[title]) for title in (first, *(c.label for c in columns))
        }
    rows = table(opened["Đơn vị chậm"])
    late = [(row["Đơn vị"], row["Nội dung còn thiếu (số ngày làm việc quá hạn)"], row["Tình trạng"]) for row in rows]
    assert [(row.name, row.items, row.state) for row in given.late.rows] == late


def test_a_late_agency_is_one_row_with_days_that_are_days() -> None:
    made = contents()
    rows = table(book(made)["Đơn vị chậm"])
    assert [row["Đơn vị"] for row in rows] == [one.name for one in made.figures.late_agencies]
    first = rows[1]
    assert first["Nội dung còn thiếu (số ngày làm việc quá hạn)"] == sentences.late_items(made.figures.late_agencies[1])
    assert first["Quá (ngày)"] == 4
    assert first["Đôn đốc gần nhất"] == datetime(2021, 11, 24)
    assert first["Còn thời gian đến hết"] == datetime(2021, 11, 30)


def test_days_and_shares_have_formats_that_read_right_on_every_machine() -> None:
    formats = set()
    for sheet in book(contents(cameras=2000)):
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, date):
                    formats.add(("day", cell.number_format))
                elif isinstance(cell.value, float):
                    formats.add(("share", cell.number_format))
                elif isinstance(cell.value, int) and cell.value > 999:
                    formats.add(("count", cell.number_format))
    assert formats == {
        ("day", "dd/mm/yyyy"),
        ("share", "0.0%"),
        ("count", "#,##0"),
        ("count", "+#,##0;-#,##0;0"),
    }


def test_no_text_becomes_a_formula_a_link_or_a_number() -> None:
    made = contents()
    rows = [one.model_copy(update={"camera": text}) for one, text in zip(made.cameras, HOSTILE, strict=False)]
    content = workbook(replace(made, cameras=tuple(rows)), LETTER)
    sheet = load_workbook(BytesIO(content))["Dữ liệu – camera"]
    assert [row["Camera"].removeprefix(" ") for row in table(sheet)] == [text.removeprefix(" ") for text in HOSTILE]
    assert all(cell.data_type != "f" and not cell.hyperlink for row in sheet.iter_rows() for cell in row)
    with ZipFile(BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not any(b"hyperlink" in part or b"<f>" in part for name, part in parts.items() if "/worksheets/" in name)
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value in ("=1+1", "@SUM(A1)", "+84 912")]
    assert [cell.quotePrefix for cell in cells] == [True] * 3  # nor when somebody edits it


def test_an_address_that_somebody_wrote_into_a_name_is_hidden() -> None:
    made = contents()
    rows = (made.cameras[0].model_copy(update={"camera": "Cổng rtsp://10.20.30.42/x", "site": "gọi 0912 345 678"}),)
    [row] = table(book(replace(made, cameras=rows))["Dữ liệu – camera"])
    assert (row["Camera"], row["Vị trí"]) == (f"Cổng {HIDDEN}", f"gọi {HIDDEN}")


def test_what_no_cell_can_hold_is_left_out_and_the_file_still_opens() -> None:
    made = contents()
    text = "a\x00\x1b\ud800\uffffb" + "c" * 40_000
    rows = (made.cameras[0].model_copy(update={"camera": text}),)
    [row] = table(book(replace(made, cameras=rows))["Dữ liệu – camera"])
    assert row["Camera"] == ("ab" + "c" * 40_000)[:32_767]


def test_a_letter_without_cameras_has_no_sheet_of_them() -> None:
    opened = book(contents(cameras=0))
    assert opened.sheetnames == OF_DUTIES
    assert len(opened["Biểu đồ"]._charts) == 2
    assert not any("amera" in str(c.value) for c in opened["Tóm tắt"]["A"][4:])
    assert sorted(book(contents()).sheetnames) == sorted([*OF_DUTIES, *OF_CAMERAS])


def test_what_is_doubted_of_pictures_has_a_sheet_of_its_own_and_changes_no_number() -> None:
    made, when = contents(), datetime(2021, 11, 25, 3, 5, tzinfo=UTC)
    one = Doubted(number="CAM-00001", name="UBND", place="Hồ", site="Cổng", camera="C1 rtsp://a:b@10.1.1.1/x",
                  words="hình rất tối", advice="", seen_at=when)  # fmt: skip
    opened = book(replace(made, doubted=(one,)))
    [row] = table(opened["Nghi vấn về hình"])
    assert (row["Số hiệu"], row["Nghi vấn"], row["Nhìn thấy lúc"]) == ("CAM-00001", "hình rất tối", "10:05 25/11/2021")
    assert HIDDEN in row["Camera"]
    assert total(opened["Camera theo đơn vị"]) == total(book(made)["Camera theo đơn vị"])


def test_an_empty_week_says_so() -> None:
    opened = book(without_since())
    assert "Biểu đồ" not in opened.sheetnames
    said = [str(cell.value) for sheet in opened for row in sheet.iter_rows() for cell in row if cell.value]
    assert said.count("Chưa có nội dung nào phải gửi.") == 2
    assert said.count("Chưa có camera nào được khai.") == 3
    assert "Không có đơn vị nào quá hạn." in said
    assert total(opened["Tiến độ"])["Tỷ lệ"] is None


def test_charts_show_the_tables_with_the_colours_of_the_pages() -> None:
    opened = book(contents())
    charts, top = opened["Biểu đồ"]._charts, heading(opened["Tóm tắt"])
    shown = [[str(series.val.numRef.f) for series in chart.series] for chart in charts]
    assert shown == [
        [f"'Tiến độ'!${c}$5:${c}$9" for c in "DEFGHI"],  # the systems, without their total
        [f"'Tóm tắt'!${c}${top + 2}:${c}${top + 7}" for c in "BC"],
        [f"'Camera theo đơn vị'!${c}$5" for c in "DEFGH"],
        [f"'Tóm tắt'!${c}${top + 12}:${c}${top + 16}" for c in "BC"],
    ]
    css = (Path(web.__file__).parent / "static" / "style.css").read_text(encoding="utf-8")
    rules = {
        name: colours
        for names, *colours in re.findall(r"^([.\w, ]+) \{ background: (#\w+); color: (#\w+); \}", css, re.MULTILINE)
        for name in re.findall(r"\.(\w+)", names)
    }
    of_status = {DutyColumn.ON_TIME: "fulfilled", DutyColumn.DONE_LATE: "fulfilled_late"}
    for column, look in DUTIES.items():
        assert [look.pale, look.dark] == rules[of_status.get(column, str(column))]
    of_state = {
        CameraColumn.SHOWING: "ok",
        CameraColumn.AWAITING_ACCOUNT: "not_connected_yet",
        CameraColumn.BAD_PICTURE: "faulty",
        CameraColumn.NO_ANSWER: "outage",
        CameraColumn.UNCHECKED: "unchecked",
    }
    for camera_column, look in CAMERAS.items():
        assert [look.pale, look.dark] == rules[of_state[camera_column]]
    for looks in (DUTIES, CAMERAS):  # in black and white too
        assert len({look.pattern for look in looks.values()}) == len(looks)


def test_more_agencies_than_a_page_has_room_for_are_charted_by_system() -> None:
    made = contents()
    [one] = made.figures.cameras
    many = changed(made, cameras=(one,) * 25)
    chart = book(many)["Biểu đồ"]._charts[2]
    assert {str(series.val.numRef.f).split("!")[0] for series in chart.series} == {"'Camera theo hệ thống'"}


def test_every_sheet_prints_on_a4_across_with_headings_and_page_numbers() -> None:
    for sheet in book(contents(late=40, long=True)):
        assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
        assert sheet.oddFooter.right.text == "Trang &P/&N"
        assert sheet.print_area
        if sheet.title != "Biểu đồ":
            assert sheet.page_setup.fitToHeight == (None if sheet.title == "Tóm tắt" else 0)  # as many down as it takes
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            assert sheet.print_title_rows
        if sheet.title not in ("Biểu đồ", "Tóm tắt"):
            assert sheet.freeze_panes
            assert sheet.auto_filter.ref


def test_each_chart_lies_within_a_page_of_its_own() -> None:
    sheet = book(contents())["Biểu đồ"]
    breaks = [0, *(one.id for one in sheet.row_breaks.brk), 10_000]
    pages_of = []
    for chart in sheet._charts:
        top, bottom = chart.anchor._from.row, chart.anchor.to.row
        [page] = [n for n, (a, b) in enumerate(pairwise(breaks)) if a <= top and bottom < b]
        pages_of.append(page)
        assert chart.anchor.to.col <= 9
    assert pages_of == [0, 1, 2, 3]


def test_its_properties_are_our_own() -> None:
    made = contents()
    told = book(made).properties
    assert told.creator == "Sở Thông tin và Truyền thông"
    assert told.created == datetime(2021, 11, 25, 10, 0)  # in UTC
    assert told.title == "Số liệu tuần 47 (đến 17 giờ 00 phút ngày 25/11/2021)"
    assert made.figures.code in told.description


def test_nothing_of_it_lies_on_the_disk_while_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/khong/co")
    assert workbook(contents(), LETTER)


MAKE = """
import hashlib
from tests.reporting.test_workbook import LETTER, contents, workbook
print(hashlib.sha256(workbook(contents(late=12, cameras=40), LETTER)).hexdigest())
"""


@pytest.mark.slow
def test_the_same_contents_give_the_same_bytes_anywhere() -> None:
    here = hashlib.sha256(workbook(contents(late=12, cameras=40), LETTER)).hexdigest()
    for zone, language, seed in (("America/New_York", "de_DE.UTF-8", "1"), ("Asia/Tokyo", "C", "77")):
        told = {**os.environ, "TZ": zone, "LANG": language, "LC_ALL": language, "PYTHONHASHSEED": seed}
        made = subprocess.run(
            [sys.executable, "-c", MAKE], env=told, check=True, capture_output=True, text=True, timeout=120
        )
        assert made.stdout.strip() == here


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdftotext")),
    reason="needs the Debian packages libreoffice-calc-nogui and poppler-utils",
)
def test_another_program_prints_each_chart_whole_on_its_page(tmp_path: Path) -> None:
    (tmp_path / "so.xlsx").write_bytes(workbook(contents(), LETTER))
    home = f"-env:UserInstallation=file://{tmp_path}/lo"
    run: dict[str, Any] = {"cwd": tmp_path, "check": True, "capture_output": True, "timeout": 120}
    subprocess.run(["soffice", home, "--headless", "--convert-to", "pdf", "so.xlsx"], **run)
    text = subprocess.run(["pdftotext", "-layout", "so.pdf", "-"], **run).stdout.decode()
    printed = [re.sub(r"\s", "", page) for page in text.split("\f")][:-1]
    titles = ("Nộidungphảigửitheohệthống", "Nộidungphảigửi:sovới", "Camerađãkhaitheođơnvị", "Camera:sovới")
    drawn = [[number for number, page in enumerate(printed) if title in page] for title in titles]
    assert drawn == [[first] for first in range(drawn[0][0], drawn[0][0] + 4)]
    assert all("Mãsốliệu:" in page and f"/{len(printed)}" in page for page in printed)
