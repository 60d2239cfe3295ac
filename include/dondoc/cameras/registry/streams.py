"""Paths of streams by brand, as data; and the one address by which a camera is known, whichever stream is named."""

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

from dondoc.configuration.settings import DATA
from dondoc.directive import located_yaml
from dondoc.directive.model import Strict
from dondoc.probing.address import parse
from dondoc.vocabulary.numbers import CAM

CHANNEL = "{ch}"


class Spelling(Strict):
    """Another way to write the same two streams."""

    main: str
    sub: str
    source: str


class Ignored(Strict):
    """Parameters of the query that choose neither the channel nor the stream."""

    parameters: tuple[str, ...]
    source: str


class Stream(Strict):
    """The main and the sub-stream of a brand. `trust`: how good the source is; `verified`: tried on a device."""

    id: str
    words: tuple[str, ...]
    main: str
    sub: str | None
    source: str
    trust: Literal["vendor", "web", "guess"]
    verified: date | None
    spellings: tuple[Spelling, ...] = ()
    ignored: tuple[Ignored, ...] = ()


class _Cloud(Strict):
    words: tuple[str, ...]
    source: str


class Visible(Strict):
    """Parameters that may be shown, with the values of which that is so: a regular expression for the whole of one."""

    names: tuple[str, ...]
    values: str
    source: str


class Words(Strict):
    """Words that a segment of a path may be made of; behind those that are `counted` a longer number may stand."""

    words: tuple[str, ...]
    counted: tuple[str, ...]
    source: str


class Credentials(Strict):
    """Words after which something secret comes: names of parameters, segments of paths; and names of logins."""

    words: tuple[str, ...]
    logins: tuple[str, ...]
    source: str


class ByMd5(Strict):
    """Devices that offer SHA-256 and are wrong at it: they are logged in to by MD5. Brands by the ids of their streams,
    known by the path; cameras by their numbers."""

    streams: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    source: str


class Streams(Strict):
    """The whole file."""

    streams: tuple[Stream, ...]
    generic: str
    cloud: _Cloud
    visible: tuple[Visible, ...]
    flags: tuple[str, ...]
    path: Words
    credentials: Credentials
    md5: tuple[ByMd5, ...] = ()

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
    return of(version())


Version = tuple[Path, int]  # the file and when it was changed


def version() -> Version:
    """Which templates hold now: to keep what is made of them."""
    path = DATA / "cameras" / "streams.yaml"
    return path, path.stat().st_mtime_ns


@lru_cache
def of(version: Version) -> Streams:
    """As `load`."""
    path, _ = version
    return located_yaml.load(path, Streams, "đường dẫn")


@dataclass(frozen=True)
class _Pair:
    """The paths of a channel's two streams in one spelling; `known_by`: the main one's in the first spelling."""

    main: str
    sub: str
    known_by: str
    ignored: frozenset[str]


@dataclass(frozen=True)
class _Channel:
    """What a path says when its spelling is known: the channel's paths, and whether it is the sub-stream itself."""

    main: str
    sub: str
    known_by: str
    is_sub: bool


def _channel(path: str) -> _Channel | None:
    for pair in _pairs(version()):
        compared = _compared(path, pair.ignored)
        for template in (pair.main, pair.sub):
            if found := _pattern(template).fullmatch(compared):
                main, sub, known_by = (t.replace(CHANNEL, found["ch"]) for t in (pair.main, pair.sub, pair.known_by))
                return _Channel(main, sub, known_by, is_sub=template == pair.sub)
    return None


@lru_cache
def _pattern(template: str) -> re.Pattern[str]:
    written = re.escape(_compared(template, frozenset()))
    return re.compile(written.replace(re.escape(CHANNEL), "0*(?P<ch>[0-9]{1,4})"))


def _compared(path: str, ignored: frozenset[str]) -> str:
    """A path as it is compared with others: what a device does not look at left out, its parameters in one order."""
    place, _, query = path.casefold().partition("?")
    parameters = [p for p in query.split("&") if p and p.partition("=")[0] not in ignored]
    return "?".join((place.strip("/"), "&".join(sorted(parameters, key=lambda p: p.partition("=")[0]))))


def by_md5(camera: int, url: str) -> bool:
    """Whether a camera, or its brand, is one of `ByMd5`."""
    listed = load().md5
    if any(CAM(camera) in one.cameras for one in listed):
        return True
    brands = {stream for one in listed for stream in one.streams}
    return any(_channel_in(s, url) for s in load().streams if s.id in brands)


def channel_of(url: str) -> tuple[str, str] | None:
    """The id of the brand's streams that an address is one of, and the channel ("1" where its path names none)."""
    return next(((s.id, channel) for s in load().streams if (channel := _channel_in(s, url))), None)


def _channel_in(stream: Stream, url: str) -> str | None:
    """The channel that an address names, if it is one of these streams."""
    try:
        path = parse(url).path
    except ValueError:
        return None
    compared = _compared(path, frozenset(p for i in stream.ignored for p in i.parameters))
    written = (stream.main, stream.sub, *(t for other in stream.spellings for t in (other.main, other.sub)))
    found = (_pattern(template).fullmatch(compared) for template in written if template)
    return next((one.groupdict().get("ch") or "1" for one in found if one), None)


def main_and_sub(url: str, identity: str | None) -> tuple[str | None, str | None]:
    """The main and the sub-stream of the channel that a camera's address belongs to, as far as they are known.

    Args:
        identity: the camera's; the main stream that was declared, when its address is the sub-stream's.

    Returns:
        `url` in one of the two places; None in the other when nobody knows it, or in both when nobody knows which of
        the two `url` is.
    """
    here, address = canonical(url), parse(url)
    channel = _channel(address.path)
    if channel and channel.is_sub:
        return (replace(address, path=channel.main).url if identity in (None, here) else None), url
    if identity and identity != here:
        return (identity, url) if parse(identity).device == parse(here).device else (None, url)
    return (url, replace(address, path=channel.sub).url) if channel else (None, None)


def canonical(url: str) -> str:
    """The address of the main stream of the same channel, all of it in one spelling: what tells cameras apart."""
    address = parse(url)
    scheme, host, port = address.device
    host = f"[{host}]" if ":" in host else host
    channel = _channel(address.path)
    return f"{scheme}://{host}:{port}{channel.known_by if channel else address.path}"


def respelled(stored: str) -> str:
    """An address that is stored, as `canonical` writes it now; what is no address any more stays what it is."""
    try:
        return canonical(stored)
    except ValueError:  # stored when addresses were read less strictly
        return stored


@lru_cache
def _pairs(version: Version) -> tuple[_Pair, ...]:
    """Only where the path names the channel: /stream2 of an unknown device may well be another camera."""
    return tuple(
        _Pair(main, sub, s.main, frozenset(p for i in s.ignored for p in i.parameters))
        for s in of(version).streams
        for main, sub in ((s.main, s.sub), *((other.main, other.sub) for other in s.spellings))
        if sub and CHANNEL in sub
    )
