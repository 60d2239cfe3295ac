"""The zip that a workbook is: looked into before anything parses it, and put in order where readers would stumble.

What is mended: names with backslashes, relationships that lead around corners, a workbook under another name, the
strict variant's namespaces, styles that lack what openpyxl insists on, and single cells so far out that the area from
A1 to them, which calamine holds whole, would fill the memory. Nothing of it changes a value.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from io import BytesIO
from typing import Literal
from xml.sax.saxutils import quoteattr, unescape
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from dondoc.forms.draft import COLUMNS, ROWS
from dondoc.forms.reading import Unreadable

Kind = Literal["xlsx", "xlsb", "ods"]
UNPACKED = 100 << 20
PARTS = 2000
LARGEST = 20_000_000  # cells between A1 and the last one, all of which calamine has in memory: 600 MB
WORKBOOK = "xl/workbook.xml"
_OVERLAP = 400
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_DOUBTFUL = re.compile(rb"<(\w+:)?f[ >/]|\bt=.e[\"']")  # a formula, or an error cell
_FAR = re.compile(rb"\br=.(?:[A-Z]{3}\d|[A-Z]{1,2}\d{5})")  # a cell beyond column ZZ, or row 9,999
_CELL = re.compile(
    rb"<(?:\w+:)?c\s[^>]{0,200}?\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^>]*?(?:/>|>.*?</(?:\w+:)?c>)", re.DOTALL
)
_CONTENT = re.compile(rb"<(?:\w+:)?(?:v|is|f)[\s>/]")
_HIDDEN = re.compile(rb"<(?:\w+:)?(?:row|col)\s[^>]{0,300}?\bhidden=[\"'](?:1|true)")
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s([^>]{0,400}?\bhidden=[\"'](?:1|true)[^>]{0,400})>")
_HIDDEN_COLUMN = re.compile(rb"<(?:\w+:)?col\s([^>]{0,400}?\bhidden=[\"'](?:1|true)[^>]{0,400})>")
_NUMBER = {name: re.compile(rb"\b%s=[\"'](\d{1,7})[\"']" % name) for name in (b"r", b"min", b"max")}
_SHEET = re.compile(rb"<(?:\w+:)?worksheet[\s>]")
_TAG = re.compile(r"<(?:\w+:)?(Relationship|sheet)\b([^>]*)>")
_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_STRICT = (
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
)


@dataclass
class Look:
    """What a first pass over the parts shows."""

    kind: Kind
    doubtful: bool = False  # there are formulas or error cells
    odd: bool = False  # other names or namespaces than programs usually write
    far: set[str] = field(default_factory=set)  # sheets with a cell far out
    hidden: set[str] = field(default_factory=set)  # sheets with hidden rows or columns


def look(content: bytes) -> Look:
    """Inflates every part, counting, and looks for what must not be parsed.

    Raises:
        Unreadable: it is no workbook, damaged or unsafe.
    """
    try:
        with ZipFile(BytesIO(content)) as archive:
            names = [_name(info) for info in archive.infolist()]
            seen = Look(_kind(names, archive))
            if len(names) > PARTS:
                raise Unreadable("file_unsafe", what="quá nhiều thành phần")
            if len(set(names)) < len(names):
                raise Unreadable("file_unsafe", what="thành phần trùng tên")
            if any(info.flag_bits & 1 for info in archive.infolist()):
                raise Unreadable("password_protected")
            seen.odd = seen.kind == "xlsx" and (
                WORKBOOK not in names or any("\\" in info.orig_filename for info in archive.infolist())
            )
            _inflate(archive, seen)
            return seen
    except (BadZipFile, EOFError, OSError, NotImplementedError, ValueError, UnicodeError) as error:
        raise Unreadable("file_damaged") from error
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # zlib.error, lzma errors: a truncated or broken member
        raise Unreadable("file_damaged") from error


def _name(info: ZipInfo) -> str:
    return info.filename.replace("\\", "/").lower()


def _kind(names: list[str], archive: ZipFile) -> Kind:
    if any(name.endswith("workbook.bin") for name in names):
        return "xlsb"
    if any(name.startswith("xl/") for name in names) or _is_spreadsheet(archive):
        return "xlsx"
    for folder, what in (("word/", "văn bản Word"), ("ppt/", "bản trình chiếu PowerPoint")):
        if any(name.startswith(folder) for name in names):
            raise Unreadable("not_a_workbook", what=what)
    if "content.xml" in names and "mimetype" in names:
        if b"spreadsheet" not in archive.read("mimetype")[:100]:
            raise Unreadable("not_a_workbook", what="văn bản OpenDocument loại khác")
        if "meta-inf/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml")[: 1 << 20]:
            raise Unreadable("password_protected")
        return "ods"
    raise Unreadable("not_a_workbook", what="tệp nén ZIP hoặc tệp loại khác")


def _is_spreadsheet(archive: ZipFile) -> bool:
    """By its list of contents: the parts may lie anywhere."""
    for info in archive.infolist():
        if _name(info) == "[content_types].xml":
            with archive.open(info) as part:
                return b"spreadsheetml" in part.read(1 << 16)
    return False


def _inflate(archive: ZipFile, seen: Look) -> None:
    total = 0
    for info in archive.infolist():
        name, tail, is_sheet = _name(info), b"", False
        is_xml = name.endswith((".xml", ".rels", ".vml"))
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
                is_sheet = is_sheet or (not tail and bool(_SHEET.search(window[:2000])))
                seen.odd = seen.odd or b"purl.oclc.org/ooxml" in window[:2000]
                if is_sheet:
                    _look_at_sheet(window, info.filename, seen)
                tail = window[-_OVERLAP:]
        if seen.kind == "xlsb" and "worksheets/" in name and name.endswith(".bin"):
            _look_at_binary(archive.read(info), info.filename, seen)
    for name in [*seen.far]:
        if seen.kind == "xlsx" and _area(archive.read(name)) <= LARGEST:
            seen.far.discard(name)


def _look_at_sheet(window: bytes, name: str, seen: Look) -> None:
    seen.doubtful = seen.doubtful or bool(_DOUBTFUL.search(window))
    if name not in seen.far and _FAR.search(window):
        seen.far.add(name)
    if name not in seen.hidden and _HIDDEN.search(window):
        seen.hidden.add(name)


# -- cells far out


@lru_cache(None)
def _column(letters: bytes) -> int:
    """The number of a column: 1 for A, 27 for AA."""
    return reduce(lambda number, letter: number * 26 + letter - 64, letters, 0)


def _holds_something(cell: bytes) -> bool:
    """Not one of looks alone."""
    return bool(_CONTENT.search(cell))


def _area(sheet: bytes) -> int:
    """Cells from A1 to the last one that holds something."""
    rows, columns = 1, 1
    for match in _CELL.finditer(sheet.replace(b"\0", b"")):
        if _holds_something(match[0]):
            rows, columns = max(rows, int(match[2])), max(columns, _column(match[1]))
    return rows * columns


def _without_far(sheet: bytes, outside: list[tuple[int, int]]) -> bytes:
    """The sheet without the cells that lie outside what is looked at."""

    def keep(match: re.Match[bytes]) -> bytes:
        row, column = int(match[2]), _column(match[1])
        if row <= ROWS and column <= COLUMNS:
            return match[0]
        if _holds_something(match[0]):
            outside.append((row, column))
        return b""

    return _CELL.sub(keep, sheet.replace(b"\0", b""))


_ROW, _SIZE = 0, 148
_BINARY_CELLS = range(1, 12)


def _records(part: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Of a part of an .xlsb (MS-XLSB 2.1.4): type, where the record begins, where its data begins and ends.

    Raises:
        IndexError: it is cut.
    """
    at = 0
    while at < len(part):
        begun, kind, size = at, part[at], 0
        at += 1
        if kind & 0x80:
            kind |= part[at] << 8
            at += 1
        for shift in range(0, 28, 7):
            byte = part[at]
            at += 1
            size |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        yield kind, begun, at, at + size
        at += size


