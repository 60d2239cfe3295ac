"""What a survey server holds of one form, as either kind of server gives it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote

MOST = 50_000  # submissions of one form


@dataclass(frozen=True)
class File:
    """An attachment: its name, and its path on the server."""

    name: str
    path: str


@dataclass(frozen=True)
class Row:
    """One submission as it is now. `at`: when this version came; None: the server does not say."""

    id: str
    version: str
    answers: Mapping[str, Any]
    at: datetime | None
    submitter: str = ""
    files: tuple[File, ...] = field(default=())


class Reader(Protocol):
    """A kind of server. Each method raises Refused where the server does not give this, Unusable where it is of no use
    now."""

    def listing(self, form: str) -> dict[str, str]:
        """All submissions of a form: id → version. Made anew each time: an edit, or what came while a listing was
        paged, is in the next one."""

    def rows(self, form: str, ids: Iterable[str]) -> Iterator[Row]:
        """These submissions as they are now; one that is gone meanwhile is left out."""

    def file(self, file: File, most: int) -> bytes:
        """An attachment; raises TooMuch when it has more than `most` bytes."""

    def look(self, form: str) -> None:
        """Ask whether the form may be read."""

    def close(self) -> None:
        """Leave."""


def moment(text: Any) -> datetime | None:
    """An instant of ISO 8601; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def segment(text: str) -> str:
    """A name as one step of a path, also with slashes and half pairs."""
    return quote(text, "", errors="replace")


def record_of(channel_id: str) -> str:
    """What all versions of one submission on a survey server have in common: whoever edits it is who filled it in."""
    return "/".join(channel_id.split("/")[:5])
