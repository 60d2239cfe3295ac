"""The annotated return: our template, their values, what is wrong and where it now stands."""

from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils.cell import coordinate_to_tuple

from dondoc.configuration.settings import DATA
from dondoc.errors import Problem
from dondoc.forms import limited, template, token
from dondoc.forms.todo import DOUBTFUL, WRONG
from dondoc.forms.verdict import FormVerdict
from tests.forms.conftest import DIRECTIVE, SECRETS, SPECS, cell, edited, form, head, judged, row, table
from tests.forms.test_hostile import encrypted

pytestmark = pytest.mark.slow

SHEET = SPECS["form_03"].sheet


def annotated(content: bytes, verdict: FormVerdict | None = None, base_version: int = 2) -> bytes:
    found = verdict or judged(content)
    return limited.annotate(
        content, found, data=DATA, registry=DIRECTIVE.registry, secrets=SECRETS, base_version=base_version
    )


def faulty() -> bytes:
    rows = [
        row(),
        row(name="CONG CHINH 01", rtsp_port="70000", host="113.160.10.22"),
        row(name="Bãi xe", host="113.160.10.23", retention_days="1 tháng"),
    ]
    return form(head_=head(total_cameras="3", officer_phone="12345", officer_title=None), rows=rows)


def test_wrong_cells_are_coloured_and_noted_where_they_stand() -> None:
    content = faulty()
    book = load_workbook(BytesIO(annotated(content)))
    for issue in judged(content).issues:
        marked = book[issue.sheet][issue.cell]
        colour = WRONG if issue.severity == "error" else DOUBTFUL
        assert marked.fill.fgColor.rgb == colour.fgColor.rgb
        assert marked.comment.text.strip()[0].isupper() or marked.comment.text.startswith("“")
    assert book[SHEET].cell(*cell("rtsp_port")).comment is None


def test_the_first_sheet_lists_every_issue_with_sheet_cell_and_what_to_do() -> None:
    content = faulty()
    book, verdict = load_workbook(BytesIO(annotated(content))), judged(content)
    assert book.sheetnames[0] == "Cần sửa"
    assert book.active.title == "Cần sửa"
    lines = [tuple(c.value for c in line) for line in book["Cần sửa"].iter_rows(min_row=5)]
    assert {(sheet, address, text, theirs) for _, sheet, address, _, text, _, theirs in lines} == {
        (i.sheet, i.cell, f"{i.place[0].upper()}{i.place[1:]}: {i.said}", f"{i.sheet}!{i.cell}") for i in verdict.issues
    }
    assert [line[3] for line in lines] == ["Phải sửa"] * 4 + ["Đề nghị kiểm tra"]
    assert lines[-1][5] == "30"  # of “1 tháng”: what we take it for
    links = [line[2].hyperlink.location for line in book["Cần sửa"].iter_rows(min_row=5)]
    assert links == [f"'{line[1]}'!{line[2]}" for line in lines]


def test_the_list_goes_through_the_book_as_one_reads_it() -> None:
    rows = [row(host=None, rtsp_port="70000", retention_days="1 tháng", brand=None), row(name="B", rtsp_port="x")]
    content = form(head_=head(total_cameras="9", officer_phone="12345", officer_title=None), rows=rows)
    lines = [*load_workbook(BytesIO(annotated(content)))["Cần sửa"].iter_rows(min_row=5, values_only=True)]
    for severity in {line[3] for line in lines}:
        read = [(line[1] == SHEET, coordinate_to_tuple(line[2])) for line in lines if line[3] == severity]
        assert read == sorted(read)
    assert len({line[2] for line in lines if line[1] == SHEET}) >= 4


def test_their_values_are_all_there_and_a_second_look_finds_the_same() -> None:
    content = faulty()
    first, second = judged(content), judged(annotated(content))
    assert second.value_hash == first.value_hash
    assert second.issues == first.issues


def test_a_corrected_copy_is_accepted_and_says_what_it_was_filled_from() -> None:
    def correct(book: Workbook) -> None:
        table(book).cell(*cell("name", 1), value="Cổng phụ")
        table(book).cell(*cell("rtsp_port", 1), value=8554)
        table(book).cell(*cell("retention_days", 2), value=30)
        book[template.INFO].cell(template.head_row(SPECS["form_03"], "officer_phone"), 3, value="0912345678")
        book[template.INFO].cell(template.head_row(SPECS["form_03"], "officer_title"), 3, value="Chuyên viên")

    verdict = judged(edited(annotated(faulty(), base_version=4), correct))
    assert (verdict.outcome, verdict.token, verdict.base_version) == ("accepted", "valid", 4)


