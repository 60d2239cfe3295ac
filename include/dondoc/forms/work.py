"""Judging, annotating and showing as the work of a confined child: see `isolation.server`. `limited` is its other side.

A request is a line of JSON (`do` and its arguments) and the workbook. Judging puts one question, the tokens that the
file holds: the keys stay with the parent, which replies what they prove.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from dondoc.directive.model import Registry
from dondoc.forms.spec import FormSpec
from dondoc.forms.surveys import Survey
from dondoc.forms.table import Part
from dondoc.forms.token import Proof
from dondoc.forms.verdict import FormVerdict

VERDICT = TypeAdapter(FormVerdict)
PROOF = TypeAdapter(Proof)
TOKENS = TypeAdapter(list[str])
PART = TypeAdapter(Part)


@dataclass(frozen=True)
class Known:
    """What forms are judged by."""

    registry: Registry
    specs: dict[str, FormSpec]
    surveys: dict[str, Survey]


KNOWN = TypeAdapter(Known)
_known: Known


def prepare(context: bytes) -> None:
    """Load all that judging and annotating need, and use it once: children are forked from what is warm."""
    global _known
    _known = KNOWN.validate_json(context)
    # openpyxl imports numpy when it is there: slow, and it reserves more memory than a child may have.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    from dondoc.forms import annotate, judge
    from dondoc.forms.blank import blank

    day, spec = date(2021, 11, 17), next(iter(_known.specs.values()))
    example = [{field.key: field.example for field in spec.columns if field.example}]
    form = blank(spec, _known.registry.agencies[0], registry=_known.registry, secrets=[], rows=example)
    common = _common()
    verdict = judge.judge(form, "", prove=lambda texts: Proof(None, "missing"), day=day, **common)
    VERDICT.dump_json(verdict)
    annotate.annotate(form, verdict, token=None, **common)


def _common() -> dict[str, Any]:
    return {"specs": _known.specs, "registry": _known.registry, "surveys": _known.surveys}


def work(request: bytes, ask: Callable[[bytes], bytes]) -> bytes:
    """One request: the verdict or a part of the file's table as JSON, the annotated copy, or the current one.

    Raises:
        Unreadable: what is to be annotated is no form of ours.
    """
    line, _, content = request.partition(b"\n")
    order = json.loads(line)
    if order["do"] == "current":
        return _current(order)
    if order["do"] == "table":
        return _table(order, content)
    return _judged(order, content, ask) if order["do"] == "judge" else _annotated(order, content)


def _judged(order: dict[str, Any], content: bytes, ask: Callable[[bytes], bytes]) -> bytes:
    from dondoc.forms.judge import judge

    verdict = judge(
        content,
        order["filename"],
        prove=lambda texts: PROOF.validate_json(ask(TOKENS.dump_json(texts))),
        day=date.fromisoformat(order["day"]),
        **_common(),
    )
    return VERDICT.dump_json(verdict)


def _table(order: dict[str, Any], content: bytes) -> bytes:
    from dondoc.forms.table import part

    which = {name: order[name] for name in ("sheet", "preferred", "first")}
    return PART.dump_json(part(content, _known.specs, _known.surveys, **which))


def _annotated(order: dict[str, Any], content: bytes) -> bytes:
    from dondoc.forms.annotate import annotate

    verdict = VERDICT.validate_python(order["verdict"])
    return annotate(content, verdict, token=order["token"], **_common())


def _current(order: dict[str, Any]) -> bytes:
    from dondoc.forms.current import current

    return current(
        _known.specs[order["form"]],
        _known.registry.agency(order["agency"]),
        registry=_known.registry,
        token=order["token"],
        head=order["head"],
        rows=order["rows"],
        marked=order["marked"],
    )
