"""What makes the stored current state of cameras untrue: whoever writes such a fact, its states go with it.

Held here and not by each writer: one that forgot it would show yesterday's state without anybody noticing.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, event, func, inspect, select
from sqlalchemy.orm import Session

from dondoc.store.cameras import CameraCheck, CameraDeclaration, CurrentState, NightRun, Outage
from dondoc.store.facts import Ruling
from dondoc.store.parts import parts
from dondoc.vocabulary.rulings import RulingKind

ABOUT_ONE = (CameraCheck, CameraDeclaration, Outage)


@event.listens_for(Session, "after_flush")
def _forget(session: Session, _: Any) -> None:
    written = [*session.new, *session.dirty, *session.deleted]
    if any(isinstance(row, Ruling) and row.kind in (RulingKind.PAUSE, RulingKind.UNDO) for row in written):
        alone(session)
        session.connection().execute(delete(CurrentState))
        return
    forget(session, {row.camera_id for row in written if isinstance(row, ABOUT_ONE)})
    for run in written:
        if isinstance(run, NightRun) and _judged(run):
            alone(session)
            its = select(CameraCheck.camera_id).where(CameraCheck.night == run.night, CameraCheck.round == run.round)
            session.connection().execute(delete(CurrentState).where(CurrentState.camera_id.in_(its)))


def _judged(run: NightRun) -> bool:
    """Whether its looks count otherwise than before: of a new one none was stored before this transaction."""
    row = inspect(run).attrs
    return row.our_side_down.history.has_changes() or None in row.finished_at.history.deleted


def forget(session: Session, cameras: Collection[int]) -> None:
    """Throw the stored states of these cameras away."""
    ids = [*cameras]
    if ids:
        alone(session)
    for part in parts(ids):
        session.connection().execute(delete(CurrentState).where(CurrentState.camera_id.in_(part)))


def alone(session: Session) -> None:
    """Until this transaction ends, nobody else throws states away or stores some: what one works out without the fact
    of another would be stored after that one has thrown away what was there. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(select(func.pg_advisory_xact_lock(func.hashtext("states of cameras"))))
