"""What a form holds besides our fields: columns of the agency's own, which its copy keeps, and what the copy leaves
behind, of which it then says so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from dondoc.directive.names import fold
from dondoc.forms.checks import a1
from dondoc.forms.layout import OWN, Layout, Table, near
from dondoc.forms.reading import Cell
from dondoc.forms.rows import RowKind
from dondoc.forms.values import text_of

SHEET, GROUP = "Trang gốc", "Nhóm"
MOST, LONGEST = 60, 120  # columns, and characters of a label
LINES, LENGTH = 200, 300  # of what is left behind: lines, and characters of each
_NUMBERING = re.compile(r"\(?\d{0,5}\)?")
Row = tuple[str, int]  # of their file: the sheet, the row


@dataclass
class Own:
    """A column of theirs: its label, what stands in it, and where its headings stand in their file."""

    label: str
    cells: dict[Row, Cell | str] = field(default_factory=dict)
    headings: list[tuple[str, str]] = field(default_factory=list)  # (sheet, address)
    columns: dict[Row, int] = field(default_factory=dict)  # by the row of the headings
    meant: str | None = None  # the field that its label probably means, and that the form does not have


class Left(NamedTuple):
    """Something that is not carried over."""

    sheet: str
    address: str
    kind: str
    text: str


def columns(layout: Layout) -> list[Own]:
    """Their columns, in order: where a row comes from, then what they added, renamed or wrote twice."""
    found: dict[tuple[str, int], Own] = {}
    for table in layout.tables:
        seen: dict[str, int] = {}
        for column, label in sorted(_theirs(table)):
            name = label.strip()[:LONGEST]
            name = name[len(OWN) :].strip() if fold(name).startswith(fold(OWN)) else name
            seen[fold(name)] = seen.get(fold(name), 0) + 1
            own = found.setdefault((fold(name), seen[fold(name)]), Own(name))
            _add(own, table, column)
            own.meant = own.meant or _meant(label, table, layout)
    return [*_origins(layout, found), *found.values()][:MOST]


def _theirs(table: Table) -> Iterator[tuple[int, str]]:
    """Columns that are not ours: with a label, or without one and with something in a row of a camera."""
    yield from (*table.unknown, *table.repeated, *table.own)
    headed = table.labels.keys()
    rows = (cell.column for row in table.rows for cell in table.sheet.rows.get(row, ()) if cell.column not in headed)
    first = min(table.columns.values(), default=1)
    for column in sorted({column for column in rows if column > first} - set(table.columns.values())):
        yield column, f"(cột {a1(1, column).rstrip('1')}, không có tiêu đề)"


def _add(own: Own, table: Table, column: int) -> None:
    sheet = table.sheet
    own.headings.append((sheet.name, a1(table.header, column)))
    own.columns[sheet.name, table.header] = column
    for row in table.rows:
        if cell := sheet.cells.get((row, column)):
            own.cells[sheet.name, row] = cell


def _meant(label: str, table: Table, layout: Layout) -> str | None:
    guess = near(label, layout.spec) if any(label == other for _, other in table.unknown) else None
    key = next((one.key for one in layout.spec.columns if one.label == guess), None)
    return key if key not in table.columns else None


def _origins(layout: Layout, found: dict[tuple[str, int], Own]) -> Iterator[Own]:
    """The sheet of each row where there are several, and the group that stood above it."""
    if len({table.sheet.name for table in layout.tables}) > 1 and (fold(SHEET), 1) not in found:
        yield Own(SHEET, {(t.sheet.name, row): t.sheet.name for t in layout.tables for row in t.rows})
    groups = {(t.sheet.name, row): group for t in layout.tables for row, group in _grouped(t)}
    if groups and (fold(GROUP), 1) not in found:
        yield Own(GROUP, dict(groups))


def _grouped(table: Table) -> Iterator[tuple[int, str]]:
    group = ""
    for line in table.lines:
        if line.kind == RowKind.GROUP:
            group = _text(table.sheet.rows[line.row], " ")
        elif group and line.kind == RowKind.CAMERA:
            yield line.row, group


def _text(cells: list[Cell], between: str) -> str:
    """What a row says, each thing once."""
    return between.join(dict.fromkeys(text_of(cell.value) for cell in cells if cell.value != ""))


def left(layout: Layout) -> list[Left]:
    """Rows below a table's heading that are no cameras, and sheets of which nothing is read."""
    lines = [line for table in layout.tables for line in _rows(table)]
    read = {table.sheet.name for table in layout.tables} | {spot.sheet for spot in layout.head.values()}
    others = [sheet for sheet in layout.sheets if sheet.cells and sheet.name not in (*read, *layout.repeats)]
    lines += [Left(sheet.name, "", "Trang khác", "Cả trang không có bảng khai của biểu mẫu.") for sheet in others]
    if len(lines) > LINES:
        more = Left("", "", "", f"… và {len(lines) - LINES} dòng khác, xem tệp đã gửi.")
        return [*lines[:LINES], more]
    return lines


def _rows(table: Table) -> Iterator[Left]:
    for line in table.lines:
        cells = table.sheet.rows[line.row]
        if line.kind in (RowKind.CAMERA, RowKind.NUMBERING) or all(
            _NUMBERING.fullmatch(text_of(cell.value)) for cell in cells
        ):
            continue
        text = _text(cells, " · ")[:LENGTH]
        yield Left(table.sheet.name, a1(line.row, cells[0].column), line.kind.heading, text)
