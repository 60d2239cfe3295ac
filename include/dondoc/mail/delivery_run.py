"""One round of delivery over the outbox: every change of state that a machine makes."""

import logging
import smtplib
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any, TypeVar

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from dondoc.clock import HERE
from dondoc.configuration.settings import Settings
from dondoc.errors import Problem
from dondoc.mail.letter import OnHold, Precondition
from dondoc.mail.message import build, destination, is_address
from dondoc.mail.outbox import no_check, obsolete_reason, together, withdraw
from dondoc.mail.servers import SmtpServer, Unusable
from dondoc.mail.smtp import Reply, SmtpConnection
from dondoc.mail.states import BY, UNKNOWN, Move, decision, decisions, move, move_all
from dondoc.store.blobs import Blobs
from dondoc.store.mail import OutboxLetter
from dondoc.store.session import Sessions
from dondoc.vocabulary.letters import ANSWERS, LetterKind, OutboxState
from dondoc.vocabulary.numbers import TH
from dondoc.workdays import WorkingDays

log = logging.getLogger(__name__)
_T = TypeVar("_T")
CLOSING = 421  # the server is about to hang up
LINES = 8  # to the server at once, when there is much to send: few servers allow fewer
MANY = 8  # letters
OF_LEASE = 1 / 3  # how much of their lease letters that were claimed together may wait
MOST_AT_ONCE = 64  # letters that are claimed together
MOMENT = 1.0  # seconds in which they leave; where that takes longer, one is claimed at a time
FREE = {"owner": None, "lease_until": None}
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


@dataclass(frozen=True)
class _Offer:
    """A letter on a line, and what the server said of its recipient and of the archive's.

    `fate`: what becomes of it where it got no answer, and why.
    """

    row: OutboxLetter
    line: SmtpConnection
    to: str = ""
    message: bytes = b""
    reply: Reply | None = None
    archive: Reply | None = None
    fate: tuple[OutboxState, str] | None = None
    unusable: bool = False

    @property
    def closed(self) -> bool:
        """Whether the server did not want this line."""
        return self.unusable or (self.reply is not None and self.reply.code == CLOSING)


