"""Where things stand in a workbook: which form it is, its head, its table. Tolerant of moved, renamed, added things."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import NamedTuple, TypeGuard

from dondoc.forms.reading import Book, Cell, Sheet
from dondoc.forms.redact import is_password_column
from dondoc.forms.rows import FEWEST, Frame, Line, RowKind, classify, says_nil
from dondoc.forms.spec import CAMERA, FOLLOWED, FormSpec
from dondoc.forms.words import folded, label_keys, loose_keys
from dondoc.vocabulary.numbers import CAM

HEADER_ROWS = 60  # the table's header stands within these rows
LONGEST = 300  # characters of a label, a title, or an explanation of ours
_WORD = 60  # characters of a label that is looked for in every row
_SURE = 0.88  # how near a misspelt label must be to be read as a column
_TELLING = ("site", "host", "main_path", "sub_path", "latitude")  # with name and place: what a camera is known by
_OURS = ("huong dan", "can sua", "lists", "meta")  # sheets of ours that hold no answers
_CAMERA = re.compile(rf"\s*{CAM.prefix}\b", re.IGNORECASE)
OWN = "Cột riêng: "  # before the label of a column that is the agency's own
_NUMBERING = ("tt", "stt", "so tt", "so thu tu")


@dataclass(frozen=True)
class Spot:
    """A place in a sheet, and what stands there, if anything."""

    sheet: str
    row: int
    column: int
    cell: Cell | None


class Label(NamedTuple):
    """A column's label, and what stands above it."""

    text: str
    group: str


@dataclass
class Table:
    """Part II on one sheet: its header row (the lower of two), the column of each field, what each row below is."""

    sheet: Sheet
    header: int
    columns: dict[str, int]
    begins: int = 0  # the first row of its header
    labels: dict[int, Label] = field(default_factory=dict)
    unknown: list[tuple[int, str]] = field(default_factory=list)
    repeated: list[tuple[int, str]] = field(default_factory=list)
    passwords: list[tuple[int, str]] = field(default_factory=list)
    own: list[tuple[int, str]] = field(default_factory=list)  # marked as the agency's own: nothing is said of them
    guessed: list[tuple[int, str]] = field(default_factory=list)  # read by a label that is nearly a column's
    lines: list[Line] = field(default_factory=list)  # what each row that is not blank is

    @cached_property
    def rows(self) -> list[int]:
        """The rows that declare a camera, or an officer."""
        return [line.row for line in self.lines if line.kind == RowKind.CAMERA]

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
    unread: list[Sheet] = field(default_factory=list)  # that hold rows, and no header of ours
    sheets: list[Sheet] = field(default_factory=list)  # all but those of ours that hold no answers
    version: int | None = None  # an earlier one of the form, whose labels stand there
    nil_words: list[Spot] = field(default_factory=list)  # where it is written out that there is no camera
    others: dict[str, str] = field(default_factory=dict)  # sheets of other forms: what each is called
    repeats: dict[str, str] = field(default_factory=dict)  # sheets that are copies: of which sheet


def find(book: Book, specs: Mapping[str, FormSpec], form: str | None = None) -> Layout | None:
    """The form that a workbook is, and where its parts stand; None when it is none of ours.

    `form`: what a genuine token says; else the title, else the form whose labels fit best, and only that one.
    """
    sheets = sorted((sheet for sheet in book.sheets if folded(sheet.name) not in _OURS), key=lambda sheet: sheet.hidden)
    ranked = sorted(((_fit(sheets, spec), spec.id) for spec in specs.values() if form in (None, spec.id)), reverse=True)
    if not ranked or ranked[0][0] < (0, FEWEST) or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    spec = specs[ranked[0][1]]
    others = {s.name: other.label for s in sheets if (other := _other(s, spec, specs))}
    found = _layout([sheet for sheet in sheets if sheet.name not in others], spec)
    return replace(found, others=others)


