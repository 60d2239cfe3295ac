"""Child processes that judge pictures: started when needed, killed when they take too long, told no secrets."""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dondoc.configuration import settings
from dondoc.errors import Problem
from dondoc.isolation.confine import environment
from dondoc.probing.picture.input_kind import InputKind
from dondoc.probing.picture.judge import thresholds
from dondoc.probing.picture.memory import PictureMemory
from dondoc.probing.verdicts import PHASE

PATIENCE = 15.0  # seconds for one picture
START = 60.0  # seconds for a child to get ready: OpenCV is large, and many may start at once
# glibc is to keep the memory of one picture for the next: to get it again costs hundreds of page faults a picture.
KEEP = {"MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2), "MALLOC_TRIM_THRESHOLD_": str(128 * 1024**2)}
_STOPPED = "bộ giải mã hình dừng giữa chừng"


@dataclass(frozen=True)
class Seen:
    """What was seen on a picture: `ok`, `decode_failed`, `not_decodable` or a verdict of phase picture.

    `detail` is for a person; `features` are JSON-safe and to be stored with the check: `history` makes the `past` of
    later checks out of them. They hold `suspicion` (a `Suspicion` or None). Empty without a picture.
    `thumbnail`: the picture as a small JPEG, only when it was asked for.
    """

    verdict: str
    detail: str
    features: dict[str, Any] = field(default_factory=dict)
    thumbnail: bytes | None = field(default=None, repr=False)


class Decoder:
    """Judges pictures in up to `size` children at a time. Belongs to one event loop.

    `memory`: for what waits to be judged, or is on its way to that.

    Raises:
        Problem: the thresholds cannot be read.
    """

    def __init__(self, size: int | None = None, patience: float = PATIENCE, limits: Path | None = None) -> None:
        self.limits = json.dumps(thresholds(limits or settings.load().data / "cameras" / "pictures.yaml"))
        self.memory = PictureMemory()
        self._places = asyncio.Semaphore(size or min(4, os.cpu_count() or 1))
        self._idle: list[Process] = []
        self._patience = patience

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        while self._idle:
            await end(self._idle.pop())

    async def judge(
        self,
        codec: str,
        stream: bytes,
        past: Mapping[str, Any] | None = None,
        *,
        thumbnail: bool = False,
        input_kind: InputKind = InputKind.PICTURE,
    ) -> Seen:
        """Decode and judge one picture.

        Args:
            codec: a key of `decode.CODECS`.
            stream: the picture as `key_picture` gives it; in another `input_kind`, as `readers.BothWays` does.
            past: what `history` made of the same camera's former checks.
            thumbnail: the picture itself is wanted, too, small.

        Raises:
            Problem: no child can be started: our own fault, not the camera's.
        """
        request = json.dumps({"codec": codec, "input_kind": input_kind, "past": past, "thumbnail": thumbnail}).encode()
        async with self._places:
            child = self._idle.pop() if self._idle else await self._start()
            try:
                async with asyncio.timeout(self._patience):
                    seen = await _ask(child, request, stream)
            except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await end(child)
                return Seen("not_decodable", _STOPPED)
            except BaseException:
                await end(child)
                raise
            self._idle.append(child)
        return seen

    async def _start(self) -> Process:
        child = await start("dondoc.probing.picture.decode", self.limits)
        assert child.stdout is not None  # a pipe was asked for
        try:
            async with asyncio.timeout(START):
                await child.stdout.readuntil(b"\n")
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            await end(child)
            raise Problem("Không khởi động được tiến trình giải mã hình (thiếu bộ nhớ, hoặc cài đặt hỏng).") from None
        except BaseException:
            await end(child)
            raise
        return child


async def start(module: str, *arguments: str, **variables: str) -> Process:
    """A child process that runs a module, without our secrets in its environment and without a say on our terminal."""
    command = (sys.executable, "-P", "-m", module, *arguments)
    # One thread for its sums: OpenBLAS waits for others by spinning.
    clean = environment(**{"OPENBLAS_NUM_THREADS": "1", **KEEP, **variables})
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=clean)


async def _ask(child: Process, request: bytes, stream: bytes) -> Seen:
    assert child.stdin is not None  # pipes were asked for
    assert child.stdout is not None
    child.stdin.write(len(request).to_bytes(4) + len(stream).to_bytes(4) + request)
    child.stdin.write(stream)
    await child.stdin.drain()
    return read_answer(await child.stdout.readuntil(b"\n"))


def read_answer(line: bytes) -> Seen:
    """What a child answers. A picture may have taken it over: nothing but an answer is taken for one.

    Raises:
        ValueError: it is no answer.
    """
    try:
        answer = json.loads(line)
        picture = answer.pop("thumbnail", None)
        seen = Seen(**answer, thumbnail=b64decode(picture) if picture else None)
        if PHASE.get(seen.verdict) not in ("frame", "picture", "done") or not isinstance(seen.features, dict):
            raise ValueError("no verdict on a picture")
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError("no answer") from error
    return seen


async def end(child: Process) -> None:
    """End a child, at once."""
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    if child.stdout:  # one that wrote more than was read is not seen to end before the rest is
        await child.stdout.read()
    await child.wait()
