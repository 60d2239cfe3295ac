"""Child processes that are ready to judge pictures: started when needed, told no secrets, ended at once."""

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process

from dondoc.isolation.confine import environment
from dondoc.probing.shortage import Shortage

log = logging.getLogger(__name__)
START = 60.0  # seconds for a child to get ready: OpenCV is large, and many may start at once
PAUSE = 300.0  # seconds after one did not: until then no other is tried, or each camera of a batch would wait for it
# glibc is to keep the memory of one picture for the next: to get it again costs hundreds of page faults a picture. It
# takes it in large steps, so that they fill huge pages, of which the processor has fewer addresses to look up.
KEEP = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 1024**2),
    "MALLOC_TOP_PAD_": str(64 * 1024**2),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


class NotStarted(Shortage):
    """No child gets ready: most often this machine is out of memory."""

    def __init__(self) -> None:
        super().__init__("Không khởi động được tiến trình giải mã hình (thiếu bộ nhớ, hoặc cài đặt hỏng).")


class Children:
    """Up to `size` children that run a module, each lent to one at a time. Belongs to one event loop.

    Where no more can be started, those that were must do until it is tried again.
    """

    def __init__(self, size: int, module: str, *arguments: str) -> None:
        self.idle: list[Process] = []
        self._command, self._size = (module, *arguments), size
        self._places = asyncio.Semaphore(size)
        self._starting: list[asyncio.Task[Process]] = []  # that nobody waits for yet
        self._taken = 0  # places, by those who were lent one and those who get one
        self._lent = 0
        self._not_before = 0.0  # on the clock of the loop

    def prepare(self) -> None:
        """Begin to start one more, where there may be more: it will soon be borrowed."""
        if len(self.idle) + self._taken + len(self._starting) < self._size:
            self._starting.append(asyncio.create_task(self._start()))

    async def borrow(self) -> Process:
        """One that is ready: to be given back, or ended.

        Raises:
            NotStarted: there is none.
        """
        await self._places.acquire()
        self._taken += 1
        try:
            child = await self._waiting() or await self._start()
        except NotStarted:
            if self.idle or self._lent:
                self._give_up_place()
                return await self.borrow()
            self._release()
            raise
        except BaseException:
            self._release()
            raise
        self._lent += 1
        return child

    def give_back(self, child: Process) -> None:
        self.idle.append(child)
        self._lent -= 1
        self._release()

    async def end(self, child: Process) -> None:
        """End one that was borrowed."""
        try:
            await end(child)
        finally:
            self._lent -= 1
            self._release()

    async def end_all(self) -> None:
        """End those that are not lent."""
        for task in self._starting:
            task.cancel()
        started = await asyncio.gather(*self._starting, return_exceptions=True)
        self.idle += (child for child in started if isinstance(child, Process))
        while self.idle:
            await end(self.idle.pop())

    def _release(self) -> None:
        self._taken -= 1
        self._places.release()

    def _give_up_place(self) -> None:
        """Until another child is tried."""
        self._taken -= 1
        asyncio.get_running_loop().call_at(self._not_before, self._places.release)

    async def _waiting(self) -> Process | None:
        """One that was begun before; those that did not get ready, or were killed meanwhile, are given up."""
        while self.idle or self._starting:
            with contextlib.suppress(NotStarted):
                child = self.idle.pop() if self.idle else await self._starting.pop(0)
                if _lives(child):
                    return child
                await end(child)
        return None

    async def _start(self) -> Process:
        now = asyncio.get_running_loop().time
        if now() < self._not_before:
            raise NotStarted
        try:
            return await _ready(*self._command)
        except (OSError, EOFError, MemoryError, asyncio.LimitOverrunError) as error:
            log.error("no child that decodes pictures gets ready: %s", type(error).__name__)
            self._not_before = now() + PAUSE
            raise NotStarted from None


def _lives(child: Process) -> bool:
    return child.returncode is None and child.stdin is not None and not child.stdin.is_closing()


async def _ready(*command: str) -> Process:
    """A child that has said a first line. Raises whatever kept it from that."""
    child = await _started_or_ended(asyncio.create_task(start(*command)))
    assert child.stdout is not None  # a pipe was asked for
    try:
        async with asyncio.timeout(START):
            await child.stdout.readuntil(b"\n")
    except BaseException:
        await end(child)
        raise
    return child


async def _started_or_ended(child: asyncio.Task[Process]) -> Process:
    """A child that is being started; ended where whoever waits is cancelled: uvloop lets a half made one live on."""
    try:
        return await asyncio.shield(child)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError, MemoryError):
            await end(await child)
        raise


async def start(module: str, *arguments: str, **variables: str) -> Process:
    """A child process that runs a module, without our secrets in its environment and without a say on our terminal."""
    command = (sys.executable, "-P", "-m", module, *arguments)
    # One thread for its sums: OpenBLAS waits for others by spinning.
    clean = environment(**{"OPENBLAS_NUM_THREADS": "1", **KEEP, **variables})
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=clean)


async def end(child: Process) -> None:
    """End a child, at once."""
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    if child.stdout:  # one that wrote more than was read is not seen to end before the rest is
        await child.stdout.read()
    await child.wait()
