"""The cells of an .ods, read as a stream: what calamine leaves out (merged, hidden, formula and error cells) and what
would fill its memory (a cell in the last row) are both ordinary there. ODF 1.3 part 3, chapter 9."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, time
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from lxml import etree

from dondoc.forms.draft import COLUMNS, ROWS, SHEETS, Budget, Draft
from dondoc.forms.reading import Merge, Sheet

_T = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_O = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_X = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_S = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_LAST_ROW, _LAST_COLUMN = 1 << 20, 1 << 14
_SAID = {"true": True, "false": False}


def sheets(content: bytes, left: list[str]) -> Iterator[Sheet]:
    """The sheets of an .ods; the names of those that are too many go into `left`.

    Raises:
        lxml.etree.XMLSyntaxError, KeyError, ValueError: it is broken.
    """
    with ZipFile(BytesIO(content)) as archive, archive.open("content.xml") as part:
        budget, invisible, count = Budget(), set[str](), 0
        events = etree.iterparse(
            part, events=("end",), tag=(f"{_T}table", f"{_S}style"), resolve_entities=False, no_network=True
        )
        for _, node in events:
            if node.tag == f"{_S}style":
                if any(child.get(f"{_T}display") == "false" for child in node):
                    invisible.add(node.get(f"{_S}name"))
            elif node.getparent().tag == f"{_O}spreadsheet":  # a table may stand in a cell's chart
                count += 1
                name = node.get(f"{_T}name", "")
                if count > SHEETS:
                    left.append(name)
                else:
                    yield _sheet(node, Draft(name, node.get(f"{_T}style-name") in invisible, budget))
                node.clear()


def _sheet(table: Any, draft: Draft) -> Sheet:
    merges: list[Merge] = []
    _hidden_columns(table, draft)
    row = 1
    for node in table.iter(f"{_T}table-row"):
        times = _times(node, "rows", _LAST_ROW)
        if node.get(f"{_T}visibility") in ("collapse", "filter"):
            draft.hidden_rows.update(range(row, min(row + times, ROWS + 1)))
        cells = list(_filled(node))
        for again in range(row, row + times if cells else row):
            for column, cell, value in cells:
                draft.put(again, column, value, _mark(cell, value))
                merges += _span(again, column, cell)
            if again > ROWS:
                break
        row += times
    return draft.sheet(merges)


def _hidden_columns(table: Any, draft: Draft) -> None:
    column = 1
    for node in table.iter(f"{_T}table-column"):
        times = _times(node, "columns", _LAST_COLUMN)
        if node.get(f"{_T}visibility") in ("collapse", "filter"):
            draft.hidden_columns.update(range(column, min(column + times, COLUMNS + 1)))
        column += times


def _times(node: Any, what: str, most: int) -> int:
    return max(1, min(int(node.get(f"{_T}number-{what}-repeated", "1")), most))


def _filled(row: Any) -> Iterator[tuple[int, Any, Any]]:
    """The cells of a row in which something stands: column, node, value."""
    column = 1
    for node in row:
        if node.tag not in (f"{_T}table-cell", f"{_T}covered-table-cell"):
            continue
        times = _times(node, "columns", _LAST_COLUMN)
        if node.tag == f"{_T}table-cell" and (node.get(f"{_O}value-type") or node.get(f"{_T}formula") or len(node)):
            value = _value(node)
            for again in range(column, min(column + times, max(column, COLUMNS) + 1)):
                yield again, node, value
        column += times


def _value(node: Any) -> Any:
    kind, said = node.get(f"{_O}value-type"), node.get(f"{_O}value")
    with suppress(ValueError):  # what is none is read as it is shown
        if kind in ("float", "currency", "percentage") and said is not None:
            return float(said)
        if kind == "date" and (day := node.get(f"{_O}date-value")):
            return datetime.fromisoformat(day[:19])
    if kind == "boolean":
        return _SAID.get(node.get(f"{_O}boolean-value", ""))
    if kind == "time" and (said := node.get(f"{_O}time-value")):
        return _time(said)
    return "\n".join(_text(line) for line in node.iterfind(f"{_X}p"))


def _time(said: str) -> time | str:
    """PT07H30M00S."""
    digits = "".join(c if c.isdigit() else " " for c in said).split()
    try:
        return time(int(digits[0]), int(digits[1]))
    except (IndexError, ValueError):
        return said


def _text(line: Any) -> str:
    """A paragraph's words, without the remarks that hang on it; blanks are counted."""
    parts = [line.text or ""]
    for child in line:
        if child.tag == f"{_X}s":
            parts.append(" " * min(int(child.get(f"{_X}c", "1")), 100))
        elif child.tag in (f"{_X}tab", f"{_X}line-break"):
            parts.append("\n" if child.tag == f"{_X}line-break" else " ")
        elif child.tag != f"{_O}annotation":
            parts.append(_text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _mark(node: Any, value: Any) -> str:
    """Errors are texts in this format: LibreOffice says so in an attribute of its own, and shows #N/A or Err:502."""
    shown = value if isinstance(value, str) else ""
    broken = any(key.endswith("}value-type") and said == "error" for key, said in node.items())
    if broken or shown.startswith(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "Err:5")):
        return "e"
    return "f" if node.get(f"{_T}formula") else ""


def _span(row: int, column: int, node: Any) -> list[Merge]:
    down = min(int(node.get(f"{_T}number-rows-spanned", "1")), _LAST_ROW)
    right = min(int(node.get(f"{_T}number-columns-spanned", "1")), _LAST_COLUMN)
    return [(row, column, row + down - 1, column + right - 1)] if down > 1 or right > 1 else []
