"""How cameras stand by now, from a table that is made from the facts and never truth itself.

`overview` is what a page asks: counts, and the rows that it shows. `read` is for letters and exports, which need each
camera. What is not in the table, or does not hold any more, is worked out on the way; `refresh` puts it there. Facts
that change something throw their rows away (`store.staleness`), time does by `holds_until`, changed data files by
`basis`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from dondoc.cameras.registry import declarations
from dondoc.cameras.registry.declarations import DESCRIBED, SHOWN, Described
from dondoc.cameras.state import checks, rules
from dondoc.cameras.state.checks import RECENT, CheckFilter, Histories
from dondoc.cameras.state.state import CameraState, Kind, Stand, counted, exempt, flapping_window, stands
from dondoc.clock import HERE
from dondoc.clock import at as at_hour
from dondoc.configuration.context import AppContext
from dondoc.store.cameras import Camera, CurrentState
from dondoc.store.parts import parts
from dondoc.store.staleness import alone
from dondoc.vocabulary.cameras import State

LONGEST = timedelta(days=3650)  # what changes by no time at all
_CAMERAS, _STATES = Camera.__table__, CurrentState.__table__  # rows of tables cost a third less than those of models
_SHOWN = [_CAMERAS.c[name] for name in SHOWN]
_STATE = [_STATES.c[name] for name in CameraState._fields if name != "camera"]
_KIND = [_STATES.c.state, _STATES.c.verdict, _STATES.c.stage, _STATES.c.outage.is_not(None).label("out")]
_SITES = select(_CAMERAS.c.agency, _CAMERAS.c.place).distinct()
_WIDTH = len(_SHOWN)
Conditions = list[ColumnElement[bool]]  # on cameras


@dataclass(frozen=True)
class Filter:
    """Which cameras are asked for; empty or None: all."""

    agencies: Collection[str] = ()
    system: str = ""
    state: str = ""
    among: Collection[int] | None = None  # ids

    def parts(self) -> Iterator[Conditions]:
        """Conditions on cameras that together select the ones asked for, each once and whatever its state."""
        common: Conditions = [_CAMERAS.c.agency.in_(self.agencies)] if self.agencies else []
        common += [_CAMERAS.c.system == self.system] if self.system else []
        if self.among is None:
            yield common
            return
        for part in parts(sorted(self.among)):
            yield [*common, _CAMERAS.c.id.in_(part)]


ALL = Filter()


@dataclass(frozen=True)
class Overview:
    """Cameras as a page shows them.

    `kinds` and `sites` count without regard to the state that is asked for; `total` cameras have it, `rows` are those
    of page `number` of `last`.
    """

    kinds: Counter[Kind]
    sites: int
    total: int
    number: int
    last: int
    rows: list[CameraState]

    @property
    def counts(self) -> dict[str, int]:
        return counted(self.kinds, self.sites)


class _Part(NamedTuple):
    """Some of the cameras that are asked for; `worked_out`: those of which the table does not say how they stand."""

    conditions: Conditions
    kinds: Counter[Kind]
    sites: set[tuple[str, str]]
    worked_out: dict[int, CameraState]


def overview(
    app: AppContext, session: Session, now: datetime, wanted: Filter = ALL, *, number: int = 1, size: int = 1
) -> Overview:
    """Counts, and the rows of one page of `size`; of a page past the last, the last. No other row is made."""
    parts = [_part(app, session, now, conditions) for conditions in wanted.parts()]
    kinds = sum((part.kinds for part in parts), Counter[Kind]())
    total = sum(cameras for kind, cameras in kinds.items() if wanted.state in ("", kind.state))
    last = max(1, -(-total // size))
    number = min(number, last)
    first = (id for part in parts for id in _first(app, session, now, part, wanted.state, number * size))
    page = sorted(first)[(number - 1) * size : number * size]
    worked_out = {camera: state for part in parts for camera, state in part.worked_out.items()}
    rows = _rows(app, session, now, [_CAMERAS.c.id.in_(page)])
    sites = set[tuple[str, str]]().union(*(part.sites for part in parts))
    return Overview(kinds, len(sites), total, number, last, rows=[worked_out.get(row.camera.id, row) for row in rows])


def _part(app: AppContext, session: Session, now: datetime, conditions: Conditions) -> _Part:
    held = _CAMERAS.join(_STATES, _holding(app, now))
    grouped = select(*_KIND, func.count()).select_from(held).where(*conditions).group_by(*_KIND)
    kinds = Counter({Kind(*kind): cameras for *kind, cameras in session.execute(grouped)})
    every = session.scalar(select(func.count()).select_from(_CAMERAS).where(*conditions))
    worked_out = _worked_out(app, session, now, conditions) if kinds.total() != every else {}
    kinds.update(state.kind for state in worked_out.values())
    sites = {(agency, place) for agency, place in session.execute(_SITES.where(*conditions))}
    return _Part(conditions, kinds, sites, worked_out)


def _first(app: AppContext, session: Session, now: datetime, part: _Part, state: str, most: int) -> Iterable[int]:
    """The lowest numbers of those in a state ("": in any), `most` of them and perhaps some more."""
    ids = select(_CAMERAS.c.id).where(*part.conditions).order_by(_CAMERAS.c.id).limit(most)
    if not state:
        return session.scalars(ids)
    held = ids.join_from(_CAMERAS, _STATES, _holding(app, now)).where(_STATES.c.state == state)
    return chain(session.scalars(held), (camera for camera, one in part.worked_out.items() if one.state == state))


def read(app: AppContext, session: Session, now: datetime, agencies: Collection[str] = ()) -> list[CameraState]:
    """The state of every camera, or of every one of these agencies, in order of number."""
    [conditions] = Filter(agencies).parts()
    found = _rows(app, session, now, conditions)
    if all(row.state for row in found):
        return found
    worked_out = _worked_out(app, session, now, conditions)
    return [worked_out.get(row.camera.id, row) for row in found]


def _rows(app: AppContext, session: Session, now: datetime, conditions: Conditions) -> list[CameraState]:
    """These cameras as the table says it; without a state where it does not. Row by row: a list of rows beside that of
    states would make Python's garbage collection run three times as often."""
    both = _CAMERAS.outerjoin(_STATES, _holding(app, now))
    rows = session.execute(select(*_SHOWN, *_STATE).select_from(both).where(*conditions).order_by(_CAMERAS.c.id))
    return [CameraState(Described(*row[:_WIDTH]), *row[_WIDTH:]) for row in rows]


