"""The door to judging and annotating for all who have a file from outside: in a confined child, within limits.

Bytes go out, a verdict or a workbook comes back. No key leaves this process: the child says which tokens it found, and
what they prove is said here; what it then answers is believed only as far as that.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dondoc.directive.model import Registry
from dondoc.errors import Problem
from dondoc.forms import catalogue, token
from dondoc.forms.spec import FormSpec, load_specs
from dondoc.forms.surveys import Survey, load_surveys
from dondoc.forms.table import Part
from dondoc.forms.token import Proof
from dondoc.forms.verdict import FormVerdict
from dondoc.forms.work import KNOWN, PART, PROOF, TOKENS, VERDICT, Known
from dondoc.isolation import workers
from dondoc.isolation.workers import Fault, Limits, Reply
from dondoc.vocabulary.submissions import Outcome

NO_COPY = "Không lập được bản đánh dấu: {why}. Xem lời nhắn của lần kiểm tra."
WORK = "dondoc.forms.work"
LARGEST = 20 << 20  # bytes of a file
LIMITS = Limits(memory=1 << 30, cpu=20, wall=60, output=32 << 20)
TABLE = Limits(memory=1 << 30, cpu=10, wall=20, output=16 << 20)  # somebody waits for the page
COPY = Limits(memory=1 << 30, cpu=30, wall=90, output=10 << 20)  # a larger one no mailbox takes


def judge(
    content: bytes, filename: str, *, data: Path, registry: Registry, secrets: list[str], day: date
) -> FormVerdict:
    """The verdict of a workbook, as `forms.judge` gives it.

    Raises:
        Fault: the child met a limit, or broke.
    """
    if len(content) > LARGEST:
        return catalogue.refused(filename, "file_too_big", limit=LARGEST >> 20)
    specs = load_specs(data)
    proofs: list[Proof] = []

    def reply(question: bytes) -> bytes:
        proofs[:] = [token.prove(set(_tokens(question)), registry=registry, forms=specs, secrets=secrets)]
        return PROOF.dump_json(proofs[0])

    order: dict[str, Any] = {"do": "judge", "filename": filename, "day": day.isoformat()}
    answer = _run(registry, specs, load_surveys(data), order, content, LIMITS, reply)
    try:
        verdict = VERDICT.validate_json(answer)
    except ValidationError:
        raise Fault("error", "verdict") from None
    return _believed(verdict, proofs[0] if proofs else Proof(None, "missing"), registry, specs)


def judged(
    content: bytes, filename: str, *, data: Path, registry: Registry, secrets: list[str], day: date
) -> FormVerdict:
    """As `judge`, for one who will not try again: what could not be judged is refused, and says why."""
    try:
        return judge(content, filename, data=data, registry=registry, secrets=secrets, day=day)
    except Fault as fault:
        return catalogue.refused(filename, "too_heavy" if fault.heavy else "check_failed", why=explain(fault))


def annotate(
    content: bytes, form: FormVerdict, *, data: Path, registry: Registry, secrets: list[str], base_version: int
) -> bytes:
    """The annotated copy to send back for `form`, the verdict of `content`; its token names `form.agency` and says
    `base_version`.

    Raises:
        Problem: there is none: the file is no form of ours, or too heavy.
    """
    specs = load_specs(data)
    if form.form not in specs or len(content) > LARGEST:
        raise Problem(NO_COPY.format(why="tệp không đọc được như một biểu mẫu"))
    agency = registry.agency(form.agency) if form.agency else None
    signed = token.of_form(specs[form.form], agency, registry, secrets, base_version)
    order: dict[str, Any] = {"do": "annotate", "verdict": asdict(replace(form, rows=(), head={})), "token": signed}
    try:
        return _run(registry, specs, load_surveys(data), order, content, COPY)
    except Fault as fault:
        raise Problem(NO_COPY.format(why=explain(fault, COPY))) from None


def current(
    agency: str,
    form: str,
    *,
    data: Path,
    registry: Registry,
    secrets: list[str],
    version: int,
    head: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    marked: Mapping[str, str] | None = None,
) -> bytes:
    """The current copy of an agency's form, as `forms.current` makes it: what strangers wrote is handled in a child.

    Raises:
        Problem: there is none: it is too heavy.
    """
    specs = load_specs(data)
    signed = token.of_form(specs[form], registry.agency(agency), registry, secrets, version)
    order: dict[str, Any] = {"do": "current", "form": form, "agency": agency, "token": signed}
    order |= {"head": dict(head), "rows": [*map(dict, rows)], "marked": dict(marked) if marked else None}
    try:
        return _run(registry, specs, load_surveys(data), order, b"", COPY)
    except Fault as fault:
        raise Problem(NO_COPY.format(why=explain(fault, COPY))) from None


def table(
    content: bytes, *, data: Path, registry: Registry, sheet: int | None = None, preferred: str = "", first: int = 1
) -> Part:
    """A part of a file as people see it, as `forms.table.part` gives it.

    Raises:
        Fault: the child met a limit, or broke.
    """
    if len(content) > LARGEST:
        return Part(unreadable=catalogue.refused("", "file_too_big", limit=LARGEST >> 20).issues[0].said)
    order = {"do": "table", "sheet": sheet, "preferred": preferred, "first": first}
    answer = _run(registry, load_specs(data), load_surveys(data), order, content, TABLE)
    try:
        return PART.validate_json(answer)
    except ValidationError:
        raise Fault("error", "table") from None


def explain(fault: Fault, limits: Limits = LIMITS) -> str:
    """What kept a file from being judged, in words."""
    words = {
        "memory": f"vượt giới hạn bộ nhớ {limits.memory >> 20} MB",
        "time": f"vượt giới hạn thời gian {limits.cpu} giây",
        "output": f"kết quả lớn hơn {limits.output >> 20} MB",
    }
    return words.get(fault.kind) or f"tiến trình kiểm tra bị dừng: {fault.detail or 'không rõ lý do'}"


PACKED = 2  # what was packed lately: the agencies as they are, and as they sign
_packed: tuple[tuple[Registry, dict[str, FormSpec], dict[str, Survey], bytes], ...] = ()


def _run(
    registry: Registry,
    specs: dict[str, FormSpec],
    surveys: dict[str, Survey],
    order: dict[str, Any],
    content: bytes,
    limits: Limits,
    reply: Reply | None = None,
) -> bytes:
    request = json.dumps(order).encode() + b"\n" + content
    return workers.run(WORK, _context(registry, specs, surveys), request, limits, reply)


def _context(registry: Registry, specs: dict[str, FormSpec], surveys: dict[str, Survey]) -> bytes:
    """What children are to know, packed once."""
    global _packed
    for known in _packed:
        if known[0] is registry and known[1] is specs and known[2] is surveys:
            return known[3]
    packed = KNOWN.dump_json(Known(registry, specs, surveys))
    _packed = ((registry, specs, surveys, packed), *_packed)[:PACKED]
    return packed


def _tokens(question: bytes) -> list[str]:
    try:
        return TOKENS.validate_json(question)
    except ValidationError:
        raise Fault("error", "question") from None


def _believed(verdict: FormVerdict, proof: Proof, registry: Registry, specs: dict[str, FormSpec]) -> FormVerdict:
    """A verdict as far as the proof made here reaches: what a workbook did to its child cannot make it another's.

    Raises:
        Fault: it says more.
    """
    token = proof.token if proof.state == "valid" else None
    whose = {None, token.agency} if token else {None, *(agency.id for agency in registry.agencies)}
    base = token.base_version if token else None
    fits = verdict.token == proof.state and verdict.agency in whose and verdict.form in {None, *specs}
    if verdict.outcome == Outcome.REFUSED and verdict.agency is None and verdict.base_version is None:
        return verdict
    if not fits or verdict.base_version not in (None, base):
        raise Fault("error", "verdict")
    return verdict