def _look_at_binary(part: bytes, name: str, seen: Look) -> None:
    rows, columns = 1, 1
    try:
        for kind, _, at, _ in _records(part):
            if kind == _ROW:
                rows = max(rows, int.from_bytes(part[at : at + 4], "little") + 1)
            elif kind in _BINARY_CELLS and kind != 1:  # 1: of looks alone
                columns = max(columns, int.from_bytes(part[at : at + 4], "little") + 1)
    except IndexError:
        return
    if rows * columns > LARGEST:
        seen.far.add(name)


def _binary_without_far(part: bytes, outside: list[tuple[int, int]]) -> bytes:
    kept, row = [], 0
    for kind, begun, at, end in _records(part):
        if kind == _ROW:
            row = int.from_bytes(part[at : at + 4], "little") + 1
        if kind in _BINARY_CELLS:
            column = int.from_bytes(part[at : at + 4], "little") + 1
            if row > ROWS or column > COLUMNS:
                outside += [(row, column)] if kind != 1 else []
                continue
        elif kind == _ROW and row > ROWS:
            continue
        elif kind == _SIZE:  # the first and last row and column, which readers make room for
            last = (ROWS - 1).to_bytes(4, "little"), (COLUMNS - 1).to_bytes(4, "little")
            kept.append(part[begun:at] + bytes(4) + last[0] + bytes(4) + last[1])
            continue
        kept.append(part[begun:end])
    return b"".join(kept)


# -- a package in order


Outside = dict[str, list[tuple[int, int]]]


