"""Cameras from the rows of an accepted form. A camera keeps its number; none is ever deleted."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.address import parse
from dondoc.cameras.brands import stream_url
from dondoc.directive.names import fold
from dondoc.store.cameras import Camera

EXEMPT = {"vms": "vms_only", "cloud": "vms_only", "none": "no_route"}  # sharing → why it is not checked


def declare(
    session: Session,
    *,
    agency: str,
    system: str,
    rows: Iterable[Mapping[str, Any]],
    submission_id: int | None,
    happened_at: datetime,
    now: datetime,
) -> list[int]:
    """Take over what an agency declared of a system; the same name is the same camera.

    Returns:
        camera ids, in the order of the rows.
    """
    known = session.scalars(select(Camera).where(Camera.agency == agency, Camera.system == system)).all()
    by_key = {fold(c.name): c for c in reversed(known)} | {c.key: c for c in known}
    taken: set[str] = set()
    ids = []
    for row in rows:
        name = str(row.get("name") or "").strip()
        if not name:
            continue
        key = _key(name, str(row.get("site") or ""), taken)
        camera = by_key.get(key)
        if camera is None:
            # The two times are those of its first declaration: reports of the past count it from then on.
            camera = by_key[key] = Camera(
                agency=agency, system=system, key=key, name=name, happened_at=happened_at, recorded_at=now
            )
            session.add(camera)
        _take_over(camera, row, submission_id)
        session.flush()
        ids.append(camera.id)
    return ids


def _key(name: str, site: str, taken: set[str]) -> str:
    """What makes it the same camera in the next form: its name; where two share it, also the site, else the order."""
    tries = [fold(name), f"{fold(name)} | {fold(site)}"]
    number = 2
    while (key := tries.pop(0)) in taken:
        tries.append(f"{fold(name)} | {fold(site)} | {number}")
        number += 1
    taken.add(key)
    return key


def _take_over(camera: Camera, row: Mapping[str, Any], submission_id: int | None) -> None:
    camera.name = str(row["name"]).strip()
    camera.site = str(row.get("site") or row.get("address") or "").strip()
    if url := stream_url(row):
        move_to(camera, url)
    camera.exemption = _exemption(row)
    camera.restricted = bool(row.get("restricted"))
    camera.submission_id = submission_id


def move_to(camera: Camera, url: str) -> None:
    """Give a camera its address. What logs in to one device is not shown to another."""
    if camera.url and parse(camera.url).device != parse(url).device:
        camera.username = camera.password = None
    camera.url = url


def _exemption(row: Mapping[str, Any]) -> str | None:
    if row.get("status") == "not_installed":
        return "not_installed"
    return EXEMPT.get(str(row.get("sharing") or ""))
