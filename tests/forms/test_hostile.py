"""Whatever arrives ends in a verdict: broken, locked, forged and poisoned files."""

import re
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from dondoc.forms import reader, reading
from dondoc.forms.verdict import FormVerdict
from tests.forms.conftest import cell, codes, edited, form, head, judged, row, table

pytestmark = pytest.mark.slow

TABLE = "xl/worksheets/sheet2.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def repacked(content: bytes, change: dict[str, bytes] | None = None, more: dict[str, bytes] | None = None) -> bytes:
    """The same parts, some replaced, some added."""
    stream = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(stream, "w", ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, (change or {}).get(info.filename, old.read(info)))
        for name, part in (more or {}).items():
            new.writestr(name, part)
    return stream.getvalue()


def part(content: bytes, name: str) -> bytes:
    with ZipFile(BytesIO(content)) as archive:
        return archive.read(name)


def merged(ranges: Iterator[str]) -> bytes:
    """A form whose table has these merged ranges, which no program would write."""
    content = form()
    cells = "".join(f'<mergeCell ref="{r}"/>' for r in ranges).encode()
    head_, tail = part(content, TABLE).split(b"</sheetData>")
    _, _, tail = tail.partition(b"/>")  # sheetProtection: what comes before merged ranges
    return repacked(content, {TABLE: head_ + b"</sheetData><mergeCells>" + cells + b"</mergeCells>" + tail})


def encrypted() -> bytes:
    return OLE + bytes(2000) + "EncryptedPackage".encode("utf-16-le") + bytes(2000)


def damaged() -> bytes:
    content = form()
    return content[: len(content) // 2]


def with_doctype() -> bytes:
    content = form()
    name = "xl/worksheets/sheet1.xml"
    bomb_ = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    return repacked(content, {name: bomb_ + part(content, name)})


def bomb() -> bytes:
    """More cells than any form has, in a small file."""
    line = "".join(f'<c r="{letter}{{0}}"><v>1</v></c>' for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    lines = "".join(f'<row r="{n}">{line.format(n)}</row>' for n in range(1, 5900))
    content = form()
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{lines}</sheetData></worksheet>'
    return repacked(content, {f"xl/worksheets/sheet{n}.xml": sheet.encode() for n in (1, 2, 3, 4, 5)})


def strict(content: bytes) -> bytes:
    """The "Strict Open XML" of Excel's Save-as list: the same parts under other namespaces."""
    changes = {}
    with ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            text = archive.read(name)
            text = text.replace(
                b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                b"http://purl.oclc.org/ooxml/spreadsheetml/main",
            )
            changes[name] = text.replace(
                b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                b"http://purl.oclc.org/ooxml/officeDocument/relationships",
            )
    return repacked(content, changes)


def refusal(content: bytes, filename: str = "bm.xlsx") -> FormVerdict:
    verdict = judged(content, filename)
    assert (verdict.outcome, len(verdict.issues), verdict.rows, verdict.head) == ("refused", 1, (), {})
    return verdict


def test_a_password_protected_workbook_is_told_how_to_be_sent_again() -> None:
    message = refusal(encrypted(), "BM03 Đức Thọ.xlsx").issues[0].message
    assert message.startswith("Tệp “BM03 Đức Thọ.xlsx”: tệp đang đặt mật khẩu mở")
    assert "bỏ mật khẩu" in message
    assert "Không gửi mật khẩu" in message


def test_a_zip_whose_members_are_encrypted_is_password_protected() -> None:
    content = bytearray(form())
    for found in list(re.finditer(rb"PK\x03\x04|PK\x01\x02", bytes(content))):
        content[found.start() + (6 if found[0][2] == 3 else 8)] |= 1
    assert refusal(bytes(content)).issues[0].code == "password_protected"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\xff\xd8\xff\xe0 anh chup", "hình ảnh"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"<html><table><tr><td>Camera</td></tr></table></html>", "HTML"),
        (OLE + "WordDocument".encode("utf-16-le"), "Word"),
        (b"\x00\x01\x02 mot tep la", "tệp loại khác"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "hình ảnh"),
    ],
)
def test_what_is_no_workbook_is_called_by_its_name(content: bytes, word: str) -> None:
    verdict = refusal(content)
    assert verdict.issues[0].code == "not_a_workbook"
    assert word in verdict.issues[0].message


def test_a_zip_bomb_is_counted_while_it_inflates_not_trusted_for_what_it_claims() -> None:
    stream = BytesIO(form())
    with ZipFile(stream, "a", ZIP_DEFLATED) as archive, archive.open("xl/media/image1.emf", "w") as media:
        for _ in range(110):
            media.write(bytes(1 << 20))
    assert "nén quá lớn" in refusal(stream.getvalue()).issues[0].message


