"""What a form says, judged: each cell by its field, each row against itself and the others, head against table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from openpyxl.utils import get_column_letter

from dondoc.directive.names import fold
from dondoc.forms import catalogue, runs, values
from dondoc.forms.current_rows import unchanged
from dondoc.forms.layout import Layout, Table, near
from dondoc.forms.reading import Cell
from dondoc.forms.rows import NUMBERED, Line, RowKind, Why, alike
from dondoc.forms.runs import Labelled
from dondoc.forms.spec import CAMERA, FOLLOWED, Field, FormSpec, When
from dondoc.forms.values import Context, Value, Wrong
from dondoc.forms.verdict import Issue
from dondoc.vocabulary.submissions import Change

TABLE_LIKE = 6  # cells of a row that may be a camera's
SAME_PLACE = 0.003  # degrees: about 300 m
PRIVATE_LINKS = ("tslcd", "leased")
STATED = (Change.REPLACE_DEVICE, Change.REMOVE)  # news in themselves; the rest of what follows a camera is not content


@dataclass
class Findings:
    """Clean values and issues, gathered while judging."""

    context: Context
    issues: list[Issue] = field(default_factory=list)
    head: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    hashed: list[dict[str, Any]] = field(default_factory=list)  # the head, then each row: what the value hash is of
    redacted: bool = False


@dataclass(slots=True)
class Entry:
    """One answer: its field, its place and its cell. `row` 0: the form has no such place; `name`: of the row."""

    field: Field
    sheet: str
    row: int
    column: int
    ordinal: int | None
    cell: Cell | None
    name: str = ""
    above: Cell | None = None  # what a "như trên" stands for

    @property
    def address(self) -> str:
        return a1(self.row, self.column)

    def issue(self, code: str, **gaps: Any) -> Issue:
        label = self.field.label if self.ordinal else f"mục “{self.field.label}”"
        where = catalogue.place(self.address, label, self.ordinal, self.sheet, self.name)
        return catalogue.issue(code, where, self.sheet, self.address, **gaps)


Rows = list[tuple[dict[str, Entry], dict[str, Any]]]


def a1(row: int, column: int) -> str:
    return f"{get_column_letter(column)}{row}"


def check(layout: Layout, context: Context) -> Findings:
    """Judge everything that stands in a form."""
    findings = Findings(context)
    _check_head(layout, findings)
    rows: Rows = []
    labelled: dict[tuple[str, int], Labelled] = {}
    for table in layout.tables:
        labels = {column: layout.spec.fields[key].label for key, column in table.columns.items()}
        findings.redacted = findings.redacted or any(
            c.column == column for column, _ in table.passwords for r in table.rows for c in table.sheet.rows[r]
        )
        above: dict[str, Cell] = {}
        for row in table.rows:
            labelled[table.sheet.name, row] = Labelled(len(rows) + 1, labels)
            rows.append(_check_row(table, row, len(rows) + 1, layout, findings, above))
        here = [row for _, row in rows[len(rows) - len(table.rows) :] if row.get("change") != Change.REMOVE]
        findings.issues += _of_columns(table, layout, here)
    nil = findings.head.get("no_camera") is True or not rows  # then it is asked about once
    for table in layout.tables:
        findings.issues += _left_out(table, nil=nil)
        findings.issues += _hidden(table, layout)
    findings.issues += _notes(layout)
    findings.rows = [row for _, row in rows]
    findings.issues += _repeated_numbers(rows)
    there = [(entries, row) for entries, row in rows if row.get("change") != Change.REMOVE]
    findings.issues += _repeated_names(there, layout.spec.place or "")
    findings.issues += _repeated_addresses(there)
    findings.issues += _as_a_whole(layout, findings)
    findings.issues = runs.joined(findings.issues, labelled)
    return findings


# -- the head


def _check_head(layout: Layout, findings: Findings) -> None:
    entries = {key: _head_entry(layout, one) for key, one in layout.spec.heads.items()}
    wrong = _read(entries, findings, findings.head)
    for key, entry in entries.items():
        if key not in findings.head and key not in wrong and entry.field.kind != "agency":
            findings.issues += _missing(entry, findings.head)


def _head_entry(layout: Layout, one: Field) -> Entry:
    spot = layout.head.get(one.key)
    if spot is None:
        sheet = next(iter(layout.head.values())).sheet if layout.head else layout.tables[0].sheet.name
        return Entry(one, sheet, 0, 0, None, None)
    return Entry(one, spot.sheet, spot.row, spot.column, None, spot.cell)


def _missing(entry: Entry, row: dict[str, Any]) -> list[Issue]:
    one = entry.field
    if not _is_required(one, row):
        return []
    example = f" (ví dụ: {one.example})" if one.example and not one.sensitive else ""
    if not entry.row:
        where = f"mục “{one.label}”, {catalogue.place(None, sheet=entry.sheet)}"
        return [catalogue.issue("required_missing", where, entry.sheet, None, example=example)]
    return [entry.issue("required_missing", example=example)]


def _holds(when: When, row: dict[str, Any]) -> bool:
    # `is`: False is not 0, and a code "none" is not None
    return any(any(row.get(key) is v or row.get(key) == v for v in listed) for key, listed in when.items())


def _is_required(one: Field, row: dict[str, Any]) -> bool:
    return (one.required and not _holds(one.required_unless, row)) or _holds(one.required_if, row)


# -- a row


def _check_row(
    table: Table, number: int, ordinal: int, layout: Layout, findings: Findings, above: dict[str, Cell]
) -> tuple[dict[str, Entry], dict[str, Any]]:
    spec, cells, row = layout.spec, table.cells(number), {"_row": number}
    removed = _is_removed(spec, cells)
    entries = {
        key: Entry(spec.fields[key], table.sheet.name, number, column, ordinal, cells.get(key), named(spec, cells))
        for key, column in table.columns.items()
        if not removed or key in (*FOLLOWED, CAMERA, spec.place)
    }
    _look_above(entries, above, spec)
    wrong = _read(entries, findings, row)
    if removed:
        return entries, row
    _default(spec.columns, row, wrong)
    findings.issues += _put_coordinates_right(entries, row, wrong)
    empty = _is_empty(row, spec.empty_when)
    whole = any("://" in str(row.get(key, "")) for key in ("host", "main_path"))
    known = {
        *(*row, *wrong, *(("host", "rtsp_port") if whole else ())),
        *unchanged(spec, {**row, **dict.fromkeys(wrong)}),
    }
    for key, entry in entries.items():
        if key not in known and (entry.field.of_site or not empty):
            findings.issues += _missing(entry, row)
    findings.issues += _within(entries, row, empty, spec.empty_when)
    return entries, row


def named(spec: FormSpec, cells: Mapping[str, Cell]) -> str:
    """What a row is called: by its camera, its place, or its person."""
    found = (cells[key] for key in (CAMERA, spec.place or "", "officer_name") if key in cells)
    return next((values.text_of(cell.value) for cell in found), "")


def _is_removed(spec: FormSpec, cells: Mapping[str, Cell]) -> bool:
    """Whether the row says that its camera is gone: nothing else of it then matters."""
    said = cells.get("change")
    return said is not None and spec.code_of(spec.fields["change"], str(said.value)) == Change.REMOVE


def _look_above(entries: dict[str, Entry], above: dict[str, Cell], spec: FormSpec) -> None:
    """Cells that say "như trên" stand for the last one above that says something; `above` is kept for the next row."""
    for key, entry in entries.items():
        cell = entry.cell
        if cell is None:
            continue
        if cell.kind == "text" and spec.is_ditto(str(cell.value)):
            entry.above = above.get(key)
        else:
            above[key] = cell


def _is_empty(row: dict[str, Any], empty_when: When) -> bool:
    """A place without a camera, and none planned."""
    return _holds(empty_when, row) and row.get("status") != "not_installed"


def _default(fields: Iterable[Field], row: dict[str, Any], wrong: set[str]) -> None:
    for one in fields:
        if one.default is not None and one.key not in row and one.key not in wrong:
            row[one.key] = one.default


def _read(entries: dict[str, Entry], findings: Findings, into: dict[str, Any]) -> set[str]:
    """Parse cells into values; returns the fields whose cell is filled but wrong."""
    wrong, hashed = set(), dict[str, Any]()
    findings.hashed.append(hashed)
    for key, entry in entries.items():
        if entry.cell is None:
            continue
        if _stands_for_nothing(entry, findings.context.spec):
            hashed[key] = values.text_of(entry.cell.value)
            continue
        if entry.cell.secret:
            findings.redacted = True
            findings.issues.append(entry.issue("password_found"))
        try:
            value = _value(entry, findings.context)
        except Wrong as error:
            wrong.add(key)
            findings.issues.append(entry.issue(error.code, **error.gaps))
            hashed[key] = values.text_of(entry.cell.value)
            continue
        into[key] = value.value
        if key not in FOLLOWED or value.value in STATED:
            hashed[key] = values.text_of(entry.cell.value) if entry.above else value.value
        if value.warnings:
            findings.issues += [entry.issue(code, **gaps) for code, gaps in value.warnings]
    return wrong


def _stands_for_nothing(entry: Entry, spec: FormSpec) -> bool:
    """A dash where others leave the cell empty; where it is a word of the field's list it is an answer."""
    cell, one = entry.cell, entry.field
    if cell is None or cell.kind != "text" or not spec.is_blank(str(cell.value)):
        return False
    return one.kind != "choice" or spec.code_of(one, str(cell.value)) is None


