"""Whether the database is an older one than letters have left from: it was restored from a backup.

What has left since the backup stands in such a database as unsent, or not at all. So a number goes up, in the database
and then in a file under the home, before letters leave. The file is never ahead of its database: where it is, a person
looks at each letter first.
"""

import logging
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.errors import Problem
from dondoc.mail.states import BY, move
from dondoc.store import files
from dondoc.store.mail import OutboxEpoch, OutboxLetter
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.letters import OutboxState

log = logging.getLogger(__name__)
RESTORED = "cơ sở dữ liệu được khôi phục từ bản sao lưu, thư này có thể đã gửi rồi"
_UNSENT = (OutboxState.PENDING, OutboxState.DEFERRED, OutboxState.CLAIMED)


def file(home: Path) -> Path:
    return home / "outbox.epoch"


def noted(home: Path) -> int:
    """The number in the file; 0 where there is none yet. Read it before the database's.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return int(file(home).read_text("ascii").strip() or 0)
    except (FileNotFoundError, ValueError):
        return 0


def hold_restored(session: Session, outside: int, now: datetime) -> list[int] | None:
    """Hold all that is unsent, approved or not, when the database is older than `outside`; once for each restoring.

    Returns:
        ids of the letters that are held now; None: the database is not older.
    """
    if outside <= _number(session):
        return None
    one_at_a_time(session, "epoch")
    session.add(OutboxEpoch(number=outside, restored=True, recorded_at=now))
    approved = (OutboxLetter.state == OutboxState.HELD) & OutboxLetter.approved_by.is_not(None)
    rows = session.scalars(
        select(OutboxLetter).where(OutboxLetter.state.in_(_UNSENT) | approved).order_by(OutboxLetter.id)
    ).all()
    free = {"owner": None, "lease_until": None, "next_attempt_at": None, "approved_by": None}
    return [
        row.id
        for row in rows
        if move(session, row, OutboxState.HELD, by=BY, note=RESTORED, now=now, reason=f"giữ lại: {RESTORED}", **free)
    ]


def restored_on(session: Session, now: datetime) -> bool:
    """Whether the database was restored on this day: what is decided again today may have left already."""
    last = session.scalar(select(func.max(OutboxEpoch.recorded_at)).where(OutboxEpoch.restored))
    return last is not None and last.astimezone(HERE).date() == now.astimezone(HERE).date()


def advance(session: Session, now: datetime) -> int:
    """The next number, as letters are about to leave: commit it, then `note` it."""
    one_at_a_time(session, "epoch")
    newest = session.scalars(select(OutboxEpoch).order_by(OutboxEpoch.number.desc()).limit(1)).first()
    if newest is None or newest.restored:
        newest = OutboxEpoch(number=newest.number if newest else 0, restored=False, recorded_at=now)
        session.add(newest)
    newest.number, newest.recorded_at = newest.number + 1, now
    return newest.number


def note(home: Path, number: int) -> None:
    """Write the number down outside the database. A home that cannot be written is logged: letters leave."""
    try:
        if noted(home) < number:
            files.replace(file(home), f"{number}\n".encode())
    except (OSError, Problem) as error:
        log.error("the outbox's number is not noted in %s: %s", file(home), error)


def _number(session: Session) -> int:
    return session.scalar(select(func.max(OutboxEpoch.number))) or 0
