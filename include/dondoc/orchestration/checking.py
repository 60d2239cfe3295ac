"""Task bodies of `check_camera_reachability`."""

import contextlib
import json
import logging
import time
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from dondoc import clock, keys
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.orchestration import limits, runs
from dondoc.orchestration.connections import open_context
from dondoc.orchestration.limits import held_to

log = logging.getLogger(__name__)
PURPOSE = "night results"
FOREIGN = (
    "Kết quả của lượt kiểm tra đã bị sửa trong Airflow (XCom): không ghi gì. Xem ai đã sửa trong Audit Log của "
    "Airflow; đêm nay còn cần kiểm tra thì chạy lại từ đầu."
)


def which(round: str, moment: datetime) -> tuple[str, date]:
    """The round that a run at a moment makes, and the night it belongs to: 04:00 still belongs to the night before."""
    from dondoc.cameras.nights import night

    day = night.night_of(moment)
    if round == "auto":
        round = night.SECOND if day < moment.date() else "day" if moment.hour < 17 else "night"
    return round, day


def sealed(app: AppContext, value: dict[str, Any]) -> dict[str, Any]:
    """What goes to the next task through Airflow, where others may write: signed, as far as we have a key."""
    secrets = app.secrets
    return {**value, "seal": keys.sign(secrets, PURPOSE, _plain(value)) if secrets else ""}


def proven(app: AppContext, value: dict[str, Any]) -> dict[str, Any]:
    """The same, if it is as we handed it on.

    Raises:
        Problem: it is not.
    """
    content = {name: one for name, one in value.items() if name != "seal"}
    if (secrets := app.secrets) and not keys.verify(secrets, PURPOSE, _plain(content), str(value.get("seal", ""))):
        raise Problem(FOREIGN)
    return content


