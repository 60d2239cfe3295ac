"""Templates of documents: they can be filled, and name only fields that there are."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from dondoc.configuration.check.faults import faults_of
from dondoc.documents import template
from dondoc.documents.template import Template
from dondoc.drafts.fields import LETTER, OFFICIAL
from dondoc.errors import FileFault, Problem
from dondoc.reporting.fields import REPORT

TEMPLATES = (REPORT, LETTER, OFFICIAL)


def faults(data: Path) -> Iterator[FileFault]:
    """What keeps templates from being used; then what shows when samples are filled in, through every branch."""
    for of in TEMPLATES:
        try:
            usable = template.load(data, of)
        except Problem:
            yield from faults_of(of.name, partial(template.load, data, of))
        else:
            yield from _filled(usable, of)


@lru_cache(maxsize=8)
def _filled(usable: bytes, of: Template) -> tuple[FileFault, ...]:
    return tuple(template.faults(usable, of, samples(of.fields)))


def samples(kind: type) -> list[Any]:
    """With all there can be; then each thing that may be missing, missing by itself; then nothing at all."""
    full = _sample(kind)
    named = [one.name for one in fields(kind)]
    without = [replace(full, **{name: empty}) for name in named for empty in _empty(kind, name)]
    bare = replace(full, **{name: empty for name in named for empty in _empty(kind, name)})
    grouped = [name for name in named if is_dataclass(_bare(kind, name))]
    rowless = replace(full, **{name: _sample(_bare(kind, name), rows=0) for name in grouped})
    return [full, *without, bare, rowless]


def _empty(kind: type, name: str) -> list[Any]:
    hint = get_type_hints(kind)[name]
    if type(None) in get_args(hint):
        return [None]
    return [()] if get_origin(hint) is tuple else []


def _bare(kind: type, name: str) -> type:
    """A field's type, of one that may be missing what it is when it is there."""
    hint = get_type_hints(kind)[name]
    either = () if get_origin(hint) is tuple else get_args(hint)
    return next((one for one in either if one is not type(None)), hint)


def _sample(kind: Any, rows: int = 2) -> Any:
    """A value of a field's type: words with the marks that XML is made of, lists of two."""
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _sample(hint, rows) for name, hint in get_type_hints(kind).items()})
    if get_origin(kind) is tuple:
        return (_sample(get_args(kind)[0], rows),) * rows
    optional = [one for one in get_args(kind) if one is not type(None)]
    return _sample(optional[0], rows) if optional else "Sở TT&TT <“thử”>"
