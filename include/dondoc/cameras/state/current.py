"""How cameras stand by now, from a table that is made from the facts and never truth itself.

`overview` is what a page asks: counts, and the rows that it shows. `read` is for letters and exports, which need each
camera. What is not in the table, or does not hold any more, is worked out on the way; `refresh` puts it there. Facts
that change something throw their rows away (`store.staleness`), time does by `holds_until`, changed data files by
`basis`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from dondoc.cameras.registry import declarations
from dondoc.cameras.registry.declarations import DESCRIBED, SHOWN, Described
from dondoc.cameras.state import checks, remarks, rules
from dondoc.cameras.state.checks import RECENT, CheckFilter, Histories
from dondoc.cameras.state.remarks import Remarks
from dondoc.cameras.state.state import CameraState, Kind, Stand, counted, exempt, flapping_window, stands, states
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
_HAS_REMARKS = _STATES.c.remarks != ""
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
    with_remarks: bool = False  # only those that have any

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

    `kinds`, `with_remarks` (by state, how many have any) and `sites` count without regard to the state and the remarks
    that are asked for; `total` cameras are as asked for, `rows` are those of page `number` of `last`, `remarks` theirs.
    """

    kinds: Counter[Kind]
    with_remarks: Counter[State]
    sites: int
    total: int
    number: int
    last: int
    rows: list[CameraState]
    remarks: Mapping[int, Remarks]

    @property
    def counts(self) -> dict[str, int]:
        return counted(self.kinds, self.sites)


class _Worked(NamedTuple):
    """How a camera stands, and the remarks on it, where the table does not say it."""

    stand: Stand
    remarks: Remarks

    @property
    def state(self) -> CameraState:
        return self.stand.state


class _Part(NamedTuple):
    """Some of the cameras that are asked for; `worked_out`: those of which the table does not say how they stand."""

    conditions: Conditions
    kinds: Counter[Kind]
    with_remarks: Counter[State]
    sites: set[tuple[str, str]]
    worked_out: dict[int, _Worked]


