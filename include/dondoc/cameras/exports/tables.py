"""Cameras and their states as a table for people: CSV and xlsx. No address, no login; restricted ones unnamed."""

from collections.abc import Iterable, Mapping

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from dondoc import spreadsheets
from dondoc.cameras.state.remarks import Remarks, in_words
from dondoc.cameras.state.state import CameraState
from dondoc.directive.model import Registry
from dondoc.forms.clean import clean

COLUMNS = {
    "camera": "Số",
    "agency": "Mã đơn vị",
    "agency_name": "Đơn vị",
    "system": "Mã hệ thống",
    "system_name": "Hệ thống",
    "name": "Tên camera",
    "place": "Điểm",
    "site": "Vị trí",
    "state": "Mã tình trạng",
    "state_name": "Tình trạng",
    "verdict": "Kết luận lần cuối",
    "since": "Từ ngày",
    "reason": "Vì sao",
    "remarks": "Cần xem lại",
}
UNNAMED = "camera hạn chế nêu tên"


def rows(
    states: Iterable[CameraState], registry: Registry, remarks: Mapping[int, Remarks], *, restricted: bool = False
) -> list[dict[str, str]]:
    """One row a camera, in the order of their numbers; values are text.

    Args:
        remarks: by camera, what is to be looked into besides.
        restricted: also the names and sites of restricted cameras.
    """
    ordered = sorted(states, key=lambda s: s.camera.id)
    return [_row(s, registry, remarks.get(s.camera.id, ()), restricted) for s in ordered]


def _row(state: CameraState, registry: Registry, remarks: Remarks, restricted: bool) -> dict[str, str]:
    camera = state.camera
    named = restricted or not camera.restricted
    return {
        "camera": state.number,
        "agency": camera.agency,
        "agency_name": registry.agency(camera.agency).name,
        "system": camera.system,
        "system_name": registry.system(camera.system).name,
        "name": clean(camera.name) if named else UNNAMED,
        "place": clean(camera.place) if named else "",
        "site": clean(camera.site) if named else "",
        "state": state.state,
        "state_name": state.state.label,
        "verdict": state.verdict or "",
        "since": f"{state.since:%Y-%m-%d}" if state.since else "",
        "reason": state.reason,
        "remarks": in_words(remarks),
    }


def as_csv(found: Iterable[dict[str, str]]) -> bytes:
    """One line a camera; no value in it is run by a program that opens it."""
    return spreadsheets.as_csv(COLUMNS, (row.values() for row in found))


def as_xlsx(found: Iterable[dict[str, str]]) -> bytes:
    """One sheet with headings in Vietnamese and a filter; every value is text."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Camera"
    sheet.append(list(COLUMNS.values()))
    for number, row in enumerate(found, 2):
        for column, value in enumerate(row.values(), 1):
            spreadsheets.put(sheet.cell(number, column), value)
    for column, name in enumerate(COLUMNS, 1):
        sheet.cell(1, column).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = (
            46 if name in ("reason", "remarks", "name", "place", "site") else 20
        )
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
    return spreadsheets.save(book)
