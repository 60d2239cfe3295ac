"""The blank workbook of a form: letterhead, part I, the table of part II, explanations, lists, token.

Only what Excel 2010 and LibreOffice both do: drop-downs by named range, plain formats, protection without a password.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import date
from functools import cache
from typing import Any

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.dimensions import ColumnDimension
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from dondoc import spreadsheets
from dondoc.directive.model import Agency, Registry
from dondoc.documents import letterhead, words
from dondoc.forms import token
from dondoc.forms.spec import FOLLOWED, Field, FormSpec
from dondoc.spreadsheets import dress

INFO, GUIDE, LISTS = "Thông tin chung", "Hướng dẫn", "_lists"
GROUPS, HEADER, NUMBERING, FIRST = 3, 4, 5, 6  # rows of the table's sheet
HEAD_FIRST = 10  # row of part I's first answer
LABEL, ANSWER, HELP = 2, 3, 4  # columns of part I
DRAWN, VALIDATED = 20, 500  # rows with borders: as many as A4 holds; rows with drop-downs
OWN_WIDTH = 18
TT, WIDE = 5, 3  # width of the running number's column; the first column that is not printed on every page
PAPER, LARGEST = 140, 70  # characters side by side on A4 at 100 %, less some for other printers; per cent
LAST_COLUMN = 16_384
FONT = "Times New Roman"
CURRENT = (
    "Bản này ghi sẵn số liệu đang dùng. Mỗi camera chọn ở cột “Thay đổi”: Giữ nguyên, Sửa (sửa ngay trên dòng), Thay "
    "thiết bị hoặc Tháo dỡ; camera mới ghi thêm dòng, để trống “Số hiệu”. Ô màu xám: Sở đã lưu, để trống nếu không đổi."
)
_THIN = Side(style="thin", color="808080")
BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
SHADE = PatternFill("solid", fgColor="DCE6F1")
ASKED = PatternFill("solid", fgColor="FFFFEB")
CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
WRAP = Alignment(vertical="center", wrap_text=True)
MIDDLE = Alignment(vertical="center")
RIGHT = Alignment(horizontal="right")
BEGINS, GOES_ON = Border(top=_THIN, left=_THIN), Border(top=_THIN)  # a group's first column, and the others
OPEN = Protection(locked=False)
_AS_TEXT = ("camera_number", "agency", "text", "phone", "email", "host", "path", "latitude", "longitude", "km_post")


def make(
    spec: FormSpec, agency: Agency | None, registry: Registry, secrets: list[str], base_version: int = 0, rows: int = 0
) -> Workbook:
    """The workbook without answers. The token gets in when there is a key and an agency."""
    return draw_up(spec, agency, registry, token.of_form(spec, agency, registry, secrets, base_version), rows)


def draw_up(spec: FormSpec, agency: Agency | None, registry: Registry, token_: str | None, rows: int = 0) -> Workbook:
    """The workbook without answers, with this token; drawn for so many rows, and for some more."""
    book = Workbook()
    # Columns are measured in its digits: a font that every office has keeps the pages the same everywhere.
    book._fonts[0] = Font(name=FONT, size=11)
    info = book.active
    assert isinstance(info, Worksheet)
    info.title = INFO
    _lists(book, spec)
    _info(info, spec, agency, registry)
    _table(book.create_sheet(spec.sheet, 1), spec, rows)
    _guide(book.create_sheet(GUIDE, 2), spec, registry)
    if token_:
        _sign(book, token_)
    book.properties.title = spec.heading
    book.properties.creator = registry.agency(registry.office).name
    return book


def head_row(spec: FormSpec, key: str) -> int:
    return HEAD_FIRST + [field.key for field in spec.head].index(key)


def column(spec: FormSpec, key: str) -> int:
    """Column of a field in the table; the first holds the running number."""
    return 2 + [field.key for field in spec.columns].index(key)


def fill(
    book: Workbook, spec: FormSpec, head: Mapping[str, Any], rows: Iterable[tuple[int, Mapping[str, Any]]]
) -> None:
    """Put answers in: clean values or words as people write them. `rows` names the sheet's row of each."""
    for key, value in head.items():
        if key in spec.heads:
            put(book[INFO].cell(head_row(spec, key), ANSWER), _word(spec, spec.heads[key], value))
    columns = {field.key: number for number, field in enumerate(spec.columns, 2)}
    for number, row in rows:
        for key, value in row.items():
            if key in columns:
                put(book[spec.sheet].cell(number, columns[key]), _word(spec, spec.fields[key], value))


