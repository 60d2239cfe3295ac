"""The blank form of an agency, ready to send."""

from collections.abc import Iterable, Mapping
from typing import Any

from dondoc import spreadsheets
from dondoc.directive.model import Agency, Registry
from dondoc.forms import template
from dondoc.forms.spec import FormSpec


def blank(
    spec: FormSpec,
    agency: Agency,
    *,
    registry: Registry,
    secrets: list[str],
    head: Mapping[str, Any] | None = None,
    rows: Iterable[Mapping[str, Any]] = (),
) -> bytes:
    """An .xlsx with the agency's name and, when there is a key, its signed token.

    `head` and `rows` are answers to put in, by field key: clean values or words as people write them.
    """
    book = template.make(spec, agency, registry, secrets)
    template.fill(book, spec, head or {}, enumerate(rows, template.FIRST))
    return spreadsheets.save(book)
