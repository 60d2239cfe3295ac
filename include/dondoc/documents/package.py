"""A .docx as a package of parts: what may be in the office's template, and how ours is saved."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from docx import Document
from docx.document import Document as Docx
from docx.opc.constants import CONTENT_TYPE as CT
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.pkgwriter import PackageWriter
from lxml import etree

from dondoc.archives import Undated
from dondoc.errors import Problem

LARGEST, UNPACKED, PARTS = 1_000_000, 2_000_000, 60  # bytes of the file, bytes in it, parts
BRACES = 2_000  # of a part: what looks for commands takes the longer the more begin and do not end
KINDS = (".xml", ".rels", ".png", ".jpg", ".jpeg")  # whatever runs or is embedded has another ending
FIELDS = re.compile(r"\s*(PAGE|NUMPAGES|SECTIONPAGES)\b[^\"\\]*(\\\* (MERGEFORMAT|Arabic)\s*)*", re.IGNORECASE)
_OTHER_MAKERS = (RT.EXTENDED_PROPERTIES, RT.CUSTOM_PROPERTIES, RT.THUMBNAIL)


@dataclass(frozen=True)
class Properties:
    """What the file says of itself."""

    title: str
    author: str


def guard(content: bytes) -> None:
    """Refuse a template that could do more than be filled.

    Raises:
        Problem: what is wrong, as the rest of a sentence about the file.
    """
    if len(content) > LARGEST:
        raise Problem(f"mẫu quá lớn ({len(content):,} byte), giới hạn {LARGEST:,} byte; bỏ bớt hình".replace(",", "."))
    try:
        with ZipFile(BytesIO(content)) as archive:
            _parts(archive)
        Document(BytesIO(content))
    except Problem:
        raise
    except Exception as error:  # whatever zip, XML and python-docx stumble over: nothing of it is ours
        raise Problem("không phải tệp Word .docx, hoặc tệp bị hỏng; lưu lại bằng Word, loại .docx") from error


def _parts(archive: ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > PARTS or sum(entry.file_size for entry in entries) > UNPACKED:
        raise Problem("mẫu giải nén ra quá lớn; bỏ bớt hình")
    for entry in entries:
        if not entry.filename.lower().endswith(KINDS):
            raise Problem(f"mẫu chứa macro hoặc tệp nhúng ({entry.filename}); bỏ đi, lưu lại loại .docx")
        if entry.filename.lower().endswith((".xml", ".rels")):
            _xml(entry.filename, archive.read(entry))


def _xml(name: str, content: bytes) -> None:
    """Of one part: nothing of elsewhere, nothing that computes, however it is written."""
    text = content.decode("utf-8")
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    if "<!DOCTYPE" in text or "<!ENTITY" in text or root.getroottree().docinfo.doctype:
        raise Problem(f"mẫu có định nghĩa thực thể XML ({name}); lưu lại bằng Word, loại .docx")
    elements = [*root.iter("{*}*")]
    if any(_local(one) == "altChunk" or one.get("TargetMode") == "External" for one in elements):
        raise Problem("mẫu có liên kết ra ngoài (liên kết, hình, mẫu đính kèm); bỏ liên kết rồi lưu lại")
    if text.count("{") > BRACES:
        raise Problem(f"mẫu có quá nhiều lệnh ({name}), giới hạn {BRACES // 2:,} lệnh".replace(",", "."))
    if "macroEnabled" in text:
        raise Problem("mẫu có macro; lưu lại loại .docx")
    for instruction in (said for one in elements for said in _instructions(one)):
        if instruction.strip() and not FIELDS.fullmatch(instruction):
            raise Problem(f"mẫu có mã trường của Word “{instruction.strip()[:40]}”; chỉ dùng được số trang (PAGE)")


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _instructions(element: etree._Element) -> Iterator[str]:
    """The codes of Word's fields, of which some fetch or run what they name."""
    if _local(element) in ("instrText", "delInstrText"):
        yield "".join(map(str, element.itertext()))
    yield from (str(value) for name, value in element.attrib.items() if etree.QName(str(name)).localname == "instr")


def clean(value: object) -> str:
    """A value as a document can hold it: composed, without line breaks and what nobody sees. Blanks stay."""
    composed = unicodedata.normalize("NFC", str(value))
    shown = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in composed)
    return "".join(c for c in shown if unicodedata.category(c) not in ("Cf", "Cs", "Cn"))


def footnotes(document: Docx) -> Iterator[str]:
    """The parts of which nothing is filled in: they are no part of the body."""
    for part in document.part.package.iter_parts():
        if part.content_type in (CT.WML_FOOTNOTES, CT.WML_ENDNOTES):
            yield part.blob.decode("utf-8")


def clear(document: Docx) -> None:
    """Take off what other makers wrote of themselves: their properties, and a picture of their first page."""
    properties = document.core_properties
    for name in ("author", "category", "comments", "content_status", "identifier", "keywords", "subject", "version"):
        setattr(properties, name, "")
    properties.title = properties.last_modified_by = properties.language = ""
    package = document.part.package
    for key in [key for key, one in package.rels.items() if one.reltype in _OTHER_MAKERS]:
        del package.rels[key]


def saved(document: Docx, about: Properties, moment: datetime) -> bytes:
    """The file, the same bytes for the same document on any machine, with properties of our own."""
    properties = document.core_properties
    properties.title, properties.author, properties.last_modified_by = about.title[:255], about.author, about.author
    properties.created = properties.modified = moment.astimezone(UTC).replace(tzinfo=None)
    properties.language, properties.revision = "vi-VN", 1
    package, out = document.part.package, BytesIO()
    for part in package.parts:
        part.before_marshal()
    with Undated(out, "w") as archive:  # python-docx itself would write the hour at which it was packed
        to: Any = _Into(archive)
        PackageWriter._write_content_types_stream(to, package.parts)
        PackageWriter._write_pkg_rels(to, package.rels)
        PackageWriter._write_parts(to, package.parts)
    return out.getvalue()


class _Into:
    """What python-docx writes the parts of a package to: an archive of ours."""

    def __init__(self, archive: ZipFile) -> None:
        self.archive = archive

    def write(self, uri: PackURI, content: bytes) -> None:
        self.archive.writestr(uri.membername, content)
