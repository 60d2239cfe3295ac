"""The form as an XLSForm: every question of ours under our key, and what is answered to it is judged without a mapping.

pyxform 4.5, the converter of both servers, takes all of them (checked by hand: it pins packages that we pin otherwise).
"""

import re
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.forms import answers, token
from dondoc.forms.xlsform import xlsform
from tests.conftest import Run

from .conftest import DIRECTIVE, SECRETS, SPECS
from .test_answers import judged, kobo, packed

REGISTRY = DIRECTIVE.registry
OWNER = REGISTRY.agency("ubnd-huyen-duc-tho")
Sheet = list[dict[str, str]]


def sheets(content: bytes) -> dict[str, Sheet]:
    found = {}
    for sheet in load_workbook(BytesIO(content)):
        names, *rows = sheet.iter_rows(values_only=True)
        lines = [dict(zip(names, row, strict=True)) for row in rows]
        found[sheet.title] = [{str(n): str(v) for n, v in line.items() if v is not None} for line in lines]
    return found


def made(kind: str, owned: bool = False) -> dict[str, Sheet]:
    return sheets(xlsform(SPECS[kind], OWNER if owned else None, registry=REGISTRY, secrets=SECRETS))


@pytest.mark.parametrize("kind", SPECS)
def test_every_field_is_a_question_under_its_key_and_every_choice_has_a_name_that_is_understood(kind: str) -> None:
    spec, found = SPECS[kind], made(kind)
    survey = found["survey"]
    general = [line["type"] for line in survey].index("end_group")
    assert [line["name"] for line in survey[3:general]] == [field.key for field in spec.head]
    asked = [line for line in survey[general + 2 :] if not line["type"].startswith(("begin", "end"))]
    assert [line["name"] for line in asked] == [field.key for field in spec.columns]
    lists = {line["type"].split()[1] for line in survey if line["type"].startswith("select_one")}
    assert (
        lists == {line["list_name"] for line in found["choices"]} == set(spec.lists) - {"change"}
    )  # asked of what is known already
    for line in found["choices"]:
        code = next(c.code for c in spec.lists[line["list_name"]] if c.label == line["label"])
        assert (line["name"], " " in line["name"]) == (answers.choice_name(code), False)
    opened, closed = ([line["type"] for line in survey if line["type"].startswith(word)] for word in ("begin", "end"))
    assert len(opened) == len(closed)
    assert found["settings"] == [
        {"form_title": f"{spec.label}. {spec.heading}", "form_id": kind, "version": str(spec.version)}
    ]


@pytest.mark.parametrize("kind", SPECS)
def test_conditions_name_only_questions_that_are_there_and_numbers_as_xpath_writes_them(kind: str) -> None:
    survey = made(kind)["survey"]
    names = {line.get("name") for line in survey}
    for line in survey:
        for column in ("required", "relevant", "constraint"):
            assert set(re.findall(r"\$\{(\w+)\}", line.get(column, ""))) <= names
            assert not re.search(r"\de[+-]?\d", line.get(column, ""))


def test_what_is_required_depends_on_what_the_form_says() -> None:
    required = {line["name"]: line.get("required") for line in made("form_03")["survey"] if "name" in line}
    assert required["place"] == "yes"
    assert required["model"] is None
    assert required["total_cameras"] == "not(${no_camera} = 'true')"
    assert required["reason"] == "${sharing} = 'none'"
    assert required["brand"] == "not(${status} = 'not_installed' or ${has_camera} = 'false')"
    [table] = [line for line in made("form_03")["survey"] if line["type"] == "begin_repeat"]
    assert table["relevant"] == "${no_camera} != 'true'"


def test_an_agencys_own_form_carries_its_name_and_its_token() -> None:
    survey = made("form_03", True)["survey"]
    calculated = {line["name"]: line.get("calculation", "") for line in survey if "name" in line}
    assert calculated["agency_name"] == f"'{OWNER.name}'"
    assert token.genuine(calculated[answers.TOKEN].strip("'"), SECRETS)
    assert made("form_03", True)["settings"][0]["form_id"] == f"form_03-{OWNER.id}"
    [hidden] = [line for line in made("form_03")["survey"] if line.get("name") == answers.TOKEN]
    assert hidden == {"type": "hidden", "name": answers.TOKEN}
    assert judged(packed(kobo() | {answers.TOKEN: calculated[answers.TOKEN].strip("'")})).token == "valid"


@pytest.mark.slow
def test_the_command_writes_it_for_an_agency_or_for_all(app: AppContext, dondoc: Run, tmp_path: Path) -> None:
    out = tmp_path / "F.xlsx"
    for agency in ((), ("--agency", OWNER.id)):
        dondoc("blank", "--form", "03", "--survey", *agency, "--out", out)
        assert sheets(out.read_bytes()).keys() == {"survey", "choices", "settings"}
    with pytest.raises(Problem, match="Không có đơn vị"):
        dondoc("blank", "--form", "03", "--out", out)
