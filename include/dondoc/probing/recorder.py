"""Whether a recorder records, and since when: which days are asked for, and what its answers come to. Pure.

Recorders differ: some play what they have when asked for what they have not, some play the live picture whatever they
are asked for. So one is asked first for a day that nobody can have kept: who plays that is not believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

YESTERDAY, CONTROL = 1, 3650  # days ago
LENGTH = timedelta(seconds=30)  # of what is asked for
MARGIN = timedelta(hours=1)  # younger than a day is asked for: what is just being overwritten is nobody's fault
MOST = 9  # days that are asked for in one look


class Answer(StrEnum):
    """To the wish to see a day. `SILENT`: it agreed, and sent nothing."""

    PLAYED = "played"
    ABSENT = "absent"
    SILENT = "silent"
    UNCLEAR = "unclear"  # no right, busy, no such service, no answer at all


@dataclass(frozen=True)
class Recording:
    """What is known of a recorder. `recording`: whether there is something of yesterday; None: nobody can tell.

    `newest`, `oldest`: days ago of which a recording was seen; `missing`: the next day before these of which there is
    none. 0: not known.
    """

    recording: bool | None = None
    newest: int = 0
    oldest: int = 0
    missing: int = 0

    @property
    def stopped(self) -> bool:
        """It has played nothing of two days at least: who records only what moves may lack half a minute of one."""
        return self.recording is False and self.newest > YESTERDAY + 1

    def keeps(self, days: int) -> bool | None:
        """Whether so many days are kept, up to yesterday; None: nobody can tell, as where one half minute is all that
        speaks against it."""
        if self.recording and self.oldest >= days:
            return True
        return False if self.stopped or (self.recording and 0 < self.missing < days) else None

    def as_json(self) -> dict[str, int | bool | None]:
        return dict(vars(self))

    @classmethod
    def read(cls, stored: Mapping[str, int | bool | None]) -> Self:
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__ if name in stored})  # type: ignore[arg-type]


def moment(day: int, now: datetime) -> tuple[datetime, datetime]:
    """Beginning and end of what is asked for of a day so many days ago."""
    start = now - timedelta(days=day) + MARGIN
    return start, start + LENGTH


def next_day(answers: Mapping[int, Answer], declared: int) -> int | None:
    """The day to ask for next, None when enough is known or nothing more can be.

    Args:
        answers: by day ago.
        declared: days that are to be kept, at least 1.
    """
    if Answer.UNCLEAR in answers.values() or answers.get(CONTROL) == Answer.PLAYED or len(answers) >= MOST:
        return None
    for day in (YESTERDAY, CONTROL, declared):
        if day not in answers:
            return day
    played, gone = _split(answers)
    if not played:  # it may have stopped some days ago, and hold less than it should
        return next((d for d in (declared // 2, declared // 4, declared * 3 // 4) if d > 1 and d not in answers), None)
    if YESTERDAY not in played:
        return _between(max((d for d in gone if d < min(played)), default=0), min(played))
    return _between(max(played), min((d for d in gone if d > max(played)), default=0))


def _between(low: int, high: int) -> int | None:
    return (low + high) // 2 if high - low > 1 else None


def _split(answers: Mapping[int, Answer]) -> tuple[list[int], list[int]]:
    """Days of which it showed a recording, and those of which it has none; the control day is neither."""
    days = [day for day in answers if day != CONTROL]
    gone = (Answer.ABSENT, Answer.SILENT)
    return [d for d in days if answers[d] == Answer.PLAYED], [d for d in days if answers[d] in gone]


def conclude(answers: Mapping[int, Answer]) -> Recording:
    """What the answers come to. That nothing is there is believed only of one that played another day: else it may be
    our way of asking that is wrong."""
    played, gone = _split(answers)
    if not played or answers.get(CONTROL) not in (Answer.ABSENT, Answer.SILENT):
        return Recording()
    oldest = max(played)
    missing = min((day for day in gone if day > oldest), default=0)
    return Recording(YESTERDAY in played, min(played), oldest, missing)
