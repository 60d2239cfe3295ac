"""What is doubted of cameras' pictures: told on a page and in the weekly workbook, never an outage.

A suspicion of the night stands when the last two nights agree: fog is gone by then. A look by daylight, once a week, is
told at once, a sure fault too: one look in a week is no row of bad nights, and the camera showed a picture that night.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dondoc.cameras.state.checks import DAYLIGHT, RECENT
from dondoc.probing.picture.judge import SUSPICIONS
from dondoc.probing.verdicts import ADVICE, PHASE, SENTENCE, Phase, Verdict
from dondoc.store.cameras import CameraCheck


class Doubt(NamedTuple):
    """`words` for a person: what was seen; `advice`: what to look into, None where the words say it."""

    camera: int
    words: str
    advice: str | None
    at: datetime
    by_day: bool


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


def doubts(
    session: Session, as_of: datetime, known_at: datetime | None = None, *, only: int | None = None
) -> list[Doubt]:
    """By number of the camera, of its looks in the seven days before a moment.

    Args:
        known_at: by what was known then; None: by now.
        only: of this camera alone.
    """
    looks: dict[tuple[int, bool], list[_Look]] = defaultdict(list)
    for look in _looks(session, as_of, known_at, only):
        if look.pictured:
            looks[look.camera, look.round == DAYLIGHT].append(look)
    return [found for (_, by_day), mine in sorted(looks.items()) if (found := _doubt(mine, by_day))]


def _doubt(looks: Sequence[_Look], by_day: bool) -> Doubt | None:
    last = looks[-1]
    if by_day and last.verdict != Verdict.OK:
        return Doubt(last.camera, SENTENCE[last.verdict], ADVICE.get(last.verdict), last.at, by_day)
    if last.suspicion not in SUSPICIONS or not (by_day or _again(looks)):
        return None
    return Doubt(last.camera, SUSPICIONS[last.suspicion], None, last.at, by_day)


def _again(looks: Sequence[_Look]) -> bool:
    """Whether the night before the last one with a picture said the same."""
    before = [look for look in looks if look.night < looks[-1].night]
    return bool(before) and before[-1].suspicion == looks[-1].suspicion


def _looks(session: Session, as_of: datetime, known_at: datetime | None, only: int | None) -> Iterator[_Look]:
    """In order, of cameras of which there may be a doubt."""
    c = CameraCheck
    suspicion = c.features["suspicion"].as_string()
    recent = [c.happened_at > as_of - RECENT, c.happened_at <= as_of]
    recent += [c.recorded_at <= known_at] if known_at else []
    recent += [c.camera_id == only] if only is not None else []
    by_day = (c.round == DAYLIGHT) & (c.verdict != Verdict.OK)
    doubted = select(c.camera_id).where(*recent, or_(suspicion.is_not(None), by_day))
    found = select(c.camera_id, c.night, c.round, c.verdict, c.happened_at, suspicion)
    for row in session.execute(found.where(*recent, c.camera_id.in_(doubted)).order_by(c.night, c.happened_at, c.id)):
        yield _Look(*row)
