"""A CSV of cameras that our own people keep: addresses, and the logins that forms never ask for."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import keys
from dondoc.cameras.address import Address, parse
from dondoc.cameras.declare import move_to
from dondoc.cameras.table import read
from dondoc.directive.model import Directive
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.store.cameras import Camera

REQUIRED = ("agency", "system", "name", "url")
OPTIONAL = ("user", "password", "id")


def import_csv(
    session: Session, directive: Directive, text: str, filename: str, *, secrets: list[str], now: datetime
) -> dict[str, int]:
    """Take over the whole file or nothing. The same id (or name, without one) is the same camera.

    Returns:
        counts `added` and `updated`.

    Raises:
        Problem: naming each row at fault, without its address or password; or passwords are given and no key is set.
    """
    rows, faults = read(text, filename, REQUIRED), []
    addresses: list[Address] = []
    for line, row in rows:
        try:
            addresses.append(_checked(directive, row))
        except ValueError as fault:
            faults.append(f"{filename}:{line}: {fault}.")
    if faults:
        raise Problem("Chưa nhập dòng nào. " + " ".join(faults))
    added = sum(_upsert(session, row, address, secrets, now) for (_, row), address in zip(rows, addresses, strict=True))
    return {"added": added, "updated": len(rows) - added}


def _checked(directive: Directive, row: dict[str, str]) -> Address:
    if row["agency"] not in {a.id for a in directive.agencies}:
        raise ValueError(f"không có đơn vị “{row['agency']}” trong văn bản chỉ đạo")
    if row["system"] not in {s.id for s in directive.systems}:
        raise ValueError(f"không có hệ thống “{row['system']}”")
    if not fold(row["name"]):
        raise ValueError("chưa ghi tên camera")
    if row.get("password") and not row.get("user"):
        raise ValueError("có mật khẩu (password) mà không có tên đăng nhập (user)")
    return parse(row["url"])


def _upsert(session: Session, row: dict[str, str], address: Address, secrets: list[str], now: datetime) -> bool:
    """True when the camera is new."""
    mine = select(Camera).where(Camera.agency == row["agency"], Camera.system == row["system"])
    key = row.get("id") or fold(row["name"])
    camera = session.scalar(mine.where(Camera.key == key)) or next(
        (c for c in session.scalars(mine) if c.key == fold(c.name) == fold(row["name"])), None
    )
    new = camera is None
    if camera is None:
        camera = Camera(agency=row["agency"], system=row["system"], key=key, site="", happened_at=now, recorded_at=now)
        session.add(camera)
    camera.name, camera.recorded_at = row["name"], now
    move_to(camera, address.url)
    user, password = (row.get("user"), row.get("password")) if row.get("user") else (address.user, address.password)
    if user:
        camera.username = user
        camera.password = keys.cipher(secrets, "password").encrypt((password or "").encode()).decode()
    session.flush()
    return new
