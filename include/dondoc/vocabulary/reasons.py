"""Why something stands as it does, or is decided so: a code with parameters. `said` makes words of it, for people.

Each set of such codes stands beside what it gives reasons for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dondoc.vocabulary.code import Code


class ReasonCode(Code):
    """What all sets of reasons share: the label is the sentence, between braces what it is of."""


@dataclass(frozen=True)
class Reason:
    """A code, and what stands between the braces of its label.

    `params`: text, numbers, days, further reasons, and tuples of these.
    """

    code: ReasonCode
    params: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.code, frozenset(self.params.items())))

    def as_json(self) -> list[Any]:
        """[code, {parameter: value}], days in ISO."""
        return [str(self.code), {name: _json(value) for name, value in self.params.items()}]


def because(code: ReasonCode, **params: Any) -> Reason:
    return Reason(code, params)


def said(reason: Reason | tuple[Reason, ...]) -> str:
    """A reason, or several, in words that stand within a sentence."""
    if isinstance(reason, tuple):
        return str(_words(reason))
    return reason.code.label.format(**{name: _words(value) for name, value in reason.params.items()})


def _words(value: Any) -> Any:
    if isinstance(value, tuple):
        return "; ".join(str(_words(one)) for one in value)
    return said(value) if isinstance(value, Reason) else value


def _json(value: Any) -> Any:
    if isinstance(value, Reason):
        return value.as_json()
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
