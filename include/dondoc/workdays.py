"""Vietnam's working days: the `holidays` library, corrected by a dated override file that names its documents."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Literal

import holidays

from dondoc.configuration.settings import DATA
from dondoc.directive.located_yaml import read
from dondoc.directive.model import Strict

YEARS = range(2021, 2028)
# The library counts days off of the lunar calendar this far; beyond, only Saturdays and Sundays are off. It must not
# work out more of them when asked: the days of one far date would take it minutes.
KNOWN = range(2000, 2101)
_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_ONE = timedelta(days=1)


class Override(Strict):
    """A day on which the official calendar differs from the library, and the document that says so."""

    date: date
    kind: Literal["day_off", "working"]
    document: str


class CalendarFile(Strict):
    """The keys of the file of overrides."""

    overrides: tuple[Override, ...] = ()
    unconfirmed_years: tuple[int, ...] = ()


@dataclass(frozen=True)
class WorkingDays:
    """A calendar of working days. Deadlines are never moved by it: it only counts."""

    library: holidays.HolidayBase
    overrides: dict[date, Override]
    unconfirmed_years: Sequence[int]

    def is_working_day(self, day: date) -> bool:
        known = self._asked.get(day)
        if known is None:
            override = self.overrides.get(day)
            known = self._asked[day] = override.kind == "working" if override else self.library.is_working_day(day)
        return known

    @cached_property
    def _asked(self) -> dict[date, bool]:
        """Answers so far: a morning asks a hundred thousand times about a few dozen days."""
        return {}

    def add(self, day: date, count: int) -> date:
        """The `count`-th working day after `day` (negative: before it). 0: the day itself, else the next one."""
        if (known := self._added.get((day, count))) is None:
            known = self._added[day, count] = self._add(day, count)
        return known

    @cached_property
    def _added(self) -> dict[tuple[date, int], date]:
        """Answers so far, as above."""
        return {}

    def _add(self, day: date, count: int) -> date:
        step = -_ONE if count < 0 else _ONE
        if count == 0:
            day, count = day - _ONE, 1
        for _ in range(abs(count)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to and including `end`; 0 when `end` is not after it.

        Counted by weeks and corrected by the days that differ, so that a far date costs no more than a near one.
        """
        if end <= start:
            return 0
        days, sums = self._differing
        differ = sums[bisect_right(days, end)] - sums[bisect_right(days, start)]
        return _weekdays(end) - _weekdays(start) + differ

    @cached_property
    def _differing(self) -> tuple[list[date], list[int]]:
        """Days that are not what their weekday says, in order; and by how much the first n of them change a count."""
        candidates = {*self.library, *self.library.weekend_workdays, *self.overrides}
        days = sorted(day for day in candidates if self.is_working_day(day) != (day.weekday() < 5))
        return days, list(accumulate((1 if self.is_working_day(day) else -1 for day in days), initial=0))

    def confirmed(self, year: int) -> bool:
        """False when that year's days off are the library's guess, not an official notice."""
        return year in YEARS and year not in self.unconfirmed_years

    def why(self, day: date) -> str:
        """Why a day is or is not a working day, for people."""
        weekday = f"{_WEEKDAYS[day.weekday()]} ngày {day:%d/%m/%Y}"
        if override := self.overrides.get(day):
            word = "là ngày làm việc" if override.kind == "working" else "được nghỉ"
            return f"{weekday} {word} theo Văn bản số {override.document}"
        if self.is_working_day(day):
            return f"{weekday} là ngày làm việc"
        name = self.library.get(day)
        return f"{weekday} là ngày nghỉ" + (f" ({name})" if name else "")


def _weekdays(day: date) -> int:
    """How many Mondays to Fridays there were from the first day of the calendar (a Monday) up to a day."""
    weeks, rest = divmod(day.toordinal(), 7)
    return weeks * 5 + min(rest, 5)


def load(path: Path) -> WorkingDays:
    """The calendar with the overrides of a file, read again when the file has changed. Raises as `load_file`."""
    return calendar(load_file(path))


def load_file(path: Path) -> CalendarFile:
    """The overrides in a file.

    Raises:
        Problem: the file cannot be used; `file:line: …` per fault.
    """
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache
def calendar(file: CalendarFile) -> WorkingDays:
    """The library's calendar with these overrides."""
    library = holidays.country_holidays("VN", years=KNOWN, language="vi", expand=False)
    return WorkingDays(library, {o.date: o for o in file.overrides}, file.unconfirmed_years)


@lru_cache
def _load(path: Path, _mtime: int) -> CalendarFile:
    marked = read(path)
    marked.data = {} if marked.data is None else marked.data
    file = marked.check(CalendarFile)
    if isinstance(file, CalendarFile):
        days = [o.date for o in file.overrides]
        for i, day in enumerate(days):
            if day in days[:i]:
                marked.fault(("overrides", i), f"ngày {day:%d/%m/%Y} ghi hai lần")
            if not file.overrides[i].document.strip():
                marked.fault(("overrides", i, "document"), "thiếu văn bản làm căn cứ")
    marked.raise_faults()
    assert isinstance(file, CalendarFile)
    return file


def is_working_day(day: date) -> bool:
    """On the calendar that is shipped with dondoc."""
    return load(DATA / "directives" / "working-days.yaml").is_working_day(day)
