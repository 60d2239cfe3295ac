"""Task bodies of `check_camera_reachability`."""

import contextlib
import logging
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.orchestration import limits, runs
from dondoc.orchestration.connections import open_context
from dondoc.orchestration.limits import held_to

if TYPE_CHECKING:
    from dondoc.cameras.nights.handed_on import Batch, Stored

log = logging.getLogger(__name__)


def which(round: str, moment: datetime) -> tuple[str, date]:
    """The round that a run at a moment makes, and the night it belongs to: 04:00 still belongs to the night before."""
    from dondoc.cameras.nights import night

    day = night.night_of(moment)
    if round == "auto":
        round = night.SECOND if day < moment.date() else "day" if moment.hour < 17 else "night"
    return round, day


@held_to(limits.PLAN)
def plan(context: Mapping[str, Any]) -> list[str]:
    """Batches of cameras, each with the night and the round it belongs to; the names of their files.

    Raises:
        Refused: it is too late, or the run is of another night than tonight: cameras answer for now alone.
    """
    from dondoc.cameras.nights import handed_on, night

    app, params, now = open_context(), runs.params(context), clock.now()
    round, day = which(params["look"], runs.moment(context))
    day = date.fromisoformat(params["as_of"]) if params["as_of"] else day
    wanted = runs.agencies(context, {a.id for a in app.registry.agencies})
    if refusal := night.not_tonight(day, now):
        raise runs.Refused(
            f"Không hỏi camera nào: {refusal}. Camera chỉ trả lời cho lúc được hỏi: để trống as_of để kiểm tra đêm nay."
        )
    batches = _to_check(app, round, day, wanted)
    total = Counter[str]()
    for look, batch in batches:
        total[look] += len(batch)
    log.info("night of %s: %s cameras in %d batches", day, dict(total), len(batches))
    if late := runs.late(context, now):
        raise runs.Refused(late)
    if params["dry_run"]:
        log.warning("dry run: nothing is probed")
        return []
    apart = runs.scheduled(context) * app.settings.spread_minutes * 60 / max(1, len(batches))
    about = {"run": context["dag_run"].run_id, "night": day, "over": apart, "began": now}
    return [
        handed_on.put(
            app,
            handed_on.Batch(
                look=look, cameras=batch, planned=total[look], starts=now + timedelta(seconds=number * apart), **about
            ),
        )
        for number, (look, batch) in enumerate(batches)
    ]


def _to_check(app: AppContext, round: str, day: date, agencies: Sequence[str] | None) -> list[tuple[str, list[int]]]:
    """Batches, each with its round: by day also cameras of the night, by daylight."""
    from dondoc.cameras.nights import night

    window = round if round in ("night", "day") else None
    planned = night.plan(app, night=day, round=round, system_window=window, only_failed=round == night.SECOND)
    batches = [(round, batch) for batch in planned]
    if round == "day":
        batches += [(night.DAYLIGHT, batch) for batch in night.plan_daylight(app, day)]
    if not agencies:
        return batches
    keep = night.of_agencies(app, agencies)
    return [(look, kept) for look, batch in batches if (kept := [i for i in batch if i in keep])]


@held_to(limits.CHECK)
def check(batch: str, context: Mapping[str, Any]) -> str:
    """Check one batch, from the moment that is its turn; the name of the file with what was found.

    Nothing, where our own side was down, before the batch or in the middle of it, and where it is of another night: run
    again days later, it asks nobody.
    """
    from dondoc.cameras.nights import check as room
    from dondoc.cameras.nights import handed_on, night

    app = open_context()
    mine = handed_on.batch(app, batch, context["dag_run"].run_id)
    if refusal := night.not_tonight(mine.night, clock.now()):
        log.warning("the %d cameras of this batch are not asked: %s", len(mine.cameras), refusal)
        return handed_on.put(app, handed_on.Found.of(batch, mine))
    time.sleep(max(0.0, (mine.starts - clock.now()).total_seconds()))
    checked = room.check(app, mine.cameras, tonight=mine.night, round=mine.look, now=clock.now(), over=mine.over)
    if checked.blind:
        log.warning("no reference host answers: of the %d cameras of this batch nothing is known", len(mine.cameras))
        blind = len(checked.results) or len(mine.cameras)
        return handed_on.put(app, handed_on.Found.of(batch, mine, blind=blind))
    counts = Counter(str(result.verdict) for result in checked.results)
    log.info("batch of %d cameras checked: %s", len(checked.results), dict(counts.most_common()))
    return handed_on.put(app, handed_on.Found.of(batch, mine, checked.results))


