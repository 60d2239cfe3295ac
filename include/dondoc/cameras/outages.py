"""Outages: opened after some bad nights in a row, closed at the first good one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.verdicts import GOOD, NOT_CHECKED, PHASE, REACHABLE_PHASES
from dondoc.store.cameras import Camera, CameraCheck, Outage
from dondoc.store.mail import OutboxLetter
from dondoc.world import World

LOOK_BACK = timedelta(days=30)
UNANNOUNCED_FOR = timedelta(days=7)  # how long a new outage waits for somebody to write to
OURS = 5  # so many cameras, of two agencies or more, and none answers: it is our own side that is down


def settle(world: World, *, night: date, now: datetime) -> dict[str, list[int]]:
    """Open and close outages by what was seen up to a night. Doing it again changes nothing.

    Returns:
        outage ids: `opened`: new ones, and recent ones that no letter has told of yet; `closed` by this call.
    """
    with world.sessions.begin() as session:
        cameras = {c.id: c for c in session.scalars(select(Camera))}
        nights = _nights(session, cameras, night)
        standing = {o.camera_id: o for o in session.scalars(select(Outage).where(Outage.closed_at.is_(None)))}
        worked = set(session.scalars(select(CameraCheck.camera_id).where(CameraCheck.verdict == "ok").distinct()))
        closed = []
        for camera_id, seen in nights.items():
            camera, outage = cameras[camera_id], standing.get(camera_id)
            if outage:
                if seen[-1][0] == night and seen[-1][1] in GOOD:
                    outage.closed_at = now
                    closed.append(outage.id)
            elif camera.exemption is None and (camera.confirmed or camera_id in worked):
                _open(session, world, camera, seen, now)
        closed += _exempted(standing.values(), cameras, now)
        session.flush()
        return {"opened": _unannounced(session, now), "closed": closed}


def _nights(session: Session, cameras: Mapping[int, Camera], night: date) -> dict[int, list[tuple[date, str]]]:
    """Per camera its nights up to this one with the last verdict of each; nights that say nothing are left out."""
    looks = session.scalars(
        select(CameraCheck)
        .where(CameraCheck.night <= night, CameraCheck.night > night - LOOK_BACK)
        .order_by(CameraCheck.night, CameraCheck.happened_at, CameraCheck.id)
    )
    last: dict[date, dict[int, CameraCheck]] = defaultdict(dict)
    for look in looks:
        last[look.night][look.camera_id] = look
    found: dict[int, list[tuple[date, str]]] = defaultdict(list)
    for day, checks in last.items():
        told = {c: k.verdict for c, k in checks.items() if k.verdict not in NOT_CHECKED}
        if _our_side_down(told, cameras):
            continue
        for camera_id, verdict in told.items():
            found[camera_id].append((day, verdict))
    return found


def _our_side_down(told: Mapping[int, str], cameras: Mapping[int, Camera]) -> bool:
    if len(told) < OURS or len({cameras[c].agency for c in told}) < 2:
        return False
    return not any(PHASE[verdict] in REACHABLE_PHASES for verdict in told.values())


def _open(session: Session, world: World, camera: Camera, seen: list[tuple[date, str]], now: datetime) -> None:
    good = [index for index, (_, verdict) in enumerate(seen) if verdict in GOOD]
    bad = seen[good[-1] + 1 :] if good else seen
    needed = world.directive.system(camera.system).outage_nights or world.settings.outage_nights
    if len(bad) >= needed:
        first, verdict = bad[0][0], bad[-1][1]
        session.add(Outage(camera_id=camera.id, first_night=first, verdict=verdict, opened_at=now, closed_at=None))


def _exempted(outages: Iterable[Outage], cameras: Mapping[int, Camera], now: datetime) -> list[int]:
    """What is not checked any more cannot be seen to come back."""
    gone = [o for o in outages if o.closed_at is None and cameras[o.camera_id].exemption]
    for outage in gone:
        outage.closed_at = now
    return [o.id for o in gone]


def announced(session: Session) -> set[int]:
    """Outages that a letter tells of which was not stopped."""
    letters = session.scalars(
        select(OutboxLetter.context).where(OutboxLetter.kind == "outage", OutboxLetter.state != "cancelled")
    )
    return {outage for context in letters for outage in context.get("outages", [])}


def _unannounced(session: Session, now: datetime) -> list[int]:
    fresh = session.scalars(
        select(Outage.id).where(Outage.closed_at.is_(None), Outage.opened_at > now - UNANNOUNCED_FOR)
    )
    told = announced(session)
    return sorted(outage for outage in fresh if outage not in told)
