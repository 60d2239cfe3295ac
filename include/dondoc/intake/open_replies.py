"""What people wrote without a form: shown with the letter that it answers and its agency until a person closes it.

A document number in it is offered as an entry of the register, a day as a promise: nothing is entered by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.intake import browse
from dondoc.intake.browse import Line
from dondoc.intake.verdicts import newest_verdict, without_reading
from dondoc.store.intake import COUNTS, Mail, Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.mails import Closing, MailKind
from dondoc.vocabulary.numbers import BN, TH, VB
from dondoc.vocabulary.submissions import Outcome

SHOWN = 10  # beside an agency or a letter: those that are open first, then the newest
KINDS = (MailKind.REPLY, MailKind.FORGOTTEN)


@dataclass(frozen=True)
class Reply:
    """`agency`: who wrote it, else whom the letter that it answers was sent to; `closing`: None while it is open."""

    line: Line
    mail: Mail
    agency: str | None
    closing: Closing | None

    @property
    def open(self) -> bool:
        return self.line.work in browse.WAITING

    @property
    def state(self) -> str:
        return self.closing.label if self.closing else self.line.work.label

    def as_row(self) -> dict[str, Any]:
        mail = self.mail
        return {
            **self.line.as_row(),
            "agency": self.agency,
            "letter": TH(mail.letter_id) if mail.letter_id else None,
            "promised": mail.promised.isoformat() if mail.promised else None,
            "document_number": mail.document_number,
            "closing": self.closing,
        }


def waiting(app: AppContext, session: Session, now: datetime) -> list[Reply]:
    """Those that nobody has closed, oldest first."""
    found = _replies(app, session, now, Verdict.outcome == Outcome.WAITING)
    return sorted((one for one in found if one.open), key=lambda one: one.line.submission.happened_at)


def of_agency(app: AppContext, session: Session, agency: str, now: datetime) -> list[Reply]:
    """What an agency wrote, or is said to have in answer to a letter to it."""
    theirs = or_(Verdict.agency == agency, Verdict.agency.is_(None) & (OutboxLetter.agency == agency))
    return _first(_replies(app, session, now, theirs))


def of_letters(app: AppContext, session: Session, letters: Iterable[int], now: datetime) -> list[Reply]:
    """What answers one of these letters."""
    return _first(_replies(app, session, now, Mail.letter_id.in_([*letters])))


def _first(found: list[Reply]) -> list[Reply]:
    return sorted(found, key=lambda one: (not one.open, -one.line.submission.id))[:SHOWN]


def _replies(app: AppContext, session: Session, now: datetime, which: ColumnElement[bool]) -> list[Reply]:
    query = (
        select(Submission.id, Mail, Verdict.closing, Verdict.agency, OutboxLetter.agency)
        .join(Mail, Mail.id == Submission.mail_id)
        .join(Verdict, Verdict.submission_id == Submission.id)
        .outerjoin(OutboxLetter, OutboxLetter.id == Mail.letter_id)
        .where(COUNTS, Mail.kind.in_(KINDS), which)
    )
    rows = {row[0]: row for row in session.execute(query).all()}
    found = []
    for line in browse.lines(app, session, rows, now):
        _, mail, closing, theirs, asked = rows[line.submission.id]
        found.append(Reply(line, mail, theirs or asked, closing))
    return found


def close(
    session: Session, secrets: list[str], submission: int, closing: Closing, number: int, *, by: Actor, now: datetime
) -> None:
    """Close a reply by what was made of it: an entry of the register or a promise. What is not relevant is put aside
    (`inbox.dismiss`). `inbox.undo` opens it again.

    Args:
        number: of the entry or the ruling.

    Raises:
        Problem: there is no such submission, it is no reply, or somebody has closed it.
    """
    sent, before = session.get(Submission, submission), newest_verdict(session, submission)
    mail = session.get(Mail, sent.mail_id) if sent and sent.mail_id else None
    if before is None or mail is None or mail.kind not in KINDS:
        raise Problem(f"{BN(submission)} không phải thư trả lời. Vào sổ hoặc giao cho đơn vị ở trang chờ xử lý.")
    if before.outcome not in (Outcome.WAITING, Outcome.REFUSED):
        raise Problem(f"{BN(submission)} đã có người xử lý: {before.reason}. Thu hồi việc ấy trước.")
    reason = f"{closing.label}: {_called(closing, number)} ({by.name})"
    session.add(
        without_reading(
            submission,
            Outcome.DISMISSED,
            reason,
            now,
            closing=closing,
            closed_by=number,
            agency=before.agency,
            may_be=before.may_be,
            answered=True,
        )
    )
    audit.record(session, secrets, by, "close_reply", BN(submission), now=now, reason=reason)


def reopen(session: Session, closing: Closing, number: int, now: datetime) -> list[int]:
    """The entry or the promise was taken back: the replies that it had closed are open again.

    Returns:
        their numbers.
    """
    closed = select(Verdict).where(COUNTS, Verdict.closing == closing, Verdict.closed_by == number)
    again = session.scalars(closed.order_by(Verdict.submission_id)).all()
    for verdict in again:
        reason = f"{_called(closing, number)} đã được thu hồi"
        more = {"agency": verdict.agency, "may_be": verdict.may_be, "answered": True}
        session.add(without_reading(verdict.submission_id, Outcome.WAITING, reason, now, **more))
    return [verdict.submission_id for verdict in again]


def _called(closing: Closing, number: int) -> str:
    return VB(number) if closing == Closing.REGISTERED else f"quyết định số {number}"
