"""The charts of the workbook: native ones, each on a printed page of its own, legible without colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter.worksheet import Worksheet

from dondoc.reporting.sheets import FONT, Book, Table
from dondoc.vocabulary.reports import CameraColumn, DutyColumn

_COLUMNS, _COLUMN = 9, 108  # of the sheet under a chart, pixels
_ROWS, _ROW = 30, 15  # points; both together are a little less than an A4 page across
_TEXT = {"name": FONT, "size": 11}
_LABEL = {"fill": {"color": "#FFFFFF"}, "border": {"none": True}}  # on any pattern


@dataclass(frozen=True)
class Look:
    """Of a bar. The colours are those of the pages (web/static/style.css), its text's and its ground's."""

    dark: str
    pale: str
    pattern: str = ""  # "": filled with the dark one, "pale" with the other

    @property
    def series(self) -> dict[str, Any]:
        line = {"border": {"color": self.dark, "width": 0.75}}
        if self.pattern in ("", "pale"):
            return {"fill": {"color": self.pale if self.pattern else self.dark}, **line}
        return {"pattern": {"pattern": self.pattern, "fg_color": self.dark, "bg_color": self.pale}, **line}


GOOD = Look("#0c4a1e", "#d9f2df")
NOW = Look("#0e3a7d", "#dce8fc")
OURS = Look("#0e3a7d", "#dce8fc", "pale")
FAULTY = Look("#6b3a00", "#ffe6c7", "narrow_horizontal")
BAD = Look("#7a1109", "#fbd9d6", "wide_upward_diagonal")
QUIET = Look("#3f4650", "#eef0f3", "large_grid")
DUTIES = {
    DutyColumn.ON_TIME: GOOD,
    DutyColumn.DONE_LATE: Look("#3a4a08", "#e9f5d3", "light_vertical"),
    DutyColumn.UNDER_REVIEW: OURS,
    DutyColumn.RETURNED: FAULTY,
    DutyColumn.OVERDUE: BAD,
    DutyColumn.NOT_DUE: QUIET,
}
CAMERAS = {
    CameraColumn.SHOWING: GOOD,
    CameraColumn.AWAITING_ACCOUNT: OURS,
    CameraColumn.BAD_PICTURE: FAULTY,
    CameraColumn.NO_ANSWER: BAD,
    CameraColumn.UNCHECKED: QUIET,
}


class Charts:
    """A sheet of charts, one a page."""

    def __init__(self, book: Book, name: str) -> None:
        self.book, self.count = book.book, 0
        self.sheet: Worksheet = book.sheet(name)
        self.sheet.hide_gridlines(2)
        self.sheet.set_column_pixels(0, _COLUMNS - 1, _COLUMN)
        self.sheet.set_default_row(_ROW)

    def stacked(
        self, title: str, table: Table, names: int, columns: Mapping[int, Look], values: Sequence[Sequence[int]]
    ) -> None:
        """A bar a row of a table, made of the columns. `values`: column by column; where there is nothing is no 0."""
        chart = self.book.add_chart({"type": "bar", "subtype": "stacked"})
        for (column, look), numbers in zip(columns.items(), values, strict=True):
            labels = {
                "value": True,
                "custom": [{} if n else {"delete": True} for n in numbers],
                "font": _TEXT,
                **_LABEL,
            }
            self._series(chart, table, names, column, {**look.series, "gap": 60, "data_labels": labels})
        chart.set_y_axis({"reverse": True, "num_font": _TEXT, "line": {"color": "#5b6470"}})
        most = max(map(sum, zip(*values, strict=True)))
        chart.set_x_axis({**_numbers(most), "label_position": "high"})  # at the bottom: the other axis is turned round
        self._place(chart, title)

    def beside(self, title: str, table: Table, names: int, columns: tuple[int, int], most: int) -> None:
        """Two bars a row of a table: what was, and what is. `most`: the largest of the values."""
        chart = self.book.add_chart({"type": "column"})
        for column, look in zip(columns, (QUIET, NOW), strict=True):
            labels = {"value": True, "position": "outside_end", "font": _TEXT}
            self._series(chart, table, names, column, {**look.series, "gap": 80, "data_labels": labels})
        chart.set_x_axis({"num_font": _TEXT, "line": {"color": "#5b6470"}})
        chart.set_y_axis(_numbers(most))
        self._place(chart, title)

    def _series(self, chart: Any, table: Table, names: int, column: int, look: dict[str, Any]) -> None:
        heading = [table.sheet, table.heading, column]
        where = {"name": heading, "categories": table.column(names), "values": table.column(column)}
        chart.add_series({**where, **look})

    def _place(self, chart: Any, title: str) -> None:
        top = self.count * _ROWS
        chart.set_title({"name": title, "name_font": {"name": FONT, "size": 14, "bold": True}})
        chart.set_legend({"position": "bottom", "font": _TEXT})
        chart.set_size({"width": _COLUMNS * _COLUMN - 8, "height": _ROWS * _ROW * 4 // 3 - 24})
        self.sheet.insert_chart(top, 0, chart, {"x_offset": 4, "y_offset": 8, "description": title})
        self.count += 1

    def finish(self) -> None:
        """A page a chart: nothing is scaled, as Excel passes over breaks where it is."""
        self.sheet.set_h_pagebreaks([page * _ROWS for page in range(1, self.count)])
        self.sheet.print_area(0, 0, self.count * _ROWS - 1, _COLUMNS - 1)


def _numbers(most: int) -> dict[str, Any]:
    """An axis of whole numbers."""
    grid = {"visible": True, "line": {"color": "#c9ced6", "width": 0.5}}
    whole = {"major_unit": 1} if most <= 10 else {}
    return {"num_font": _TEXT, "num_format": "#,##0", "major_gridlines": grid, "min": 0, **whole}
