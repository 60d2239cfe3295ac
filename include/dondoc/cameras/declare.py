"""Cameras from the rows of an accepted form. A camera keeps its number; none is ever deleted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.address import parse
from dondoc.cameras.brands import only_in_the_cloud, stream_url
from dondoc.cameras.streams import canonical, respelled
from dondoc.directive.names import fold
from dondoc.store.cameras import Camera

Row = Mapping[str, Any]
EXEMPT = {"vms": "vms_only", "cloud": "vms_only", "none": "no_route"}  # sharing → why it is not checked
PRIVATE = [ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
PUBLIC_LINKS = ("ftth", "mobile", "none")  # over these nobody gets to a private address


def declare(
    session: Session,
    *,
    agency: str,
    system: str,
    rows: Iterable[Row],
    submission_id: int | None,
    happened_at: datetime,
    now: datetime,
    prefer_substream: bool = True,
) -> list[int]:
    """Take over what an agency declared of a system. The same name, or else the same address, is the same camera.

    Returns:
        camera ids, in the order of the rows.
    """
    known = session.scalars(select(Camera).where(Camera.agency == agency, Camera.system == system)).all()
    named = _named([row for row in rows if str(row.get("name") or "").strip()])
    found = _matched(known, named)
    cameras = []
    for key, row in named.items():
        camera = found.get(key)
        if camera is None:
            # The two times are those of its first declaration: reports of the past count it from then on.
            camera = Camera(agency=agency, system=system, key=key, name="", happened_at=happened_at, recorded_at=now)
            session.add(camera)
        _take_over(camera, row, submission_id, sub=prefer_substream)
        cameras.append(camera)
    identify(session, known, {c: _identity(row) for c, row in zip(cameras, named.values(), strict=True)})
    return [camera.id for camera in cameras]


def _named(rows: Sequence[Row]) -> dict[str, Row]:
    """Rows by what makes each the same camera in the next form: its name; where two share it, also site, else order."""
    found: dict[str, Row] = {}
    for row in rows:
        name, site = fold(str(row["name"])), fold(str(row.get("site") or ""))
        tries, number = [name, f"{name} | {site}"], 2
        while (key := tries.pop(0)) in found:
            tries.append(f"{name} | {site} | {number}")
            number += 1
        found[key] = row
    return found


def _matched(known: Sequence[Camera], named: Mapping[str, Row]) -> dict[str, Camera]:
    """Which camera each row means, by key. Its address decides only where its name says nothing."""
    by_key = {fold(c.name): c for c in reversed(known)} | {c.key: c for c in known}
    found = {key: by_key[key] for key in named if key in by_key}
    taken = {id(camera) for camera in found.values()}
    by_address = {c.identity: c for c in known if c.identity and id(c) not in taken}
    addresses = {key: _identity(row) for key, row in named.items() if key not in found}
    count = Counter(addresses.values())
    for key, address in addresses.items():
        if address in by_address and count[address] == 1:
            camera = found[key] = by_address[address]
            if camera.key.startswith(fold(camera.name)):  # made from its name, which it no longer has
                camera.key = key
    return found


def identify(session: Session, known: Sequence[Camera], addresses: Mapping[Camera, str | None]) -> None:
    """Give cameras their identities; where several claim the same address none of them has it."""
    others = {c.identity for c in known if c not in addresses}
    count = Counter(addresses.values())
    for camera in addresses:
        camera.identity = None
    session.flush()
    for camera, address in addresses.items():
        camera.identity = address if address and count[address] == 1 and address not in others else None
    session.flush()


def identify_again(session: Session) -> dict[str, int]:
    """Bring stored identities up to the spellings that are known now; run again, it changes nothing.

    Cameras that turn out to be one stay two, without identity: they are listed as doubles, and a person decides.

    Returns:
        counts `changed` and, of these, `doubles`.
    """
    groups: dict[tuple[str, str, str], list[Camera]] = defaultdict(list)
    for camera in session.scalars(select(Camera).where(Camera.identity.is_not(None)).order_by(Camera.id)):
        groups[camera.agency, camera.system, respelled(camera.identity or "")].append(camera)
    wanted = {c: key[2] if len(same) == 1 else None for key, same in groups.items() for c in same}
    changed = {camera: address for camera, address in wanted.items() if camera.identity != address}
    for camera in changed:  # first, lest one takes what another is about to give up
        camera.identity = None
    session.flush()
    for camera, address in changed.items():
        camera.identity = address
    session.flush()
    return {"changed": len(changed), "doubles": list(changed.values()).count(None)}


def _identity(row: Row) -> str | None:
    url = stream_url(row)
    return canonical(url) if url else None


def _take_over(camera: Camera, row: Row, submission_id: int | None, *, sub: bool) -> None:
    camera.name = str(row["name"]).strip()
    camera.site = str(row.get("site") or row.get("address") or "").strip()
    if url := stream_url(row, sub=sub):
        move_to(camera, url)
    camera.status, camera.power, camera.link = row.get("status"), row.get("power"), row.get("link")
    camera.off_after_hours = row.get("off_after_hours")
    camera.exemption = _exemption(camera, row)
    camera.records_sound = row.get("audio")
    camera.restricted = bool(row.get("restricted"))
    camera.submission_id = submission_id


def move_to(camera: Camera, url: str) -> None:
    """Give a camera its address. What logs in to one device is not shown to another."""
    if camera.url and parse(camera.url).device != parse(url).device:
        camera.username = camera.password = None
    camera.url = url


def _exemption(camera: Camera, row: Row) -> str | None:
    """Why the Department cannot look at it by design; what was seen or confirmed needs no such guess."""
    if row.get("status") == "not_installed":
        return "not_installed"
    if why := EXEMPT.get(str(row.get("sharing") or "")):
        return why
    if camera.worked_at or camera.confirmed:
        return None
    if only_in_the_cloud(row):
        return "vms_only"
    return "private_address" if row.get("link") in PUBLIC_LINKS and _private(camera.url) else None


def _private(url: str | None) -> bool:
    try:
        ip = ip_address(parse(url or "").host)
    except ValueError:
        return False
    return any(ip in network for network in PRIVATE)
