"""Reads a workbook's cells. What arrives is hostile, and this runs in a confined child (`work`).

It counts while it inflates, refuses document types before any XML parser sees them, bounds rows, columns, cells, merged
ranges and text, and takes passwords out of every text.
"""

import math
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from functools import lru_cache, reduce
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from dondoc.forms.clean import clean
from dondoc.forms.reading import Book, Cell, Merge, Sheet, Unreadable
from dondoc.forms.redact import redact
from dondoc.forms.token import PROPERTY

UNPACKED = 100 << 20
PARTS = 2000
ROWS, COLUMNS, SHEETS, CELLS = 6000, 130, 30, 500_000  # bounds of what is looked at
LONGEST = 4000  # characters of one cell
TEXT = 20_000_000  # characters of all cells
MERGES = 20_000
TOO_MUCH = "quá nhiều ô, định dạng hoặc hình"

_ODF_META = "urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_DOUBTFUL = re.compile(rb"<(\w+:)?f[ >/]|\bt=.e[\"']")  # a formula, or an error cell
_OVERLAP = 16
LARGEST = 20_000_000  # cells between A1 and the last one, all of which calamine has in memory: 600 MB
_FAR = re.compile(rb"\br=.(?:[A-Z]{3}\d|[A-Z]{1,2}\d{5})")  # a cell beyond column ZZ, or row 9,999
_FILLED = re.compile(
    rb"<(?:\w+:)?c\s[^>]{0,200}?\br=.([A-Z]{1,3})(\d{1,7})[\"'][^>/]*>(?!</)"
)  # not one of looks alone
_KINDS = (  # first bytes of what people send instead of a workbook
    (b"%PDF", "tệp PDF"),
    (b"\x89PNG", "hình ảnh"),
    (b"\xff\xd8\xff", "hình ảnh"),
    (b"GIF8", "hình ảnh"),
    (b"Rar!", "tệp nén RAR"),
    (b"7z\xbc\xaf", "tệp nén 7z"),
    (b"{\\rtf", "văn bản RTF"),
)


Marks = dict[int, dict[tuple[int, int], str]]


def read(content: bytes) -> Book:
    """A workbook's cells.

    Raises:
        Unreadable: it cannot or must not be read.
    """
    if not content:
        raise Unreadable("file_empty")
    if content.startswith(_OLE):
        return _old(content)
    if not content.startswith(b"PK"):
        raise Unreadable("not_a_workbook", what=_kind(content))
    kind, doubtful = _look_into_zip(content)
    shape = _shape(content)
    if shape is None:
        if kind != "xlsx":
            raise Unreadable("file_damaged")
        return _book(_openpyxl_sheets(content), simplified=True, token=_token(content))
    marks = _marks(content, len(shape[1])) if kind == "xlsx" and doubtful else {}
    sheets = _calamine_sheets(*shape, marks or {})
    return _book(sheets, simplified=kind == "xlsb" or marks is None, token=_token(content))


def _kind(content: bytes) -> str:
    for magic, name in _KINDS:
        if content.startswith(magic):
            return name
    start = content[:2000].lstrip().lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table")):
        return "trang web (HTML) mang tên tệp Excel"
    return "tệp XML" if start.startswith(b"<?xml") else "tệp loại khác"


def _old(content: bytes) -> Book:
    """An OLE file: an encrypted workbook, an old .xls, or something of Word's."""
    names = content[: 4 << 20] + content[-(1 << 20) :]
    if "EncryptedPackage".encode("utf-16-le") in names:
        raise Unreadable("password_protected")
    if not any(name.encode("utf-16-le") in names for name in ("Workbook", "Book")):
        raise Unreadable("not_a_workbook", what="văn bản Word hoặc tệp Office loại khác")
    shape = _shape(content)
    if shape is None:
        raise Unreadable("file_damaged")
    return _book(_calamine_sheets(*shape, {}), simplified=True)


