"""What was said of cameras, when and by whom; and what it comes to at a moment, as known at another.

Cameras keep in their own rows what it comes to by now: `refresh` makes that again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address, ip_network
from itertools import groupby
from sys import maxsize
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.registry import addresses
from dondoc.cameras.registry.addresses import Addresses, Unreadable
from dondoc.cameras.registry.columns import CLOSED
from dondoc.probing.address import parse
from dondoc.store.cameras import Camera, CameraDeclaration
from dondoc.vocabulary.cameras import Condition, Exemption, Link, Power

PLAIN = ("name", "place", "site", "status", "power", "link", "off_after_hours")  # the newest word on each holds
STRICTER = ("restricted", "records_sound")  # a yes stays until a person of ours lifts it
# sharing → why it is not checked
ABSENT: dict[str, Exemption] = {
    Condition.NOT_INSTALLED: Exemption.NOT_INSTALLED,
    Condition.REMOVED: Exemption.REMOVED,
}
EXEMPT = {"vms": Exemption.VMS_ONLY, "cloud": Exemption.VMS_ONLY, "none": Exemption.NO_ROUTE}
PRIVATE = [ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
PUBLIC_LINKS = tuple(link for link in Link if link.public)


class Source(StrEnum):
    """Whose word a declaration is."""

    FORM = "form"  # of its agency
    IMPORT = "import"  # of a file that our own people keep
    PERSON = "person"  # of ours
    CHECK = "check"  # of nobody: it was first seen working


class Described(NamedTuple):
    """A camera as it was declared at a moment. Fields as in `Camera`, `recorded_at`: when it was first declared.

    Where its state is known already (`state.current`), what only working it out needs is left out: see SHOWN.
    """

    id: int
    agency: str
    system: str
    name: str
    place: str
    site: str
    url: str | None
    restricted: bool
    exemption: Exemption | None = None
    status: Condition | None = None
    power: Power | None = None
    off_after_hours: bool | None = None
    worked: bool = False
    recorded_at: datetime | None = None


SHOWN = tuple(name for name in Described._fields if name not in Described._field_defaults)
DESCRIBED = tuple(getattr(Camera, name) for name in Described._fields)  # columns of it, in its order


AnyCamera = Camera | Described  # as it is by now, or as it was


def say(
    session: Session,
    camera: Camera,
    source: Source,
    said: Mapping[str, Any],
    *,
    happened_at: datetime,
    now: datetime,
    address: Addresses | None = None,
    secrets: Sequence[str] = (),
    submission_id: int | None = None,
    by: str | None = None,
    known: Sequence[CameraDeclaration] = (),
) -> bool:
    """Note what was said of a camera; `refresh` then brings its row up to it.

    Args:
        known: what was said of it so far, where a word that changes nothing of what that comes to need not be noted.

    Returns:
        whether it was noted.

    Raises:
        Problem: the address has a part to be hidden, and no key is set.
    """
    fact = CameraDeclaration(
        camera_id=camera.id,
        source=source,
        submission_id=submission_id,
        by=by,
        said=dict(said),
        happened_at=happened_at,
        recorded_at=now,
    )
    if address:
        addresses.write(fact, address, secrets)
    if known and _changes_nothing(known, fact, address, secrets):
        return False
    session.add(fact)
    return True


def _changes_nothing(
    known: Sequence[CameraDeclaration], fact: CameraDeclaration, address: Addresses | None, secrets: Sequence[str]
) -> bool:
    """Whether what was said comes to the same with a fact as without; the same address is encrypted anew each time."""
    before = fold(known)
    stored = {name: before[name] for name in ("url", "url_secret", "identity")}
    if address:
        held = CameraDeclaration(camera_id=fact.camera_id, **stored)
        try:
            if addresses.read(held, secrets) != address or addresses.is_clear(held, address):
                return False
        except Unreadable:
            return False
    names = ("source", "submission_id", "by", "said", "happened_at", "recorded_at")
    alike = CameraDeclaration(**{name: getattr(fact, name) for name in names}, **(stored if address else {}))
    return fold([*known, alike]) == before


def stricter(known: bool | None, said: bool | None) -> bool | None:
    """Of two words on whether a camera records sound or is restricted: a yes stays until a person of ours lifts it."""
    return True if known else said


# -- what it comes to


def fold(facts: Iterable[CameraDeclaration]) -> dict[str, Any]:
    """The columns of `Camera` that what was said of one camera comes to. Pure.

    The newest word by when it was said, then by when it was recorded, holds. Not so for STRICTER ones, which are lifted
    by somebody who knew what was recorded by then.
    """
    known = sorted(facts, key=lambda f: (f.happened_at, f.recorded_at, _recorded(f)))
    values: dict[str, Any] = dict.fromkeys((*PLAIN, *STRICTER, "url", "url_secret", "identity", "exemption"))
    values |= {"confirmed": False, "confirmed_by": None, "worked_at": None, "submission_id": None}
    for fact in known:
        values |= {name: _typed(name, fact.said[name]) for name in PLAIN if name in fact.said}
        if fact.url:
            values |= {"url": fact.url, "url_secret": fact.url_secret, "identity": fact.identity}
        values["exemption"] = _exemption(values, fact)
        values["submission_id"] = fact.submission_id or values["submission_id"]
        if fact.said.get("confirmed"):
            values |= {"confirmed": True, "confirmed_by": fact.by}
        if fact.said.get("worked"):
            values["worked_at"] = values["worked_at"] or fact.happened_at
    for fact in sorted(known, key=_recorded):
        for name in STRICTER:
            if (word := fact.said.get(name)) is not None:
                values[name] = word if fact.source == Source.PERSON else stricter(values[name], word)
    declared = [fact for fact in known if fact.source != Source.CHECK] or known
    return values | {
        "name": values["name"] or "",
        "site": values["site"] or "",
        "place": values["place"] or values["site"] or "",
        "restricted": bool(values["restricted"]),
        "happened_at": min(fact.happened_at for fact in declared),
        "recorded_at": min(fact.recorded_at for fact in declared),
    }


def _typed(name: str, word: Any) -> Any:
    return CLOSED[name].stored(word) if name in CLOSED and word else word


def _recorded(fact: CameraDeclaration) -> int:
    """In the order in which facts are recorded; one that is not yet comes last."""
    return fact.id if fact.id is not None else maxsize


def _exemption(known: Mapping[str, Any], fact: CameraDeclaration) -> Exemption | None:
    """Why the Department cannot look at a camera by design; what was seen or confirmed needs no such guess."""
    said, before = fact.said, known["exemption"]
    if "exemption" in said:  # of a time when only what it came to was kept
        return Exemption.read(said["exemption"], "lý do không kiểm tra") if said["exemption"] else None
    if fact.source == Source.FORM:
        return _of_form(said, known)
    if fact.source == Source.PERSON:
        return None if said.get("confirmed") and before == Exemption.PRIVATE_ADDRESS else before
    if gone := ABSENT.get(str(said.get("status"))):
        return gone
    # Our own people give an address that they get to, or say that it is there now.
    reached = before == Exemption.PRIVATE_ADDRESS and fact.source == Source.IMPORT
    return None if reached or (before in ABSENT.values() and said.get("status")) else before


def _of_form(said: Mapping[str, Any], known: Mapping[str, Any]) -> Exemption | None:
    if gone := ABSENT.get(str(said.get("status"))):
        return gone
    if why := EXEMPT.get(str(said.get("sharing") or "")):
        return why
    if known["worked_at"] or known["confirmed"]:
        return None
    if said.get("cloud"):
        return Exemption.VMS_ONLY
    return Exemption.PRIVATE_ADDRESS if said.get("link") in PUBLIC_LINKS and _private(known["url"]) else None


def _private(url: str | None) -> bool:
    try:
        ip = ip_address(parse(url or "").host)
    except ValueError:
        return False
    return any(ip in network for network in PRIVATE)


def described_at(
    session: Session, as_of: datetime, known_at: datetime | None = None, *, only: int | None = None
) -> list[Described]:
    """Every camera that was declared up to a moment, as known by another (None: by now), in order of number."""
    f = CameraDeclaration
    query = select(f, Camera.agency, Camera.system).join(Camera, Camera.id == f.camera_id)
    query = query.where(f.happened_at <= as_of)
    if known_at is not None:
        query = query.where(f.recorded_at <= known_at)
    if only is not None:
        query = query.where(f.camera_id == only)
    rows = session.execute(query.order_by(f.camera_id, f.id)).all()
    found = []
    for camera, mine in groupby(rows, key=lambda row: row[0].camera_id):
        facts = [*mine]
        if all(fact.source == Source.CHECK for fact, *_ in facts):  # looked at before what declared it was recorded
            continue
        values = fold(fact for fact, *_ in facts)
        values |= {"id": camera, "agency": facts[0][1], "system": facts[0][2]}
        values["worked"] = values["confirmed"] or values["worked_at"] is not None
        found.append(Described(*(values[name] for name in Described._fields)))
    return found


# -- cameras' own rows


def refresh(session: Session, agency: str, system: str, secrets: Sequence[str]) -> int:
    """Bring the rows of an agency's cameras of a system up to what was said of them.

    A camera is known by its address where no other claims the same. What logs in to one device is not shown to another.

    Returns:
        how many rows were not what they come to.
    """
    session.flush()
    cameras = session.scalars(select(Camera).where(Camera.agency == agency, Camera.system == system)).all()
    said = facts(session, agency, system)
    folded = {camera: fold(said[camera.id]) for camera in cameras if said[camera.id]}
    claims = {camera: _claim(said[camera.id], values, secrets) for camera, values in folded.items()}
    count = Counter(claims.values())
    for camera, values in folded.items():
        if count[claims[camera]] > 1:
            values["identity"] = None
    changed = [camera for camera, values in folded.items() if _differs(camera, values)]
    for camera in changed:  # first, lest one takes what another is about to give up
        if camera.identity != folded[camera]["identity"]:
            camera.identity = None
    session.flush()
    for camera in changed:
        _take_over(camera, folded[camera])
    session.flush()
    return len(changed)


def facts(session: Session, agency: str, system: str) -> Mapping[int, list[CameraDeclaration]]:
    """What was said of each camera of an agency's system."""
    found: dict[int, list[CameraDeclaration]] = defaultdict(list)
    mine = select(CameraDeclaration).join(Camera, Camera.id == CameraDeclaration.camera_id)
    for fact in session.scalars(mine.where(Camera.agency == agency, Camera.system == system)):
        found[fact.camera_id].append(fact)
    return found


