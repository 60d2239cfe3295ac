"""The steps of a dialogue as lines for a person: what was asked, what came back, and when.

Nothing sensitive gets in, for results travel through Airflow, where every viewer sees them: no address, of a login only
its kind. Of what a camera wrote only its status and what was recognised; nothing of its own wording.
"""

import time
from collections.abc import Iterable
from http import HTTPStatus

from dondoc.probing.address import parse
from dondoc.probing.rtsp.authentication import Challenge
from dondoc.probing.rtsp.message import Response

MOST = 40
_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    451: "Parameter Not Understood",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    457: "Invalid Range",
    459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport",
    551: "Option Not Supported",
}
_STATUSES = {status: f"{status} {phrase}" for status, phrase in _PHRASES.items()}


class Steps:
    """What happened, by the seconds since it began."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._noted: list[tuple[float, str]] = []

    def note(self, text: str) -> None:
        """Note what we did."""
        if len(self._noted) < MOST:
            self._noted.append((time.monotonic() - self._started, text))

    def note_reply(self, reply: Response, offered: Iterable[Challenge]) -> None:
        """Note what came, and the ways to log in that it offers: in words at once, for a reply may be large."""
        if len(self._noted) < MOST:
            self.note(f"← {_shown(reply, offered)}")

    def lines(self) -> tuple[str, ...]:
        return tuple(f"{seconds:.3f} s  ".replace(".", ",") + text for seconds, text in self._noted)


def _shown(reply: Response, offered: Iterable[Challenge]) -> str:
    """A reply in our own words."""
    status = _STATUSES.get(reply.status) or str(reply.status)
    more = [f"{len(reply.body)} byte"] if reply.body else []
    if reply.status == 401:
        more += sorted({c.shown for c in offered}) or ["không nêu cách đăng nhập được biết"]
    if 300 <= reply.status < 400:
        more.append("chuyển hướng" if _is_address(reply.get("location")) else "không rõ chuyển đến đâu")
    return f"{status} ({', '.join(more)})" if more else status


def _is_address(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
