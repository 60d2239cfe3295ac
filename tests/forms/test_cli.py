"""blank and check, as the contract has them."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from dondoc.cli import cli
from dondoc.errors import Problem
from tests.forms.conftest import form, row

pytestmark = pytest.mark.slow

FIELDS = {"file", "outcome", "form", "agency", "rows", "issues"}
ISSUE = {"code", "severity", "sheet", "cell", "message"}


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(autouse=True)
def _here(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_SECRET_KEY", "khoa-thu-nghiem-dai-va-ngau-nhien")


@pytest.mark.parametrize("name", ["03", "form_03", "focal", "PAC"])
def test_blank_writes_the_prefilled_form(tmp_path: Path, name: str) -> None:
    out = tmp_path / "F.xlsx"
    run("blank", "--form", name, "--agency", "ubnd-huyen-duc-tho", "--out", out)
    line = json.loads(run("check", out, "--json").stdout)
    assert (line["agency"], line["outcome"], line["rows"]) == ("ubnd-huyen-duc-tho", "returned", 0)
    assert line["form"] in ("form_03", f"form_{name.lower()}")


def test_check_prints_one_line_a_file_and_a_bad_workbook_is_a_finding(tmp_path: Path) -> None:
    good, bad, junk = tmp_path / "a.xlsx", tmp_path / "b.xlsx", tmp_path / "c.pdf"
    good.write_bytes(form())
    bad.write_bytes(form(rows=[row(rtsp_port="70000")]))
    junk.write_bytes(b"%PDF")
    lines = [json.loads(line) for line in run("check", good, bad, junk, "--json").stdout.splitlines()]
    assert [(line["file"], line["outcome"]) for line in lines] == [
        (str(good), "accepted"),
        (str(bad), "returned"),
        (str(junk), "refused"),
    ]
    assert all(set(line) >= FIELDS for line in lines)
    [issue] = lines[1]["issues"]
    assert set(issue) == ISSUE
    assert (issue["sheet"], issue["cell"]) == ("Danh sách camera", "AC6")


def test_without_a_key_check_warns_and_needs_no_database(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    environment.delenv("DONDOC_SECRET_KEY")
    environment.setenv("DONDOC_DATABASE_URL", "sqlite:////dev/null/khong-co.db")
    file = tmp_path / "a.xlsx"
    file.write_bytes(form())
    line = json.loads(run("check", file, "--json").stdout)
    assert (line["outcome"], line["agency"]) == ("accepted_with_warnings", "ubnd-huyen-duc-tho")
    assert [issue["code"] for issue in line["issues"]] == ["token_unverified"]


def test_check_without_json_is_for_people(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(form(rows=[row(rtsp_port="70000")]))
    said = run("check", file).stdout
    assert "cần bổ sung, chỉnh sửa · form_03 · ubnd-huyen-duc-tho · 1 dòng" in said
    assert "Phải sửa: Dòng 1, Cổng chính 01, cột Cổng RTSP (ô AC6, trang “Danh sách camera”)" in said


def test_check_writes_the_annotated_copy(tmp_path: Path) -> None:
    file, out = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    file.write_bytes(form(rows=[row(rtsp_port="70000")]))
    run("check", file, "--annotate", out)
    assert load_workbook(BytesIO(out.read_bytes())).sheetnames[0] == "Cần sửa"


def test_a_path_that_cannot_be_read_is_told_after_the_others_were_checked(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(form())
    with pytest.raises(Problem, match="không đọc được"):
        run("check", tmp_path / "khong-co.xlsx", file, "--json")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["blank", "--form", "99", "--agency", "ubnd-huyen-duc-tho", "--out", "x.xlsx"],
            "Chọn một trong: 01, 02, 03, 04",
        ),
        (["blank", "--form", "03", "--agency", "ubnd-ha-noi", "--out", "x.xlsx"], "Không có đơn vị “ubnd-ha-noi”"),
        (["blank", "--form", "03", "--agency", "so-tttt", "--out", "/dev/null/x.xlsx"], "Không ghi được /dev/null/x"),
        (["check", "a", "b", "--annotate", "x.xlsx"], "chỉ đi với một tệp"),
    ],
)
def test_a_wrong_call_is_a_sentence(arguments: list[str], said: str) -> None:
    with pytest.raises(Problem, match=said):
        run(*arguments)
