"""Workbooks as people make them, each with what is to become of it: rows, and what is said of which cell."""

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from dondoc.configuration.settings import DATA
from dondoc.forms import limited
from dondoc.forms.judge import judge
from dondoc.forms.token import Proof
from dondoc.forms.verdict import FormVerdict
from tests.corpus import xlsb
from tests.corpus.workbooks import (
    COLUMN,
    FILES,
    KEYS,
    LABELS,
    SPEC,
    Line,
    book,
    camera,
    delimited,
    head,
    legacy,
    moved,
    of,
    ours,
    repacked,
    with_macros,
)
from tests.forms.conftest import DAY, DIRECTIVE, SECRETS, edited, judged, table

pytestmark = pytest.mark.slow

FIRST = len(head()) + 4  # the row of the first camera: title, head, a blank row, labels
ONE, TWO = head(total_cameras="1"), head(total_cameras="2")
Said = dict[str, str | None]
Case = tuple[Callable[[], bytes], int, Said]


def at(key: str, row: int = 0) -> str:
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(COLUMN[key])}{FIRST + row}"


def copied(made: Workbook) -> None:
    made.copy_worksheet(made.worksheets[0]).sheet_state = "hidden"


def only(*filled: tuple[str, Any], number: object = None) -> Line:
    """A row with few cells."""
    line: Line = [number, *([None] * len(KEYS))]
    for key, value in filled:
        line[COLUMN[key] - 1] = value
    return line


def merged(row: int, first: int, last: int) -> Callable[[Worksheet], object]:
    return lambda sheet: sheet.merge_cells(start_row=row, end_row=row, start_column=first, end_column=last)


def below(*lines: Line, cameras: int = 1) -> Callable[[], bytes]:
    """Cameras, and then these rows."""
    count = str(cameras)
    return lambda: of([*(camera(n) for n in range(1, cameras + 1)), *lines], head_=head(total_cameras=count))


def relabelled(changes: dict[str, str]) -> Callable[[], bytes]:
    labels = ["TT", *(changes.get(key, SPEC.fields[key].label) for key in KEYS)]
    return lambda: of([camera()], labels=labels)


def communes(count: int) -> bytes:
    sheets = {"Chung": head(total_cameras=str(count))}
    return book(sheets | {f"Xã {n}": [LABELS, camera(n)] for n in range(1, count + 1)})


def two_headers(*, merge: bool) -> bytes:
    """Groups over labels: "Tọa độ" over "Vĩ độ" and "Kinh độ"."""
    upper, lower = list(LABELS), [None] * len(LABELS)
    north, east = COLUMN["latitude"] - 1, COLUMN["longitude"] - 1
    upper[north], upper[east], lower[north], lower[east] = "Tọa độ (WGS84)", None, "Vĩ độ", "Kinh độ"
    lines = [["BIỂU MẪU 03"], *ONE, [], upper, lower, camera()]

    def join(sheet: Worksheet) -> None:
        row = FIRST - 1
        merged(row, north + 1, east + 1)(sheet)
        for column in range(1, len(LABELS) + 1):
            if column - 1 not in (north, east):
                sheet.merge_cells(start_row=row, end_row=row + 1, start_column=column, end_column=column)

    return book({"Camera": lines}, *([join] if merge else []))


def two_tables() -> bytes:
    """The second one below the first, with its columns the other way round."""
    turned = LABELS[:1] + LABELS[:0:-1]
    other = camera(2)
    return of([camera(), ["II. KHU VỰC BIỂN"], turned, other[:1] + other[:0:-1]], head_=TWO)


def styles_without_base(name: str, part: bytes) -> bytes:
    return re.sub(rb"<cellStyleXfs.*?</cellStyleXfs>", b"", part) if name == "xl/styles.xml" else part


def relations(old: bytes, new: bytes) -> Callable[[], bytes]:
    def part(name: str, content: bytes) -> bytes:
        return content.replace(old, new) if name == "xl/_rels/workbook.xml.rels" else content

    return lambda: repacked(ours(), part)


def in_xlsb(**stray: Any) -> bytes:
    lines = [["BIỂU MẪU 03"], *ONE, [], LABELS, camera()]
    cells = {(r, c): str(v) for r, line in enumerate(lines, 1) for c, v in enumerate(line, 1) if v not in (None, "")}
    return xlsb.workbook({"Camera": cells | ({(1048576, 16384): "x"} if stray else {})})


def hidden(sheet: Worksheet) -> None:
    sheet.row_dimensions[FIRST].hidden = True
    sheet.column_dimensions["C"].hidden = True


