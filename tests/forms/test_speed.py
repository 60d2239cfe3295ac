"""A long form is judged while people wait."""

import resource
import time
from io import BytesIO

from openpyxl import Workbook

from dondoc.forms.spec import Field
from tests.forms.conftest import SPECS, head, judged

ROWS = 5000
COLUMNS = (
    *("place", "manager", "has_camera", "name", "site", "address", "ward", "latitude", "longitude", "camera_type"),
    *("brand", "resolution", "codec", "onvif", "host", "rtsp_port", "main_path", "account", "link", "retention_days"),
    *("status", "sharing", "restricted"),
)


def long_form() -> bytes:
    """As an agency's own program would export it: no styles, no token, every column that must be filled."""
    spec, book = SPECS["form_03"], Workbook(write_only=True)
    info, sheet = book.create_sheet("Chung"), book.create_sheet("Camera")
    answers = head(total_cameras=str(ROWS), agency_name="UBND huyện Đức Thọ")
    for field in spec.head:
        info.append([field.label, answers.get(field.key)])
    fields = [spec.fields[key] for key in COLUMNS]
    sheet.append([field.label for field in fields])
    for number in range(ROWS):
        sheet.append([_answer(field, number) for field in fields])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _answer(field: Field, number: int) -> str:
    own = {"name": f"Camera {number}", "host": f"113.160.{number // 250}.{number % 250}"}
    return own.get(field.key, field.example)


def test_five_thousand_rows_take_less_than_three_seconds_of_processor_and_300_mb() -> None:
    content = long_form()
    before, children = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    verdict = judged(content)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() - before + after.ru_utime - children.ru_utime
    assert (verdict.outcome, len(verdict.rows)) == ("accepted_with_warnings", ROWS)
    assert spent < 3, f"{spent:.2f} s"
    assert after.ru_maxrss < 300 * 1024 or after.ru_maxrss == children.ru_maxrss
