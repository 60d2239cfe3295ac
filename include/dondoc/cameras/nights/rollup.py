"""Nightly results that are past their time become monthly counts; the last few of a camera stay. Outages stay all."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from dondoc.cameras.measured import facts
from dondoc.cameras.measured.devices import refusing
from dondoc.cameras.state import checks
from dondoc.cameras.state.checks import COLUMNS, DAYLIGHT, CheckFilter, Look, Night
from dondoc.configuration.context import AppContext
from dondoc.store.cameras import Camera, CameraCheck, CameraMonth, CredentialAttempt
from dondoc.store.parts import parts

KEPT = 10  # looks of a camera that are never thrown away, however old


def roll_up(app: AppContext, today: date) -> dict[str, int]:
    """Roll up whole months that are past `check_retention_days`, some cameras in a transaction. Again: changes nothing.

    Returns:
        counts `months` and `looks` (deleted).
    """
    limit = (today - timedelta(days=app.settings.check_retention_days)).replace(day=1)
    months = gone = 0
    with app.sessions.begin() as session:
        oldest = session.scalar(select(func.min(CameraCheck.night)))
        old = CredentialAttempt.night < limit, CredentialAttempt.accepted.is_not(False)  # a refusal is remembered
        session.execute(delete(CredentialAttempt).where(*old, ~refusing()))
        facts.forget(session, limit)
    month = oldest.replace(day=1) if oldest else limit
    while month < limit:
        removed = _month(app, month)
        months, gone, month = months + bool(removed), gone + removed, following(month)
    return {"months": months, "looks": gone}


def following(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=32)).replace(day=1)


def _month(app: AppContext, month: date) -> int:
    looked_at = select(CameraCheck.camera_id).where(*_of(month)).distinct().order_by(CameraCheck.camera_id)
    with app.sessions.reading() as session:
        ids = session.scalars(looked_at).all()
    gone = 0
    for part in parts(ids):
        with app.sessions.begin() as session:
            gone += _part(session, checks.judge(app, session), month, part)
    return gone


def _part(session: Session, judge: CheckFilter, month: date, cameras: Sequence[int]) -> int:
    """The month of some cameras."""
    mine: dict[int, list[tuple[int, Look]]] = defaultdict(list)
    for number, look in _rows(session, month, cameras):
        mine[look.camera].append((number, look))
    newer = _newer(session, cameras, following(month))
    leaving = {camera: gone for camera, seen in mine.items() if (gone := surplus(seen, newer.get(camera, 0)))}
    its = CameraMonth.month == month, CameraMonth.camera_id.in_(leaving)
    known = {row.camera_id: row for row in session.scalars(select(CameraMonth).where(*its))}
    for camera in session.scalars(select(Camera).where(Camera.id.in_(leaving))).all():
        row = known.get(camera.id) or _empty(session, camera, month)
        looks = [look for _, look in leaving[camera.id] if look.round != DAYLIGHT]
        _count(row, judge.nights(camera, looks))
    ids = [number for gone in leaving.values() for number, _ in gone]
    for some in parts(ids):
        session.execute(delete(CameraCheck).where(CameraCheck.id.in_(some)))
    return len(ids)


def _of(month: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return CameraCheck.night >= month, CameraCheck.night < following(month)


def _rows(session: Session, month: date, cameras: Sequence[int]) -> Iterator[tuple[int, Look]]:
    c = CameraCheck
    query = select(c.id, *COLUMNS).where(*_of(month), c.camera_id.in_(cameras))
    for row in session.execute(query.order_by(c.night, c.happened_at, c.id)):
        yield row[0], Look(*row[1:])


def _newer(session: Session, cameras: Sequence[int], since: date) -> dict[int, int]:
    """How many newer looks each camera has."""
    query = select(CameraCheck.camera_id, func.count())
    query = query.where(CameraCheck.night >= since, CameraCheck.camera_id.in_(cameras))
    return dict(session.execute(query.group_by(CameraCheck.camera_id)).all())


def surplus(found: Sequence[tuple[int, Look]], newer: int) -> Sequence[tuple[int, Look]]:
    """What need not be kept of a camera's month, in order: whole nights, so that none is counted twice. Pure."""
    kept = max(0, KEPT - newer)
    if not kept or not found:
        return found
    first_kept = found[max(0, len(found) - kept)][1].night
    return [pair for pair in found if pair[1].night < first_kept]


def _empty(session: Session, camera: Camera, month: date) -> CameraMonth:
    row = CameraMonth(camera_id=camera.id, month=month, nights=0, verdicts={})
    row.good = row.reachable = row.showing = row.not_checked = 0
    session.add(row)
    return row


def _count(row: CameraMonth, nights: Sequence[Night]) -> None:
    row.nights += len(nights)
    row.good += sum(night.good for night in nights)
    row.reachable += sum(night.reachable for night in nights)
    row.showing += sum(night.showing for night in nights)
    row.not_checked += sum(not night.counts for night in nights)
    row.verdicts = dict(Counter(row.verdicts) + Counter(night.look.verdict for night in nights))
