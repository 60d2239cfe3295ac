"""How recorders are asked for what they recorded, by brand, as data."""

from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from dondoc.cameras.registry import streams
from dondoc.configuration.settings import DATA
from dondoc.directive import located_yaml
from dondoc.directive.model import Strict
from dondoc.probing import wanted
from dondoc.probing.address import parse

LIVE = "{live}"  # the path of the stream that was declared


class Playback(Strict):
    """One way to ask. `streams`: ids of the brands' streams whose recorders are asked so; none: all others."""

    id: str
    streams: tuple[str, ...]
    path: str
    headers: dict[str, str] = {}
    times: str
    utc: bool = False
    source: str
    verified: date | None


class Playbacks(Strict):
    """The whole file."""

    playback: tuple[Playback, ...]


@lru_cache
def of(version: streams.Version) -> Playbacks:
    """The ways, read again when their file has changed.

    Raises:
        Problem: the file cannot be used; `file:line: …` per fault.
    """
    path, _ = version
    return located_yaml.load(path, Playbacks, "cách xem lại")


def load() -> tuple[Playback, ...]:
    path: Path = DATA / "cameras" / "playback.yaml"
    return of((path, path.stat().st_mtime_ns)).playback


def ask(url: str) -> wanted.Playback | None:
    """How the device at an address is asked for what it recorded of that channel; None: nobody knows a way."""
    address = parse(url)
    brand, channel = streams.channel_of(url) or ("", "1")
    way = next((w for w in load() if brand in w.streams), None) or next((w for w in load() if not w.streams), None)
    if way is None:
        return None
    path = way.path.replace(streams.CHANNEL, channel).replace(LIVE, address.path)
    whole = replace(address, path=path, user=None, password=None).url
    return wanted.Playback(whole, way.times, way.utc, way.headers)