def _value(entry: Entry, context: Context) -> Value:
    cell = entry.above or entry.cell
    assert cell is not None
    assert entry.cell is not None
    if entry.above:
        found = _value(replace(entry, cell=cell, above=None), context)
        note = ("filled_from_above", {"value": values.quote(entry.field, entry.cell.value)})
        return replace(found, warnings=(*found.warnings, note))
    if cell.kind == "text" and context.spec.is_ditto(str(cell.value)) and entry.ordinal:
        raise Wrong("nothing_above", value=values.quote(entry.field, cell.value))
    if cell.kind == "empty":
        raise Wrong("formula_empty")
    if cell.kind == "error":
        raise Wrong("cell_error")
    if (
        entry.field.kind in ("latitude", "longitude")
        and isinstance(cell.value, str)
        and (both := values.pair(cell.value))
    ):
        return Value(both)
    return values.parse(entry.field, cell.value, context)


def _put_coordinates_right(entries: dict[str, Entry], row: dict[str, Any], wrong: set[str]) -> Iterator[Issue]:
    """Both in one cell are split, and columns that changed places are changed back: no latitude here is 105°."""
    both = next((key for key in ("latitude", "longitude") if isinstance(row.get(key), tuple)), None)
    if both:
        beside = row.get("longitude" if both == "latitude" else "latitude")
        row["latitude"], row["longitude"] = pair = sorted(row[both])
        wrong -= {"latitude", "longitude"}
        yield entries[both].issue("coordinates_in_one_cell")
        if beside is not None and not _same_place(beside, pair):
            yield entries[both].issue("coordinates_differ")
    elif values.is_swapped(row.get("latitude"), row.get("longitude")):
        row["latitude"], row["longitude"] = row["longitude"], row["latitude"]
        yield entries["latitude"].issue("coordinates_swapped")
    for key in ("latitude", "longitude"):
        if key in row and key in entries and (code := values.outside(key, row[key])):
            yield entries[key].issue(code, example=entries[key].field.example)
            if code == "outside_country":
                del row[key]
                wrong.add(key)


