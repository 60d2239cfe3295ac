"""What is read of a workbook: sheets and cells as a person sees them."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal, NamedTuple

Merge = tuple[int, int, int, int]  # first row, first column, last row, last column


class Unreadable(Exception):
    """The file cannot or must not be read; `code` is of the catalogue, `gaps` fill its sentence."""

    def __init__(self, code: str, **gaps: Any) -> None:
        super().__init__(code)
        self.code = code
        self.gaps = gaps


class Cell(NamedTuple):
    """A cell in which a person sees something. `empty`: a formula that was never calculated."""

    row: int
    column: int
    kind: Literal["text", "number", "bool", "date", "error", "empty"]
    value: str | float | bool | date
    formula: bool = False
    secret: bool = False  # a password stood here; `value` is without it


class Note(NamedTuple):
    """What happened while reading and a person must know: a code of the catalogue, where, and what fills its words."""

    code: str
    cell: str | None
    gaps: dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    name: str
    hidden: bool
    cells: dict[tuple[int, int], Cell]
    merges: tuple[Merge, ...] = ()  # none lies over another
    notes: tuple[Note, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()

    @cached_property
    def rows(self) -> dict[int, list[Cell]]:
        """Cells by row, in order. A vertically merged cell stands in each of its rows that has a cell of its own."""
        rows: dict[int, list[Cell]] = {}
        for cell in self.cells.values():
            rows.setdefault(cell.row, []).append(cell)
        for top, left, bottom, right in self.merges:
            if left == right and (merged := self.cells.get((top, left))):
                for row in range(top + 1, bottom + 1):
                    if row in rows and (row, left) not in self.cells:
                        rows[row].append(merged._replace(row=row))
        return {row: sorted(rows[row], key=lambda cell: cell.column) for row in sorted(rows)}

    @cached_property
    def right_of(self) -> dict[tuple[int, int], int]:
        """The column after a horizontally merged cell."""
        return {(top, left): right + 1 for top, left, _, right in self.merges if right > left}


@dataclass(frozen=True)
class Book:
    sheets: tuple[Sheet, ...]
    token: str | None = None  # of the document property
    simplified: bool = False  # the reader could not tell formulas and errors from values
    notes: tuple[Note, ...] = ()

    @property
    def redacted(self) -> bool:
        return any(cell.secret for sheet in self.sheets for cell in sheet.cells.values())
