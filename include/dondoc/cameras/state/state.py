"""How a camera stands at a moment, and why. Pure, but for `states`, which reads what it rests on.

Figures of a moment ask here; who asks how it is now, `current`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.registry.declarations import AnyCamera, Described, described_at
from dondoc.cameras.state import checks
from dondoc.cameras.state.checks import CheckFilter, Excuse, Histories, Night
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import Settings
from dondoc.directive.model import Registry
from dondoc.probing.verdicts import GOOD, PHASE, REACHABLE_PHASES, SENTENCE, Phase, Verdict
from dondoc.store.cameras import Outage
from dondoc.store.parts import AT_ONCE
from dondoc.vocabulary.cameras import Exemption, State, Unseen
from dondoc.vocabulary.numbers import CAM

UNMET_PHASES = frozenset({Phase.ADDRESS, Phase.DNS, Phase.CONNECT, Phase.TLS})  # no connection came about
BY_DAY = range(7, 18)  # o'clock: the night such a look is counted to has not come yet


class Kind(NamedTuple):
    """What of a camera's state counting needs; fields as in `CameraState`."""

    state: State
    verdict: Verdict | None
    stage: int | None
    out: bool  # in an outage

    @property
    def checked(self) -> bool:
        """Whether it belongs in a denominator."""
        return self.state != State.NOT_CHECKED

    @property
    def reachable(self) -> bool:
        return self.checked and self.verdict is not None and PHASE[self.verdict] in REACHABLE_PHASES

    @property
    def showing(self) -> bool:
        return self.checked and self.verdict == Verdict.OK and self.stage == 2

    @property
    def awaiting_credentials(self) -> bool:
        """Whether it answered and asked for a login that nobody gave us: all well, but no picture was seen."""
        return self.checked and self.verdict == Verdict.AUTH_REQUIRED


class CameraState(NamedTuple):
    """A camera at a moment: `state`, and the `reason` in words for a person.

    `verdict` and `stage` are those of the newest look that counts, None without one. `since`: the first night of its
    outage or of the bad nights so far, `nights` how many those are; `outage`: the id of the outage it is in.
    """

    camera: Described
    state: State
    reason: str
    verdict: Verdict | None = None
    stage: int | None = None
    since: date | None = None
    nights: int = 0
    outage: int | None = None
    unseen: Exemption | Unseen | Verdict | None = None  # of one that is not checked: why, as a code

    @property
    def number(self) -> str:
        return CAM(self.camera.id)

    @property
    def kind(self) -> Kind:
        return Kind(self.state, self.verdict, self.stage, self.outage is not None)

    @property
    def checked(self) -> bool:
        return self.kind.checked

    @property
    def showing(self) -> bool:
        return self.kind.showing


def counts(states: Sequence[CameraState]) -> dict[str, int]:
    """The one way in which pages, reports and the demo count cameras; see `counted`."""
    sites = {(state.camera.agency, state.camera.place) for state in states}
    return counted(Counter(state.kind for state in states), len(sites))


def counted(kinds: Mapping[Kind, int], sites: int) -> dict[str, int]:
    """Counts of cameras from how many there are of each kind, and at how many sites.

    `showing` and `asking` are among `reachable`, that is among `checked`; `not_checked` is the rest of `declared`.
    """

    def having(wanted: Callable[[Kind], bool]) -> int:
        return sum(number for kind, number in kinds.items() if wanted(kind))

    return {
        "sites": sites,
        "declared": sum(kinds.values()),
        "checked": having(lambda kind: kind.checked),
        "not_checked": having(lambda kind: not kind.checked),
        "reachable": having(lambda kind: kind.reachable),
        "showing": having(lambda kind: kind.showing),
        "asking": having(lambda kind: kind.awaiting_credentials),
        "not_connected": having(lambda kind: kind.state == State.NOT_CONNECTED),
        "outages": having(lambda kind: kind.out and kind.checked),
    }


def bad_run(nights: Sequence[Night]) -> list[Night]:
    """The bad nights since the last good one; those that say nothing are passed over.

    A good look under a pause counts for nobody, but what was bad before it has ended.
    """
    good = [index for index, night in enumerate(nights) if night.look.verdict in GOOD]
    return [night for night in nights[good[-1] + 1 if good else 0 :] if night.counts]