def _other(sheet: Sheet, spec: FormSpec, specs: Mapping[str, FormSpec]) -> FormSpec | None:
    """The form that a sheet is by its title and its labels, where it is another than the workbook's."""
    named, labels = _fit([sheet], spec)
    fits = ((_fit([sheet], other), other) for other in specs.values() if other.id != spec.id)
    return None if named else next((other for fit, other in fits if fit[0] and fit[1] >= labels), None)


def _fit(sheets: Iterable[Sheet], spec: FormSpec) -> tuple[int, int]:
    """(whether the title names it, labels found in its best header row)."""
    named, best = 0, 0
    for sheet in sheets:
        texts = [folded(sheet.name)]
        for row, cells in _top(sheet):
            best = max(best, len(_labels(cells, spec)))
            texts += [folded(c.value) for c in cells if _is_short(c.value)] if row <= HEADER_ROWS // 2 else []
        named += any(map(spec.naming.search, texts))
    return (min(named, 1), best) if best >= FEWEST else (0, 0)


def _top(sheet: Sheet) -> Iterator[tuple[int, list[Cell]]]:
    for row, cells in sheet.rows.items():
        if row > HEADER_ROWS:
            return
        yield row, cells


def _labels(cells: Iterable[Cell], spec: FormSpec) -> dict[str, int]:
    """Fields whose label stands in a row, with its column; the first of two wins."""
    columns: dict[str, int] = {}
    for cell in cells:
        if isinstance(cell.value, str) and (key := _key(spec.column_labels, cell.value, spec)):
            columns.setdefault(key, cell.column)
    return columns


def _is_short(value: object) -> TypeGuard[str]:
    """Whether it can be words of ours: longer ones would only cost time to compare."""
    return isinstance(value, str) and len(value) <= LONGEST


def _key(known: Mapping[str, str], text: str, spec: FormSpec) -> str | None:
    """The field that a label names: as it stands, or without what people add: a number, a star, "của camera"."""
    if not _is_short(text):
        return None
    for keys in (label_keys(text), loose_keys(text, spec.fillers)):
        if found := next((known[key] for key in keys if key in known), None):
            return found
    return None


def _layout(sheets: list[Sheet], spec: FormSpec) -> Layout:
    tables, repeats = _without_copies([table for sheet in sheets for table in _tables(sheet, spec)])
    first = {table.sheet.name: table.header for table in reversed(tables)}
    unread = [s for s in sheets if s.name not in (*first, *repeats) and _is_like_a_table(s)] if tables else []
    head = _head(sheets, spec, first)
    with_parts = [s for s in sheets if s.name in first or s.name in {spot.sheet for spot in head.values()}]
    nil = [spot for sheet in with_parts for spot in _nil_words(sheet, spec)] if spec.nil else []
    unread = [s for s in unread if s not in with_parts]
    return Layout(spec, head, tables, unread, sheets, _version(tables, spec), nil, repeats=repeats)


def _without_copies(tables: list[Table]) -> tuple[list[Table], dict[str, str]]:
    """Without the sheets that list the cameras of another, cell by cell, with their addresses: somebody copied it."""
    seen, kept, repeats = dict[frozenset[object], Table](), list[Table](), dict[str, str]()
    for table in tables if len(tables) > 1 else ():
        rows = [table.cells(row) for row in table.rows]
        said = frozenset((row, key, c.value) for row, cells in enumerate(rows) for key, c in cells.items())
        first = seen.setdefault(said, table)
        if first.sheet is table.sheet or not any("host" in cells for cells in rows):
            kept.append(table)
        else:
            repeats[table.sheet.name] = first.sheet.name
    return kept or tables, repeats


def _version(tables: list[Table], spec: FormSpec) -> int | None:
    labels = [label.text for table in tables for label in table.labels.values() if _is_short(label.text)]
    found = [spec.version_of[key] for label in labels for key in label_keys(label) if key in spec.version_of]
    return max(found, default=None)


