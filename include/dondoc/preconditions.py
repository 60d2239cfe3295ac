"""Which function of which room tells whether a letter of a kind is still true: delivery asks it of each letter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.mail.letter import Precondition
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind

if TYPE_CHECKING:
    from dondoc.mail.delivery import Delivered


def registry(app: AppContext) -> dict[LetterKind, Precondition]:
    """One check per kind of letter."""
    return {kind: precondition_of(app, kind) for kind in LetterKind}


def precondition_of(app: AppContext, kind: LetterKind) -> Precondition:
    """The check of a kind. That none is forgotten is seen by the type checker."""
    from dondoc.cameras import letters, recoveries
    from dondoc.escalation import escalate, withdrawal
    from dondoc.intake import officers
    from dondoc.reporting import report

    match kind:
        case LetterKind.RECEIPT | LetterKind.RETURNED | LetterKind.INTERNAL:
            return _always
        case LetterKind.CONTACT_CHANGE:
            return officers.precondition
        case LetterKind.REACHABILITY | LetterKind.OUTAGE:
            return letters.precondition(app)
        case LetterKind.RECOVERY:
            return recoveries.precondition(app)
        case LetterKind.REMINDER | LetterKind.OVERDUE | LetterKind.HAND_OVER | LetterKind.THANKS:
            return escalate.precondition(app)
        case LetterKind.WITHDRAWAL:
            return withdrawal.precondition
        case LetterKind.REPORT:
            return report.precondition(app)


def _always(session: Session, letter: OutboxLetter, now: datetime) -> None:
    """An answer to what happened stays true."""


def deliver(app: AppContext, now: Callable[[], datetime], limit: int | None = None) -> Delivered:
    """Deliver what is due (at most `limit` letters) and still true, and settle what the archive proves.

    Returns:
        how many letters were moved, by the state they are in now, and what kept others from leaving.

    Raises:
        Problem: no mail server is set up, or its address cannot be read.
    """
    from dondoc.mail import delivery, servers

    settings = app.settings
    if (server := servers.smtp(settings)) is None:
        raise Problem(
            "Không biết gửi thư qua máy chủ nào. Trong Airflow: Admin → Connections, tạo dondoc_smtp kiểu smtp; "
            "với lệnh dondoc: đặt DONDOC_SMTP_URL."
        )
    _before_leaving(app, now)
    return delivery.deliver(
        app.sessions,
        server,
        settings=settings,
        secrets=app.secrets,
        calendar=app.calendar,
        blobs=app.blobs,
        precondition=registry(app),
        now=now,
        archive=servers.archive(settings),
        limit=limit,
    )


def _before_leaving(app: AppContext, now: Callable[[], datetime]) -> None:
    """See whether the database was restored from a backup, then count that letters leave."""
    from dondoc.mail import epoch, recovery
    from dondoc.staff import notices

    home = app.settings.home
    outside = epoch.noted(home)
    with app.sessions.begin() as session:
        held = epoch.hold_restored(session, outside, now())
        if held is not None:
            notices.restored(app, session, held, now())
        number = epoch.advance(session, now()) if recovery.waits(session) else None
    if number is not None:
        epoch.note(home, number)
