"""The four files of a report are the same bytes wherever and whenever they are made."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from dondoc.configuration.context import AppContext
from dondoc.reporting.report import FILES

ENVIRONMENTS = [
    {},
    {"TZ": "America/Los_Angeles", "PYTHONHASHSEED": "1"},
    {"TZ": "Pacific/Kiritimati", "LANG": "vi_VN.UTF-8", "LC_ALL": "vi_VN.UTF-8"},
    {"LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "4294967295"},
    {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
    {"SOURCE_DATE_EPOCH": "0", "DONDOC_CLOCK": "2022-02-01T09:00+07:00"},
]


@pytest.mark.slow
def test_six_environments_make_the_same_four_files(
    busy: AppContext, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("DONDOC_CLOCK", "2021-11-25T18:00+07:00")
    asked = ("report", "--as-of", "2021-11-25", "--known-at", "2021-11-25T17:30+07:00", "--out")
    made = set()
    for number, more in enumerate(ENVIRONMENTS):
        folder = tmp_path / f"{number}"
        program = [str(Path(sys.executable).with_name("dondoc")), *asked, str(folder)]
        subprocess.run(program, env={**os.environ, **more}, check=True, capture_output=True, timeout=120)
        made.add(tuple(sha256((folder / name).read_bytes()).hexdigest() for name in FILES))
    assert len(made) == 1