def _data(offer: _Offer) -> Reply | Exception:
    try:
        return offer.line.data(offer.message)
    except (smtplib.SMTPException, OSError) as error:
        return error


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
    threads: Executor
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    moved: dict[int, OutboxState] = field(default_factory=dict)
    decided: dict[int, str] = field(default_factory=dict)  # why each letter that it claimed was written
    unknown: list[str] = field(default_factory=list)  # letters of kinds that nobody can check, in sentences
    _sent: list[tuple[OutboxLetter, Reply, datetime]] = field(default_factory=list)  # taken, not yet written down

    def claims(self, limit: int | None) -> Iterator[list[OutboxLetter]]:
        """Claim what is due, little by little, so that no lease waits long for the letters before.

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
        yield from self._claimed(kinds, limit)

    def _claimed(self, kinds: Mapping[int, LetterKind], limit: int | None) -> Iterator[list[OutboxLetter]]:
        """Several answers at once, as many as leave within a moment; of the others, one of which may make the next
        untrue, each when the one before has left."""
        left, most = deque(kinds), 1
        while left and limit != 0:
            batch = [left.popleft()]
            while left and {kinds[batch[0]], kinds[left[0]]} <= {*ANSWERS} and len(batch) < min(most, limit or most):
                batch.append(left.popleft())
            begun = time.monotonic()
            rows = self._claim(batch)
            limit = limit and limit - len(rows)
            wide = LINES if len(rows) >= MANY else 1
            for first in range(0, len(rows), wide):
                if first and time.monotonic() - begun > self.settings.lease_seconds * OF_LEASE:
                    self._give_back(rows[first:])
                    left.extendleft(row.id for row in reversed(rows[first:]))
                    limit = limit and limit + len(rows) - first
                    break
                yield rows[first : first + wide]
            self.write_down()
            most = min(2 * most, MOST_AT_ONCE) if time.monotonic() - begun < MOMENT else 1

    def _give_back(self, rows: Sequence[OutboxLetter]) -> None:
        """Nobody tried to send these: the next who claims them begins anew."""
        again = [FREE | {"reason": self.decided[row.id], "attempts": row.attempts - 1} for row in rows]
        slow = "máy chủ chậm, chưa đến lượt; chưa gửi gì"
        self._write([Move(row, OutboxState.PENDING, slow, values) for row, values in zip(rows, again, strict=True)])

    def _unknown(self, session: Session, row_id: int, kind: str) -> None:
        """A letter of a kind that nobody can check stays, and says so; the others go on."""
        problem = str(no_check(row_id, kind))
        log.error("%s is of an unknown kind and stays", TH(row_id))
        session.get_one(OutboxLetter, row_id).reason = problem
        self.unknown.append(problem)

    def _claim(self, ids: Sequence[int]) -> list[OutboxLetter]:
        """The rows that could be claimed; the others must wait, were cancelled, or somebody else was faster."""
        try:
            with self.sessions.begin() as session:
                rows = session.scalars(select(OutboxLetter).where(OutboxLetter.id.in_(ids)).order_by(OutboxLetter.id))
                return self._take(session, [row for row in rows.all() if self._may_go(session, row)])
        except Exception as error:  # one letter that cannot be checked stays; the others go on
            if len(ids) > 1:
                return [row for row_id in ids for row in self._claim([row_id])]
            log.exception("%s could not be checked", TH(ids[0]))
            trouble = str(error) if isinstance(error, Problem) else type(error).__name__
            self._leave(ids[0], f"không kiểm tra được thư còn đúng không ({trouble})")
            return []

    def _may_go(self, session: Session, row: OutboxLetter) -> bool:
        now = self.now()
        if not _may_leave(row) or (row.next_attempt_at and row.next_attempt_at > now):
            return False
        if row.office_hours and not within_office_hours(now, self.calendar):
            return False
        if not self._true(session, row, now):
            return False
        return row.state != OutboxState.HELD or self._release(session, row, now)

    def _take(self, session: Session, rows: Sequence[OutboxLetter]) -> list[OutboxLetter]:
        self.decided |= decisions(session, rows)
        ours = {"owner": self.owner, "lease_until": time.time() + self.settings.lease_seconds}
        moves = [Move(row, OutboxState.CLAIMED, "đến lượt gửi", ours | {"attempts": row.attempts + 1}) for row in rows]
        return [taken.row for taken in move_all(session, moves, by=BY, now=self.now())]

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

    def send(self, rows: Sequence[OutboxLetter], lines: Sequence[SmtpConnection]) -> None:
        """Offer claimed letters to the server, each on a line of its own, and write down what became of them.

        One that a further line would not take goes on the first: a server may allow us only one.
        """
        built = [self._built(row, line) for row, line in zip(rows, lines, strict=False)]
        offers = self._at_once(self._offer, [(offer,) for offer in built])
        refused = [offer for offer in offers if offer.closed and offer.line is not lines[0]]
        taken = [offer for offer in offers if offer not in refused and self._is_taken(offer)]
        begun = self._begin(taken)
        for offer, answer in zip(begun, self._at_once(_data, [(offer,) for offer in begun]), strict=True):
            if isinstance(answer, Reply):
                self._answered(offer.row, answer)
            else:
                broken = f"kết nối đứt giữa lúc gửi ({type(answer).__name__}): {UNKNOWN}"
                self._end(offer.row, OutboxState.UNCERTAIN, broken)
        for offer in refused:
            self.send([offer.row], lines[:1])

    def _at_once(self, act: Callable[..., _T], given: Sequence[tuple[Any, ...]]) -> list[_T]:
        """What an act makes of each, in threads where there are several: each waits for the server."""
        if len(given) < 2:
            return [act(*one) for one in given]
        return [done.result() for done in [self.threads.submit(act, *one) for one in given]]

    def _built(self, row: OutboxLetter, line: SmtpConnection) -> _Offer:
        given: dict[str, Any] = {"settings": self.settings, "secrets": self.secrets, "blobs": self.blobs}
        try:
            message = build(row, self.server, **given, now=self.now())
            return _Offer(row, line, destination(row, self.settings), message.as_bytes())
        except ValueError as error:
            return _Offer(row, line, fate=(OutboxState.REFUSED, f"không lập được thư: {error}"))
        except Problem as problem:
            return _Offer(row, line, fate=(OutboxState.DEFERRED, str(problem)))

    def _offer(self, built: _Offer) -> _Offer:
        if built.fate:
            return built
        try:
            reply, archive = built.line.begin_message(self.sender, built.to, self.settings.archive_address)
        except Unusable as error:
            told = f"{str(error).rstrip('.')}; chưa gửi gì"
            return replace(built, fate=(OutboxState.DEFERRED, told), unusable=True)
        return replace(built, reply=reply, archive=archive)

    def _is_taken(self, offer: _Offer) -> bool:
        """Whether the server takes the recipient; else it is written down why not."""
        if offer.fate:
            self._end(offer.row, *offer.fate)
        elif offer.reply and not offer.reply.accepted:
            self._answered(offer.row, offer.reply)
        return offer.reply is not None and offer.reply.accepted

    def _begin(self, offers: Sequence[_Offer]) -> list[_Offer]:
        """Commit `sending`: from here on, silence means uncertain. Those that are still ours."""
        if not offers:
            return []
        made = self._write([self._beginning(offer) for offer in offers])
        begun = [offer for offer in offers if any(m.row is offer.row and m.to == OutboxState.SENDING for m in made)]
        for offer in offers:
            if offer not in begun:
                offer.line.reset()
        return begun

    def _beginning(self, offer: _Offer) -> Move:
        row, until = offer.row, time.time() + self.settings.lease_seconds
        if time.time() >= (row.lease_until or 0):
            free = FREE | {"reason": self.decided[row.id]}
            return Move(row, OutboxState.PENDING, "hết hạn giữ thư; chưa gửi gì", free)
        reason = "máy chủ nhận người nhận, bắt đầu gửi"
        if offer.archive and not offer.archive.accepted:
            reason += f"; hộp lưu trữ không nhận ({offer.archive}), không có bằng chứng"
        return Move(row, OutboxState.SENDING, reason, {"lease_until": until})

    def _answered(self, row: OutboxLetter, reply: Reply) -> None:
        if reply.accepted:
            self._sent.append((row, reply, self.now()))
        elif reply.temporary:
            self._end(row, OutboxState.DEFERRED, f"máy chủ hẹn lại ({reply})")
        else:
            self._end(row, OutboxState.REFUSED, f"máy chủ từ chối ({reply})")

    def _end(self, row: OutboxLetter, to: OutboxState, reason: str) -> None:
        """Let go of a row. Of an uncertain one the owner stays written: only its own late answer may move it."""
        values: dict[str, Any] = {"reason": reason}
        if to != OutboxState.UNCERTAIN:
            values |= FREE
        if to == OutboxState.PENDING:
            values["reason"] = self.decided[row.id]
        if to == OutboxState.DEFERRED:
            values["next_attempt_at"] = self.now() + backoff(row.attempts)
        self._write([Move(row, to, reason, values)])

    def _write(self, moves: Sequence[Move]) -> list[Move]:
        """Move rows that this round claimed, unless they were taken away since: those that were moved. What was sent
        before is written down in the same transaction: one wait for the disk, not two."""
        moves = [*moves, *(self._sent_off(*sent) for sent in self._sent)]
        with self.sessions.begin() as session:
            made = move_all(session, moves, by=BY, now=self.now())
            for one in moves:
                if one not in made and not (one.row.state == OutboxState.SENDING and self._late(session, one)):
                    log.warning("%s is no longer ours", TH(one.row.id))
        self._sent.clear()
        self.moved |= {one.row.id: one.to for one in made}
        return made

    def _sent_off(self, row: OutboxLetter, reply: Reply, when: datetime) -> Move:
        values = FREE | {"reason": self.decided[row.id], "sent_at": when}
        return Move(row, OutboxState.SENT, f"máy chủ đã nhận ({reply})", values)

    def _late(self, session: Session, answer: Move) -> bool:
        """A lease that ran out while a letter was sent made it uncertain: the server's answer is better."""
        set_committed_value(answer.row, "state", OutboxState.UNCERTAIN)
        if answer.to == OutboxState.UNCERTAIN or not move_all(session, [answer], by=BY, now=self.now()):
            return False
        self.moved[answer.row.id] = answer.to
        return True

    def write_down(self) -> None:
        """What was sent last, when no other letter follows."""
        if self._sent:
            self._write([])