def _worked_out(app: AppContext, session: Session, now: datetime, conditions: Conditions) -> dict[int, CameraState]:
    return {stand.state.camera.id: stand.state for stand in _missing(app, session, now, conditions=conditions)[1]}


def refresh(
    app: AppContext,
    session: Session,
    now: datetime,
    *,
    among: Collection[int] | None = None,
    nights: Histories | None = None,
) -> int:
    """Work out and store what is missing.

    Args:
        among: of these cameras, not too many for one query (`store.parts`); None: of all.
        nights: of these cameras, as `state.nights_at` reads them, where they are read already.

    Returns:
        of how many cameras.
    """
    alone(session)
    if among is None:
        every = select(_CAMERAS.c.id).select_from(_CAMERAS.outerjoin(_STATES, _holding(app, now)))
        ids = session.scalars(every.where(_STATES.c.camera_id.is_(None)).order_by(_CAMERAS.c.id)).all()
        return sum(refresh(app, session, now, among=part) for part in parts(ids))
    judge, missing = _missing(app, session, now, nights, [_CAMERAS.c.id.in_(among)])
    digest = basis(app)
    if missing:
        ids = [stand.state.camera.id for stand in missing]
        session.execute(delete(CurrentState).where(CurrentState.camera_id.in_(ids)))
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
    app: AppContext,
    session: Session,
    now: datetime,
    nights: Histories | None = None,
    conditions: Conditions | None = None,
) -> tuple[CheckFilter, list[Stand]]:
    """How those stand of which the table does not say it."""
    every = select(*DESCRIBED).outerjoin(CurrentState, _holding(app, now)).where(*conditions or ())
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
