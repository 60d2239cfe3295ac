"""A .csv as a sheet: text between commas, semicolons or tabs (RFC 4180; Excel writes semicolons in Vietnam)."""

import csv
import re
from collections import Counter
from io import StringIO

from dondoc.forms.draft import LONGEST, STRAY, Budget, Draft
from dondoc.forms.reading import Sheet, Unreadable

NAME = "CSV"
_DELIMITERS = ";\t,|"
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SEP = re.compile(r"sep=([;\t,|])\r?\n", re.IGNORECASE)
_SAMPLE = 200  # lines by which the delimiter is told
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f]")


def sheet(content: bytes) -> Sheet | None:
    """The table; None when the bytes are no text with a delimiter.

    Raises:
        Unreadable: its letters are in an encoding that does not tell itself.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(content) + 1))  # of the whole process: never made smaller
    try:
        return _sheet(content)
    except csv.Error:  # a line end where none may be: no table
        return None


def _sheet(content: bytes) -> Sheet | None:
    text = _decoded(content)
    if text is None or _NOT_TEXT.search(text):
        return None
    told = _SEP.match(text)
    delimiter = told[1] if told else _delimiter(text)
    if delimiter is None:
        return None
    draft = Draft(NAME, False, Budget())
    skipped = 1 if told else 0
    for number, row in enumerate(csv.reader(StringIO(text), delimiter=delimiter), 1 - skipped):
        for column, value in enumerate(row if number else (), 1):
            draft.put(number, column, value)
        if draft.below > STRAY:
            break
    return draft.sheet()


def _decoded(content: bytes) -> str | None:
    encoding = next((encoding for bom, encoding in _BOMS if content.startswith(bom)), None)
    if encoding is None and b"\0" in content[:1000]:
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    try:
        return content.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding or b"\0" in content or _delimiter(content[: 1 << 16].decode("latin-1")) is None:
            return None
        raise Unreadable("csv_encoding") from None


def _delimiter(text: str) -> str | None:
    """The one that cuts most lines into as many pieces as the most usual number of pieces; at least two lines."""
    lines = [line for line in text[: LONGEST * _SAMPLE].splitlines()[:_SAMPLE] if line.strip()]
    best: tuple[int, str] | None = None
    for delimiter in _DELIMITERS:
        pieces = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1)
        weight = sum(min(count, 40) * times for count, times in pieces.items())
        if sum(pieces.values()) >= 2 and (best is None or weight > best[0]):
            best = weight, delimiter
    return best[1] if best else None
