"""The first sheet of an annotated copy: what is to be done, where in their file and where here, and what was left
behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import PatternFill
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from dondoc.forms import catalogue, template
from dondoc.forms.carried import Left
from dondoc.forms.checks import a1
from dondoc.forms.verdict import Issue

SHEET = "Cần sửa"
WRONG = PatternFill("solid", fgColor="FFC7CE")
DOUBTFUL = PatternFill("solid", fgColor="FFEB9C")
HEADINGS = ("TT", "Trang", "Ô", "Mức độ", "Nội dung và cách sửa", "Đề xuất", "Trong tệp đã gửi")
WIDTHS = (6, 20, 8, 19, 80, 24, 24)
FIRST = 5  # row of the first line
SHOWN = 3  # further addresses of the same


@dataclass(frozen=True)
class Place:
    """A cell of the copy."""

    sheet: str
    row: int
    column: int

    @property
    def address(self) -> str:
        return a1(self.row, self.column)


@dataclass(frozen=True)
class Item:
    """An issue, the cell of the copy that it is about, and what we propose. `mended`: the copy has it right already."""

    issue: Issue
    place: Place | None
    proposal: str = ""
    mended: bool = False
    also: tuple[str, ...] = ()  # other addresses in their file of which the same is to be said
    run: tuple[Place, ...] = ()  # the further cells of the copy, of a run of rows

    @property
    def is_error(self) -> bool:
        return self.issue.severity == "error" and not self.mended

    @property
    def cells(self) -> str:
        """The address in the copy; of a run of rows the range."""
        first = self.place.address if self.place else ""
        return f"{first}:{self.run[-1].address}" if self.run else first

    @property
    def text(self) -> str:
        """Where, in words that hold here as in their file, and what."""
        return f"{catalogue.capital(self.issue.place)}: {self.issue.said}" if self.issue.place else self.issue.message

    @property
    def theirs(self) -> str:
        """Its address in their file, and those of the same."""
        more = f" và {len(self.also) - SHOWN} chỗ khác" if len(self.also) > SHOWN else ""
        return "; ".join((address(self.issue), *self.also[:SHOWN])) + more


def address(issue: Issue) -> str:
    """Where an issue stands in their file."""
    return "!".join(part for part in (issue.sheet, issue.cells or issue.cell) if part)


def write(book: Workbook, items: Sequence[Item], left: Sequence[Left]) -> None:
    """Every item, errors first, then as one reads the book."""
    sheet = book.create_sheet(SHEET, 0)
    for letter, width in zip("ABCDEFG", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    _title(sheet, 1, "CÁC NỘI DUNG CẦN BỔ SUNG, CHỈNH SỬA", size=14, bold=True, align=template.CENTRE)
    errors = sum(item.is_error for item in items)
    _title(sheet, 2, _summary(errors, len(items) - errors), italic=True)
    sheet.row_dimensions[2].height = 36
    _headings(sheet, FIRST - 1, HEADINGS)
    drawn = {severity: _draw(sheet, severity) for severity in (WRONG, DOUBTFUL, None)}
    for row, item in enumerate(sorted(items, key=_as_read), FIRST):
        _line(sheet, row, _of_item(item, row), drawn[WRONG if item.is_error else DOUBTFUL])
        if item.place:
            here = sheet.cell(row, 3)
            here.hyperlink = Hyperlink(ref=here.coordinate, location=f"'{item.place.sheet}'!{item.place.address}")
    if left:
        _write_left(sheet, FIRST + len(items) + 1, left, drawn[None])
    sheet.freeze_panes = f"A{FIRST}"
    template.page(sheet, pages=1)
    book.active = 0
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False


def _title(sheet: Worksheet, row: int, text: str, **how: Any) -> None:
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(WIDTHS))
    template.say(sheet.cell(row, 1), text, **how)


def _headings(sheet: Worksheet, row: int, labels: Sequence[str]) -> None:
    for column, label in enumerate(labels, 1):
        template.heading(sheet.cell(row, column), label)


def _as_read(item: Item) -> tuple[Any, ...]:
    """Errors, then warnings; of the file, of part I, of the table; by row, then by column."""
    place = item.place
    if place is None:
        return not item.is_error, 0, 0, 0
    return not item.is_error, 1 if place.sheet == template.INFO else 2, place.row, place.column


def _summary(errors: int, warnings: int) -> str:
    wrong = f"{errors:02} nội dung phải sửa (ô màu hồng)" if errors else ""
    doubtful = f"{warnings:02} nội dung đề nghị kiểm tra (ô màu vàng)" if warnings else ""
    if not (wrong or doubtful):
        return "Không có nội dung nào phải sửa; không cần gửi lại."
    return (
        f"Có {' và '.join(filter(None, (wrong, doubtful)))}; bấm vào cột “Ô” để đến chỗ sửa. Đề nghị sửa ngay trong "
        "tệp này, lưu lại và gửi về Sở; không cần xóa trang này."
    )


def _of_item(item: Item, row: int) -> tuple[str, ...]:
    sheet = item.place.sheet if item.place else ""
    severity = "Phải sửa" if item.is_error else "Đề nghị kiểm tra"
    return str(row - FIRST + 1), sheet, item.cells, severity, item.text, item.proposal, item.theirs


def _draw(sheet: Worksheet, severity: PatternFill | None) -> list[Any]:
    """The styles of a line, drawn once."""
    made = []
    for column in range(1, len(WIDTHS) + 1):
        cell = sheet.cell(FIRST, column)
        template.say(cell, "", size=11, align=template.CENTRE if column in (1, 3, 4) else template.WRAP)
        cell.border = template.BOX
        cell.fill = severity if severity and column == 4 else PatternFill()
        made.append(template.style(cell))
        cell.value, cell.style = None, "Normal"
    return made


def _line(sheet: Worksheet, row: int, texts: Sequence[str], drawn: list[Any]) -> None:
    for column, (text, style) in enumerate(zip(texts, drawn, strict=True), 1):
        cell = sheet.cell(row, column)
        template.apply_style(cell, style)
        template.put(cell, text or None)
    lines = max(-(-len(text) // (width - 4)) for text, width in zip(texts, WIDTHS, strict=True) if width > 8)
    sheet.row_dimensions[row].height = 16 * max(2, lines)


def _write_left(sheet: Worksheet, row: int, left: Sequence[Left], drawn: list[Any]) -> None:
    """What is in their file and not here: nothing is dropped without a word."""
    _title(sheet, row, "NỘI DUNG TRONG TỆP ĐÃ GỬI KHÔNG ĐƯỢC TÍNH LÀ CAMERA", size=12, bold=True)
    said = "Không phải gửi lại nếu đúng là tiêu đề, ghi chú; nếu là camera, đề nghị ghi thành một dòng của bảng."
    _title(sheet, row + 1, said, italic=True)
    _headings(sheet, row + 2, ("TT", "Trang", "Ô", "Loại", "Nội dung", "", ""))
    for number, line in enumerate(left, 1):
        _line(sheet, row + 2 + number, (str(number), line.sheet, line.address, line.kind, line.text, "", ""), drawn)
