"""What leaves us as CSV or .xlsx: no value in it is ever run. One place for all; strangers wrote the values."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from openpyxl import Workbook
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from dondoc.archives import Undated

_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 (openpyxl wants it without a zone)
LONGEST = 32_767  # characters of a cell; Excel calls a file with more damaged
_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")
# What programs pass over before they look: blanks, quotes, and what nobody sees.
_PASSED_OVER = re.compile(r"[\s\"'`\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff]+")
# Wherever a program may split a line of ours that was told, or guesses, another separator. Quotes do not help there:
# under `;` the line "a","x;=1" falls apart into "a","x and =1".
_SPLITS = re.compile(r"[,;\t\r\n|]")
# What XML cannot hold: control characters, halves of surrogate pairs, and two that are none.
_ILLEGAL = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fitting(text: str) -> str:
    """As much of a text as a cell of a workbook may hold."""
    return _ILLEGAL.sub("", text)[:LONGEST]


def runs(text: str) -> bool:
    """Whether a spreadsheet program may take a text for a formula: `=`, `+`, `-` and `@` begin them.

    Source: OWASP, CSV Injection; full-width forms and what stands before are seen through.
    """
    bare = _PASSED_OVER.sub("", text, count=1) if _PASSED_OVER.match(text) else text
    return text.startswith(_BEGINS) or unicodedata.normalize("NFKC", bare[:1]).startswith(_BEGINS)


def quoted(text: str) -> str:
    """A text for a CSV: an apostrophe before each piece of it that could begin a column and run.

    Holds for `,`, `;`, tab and `|` as separators, whichever the reader uses.
    """
    pieces, start = [], 0
    for split in (*(match.end() for match in _SPLITS.finditer(text)), len(text)):
        pieces.append(text[start:split])
        start = split
    return "".join(f"'{piece}" if runs(piece) else piece for piece in pieces)


def as_csv(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """A CSV with commas, in UTF-8 with a byte-order mark (Excel needs it)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([quoted(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def put(cell: Any, value: Any) -> None:
    """A value into a cell of openpyxl: text stays text, also when it is edited later; numbers stay numbers."""
    if not isinstance(value, str):
        cell.value = value
        return
    text = fitting(value)
    cell.value = text
    cell.data_type = "s"  # openpyxl takes "=…" for a formula
    if runs(text):
        cell.quotePrefix = True


_dressed: WeakKeyDictionary[Workbook, dict[tuple[object, ...], tuple[Any, Mapping[str, Any]]]] = WeakKeyDictionary()


def dress(cell: Any, **parts: Any) -> None:
    """Set parts of a cell's style (font, fill, border, …; the same objects for the same looks).

    What a style becomes is worked out once in a workbook: openpyxl hashes each part anew for each cell.
    """
    known = _dressed.setdefault(cell.parent.parent, {})
    key = (cell._style and cell._style.tobytes(), *((name, id(part)) for name, part in parts.items()))
    if found := known.get(key):
        cell._style = copy(found[0])
        return
    for name, part in parts.items():
        setattr(cell, name, part)
    known[key] = copy(cell._style), parts  # kept with it: their ids stay theirs


def save(book: Workbook) -> bytes:
    """The workbook as bytes, the same for the same content: it does not say when it was made.

    openpyxl's own way puts each sheet into a temporary file first: what stands in it in clear on the disk, and a
    confined child can write none.
    """
    book.properties.created = book.properties.modified = _MADE
    stream = io.BytesIO()
    with Undated(stream, "w") as archive:
        _Writer(book, archive).write_data()
    return stream.getvalue()


class _Writer(ExcelWriter):
    def write_worksheet(self, ws: Any) -> None:
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        out = io.BytesIO()
        writer = WorksheetWriter(ws, out)
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], out.getvalue())
        self.manifest.append(ws)
