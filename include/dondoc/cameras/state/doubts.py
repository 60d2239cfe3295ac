"""What is doubted of cameras' pictures: told on a page and in the weekly workbook, never an outage.

It is told when two looks agree: the last two nights with a picture, for fog is gone by then; or the last two looks by
daylight, once a week and the day after one that leaves a doubt, for the sun has moved on. By daylight a sure fault is a
doubt too: that is no row of bad nights, and the camera showed a picture that night.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dondoc.cameras.state.checks import DAYLIGHT, RECENT
from dondoc.probing.picture.suspicions import Suspicion
from dondoc.probing.verdicts import PHASE, Phase, Verdict
from dondoc.store.cameras import CameraCheck


class Doubt(NamedTuple):
    """`of`: what was seen, twice."""

    camera: int
    of: Suspicion | Verdict
    at: datetime
    by_day: bool

    @property
    def words(self) -> str:
        return self.of.label

    @property
    def advice(self) -> str:
        """What to look into, and whom to call."""
        return self.of.advice or ""


class _Look(NamedTuple):
    camera: int
    night: date
    round: str
    verdict: Verdict
    at: datetime
    suspicion: str | None

    @property
    def pictured(self) -> bool:
        return self.verdict == Verdict.OK or PHASE[self.verdict] == Phase.PICTURE or self.broken

    @property
    def broken(self) -> bool:
        return self.verdict == Verdict.DECODE_FAILED

    @property
    def by_day(self) -> bool:
        return self.round == DAYLIGHT

    @property
    def leaves(self) -> Suspicion | Verdict | None:
        """The doubt that it leaves. By night a sure fault is none: its nights are judged."""
        if self.by_day and self.verdict != Verdict.OK:
            return self.verdict
        return next((one for one in Suspicion if one == self.suspicion), None)


def doubts(
    session: Session, as_of: datetime, known_at: datetime | None = None, *, among: Collection[int] | None = None
) -> list[Doubt]:
    """By number of the camera, what the newest looks of the seven days before a moment leave, where the looks before
    them leave the same.

    Args:
        known_at: by what was known then; None: by now.
        among: of these cameras, not too many for one query (`store.parts`); None: of all.
    """
    return [doubt for doubt, agreed in _left(session, as_of, known_at, among) if agreed]


def to_confirm(session: Session, as_of: datetime) -> set[int]:
    """Cameras of which a look by daylight leaves a doubt that no other has confirmed."""
    return {doubt.camera for doubt, agreed in _left(session, as_of) if doubt.by_day and not agreed}


def _left(
    session: Session, as_of: datetime, known_at: datetime | None = None, among: Collection[int] | None = None
) -> Iterator[tuple[Doubt, bool]]:
    """What the newest look of each kind leaves of a camera, and whether the one before it leaves the same."""
    looks: dict[tuple[int, bool], list[_Look]] = defaultdict(list)
    for look in _looks(session, as_of, known_at, among):
        if look.pictured:
            looks[look.camera, look.by_day].append(look)
    for _, mine in sorted(looks.items()):
        last = mine[-1]
        if last.leaves and last.at > as_of - RECENT:
            before = [look for look in mine if look.night < last.night]
            doubt = Doubt(last.camera, last.leaves, last.at, last.by_day)
            yield doubt, bool(before) and before[-1].leaves == last.leaves


def _looks(
    session: Session, as_of: datetime, known_at: datetime | None, among: Collection[int] | None
) -> Iterator[_Look]:
    """In order, of cameras of which there may be a doubt: of seven days, by daylight of two turns."""
    c = CameraCheck
    suspicion, longer = c.features["suspicion"].as_string(), as_of - 2 * RECENT
    recent = [c.happened_at <= as_of, c.night >= longer.date() - timedelta(days=1)]
    recent += [or_(c.happened_at > as_of - RECENT, (c.round == DAYLIGHT) & (c.happened_at > longer))]
    recent += [c.recorded_at <= known_at] if known_at else []
    recent += [c.camera_id.in_(among)] if among is not None else []
    by_day = (c.round == DAYLIGHT) & (c.verdict != Verdict.OK)
    doubted = select(c.camera_id).where(*recent, or_(suspicion.is_not(None), by_day))
    found = select(c.camera_id, c.night, c.round, c.verdict, c.happened_at, suspicion)
    for row in session.execute(found.where(*recent, c.camera_id.in_(doubted)).order_by(c.night, c.happened_at, c.id)):
        yield _Look(*row)
