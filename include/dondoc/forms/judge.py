"""Judge a workbook: which form, whose, which cells are wrong. Bytes in, verdict out; bad content never raises.

Pure, and to be called in a confined child (`work`); `limited` is the door for all others.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dondoc.directive.model import Registry
from dondoc.directive.names import match
from dondoc.forms import answers, catalogue, checks, layout, token
from dondoc.forms.layout import Layout
from dondoc.forms.reading import Book, Unreadable
from dondoc.forms.spec import FormSpec
from dondoc.forms.surveys import Survey
from dondoc.forms.token import Proof
from dondoc.forms.values import Context
from dondoc.forms.verdict import FormVerdict, Issue, Judged
from dondoc.forms.words import shown
from dondoc.vocabulary.submissions import Outcome

MOST_ISSUES = 5000
MOST_TOKENS, LONGEST_TOKEN = 4, 2000  # that a file is believed to have, and their characters: ours have 200
LONGEST_NAME = 300
_TELLTALE = set("µ¸¶·¹¨©®ªÞÖ×")  # TCVN3 and VNI letters, read as if they were Unicode


@dataclass(frozen=True)
class Owner:
    """Whose form it is, and how we know."""

    agency: str | None
    token: token.State
    base_version: int | None
    issues: tuple[Issue, ...]


def judge(
    content: bytes,
    filename: str,
    *,
    specs: Mapping[str, FormSpec],
    registry: Registry,
    prove: Callable[[list[str]], Proof],
    day: date,
    surveys: Mapping[str, Survey],
) -> FormVerdict:
    """The verdict of a workbook, or of the answers to an online survey.

    Args:
        prove: says what the tokens found in it prove; the keys are not here.
        day: when it arrived; dates after it are wrong, and agency names mean who was alive then.
        surveys: forms of the survey server whose questions have other names than our fields.
    """
    try:
        return _judge(answers.read(content, specs, surveys), specs, registry, prove, day)
    except Unreadable as error:
        return catalogue.refused(filename, error.code, **error.gaps)


def _judge(
    book: Book,
    specs: Mapping[str, FormSpec],
    registry: Registry,
    prove: Callable[[list[str]], Proof],
    day: date,
) -> FormVerdict:
    proof = prove(_tokens(book))
    believed = proof.token.form if proof.token and proof.state == "valid" else None
    filled = layout.find(book, specs, believed) or layout.find(book, specs)
    if filled is None:
        raise Unreadable("legacy_font" if _is_legacy(book) else "form_unknown")
    findings = checks.check(filled, Context(filled.spec, day))
    owner = _owner(filled, findings.head.get("agency_name"), registry, day, proof)
    issues = (*_of_the_file(book, filled, proof), *owner.issues, *findings.issues)
    nil = findings.head.get("no_camera") is True and not checks.cameras(filled, findings)
    return FormVerdict(
        outcome=_outcome(issues),
        form=filled.spec.id,
        agency=owner.agency,
        token=owner.token,
        issues=_bounded(issues),
        head=findings.head,
        rows=tuple(findings.rows),
        nil=nil,
        base_version=owner.base_version,
        value_hash=_hash(filled.spec.id, findings.hashed),
        redacted=findings.redacted or book.redacted,
    )


def _outcome(issues: tuple[Issue, ...]) -> Judged:
    severities = {issue.severity for issue in issues}
    return (
        Outcome.RETURNED
        if "error" in severities
        else Outcome.ACCEPTED_WITH_WARNINGS
        if severities
        else Outcome.ACCEPTED
    )


def _bounded(issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """Not more than anybody will read: the errors first, and how many are left out."""
    if len(issues) <= MOST_ISSUES:
        return issues
    kept = sorted(issues, key=lambda issue: issue.severity != "error")[:MOST_ISSUES]
    left = Counter(issue.severity for issue in issues)
    left.subtract(issue.severity for issue in kept)
    code = "more_errors" if left["error"] else "more_warnings"
    return (*kept, catalogue.issue(code, "Biểu mẫu", count=len(issues) - len(kept)))


def _of_the_file(book: Book, filled: Layout, proof: Proof) -> Iterator[Issue]:
    if book.simplified:
        yield catalogue.issue("read_simplified", "Tệp")
    for note in book.notes:
        yield catalogue.issue(note.code, "Tệp", **note.gaps)
    said = proof.token.form_version if proof.token and proof.token.form == filled.spec.id else None
    old = said if said is not None else filled.version
    if old is not None and old < filled.spec.version:
        yield catalogue.issue("form_old", "Biểu mẫu", old=old, new=filled.spec.version)


def _is_legacy(book: Book) -> bool:
    """Text written with the fonts of before Unicode, whose letters are other letters."""
    texts = [c.value for sheet in book.sheets for c in sheet.cells.values() if isinstance(c.value, str)]
    return sum(bool(_TELLTALE & set(text)) for text in texts) >= 3


# -- whose form it is


def _tokens(book: Book) -> list[str]:
    """The different tokens in a file: of its document property and of its hidden sheet."""
    sheets = [sheet for sheet in book.sheets if sheet.name == token.SHEET]
    texts = [c.value for sheet in sheets for c in sheet.cells.values() if isinstance(c.value, str) and "{" in c.value]
    return sorted({text[:LONGEST_TOKEN] for text in (book.token, *texts) if text})[:MOST_TOKENS]


def _owner(layout: Layout, name: object, registry: Registry, day: date, proof: Proof) -> Owner:
    token, state = proof.token, proof.state
    claimed = token.agency if token and token.agency in {agency.id for agency in registry.agencies} else None
    believed = claimed if state == "valid" else None
    by_name, issues = _named(layout, name, registry, day, claimed, believed)
    if state != "valid":
        gaps = {"why": proof.why} if state == "invalid" else {}
        issues = [catalogue.issue(f"token_{state}", "Biểu mẫu", **gaps), *issues]
    disagree = any(issue.code == "agency_disagrees" for issue in issues)
    base = token.base_version if token and believed else None
    return Owner(None if disagree else believed or by_name, state, base, tuple(issues))


def _named(
    layout: Layout, name: object, registry: Registry, day: date, claimed: str | None, believed: str | None
) -> tuple[str | None, list[Issue]]:
    """The agency that the written name means, and what is wrong with the name."""
    spot = layout.head.get("agency_name")
    cell, sheet = (checks.a1(spot.row, spot.column), spot.sheet) if spot else (None, None)
    where = catalogue.place(cell, f"mục “{layout.spec.heads['agency_name'].label}”", None, sheet)
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        return None, [] if believed else [catalogue.issue("agency_missing", where, sheet, cell)]
    if claimed and _is_name_of(registry, claimed, name, day):
        return claimed, []
    meant = match(registry, name, day)
    if believed and meant.agency:
        owner = registry.agency(believed).name
        return None, [catalogue.issue("agency_disagrees", where, sheet, cell, value=shown(name), agency=owner)]
    if meant.agency or believed in meant.candidates:
        return meant.agency, []
    candidates = " hoặc ".join(registry.agency(a).name for a in meant.candidates)
    code = "agency_ambiguous" if candidates else "agency_unknown"
    return None, [catalogue.issue(code, where, sheet, cell, value=shown(name), candidates=candidates)]


def _is_name_of(registry: Registry, agency: str, name: str, day: date) -> bool:
    """The name and the token say the same, also of an agency that no longer exists on the day."""
    last = registry.agency(agency).valid_to
    return match(registry, name, min(day, last) if last else day).agency == agency


# -- what makes two forms the same


def _hash(form: str, hashed: list[dict[str, Any]]) -> str:
    """Of the values alone: a copy saved by another program, or with a title row added, is the same form."""
    plain = [{key: _plain(value) for key, value in part.items()} for part in hashed]
    text = json.dumps([form, plain], ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """3 and 3.0 are the same number."""
    return float(value) if type(value) is int else value
