"""Logins of cameras as people change them: entered, allowed once more, re-encrypted; and who was given them."""

from collections.abc import Iterable
from datetime import date, datetime

from cryptography.fernet import InvalidToken
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dondoc import audit, keys
from dondoc.audit import Actor, person
from dondoc.cameras.logins import attempts
from dondoc.errors import Problem
from dondoc.probing.address import sendable
from dondoc.store.cameras import AttemptAddress, Camera, CredentialAttempt, CredentialRelease
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.fields import Field, must
from dondoc.vocabulary.numbers import CAM

LONGEST = 256


def enter(
    session: Session, camera: Camera, user: str, password: str, *, by: Actor, secrets: list[str], now: datetime
) -> None:
    """Store a login that a person gives. A password that was refused before may be tried again from the next night.

    Raises:
        Problem: user, password or name are missing or cannot be a login; or no key is set.
    """
    if not user or not password:
        raise Problem(f"Tên đăng nhập và mật khẩu phải có, mỗi mục không quá {LONGEST} ký tự.")
    if wrong := fault(user, password):
        raise Problem(f"{wrong[0].upper()}{wrong[1:]}.")
    camera.username = user
    camera.password = keys.cipher(secrets, "password").encrypt(password.encode()).decode()
    mark = attempts.fingerprint(secrets, user, password)
    _release(session, camera, mark, person(by.name), "nhập tài khoản, mật khẩu", now)
    audit.record(session, secrets, by, "enter_login", CAM(camera.id), now=now)


def fault(user: str, password: str) -> str | None:
    """Why these cannot be a login, whichever way they came; None when they can."""
    if max(len(user), len(password)) > LONGEST:
        return f"tên đăng nhập hoặc mật khẩu dài quá {LONGEST} ký tự"
    return None if sendable(user + password) else "tên đăng nhập hoặc mật khẩu có ký tự điều khiển"


def retry(
    session: Session,
    camera: Camera,
    *,
    by: Actor,
    reason: str,
    secrets: list[str],
    now: datetime,
    basic: bool = False,
) -> None:
    """A person says that the password that was refused may be sent again, once, from the next night on.

    Args:
        basic: also in clear, though the device once asked for Digest.

    Raises:
        Problem: name or reason are missing, or the camera has no login that could be tried.
    """
    reason = must(Field.REASON, reason)
    _release(session, camera, _mark(camera, secrets), person(by.name), reason, now, basic=basic)
    more = {"basic": True} if basic else {}
    audit.record(session, secrets, by, "release_login", CAM(camera.id), now=now, reason=reason, **more)


def _release(
    session: Session, camera: Camera, mark: str, by: str, reason: str, now: datetime, *, basic: bool = False
) -> None:
    if mark and not camera.url:
        raise Problem(f"{CAM(camera.id)} chưa có địa chỉ luồng hình. Nhập địa chỉ trước.")
    session.add(
        CredentialRelease(
            camera_id=camera.id,
            fingerprint=mark,
            device=attempts.device(camera.url) if camera.url else "",
            by=by,
            reason=reason,
            basic=basic,
            recorded_at=now,
        )
    )


def brought(session: Session, cameras: Iterable[tuple[Camera, bool]], source: str, *, by: Actor, now: datetime) -> None:
    """Note with each camera who brought it in a file, and whether with its login.

    It allows nothing: a refused password in a file that is read again stays refused.
    """
    for camera, login in cameras:
        _release(session, camera, "", by.name, f"nhập từ tệp {source}{', có tài khoản' if login else ''}", now)


def handed_out(session: Session, cameras: Iterable[Camera], how: str, *, by: Actor, now: datetime) -> None:
    """Note with each camera who was given its login or, of a restricted one, its name or address, and how.

    It allows nothing: no login has an empty mark.

    Raises:
        Problem: nobody is named, or a program.
    """
    name = person(by.name)
    for camera in cameras:
        _release(session, camera, "", name, how, now)


def _mark(camera: Camera, secrets: list[str]) -> str:
    if camera.username is None or camera.password is None:
        raise Problem(f"{CAM(camera.id)} chưa có tài khoản. Nhập bằng dondoc cameras credentials.")
    try:
        password = keys.cipher(secrets, "password").decrypt(camera.password.encode()).decode()
    except InvalidToken:
        raise Problem(f"Không giải mã được mật khẩu của {CAM(camera.id)} (khóa đã đổi?): nhập lại.") from None
    return attempts.fingerprint(secrets, camera.username, password)


def refused_since(session: Session, camera: Camera, *, secrets: list[str], tonight: date) -> str | None:
    """Why the camera's password would not be sent in a night, in words; None when it would."""
    if camera.username is None or camera.password is None or not camera.url:
        return None
    mark = _mark(camera, secrets)
    bars = attempts.barred(session, [attempts.login(camera, mark)], tonight, limit=attempts.NO_LIMIT)
    return bars[camera.id].sentence if camera.id in bars else None


def rotate(session: Session, secrets: list[str]) -> dict[str, int]:
    """Encrypt every stored password with the first key; what was refused stays refused under its new mark.

    A login that was replaced is not stored any more, so that its refusals stay under the old key's mark. Once that key
    is gone nobody knows them; the devices that refused it last are sent nothing more that night.

    Returns:
        counts `rotated` and `unreadable` (no key of the list decrypts them).

    Raises:
        Problem: no key is set.
    """
    cipher, rotated, unreadable = keys.cipher(secrets, "password"), 0, 0
    logins: set[tuple[str, str]] = set()
    for camera in session.scalars(select(Camera).where(Camera.password.is_not(None))):
        try:
            plain = cipher.decrypt((camera.password or "").encode())
        except InvalidToken:
            unreadable += 1
            continue
        camera.password, rotated = cipher.encrypt(plain).decode(), rotated + 1
        logins.add((camera.username or "", plain.decode()))
    follow_key(session, secrets, logins)
    _bar_tonight(session, {attempts.fingerprint(secrets, *login) for login in logins})
    return {"rotated": rotated, "unreadable": unreadable}


def _bar_tonight(session: Session, marks: set[str]) -> None:
    """For the night of the newest attempts; again and again it notes the same."""
    newest = select(func.max(CredentialAttempt.night)).scalar_subquery()
    rows = session.scalars(select(CredentialAttempt).where(CredentialAttempt.night == newest)).all()
    noted = {row.camera_id for row in rows if row.fingerprint == attempts.FORGOTTEN}
    for row in rows:
        if row.accepted or row.fingerprint in marks or row.camera_id in noted:
            continue
        noted.add(row.camera_id)
        session.add(
            CredentialAttempt(
                camera_id=row.camera_id,
                fingerprint=attempts.FORGOTTEN,
                device=row.device,
                night=row.night,
                accepted=False,
                recorded_at=row.recorded_at,
                addresses=[AttemptAddress(device=known.device) for known in row.addresses],
            )
        )


def follow_key(session: Session, secrets: list[str], logins: Iterable[tuple[str, str]]) -> None:
    """Attempts marked under an older key are found again under the first one: a new key forgets no refusal."""
    if len(secrets) < 2:
        return
    one_at_a_time(session, "credentials")
    for user, password in logins:
        new = attempts.fingerprint(secrets, user, password)
        old = [attempts.fingerprint([secret], user, password) for secret in secrets[1:]]
        for table in (CredentialAttempt, CredentialRelease):
            session.execute(update(table).where(table.fingerprint.in_(old)).values(fingerprint=new))