@held_to(limits.STORE)
def store(batch: str, found: str, context: Mapping[str, Any]) -> str:
    """Record what was found of one batch, all of it or nothing; the name of the file that says so. Again: the same.

    Raises:
        Problem: what is named is not of this batch, or gone; nothing is recorded.
    """
    from dondoc.cameras.nights import handed_on, night

    app, now = open_context(), clock.now()
    mine = handed_on.batch(app, batch, context["dag_run"].run_id)
    told = handed_on.found(app, found, batch, mine)
    with app.sessions.begin() as session:
        counts = night.record(
            session,
            told.results,
            night=mine.night,
            round=mine.look,
            now=now,
            planned=mine.planned,
            started=mine.began,
        )
    log.info("stored: %s", counts)
    return handed_on.put(app, handed_on.Stored(batch=batch, counts=counts, blind=told.blind))


@held_to(limits.CONCLUDE)
def conclude(batches: Sequence[str], stored: Sequence[str] | str | None, context: Mapping[str, Any]) -> dict[str, Any]:
    """Conclude the night: whether its rounds say anything; open and close outages, write to the agencies concerned.

    Args:
        stored: of the batches that were; one that failed is missing, and its cameras are said to be, as are those of a
            file that is gone. Of a group Airflow hands on a single value without its list.

    Returns:
        counts by verdict, and `summary`: a sentence for the people at the UI.

    Raises:
        Problem: somebody changed a name on the way, and nothing is concluded; or all is, but the metrics file could not
            be written.
    """
    from dondoc.cameras import letters, recoveries
    from dondoc.cameras.nights import handed_on, rollup, thumbnails
    from dondoc.cameras.state import outages

    app, now = open_context(), clock.now()
    thumbnails.prune(app, now)  # first, and whatever was checked: their week ends even if the rest fails
    handed_on.prune(app, now)
    wanted, told = handed_on.names(batches), handed_on.names(stored)
    if not wanted and not told:
        return {}
    planned, receipts = _files(app, wanted, told, context["dag_run"].run_id)
    day = next(iter(planned.values())).night
    said = [
        _concluded(app, {name: batch for name, batch in planned.items() if batch.look == round}, receipts, now)
        for round in dict.fromkeys(batch.look for batch in planned.values())
    ]
    if left := _unconcluded(app, day, now):
        said.append(left)
    if off := _own_clock(app, day, now):
        said.append(off)
    settled = outages.settle(app, night=day, now=now)
    letters.outages(app, settled.get("opened", []), now)
    recoveries.write(app, now)
    _unjudged(app, day, {batch.look for batch in planned.values()}, now)
    past = rollup.roll_up(app, now.date())
    log.info("%s outages: %s; past their time: %s", " ".join(said), settled, past)
    _publish(app)
    counts = sum((Counter(receipt.counts) for receipt in receipts.values()), Counter[str]())
    return {**counts, "summary": " ".join(said)}


def _files(
    app: AppContext, batches: Sequence[object], stored: Sequence[object], run: str
) -> tuple[dict[str, "Batch"], dict[str, "Stored"]]:
    """The batches of a run, and by batch what was stored of it, but for files that are gone.

    Raises:
        Problem: all of them are, or one is of something else.
    """
    from dondoc.cameras.nights import handed_on

    planned, receipts = dict[str, handed_on.Batch](), dict[str, handed_on.Stored]()
    names = [*map(str, batches)]
    for name in names:
        with contextlib.suppress(handed_on.Gone):
            planned[name] = handed_on.batch(app, name, run)
    for told in stored:
        with contextlib.suppress(handed_on.Gone):
            receipt = handed_on.stored(app, told, names)
            receipts[receipt.batch] = receipt
    if not planned:
        raise Problem(f"Không còn tệp nào của lượt kiểm tra này. {handed_on.AGAIN}")
    return planned, receipts


