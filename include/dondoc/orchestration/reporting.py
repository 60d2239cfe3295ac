"""Task bodies of `weekly_status_report`."""

import logging
from collections.abc import Mapping
from typing import Any

from dondoc import clock
from dondoc.orchestration import approving, limits, runs
from dondoc.orchestration.connections import open_context
from dondoc.orchestration.limits import held_to

log = logging.getLogger(__name__)


@held_to(limits.DRAW_UP)
def draw_up(context: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as of the day's 17:00 (of the run's own moment, when that is before), documents, letters to approve.

    Run again it finds its letters again: there is no second set of them, and no file of the first is written over. A
    report that cannot be drawn up is logged and stops none after it: `all_drawn` makes the run red.

    Returns:
        day, folders, ids of the letters to approve, and of which directives the report failed.

    Raises:
        Refused: the day is still to come, or it is too late to record anything.
    """
    from dondoc.reporting import report

    app, now = open_context(), clock.now()
    day = runs.as_of(context, app.first_day)
    if refusal := clock.to_come(day, now):
        raise runs.Refused(refusal)
    dry, late = runs.params(context)["dry_run"], runs.late(context, now)
    cut_off = min(clock.at(day, 17), runs.moment(context))  # a report never speaks of hours to come
    with app.sessions.reading() as session:
        letters = report.wanted(app, session, day)
    trial = "-chay-thu" if dry or late else ""
    place = app.settings.home / "reports" / f"{day.isoformat()}{trial}"
    ids, folders, failed = [], [], []
    for letter in letters:
        out = place if len(letters) == 1 else place / letter.id
        try:
            if trial:
                report.make(app, letter, cut_off, None, out)
            else:
                out = report.draw(app, letter, cut_off, out)
                ids += report.enqueue(app, letter, cut_off, out, now, runs.started_by(context))
            folders.append(str(out))
        except Exception:  # whatever it is, the others are other letters' reports
            log.exception("no report of %s", letter.id)
            failed.append(letter.id)
    if late:
        raise runs.Refused(late)
    log.info("reports of %s lie in %s; letters held: %s", day, folders, ids)
    to_approve = approving.request_approval(context, ids)
    return {"day": day.isoformat(), "folders": folders, "to_approve": to_approve, "failed": failed}


def refuse_failed(drawn: Mapping[str, Any]) -> None:
    """Raises Refused when a report failed."""
    if drawn["failed"]:
        raise runs.Refused(f"Không lập được báo cáo của {', '.join(drawn['failed'])}. Xem nhật ký của draw_up.")
