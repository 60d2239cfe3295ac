"""What was seen of cameras night by night, and which of it says anything about them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.registry.declarations import AnyCamera
from dondoc.cameras.state import pauses as ruled
from dondoc.cameras.state import rules as data
from dondoc.cameras.state.pauses import Pause
from dondoc.cameras.state.rules import Rules
from dondoc.configuration.context import AppContext
from dondoc.probing.verdicts import GOOD, NOT_CHECKED, PHASE, REACHABLE_PHASES, SENTENCE, Verdict
from dondoc.store.cameras import CameraCheck, NightRun, RoundConclusion
from dondoc.store.parts import AT_ONCE, parts
from dondoc.vocabulary.cameras import Exemption, Unseen
from dondoc.workdays import WorkingDays

RECENT = timedelta(days=7)  # an older look says nothing of today
LOOK_BACK = timedelta(days=30)  # for cameras whose last look was bad: how long they have been
Histories = Mapping[int, Sequence["Night"]]  # nights by camera
Round = tuple[date, str]  # a night and the round of it
DAYLIGHT = "daylight"  # round of the weekly looks by day at cameras of the night: no night is judged by them
BY_HAND = "now-"  # begins the round of a look that a person asked for
FEW = 100  # cameras whose states are worked out at once


class Look(NamedTuple):
    """One look at a camera; `night` is the one it belongs to, `at` the instant."""

    camera: int
    night: date
    round: str
    verdict: Verdict
    stage: int
    at: datetime


COLUMNS = (  # of a Look, in its order
    CameraCheck.camera_id,
    CameraCheck.night,
    CameraCheck.round,
    CameraCheck.verdict,
    CameraCheck.stage,
    CameraCheck.happened_at,
)


class Excuse(NamedTuple):
    """Why a look, or no look at all, says nothing of its camera: as a code, and in words for a person."""

    code: Exemption | Unseen | Verdict
    words: str

    @property
    def kind(self) -> str:
        """In words that many share, for counts."""
        return self.code.label


class Night(NamedTuple):
    """A night of a camera: its last look that counts, else the last one, with why it does not.

    A bad look that a person asked for, at whatever hour, does not undo what the night's own looks have told.
    """

    look: Look
    excuse: Excuse | None = None

    @property
    def why_not(self) -> str | None:
        return self.excuse.words if self.excuse else None

    @property
    def day(self) -> date:
        return self.look.night

    @property
    def counts(self) -> bool:
        return self.excuse is None

    @property
    def good(self) -> bool:
        return self.counts and self.look.verdict in GOOD

    @property
    def bad(self) -> bool:
        return self.counts and self.look.verdict not in GOOD

    @property
    def reachable(self) -> bool:
        return self.counts and PHASE[self.look.verdict] in REACHABLE_PHASES

    @property
    def showing(self) -> bool:
        return self.counts and self.look.verdict == Verdict.OK and self.look.stage == 2


@dataclass(frozen=True)
class CheckFilter:
    """Tells which looks count. `invalid_rounds`: rounds (night, round) that say nothing, and why: our own side was
    down, or not all that was found is recorded yet, so that nobody can tell."""

    rules: Rules
    calendar: WorkingDays
    pauses: Sequence[Pause]
    invalid_rounds: Mapping[Round, Excuse]

    def excuse(self, camera: AnyCamera, look: Look) -> Excuse | None:
        """Why a look says nothing of its camera; None when it counts."""
        if blind := self.blind(look):
            return blind
        if paused := ruled.covering(self.pauses, camera, look.at, look.night):
            return Excuse(Unseen.PAUSED, paused)
        silent = None if look.verdict in GOOD else self.rules.silence(camera, look.at, self.calendar)
        return Excuse(Unseen.SILENT, silent) if silent else None

    def blind(self, look: Look) -> Excuse | None:
        """Why a look says nothing because of us: we may not ask there or not log in again, or our own side was down."""
        if look.verdict in NOT_CHECKED:
            return Excuse(look.verdict, SENTENCE[look.verdict])
        return self.invalid_rounds.get((look.night, look.round))

    def paused(self, camera: AnyCamera, at: datetime) -> str | None:
        """The ruling that stands over a camera at a moment."""
        return ruled.covering(self.pauses, camera, at, at.date())

    def nights(self, camera: AnyCamera, looks: Iterable[Look]) -> list[Night]:
        """A camera's nights from its looks, which are in order."""
        return [self._night(camera, [*same]) for _, same in groupby(looks, key=lambda x: x.night)]

    def _night(self, camera: AnyCamera, looks: Sequence[Look]) -> Night:
        judged = [Night(look, self.excuse(camera, look)) for look in looks]
        counting = [night for night in judged if night.counts]
        weighty = [night for night in counting if night.good or not by_hand(night.look.round)]
        return (weighty or counting or judged)[-1]


