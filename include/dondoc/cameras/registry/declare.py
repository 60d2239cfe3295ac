"""Cameras from the rows of an accepted form. A camera keeps its number; none is ever deleted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.registry import addresses
from dondoc.cameras.registry.addresses import Addresses, Unreadable
from dondoc.cameras.registry.brands import only_in_the_cloud, stream_url
from dondoc.cameras.registry.streams import canonical, respelled
from dondoc.directive.names import fold
from dondoc.probing.address import parse
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
    secrets: Sequence[str] = (),
) -> list[int]:
    """Take over what an agency declared of a system. The same name, or else the same address, is the same camera.

    Args:
        secrets: keys for what is hidden of an address.

    Returns:
        camera ids, in the order of the rows.

    Raises:
        Problem: an address has a part to be hidden, and no key is set.
    """
    known = session.scalars(select(Camera).where(Camera.agency == agency, Camera.system == system)).all()
    named = _named([row for row in rows if str(row.get("name") or "").strip()])
    found = _matched(known, named, secrets)
    cameras = []
    for key, row in named.items():
        camera = found.get(key)
        if camera is None:
            # The two times are those of its first declaration: reports of the past count it from then on.
            camera = Camera(agency=agency, system=system, key=key, name="", happened_at=happened_at, recorded_at=now)
            session.add(camera)
        _take_over(camera, row, submission_id, sub=prefer_substream, secrets=secrets)
        cameras.append(camera)
    identify(session, known, {c: _identity(row) for c, row in zip(cameras, named.values(), strict=True)}, secrets)
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


def _matched(known: Sequence[Camera], named: Mapping[str, Row], secrets: Sequence[str]) -> dict[str, Camera]:
    """Which camera each row means, by key. Its address decides only where its name says nothing."""
    by_key = {fold(c.name): c for c in reversed(known)} | {c.key: c for c in known}
    found = {key: by_key[key] for key in named if key in by_key}
    taken = {id(camera) for camera in found.values()}
    by_address = {main_of(c, secrets): c for c in known if c.identity and id(c) not in taken}
    mains = {key: _identity(row) for key, row in named.items() if key not in found}
    count = Counter(mains.values())
    for key, address in mains.items():
        if address in by_address and count[address] == 1:
            camera = found[key] = by_address[address]
            if camera.key.startswith(fold(camera.name)):  # made from its name, which it no longer has
                camera.key = key
    return found


def main_of(camera: Camera, secrets: Sequence[str]) -> str | None:
    """The whole address of a camera's main stream; of one that no key opens, what is stored, which equals no other."""
    try:
        return addresses.read(camera, secrets).main
    except Unreadable:
        return camera.identity


def identify(
    session: Session, known: Sequence[Camera], mains: Mapping[Camera, str | None], secrets: Sequence[str]
) -> None:
    """Give cameras their identities; where several claim the same address none of them has it."""
    others = {main_of(c, secrets) for c in known if c not in mains}
    count = Counter(mains.values())
    for camera in mains:
        _identified(camera, None, secrets)
    session.flush()
    for camera, main in mains.items():
        _identified(camera, main if main and count[main] == 1 and main not in others else None, secrets)
    session.flush()


def _identified(camera: Camera, main: str | None, secrets: Sequence[str]) -> None:
    try:
        addresses.write(camera, Addresses(addresses.read(camera, secrets).url, main), secrets)
    except Unreadable:  # its address was not given anew: it stays as it is, and cannot be looked at
        camera.identity = None


def identify_again(session: Session, secrets: Sequence[str] = ()) -> dict[str, int]:
    """Bring stored addresses up to what is known now: spellings, and what is to be hidden; again, it changes nothing.

    Cameras that turn out to be one stay two, without identity: they are listed as doubles, and a person decides.

    Returns:
        counts `changed` and, of these, `doubles`; `hidden`: addresses of which something was stored in clear until now;
        `clear`: those of which something still is, because no key is set.
    """
    groups: dict[tuple[str, str, str], list[Camera]] = defaultdict(list)
    stored: dict[Camera, Addresses] = {}
    for camera in session.scalars(select(Camera).where(Camera.url.is_not(None)).order_by(Camera.id)):
        try:
            stored[camera] = whole = addresses.read(camera, secrets)
        except Unreadable:
            continue
        if whole.main:
            groups[camera.agency, camera.system, respelled(whole.main)].append(camera)
    mains = {c: key[2] if len(same) == 1 else None for key, same in groups.items() for c in same}
    changed = {camera: main for camera, main in mains.items() if stored[camera].main != main}
    for camera in changed:  # first, lest one takes what another is about to give up
        camera.identity = None
    session.flush()
    counts = {"changed": len(changed), "doubles": list(changed.values()).count(None), "hidden": 0, "clear": 0}
    for camera, whole in stored.items():
        now = Addresses(whole.url, mains.get(camera, whole.main))
        if addresses.hides(now) and not secrets:
            counts["clear"] += 1
            camera.identity = now.main
        elif camera in changed or addresses.is_clear(camera, now):
            addresses.write(camera, now, secrets)
            counts["hidden"] += addresses.hides(now) and camera not in changed
    session.flush()
    return counts


def _identity(row: Row) -> str | None:
    url = stream_url(row)
    return canonical(url) if url else None


def _take_over(camera: Camera, row: Row, submission_id: int | None, *, sub: bool, secrets: Sequence[str]) -> None:
    camera.name = str(row["name"]).strip()
    camera.site = str(row.get("site") or row.get("address") or "").strip()
    if url := stream_url(row, sub=sub):
        move_to(camera, url, secrets)
    camera.status, camera.power, camera.link = row.get("status"), row.get("power"), row.get("link")
    camera.off_after_hours = row.get("off_after_hours")
    camera.exemption = _exemption(camera, row)
    camera.records_sound = stricter(camera.records_sound, row.get("audio"))
    camera.restricted = bool(stricter(camera.restricted, row.get("restricted")))
    camera.submission_id = submission_id


def stricter(known: bool | None, said: bool | None) -> bool | None:
    """Of two words on whether a camera records sound or is restricted: a yes stays until a person of ours lifts it."""
    return True if known else said


def move_to(camera: Camera, url: str, secrets: Sequence[str]) -> None:
    """Give a camera its address. What logs in to one device is not shown to another.

    Raises:
        Problem: a part of it is to be hidden, and no key is set.
    """
    if camera.url and parse(camera.url).device != parse(url).device:
        camera.username = camera.password = None
    try:
        main = addresses.read(camera, secrets).main
    except Unreadable:
        main = None
    addresses.write(camera, Addresses(url, main), secrets)


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
