"""What the tables of a report are called, and with what it is compared."""

from dondoc.clock import HERE
from dondoc.documents.words import short
from dondoc.reporting.figures.model import Figures

IN_BODY = 14  # late agencies that stand in the report itself; more go into an annex


def late_table(figures: Figures) -> str:
    """The table of the late: a report without a table of cameras has one less."""
    return "Bảng 3" if figures.surveys and figures.cameras_total.declared else "Bảng 2"


def since_day(figures: Figures) -> str:
    assert figures.since is not None
    return short(figures.since.as_of.astimezone(HERE).date())


def since(figures: Figures) -> str:
    """The report that the reader saw last, else a day: after "so với"."""
    if figures.since is None:
        return ""
    day = since_day(figures)
    number = figures.since.number
    return f"Báo cáo số {number} (số liệu đến ngày {day})" if number else f"ngày {day}"


def change_title(figures: Figures) -> str:
    return f"Tăng so với {since_day(figures)}" if figures.since else "Tăng so với kỳ trước"
