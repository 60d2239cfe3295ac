"""Forms through LibreOffice, a program that half of the agencies use."""

from collections.abc import Callable
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook

from tests.forms.conftest import SPECS, codes, edited, form, judged, row, table
from tests.forms.test_annotate import annotated, faulty

pytestmark = pytest.mark.slow

Convert = Callable[[dict[str, bytes], str], dict[str, bytes]]


def with_formula() -> bytes:
    def change(book: Workbook) -> None:
        table(book)["AC6"] = "=500+54"

    return edited(form(rows=[row()]), change)


@pytest.fixture(scope="module")
def saved(convert: Convert) -> dict[str, bytes]:
    """Forms as LibreOffice saves them: few calls, since each costs seconds."""
    ods = convert({"from_ods.xlsx": form()}, "ods")["from_ods"]
    files = {
        "plain.xlsx": form(),
        "annotated.xlsx": annotated(faulty(), base_version=2),
        "formula.xlsx": with_formula(),
        "from_ods.ods": ods,
    }
    return convert(files, "xlsx") | {"ods": ods, "xls": convert({"old.xlsx": form()}, "xls")["old"]}


@pytest.mark.parametrize("kind", ["plain", "ods", "from_ods", "xls"])
def test_a_form_saved_by_libreoffice_is_the_same_form(saved: dict[str, bytes], kind: str) -> None:
    verdict, original = judged(saved[kind]), judged(form())
    assert (verdict.token, verdict.agency, verdict.base_version) == ("valid", original.agency, 0)
    assert (verdict.value_hash, verdict.rows) == (original.value_hash, original.rows)
    assert codes(verdict) == (["read_simplified"] if kind == "xls" else [])


def test_drop_downs_and_protection_survive(saved: dict[str, bytes]) -> None:
    sheet = load_workbook(BytesIO(saved["plain"]))[SPECS["form_03"].sheet]
    lists = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    asked = [field for field in SPECS["form_03"].columns if field.kind == "choice"]
    assert len({str(rule.sqref) for rule in lists}) >= len({field.choices for field in asked})
    assert sheet.protection.sheet
    assert not sheet["I6"].protection.locked


def test_formulas_get_their_value_from_the_program_that_opens_them(saved: dict[str, bytes]) -> None:
    assert codes(judged(with_formula())) == ["formula_empty"]
    verdict = judged(saved["formula"])
    assert (codes(verdict), verdict.rows[0]["rtsp_port"]) == ([], 554)


def test_an_annotated_copy_keeps_marks_and_token(saved: dict[str, bytes]) -> None:
    verdict = judged(saved["annotated"])
    assert (verdict.token, verdict.base_version, verdict.value_hash) == ("valid", 2, judged(faulty()).value_hash)
    assert load_workbook(BytesIO(saved["annotated"]))["Thông tin chung"]["C17"].comment is not None