def _same_place(beside: float | tuple[float, float], pair: list[float]) -> bool:
    """Whether what the other cell says is of the same place, but for some hundred metres."""
    if isinstance(beside, tuple):
        return all(abs(one - other) < SAME_PLACE for one, other in zip(sorted(beside), pair, strict=True))
    return any(abs(beside - one) < SAME_PLACE for one in pair)


def _within(entries: dict[str, Entry], row: dict[str, Any], empty: bool, empty_when: When) -> Iterator[Issue]:
    """A row against itself."""
    if empty and any(row.get(key) for key in ("name", "host", "main_path")):
        yield entries[next(iter(empty_when))].issue("camera_on_empty_place")
    if row.get("nvr_channels") and row.get("channel", 0) > row["nvr_channels"]:
        yield entries["channel"].issue("channel_too_big")
    if values.is_private(str(row.get("host", ""))) and row.get("link") not in PRIVATE_LINKS:
        yield entries["host"].issue("host_private")


# -- the table


def _of_columns(table: Table, layout: Layout, rows: list[dict[str, Any]]) -> Iterator[Issue]:
    sheet, empty_when = table.sheet.name, layout.spec.empty_when
    for one in layout.spec.columns:
        # Once, where every row would otherwise say it; and not at all where no row needs the column.
        if one.key in table.columns:
            continue
        asking = (
            one.key not in row and _is_required(one, row) and (one.of_site or not _is_empty(row, empty_when))
            for row in rows
        )
        if any(asking) or (one.required and not rows):
            where = catalogue.place(None, sheet=sheet)
            yield catalogue.issue("column_missing", where, sheet, None, label=one.label)
    for code, listed in (
        ("column_repeated", table.repeated),
        ("column_unknown", table.unknown),
        ("password_column", table.passwords),
    ):
        for column, label in listed:
            address = a1(table.header, column)
            hint = f" (có thể là “{guess}”)" if code == "column_unknown" and (guess := near(label, layout.spec)) else ""
            where = catalogue.place(address, "hàng tiêu đề", None, sheet)
            yield catalogue.issue(code, where, sheet, address, label=values.shown(label), hint=hint)
    for column, label in table.guessed:
        address = a1(table.header, column)
        where = catalogue.place(address, "hàng tiêu đề", None, sheet)
        meant = layout.spec.fields[table.keys[column]].label
        yield catalogue.issue("column_guessed", where, sheet, address, label=values.shown(label), meant=meant)


