"""What each row below a table's header is. Only a camera becomes a row of the form; all else is named, or plainly none.

Pure: cells in, lines out. Words of people are matched with their accents: folded, "cộng" (total) is "cổng" (gate), the
commonest place of a camera.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, repeat
from typing import NamedTuple

from dondoc.forms.reading import Cell, Sheet
from dondoc.vocabulary.code import Code

FEWEST = 3  # cells that a row of data has, labels that a header has
RUN = 5  # rows in a row with one or two cells, which nobody fills in one by one
NUMBERED = 100  # rows with a running number alone: fewer were numbered beforehand


class RowKind(Code):
    """What a row is."""

    CAMERA = "camera", "camera"
    GROUP = "group", "tiêu đề nhóm"
    TOTAL = "total", "dòng cộng"
    HEADER = "header", "tiêu đề lặp lại"
    NUMBERING = "numbering", "dòng đánh số cột"
    NOTE = "note", "chữ ký hoặc ghi chú"
    NIL = "nil", "câu ghi không có camera"
    REMNANT = "remnant", "phần thừa"


class Why(Code):
    """What shows it."""

    FILLED = "filled", "có số liệu"
    LABELS = "labels", "gồm tên các cột"
    COUNTED = "counted", "gồm số thứ tự của các cột"
    SUMMED = "summed", "bắt đầu bằng chữ Tổng hoặc Cộng"
    MERGED = "merged", "ô được gộp ngang"
    LETTERED = "lettered", "đánh số La Mã hoặc chữ cái"
    UNIT = "unit", "chỉ ghi tên địa bàn"
    SIGNED = "signed", "ở phần ký"
    REMARK = "remark", "là lời ghi chú"
    NIL_WORDS = "nil_words", "ghi không có camera"
    NUMBERS = "numbers", "chỉ có số thứ tự"
    FORMULAS = "formulas", "công thức không hiện kết quả"
    DRAGGED = "dragged", "có vẻ kéo nhầm ô hoặc công thức"
    TOO_LITTLE = "too_little", "có quá ít số liệu"
    ONE_VALUE = "one_value", "mọi ô ghi như nhau"
    EXAMPLE = "example", "ghi là dòng ví dụ"


class Line(NamedTuple):
    """A row that is not blank. `shown`: the columns in which a person sees something of the row's own."""

    row: int
    kind: RowKind
    why: Why
    shown: tuple[int, ...]


@dataclass(frozen=True)
class Frame:
    """A table as far as its rows are judged by it: its sheet, the rows from `first` to `last`, its columns."""

    sheet: Sheet
    first: int
    last: int
    columns: frozenset[int]  # of the form's fields
    telling: frozenset[int]  # columns by which a camera is known: without any of them a row is none
    naming: frozenset[int]  # the column of its name
    deciding: frozenset[int]  # the column that says that a place has no camera
    addressed: frozenset[int]  # the column of its address: whatever a row is called, one with an address is a camera
    headers: frozenset[int]  # rows that repeat the header


# -- words

