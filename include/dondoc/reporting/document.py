"""report.docx: a BÁO CÁO in the format of Decree 30/2020/NĐ-CP, Annex I (template 1.4).

Number and date stay blank: the clerk gives them at issue. Sizes are the annex's sample column: 12/13/13/14.
"""

from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

from docx import Document
from docx.document import Document as Docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from dondoc.directive.model import Directive, Registry
from dondoc.reporting import words

FONT = "Times New Roman"
SHORT = 12  # rows of a table that stays on one page


def document(figures: dict[str, Any], directive: Directive) -> bytes:
    """The draft report as a .docx file's bytes."""
    docx = Document()
    _page(docx)
    moment = datetime.fromisoformat(figures["as_of"])
    _head(docx, directive, moment.date())
    _title(docx, directive, moment.date())
    _address(docx, directive.registry)
    _body(docx, figures, directive, moment.date())
    _foot(docx, directive)
    out = BytesIO()
    docx.save(out)
    return out.getvalue()


def _page(docx: Docx) -> None:
    section = docx.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    style = docx.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(14)
    properties = style.element.get_or_add_rPr()
    fonts = properties.get_or_add_rFonts()
    for name in list(fonts.attrib):
        if name.endswith("Theme"):
            del fonts.attrib[name]
    for side in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{side}"), FONT)
    defaults = docx.styles.element.find(qn("w:docDefaults"))
    if defaults is not None:  # python-docx's own template asks for theme fonts there
        for theme in defaults.iter(qn("w:rFonts")):
            theme.attrib.clear()
            for side in ("ascii", "hAnsi", "cs", "eastAsia"):
                theme.set(qn(f"w:{side}"), FONT)
        for lang in defaults.iter(qn("w:lang")):
            lang.set(qn("w:val"), "vi-VN")
    style.paragraph_format.space_after = style.paragraph_format.space_before = Pt(0)
    style.paragraph_format.line_spacing = 1.0
    header = section.header.paragraphs[0]
    header.alignment = ALIGN.CENTER
    _field(header, "PAGE")


def _field(paragraph: Paragraph, instruction: str) -> None:
    run = paragraph.add_run()
    run.font.size = Pt(13)
    for kind, text in (("begin", None), (None, instruction), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _write(
    where: _Cell | Docx,
    text: str,
    size: float,
    *,
    bold: bool = False,
    italic: bool = False,
    align: ALIGN = ALIGN.CENTER,
    before: float = 0,
    after: float = 0,
) -> Paragraph:
    """One paragraph; the first, empty one of a table cell is used before others are added."""
    unused = isinstance(where, _Cell) and len(where.paragraphs) == 1 and not where.paragraphs[0].runs
    paragraph = where.paragraphs[0] if unused else where.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    run = paragraph.add_run(text)
    run.font.size, run.bold, run.italic = Pt(size), bold, italic
    return paragraph


def _rule(where: _Cell | Docx, width: float, share: float) -> None:
    """A solid rule under the paragraph before: its own empty paragraph with a lower border, narrowed by indents.

    Args:
        width: of the column, in millimetres.
        share: of the column that the rule takes.
    """
    paragraph = where.add_paragraph()
    form = paragraph.paragraph_format
    form.left_indent = form.right_indent = Mm(width * (1 - share) / 2)
    form.line_spacing, form.space_after = Pt(2), Pt(4)
    borders, line = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "auto")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc")


def _columns(docx: Docx, widths: tuple[float, ...]) -> Table:
    table = docx.add_table(rows=1, cols=len(widths))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, cell, width in zip(table.columns, table.rows[0].cells, widths, strict=True):
        column.width = cell.width = Mm(width)  # Word reads the cells' widths, LibreOffice the columns'
    return table


def _no_padding(table: Table) -> None:
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), "0")
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(margins)


def _head(docx: Docx, directive: Directive, day: date) -> None:
    table = _columns(docx, (77, 91))
    _no_padding(table)  # the Department's name and the Quốc hiệu stand on one line each
    left, right = table.rows[0].cells
    _write(left, words.today(directive.registry, directive.superior, day).name.upper(), 12)
    _write(left, words.today(directive.registry, directive.issuer, day).name.upper(), 12, bold=True)
    _rule(left, 77, 0.4)
    _write(left, f"Số:          /{directive.report_symbol}", 13)
    _write(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, bold=True)
    _write(right, "Độc lập - Tự do - Hạnh phúc", 13, bold=True)
    _rule(right, 91, 0.64)
    _write(right, f"{directive.registry.place}, {words.blank_date(day)}", 13, italic=True)


def _title(docx: Docx, directive: Directive, day: date) -> None:
    first = day - timedelta(days=6)
    _write(docx, "BÁO CÁO", 14, bold=True, before=14)
    _write(docx, f"Kết quả thực hiện {words.about(directive, day)}", 14, bold=True)
    week = f"(tuần {day.isocalendar().week}, từ ngày {words.short(first)} đến ngày {words.short(day)})"
    _write(docx, week, 14, bold=True)
    _rule(docx, 165, 0.36)


def _address(docx: Docx, registry: Registry) -> None:
    _write(docx, f"Kính gửi: {registry.agency(registry.superior).name}.", 14, before=6, after=6)


def _text(docx: Docx, text: str) -> None:
    paragraph = _write(docx, text, 14, align=ALIGN.JUSTIFY, before=3, after=3)
    paragraph.paragraph_format.first_line_indent = Mm(12.7)