def test_a_picture_that_packs_well_is_no_bomb() -> None:
    """Ratios would refuse it; only absolute sizes count."""
    content = repacked(form(), more={"xl/media/image1.emf": bytes(20 << 20)})
    assert judged(content).outcome == "accepted"


def test_a_document_type_is_found_in_utf16_too_and_across_chunks() -> None:
    padding = b" " * ((1 << 18) - 5)
    for poison in ("<!DOCTYPE x>".encode("utf-16"), padding + b"<!ENTITY % a SYSTEM 'file:///etc/passwd'>"):
        content = repacked(form(), more={"customXml/item1.xml": poison})
        assert "DOCTYPE" in refusal(content).issues[0].message


def test_parts_that_differ_only_in_case_or_slash_are_refused() -> None:
    content = repacked(form(), more={"XL\\workbook.xml": b"<x/>"})
    assert refusal(content).issues[0].code == "file_unsafe"


def test_a_sheet_that_claims_a_million_rows_is_read_by_what_it_holds() -> None:
    content = form()
    name = "xl/worksheets/sheet2.xml"
    swollen = re.sub(rb'<dimension ref="[^"]+"', b'<dimension ref="A1:XFD1048576"', part(content, name))
    assert judged(repacked(content, {name: swollen})).outcome == "accepted"


def test_the_strict_variant_is_read_although_openpyxl_sees_no_sheet_in_it() -> None:
    content = strict(form())
    with pytest.warns(UserWarning, match="invalid specification|cannot be located"):
        assert load_workbook(BytesIO(content)).sheetnames == []
    verdict = judged(content)
    assert (verdict.outcome, len(verdict.rows), verdict.agency) == ("accepted", 1, "ubnd-huyen-duc-tho")
    assert verdict.value_hash == judged(form()).value_hash


def test_names_with_backslashes_in_the_zip_do_not_hide_the_form() -> None:
    stream = BytesIO()
    with ZipFile(BytesIO(form())) as old, ZipFile(stream, "w", ZIP_STORED) as new:
        for info in old.infolist():
            new.writestr(info.filename.replace("/", "\\"), old.read(info))
    assert judged(stream.getvalue()).outcome == "accepted"


def test_a_formula_counts_by_its_value_and_a_value_that_looks_like_one_is_text() -> None:
    def change(book: Workbook) -> None:
        table(book).cell(*cell("note"), value="=1+1")
        table(book).cell(*cell("site")).value = "=HYPERLINK(A1)"
        table(book).cell(*cell("site")).data_type = "s"

    content = edited(form(), change)
    name = "xl/worksheets/sheet2.xml"
    sheet = part(content, name)
    assert sheet.count(b"<f>1+1</f>") == 1
    cached = repacked(content, {name: re.sub(rb"<f>1\+1</f><v ?/?>(</v>)?", b"<f>1+1</f><v>2</v>", sheet)})
    verdict = judged(cached)
    assert verdict.rows[0]["note"] == "2"
    assert verdict.rows[0]["site"] == "=HYPERLINK(A1)"


def test_control_and_direction_characters_are_nobodys_answer() -> None:
    verdict = judged(form(rows=[row(name="Cổng\u202e chính\u200b", note=" \u00a0\u200b ")]))
    assert verdict.rows[0]["name"] == "Cổng chính"
    assert "note" not in verdict.rows[0]


def test_a_file_name_with_tricks_in_it_is_shown_clean() -> None:
    message = refusal(b"%PDF", "a\r\nBcc: x\u202exslx.exe").issues[0].message
    assert "\n" not in message
    assert "\u202e" not in message


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_flipped_or_cut_file_never_makes_the_reader_raise_anything_but_a_refusal(data: st.DataObject) -> None:
    content = bytearray(_SAMPLE)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))]) if data.draw(st.booleans()) else bytes(content)
    with suppress(reading.Unreadable):
        assert reader.read(cut).sheets


@given(st.binary(max_size=300) | st.text(alphabet='a;,\t|"\r\n\x00ếsep=', max_size=80).map(str.encode))
def test_bytes_that_are_no_zip_make_the_reader_raise_nothing_but_a_refusal(content: bytes) -> None:
    with suppress(reading.Unreadable):
        assert reader.read(content).sheets


def test_a_long_line_without_end_is_no_table() -> None:
    assert refusal(b"x" * (1 << 20)).issues[0].code == "not_a_workbook"


_SAMPLE = form(head_=head(), rows=[row()])


def test_a_refused_file_is_no_nil_return_and_names_no_agency() -> None:
    verdict = refusal(encrypted())
    assert (verdict.nil, verdict.agency, verdict.form, codes(verdict)) == (False, None, None, ["password_protected"])