def _hidden(table: Table, layout: Layout) -> Iterator[Issue]:
    """What people may not know that they sent."""
    sheet, rows = table.sheet, table.rows
    where = catalogue.place(None, sheet=sheet.name)
    if sheet.hidden:
        yield catalogue.issue("hidden_sheet", where, sheet.name, None, count=len(rows))
    if count := sum(row in sheet.hidden_rows for row in rows):
        yield catalogue.issue("hidden_rows", where, sheet.name, None, count=count)
    used = {key for row in rows for key in table.cells(row)} if sheet.hidden_columns else set()
    if labels := [layout.spec.fields[key].label for key in _hidden_keys(table) if key in used]:
        yield catalogue.issue("hidden_columns", where, sheet.name, None, columns=values.shown(", ".join(labels)))


def _hidden_keys(table: Table) -> Iterator[str]:
    return (key for key, column in table.columns.items() if column in table.sheet.hidden_columns)


def _left_out(table: Table, *, nil: bool) -> Iterator[Issue]:
    """Rows that are not counted, once for each run of them; what is plainly no camera is not spoken of."""
    sheet = table.sheet.name
    for run in alike(table.lines):
        first, last = run[0], run[-1]
        if not (code := _code_of(run, table, nil=nil)):
            continue
        shown = first.shown or tuple(c.column for c in table.sheet.rows[first.row])
        address = a1(first.row, shown[0])
        rows = f"hàng {first.row}" if first is last else f"hàng {first.row}–{last.row}"
        labels = [table.labels[c].text if c in table.labels else f"cột {get_column_letter(c)}" for c in shown]
        said = values.shown(table.sheet.cells[first.row, shown[0]].value)
        gaps = {"columns": values.shown(", ".join(labels)), "why": first.why.label, "value": said}
        yield catalogue.issue(code, catalogue.place(address, rows, None, sheet), sheet, address, **gaps)


def _code_of(run: list[Line], table: Table, *, nil: bool) -> str | None:
    first = run[0]
    if first.kind == RowKind.NIL:
        return None if nil else "row_nil"
    if first.kind == RowKind.GROUP:
        return "row_group"
    if first.kind != RowKind.REMNANT or (first.why == Why.NUMBERS and len(run) < NUMBERED):
        return None
    named = any(table.keys.get(column) == CAMERA for column in first.shown)
    return "rows_incomplete" if named and first.why == Why.TOO_LITTLE else "row_remnant"


def _repeated_names(rows: Rows, place: str) -> Iterator[Issue]:
    """Of one place: each gate may have its camera “Cổng”."""
    seen: dict[tuple[str, str], Entry] = {}
    for entries, row in rows:
        if name := row.get("name"):
            first = seen.setdefault((fold(str(row.get(place) or "")), fold(name)), entries["name"])
            if first is not entries["name"]:
                yield entries["name"].issue("duplicate_name", value=values.shown(name), other=first.ordinal)


