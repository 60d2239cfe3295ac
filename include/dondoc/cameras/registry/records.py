"""Cameras as people ask for them: by number, as a list with states, and what may be declared twice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor, person
from dondoc.cameras.registry import addresses, declarations
from dondoc.cameras.registry.declarations import Source
from dondoc.cameras.registry.hiding import public
from dondoc.cameras.registry.streams import respelled
from dondoc.cameras.state import current
from dondoc.cameras.state.remarks import in_words
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.store.cameras import Camera
from dondoc.vocabulary.numbers import CAM


def find(session: Session, number: str) -> Camera:
    """The camera that people call CAM-00012.

    Raises:
        Problem: that is no number, or no camera has it.
    """
    if (camera := session.get(Camera, CAM.read(number))) is None:
        raise Problem(f"Không có camera “{number}”. Số hiệu camera viết dạng {CAM(12)}.")
    return camera


def confirm(session: Session, secrets: list[str], camera: Camera, *, by: Actor, now: datetime) -> None:
    """A person confirms that it is connected: from now on it can fall out.

    Raises:
        Problem: nobody is named, or a program.
    """
    name = person(by.name)
    declarations.say(session, camera, Source.PERSON, {"confirmed": True}, happened_at=now, now=now, by=name)
    declarations.refresh(session, camera.agency, camera.system, secrets)
    audit.record(session, secrets, by, "confirm", CAM(camera.id), now=now)


def rows(
    app: AppContext, session: Session, now: datetime, as_of: datetime | None = None, known_at: datetime | None = None
) -> list[dict[str, Any]]:
    """Every camera with its state and why, and what is to be looked into besides; a restricted one without its address,
    none with what is hidden of it.

    Args:
        as_of: of this moment, as known at `known_at`; both None: how it is now.
    """
    found, its = current.standing(app, session, now, as_of, known_at)
    return [
        {
            "number": one.number,
            "agency": one.camera.agency,
            "system": one.camera.system,
            "name": one.camera.name,
            "place": one.camera.place,
            "site": one.camera.site,
            "url": None if one.camera.restricted else public(one.camera.url or "") or None,
            "restricted": one.camera.restricted,
            "state": one.state,
            "verdict": one.verdict,
            "since": one.since.isoformat() if one.since else None,
            "reason": one.reason,
            "remarks": in_words(its.get(one.camera.id, ())),
        }
        for one in found
    ]


def duplicates(session: Session, secrets: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Cameras of an agency's system that may be one and the same: a person decides, nothing is guessed.

    Args:
        secrets: keys for addresses of which a part is hidden; without them these are compared by name only.
    """
    cameras = session.scalars(select(Camera).order_by(Camera.id)).all()
    by_name = _alike((c, (c.agency, c.system, fold(c.name), fold(c.place), fold(c.site))) for c in cameras)
    addressed = ((c, _whole(c, secrets)) for c in cameras)
    alike = _alike((c, (c.agency, c.system, respelled(url))) for c, url in addressed if url)
    by_address = [same for same in alike if any(c.identity is None for c in same)]
    return [
        {"cameras": [CAM(c.id) for c in same], "agency": same[0].agency, "system": same[0].system, "why": why}
        for found, why in ((by_name, "cùng tên, cùng điểm"), (by_address, "cùng địa chỉ luồng hình"))
        for same in found
    ]


def _whole(camera: Camera, secrets: Sequence[str]) -> str | None:
    try:
        return addresses.read(camera, secrets).url
    except addresses.Unreadable:
        return None


def _alike(keyed: Iterable[tuple[Camera, tuple[Any, ...]]]) -> list[list[Camera]]:
    groups: dict[tuple[Any, ...], list[Camera]] = defaultdict(list)
    for camera, key in keyed:
        groups[key].append(camera)
    return [same for same in groups.values() if len(same) > 1]
