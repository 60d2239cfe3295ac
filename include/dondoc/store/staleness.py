"""What makes the stored current state of cameras untrue: whoever writes such a fact, its states go with it.

Held here and not by each writer: one that forgot it would show yesterday's state without anybody noticing.
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import delete, event, func, inspect, select
from sqlalchemy.orm import Session

from dondoc.probing.wanted import Subject
from dondoc.store.cameras import (
    CameraCheck,
    CameraDeclaration,
    CameraMeasurement,
    CurrentState,
    NightRun,
    Outage,
)
from dondoc.store.facts import Ruling
from dondoc.store.intake import Verdict
from dondoc.store.parts import parts
from dondoc.vocabulary.rulings import RulingKind

ABOUT_ONE = (CameraCheck, CameraDeclaration, CameraMeasurement, Outage)


@event.listens_for(Session, "after_flush")
def _forget(session: Session, _: Any) -> None:
    written = [*session.new, *session.dirty, *session.deleted]
    if any(isinstance(row, Ruling) and row.kind in (RulingKind.PAUSE, RulingKind.UNDO) for row in written):
        alone(session)
        session.connection().execute(delete(CurrentState))
        return
    forget(session, {row.camera_id for row in written if isinstance(row, ABOUT_ONE)})
    forget(session, _of_forms(session, {row.submission_id for row in written if isinstance(row, Verdict)}))
    forget(session, _with_a_clock(session, {row.night for row in written if _is_clock(row)}))
    for run in written:
        if isinstance(run, NightRun) and _judged(run):
            alone(session)
            its = select(CameraCheck.camera_id).where(CameraCheck.night == run.night, CameraCheck.round == run.round)
            session.connection().execute(delete(CurrentState).where(CurrentState.camera_id.in_(its)))


def _of_forms(session: Session, submissions: Collection[int]) -> Collection[int]:
    """The cameras of these forms: what is declared of a stream stands in the newest verdict on its form alone."""
    d = CameraDeclaration
    its = select(d.camera_id).where(d.submission_id.in_(submissions)).distinct()
    return {*session.connection().scalars(its)} if submissions else ()


def _is_clock(row: object) -> bool:
    return isinstance(row, CameraMeasurement) and row.subject == Subject.CLOCK


def _with_a_clock(session: Session, nights: Collection[date]) -> Collection[int]:
    """Whose clocks were asked on these nights: by what most of them say it is known whether ours was right."""
    m = CameraMeasurement
    asked = select(m.camera_id).where(m.night.in_(nights), m.subject == Subject.CLOCK)
    return {*session.connection().scalars(asked)} if nights else ()


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
