"""What simulated recorders hold, and how they answer who asks for it.

Asked as Hikvision's and Dahua's are, a channel stands for one of HELD, in their order; else the path's first element.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from dondoc import clock
from dondoc.clock import HERE

# Days ago of which there is a recording, up to but without the last.
HELD = {
    "recorder": range(61),
    "recorder-stopped": range(9, 61),
    "recorder-short": range(13),
    "recorder-silent": range(13),  # agrees to show what it has not, and hangs up
    "recorder-jumping": range(13),  # plays what it has, whatever it is asked for
    "recorder-refusing": range(61),  # shows nobody
}
_CHANNEL = re.compile(r"/Streaming/(?:Channels|tracks)/(\d+)0[12]|/cam/\w+\?channel=(\d+)")
_STARTS = re.compile(r"starttime=([0-9_]+T?[0-9]*)")


def kind(behaviour: str, url: str) -> str:
    """What stands for the behaviour of a path as Hikvision and Dahua write it."""
    found = _CHANNEL.search(url)
    return [*HELD][int(found[1] or found[2]) - 1] if found else behaviour


def answer(behaviour: str, method: str, url: str, headers: Mapping[str, str]) -> str | None:
    """The status with which a recorder refuses; None: it does not, or is not asked for a recording."""
    when = _asked(url, headers)
    if when is None or behaviour not in HELD or method not in ("DESCRIBE", "PLAY"):
        return None
    if behaviour == "recorder-refusing":
        return "403 Forbidden"
    if behaviour in ("recorder-jumping", "recorder-silent") or _has(behaviour, when):
        return None
    return "457 Invalid Range" if "range" in headers and "starttime" not in url else "404 Not Found"


def is_silent(behaviour: str, url: str, headers: Mapping[str, str]) -> bool:
    """Whether what a recorder agreed to play does not come."""
    when = _asked(url, headers)
    return behaviour == "recorder-silent" and when is not None and not _has(behaviour, when)


def _has(behaviour: str, when: datetime) -> bool:
    return round((clock.now() - when) / timedelta(days=1)) in HELD[behaviour]


def _asked(url: str, headers: Mapping[str, str]) -> datetime | None:
    """The moment that is asked for; None: the live picture."""
    absolute = re.match(r"clock=(\d{8}T\d{6})Z", headers.get("range", ""))
    if absolute:
        return datetime.strptime(absolute[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    starts = _STARTS.search(url)
    return datetime.strptime(re.sub("[_T]", "", starts[1]), "%Y%m%d%H%M%S").replace(tzinfo=HERE) if starts else None