_TOTALS = re.compile(
    r"(tổng cộng|tổng số|tổng camera|tong cong|tong so|cộng (xã|phường|thị trấn|huyện|nhóm|khu|mục|[ivx]+)\b)\b"
    r"|(tổng|cộng|tong|σ)\s*([:(].*)?$|(cộng )?(mang|chuyển) sang( trang)?\b"
)
_END = re.compile(
    r"(người lập|nguoi lap|thủ trưởng|thu truong|nơi nhận|noi nhan|tm\. |tm\.|kt\. |kt\.|tl\.|xác nhận của|"
    r"lãnh đạo đơn vị|người tổng hợp|cán bộ lập|\(?ký,? (tên|ghi rõ|và ghi)|"
    r".{0,40}\bngày\s*[\d….]{0,4}\s*tháng\s*[\d….]{0,4}\s*năm)"
)
_REMARK = re.compile(r"(\*?\(?\*?\)?\s*)(ghi chú|ghi chu|lưu ý|luu y|chú thích|giải thích)\s*[:.]|\*+\s*\S|\(\*+\)")
_NIL = re.compile(
    r"\b((không|ko|chưa|khong|chua) (có|co|được |duoc )?\s*"
    r"((triển khai|lắp đặt|lắp|lap dat|trang bị|đầu tư|xây dựng|sử dụng|quản lý)\s*){0,3}"
    r"(bất kỳ |các |hệ thống |he thong |thiết bị )*(camera|cam)\b|không phát sinh|không có số liệu|"
    r"(không|chưa) có (nội dung|đối tượng) (kê khai|báo cáo)|camera\s*[:=]\s*(không|0)\s*$)"
)
# The only words of a row: an official's mark of the end, what a list is called; or that there is nothing to list.
_CLOSING = re.compile(
    r"[./]{2,4}$|v\.\s?v\W*$|trang \d+( ?(/|trên) ?\d+)?$|page \d|còn nữa|tiếp theo|(mang|chuyển) sang|"
    r"\W*hết\W*$|\(.*\)$|(phụ lục|kèm theo|danh sách (này|gồm|trên))\b"
)
_NOTHING = re.compile(r"(không|ko|k|chưa|không có|chưa có|khong|khong co|chua co|0|n/a|none)\W*$")
_LETTERED = re.compile(r"([IVX]{1,5}|[A-HĐ])\s*[.)/]?")
_LETTERED_TEXT = re.compile(r"([IVX]{1,5}|[A-HĐ])\s*[.)/-]\s*\S")
_UNIT = re.compile(r"(xã|phường|thị trấn|huyện|thị xã|thành phố|tt\.|p\.|x\.|khối|khu vực|cụm|nhóm) \S")
_MARKS = re.compile(r"[\s./\\_…–—-]+|n/?a|null|none", re.IGNORECASE)
_EXAMPLE = re.compile(r"\(?(ví dụ|vd|mẫu|example|vi du)\W*\d?\W*", re.IGNORECASE)
SAME = 6  # columns that say the same of a row of which nothing is said
# What stands under a heading to cite its column: (1), A, IV, "5=3+4".
_COUNTED = re.compile(r"[(\[]?(\d{1,2}|[A-Za-zĐđ]|[IVX]{1,5})[)\].]?(\s*=[\d\s()+*/x%:-]{1,40})?")
_ALPHABET = "abcdđefghijklmnopqrstuvwxyz"
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")
_ADDRESS = re.compile(r"(?=\D{0,90}\d)[\w.:/@%?&=-]{1,100}\.[\w.:/@%?&=-]{1,100}")  # of a device: no words, no date
_TRAILING_NUMBER = re.compile(r"(.*?)(\d+)\s*$")


def says_nil(text: str) -> bool:
    """Whether words say that there is no camera: "Đơn vị không có camera", "chưa lắp đặt camera nào"."""
    return len(text) < 200 and bool(_NIL.search(text.casefold()))


def classify(frame: Frame) -> list[Line]:
    """What each row of a table is, from the row below its header; blank rows are left out."""
    lines = list(_each(frame))
    return [*_runs(lines, frame)]


def _each(frame: Frame) -> Iterator[Line]:
    """Each row by itself. One of one or two cells is a camera here, until its neighbours are looked at."""
    cells_of, ended = frame.sheet.cells, False
    wide = {top for top, left, _, right in frame.sheet.merges if right - left >= 2}
    for row, cells in frame.sheet.rows.items():
        if not frame.first <= row <= frame.last:
            continue
        own = [cell for cell in cells if (row, cell.column) in cells_of]
        if not own:
            continue  # blank, but for what is merged from above
        ended = ended or _ends(own)
        kind, why = _kind(row, own, cells, ended, row in wide, frame)
        yield Line(row, kind, why, tuple(c.column for c in own if c.kind != "empty"))


def _ends(own: Sequence[Cell]) -> bool:
    return any(isinstance(c.value, str) and _END.match(c.value.casefold()) for c in own[:2]) and len(own) <= FEWEST


