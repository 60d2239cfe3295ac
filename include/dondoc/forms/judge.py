"""Judge a workbook: which form, whose, which cells are wrong. Bytes in, verdict out; bad content never raises."""

import gc
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from dondoc.directive.model import Directive
from dondoc.directive.names import match
from dondoc.forms import catalogue, checks, layout, reading, token
from dondoc.forms.clean import clean
from dondoc.forms.layout import Layout
from dondoc.forms.reading import Book, Unreadable
from dondoc.forms.spec import FormSpec, load_specs
from dondoc.forms.token import Token
from dondoc.forms.values import Context
from dondoc.forms.verdict import FormVerdict, Issue, Outcome
from dondoc.forms.words import shown

_TELLTALE = set("µ¸¶·¹¨©®ªÞÖ×")  # TCVN3 and VNI letters, read as if they were Unicode

State = Literal["valid", "invalid", "missing", "unverified"]


@dataclass(frozen=True)
class Owner:
    """Whose form it is, and how we know."""

    agency: str | None
    token: State
    base_version: int | None
    issues: tuple[Issue, ...]


def judge(
    content: bytes, filename: str, *, data: Path, directive: Directive, secrets: list[str], day: date
) -> FormVerdict:
    """The verdict of a workbook.

    `day`: when it arrived; dates after it are wrong, and agency names mean who was alive then.
    """
    with _no_collecting():
        try:
            return _judge(reading.read(content), load_specs(data), directive, secrets, day)
        except Unreadable as error:
            return _refused(filename, error)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Hundreds of thousands of small cells, none of them circular: the collector costs a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _judge(
    book: Book, specs: Mapping[str, FormSpec], directive: Directive, secrets: list[str], day: date
) -> FormVerdict:
    said, state, why = _token(book, directive, specs, secrets)
    found = layout.find(book, specs, said.form if said and state == "valid" else None) or layout.find(book, specs)
    if found is None:
        raise Unreadable("legacy_font" if _is_legacy(book) else "form_unknown")
    findings = checks.check(found, Context(found.spec, day))
    owner = _owner(found, findings.head.get("agency_name"), directive, day, (said, state, why))
    issues = (*_of_the_file(book), *owner.issues, *findings.issues)
    nil = findings.head.get("no_camera") is True and not checks.cameras(found, findings)
    return FormVerdict(
        outcome=_outcome(issues),
        form=found.spec.id,
        agency=owner.agency,
        token=owner.token,
        issues=issues,
        head=findings.head,
        rows=tuple(findings.rows),
        nil=nil,
        base_version=owner.base_version,
        value_hash=_hash(found.spec.id, findings.hashed),
        redacted=findings.redacted or book.redacted,
    )


def _refused(filename: str, error: Unreadable) -> FormVerdict:
    issue = catalogue.issue(error.code, f"Tệp “{shown(clean(filename))}”", **error.gaps)
    return FormVerdict("refused", None, None, "missing", (issue,))


def _outcome(issues: tuple[Issue, ...]) -> Outcome:
    severities = {issue.severity for issue in issues}
    return "returned" if "error" in severities else "accepted_with_warnings" if severities else "accepted"


def _of_the_file(book: Book) -> tuple[Issue, ...]:
    return (catalogue.issue("read_simplified", "Tệp"),) if book.simplified else ()


def _is_legacy(book: Book) -> bool:
    """Text written with the fonts of before Unicode, whose letters are other letters."""
    texts = [c.value for sheet in book.sheets for c in sheet.cells.values() if isinstance(c.value, str)]
    return sum(bool(_TELLTALE & set(text)) for text in texts) >= 3


# -- whose form it is


def _token(
    book: Book, directive: Directive, specs: Mapping[str, FormSpec], secrets: list[str]
) -> tuple[Token | None, State, str]:
    """What the token says, whether it is to be believed, and why not."""
    texts = {text for text in (book.token, *_hidden(book)) if text}
    if not texts:
        return None, "missing", ""
    if not secrets:
        return token.read(next(iter(texts))), "unverified", ""
    said = [token.read(text) for text in texts if token.genuine(text, secrets)]
    if len(said) != len(texts):
        return None, "invalid", "chữ ký không khớp"
    if len(texts) > 1 or said[0] is None:
        return None, "invalid", "hai nơi ghi khác nhau"
    if said[0].directive != directive.id:
        return None, "invalid", "của một đợt khảo sát khác"
    if said[0].form not in specs or said[0].agency not in {agency.id for agency in directive.agencies}:
        return None, "invalid", "đơn vị hoặc biểu mẫu không có trong đợt này"
    return said[0], "valid", ""


def _hidden(book: Book) -> list[str]:
    sheets = [sheet for sheet in book.sheets if sheet.name == token.SHEET]
    return [c.value for sheet in sheets for c in sheet.cells.values() if isinstance(c.value, str) and "{" in c.value]


def _owner(
    found: Layout, name: object, directive: Directive, day: date, token_: tuple[Token | None, State, str]
) -> Owner:
    said, state, why = token_
    claimed = said.agency if said and said.agency in {agency.id for agency in directive.agencies} else None
    believed = claimed if state == "valid" else None
    by_name, issues = _named(found, name, directive, day, claimed, believed)
    if state != "valid":
        gaps = {"why": why} if state == "invalid" else {}
        issues = [catalogue.issue(f"token_{state}", "Biểu mẫu", **gaps), *issues]
    disagree = any(issue.code == "agency_disagrees" for issue in issues)
    base = said.base_version if said and believed else None
    return Owner(None if disagree else believed or by_name, state, base, tuple(issues))


def _named(
    found: Layout, name: object, directive: Directive, day: date, claimed: str | None, believed: str | None
) -> tuple[str | None, list[Issue]]:
    """The agency that the written name means, and what is wrong with the name."""
    spot = found.head.get("agency_name")
    cell, sheet = (checks.a1(spot.row, spot.column), spot.sheet) if spot else (None, None)
    where = catalogue.place(cell, found.spec.heads["agency_name"].label, None, sheet)
    if not isinstance(name, str):
        return None, [] if believed else [catalogue.issue("agency_missing", where, sheet, cell)]
    if claimed and _is_name_of(directive, claimed, name, day):
        return claimed, []
    meant = match(directive, name, day)
    if believed and meant.agency:
        owner = directive.agency(believed).name
        return None, [catalogue.issue("agency_disagrees", where, sheet, cell, value=shown(name), agency=owner)]
    if meant.agency or believed in meant.candidates:
        return meant.agency, []
    candidates = " hoặc ".join(directive.agency(a).name for a in meant.candidates)
    code = "agency_ambiguous" if candidates else "agency_unknown"
    return None, [catalogue.issue(code, where, sheet, cell, value=shown(name), candidates=candidates)]


def _is_name_of(directive: Directive, agency: str, name: str, day: date) -> bool:
    """The name and the token say the same, also of an agency that no longer exists on the day."""
    last = directive.agency(agency).valid_to
    return match(directive, name, min(day, last) if last else day).agency == agency


# -- what makes two forms the same


def _hash(form: str, hashed: list[dict[str, Any]]) -> str:
    """Of the values alone: a copy saved by another program, or with a title row added, is the same form."""
    plain = [{key: _plain(value) for key, value in part.items()} for part in hashed]
    text = json.dumps([form, plain], ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """3 and 3.0 are the same number."""
    return float(value) if type(value) is int else value
