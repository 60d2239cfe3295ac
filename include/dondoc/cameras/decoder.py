"""Child processes that decode pictures: started when needed, killed when they take too long, told no secrets."""

import asyncio
import contextlib
import os
import sys
from types import TracebackType
from typing import Self

PATIENCE = 15.0  # seconds for one picture, the start of a child included
_COMMAND = (sys.executable, "-P", "-m", "dondoc.cameras.picture")


class Decoder:
    """Judges pictures in up to `size` children at a time. Belongs to one event loop."""

    def __init__(self, size: int | None = None, patience: float = PATIENCE) -> None:
        self._places = asyncio.Semaphore(size or min(4, os.cpu_count() or 1))
        self._idle: list[asyncio.subprocess.Process] = []
        self._patience = patience

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        while self._idle:
            await _end(self._idle.pop())

    async def judge(self, codec: str, stream: bytes) -> tuple[str, str]:
        """Verdict (`ok`, `black`, `decode_failed`) and detail."""
        async with self._places:
            child = self._idle.pop() if self._idle else await self._start()
            try:
                verdict = await asyncio.wait_for(_ask(child, codec, stream), self._patience)
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                await _end(child)
                return "decode_failed", "bộ giải mã hình dừng giữa chừng"
            except BaseException:
                await _end(child)
                raise
            self._idle.append(child)
        details = {"decode_failed": "không giải mã được hình", "black": "hình chỉ có màu đen"}
        return verdict, details.get(verdict, "có hình")

    async def _start(self) -> asyncio.subprocess.Process:
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DONDOC_", "AIRFLOW"))}
        return await asyncio.create_subprocess_exec(*_COMMAND, stdin=pipe, stdout=pipe, stderr=nothing, env=clean)


async def _ask(child: asyncio.subprocess.Process, codec: str, stream: bytes) -> str:
    assert child.stdin is not None  # pipes were asked for
    assert child.stdout is not None
    child.stdin.write(len(stream).to_bytes(4) + codec[-1:].encode() + stream)
    await child.stdin.drain()
    return (await child.stdout.readuntil(b"\n")).decode().strip()


async def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    await child.wait()
