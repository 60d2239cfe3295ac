"""report.docx against Decree 30/2020/NĐ-CP, Annex I: as a clerk would check it, run by run."""

import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import DATA
from dondoc.directive.model import Directive
from dondoc.documents import words
from dondoc.probing.verdicts import NOT_CHECKED, PHASE
from dondoc.reporting import sentences
from dondoc.reporting.document import document
from dondoc.reporting.figures.compute import figures as compute
from dondoc.reporting.figures.model import AgencyWord
from tests.conftest import OTHER_DIRECTIVE, at, letter_of

from .conftest import THURSDAY, Made, looked_again
from .worlds import HEAD, first_letter, late, the_week, worlds

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Line:
    """A paragraph of the document with what its readers see of it."""

    paragraph: Paragraph
    text: str
    size: float
    bold: bool
    italic: bool


def paragraphs(docx: Docx) -> Iterator[Paragraph]:
    """Every paragraph in order, those in table cells too: the head of the letter stands in a table."""
    for block in docx.element.body.iterchildren():
        if block.tag == qn("w:p"):
            yield Paragraph(block, docx._body)
        elif block.tag == qn("w:tbl"):
            for row in Table(block, docx._body).rows:
                for cell in row.cells:
                    yield from cell.paragraphs


def fonts(docx: Docx, run: Any) -> set[str]:
    """The effective font of a run for every script: its own, else its style's, else the document's default."""
    normal, defaults = docx.styles["Normal"].element, docx.styles.element.find(qn("w:docDefaults"))
    found = set()
    for side in ("ascii", "hAnsi", "cs", "eastAsia"):
        for source in (run._r, normal, defaults):
            names = list(source.iter(qn("w:rFonts")))
            assert not any(n.get(qn(f"w:{side}Theme")) for n in names)
            if names and (name := names[0].get(qn(f"w:{side}"))):
                found.add(name)
                break
        else:
            found.add("")
    return found


def lines(docx: Docx) -> list[Line]:
    made = []
    for paragraph in paragraphs(docx):
        runs = [r for r in paragraph.runs if r.text.strip()]
        if not runs:
            continue
        assert len({(r.font.size, bool(r.bold), bool(r.italic)) for r in runs}) == 1
        first = runs[0]
        size = (first.font.size or docx.styles["Normal"].font.size).pt
        made.append(Line(paragraph, paragraph.text, size, bool(first.bold), bool(first.italic)))
    return made


@pytest.fixture
def docx(made: Made) -> Docx:
    return Document(str(made / "report.docx"))


def line(docx: Docx, text: str) -> Line:
    [found] = [one for one in lines(docx) if one.text == text]
    return found


def twips(value: Any) -> int:
    return round(value.twips)


def test_the_page_is_a4_upright_with_the_margins_of_the_decree(docx: Docx) -> None:
    [section] = docx.sections
    size = section._sectPr.find(qn("w:pgSz"))
    assert (int(size.get(qn("w:w"))), int(size.get(qn("w:h")))) == (11906, 16838)
    assert size.get(qn("w:orient")) in (None, "portrait")
    for edge, low, high in (("top", 1134, 1417), ("bottom", 1134, 1417), ("left", 1701, 1984), ("right", 850, 1134)):
        assert low <= twips(getattr(section, f"{edge}_margin")) <= high, edge


def test_every_run_is_black_times_new_roman(docx: Docx) -> None:
    for paragraph in paragraphs(docx):
        for run in paragraph.runs:
            assert fonts(docx, run) == {"Times New Roman"}, run.text
            assert run.font.color.rgb is None
    header = docx.sections[0].header.paragraphs[0]
    assert all(fonts(docx, run) == {"Times New Roman"} for run in header.runs)


def test_the_page_number_stands_centred_above_and_not_on_the_first_page(docx: Docx) -> None:
    [section] = docx.sections
    header = section.header.paragraphs[0]
    assert header.alignment == ALIGN.CENTER
    assert "PAGE" in [e.text for e in header._p.iter(qn("w:instrText"))]
    assert {r.font.size.pt for r in header.runs} <= {13.0, 14.0}
    assert section.different_first_page_header_footer
    assert "".join(p.text for p in section.first_page_header.paragraphs) == ""