def _word(spec: FormSpec, field: Field, value: Any) -> Any:
    """The word of a code, dd/mm/yyyy of an ISO date, a stored telephone number as people write it, else the value."""
    if field.kind == "choice" and any(value is c.code or value == c.code for c in spec.lists[field.choices or ""]):
        return spec.label_of(field, value)
    if field.kind == "phone" and isinstance(value, str) and value.startswith("+"):
        return words.phone(value)
    if field.kind == "date" and isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return date.fromisoformat(value)
    return value


def put(cell: Any, value: Any) -> None:
    """A value into a cell: what people typed stays text, and never becomes a formula."""
    if isinstance(value, bool):
        value = "Có" if value else "Không"
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is not None:
        spreadsheets.put(cell, value)
    if isinstance(value, date):
        cell.number_format = "dd/mm/yyyy"


def say(cell: Any, text: str, *, size: float = 12, bold: bool = False, italic: bool = False, align: Any = WRAP) -> None:
    """Words of ours: font and alignment in one go."""
    put(cell, text)
    dress(cell, font=_font(size, bold, italic), alignment=align)


@cache
def _plain(size: float) -> Font:
    return Font(name=FONT, size=size)


@cache
def _font(size: float, bold: bool, italic: bool) -> Font:
    return Font(name=FONT, size=size, bold=bold, italic=italic)


# -- part I


def _info(sheet: Worksheet, spec: FormSpec, agency: Agency | None, registry: Registry) -> None:
    for letter, width in zip("ABCD", (6, 40, 44, 58), strict=True):
        sheet.column_dimensions[letter].width = width
    _letterhead(sheet, spec, agency, registry)
    say(sheet.cell(8, 1), "PHẦN I. THÔNG TIN CHUNG", bold=True, align=MIDDLE)
    for number, label in enumerate(("TT", "Nội dung", "Thông tin điền", "Giải thích"), 1):
        heading(sheet.cell(HEAD_FIRST - 1, number), label)
    for number, field in enumerate(spec.head, 1):
        _answer_row(sheet, HEAD_FIRST + number - 1, number, field, spec)
    if agency:
        put(sheet.cell(head_row(spec, "agency_name"), ANSWER), agency.name)
    _foot(sheet, spec)
    _protect(sheet)
    page(sheet, pages=1)
    sheet.page_setup.fitToHeight = 1  # signed at its foot
    sheet.print_area = f"A1:D{HEAD_FIRST + len(spec.head) + 6}"


def _letterhead(sheet: Worksheet, spec: FormSpec, agency: Agency | None, registry: Registry) -> None:
    own = agency.name.upper() if agency else "TÊN ĐƠN VỊ"
    over = letterhead.above(registry, agency) if agency else ""
    upper, lower = (over, own) if over else (own, "")
    for row, left, right, size in (
        (1, upper, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12),
        (2, lower, "Độc lập - Tự do - Hạnh phúc", 13),
    ):
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=2)
        sheet.merge_cells(start_row=row, end_row=row, start_column=3, end_column=4)
        say(sheet.cell(row, 1), left, bold=left == own, align=CENTRE)
        sheet.row_dimensions[row].height = 17 if len(left) <= 36 else 33  # two lines: a merged cell makes no room
        say(sheet.cell(row, 3), right, size=size, bold=True, align=CENTRE)
    say(sheet.cell(4, 4), spec.label, bold=True, align=RIGHT)
    for row, text, size, bold in (
        (5, spec.heading.upper(), 14, True),
        (6, f"(Gửi kèm văn bản của đơn vị về {registry.agency(registry.office).name})", 12, False),
    ):
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=4)
        say(sheet.cell(row, 1), text, size=size, bold=bold, italic=not bold, align=CENTRE)
    sheet.row_dimensions[5].height = 26