def by_hand(round: str) -> bool:
    """Whether a person asked for a look, and not the hour."""
    return round.startswith(BY_HAND)


def judge(app: AppContext, session: Session, known_at: datetime | None = None) -> CheckFilter:
    """The judge for what was known at a moment; None: by now."""
    invalid = _invalid_now(session) if known_at is None else _invalid_then(session, known_at)
    return CheckFilter(
        rules=data.load(app.settings),
        calendar=app.calendar_known(session, known_at),
        pauses=ruled.pauses(session, app.registry, known_at),
        invalid_rounds={round: _excuse(why) for round, why in invalid.items()},
    )


def _invalid_now(session: Session) -> dict[Round, str | None]:
    """Rounds that say nothing, and why; None: they are not concluded."""
    r = NightRun
    invalid = r.our_side_down.is_not(None) | r.finished_at.is_(None)
    rounds = session.execute(select(r.night, r.round, r.our_side_down).where(invalid))
    return {(night, round): why for night, round, why in rounds}


def _invalid_then(session: Session, known_at: datetime) -> dict[Round, str | None]:
    """The same by what had been concluded at a moment."""
    c = RoundConclusion
    known = select(c.night, c.round, c.our_side_down).where(c.recorded_at <= known_at).order_by(c.recorded_at, c.id)
    newest: dict[Round, str | None] = {(night, round): why for night, round, why in session.execute(known)}
    rounds = [(night, round) for night, round in session.execute(select(NightRun.night, NightRun.round))]
    return {round: newest.get(round) for round in rounds if round not in newest or newest[round]}


def _excuse(down: str | None) -> Excuse:
    if down is None:
        return Excuse(Unseen.UNFINISHED, Unseen.UNFINISHED.label)
    return Excuse(Unseen.OUR_SIDE, down)


def histories(
    session: Session,
    judge: CheckFilter,
    cameras: Mapping[int, AnyCamera],
    *,
    since: date,
    until: datetime | date,
    known_at: datetime | None = None,
) -> dict[int, list[Night]]:
    """The nights of each camera that was looked at after a night: the recent ones, or more where the last was bad.

    Args:
        until: the last night, or the last instant of a look.
    """
    few = [*cameras] if len(cameras) <= AT_ONCE else ()  # else everything is read
    recent = _by_camera(judge, cameras, _read(session, since, until, known_at, few))
    unwell = [camera for camera, nights in recent.items() if not nights[-1].good]
    for part in parts(unwell):
        longer = _read(session, since - (LOOK_BACK - RECENT), until, known_at, part)
        recent |= _by_camera(judge, cameras, longer)
    return recent


def every_night(
    session: Session, judge: CheckFilter, cameras: Iterable[AnyCamera], *, since: date = date.min
) -> dict[int, list[Night]]:
    """All nights after one, of a few cameras; those that nobody looked at are absent."""
    known = {camera.id: camera for camera in cameras}
    return _by_camera(judge, known, _read(session, since, date.max, None, [*known])) if known else {}


def _by_camera(judge: CheckFilter, cameras: Mapping[int, AnyCamera], looks: Iterable[Look]) -> dict[int, list[Night]]:
    found: dict[int, list[Look]] = defaultdict(list)
    for look in looks:
        if look.camera in cameras:
            found[look.camera].append(look)
    return {camera: judge.nights(cameras[camera], mine) for camera, mine in found.items()}


def _read(
    session: Session, since: date, until: datetime | date, known_at: datetime | None, cameras: Sequence[int] = ()
) -> Iterator[Look]:
    """Looks in order of their nights. Columns, not objects: there may be hundreds of thousands."""
    c = CameraCheck
    query = select(*COLUMNS).where(c.night > since, c.round != DAYLIGHT)
    query = query.where(c.happened_at <= until) if isinstance(until, datetime) else query.where(c.night <= until)
    if known_at is not None:
        query = query.where(c.recorded_at <= known_at)
    if cameras:
        query = query.where(c.camera_id.in_(cameras))
    for row in session.execute(query.order_by(c.night, c.happened_at, c.id)):
        yield Look(*row)
