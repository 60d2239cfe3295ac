"""Filled forms for the tests: every field's own example, except for what a test says."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from dondoc.configuration.settings import DATA
from dondoc.directive.load import load
from dondoc.directive.model import Directive
from dondoc.forms import current as current_room
from dondoc.forms import limited, template, token
from dondoc.forms.blank import blank
from dondoc.forms.spec import FormSpec, load_specs
from dondoc.forms.verdict import FormVerdict

SECRETS = ["khoa-thu-nghiem-dai-va-ngau-nhien"]
DAY = date(2021, 11, 18)
OWNERS = {
    "form_01": "so-nnptnt",
    "form_02": "cong-an-tinh",
    "form_03": "ubnd-huyen-duc-tho",
    "form_04": "cang-vu-hang-hai",
    "form_focal": "cong-an-tinh",
    "form_pac": "ubnd-huyen-duc-tho",
}
DIRECTIVE: Directive = load(DATA / "directives" / "stttt-cntt-2021-11.yaml")
SPECS: dict[str, FormSpec] = load_specs(DATA)


def head(form: str = "form_03", **changes: Any) -> dict[str, Any]:
    """The head's examples; None takes an answer away."""
    answers = {f.key: f.example for f in SPECS[form].head if f.example and f.key != "agency_name"} | changes
    return {key: value for key, value in answers.items() if value is not None}


def row(form: str = "form_03", **changes: Any) -> dict[str, Any]:
    """A row of examples."""
    answers = {f.key: f.example for f in SPECS[form].columns if f.example} | changes
    return {key: value for key, value in answers.items() if value is not None}


def form(
    kind: str = "form_03",
    head_: dict[str, Any] | None = None,
    rows: list[dict[str, Any]] | None = None,
    *,
    agency: str | None = None,
    secrets: list[str] = SECRETS,
) -> bytes:
    """A filled form; by default one that nothing is wrong with."""
    if (head_, rows, agency, secrets) == (None, None, None, SECRETS):
        return _plain(kind)
    return _made(kind, head_, rows, agency, secrets)


@lru_cache
def _plain(kind: str) -> bytes:
    return _made(kind, None, None, None, SECRETS)


def _made(
    kind: str,
    head_: dict[str, Any] | None,
    rows: list[dict[str, Any]] | None,
    agency: str | None,
    secrets: list[str],
) -> bytes:
    return blank(
        SPECS[kind],
        DIRECTIVE.registry.agency(agency or OWNERS[kind]),
        registry=DIRECTIVE.registry,
        secrets=secrets,
        head=head(kind) if head_ is None else head_,
        rows=[row(kind)] if rows is None else rows,
    )


def current(
    rows: list[dict[str, Any]], *, marked: Mapping[str, str] | None = None, kind: str = "form_03", **changes: Any
) -> bytes:
    """The current copy of a form whose version in force is 3."""
    owner, registry = DIRECTIVE.registry.agency(OWNERS[kind]), DIRECTIVE.registry
    return current_room.current(
        SPECS[kind],
        owner,
        registry=registry,
        token=token.of_form(SPECS[kind], owner, registry, SECRETS, 3),
        head=head(kind, total_cameras=str(len(rows)), **changes),
        rows=rows,
        marked=marked,
    )


def judged(
    content: bytes, filename: str = "bm03.xlsx", *, secrets: list[str] = SECRETS, day: date = DAY
) -> FormVerdict:
    return limited.judged(content, filename, data=DATA, registry=DIRECTIVE.registry, secrets=secrets, day=day)


def edited(content: bytes, change: Callable[[Workbook], object]) -> bytes:
    """The workbook after a change, as a person with openpyxl would save it."""
    book = load_workbook(BytesIO(content))
    change(book)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def table(book: Workbook, kind: str = "form_03") -> Worksheet:
    sheet = book[SPECS[kind].sheet]
    assert isinstance(sheet, Worksheet)
    return sheet


def cell(key: str, number: int = 0, kind: str = "form_03") -> tuple[int, int]:
    """Row and column of a field in the nth data row of our template."""
    return template.FIRST + number, template.column(SPECS[kind], key)


def codes(verdict: FormVerdict) -> list[str]:
    return [issue.code for issue in verdict.issues]


@pytest.fixture(scope="session")
def convert(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, bytes], str], dict[str, bytes]]:
    """LibreOffice: (name with ending → content, the wanted ending) → the files it saves, by name without ending."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not here: apt-get install libreoffice-calc-nogui (Debian)")
    folder = tmp_path_factory.mktemp("office")

    def run(files: dict[str, bytes], wanted: str) -> dict[str, bytes]:
        out, profile = folder / wanted, f"-env:UserInstallation=file://{folder}/profile"
        for name, content in files.items():
            (folder / name).write_bytes(content)
        sources = [str(folder / name) for name in files]
        command = [program, profile, "--headless", "--convert-to", wanted, "--outdir", str(out), *sources]
        subprocess.run(command, check=True, capture_output=True, timeout=240)
        return {Path(name).stem: (out / f"{Path(name).stem}.{wanted}").read_bytes() for name in files}

    return run


@pytest.fixture
def forms_folder(tmp_path: Path) -> Path:
    """A copy of the shipped specs, to break."""
    shutil.copytree(DATA / "forms", tmp_path / "forms")
    return tmp_path
