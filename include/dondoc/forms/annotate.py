"""The annotated return: our template with their values, wrong cells coloured and noted, and a list of what to do.

Their file is never saved again: formulas, macros, links and whatever else it held stay behind. `limited` is the door.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from dondoc import spreadsheets
from dondoc.directive.model import Registry
from dondoc.forms import answers, catalogue, layout, template
from dondoc.forms.checks import a1
from dondoc.forms.layout import Layout, Table
from dondoc.forms.reading import Cell, Unreadable
from dondoc.forms.spec import FormSpec
from dondoc.forms.surveys import Survey
from dondoc.forms.verdict import FormVerdict, Issue

SHEET = "Cần sửa"
WRONG = PatternFill("solid", fgColor="FFC7CE")
DOUBTFUL = PatternFill("solid", fgColor="FFEB9C")
LONGEST_NOTE = 1000


@dataclass(frozen=True)
class Place:
    """Where an answer stands in the copy, and what it is called there."""

    sheet: str
    row: int
    column: int
    label: str
    ordinal: int | None

    @property
    def address(self) -> str:
        return a1(self.row, self.column)

    def where(self) -> str:
        return catalogue.place(self.address, self.label, self.ordinal, self.sheet)


def annotate(
    content: bytes,
    form: FormVerdict,
    *,
    specs: Mapping[str, FormSpec],
    registry: Registry,
    token: str | None,
    surveys: Mapping[str, Survey],
) -> bytes:
    """The copy to send back for `form`, the verdict of `content`, with this token. Pure; called in a confined child.

    Raises:
        Unreadable: the file cannot be read, or is no form of ours.
    """
    original = layout.find(answers.read(content, specs, surveys), specs, form.form) if form.form in specs else None
    if original is None:
        raise Unreadable("form_unknown")
    agency = registry.agency(form.agency) if form.agency else None
    book = template.draw_up(original.spec, agency, registry, token)
    moved = _copy(original, book)
    listed = [_move(issue, moved) for issue in form.issues]
    for issue, place in listed:
        if place:
            _mark(book, issue, place)
    _list(book, listed)
    return spreadsheets.save(book)


# -- their values into our template


def _copy(layout: Layout, book: Workbook) -> dict[tuple[str, str], Place]:
    """Put the values in; (their sheet, their cell) → place in the copy."""
    moved = dict(_copy_head(layout, book))
    ordinal, target = 0, template.FIRST
    drawn = {
        key: template.style(book[layout.spec.sheet].cell(template.FIRST, template.column(layout.spec, key)))
        for key in layout.spec.fields
        if key not in layout.spec.heads
    }
    for table in layout.tables:
        moved |= dict(_copy_header(layout.spec, table))
        for row in table.rows:
            ordinal += 1
            target = max(target, row) if len(layout.tables) == 1 and table.header == template.HEADER else target
            moved |= dict(_copy_row(layout.spec, table, row, target, ordinal, book[layout.spec.sheet], drawn))
            target += 1
    return moved


def _copy_head(layout: Layout, book: Workbook) -> Iterator[tuple[tuple[str, str], Place]]:
    for key, field in layout.spec.heads.items():
        if spot := layout.head.get(key):
            place = Place(template.INFO, template.head_row(layout.spec, key), template.ANSWER, field.label, None)
            _put(book[place.sheet], place, spot.cell)
            yield (spot.sheet, a1(spot.row, spot.column)), place


def _copy_header(spec: FormSpec, table: Table) -> Iterator[tuple[tuple[str, str], Place]]:
    for key, column in table.columns.items():
        place = Place(spec.sheet, template.HEADER, template.column(spec, key), "hàng tiêu đề", None)
        yield (table.sheet.name, a1(table.header, column)), place


def _copy_row(
    spec: FormSpec, table: Table, row: int, target: int, ordinal: int, sheet: Worksheet, drawn: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, str], Place]]:
    cells = table.cells(row)
    for key, column in table.columns.items():
        field = spec.fields[key]
        place = Place(spec.sheet, target, template.column(spec, key), field.label, ordinal)
        if target >= template.FIRST + template.DRAWN:
            template.apply_style(sheet.cell(target, place.column), drawn[key])
        _put(sheet, place, cells.get(key))
        yield (table.sheet.name, a1(row, column)), place


def _put(sheet: Worksheet, place: Place, cell: Cell | None) -> None:
    if cell is not None and cell.kind != "empty":
        template.put(sheet.cell(place.row, place.column), cell.value)


# -- what is wrong, where it now stands


def _move(issue: Issue, moved: dict[tuple[str, str], Place]) -> tuple[Issue, Place | None]:
    """The issue with the addresses of the copy, so that people find the cell in the file they have open."""
    place = moved.get((issue.sheet or "", issue.cell or ""))
    if place is None:
        return issue, None
    return catalogue.at(place.where(), replace(issue, sheet=place.sheet, cell=place.address)), place


def _mark(book: Workbook, issue: Issue, place: Place) -> None:
    cell = book[place.sheet].cell(place.row, place.column)
    message = issue.said[:1].upper() + issue.said[1:]
    earlier = cell.comment.text + "\n" if cell.comment else ""
    note = Comment(f"{earlier}{message}"[:LONGEST_NOTE], "Sở TT&TT", width=320, height=110)
    cell.comment = note
    if issue.severity == "error" or cell.fill.fgColor.rgb != f"00{WRONG.fgColor.rgb[-6:]}":
        cell.fill = WRONG if issue.severity == "error" else DOUBTFUL


def _list(book: Workbook, listed: list[tuple[Issue, Place | None]]) -> None:
    """The first sheet: every issue with its place, errors first, then as one reads the book."""
    sheet = book.create_sheet(SHEET, 0)
    for letter, width in zip("ABCDE", (6, 22, 10, 16, 100), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.merge_cells("A1:E1")
    template.say(sheet["A1"], "CÁC NỘI DUNG CẦN BỔ SUNG, CHỈNH SỬA", size=14, bold=True, align=template.CENTRE)
    errors = sum(issue.severity == "error" for issue, _ in listed)
    sheet.merge_cells("A2:E2")
    template.say(sheet["A2"], _summary(errors, len(listed) - errors), italic=True)
    sheet.row_dimensions[2].height = 36
    for column, label in enumerate(("TT", "Trang", "Ô", "Mức độ", "Nội dung và cách sửa"), 1):
        template.heading(sheet.cell(4, column), label)
    drawn: dict[str, list[Any]] = {}
    for row, (issue, place) in enumerate(sorted(listed, key=_as_read), 5):
        if issue.severity not in drawn:
            drawn[issue.severity] = _draw_line(sheet, row, issue)
        _line(sheet, row, issue, place, drawn[issue.severity])
    sheet.freeze_panes = "A5"
    template.page(sheet, pages=1)
    book.active = 0
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False


def _as_read(listed: tuple[Issue, Place | None]) -> tuple[Any, ...]:
    """Errors, then warnings; of the file, of part I, of the table; by row, then by column."""
    issue, place = listed
    if place is None:
        return issue.severity, 0, 0, 0
    return issue.severity, 1 if place.sheet == template.INFO else 2, place.row, place.column


def _summary(errors: int, warnings: int) -> str:
    wrong = f"{errors:02} nội dung phải sửa (ô màu hồng)" if errors else ""
    doubtful = f"{warnings:02} nội dung đề nghị kiểm tra (ô màu vàng)" if warnings else ""
    if not (wrong or doubtful):
        return "Không có nội dung nào phải sửa; không cần gửi lại."
    return (
        f"Có {' và '.join(filter(None, (wrong, doubtful)))}. Đề nghị sửa ngay trong tệp này, lưu lại và gửi về Sở; "
        "không cần xóa trang này."
    )


def _draw_line(sheet: Worksheet, row: int, issue: Issue) -> list[Any]:
    """The style of the cells of a line."""
    for column in range(1, 6):
        cell = sheet.cell(row, column)
        template.say(cell, "", size=11, align=template.WRAP if column in (2, 5) else template.CENTRE)
        cell.border = template.BOX
    sheet.cell(row, 4).fill = WRONG if issue.severity == "error" else DOUBTFUL
    return [template.style(sheet.cell(row, column)) for column in range(1, 6)]


def _line(sheet: Worksheet, row: int, issue: Issue, place: Place | None, drawn: list[Any]) -> None:
    severity = "Phải sửa" if issue.severity == "error" else "Đề nghị kiểm tra"
    texts = (str(row - 4), issue.sheet or "", issue.cell or "", severity, issue.message)
    for column, (text, style) in enumerate(zip(texts, drawn, strict=True), 1):
        cell = sheet.cell(row, column)
        template.apply_style(cell, style)
        template.put(cell, text)
    if place:
        here = sheet.cell(row, 3)
        here.hyperlink = Hyperlink(ref=here.coordinate, location=f"'{place.sheet}'!{place.address}")
    sheet.row_dimensions[row].height = 16 * max(2, -(-len(issue.message) // 95))
