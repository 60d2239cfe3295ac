"""The newest picture of a camera, small, for operators: encrypted, a week at most, and never of who asked for none.

The only door to `thumbnails/`. A file's time is in its encryption, so a copy or a restored backup does not renew it.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from dondoc import clock, keys
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.store.cameras import Camera
from dondoc.store.files import folder, replace
from dondoc.vocabulary.numbers import CAM

KEPT = timedelta(days=7)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Thumbnail:
    """A JPEG, and when its camera was looked at."""

    jpeg: bytes = field(repr=False)
    at: datetime


def allowed(app: AppContext, camera: Camera) -> bool:
    """Whether a picture of this camera may be kept; without a say of the directive on its system it may not."""
    systems = {system.id for system in app.registry.systems if system.thumbnails}
    refused = camera.restricted or camera.records_sound or camera.exemption
    return app.settings.thumbnails and camera.system in systems and not refused


def put(app: AppContext, camera: int, jpeg: bytes, at: datetime) -> None:
    """Keep a picture in the place of the one before. A failure is logged: it must not cost the look."""
    try:
        sealed = keys.cipher(app.secrets, "thumbnails").encrypt_at_time(jpeg, int(at.timestamp()))
        folder(_folder(app))
        replace(_path(app, camera), sealed)
    except (OSError, Problem) as error:
        log.warning("no thumbnail of %s is kept: %s", CAM(camera), error)


def get(app: AppContext, camera: Camera, now: datetime) -> Thumbnail | None:
    """What is kept of a camera; None when that is nothing, too old, unreadable, or no longer allowed."""
    return _opened(app, _path(app, camera.id), now) if allowed(app, camera) else None


def remove(app: AppContext, camera: int) -> None:
    """Keep nothing of a camera."""
    _delete(_path(app, camera))


def prune(app: AppContext, now: datetime) -> int:
    """Delete what is too old, unreadable or no longer allowed, and whatever else lies there.

    Returns:
        how many files are gone. What cannot be deleted is logged as an error.

    Raises:
        Problem: the key is wrong or lost, so that nothing can be told of any picture.
    """
    folder = _folder(app)
    files = set(folder.iterdir()) if folder.is_dir() else set()
    kept = set[Path]()
    if files and app.settings.thumbnails:
        _ = app.secrets
        kept |= set(_kept(app, files, now))
    return sum(_delete(file) for file in files - kept)


def rotate(app: AppContext) -> dict[str, int]:
    """Encrypt every picture with the first key; each keeps its time.

    Returns:
        counts `rotated` and `unreadable` (no key of the list opens them: they are shown to nobody, and pruned).

    Raises:
        Problem: no key is set, or a file cannot be read or written.
    """
    cipher, counts = keys.cipher(app.secrets, "thumbnails"), {"rotated": 0, "unreadable": 0}
    for path in sorted(_folder(app).glob("CAM-*.bin")):
        try:
            replace(path, cipher.rotate(path.read_bytes()))
            counts["rotated"] += 1
        except FileNotFoundError:  # pruned meanwhile
            continue
        except InvalidToken:
            counts["unreadable"] += 1
        except OSError as error:
            raise Problem(f"Không đọc được {path}: {error.strerror}. Kiểm tra quyền truy cập.") from None
    return counts


def _kept(app: AppContext, files: set[Path], now: datetime) -> Iterator[Path]:
    with app.sessions.reading() as session:
        for camera in session.scalars(select(Camera)):
            path = _path(app, camera.id)
            if path in files and get(app, camera, now):
                yield path


def _opened(app: AppContext, path: Path, now: datetime) -> Thumbnail | None:
    try:
        cipher, sealed = keys.cipher(app.secrets, "thumbnails"), path.read_bytes()
        jpeg = cipher.decrypt_at_time(sealed, int(KEPT.total_seconds()), int(now.timestamp()))
        return Thumbnail(jpeg, datetime.fromtimestamp(cipher.extract_timestamp(sealed), clock.HERE))
    except (OSError, InvalidToken, Problem):
        return None


def _delete(path: Path) -> bool:
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        log.error("%s cannot be deleted: %s", path.name, error.strerror)
        return False
    return True


def _folder(app: AppContext) -> Path:
    return app.settings.home / "thumbnails"


def _path(app: AppContext, camera: int) -> Path:
    return _folder(app) / f"{CAM(camera)}.bin"
