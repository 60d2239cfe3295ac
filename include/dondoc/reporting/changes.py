"""What has become different in a report since it was drawn up: each figure, old and new, with the facts behind it.

Facts never change, so what the figures do not hold is counted again as it was known then.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.reporting.figures.compute import Contents, contents
from dondoc.reporting.figures.model import CameraRow, DutyRow, Figures
from dondoc.store.reporting import Report
from dondoc.vocabulary.reports import CameraColumn, DutyColumn

NAMED = 20  # facts behind a figure that are named; a figure of more says how many there are
WAIVED = "Được miễn"


@dataclass(frozen=True)
class Change:
    """A figure of the report that is another one now. `because`: what stands behind it, in words."""

    figure: str  # where it stands in figures.json: "headline.on_time"
    title: str
    old: int
    new: int
    because: tuple[str, ...] = ()

    def as_row(self) -> dict[str, Any]:
        return {
            "figure": self.figure,
            "title": self.title,
            "old": self.old,
            "new": self.new,
            "because": [*self.because],
        }


def since_drawn(app: AppContext, letter: Directive, report: Report) -> list[Change]:
    """What is different by now in the figures of a draft's moment."""
    then = contents(app, letter, report.as_of, report.known_at or report.recorded_at)
    if (stored := Figures.understood(report.figures)) is not None:  # what it says, whatever came in while it was drawn
        then = Contents(stored, then.cameras)
    return [*changes(then, contents(app, letter, report.as_of, None))]


def changes(old: Contents, new: Contents) -> Iterator[Change]:
    """Pure. In the order of the report: duties, then cameras."""
    moved = _moved(_by_key(old.figures.duties), _by_key(new.figures.duties))
    for duty in DutyColumn:
        yield from _of_column("headline", duty, old.figures.headline, new.figures.headline, moved)
    seen = _moved(_by_number(old.cameras), _by_number(new.cameras))
    declared = old.figures.cameras_total.declared, new.figures.cameras_total.declared
    if declared[0] != declared[1]:
        added = [text for (before, _), texts in seen.items() if before is None for text in texts]
        yield Change("cameras_total.declared", "Camera đã khai", *declared, _named(added))
    for camera in CameraColumn:
        yield from _of_column("cameras_total", camera, old.figures.cameras_total, new.figures.cameras_total, seen)


Moved = Mapping[tuple[str | None, str | None], list[str]]


def _of_column(part: str, column: DutyColumn | CameraColumn, old: Any, new: Any, moved: Moved) -> Iterator[Change]:
    before, after = getattr(old, column), getattr(new, column)
    because = [text for ends, texts in moved.items() if column in ends for text in texts]
    if before != after or because:
        yield Change(f"{part}.{column}", column.label, before, after, _named(because))


def _by_key(rows: Iterable[DutyRow]) -> dict[str, tuple[str | None, str]]:
    return {f"{row.id} {row.agency}": (row.column, _duty(row)) for row in rows}


def _duty(row: DutyRow) -> str:
    column = row.column.label if row.column else WAIVED
    return f"{row.name}: {row.what}: {column[:1].lower()}{column[1:]} ({row.reason})"


def _by_number(rows: Iterable[CameraRow]) -> dict[str, tuple[str | None, str]]:
    return {row.number: (row.column, f"{row.number} {row.camera}, {row.name}: {row.finding}") for row in rows}


def _moved(old: Mapping[str, tuple[str | None, str]], new: Mapping[str, tuple[str | None, str]]) -> Moved:
    """What stands in another column than before, in its new words, by both columns (None: in none)."""
    found: dict[tuple[str | None, str | None], list[str]] = {}
    for key in {**old, **new}:
        (before, was), (after, now) = old.get(key, (None, "")), new.get(key, (None, ""))
        if before != after:
            found.setdefault((before, after), []).append(now or was)
    return found


def _named(texts: list[str]) -> tuple[str, ...]:
    more = len(texts) - NAMED
    return (*texts[:NAMED], f"và {more} thay đổi khác") if more > 0 else tuple(texts)