def _look_into_zip(content: bytes) -> tuple[str, bool]:
    """Inflates every part, counting; (xlsx, xlsb or ods; whether there are formulas or error cells)."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            names = [info.filename.replace("\\", "/").lower() for info in archive.infolist()]
            kind = _zip_kind(names)
            if len(names) > PARTS:
                raise Unreadable("file_unsafe", what="quá nhiều thành phần")
            if len(set(names)) < len(names):
                raise Unreadable("file_unsafe", what="thành phần trùng tên")
            if any(info.flag_bits & 1 for info in archive.infolist()):
                raise Unreadable("password_protected")
            return kind, _inflate(archive)
    except (BadZipFile, EOFError, OSError, NotImplementedError, ValueError, UnicodeError) as error:
        raise Unreadable("file_damaged") from error
    except Exception as error:  # zlib.error, lzma errors: a truncated or broken member
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("file_damaged") from error


def _zip_kind(names: list[str]) -> str:
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if any(name.startswith("word/") for name in names):
        raise Unreadable("not_a_workbook", what="văn bản Word")
    if "content.xml" in names and "mimetype" in names:
        return "ods"
    raise Unreadable("not_a_workbook", what="tệp nén ZIP hoặc tệp loại khác")


def _inflate(archive: ZipFile) -> bool:
    total, doubtful = 0, False
    for info in archive.infolist():
        name = info.filename.replace("\\", "/").lower()
        is_xml, is_sheet = name.endswith((".xml", ".rels", ".vml")), "/worksheets/" in name
        tail, far = b"", False
        with archive.open(info) as part:
            while chunk := part.read(1 << 18):
                total += len(chunk)
                if total > UNPACKED:
                    raise Unreadable("file_unsafe", what="nén quá lớn")
                if not is_xml:
                    continue
                window = tail + chunk.replace(b"\0", b"")
                if _DOCTYPE.search(window):
                    raise Unreadable("file_unsafe", what="khai báo DOCTYPE")
                doubtful = doubtful or (is_sheet and bool(_DOUBTFUL.search(window)))
                far = far or (is_sheet and bool(_FAR.search(window)))
                tail = window[-_OVERLAP:]
        if far:
            _refuse_far_cells(archive.read(info))
    return doubtful


def _refuse_far_cells(sheet: bytes) -> None:
    """One cell far out makes the area from A1 to it, which is held whole, larger than any memory.

    Raises:
        Unreadable: there is one.
    """
    last_row, last_column, lowest, rightmost = 1, 1, "", ""
    for letters, digits in _FILLED.findall(sheet.replace(b"\0", b"")):
        row, column, address = int(digits), _column(letters), (letters + digits).decode()
        if row > last_row:
            last_row, lowest = row, address
        if column > last_column:
            last_column, rightmost = column, address
    if last_row * last_column > LARGEST:
        raise Unreadable("far_cell", address=lowest if last_row > ROWS else rightmost)


@lru_cache(None)
def _column(letters: bytes) -> int:
    """The number of a column: 1 for A, 27 for AA."""
    return reduce(lambda number, letter: number * 26 + letter - 64, letters, 0)


def _shape(content: bytes) -> tuple[Any, list[Any]] | None:
    """What calamine sees: it is ten times as fast as openpyxl, keeps to the used area, and reads the strict variant,
    in which openpyxl finds no sheet and says nothing."""
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum

    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        return book, [m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet][:SHEETS]
    except PasswordError:
        raise Unreadable("password_protected") from None
    except MemoryError:
        raise
    except BaseException:  # a panic of the Rust library is not an Exception
        return None


def _book(sheets: Iterable[Sheet], *, simplified: bool, token: str | None = None) -> Book:
    try:
        listed = tuple(sheets)
    except (Unreadable, MemoryError):
        raise
    except BaseException as error:
        raise Unreadable("file_damaged") from error
    if not listed:
        raise Unreadable("no_sheets")
    return Book(listed, token, simplified)


class _Budget:
    """How much of a book is still looked at."""

    def __init__(self) -> None:
        self.cells, self.text = CELLS, TEXT

    def take(self, cell: Cell) -> Cell:
        """Raises Unreadable when there is no room left."""
        self.cells -= 1
        self.text -= len(cell.value) if isinstance(cell.value, str) else 0
        if self.cells < 0 or self.text < 0:
            raise Unreadable("too_heavy", why=TOO_MUCH)
        return cell


def _calamine_sheets(book: Any, metadata: list[Any], marks: Marks) -> Iterator[Sheet]:
    from python_calamine import SheetVisibleEnum

    budget = _Budget()
    for number, meta in enumerate(metadata):
        source = book.get_sheet_by_name(meta.name)
        height, left = (source.end[0] + 1, source.start[1] + 1) if source.end else (0, 1)
        here, cells = dict(marks.get(number, {})), dict[tuple[int, int], Cell]()
        for r, row in enumerate(source.iter_rows(), start=1):  # from the top, but from the first used column
            if r > ROWS:
                break
            for c, value in enumerate(row[:COLUMNS], start=left):
                mark = here.pop((r, c), "") if here else ""
                cell = _cell(r, c, value, mark)
                if cell is not None:
                    cells[r, c] = budget.take(cell)
        for (r, c), mark in here.items():
            cells[r, c] = budget.take(_nothing(r, c, mark))
        merges = _apart((r1 + 1, c1 + 1, r2 + 1, c2 + 1) for (r1, c1), (r2, c2) in source.merged_cell_ranges or ())
        yield Sheet(_name(meta.name), meta.visible != SheetVisibleEnum.Visible, cells, merges, height > ROWS)


def _name(sheet: str) -> str:
    return clean(sheet)[:80]


def _apart(ranges: Iterable[Merge]) -> tuple[Merge, ...]:
    """Ranges inside what is looked at, none over another, as in every workbook that a program wrote: of two that
    meet the upper one counts."""
    kept, below = list[Merge](), dict[int, int]()  # column → the last row that a range covers
    inside = (r for r, _ in zip(ranges, range(MERGES), strict=False) if r[0] < ROWS and r[1] <= COLUMNS)
    for top, left, bottom, right in sorted(inside):
        columns = range(left, min(right, COLUMNS) + 1)
        if all(below.get(column, 0) < top for column in columns):
            bottom = min(bottom, ROWS)
            below.update(dict.fromkeys(columns, bottom))
            kept.append((top, left, bottom, right))
    return tuple(kept)


def _marks(content: bytes, sheets: int) -> Marks | None:
    """Which cells are formulas ("f") and which errors ("e"), by sheet: only openpyxl tells. None: it cannot."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(BytesIO(content), read_only=True, keep_links=False)
        if len(book.worksheets) < min(sheets, SHEETS):
            return None
        return {
            number: {(c.row, c.column): c.data_type for c in _used(source) if c.data_type in "fe"}
            for number, source in enumerate(book.worksheets[:SHEETS])
        }
    except MemoryError:
        raise
    except BaseException:  # the library raises whatever a strange file makes it trip over
        return None


