"""Whose mail a run takes in first. Pure."""

from hypothesis import given
from hypothesis import strategies as st

from dondoc.intake.sources.turns import turns

UIDS = st.lists(st.integers(1, 300), unique=True, max_size=60).map(sorted)
NAMES = ("dau-moi@ductho.test", "cntt@vuquang.test", "rac@xa.test", "")
KNOWN = set(NAMES[:2])


def test_an_honest_mail_does_not_wait_for_10000_of_strangers() -> None:
    uids = range(1, 10_003)
    senders = {uid: f"rac-{uid % 50}@xa.test" for uid in uids} | {10_001: NAMES[0]}
    due = turns(uids, senders, KNOWN, (), 200)
    assert due.take[0] == 10_001
    assert (len(due.take), due.known_left, due.others_left) == (200, 0, 9_802)


def test_nor_for_10000_that_use_a_registered_name() -> None:
    uids = range(1, 10_003)
    senders = dict.fromkeys(uids, NAMES[0]) | {10_002: NAMES[1]}
    due = turns(uids, senders, KNOWN, (), 200)
    assert due.take[:3] == [1, 10_002, 2]
    assert due.known_left == 9_802


def test_what_failed_before_comes_after_what_was_not_tried() -> None:
    assert turns([1, 2, 3], {1: NAMES[0], 2: NAMES[0], 3: ""}, KNOWN, {1}, 9).take == [2, 1, 3]


@given(uids=UIDS, budget=st.integers(1, 80), data=st.data())
def test_every_mail_has_its_turn_in_the_end(uids: list[int], budget: int, data: st.DataObject) -> None:
    claimed = {uid: data.draw(st.sampled_from((*NAMES, None))) for uid in uids}
    senders = {uid: name for uid, name in claimed.items() if name is not None}
    tried, left, taken = set(data.draw(st.lists(st.sampled_from(uids or [0])))), list(uids), list[int]()
    while left:
        due = turns(left, senders, KNOWN, tried, budget)
        assert 0 < len(due.take) <= budget
        assert len(due.take) + due.known_left + due.others_left == len(left)
        known = [uid not in senders or senders[uid] in KNOWN for uid in due.take]
        assert known == sorted(known, reverse=True), "registered senders first, and who may be one"
        assert due.known == sum(known)
        assert not (due.known_left and not all(known))
        taken += due.take
        left = [uid for uid in left if uid not in due.take]
    assert sorted(taken) == uids
