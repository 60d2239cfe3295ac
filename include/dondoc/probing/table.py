"""A CSV as people write it. Apart from `imports`, so that a probe need not wait for a database to be loaded.

Its cells hold passwords, and one missing quote or comma puts them into any column: nothing here repeats a cell.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence

from dondoc.errors import Problem
from dondoc.invisible import invisible, warning

EXACT = "password"  # the one column whose blanks at the ends may mean something
LOGIN = ("user", EXACT)  # judged by whoever takes it: what a camera can be sent
ADDRESS = "url"  # judged by whoever reads it: a probe has a verdict of its own for what is none
_CODE = re.compile(r"[a-z0-9_-]{1,40}")
_SEPARATOR = re.compile(r'"?sep=([,;\t])"?\r?\n', re.IGNORECASE)  # Excel's own first line
SLIPPED = "có thể thiếu dấu nháy đóng hoặc các ô bị lệch cột"


def read(text: str, filename: str, required: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Rows with their line numbers; blank ones left out. Headings in lower case, cells without blanks at their ends.

    Excel separates by semicolons where the system is Vietnamese, by tabs in its text files, and may say which first.

    Raises:
        Problem: a column is missing or twice there; a row has more cells than columns; control characters outside an
            address (no database stores NUL, and a line break is a quote left open).
    """
    records = _records(text.removeprefix("\ufeff"), filename)
    columns = [cell.strip().lower() for cell in next((cells for _, cells in records if any(cells)), [])]
    if missing := [c for c in required if c not in columns]:
        raise Problem(f"{filename}: thiếu cột {', '.join(missing)}. Dòng đầu phải có: {','.join(required)}.")
    if len(named := [c for c in columns if c]) > len({*named}):
        raise Problem(f"{filename}: dòng đầu có hai cột cùng tên. Bỏ hoặc đổi tên một cột.")
    rows, faults = [], []
    for line, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        if wrong := _fault(columns, cells):
            faults.append(f"{filename}:{line}: {wrong}.")
        rows.append((line, dict.fromkeys(columns, "") | dict(map(_cell, columns, cells))))
    if faults:
        raise Problem("Chưa nhận dòng nào. " + " ".join(faults))
    return rows


def is_code(text: str) -> bool:
    """Whether a cell looks like the id of an agency or a system; anything else may be a password out of its place."""
    return _CODE.fullmatch(text) is not None


def _records(text: str, filename: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins in."""
    separator = _SEPARATOR.match(text)
    text = text[separator.end() :] if separator else text
    head = text.lstrip("\r\n").partition("\n")[0]
    delimiter = separator[1] if separator else max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + (2 if separator else 1)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Problem(
                f"{filename}:{line}: không đọc được từ dòng này, {SLIPPED}. Sửa rồi lưu lại tệp dạng CSV UTF-8."
            ) from None
        yield line, cells


def _fault(columns: Sequence[str], cells: Sequence[str]) -> str | None:
    if any(cell.strip() for cell in cells[len(columns) :]):
        return f"nhiều ô hơn dòng đầu, {SLIPPED} (ô có dấu phân cách phải nằm trong dấu nháy)"
    for number, (column, cell) in enumerate(map(_cell, columns, cells), 1):
        where = f"cột {column if is_code(column) else f'thứ {number}'}"
        if column != ADDRESS and any(unicodedata.category(c) == "Cc" for c in cell):
            return f"{where} có ký tự xuống dòng hoặc ký tự điều khiển, {SLIPPED}"
        if column not in (ADDRESS, *LOGIN) and (character := invisible(cell)):
            return warning(where, character)
    return None


def _cell(column: str, cell: str) -> tuple[str, str]:
    return column, cell if column == EXACT else cell.strip()
