"""The states of a letter in the outbox, and the one function that changes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Table, Update, bindparam, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from dondoc.store.mail import OutboxEvent, OutboxLetter
from dondoc.vocabulary.letters import OutboxState

_S = OutboxState
_OUTBOX, _EVENTS = cast(Table, OutboxLetter.__table__), cast(Table, OutboxEvent.__table__)
_EVENT = insert(_EVENTS)

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


@dataclass(frozen=True)
class Move:
    """A row, as it was read, and the state that it is to have. `note`: for the event; `values`: the other columns."""

    row: OutboxLetter
    to: OutboxState
    note: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def event(self) -> dict[str, Any]:
        return {"letter_id": self.row.id, "from_state": self.row.state, "to_state": self.to, "reason": self.note}

    @property
    def change(self) -> dict[str, Any]:
        """What is set, and how the row was read."""
        return {"row_id": self.row.id, "was": self.row.state, "had": self.row.owner, "state": self.to, **self.values}


def record(
    session: Session, row: OutboxLetter, was: OutboxState | None, *, by: str, reason: str, now: datetime
) -> None:
    """Write down that a row is now in the state it has."""
    event = {"letter_id": row.id, "from_state": was, "to_state": row.state, "reason": reason}
    session.execute(_EVENT, event | {"by": by, "recorded_at": now})


def move(
    session: Session, row: OutboxLetter, to: OutboxState, *, by: str, note: str, now: datetime, **values: Any
) -> bool:
    """As `move_all`, of one row. Returns False, and nothing is changed, when somebody else changed it since."""
    return bool(move_all(session, [Move(row, to, note, values)], by=by, now=now))


def move_all(session: Session, moves: Sequence[Move], *, by: str, now: datetime) -> list[Move]:
    """Change the states of rows by compare-and-set on state and owner, and write down the events.

    In terms of tables and all at once, not of the ORM: every letter that leaves passes here three times.

    Returns:
        those that were made; the rows of the others somebody else changed since they were read.
    """
    if wrong := next((m for m in moves if m.to not in NEXT[m.row.state]), None):
        raise ValueError(f"{wrong.row.state} → {wrong.to} is no transition of the outbox")
    session.flush()
    made: list[Move] = []
    for columns in dict.fromkeys(tuple(m.values) for m in moves):
        made += _made(session.connection(), columns, [m for m in moves if tuple(m.values) == columns])
    if made:
        session.execute(_EVENT, [m.event | {"by": by, "recorded_at": now} for m in made])
    for one in made:
        for name, value in {"state": one.to, **one.values}.items():
            set_committed_value(one.row, name, value)
    return made


def _made(connection: Connection, columns: tuple[str, ...], moves: Sequence[Move]) -> list[Move]:
    """Those that could be made: all at once, or, where not every row is as it was read, one after the other."""
    change, given = _change(("state", *columns)), [m.change for m in moves]
    if len(moves) > 1:
        attempt = connection.begin_nested()
        if connection.execute(change, given).rowcount == len(moves):
            attempt.commit()
            return list(moves)
        attempt.rollback()
    return [m for m, one in zip(moves, given, strict=True) if connection.execute(change, one).rowcount == 1]


@cache
def _change(columns: tuple[str, ...]) -> Update:
    """Sets these columns of a row that is as it was read."""
    unchanged = (
        _OUTBOX.c.id == bindparam("row_id"),
        _OUTBOX.c.state == bindparam("was"),
        _OUTBOX.c.owner.is_not_distinct_from(bindparam("had")),
    )
    return update(_OUTBOX).where(*unchanged).values({name: bindparam(name) for name in columns})


def decision(session: Session, row: OutboxLetter) -> str:
    """Why the letter was written, whatever happened to it since."""
    return decisions(session, [row])[row.id]


def decisions(session: Session, rows: Sequence[OutboxLetter]) -> dict[int, str]:
    """As `decision`, by the row's id."""
    events = select(OutboxEvent.letter_id, OutboxEvent.reason).where(OutboxEvent.letter_id.in_([r.id for r in rows]))
    first = dict[int, str]()
    for letter, reason in session.execute(events.order_by(OutboxEvent.id)):
        first.setdefault(letter, reason)
    return {row.id: first.get(row.id) or row.reason for row in rows}
