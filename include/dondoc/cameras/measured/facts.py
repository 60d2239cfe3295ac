"""Measurements of cameras, as they are kept: one of each subject a night, never changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from dondoc.cameras.measured import own_clock
from dondoc.cameras.measured.devices import refused
from dondoc.cameras.measured.findings import Measured
from dondoc.cameras.measured.turn import WEEK
from dondoc.clock import HERE
from dondoc.probing.wanted import Subject
from dondoc.store.cameras import CameraMeasurement
from dondoc.store.session import one_at_a_time

LIGHT = range(7, 17)  # hours in which it is light all year
LATELY = timedelta(days=3 * WEEK)  # an older measurement says nothing of today: two turns in a row may fail


class CloserLook(NamedTuple):
    """What was measured of a camera at an instant, by subject."""

    camera: int
    at: datetime
    measured: Mapping[str, Any]


def record(session: Session, looks: Iterable[CloserLook], night: date, now: datetime) -> None:
    """Keep what looks of a night measured; what is kept already of a camera, night and subject stays as it is."""
    m = CameraMeasurement
    found = {(look.camera, subject): look for look in looks for subject in look.measured}
    if not found:
        return
    one_at_a_time(session, "measurements")
    kept = {(camera, of) for camera, of in session.execute(select(m.camera_id, m.subject).where(m.night == night))}
    for (camera, subject), look in found.items():
        if (camera, subject) not in kept:
            what = {"camera_id": camera, "subject": subject, "found": look.measured[subject]}
            session.add(m(night=night, happened_at=look.at, recorded_at=now, **what))


def newest(
    session: Session, as_of: datetime, known_at: datetime | None = None, *, among: Collection[int] | None = None
) -> dict[int, Sequence[Measured]]:
    """By camera, its newest measurement of each subject up to a moment, as far as it was known; none that is old.

    Of a clock that was held against ours when that was wrong only this is told: see `own_clock`.

    Args:
        among: of these cameras, not too many for one query (`store.parts`); None: of all.
    """
    m = CameraMeasurement
    rank = func.row_number().over(partition_by=(m.camera_id, m.subject), order_by=(m.happened_at.desc(), m.id.desc()))
    query = select(m.camera_id, m.subject, m.night, m.found, m.happened_at, rank.label("rank"))
    query = query.where(m.happened_at <= as_of, m.night > as_of.date() - LATELY)
    if known_at is not None:
        query = query.where(m.recorded_at <= known_at)
    if among is not None:
        query = query.where(m.camera_id.in_(among))
    found: dict[int, dict[Subject, Measured]] = defaultdict(dict)
    ranked = query.subquery()  # the newest first
    for one, subject, night, what, at, _ in session.execute(select(ranked).where(ranked.c.rank == 1)):
        found[one][subject] = Measured(subject, night, what, by_day=at.astimezone(HERE).hour in LIGHT)
    nights = {its[Subject.CLOCK].night for its in found.values() if Subject.CLOCK in its}
    off = own_clock.wrong_nights(session, nights, as_of, known_at)
    return {
        one: own_clock.excused([its[subject] for subject in Subject if subject in its], off)
        for one, its in found.items()
    }


def forget(session: Session, before: date) -> None:
    """Throw away what was measured on nights before a day, but for what a login must not be shown again for."""
    m = CameraMeasurement
    session.execute(delete(m).where(m.night < before, m.id.not_in(select(m.id).where(refused()))))