def _kind(
    row: int, own: Sequence[Cell], cells: Sequence[Cell], ended: bool, wide: bool, frame: Frame
) -> tuple[RowKind, Why]:
    if row in frame.headers:
        return RowKind.HEADER, Why.LABELS
    filled = [cell for cell in cells if cell.column in frame.columns]
    if is_numbering(cells):
        return RowKind.NUMBERING, Why.COUNTED
    if own[0].column not in frame.columns and _EXAMPLE.fullmatch(str(own[0].value)):
        return RowKind.REMNANT, Why.EXAMPLE
    if any(c.column in frame.addressed and c.kind == "text" and _ADDRESS.fullmatch(str(c.value)) for c in own):
        return RowKind.CAMERA, Why.FILLED
    if _is_total(own, filled):
        return RowKind.TOTAL, Why.SUMMED
    if not any(cell.kind != "empty" for cell in own):
        return RowKind.REMNANT, Why.FORMULAS
    if len(own) > 1 and all(map(_is_mark, own)):
        return RowKind.REMNANT, Why.NUMBERS
    if why := _of_nothing([cell for cell in own if cell.column in frame.columns]):
        return RowKind.REMNANT, why
    if len(filled) > FEWEST:
        return RowKind.CAMERA, Why.FILLED
    texts = [str(cell.value) for cell in own if cell.kind == "text"]
    return _of_few(own, filled, texts, ended, wide, frame)


def _of_few(
    own: Sequence[Cell], filled: Sequence[Cell], texts: Sequence[str], ended: bool, wide: bool, frame: Frame
) -> tuple[RowKind, Why]:
    """Of at most three cells in the form's columns."""
    if any(map(says_nil, texts)) and not any(cell.column in frame.deciding for cell in own):
        return RowKind.NIL, Why.NIL_WORDS
    alone = texts[0].casefold() if len(texts) == 1 and all(map(_is_number_or, own, repeat(texts[0]))) else ""
    if len(filled) == 1 and _NOTHING.match(alone) and filled[0].column not in frame.deciding:
        return RowKind.NIL, Why.NIL_WORDS
    if texts and (_REMARK.match(texts[0].casefold()) or (len(own) == 1 and _CLOSING.match(alone))):
        return RowKind.NOTE, Why.REMARK
    if ended and len(filled) < FEWEST and not _is_number(own[0]):
        return RowKind.NOTE, Why.SIGNED
    if why := _group(own, filled, texts, wide):
        return RowKind.GROUP, why
    inside = [cell for cell in own if cell.column in frame.columns]
    if not inside:
        return _outside(own)
    return (RowKind.CAMERA, Why.FILLED) if any(c.kind != "empty" for c in inside) else (RowKind.REMNANT, Why.FORMULAS)


def _outside(own: Sequence[Cell]) -> tuple[RowKind, Why]:
    """Nothing stands in the form's columns."""
    if all(_is_number(cell) for cell in own):
        return RowKind.REMNANT, Why.NUMBERS
    return (RowKind.NOTE, Why.REMARK) if len(own) < FEWEST else (RowKind.REMNANT, Why.TOO_LITTLE)


def _of_nothing(inside: Sequence[Cell]) -> Why | None:
    """Several cells, and each holds an error of a formula, dots and dashes, or the same short mark: nothing is said of
    any camera."""
    if len(inside) < FEWEST:
        return None
    if len(inside) >= SAME and len({str(cell.value) for cell in inside}) == 1 and len(str(inside[0].value)) <= FEWEST:
        return Why.ONE_VALUE
    if all(cell.kind in ("error", "empty") for cell in inside):
        return Why.FORMULAS
    return Why.NUMBERS if all(map(_is_mark, inside)) else None


def _is_mark(cell: Cell) -> bool:
    return cell.kind == "text" and bool(_MARKS.fullmatch(str(cell.value)))


def _is_number(cell: Cell) -> bool:
    return cell.kind == "number" or cell.kind == "empty" or str(cell.value).strip(".").isdigit()


def _is_number_or(cell: Cell, text: str) -> bool:
    return _is_number(cell) or cell.value == text


def _is_total(own: Sequence[Cell], filled: Sequence[Cell]) -> bool:
    """Begins like one, and holds figures beside."""
    if not any(isinstance(c.value, str) and _TOTALS.match(c.value.casefold()) for c in own[:2]):
        return False
    return len(filled) <= FEWEST or sum(not _is_number(cell) for cell in own) <= 2


