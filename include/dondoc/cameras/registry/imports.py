"""A CSV of cameras that our own people keep: addresses, and the logins that forms never ask for."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography.fernet import InvalidToken
from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit, keys
from dondoc.audit import Actor
from dondoc.cameras.logins import credentials
from dondoc.cameras.registry import declarations
from dondoc.cameras.registry.addresses import Addresses
from dondoc.cameras.registry.declarations import Source, main_of
from dondoc.cameras.registry.same import is_unplaced, key_of
from dondoc.cameras.registry.streams import canonical
from dondoc.directive.model import Registry
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.probing.address import Address, parse
from dondoc.probing.table import SLIPPED, is_code, read
from dondoc.store.cameras import Camera
from dondoc.vocabulary.cameras import Condition, Power
from dondoc.vocabulary.numbers import CAM

REQUIRED = ("agency", "system", "name", "url")
Row = dict[str, str]
CODES = {
    "status": tuple(Condition),
    "power": tuple(Power),
}
# What the law on personal data asks about: of a camera that records sound or is restricted no picture is kept.
YES_NO = {"sound": "records_sound", "restricted": "restricted"}
_SAID = dict.fromkeys(("co", "x", "1", "yes", "true"), True) | dict.fromkeys(("khong", "0", "no", "false"), False)
OPTIONAL = ("user", "password", "id", "place", "site", *CODES, *YES_NO)
Listed = tuple[int, Row, Address]  # a row with its line
_OURS = re.compile(r"CAM-[0-9]{5,9}", re.IGNORECASE)  # written in full: `12` may be a number of the agency's own


def import_csv(
    session: Session, registry: Registry, text: str, filename: str, *, by: Actor, secrets: list[str], now: datetime
) -> dict[str, int]:
    """Take over the whole file or nothing. The same id (or name, without one) is the same camera; an id may be
    the number that we gave it.

    Columns are REQUIRED and, if need be, OPTIONAL ones; an empty cell of these leaves what is known of the camera, and
    so does a no to YES_NO where a yes is known: only `lift` takes that back.

    Args:
        by: who brought the file, a person or an account; noted with each of its cameras.

    Returns:
        counts `added`, `updated` and `unchanged`: of these the file said nothing new, and nothing is noted.

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
    groups: dict[tuple[str, str], list[Listed]] = defaultdict(list)
    for (line, row), address in zip(rows, addresses, strict=True):
        groups[row["agency"], row["system"]].append((line, row, address))
    known = {group: _Known(session, *group, listed, secrets) for group, listed in groups.items()}
    if faults := [f"{filename}:{fault}" for one in known.values() for fault in one.unclear()]:
        raise Problem("Chưa nhập dòng nào. " + " ".join(faults))
    done = [_take_over(session, *group, known[group], by.name, secrets, now) for group in groups]
    for _, _, logins in done:
        credentials.brought(session, logins.items(), filename, by=by, now=now)
    added, updated = sum(new for new, _, _ in done), sum(changed for _, changed, _ in done)
    counts = {"added": added, "updated": updated, "unchanged": len(rows) - added - updated}
    audit.record(session, secrets, by, "cameras_import", filename, now=now, **counts)
    return counts


def _twice(rows: Iterable[tuple[int, Row]], filename: str) -> list[str]:
    """Rows that would be the same camera: the later would take the earlier one's place, and nobody would notice."""
    first: dict[tuple[str, str, str], int] = {}
    faults = []
    for line, row in rows:
        camera = (row["agency"], row["system"], _key(row))
        if (before := first.setdefault(camera, line)) != line:
            same = f"{filename}:{line}: cùng tên (hoặc id) với dòng {before}"
            faults.append(f"{same}; đổi tên, hoặc ghi place (điểm), id để phân biệt.")
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
    session: Session, agency: str, system: str, known: "_Known", by: str, secrets: list[str], now: datetime
) -> tuple[int, int, dict[Camera, bool]]:
    """How many cameras of an agency's system are new, how many changed; all listed, and whether with a login."""
    added, cameras = 0, list[Camera]()
    for _, row, address in known.listed:
        camera = known.same(row, canonical(address.url))
        if camera is None:
            times, added = {"happened_at": now, "recorded_at": now}, added + 1
            camera = Camera(agency=agency, system=system, key=_key(row), name="", place="", site="", **times)
            session.add(camera)
        known.claim(camera)
        cameras.append(camera)
    session.flush()
    so_far, changed = declarations.facts(session, agency, system), set[Camera]()
    for camera, (_, row, address) in zip(cameras, known.listed, strict=True):
        if declarations.say(
            session,
            camera,
            Source.IMPORT,
            _told(row),
            happened_at=now,
            now=now,
            address=Addresses(address.url, canonical(address.url)),
            secrets=secrets,
            by=by,
            known=so_far[camera.id],
        ):
            changed.add(camera)
    declarations.refresh(session, agency, system, secrets)
    logins: dict[Camera, bool] = {}
    for camera, (_, row, address) in zip(cameras, known.listed, strict=True):
        login = _login(row, address)
        logins[camera] = logins.get(camera, False) or login is not None
        if login and not _holds(camera, login, secrets):
            camera.username = login[0]
            camera.password = keys.cipher(secrets, "password").encrypt(login[1].encode()).decode()
            changed.add(camera)
    return added, len(changed) - added, logins


