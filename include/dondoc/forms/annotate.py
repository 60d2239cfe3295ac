"""The annotated return: our template with their values and their own columns, wrong cells coloured and noted, and a
list of what to do.

Their file is never saved again: formulas, macros, links and whatever else it held stay behind. `limited` is the door.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from dondoc import spreadsheets
from dondoc.directive.model import Registry
from dondoc.forms import answers, carried, layout, template, todo, values
from dondoc.forms.carried import Own
from dondoc.forms.catalogue import capital
from dondoc.forms.checks import a1
from dondoc.forms.layout import OWN, Layout, Table
from dondoc.forms.reading import Cell, Unreadable
from dondoc.forms.spec import FOLLOWED, Field, FormSpec
from dondoc.forms.surveys import Survey
from dondoc.forms.todo import DOUBTFUL, WRONG, Item, Place
from dondoc.forms.values import Context, Wrong
from dondoc.forms.verdict import FormVerdict, Issue

LONGEST_NOTE = 1000
GROUP = "Của đơn vị (Sở không đọc các cột này)"
_GUESS = re.compile(r"có thể là “?([^”)]{1,80})”?\)")  # in the words of the catalogue
# Read as something else than is written there; of the others the sentence says all.
_READ_AS = ("whole", "decimal", "year", "days", "choice", "phone", "email", "path", "km_post")
Spots = dict[tuple[str, str], Place]  # (their sheet, their cell) → the cell of the copy


@dataclass(frozen=True)
class _Line:
    """A row of theirs, and the row of the copy to which it goes."""

    table: Table
    row: int
    target: int
    ordinal: int


class _Copy:
    """The copy while it is made: where everything of theirs went."""

    def __init__(self, original: Layout, spec: FormSpec, book: Workbook, lines: list[_Line]) -> None:
        self.original, self.spec, self.book, self.lines = original, spec, book, lines
        self.spots: Spots = {}
        self.fields: dict[Place, tuple[Field, Cell | None]] = {}  # of answers
        self.said: dict[Place, str] = {}  # by the heading of a column: what was done about it
        self.proposed: set[Place] = set()  # headings of ours under which values of theirs were put

    @property
    def table(self) -> Worksheet:
        sheet = self.book[self.spec.sheet]
        assert isinstance(sheet, Worksheet)
        return sheet

    def answer(self, sheet: str, address: str, place: Place, field: Field, cell: Cell | None) -> None:
        """An answer of theirs, put where it stands in the copy."""
        self.spots[sheet, address] = place
        self.fields[place] = field, cell
        self.put(place, cell)

    def put(self, place: Place, cell: Cell | str | None) -> None:
        if isinstance(cell, str):
            template.put(self.book[place.sheet].cell(place.row, place.column), cell)
        elif cell is not None and cell.kind != "empty":
            template.put(self.book[place.sheet].cell(place.row, place.column), cell.value)


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
    lines = _lines(original)
    followed = any(FOLLOWED[0] in table.columns for table in original.tables)
    spec = original.spec.current if followed else original.spec
    rows = lines[-1].target - template.FIRST + 1 if lines else 0
    copy = _Copy(original, spec, template.draw_up(spec, agency, registry, token, rows), lines)
    _head(copy)
    _rows(copy)
    _own(copy, carried.columns(original), rows)
    items = _once([_item(copy, issue) for issue in form.issues])
    for item in items:
        _mark(copy, item)
    for place in copy.proposed:
        _note(copy.book, place, f"{copy.said[place]}.", wrong=False)
    todo.write(copy.book, items, carried.left(original))
    return spreadsheets.save(copy.book)


# -- their values into our template


def _lines(original: Layout) -> list[_Line]:
    """Rows keep their numbers where the table is one and stands as ours does: then both files show the same cell."""
    same = len(original.tables) == 1 and original.tables[0].header == template.HEADER
    lines: list[_Line] = []
    target = template.FIRST
    for table in original.tables:
        for row in table.rows:
            target = max(target, row) if same else target
            lines.append(_Line(table, row, target, len(lines) + 1))
            target += 1
    return lines


def _head(copy: _Copy) -> None:
    for key, field in copy.spec.heads.items():
        if spot := copy.original.head.get(key):
            place = Place(template.INFO, template.head_row(copy.spec, key), template.ANSWER)
            copy.answer(spot.sheet, a1(spot.row, spot.column), place, field, spot.cell)


def _rows(copy: _Copy) -> None:
    columns = {field.key: number for number, field in enumerate(copy.spec.columns, 2)}
    for table in copy.original.tables:
        for key, column in table.columns.items():
            heading = Place(copy.spec.sheet, template.HEADER, columns[key])
            copy.spots[table.sheet.name, a1(table.header, column)] = heading
    last = copy.lines[-1].target if copy.lines else 0
    for row in range(template.FIRST, last + 1):
        copy.table.cell(row, 1).value = None
    for line in copy.lines:
        copy.table.cell(line.target, 1).value = line.ordinal
        cells = line.table.cells(line.row)
        for key, column in line.table.columns.items():
            place = Place(copy.spec.sheet, line.target, columns[key])
            copy.answer(line.table.sheet.name, a1(line.row, column), place, copy.spec.fields[key], cells.get(key))


def _own(copy: _Copy, own: list[Own], rows: int) -> None:
    """Their columns after ours. What is probably one of ours under another name is proposed there too."""
    if not own:
        return
    first = template.own_columns(copy.table, copy.spec, GROUP, [f"{OWN}{one.label}" for one in own], rows)
    for number, one in enumerate(own, first):
        heading = Place(copy.spec.sheet, template.HEADER, number)
        copy.said[heading] = f"Đã giữ ở cột “{OWN}{one.label}”, cuối bảng"
        copy.spots |= dict.fromkeys(one.headings, heading)
        for line in copy.lines:
            key = line.table.sheet.name, line.row
            place = Place(copy.spec.sheet, line.target, number)
            copy.put(place, one.cells.get(key))
            if column := one.columns.get((key[0], line.table.header)):
                copy.spots[key[0], a1(line.row, column)] = place
        if one.meant:
            _propose(copy, one, one.meant)


def _propose(copy: _Copy, one: Own, meant: str) -> None:
    """Their values in the column that they probably mean: who sends the copy again confirms it."""
    column = template.column(copy.spec, meant)
    for line in copy.lines:
        if meant not in line.table.columns:
            place = Place(copy.spec.sheet, line.target, column)
            cell = one.cells.get((line.table.sheet.name, line.row))
            copy.put(place, cell)
    heading = Place(copy.spec.sheet, template.HEADER, column)
    copy.said[heading] = f"Đã chép từ cột “{one.label}” của đơn vị; đề nghị kiểm tra"
    copy.proposed.add(heading)


# -- what is wrong, where it now stands


def _item(copy: _Copy, issue: Issue) -> Item:
    places = [place for cell in issue.each if (place := copy.spots.get((issue.sheet or "", cell)))]
    place = places[0] if places else _unplaced(copy, issue)
    proposals = {_proposal(copy, issue, one) for one in (place, *places[1:])}
    proposal = proposals.pop() if len(proposals) == 1 else ""
    return Item(issue, place, proposal, place in copy.proposed, run=tuple(places[1:]))


def _once(items: list[Item]) -> list[Item]:
    """What is to be said of one cell of the copy in the same words, said once: each sheet of theirs has that column."""
    found: dict[tuple[object, ...], Item] = {}
    for item in items:
        key = (item.issue.code, item.issue.said, item.place or item.issue.place)
        first = found.get(key)
        found[key] = replace(first, also=(*first.also, todo.address(item.issue))) if first else item
    return [*found.values()]


def _unplaced(copy: _Copy, issue: Issue) -> Place | None:
    """What their file has no cell for, and the copy has."""
    for number, field in enumerate(copy.spec.columns, 2):
        if issue.code == "column_missing" and f"“{field.label}”" in issue.said:
            return Place(copy.spec.sheet, template.HEADER, number)
    for key, field in copy.spec.heads.items():
        if issue.place.startswith(f"mục “{field.label}”"):
            return Place(template.INFO, template.head_row(copy.spec, key), template.ANSWER)
    return None


def _proposal(copy: _Copy, issue: Issue, place: Place | None) -> str:
    """What we take the answer for, or would."""
    if place in copy.said:
        return copy.said[place]
    if issue.code == "password_column":
        return "Tệp này không có cột ấy"
    if guess := _GUESS.search(issue.said):
        return guess[1]
    field, cell = copy.fields.get(place, (None, None)) if place else (None, None)
    if issue.severity != "warning" or field is None or cell is None or field.kind not in _READ_AS:
        return ""
    try:
        value = values.parse(field, cell.value, Context(copy.spec, date.max)).value
    except Wrong:
        return ""
    word = copy.spec.label_of(field, value) if field.kind == "choice" else values.text_of(value)
    return "" if str(word) == values.text_of(cell.value) else str(word)


def _mark(copy: _Copy, item: Item) -> None:
    for place in (item.place, *item.run):
        if place:
            proposal = _proposal(copy, item.issue, place) if item.run else item.proposal
            understood = f" Đề xuất: {proposal}." if proposal and proposal not in item.issue.said else ""
            _note(copy.book, place, f"{capital(item.issue.said)}{understood}", wrong=item.is_error)


def _note(book: Workbook, place: Place, text: str, *, wrong: bool) -> None:
    cell = book[place.sheet].cell(place.row, place.column)
    earlier = cell.comment.text + "\n" if cell.comment else ""
    cell.comment = Comment(f"{earlier}{text}"[:LONGEST_NOTE], "Sở", width=320, height=110)
    if wrong or cell.fill.fgColor.rgb != f"00{WRONG.fgColor.rgb[-6:]}":
        cell.fill = WRONG if wrong else DOUBTFUL
