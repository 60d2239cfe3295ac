"""Paths of streams by brand, as data; and the one address by which a camera is known, whichever stream is named."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

from dondoc.cameras.address import parse
from dondoc.directive import marked
from dondoc.directive.model import Strict
from dondoc.settings import DATA

CHANNEL = "{ch}"


class Stream(Strict):
    """The main and the sub-stream of a brand. `trust`: how good the source is; `verified`: tried on a device."""

    id: str
    words: tuple[str, ...]
    main: str
    sub: str | None
    source: str
    trust: Literal["vendor", "web", "guess"]
    verified: date | None


class _Cloud(Strict):
    words: tuple[str, ...]
    source: str


class Streams(Strict):
    """The whole file."""

    streams: tuple[Stream, ...]
    generic: str
    cloud: _Cloud

    def of_brand(self, brand: str) -> Stream | None:
        """The first entry one of whose words is in the folded brand."""
        return next((s for s in self.streams if any(word in brand for word in s.words)), None)

    def is_cloud(self, brand: str) -> bool:
        """Whether the folded brand is an operator's platform that is seen only through itself."""
        return self.of_brand(brand) is None and any(word in brand for word in self.cloud.words)


def load() -> Streams:
    """The templates, read again when their file has changed.

    Raises:
        Problem: the file cannot be used; `file:line: …` per fault.
    """
    path = DATA / "cameras" / "streams.yaml"
    return _load(path, path.stat().st_mtime_ns)


@lru_cache
def _load(path: Path, _mtime: int) -> Streams:
    return marked.load(path, Streams, "đường dẫn")


@dataclass(frozen=True)
class _Pair:
    """A sub-stream's path and how its main stream is written."""

    sub: re.Pattern[str]
    main: str


def canonical(url: str) -> str:
    """The address of the main stream of the same channel, host and port in one spelling: what tells cameras apart."""
    address = parse(url)
    host = f"[{address.host}]" if ":" in address.host else address.host.rstrip(".")
    path = next(_mains(address.path), address.path)
    return f"{address.scheme}://{host}:{address.port}{path}"


def _mains(path: str) -> Iterator[str]:
    for pair in _pairs(load()):
        if found := pair.sub.fullmatch(path):
            yield pair.main.replace(CHANNEL, found["ch"])


@lru_cache
def _pairs(streams: Streams) -> tuple[_Pair, ...]:
    """Only where the path names the channel: /stream2 of an unknown device may well be another camera."""
    return tuple(
        _Pair(re.compile(re.escape(s.sub).replace(re.escape(CHANNEL), r"(?P<ch>[0-9]{1,4})")), s.main)
        for s in streams.streams
        if s.sub and CHANNEL in s.sub
    )
