"""Paths of streams by brand, as data; and the one address by which a camera is known, whichever stream is named."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    """The paths of a channel's two streams, each as a pattern and as it is written."""

    main: str
    sub: str

    @property
    def subs(self) -> re.Pattern[str]:
        return _pattern(self.sub)

    @property
    def mains(self) -> re.Pattern[str]:
        return _pattern(self.main)


@lru_cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(re.escape(CHANNEL), r"(?P<ch>[0-9]{1,4})"))


def main_and_sub(url: str, identity: str | None) -> tuple[str | None, str | None]:
    """The main and the sub-stream of the channel that a camera's address belongs to, as far as they are known.

    Args:
        identity: the camera's; the main stream that was declared, when its address is the sub-stream's.

    Returns:
        `url` in one of the two places; None in the other when nobody knows it, or in both when nobody knows which of
        the two `url` is.
    """
    here, address = canonical(url), parse(url)
    if parse(here).path != address.path:  # a sub-stream by its path
        return (here, url) if identity in (None, here) else (None, url)
    if identity and identity != here:
        return (identity, url) if parse(identity).device == parse(here).device else (None, url)
    sub = next(_subs(address.path), None)
    return (url, replace(address, path=sub).url) if sub else (None, None)


def _subs(path: str) -> Iterator[str]:
    for pair in _pairs(load()):
        if found := pair.mains.fullmatch(path):
            yield pair.sub.replace(CHANNEL, found["ch"])


def canonical(url: str) -> str:
    """The address of the main stream of the same channel, host and port in one spelling: what tells cameras apart."""
    address = parse(url)
    host = f"[{address.host}]" if ":" in address.host else address.host.rstrip(".")
    path = next(_mains(address.path), address.path)
    return f"{address.scheme}://{host}:{address.port}{path}"


def _mains(path: str) -> Iterator[str]:
    for pair in _pairs(load()):
        if found := pair.subs.fullmatch(path):
            yield pair.main.replace(CHANNEL, found["ch"])


@lru_cache
def _pairs(streams: Streams) -> tuple[_Pair, ...]:
    """Only where the path names the channel: /stream2 of an unknown device may well be another camera."""
    return tuple(_Pair(s.main, s.sub) for s in streams.streams if s.sub and CHANNEL in s.sub)
