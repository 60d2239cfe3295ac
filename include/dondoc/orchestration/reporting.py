"""Task bodies of `weekly_status_report`."""

import logging
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.orchestration import approving, limits, runs
from dondoc.orchestration.connections import open_context
from dondoc.orchestration.limits import held_to

log = logging.getLogger(__name__)


@held_to(limits.OTHERS)
def list_letters(context: Mapping[str, Any]) -> list[str]:
    """Ids of the letters of which the run draws up reports, oldest first.

    Raises:
        Refused: the day is still to come.
        Problem: no letter wants a report.
    """
    app = open_context()
    return [letter.id for letter in _wanted(app, context, _day(app, context, clock.now()))]


@held_to(limits.DRAW_UP)
def draw_up(context: Mapping[str, Any], letter: str) -> dict[str, Any]:
    """Figures as of the day's 17:00 (of the run's own moment, when that is before), document, e-mails to approve.

    Run again it finds its e-mails again: there is no second set of them, and no file of the first is written over.

    Args:
        letter: the id of the letter that the report is about.

    Returns:
        directive, day, folder, ids of the e-mails to approve.

    Raises:
        Refused: the day is still to come, no report of the letter is wanted, or it is too late to record anything.
    """
    from dondoc.reporting import report

    app, now = open_context(), clock.now()
    day = _day(app, context, now)
    wanted = {one.id: one for one in _wanted(app, context, day)}
    if letter not in wanted:
        raise runs.Refused(f"Văn bản “{letter}” không có báo cáo ngày {day:%d/%m/%Y}.")
    dry, late = runs.params(context)["dry_run"], runs.late(context, now)
    cut_off = min(clock.at(day, 17), runs.moment(context))  # a report never speaks of hours to come
    trial = "-chay-thu" if dry or late else ""
    out = app.settings.home / "reports" / f"{day.isoformat()}{trial}"
    out = out if len(wanted) == 1 else out / letter
    ids: list[int] = []
    if trial:
        report.make(app, wanted[letter], cut_off, None, out)
    else:
        out = report.draw(app, wanted[letter], cut_off, out)
        ids = report.enqueue(app, wanted[letter], cut_off, out, now, runs.started_by(context))
    if late:
        raise runs.Refused(late)
    log.info("the report of %s of %s lies in %s; e-mails held: %s", day, letter, out, ids)
    to_approve = approving.request_approval(context, ids)
    return {"directive": letter, "day": day.isoformat(), "folder": str(out), "to_approve": to_approve}


def _day(app: AppContext, context: Mapping[str, Any], now: datetime) -> date:
    day = runs.as_of(context, app.first_day)
    if refusal := clock.to_come(day, now):
        raise runs.Refused(refusal)
    return day


def _wanted(app: AppContext, context: Mapping[str, Any], day: date) -> list[Directive]:
    """As known at the run's moment: cleared and run again, each map index is about the same letter as before."""
    from dondoc.reporting import report

    with app.sessions.reading() as session:
        return report.wanted(app, session, day, known_at=runs.moment(context))
