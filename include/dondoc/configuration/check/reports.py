"""The template of the report: it can be filled, and names only fields that there are."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from dondoc.configuration.check.faults import faults_of
from dondoc.errors import FileFault, Problem
from dondoc.reporting import template
from dondoc.reporting.fields import Fields


def faults(data: Path) -> Iterator[FileFault]:
    """What keeps the template from being used; then what shows when samples are filled in, through every branch."""
    try:
        usable = template.load(data)
    except Problem:
        yield from faults_of(template.NAME, lambda: template.load(data))
        return
    yield from _filled(usable)


@lru_cache(maxsize=4)
def _filled(usable: bytes) -> tuple[FileFault, ...]:
    return tuple(template.faults(usable, samples()))


def samples() -> list[Fields]:
    """With all there can be; then each thing that may be missing, missing by itself; then nothing at all."""
    full = _sample(Fields)
    named = [one.name for one in fields(Fields)]
    without = [replace(full, **{name: empty}) for name in named for empty in _empty(name)]
    bare = replace(full, **{name: empty for name in named for empty in _empty(name)})
    rowless = replace(full, **{name: _sample(_bare(Fields, name), rows=0) for name in ("duties", "cameras", "late")})
    return [full, *without, bare, rowless]


def _empty(name: str) -> list[Any]:
    kind = get_type_hints(Fields)[name]
    if type(None) in get_args(kind):
        return [None]
    return [()] if get_origin(kind) is tuple else []


def _bare(kind: type, name: str) -> type:
    hint = get_type_hints(kind)[name]
    return next((one for one in get_args(hint) if one is not type(None)), hint)


def _sample(kind: Any, rows: int = 2) -> Any:
    """A value of a field's type: words with the marks that XML is made of, lists of two."""
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _sample(hint, rows) for name, hint in get_type_hints(kind).items()})
    if get_origin(kind) is tuple:
        return (_sample(get_args(kind)[0], rows),) * rows
    optional = [one for one in get_args(kind) if one is not type(None)]
    return _sample(optional[0], rows) if optional else "Sở TT&TT <“thử”>"