def mended(content: bytes, seen: Look) -> tuple[bytes, Outside]:
    """The package as readers expect it, and by sheet's part the cells outside what is looked at that were left out."""
    outside: Outside = {}
    with ZipFile(BytesIO(content)) as archive:
        parts = {info.filename.replace("\\", "/").lstrip("/"): info for info in archive.infolist() if not info.is_dir()}
        names = {name.lower(): name for name in parts}
        root = archive.read(parts["_rels/.rels"]) if seen.kind == "xlsx" and "_rels/.rels" in parts else b""
        renamed = _workbook_elsewhere(root, names)
        stream = BytesIO()
        with ZipFile(stream, "w", ZIP_STORED) as new:
            for name, info in parts.items():
                part = archive.read(info)
                if info.filename in seen.far:
                    cut = outside.setdefault(name, [])
                    part = _binary_without_far(part, cut) if name.endswith(".bin") else _without_far(part, cut)
                if seen.kind == "xlsx" and name.lower().endswith((".xml", ".rels")):
                    part = _in_order(name, part, names, renamed)
                new.writestr(renamed.get(name, name), part)
    return stream.getvalue(), outside


def _workbook_elsewhere(root: bytes, names: dict[str, str]) -> dict[str, str]:
    """Part → its new name, where the workbook is not called as calamine expects."""
    for _, tag in _tags(root):
        target = posixpath.normpath(tag.get("Target", "").replace("\\", "/").lstrip("/"))
        if tag.get("Type", "").endswith("/officeDocument") and WORKBOOK not in names and target.lower() in names:
            own = names[target.lower()]
            folder, base = posixpath.split(own)
            return {own: WORKBOOK, posixpath.join(folder, "_rels", f"{base}.rels"): "xl/_rels/workbook.xml.rels"}
    return {}


def _in_order(name: str, part: bytes, names: dict[str, str], renamed: dict[str, str]) -> bytes:
    for strict, usual in _STRICT:
        part = part.replace(strict, usual)
    if name.endswith(".rels"):
        return _straight(name, part, names, renamed)
    if name == "[Content_Types].xml":
        for old, new in renamed.items():
            part = part.replace(f'"/{old}"'.encode(), f'"/{new}"'.encode())
    if b"<cellXfs" in part and b"<cellStyleXfs" not in part:  # openpyxl takes the named styles from there
        part = re.sub(rb"<cellStyles\b.*?</cellStyles>|<cellStyles[^>]*/>", b"", part, flags=re.DOTALL)
    return part


def _straight(name: str, part: bytes, names: dict[str, str], renamed: dict[str, str]) -> bytes:
    """Relationships with the full name of their part."""
    base = posixpath.dirname(posixpath.dirname(name))
    text = part.decode("utf-8-sig", "replace")

    def full(match: re.Match[str]) -> str:
        said = match[1] or match[2] or ""
        path = unescape(said).replace("\\", "/")
        path = posixpath.normpath(path if path.startswith("/") else posixpath.join("/", base, path)).lstrip("/")
        own = names.get(path.lower())
        return f"Target={quoteattr('/' + renamed.get(own, own))}" if own else match[0]

    return re.sub(r"\bTarget\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", full, text).encode()


def _tags(part: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    for name, attributes in _TAG.findall(part.replace(b"\0", b"").decode("utf-8-sig", "replace")):
        yield name, {key: unescape(one or two) for key, one, two in _ATTRIBUTE.findall(attributes)}


# -- hidden rows and columns


def parts_of_sheets(content: bytes) -> dict[str, str]:
    """Name of a sheet → its part, as far as that can be told."""
    with ZipFile(BytesIO(content)) as archive:
        names = {_name(info): info for info in archive.infolist()}
        try:
            book, rels = (archive.read(names[n]) for n in (WORKBOOK, "xl/_rels/workbook.xml.rels"))
        except KeyError:
            return {}
    targets = {tag["Id"]: tag["Target"] for _, tag in _tags(rels) if "Id" in tag and "Target" in tag}
    found = {}
    for kind, tag in _tags(book):
        target = next((targets.get(value) for key, value in tag.items() if key.endswith(":id")), None)
        if kind == "sheet" and target:
            path = posixpath.normpath(posixpath.join("/xl", target.replace("\\", "/"))).lstrip("/").lower()
            if path in names:
                found[tag.get("name", "")] = names[path].filename
    return found


def hidden(content: bytes, part: str) -> tuple[set[int], set[int]]:
    """The hidden rows and columns of a sheet, as far as they are looked at."""
    with ZipFile(BytesIO(content)) as archive:
        sheet = archive.read(part).replace(b"\0", b"")
    rows = {_number(tag, b"r") for tag in _HIDDEN_ROW.findall(sheet)} - {0}
    columns: set[int] = set()
    for tag in _HIDDEN_COLUMN.findall(sheet):
        columns.update(range(max(1, _number(tag, b"min")), min(COLUMNS, _number(tag, b"max")) + 1))
    return rows, columns


def _number(tag: bytes, name: bytes) -> int:
    match = _NUMBER[name].search(tag)
    return int(match[1]) if match else 0
