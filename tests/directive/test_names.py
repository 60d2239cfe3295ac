"""Which agency a written name means, however it is spelled."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.configuration.settings import DATA
from dondoc.directive.load import load
from dondoc.directive.model import Directive
from dondoc.directive.names import fold, match

LETTER = load(DATA / "directives" / "stttt-cntt-2021-11.yaml")
DAY = date(2021, 11, 20)
DISTRICTS = [a for a in LETTER.registry.agencies if a.kind == "district"]


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("UBND huyện Kỳ Anh", "ubnd-huyen-ky-anh"),
        ("H. Kỳ Anh", "ubnd-huyen-ky-anh"),
        ("UBND H.Kỳ Anh", "ubnd-huyen-ky-anh"),
        ("huyện Kì Anh", "ubnd-huyen-ky-anh"),
        ("Thị xã Kỳ Anh", "ubnd-thi-xa-ky-anh"),
        ("TX. Kỳ Anh", "ubnd-thi-xa-ky-anh"),
        ("UBND TX Kì Anh", "ubnd-thi-xa-ky-anh"),
        ("T.X Kỳ Anh", "ubnd-thi-xa-ky-anh"),
        ("TP. Hà Tĩnh", "ubnd-thanh-pho-ha-tinh"),
        ("T.P Hà Tĩnh", "ubnd-thanh-pho-ha-tinh"),
        ("Uỷ ban nhân dân thành phố Hà Tĩnh", "ubnd-thanh-pho-ha-tinh"),
        ("Ủy ban nhân dân huyện Đức Thọ", "ubnd-huyen-duc-tho"),
        ("duc tho", "ubnd-huyen-duc-tho"),
        ("ÐỨC THỌ", "ubnd-huyen-duc-tho"),  # U+00D0, from old conversions
        ("UBND huyện Hương Khê, tỉnh Hà Tĩnh", "ubnd-huyen-huong-khe"),
        ("UBND tỉnh", "ubnd-tinh"),
        ("VNPT Hà Tĩnh", "vien-thong-ha-tinh"),
        ("Công an tỉnh Hà Tĩnh", "cong-an-tinh"),
        ("Sở NN&PTNT", "so-nnptnt"),
        ("Cảng vụ Hàng hải", "cang-vu-hang-hai"),
    ],
)
def test_the_usual_spellings_are_understood(text: str, agency: str) -> None:
    assert match(LETTER.registry, text, DAY).agency == agency


@pytest.mark.parametrize("text", ["Kỳ Anh", "UBND Kỳ Anh", "ky anh", "KỲ ANH, Hà Tĩnh", "Kì Anh"])
def test_ky_anh_alone_is_two_agencies(text: str) -> None:
    found = match(LETTER.registry, text, DAY)
    assert found.agency is None
    assert set(found.candidates) == {"ubnd-huyen-ky-anh", "ubnd-thi-xa-ky-anh"}


def test_ha_tinh_alone_is_the_province_or_the_city() -> None:
    assert set(match(LETTER.registry, "Hà Tĩnh", DAY).candidates) == {"ubnd-tinh", "ubnd-thanh-pho-ha-tinh"}


@pytest.mark.parametrize(
    "text", ["Thạch Hạ", "UBND xã Thạch Hạ", "Dục Thọ", "Hương Khế", "Nghệ An", "", "   ", "UBND", "huyện", "\u200b"]
)
def test_a_name_that_is_not_ours_is_nobodys(text: str) -> None:
    assert match(LETTER.registry, text, DAY).agency is None


@pytest.mark.parametrize(
    ("text", "day", "agency"),
    [
        ("Lộc Hà", date(2024, 12, 31), "ubnd-huyen-loc-ha"),
        ("Lộc Hà", date(2025, 1, 1), None),
        ("Sở Khoa học và Công nghệ", DAY, None),
        ("Sở Khoa học và Công nghệ", date(2025, 3, 1), "so-khcn"),
        ("Sở Thông tin và Truyền thông", date(2025, 3, 1), None),
        ("UBND huyện Kỳ Anh", date(2025, 7, 1), None),  # from then on Kỳ Anh is also a commune that we do not know
    ],
)
def test_only_an_agency_alive_on_the_day_is_meant(text: str, day: date, agency: str | None) -> None:
    assert match(LETTER.registry, text, day).agency == agency


@pytest.mark.parametrize("agency", LETTER.registry.agencies, ids=lambda a: a.id)
def test_every_agency_is_known_by_its_full_and_its_short_name(agency) -> None:  # type: ignore[no-untyped-def]
    day = agency.valid_from or DAY
    assert match(LETTER.registry, agency.name, day).agency == agency.id
    assert match(LETTER.registry, agency.short, day).agency == agency.id


RANKS = {
    "huyện": ("huyện ", "Huyện ", "H.", "H. ", "h "),
    "thị xã": ("thị xã ", "TX ", "TX.", "Tx. ", "T.X. "),
    "thành phố": ("thành phố ", "TP ", "TP.", "Tp. ", "T.P "),
}


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """A district as somebody may write it, and its id."""
    agency = draw(st.sampled_from(DISTRICTS))
    rank = next(r for r in RANKS if agency.name.startswith(f"UBND {r} "))
    name = agency.name.removeprefix(f"UBND {rank} ")
    text = draw(st.sampled_from(("UBND ", "Ủy ban nhân dân ", "Uỷ ban nhân dân ", "U.B.N.D ", "", "ubnd  ")))
    text += draw(st.sampled_from(RANKS[rank])) + name + draw(st.sampled_from(("", ", tỉnh Hà Tĩnh", " - Hà Tĩnh", ".")))
    text = draw(st.sampled_from((str, str.upper, str.lower, fold, lambda t: t.replace(" ", "\u00a0 "))))(text)
    return unicodedata.normalize(draw(st.sampled_from(("NFC", "NFD"))), text), agency.id


@given(spellings())
def test_no_spelling_of_a_district_leads_anywhere_else(spelled: tuple[str, str]) -> None:
    text, agency = spelled
    assert match(LETTER.registry, text, DAY).agency == agency


@given(st.text(max_size=40))
def test_any_text_is_answered_with_candidates_that_exist(text: str) -> None:
    found = match(LETTER.registry, text, DAY)
    assert found.agency is None or found.candidates == (found.agency,)
    assert all(LETTER.registry.agency(a).alive(DAY) for a in found.candidates)


def test_tone_marks_may_stand_on_either_vowel(other_directive: Directive) -> None:
    assert fold("Khánh Hoà") == fold("Khánh Hòa") == "khanh hoa"
    hoa = other_directive.registry.agencies[2].model_copy(
        update={"name": "UBND huyện Tân Hòa", "short": "Tân Hòa", "aliases": ()}
    )
    renamed = other_directive.registry.model_copy(update={"agencies": (hoa,)})
    assert match(renamed, "UBND huyện Tân Hoà", date(2023, 4, 10)).agency == hoa.id
    assert match(renamed, "UBND huyện Tân Hóa", date(2023, 4, 10)).agency is None


def test_names_of_another_province_need_nothing_of_ours(other_directive: Directive) -> None:
    day = date(2023, 4, 10)
    assert match(other_directive.registry, "H. Sông Cả, tỉnh Bình Minh", day).agency == "ubnd-huyen-song-ca"
    assert match(other_directive.registry, "nui do", day).agency == "ubnd-huyen-nui-do"
    assert match(other_directive.registry, "nui do", date(2023, 5, 1)).agency is None
    assert match(other_directive.registry, "Sông Cả, Hà Tĩnh", day).agency is None
