"""How people call a duty and its time limit."""

from dondoc.directive.model import Registry
from dondoc.directive.names import deliverable, month
from dondoc.facts.obligations import Standing


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
    called = deliverable(duty.deliverable, duty.text)
    return f"{called} ({noted})" if noted else called


def extended(standing: Standing) -> bool:
    """Whether a ruling moved its last day away from what the directive writes."""
    written, last = standing.duty.due_before, standing.last_day
    return written is not None and last is not None and (written - last).days != 1


def due(standing: Standing, *notes: str) -> str:
    """The deadline as the directive writes it; an extended one by its last day. What there is to note, in brackets."""
    written, last = standing.duty.due_before, standing.last_day
    if written is None or last is None:
        return "không định thời hạn"
    day = f"hết ngày {last:%d/%m/%Y}" if extended(standing) else f"trước ngày {written:%d/%m/%Y}"
    noted = ("đã gia hạn", *notes) if extended(standing) else notes
    return f"{day} ({', '.join(noted)})" if noted else day
