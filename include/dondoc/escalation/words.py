"""How the ladder names things for people."""

from datetime import date

from dondoc.directive.model import Directive, Step
from dondoc.directive.names import deliverable
from dondoc.facts.obligations import Standing

ROLE = {"focal_officer": "cán bộ đầu mối", "clerk": "văn thư", "head": "lãnh đạo đơn vị", "board": "lãnh đạo Sở"}

KIND = {"report": "Báo cáo tuần"}  # what waits for approval beside the ladder's letters


def short(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def title(step: Step) -> str:
    """What people call a step."""
    return step.title or step.id


def name(directive: Directive, standing: Standing) -> str:
    """An obligation, with its system, and whose it was before the agencies were rearranged."""
    duty = standing.duty
    former = f", nhiệm vụ của {directive.agency(duty.agency).name}" if standing.agency != duty.agency else ""
    return f"{deliverable(duty.deliverable)} ({directive.system(duty.system).name}{former})"


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
