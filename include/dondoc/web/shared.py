"""One computation for everybody who asks for the same at the same time."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from fastapi.concurrency import run_in_threadpool

T = TypeVar("T")


class Shared(Generic[T]):
    """What many visitors ask for at once is made once for all of them, and is never older than their question.

    Who comes while it is being made waits for the next one, which begins when this one is done: with any number of
    visitors there is one computation at a time, in one thread, and nobody waits longer than for two. Nothing is kept.
    """

    def __init__(self) -> None:
        self._running: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def get(self, make: Callable[[], T]) -> T:
        """What `make` returns, called for us or for somebody who asked together with us. Raises what it raises."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._running, self._next = loop, None, None
        if self._next is None:
            self._next = loop.create_task(self._make(make, self._running))
        return await asyncio.shield(self._next)  # one who leaves takes nothing from the others

    async def _make(self, make: Callable[[], T], before: "asyncio.Task[T] | None") -> T:
        if before:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        return await run_in_threadpool(make)