@pytest.mark.parametrize(
    ("text", "sizes", "bold", "italic"),
    [
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", (12, 13), True, False),
        ("Độc lập - Tự do - Hạnh phúc", (13, 14), True, False),
        ("UBND TỈNH HÀ TĨNH", (12, 13), False, False),
        ("SỞ THÔNG TIN VÀ TRUYỀN THÔNG", (12, 13), True, False),
        ("BÁO CÁO", (13, 14), True, False),
        ("Kính gửi: Ủy ban nhân dân tỉnh Hà Tĩnh.", (13, 14), False, False),
        ("I. KẾT QUẢ THỰC HIỆN", (13, 14), True, False),
        ("II. TỒN TẠI, HẠN CHẾ VÀ NGUYÊN NHÂN", (13, 14), True, False),
        ("III. NHIỆM VỤ TUẦN TỚI", (13, 14), True, False),
        ("IV. KIẾN NGHỊ, ĐỀ XUẤT", (13, 14), True, False),
        ("Nơi nhận:", (12,), True, True),
        ("- Như trên;", (11,), False, False),
        ("- Lưu: VT, CNTT.", (11,), False, False),
        ("KT. GIÁM ĐỐC", (13, 14), True, False),
        ("PHÓ GIÁM ĐỐC", (13, 14), True, False),
        ("Đậu Tùng Lâm", (13, 14), True, False),
    ],
)
def test_each_part_has_its_size_weight_and_slant(
    docx: Docx, text: str, sizes: tuple[int, ...], bold: bool, italic: bool
) -> None:
    found = line(docx, text)
    assert found.size in sizes
    assert (found.bold, found.italic) == (bold, italic)


