"""A .docx as a package of parts: what may be in the office's template, and how ours is saved."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as Docx
from docx.opc.constants import RELATIONSHIP_TYPE as RT

from dondoc.errors import Problem

LARGEST, UNPACKED, PARTS = 1_000_000, 2_000_000, 60  # bytes of the file, bytes in it, parts
BRACES = 2_000  # of a part: what looks for commands takes the longer the more begin and do not end
KINDS = (".xml", ".rels", ".png", ".jpg", ".jpeg")  # whatever runs or is embedded has another ending
FIELDS = re.compile(r"\s*(PAGE|NUMPAGES|SECTIONPAGES)\b[^\"\\]*(\\\* (MERGEFORMAT|Arabic)\s*)*", re.IGNORECASE)
_INSTRUCTION = re.compile(r"<w:instrText[^>]*>([^<]*)</w:instrText>|w:instr=\"([^\"]*)\"")
_OTHER_MAKERS = (RT.EXTENDED_PROPERTIES, RT.CUSTOM_PROPERTIES, RT.THUMBNAIL)
_EPOCH = (1980, 1, 1, 0, 0, 0)


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
            _xml(entry.filename, archive.read(entry).decode("utf-8"))


def _xml(name: str, text: str) -> None:
    """Of one part: nothing of elsewhere, nothing that computes."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Problem(f"mẫu có định nghĩa thực thể XML ({name}); lưu lại bằng Word, loại .docx")
    if 'TargetMode="External"' in text or "<w:altChunk" in text:
        raise Problem("mẫu có liên kết ra ngoài (liên kết, hình, mẫu đính kèm); bỏ liên kết rồi lưu lại")
    if text.count("{") > BRACES:
        raise Problem(f"mẫu có quá nhiều lệnh ({name}), giới hạn {BRACES // 2:,} lệnh".replace(",", "."))
    if "macroEnabled" in text:
        raise Problem("mẫu có macro; lưu lại loại .docx")
    for instruction in (first or second for first, second in _INSTRUCTION.findall(text)):
        if instruction.strip() and not FIELDS.fullmatch(instruction):
            raise Problem(f"mẫu có mã trường của Word “{instruction.strip()[:40]}”; chỉ dùng được số trang (PAGE)")


def clean(value: object) -> str:
    """A value as a document can hold it: composed, without line breaks and what nobody sees. Blanks stay."""
    composed = unicodedata.normalize("NFC", str(value))
    shown = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in composed)
    return "".join(c for c in shown if unicodedata.category(c) not in ("Cf", "Cs", "Cn"))


def clear(document: Docx) -> None:
    """Take off what other makers wrote of themselves: their properties, and a picture of their first page."""
    properties = document.core_properties
    for name in ("author", "category", "comments", "content_status", "identifier", "keywords", "subject", "version"):
        setattr(properties, name, "")
    properties.title = properties.last_modified_by = ""
    package = document.part.package
    for key in [key for key, one in package.rels.items() if one.reltype in _OTHER_MAKERS]:
        del package.rels[key]


def saved(document: Docx, about: Properties, moment: datetime) -> bytes:
    """The file, the same bytes for the same document on any machine, with properties of our own."""
    properties = document.core_properties
    properties.title, properties.author, properties.last_modified_by = about.title[:255], about.author, about.author
    properties.created = properties.modified = moment.astimezone(UTC).replace(tzinfo=None)
    properties.language, properties.revision = "vi-VN", 1
    out = BytesIO()
    document.save(out)
    return _dated(out.getvalue())


def _dated(content: bytes) -> bytes:
    """Without the hour at which it was packed."""
    out = BytesIO()
    with ZipFile(BytesIO(content)) as packed, ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name in packed.namelist():
            entry = ZipInfo(name, _EPOCH)
            entry.create_system, entry.compress_type = 3, ZIP_DEFLATED
            archive.writestr(entry, packed.read(name))
    return out.getvalue()