def shadowed(sheet: Worksheet) -> None:
    """The last column, hidden, comes to stand on the left."""
    sheet.insert_cols(2)
    last = sheet.max_column
    for row in (FIRST - 1, FIRST):
        sheet.cell(row, 2).value, sheet.cell(row, last).value = sheet.cell(row, last).value, None
    sheet.column_dimensions["B"].hidden = True


def in_csv(encoding: str, delimiter: str = ";", first: str = "") -> Callable[[], bytes]:
    lines = [*ONE, [], LABELS, camera()]
    return lambda: (first + delimited(lines, delimiter)).encode(encoding)


SIMPLE: Said = {"read_simplified": None}

# name → (the file, rows that are read, what is said: code → cell). That a token is missing is said of all but ours.
CASES: dict[str, Case] = {
    # rows that are no cameras
    "groups, totals, signatures": (
        lambda: of(
            [["I", "Khu vực núi"], camera(), ["Cộng", None, "1"], ["II", "Khu vực biển"], camera(2),
             [None, "Tổng cộng", None, "2"], ["Ghi chú: số liệu đến 17/11/2021"],
             [None, "Đức Thọ, ngày 17 tháng 11 năm 2021"], [None, "NGƯỜI LẬP", None, "CHỦ TỊCH"],
             [None, "(Ký, ghi rõ họ tên)"], [None, "Trần Văn B", None, "Lê Văn C"]],
            head_=TWO,
        ),
        2, {"row_group": f"A{FIRST}"},
    ),
    "header and numbers repeated on each page": (
        lambda: of([[f"({n})" for n in range(1, 24)], camera(), LABELS, [f"({n})" for n in range(1, 24)], camera(2)],
                   head_=TWO),
        2, {},
    ),
    "running number dragged down 4,224 rows": (
        below(*([n] for n in range(2, 4226))), 1, {"row_remnant": f"A{FIRST + 1}"},
    ),
    "a row of broken formulas, one of dots": (
        below([2, *["#REF!"] * len(KEYS)], [3, *["..."] * len(KEYS)]), 1, {"row_remnant": f"A{FIRST + 1}"},
    ),
    "brand dragged down 400 rows": (
        below(*(only(("brand", "Hikvision")) for _ in range(400))), 1, {"row_remnant": at("brand", 1)},
    ),
    "a whole row dragged down": (below(*(camera(1) for _ in range(99))), 1, {"row_remnant": f"A{FIRST + 1}"}),
    "formulas that show nothing": (
        below(*(only(("name", '=IF(A1="","",A1)'), ("brand", '=""')) for _ in range(300))), 1,
        {"row_remnant": at("name", 1)},
    ),
    "names alone, nine times": (
        below(*(only(("name", f"Camera {n}"), number=n) for n in range(2, 11))), 1,
        {"rows_incomplete": f"A{FIRST + 1}"},
    ),
    "numbered beforehand": (below(*([n] for n in range(2, 31))), 1, {}),
    "no camera, said in the table": (
        lambda: of([[1, "Đơn vị không có camera nào"]], head_=head(total_cameras="0", total_sites="0")), 0,
        {"nil_in_words": f"B{FIRST}"},
    ),
    "no camera, said in the head": (
        lambda: of([], head_=head(no_camera="Đơn vị chưa lắp đặt camera nào", total_cameras="0")), 0,
        {"not_in_list": None, "nil_in_words": None},
    ),
    "no camera, in a word": (
        lambda: of([[1, "Không"]], head_=head(total_cameras="0", total_sites="0")), 0, {"no_rows": None},
    ),
    "no camera set up yet": (
        lambda: of([[1, "Đơn vị chưa triển khai lắp đặt camera"]], head_=head(total_cameras="0", total_sites="0")), 0,
        {"nil_in_words": f"B{FIRST}"},
    ),
    "the end of a list, marked as officials do": (
        below([None, "(Danh sách gồm 01 camera)"], [None, "Hết./."], [None, "./."], [None, "Phụ lục kèm theo"]), 1, {},
    ),
    "one commune without": (below([None, "Xã Tùng Ảnh: chưa lắp camera"]), 1, {"row_nil": f"B{FIRST + 1}"}),
    # bounds and second readers
    "a sheet for each of 36 communes": (lambda: communes(36), 36, {}),
    "a sheet copied and hidden": (lambda: edited(of([camera()]), copied), 1, {"sheet_repeated": None}),
    "columns numbered from nothing": (
        lambda: of([camera()], labels=[f"{number}. {label}" for number, label in enumerate(LABELS)]), 1, {},
    ),
    "columns lettered below the header": (
        lambda: of([[chr(65 + column) for column in range(len(LABELS))], camera()]), 1, {},
    ),
    "blank columns and rows": (
        lambda: of([camera(), [], [], camera(2)], lambda s: (s.insert_cols(5), s.insert_rows(1, 9)), head_=TWO), 2, {},
    ),
    "an answer in a cell with its label": (
        lambda: book({"Camera": [["BIỂU MẪU 03"], *([f"{a}: {b}"] for a, b in ONE), [], LABELS, camera()]}), 1, {},
    ),
    "two answers in a row": (
        lambda: of([camera()], head_=[[*a, None, *b] for a, b in zip(ONE[::2], ONE[1::2], strict=True)]), 1, {},
    ),
    "a sheet for each place": (
        lambda: book({"Chung": TWO, "Điểm 1": [LABELS, camera()], "Điểm 2": [LABELS, camera(2)]}), 2, {},
    ),
    "invisible characters": (
        lambda: of([[f"\u200b{c}\r\n" if isinstance(c, str) else c for c in camera()]]), 1, {},
    ),
    "a hidden sheet with a camera": (
        lambda: book({"A": [["BIỂU MẪU 03"], *ONE, [], LABELS], "B": [LABELS, camera()]},
                     lambda sheet: setattr(sheet.parent["B"], "sheet_state", "hidden")),
        1, {"hidden_sheet": None},
    ),
    "hidden row and column": (lambda: of([camera()], hidden), 1, {"hidden_rows": None, "hidden_columns": None}),
    "a hidden column beside the one that is seen": (
        lambda: of([[*camera(), "10.9.9.9"]], shadowed, labels=[*LABELS, LABELS[COLUMN["host"] - 1]]), 1,
        {"column_repeated": f"B{FIRST - 1}"},
    ),
    "a name that Excel made a day": (
        lambda: of([camera(name=date(2021, 3, 1))]), 1, {"text_is_date": at("name")},
    ),
    "stray cell in the last corner": (
        lambda: of([camera()], lambda sheet: sheet.cell(1048576, 16384, "x")), 1, {"far_cell": "XFD1048576"},
    ),
    "stray cell in the last row": (
        lambda: of([camera()], lambda sheet: sheet.cell(1048576, 3, "x")), 1, {"far_cell": "C1048576"},
    ),
    "stray cell in .xlsb": (lambda: in_xlsb(stray=True), 1, SIMPLE | {"far_cell": "XFD1048576"}),
    "stray cell, hidden row and merged place in .ods": (
        lambda: (FILES / "stray.ods").read_bytes(), 2, {"far_cell": "C1048576", "hidden_rows": None},
    ),
    ".xlsb": (in_xlsb, 1, SIMPLE),
    ".ods with a merged place and a formula": (lambda: (FILES / "plain.ods").read_bytes(), 2, {}),
    ".xls": (lambda: (FILES / "plain.xls").read_bytes(), 2, SIMPLE),
    ".csv with semicolons": (in_csv("utf-8-sig"), 1, {}),
    ".csv with commas": (in_csv("utf-8", ","), 1, {}),
    ".csv with tabs, UTF-16": (in_csv("utf-16", "\t"), 1, {}),
    ".csv that names its delimiter": (in_csv("utf-8", "|", "sep=|\r\n"), 1, {}),
    # layouts
    "header in row 38": (lambda: book({"Camera": [["BIỂU MẪU 03"], *ONE, *([[]] * 22), LABELS, camera()]}), 1, {}),
    "two header rows, merged": (lambda: two_headers(merge=True), 1, {}),
    "two header rows, not merged": (lambda: two_headers(merge=False), 1, {}),
    "two tables on a sheet": (two_tables, 2, {"row_group": f"A{FIRST + 1}"}),
    "labels with numbers, stars and line breaks": (
        relabelled({"name": "4. Tên camera giám sát (*)", "host": "Địa chỉ IP\nhoặc tên miền (*)",
                    "brand": "11) Hãng sản xuất", "retention_days": "Thời gian lưu trữ\n[ngày]",
                    "site": "Vị trí lắp đặt của camera (nếu có)"}), 1, {},
    ),
    "a label misspelt": (relabelled({"resolution": "Độ phân giảii"}), 1, {"column_guessed": None}),
    # words
    "dashes": (lambda: of([camera(brand="-")]), 1, {"required_missing": at("brand")}),
    "as above": (
        lambda: of([camera(), camera(2, ward="-nt-", address='"')], head_=TWO), 2, {"filled_from_above": at("ward", 1)},
    ),
    "as above, in signs": (
        lambda: of([camera(), camera(2, ward="//", address="n/t", site="„")], head_=TWO), 2,
        {"filled_from_above": at("ward", 1)},
    ),
    "ticks in every list, and what resembles a password": (
        lambda: of([camera(onvif="√", account="✓", link="FTTH VNPT", resolution="1080P@25fps")]), 1,
        {"not_in_list": at("resolution")},
    ),
    "coordinates in one column": (
        lambda: of([camera(latitude="18°20'32\"N 105°54'20\"E", longitude=None)]), 1,
        {"coordinates_in_one_cell": at("latitude")},
    ),
    "TCVN3 in two cells": (
        lambda: of([camera(place="Khu l\xadu niÖm TrÇn Phó", site="Cæng chÝnh")]), 1, {"legacy_converted": None},
    ),
    "VNI in all of it": (
        lambda: of([camera(place="Khu löu nieäm Traàn Phuù", site="Coång chính", address="Thoân Yeân Bình")]), 1,
        {"legacy_converted": None},
    ),
}  # fmt: skip
PACKAGES: dict[str, Callable[[], bytes]] = {
    "no cellStyleXfs": lambda: repacked(ours(), styles_without_base),
    "parts in another folder": lambda: moved(ours(), "xl/", "bang/"),
    "parts in the root": lambda: moved(ours(), "xl/", ""),
    "relative relations": relations(b'"/xl/', b'"'),
    "relations around a corner": relations(b'"/xl/', b'"../xl/'),
    "relations from here": relations(b'"/xl/', b'"./'),
    "relations with backslashes": relations(b'"/xl/worksheets/', b'"worksheets\\'),
    "relations in capitals": relations(b'"/xl/worksheets/', b'"/XL/Worksheets/'),
    "no list of contents": lambda: repacked(ours(), lambda _, part: part, lambda n: n.replace("[Content_Types]", "x")),
}