def _openpyxl_sheets(content: bytes) -> Iterator[Sheet]:
    """For what calamine cannot read."""
    from openpyxl import load_workbook

    budget = _Budget()
    book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    for source in book.worksheets[:SHEETS]:
        read = (_cell(c.row, c.column, c.value, "e" if c.data_type == "e" else "") for c in _used(source))
        cells = {(cell.row, cell.column): budget.take(cell) for cell in read if cell is not None}
        yield Sheet(_name(source.title), source.sheet_state != "visible", cells)


def _used(source: Any) -> Iterator[Any]:
    for row in source.iter_rows(max_row=ROWS, max_col=COLUMNS):  # bounded: a sheet may claim a million rows
        yield from (cell for cell in row if cell.value is not None)


def _token(content: bytes) -> str | None:
    """The custom document property that carries our token, of an .xlsx or an .ods."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    with ZipFile(BytesIO(content)) as archive:
        for part, name in (("docProps/custom.xml", "name"), ("meta.xml", f"{{{_ODF_META}}}name")):
            if part not in archive.namelist():
                continue
            try:
                tree = etree.fromstring(archive.read(part), parser)
            except etree.XMLSyntaxError:
                continue
            for node in tree.iter():
                if node.get(name) == PROPERTY:
                    return "".join(node.itertext()).strip()
    return None


def _cell(row: int, column: int, value: Any, mark: str) -> Cell | None:
    """What a person sees in a cell; None: nothing. `mark`: "f" a formula, "e" an error."""
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
    return redact(clean(text))
