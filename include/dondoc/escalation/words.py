"""How the ladder names things for people."""

from collections.abc import Iterable
from datetime import date
from textwrap import shorten

from dondoc.directive.model import Directive, Step
from dondoc.vocabulary.reasons import Reason, said


def sentence(reasons: Iterable[Reason]) -> str:
    """Why something was decided, for people."""
    return ". ".join(dict.fromkeys(map(said, reasons))) + "."


def short(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def title(step: Step) -> str:
    """What people call a step."""
    return step.title or step.id


def reference(directive: Directive) -> str:
    """The directive as letters cite it: by its number only once the clerk has given one."""
    if directive.number and directive.day:
        return f"Văn bản số {directive.number} ngày {short(directive.day)}"
    return f"văn bản {directive.title}"


def short_reference(directive: Directive) -> str:
    """As a list of reasons names it: the title of one without a number would drown them."""
    return shorten(reference(directive), 60, placeholder="…")


def cited(directive: Directive) -> str:
    """A directive with its title, where it stands beside others."""
    return f"{reference(directive)} ({directive.title})" if directive.number and directive.day else reference(directive)


def listed(parts: Iterable[str]) -> str:
    """Each part once: "A", "A và B", "A, B và C"."""
    *first, last = dict.fromkeys(parts)
    return f"{', '.join(first)} và {last}" if first else last
