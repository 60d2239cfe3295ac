"""Reads a workbook's cells. What arrives is hostile, and this runs in a confined child (`work`).

It counts while it inflates, refuses document types before any XML parser sees them, bounds rows, columns, cells, merged
ranges and text, and takes passwords out of every text. Where one reader fails or sees nothing, another one looks.
"""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from dondoc.forms import delimited, legacy, opendocument, package
from dondoc.forms.draft import COLUMNS, ROWS, SHEETS, STRAY, Budget, Draft
from dondoc.forms.package import Look, Outside
from dondoc.forms.reading import Book, Note, Sheet, Unreadable
from dondoc.forms.token import PROPERTY
from dondoc.forms.words import shown

_ODF_META = "urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NAMED = 5  # sheets that were not read, by name
_KINDS = (  # first bytes of what people send instead of a workbook
    (b"%PDF", "tệp PDF"),
    (b"\x89PNG", "hình ảnh"),
    (b"\xff\xd8\xff", "hình ảnh"),
    (b"GIF8", "hình ảnh"),
    (b"BM", "hình ảnh"),
    (b"II*\0", "hình ảnh"),
    (b"MM\0*", "hình ảnh"),
    (b"Rar!", "tệp nén RAR"),
    (b"7z\xbc\xaf", "tệp nén 7z"),
    (b"\x1f\x8b", "tệp nén GZ"),
    (b"{\\rtf", "văn bản RTF"),
)

Marks = dict[int, dict[tuple[int, int], str]]
Attempt = Callable[[], tuple[list[Sheet], bool]]  # the sheets, and whether formulas and errors look like values


def read(content: bytes) -> Book:
    """A workbook's cells.

    Raises:
        Unreadable: it cannot or must not be read.
    """
    return legacy.converted(_read(content))


def _read(content: bytes) -> Book:
    if not content:
        raise Unreadable("file_empty")
    left: list[str] = []  # sheets that are too many
    if content.startswith(_OLE):
        return _old(content, left)
    if not content.startswith(b"PK"):
        return _text(content)
    seen = package.look(content)
    if seen.kind == "ods":
        return _book([lambda: (list(opendocument.sheets(content, left)), False)], left, _token(content))
    return _excel(content, seen, left)


def _text(content: bytes) -> Book:
    what = _kind(content)
    if what == "tệp loại khác" and (table := delimited.sheet(content)):
        return Book((table,))
    raise Unreadable("not_a_workbook", what=what)


def _kind(content: bytes) -> str:
    for magic, name in _KINDS:
        if content.startswith(magic):
            return name
    if content[4:12] in (b"ftypheic", b"ftypmif1", b"ftypheix") or (content[:4], content[8:12]) == (b"RIFF", b"WEBP"):
        return "hình ảnh"
    start = content[:2000].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table")):
        return "trang web (HTML) mang tên tệp Excel"
    return "tệp XML" if start.startswith(b"<?xml") else "tệp loại khác"


def _old(content: bytes, left: list[str]) -> Book:
    """An OLE file: an encrypted workbook, an old .xls, or something of Word's."""
    names = content[: 4 << 20] + content[-(1 << 20) :]
    if "EncryptedPackage".encode("utf-16-le") in names:
        raise Unreadable("password_protected")
    if not any(name.encode("utf-16-le") in names for name in ("Workbook", "Book")):
        raise Unreadable("not_a_workbook", what="văn bản Word hoặc tệp Office loại khác")
    return _book([lambda: (list(_calamine(content, left)), True)], left)


def _excel(content: bytes, seen: Look, left: list[str]) -> Book:
    """An .xlsx, .xlsm or .xlsb. What calamine stumbles over is put in order for a second look; then openpyxl looks."""
    outside: Outside = {}

    def in_order() -> bytes:
        nonlocal content, outside
        content, outside = package.mended(content, seen)
        return content

    def first() -> tuple[list[Sheet], bool]:
        marks = _marks(content) if seen.kind == "xlsx" and seen.doubtful else {}
        sheets = list(_calamine(content, left, marks or {}, seen, outside))
        return sheets, seen.kind == "xlsb" or marks is None

    def second() -> tuple[list[Sheet], bool]:
        in_order()
        return first()

    def third() -> tuple[list[Sheet], bool]:
        return list(_openpyxl(content, left)), False

    at_once = seen.odd or bool(seen.far)
    attempts: list[Attempt] = [second] if at_once else [first, second]
    return _book([*attempts, third] if seen.kind == "xlsx" else attempts, left, _token(content))


