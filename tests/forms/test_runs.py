"""The same fault of one column in a long run of rows is one issue; a few are spoken of one by one."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from dondoc.configuration.settings import DATA
from dondoc.forms import limited, runs
from dondoc.forms.catalogue import issue
from dondoc.forms.runs import LEAST, Labelled
from dondoc.forms.todo import WRONG
from dondoc.forms.verdict import spread
from tests.forms.conftest import DIRECTIVE, SECRETS, SPECS, cell, form, head, judged, row

LABELS = {2: "Tên camera", 7: "Hãng"}
ROWS = {("Bảng", n): Labelled(n - 5, LABELS) for n in range(6, 60)}


def said(rows: list[int], sheet: str = "Bảng", column: str = "G", value: str = "x") -> list[object]:
    gaps = {"value": value, "example": ""}
    listed = [issue("not_whole", f"dòng {n - 5}", sheet, f"{column}{n}", **gaps) for n in rows]
    return [(one.cell, one.cells) for one in runs.joined(listed, ROWS)]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([*range(6, 6 + LEAST)], [("G6", f"G6:G{5 + LEAST}")]),
        ([*range(6, 5 + LEAST)], [(f"G{n}", None) for n in range(6, 5 + LEAST)]),
        ([*range(6, 16), *range(17, 27)], [("G6", "G6:G15"), ("G17", "G17:G26")]),
        ([*range(6, 16), 18], [("G6", "G6:G15"), ("G18", None)]),
        ([*range(80, 95)], [(f"G{n}", None) for n in range(80, 95)]),  # no rows of a table
        ([], []),
    ],
)
def test_only_long_runs_without_a_gap_are_joined(rows: list[int], found: list[object]) -> None:
    assert said(rows) == found


def test_what_differs_in_code_column_advice_or_sheet_is_no_run() -> None:
    gaps = {"value": "x", "example": ""}
    rows = range(6, 6 + LEAST)
    listed = [issue(("not_whole", "not_number")[n % 2], "", "Bảng", f"G{n}", **gaps) for n in rows]
    listed += [issue("not_whole", "", "Bảng", f"{'JK'[n % 2]}{n}", **gaps) for n in rows]
    listed += [issue("not_whole", "", "Bảng", f"B{n}", value=str(n), example="") for n in rows]
    listed += [issue("not_whole", "", ("Bảng", "Bảng 2")[n % 2], f"H{n}", **gaps) for n in rows]
    assert runs.joined(listed, ROWS) == listed


@pytest.mark.slow
def test_a_blank_column_of_five_hundred_rows_is_one_issue_with_its_range_and_number_of_rows() -> None:
    rows = [row(name=f"C{n}", host=f"113.160.{n % 250}.{10 + n // 250}", resolution=None) for n in range(500)]
    verdict = judged(form(head_=head(total_cameras="500"), rows=rows))
    [found] = verdict.issues
    first, last = (
        f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[cell('resolution')[1] - 1]}{cell('resolution', n)[0]}" for n in (0, 499)
    )
    label = SPECS["form_03"].fields["resolution"].label
    assert (found.code, found.severity, found.cell, found.cells) == (
        "required_missing",
        "error",
        first,
        f"{first}:{last}",
    )
    where = f"500 dòng, từ dòng 1 đến dòng 500, cột {label} (ô {first}:{last}, trang “{SPECS['form_03'].sheet}”)"
    assert found.message == f"{where}: {found.said}"
    assert (found.each[0], found.each[-1], len(found.each)) == (first, last, 500)


@pytest.mark.slow
def test_the_copy_marks_every_cell_of_a_run_lists_it_once_and_sent_again_says_the_same() -> None:
    rows = [row(name=f"C{n}", host=f"113.160.10.{10 + n}", resolution=None) for n in range(12)]
    content = form(head_=head(total_cameras="12"), rows=rows)
    verdict = judged(content)
    copy = limited.annotate(content, verdict, data=DATA, registry=DIRECTIVE.registry, secrets=SECRETS, base_version=0)
    book = load_workbook(BytesIO(copy))
    sheet = book[SPECS["form_03"].sheet]
    for number in range(12):
        marked = sheet.cell(*cell("resolution", number))
        assert (marked.fill.fgColor.rgb, marked.comment is None) == (WRONG.fgColor.rgb, False)
    [line] = book["Cần sửa"].iter_rows(min_row=5, values_only=True)
    assert (line[2], line[6]) == (verdict.issues[0].cells, f"{sheet.title}!{verdict.issues[0].cells}")
    assert judged(copy).issues == verdict.issues


@pytest.mark.parametrize("cells", ["A1:XFD1048576", "A1:B9", "A:A", "x", "", None])
def test_a_range_that_is_none_of_ours_is_not_spread(cells: str | None) -> None:
    assert spread("A1", cells) == ["A1"]


def test_a_range_is_spread_over_no_more_cells_than_a_form_has() -> None:
    assert len(spread("A1", "A1:A1048576")) < 20_000
