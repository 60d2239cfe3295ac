"""A long form is judged while people wait."""

import subprocess
import sys
from io import BytesIO

import pytest
from openpyxl import Workbook

from dondoc.forms.spec import Field
from tests.forms.conftest import SPECS, head

pytestmark = pytest.mark.slow

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


# In a process of its own: a child counts for as large as the process was that it was forked from.
JUDGED = """
import resource, sys
from datetime import date
from dondoc.directive.load import load_registry
from dondoc.forms.limited import judge
from dondoc.isolation import workers
from dondoc.configuration.settings import DATA
content, known = sys.stdin.buffer.read(), load_registry(DATA)
verdict = judge(content, "a.xlsx", data=DATA, registry=known, secrets=[], day=date(2021, 11, 18))
workers.end()
print(verdict.outcome, len(verdict.rows), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def test_five_thousand_rows_are_judged_within_the_limits_of_a_child_and_300_mb() -> None:
    """How long it takes is measured in bench/."""
    done = subprocess.run([sys.executable, "-c", JUDGED], input=long_form(), capture_output=True, check=True)
    outcome, rows, mb = done.stdout.split()
    assert (outcome, int(rows)) == (b"accepted_with_warnings", ROWS)
    assert int(mb) < 300
