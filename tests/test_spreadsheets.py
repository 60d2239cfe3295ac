"""Nothing that leaves us as a table is run by the program that opens it."""

import csv
import io
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from dondoc import spreadsheets

BEGINNINGS = ["=", "+", "-", "@", "\t=", "\r=", "\n="]
WIDE = ["＝", "＋", "－", "＠"]
BEFORE = ["", " ", "\u00a0", "\u3000", '"', "'", "\ufeff", "\u200b", ' "', "\t"]
AFTER_SPLIT = ["", "x;", "x,", "x\t", "x|", "x\n", "x\r\n", 'x";', "x; ", 'x;"', "a,b;c\t"]
CALL = "1+cmd|' /C calc'!A0"
ATTACKS = [
    before + split + middle + begin + CALL
    for begin in (*BEGINNINGS, *WIDE)
    for split in AFTER_SPLIT
    for before in ("", "CAM ")
    for middle in ("", " ")
    if split or not before
]


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("begin", [*BEGINNINGS, *WIDE])
def test_what_may_run_is_seen_through_blanks_quotes_and_wide_forms(before: str, begin: str) -> None:
    assert spreadsheets.runs(before + begin + "1")
    pieces = re.split(r"[,;\t\r\n|]", spreadsheets.quoted(before + begin + "1"))
    assert all(piece.startswith("'") for piece in pieces if piece.strip(' \u00a0\u3000"\ufeff\u200b'))


@pytest.mark.parametrize(
    "text", ["", "Cổng 1", "a-b", "x=1", "ha@ductho.vn", "0912 345 678", "18,5362", "a; b, c", "“”"]
)
def test_what_cannot_run_stays_as_it_is(text: str) -> None:
    assert not spreadsheets.runs(text)
    assert spreadsheets.quoted(text) == text


@given(st.text(st.sampled_from("=+-@,;\t\r\n|\"' x1\u00a0\ufeff＝")), st.sampled_from(",;\t|"))
def test_no_column_begins_with_a_formula_whichever_separator_is_guessed(text: str, separator: str) -> None:
    content = spreadsheets.as_csv(["a", "b", "c"], [["x", text, "y"], [text, text, text]]).decode("utf-8-sig")
    [_, row, _] = list(csv.reader(io.StringIO(content, newline="")))
    assert row[1].replace("'", "") == text.replace("'", ""), "read as it was written, all is there"
    for line in re.split(r"[\r\n]+", content):  # by a program that knows no quotes, and one that does
        for piece in (*line.split(separator), *re.split(rf"[{separator},]", line)):
            assert not piece.lstrip(' "\u00a0\ufeff').startswith(("=", "+", "-", "@", "＝"))


def test_a_text_in_a_workbook_is_text_and_a_number_a_number() -> None:
    book = Workbook()
    values = [*ATTACKS[:50], "-5", "+84912345678", "\x00=1", "\ud800\uffff=1", "x" * 40_000, -5, 2.5, None, True]
    for row, value in enumerate(values, 1):
        spreadsheets.put(book.active.cell(row, 1), value)
    content = spreadsheets.save(book)
    with ZipFile(BytesIO(content)) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())
    cells = [row[0] for row in load_workbook(BytesIO(content)).active.iter_rows()]
    texts = [cell for cell, value in zip(cells, values, strict=False) if isinstance(value, str)]
    assert {cell.data_type for cell in texts} == {"s"}
    assert all(cell.quotePrefix == spreadsheets.runs(cell.value) for cell in texts)
    assert [cell.value for cell in cells[len(texts) :]] == [-5, 2.5, None, True]


def test_a_workbook_is_saved_without_a_file_in_clear(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "khong-co"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "khong-co"))
    book = Workbook()
    book.create_sheet("Hai")["A1"] = "x"
    assert load_workbook(BytesIO(spreadsheets.save(book))).sheetnames == ["Sheet", "Hai"]


@pytest.mark.slow
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_libreoffice_finds_no_formula_under_any_separator(separator: str, tmp_path: Path) -> None:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not here: apt-get install libreoffice-calc-nogui (Debian)")
    rows = [[f"CAM-{n:05}", attack, "Đức Thọ", attack] for n, attack in enumerate(ATTACKS)]
    (tmp_path / "ours.csv").write_bytes(spreadsheets.as_csv(["a", "b", "c", "d"], rows))
    plain = "\r\n".join(f"{n}{separator}=1+1" for n in range(3))
    (tmp_path / "plain.csv").write_text(plain)
    # separator, quote, UTF-8, from line 1, …, quoted as text: no, detect numbers: yes, …, evaluate formulas: yes
    filter_ = f"CSV:{ord(separator)},34,76,1,,1033,false,true,false,false,false,-1,true"
    command = [program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", f"--infilter={filter_}"]
    command += [
        "--convert-to",
        "xlsx",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "ours.csv"),
        str(tmp_path / "plain.csv"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    assert formulas(tmp_path / "plain.xlsx") == ["=1+1"] * 3, "this program would run them"
    assert formulas(tmp_path / "ours.xlsx") == []


def formulas(path: Path) -> list[str]:
    sheet = load_workbook(path).active
    return [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
