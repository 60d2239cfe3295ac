"""Reads a workbook in a process of its own: `python -m dondoc.forms.reader < FILE` prints JSON.

What arrives is hostile: this program counts while it inflates, refuses document types before any XML parser sees them,
bounds rows, columns and cells, and has little memory and time. It may die; the parent then says that the file is too
heavy. Prints {"sheets": […], "token": …, "simplified": …} or {"refused": code, …gaps of its sentence}.
"""

import gc
import json
import re
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from dondoc.forms.clean import clean

PROPERTY = "dondoc_token"  # custom document property that carries the form's signed token
MEMORY = 1 << 30
CPU_SECONDS = 20
UNPACKED = 100 << 20
PARTS = 2000
ROWS, COLUMNS, SHEETS, CELLS = 6000, 130, 30, 500_000  # bounds of what is looked at
LONGEST = 4000  # characters of one cell
MERGES = 20_000

_ODF_META = "urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_DOUBTFUL = re.compile(rb"<(\w+:)?f[ >/]|\bt=.e[\"']")  # a formula, or an error cell
_OVERLAP = 16
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


class Refused(Exception):
    def __init__(self, code: str, **gaps: Any) -> None:
        super().__init__(code)
        self.said = {"refused": code, **gaps}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    # openpyxl imports numpy when it is there: slow, and it reserves more memory than we may have.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    gc.disable()  # a short life, and nothing circular
    try:
        said = read(sys.stdin.buffer.read())
    except Refused as refusal:
        said = refusal.said
    except MemoryError:
        said = {"refused": "too_heavy"}
    sys.stdout.write(json.dumps(said, ensure_ascii=False))


def read(content: bytes) -> dict[str, Any]:
    """A workbook's cells. Raises Refused."""
    if not content:
        raise Refused("file_empty")
    if content.startswith(_OLE):
        return _old(content)
    if not content.startswith(b"PK"):
        raise Refused("not_a_workbook", what=_kind(content))
    kind, doubtful = _look_into_zip(content)
    shape = _shape(content)
    if shape is None:
        if kind != "xlsx":
            raise Refused("file_damaged")
        return _said(_openpyxl_sheets(content), simplified=True, token=_token(content))
    marks = _marks(content, len(shape[1])) if kind == "xlsx" and doubtful else {}
    sheets = _calamine_sheets(*shape, marks or {})
    return _said(sheets, simplified=kind == "xlsb" or marks is None, token=_token(content))


def _kind(content: bytes) -> str:
    for magic, name in _KINDS:
        if content.startswith(magic):
            return name
    start = content[:2000].lstrip().lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table")):
        return "trang web (HTML) mang tên tệp Excel"
    return "tệp XML" if start.startswith(b"<?xml") else "tệp loại khác"


def _old(content: bytes) -> dict[str, Any]:
    """An OLE file: an encrypted workbook, an old .xls, or something of Word's."""
    names = content[: 4 << 20] + content[-(1 << 20) :]
    if "EncryptedPackage".encode("utf-16-le") in names:
        raise Refused("password_protected")
    if not any(name.encode("utf-16-le") in names for name in ("Workbook", "Book")):
        raise Refused("not_a_workbook", what="văn bản Word hoặc tệp Office loại khác")
    shape = _shape(content)
    if shape is None:
        raise Refused("file_damaged")
    return _said(_calamine_sheets(*shape, {}), simplified=True)


