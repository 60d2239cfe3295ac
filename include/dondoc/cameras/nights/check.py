"""Cameras checked, unless it is our own side that is down: one way for a night, a form just read, and a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dondoc.cameras.nights import night
from dondoc.cameras.nights.result import Result
from dondoc.cameras.state.local_outage import references_answer
from dondoc.configuration.context import AppContext
from dondoc.probing.verdicts import UNREACHED


@dataclass(frozen=True)
class Checked:
    """What was found of each camera, as `night.record` takes it. `blind`: it says nothing, for our own side was down;
    there are no results when that was so from the beginning."""

    results: list[Result]
    blind: bool


def check(
    app: AppContext,
    cameras: Sequence[int],
    *,
    tonight: date,
    round: str,
    now: datetime,
    over: float = 0.0,
    regardless: bool = False,
) -> Checked:
    """Check cameras up to one picture each; arguments and errors as of `night.check_batch`.

    Our reference hosts are asked before, and again when most cameras were not reached: the line may have been down at
    either end. What did answer counts in any case.

    Args:
        regardless: cameras are checked though no reference host answers: a person waits for it.
    """
    up = references_answer(app.settings)
    if not (up or regardless):
        return Checked([], blind=True)
    results = night.check_batch(app, cameras, night=tonight, round=round, now=now, over=over)
    lost = sum(result.phase in UNREACHED for result in results)
    return Checked(results, blind=lost > len(results) / 2 and not (up and references_answer(app.settings)))