def said(verdict: FormVerdict) -> dict[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    for issue in verdict.issues:
        found.setdefault(issue.code, set()).add(issue.cell)
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_workbook_as_people_make_it_is_read_for_what_it_is(name: str) -> None:
    make, rows, expected = CASES[name]
    verdict = judged(make())
    found = said(verdict)
    assert len(verdict.rows) == rows, found
    assert found.keys() - {"token_missing", "total_mismatch"} == expected.keys()
    assert all(cell in found[code] for code, cell in expected.items() if cell), found
    assert len(verdict.issues) < 9


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_that_is_put_together_oddly_holds_the_same_form(name: str) -> None:
    verdict = judged(PACKAGES[name]())
    assert (verdict.outcome, verdict.value_hash) == ("accepted", judged(ours()).value_hash)


def test_a_workbook_with_macros_is_read_like_any_other_and_its_copy_has_none() -> None:
    content, wrong = with_macros(ours()), with_macros(of([camera(rtsp_port="x")]))
    assert load_workbook(BytesIO(content), keep_vba=True).vba_archive is not None
    verdict = judged(content, "bm03.xlsm")
    assert (verdict.outcome, verdict.issues) == ("accepted", ())
    assert verdict.value_hash == judged(ours()).value_hash
    verdict = judged(wrong, "bm03.xlsm")
    known = {"data": DATA, "registry": DIRECTIVE.registry, "secrets": SECRETS}
    copy = limited.annotate(wrong, verdict, base_version=0, **known)
    assert (verdict.outcome, [name for name in ZipFile(BytesIO(copy)).namelist() if "vba" in name]) == ("returned", [])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.permutations(range(1, len(LABELS))),
    st.integers(0, 15),
    st.lists(st.sampled_from(["group", "total", "header", "blank"]), max_size=4),
    st.booleans(),
)
def test_titles_groups_totals_and_the_order_of_columns_change_nothing(
    order: list[int], titles: int, between: list[str], split: bool
) -> None:
    def placed(line: Line) -> Line:
        return [line[0], *(line[n] if n < len(line) else None for n in order)]

    extra = {"group": ["I", "Khu vực núi"], "total": ["Cộng", None, "3"], "header": placed(LABELS), "blank": []}
    first, second = [placed(camera(1)), placed(camera(2))], [placed(camera(3))]
    lines = [first[0], *(extra[kind] for kind in between), first[1]]
    counted = head(total_cameras="3")
    top = [["BIỂU MẪU 03"], *([["ỦY BAN NHÂN DÂN HUYỆN"]] * titles), *counted, placed(LABELS)]
    sheets = {"A": [*top, *lines], "B": [placed(LABELS), *second]} if split else {"A": [*top, *lines, *second]}
    plain = judged(of([camera(1), camera(2), camera(3)], head_=counted))
    verdict = judged(book(sheets))
    without = [{key: value for key, value in row.items() if key != "_row"} for row in verdict.rows]
    assert without == [{key: value for key, value in row.items() if key != "_row"} for row in plain.rows]
    assert verdict.value_hash == plain.value_hash
    assert said(verdict).keys() <= {"token_missing", "row_group"}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(["x", "-", "nt", "=1", 7.0, "Cæng", ""])), max_size=2))