def _look_into_zip(content: bytes) -> tuple[str, bool]:
    """Inflates every part, counting; (xlsx, xlsb or ods; whether there are formulas or error cells)."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            names = [info.filename.replace("\\", "/").lower() for info in archive.infolist()]
            kind = _zip_kind(names)
            if len(names) > PARTS:
                raise Refused("file_unsafe", what="quá nhiều thành phần")
            if len(set(names)) < len(names):
                raise Refused("file_unsafe", what="thành phần trùng tên")
            if any(info.flag_bits & 1 for info in archive.infolist()):
                raise Refused("password_protected")
            return kind, _inflate(archive)
    except (BadZipFile, EOFError, OSError, NotImplementedError, ValueError, UnicodeError) as error:
        raise Refused("file_damaged") from error
    except Exception as error:  # zlib.error, lzma errors: a truncated or broken member
        if isinstance(error, Refused):
            raise
        raise Refused("file_damaged") from error


def _zip_kind(names: list[str]) -> str:
    if "xl/workbook.bin" in names:
        return "xlsb"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if any(name.startswith("word/") for name in names):
        raise Refused("not_a_workbook", what="văn bản Word")
    if "content.xml" in names and "mimetype" in names:
        return "ods"
    raise Refused("not_a_workbook", what="tệp nén ZIP hoặc tệp loại khác")


def _inflate(archive: ZipFile) -> bool:
    total, doubtful = 0, False
    for info in archive.infolist():
        name = info.filename.replace("\\", "/").lower()
        is_xml, is_sheet = name.endswith((".xml", ".rels", ".vml")), "/worksheets/" in name
        tail = b""
        with archive.open(info) as part:
            while chunk := part.read(1 << 18):
                total += len(chunk)
                if total > UNPACKED:
                    raise Refused("file_unsafe", what="nén quá lớn")
                if not is_xml:
                    continue
                window = tail + chunk.replace(b"\0", b"")
                if _DOCTYPE.search(window):
                    raise Refused("file_unsafe", what="khai báo DOCTYPE")
                doubtful = doubtful or (is_sheet and bool(_DOUBTFUL.search(window)))
                tail = window[-_OVERLAP:]
    return doubtful


def _shape(content: bytes) -> tuple[Any, list[Any]] | None:
    """What calamine sees: it is ten times as fast as openpyxl, keeps to the used area, and reads the strict variant,
    in which openpyxl finds no sheet and says nothing."""
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum

    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        return book, [m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet][:SHEETS]
    except PasswordError:
        raise Refused("password_protected") from None
    except MemoryError:
        raise
    except BaseException:  # a panic of the Rust library is not an Exception
        return None


def _said(sheets: Iterator[dict[str, Any]], *, simplified: bool, token: str | None = None) -> dict[str, Any]:
    try:
        listed = list(sheets)
    except (Refused, MemoryError):
        raise
    except BaseException as error:
        raise Refused("file_damaged") from error
    if not listed:
        raise Refused("no_sheets")
    if sum(len(sheet["cells"]) for sheet in listed) > CELLS:
        raise Refused("too_heavy")
    return {"sheets": listed, "token": token, "simplified": simplified}


def _sheet(name: str, hidden: bool, height: int, merges: list[Any] | None = None) -> dict[str, Any]:
    plain = [[r1 + 1, c1 + 1, r2 + 1, c2 + 1] for (r1, c1), (r2, c2) in (merges or [])[:MERGES]]
    return {"name": clean(name)[:80], "hidden": hidden, "cells": [], "merges": plain, "beyond": height > ROWS}


def _calamine_sheets(book: Any, metadata: list[Any], marks: Marks) -> Iterator[dict[str, Any]]:
    from python_calamine import SheetVisibleEnum

    for number, meta in enumerate(metadata):
        source = book.get_sheet_by_name(meta.name)
        height, left = (source.end[0] + 1, source.start[1] + 1) if source.end else (0, 1)
        sheet = _sheet(meta.name, meta.visible != SheetVisibleEnum.Visible, height, source.merged_cell_ranges)
        here = dict(marks.get(number, {}))
        for r, row in enumerate(source.iter_rows(), start=1):  # from the top, but from the first used column
            if r > ROWS:
                break
            for c, value in enumerate(row[:COLUMNS], start=left):
                mark = here.pop((r, c), "") if here else ""
                cell = ("error", "") if mark == "e" else _cell(value)
                if cell is not None or mark:
                    sheet["cells"].append([r, c, *(cell or ("empty", "")), mark == "f"])
        sheet["cells"] += [
            [r, c, "empty" if mark == "f" else "error", "", mark == "f"] for (r, c), mark in here.items()
        ]
        yield sheet


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


def _openpyxl_sheets(content: bytes) -> Iterator[dict[str, Any]]:
    """For what calamine cannot read."""
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    for source in book.worksheets[:SHEETS]:
        sheet = _sheet(source.title, source.sheet_state != "visible", 0)
        for cell in _used(source):
            value = ("error", "") if cell.data_type == "e" else _cell(cell.value)
            if value is not None:
                sheet["cells"].append([cell.row, cell.column, *value, False])
        yield sheet


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


def _cell(value: Any) -> tuple[str, Any] | None:
    """(kind, JSON value) of a cell; None when a person sees nothing in it."""
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, int | float):
        return "number", float(value)
    if isinstance(value, datetime):
        return "date", value.date().isoformat()
    if isinstance(value, date):
        return "date", value.isoformat()
    if value is None or value == "":
        return None
    text = clean(f"{value:%H:%M}" if isinstance(value, time) else str(value)[:LONGEST])
    return ("text", text) if text else None


if __name__ == "__main__":
    main()
