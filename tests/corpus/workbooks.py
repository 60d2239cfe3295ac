"""Workbooks as people make them, from compact descriptions: an agency's own table, without our styles or our token.

`workbooks/` holds the few that only a program makes: plain.xls, plain.ods and stray.ods, saved by LibreOffice 7.4 from
what `of` builds.
"""

import subprocess
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.forms.conftest import SPECS, form

SPEC = SPECS["form_03"]
FILES = Path(__file__).with_name("workbooks")
KEYS = (
    *("place", "manager", "has_camera", "name", "site", "address", "ward", "latitude", "longitude", "camera_type"),
    *("brand", "resolution", "codec", "onvif", "host", "rtsp_port", "account", "link", "retention_days", "status"),
    *("sharing", "restricted"),
)
COLUMN = {key: number for number, key in enumerate(KEYS, 2)}  # TT stands before
LABELS = ["TT", *(SPEC.fields[key].label for key in KEYS)]
Line = list[Any]
Change = Callable[[Worksheet], object]


def camera(number: int = 1, **changes: Any) -> Line:
    """A row of the table: its running number and the examples of the form."""
    own = {"name": f"Cổng {number:02}", "host": f"113.160.10.{number}"}
    return [number, *((own | changes).get(key, SPEC.fields[key].example) for key in KEYS)]


def head(**changes: Any) -> list[Line]:
    answers = {field.key: field.example for field in SPEC.head} | {"agency_name": "UBND huyện Đức Thọ"} | changes
    return [[field.label, answers[field.key]] for field in SPEC.head if answers[field.key] is not None]


def of(lines: Iterable[Line], *changes: Change, head_: list[Line] | None = None, labels: Line = LABELS) -> bytes:
    """Title, head and table on one sheet; then what is done to it."""
    return book({"Camera": [["BIỂU MẪU 03"], *(head() if head_ is None else head_), [], labels, *lines]}, *changes)


def book(sheets: dict[str, list[Line]], *changes: Change) -> bytes:
    made = Workbook()
    made.remove(made.active)
    for name, lines in sheets.items():
        sheet = made.create_sheet(name)
        for line in lines:
            sheet.append(line)
    for change in changes:
        change(made.worksheets[0])
    return saved(made)


def saved(made: Workbook) -> bytes:
    stream = BytesIO()
    made.save(stream)
    return stream.getvalue()


def delimited(lines: Iterable[Line], delimiter: str = ";") -> str:
    return "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)


def repacked(content: bytes, part: Callable[[str, bytes], bytes], name: Callable[[str], str] = str) -> bytes:
    """The same zip with other parts or names."""
    stream = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(stream, "w", ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(name(info.filename), part(info.filename, old.read(info)))
    return stream.getvalue()


def with_macros(content: bytes) -> bytes:
    """The same as Excel saves it with a macro (.xlsm): another type, and the project beside the sheets."""
    kind, office = "application/vnd.ms-", "http://schemas.microsoft.com/office/2006/relationships"
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    default = f'<Default Extension="bin" ContentType="{kind}office.vbaProject"/>'
    link = f'<Relationship Id="rIdVba" Type="{office}/vbaProject" Target="vbaProject.bin"/>'

    def part(name: str, content: bytes) -> bytes:
        if name == "[Content_Types].xml":
            content = content.replace(plain, f"{kind}excel.sheet.macroEnabled.main+xml".encode())
            return content.replace(b"</Types>", f"{default}</Types>".encode())
        related = name == "xl/_rels/workbook.xml.rels"
        return content.replace(b"</Relationships>", f"{link}</Relationships>".encode()) if related else content

    stream = BytesIO(repacked(content, part))
    with ZipFile(stream, "a", ZIP_DEFLATED) as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2040))
    return stream.getvalue()


def legacy(text: str, charset: str = "TCVN5712-1") -> str:
    """Text as the fonts of before Unicode have it, by glibc's iconv, shown as Latin-1 letters."""
    done = subprocess.run(["iconv", "-f", "UTF-8", "-t", charset], input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode("latin-1")


def moved(content: bytes, old: str, new: str) -> bytes:
    """A package whose parts lie in another folder."""

    def part(name: str, content: bytes) -> bytes:
        named = name == "[Content_Types].xml" or name.endswith(".rels")
        return content.replace(f"/{old}".encode(), f"/{new}".encode()).replace(
            f'"{old}'.encode(), f'"{new}'.encode()
        ) if named else content  # fmt: skip

    return repacked(content, part, lambda name: name.replace(old, new, 1) if name.startswith(old) else name)


def ours() -> bytes:
    return form()
