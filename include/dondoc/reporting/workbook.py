"""The workbook: the figures as tables, and two charts that read in black and white."""

from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from dondoc import spreadsheets
from dondoc.reporting import words

_LINE = Side(style="thin", color="999999")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_FONT = "Times New Roman"
_SHADES = ("1F1F1F", "7A7A7A", "C8C8C8", "FFFFFF")


def workbook(figures: dict[str, Any]) -> bytes:
    """report.xlsx: progress by system, cameras by agency, who is late."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Tiến độ"
    first, last = _table(sheet, "Tiến độ theo hệ thống", words.headline(figures), words.TABLE_1, words.table_1(figures))
    for row in range(first, last + 1):
        sheet.cell(row, 8).number_format = '0.0"%"'
    _bars(sheet, "Nội dung phải gửi theo hệ thống", first, last - 1, range(4, 8), f"A{last + 3}", stacked=True)

    cameras = book.create_sheet("Camera")
    line = words.camera_line(figures["cameras_total"])
    first, last = _table(cameras, "Camera theo đơn vị", line, words.TABLE_2, words.table_2(figures))
    if last > first:
        _bars(
            cameras, "Camera khai, có trả lời, có hình tốt", first, last - 1, (3, 5, 6), f"A{last + 3}", stacked=False
        )

    _table(book.create_sheet("Quá hạn"), "Nội dung quá hạn", "", words.TABLE_3, words.table_3(figures))
    return spreadsheets.save(book)


def _table(
    sheet: Worksheet, title: str, line: str, headings: tuple[str, ...], rows: list[list[Any]]
) -> tuple[int, int]:
    """Write a table from row 4 on; return its first and last row of values."""
    spreadsheets.put(sheet["A1"], title)
    spreadsheets.put(sheet["A2"], line)
    sheet["A1"].font, sheet["A2"].font = Font(_FONT, 14, bold=True), Font(_FONT, 12, italic=True)
    for column, heading in enumerate(headings, 1):
        cell = sheet.cell(4, column, heading)
        cell.font, cell.border = Font(_FONT, 12, bold=True), _BOX
        cell.fill = PatternFill("solid", "E6E6E6")
        cell.alignment = Alignment("center", "center", wrap_text=True)
    for number, values in enumerate(rows, 5):
        for column, value in enumerate(values, 1):
            cell = sheet.cell(number, column)
            spreadsheets.put(cell, value)
            cell.font, cell.border = Font(_FONT, 12, bold=values[0] == ""), _BOX
            number_like = isinstance(value, int | float)
            cell.alignment = Alignment("center" if number_like else "left", "center", wrap_text=True)
    sheet.row_dimensions[4].height = 34  # two lines: LibreOffice does not make room by itself
    for column in range(1, len(headings) + 1):
        widest = max((len(str(values[column - 1])) for values in rows), default=0)
        sheet.column_dimensions[get_column_letter(column)].width = 6 if column == 1 else max(16, widest + 4)
    sheet.freeze_panes = "C5"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "4:4"
    return 5, 4 + len(rows)


def _bars(sheet: Worksheet, title: str, first: int, last: int, columns: Any, anchor: str, *, stacked: bool) -> None:
    chart = BarChart()
    chart.type, chart.title, chart.height, chart.width = "bar", title, 9, 24
    if stacked:
        chart.grouping, chart.overlap = "stacked", 100
    for column in columns:
        chart.add_data(Reference(sheet, min_col=column, min_row=4, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=2, min_row=first, max_row=last))
    for series, shade in zip(chart.series, _SHADES, strict=False):
        series.graphicalProperties.solidFill = shade
        series.graphicalProperties.line.solidFill = "1F1F1F"
    chart.y_axis.delete = chart.x_axis.delete = False
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.majorUnit = 5 if last - first < 8 else None
    sheet.add_chart(chart, anchor)
