"""Packets in the order of their numbers, each once; what cannot be put in order is given on as it comes."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.probing.rtsp.reorder import HELD, SENDERS, WINDOW, Duplicates, ReorderQueue


def packet(number: int, source: int = 1, content: bytes = b"content", kind: int = 96) -> bytes:
    return bytes((0x80, kind)) + (number & 0xFFFF).to_bytes(2) + bytes(4) + source.to_bytes(4) + content


def ordered(packets: Iterable[bytes]) -> list[bytes]:
    order = ReorderQueue()
    due = [one for sent in packets for one in order.feed(sent)]
    return due + order.rest()


def numbers(packets: Iterable[bytes]) -> list[int]:
    return [int.from_bytes(one[2:4]) for one in packets]


@pytest.mark.parametrize("first", [0, 7, 0xFFF0])
def test_packets_that_overtook_each_other_are_put_in_order(first: int) -> None:
    sent = [first + n & 0xFFFF for n in range(60)]
    for at in (0, 5, 20, 41):
        swapped = [*sent]
        swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
        swapped.insert(min(at + WINDOW, 55), swapped.pop(at + 3))
        assert numbers(ordered(map(packet, swapped))) == sent


def test_one_that_is_lost_is_waited_for_no_longer_than_the_window() -> None:
    order = ReorderQueue()
    due = [n for number in range(100) if number != 50 for n in numbers(order.feed(packet(number)))]
    assert due == [number for number in range(100) if number != 50]
    assert not order.waits


def test_what_is_held_back_can_be_had_when_nothing_more_comes() -> None:
    order = ReorderQueue()
    assert order.feed(packet(9)) == []
    assert order.waits
    assert numbers(order.rest()) == [9]
    assert numbers(order.feed(packet(10))) == [10]


@given(st.permutations(range(8)).map(lambda places: [8 * (n // 8) + places[n % 8] for n in range(64)]))
def test_any_disorder_within_the_window_is_undone(sent: list[int]) -> None:
    before = range(-40, 0)
    assert numbers(ordered(packet(n & 0xFFFF) for n in (*before, *sent))) == [n & 0xFFFF for n in range(-40, 64)]


def test_numbers_that_stand_or_begin_anew_change_nothing_of_the_order() -> None:
    standing = [packet(7, content=bytes((n,))) for n in range(40)]
    assert ordered(standing) == standing
    anew = [packet(n) for n in (*range(100, 140), *range(9000, 9040), *range(30))]
    assert ordered(anew) == anew


def test_two_sources_in_turns_stay_in_turns_and_reports_are_not_held_back() -> None:
    turns = [packet(n, source=n % 2) for n in range(80)]
    assert numbers(ordered(turns))[:60] == [*range(60)]
    report = packet(3, kind=200)
    assert ReorderQueue().feed(report) == [report]


@given(st.lists(st.binary(max_size=30) | st.builds(packet, st.integers(0, 40), st.integers(0, 9)), max_size=200))
def test_nothing_is_lost_and_nothing_made_up(sent: list[bytes]) -> None:
    assert sorted(ordered(sent)) == sorted(sent)


def test_what_is_held_back_is_little() -> None:
    order, held = ReorderQueue(), 0
    for number in range(2000):
        sent = packet(number * 2, source=number % 9, content=bytes(60_000))
        held += len(sent) - sum(map(len, order.feed(sent)))
        assert held <= SENDERS * (HELD + len(sent))


def test_a_packet_that_comes_again_is_known_also_after_others() -> None:
    duplicates = Duplicates()
    sent = [packet(n) for n in range(10)]
    assert [duplicates.has(one) for one in (*sent, *sent)] == [False] * 10 + [True] * 10
    assert not duplicates.has(packet(3, content=b"else"))


def is_lossy(sent: Iterable[bytes]) -> bool:
    order = ReorderQueue()
    for one in sent:
        order.feed(one)
    return order.lossy


@pytest.mark.parametrize("every", [3, 10, 30])
def test_many_lost_packets_are_told(every: int) -> None:
    assert is_lossy(packet(n) for n in range(0xFF00, 0x10100) if n % every)


def test_few_lost_ones_others_that_overtake_and_numbers_that_stand_or_begin_anew_are_no_loss() -> None:
    assert not is_lossy(packet(n) for n in range(400) if n not in (50, 300))
    assert not is_lossy(packet(n ^ 1) for n in range(0xFF00, 0x10100))
    assert not is_lossy(packet(7, content=bytes((n,))) for n in range(40))
    assert not is_lossy(packet(n) for n in (*range(100, 140), *range(9000, 9040), *range(30)))
    assert not is_lossy(packet(n, source) for source in range(3 * SENDERS) for n in range(20))
