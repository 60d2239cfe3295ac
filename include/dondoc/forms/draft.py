"""Sheets while they are read: what is kept of a cell, how much of a book is looked at, and what is left out is noted.

Every bound that cuts something leaves a note, which becomes an issue.
"""

import math
from collections.abc import Iterable
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from openpyxl.utils import get_column_letter

from dondoc.forms.clean import clean
from dondoc.forms.legacy import kept
from dondoc.forms.reading import Cell, Merge, Note, Sheet, Unreadable
from dondoc.forms.redact import redact

ROWS, COLUMNS, SHEETS, CELLS = 6000, 130, 300, 500_000  # bounds of what is looked at
LONGEST = 4000  # characters of one cell
TEXT = 20_000_000  # characters of all cells
MERGES = 20_000
STRAY = 3  # cells outside these bounds that are named; more are a table
TOO_MUCH = "quá nhiều ô, định dạng hoặc hình"


class Budget:
    """How much of a book is still looked at."""

    def __init__(self) -> None:
        self.cells, self.text = CELLS, TEXT


class Draft:
    """A sheet while it is read."""

    def __init__(self, name: str, hidden: bool, budget: Budget) -> None:
        self.name, self.hidden, self.budget = clean(name)[:80], hidden, budget
        self.cells: dict[tuple[int, int], Cell] = {}
        self.outside: list[tuple[int, int]] = []  # the first few cells beyond the bounds
        self.below = self.right = 0  # how many of them lie below, how many only on the right
        self.notes: list[Note] = []
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()

    def put(self, row: int, column: int, value: Any, mark: str = "") -> None:
        """What a person sees in a cell, if anything. `mark`: "f" a formula, "e" an error.

        Raises:
            Unreadable: the book holds more than anybody looks at.
        """
        if row > ROWS or column > COLUMNS:
            if value not in (None, "") or mark:
                self.leave_out(row, column)
            return
        cell = _cell(row, column, value, mark)
        if cell is None:
            return
        self.cells[row, column] = cell
        budget = self.budget
        budget.cells -= 1
        if cell.kind == "text":
            length = len(cell.value)  # type: ignore[arg-type]
            budget.text -= length
            if length >= LONGEST and len(str(value)) > LONGEST:
                self.notes.append(Note("text_cut", address(row, column), {"limit": LONGEST}))
        if budget.cells < 0 or budget.text < 0:
            raise Unreadable("too_heavy", why=TOO_MUCH)

    def leave_out(self, row: int, column: int) -> None:
        """A cell beyond the bounds."""
        self.outside += [(row, column)] if len(self.outside) <= STRAY else []
        if row > ROWS:
            self.below += 1
        else:
            self.right += 1

    def sheet(self, merges: Iterable[Merge] = ()) -> Sheet:
        """What has been read."""
        ranges, more = _apart(merges)
        if more:
            self.notes.append(Note("merges_left", None, {"limit": MERGES}))
        notes = (*self.notes, *self._strays())
        hidden = frozenset(self.hidden_rows), frozenset(self.hidden_columns)
        return Sheet(self.name, self.hidden, self.cells, ranges, notes, *hidden)

    def _strays(self) -> list[Note]:
        if self.below + self.right <= STRAY:
            return [Note("far_cell", address(*place), {}) for place in self.outside]
        notes = []
        if self.below:
            notes.append(Note("too_many_rows", None, {"limit": ROWS}))
        if self.right:
            notes.append(Note("too_many_columns", None, {"limit": get_column_letter(COLUMNS)}))
        return notes


def address(row: int, column: int) -> str:
    """B12; beyond what letters can name, R1C20000."""
    return f"{get_column_letter(column)}{row}" if column <= 18_278 else f"R{row}C{column}"


def _apart(ranges: Iterable[Merge]) -> tuple[tuple[Merge, ...], bool]:
    """Ranges inside what is looked at, none over another, as in every workbook that a program wrote: of two that
    meet the upper one counts. And whether there are more than are looked at."""
    kept_, below = list[Merge](), dict[int, int]()  # column → the last row that a range covers
    inside = [r for r in ranges if r[0] < ROWS and r[1] <= COLUMNS]
    for top, left, bottom, right in sorted(inside[:MERGES]):
        columns = range(left, min(right, COLUMNS) + 1)
        if all(below.get(column, 0) < top for column in columns):
            bottom = min(bottom, ROWS)
            below.update(dict.fromkeys(columns, bottom))
            kept_.append((top, left, bottom, right))
    return tuple(kept_), len(inside) > MERGES


def _cell(row: int, column: int, value: Any, mark: str) -> Cell | None:
    formula = mark == "f"
    if mark == "e":
        return _nothing(row, column, mark)
    if isinstance(value, bool):
        return Cell(row, column, "bool", value, formula)
    if isinstance(value, int | float):
        number = float(value)
        return Cell(row, column, "number", number, formula) if math.isfinite(number) else _nothing(row, column, "e")
    if isinstance(value, datetime):
        return Cell(row, column, "date", value.date(), formula)
    if isinstance(value, date):
        return Cell(row, column, "date", value, formula)
    if value is not None and value != "":
        text, secret = _text(f"{value:%H:%M}" if isinstance(value, time) else str(value)[:LONGEST])
        if text:
            return Cell(row, column, "text", text, formula, secret)
    return _nothing(row, column, mark) if formula else None


def _nothing(row: int, column: int, mark: str) -> Cell:
    return Cell(row, column, "empty" if mark == "f" else "error", "", mark == "f")


@lru_cache(20_000)
def _text(text: str) -> tuple[str, bool]:
    """A text as it is judged, and whether a password stood in it. Programs keep equal texts once; so do we."""
    return redact(clean(kept(text)))
