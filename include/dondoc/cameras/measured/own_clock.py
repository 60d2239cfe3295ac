"""Whether it is our own clock that is wrong: where most devices of a night differ from it by about the same, it is.

Then no device is told that its clock is wrong, and our own people are told that ours is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.logins.attempts import device, hosts
from dondoc.cameras.measured.findings import Measured
from dondoc.clock import OUR_OFFSET
from dondoc.probing.wanted import Subject
from dondoc.store.cameras import Camera, CameraMeasurement

DEVICES, AGENCIES = 5, 2  # at least: one agency's devices may all follow one wrong server of time
ALIKE = timedelta(minutes=1)  # from the middle
WRONG = timedelta(minutes=1)  # devices that follow a server of time differ by seconds
OURS = "ours"  # in place of what was measured of a clock: seconds by which ours seems to be off


class Drift(NamedTuple):
    """By how much the clock of a device is ahead of ours; `device`: as cameras that share it have it in common."""

    agency: str
    device: str
    ahead: timedelta


def wrong(drifts: Iterable[Drift]) -> timedelta | None:
    """By how much our clock is ahead (or, if negative, behind), judged by the devices of a night; None: nothing says
    that it is wrong."""
    told = {one.device: one for one in sorted(drifts)}  # agencies that share a device have one clock among them
    if len(told) < DEVICES:
        return None
    middle = median(one.ahead / timedelta(seconds=1) for one in told.values())
    alike = [one for one in told.values() if abs(one.ahead - timedelta(seconds=middle)) <= ALIKE]
    most = 2 * len(alike) > len(told) and len(alike) >= DEVICES and len({one.agency for one in alike}) >= AGENCIES
    return -timedelta(seconds=round(middle)) if most and abs(middle) > WRONG / timedelta(seconds=1) else None


def measured_drift(found: Mapping[str, Any]) -> timedelta | None:
    """What a measured clock says of ours; None: nothing, as where a device may have mistaken one time for the other."""
    universal, local = found.get("utc"), found.get("local")
    if isinstance(universal, int):
        ahead = timedelta(seconds=universal)
        return ahead if local is not None or abs(ahead - OUR_OFFSET) > ALIKE else None
    if not isinstance(local, int):
        return None
    alone = timedelta(seconds=local)
    return alone if abs(alone + OUR_OFFSET) > ALIKE else None


def wrong_nights(
    session: Session, nights: Collection[date], as_of: datetime, known_at: datetime | None = None
) -> dict[date, timedelta]:
    """By how much our clock was off on nights of which that is known, as of `wrong`."""
    m = CameraMeasurement
    query = select(m.night, m.found, Camera.agency, Camera.url, Camera.id).join(Camera, Camera.id == m.camera_id)
    query = query.where(m.subject == Subject.CLOCK, m.night.in_(nights), m.happened_at <= as_of)
    if known_at is not None:
        query = query.where(m.recorded_at <= known_at)
    drifts: dict[date, list[Drift]] = {night: [] for night in nights}
    for night, found, agency, url, camera in session.execute(query) if nights else ():
        if (ahead := measured_drift(found)) is not None:
            drifts[night].append(Drift(agency, _device(url, camera), ahead))
    return {night: off for night, its in drifts.items() if (off := wrong(its))}


def _device(url: str | None, camera: int) -> str:
    return next(iter(hosts([device(url)])), "") if url else f"camera {camera}"


def excused(measured: Sequence[Measured], off: Mapping[date, timedelta]) -> Sequence[Measured]:
    """Measurements, of which those of clocks tell nothing on nights on which ours was off."""
    return [
        one._replace(found={OURS: round(off[one.night] / timedelta(seconds=1))})
        if one.subject == Subject.CLOCK and one.night in off
        else one
        for one in measured
    ]
