"""Task bodies of `check_camera_reachability`."""

import logging
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from dondoc import clock
from dondoc.orchestration import runs
from dondoc.orchestration.connections import open_world

log = logging.getLogger(__name__)


def which(look: str, moment: datetime) -> tuple[str, date]:
    """The look that a run at a moment makes, and the night it belongs to: 04:00 still belongs to the night before."""
    if look == "auto":
        look = "second" if moment.hour < 7 else "day" if moment.hour < 17 else "night"
    return look, moment.date() - timedelta(days=1) if moment.hour < 7 else moment.date()


def plan(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Batches of camera ids, each with the night and the look it belongs to."""
    from dondoc.cameras import night

    world, asked = open_world(), runs.params(context)
    moment = context["dag_run"].run_after.astimezone(clock.HERE)
    look, day = which(asked["look"], moment)
    day = date.fromisoformat(asked["as_of"]) if asked["as_of"] else day
    wanted = runs.agencies(context, {a.id for a in world.directive.agencies})
    window = {"night": "night", "day": "day"}.get(look)
    batches = night.plan(world, night=day, round=look, system_window=window, only_failed=look == "second")
    if wanted:
        keep = night.of_agencies(world, wanted)
        batches = [kept for batch in batches if (kept := [i for i in batch if i in keep])]
    log.info("%s look of %s: %d cameras", look, day, sum(map(len, batches)))
    if asked["dry_run"] or runs.late(context, clock.now()):
        log.warning("dry run or too late: nothing is probed")
        return []
    return [{"cameras": batch, "night": day.isoformat(), "look": look} for batch in batches]


def check(batch: dict[str, Any]) -> list[dict[str, Any]]:
    """Look at one batch. Results are ids, verdicts and sentences: nothing secret, nothing large."""
    from dondoc.cameras import night

    day = date.fromisoformat(batch["night"])
    results = night.check_batch(open_world(), batch["cameras"], night=day, round=batch["look"], now=clock.now())
    log.info("batch of %d cameras looked at", len(results))
    return results


def store(batches: list[dict[str, Any]], results: list[list[dict[str, Any]]]) -> dict[str, int]:
    """Record what was found, open and close outages, write to the agencies concerned. Returns counts by verdict."""
    from dondoc.cameras import letters, night, outages

    if not batches:
        return {}
    world, now = open_world(), clock.now()
    day, look = date.fromisoformat(batches[0]["night"]), batches[0]["look"]
    found = [result for batch in results for result in batch]
    counts = night.store(world, found, night=day, round=look, now=now)
    settled = outages.settle(world, night=day, now=now)
    letters.outages(world, settled.get("opened", []), now)
    log.info("night of %s: %s; outages: %s", day, counts, settled)
    return counts