def _answer_row(sheet: Worksheet, row: int, number: int, field: Field, spec: FormSpec) -> None:
    say(sheet.cell(row, 1), str(number), align=CENTRE)
    say(sheet.cell(row, LABEL), _label(field))
    say(sheet.cell(row, HELP), field.help, size=11, italic=True)
    answer = sheet.cell(row, ANSWER)
    dress(answer, font=_plain(12), alignment=WRAP, fill=ASKED, protection=OPEN, number_format=_format(field))
    for column_ in range(1, HELP + 1):
        dress(sheet.cell(row, column_), border=BOX)
    sheet.row_dimensions[row].height = 34
    if rule := _validation(field, spec):
        rule.add(answer.coordinate)
        sheet.add_data_validation(rule)


def _foot(sheet: Worksheet, spec: FormSpec) -> None:
    row = HEAD_FIRST + len(spec.head)
    notes = f"(*) Nội dung bắt buộc. Phần II điền ở trang “{spec.sheet}”; cách ghi xem trang “{GUIDE}”."
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=4)
    say(sheet.cell(row, 1), notes, size=11, italic=True)
    for column_, title in ((2, "NGƯỜI LẬP BIỂU"), (4, "THỦ TRƯỞNG ĐƠN VỊ")):
        say(sheet.cell(row + 2, column_), title, bold=True, align=CENTRE)
        say(sheet.cell(row + 3, column_), "(Ký, ghi rõ họ tên)", italic=True, align=CENTRE)


# -- part II


def _table(sheet: Worksheet, spec: FormSpec, rows: int) -> None:
    # Columns A:B are printed again on every page: what is wider stands beside them, or it is cut off there.
    say(sheet.cell(1, 1), "PHẦN II", bold=True, align=MIDDLE)
    say(sheet.cell(1, WIDE), spec.part.upper(), bold=True, align=MIDDLE)
    note = "(*) Cột bắt buộc. Có thể chèn, xóa dòng; không sửa hàng tiêu đề. Không ghi mật khẩu vào biểu mẫu này."
    say(sheet.cell(2, WIDE), note, size=11, italic=True, align=MIDDLE)
    _columns(sheet, spec)
    _header(sheet, spec)
    _draw(sheet, spec, max(DRAWN, rows))
    for number, field in enumerate(spec.columns, 2):
        if rule := _validation(field, spec):
            letter = get_column_letter(number)
            rule.add(f"{letter}{FIRST}:{letter}{FIRST + max(VALIDATED, rows + DRAWN) - 1}")
            sheet.add_data_validation(rule)
    sheet.freeze_panes = sheet.cell(FIRST, 3)
    sheet.print_title_rows, sheet.print_title_cols = f"{GROUPS}:{NUMBERING}", "A:B"
    _protect(sheet)
    page(sheet, pages=1)
    _across(sheet, spec)


def _columns(sheet: Worksheet, spec: FormSpec) -> None:
    """Whole columns are unlocked: Excel deletes a row of a protected sheet only when no cell of it is locked."""
    for number, (width, form) in enumerate(((TT, "0"), *((f.width, _format(f)) for f in spec.columns)), 1):
        dimension = sheet.column_dimensions[get_column_letter(number)]
        dimension.width, dimension.protection, dimension.number_format = width, OPEN, form
        dimension.font, dimension.alignment = _plain(11), WRAP
    _unlock_from(sheet, len(spec.columns) + 2)


