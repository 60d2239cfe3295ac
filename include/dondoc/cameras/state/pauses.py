"""A person's word that cameras are not to be judged for a while: which, from when to when, and on what ground."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.cameras.registry.declarations import AnyCamera
from dondoc.directive.model import Registry
from dondoc.directive.names import fold
from dondoc.directive.succession import responsible
from dondoc.facts.reasons import cited
from dondoc.facts.rulings import spans
from dondoc.store.facts import Ruling
from dondoc.vocabulary.reasons import said
from dondoc.vocabulary.rulings import RulingKind


@dataclass(frozen=True)
class Pause:
    """`agencies` None: every agency; `until`: its last day; `undone`: when a person took it back."""

    agencies: frozenset[str] | None
    system: str | None
    place: str | None
    site: str | None
    begins: datetime
    until: date | None
    undone: datetime | None
    words: str

    def covers(self, camera: AnyCamera, at: datetime, day: date) -> bool:
        """Whether it holds for a camera at an instant that belongs to a day (04:00 belongs to the night before)."""
        return (
            self.begins <= at
            and (self.until is None or day <= self.until)
            and (self.undone is None or at < self.undone)
            and self.concerns(camera)
        )

    def concerns(self, camera: AnyCamera) -> bool:
        """Whether it is about a camera, at some time."""
        return (
            (self.agencies is None or camera.agency in self.agencies)
            and self.system in (None, camera.system)
            and (self.place is None or self.place == fold(camera.place))
            and (self.site is None or self.site == fold(camera.site))
        )

    @property
    def edges(self) -> list[datetime]:
        """The instants at which it begins or ceases to hold."""
        ends = clock.at(self.until + timedelta(days=1), 0) if self.until else None
        return [edge for edge in (self.begins, ends, self.undone) if edge]


def pauses(session: Session, registry: Registry, known_at: datetime | None = None) -> list[Pause]:
    """Every pause that is about cameras, once for each time that it held: one that was undone held until then."""
    query = select(Ruling).where(Ruling.kind.in_([RulingKind.PAUSE, RulingKind.UNDO])).order_by(Ruling.id)
    if known_at is not None:
        query = query.where(Ruling.recorded_at <= known_at)
    rows = session.scalars(query).all()
    return [
        _pause(registry, r, begins, undone)
        for r in rows
        if r.kind == RulingKind.PAUSE and r.deliverable is None
        for begins, undone in spans(rows, r)
    ]


def _pause(registry: Registry, ruling: Ruling, begins: datetime, undone: datetime | None) -> Pause:
    return Pause(
        agencies=_whose(registry, ruling.agency, ruling.happened_at.date()) if ruling.agency else None,
        system=ruling.system,
        place=fold(ruling.place) if ruling.place else None,
        site=fold(ruling.site) if ruling.site else None,
        begins=begins,
        until=ruling.until,
        undone=undone,
        words=f"tạm dừng {said(cited(ruling))}",
    )


def _whose(registry: Registry, agency: str, day: date) -> frozenset[str]:
    """The agency, and those whose cameras it took over."""
    return frozenset({agency, *(a.id for a in registry.agencies if responsible(registry, a.id, day)[0] == agency)})


def covering(found: Iterable[Pause], camera: AnyCamera, at: datetime, day: date) -> str | None:
    """The words of the newest pause that holds; None without one."""
    return next((p.words for p in reversed([*found]) if p.covers(camera, at, day)), None)