def test_the_sizes_of_the_head_rise_together(docx: Docx) -> None:
    head = line(docx, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM").size
    assert line(docx, "Độc lập - Tự do - Hạnh phúc").size == head + 1
    [dated] = [one for one in lines(docx) if one.text.startswith("Hà Tĩnh, ngày")]
    assert (dated.size, dated.italic, dated.bold) == (head + 1, True, False)


def test_number_and_day_are_left_to_the_clerk(docx: Docx) -> None:
    texts = [one.text for one in lines(docx)]
    [number] = [t for t in texts if t.startswith("Số:")]
    assert re.fullmatch(r"Số:\s+/BC-STTTT", number)
    assert line(docx, number).size == 13
    [day] = [t for t in texts if t.startswith("Hà Tĩnh, ngày")]
    assert re.fullmatch(r"Hà Tĩnh, ngày\s+tháng 11 năm 2021", day)


@pytest.mark.parametrize(("month", "written"), [(1, "tháng 01"), (2, "tháng 02"), (3, "tháng 3"), (12, "tháng 12")])
def test_only_the_first_two_months_carry_a_nought(month: int, written: str) -> None:
    assert written in words.blank_date(at(5, month=month).date())


def test_solid_rules_stand_under_head_name_and_title(docx: Docx) -> None:
    ruled = [p for p in paragraphs(docx) if p._p.find(f"{qn('w:pPr')}/{qn('w:pBdr')}") is not None]
    assert len(ruled) == 3
    assert not any(run.underline for p in paragraphs(docx) for run in p.runs)


def test_the_body_is_justified_indented_and_spaced(docx: Docx) -> None:
    body = [one for one in lines(docx) if one.paragraph.alignment == ALIGN.JUSTIFY]
    assert len(body) >= 10
    for one in body:
        form = one.paragraph.paragraph_format
        assert one.size in (13, 14)
        assert twips(form.first_line_indent) in range(560, 727)
        assert twips(form.space_before) + twips(form.space_after) >= 120
        assert (form.line_spacing or docx.styles["Normal"].paragraph_format.line_spacing) <= 1.5


def test_the_text_ends_with_the_end_mark_and_the_recipients_with_a_full_stop(docx: Docx) -> None:
    texts = [one.text for one in lines(docx)]
    ends = [t for t in texts if t.endswith("./.")]
    assert ends == ["Sở Thông tin và Truyền thông kính báo cáo UBND tỉnh xem xét, chỉ đạo./."]
    *recipients, code = texts[texts.index("Nơi nhận:") + 1 : texts.index("KT. GIÁM ĐỐC")]
    assert all(t.startswith("- ") for t in recipients)
    assert re.fullmatch(r"Mã số liệu: [0-9A-F]{4}-[0-9A-F]{4}", code)
    assert [t[-1] for t in recipients] == [";"] * (len(recipients) - 1) + ["."]


def test_all_text_is_composed_and_the_language_is_vietnamese(docx: Docx) -> None:
    assert all(unicodedata.is_normalized("NFC", p.text) for p in paragraphs(docx))
    assert {e.get(qn("w:val")) for e in docx.styles.element.iter(qn("w:lang"))} == {"vi-VN"}


def grids(docx: Docx) -> list[Table]:
    return [t for t in docx.tables if t.style is not None and t.style.name == "Table Grid"]


def heads(table: Table) -> int:
    """Rows that are repeated on every page: the title, and what the columns are called."""
    return sum(row._tr.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in table.rows)


def test_tables_repeat_their_title_and_heading_and_break_no_row(docx: Docx) -> None:
    assert [grid.rows[0].cells[0].text.split(".")[0] for grid in grids(docx)] == ["Bảng 1", "Bảng 2", "Bảng 3"]
    for grid in grids(docx):
        assert heads(grid) == 2
        assert all(row._tr.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in grid.rows)
        widths = [int(c.get(qn("w:w"))) for c in grid._tbl.find(qn("w:tblGrid"))]
        assert widths == [round(cell.width.twips) for cell in grid.rows[1].cells]
        assert sum(widths) <= 9526  # the text is 165 mm wide; a table may stand out by a millimetre and a half


def test_a_row_is_neither_split_nor_left_alone_on_a_page(docx: Docx) -> None:
    for grid in grids(docx):
        kept = [{p.paragraph_format.keep_with_next for c in row.cells for p in c.paragraphs} for row in grid.rows]
        assert kept[:2] == [{True}] * 2  # title and heading stay with the first row
        assert kept[-2:] == [{True}] * 2  # the last row stays with the one before it, and with the note below


def test_the_signature_takes_the_text_before_it_along(docx: Docx) -> None:
    last = [one for one in lines(docx) if one.paragraph.alignment == ALIGN.JUSTIFY][-2:]
    assert all(one.paragraph.paragraph_format.keep_with_next for one in last)


def test_columns_exclude_each_other_and_add_up(docx: Docx) -> None:
    for grid, columns in zip(grids(docx), ("3 8", "3 7"), strict=False):
        first, last = map(int, columns.split())
        for row in grid.rows[2:]:
            cells = [cell.text.replace(".", "") for cell in row.cells]
            assert int(cells[first - 1]) == sum(map(int, cells[first : last + 1])), cells


def test_numbers_are_written_the_vietnamese_way(docx: Docx) -> None:
    assert [cell.text for cell in grids(docx)[0].rows[-1].cells] == [
        *("", "Tổng cộng", "29", "7", "1", "1", "1", "19", "0", "1"),
    ]
    text = " ".join(p.text for p in paragraphs(docx))
    assert not re.search(r"\d\.\d%", text)
    assert (words.number(7), words.number(1234), words.percent(70.0), words.percent(None), words.change(-2)) == (
        *("07", "1.234", "70,0%", "–", "−2"),
    )


def test_the_document_says_what_the_figures_say(docx: Docx, busy: AppContext) -> None:
    made, text = compute(busy, letter_of(busy), THURSDAY), "\n".join(one.text for one in lines(docx))
    assert " ".join(sentences.summary(made, letter_of(busy))) in text
    assert f"Mã số liệu: {made.code}" in text
    assert "01 nội dung được miễn, không tính vào số phải gửi." in text
    assert len(grids(docx)[2].rows) == 2 + len(made.late_agencies) == 2 + 12
    assert all(agency.name in text for agency in made.late_agencies)


def test_every_verdict_has_a_cause_that_is_said(busy: AppContext) -> None:
    for number, verdict in enumerate(sorted({*PHASE} - {*NOT_CHECKED}), 1):
        looked_again(busy, number, verdict=verdict, phase=PHASE[verdict], stage=1)
        made = compute(busy, letter_of(busy), THURSDAY)
        assert sum(made.without_picture.values()) == made.cameras_total.checked > 0
        assert sentences.pictureless(made)


def test_no_address_of_a_camera_and_no_rebuke_is_in_it(docx: Docx) -> None:
    text = " ".join(p.text for p in paragraphs(docx)).lower()
    assert not re.search(r"rtsp|\d+\.\d+\.\d+\.\d+|phê bình|yêu cầu|!", text)


def test_an_address_that_an_agency_named_is_not_in_it() -> None:
    word = AgencyWord(on=THURSDAY.date(), reason="camera 10.20.30.40 hỏng, gọi 0912345678", until=None)
    figures = the_week(agencies=(late("Công an tỉnh", chased=HEAD, word=word),))
    text = " ".join(p.text for p in paragraphs(Document(BytesIO(document(DATA, first_letter(), figures)))))
    assert "đơn vị nêu: camera (đã ẩn) hỏng, gọi (đã ẩn)" in text


def drawn(app: AppContext, as_of: datetime) -> Docx:
    letter = letter_of(app)
    return Document(BytesIO(document(DATA, letter, compute(app, letter, as_of))))


def test_a_quiet_week_has_no_table_of_the_late(app: AppContext) -> None:
    docx = drawn(app, at(10, 17))
    assert "Đến thời điểm báo cáo, không có nội dung nào quá hạn." in [one.text for one in lines(docx)]
    assert len(grids(docx)) == 1


def test_after_the_merger_names_symbol_and_signer_are_the_new_departments(app: AppContext) -> None:
    texts = [one.text for one in lines(drawn(app, at(6, 17, month=3, year=2025)))]
    assert "SỞ KHOA HỌC VÀ CÔNG NGHỆ" in texts
    assert any(re.fullmatch(r"Số:\s+/BC-SKHCN", text) for text in texts)
    assert "Đậu Tùng Lâm" not in texts


def test_a_letter_without_cameras_says_nothing_of_them() -> None:
    world = worlds()["second letter"]
    docx = Document(BytesIO(document(DATA, world.letter, world.figures)))
    text = "\n".join(p.text for p in paragraphs(docx))
    said = text.replace("khai thác camera", "")  # what the letter itself asks for
    assert "camera" not in said
    assert [grid.rows[0].cells[0].text.split(".")[0] for grid in grids(docx)] == ["Bảng 1", "Bảng 2"]


def test_what_a_person_typed_stands_in_the_place_of_our_words() -> None:
    world = worlds()["typed"]
    texts = [one.text for one in lines(Document(BytesIO(document(DATA, world.letter, world.figures))))]
    assert {"Mưa lũ kéo dài.", "Một số đơn vị thay cán bộ đầu mối.", "Tổ chức họp trực tuyến ngày 29/11/2021."} <= {
        *texts
    }
    assert not any(text.startswith("Trong tuần tới, Sở") for text in texts)


def test_many_late_agencies_stand_in_an_annex_with_pages_of_its_own() -> None:
    world = worlds()["forty late"]
    docx = Document(BytesIO(document(DATA, world.letter, world.figures)))
    assert [section._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) for section in docx.sections] == ["1", "1"]
    assert all(section.different_first_page_header_footer for section in docx.sections)
    assert line(docx, "Phụ lục").size == 14
    assert line(docx, "DANH SÁCH ĐƠN VỊ CÓ NỘI DUNG QUÁ HẠN").bold
    assert [len(grid.rows) for grid in grids(docx)][2:] == [2 + 4, 1 + 40]