def _plain(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


@held_to(limits.PLAN)
def plan(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Batches of camera ids, each with the night and the round it belongs to.

    Raises:
        Refused: it is too late, or the run is of another night than tonight: cameras answer for now alone.
    """
    from dondoc.cameras.nights import night

    app, params, now = open_context(), runs.params(context), clock.now()
    round, day = which(params["look"], runs.moment(context))
    day = date.fromisoformat(params["as_of"]) if params["as_of"] else day
    wanted = runs.agencies(context, {a.id for a in app.registry.agencies})
    if refusal := night.not_tonight(day, now):
        raise runs.Refused(
            f"Không hỏi camera nào: {refusal}. Camera chỉ trả lời cho lúc được hỏi: để trống as_of để kiểm tra đêm nay."
        )
    window = {"night": "night", "day": "day"}.get(round)
    planned = night.plan(app, night=day, round=round, system_window=window, only_failed=round == "second")
    batches = [(round, batch) for batch in planned]
    if round == "day":
        batches += [(night.DAYLIGHT, batch) for batch in night.plan_daylight(app, day)]
    if wanted:
        keep = night.of_agencies(app, wanted)
        batches = [(look, kept) for look, batch in batches if (kept := [i for i in batch if i in keep])]
    total = sum(len(batch) for _, batch in batches)
    log.info("%s round of %s: %d cameras in %d batches", round, day, total, len(batches))
    if late := runs.late(context, now):
        raise runs.Refused(late)
    if params["dry_run"]:
        log.warning("dry run: nothing is probed")
        return []
    apart = runs.scheduled(context) * app.settings.spread_minutes * 60 / max(1, len(batches))
    about = {"night": day.isoformat(), "run": context["dag_run"].run_id, "over": apart}
    starts = (now + timedelta(seconds=number * apart) for number in range(len(batches)))
    return [
        sealed(app, {"cameras": batch, "look": look, "starts": start.isoformat(), **about})
        for (look, batch), start in zip(batches, starts, strict=True)
    ]


@held_to(limits.CHECK)
def check(batch: dict[str, Any]) -> dict[str, Any]:
    """Check one batch, from the moment that is its turn.

    Returns:
        `results`: ids, verdicts and sentences, nothing secret, nothing large; `blind`: cameras of which nothing is
        known because our own side was down, before the batch or in the middle of it. Neither, where the batch is of
        another night: run again days later, it asks nobody.
    """
    from dondoc.cameras.nights import night
    from dondoc.cameras.nights.check import check as checked_unless_blind

    app = open_context()
    day, about = date.fromisoformat(proven(app, batch)["night"]), {name: batch[name] for name in ("run", "look")}
    if refusal := night.not_tonight(day, clock.now()):
        log.warning("the %d cameras of this batch are not asked: %s", len(batch["cameras"]), refusal)
        return sealed(app, {"results": [], "blind": 0, "not_asked": refusal, **about})
    time.sleep(max(0.0, (datetime.fromisoformat(batch["starts"]) - clock.now()).total_seconds()))
    ids: list[int] = batch["cameras"]
    checked = checked_unless_blind(app, ids, tonight=day, round=batch["look"], now=clock.now(), over=batch["over"])
    if checked.blind:
        log.warning("no reference host answers: of the %d cameras of this batch nothing is known", len(ids))
        return sealed(app, {"results": [], "blind": len(checked.results) or len(ids), **about})
    counts = Counter(result["verdict"] for result in checked.results)
    log.info("batch of %d cameras checked: %s", len(checked.results), dict(counts.most_common()))
    return sealed(app, {"results": checked.results, "blind": 0, **about})


@held_to(limits.STORE)
def store(batches: list[dict[str, Any]], checked: list[dict[str, Any]]) -> dict[str, Any]:
    """Record what was found, open and close outages, write to the agencies concerned.

    Args:
        checked: of the batches that were; one that failed is missing, and its cameras are said to be.

    Returns:
        counts by verdict, and `summary`: a sentence for the people at the UI.

    Raises:
        Problem: somebody changed a batch or its results on the way, and nothing is stored; or all is, but the metrics
            file could not be written.
    """
    from dondoc.cameras import letters
    from dondoc.cameras.nights import rollup, thumbnails
    from dondoc.cameras.state import outages

    app, now = open_context(), clock.now()
    thumbnails.prune(app, now)  # first, and whatever was checked: their week ends even if the rest fails
    if not batches:
        return {}
    for one in (*batches, *checked):
        if proven(app, one)["run"] != batches[0]["run"]:
            raise Problem(FOREIGN)
    day, rounds = date.fromisoformat(batches[0]["night"]), dict.fromkeys(batch["look"] for batch in batches)
    counts = Counter[str]()
    for round in rounds:
        mine = [[one for one in some if one["look"] == round] for some in (batches, checked)]
        counts += Counter(_stored(app, *mine, day=day, round=round, now=now))
    settled = outages.settle(app, night=day, now=now)
    letters.outages(app, settled.get("opened", []), now)
    told = [_told(app, day, round, now) for round in rounds]
    past = rollup.roll_up(app, now.date())
    log.info("%s outages: %s; past their time: %s", " ".join(told), settled, past)
    _publish(app)
    return {**counts, "summary": " ".join(told)}


def _stored(
    app: AppContext,
    batches: list[dict[str, Any]],
    checked: list[dict[str, Any]],
    *,
    day: date,
    round: str,
    now: datetime,
) -> dict[str, int]:
    """Record what one round found."""
    from dondoc.cameras.nights import night
    from dondoc.cameras.state.local_outage import SILENT

    planned, blind = sum(len(batch["cameras"]) for batch in batches), sum(one["blind"] for one in checked)
    return night.store(
        app,
        [result for one in checked for result in one["results"]],
        night=day,
        round=round,
        now=now,
        planned=planned,
        started=datetime.fromisoformat(batches[0]["starts"]),
        local_outage=SILENT if blind * 2 >= planned else None,
    )


def _told(app: AppContext, day: date, round: str, now: datetime) -> str:
    """A round in a sentence; staff is told where our own side was down."""
    from dondoc.staff import notices

    sentence, down = _summary(app, day, round)
    if down:
        log.error("%s", sentence)
        with app.sessions.begin() as session:
            notices.local_outage(app, session, day, round, sentence, now)
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
