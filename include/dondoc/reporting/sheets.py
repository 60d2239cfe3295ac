"""An .xlsx of tables that print on A4 and run nothing: what every sheet of the workbook has, whatever stands in it.

All is made in memory: what is in clear never lies on the disk.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from dondoc import spreadsheets
from dondoc.masking import without_addresses

FONT, SIZE = "Times New Roman", 12
_LINE = 16.5  # points that a line of text takes
_A4, _SIDE, _TOP = 9, 0.5, 0.75  # inches
_NUMBER = {bool: "General", int: "#,##0", float: "0.0%", date: "dd/mm/yyyy"}  # read right on any machine
Value = str | int | float | date | None


@dataclass(frozen=True)
class Column:
    heading: str
    widest: int = 40  # characters, of text: longer ones are wrapped
    least: int = 0
    number: str | None = None  # a format of numbers of its own


@dataclass(frozen=True)
class Properties:
    """Of the file."""

    title: str
    author: str
    created: datetime
    comments: str


@dataclass(frozen=True)
class Table:
    """Where a table stands, for charts of it: its headings, and the first and last row of values without the total."""

    sheet: str
    heading: int
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    def column(self, number: int) -> list[str | int]:
        return [self.sheet, self.first, number, self.last, number]

    def rows(self, first: int, last: int) -> "Table":
        """A part of it."""
        return Table(self.sheet, self.heading, self.first + first, self.first + last)


@dataclass
class Book:
    """`head`: left and right of each printed page; `foot`: left of its number."""

    properties: Properties
    head: tuple[str, str]
    foot: str
    _out: BytesIO = field(default_factory=BytesIO)
    _formats: dict[tuple[tuple[str, Any], ...], Format] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": {"font_name": FONT, "font_size": SIZE},
            "default_row_height": 21,
            "default_column_width": 72,
        }
        self.book = Workbook(self._out, options)
        told = self.properties
        told_as = {"title": told.title, "author": told.author, "company": told.author, "comments": told.comments}
        self.book.set_properties({**told_as, "created": told.created.astimezone(UTC)})

    def finished(self) -> bytes:
        self.book.close()
        return self._out.getvalue()

    def look(self, **properties: Any) -> Format:
        """One object per look: each makes the file's list of styles longer."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"font_name": FONT, "font_size": SIZE, **properties})
        return self._formats[key]

    def sheet(self, name: str) -> Worksheet:
        """An empty one that prints as the others do: A4 across, with a head and page numbers."""
        made = self.book.add_worksheet(name)
        made.set_landscape()
        made.set_paper(_A4)
        made.set_margins(_SIDE, _SIDE, _TOP, _TOP)
        made.center_horizontally()
        left, right, foot = (text.replace("&", "&&") for text in (*self.head, self.foot))
        look = f'&"{FONT},Italic"&10'
        made.set_header(f"&L{look}{left}&R{look}{right}")
        made.set_footer(f"&L{look}{foot}&R{look}Trang &P/&N")
        return made

    def table(
        self,
        name: str,
        title: str,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Value]],
        *,
        total: Sequence[Value] | None = None,
        before: Sequence[str] = (),
        after: Sequence[str] = (),
        empty: str = "",
        fixed: int = 2,
    ) -> Table:
        """A sheet with one table: headings that stay and repeat, a filter, widths by what stands in it.

        Args:
            before, after: lines of text above and below.
            empty: what stands there instead of rows.
            fixed: columns that stay when one moves to the right; 0: a page, where nothing stays or is filtered.
        """
        sheet, last = self.sheet(name), len(columns) - 1
        widths = [_width(column, [row[i] for row in rows]) for i, column in enumerate(columns)]
        for number, width in enumerate(widths):
            sheet.set_column(number, number, width)
        self._lines(sheet, 0, [title], last, sum(widths), bold=True, font_size=14)
        self._lines(sheet, 1, before, last, sum(widths))
        heading = len(before) + 2
        sheet.set_row(heading - 1, 6)
        sheet.set_row(heading, _LINE * max(map(_wrapped, columns, widths)) + 5)
        for number, column in enumerate(columns):
            sheet.write_string(heading, number, column.heading, self._heading())
        first = heading + 1
        for at, row in enumerate(rows, first):
            self._row(sheet, at, columns, row)
            lines = max(_lines_of(v, w) if isinstance(v, str) else 1 for v, w in zip(row, widths, strict=True))
            if lines > 1:  # LibreOffice makes room for a line only
                sheet.set_row(at, _LINE * lines + 3)
        end = first + len(rows)
        if not rows and empty:
            self._lines(sheet, end, [empty], last, sum(widths), italic=True)
            end += 1
        if total is not None:
            self._row(sheet, end, columns, total, bold=True, bg_color="#E6E6E6")
            end += 1
        if after:
            self._lines(sheet, end + 1, after, last, sum(widths))
            end += 1 + len(after)
        sheet.fit_to_pages(1, 0 if fixed else 1)
        sheet.print_area(0, 0, end - 1, last)
        sheet.repeat_rows(heading)
        if fixed:
            sheet.freeze_panes(first, fixed)
        if fixed and rows:
            sheet.autofilter(heading, 0, first + len(rows) - 1, last)
        return Table(name, heading, first, first + len(rows) - 1)

    def _heading(self) -> Format:
        look = {"align": "center", "valign": "vcenter", "text_wrap": True, "border": 1, "border_color": "#999999"}
        return self.look(bold=True, bg_color="#E6E6E6", **look)

    def _row(self, sheet: Worksheet, at: int, columns: Sequence[Column], values: Sequence[Value], **look: Any) -> None:
        for number, (column, value) in enumerate(zip(columns, values, strict=True)):
            self._cell(sheet, at, number, column, value, look)

    def _cell(self, sheet: Worksheet, row: int, at: int, column: Column, value: Value, look: dict[str, Any]) -> None:
        """Text stays text, also when it is edited later; numbers and days are numbers and days."""
        look = {"border": 1, "border_color": "#999999", "valign": "vcenter", **look}
        if value is None:
            sheet.write_blank(row, at, None, self.look(**look))
        elif isinstance(value, str):
            text = _text(value)
            runs = {"quote_prefix": True} if spreadsheets.runs(text) else {}
            sheet.write_string(row, at, text, self.look(text_wrap=True, indent=1, **look, **runs))
        else:
            number = column.number or _NUMBER[type(value)]
            shown = self.look(align="center", num_format=number, **look)
            write = sheet.write_datetime if isinstance(value, date) else sheet.write_number
            write(row, at, value, shown)

    def _lines(self, sheet: Worksheet, first: int, lines: Iterable[str], last: int, width: float, **look: Any) -> None:
        """Text over all columns. Its height is told: programs make room for no cell that is merged."""
        for at, line in enumerate(lines, first):
            shown, text = self.look(text_wrap=True, valign="vcenter", **look), _text(line)
            if last:
                sheet.merge_range(at, 0, at, last, "", shown)
            sheet.write_string(at, 0, text, shown)
            scale = look.get("font_size", SIZE) / SIZE
            sheet.set_row(at, _LINE * scale * _lines_of(text, width / scale) + 3)


