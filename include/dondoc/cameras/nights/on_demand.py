"""One camera looked at because a person asked for it now. The night's rule about refused passwords holds here too."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.cameras.nights import night
from dondoc.cameras.nights.check import check
from dondoc.cameras.nights.result import Result
from dondoc.cameras.state.checks import BY_HAND
from dondoc.cameras.state.local_outage import SILENT
from dondoc.cameras.state.state import exempt
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.store import files
from dondoc.store.cameras import Camera, CameraCheck
from dondoc.vocabulary.cameras import Unseen
from dondoc.vocabulary.numbers import CAM

PATIENCE = 40.0  # seconds that a second asker waits for the first one's look


def look(app: AppContext, camera: int, *, by: Actor, now: Callable[[], datetime]) -> CameraCheck:
    """Look at a camera up to one picture and record what was found. Who asks meanwhile gets the same answer.

    Raises:
        Problem: there is nothing to look at, or somebody else's look does not end.
    """
    asked = now()
    with app.sessions.reading() as session:
        _possible(session.get(Camera, camera))
    with app.sessions.begin() as session:  # before it: a password may leave
        audit.record(session, app.secrets, by, "probe", CAM(camera), now=asked)
    with _alone(app, camera):
        with app.sessions.reading() as session:
            if found := _since(session, camera, asked):
                return found
        began = now()
        day, name = night.night_of(began), f"{BY_HAND}{began:%H%M%S}-{camera}"  # of its own: ours may be invalid
        checked = check(app, [camera], tonight=day, round=name, now=began, regardless=True)
        results = [_invalid(result) for result in checked.results] if checked.blind else checked.results
        ours = SILENT if checked.blind else None
        night.store(app, results, night=day, round=name, now=now(), local_outage=ours)
        with app.sessions.reading() as session:
            if found := _since(session, camera, asked):
                return found
    raise Problem("Không xem được camera này: vừa bị thôi kiểm tra. Mở lại trang.")


def _invalid(result: Result) -> Result:
    """A result that says nothing of the camera: its detail, which a page shows, says so."""
    return result.model_copy(update={"detail": SILENT})


def _possible(camera: Camera | None) -> None:
    if camera is None:
        raise Problem("Không có camera này.")
    if why := exempt(camera) or (None if camera.url else Unseen.NO_ADDRESS.label):
        raise Problem(f"Không kiểm tra được {CAM(camera.id)}: {why}.")


def _since(session: Session, camera: int, moment: datetime) -> CameraCheck | None:
    """The look that ended at this moment or later."""
    return session.scalar(
        select(CameraCheck)
        .where(
            CameraCheck.camera_id == camera, CameraCheck.recorded_at >= moment, CameraCheck.round.startswith(BY_HAND)
        )
        .order_by(CameraCheck.id.desc())
        .limit(1)
    )


@contextmanager
def _alone(app: AppContext, camera: int) -> Iterator[None]:
    """One look at a camera at a time, whichever process or thread asks; a killed one leaves nothing behind."""
    folder = app.settings.home / "locks"
    files.folder(folder)
    handle = os.open(folder / f"camera-{camera}", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        ends = time.monotonic() + PATIENCE
        while not _locked(handle):
            if time.monotonic() > ends:
                raise Problem(f"{CAM(camera)} đang được kiểm tra. Tải lại trang sau ít phút.")
            time.sleep(0.1)
        yield
    finally:
        os.close(handle)  # and the lock with it


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
