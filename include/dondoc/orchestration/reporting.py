"""Task bodies of `weekly_status_report`."""

import logging
from collections.abc import Mapping
from typing import Any

from dondoc import clock
from dondoc.orchestration import approving, runs
from dondoc.orchestration.connections import open_world

log = logging.getLogger(__name__)


def draw_up(context: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as of the day's 17:00 (of now, when that is still to come), the documents, the letters to approve."""
    from dondoc.reporting import report

    world, now, day = open_world(), clock.now(), runs.as_of(context)
    out = world.settings.home / "reports" / day.isoformat()
    if runs.params(context)["dry_run"]:
        out = out.with_name(f"{day.isoformat()}-chay-thu")
    cut_off = min(clock.at(day, 17), now)  # a report never speaks of hours to come
    report.make(world, cut_off, None, out)
    record = not (runs.params(context)["dry_run"] or runs.late(context, now))
    ids = report.enqueue(world, cut_off, out, now) if record else []
    log.info("report of %s lies in %s; letters held: %s", day, out.name, ids)
    return {"day": day.isoformat(), "folder": str(out), "to_approve": approving.asks(context, ids)}
