"""Places that agencies' cameras belong to: picked from what they declared, never made up."""

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.directive.model import Registry
from dondoc.directive.names import fold
from dondoc.directive.succession import responsible
from dondoc.errors import Problem
from dondoc.store.cameras import Camera


def listed(
    session: Session, *, agencies: Iterable[str] | None = None, system: str | None = None, restricted: bool = True
) -> dict[str, dict[str, str]]:
    """By agency its places in order: folded name → name as it was declared.

    Args:
        agencies: of these alone.
        restricted: also places that only restricted cameras have.
    """
    query = select(Camera.agency, Camera.place).where(Camera.place != "").distinct()
    if agencies is not None:
        query = query.where(Camera.agency.in_([*agencies]))
    if system is not None:
        query = query.where(Camera.system == system)
    if not restricted:
        query = query.where(Camera.restricted.is_(False))
    found: dict[str, dict[str, str]] = {}
    for agency, place in session.execute(query.order_by(Camera.agency, Camera.place)):
        if fold(place):
            found.setdefault(agency, {}).setdefault(fold(place), place.strip())
    return found


def cameras(
    session: Session, registry: Registry, day: date, *, agency: str | None, system: str | None, place: str | None
) -> int:
    """How many cameras there are of an agency, or of one that it answers for; absent: of all."""
    query = select(Camera.agency, Camera.place)
    if agency is not None:
        query = query.where(Camera.agency.in_(_whose(registry, agency, day)))
    if system is not None:
        query = query.where(Camera.system == system)
    rows = session.execute(query).all()
    return sum(place is None or fold(row.place) == fold(place) for row in rows)


def _whose(registry: Registry, agency: str, day: date) -> list[str]:
    return [a.id for a in registry.agencies if a.id == agency or responsible(registry, a.id, day)[0] == agency]


def known(
    session: Session, registry: Registry, agency: str, place: str, day: date, *, system: str | None = None
) -> str:
    """A place as the agency, or one that it answers for, spells it.

    Raises:
        Problem: no camera of theirs is there; names the places that are meant perhaps, but no restricted one.
    """
    theirs = _whose(registry, agency, day)
    wanted = fold(place)
    if found := _all(listed(session, agencies=theirs, system=system)).get(wanted):
        return found
    shown = _all(listed(session, agencies=theirs, system=system, restricted=False))
    near = get_close_matches(wanted, shown, n=3, cutoff=0.5) or [*shown][:5]
    hint = f"Có: {'; '.join(shown[one] for one in near)}" if near else "Xem tên điểm trong danh sách camera"
    raise Problem(f"{registry.agency(agency).name} không có camera nào ở điểm “{place.strip()}”. {hint}.")


def _all(found: dict[str, dict[str, str]]) -> dict[str, str]:
    return {key: name for places in found.values() for key, name in places.items()}
