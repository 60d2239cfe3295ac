"""Task bodies of `escalate_overdue_agencies`."""

import logging
from collections.abc import Mapping
from typing import Any

from dondoc import clock
from dondoc.orchestration import approving, runs
from dondoc.orchestration.connections import open_world

log = logging.getLogger(__name__)


def decide(context: Mapping[str, Any]) -> dict[str, Any]:
    """Decide for the run's day and record it with its outbox rows, in one transaction.

    Returns:
        agencies with a step, ids of the outbox rows, and of those that need a person's approval.
    """
    from dondoc.escalation import escalate, sources

    world, now, day = open_world(), clock.now(), runs.as_of(context)
    wanted = runs.agencies(context, {a.id for a in world.directive.agencies})
    late = runs.late(context, now)
    record = not (runs.params(context)["dry_run"] or late)
    with world.sessions.reading() as session:
        if blind := sources.blind(session, world.settings, now):
            log.warning("held, because we are blind: %s", blind)
    decisions = escalate.escalate(world, day, now=now, record=record, agencies=wanted)
    for decision in decisions:
        log.info("%s: %s, %s", decision["agency"], decision["step"], decision["reason"])
    if late:
        log.warning("nothing recorded: %s", late)
    ids = [i for d in decisions for i in d.get("outbox_ids", [])]
    return {
        "day": day.isoformat(),
        "agencies": [d["agency"] for d in decisions],
        "outbox_ids": ids,
        "to_approve": approving.asks(context, ids),
    }