def groups(session: Session) -> list[tuple[str, str]]:
    """Agencies and systems that have cameras."""
    found = session.execute(select(Camera.agency, Camera.system).distinct().order_by(Camera.agency, Camera.system))
    return [(agency, system) for agency, system in found]


def _claim(facts: Iterable[CameraDeclaration], values: Mapping[str, Any], secrets: Sequence[str]) -> str | None:
    """The whole address of the main stream that a camera claims; what no key opens equals no other."""
    if values["identity"] is None:
        return None
    fact = next(f for f in facts if (f.identity, f.url_secret) == (values["identity"], values["url_secret"]))
    return main_of(fact, secrets)


def main_of(stored: Camera | CameraDeclaration, secrets: Sequence[str]) -> str | None:
    """The whole address of a main stream; of one that no key opens, what is stored, which equals no other."""
    try:
        return addresses.read(stored, secrets).main
    except Unreadable:
        return stored.identity


def _differs(camera: Camera, values: Mapping[str, Any]) -> bool:
    return any(getattr(camera, name) != value for name, value in values.items())


def _take_over(camera: Camera, values: Mapping[str, Any]) -> None:
    if camera.url and values["url"] and parse(camera.url).device != parse(values["url"]).device:
        camera.username = camera.password = None
    for name, value in values.items():
        setattr(camera, name, value)
