"""What a report says of its figures."""

from datetime import date

from dondoc.directive.model import Directive
from dondoc.reporting.figures.model import Figures, LateAgency
from dondoc.reporting.words import number


def summary(figures: Figures, letter: Directive) -> list[str]:
    """The sentences that a report opens with."""
    total = figures.headline
    return [f"Đã hoàn thành {number(total.on_time + total.done_late)}/{number(total.owed)} nội dung."]


def late_items(agency: LateAgency) -> str:
    return "; ".join(f"{duty.what} ({number(duty.working_days_late)} ngày)" for duty in agency.duties)


def late_state(agency: LateAgency, today: date | None = None) -> str:
    return f"{agency.chased.on:%d/%m}, {agency.chased.title}" if agency.chased else "chưa đôn đốc"


def reliefs(figures: Figures) -> list[str]:
    """Extensions, pauses and waivers that hold."""
    return [f"{', '.join(one.agencies)}: {one.kind.label}, {one.document}." for one in figures.relief]


def proposals(figures: Figures, superior: str) -> list[str]:
    """What the superior is asked for or told, each with its date."""
    return [f"{superior}: {one.ask.label}, {', '.join(one.agencies)}, {one.by:%d/%m/%Y}." for one in figures.proposals]
