"""The states of a letter in the outbox, and the one function that changes them."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dondoc.store.mail import OutboxEvent, OutboxLetter
from dondoc.vocabulary.letters import OutboxState

_S = OutboxState

# What may follow what.
NEXT: dict[OutboxState, frozenset[OutboxState]] = {
    _S.HELD: frozenset({_S.HELD, _S.PENDING, _S.CANCELLED}),  # held again: approved, but stopped for now
    # Whatever is unsent is held when the database was restored from a backup.
    _S.PENDING: frozenset({_S.CLAIMED, _S.DEFERRED, _S.HELD, _S.CANCELLED}),
    _S.DEFERRED: frozenset({_S.CLAIMED, _S.DEFERRED, _S.HELD, _S.CANCELLED}),
    _S.CLAIMED: frozenset({_S.SENDING, _S.DEFERRED, _S.REFUSED, _S.PENDING, _S.HELD}),
    _S.SENDING: frozenset({_S.SENT, _S.DEFERRED, _S.REFUSED, _S.UNCERTAIN}),
    # A late answer of the server to the worker that still owns the row is as good as an archive's or a person's word.
    _S.UNCERTAIN: frozenset({_S.SENT, _S.PENDING, _S.DEFERRED, _S.REFUSED}),
    _S.SENT: frozenset(),
    _S.REFUSED: frozenset(),
    _S.CANCELLED: frozenset(),
}
BY = "dondoc"  # who made a change that no person made
UNKNOWN = "chưa rõ thư đã đến hay chưa; tìm trong hộp lưu trữ, hoặc người xác nhận bằng `dondoc settle`"


def record(
    session: Session, row: OutboxLetter, was: OutboxState | None, *, by: str, reason: str, now: datetime
) -> None:
    """Write down that a row is now in the state it has."""
    event = OutboxEvent(letter_id=row.id, from_state=was, to_state=row.state, by=by, reason=reason, recorded_at=now)
    session.add(event)


def move(
    session: Session, row: OutboxLetter, to: OutboxState, *, by: str, note: str, now: datetime, **values: Any
) -> bool:
    """Change the state of a row as it was read, by compare-and-set on state and owner, and write down the event.

    `note` goes into the event; `values` are the other columns to set with the state.

    Returns:
        False, and nothing is changed, when somebody else changed the row since.
    """
    was = row.state
    if to not in NEXT[was]:
        raise ValueError(f"{was} → {to} is no transition of the outbox")
    unchanged = (
        OutboxLetter.id == row.id,
        OutboxLetter.state == was,
        OutboxLetter.owner.is_not_distinct_from(row.owner),
    )
    change = update(OutboxLetter).where(*unchanged).values(state=to, **values).returning(OutboxLetter.id)
    if session.scalar(change, execution_options={"synchronize_session": False}) is None:
        return False
    session.refresh(row)
    record(session, row, was, by=by, reason=note, now=now)
    return True


def decision(session: Session, row: OutboxLetter) -> str:
    """Why the letter was written, whatever happened to it since."""
    first = select(OutboxEvent.reason).where(OutboxEvent.letter_id == row.id).order_by(OutboxEvent.id).limit(1)
    return session.scalar(first) or row.reason
