"""Where things stand in a workbook: which form it is, its head, its table. Tolerant of moved, renamed, added things."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import TypeGuard

from dondoc.directive.names import fold
from dondoc.forms.reading import Book, Cell, Sheet
from dondoc.forms.redact import is_password_column
from dondoc.forms.spec import FOLLOWED, FormSpec
from dondoc.forms.words import label_keys
from dondoc.vocabulary.numbers import CAM

HEADER_ROWS = 60  # the table's header stands within these rows
FEWEST = 3  # labels that make a row a header
LONGEST = 300  # characters of a label, a title, or an explanation of ours
_OURS = ("huong dan", "can sua", "lists", "meta")  # sheets of ours that hold no answers
_CAMERA = re.compile(rf"\s*{CAM.prefix}\b", re.IGNORECASE)
_NUMBERING = ("tt", "stt", "so tt", "so thu tu")
# With accents: folded, "cộng" (total) is "cổng" (gate), the commonest place of a camera.
_TOTALS = re.compile(r"(tổng cộng|tổng số|tong cong|tong so)\b|(tổng|cộng|tong)\s*:?\s*$")
_END = re.compile(r"(người lập|nguoi lap|thủ trưởng|thu truong|nơi nhận|noi nhan|tm\. |kt\. |xác nhận của)")
OWN = "Cột riêng: "  # before the label of a column that is the agency's own
_COUNTED = re.compile(r"\(?\d{1,2}\)?")


@dataclass(frozen=True)
class Spot:
    """A place in a sheet, and what stands there, if anything."""

    sheet: str
    row: int
    column: int
    cell: Cell | None


@dataclass
class Table:
    """Part II on one sheet: its header row, the column of each field, and the rows people filled."""

    sheet: Sheet
    header: int
    columns: dict[str, int]
    unknown: list[tuple[int, str]] = field(default_factory=list)
    repeated: list[tuple[int, str]] = field(default_factory=list)
    passwords: list[tuple[int, str]] = field(default_factory=list)
    own: list[tuple[int, str]] = field(default_factory=list)  # marked as the agency's own: nothing is said of them
    rows: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)

    @cached_property
    def keys(self) -> dict[int, str]:
        return {column: key for key, column in self.columns.items()}

    def cells(self, row: int) -> dict[str, Cell]:
        """The row's cells by field."""
        return {self.keys[c.column]: c for c in self.sheet.rows.get(row, ()) if c.column in self.keys}


@dataclass(frozen=True)
class Layout:
    spec: FormSpec
    head: dict[str, Spot]
    tables: list[Table]


def find(book: Book, specs: Mapping[str, FormSpec], form: str | None = None) -> Layout | None:
    """The form that a workbook is, and where its parts stand; None when it is none of ours.

    `form`: what a genuine token says; else the title, else the form whose labels fit best, and only that one.
    """
    sheets = [sheet for sheet in book.sheets if not is_ours(sheet)]
    ranked = sorted(((_fit(sheets, spec), spec.id) for spec in specs.values() if form in (None, spec.id)), reverse=True)
    if not ranked or ranked[0][0] < (0, FEWEST) or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return _layout(sheets, specs[ranked[0][1]])


def is_ours(sheet: Sheet) -> bool:
    """Whether nothing of a sheet is an answer."""
    return sheet.hidden or fold(sheet.name) in _OURS


def _fit(sheets: Iterable[Sheet], spec: FormSpec) -> tuple[int, int]:
    """(whether the title names it, labels found in its best header row)."""
    names = {fold(word) for word in (spec.label, spec.heading, spec.part, *spec.aliases)}
    named, best = 0, 0
    for sheet in sheets:
        texts = [fold(sheet.name)]
        for row, cells in _top(sheet):
            best = max(best, len(_labels(cells, spec.column_labels)))
            texts += [fold(c.value) for c in cells if _is_short(c.value)] if row <= HEADER_ROWS // 2 else []
        named += any(re.search(rf"\b{re.escape(name)}\b", text) for name in names for text in texts)
    return (min(named, 1), best) if best >= FEWEST else (0, 0)


def _top(sheet: Sheet) -> Iterator[tuple[int, list[Cell]]]:
    for row, cells in sheet.rows.items():
        if row > HEADER_ROWS:
            return
        yield row, cells


def _labels(cells: Iterable[Cell], known: Mapping[str, str]) -> dict[str, int]:
    """Fields whose label stands in a row, with its column; the first of two wins."""
    columns: dict[str, int] = {}
    for cell in cells:
        if isinstance(cell.value, str) and (key := _key(known, cell.value)):
            columns.setdefault(key, cell.column)
    return columns


def _is_short(value: object) -> TypeGuard[str]:
    """Whether it can be words of ours: longer ones would only cost time to compare."""
    return isinstance(value, str) and len(value) <= LONGEST


def _key(known: Mapping[str, str], text: str) -> str | None:
    if not _is_short(text):
        return None
    return next((known[key] for key in label_keys(text) if key in known), None)