def test_a_row_is_a_camera_or_named_whatever_stands_in_it(filled: list[tuple[str, Any]]) -> None:
    verdict = judged(of([camera(), only(*filled)], head_=ONE))
    last = FIRST + 1
    named = any(issue.cell and re.fullmatch(rf"[A-Z]+{last}", issue.cell) for issue in verdict.issues)
    values = [value for value in dict(filled).values() if value != ""]
    nothing = not values or values in (["-", "-"], ["=1", "=1"])  # several marks, or formulas, are of no camera
    assert nothing or named or len(verdict.rows) == 2


@pytest.mark.parametrize("charset", ["TCVN5712-1", "VISCII"])
@pytest.mark.parametrize(
    "text",
    [
        "Ủy ban nhân dân phường Đức Thuận",
        "quầy tiếp nhận được mở trước cổng chính",
        "Đường Nguyễn Huệ, tổ dân phố số 3",
    ],
)
def test_text_of_old_fonts_is_what_glibc_says_it_is(charset: str, text: str) -> None:
    verdict = judged(of([camera(address=legacy(text, charset))]))
    assert verdict.rows[0]["address"] == text
    assert "legacy_converted" in said(verdict)


@pytest.mark.parametrize("text", ["Café Citroën", "15°C", "1920×1080", "Diện tích 500m², 18°32'", "Sân vận động A"])
def test_other_letters_are_no_old_fonts(text: str) -> None:
    verdict = judged(of([camera(address=text, ward=text)]))
    assert verdict.rows[0]["address"] == text
    assert not {"legacy_converted", "legacy_doubtful"} & said(verdict).keys()


