"""Task bodies of `escalate_overdue_agencies`."""

import logging
from collections.abc import Mapping
from typing import Any

from dondoc import clock
from dondoc.orchestration import approving, limits, runs
from dondoc.orchestration.connections import open_context
from dondoc.orchestration.limits import held_to

log = logging.getLogger(__name__)


@held_to(limits.DECIDE)
def decide(context: Mapping[str, Any]) -> dict[str, Any]:
    """Decide for the run's day and record it with its outbox rows, in one transaction.

    Returns:
        agencies with a step, ids of the outbox rows, and of those that need a person's approval.

    Raises:
        Refused: all is decided and logged, but it is too late to record it, or the day is still to come.
    """
    from dondoc.escalation import escalate, sources

    app, now = open_context(), clock.now()
    day = runs.as_of(context, app.first_day)
    wanted = runs.agencies(context, {a.id for a in app.registry.agencies})
    dry = runs.params(context)["dry_run"]
    refused = None if dry else runs.late(context, now) or clock.to_come(day, now)
    record = not (dry or refused)
    with app.sessions.reading() as session:
        if blind := sources.blind(session, app.settings, now):
            log.warning("held, because we are blind: %s", blind)
    decisions = escalate.escalate(app, day, now=now, record=record, agencies=wanted, by=runs.started_by(context))
    for decision in decisions:
        log.info("%s: %s, %s", decision["agency"], decision["step"], decision["reason"])
    if refused:
        raise runs.Refused(refused)
    ids = [i for d in decisions for i in d.get("outbox_ids", [])]
    return {
        "day": day.isoformat(),
        "agencies": [d["agency"] for d in decisions],
        "outbox_ids": ids,
        "to_approve": approving.request_approval(context, ids),
    }