def down_since(nights: Sequence[Night], needed: int) -> date | None:
    """The first night of an outage: so many bad ones in a row and no good one since; None while it is none."""
    bad = bad_run(nights)
    return bad[0].day if len(bad) >= needed else None


def camera_state(
    camera: Described,
    nights: Sequence[Night],
    *,
    needed: tuple[int, str],
    outage: Outage | None,
    outages_lately: int,
    flapping: int,
    paused: str | None,
    fresh: datetime,
) -> CameraState:
    """How a camera stands.

    Args:
        nights: its nights in order, as far back as matters.
        needed: bad nights that make an outage, and why so many.
        outage: the one that is open, if any.
        outages_lately: how many opened in the time that counts for flapping, `flapping`: how many make it so.
        paused: the ruling that stands over it.
        fresh: what was seen before says nothing of now.
    """
    if camera.exemption:
        return _not_checked(camera, Excuse(camera.exemption, camera.exemption.label))
    if paused:
        return _not_checked(camera, Excuse(Unseen.PAUSED, paused))
    told = [night for night in nights if night.counts]
    bad, often = bad_run(nights), outages_lately >= flapping
    if not told or told[-1].look.at < fresh or not (told[-1].good or bad):
        return _not_checked(camera, _unseen(camera, nights, fresh))
    last = told[-1]
    seen = SENTENCE[last.look.verdict]
    if last.good:
        return _well(camera, last, seen, outages_lately if often else 0)
    since, count = (outage.first_night if outage else bad[0].day), len(bad)
    told_by = (last.look.verdict, last.look.stage, since, count)
    if outage is None and not camera.worked:
        return CameraState(camera, State.NOT_CONNECTED, f"{_never(told)}: {seen}", *told_by)
    if outage is None:
        unit = "ngày" if last.look.at.hour in BY_DAY else "đêm"
        patience = f"; tính là sự cố từ {unit} thứ {needed[0]:02}" + (f" ({needed[1]})" if needed[1] else "")
        return CameraState(camera, State.FAILING, f"{seen}, {count:02} {unit}{patience}", *told_by)
    state = State.FLAPPING if outage.flapping or often else State.OUTAGE
    times = f"; {outages_lately:02} lần mất kết nối gần đây" if state == State.FLAPPING else ""
    return CameraState(camera, state, f"{seen}, {_since(since, bad)}{times}", *told_by, outage.id)


def _well(camera: Described, last: Night, seen: str, outages_lately: int) -> CameraState:
    state, reason = State.OK, f"{seen}, {when(last.look)}"
    if outages_lately:
        state, reason = State.FLAPPING, f"{seen}; {outages_lately:02} lần mất kết nối gần đây"
    return CameraState(camera, state, reason, last.look.verdict, last.look.stage)


def _never(told: Sequence[Night]) -> str:
    """How far a camera that was never seen working has come; what an agency does about it differs."""
    verdicts = {night.look.verdict for night in told}
    phases = {PHASE[verdict] for verdict in verdicts}
    if Phase.PICTURE in phases or Verdict.DECODE_FAILED in verdicts:
        return "chưa từng thấy hình tốt"
    return "chưa từng kết nối được" if phases <= UNMET_PHASES else "chưa từng thấy hình"


def when(look: checks.Look) -> str:
    """When a look was, for people: by day the hour too, since the night it is counted to has not come yet."""
    return hour(look) or f"đêm {look.night:%d/%m/%Y}"


def hour(look: checks.Look) -> str | None:
    """The hour and day of a look by day, for people; None of one by night."""
    return f"lúc {look.at:%H:%M} ngày {look.at:%d/%m/%Y}" if look.at.hour in BY_DAY else None


def _since(first: date, bad: Sequence[Night]) -> str:
    by_day = any(night.day == first and night.look.at.hour in BY_DAY for night in bad)
    return f"từ {'ngày' if by_day else 'đêm'} {first:%d/%m/%Y}"


def exempt(camera: AnyCamera) -> str | None:
    """Why a camera is not looked at, by design; None when it is."""
    return camera.exemption.label if camera.exemption else None


def _not_checked(camera: Described, excuse: Excuse) -> CameraState:
    return CameraState(camera, State.NOT_CHECKED, excuse.words, unseen=excuse.code)


