"""The code on a letter: whose it is, how people garble it, and that nobody makes one of his own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.drafts import codes

OURS, OLD, OTHER = (f"khoa-{name}-dai-va-ngau-nhien-0123456789" for name in ("moi", "cu", "khac"))


def test_a_code_is_of_one_submission_and_of_our_key() -> None:
    code = codes.make([OURS], 42)
    assert code.startswith("BN-0042-")
    assert codes.verify([OURS], code) == 42
    assert codes.verify([OURS, OLD], codes.make([OLD], 42)) == 42
    assert codes.verify([OURS], codes.make([OTHER], 42)) is None
    assert codes.verify([OURS], code.replace("0042", "0043")) is None
    assert codes.verify([OURS], "") is None
    assert codes.verify([], code) is None


def test_codes_of_neighbours_have_nothing_in_common() -> None:
    ends = {codes.make([OURS], number)[-codes.LENGTH :] for number in range(1, 200)}
    assert len(ends) > 190
    assert {*"".join(ends)} <= {*codes.ALPHABET}


@pytest.mark.parametrize(
    "text",
    ["Mã đối chiếu: {}.", "{}", "mã {} (giữ nguyên)", "a\n{}\nb"],
)
@pytest.mark.parametrize(
    "garble",
    [str, str.lower, lambda c: c.replace("-", " – "), lambda c: c.replace("-", "- "), lambda c: c.replace("-", "‐")],
)
def test_a_code_is_found_as_programs_and_people_write_it(text: str, garble: object) -> None:
    code = codes.make([OURS], 1234567)
    assert callable(garble)
    assert codes.find_codes(text.format(garble(code))) == (code,)


def test_what_is_read_for_a_letter_of_the_alphabet_counts_as_it() -> None:
    assert codes.find_codes("BN-0042-OIL7") == ("BN-0042-0117",)


def test_a_document_cannot_try_all_codes() -> None:
    text = " ".join(f"BN-0042-{a}{b}00" for a in codes.ALPHABET for b in codes.ALPHABET)
    assert len(codes.find_codes(text)) == codes.MOST


@pytest.mark.parametrize("text", ["BN-42-7K3Q", "BN-0042-7K3", "BN-0042-7K3QA", "CABN-0042-7K3Q", "BN0042", "BN-0042"])
def test_what_only_looks_alike_is_none(text: str) -> None:
    assert codes.find_codes(text) == ()


@given(st.text(), st.integers(1, 10**9 - 1), st.text())
def test_a_code_is_found_in_any_text(before: str, number: int, after: str) -> None:
    assert f"BN-{number:04}-7K3Q" in codes.find_codes(f"{before[:50]} BN-{number:04}-7K3Q {after}")


@given(st.text(alphabet="BN-0123456789 \nKQ", max_size=400))
def test_no_text_is_more_than_searched(text: str) -> None:
    assert all(codes.find_codes(code) == (code,) for code in codes.find_codes(text))
