"""Task bodies of `weekly_status_report`."""

import logging
from collections.abc import Mapping
from typing import Any

from dondoc import clock
from dondoc.orchestration import approving, limits, runs
from dondoc.orchestration.connections import open_world
from dondoc.orchestration.limits import held_to

log = logging.getLogger(__name__)


@held_to(limits.DRAW_UP)
def draw_up(context: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as of the day's 17:00 (of the run's own moment, when that is before), documents, letters to approve.

    Run again it finds its letters again: there is no second set of them, and no file of the first is written over.

    Raises:
        Refused: the day is still to come, or it is too late to record anything.
    """
    from dondoc.reporting import report

    world, now = open_world(), clock.now()
    day = runs.as_of(context, world.directive)
    if why := clock.to_come(day, now):
        raise runs.Refused(why)
    dry, late = runs.params(context)["dry_run"], runs.late(context, now)
    cut_off = min(clock.at(day, 17), runs.moment(context))  # a report never speaks of hours to come
    out = world.settings.home / "reports" / day.isoformat()
    if dry or late:
        out = out.with_name(f"{day.isoformat()}-chay-thu")
        report.make(world, cut_off, None, out)
    if late:
        raise runs.Refused(late)
    if not dry:
        out = report.draw(world, cut_off, out)
    ids = [] if dry else report.enqueue(world, cut_off, out, now, runs.started_by(context))
    log.info("report of %s lies in %s; letters held: %s", day, out.name, ids)
    return {"day": day.isoformat(), "folder": str(out), "to_approve": approving.asks(context, ids)}
