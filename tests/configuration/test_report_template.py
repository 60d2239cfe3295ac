"""The office's template of the report: a bad one for each rule, refused before the day it would be filled."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from hypothesis import given
from hypothesis import strategies as st

from dondoc.configuration.check import reports
from dondoc.configuration.settings import DATA
from dondoc.documents import package, template
from dondoc.errors import Faulty, Problem
from dondoc.reporting.fields import REPORT
from tests.conftest import at

SHIPPED = (DATA / REPORT.name).read_bytes()
BODY, RELS = "word/document.xml", "word/_rels/document.xml.rels"
EXTERNAL = '<Relationship Id="rId99" Type="http://x/hyperlink" Target="http://x" TargetMode="External"/>'
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
Spoil = Callable[[dict[str, bytes]], None]


def spoilt(spoil: Spoil) -> bytes:
    with ZipFile(BytesIO(SHIPPED)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    spoil(parts)
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def put(old: str, new: str, part: str = BODY) -> Spoil:
    def spoil(parts: dict[str, bytes]) -> None:
        text = parts[part].decode()
        assert old in text
        parts[part] = text.replace(old, new, 1).encode()

    return spoil


def add(name: str, content: bytes) -> Spoil:
    return lambda parts: parts.update({name: content})


def noted(text: str) -> Spoil:
    """With such a footnote."""
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"

    def spoil(parts: dict[str, bytes]) -> None:
        override = f'<Override PartName="/word/footnotes.xml" ContentType="{kind}"/></Types>'
        put("</Types>", override, "[Content_Types].xml")(parts)
        relation = f'<Relationship Id="rId98" Type="{RT.FOOTNOTES}" Target="footnotes.xml"/></Relationships>'
        put("</Relationships>", relation, RELS)(parts)
        parts["word/footnotes.xml"] = f'<w:footnotes xmlns:w="{WORD}"><w:t>{text}</w:t></w:footnotes>'.encode()

    return spoil


def said(folder: Path, content: bytes | None) -> list[str]:
    """What the check says of a data folder with such a template."""
    for other in {*reports.TEMPLATES} - {REPORT}:
        (folder / other.name).parent.mkdir(exist_ok=True)
        shutil.copyfile(DATA / other.name, folder / other.name)
    (folder / "reports").mkdir(exist_ok=True)
    if content is not None:
        (folder / REPORT.name).write_bytes(content)
    return [str(fault) for fault in reports.faults(folder)]


def test_the_shipped_template_has_no_fault(tmp_path: Path) -> None:
    assert said(tmp_path, SHIPPED) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (put("{{ period }}", "{{ perod }}"), "không có trường “perod”"),
        (put("{{ row.overdue }}", "{{ row.overdu }}"), "không có trường “row.overdu”"),
        (put("{{ annex.title }}", "{{ annex.tittle }}"), "không có trường “annex.tittle”"),
        (put("for said in causes", "for said in cause"), "không có trường “cause”"),
        (put("for said in causes", "for said in closing"), "“closing” không phải danh sách"),
        (put("{{ summary }}", "{{ duties }}"), "“duties” là cả một nhóm"),
        (put("{{ summary }}", "{{ tasks }}"), "“tasks” là cả một nhóm"),
        (put("{{ summary }}", "{{ summary"), "đóng ở nơi khác"),
        (put("{{ summary }}", "{% if summary %}"), "có lệnh sai (Unexpected end of template"),
        (put("{{ summary }}", "{% fore %}"), "có lệnh sai (Encountered unknown tag 'fore'"),
        (put("{{ summary }}", "{{ summary | upper }}"), "chỉ dùng được {{ trường }}"),
        (put("{{ summary }}", "{{ summary * 99 }}"), "chỉ dùng được {{ trường }}"),
        (put("{{ summary }}", "{{ summary.format(1) }}"), "chỉ dùng được {{ trường }}"),
        (put("{{ summary }}", "{% set a = summary %}"), "chỉ dùng được {{ trường }}"),
        (put("{{ summary }}", "{% include summary %}"), "chỉ dùng được {{ trường }}"),
        (put("{{ summary }}", "{{ summary.__class__ }}"), "không có trường “summary.__class__”"),
        (put("{{ summary }}", "{{ self }}"), "không có trường “self”"),
        (
            put("{{ summary }}", "{% for a in tasks %}{% for b in tasks %}{{ b }}{% endfor %}{% endfor %}"),
            "không lặp được trong một vòng lặp khác",
        ),
        (put("{{ summary }}", "{{ " * 2000), "quá nhiều lệnh"),
        (
            put("{%p for said in causes %}", "{% for said in causes %}"),
            "mở trong một đoạn, một bảng mà đóng ở nơi khác",
        ),
        (
            put("<Relationship ", f"{EXTERNAL}<Relationship ", RELS),
            "liên kết ra ngoài",
        ),
        (put("<w:body>", '<w:body><w:altChunk r:id="rId1"/>'), "liên kết ra ngoài"),
        (put("<Relationship ", f"{EXTERNAL.replace(chr(34), chr(39))}<Relationship ", RELS), "liên kết ra ngoài"),
        (put("<Relationship ", f"{EXTERNAL.replace('Ext', '&#69;xt')}<Relationship ", RELS), "liên kết ra ngoài"),
        (put("<w:body>", f'<w:body><v:altChunk xmlns:v="{WORD}"/>'), "liên kết ra ngoài"),
        (put("PAGE", "DDEAUTO c:\\\\x", "word/header1.xml"), "mã trường của Word “DDEAUTO"),
        (put("<w:body>", "<w:body><w:p><w:fldSimple w:instr='DDEAUTO x'/></w:p>"), "mã trường của Word “DDEAUTO"),
        (put("<w:body>", f'<w:body><v:instrText xmlns:v="{WORD}">LINK x</v:instrText>'), "mã trường của Word “LINK"),
        (noted("{{ summary * 999 }}"), "chú thích cuối trang không điền được"),
        (noted("{<w:b/>% fore %}"), "chú thích cuối trang không điền được"),
        (add("word/vbaProject.bin", b"x"), "macro hoặc tệp nhúng (word/vbaProject.bin)"),
        (add("word/embeddings/a.xlsx", b"x"), "macro hoặc tệp nhúng"),
        (put("document.main+xml", "document.macroEnabled.main+xml", "[Content_Types].xml"), "có macro"),
        (add("customXml/item9.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'), "thực thể XML"),
        (add("customXml/item9.xml", b" " * (package.UNPACKED + 1)), "giải nén ra quá lớn"),
        (lambda parts: parts.pop(BODY) and None, "không phải tệp Word .docx"),
    ],
)
def test_a_bad_template_is_refused_with_what_is_wrong(tmp_path: Path, spoil: Spoil, words: str) -> None:
    found = said(tmp_path, spoilt(spoil))
    assert any(one.startswith("reports/bao-cao.docx:1: ") and words in one for one in found), found


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "không đọc được mẫu văn bản"),
        (b"x" * (package.LARGEST + 1), "mẫu quá lớn"),
        (b"%PDF-1.4", "không phải tệp Word .docx"),
        (SHIPPED[:9000], "không phải tệp Word .docx"),
    ],
)
def test_what_is_no_template_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    [found] = said(tmp_path, content)
    assert words in found


def test_a_fault_names_the_paragraph_it_is_in(tmp_path: Path) -> None:
    [found] = said(tmp_path, spoilt(put("Kính gửi: {{ addressee }}.", "Kính gửi: {{ adressee }}.")))
    assert "ở đoạn “Kính gửi: {{ adressee }}.”" in found


def test_a_report_is_not_made_of_a_bad_template(tmp_path: Path) -> None:
    said(tmp_path, spoilt(put("{{ period }}", "{{ perod }}")))
    with pytest.raises(Faulty, match="perod"):
        template.load(tmp_path, REPORT)


def test_a_mended_template_is_read_again(tmp_path: Path) -> None:
    assert said(tmp_path, spoilt(put("{{ period }}", "{{ perod }}")))
    (tmp_path / REPORT.name).unlink()
    shutil.copyfile(DATA / REPORT.name, tmp_path / REPORT.name)
    assert said(tmp_path, None) == []


@given(st.binary(min_size=1, max_size=400), st.integers(0, len(SHIPPED) - 1))
def test_no_damage_is_more_than_a_fault(damage: bytes, place: int) -> None:
    with suppress(Problem):
        package.guard(SHIPPED[:place] + damage + SHIPPED[place + len(damage) :])


def test_the_samples_leave_out_each_thing_once() -> None:
    """Whatever may be missing is there once, and missing once."""
    made = reports.samples(REPORT.fields)
    for name in ("cameras", "annex"):
        assert {getattr(sample, name) is None for sample in made} == {True, False}
    for name in ("relief", "causes", "tasks", "proposals"):
        assert {len(getattr(sample, name)) for sample in made} == {0, 2}
    assert {len(sample.duties.rows) for sample in made} == {0, 2}


def test_what_other_makers_wrote_of_themselves_is_never_filled_in() -> None:
    document = Document(BytesIO(SHIPPED))
    for name in ("author", "comments", "identifier", "language", "subject", "title"):
        setattr(document.core_properties, name, "{{ 'x' * 10**9 }}")
    out = BytesIO()
    document.save(out)
    [full, *_] = reports.samples(REPORT.fields)
    made = template.render(out.getvalue(), full, package.Properties("Báo cáo", "Sở"), at(25, 17))
    assert Document(BytesIO(made)).core_properties.language == "vi-VN"
