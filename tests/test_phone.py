"""Numbers to call, as letters and pages show them."""

import pytest

from dondoc.documents.words import phone


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("+84912345678", "0912 345 678"),
        ("02393855555", "0239 3855 555"),
        ("0239385555", "0239385555"),  # a digit is missing: whoever calls must see what was written, with its zero
        ("máy lẻ 12", "máy lẻ 12"),
    ],
)
def test_a_number_keeps_its_zero(stored: str, shown: str) -> None:
    assert phone(stored) == shown
