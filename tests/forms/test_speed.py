"""A long form is judged while people wait."""

import resource
from io import BytesIO

from openpyxl import Workbook

from dondoc.forms.limited import judge
from dondoc.forms.spec import Field
from dondoc.isolation import workers
from dondoc.settings import DATA
from tests.forms.conftest import DAY, DIRECTIVE, SPECS, head

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


def test_five_thousand_rows_are_judged_within_the_limits_of_a_child_and_300_mb() -> None:
    """How long it takes is measured in bench/."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    verdict = judge(long_form(), "a.xlsx", data=DATA, directive=DIRECTIVE, secrets=[], day=DAY)
    workers.end()
    assert (verdict.outcome, len(verdict.rows)) == ("accepted_with_warnings", ROWS)
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert after < 300 * 1024 or after == children