def _holds(camera: Camera, login: tuple[str, str], secrets: list[str]) -> bool:
    """Whether a camera has this login already."""
    try:
        stored = keys.cipher(secrets, "password").decrypt((camera.password or "").encode()).decode()
    except InvalidToken:
        return False
    return (camera.username, stored) == login


def _key(row: Row) -> str:
    return row.get("id") or key_of(row.get("place", ""), row["name"])  # taken by nobody: else it would be that camera


def _told(row: Row) -> dict[str, object]:
    """What a row says: an empty cell says nothing."""
    told: dict[str, object] = {c: row[c] for c in ("name", "place", "site", *CODES) if row.get(c)}
    return told | {word: _SAID[fold(row[column])] for column, word in YES_NO.items() if row.get(column)}


class _Known:
    """Which camera a row means: by its id, else by its place and name, else by its address.

    With an id, a name alone is no proof: such a row is a camera of its own, listed among the possible doubles. A number
    of ours is no id to give to a new camera.
    """

    def __init__(
        self, session: Session, agency: str, system: str, listed: Sequence[Listed], secrets: list[str]
    ) -> None:
        mine = select(Camera).where(Camera.agency == agency, Camera.system == system).order_by(Camera.id)
        cameras = session.scalars(mine).all()
        self.listed = listed
        self.by_key = {c.key: c for c in cameras}
        self.by_number = {CAM(c.id): c for c in cameras}
        self.by_place = {(fold(c.place), fold(c.name)): c for c in reversed(cameras)}
        self.by_name: dict[str, list[Camera]] = defaultdict(list)
        for camera in cameras:
            self.by_name[fold(camera.name)].append(camera)
        self.by_address = {main_of(c, secrets): c for c in cameras if c.identity}
        self.keys = {_key(row) for _, row, _ in listed}
        self.claimed: set[Camera] = set()

    def unclear(self) -> list[str]:
        """Rows whose name alone several cameras have; numbers that stand for no camera, or for that of another row."""
        return [
            f"{line}: có {len(self.by_name[fold(row['name'])]):02} camera cùng tên ở các điểm khác nhau; ghi cột place "
            "(điểm) hoặc id để phân biệt."
            for line, row, _ in self.listed
            if not row.get("id") and not row.get("place") and len(self.by_name[fold(row["name"])]) > 1
        ] + [f"{line}: {wrong}." for line, row, _ in self.listed if (wrong := self._misnumbered(row))]

    def _misnumbered(self, row: Row) -> str | None:
        number = row.get("id", "").upper()
        if not _OURS.fullmatch(number) or row["id"] in self.by_key:
            return None
        if (camera := self.by_number.get(number)) is None:
            return f"đơn vị, hệ thống này không có {number}; camera mới thì để trống cột id"
        if {camera.key, key_of(camera.place, camera.name)} & self.keys:
            return f"{number} là camera mà một dòng khác đã nêu theo tên; bỏ một dòng"
        return None

    def same(self, row: Row, identity: str) -> Camera | None:
        found = self.by_key.get(_key(row)) or self.by_number.get(row.get("id", "").upper())
        found = found or (None if row.get("id") else self._called(row))
        if found is not None:
            return found
        there = self.by_address.get(identity)
        free = there is not None and there not in self.claimed and there.key not in self.keys
        return there if free else None

    def _called(self, row: Row) -> Camera | None:
        place, name = row.get("place", ""), fold(row["name"])
        if not place:
            return next(iter(self.by_name[name]), None)
        unplaced = [camera for camera in self.by_name[name] if is_unplaced(camera)]
        return self.by_place.get((fold(place), name)) or (unplaced[0] if len(unplaced) == 1 else None)

    def claim(self, camera: Camera) -> None:
        self.by_key[camera.key] = camera
        self.claimed.add(camera)
