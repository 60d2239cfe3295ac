"""The annotated return: our template, their values, what is wrong and where it now stands."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils.cell import coordinate_to_tuple

from dondoc.configuration.settings import DATA
from dondoc.errors import Problem
from dondoc.forms import annotate as room
from dondoc.forms import limited, template, token
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
        colour = room.WRONG if issue.severity == "error" else room.DOUBTFUL
        assert marked.fill.fgColor.rgb == colour.fgColor.rgb
        assert marked.comment.text.strip()[0].isupper() or marked.comment.text.startswith("“")
    assert book[SHEET].cell(*cell("rtsp_port")).comment is None


def test_the_first_sheet_lists_every_issue_with_sheet_cell_and_what_to_do() -> None:
    content = faulty()
    book, verdict = load_workbook(BytesIO(annotated(content))), judged(content)
    assert book.sheetnames[0] == "Cần sửa"
    assert book.active.title == "Cần sửa"
    lines = [tuple(c.value for c in line) for line in book["Cần sửa"].iter_rows(min_row=5)]
    assert {(sheet, address, text) for _, sheet, address, _, text in lines} == {
        (i.sheet, i.cell, i.message) for i in verdict.issues
    }
    assert [line[3] for line in lines] == ["Phải sửa"] * 4 + ["Đề nghị kiểm tra"]


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
    listed = [line[4].value for line in load_workbook(BytesIO(copy))["Cần sửa"].iter_rows(min_row=5)]
    assert ours.message in listed


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