def _group(own: Sequence[Cell], filled: Sequence[Cell], texts: Sequence[str], wide: bool) -> Why | None:
    if wide and len(filled) <= 2:
        return Why.MERGED
    if len(own) == 2 and len(texts) == 2 and _LETTERED.fullmatch(texts[0]):
        return Why.LETTERED
    if len(own) == 1 and texts and _LETTERED_TEXT.match(texts[0]):
        return Why.LETTERED
    if len(own) == 1 and texts and _UNIT.match(texts[0].casefold()):
        return Why.UNIT
    return None


def is_numbering(cells: Sequence[Cell]) -> bool:
    """The row (1) (2) (3) …, A B C … or A B 1 2 … under a header: letters stand in their order."""
    texts = (str(int(c.value)) if isinstance(c.value, float) else str(c.value).strip() for c in cells)
    marks = [match[1].lower() if (match := _COUNTED.fullmatch(text)) else "" for text in texts]
    if len(cells) < FEWEST or not all(marks) or len(set(marks)) < len(marks):
        return False
    letters = [mark for mark in marks if not mark.isdigit()]
    return any(_ascends(letters, order) for order in (_ALPHABET, _ROMAN))


def _ascends(marks: Sequence[str], order: Sequence[str]) -> bool:
    places = [order.index(mark) if mark in order else -1 for mark in marks]
    return -1 not in places and places == sorted(places)


# -- rows and their neighbours


def alike(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Runs of lines that are the same for the same reason and show the same columns."""
    for _, run in groupby(lines, key=lambda line: (line.kind, line.why, line.shown)):
        yield list(run)


def _runs(lines: list[Line], frame: Frame) -> Iterator[Line]:
    """Long runs of rows that somebody dragged down are remnants; so is a row that names no camera."""
    for run in _like_runs(lines, frame):
        first = run[0]
        if first.kind != RowKind.CAMERA:
            yield from run
            continue
        inside = {column for column in first.shown if column in frame.columns}
        if len(inside) <= 2 and (len(run) >= RUN or not inside & frame.telling):
            why = Why.DRAGGED if len(run) >= RUN and _is_dragged(run, inside, frame) else Why.TOO_LITTLE
            yield from (line._replace(kind=RowKind.REMNANT, why=why) for line in run)
        elif len(inside) > 2 and len(run) >= RUN:  # the first of them may be meant
            yield first
            yield from (line._replace(kind=RowKind.REMNANT, why=Why.DRAGGED) for line in run[1:])
        else:
            yield from run


def _like_runs(lines: list[Line], frame: Frame) -> Iterator[list[Line]]:
    """Neighbouring lines of one kind that show the same columns; full rows only when they say the same."""
    run: list[Line] = []
    for line in lines:
        if run and not _continues(run[-1], line, frame):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _continues(above: Line, line: Line, frame: Frame) -> bool:
    if (above.kind, above.why, above.shown) != (line.kind, line.why, line.shown):
        return False
    inside = [column for column in line.shown if column in frame.columns]
    if line.kind != RowKind.CAMERA or len(inside) <= 2:
        return True
    cells = frame.sheet.cells
    return all(cells[above.row, column].value == cells[line.row, column].value for column in inside)


def _is_dragged(run: list[Line], columns: Iterable[int], frame: Frame) -> bool:
    """The same value, or a number that counts up, from row to row; names that count up may be meant."""
    cells = frame.sheet.cells
    for column in columns:
        listed = [cells[line.row, column] for line in run]
        if all(cell.formula for cell in listed):
            continue
        same = all(a.value == b.value for a, b in pairwise(listed))
        if not same and (column in frame.naming or not all(_follows(a, b) for a, b in pairwise(listed))):
            return False
    return True


def _follows(above: Cell, cell: Cell) -> bool:
    if isinstance(above.value, float) and isinstance(cell.value, float):
        return cell.value - above.value == 1
    one, two = _TRAILING_NUMBER.fullmatch(str(above.value)), _TRAILING_NUMBER.fullmatch(str(cell.value))
    return one is not None and two is not None and one[1] == two[1] and int(two[2]) - int(one[2]) == 1
