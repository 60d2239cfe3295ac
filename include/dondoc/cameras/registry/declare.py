"""Cameras from the rows of an accepted form. A camera keeps its number; none is ever deleted."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.registry import addresses, declarations, same
from dondoc.cameras.registry.addresses import Addresses, Unreadable
from dondoc.cameras.registry.brands import only_in_the_cloud, stream_url
from dondoc.cameras.registry.declarations import Source, main_of
from dondoc.cameras.registry.streams import canonical, respelled
from dondoc.store.cameras import Camera, CameraDeclaration

Row = Mapping[str, Any]
SAME_ADDRESS = "_same_address"  # of a row: it says nothing new of its camera's address
AS_WRITTEN = ("status", "power", "link", "off_after_hours", "sharing")  # a form says all of these: blank is none


def declare(
    session: Session,
    *,
    agency: str,
    system: str,
    rows: Iterable[Row],
    submission_id: int | None,
    happened_at: datetime,
    now: datetime,
    place: str = "place",
    prefer_substream: bool = True,
    secrets: Sequence[str] = (),
) -> list[int]:
    """Take over what an agency declared of a system. Place and name, or else the address, tell which camera it is.

    Args:
        place: the key of the rows that names the place.
        secrets: keys for what is hidden of an address.

    Returns:
        camera ids, in the order of the rows.

    Raises:
        Problem: an address has a part to be hidden, and no key is set.
    """
    mine = select(Camera).where(Camera.agency == agency, Camera.system == system).order_by(Camera.id)
    placed = [{**row, "place": _text(row, place)} for row in rows if _text(row, "name")]
    named = same.named(placed)
    found = same.of_form(session.scalars(mine).all(), named, {k: _main(row) for k, row in named.items()}, secrets)
    taken = {camera.key for camera in found.values()}
    cameras = [
        found.get(key) or Camera(agency=agency, system=system, key=_free(key, taken), **_BLANK, **_at(happened_at, now))
        for key in named
    ]
    session.add_all(cameras)
    session.flush()
    for camera, row in zip(cameras, named.values(), strict=True):
        declarations.say(
            session,
            camera,
            Source.FORM,
            _said(row),
            happened_at=happened_at,
            now=now,
            address=_address(row, sub=prefer_substream),
            secrets=secrets,
            submission_id=submission_id,
        )
    declarations.refresh(session, agency, system, secrets)
    return [camera.id for camera in cameras]


def _free(key: str, taken: set[str]) -> str:
    """A key that no other camera has: one that is known by its number may have kept what it was called before."""
    return next(one for one in (key, *(f"{key} | {n}" for n in range(2, len(taken) + 3))) if one not in taken)


_BLANK = {"name": "", "site": "", "place": ""}


def _at(happened_at: datetime, now: datetime) -> dict[str, datetime]:
    return {"happened_at": happened_at, "recorded_at": now}


def _said(row: Row) -> dict[str, Any]:
    said: dict[str, Any] = {"name": _text(row, "name"), "site": _text(row, "site") or _text(row, "address")}
    said |= {name: row.get(name) for name in AS_WRITTEN}
    said |= {"cloud": True} if only_in_the_cloud(row) else {}
    said |= {"place": row["place"]} if row["place"] else {}
    words = {"restricted": row.get("restricted"), "records_sound": row.get("audio")}
    return said | {name: word for name, word in words.items() if word is not None}


def _text(row: Row, key: str) -> str:
    return str(row.get(key) or "").strip()


def _address(row: Row, *, sub: bool) -> Addresses | None:
    url = None if row.get(SAME_ADDRESS) else stream_url(row, sub=sub)
    return Addresses(url, _main(row)) if url else None


def _main(row: Row) -> str | None:
    url = stream_url(row)
    return canonical(url) if url else None


def identify_again(session: Session, secrets: Sequence[str] = ()) -> dict[str, int]:
    """Bring stored addresses up to what is known now: spellings, and what is to be hidden; again, it changes nothing.

    Cameras that turn out to be one stay two, without identity: they are listed as doubles, and a person decides.

    Returns:
        counts `changed` and, of these, `doubles`; `hidden`: addresses of which something was stored in clear until now;
        `clear`: those of which something still is, because no key is set. Each of cameras.
    """
    before = {camera: (camera.identity, main_of(camera, secrets)) for camera in session.scalars(select(Camera))}
    hidden, clear = set[int](), set[int]()
    for fact in session.scalars(select(CameraDeclaration).where(CameraDeclaration.url.is_not(None))):
        try:
            whole = addresses.read(fact, secrets)
        except Unreadable:
            continue
        now = Addresses(whole.url, whole.main and respelled(whole.main))
        if addresses.hides(now) and not secrets:
            clear.add(fact.camera_id)
            fact.identity = now.main
        elif now != whole or addresses.is_clear(fact, now):
            hides = addresses.is_clear(fact, whole) and addresses.hides(now)
            addresses.write(fact, now, secrets)
            hidden |= {fact.camera_id} if hides else set()
    for agency, system in declarations.groups(session):
        declarations.refresh(session, agency, system, secrets)
    changed = [c for c, (_, main) in before.items() if main_of(c, secrets) != main]
    return {
        "changed": len(changed),
        "doubles": sum(camera.identity is None for camera in changed),
        "hidden": len(hidden - {camera.id for camera in changed}),
        "clear": len(clear),
    }
