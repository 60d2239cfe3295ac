"""A night's look at all cameras: plan it in batches, look, and store what was found. Three calls, three tasks."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras import batch as looking
from dondoc.cameras.verdicts import GOOD, NOT_CHECKED
from dondoc.store.cameras import Camera, CameraCheck
from dondoc.world import World


def plan(
    world: World,
    *,
    night: date,
    round: str,
    system_window: str | None,
    only_failed: bool = False,
    camera_ids: Sequence[int] | None = None,
    batch: int = 500,
) -> list[list[int]]:
    """Camera ids in batches; cameras of one device next to one another.

    Args:
        system_window: `night` or `day`: only systems checked then; None: all.
        only_failed: only what that night has not been seen well yet. Systems checked by day are left out: their
            cameras may be switched off at night.
    """
    with world.sessions.begin() as session:
        wanted = select(Camera).where(Camera.exemption.is_(None), Camera.url.is_not(None))
        cameras = session.scalars(wanted).all()
        last = last_of_night(session, night)
    window = "night" if only_failed else system_window
    systems = {s.id for s in world.directive.systems if window in (None, s.check_window)}
    done = {c for c, check in last.items() if check.verdict in GOOD | NOT_CHECKED} if only_failed else set()
    ids = [
        camera.id
        for camera in sorted(cameras, key=lambda c: (c.url or "", c.id))
        if camera.system in systems and camera.id not in done and (camera_ids is None or camera.id in camera_ids)
    ]
    return [ids[start : start + batch] for start in range(0, len(ids), batch)]


def last_of_night(session: Session, night: date) -> dict[int, CameraCheck]:
    """The newest look of a night at each camera."""
    looks = session.scalars(
        select(CameraCheck).where(CameraCheck.night == night).order_by(CameraCheck.happened_at, CameraCheck.id)
    )
    return {look.camera_id: look for look in looks}


def of_agencies(world: World, agencies: Iterable[str]) -> set[int]:
    """Ids of these agencies' cameras."""
    with world.sessions.begin() as session:
        return set(session.scalars(select(Camera.id).where(Camera.agency.in_(list(agencies)))))


def check_batch(
    world: World, camera_ids: Sequence[int], *, night: date, round: str, now: datetime
) -> list[dict[str, Any]]:
    """Look at cameras up to one picture each; those without an address or exempt from checks are passed over.

    Returns:
        one JSON-safe result per camera looked at: `camera`, `verdict`, `phase`, `detail`, `elapsed_ms`, `stage`, `at`.
    """
    return looking.look(world, camera_ids, night=night, now=now)


def store(world: World, results: Iterable[dict[str, Any]], *, night: date, round: str, now: datetime) -> dict[str, int]:
    """Record results, once per camera, night and round: a retried task writes the same row again.

    Returns:
        counts by verdict.
    """
    results = list(results)
    with world.sessions.begin() as session:
        known = {
            check.camera_id: check
            for check in session.scalars(
                select(CameraCheck).where(CameraCheck.night == night, CameraCheck.round == round)
            )
        }
        for result in results:
            check = known.get(result["camera"])
            if check is None:
                check = known[result["camera"]] = CameraCheck(camera_id=result["camera"], night=night, round=round)
                session.add(check)
            for name in ("verdict", "phase", "detail", "elapsed_ms", "stage"):
                setattr(check, name, result[name])
            check.happened_at, check.recorded_at = datetime.fromisoformat(result["at"]), now
    return dict(Counter(result["verdict"] for result in results))