def _book(attempts: Iterable[Attempt], left: list[str], token: str | None = None) -> Book:
    """What the first reader makes of it that sees anything: a form is not empty because one of them sees no cell."""
    fault: BaseException | None = None
    book, opened = None, False
    for attempt in attempts:
        left.clear()
        try:
            sheets, simplified = attempt()
        except (Unreadable, MemoryError):
            raise
        except BaseException as error:  # the libraries raise whatever they trip over; a panic is not an Exception
            fault = fault or error
            continue
        opened = True
        if sheets and (book is None or any(sheet.cells for sheet in sheets)):
            book = Book(tuple(sheets), token, simplified, tuple(_left(left)))
        if book and any(sheet.cells for sheet in book.sheets):
            return book
    if book is None:
        raise Unreadable("no_sheets" if opened else "file_damaged") from fault
    return book


def _left(names: list[str]) -> Iterator[Note]:
    if names:
        listed = ", ".join(f"“{shown(name)}”" for name in names[:_NAMED])
        yield Note("sheets_left", None, {"limit": SHEETS, "count": len(names), "listed": listed})


def _calamine(
    content: bytes,
    left: list[str],
    marks: Marks | None = None,
    seen: Look | None = None,
    outside: Outside | None = None,
) -> Iterator[Sheet]:
    """What calamine sees: it is ten times as fast as openpyxl and keeps to the used area."""
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
    except PasswordError:
        raise Unreadable("password_protected") from None
    metadata = [m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    left += [m.name for m in metadata[SHEETS:]]
    parts = package.parts_of_sheets(content) if seen and (seen.hidden or outside) else {}
    budget = Budget()
    for number, meta in enumerate(metadata[:SHEETS]):
        draft = Draft(meta.name, meta.visible != SheetVisibleEnum.Visible, budget)
        source = book.get_sheet_by_name(meta.name)
        _fill(draft, source, dict((marks or {}).get(number, {})))
        part = (
            parts.get(meta.name)
            or f"xl/worksheets/sheet{number + 1}.{'bin' if seen and seen.kind == 'xlsb' else 'xml'}"
        )
        for place in (outside or {}).get(part, ()):
            draft.leave_out(*place)
        if seen and part in seen.hidden:
            draft.hidden_rows, draft.hidden_columns = package.hidden(content, part)
        yield draft.sheet((r1 + 1, c1 + 1, r2 + 1, c2 + 1) for (r1, c1), (r2, c2) in source.merged_cell_ranges or ())


def _fill(draft: Draft, source: Any, marks: dict[tuple[int, int], str]) -> None:
    first = source.start[1] + 1 if source.start else 1
    put = draft.put
    for r, row in enumerate(source.iter_rows(), start=1):  # from the top, but from the first used column
        for c, value in enumerate(row, start=first):
            if value != "":
                put(r, c, value, marks.pop((r, c), "") if marks else "")
        if draft.below > STRAY:
            break
    for (r, c), mark in marks.items():
        put(r, c, "", mark)


def _marks(content: bytes) -> Marks | None:
    """Which cells are formulas ("f") and which errors ("e"), by sheet: only openpyxl tells. None: it cannot."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(BytesIO(content), read_only=True, keep_links=False)
        if not book.worksheets:
            return None
        return {
            number: {(c.row, c.column): c.data_type for c in _used(source) if c.data_type in "fe"}
            for number, source in enumerate(book.worksheets[:SHEETS])
        }
    except MemoryError:
        raise
    except BaseException:  # the library raises whatever a strange file makes it trip over
        return None


def _openpyxl(content: bytes, left: list[str]) -> Iterator[Sheet]:
    """For what calamine cannot read."""
    from openpyxl import load_workbook

    budget = Budget()
    book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    left += [source.title for source in book.worksheets[SHEETS:]]
    marks = _marks(content) or {}
    for number, source in enumerate(book.worksheets[:SHEETS]):
        draft, here = Draft(source.title, source.sheet_state != "visible", budget), marks.get(number, {})
        for cell in _used(source):
            place = (cell.row, cell.column)
            draft.put(*place, cell.value, "e" if cell.data_type == "e" else here.pop(place, ""))
        for place, mark in here.items():
            draft.put(*place, "", mark)
        yield draft.sheet()


def _used(source: Any) -> Iterator[Any]:
    for row in source.iter_rows(max_row=ROWS + 1, max_col=COLUMNS + 1):  # bounded: a sheet may claim a million rows
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
