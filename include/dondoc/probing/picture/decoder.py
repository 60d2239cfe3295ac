"""Judges pictures in child processes, which are killed when they take too long."""

import asyncio
import json
import os
from asyncio.subprocess import Process
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dondoc.configuration import settings
from dondoc.probing.picture.children import Children
from dondoc.probing.picture.input_kind import InputKind
from dondoc.probing.picture.judge import thresholds
from dondoc.probing.picture.memory import PictureMemory
from dondoc.probing.verdicts import PHASE

PATIENCE = 15.0  # seconds for one picture
STOPPED = "bộ giải mã hình dừng giữa chừng"  # by what it was given, or by our own machine


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
        used = json.dumps(thresholds(limits or settings.load().data / "cameras" / "pictures.yaml"))
        self.memory = PictureMemory()
        self._children = Children(size or min(4, os.cpu_count() or 1), "dondoc.probing.picture.decode", used)
        self._patience = patience

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._children.end_all()

    def prepare(self) -> None:
        """Get a child ready: a picture is on its way."""
        self._children.prepare()

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
            NotStarted: no child can be started: our own fault, not the camera's.
        """
        request = json.dumps({"codec": codec, "input_kind": input_kind, "past": past, "thumbnail": thumbnail}).encode()
        child = await self._children.borrow()
        try:
            async with asyncio.timeout(self._patience):
                seen = await _ask(child, request, stream)
        except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await self._children.end(child)
            return Seen("not_decodable", STOPPED)
        except BaseException:
            await self._children.end(child)
            raise
        self._children.give_back(child)
        return seen


async def _ask(child: Process, request: bytes, stream: bytes) -> Seen:
    assert child.stdin is not None  # pipes were asked for
    assert child.stdout is not None
    child.stdin.write(len(request).to_bytes(4) + len(stream).to_bytes(4) + request)
    child.stdin.write(stream)
    await child.stdin.drain()
    return read_answer(await child.stdout.readuntil(b"\n"))


def _refuse(constant: str) -> None:
    """No database takes NaN for JSON: one camera's would cost the findings of all that are stored with it."""
    raise ValueError(f"{constant} in an answer")


def read_answer(line: bytes) -> Seen:
    """What a child answers. A picture may have taken it over: nothing but an answer is taken for one.

    Raises:
        ValueError: it is no answer.
    """
    try:
        answer = json.loads(line, parse_constant=_refuse)
        picture = answer.pop("thumbnail", None)
        seen = Seen(**answer, thumbnail=b64decode(picture) if picture else None)
        if PHASE.get(seen.verdict) not in ("frame", "picture", "done") or not isinstance(seen.features, dict):
            raise ValueError("no verdict on a picture")
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError("no answer") from error
    return seen