def _unlock_from(sheet: Worksheet, column_: int) -> None:
    """All columns from this one on."""
    letter = get_column_letter(column_)
    sheet.column_dimensions[letter] = ColumnDimension(sheet, index=letter, min=column_, max=LAST_COLUMN, width=12)
    sheet.column_dimensions[letter].protection = OPEN


def _header(sheet: Worksheet, spec: FormSpec) -> None:
    """Groups, labels, numbers. Groups are not merged, which spills across two printed pages: they are named on each."""
    group, turned = "", {start for start, _ in _pages(spec)}
    for number, field in enumerate(spec.columns, 2):
        begins = field.group != group or number in turned
        heading(sheet.cell(GROUPS, number), field.group if begins else "")
        dress(sheet.cell(GROUPS, number), alignment=MIDDLE, border=BEGINS if begins else GOES_ON)
        heading(sheet.cell(HEADER, number), _label(field))
        heading(sheet.cell(NUMBERING, number), f"({number - 1})", small=True)
        group = field.group
    for row, text in ((GROUPS, ""), (HEADER, "TT"), (NUMBERING, "")):
        heading(sheet.cell(row, 1), text, small=row == NUMBERING)
    sheet.row_dimensions[HEADER].height = 64
    sheet.row_dimensions[GROUPS].height = 20


def heading(cell: Any, text: str, *, small: bool = False) -> None:
    if text:
        say(cell, text, size=10 if small else 11, bold=not small, italic=small, align=CENTRE)
    dress(cell, fill=SHADE, border=BOX)


def _draw(sheet: Worksheet, spec: FormSpec, rows: int) -> None:
    """The rows of the list, all in the style of the first one; those of a blank form are of one height."""
    for number, field in enumerate((None, *spec.columns), 1):
        draw(sheet.cell(FIRST, number), field)
    styles = [style(sheet.cell(FIRST, number)) for number in range(1, len(spec.columns) + 2)]
    for row in range(FIRST, FIRST + rows):
        put(sheet.cell(row, 1), row - FIRST + 1)
        for number, drawn in enumerate(styles, 1):
            apply_style(sheet.cell(row, number), drawn)
        if row < FIRST + DRAWN:
            sheet.row_dimensions[row].height = 30


def own_columns(sheet: Worksheet, spec: FormSpec, group: str, labels: Sequence[str], rows: int) -> int:
    """Columns after ours that are read by nobody here, for so many rows; returns the first one's number."""
    first = len(spec.columns) + 2
    sheet.col_breaks.append(Break(id=first - 1))
    for number, label in enumerate(labels, first):
        heading(sheet.cell(GROUPS, number), group if number == first else "")
        dress(sheet.cell(GROUPS, number), alignment=MIDDLE)
        heading(sheet.cell(HEADER, number), label)
        heading(sheet.cell(NUMBERING, number), "")
        letter = get_column_letter(number)
        sheet.column_dimensions[letter] = ColumnDimension(sheet, index=letter, width=OWN_WIDTH)
        sheet.column_dimensions[letter].protection = OPEN
        draw(sheet.cell(FIRST, number), None)
        sheet.cell(FIRST, number).number_format = "@"
        drawn = style(sheet.cell(FIRST, number))
        for row in range(FIRST + 1, FIRST + max(DRAWN, rows)):
            apply_style(sheet.cell(row, number), drawn)
    _unlock_from(sheet, first + len(labels))
    return first


def draw(cell: Any, field: Field | None) -> None:
    """How an answer's cell looks in the table."""
    form = _format(field) if field else "0"
    dress(cell, font=_plain(11), border=BOX, protection=OPEN, alignment=WRAP if field else CENTRE, number_format=form)


def style(cell: Any) -> Any:
    """The whole style of a cell, to give to others: openpyxl hashes every part of what is set one by one, which takes
    minutes for the cells of thousands of rows."""
    return copy(cell._style)


def apply_style(cell: Any, style: Any) -> None:
    """Give a cell the style of another. What it then shows may add to them."""
    cell._style = copy(style)