def test_addresses_are_those_of_the_copy_when_their_columns_and_rows_stood_elsewhere() -> None:
    def change(book: Workbook) -> None:
        sheet = table(book)
        sheet.insert_rows(1, 7)
        sheet.delete_cols(cell("visitors")[1])

    content = edited(form(rows=[row(rtsp_port="70000")]), change)
    theirs = next(i for i in judged(content).issues if i.code == "out_of_range")
    copy = annotated(content)
    ours = next(i for i in judged(copy).issues if i.code == "out_of_range")
    assert theirs.cell != ours.cell == "AC6"
    listed = [(line[2].value, line[6].value) for line in load_workbook(BytesIO(copy))["Cần sửa"].iter_rows(min_row=5)]
    assert (ours.cell, f"{theirs.sheet}!{theirs.cell}") in listed
    assert theirs.place == ours.place == "dòng 1, Cổng chính 01, cột Cổng RTSP"


def test_formulas_and_secrets_do_not_travel() -> None:
    def change(book: Workbook) -> None:
        table(book).cell(*cell("site"), value='=HYPERLINK("http://xau.vn")')
        table(book).cell(*cell("note")).value = "=cmd|' /C calc'!A0"
        table(book).cell(*cell("note")).data_type = "s"
        book.create_sheet("Khác")["A1"] = "=WEBSERVICE(1)"

    content = edited(form(rows=[row(main_path="rtsp://admin:Bimat999@113.1.2.3/ch1", name="x" * 200)]), change)
    copy = annotated(content)
    with ZipFile(BytesIO(copy)) as archive:
        for name in archive.namelist():
            part = archive.read(name)
            assert b"<f>" not in part, name
            assert b"Bimat999" not in part, name
    note = load_workbook(BytesIO(copy))[SHEET].cell(*cell("note"))
    assert (note.value, note.data_type) == ("=cmd|' /C calc'!A0", "s")


def test_a_form_longer_than_the_drawn_rows_is_copied_whole() -> None:
    rows = [row(name=f"Camera {n}", host=f"113.160.1.{n}") for n in range(1, 61)]
    content = form(head_=head(total_cameras="61"), rows=rows)
    copy = annotated(content)
    assert len(judged(copy).rows) == 60
    last = load_workbook(BytesIO(copy))[SHEET].cell(*cell("name", 59))
    assert last.border.left.style == "thin"
    assert not last.protection.locked


def test_without_an_agency_or_a_key_the_copy_has_no_token() -> None:
    content = form(head_=head(agency_name="Kỳ Anh"), secrets=[])
    assert token.SHEET not in load_workbook(BytesIO(annotated(content))).sheetnames


@pytest.mark.parametrize("content", [encrypted(), b"%PDF-1.4"])
def test_what_cannot_be_read_cannot_be_annotated(content: bytes) -> None:
    with pytest.raises(Problem, match="Không lập được bản đánh dấu"):
        annotated(content)


# -- their own form: what they added, and where everything went


def of_two_communes(*, grouped: bool = True) -> bytes:
    """A sheet for each commune, columns of their own, one of ours renamed, one twice, a group, a total, a signature."""
    rows = [
        row(),
        row(name="Cổng phụ", host="113.160.10.22", rtsp_port="70000"),
        row(name="Bãi xe", host="113.160.10.23"),
    ]

    def change(book: Workbook) -> None:
        first = table(book)
        for line, texts in {
            4: ("Số tài sản", "Cổng RTSP", "Mật khẩu"),
            6: ("TS-0", "8554", "Hik@12345"),
            7: ("TS-1",),
        }.items():
            for column, text in enumerate(texts, 60):
                first.cell(line, column, text)
        first.cell(6, 64, "chữ ngoài bảng")
        first.cell(4, cell("manager")[1], "Đơn vị đang quản lý")
        second = book.copy_worksheet(first)
        second.title = "Xã Tùng Ảnh"
        for number in range(3):
            second.cell(*cell("name", number), value=f"Nhà chờ {number}")
            second.cell(*cell("host", number), value=f"113.160.11.{number + 1}")
        book.create_sheet("Sổ tay")["A1"] = "Ghi riêng"
        if grouped:
            first.insert_rows(7)
            first.cell(7, 2, "Xã Đức Đồng")
            first.merge_cells("B7:L7")
        first["B40"], first["B42"], first["B43"] = "Tổng cộng: 3", "Người lập biểu", "Số liệu đến 15/11"

    return edited(form(head_=head(total_cameras="6"), rows=rows), change)


def test_their_own_columns_come_back_with_their_values_after_ours_and_nothing_of_a_password() -> None:
    sheet = load_workbook(BytesIO(annotated(of_two_communes())))[SHEET]
    ours = len(SPECS["form_03"].columns) + 1
    labels = [sheet.cell(template.HEADER, column).value for column in range(ours + 1, sheet.max_column + 1)]
    own = {label.removeprefix("Cột riêng: "): column for column, label in enumerate(labels, ours + 1)}
    assert set(own) == {
        "Trang gốc",
        "Nhóm",
        "Đơn vị đang quản lý",
        "Số tài sản",
        "Cổng RTSP",
        "(cột BL, không có tiêu đề)",
    }

    def down(label: str) -> list[object]:
        return [sheet.cell(template.FIRST + number, own[label]).value for number in range(6)]

    assert down("Trang gốc") == [SHEET] * 3 + ["Xã Tùng Ảnh"] * 3
    assert down("Nhóm") == [None, "Xã Đức Đồng", "Xã Đức Đồng", None, None, None]
    assert down("Số tài sản") == ["TS-0", "TS-1", None] * 2
    assert down("Cổng RTSP") == ["8554", None, None] * 2
    assert [sheet.cell(template.FIRST + number, 1).value for number in range(6)] == [1, 2, 3, 4, 5, 6]