def _heading(docx: Docx, text: str) -> None:
    paragraph = _write(docx, text, 14, bold=True, align=ALIGN.JUSTIFY, before=6, after=3)
    paragraph.paragraph_format.first_line_indent = Mm(12.7)
    paragraph.paragraph_format.keep_with_next = True


def _body(docx: Docx, figures: dict[str, Any], directive: Directive, day: date) -> None:
    issuer, superior = (
        words.today(directive.registry, directive.issuer, day).name,
        directive.registry.agency(directive.superior).short,
    )
    _text(docx, f"Thực hiện {_grounds(directive, day)}, {issuer} báo cáo kết quả thực hiện như sau:")
    table = "Bảng 3" if directive.surveys else "Bảng 2"  # of what is late: a letter without cameras has one table less
    _heading(docx, "I. KẾT QUẢ THỰC HIỆN")
    _heading(
        docx, "1. Tiến độ cử đầu mối, gửi biểu mẫu khảo sát" if directive.surveys else "1. Tiến độ gửi các nội dung"
    )
    _text(docx, words.headline(figures))
    _grid(docx, "Bảng 1. Tiến độ theo hệ thống", words.TABLE_1, words.table_1(figures), (9, 48, 19, 21, 18, 17, 17, 18))
    if waived := figures["headline"]["waived"]:
        _text(docx, f"{words.number(waived)} nội dung được miễn theo quyết định, không tính vào tỷ lệ.")
    if directive.surveys:
        _cameras(docx, figures)
    _heading(docx, "II. TỒN TẠI, HẠN CHẾ VÀ NGUYÊN NHÂN")
    if rows := words.table_3(figures):
        late = len({row["agency"] for row in figures["late"]})
        _text(docx, f"Còn {words.number(late)} đơn vị có nội dung quá hạn, cụ thể tại {table}.")
        _grid(docx, f"{table}. Nội dung quá hạn", words.TABLE_3, rows, (9, 44, 54, 25, 19, 16))
    else:
        _text(docx, "Không có nội dung nào quá hạn.")
    for said in (words.pictureless(figures), words.unchecked(figures)):
        if said and directive.surveys:
            _text(docx, said)
    if figures["unconfirmed_calendar"]:
        _text(docx, "Lịch ngày làm việc của năm chưa có thông báo chính thức; số ngày quá hạn có thể thay đổi.")
    _heading(docx, "III. NHIỆM VỤ TUẦN TỚI")
    checks = "; kiểm tra kết nối các camera đã khai" if directive.surveys else ""
    _text(docx, f"Tiếp tục đôn đốc, hướng dẫn các đơn vị chưa hoàn thành{checks}.")
    _heading(docx, "IV. KIẾN NGHỊ, ĐỀ XUẤT")
    _text(docx, words.proposal(superior, figures, table))
    _text(docx, f"{issuer} kính báo cáo {superior} xem xét, chỉ đạo./.")


def _grounds(directive: Directive, day: date) -> str:
    """The superior's document, and the letter itself where it has a number."""
    superior = f"{directive.superior_document} của {directive.registry.agency(directive.superior).short}"
    return " và ".join(dict.fromkeys([superior, words.about(directive, day)]))


def _cameras(docx: Docx, figures: dict[str, Any]) -> None:
    _heading(docx, "2. Kết quả khảo sát, kết nối và tình trạng hoạt động")
    _text(docx, words.camera_line(figures["cameras_total"]))
    if rows := words.table_2(figures):
        _grid(docx, "Bảng 2. Camera theo đơn vị", words.TABLE_2, rows, (9, 48, 18, 19, 17, 17, 18, 21))


def _grid(docx: Docx, title: str, headings: tuple[str, ...], rows: list[list[Any]], widths: tuple[float, ...]) -> None:
    _write(docx, title, 13, bold=True, before=6, after=3).paragraph_format.keep_with_next = True
    table = _columns(docx, widths)
    table.style = "Table Grid"
    for cell, text in zip(table.rows[0].cells, headings, strict=True):
        _write(cell, text, 11, bold=True)
    _flag(table.rows[0], "w:tblHeader")
    _keep(table.rows[0])
    for number, values in enumerate(rows):
        row = table.add_row()
        _flag(row, "w:cantSplit")
        total = values[0] == ""
        for cell, value, width, heading in zip(row.cells, values, widths, headings, strict=True):
            cell.width = Mm(width)
            text = words.percent(value) if heading == "Tỷ lệ" else words.plain(value)
            align = ALIGN.CENTER if isinstance(value, int | float) else ALIGN.LEFT
            _write(cell, text, 12, bold=total, align=align)
        if len(rows) <= SHORT or number in (0, len(rows) - 2):
            _keep(row, with_next=number < len(rows) - 1)


def _keep(row: Any, *, with_next: bool = True) -> None:
    """On one page with the next row: neither a heading nor the last row stands alone."""
    for cell in row.cells:
        for paragraph in cell.paragraphs:
            paragraph.paragraph_format.keep_with_next = with_next


def _flag(row: Any, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _foot(docx: Docx, directive: Directive) -> None:
    left, right = _columns(docx, (80, 88)).rows[0].cells
    _write(left, "Nơi nhận:", 12, bold=True, italic=True, align=ALIGN.LEFT, before=8)
    for line in ("- Như trên;", "- Ban Giám đốc Sở (b/c);", f"- Lưu: {directive.archive}."):
        _write(left, line, 11, align=ALIGN.LEFT)
    for number, line in enumerate(directive.signer_title or ("GIÁM ĐỐC",)):
        _write(right, line.upper(), 14, bold=True, before=8 if not number else 0)
