"""One round of delivery over the outbox: every change of state that a machine makes."""

import logging
import smtplib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.configuration.settings import Settings
from dondoc.errors import Problem
from dondoc.mail.letter import OnHold, Precondition
from dondoc.mail.message import build, destination, is_address
from dondoc.mail.outbox import no_check, obsolete_reason, together, withdraw
from dondoc.mail.servers import SmtpServer, Unusable
from dondoc.mail.smtp import Reply, SmtpConnection
from dondoc.mail.states import BY, UNKNOWN, decision, move
from dondoc.store.blobs import Blobs
from dondoc.store.mail import OutboxLetter
from dondoc.store.session import Sessions
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.numbers import TH
from dondoc.workdays import WorkingDays

log = logging.getLogger(__name__)
OPENS, CLOSES = time_of_day(7, 30), time_of_day(17, 0)
NOWHERE = (
    "CHƯA GỬI: đang diễn tập mà DONDOC_REHEARSAL_TO chưa có hoặc không phải địa chỉ thư. "
    "Đặt địa chỉ nhận thư diễn tập rồi chạy lại; gửi thật thì đặt DONDOC_MODE=live."
)


def within_office_hours(moment: datetime, calendar: WorkingDays) -> bool:
    """07:30 to 17:00 of a working day in Vietnam."""
    here = moment.astimezone(HERE)
    return OPENS <= here.time() < CLOSES and calendar.is_working_day(here.date())


