"""How the rounds of the last nights went, for the people who run the checks: as it was counted while results were
recorded. `night.summary` counts anew, by what is known now."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.state.checks import BY_HAND, DAYLIGHT, RECENT
from dondoc.probing.verdicts import NOT_CHECKED, Help, Verdict
from dondoc.store.cameras import NightRun

SECOND = "second"  # the round that looks again at what was not seen well that night
NAMES = {
    "night": "đêm",
    SECOND: "xem lại",
    "day": "ngày",
    DAYLIGHT: "xem ban ngày",
    "all": "toàn bộ",
    "declared": "khi khai",
    BY_HAND.rstrip("-"): "xem ngay",
}
OF_ALL = ("night", SECOND, "day", DAYLIGHT, "all")  # not of the few that somebody asked for


class Round(NamedTuple):
    """`looked` at of `planned` cameras, `showing` a good picture; `helped`: by why a second look at once was needed;
    `open`: of how many nothing is known after it, by why."""

    night: date
    round: str
    name: str
    began: datetime
    finished: datetime | None
    planned: int
    looked: int
    showing: int
    helped: Mapping[Help, int]
    open: Mapping[Verdict, int]
    our_side_down: str | None


def name(round: str) -> str:
    """What people call a round."""
    return NAMES.get(round.partition("-")[0], round)


def latest(session: Session, now: datetime) -> list[Round]:
    """The rounds of the last seven days, the newest first."""
    recent = NightRun.started_at > now - RECENT, NightRun.round.in_(OF_ALL)
    return [
        _round(run) for run in session.scalars(select(NightRun).where(*recent).order_by(NightRun.started_at.desc()))
    ]


def _round(run: NightRun) -> Round:
    return Round(
        night=run.night,
        round=run.round,
        name=name(run.round),
        began=run.started_at,
        finished=run.finished_at,
        planned=run.planned,
        looked=sum(run.counts.values()),
        showing=run.counts.get(Verdict.OK, 0),
        helped=helped(run),
        open={why: run.counts[why] for why in Verdict if why in NOT_CHECKED and run.counts.get(why)},
        our_side_down=run.our_side_down,
    )


def helped(run: NightRun) -> dict[Help, int]:
    """Of how many cameras the first way of reading built no picture, by why."""
    return {Help.stored(why): count for why, count in sorted(run.helped.items())}


def in_words(counts: Mapping[Help, int] | Mapping[Verdict, int]) -> list[str]:
    return [f"{count:02} camera: {why.label}" for why, count in counts.items()]


def why(round: Round) -> str:
    """What is to be said of a round beside its counts."""
    return round.our_side_down or "; ".join([*in_words(round.helped), *in_words(round.open)])
