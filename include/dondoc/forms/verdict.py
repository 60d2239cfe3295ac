"""What the judge says of a workbook."""

from dataclasses import dataclass, field
from typing import Any, Literal

from dondoc.vocabulary.submissions import Outcome

Severity = Literal["error", "warning"]
Judged = Literal[Outcome.ACCEPTED, Outcome.ACCEPTED_WITH_WARNINGS, Outcome.RETURNED, Outcome.REFUSED]


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong. `cell` is an A1 address or None for the whole sheet or file.

    `message`: where and what, for people; `said`: what alone; `place`: where alone, in words that hold in the sender's
    file and in our copy of it (both absent in verdicts of older versions).
    """

    code: str
    severity: Severity
    sheet: str | None
    cell: str | None
    message: str
    said: str = ""
    place: str = ""


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