def _concluded(app: AppContext, batches: Mapping[str, "Batch"], receipts: Mapping[str, "Stored"], now: datetime) -> str:
    """Conclude a round; what it came to, in a sentence."""
    from dondoc.cameras.nights import night
    from dondoc.cameras.state.local_outage import SILENT

    first = next(iter(batches.values()))
    blind = sum(receipts[name].blind for name in batches if name in receipts)
    night.conclude(
        app,
        night=first.night,
        round=first.look,
        now=now,
        planned=first.planned,
        started=first.began,
        local_outage=SILENT if blind * 2 >= first.planned else None,
    )
    lost = first.planned - sum(len(batch.cameras) for name, batch in batches.items() if name in receipts)
    missing = f" Lô chưa kiểm tra hoặc chưa lưu được: {lost:02} camera, xem tác vụ đỏ." if lost > 0 else ""
    return _told(app, first.night, first.look, now) + missing


def _told(app: AppContext, day: date, round: str, now: datetime) -> str:
    """A round in a sentence; staff is told where our own side was down."""
    from dondoc.staff import notices

    sentence, down = _summary(app, day, round)
    if down:
        log.error("%s", sentence)
        with app.sessions.begin() as session:
            notices.local_outage(app, session, day, round, sentence, now)
    return sentence


def _unconcluded(app: AppContext, day: date, now: datetime) -> str:
    """That too much of a night tells nothing because of us, of which staff is told; nothing where it is not so."""
    from dondoc.cameras.nights import night, unconcluded
    from dondoc.staff import notices

    with app.sessions.begin() as session:
        left = unconcluded.unconcluded(night.last_of_night(session, day).values())
        if left is None:
            return ""
        log.error("%s", left)
        notices.unconcluded(app, session, day, [f"Đêm {day:%d/%m/%Y}: {left}", *left.advice], now)
    return str(left)


def _unjudged(app: AppContext, day: date, rounds: Collection[str], now: datetime) -> None:
    """Tell staff of cameras that cannot be judged for many nights in a row. A night is over after its second looks."""
    from dondoc.cameras.nights import night
    from dondoc.staff import notices

    until = day if night.SECOND in rounds else day - timedelta(days=1)
    with app.sessions.begin() as session:
        if told := notices.unjudged(app, session, day, until, now):
            log.warning("staff is told of cameras that could not be judged for many nights: letters %s", told)


def _own_clock(app: AppContext, day: date, now: datetime) -> str:
    """That our own clock seems to be wrong, of which staff is told; nothing where it does not."""
    from dondoc.cameras.measured import own_clock, words
    from dondoc.staff import notices

    with app.sessions.reading() as session:
        off = own_clock.wrong_nights(session, [day], now).get(day)
    if off is None:
        return ""
    sentence = words.own_clock(day, off)
    log.error("%s", sentence)
    with app.sessions.begin() as session:
        notices.own_clock(app, session, day, sentence, now)
    return sentence


def _publish(app: AppContext) -> None:
    """The metrics, last: a file that cannot be written costs the run its green, and the night nothing.

    Raises:
        Problem: it cannot be written.
    """
    from dondoc.cameras.exports import fleet

    if app.settings.metrics_file:
        with contextlib.suppress(OSError):  # writing says what is wrong
            app.settings.metrics_file.parent.mkdir(exist_ok=True)
    try:
        fleet.publish(app, clock.now())
    except Problem as problem:
        raise Problem(f"Kết quả kiểm tra đã lưu đủ; riêng tệp DONDOC_METRICS_FILE chưa được: {problem}") from None


def _summary(app: AppContext, day: date, round: str) -> tuple[str, bool]:
    from dondoc.cameras.nights import night

    with app.sessions.reading() as session:
        run = night.run_of(session, day, round)
        assert run is not None
        return night.summary(app, session, run), run.our_side_down is not None


@held_to(limits.OTHERS)
def mask_former_contacts(context: Mapping[str, Any]) -> int:
    """Mask the personal data of people who have long been no contact; how many. A dry run masks nobody."""
    from dondoc.audit import MACHINE
    from dondoc.facts import former_contacts

    if runs.params(context)["dry_run"]:
        return 0
    app, now = open_context(), clock.now()
    with app.sessions.begin() as session:
        count = former_contacts.mask(session, app.settings.contact_months, by=MACHINE, secrets=app.secrets, now=now)
    log.info("%d former contacts masked", count)
    return count
