"""A night's tasks called one after the other, as Airflow calls them."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

from dondoc import clock
from dondoc.cameras.nights import handed_on, night
from dondoc.cameras.nights.handed_on import Batch, Found
from dondoc.cameras.nights.result import Result
from dondoc.configuration.context import AppContext
from dondoc.orchestration import checking

TONIGHT = date(2021, 11, 22)


def context(run: str = "r") -> dict[str, Any]:
    """What the tasks of a run know of it."""
    return {"dag_run": SimpleNamespace(run_id=run)}


def batch(app: AppContext, cameras: Sequence[int], run: str = "r", planned: int = 0, look: str = "all") -> str:
    """The name of a batch of tonight."""
    now = clock.now()
    about = {"night": night.night_of(now), "look": look, "starts": now, "began": now, "over": 0.0, "run": run}
    return handed_on.put(app, Batch(cameras=[*cameras], planned=planned or len(cameras), **about))


def found(app: AppContext, name: str, results: Sequence[Result], run: str = "r") -> str:
    """The name of what was found of a batch."""
    return handed_on.put(app, Found.of(name, handed_on.batch(app, name, run), results))


def stored(batches: Sequence[str], of: Mapping[str, Any]) -> list[str]:
    """Each batch checked and stored."""
    return [checking.store(name, checking.check(name, of), of) for name in batches]


def whole(batches: Sequence[str], of: Mapping[str, Any]) -> dict[str, Any]:
    """And the night concluded."""
    return checking.conclude(batches, stored(batches, of), of)