def test_what_a_renamed_column_probably_means_is_proposed_in_ours() -> None:
    content = of_two_communes()
    book = load_workbook(BytesIO(annotated(content)))
    heading = book[SHEET].cell(template.HEADER, cell("manager")[1])
    assert [book[SHEET].cell(*cell("manager", n)).value for n in (0, 5)] == ["Ban quản lý"] * 2
    assert "Đã chép từ cột “Đơn vị đang quản lý”" in heading.comment.text
    line = next(line for line in book["Cần sửa"].iter_rows(min_row=5, values_only=True) if "không thấy cột" in line[4])
    assert line[3] == "Đề nghị kiểm tra"
    assert line[5].startswith("Đã chép từ cột “Đơn vị đang quản lý”")
    assert line[6] == "Danh sách camera; Xã Tùng Ảnh"  # the same of each sheet, said once


def test_what_is_no_camera_is_not_carried_over_and_not_dropped_without_a_word() -> None:
    lines = [*load_workbook(BytesIO(annotated(of_two_communes())))["Cần sửa"].iter_rows(values_only=True)]
    start = next(n for n, line in enumerate(lines) if line[0] and str(line[0]).startswith("NỘI DUNG TRONG TỆP"))
    assert [line[1:5] for line in lines[start + 3 :]] == [
        (SHEET, "B7", "Tiêu đề nhóm", "Xã Đức Đồng"),
        (SHEET, "B40", "Dòng cộng", "Tổng cộng: 3"),
        (SHEET, "B42", "Chữ ký hoặc ghi chú", "Người lập biểu"),
        (SHEET, "B43", "Chữ ký hoặc ghi chú", "Số liệu đến 15/11"),
        ("Sổ tay", None, "Trang khác", "Cả trang không có bảng khai của biểu mẫu."),
    ]


def corrected(copy: bytes, right: dict[str, object]) -> bytes:
    """The copy with each cell that its list names corrected: by the label at the end of "dòng 3, Bãi xe, cột …"."""

    def change(book: Workbook) -> None:
        for line in book["Cần sửa"].iter_rows(min_row=5, values_only=True):
            label = str(line[4]).partition(":")[0].rpartition("cột ")[2]
            if label in right:
                book[line[1]][line[2]] = right[label]

    return edited(copy, change)


def test_their_form_corrected_where_the_list_says_is_accepted() -> None:
    copy = annotated(of_two_communes())
    again = judged(corrected(copy, {"Cổng RTSP": 8554}))
    assert (again.outcome, again.issues, len(again.rows)) == ("accepted", (), 6)
    assert {one["manager"] for one in again.rows} == {"board"}


def test_a_copy_of_a_copy_keeps_their_columns_once() -> None:
    once = annotated(of_two_communes())
    twice = annotated(once)

    def labels(copy: bytes) -> list[object]:
        return [one.value for one in load_workbook(BytesIO(copy))[SHEET][template.HEADER]]

    assert labels(once) == labels(twice)


@pytest.mark.parametrize("ending", ["xls", "ods"])
def test_other_formats_come_back_as_a_workbook_that_passes(
    ending: str, convert: Callable[[dict[str, bytes], str], dict[str, bytes]]
) -> None:
    content = convert({f"hai_xa_{ending}.xlsx": of_two_communes(grouped=False)}, ending)[f"hai_xa_{ending}"]
    copy = convert({f"sua_{ending}.xlsx": annotated(content)}, "xlsx")[f"sua_{ending}"]  # as LibreOffice saves it
    again = judged(corrected(copy, {"Cổng RTSP": 8554}))
    assert (again.outcome, len(again.rows), again.base_version) == ("accepted", 6, 2)


def test_a_form_of_before_dondoc_comes_back_as_ours() -> None:
    """Another title, another order of columns, no token: as offices had them."""

    def change(book: Workbook) -> None:
        del book["_lists"], book["Hướng dẫn"]
        table(book).insert_rows(1, 6)
        table(book).move_range("B10:D12", cols=60)
        table(book).title = "Sheet1"

    content = edited(form(rows=[row(rtsp_port="70000")], secrets=[]), change)
    again = judged(corrected(annotated(content), {"Cổng RTSP": 554}))
    assert (again.outcome, again.token, len(again.rows)) == ("accepted", "valid", 1)
