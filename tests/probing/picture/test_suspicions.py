"""A suspicion says what it may be, what to look into, and whom to call."""

import pytest

from dondoc.probing.picture import judge
from dondoc.probing.picture.suspicions import Suspicion
from dondoc.probing.verdicts import Verdict

CALLED = ("đơn vị lắp đặt, bảo trì", "nhà mạng")


@pytest.mark.parametrize("one", Suspicion)
def test_each_says_what_may_be_done_and_who_is_to_be_called(one: Suspicion) -> None:
    assert one.short
    assert any(who in one.advice for who in CALLED)
    assert not {one.label[-1], one.advice[-1], one.short[-1]} & {".", ";"}, "it stands within a sentence"
    assert {one.label[0], one.advice[0]} == {one.label[0].lower(), one.advice[0].lower()}


def test_each_is_judged_by_a_rule_of_its_own_and_none_is_called_as_a_verdict() -> None:
    assert set(judge.DOUBTS) == set(Suspicion)
    assert not {*map(str, Suspicion)} & {*map(str, Verdict)}