def _nil_words(sheet: Sheet, spec: FormSpec) -> Iterator[Spot]:
    """Answers and remarks that say so; labels and explanations of ours have these words too."""
    for cell in sheet.cells.values():
        if cell.kind == "text" and says_nil(str(cell.value)) and not _is_ours_to_say(str(cell.value), spec):
            yield Spot(sheet.name, cell.row, cell.column, cell)


# -- tables


def _tables(sheet: Sheet, spec: FormSpec) -> Iterator[Table]:
    """The tables of a sheet, one below the other: a header with other columns begins the next."""
    header = _first_header(sheet, spec)
    if header is None:
        return
    table = _table(sheet, header, spec)
    begun, repeated = [table], dict[int, set[int]]()
    for row in _later_headers(sheet, table, spec):
        other = _table(sheet, row, spec)
        if other.columns == begun[-1].columns:
            repeated.setdefault(begun[-1].header, set()).add(row)
        else:
            begun.append(other)
    ends = [*(one.begins - 1 for one in begun[1:]), max(sheet.rows)]
    for table, end in zip(begun, ends, strict=True):
        _without_other_numbers(table, end)
        _sort_out_columns(table, spec)
        table.lines = classify(_frame(table, end, repeated.get(table.header, set()), spec))
        yield table


def _first_header(sheet: Sheet, spec: FormSpec) -> int | None:
    candidates = [(len(labels), -row) for row, cells in _top(sheet) if (labels := _labels(cells, spec))]
    return -max(candidates)[1] if candidates and max(candidates)[0] >= FEWEST else None


def _later_headers(sheet: Sheet, table: Table, spec: FormSpec) -> Iterator[int]:
    """Rows further down that are made of labels. Few rows are looked at closely: those whose first words are one."""
    words = set(spec.column_labels) | {folded(str(c.value)) for c in sheet.rows[table.header] if _is_short(c.value)}
    for row, cells in sheet.rows.items():
        if row <= table.header or not any(isinstance(c.value, str) and _is_word(c.value, words) for c in cells[:4]):
            continue
        labels, texts = _labels(cells, spec), [c for c in cells if c.kind == "text"]
        if len(labels) >= FEWEST and len(labels) * 2 > len(texts) and len(texts) * 2 > len(cells):
            yield row


def _is_word(text: str, words: Collection[str]) -> bool:
    return len(text) <= _WORD and folded(text) in words


def _table(sheet: Sheet, header: int, spec: FormSpec) -> Table:
    """The table whose labels stand in a row, or in it and the row above or below."""
    top, bottom = _header_rows(sheet, header, spec)
    table = Table(sheet, bottom, {}, begins=top, labels=_stacked(sheet, top, bottom))
    seen = sorted(table.labels.items(), key=lambda label: label[0] in sheet.hidden_columns)  # what people see counts
    for by_group in (True, False):  # "Tên" below "Camera" is "Tên camera"
        for column, label in seen:
            key = _key_of(label, by_group, spec)
            if key and key not in table.columns and column not in table.columns.values():
                table.columns[key] = column
    return table


def _header_rows(sheet: Sheet, header: int, spec: FormSpec) -> tuple[int, int]:
    """The first and last row of a header: a row beside it belongs to it that labels further columns."""
    found = _labels(sheet.rows[header], spec)
    for other in (header - 1, header + 1):
        cells = [c for c in sheet.rows.get(other, ()) if (other, c.column) in sheet.cells]
        if not cells or any(cell.kind != "text" for cell in cells):
            continue
        labels = _labels(cells, spec)
        more = {column for key, column in labels.items() if key not in found} - set(found.values())
        if more and (other < header or len(labels) == len(cells)):
            return min(other, header), max(other, header)
    return header, header


def _stacked(sheet: Sheet, top: int, bottom: int) -> dict[int, Label]:
    """Each column's label, the lowest of its header, and what stands above it, also over several columns."""
    labels: dict[int, Label] = {}
    above = {c.column: str(c.value) for c in sheet.rows.get(bottom - 1, ()) if c.kind == "text"}
    for row in range(top, bottom + 1):
        for cell in sheet.rows.get(row, ()):
            labels[cell.column] = Label(str(cell.value), "")
    for column in labels:
        left = max((c for c in above if c <= column), default=0)
        group = above.get(left, "")
        labels[column] = labels[column]._replace(group="" if group == labels[column].text else group)
    return dict(sorted(labels.items()))


