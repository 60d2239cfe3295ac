"""How cameras stand by now, from a table that is made from the facts and never truth itself.

`read` is what pages, letters and exports ask. What is not in the table, or does not hold any more, is worked out on the
way; `refresh` puts it there. Facts that change something throw their rows away (`store.staleness`), time does by
`holds_until`, changed data files by `basis`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from dondoc.cameras.registry import declarations
from dondoc.cameras.registry.declarations import SHOWN, Described
from dondoc.cameras.state import checks, rules
from dondoc.cameras.state.checks import AT_ONCE, RECENT, CheckFilter, Histories
from dondoc.cameras.state.state import CameraState, Stand, exempt, flapping_window, stands
from dondoc.clock import HERE
from dondoc.clock import at as at_hour
from dondoc.configuration.context import AppContext
from dondoc.store.cameras import Camera, CurrentState
from dondoc.store.staleness import alone
from dondoc.vocabulary.cameras import State

LONGEST = timedelta(days=3650)  # what changes by no time at all
_CAMERAS, _STATES = Camera.__table__, CurrentState.__table__  # rows of tables cost a third less than those of models
_SHOWN = [_CAMERAS.c[name] for name in SHOWN]
_DESCRIBED = [getattr(Camera, name) for name in Described._fields]
_STATE = [_STATES.c[name] for name in CameraState._fields if name != "camera"]
_WIDTH = len(_SHOWN)


def read(app: AppContext, session: Session, now: datetime) -> list[CameraState]:
    """The state of every camera, in order of number."""
    both = _CAMERAS.outerjoin(_STATES, _holding(app, now))
    rows = session.execute(select(*_SHOWN, *_STATE).select_from(both).order_by(_CAMERAS.c.id)).all()
    if all(row[_WIDTH] for row in rows):
        return [CameraState(Described(*row[:_WIDTH]), *row[_WIDTH:]) for row in rows]
    worked_out = {stand.state.camera.id: stand.state for stand in _missing(app, session, now)[1]}
    return [worked_out.get(row[0]) or CameraState(Described(*row[:_WIDTH]), *row[_WIDTH:]) for row in rows]


def refresh(app: AppContext, session: Session, now: datetime, nights: Histories | None = None) -> int:
    """Work out and store what is missing.

    Args:
        nights: of all cameras, as `state.nights_at` reads them, where they are read already.

    Returns:
        of how many cameras.
    """
    alone(session)
    judge, missing = _missing(app, session, now, nights)
    digest = basis(app)
    ids = [stand.state.camera.id for stand in missing]
    for start in range(0, len(ids), AT_ONCE):
        session.execute(delete(CurrentState).where(CurrentState.camera_id.in_(ids[start : start + AT_ONCE])))
    if missing:
        session.execute(insert(CurrentState), [_row(judge, stand, digest, now) for stand in missing])
    return len(missing)


def rebuild(app: AppContext, session: Session, now: datetime) -> dict[str, int]:
    """Make everything that is kept of the facts about cameras anew from them.

    Returns:
        counts `cameras`: rows that were not what their declarations come to; `states`: that were stored.
    """
    groups = declarations.groups(session)
    changed = sum(declarations.refresh(session, agency, system, app.secrets) for agency, system in groups)
    alone(session)
    session.execute(delete(CurrentState))
    return {"cameras": changed, "states": refresh(app, session, now)}


def basis(app: AppContext) -> str:
    """A digest of the data files and settings on which states rest."""
    registry, found = app.registry, rules.load(app.settings)
    calendar = app.settings.calendar_file
    told = (
        found.model_dump_json(),
        str(app.settings.outage_nights),
        *(entry.model_dump_json() for entry in (*registry.agencies, *registry.systems)),
        calendar.read_text("utf-8") if calendar.exists() else "",
    )
    return sha256("\n".join(told).encode()).hexdigest()[:16]


def _holding(app: AppContext, now: datetime) -> Any:
    return (
        (_STATES.c.camera_id == _CAMERAS.c.id)
        & (_STATES.c.basis == basis(app))
        & (_STATES.c.computed_at <= now)
        & (_STATES.c.holds_until > now)
    )


def _missing(
    app: AppContext, session: Session, now: datetime, nights: Histories | None = None
) -> tuple[CheckFilter, list[Stand]]:
    """How those stand of which the table does not say it."""
    every = select(*_DESCRIBED).outerjoin(CurrentState, _holding(app, now))
    rows = session.execute(every.where(CurrentState.camera_id.is_(None)).order_by(Camera.id)).all()
    judge = checks.judge(app, session)
    return judge, stands(app, session, judge, (Described(*row) for row in rows), now, nights=nights) if rows else []


def _row(judge: CheckFilter, stand: Stand, digest: str, now: datetime) -> dict[str, Any]:
    state = stand.state
    return {
        "camera_id": state.camera.id,
        **{name: getattr(state, name) for name in CameraState._fields if name != "camera"},
        "basis": digest,
        "computed_at": now,
        "holds_until": min((edge for edge in _edges(judge, stand, now) if edge > now), default=now + LONGEST),
    }


def _edges(judge: CheckFilter, stand: Stand, now: datetime) -> Iterable[datetime]:
    """Instants from which on a camera may stand otherwise though nothing new is known of it."""
    camera = stand.state.camera
    for pause in judge.pauses:
        if pause.concerns(camera):
            yield from pause.edges
    if exempt(camera):
        return
    if camera.recorded_at:
        yield camera.recorded_at + RECENT
    yield from (night.look.at + RECENT for night in stand.nights[-1:])
    yield from (night.look.at + RECENT for night in [n for n in stand.nights if n.counts][-1:])
    yield from (outage.opened_at + flapping_window(judge) for outage in stand.outages)
    if stand.state.state != State.OK:  # how many nights are looked back upon counts from the day
        yield at_hour(now.astimezone(HERE).date() + timedelta(days=1), 0)