def _layout(sheets: list[Sheet], spec: FormSpec) -> Layout:
    tables = [table for sheet in sheets if (table := _table(sheet, spec))]
    return Layout(spec, _head(sheets, spec, {t.sheet.name: t.header for t in tables}), tables)


def _table(sheet: Sheet, spec: FormSpec) -> Table | None:
    candidates = [(len(labels), -row) for row, cells in _top(sheet) if (labels := _labels(cells, spec.column_labels))]
    if not candidates or max(candidates)[0] < FEWEST:
        return None
    header = -max(candidates)[1]
    table = Table(sheet, header, _labels(sheet.rows[header], spec.column_labels))
    _without_other_numbers(table)
    _sort_out_columns(table, spec)
    _sort_out_rows(table)
    return table


def _without_other_numbers(table: Table) -> None:
    """“Số hiệu” is ours only where it holds numbers of ours, or nothing; else it is theirs, as then “Thay đổi” is."""
    number = table.columns.get(FOLLOWED[0], 0)
    texts = [str(c.value) for c in table.sheet.cells.values() if c.column == number and c.row > table.header]
    if not number or (texts and not any(_CAMERA.match(text) for text in texts)):
        for key in FOLLOWED:
            table.columns.pop(key, None)


def _sort_out_columns(table: Table, spec: FormSpec) -> None:
    known, taken = spec.column_labels, set(table.columns.values())
    for cell in table.sheet.rows[table.header]:
        label = str(cell.value)
        if cell.column in taken or (_is_short(label) and fold(label) in _NUMBERING):
            continue
        if is_password_column(label):
            table.passwords.append((cell.column, label))
        elif fold(label).startswith(fold(OWN)):
            table.own.append((cell.column, label))
        elif (key := _key(known, label)) and key in table.columns:
            table.repeated.append((cell.column, label))
        else:
            table.unknown.append((cell.column, label))


def near(label: str, spec: FormSpec) -> str | None:
    """The column that a misspelt label probably means."""
    if not _is_short(label):
        return None
    known = {fold(f.label): f.label for f in spec.columns}
    matches = get_close_matches(fold(label), known, n=1, cutoff=0.75)
    return known[matches[0]] if matches else None


def _sort_out_rows(table: Table) -> None:
    ours, wide = set(table.columns.values()), {top for top, left, _, right in table.sheet.merges if right - left >= 2}
    ended = False
    for row, cells in table.sheet.rows.items():
        if row <= table.header:
            continue
        filled = [cell for cell in cells if cell.column in ours]
        begins = [str(cell.value).casefold() for cell in cells[:2]]
        ended = ended or any(_END.match(text) for text in begins)
        if not any((row, cell.column) in table.sheet.cells for cell in filled):
            continue  # blank, but for what is merged from above
        if (ended and len(filled) < FEWEST) or _is_numbering(cells):
            continue  # signatures stand below the table
        if len(filled) <= FEWEST and any(_TOTALS.match(text) for text in begins):
            continue
        (table.groups if row in wide and len(filled) <= 2 else table.rows).append(row)


def _is_numbering(cells: list[Cell]) -> bool:
    """The row (1) (2) (3) … under a header."""
    texts = [str(int(c.value)) if isinstance(c.value, float) else str(c.value) for c in cells]
    return len(cells) >= FEWEST and all(_COUNTED.fullmatch(t) for t in texts) and len(set(texts)) == len(texts)


def _head(sheets: Iterable[Sheet], spec: FormSpec, headers: Mapping[str, int]) -> dict[str, Spot]:
    """The sheet with most of the head's labels, the first of equals; only above the table where there is one."""
    best: dict[str, Spot] = {}
    for sheet in sheets:
        spots = _spots(sheet, spec, headers.get(sheet.name))
        if len(spots) > len(best):
            best = spots
    return best


def _spots(sheet: Sheet, spec: FormSpec, header: int | None) -> dict[str, Spot]:
    known = spec.head_labels
    spots: dict[str, Spot] = {}
    for row, cells in _top(sheet):
        if header is not None and row >= header:
            break
        for cell in cells:
            label, colon, rest = str(cell.value).partition(":")
            key = _key(known, str(cell.value)) or (_key(known, label) if colon else None)
            if key and key not in spots:
                spots[key] = _spot(sheet, cell, cells, rest.strip() if colon else "", spec)
    return spots


def _spot(sheet: Sheet, label: Cell, cells: list[Cell], rest: str, spec: FormSpec) -> Spot:
    """The answer to a label: after its colon, or the next cell on its right that is no label or explanation."""
    if rest:
        return Spot(sheet.name, label.row, label.column, label._replace(value=rest, kind="text"))
    beside = sheet.right_of.get((label.row, label.column), label.column + 1)
    answer = next((cell for cell in cells if cell.column > label.column), None)
    if answer is None or answer.column > beside + 3 or _is_ours_to_say(str(answer.value), spec):
        return Spot(sheet.name, label.row, beside, None)
    return Spot(sheet.name, answer.row, answer.column, answer)


def _is_ours_to_say(text: str, spec: FormSpec) -> bool:
    return _is_short(text) and (_key(spec.head_labels, text) is not None or fold(text) in spec.explanations)
