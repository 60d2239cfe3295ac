"""The fleet for Prometheus: gauges only, so that both its text formats read the same file.

A camera is labelled with its number, agency and system: no name, no address.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from dondoc.cameras.state.state import CameraState

CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(frozen=True)
class Run:
    """The last look at the fleet: when it began and ended, and what it found.

    `void`: our own side was down, what it found counts against nobody.
    """

    look: str
    started_at: datetime
    ended_at: datetime
    verdicts: dict[str, int]
    void: bool = False


def render(states: Iterable[CameraState], runs: Iterable[Run]) -> bytes:
    """The exposition, ending in `# EOF`.

    Args:
        runs: the last run of each look (night, day, second, …).
    """
    registry = CollectorRegistry()
    registry.register(_Fleet(list(states), list(runs)))
    return generate_latest(registry)  # type: ignore[no-any-return,no-untyped-call,unused-ignore]


class _Fleet(Collector):
    def __init__(self, states: list[CameraState], runs: list[Run]) -> None:
        self.states, self.runs = states, runs

    def describe(self) -> list[Metric]:
        return []  # registering must not collect

    def collect(self) -> Iterator[Metric]:
        yield from _cameras(self.states)
        yield from _runs(self.runs)


def _cameras(states: list[CameraState]) -> Iterator[Metric]:
    one = GaugeMetricFamily(
        "dondoc_camera_state", "1 for the state that a camera is in.", labels=["camera", "agency", "system", "state"]
    )
    for s in sorted(states, key=lambda s: s.camera.id):
        one.add_metric([s.number, s.camera.agency, s.camera.system, s.state], 1)
    yield one
    count = GaugeMetricFamily(
        "dondoc_cameras", "Cameras of an agency's system in a state.", labels=["agency", "system", "state"]
    )
    for labels, number in sorted(Counter((s.camera.agency, s.camera.system, s.state) for s in states).items()):
        count.add_metric(labels, number)
    yield count


def _runs(runs: list[Run]) -> Iterator[Metric]:
    ended = GaugeMetricFamily(
        "dondoc_check_last_run_timestamp_seconds", "When a look at the fleet last ended.", labels=["look"]
    )
    took = GaugeMetricFamily("dondoc_check_last_run_duration_seconds", "How long it took.", labels=["look"])
    found = GaugeMetricFamily(
        "dondoc_check_last_run_cameras",
        "Cameras by what the last look found, before pauses and expected silences; absent when it was void.",
        labels=["look", "verdict"],
    )
    void = GaugeMetricFamily(
        "dondoc_check_last_run_void", "1 when our own side was down: the look says nothing.", labels=["look"]
    )
    for run in sorted(runs, key=lambda r: r.look):
        ended.add_metric([run.look], run.ended_at.timestamp())
        took.add_metric([run.look], (run.ended_at - run.started_at).total_seconds())
        void.add_metric([run.look], int(run.void))
        for verdict, number in sorted(run.verdicts.items()) if not run.void else ():
            found.add_metric([run.look, verdict], number)
    yield from (ended, took, found, void)
