"""A night's look at all cameras: plan it in batches, look, record what was found of each batch, conclude the round."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc.cameras.logins.attempts import device, hosts
from dondoc.cameras.measured import facts, turn
from dondoc.cameras.nights import batch as looking
from dondoc.cameras.nights import planner, rounds
from dondoc.cameras.nights.result import Result
from dondoc.cameras.nights.rounds import SECOND
from dondoc.cameras.registry import declarations
from dondoc.cameras.registry.declarations import DESCRIBED, Described, Source
from dondoc.cameras.state import checks, current, doubts
from dondoc.cameras.state import rules as data
from dondoc.cameras.state.checks import DAYLIGHT, FEW, Excuse, Look
from dondoc.cameras.state.local_outage import nearly_everything
from dondoc.clock import HERE
from dondoc.clock import at as at_hour
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.probing.verdicts import GOOD, NOT_CHECKED, OPEN, PHASE, Phase, Verdict
from dondoc.store.cameras import Camera, CameraCheck, NightRun, RoundConclusion
from dondoc.store.parts import AT_ONCE, parts
from dondoc.store.session import one_at_a_time

WHOLE = ("night", "day", "all", SECOND)  # rounds of everybody: in these a camera is looked at closely on its turn
PLANNED = Camera.id, Camera.system, Camera.agency, Camera.place, Camera.url  # what planning asks of a camera
LEFT_OUT = "left_out"  # beside counts by verdict
MORNING = 7  # o'clock: what is seen before belongs to the night before, as the second look does
LATEST = 12  # o'clock of the next day: a look of a batch that began before the morning may end after it


def night_of(moment: datetime) -> date:
    """The night that a moment belongs to."""
    here = moment.astimezone(HERE)
    return here.date() - timedelta(days=1) if here.hour < MORNING else here.date()


def not_tonight(night: date, now: datetime) -> str | None:
    """Why cameras are not asked for a night: what they answer now says nothing of another. None: it is tonight."""
    tonight = night_of(now)
    if night == tonight:
        return None
    when = "đã qua" if night < tonight else "chưa đến"
    return f"đêm {night:%d/%m/%Y} {when} (đêm nay là đêm {tonight:%d/%m/%Y})"


def plan(
    app: AppContext,
    *,
    night: date,
    round: str,
    system_window: str | None,
    only_failed: bool = False,
    camera_ids: Sequence[int] | None = None,
    batch: int | None = None,
) -> list[list[int]]:
    """Camera ids in batches; cameras of one host or site in the same one.

    Args:
        system_window: `night` or `day`: only systems checked then; None: all.
        only_failed: only what that night has not been seen well yet, and not what refused our account, as far as we
            know: a login that was withheld may have been changed meanwhile. Systems checked by day are left
            out: their cameras may be switched off at night.
        batch: cameras in a batch; default: by the size of the fleet.
    """
    with app.sessions.reading() as session:
        wanted = select(*PLANNED).where(Camera.exemption.is_(None), Camera.url.is_not(None))
        cameras = session.execute(wanted.order_by(Camera.url, Camera.id)).all()
        last = last_of_night(session, night) if only_failed else {}
    window = "night" if only_failed else system_window
    systems = {s.id for s in app.registry.systems if window in (None, s.check_window)}
    done = {camera for camera, verdict in last.items() if _settled(verdict)}
    asked = None if camera_ids is None else set(camera_ids)
    chosen = [
        (camera, _places(agency, place, url))
        for camera, system, agency, place, url in cameras
        if system in systems and camera not in done and (asked is None or camera in asked)
    ]
    return planner.batches(chosen, batch or planner.size(len(chosen)))


def plan_daylight(app: AppContext, day: date) -> list[list[int]]:
    """Batches of cameras that are else only seen at night, to be looked at by day: dirt, a colour cast, a cover that
    reflects infrared light show only then.

    Looked at are those whose turn it is, and those of which the last look by day left a doubt: nobody is told of it
    before another agrees. Left out are those that showed no picture last night: they would show none now.
    """
    with app.sessions.reading() as session:
        last = last_of_night(session, day - timedelta(days=1))
        again = doubts.to_confirm(session, at_hour(day, MORNING))
    showed = [camera for camera, verdict in last.items() if verdict == Verdict.OK]
    due = [camera for camera in showed if turn.due(camera, day) or camera in again]
    return plan(app, night=day, round=DAYLIGHT, system_window="night", camera_ids=due)


def _settled(verdict: str) -> bool:
    """Looking again the same night would tell nothing new, or would cost an account."""
    return verdict not in OPEN and (verdict in GOOD | NOT_CHECKED or PHASE[verdict] == Phase.AUTH)


def _places(agency: str, place: str, url: str | None) -> list[tuple[str, str]]:
    return [*(("host", host) for host in hosts([device(url or "")])), *([(agency, fold(place))] if place else [])]


def last_of_night(session: Session, night: date) -> dict[int, str]:
    """The newest verdict of a night on each camera, but for the looks by daylight; a bad one that a person asked for
    only where there is no other."""
    rows = session.execute(
        select(CameraCheck.camera_id, CameraCheck.verdict, CameraCheck.round)
        .where(CameraCheck.night == night, CameraCheck.round != DAYLIGHT)
        .order_by(CameraCheck.happened_at, CameraCheck.id)
    )
    found: dict[int, str] = {}
    for camera, verdict, round in rows:
        if verdict in GOOD or not checks.by_hand(round) or camera not in found:
            found[camera] = verdict
    return found


def of_agencies(app: AppContext, agencies: Iterable[str]) -> set[int]:
    """Ids of these agencies' cameras."""
    with app.sessions.reading() as session:
        return set(session.scalars(select(Camera.id).where(Camera.agency.in_(list(agencies)))))


