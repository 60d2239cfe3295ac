"""The current copy: the version of an agency's form that is in force, to be corrected and sent again.

Every camera has its number and a word on what became of it; the token says which version the copy was made from. What
is sensitive is left blank: see `followed`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from dondoc import spreadsheets
from dondoc.directive.model import Agency, Registry
from dondoc.forms import current_rows, layout, template
from dondoc.forms.current_rows import CHANGE, NUMBER
from dondoc.forms.spec import FormSpec
from dondoc.vocabulary.submissions import Change

STORED = "Sở đã lưu; để trống nếu không đổi."
RESULT = f"{layout.OWN}Kết quả kiểm tra của Sở"
GREY = PatternFill("solid", fgColor="D9D9D9")
TO_SEE = PatternFill("solid", fgColor="FFEB9C")
NOTE = "Chọn ở cột “Thay đổi”; camera mới: thêm dòng, để trống “Số hiệu”. Ô màu xám: Sở đã lưu, để trống nếu không đổi."


def current(
    spec: FormSpec,
    agency: Agency,
    *,
    registry: Registry,
    token: str | None,
    head: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    marked: Mapping[str, str] | None = None,
) -> bytes:
    """An .xlsx with the rows of a version, the same bytes for the same content.

    Args:
        token: of the version in force; what is filled in from the copy is a correction of it.
        head: clean answers; `rows`: clean values, and under `number` "CAM-00014" where a row is a camera.
        marked: number → what is to be seen to; its row is coloured, and says so.
    """
    form = spec.current
    book = template.draw_up(form, agency, registry, token, len(rows))
    sheet = book[form.sheet]
    assert isinstance(sheet, Worksheet)
    listed = [*enumerate(rows, template.FIRST)]
    template.fill(book, form, head, ((at, _shown(spec, row)) for at, row in listed))
    template.say(
        sheet.cell(2, template.WIDE), NOTE, size=11, italic=True, align=Alignment(vertical="center", wrap_text=False)
    )
    _withhold(sheet, form, listed)
    if marked:
        _mark(sheet, form, listed, marked)
    return _saved(book, sheet)


def _shown(spec: FormSpec, row: Mapping[str, Any]) -> dict[str, Any]:
    word = {CHANGE: Change.KEEP} if row.get(NUMBER) else {}
    return {**current_rows.shown(spec, row), **word}


def _withhold(sheet: Worksheet, form: FormSpec, listed: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Grey where something is stored that does not travel; said in words at the head of the column."""
    for field in form.columns:
        if not field.sensitive:
            continue
        column = template.column(form, field.key)
        sheet.cell(template.HEADER, column).comment = Comment(STORED, "Sở", width=240, height=60)
        for at, row in listed:
            if row.get(NUMBER) and row.get(field.key) is not None:
                sheet.cell(at, column).fill = GREY


def _mark(
    sheet: Worksheet, form: FormSpec, listed: Sequence[tuple[int, Mapping[str, Any]]], marked: Mapping[str, str]
) -> None:
    result = template.own_columns(sheet, form, "Để xem, không phải điền", [RESULT], len(listed))
    for at, row in listed:
        if note := marked.get(str(row.get(NUMBER) or "")):
            template.put(sheet.cell(at, result), note)
            sheet.cell(at, template.column(form, NUMBER)).comment = Comment(note, "Sở", width=320, height=80)
            for column in (1, *range(2, len(form.columns) + 2), result):
                if sheet.cell(at, column).fill.fgColor.rgb != GREY.fgColor.rgb:
                    sheet.cell(at, column).fill = TO_SEE


def _saved(book: Workbook, sheet: Worksheet) -> bytes:
    """Opened at the list."""
    book.active = book.index(sheet)
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is sheet
    return spreadsheets.save(book)
