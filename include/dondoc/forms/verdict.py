"""What the judge says of a workbook."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from dondoc.vocabulary.submissions import Outcome

Severity = Literal["error", "warning"]
Judged = Literal[Outcome.ACCEPTED, Outcome.ACCEPTED_WITH_WARNINGS, Outcome.RETURNED, Outcome.REFUSED]


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong. `cell` is an A1 address or None for the whole sheet or file.

    `message`: where and what, for people; `said`: what alone; `place`: where alone, in words that hold in the sender's
    file and in our copy of it (both absent in verdicts of older versions). `cells`: a range in one column, where the
    same is wrong in a long run of rows; `cell` is its first.
    """

    code: str
    severity: Severity
    sheet: str | None
    cell: str | None
    message: str
    said: str = ""
    place: str = ""
    cells: str | None = None

    @property
    def each(self) -> list[str]:
        """The addresses of all its cells."""
        return spread(self.cell, self.cells)


_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):\1(\d{1,7})", re.ASCII)
MOST_CELLS = 10_000  # more than a form may have rows: what a file did to its child makes no more of them


def spread(cell: str | None, cells: str | None) -> list[str]:
    """The addresses of an issue's cells."""
    if cells and (found := _RANGE.fullmatch(cells)):
        first = int(found[2])
        return [f"{found[1]}{row}" for row in range(first, min(int(found[3]), first + MOST_CELLS) + 1)]
    return [cell] if cell else []


@dataclass(frozen=True)
class FormVerdict:
    """A judged workbook.

    `agency` is set only when the signed token or an exact name says so. `rows` and `head` hold clean values by
    English field key; each row has `_row`, its row number in the sheet. `token` says what became of the signed token.
    """

    outcome: Judged
    form: str | None
    agency: str | None
    token: Literal["valid", "invalid", "missing", "unverified"]
    issues: tuple[Issue, ...]
    head: dict[str, Any] = field(default_factory=dict)
    rows: tuple[dict[str, Any], ...] = ()
    nil: bool = False  # "không có camera": fulfils the obligation
    base_version: int | None = None
    value_hash: str | None = None
    redacted: bool = False  # a password was found and is nowhere in this verdict
