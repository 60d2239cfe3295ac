"""What to make of letters whose worker is gone, and of those that nobody knows about."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.configuration.settings import Settings
from dondoc.mail import archive as archives
from dondoc.mail.message import left_as
from dondoc.mail.servers import ImapServer, Unusable
from dondoc.mail.states import BY, UNKNOWN, decision, move
from dondoc.store.mail import OutboxLetter
from dondoc.store.session import Sessions
from dondoc.vocabulary.letters import IN_HAND, STOPPABLE, OutboxState

log = logging.getLogger(__name__)
OVER = "quá hạn duyệt: không ai duyệt trong thời gian thư còn được gửi"
IN_TIME = "quá hạn gửi: {by} đã duyệt kịp, nhưng thư còn bị giữ đến khi hết thời gian được gửi"


def waits(session: Session) -> bool:
    """Whether there is anything that could leave now."""
    approved = (OutboxLetter.state == OutboxState.HELD) & OutboxLetter.approved_by.is_not(None)
    waiting = OutboxLetter.state.in_((OutboxState.PENDING, OutboxState.DEFERRED, OutboxState.CLAIMED)) | approved
    return session.scalar(select(OutboxLetter.id).where(waiting).limit(1)) is not None


def sweep(sessions: Sessions, now: Callable[[], datetime]) -> dict[int, OutboxState]:
    """Take back rows whose lease ran out: claimed ones were provably not sent, sending ones nobody knows about.

    Returns:
        the new state of each row moved, by its id.
    """
    lapsed = select(OutboxLetter).where(OutboxLetter.state.in_(IN_HAND), OutboxLetter.lease_until < time.time())
    moved = {}
    with sessions.begin() as session:
        for row in session.scalars(lapsed).all():
            if row.state == OutboxState.CLAIMED:
                to, reason = OutboxState.PENDING, "hết hạn giữ thư; chưa gửi gì"
                values: dict[str, Any] = {"owner": None, "lease_until": None}
            else:  # the owner stays: should it still live, its answer is the best proof
                to, reason = OutboxState.UNCERTAIN, f"hết hạn giữ thư giữa lúc gửi: {UNKNOWN}"
                values = {"reason": reason}
            if move(session, row, to, by=BY, note=reason, now=now(), **values):
                moved[row.id] = to
    return moved


def expire(sessions: Sessions, now: Callable[[], datetime]) -> dict[int, OutboxState]:
    """A held letter whose time is over is closed, with all of its decision that waits: the ladder decides anew.

    Returns:
        the new state of each row moved, by its id.
    """
    moment, moved = now(), {}
    over = select(OutboxLetter).where(OutboxLetter.state == OutboxState.HELD, OutboxLetter.not_after < moment)
    with sessions.begin() as session:
        for row in session.scalars(over.order_by(OutboxLetter.id)).all():
            reason = IN_TIME.format(by=row.approved_by) if row.approved_by else OVER
            if move(session, row, OutboxState.CANCELLED, by=BY, note=reason, now=moment, reason=reason):
                moved[row.id] = OutboxState.CANCELLED
    return moved


def retire(sessions: Sessions, now: Callable[[], datetime]) -> dict[int, OutboxState]:
    """Once it is live, what was decided in rehearsal and has not left never will.

    Returns:
        the new state of each row moved, by its id.
    """
    left = select(OutboxLetter).where(OutboxLetter.rehearsal, OutboxLetter.state.in_(STOPPABLE))
    reason, moved = "thư lập khi diễn tập; nay đã chạy thật", {}
    with sessions.begin() as session:
        for row in session.scalars(left).all():
            if move(session, row, OutboxState.CANCELLED, by=BY, note=reason, now=now(), reason=reason):
                moved[row.id] = OutboxState.CANCELLED
    return moved


def settle(
    sessions: Sessions,
    archive: ImapServer,
    settings: Settings,
    secrets: list[str],
    now: Callable[[], datetime],
) -> tuple[dict[int, OutboxState], str | None]:
    """Uncertain letters that lie in the archive with our proof were sent. Absence proves nothing: a person is asked.

    Returns:
        the new state of each row moved, by its id; and why the archive could not be read, None when it could.
    """
    uncertain = select(OutboxLetter).where(
        OutboxLetter.state == OutboxState.UNCERTAIN, OutboxLetter.rehearsal.is_(settings.mode == "rehearsal")
    )
    with sessions.reading() as session:
        wanted = {row.message_id: left_as(row, settings) for row in session.scalars(uncertain)}
    if not wanted:
        return {}, None
    try:
        proven = archives.archived(archive, wanted, secrets)
    except Unusable as error:
        log.warning("the archive cannot be read: %d letters stay uncertain: %s", len(wanted), error)
        return {}, f"{error} {len(wanted):02} thư chưa rõ đã gửi hay chưa vẫn chờ bằng chứng trong hộp lưu trữ."
    moved = {}
    with sessions.begin() as session:
        for row in session.scalars(uncertain.where(OutboxLetter.message_id.in_(proven))).all():
            values = {"reason": decision(session, row), "sent_at": now(), "owner": None, "lease_until": None}
            if move(session, row, OutboxState.SENT, by=BY, note="tìm thấy trong hộp lưu trữ", now=now(), **values):
                moved[row.id] = OutboxState.SENT
    return moved, None
