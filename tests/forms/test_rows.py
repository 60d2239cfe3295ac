"""What a row below a header is, and why."""

from typing import Any

import pytest

from dondoc.forms.reading import Cell, Sheet
from dondoc.forms.rows import Frame, Line, RowKind, Why, alike, classify, says_nil

TT, PLACE, NAME, HOST, BRAND = range(1, 6)
Row = dict[int, Any]


def lines(*rows: Row, deciding: frozenset[int] = frozenset(), merges: tuple[Any, ...] = ()) -> list[Line]:
    """Rows from 2 on, below a header in row 1."""
    cells = {(r, c): _cell(r, c, value) for r, row in enumerate(rows, 2) for c, value in row.items()}
    columns = frozenset((PLACE, NAME, HOST, BRAND))
    telling, naming = frozenset((PLACE, NAME, HOST)), frozenset((NAME,))
    sheet = Sheet("S", False, cells, merges)
    return classify(Frame(sheet, 2, 99, columns, telling, naming, deciding, frozenset((HOST,)), frozenset()))


def _cell(row: int, column: int, value: Any) -> Cell:
    if value is None:
        return Cell(row, column, "empty", "", True)
    return Cell(row, column, "number" if isinstance(value, float) else "text", value)


CAMERA = {TT: 1.0, PLACE: "Chùa", NAME: "Cổng", HOST: "10.0.0.1", BRAND: "Dahua"}


@pytest.mark.parametrize(
    ("row", "kind", "why"),
    [
        (CAMERA, RowKind.CAMERA, Why.FILLED),
        ({NAME: "Cổng"}, RowKind.CAMERA, Why.FILLED),
        ({PLACE: "Cổng chào"}, RowKind.CAMERA, Why.FILLED),  # folded, cổng is cộng
        ({TT: "I", PLACE: "Khu vực núi"}, RowKind.GROUP, Why.LETTERED),
        ({TT: "B.", PLACE: "Khu vực biển"}, RowKind.GROUP, Why.LETTERED),
        ({PLACE: "II. Khu vực biển"}, RowKind.GROUP, Why.LETTERED),
        ({PLACE: "Xã Tùng Ảnh"}, RowKind.GROUP, Why.UNIT),
        ({PLACE: "Khối trường học"}, RowKind.GROUP, Why.UNIT),
        ({PLACE: "KHU VỰC TRUNG TÂM"}, RowKind.GROUP, Why.UNIT),
        ({PLACE: "Khu vực núi", NAME: "Cổng"}, RowKind.CAMERA, Why.FILLED),
        ({TT: 8.0, PLACE: "...", NAME: "…", HOST: "-", BRAND: "—"}, RowKind.REMNANT, Why.NUMBERS),
        ({PLACE: "-", NAME: "-", HOST: "-", BRAND: "Dahua"}, RowKind.CAMERA, Why.FILLED),
        ({TT: "Tổng cộng", HOST: 12.0}, RowKind.TOTAL, Why.SUMMED),
        ({PLACE: "Cộng", NAME: 12.0, HOST: 3.0, BRAND: 4.0}, RowKind.TOTAL, Why.SUMMED),
        ({PLACE: "Cộng xã Tùng Ảnh: 5"}, RowKind.TOTAL, Why.SUMMED),
        ({PLACE: "(1)", NAME: "(2)", HOST: "(3)", BRAND: "(4)"}, RowKind.NUMBERING, Why.COUNTED),
        ({TT: "A", PLACE: "B", NAME: "C", HOST: "D", BRAND: "Đ"}, RowKind.NUMBERING, Why.COUNTED),
        ({TT: "A", PLACE: "B", NAME: 1.0, HOST: 2.0, BRAND: "3=1+2"}, RowKind.NUMBERING, Why.COUNTED),
        ({TT: "I", PLACE: "II", NAME: "III", HOST: "IV"}, RowKind.NUMBERING, Why.COUNTED),
        ({PLACE: "(a)", NAME: "(b)", HOST: "(c)", BRAND: "(d)"}, RowKind.NUMBERING, Why.COUNTED),
        ({PLACE: "C", NAME: "B", HOST: "A", BRAND: "D"}, RowKind.CAMERA, Why.FILLED),  # no order of columns
        ({PLACE: "Ghi chú: số liệu đến ngày 17/11"}, RowKind.NOTE, Why.REMARK),
        ({PLACE: "NGƯỜI LẬP", HOST: "CHỦ TỊCH"}, RowKind.NOTE, Why.SIGNED),
        ({PLACE: "Đức Thọ, ngày 17 tháng 11 năm 2021"}, RowKind.NOTE, Why.SIGNED),
        ({PLACE: "Đơn vị không có camera"}, RowKind.NIL, Why.NIL_WORDS),
        ({TT: "VD:", PLACE: "Chùa", NAME: "Cổng", HOST: "10.0.0.9", BRAND: "Dahua"}, RowKind.REMNANT, Why.EXAMPLE),
        ({PLACE: "Mẫu đơn", NAME: "Cổng"}, RowKind.CAMERA, Why.FILLED),
        ({PLACE: "N/A", NAME: "n/a", HOST: "...", BRAND: "NA"}, RowKind.REMNANT, Why.NUMBERS),
        ({TT: "...", PLACE: "…"}, RowKind.REMNANT, Why.NUMBERS),
        ({TT: "Σ", HOST: 12.0}, RowKind.TOTAL, Why.SUMMED),
        ({PLACE: "Cộng mang sang", NAME: 12.0}, RowKind.TOTAL, Why.SUMMED),
        ({PLACE: "v.v..."}, RowKind.NOTE, Why.REMARK),
        ({PLACE: "Trang 2/5"}, RowKind.NOTE, Why.REMARK),
        ({PLACE: "Trang trại Bình Minh"}, RowKind.CAMERA, Why.FILLED),
        ({BRAND: "Dahua"}, RowKind.REMNANT, Why.TOO_LITTLE),
        ({TT: 7.0}, RowKind.REMNANT, Why.NUMBERS),
        ({PLACE: None, NAME: None, HOST: None, BRAND: None}, RowKind.REMNANT, Why.FORMULAS),
    ],
)
def test_a_row_is_told_by_what_stands_in_it(row: Row, kind: RowKind, why: Why) -> None:
    found = lines(CAMERA, row)[-1]
    assert (found.kind, found.why) == (kind, why)


