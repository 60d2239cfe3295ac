"""Attempts at judging, counted so that a killed process is counted too; one attempt at a submission at a time."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc.errors import Problem
from dondoc.store import files
from dondoc.store.intake import Assignment, JudgingAttempt

TRIES = 2  # failed ones, after which a person has to look; a person who gives it to an agency has it tried once more
KILLED = "tiến trình kiểm tra bị dừng giữa chừng"


class Underway(Exception):
    """Another process is judging it at this moment; says so, in words."""


@contextlib.contextmanager
def alone(home: Path, submission: int, patience: float) -> Iterator[None]:
    """While this holds, nobody else judges the submission. The lock goes with the process that holds it, however that
    ends: what is unfinished and not locked was killed.

    Args:
        patience: seconds to wait for another.

    Raises:
        Underway: another has it all that time.
        Problem: the folder cannot be written.
    """
    path = home / "judging" / str(submission)
    until = time.monotonic() + patience
    while (handle := _lock(path)) is None:
        if time.monotonic() >= until:
            raise Underway("một lượt khác đang kiểm tra")
        time.sleep(0.05)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _lock(path: Path) -> int | None:
    try:
        files.folder(path.parent)
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Problem(f"Không ghi được thư mục {path.parent}: {error.strerror}. Kiểm tra ổ đĩa và quyền.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), path.stat()):
            return handle
    except (BlockingIOError, FileNotFoundError):  # another has it, or had it and took the file away
        pass
    os.close(handle)
    return None


def failed(session: Session, submission: int) -> list[str]:
    """Why each attempt failed that did. To be asked by whoever is `alone` with the submission."""
    tried = select(JudgingAttempt).where(JudgingAttempt.submission_id == submission).order_by(JudgingAttempt.id)
    return [a.fault or KILLED for a in session.scalars(tried) if a.fault or not a.finished]


def allowed(session: Session, submission: int) -> int:
    """How many attempts may fail."""
    words = select(func.count()).where(Assignment.submission_id == submission)
    return TRIES + (session.scalar(words) or 0)


def begin(session: Session, submission: int, now: datetime) -> int:
    """Write down that an attempt begins; to be committed before it does."""
    attempt = JudgingAttempt(submission_id=submission, recorded_at=now)
    session.add(attempt)
    session.flush()
    return attempt.id


def finish(session: Session, attempt: int, fault: str | None = None) -> None:
    """It came to an end, whichever."""
    row = session.get_one(JudgingAttempt, attempt)
    row.finished, row.fault = True, fault


def spoilt(session: Session, submissions: Sequence[int] | None = None) -> set[int]:
    """Of these, or of all, the submissions at which an attempt failed."""
    wrong = select(JudgingAttempt.submission_id).where(JudgingAttempt.fault.is_not(None) | ~JudgingAttempt.finished)
    ids = set(session.scalars(wrong))
    return ids if submissions is None else ids & set(submissions)