def check_batch(
    app: AppContext, camera_ids: Sequence[int], *, night: date, round: str, now: datetime, over: float = 0.0
) -> list[Result]:
    """Look at cameras up to one picture each; those without an address or exempt from checks are passed over.

    Args:
        over: seconds over which the looks are spread.

    Returns:
        one result per camera looked at.

    Raises:
        Problem: the night is not tonight. What is asked now would be told of another night, and a password that was
            refused tonight would be sent again.
    """
    if why := not_tonight(night, now):
        raise Problem(f"Không kiểm tra camera: {why}.")
    closer = round in WHOLE
    return looking.look(app, camera_ids, night=night, now=now, over=over, closer=closer)


def store(
    app: AppContext,
    results: Iterable[Result],
    *,
    night: date,
    round: str,
    now: datetime,
    local_outage: str | None = None,
) -> dict[str, int]:
    """Record results and conclude their round, for who has all of them: see `record` and `conclude`."""
    with app.sessions.begin() as session:
        counts = record(session, results, night=night, round=round, now=now)
        new = sum(counts.values()) - counts.get(LEFT_OUT, 0)
        if new or run_of(session, night, round) is None:
            _judge(app, session, _run(session, night, round, started=now), now, local_outage)
    if 0 < new <= FEW:  # of the many of a whole round the states follow when its outages are settled
        with app.sessions.begin() as session:
            current.refresh(app, session, now)
    return counts


def record(
    session: Session,
    results: Iterable[Result],
    *,
    night: date,
    round: str,
    now: datetime,
    planned: int = 0,
    started: datetime | None = None,
) -> dict[str, int]:
    """Record results, once per camera, night and round. What is stored is never changed: a second result is left out.
    Until the round is concluded they say nothing of anybody.

    Args:
        planned: how many cameras the round looks at; more, if more were looked at.
        started: when it began; default: now.

    Returns:
        counts by verdict of what was stored now, and `left_out`: results that are known already, or of another night.
    """
    results = list(results)
    one_at_a_time(session, f"night {night} {round}")
    known, new = _known(session, night, round, [result.camera for result in results]), []
    for result in results:
        if result.camera not in known and _belongs(result.at, night):
            known.add(result.camera)
            new.append(result)
    session.add_all(_check(result, night, round, now) for result in new)
    session.flush()
    _worked(session, new, now)
    closer = [facts.CloserLook(one.camera, one.at, one.measured) for one in new if one.measured]
    facts.record(session, closer, night, now)
    counts = Counter(str(result.verdict) for result in new)
    if new:
        run = _run(session, night, round, planned, started or now)
        run.counts = dict(Counter(run.counts) + counts)
        run.helped = dict(Counter(run.helped) + Counter(str(result.help) for result in new if result.help))
        run.planned = max(run.planned, sum(run.counts.values()))
    left_out = {LEFT_OUT: count} if (count := len(results) - len(new)) else {}
    return dict(counts) | left_out


def _known(session: Session, night: date, round: str, cameras: Sequence[int]) -> set[int]:
    """Which of these cameras have a result in the round."""
    known = set[int]()
    told = select(CameraCheck.camera_id).where(CameraCheck.night == night, CameraCheck.round == round)
    for part in parts(cameras):
        known |= set(session.scalars(told.where(CameraCheck.camera_id.in_(part))))
    return known


def conclude(
    app: AppContext,
    *,
    night: date,
    round: str,
    now: datetime,
    planned: int,
    started: datetime,
    local_outage: str | None = None,
) -> None:
    """Say of a round that all which was found of it is recorded, and whether it says anything. From then on its looks
    count. Again: changes nothing, unless more was recorded meanwhile.

    Args:
        local_outage: why the round says nothing, when that is known already; else it is judged by what was found.
    """
    with app.sessions.begin() as session:
        one_at_a_time(session, f"night {night} {round}")
        run = _run(session, night, round, planned, started)
        newest = select(func.max(CameraCheck.recorded_at)).where(CameraCheck.night == night, CameraCheck.round == round)
        last = session.scalar(newest)
        if run.finished_at is None or (last and last > run.finished_at):
            _judge(app, session, run, now, local_outage)