def _unseen(camera: Described, nights: Sequence[Night], fresh: datetime) -> Excuse:
    recent = [night for night in nights if night.look.at >= fresh]
    if recent and recent[-1].excuse:
        return recent[-1].excuse
    if recent:
        code = Unseen.NOT_LATELY
    elif camera.url and not nights and camera.recorded_at and camera.recorded_at >= fresh:
        code = Unseen.NEW
    else:
        code = Unseen.NOT_LATELY if camera.url else Unseen.NO_ADDRESS
    return Excuse(code, code.label)


class Stand(NamedTuple):
    """How a camera stands, and what that rests on: its nights, and the outages that began lately or stand."""

    state: CameraState
    nights: Sequence[Night]
    outages: Sequence[Outage]


def states(
    app: AppContext, session: Session, as_of: datetime, known_at: datetime | None = None, *, only: int | None = None
) -> list[CameraState]:
    """The state of every camera declared up to a moment, as known by another (None: by now), in order of number.

    Args:
        only: of this camera alone.
    """
    cameras = described_at(session, as_of, known_at, only=only)
    judge = checks.judge(app, session, known_at)
    return [stand.state for stand in stands(app, session, judge, cameras, as_of, known_at)]


def stands(
    app: AppContext,
    session: Session,
    judge: CheckFilter,
    cameras: Iterable[Described],
    as_of: datetime,
    known_at: datetime | None = None,
    nights: Histories | None = None,
) -> list[Stand]:
    """How these cameras stand, in their order.

    Args:
        nights: of these cameras, as `nights_at` reads them, where they are read already.
    """
    by_id = {camera.id: camera for camera in cameras}
    nights = nights if nights is not None else nights_at(session, judge, by_id, as_of, known_at)
    seen_by = min(as_of, known_at or as_of)  # an outage happens when we notice it
    outages, registry = _outages(session, seen_by, judge, by_id), app.registry
    return [
        Stand(_state(app.settings, registry, judge, camera, mine, lost, as_of, seen_by), mine, lost)
        for camera in by_id.values()
        for mine, lost in [(nights.get(camera.id, []), outages.get(camera.id, []))]
    ]


def nights_at(
    session: Session,
    judge: CheckFilter,
    cameras: Mapping[int, AnyCamera],
    as_of: datetime,
    known_at: datetime | None = None,
) -> Histories:
    """The nights on which the states of cameras at a moment rest."""
    # 04:00 belongs to the night before: an instant's last seven days begin with that night.
    since = as_of.date() - checks.RECENT - timedelta(days=1)
    return checks.histories(session, judge, cameras, since=since, until=as_of, known_at=known_at)


def _state(
    settings: Settings,
    registry: Registry,
    judge: CheckFilter,
    camera: Described,
    nights: Sequence[Night],
    outages: Sequence[Outage],
    as_of: datetime,
    seen_by: datetime,
) -> CameraState:
    window = seen_by - flapping_window(judge)
    return camera_state(
        camera,
        nights,
        needed=judge.rules.nights(camera, registry, settings),
        outage=next((o for o in outages if o.closed_at is None or o.closed_at > seen_by), None),
        outages_lately=sum(o.opened_at > window and o.closed_because is None for o in outages),
        flapping=judge.rules.flapping.outages,
        paused=judge.paused(camera, as_of),
        fresh=as_of - checks.RECENT,
    )


def flapping_window(judge: CheckFilter) -> timedelta:
    """How long an outage counts for flapping."""
    return timedelta(days=judge.rules.flapping.nights)


def _outages(
    session: Session, at: datetime, judge: CheckFilter, cameras: Collection[int]
) -> Mapping[int, list[Outage]]:
    """Per camera the outages that were open at a moment, or began in the time that counts for flapping."""
    ended_later = Outage.closed_at.is_(None) | (Outage.closed_at > at)
    lately = Outage.opened_at > at - flapping_window(judge)
    found: dict[int, list[Outage]] = defaultdict(list)
    wanted = select(Outage).where(Outage.opened_at <= at, ended_later | lately)
    if len(cameras) <= AT_ONCE:
        wanted = wanted.where(Outage.camera_id.in_(cameras))
    for outage in session.scalars(wanted.order_by(Outage.id.desc())):  # of two that stand the newest is the one
        found[outage.camera_id].append(outage)
    return found