def _key_of(label: Label, by_group: bool, spec: FormSpec) -> str | None:
    if not by_group:
        return _key(spec.column_labels, label.text, spec)
    if not label.group or not (_is_short(label.group) and _is_short(label.text)):
        return None
    pairs = (f"{label.text} {label.group}", f"{label.group} {label.text}")
    return next((spec.column_labels[key] for key in map(folded, pairs) if key in spec.column_labels), None)


def _frame(table: Table, last: int, headers: set[int], spec: FormSpec) -> Frame:
    columns = table.columns
    known = {spec.place, CAMERA, *_TELLING} if CAMERA in spec.fields else {f.key for f in spec.columns if f.required}
    return Frame(
        table.sheet,
        table.header + 1,
        last,
        columns=frozenset(columns.values()),
        telling=frozenset(columns[key] for key in known if key and key in columns),
        naming=frozenset(columns[key] for key in (CAMERA,) if key in columns),
        deciding=frozenset(columns[key] for key in spec.empty_when if key in columns),
        addressed=frozenset(columns[key] for key in ("host",) if key in columns),
        headers=frozenset(headers),
    )


def _is_like_a_table(sheet: Sheet) -> bool:
    return sum(len(cells) >= FEWEST for cells in sheet.rows.values()) >= 2


def _without_other_numbers(table: Table, last: int) -> None:
    """“Số hiệu” is ours only where it holds numbers of ours, or nothing; else it is theirs, as then “Thay đổi” is."""
    number = table.columns.get(FOLLOWED[0], 0)
    below = (table.sheet.cells.get((row, number)) for row in range(table.header + 1, last + 1))
    texts = [str(cell.value) for cell in below if cell] if number else []
    if not number or (texts and not any(_CAMERA.match(text) for text in texts)):
        for key in FOLLOWED:
            table.columns.pop(key, None)


def _sort_out_columns(table: Table, spec: FormSpec) -> None:
    for column, label in table.labels.items():
        text = label.text
        if column in table.columns.values() or _is_numbers(text):
            continue
        if is_password_column(text):
            table.passwords.append((column, text))
        elif folded(text).startswith(folded(OWN)):
            table.own.append((column, text))
        elif (named := _key(spec.column_labels, text, spec)) and named in table.columns:
            table.repeated.append((column, text))
        elif (key := _meant(text, spec)) and key not in (*table.columns, *FOLLOWED):
            table.columns[key] = column
            table.guessed.append((column, text))
        else:
            table.unknown.append((column, text))


def _is_numbers(label: str) -> bool:
    """Whether it is the label of the running number: "TT", "0. STT"."""
    return _is_short(label) and any(key in _NUMBERING for key in (*label_keys(label), *loose_keys(label, ())))


def _meant(label: str, spec: FormSpec) -> str | None:
    """The field of a label that is misspelt in a letter or two; no other is as near."""
    if not _is_short(label):
        return None
    matches = get_close_matches(folded(label), spec.column_labels, n=3, cutoff=_SURE)
    keys = {spec.column_labels[match] for match in matches}
    return keys.pop() if len(keys) == 1 else None


def near(label: str, spec: FormSpec) -> str | None:
    """The column that a misspelt label probably means."""
    if not _is_short(label):
        return None
    known = {folded(f.label): f.label for f in spec.columns}
    matches = get_close_matches(folded(label), known, n=1, cutoff=0.75)
    return known[matches[0]] if matches else None


# -- the head


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
            key = _key(known, str(cell.value), spec) or (_key(known, label, spec) if colon else None)
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
    return _is_short(text) and (_key(spec.head_labels, text, spec) is not None or folded(text) in spec.explanations)
