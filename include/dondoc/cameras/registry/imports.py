"""A CSV of cameras that our own people keep: addresses, and the logins that forms never ask for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit, keys
from dondoc.audit import Actor
from dondoc.cameras.logins import credentials
from dondoc.cameras.registry.declare import identify, main_of, move_to, stricter
from dondoc.cameras.registry.streams import canonical
from dondoc.directive.model import Registry
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.probing.address import Address, parse
from dondoc.probing.table import SLIPPED, is_code, read
from dondoc.store.cameras import Camera

REQUIRED = ("agency", "system", "name", "url")
Row = dict[str, str]
CODES = {
    "status": ("working", "unstable", "broken", "maintenance", "not_installed"),
    "power": ("grid", "solar", "backup"),
}
# What the law on personal data asks about: of a camera that records sound or is restricted no picture is kept.
YES_NO = {"sound": "records_sound", "restricted": "restricted"}
_SAID = dict.fromkeys(("co", "x", "1", "yes", "true"), True) | dict.fromkeys(("khong", "0", "no", "false"), False)
OPTIONAL = ("user", "password", "id", "site", *CODES, *YES_NO)


def import_csv(
    session: Session, registry: Registry, text: str, filename: str, *, by: Actor, secrets: list[str], now: datetime
) -> dict[str, int]:
    """Take over the whole file or nothing. The same id (or name, without one) is the same camera.

    Columns are REQUIRED and, if need be, OPTIONAL ones; an empty cell of these leaves what is known of the camera, and
    so does a no to YES_NO where a yes is known: only `lift` takes that back.

    Args:
        by: who brought the file, a person or an account; noted with each of its cameras.

    Returns:
        counts `added` and `updated`.

    Raises:
        Problem: naming each row at fault, without its address or password; or there are passwords, or addresses with a
            part to be hidden, and no key is set.
    """
    rows, faults = read(text, filename, REQUIRED), []
    addresses: list[Address] = []
    for line, row in rows:
        try:
            addresses.append(_checked(registry, row))
        except ValueError as fault:
            faults.append(f"{filename}:{line}: {fault}.")
    faults += _twice(rows, filename)
    if faults:
        raise Problem("Chưa nhập dòng nào. " + " ".join(faults))
    groups: dict[tuple[str, str], list[tuple[Row, Address]]] = defaultdict(list)
    for (_, row), address in zip(rows, addresses, strict=True):
        groups[row["agency"], row["system"]].append((row, address))
    done = [_take_over(session, *group, listed, secrets, now) for group, listed in groups.items()]
    for _, logins in done:
        credentials.brought(session, logins.items(), filename, by=by, now=now)
    added = sum(new for new, _ in done)
    counts = {"added": added, "updated": len(rows) - added}
    audit.record(session, secrets, by, "cameras_import", filename, now=now, **counts)
    return counts


def _twice(rows: Iterable[tuple[int, Row]], filename: str) -> list[str]:
    """Rows that would be the same camera: the later would take the earlier one's place, and nobody would notice."""
    first: dict[tuple[str, str, str], int] = {}
    faults = []
    for line, row in rows:
        camera = (row["agency"], row["system"], row.get("id") or fold(row["name"]))
        if (before := first.setdefault(camera, line)) != line:
            faults.append(
                f"{filename}:{line}: cùng tên (hoặc id) với dòng {before}; đổi tên, hoặc ghi id để phân biệt."
            )
    return faults


def _checked(registry: Registry, row: dict[str, str]) -> Address:
    if (agency := row["agency"]) not in {a.id for a in registry.agencies}:
        raise ValueError(_unknown("agency", agency, f"không có đơn vị “{agency}” trong văn bản chỉ đạo"))
    if (system := row["system"]) not in {s.id for s in registry.systems}:
        raise ValueError(_unknown("system", system, f"không có hệ thống “{system}”"))
    if not fold(row["name"]):
        raise ValueError("chưa ghi tên camera")
    if row.get("password") and not row.get("user"):
        raise ValueError("có mật khẩu (password) mà không có tên đăng nhập (user)")
    for column, codes in CODES.items():
        if row.get(column) and row[column] not in codes:
            raise ValueError(f"cột {column} chỉ nhận {', '.join(codes)} hoặc để trống")
    for column in YES_NO:
        if row.get(column) and fold(row[column]) not in _SAID:
            raise ValueError(f"cột {column} chỉ nhận Có, Không hoặc để trống")
    address = parse(row["url"])
    if wrong := credentials.fault(*(_login(row, address) or ("", ""))):
        raise ValueError(wrong)
    return address


