"""What an agency reads of each verdict: what it is, what to do, and whom to call."""

import re

import pytest

from dondoc.probing.verdicts import NOT_CHECKED, Verdict

WHOM = ("đơn vị lắp đặt, bảo trì", "nhà mạng", "điện lực", "bộ phận công nghệ thông tin", "Sở")
KNOWN = re.compile(r"RTSP|IP|H\.26[45]")  # what the form and the devices call so
OURS = re.compile(r"timeout|codec|frame|decode|stream|card|[a-z]_[a-z]|\d{3,}")


@pytest.mark.parametrize("verdict", [one for one in Verdict if one != Verdict.OK])
def test_each_verdict_has_words_and_advice_that_names_who_is_to_be_called(verdict: Verdict) -> None:
    assert verdict.label
    assert verdict.advice
    assert any(whom in verdict.advice for whom in WHOM), verdict.advice


@pytest.mark.parametrize("verdict", Verdict)
def test_the_words_are_short_part_of_a_sentence_and_without_words_of_ours(verdict: Verdict) -> None:
    for words, most in ((verdict.label, 110), (verdict.advice or "", 240)):
        assert len(words) <= most
        assert not words.endswith((".", ";", " ")), "the letter ends the sentence"
        assert words[:1].islower() or words.startswith("Sở") or not words
        assert not OURS.search(KNOWN.sub("", words)), words


def test_our_own_people_are_told_what_to_do_about_each_that_says_nothing_of_a_camera() -> None:
    assert {one for one in Verdict if one.staff_advice} == NOT_CHECKED


def test_what_is_good_needs_nothing() -> None:
    assert Verdict.OK.advice is None