def _repeated_numbers(rows: Rows) -> Iterator[Issue]:
    """Who copies a row for a new camera copies its number."""
    seen: dict[str, Entry] = {}
    for entries, row in rows:
        if number := row.get("number"):
            first = seen.setdefault(number, entries["number"])
            if first is not entries["number"]:
                yield entries["number"].issue("duplicate_number", value=number, other=first.ordinal)


def _repeated_addresses(rows: Rows) -> Iterator[Issue]:
    """Rows may share an address behind one recorder: then channel or path tell them apart."""
    seen: dict[tuple[Any, ...], Entry] = {}
    for entries, row in rows:
        if host := row.get("host"):
            key = (str(host).lower(), row.get("rtsp_port", 554), row.get("channel"), row.get("main_path"))
            first = seen.setdefault(key, entries["host"])
            if first is not entries["host"]:
                yield entries["host"].issue("duplicate_address", other=first.ordinal)


def _notes(layout: Layout) -> Iterator[Issue]:
    """What was cut or left out of the sheets that hold the form."""
    parts = {spot.sheet for spot in layout.head.values()} | {table.sheet.name for table in layout.tables}
    for sheet in layout.sheets:
        for note in sheet.notes if sheet.name in parts else ():
            where = catalogue.place(note.cell, None, None, sheet.name)
            yield catalogue.issue(note.code, where, sheet.name, note.cell, **note.gaps)


def _unread(layout: Layout) -> Iterator[Issue]:
    """Sheets with rows and no header: they may hold cameras. And sheets of other forms, and copies of one."""
    for name, other in layout.repeats.items():
        yield catalogue.issue("sheet_repeated", catalogue.place(None, sheet=name), name, other=values.shown(other))
    for name, form in layout.others.items():
        yield catalogue.issue("sheet_of_another_form", catalogue.place(None, sheet=name), name, form=form)
    for sheet in layout.unread:
        wide = sum(len(cells) >= TABLE_LIKE for cells in sheet.rows.values()) >= 2
        yield catalogue.issue(
            "sheet_unread" if wide else "sheet_passed_over", catalogue.place(None, sheet=sheet.name), sheet.name
        )


def _as_a_whole(layout: Layout, findings: Findings) -> Iterator[Issue]:
    yield from _unread(layout)
    head, count = findings.head, cameras(layout, findings)
    removed = sum(row.get("change") == Change.REMOVE for row in findings.rows)
    if not findings.rows and head.get("no_camera") is not True:
        yield _nothing_filled(layout)
    if head.get("no_camera") is True and count:
        yield _head_entry(layout, layout.spec.heads["no_camera"]).issue("nil_with_rows", count=count)
    elif head.get("total_cameras", count) not in (count, count + removed) and not (
        head.get("no_camera") is True and not findings.rows
    ):
        entry = _head_entry(layout, layout.spec.heads["total_cameras"])
        yield entry.issue("total_mismatch", value=head["total_cameras"], count=count)


def _nothing_filled(layout: Layout) -> Issue:
    """No rows, and no word at the place that asks for it; a word elsewhere is asked about."""
    sheet = layout.tables[0].sheet.name
    if not layout.spec.nil:
        return catalogue.issue("no_officers", catalogue.place(None, sheet=sheet), sheet, None)
    if layout.nil_words:
        spot = layout.nil_words[0]
        address = a1(spot.row, spot.column)
        gaps = {"value": values.shown(spot.cell.value if spot.cell else "")}
        return catalogue.issue(
            "nil_in_words", catalogue.place(address, None, None, spot.sheet), spot.sheet, address, **gaps
        )
    return catalogue.issue("no_rows", catalogue.place(None, sheet=sheet), sheet, None)


def cameras(layout: Layout, findings: Findings) -> int:
    """Rows that declare a camera: all but the places without one, and those that say that it is gone."""
    there = [row for row in findings.rows if row.get("change") != Change.REMOVE]
    return sum(not _holds(layout.spec.empty_when, row) or bool(row.get("name")) for row in there)
