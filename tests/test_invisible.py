"""What nobody sees is refused at every door at which people write, with the field's name."""

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.audit import person
from dondoc.errors import Problem
from dondoc.invisible import invisible
from dondoc.probing.table import read
from dondoc.vocabulary.fields import Field, may, must

HIDDEN = ("\u202e", "\u2066", "\u200b", "\ufeff", "\u00ad", "\x00", "\x1b", "\u3164", "\ufe0f", "\U000e0041")


@given(st.text(st.characters(categories=("L", "N", "P", "Zs"), codec="latin-1")))
def test_what_people_write_passes(text: str) -> None:
    assert invisible(unicodedata.normalize("NFC", f"Đường số 5 – “Hồ Kẻ Gỗ”\n{text}".replace("\u00ad", ""))) is None


@given(st.text(), st.sampled_from(HIDDEN), st.text())
def test_what_nobody_sees_is_named(before: str, hidden: str, after: str) -> None:
    assert invisible(before + hidden + after) is not None
    assert invisible(f"a{hidden}b") == f"U+{ord(hidden):04X}"


DOORS: dict[str, tuple[Callable[[str], Any], str]] = {
    "a reason": (lambda text: must(Field.REASON, text), "“Lý do” có ký tự không nhìn thấy"),
    "a document that may be left out": (lambda text: may(Field.DOCUMENT, text), "“Văn bản” có ký tự không nhìn thấy"),
    "a name": (person, "không ký tự ẩn"),
    "a cell": (lambda text: read(f"name\n{text}\n", "a.csv", ("name",)), "a.csv:2: cột name có ký tự"),
}


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("door", DOORS)
def test_each_door_refuses_it(door: str, hidden: str) -> None:
    write, words = DOORS[door]
    with pytest.raises(Problem, match=words):
        write(f"Lê{hidden}An")
