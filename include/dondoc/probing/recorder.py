"""Whether a recorder records, and since when: which days are asked for, and what its answers come to. Pure.

Recorders differ: some play what they have when asked for what they have not, some play the live picture whatever they
are asked for. So one is asked first for days that nobody can have kept, of long ago and to come: who plays these, and
does not say that it plays another time, is not believed. That nothing is there it must say in words: who sends nothing,
or what is of another time, may be slow, or not understand. One day without a recording is no edge: those next to it,
and one beyond all that is to be kept, must agree, and the day beside it that was played is asked for once more. Who has
left out days before may record only what moves: of that one nobody can tell whether it has stopped.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

WEEK = 7  # days beyond those that are to be kept: a recorder that was off for some has what is older
YESTERDAY, CONTROL, FUTURE = 1, 3650, -2  # days ago; nobody can have kept the last two
MARGIN = timedelta(hours=1)  # younger than a day is asked for: what is just being overwritten is nobody's fault
LENGTH = timedelta(days=1) - MARGIN  # of what is asked for: who records only what moves has nothing of most minutes
OFF = timedelta(hours=12)  # by which what is played may lie beside it: some call their own time universal
MOST = 18  # days that are asked for in one look
# Days without a recording that must agree: a camera or a recorder is off for a day or two, or sees nothing that moves.
YOUNGER, OLDER = 3, 4  # than the newest and the oldest recording that was seen; a weekend has two
# So many days before it stopped, or after the oldest that it keeps, it must have recorded: any weekend that it leaves
# out has one of these. Who leaves days out may record only what moves, and may have had nothing to record since.
UNBROKEN = (2, 4, 6)
# Of the declared days, asked for where neither yesterday nor the last of them is there: first less, as a recorder with
# too small a disk has, then more, as one that stopped long ago. Own choice: each halves what is unknown or goes beyond.
QUARTERS = (2, 1, 3, 6, 8)
_CLOCK = re.compile(r"\s*clock\s*=\s*(\d{8}T\d{6})(?:\.\d*)?Z?\s*-\s*(?:(\d{8}T\d{6})(?:\.\d*)?Z?)?", re.ASCII)


class Answer(StrEnum):
    """To the wish to see a day. `SILENT`: it agreed, and sent nothing. `ELSEWHERE`: it played, of another time."""

    PLAYED = "played"
    ABSENT = "absent"
    SILENT = "silent"
    ELSEWHERE = "elsewhere"
    UNCLEAR = "unclear"  # no right, busy, no such service, no answer at all


NOT_PLAYED = frozenset({Answer.ABSENT, Answer.SILENT, Answer.ELSEWHERE})


@dataclass(frozen=True)
class Recording:
    """What is known of a recorder. `recording`: whether it records; None: nobody can tell.

    `newest`, `oldest`: days ago of which a recording was seen; `missing`: the day before these from which on there is
    none, as far as it was asked. 0: not known.
    """

    recording: bool | None = None
    newest: int = 0
    oldest: int = 0
    missing: int = 0

    @property
    def stopped(self) -> bool:
        """It has nothing of several days: of one or two there may have been nothing to record."""
        return self.recording is False and self.newest > YOUNGER  # once, fewer were enough

    def keeps(self, days: int) -> bool | None:
        """Whether so many days are kept, up to yesterday; None: nobody can tell, as where one day is all that speaks
        against it."""
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


def is_of(played: tuple[datetime, datetime | None], asked: tuple[datetime, datetime]) -> bool:
    """Whether what a recorder says that it plays, from a moment on or up to another, is what it was asked for."""
    begins, ends = played
    return begins <= asked[1] + OFF and (ends or begins) >= asked[0] - OFF


def span(told: str) -> tuple[datetime, datetime | None] | None:
    """The time that a recorder says it plays, as of the header Range (RFC 2326, 3.7); None: it does not say so."""
    found = _CLOCK.match(told)
    if not found:
        return None
    try:
        begins, *ends = (datetime.strptime(one, "%Y%m%dT%H%M%S").replace(tzinfo=UTC) for one in found.groups() if one)
    except ValueError:
        return None
    return begins, ends[0] if ends else None


def next_day(answers: Mapping[int, Answer], declared: int) -> int | None:
    """The day to ask for next, None when enough is known or nothing more can be.

    Args:
        answers: by day ago.
        declared: days that are to be kept, at least 1.
    """
    unclear = any(one == Answer.UNCLEAR for day, one in answers.items() if day != FUTURE)
    if unclear or _plays_anything(answers) or len(answers) >= MOST:
        return None
    controls = (CONTROL, FUTURE) if answers.get(YESTERDAY) == Answer.PLAYED else (CONTROL,)
    for day in (YESTERDAY, *controls, declared):
        if day not in answers:
            return day
    played, gone = _split(answers)
    if not played:  # it may have stopped: it may hold less than is declared, or only older days
        tried = [declared * quarters // 4 for quarters in QUARTERS]
        return next((d for d in tried if d > 1 and d not in answers), None)
    newest, oldest = min(played), max(played)
    if newest > YESTERDAY:
        near = [*range(YESTERDAY, min(newest, YESTERDAY + YOUNGER)), *_after_stop(newest)]
        return _next(answers, max((d for d in gone if d < newest), default=0), newest, near)
    missing = min((d for d in gone if d > oldest), default=0)
    beyond = (missing + 1, missing + 2, declared + WEEK, *_before_end(oldest)) if missing else ()
    return _next(answers, oldest, missing, beyond)


def _next(answers: Mapping[int, Answer], low: int, high: int, witnesses: Sequence[int]) -> int | None:
    """The middle between two days; where they are neighbours, one of those that are to agree."""
    if high - low > 1:
        return (low + high) // 2
    return next((day for day in witnesses if day not in answers), None)


def _split(answers: Mapping[int, Answer]) -> tuple[list[int], list[int]]:
    """Days of which it showed a recording, and those of which it did not; the control days are neither."""
    days = [day for day in answers if day not in (CONTROL, FUTURE)]
    return [d for d in days if answers[d] == Answer.PLAYED], [d for d in days if answers[d] in NOT_PLAYED]


def _plays_anything(answers: Mapping[int, Answer]) -> bool:
    """Whether it played what nobody has: the oldest or the newest that it has, or the live picture."""
    return Answer.PLAYED in (answers.get(CONTROL), answers.get(FUTURE))


def conclude(answers: Mapping[int, Answer], *, sure: bool = True) -> Recording:
    """What the answers come to. That nothing is there is believed only of one that played another day: else it may be
    our way of asking that is wrong.

    Args:
        sure: the days beside those that are missing were asked for once more, and played: see `beside`.
    """
    played, gone = _split(answers)
    if not played or answers.get(CONTROL) not in NOT_PLAYED or _plays_anything(answers):
        return Recording()
    newest, oldest = min(played), max(played)
    missing = [day for day in gone if answers[day] == Answer.ABSENT] if sure else []
    younger, older = [day for day in missing if day < newest], [day for day in missing if day > oldest]
    unbroken = not any(newest < day < oldest for day in gone)
    stopped = len(younger) >= YOUNGER and unbroken and {*played}.issuperset(_after_stop(newest))
    ends = len(older) >= OLDER and {*played}.issuperset(_before_end(oldest))
    recording = True if newest == YESTERDAY else False if stopped else None
    return Recording(recording, newest, oldest, min(older) if ends else 0)


def _after_stop(newest: int) -> list[int]:
    """Days older than the newest that must be there if it has stopped."""
    return [newest + days for days in UNBROKEN]


def _before_end(oldest: int) -> list[int]:
    """Days younger than the oldest that must be there if it keeps no more."""
    return [oldest - days for days in UNBROKEN if oldest - days > YESTERDAY]


def beside(known: Recording) -> tuple[int, ...]:
    """The days that were played next to those of which is said that they are missing: busy since, it would say so of
    these as well."""
    return (*((known.newest,) if known.stopped else ()), *((known.oldest,) if known.missing else ()))