def _judge(app: AppContext, session: Session, run: NightRun, now: datetime, local_outage: str | None) -> None:
    run.our_side_down = local_outage or _our_side(app, session, run.night, run.round)
    run.finished_at = now
    session.add(
        RoundConclusion(night=run.night, round=run.round, our_side_down=run.our_side_down, recorded_at=run.finished_at)
    )


def _belongs(at: datetime, night: date) -> bool:
    return at_hour(night, MORNING) <= at < at_hour(night + timedelta(days=1), LATEST)


def _check(result: Result, night: date, round: str, now: datetime) -> CameraCheck:
    return CameraCheck(
        camera_id=result.camera,
        night=night,
        round=round,
        verdict=result.verdict,
        phase=result.phase,
        detail=result.detail,
        elapsed_ms=result.elapsed_ms,
        stage=result.stage,
        steps=[*result.steps] or None,
        features=result.features,
        happened_at=result.at,
        recorded_at=now,
    )


def _worked(session: Session, results: Sequence[Result], now: datetime) -> None:
    """Note when a camera was first seen working."""
    seen = {result.camera: result.at for result in results if result.verdict == Verdict.OK}
    for part in parts([*seen]):
        first = select(Camera).where(Camera.id.in_(part), Camera.worked_at.is_(None))
        for camera in session.scalars(first):
            at = camera.worked_at = seen[camera.id]
            declarations.say(session, camera, Source.CHECK, {"worked": True}, happened_at=at, now=now)


def _run(session: Session, night: date, round: str, planned: int = 0, started: datetime | None = None) -> NightRun:
    """The row of a round, made if there is none."""
    run = run_of(session, night, round)
    if run is None:
        run = NightRun(night=night, round=round, planned=0, counts={}, helped={}, started_at=started, finished_at=None)
        session.add(run)
    run.planned = max(run.planned, planned)
    return run


def _our_side(app: AppContext, session: Session, night: date, round: str) -> str | None:
    """A second look sees only what failed before: it is judged together with the rest of its night."""
    wanted = [round]
    if round == SECOND:
        void = select(NightRun.round).where(NightRun.night == night, NightRun.our_side_down.is_not(None))
        gone = set(session.scalars(void))
        told = select(CameraCheck.round).where(CameraCheck.night == night).distinct()
        wanted = [r for r in session.scalars(told) if r == round or r not in gone]
    looks = _looks(app, session, night, wanted)
    last = {look.camera: (agency, look.verdict) for agency, look, excuse in looks if excuse is None}
    return nearly_everything(last.values(), data.load(app.settings).local_outage)


def _looks(
    app: AppContext, session: Session, night: date, among: Sequence[str]
) -> Iterator[tuple[str, Look, Excuse | None]]:
    """Agencies and looks of some rounds of a night, oldest first, each with why it says nothing of its camera."""
    judge = replace(checks.judge(app, session), invalid_rounds={})  # whether our side was down is asked of the rest
    c = CameraCheck
    rows = session.execute(
        select(*DESCRIBED, *checks.COLUMNS)
        .join(Camera, Camera.id == c.camera_id)
        .where(c.night == night, c.round.in_(among))
        .order_by(c.happened_at, c.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for row in rows:
        camera, look = Described(*row[: len(DESCRIBED)]), Look(*row[len(DESCRIBED) :])
        yield camera.agency, look, judge.excuse(camera, look)


def summary(app: AppContext, session: Session, run: NightRun) -> str:
    """One sentence for people: what a round found, or that it says nothing."""
    looked = sum(run.counts.values())
    head = f"Ngày {run.night:%d/%m/%Y}, lượt {rounds.name(run.round)}: đã xem {looked:02}/{run.planned:02} camera"
    if run.our_side_down:
        return f"{head}; {run.our_side_down}: kết quả không tính cho đơn vị nào."
    good, rest = Counter[bool](), Counter[str]()
    for _, look, excuse in _looks(app, session, run.night, [run.round]):
        if excuse:
            rest[excuse.kind] += 1
        else:
            good[look.verdict in GOOD] += 1
    why = "; ".join(f"{kind}: {count:02}" for kind, count in rest.most_common())
    uncounted = f", {rest.total():02} không tính ({why})" if rest else ""
    told = f"{good[True]:02} đạt, {good[False]:02} chưa đạt{uncounted}"
    return "; ".join([head, told, *rounds.in_words(rounds.helped(run))]) + "."


def run_of(session: Session, night: date, round: str) -> NightRun | None:
    """How a round went; None before it is stored."""
    return session.scalar(select(NightRun).where(NightRun.night == night, NightRun.round == round))
