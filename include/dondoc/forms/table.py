"""A file's sheets as texts, as a person would see them: a part at a time, and what is left out is counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from dondoc.forms.reading import Cell, Sheet, Unreadable
from dondoc.forms.spec import FormSpec
from dondoc.forms.surveys import Survey

ROWS, COLUMNS, LONGEST = 50, 60, 300  # of one part: rows, columns, characters of a cell
NOT_CALCULATED = "(công thức chưa tính)"


@dataclass(frozen=True)
class Part:
    """`sheets`: name of each, whether it is hidden; `rows`: number in the sheet, and the text of each column from A.

    `last`, `columns`: row and column of the sheet's last cell; `unreadable`: why there is nothing, in words.
    """

    sheets: tuple[tuple[str, bool], ...] = ()
    sheet: int = 0
    first: int = 1
    rows: tuple[tuple[int, tuple[str, ...]], ...] = ()
    last: int = 0
    columns: int = 0
    unreadable: str = ""


def part(
    content: bytes,
    specs: Mapping[str, FormSpec],
    surveys: Mapping[str, Survey],
    *,
    sheet: int | None = None,
    preferred: str = "",
    first: int = 1,
) -> Part:
    """Some rows of a sheet from row `first` on, without secrets; unless one is asked for that is there, of the sheet
    of the `preferred` name, else of the first."""
    from dondoc.forms import answers, catalogue  # slow to load, and needed by the child alone

    try:
        book = answers.read(content, specs, surveys)
    except Unreadable as why:
        return Part(unreadable=catalogue.refused("", why.code, **why.gaps).issues[0].said)
    if sheet is None or not 0 <= sheet < len(book.sheets):
        sheet = next((place for place, one in enumerate(book.sheets) if one.name == preferred), 0)
    sheets = tuple((one.name[:LONGEST], one.hidden) for one in book.sheets)
    return _of(book.sheets[sheet], sheets, sheet, max(1, first)) if sheets else Part()


def _of(shown: Sheet, sheets: tuple[tuple[str, bool], ...], sheet: int, first: int) -> Part:
    last = max((row for row, _ in shown.cells), default=0)
    columns = max((column for _, column in shown.cells), default=0)
    width = range(1, min(columns, COLUMNS) + 1)
    rows = tuple(
        (row, tuple(_text(shown.cells.get((row, column))) for column in width))
        for row in range(first, min(last, first + ROWS - 1) + 1)
    )
    return Part(sheets, sheet, first, rows, last, columns)


def _text(cell: Cell | None) -> str:
    if cell is None:
        return ""
    from dondoc.forms.values import text_of

    if cell.kind == "empty":
        return NOT_CALCULATED
    text = text_of(cell.value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
