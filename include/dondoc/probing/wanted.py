"""What a closer look at a camera is to find out: see `measuring.measure`."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from dondoc.clock import HERE


class Subject(StrEnum):
    """What is measured."""

    STREAM = "stream"
    RECORDER = "recorder"
    CLOCK = "clock"
    DEVICE = "device"
    LOGIN = "login"  # not asked for: a closer look was refused the login that the camera had just taken


class LoginOutcome(StrEnum):
    """What became of a login that a device was shown over ONVIF, where it did not say what it is."""

    REFUSED = "refused"
    UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Playback:
    """How a recorder is asked for what it recorded in some time: an address, and headers of PLAY.

    In both {start} and {end} stand for the times, written as `times` says (as of strftime; `utc`: universal time, else
    what the recorder's own clock showed).
    """

    url: str
    times: str
    utc: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def of(self, start: datetime, end: datetime) -> tuple[str, dict[str, str]]:
        zone = UTC if self.utc else HERE
        words = {"start": start.astimezone(zone).strftime(self.times), "end": end.astimezone(zone).strftime(self.times)}
        return _filled(self.url, words), {name: _filled(value, words) for name, value in self.headers.items()}

    def __repr__(self) -> str:
        return "Playback()"  # an address may hold something secret


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text


@dataclass(frozen=True)
class Wanted:
    """`now`: the moment at which time.monotonic() was `since`. None, of any of the others: not to be found out.

    Args:
        stream: the address of the main stream.
        is_sub: whether what is looked at anyhow is another one, the sub-stream.
        playback: with `days`, how many the recorder is to keep, at least 1.
        clock: the port where the device is asked for its time.
        device: whether it is asked there, too, what it is.
    """

    now: datetime
    since: float
    stream: str | None = None
    is_sub: bool = False
    playback: Playback | None = None
    days: int = 0
    clock: int | None = None
    device: bool = False

    def clock_time(self) -> datetime:
        """What time it is when this is called: a look may wait for its turn."""
        return self.now + timedelta(seconds=time.monotonic() - self.since)

    def __repr__(self) -> str:
        return "Wanted()"