def test_a_form_in_an_old_font_is_read_whole() -> None:
    """Labels, answers and rows, as far as the font has the letters."""

    def converted(cell: Any) -> Any:
        return legacy(cell) if isinstance(cell, str) and not set(cell) & set("–…²³") else cell

    lines = [["BIỂU MẪU 03"], *ONE, [], LABELS, camera()]
    verdict = judged(book({"A": [[converted(cell) for cell in line] for line in lines]}))
    assert verdict.value_hash == judged(of([camera()], head_=ONE)).value_hash
    assert said(verdict).keys() == {"token_missing", "legacy_converted"}


def test_labels_of_an_earlier_version_are_read_and_the_form_is_called_old() -> None:
    newer = SPEC.model_copy(update={"version": 3, "earlier": {2: {"name": ("Tên mắt quay",)}}})
    prove: Any = lambda texts: Proof(None, "missing")  # noqa: E731
    common: dict[str, Any] = {
        "specs": {newer.id: newer},
        "registry": DIRECTIVE.registry,
        "prove": prove,
        "day": DAY,
        "surveys": {},
    }
    old = judge(relabelled({"name": "Tên mắt quay"})(), "", **common)
    assert [issue.message for issue in old.issues if issue.code == "form_old"] == [
        "Biểu mẫu: là mẫu cũ (bản 2, hiện dùng bản 3); số liệu vẫn được đọc. Lần sau đề nghị dùng biểu mẫu mới của Sở."
    ]
    assert old.rows[0]["name"] == "Cổng 01"
    assert "form_old" not in {issue.code for issue in judge(of([camera()]), "", **common).issues}


def test_a_password_in_an_old_font_is_taken_out_too() -> None:
    verdict = judged(of([camera(site="MËt khÈu: Bimat999", address="cæng chÝnh")]))
    assert "Bimat999" not in repr(verdict)
    assert verdict.redacted


def test_rows_of_our_own_form_may_be_hidden_and_said_so() -> None:
    content = edited(ours(), lambda made: setattr(table(made).row_dimensions[6], "hidden", True))
    assert said(judged(content)).keys() == {"hidden_rows"}