def _pages(spec: FormSpec) -> list[tuple[int, float]]:
    """The sheets of A4 side by side, evenly filled: the first column of each, and its width with the repeated ones."""
    total = TT + sum(field.width for field in spec.columns)
    width = total / math.ceil(total / 190)
    while len(pages := _filled(spec, width)) > math.ceil(total / 190):
        width += 1
    return pages


def _filled(spec: FormSpec, most: float) -> list[tuple[int, float]]:
    repeated = TT + spec.columns[0].width
    pages = [(2, float(TT))]
    for number, field in enumerate(spec.columns, 2):
        start, width = pages[-1]
        if width + field.width <= most:
            pages[-1] = (start, width + field.width)
        else:
            pages.append((number, repeated + field.width))
    return pages


def _across(sheet: Worksheet, spec: FormSpec) -> None:
    """Breaks between columns where we say, so that each page can name its group; letters keep about 70 %.

    Excel heeds breaks only beside a scale, not when it is told to fit pages.
    """
    pages = _pages(spec)
    for start, _ in pages[1:]:
        sheet.col_breaks.append(Break(id=start - 1))
    sheet.sheet_properties.pageSetUpPr.fitToPage = False
    sheet.page_setup.fitToWidth = None
    sheet.page_setup.scale = min(LARGEST, int(100 * PAPER / max(width for _, width in pages)))


# -- explanations, lists, token


def _guide(sheet: Worksheet, spec: FormSpec, registry: Registry) -> None:
    for letter, width in zip("ABCD", (34, 12, 76, 34), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.merge_cells("A1:D1")
    say(sheet["A1"], f"HƯỚNG DẪN ĐIỀN {spec.label.upper()}", size=14, bold=True, align=CENTRE)
    row = 2
    for number, step in enumerate(_steps(spec, registry), 1):
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=4)
        say(sheet.cell(row, 1), f"{number}. {step}")
        sheet.row_dimensions[row].height = 20 if len(step) < 150 else 36
        row += 1
    for number, label in enumerate(("Nội dung", "Bắt buộc", "Cách ghi", "Ví dụ"), 1):
        heading(sheet.cell(row + 1, number), label)
    drawn = [_line_of_guide(sheet.cell(row + 2, number), CENTRE if number == 2 else WRAP) for number in range(1, 5)]
    for line, field in enumerate((*spec.head, *spec.columns), row + 2):
        for number, text in enumerate((field.label, _demand(field), _how(field, spec), field.example), 1):
            put(sheet.cell(line, number), text)
            apply_style(sheet.cell(line, number), drawn[number - 1])
        sheet.row_dimensions[line].height = 16 * max(1, math.ceil(len(_how(field, spec)) / 72))
    _protect(sheet)
    page(sheet, pages=1)


def _line_of_guide(cell: Any, align: Alignment) -> Any:
    say(cell, "", size=11, align=align)
    dress(cell, border=BOX)
    return style(cell)


def _steps(spec: FormSpec, registry: Registry) -> list[str]:
    steps = [
        f"Điền Phần I ở trang “{INFO}”, Phần II ở trang “{spec.sheet}”, mỗi dòng một mục; ô có mũi tên thì chọn trong "
        "danh sách.",
        "Nội dung có dấu (*) là bắt buộc. Có thể chèn, xóa dòng; không sửa hàng tiêu đề, không đổi tên trang.",
        "Không ghi mật khẩu thiết bị ở bất cứ ô nào; tài khoản được bàn giao trực tiếp hoặc bằng văn bản mật.",
        f"Lưu dạng Excel Workbook (.xlsx), không đặt mật khẩu mở tệp, gửi về {registry.agency(registry.office).name}."
        " Ô nào chưa đúng, Sở sẽ gửi lại chính biểu mẫu này, có tô màu và ghi chú.",
    ]
    if spec.nil:
        steps.insert(
            2, "Đơn vị không có camera: chọn Có ở mục “Không có camera thuộc phạm vi”, để trống Phần II và gửi."
        )
    if spec.columns[0].key in FOLLOWED:
        steps.insert(1, CURRENT)
    if spec.empty_when:
        steps.insert(3, "Khu, điểm chưa có camera: vẫn ghi một dòng, chọn Không ở cột “Đã có camera”.")
    return steps


