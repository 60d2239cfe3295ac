"""The blank workbook: what Excel 2010 and LibreOffice show a person."""

import re
from io import BytesIO
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from dondoc.forms import template, token
from dondoc.forms.blank import blank
from tests.forms.conftest import DIRECTIVE, OWNERS, SECRETS, SPECS, codes, judged


def made(kind: str = "form_03", agency: str | None = None) -> bytes:
    owner = DIRECTIVE.registry.agency(agency or OWNERS[kind])
    return blank(SPECS[kind], owner, registry=DIRECTIVE.registry, secrets=SECRETS)


@pytest.mark.parametrize("kind", OWNERS)
def test_every_list_is_a_drop_down_by_name_over_five_hundred_rows(kind: str) -> None:
    book, spec = load_workbook(BytesIO(made(kind))), SPECS[kind]
    sheet = book[spec.sheet]
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    for field in spec.columns:
        address = sheet.cell(template.FIRST, template.column(spec, field.key)).coordinate
        rule = rules[address]
        assert str(rule.sqref).endswith(str(template.FIRST + 499))
        assert rule.prompt
        assert len(rule.prompt) <= 255 and len(rule.promptTitle) <= 32 and len(rule.error) <= 225  # noqa: PT018
        if field.kind == "choice":
            name = book.defined_names[rule.formula1]
            (title, area), *_ = name.destinations
            words = [cell.value for (cell,) in book[title][area.replace("$", "")]]
            assert (rule.type, words) == ("list", spec.labels(field))


def test_the_agencys_name_is_filled_in_and_the_token_stands_in_two_places_unseen() -> None:
    book = load_workbook(BytesIO(made()))
    assert book[template.INFO].cell(template.HEAD_FIRST, template.ANSWER).value == "UBND huyện Đức Thọ"
    assert book[template.INFO]["A1"].value == "UBND HUYỆN ĐỨC THỌ"
    meta = book[token.SHEET]
    assert (meta.sheet_state, book[template.LISTS].sheet_state) == ("veryHidden", "hidden")
    assert meta["A1"].value == book.custom_doc_props[token.PROPERTY].value
    said = token.read(meta["A1"].value)
    assert said is not None
    assert (said.form, said.agency, said.base_version) == ("form_03", "ubnd-huyen-duc-tho", 0)
    assert len(meta["A1"].value) <= 255


def test_protection_has_no_password_and_lets_rows_be_inserted_and_deleted() -> None:
    for kind in OWNERS:
        book = load_workbook(BytesIO(made(kind)))
        for sheet in (book[template.INFO], book[SPECS[kind].sheet], book[template.GUIDE]):
            assert sheet.protection.sheet
            assert sheet.protection.password is None
            assert not any((sheet.protection.insertRows, sheet.protection.deleteRows, sheet.protection.formatColumns))
        assert book.security is None or not book.security.lockStructure


def test_answers_are_unlocked_to_the_last_column_and_labels_are_locked() -> None:
    """Excel deletes a row of a protected sheet only when none of its cells is locked."""
    content = made()
    sheet = load_workbook(BytesIO(content))[SPECS["form_03"].sheet]
    for number in range(1, len(SPECS["form_03"].columns) + 2):
        assert sheet.cell(template.HEADER, number).protection.locked
        assert not sheet.cell(template.FIRST, number).protection.locked
    with ZipFile(BytesIO(content)) as archive:
        columns = re.findall(rb'<col [^>]*max="(\d+)"', archive.read("xl/worksheets/sheet2.xml"))
    assert columns[-1] == b"16384"


def test_it_prints_on_a4_landscape_with_the_header_on_each_page() -> None:
    for kind in OWNERS:
        sheet = load_workbook(BytesIO(made(kind)))[SPECS[kind].sheet]
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert (sheet.print_title_rows, sheet.print_title_cols) == ("$3:$5", "$A:$B")
        assert sheet.freeze_panes == "C6"


@pytest.mark.parametrize("kind", OWNERS)
def test_every_printed_page_names_the_group_of_its_first_column_and_cuts_no_title_off(kind: str) -> None:
    spec = SPECS[kind]
    book = load_workbook(BytesIO(made(kind)))
    sheet = book[spec.sheet]
    assert not sheet.sheet_properties.pageSetUpPr.fitToPage  # Excel would not heed the breaks
    breaks = [turn.id for turn in sheet.col_breaks.brk]
    assert bool(breaks) == (kind != "form_focal")  # which fits on one sheet
    for last in breaks:
        field = spec.columns[last - 1]  # of the column after the break
        assert sheet.cell(template.GROUPS, last + 1).value == field.group
    repeated = [line[0].value for line in sheet.iter_rows(max_row=2, max_col=2) if line[0].value]
    assert repeated == ["PHẦN II"]  # what columns A:B hold above the table is printed on every page
    assert sheet["C1"].value == spec.part.upper()
    widths = [template.TT, *(field.width for field in spec.columns)]
    for start, end in zip([0, *breaks], [*breaks, None], strict=True):
        across = sum(widths[start:end]) + (sum(widths[:2]) if start else 0)
        assert across * sheet.page_setup.scale <= 100 * 145  # characters on A4 between the margins
    assert book[template.INFO].page_setup.fitToHeight == 1


def test_it_reads_like_an_administrative_form() -> None:
    info = load_workbook(BytesIO(made("form_01")))[template.INFO]
    assert info.row_dimensions[2].height > 30  # the longer name takes two lines
    assert (info["A1"].value, info["A2"].value) == ("UBND TỈNH HÀ TĨNH", "SỞ NÔNG NGHIỆP VÀ PHÁT TRIỂN NÔNG THÔN")
    assert info["C1"].value == "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    assert info["C2"].value == "Độc lập - Tự do - Hạnh phúc"
    assert info["D4"].value == "Biểu mẫu 01"
    assert info["A5"].value == "KHẢO SÁT HỆ THỐNG CAMERA GIÁM SÁT TẠI CÁC HỒ, ĐẬP THỦY LỢI"
    fonts = {cell.font.name for line in info.iter_rows() for cell in line if cell.value is not None}
    assert fonts == {"Times New Roman"}


def test_what_must_stay_text_is_text() -> None:
    spec = SPECS["form_03"]
    sheet = load_workbook(BytesIO(made()))[spec.sheet]
    for key in ("host", "latitude", "longitude", "main_path", "name"):
        assert sheet.cell(template.FIRST, template.column(spec, key)).number_format == "@"


def test_nothing_newer_than_excel_2010_and_no_formula_is_in_it() -> None:
    with ZipFile(BytesIO(made())) as archive:
        for name in archive.namelist():
            part = archive.read(name)
            assert not re.search(rb"<f[ >]|xcalcf|_xlfn|x14:|dynamicArray|threadedComment", part), name


@pytest.mark.slow
@pytest.mark.parametrize("kind", OWNERS)
def test_an_untouched_blank_form_is_returned_and_is_not_taken_for_a_nil_return(kind: str) -> None:
    verdict = judged(made(kind))
    assert (verdict.outcome, verdict.form, verdict.agency, verdict.nil) == ("returned", kind, OWNERS[kind], False)
    assert set(codes(verdict)) == {"required_missing", "no_officers" if kind == "form_focal" else "no_rows"}


def test_without_a_key_the_form_has_no_token() -> None:
    content = blank(
        SPECS["form_03"], DIRECTIVE.registry.agency("ubnd-huyen-duc-tho"), registry=DIRECTIVE.registry, secrets=[]
    )
    book = load_workbook(BytesIO(content))
    assert token.SHEET not in book.sheetnames
    assert not book.custom_doc_props.names
