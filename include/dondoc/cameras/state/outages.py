"""Outages: opened after some bad nights in a row, closed at the first good one or by a person's word."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc.cameras.state import checks, current, state
from dondoc.cameras.state.checks import CheckFilter, Histories, Night
from dondoc.cameras.state.rules import Rules
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings
from dondoc.directive.model import Registry
from dondoc.mail import outbox
from dondoc.mail.withdrawn import withdrawn
from dondoc.store.cameras import Camera, Outage
from dondoc.store.mail import OutboxLetter
from dondoc.store.parts import parts
from dondoc.store.staleness import alone
from dondoc.vocabulary.letters import LetterKind, OutboxState

OLDEST = timedelta(days=1)  # a night is settled on its own day and the next
UNANNOUNCED_FOR = timedelta(days=7)  # how long a new outage waits for somebody to write to


def settle(app: AppContext, *, night: date, now: datetime) -> dict[str, list[int]]:
    """Open and close outages by what was seen up to a night. Doing it again changes nothing.

    An older night than the last one decides nothing by itself: what was stored of it so late is looked at together
    with the next night's checks.

    Returns:
        outage ids: `opened`: new ones, and recent ones that no letter has told of yet; `closed` by this call.
    """
    if night < (now - OLDEST).astimezone(HERE).date():
        return {"opened": [], "closed": []}
    with app.sessions.reading() as session:
        ids = session.scalars(select(Camera.id).order_by(Camera.id)).all()
    closed = list[int]()
    for part in parts(ids):
        with app.sessions.begin() as session:
            closed += _settle(app, session, part, night, now)
    with app.sessions.reading() as session:
        opened = _unannounced(session, app.settings, checks.judge(app, session), now)
    return {"opened": opened, "closed": sorted(closed)}


def _settle(app: AppContext, session: Session, ids: Sequence[int], night: date, now: datetime) -> list[int]:
    """Settle the outages of some cameras; those closed."""
    alone(session)  # the states below rest on nights that are read here
    judge, registry = checks.judge(app, session), app.registry
    cameras = {camera.id: camera for camera in session.scalars(select(Camera).where(Camera.id.in_(ids)))}
    stands = select(Outage).where(Outage.closed_at.is_(None), Outage.camera_id.in_(ids))
    standing = {outage.camera_id: outage for outage in session.scalars(stands)}
    seen = state.nights_at(session, judge, cameras, now)
    nights = _up_to(night, seen)
    closed = [
        outage.id
        for one, outage in standing.items()
        if _close(app, registry, judge, cameras[one], outage, nights.get(one, []), now)
    ]
    for one, mine in nights.items():
        if one not in standing:
            _open(session, app, registry, judge, cameras[one], mine, now)
    session.flush()
    current.refresh(app, session, now, among=ids, nights=seen)
    return closed


def _up_to(night: date, seen: Histories) -> dict[int, Sequence[Night]]:
    """Of cameras that were looked at shortly before a night, their nights until it."""
    until = {camera: [one for one in nights if one.day <= night] for camera, nights in seen.items()}
    return {camera: nights for camera, nights in until.items() if nights and nights[-1].day > night - checks.RECENT}


def over(
    camera: Camera, outage: Outage, nights: Sequence[Night], *, needed: int, paused: str | None
) -> tuple[bool, str | None]:
    """Whether an outage is over, and why when not because the camera works again. Pure."""
    if why := state.exempt(camera) or paused:
        return True, why
    mine = [night for night in nights if night.day >= outage.first_night]
    if any(night.good for night in mine):
        return True, None
    # A pause entered afterwards may take away the nights that it rested on.
    gone = [night.why_not for night in mine if night.why_not and night.day <= outage.opened_at.date()]
    whole = bool(mine) and mine[0].day == outage.first_night
    if gone and whole and sum(night.bad for night in mine) < needed:
        return True, gone[-1]
    return False, None


def _close(
    app: AppContext,
    registry: Registry,
    judge: CheckFilter,
    camera: Camera,
    outage: Outage,
    nights: Sequence[Night],
    now: datetime,
) -> bool:
    needed = judge.rules.nights(camera, registry, app.settings)[0]
    ended, why = over(camera, outage, nights, needed=needed, paused=judge.paused(camera, now))
    if ended:
        outage.closed_at, outage.closed_because = now, why
    elif any(night.day == outage.first_night and not night.counts for night in nights):
        outage.first_night = state.bad_run(nights)[0].day  # a pause entered afterwards covers its beginning
    return ended


def _open(
    session: Session,
    app: AppContext,
    registry: Registry,
    judge: CheckFilter,
    camera: Camera,
    nights: Sequence[Night],
    now: datetime,
) -> None:
    if state.exempt(camera) or not camera.worked or judge.paused(camera, now):
        return
    since = state.down_since(nights, judge.rules.nights(camera, registry, app.settings)[0])
    if since is None or not nights[-1].counts:  # what was seen before a pause opens nothing after it
        return
    verdict = nights[-1].look.verdict
    outage = Outage(camera_id=camera.id, first_night=since, verdict=verdict, opened_at=now, closed_at=None)
    outage.flapping = _often(session, judge, camera.id, now)
    session.add(outage)


def _often(session: Session, judge: CheckFilter, camera: int, now: datetime) -> bool:
    """Whether one more outage makes the camera a flapping one."""
    return lately(session, judge.rules, [camera], now)[camera] + 1 >= judge.rules.flapping.outages


def lately(session: Session, rules: Rules, cameras: Sequence[int], now: datetime) -> Counter[int]:
    """How many outages each of these cameras has had in the time that counts for flapping; those that a person's word
    ended do not count."""
    found, since = Counter[int](), now - timedelta(days=rules.flapping.nights)
    for part in parts(cameras):
        its = Outage.camera_id.in_(part), Outage.opened_at > since, Outage.closed_because.is_(None)
        found.update(
            dict(session.execute(select(Outage.camera_id, func.count()).where(*its).group_by(Outage.camera_id)).all())
        )
    return found


def announced(session: Session, settings: Settings) -> set[int]:
    """Outages that a letter tells of which was neither stopped nor withdrawn, and counts in this mode."""
    letters = session.scalars(
        select(OutboxLetter.context).where(
            OutboxLetter.kind == LetterKind.OUTAGE,
            OutboxLetter.state != OutboxState.CANCELLED,
            OutboxLetter.id.not_in(withdrawn()),
            outbox.counted(settings),
        )
    )
    return {outage for context in letters for outage in context.get("outages", [])}


def _unannounced(session: Session, settings: Settings, judge: CheckFilter, now: datetime) -> list[int]:
    """Recent outages to write about: of a flapping camera only one in the time that counts for flapping."""
    window = now - timedelta(days=judge.rules.flapping.nights)
    rows = session.scalars(select(Outage).where(Outage.opened_at > window).order_by(Outage.id)).all()
    told = announced(session, settings)
    quiet = {o.camera_id for o in rows if o.flapping and o.id in told}
    return [
        o.id
        for o in rows
        if o.closed_at is None
        and o.opened_at > now - UNANNOUNCED_FOR
        and o.id not in told
        and not (o.flapping and o.camera_id in quiet)
    ]