def _text(value: str) -> str:
    """As a cell may hold it, without the address that somebody wrote into it.

    XlsxWriter takes "<r>…</r>" for markup of its own and would write it as it stands.
    """
    text = without_addresses(spreadsheets.fitting(value))
    return f" {text}" if text.startswith("<r>") else text


def _lines_of(text: str, width: float) -> int:
    """Lines that a text takes in so many digits: letters are narrower, and what breaks at blanks leaves room unused."""
    return sum(max(1, -(-len(line) // max(1, int(width - 1)))) for line in text.split("\n"))


def _wrapped(column: Column, width: float) -> int:
    """Lines of a heading: what stands in bold is wider, and leaves room for the filter's button."""
    lines, used = 1, 0
    for word in column.heading.split():
        if used and used + len(word) > width - 2:
            lines, used = lines + 1, 0
        used += len(word) + 1
    return lines


def _width(column: Column, values: Sequence[Value]) -> float:
    """Of a column, in characters: its longest value up to the widest, and no word of the heading broken."""
    word = max(map(len, column.heading.split())) + 4
    texts = max((len(line) for v in values if isinstance(v, str) for line in v.split("\n")), default=0)
    days = 12 if any(isinstance(v, date) for v in values) else 0
    numbers = 10 if any(isinstance(v, int | float) for v in values) and column.heading != "TT" else 0
    return max(column.least, word, min(texts + 3, column.widest), days, numbers)