@pytest.mark.parametrize(
    "name",
    [
        "Tổng",
        "Tổng kho",
        "Tổng cộng",
        "Cộng",
        "Ghi chú: gần cổng",
        "* Cổng chính",
        "Không có camera",
        "Lưu ý: cấm",
        "I",
    ],
)
@pytest.mark.parametrize("column", [PLACE, NAME])
def test_a_row_with_the_address_of_a_device_is_a_camera_whatever_it_is_called(name: str, column: int) -> None:
    assert lines(CAMERA, {column: name, HOST: "10.0.0.9"})[-1].kind == RowKind.CAMERA


@pytest.mark.parametrize(
    ("rows", "kind", "why"),
    [
        ([{BRAND: "Dahua"}] * 9, RowKind.REMNANT, Why.DRAGGED),
        ([{PLACE: "Chùa"}] * 9, RowKind.REMNANT, Why.DRAGGED),
        ([{PLACE: f"Chùa {n}"} for n in range(9)], RowKind.REMNANT, Why.DRAGGED),
        ([{NAME: f"Camera {n}"} for n in range(9)], RowKind.REMNANT, Why.TOO_LITTLE),  # names may be meant
        ([{NAME: f"Camera {n}"} for n in range(4)], RowKind.CAMERA, Why.FILLED),
        ([CAMERA | {NAME: f"Cổng {n}"} for n in range(9)], RowKind.CAMERA, Why.FILLED),
    ],
)
def test_a_run_of_rows_is_one_thing(rows: list[Row], kind: RowKind, why: Why) -> None:
    found = lines(*rows)
    assert {(line.kind, line.why) for line in found} == {(kind, why)}
    assert len(list(alike(found))) == 1


def test_of_a_row_dragged_down_the_first_is_meant() -> None:
    assert [line.kind for line in lines(*[CAMERA] * 9)] == [RowKind.CAMERA, *[RowKind.REMNANT] * 8]


def test_a_place_that_says_that_it_has_no_camera_is_a_row() -> None:
    row = {PLACE: "Bãi biển", NAME: "chưa lắp camera", BRAND: "Không"}
    assert lines(row)[0].kind == RowKind.NIL
    assert lines(row, deciding=frozenset((BRAND,)))[0].kind == RowKind.CAMERA


def test_a_heading_over_merged_cells_is_a_group() -> None:
    assert lines(CAMERA, {PLACE: "Khu núi"}, merges=((3, PLACE, 3, BRAND),))[-1].why == Why.MERGED


@pytest.mark.parametrize(
    "text", ["Đơn vị không có camera", "Không có camera nào", "chưa lắp đặt camera", "KHÔNG PHÁT SINH", "camera: không"]
)
def test_words_that_there_is_no_camera_are_understood(text: str) -> None:
    assert says_nil(text)


@pytest.mark.parametrize("text", ["Không", "camera không có tiếng", "Cổng không tên", "Không gian camera", "có camera"])
def test_other_words_are_none(text: str) -> None:
    assert not says_nil(text)
