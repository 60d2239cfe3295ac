"""One batch of looks, in two waves: a login shared by the channels of one device is tried on one of them first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from dondoc import keys
from dondoc.cameras import attempts
from dondoc.cameras.address import parse
from dondoc.cameras.probe import probe_many
from dondoc.cameras.verdicts import Finding, Target
from dondoc.store.cameras import Camera
from dondoc.world import World

STAGE, TIMEOUT, CONCURRENCY, PER_DEVICE = 2, 12.0, 128, 8  # seconds: longer than the wait for a key picture
WITHHELD = "mật khẩu đã bị từ chối hoặc chưa rõ kết quả trong đêm nay: không gửi lại"
UNREADABLE = "không giải mã được mật khẩu đã lưu (khóa đã đổi?): nhập lại bằng dondoc cameras import"


@dataclass(frozen=True)
class _Look:
    camera: int
    url: str
    user: str | None
    password: str | None
    fingerprint: str | None  # of the credential, None without one
    unreadable: bool = False

    def __repr__(self) -> str:
        return f"_Look({self.camera})"

    @property
    def door(self) -> object:
        """What a wrong login would lock: this account on this device."""
        return parse(self.url).device, self.fingerprint


def look(world: World, camera_ids: Sequence[int], *, night: date, now: datetime) -> list[dict[str, Any]]:
    """Results of looking at the cameras, JSON-safe and free of secrets."""
    looks = _looks(world, camera_ids)
    first: list[_Look] = []
    later: list[_Look] = []
    doors: set[object] = set()
    for one in looks:
        (later if one.fingerprint and one.door in doors else first).append(one)
        doors.add(one.door)
    found = _wave(world, first, set(), night, now)
    doors_of = {one.camera: one.door for one in first}
    shut = {
        doors_of[int(f.camera)] for f in found if f.verdict == "auth_failed" or (f.password_sent and not f.reachable)
    }
    found += _wave(world, later, shut, night, now)
    return [
        {
            "camera": int(f.camera),
            "verdict": f.verdict,
            "phase": f.phase,
            "detail": f.detail,
            "elapsed_ms": f.elapsed_ms,
            "stage": f.stage,
            "at": now.isoformat(),
        }
        for f in found
    ]


def _looks(world: World, camera_ids: Sequence[int]) -> list[_Look]:
    wanted = select(Camera).where(Camera.id.in_(camera_ids), Camera.exemption.is_(None), Camera.url.is_not(None))
    with world.sessions.begin() as session:
        cameras = session.scalars(wanted.order_by(Camera.id)).all()
    return [_prepared(world.settings.secret_keys, camera) for camera in cameras]


def _prepared(secrets: list[str], camera: Camera) -> _Look:
    url = camera.url or ""
    if camera.username is None:
        return _Look(camera.id, url, None, None, None)
    try:
        password = keys.cipher(secrets, "password").decrypt((camera.password or "").encode()).decode()
    except InvalidToken:
        return _Look(camera.id, url, None, None, None, unreadable=True)
    mark = attempts.fingerprint(secrets, camera.username, password)
    return _Look(camera.id, url, camera.username, password, mark)


def _wave(world: World, looks: Sequence[_Look], shut: set[object], night: date, now: datetime) -> list[Finding]:
    wanted = {one.camera: one.fingerprint for one in looks if one.fingerprint and one.door not in shut}
    with world.sessions.begin() as session:
        may = attempts.begin(session, wanted, night, now)
    targets = [
        Target(str(one.camera), one.url, *((one.user, one.password) if one.camera in may else (None, None)))
        for one in looks
    ]
    found = list(
        probe_many(
            targets,
            stage=STAGE,
            concurrency=CONCURRENCY,
            timeout=TIMEOUT,
            allow=world.settings.probe_allow,
            per_device=PER_DEVICE,
        )
    )
    mine = {camera: mark for camera, mark in wanted.items() if camera in may}
    with world.sessions.begin() as session:
        attempts.finish(session, mine, found, night)
    return list(_explained(looks, may, found))


def _explained(looks: Sequence[_Look], may: set[int], found: Iterable[Finding]) -> Iterable[Finding]:
    """A camera that asked for the password we withheld has refused it; one whose password we lost is told so."""
    by_camera = {one.camera: one for one in looks}
    for finding in found:
        one = by_camera[int(finding.camera)]
        if finding.verdict == "auth_required" and one.fingerprint and one.camera not in may:
            yield replace(finding, verdict="auth_failed", detail=WITHHELD)
        elif finding.verdict == "auth_required" and one.unreadable:
            yield replace(finding, detail=UNREADABLE)
        else:
            yield finding
