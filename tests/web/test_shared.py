"""Many who ask at once share one computation, and none gets one that began before they asked."""

import asyncio
import time

import pytest

from dondoc.web.shared import Shared


def test_a_crowd_shares_and_nobody_gets_what_is_older_than_the_question() -> None:
    began: list[float] = []

    def make() -> float:
        began.append(time.monotonic())
        time.sleep(0.02)
        return began[-1]

    async def ask(shared: Shared[float], number: int) -> bool:
        await asyncio.sleep(number % 17 / 200)
        asked = time.monotonic()
        return await shared.get(make) >= asked

    async def crowd() -> list[bool]:
        shared: Shared[float] = Shared()
        return await asyncio.gather(*(ask(shared, number) for number in range(400)))

    assert all(asyncio.run(crowd()))
    assert len(began) <= 20


def test_what_goes_wrong_is_told_to_all_who_asked_for_it_and_to_nobody_later() -> None:
    def fail() -> str:
        raise ValueError("x")

    async def crowd() -> tuple[list[object], str]:
        shared: Shared[str] = Shared()
        told = await asyncio.gather(*(shared.get(fail) for _ in range(5)), return_exceptions=True)
        return list(told), await shared.get(lambda: "well")

    told, later = asyncio.run(crowd())
    assert [str(error) for error in told] == ["x"] * 5
    assert later == "well"


def test_one_who_leaves_takes_nothing_from_the_others() -> None:
    def make() -> str:
        time.sleep(0.1)
        return "well"

    async def crowd() -> str:
        shared: Shared[str] = Shared()
        first, second = (asyncio.ensure_future(shared.get(make)) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await second

    assert asyncio.run(crowd()) == "well"
