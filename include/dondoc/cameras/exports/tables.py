"""Cameras and their states as a table for people: CSV and xlsx. No address, no login; restricted ones unnamed."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from dondoc.cameras.state import WORDS, CameraState
from dondoc.directive.model import Directive
from dondoc.forms.clean import clean

COLUMNS = {
    "camera": "Số",
    "agency": "Mã đơn vị",
    "agency_name": "Đơn vị",
    "system": "Mã hệ thống",
    "system_name": "Hệ thống",
    "name": "Tên camera",
    "site": "Địa điểm",
    "state": "Mã tình trạng",
    "state_name": "Tình trạng",
    "verdict": "Kết luận lần cuối",
    "since": "Từ ngày",
    "reason": "Vì sao",
}
UNNAMED = "camera hạn chế nêu tên"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of one


def rows(states: Iterable[CameraState], directive: Directive, *, restricted: bool = False) -> list[dict[str, str]]:
    """One row a camera, in the order of their numbers; values are text.

    Args:
        restricted: also the names and sites of restricted cameras.
    """
    return [_row(s, directive, restricted) for s in sorted(states, key=lambda s: s.camera.id)]


def _row(state: CameraState, directive: Directive, restricted: bool) -> dict[str, str]:
    camera = state.camera
    named = restricted or not camera.restricted
    return {
        "camera": state.number,
        "agency": camera.agency,
        "agency_name": directive.agency(camera.agency).name,
        "system": camera.system,
        "system_name": directive.system(camera.system).name,
        "name": clean(camera.name) if named else UNNAMED,
        "site": clean(camera.site) if named else "",
        "state": state.state,
        "state_name": WORDS[state.state],
        "verdict": state.verdict or "",
        "since": f"{state.since:%Y-%m-%d}" if state.since else "",
        "reason": state.reason,
    }


def as_csv(found: Iterable[dict[str, str]]) -> bytes:
    """UTF-8 with a byte-order mark (Excel needs it); a text that looks like a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(COLUMNS), lineterminator="\r\n")
    writer.writeheader()
    for row in found:
        writer.writerow({k: f"'{v}" if v.startswith(_FORMULA) else v for k, v in row.items()})
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(found: Iterable[dict[str, str]]) -> bytes:
    """One sheet with headings in Vietnamese and a filter; every value is text."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Camera"
    sheet.append(list(COLUMNS.values()))
    for number, row in enumerate(found, 2):
        for column, value in enumerate(row.values(), 1):
            _write(sheet.cell(number, column), value)
    for column, name in enumerate(COLUMNS, 1):
        sheet.cell(1, column).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = 46 if name in ("reason", "name", "site") else 20
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write(cell: Any, value: str) -> None:
    cell.value = value
    cell.data_type = "s"  # openpyxl takes "=…" for a formula
    cell.quotePrefix = value.startswith(_FORMULA)
