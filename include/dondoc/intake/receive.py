"""Receive: the bytes are durable and the row is there before anyone tells the source so."""

import shutil
import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dondoc import audit
from dondoc.audit import Actor
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings
from dondoc.errors import Problem
from dondoc.store import files
from dondoc.store.intake import Submission
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import Arrival

_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode: control, direction and zero width, half pairs, line separators


def visible(text: str, instead: str = "") -> str:
    """Without characters that nobody sees and that break headers, names or databases; NFC."""
    kept = (instead if unicodedata.category(c) in _INVISIBLE else c for c in text)
    return unicodedata.normalize("NFC", "".join(kept))


def safe_filename(name: str) -> str:
    """A name to show and to keep: no folder, no control or bidi characters, NFC, at most 120 characters."""
    base = visible(name).replace("\\", "/").rsplit("/", 1)[-1].strip(" .")
    stem, dot, ending = base.rpartition(".")
    return f"{stem[: 119 - len(ending)]}{dot}{ending}" if dot and len(ending) < 10 else base[:120] or "khong-ten"


def prepared(
    app: AppContext,
    content: bytes,
    *,
    channel: Arrival,
    channel_id: str,
    sender: str,
    filename: str,
    received_at: datetime,
    now: datetime,
    message_id: str | None = None,
    subject: str | None = None,
    automatic: bool = False,
    sender_doubt: str | None = None,
    authentication: str | None = None,
) -> Submission:
    """The row of an arrival, for a session to add; its bytes are durable already.

    `received_at` later than `now` counts as `now`: nothing arrives in the future.

    Raises:
        Problem: the disk is nearly full or cannot be used; the source must not be told that we have it.
    """
    _room_left(app.settings)
    return Submission(
        channel=channel,
        channel_id=visible(channel_id),
        sender=visible(sender).strip().lower(),
        filename=safe_filename(filename),
        sha256=app.blobs.put(content),
        message_id=visible(message_id) if message_id else None,
        subject=visible(subject, " ")[:500] if subject else None,
        automatic=automatic,
        sender_doubt=sender_doubt,
        authentication=authentication,
        happened_at=min(received_at, now),
        recorded_at=now,
    )


def receive(
    app: AppContext,
    content: bytes,
    *,
    channel: Arrival,
    channel_id: str,
    now: datetime,
    by: Actor | None = None,
    **arrived: Any,
) -> tuple[int, bool]:
    """Keep one arrival, described as for `prepared`. Receiving the same (channel, channel_id) again is a no-op.

    Args:
        by: the person who brings it, written down with it; None: it came by itself.

    Returns:
        the submission's id, and whether this arrival is new.

    Raises:
        Problem: the disk is nearly full or cannot be used; the source must not be told that we have it.
    """
    row = prepared(app, content, channel=channel, channel_id=channel_id, now=now, **arrived)
    known = select(Submission.id).where(Submission.channel == channel, Submission.channel_id == row.channel_id)

    def keep() -> tuple[int, bool]:
        with app.sessions.begin() as session:
            existing = session.scalar(known)
            if existing is None:
                session.add(row)
                session.flush()
            submission = existing or row.id
            if by:
                details = {"file": row.filename, "sender": row.sender, "received_at": row.happened_at}
                audit.record(session, app.secrets, by, "receive", BN(submission), now=now, **details)
            return submission, existing is None

    try:
        return keep()
    except IntegrityError:  # another worker received it between our look and our insert
        return keep()


def _room_left(settings: Settings) -> None:
    try:
        files.folder(settings.home)
        free = shutil.disk_usage(settings.home).free
    except OSError as error:
        raise Problem(
            f"Không dùng được thư mục DONDOC_HOME ({error.strerror}): tạm ngừng tiếp nhận. "
            "Kiểm tra đường dẫn và quyền ghi; các tệp vẫn còn nguyên ở nơi gửi."
        ) from None
    if free < settings.min_free_mb * 2**20:
        raise Problem(
            f"Ổ đĩa chứa {settings.home.name}/ chỉ còn {free // 2**20} MB (tối thiểu "
            f"{settings.min_free_mb} MB): tạm ngừng tiếp nhận. Dọn ổ đĩa; các tệp vẫn còn nguyên ở nơi gửi."
        )