def _may_leave(row: OutboxLetter) -> bool:
    return row.state in (OutboxState.PENDING, OutboxState.DEFERRED) or (
        row.state == OutboxState.HELD and row.approved_by is not None
    )


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: short at first, for the schedule paces too; at most an hour."""
    return timedelta(seconds=min(5 * 4 ** min(attempts - 1, 9), 3600))


@dataclass
class DeliveryRun:
    """One call of `deliver`, and the rows it moved."""

    sessions: Sessions
    settings: Settings
    secrets: list[str]
    calendar: WorkingDays
    blobs: Blobs
    precondition: Mapping[LetterKind, Precondition]
    now: Callable[[], datetime]
    server: SmtpServer
    sender: str
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    moved: dict[int, OutboxState] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)  # letters of kinds that nobody can check, in sentences

    def claims(self, limit: int | None) -> Iterator[OutboxLetter]:
        """Claim what is due, one row at a time, so that no lease waits for the letters before.

        Only letters of the present mode: a real one never goes to the rehearsal's address, nor the other way round.

        Raises:
            Problem: in rehearsal no letter can go anywhere.
        """
        rehearsal = self.settings.mode == "rehearsal"
        approved = and_(OutboxLetter.state == OutboxState.HELD, OutboxLetter.approved_by.is_not(None))
        due = (
            select(OutboxLetter.id, OutboxLetter.kind)
            .where(
                OutboxLetter.rehearsal.is_(rehearsal),
                or_(OutboxLetter.state.in_([OutboxState.PENDING, OutboxState.DEFERRED]), approved),
                or_(OutboxLetter.next_attempt_at.is_(None), OutboxLetter.next_attempt_at <= self.now()),
            )
            .order_by(OutboxLetter.id)
        )
        with self.sessions.begin() as session:
            kinds = {row.id: row.kind for row in session.execute(due)}
            for row_id in [row_id for row_id, kind in kinds.items() if kind not in self.precondition]:
                self._unknown(session, row_id, kinds.pop(row_id))
            if nowhere := rehearsal and not is_address(self.settings.rehearsal_to):
                for row_id in kinds:
                    session.get_one(OutboxLetter, row_id).reason = NOWHERE
        if nowhere:
            raise Problem(NOWHERE)
        claimed = 0
        for row_id in kinds:
            if limit is not None and claimed >= limit:
                return
            if row := self._claim(row_id):
                claimed += 1
                yield row

    def _unknown(self, session: Session, row_id: int, kind: str) -> None:
        """A letter of a kind that nobody can check stays, and says so; the others go on."""
        problem = str(no_check(row_id, kind))
        log.error("%s is of an unknown kind and stays", TH(row_id))
        session.get_one(OutboxLetter, row_id).reason = problem
        self.unknown.append(problem)

    def _claim(self, row_id: int) -> OutboxLetter | None:
        """The row, claimed; None when it must wait, was cancelled, or somebody else was faster."""
        try:
            with self.sessions.begin() as session:
                row, now = session.get_one(OutboxLetter, row_id), self.now()
                if not _may_leave(row) or (row.next_attempt_at and row.next_attempt_at > now):
                    return None
                if row.office_hours and not within_office_hours(now, self.calendar):
                    return None
                if not self._true(session, row, now) or (
                    row.state == OutboxState.HELD and not self._release(session, row, now)
                ):
                    return None
                values = {
                    "owner": self.owner,
                    "lease_until": time.time() + self.settings.lease_seconds,
                    "attempts": row.attempts + 1,
                }
                if not move(session, row, OutboxState.CLAIMED, by=BY, note="đến lượt gửi", now=now, **values):
                    return None
        except Exception as error:  # one letter that cannot be checked stays; the others go on
            log.exception("%s could not be checked", TH(row_id))
            trouble = str(error) if isinstance(error, Problem) else type(error).__name__
            self._leave(row_id, f"không kiểm tra được thư còn đúng không ({trouble})")
            return None
        return row

    def _true(self, session: Session, row: OutboxLetter, now: datetime) -> bool:
        """Whether a letter may leave; else its decision is withdrawn, with all its letters, or it says why it waits."""
        try:
            gone = obsolete_reason(session, row, self.precondition, now)
        except OnHold as stopped:
            row.reason = f"chưa gửi: {stopped}"
            return False
        if gone:
            reason = f"không còn đúng: {gone}"
            unit = together(session, [row.id])
            withdrawn = withdraw(session, unit, by=BY, note=reason, now=now, reason=reason)
            self.moved |= {one.id: one.state for one in withdrawn}
        return not gone

    def _release(self, session: Session, row: OutboxLetter, now: datetime) -> bool:
        """What kept an approved letter is over."""
        reason = f"không còn bị giữ; {row.approved_by} đã duyệt"
        return move(session, row, OutboxState.PENDING, by=BY, note=reason, now=now, reason=decision(session, row))

    def _leave(self, row_id: int, reason: str) -> None:
        """Put off a letter that could not be checked."""
        with self.sessions.begin() as session:
            row, now = session.get_one(OutboxLetter, row_id), self.now()
            if row.state in (OutboxState.PENDING, OutboxState.DEFERRED):
                wait = {"next_attempt_at": now + backoff(row.attempts + 1), "attempts": row.attempts + 1}
                if move(session, row, OutboxState.DEFERRED, by=BY, note=reason, now=now, reason=reason, **wait):
                    self.moved[row.id] = OutboxState.DEFERRED

    def send(self, row: OutboxLetter, line: SmtpConnection) -> None:
        """Offer a claimed letter to the server and write down what became of it."""
        try:
            to = destination(row, self.settings)
            message = build(
                row, self.server, settings=self.settings, secrets=self.secrets, blobs=self.blobs, now=self.now()
            ).as_bytes()
        except ValueError as error:
            return self._end(row, OutboxState.REFUSED, f"không lập được thư: {error}")
        except Problem as problem:
            return self._end(row, OutboxState.DEFERRED, str(problem))
        try:
            reply, archive_recipient = line.begin_message(self.sender, to, self.settings.archive_address)
        except Unusable as error:
            return self._end(row, OutboxState.DEFERRED, f"{str(error).rstrip('.')}; chưa gửi gì")
        if not reply.accepted:
            return self._answered(row, reply)
        if not self._begin(row, archive_recipient):
            return line.reset()
        try:
            reply = line.data(message)
        except (smtplib.SMTPException, OSError) as error:
            return self._end(
                row, OutboxState.UNCERTAIN, f"kết nối đứt giữa lúc gửi ({type(error).__name__}): {UNKNOWN}"
            )
        return self._answered(row, reply)

    def _begin(self, row: OutboxLetter, archive_recipient: Reply | None) -> bool:
        """Commit `sending`: from here on, silence means uncertain."""
        if time.time() >= (row.lease_until or 0):
            self._end(row, OutboxState.PENDING, "hết hạn giữ thư; chưa gửi gì")
            return False
        reason = "máy chủ nhận người nhận, bắt đầu gửi"
        if archive_recipient and not archive_recipient.accepted:
            reason += f"; hộp lưu trữ không nhận ({archive_recipient}), không có bằng chứng"
        return self._move(row, OutboxState.SENDING, reason, lease_until=time.time() + self.settings.lease_seconds)

    def _answered(self, row: OutboxLetter, reply: Reply) -> None:
        if reply.accepted:
            self._end(row, OutboxState.SENT, f"máy chủ đã nhận ({reply})")
        elif reply.temporary:
            self._end(row, OutboxState.DEFERRED, f"máy chủ hẹn lại ({reply})")
        else:
            self._end(row, OutboxState.REFUSED, f"máy chủ từ chối ({reply})")

    def _end(self, row: OutboxLetter, to: OutboxState, reason: str) -> None:
        """Let go of a row. Of an uncertain one the owner stays written: only its own late answer may move it."""
        values: dict[str, Any] = {"reason": reason}
        if to != OutboxState.UNCERTAIN:
            values |= {"owner": None, "lease_until": None}
        if to == OutboxState.DEFERRED:
            values["next_attempt_at"] = self.now() + backoff(row.attempts)
        if to == OutboxState.SENT:
            values["sent_at"] = self.now()
        self._move(row, to, reason, **values)

    def _move(self, row: OutboxLetter, to: OutboxState, note: str, **values: Any) -> bool:
        """Move a row that this round claimed, unless it was taken away since."""
        with self.sessions.begin() as session:
            fresh = session.get_one(OutboxLetter, row.id)
            swept = row.state == OutboxState.SENDING and fresh.state == OutboxState.UNCERTAIN
            if fresh.owner != self.owner or not (fresh.state == row.state or swept):
                log.warning("%s is no longer ours: it is %s", TH(row.id), fresh.state)
                return False
            if to in (OutboxState.SENT, OutboxState.PENDING):
                values["reason"] = decision(session, fresh)
            if to == fresh.state or not move(session, fresh, to, by=BY, note=note, now=self.now(), **values):
                return False
        row.state, row.lease_until = fresh.state, fresh.lease_until
        self.moved[row.id] = to
        return True
