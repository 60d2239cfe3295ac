"""Task bodies of `escalate_overdue_agencies`."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.orchestration import approving, limits, runs
from dondoc.orchestration.connections import open_context
from dondoc.orchestration.limits import held_to
from dondoc.vocabulary.letters import LetterKind

log = logging.getLogger(__name__)


@held_to(limits.DECIDE)
def decide(context: Mapping[str, Any]) -> dict[str, Any]:
    """Decide for the run's day and record it with its outbox rows, in one transaction.

    Returns:
        agencies with a step, ids of the outbox rows, and of those that need a person's approval.

    Raises:
        Refused: all is decided and logged, but it is too late to record it, or the day is still to come.
    """
    from dondoc import approval
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
    if record:
        with app.sessions.begin() as session:
            log.info("not true any more: %s", [row.id for row in approval.lapse(app, session, now)])
    decisions = escalate.escalate(app, day, now=now, record=record, agencies=wanted, by=runs.started_by(context))
    for decision in decisions:
        log.info("%s: %s, %s", decision["agency"], decision["step"], decision["reason"])
    if refused:
        raise runs.Refused(refused)
    return {
        "day": day.isoformat(),
        "agencies": [d["agency"] for d in decisions],
        "outbox_ids": [i for d in decisions for i in d.get("outbox_ids", [])],
        "to_approve": approving.request_approval(context, _waiting(app, now)) if record else [],
    }


def _waiting(app: AppContext, now: datetime) -> list[int]:
    """What the one open request is about: all that waits for an approver, this morning's and older. Reports have a
    question each."""
    from dondoc.staff import to_approve

    with app.sessions.reading() as session:
        waiting = to_approve.waiting(app, session, now)
        return [letter for one in waiting if one.kind != LetterKind.REPORT for letter in one.letters]