def _demand(field: Field) -> str:
    if field.required:
        return "Có (*)"
    return "Tùy trường hợp" if field.required_if else ""


def _how(field: Field, spec: FormSpec) -> str:
    labels = spec.labels(field)
    return f"{field.help} Danh sách: {'; '.join(labels)}." if labels and field.choices != "yes_no" else field.help


def _lists(book: Workbook, spec: FormSpec) -> None:
    sheet = book.create_sheet(LISTS)
    sheet.sheet_state = "hidden"
    for number, (name, choices) in enumerate(spec.lists.items(), 1):
        put(sheet.cell(1, number), name)
        for row, choice in enumerate(choices, 2):
            put(sheet.cell(row, number), choice.label)
        letter = get_column_letter(number)
        place = f"'{LISTS}'!${letter}$2:${letter}${len(choices) + 1}"
        book.defined_names[f"DS_{name}"] = DefinedName(f"DS_{name}", attr_text=place)


def _sign(book: Workbook, text: str) -> None:
    """The token in two places: programs lose one or the other."""
    sheet = book.create_sheet(token.SHEET)
    sheet.sheet_state = "veryHidden"
    put(sheet["A1"], text)
    book.custom_doc_props.append(StringProperty(name=token.PROPERTY, value=text))


# -- shared by all sheets


def _label(field: Field) -> str:
    return f"{field.label} (*)" if field.required else field.label


def _format(field: Field) -> str:
    if field.kind in _AS_TEXT:
        return "@"
    return {"date": "dd/mm/yyyy", "whole": "0", "year": "0", "days": "0"}.get(field.kind, "General")


def _validation(field: Field, spec: FormSpec) -> DataValidation | None:
    """The cell's drop-down or range, and the words shown while it is filled."""
    rule = DataValidation(type=None, allow_blank=True, showInputMessage=True, showErrorMessage=True)
    if field.kind == "choice":
        rule.type, rule.formula1 = "list", f"DS_{field.choices}"
    elif field.kind in ("whole", "days", "decimal", "year"):
        rule.type = "decimal" if field.kind == "decimal" else "whole"
        rule.operator, rule.formula1, rule.formula2 = "between", f"{field.min or 0:g}", f"{field.max or 2100:.0f}"
    elif field.kind == "date":
        rule.type, rule.operator, rule.formula1 = "date", "greaterThan", "DATE(2000,1,1)"
    elif field.max:
        rule.type, rule.operator, rule.formula1 = "textLength", "lessThanOrEqual", f"{field.max:.0f}"
    rule.promptTitle, rule.prompt = field.label[:32], field.help[:250] or None
    rule.errorTitle, rule.error = "Chưa đúng", (f"{field.label}: {field.help}")[:220]
    # Excel may turn down a pasted date or a foreign decimal sign that we can read: it asks, and lets go.
    rule.errorStyle = "stop" if field.kind == "choice" else "warning"
    return rule if rule.type or rule.prompt else None


def _protect(sheet: Worksheet) -> None:
    """Against slips, without a password: rows may be added, deleted, sorted; columns and rows formatted."""
    protection = sheet.protection
    protection.sheet = True
    for allowed in ("insertRows", "deleteRows", "formatColumns", "formatRows", "formatCells", "sort", "autoFilter"):
        setattr(protection, allowed, False)  # False: not forbidden


def page(sheet: Worksheet, pages: int) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = pages, 0
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.5
    sheet.oddFooter.center.text = "Trang &P/&N"
    sheet.sheet_view.showGridLines = False