def _login(row: Row, address: Address) -> tuple[str, str] | None:
    if row.get("user"):
        return row["user"], row.get("password") or ""
    return (address.user, address.password or "") if address.user else None


def _unknown(column: str, cell: str, words: str) -> str:
    """`words` repeat the cell, which only what looks like a code is fit for."""
    return words if is_code(cell) else f"cột {column} không phải một mã (chữ thường, số, dấu gạch), {SLIPPED}"


def _take_over(
    session: Session, agency: str, system: str, listed: Sequence[tuple[Row, Address]], secrets: list[str], now: datetime
) -> tuple[int, dict[Camera, bool]]:
    """How many cameras of an agency's system are new; all that are listed, and whether with a login."""
    mine = select(Camera).where(Camera.agency == agency, Camera.system == system).order_by(Camera.id)
    known = _Known(session.scalars(mine).all(), [row for row, _ in listed], secrets)
    added, mains = 0, {}
    logins: dict[Camera, bool] = {}
    for row, address in listed:
        identity = canonical(address.url)
        camera = known.same(row, identity)
        if camera is None:
            key, added = known.key(row), added + 1
            camera = Camera(agency=agency, system=system, key=key, site="", happened_at=now, recorded_at=now)
            session.add(camera)
        known.claim(camera)
        _fill(camera, row, address, secrets, now)
        mains[camera] = identity
        logins[camera] = logins.get(camera, False) or _login(row, address) is not None
    identify(session, known.cameras, mains, secrets)
    return added, logins


class _Known:
    """Which camera a row means: by its id, else by its name, else by its address.

    With an id, a name alone is no proof: such a row is a camera of its own, listed among the possible doubles.
    """

    def __init__(self, cameras: Sequence[Camera], rows: Sequence[Row], secrets: Sequence[str]) -> None:
        self.cameras = cameras
        self.by_key = {c.key: c for c in cameras}
        self.by_name = {fold(c.name): c for c in reversed(cameras)}
        self.by_address = {main_of(c, secrets): c for c in cameras if c.identity}
        self.listed = {row.get("id") or fold(row["name"]) for row in rows}
        self.claimed: set[Camera] = set()

    def same(self, row: Row, identity: str) -> Camera | None:
        name, key = fold(row["name"]), row.get("id")
        found = self.by_key.get(key or name) or (None if key else self.by_name.get(name))
        if found is not None:
            return found
        there = self.by_address.get(identity)
        free = there is not None and there not in self.claimed and there.key not in self.listed
        return there if free else None

    def claim(self, camera: Camera) -> None:
        self.by_key[camera.key] = camera
        self.claimed.add(camera)

    def key(self, row: Row) -> str:
        return row.get("id") or fold(row["name"])  # taken by nobody: else it would be that camera


def _fill(camera: Camera, row: Row, address: Address, secrets: list[str], now: datetime) -> None:
    camera.name, camera.recorded_at = row["name"], now
    for column in ("site", "status", "power"):
        if row.get(column):
            setattr(camera, column, row[column])
    for column, attribute in YES_NO.items():
        if row.get(column):
            setattr(camera, attribute, stricter(getattr(camera, attribute), _SAID[fold(row[column])]))
    if row.get("status") == "not_installed":
        camera.exemption = "not_installed"
    elif camera.exemption == "private_address" or (camera.exemption == "not_installed" and row.get("status")):
        camera.exemption = None  # our own people give an address that they get to, or say that it is there now
    move_to(camera, address.url, secrets)
    if login := _login(row, address):
        camera.username = login[0]
        camera.password = keys.cipher(secrets, "password").encrypt(login[1].encode()).decode()
