"""What a closer look at a camera is to find out, from what is declared of it."""

import time
from datetime import datetime

from dondoc.cameras.measured import playback
from dondoc.cameras.measured.findings import Declared
from dondoc.cameras.registry import streams
from dondoc.probing.wanted import Wanted

ELSEWHERE = ("cloud", "server")  # codes of the forms' list `storage`: not at the address that is asked
NO_ONVIF = "no"  # a code of the forms' list `onvif`


def wanted(url: str, main: str | None, said: Declared | None, port: int, now: datetime) -> Wanted:
    """Pure, but for the clock that a look measures its own time with.

    Args:
        url: the address that is looked at; `main`: that of the main stream, as far as it is known.
        said: by the camera's form; None: no form speaks of it.
        port: where devices are asked for their time; 0: nowhere.
    """
    said = said or Declared()
    first, second = streams.main_and_sub(url, main)
    is_sub = second == url
    here = said.storage not in ELSEWHERE and said.days
    return Wanted(
        now,
        time.monotonic(),
        stream=first if is_sub else url,
        is_sub=is_sub,
        playback=playback.ask(first or url) if here else None,
        days=said.days or 0,
        clock=port or None if said.onvif != NO_ONVIF else None,
    )