def overview(
    app: AppContext, session: Session, now: datetime, wanted: Filter = ALL, *, number: int = 1, size: int = 1
) -> Overview:
    """Counts, and the rows of one page of `size`; of a page past the last, the last. No other row is made."""
    parts = [_part(app, session, now, conditions) for conditions in wanted.parts()]
    kinds = sum((part.kinds for part in parts), Counter[Kind]())
    with_remarks = sum((part.with_remarks for part in parts), Counter[State]())
    total = _total(kinds, with_remarks, wanted)
    last = max(1, -(-total // size))
    number = min(number, last)
    first = (id for part in parts for id in _first(app, session, now, part, wanted, number * size))
    page = sorted(first)[(number - 1) * size : number * size]
    worked_out = {camera: one for part in parts for camera, one in part.worked_out.items()}
    rows = _rows(app, session, now, [_CAMERAS.c.id.in_(page)])
    sites = set[tuple[str, str]]().union(*(part.sites for part in parts))
    return Overview(
        kinds,
        with_remarks,
        len(sites),
        total,
        number,
        last,
        rows=_merged(rows, (one.stand for one in worked_out.values())),
        remarks=_remarks(session, page) | {camera: one.remarks for camera, one in worked_out.items()},
    )


def _total(kinds: Counter[Kind], with_remarks: Counter[State], wanted: Filter) -> int:
    """How many cameras are as asked for."""
    if wanted.with_remarks:
        return sum(cameras for state, cameras in with_remarks.items() if wanted.state in ("", state))
    return sum(cameras for kind, cameras in kinds.items() if wanted.state in ("", kind.state))


def _part(app: AppContext, session: Session, now: datetime, conditions: Conditions) -> _Part:
    held = _CAMERAS.join(_STATES, _holding(app, now))
    groups = [*_KIND, _HAS_REMARKS.label("with_remarks")]
    grouped = select(*groups, func.count()).select_from(held).where(*conditions).group_by(*groups)
    kinds, with_remarks = Counter[Kind](), Counter[State]()
    for *kind, any_remark, cameras in session.execute(grouped):
        kinds[Kind(*kind)] += cameras
        with_remarks[Kind(*kind).state] += cameras if any_remark else 0
    every = session.scalar(select(func.count()).select_from(_CAMERAS).where(*conditions))
    missing = _missing(app, session, now, conditions=conditions)[1] if kinds.total() != every else []
    worked_out = _worked_out(app, session, now, missing)
    kinds.update(one.state.kind for one in worked_out.values())
    with_remarks.update(one.state.state for one in worked_out.values() if one.remarks)
    sites = {(agency, place) for agency, place in session.execute(_SITES.where(*conditions))}
    return _Part(conditions, kinds, with_remarks, sites, worked_out)


def _first(app: AppContext, session: Session, now: datetime, part: _Part, wanted: Filter, most: int) -> Iterable[int]:
    """The lowest numbers of those that are asked for, `most` of them and perhaps some more."""
    ids = select(_CAMERAS.c.id).where(*part.conditions).order_by(_CAMERAS.c.id).limit(most)
    if not wanted.state and not wanted.with_remarks:
        return session.scalars(ids)
    held = ids.join_from(_CAMERAS, _STATES, _holding(app, now))
    held = held.where(_STATES.c.state == wanted.state) if wanted.state else held
    held = held.where(_HAS_REMARKS) if wanted.with_remarks else held
    return chain(session.scalars(held), (id for id, one in part.worked_out.items() if _asked_for(one, wanted)))


def _asked_for(one: _Worked, wanted: Filter) -> bool:
    return wanted.state in ("", one.state.state) and (bool(one.remarks) or not wanted.with_remarks)


def _remarks(session: Session, cameras: Collection[int]) -> dict[int, Remarks]:
    """What the table has of these cameras."""
    told = select(_STATES.c.camera_id, _STATES.c.remarks).where(_STATES.c.camera_id.in_(cameras))
    return {camera: remarks.read(text) for camera, text in session.execute(told)}


def all_remarks(app: AppContext, session: Session, now: datetime) -> dict[int, Remarks]:
    """By camera, of all that have any: as `overview` shows them."""
    both = _CAMERAS.outerjoin(_STATES, _holding(app, now))
    told = session.execute(select(_CAMERAS.c.id, _STATES.c.remarks).select_from(both)).all()
    found = {camera: remarks.read(text) for camera, text in told if text}
    return found | _worked_out_remarks(app, session, now, [camera for camera, text in told if text is None])


def read(app: AppContext, session: Session, now: datetime, agencies: Collection[str] = ()) -> list[CameraState]:
    """The state of every camera, or of every one of these agencies, in order of number."""
    [conditions] = Filter(agencies).parts()
    found = _rows(app, session, now, conditions)
    if all(row.state for row in found):
        return found
    return _merged(found, _missing(app, session, now, conditions=conditions)[1])


def standing(
    app: AppContext,
    session: Session,
    now: datetime,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> tuple[list[CameraState], dict[int, Remarks]]:
    """The state of every camera, and the remarks on those that have any.

    Args:
        as_of: of this moment, as known at `known_at`; both None: how it is now.
    """
    if as_of is None and known_at is None:
        return read(app, session, now), all_remarks(app, session, now)
    then = as_of or now
    return states(app, session, then, known_at), remarks.remarks(app, session, then, known_at)


def _merged(rows: Iterable[CameraState], worked_out: Iterable[Stand]) -> list[CameraState]:
    """The rows of the table, and what was worked out in place of those that it does not say."""
    states = {stand.state.camera.id: stand.state for stand in worked_out}
    return [states.get(row.camera.id, row) for row in rows]


def _rows(app: AppContext, session: Session, now: datetime, conditions: Conditions) -> list[CameraState]:
    """These cameras as the table says it; without a state where it does not. Row by row: a list of rows beside that of
    states would make Python's garbage collection run three times as often."""
    both = _CAMERAS.outerjoin(_STATES, _holding(app, now))
    rows = session.execute(select(*_SHOWN, *_STATE).select_from(both).where(*conditions).order_by(_CAMERAS.c.id))
    return [CameraState(Described(*row[:_WIDTH]), *row[_WIDTH:]) for row in rows]


def _worked_out(app: AppContext, session: Session, now: datetime, found: Iterable[Stand]) -> dict[int, _Worked]:
    """With the remarks on them, too."""
    stands = {stand.state.camera.id: stand for stand in found}
    its = _worked_out_remarks(app, session, now, [*stands])
    return {camera: _Worked(stand, its.get(camera, ())) for camera, stand in stands.items()}


def _worked_out_remarks(app: AppContext, session: Session, now: datetime, cameras: Sequence[int]) -> dict[int, Remarks]:
    found: dict[int, Remarks] = {}
    for part in parts(cameras):
        found |= remarks.remarks(app, session, now, among=part)
    return found


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
        found = _worked_out(app, session, now, missing)
        session.execute(delete(CurrentState).where(CurrentState.camera_id.in_([*found])))
        session.execute(insert(CurrentState), [_row(judge, one, digest, now) for one in found.values()])
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
    if not rows:
        return judge, []
    return judge, stands(app, session, judge, (Described(*row) for row in rows), now, nights=nights)


def _row(judge: CheckFilter, worked: _Worked, digest: str, now: datetime) -> dict[str, Any]:
    state = worked.state
    return {
        "camera_id": state.camera.id,
        **{name: getattr(state, name) for name in CameraState._fields if name != "camera"},
        "remarks": remarks.stored(worked.remarks),
        "basis": digest,
        "computed_at": now,
        "holds_until": min((edge for edge in _edges(judge, worked, now) if edge > now), default=now + LONGEST),
    }


def _edges(judge: CheckFilter, worked: _Worked, now: datetime) -> Iterable[datetime]:
    """Instants from which on a camera may stand otherwise though nothing new is known of it."""
    stand, camera = worked.stand, worked.state.camera
    if worked.remarks:  # what was measured or doubted says nothing any more after so many days
        yield _midnight(now)
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
        yield _midnight(now)


def _midnight(now: datetime) -> datetime:
    return at_hour(now.astimezone(HERE).date() + timedelta(days=1), 0)