def test_the_file_says_of_itself_whose_it_is(made: Made) -> None:
    properties = Document(str(made / "report.docx")).core_properties
    ours = "Sở Thông tin và Truyền thông"
    assert (properties.author, properties.last_modified_by, properties.revision) == (ours, ours, 1)
    assert properties.title == "Báo cáo: Tiến độ tích hợp hệ thống camera giám sát vào Hệ thống IOC của tỉnh"
    assert properties.created == properties.modified == THURSDAY.astimezone(UTC)
    with ZipFile(made / "report.docx") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "docProps/app.xml" not in archive.namelist()
        whole = b"".join(archive.read(name) for name in archive.namelist()).lower()
    assert not re.search(rb"python|docxtpl|microsoft (word|office|macintosh)|\{[{%]", whole)


@pytest.mark.slow
def test_the_same_figures_give_the_same_bytes_anywhere() -> None:
    """In processes of their own: another zone, language and order of sets, and another hour."""
    program = (
        "import sys; from hashlib import sha256; from dondoc.configuration.settings import DATA;"
        "from dondoc.reporting.document import document; from tests.reporting.worlds import worlds;"
        "print([sha256(document(DATA, w.letter, w.figures)).hexdigest() for n, w in worlds().items()"
        " if n in ('the week', 'forty late', 'typed')])"
    )
    said = set()
    for seed, (zone, language) in enumerate(
        (("UTC", "C"), ("Asia/Ho_Chi_Minh", "vi_VN.UTF-8"), ("America/New_York", "C"))
    ):
        environment = {**os.environ, "TZ": zone, "LANG": language, "LC_ALL": language, "PYTHONHASHSEED": str(seed)}
        made = subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        said.add(made.stdout)
    assert len(said) == 1


def test_another_directive_writes_its_own_names(
    environment: pytest.MonkeyPatch, app: AppContext, other_directive: Directive
) -> None:
    other = AppContext(app.settings.model_copy(update={"directive": [OTHER_DIRECTIVE]}))
    made = document(DATA, other_directive, compute(other, other_directive, at(20, 17, month=4, year=2023)))
    text = "\n".join(p.text for p in paragraphs(Document(BytesIO(made))))
    assert "SỞ GIAO THÔNG VẬN TẢI" in text
    assert "/BC-SGTVT" in text
    assert "Bình Minh, ngày" in text
    assert "- Lưu: VT, HT." in text
    assert not re.search("Hà Tĩnh|IOC|7418|STTTT|Thông tin và Truyền thông", text, re.IGNORECASE)
    other.sessions.kw["bind"].dispose()
