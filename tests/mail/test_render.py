"""The words of letters."""

from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from dondoc.clock import HERE
from dondoc.configuration.check.samples import FOLDERS
from dondoc.configuration.settings import DATA
from dondoc.directive.load import load_registry
from dondoc.errors import Problem
from dondoc.mail.render import one_line, render, two, vn_date, vn_moment

SHIPPED = load_registry(DATA)
AT = datetime.fromisoformat("2021-11-18T07:05+00:00")
DAY = AT.date()


def test_dates_and_numbers_are_written_as_official_letters_do() -> None:
    assert vn_date(date(2021, 11, 8)) == "08/11/2021"
    assert vn_date(datetime(2021, 11, 17, 23, 30, tzinfo=HERE)) == "17/11/2021"
    assert vn_moment(AT) == "14 giờ 05 phút ngày 18/11/2021"
    assert (two(3), two(12)) == ("03", "12")


def test_a_letter_to_ourselves_has_words_for_every_reader() -> None:
    letter = render(DATA, SHIPPED, "internal", {"title": "Không đọc được hộp thư", "lines": ["a < b", "hai"]}, DAY)
    assert letter.subject == "[Nội bộ] Không đọc được hộp thư [IOC Hà Tĩnh]"
    assert "- a < b\n- hai\n" in letter.text
    assert "a &lt; b" in letter.html
    assert "SỞ THÔNG TIN VÀ TRUYỀN THÔNG" in letter.text
    assert "SỞ THÔNG TIN VÀ TRUYỀN THÔNG" in letter.html


def test_a_receipt_is_filled_in() -> None:
    letter = render(DATA, SHIPPED, "neutral", {"received_at": AT, "number": "BN-0001"}, DAY)
    assert "14 giờ 05 phút ngày 18/11/2021 (mã bản nộp BN-0001" in letter.text
    assert "\n\nTrân trọng cảm ơn" in letter.text
    assert "\n\n\n" not in letter.text


def test_another_office_signs_with_its_own_names() -> None:
    plain = SHIPPED.model_copy(update={"letterhead": None, "office": "so-nnptnt"})
    letter = render(DATA, plain, "internal", {"title": "Thử", "lines": []}, DAY)
    assert letter.subject == "[Nội bộ] Thử [Sở NN&PTNT]"
    assert "SỞ NÔNG NGHIỆP VÀ PHÁT TRIỂN NÔNG THÔN" in letter.text
    assert "IOC" not in letter.text + letter.html


def test_a_letter_is_signed_by_the_office_that_there_is_on_its_day() -> None:
    def signed(day: date) -> str:
        return render(DATA, SHIPPED, "neutral", {"received_at": AT, "number": "BN-0001"}, day).text

    assert "SỞ THÔNG TIN VÀ TRUYỀN THÔNG TỈNH HÀ TĨNH" in signed(date(2025, 2, 28))
    after = signed(date(2025, 3, 1))
    assert "SỞ KHOA HỌC VÀ CÔNG NGHỆ TỈNH HÀ TĨNH" in after
    assert after.startswith("Kính gửi: Quý cơ quan\n\nSở Khoa học và Công nghệ đã nhận")
    assert "Thông tin và Truyền thông" not in after


@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_whatever_the_letter_the_heir_signs_it_with_its_own_name(folder: str) -> None:
    day = date(2025, 3, 3)  # the two Departments were merged on 1/3/2025
    for sample in FOLDERS[folder].samples:
        letter = render(DATA, SHIPPED, folder, {**sample, "day": day}, day)
        for text in (letter.text, letter.html):
            assert "SỞ KHOA HỌC VÀ CÔNG NGHỆ TỈNH HÀ TĨNH" in text
            assert "SỞ THÔNG TIN VÀ TRUYỀN THÔNG" not in text


def test_a_missing_word_is_an_error_not_a_blank() -> None:
    with pytest.raises(UndefinedError, match="lines"):
        render(DATA, SHIPPED, "internal", {"title": "x"}, DAY)


def test_a_missing_template_is_told_to_a_person(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="subject"):
        render(tmp_path, SHIPPED, "internal", {}, DAY)


@given(st.text())
def test_a_header_is_one_line_of_visible_text(text: str) -> None:
    line = one_line(text)
    assert line == one_line(line) == line.strip()
    assert not set(line) & set("\r\n\t\v\f\x00\x85\u2028\u2029\u202e\u2066")
