"""How the ladder names things for people."""

from collections.abc import Iterable
from datetime import date
from textwrap import shorten

from dondoc.directive.model import Directive, Registry, Step
from dondoc.directive.names import deliverable, month
from dondoc.facts.obligations import Standing
from dondoc.vocabulary.reasons import Reason, said


def sentence(reasons: Iterable[Reason]) -> str:
    """Why something was decided, for people."""
    return ". ".join(dict.fromkeys(map(said, reasons))) + "."


def short(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def title(step: Step) -> str:
    """What people call a step."""
    return step.title or step.id


def name(registry: Registry, standing: Standing) -> str:
    """An obligation, with its system, its period, and whose it was before the agencies were rearranged."""
    duty, system = standing.duty, registry.system(standing.duty.system)
    former = f"nhiệm vụ của {registry.agency(duty.agency).name}" if standing.agency != duty.agency else ""
    notes = [
        system.name if system.cameras else "",
        f"kỳ {month(duty.period)}" if duty.period else "",
        former,
    ]
    noted = ", ".join(note for note in notes if note)
    return (
        f"{deliverable(duty.deliverable, duty.text)} ({noted})" if noted else deliverable(duty.deliverable, duty.text)
    )


def due(standing: Standing, *notes: str) -> str:
    """The deadline as the directive writes it; an extended one by its last day. What there is to note, in brackets."""
    written, last = standing.duty.due_before, standing.last_day
    if written is None or last is None:
        return "không định thời hạn"
    extended = (written - last).days != 1
    day = f"hết ngày {short(last)}" if extended else f"trước ngày {short(written)}"
    noted = ("đã gia hạn", *notes) if extended else notes
    return f"{day} ({', '.join(noted)})" if noted else day


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
