"""Vietnam's working days: the `holidays` library, corrected by a dated override file that names its documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

import holidays

from dondoc.directive.marked import read
from dondoc.directive.model import Strict
from dondoc.settings import DATA

YEARS = range(2021, 2028)
_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_ONE = timedelta(days=1)


class Override(Strict):
    """A day on which the official calendar differs from the library, and the document that says so."""

    date: date
    kind: Literal["day_off", "working"]
    document: str


class _File(Strict):
    overrides: tuple[Override, ...] = ()
    unconfirmed_years: tuple[int, ...] = ()


@dataclass(frozen=True)
class WorkingDays:
    """A calendar of working days. Deadlines are never moved by it: it only counts."""

    library: holidays.HolidayBase
    overrides: dict[date, Override]
    unconfirmed_years: Sequence[int]

    def is_working_day(self, day: date) -> bool:
        if override := self.overrides.get(day):
            return override.kind == "working"
        return bool(self.library.is_working_day(day))

    def add(self, day: date, count: int) -> date:
        """The `count`-th working day after `day` (negative: before it). 0: the day itself, else the next one."""
        step = -_ONE if count < 0 else _ONE
        if count == 0:
            day, count = day - _ONE, 1
        for _ in range(abs(count)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to and including `end`; 0 when `end` is not after it."""
        return sum(self.is_working_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))

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


def load(path: Path) -> WorkingDays:
    """The calendar with the overrides of a file, read again when the file has changed.

    Raises:
        Problem: the file cannot be used; `file:line: …` per fault.
    """
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache
def _load(path: Path, _mtime: int) -> WorkingDays:
    marked = read(path)
    marked.data = {} if marked.data is None else marked.data
    file = marked.check(_File)
    if isinstance(file, _File):
        days = [o.date for o in file.overrides]
        for i, day in enumerate(days):
            if day in days[:i]:
                marked.fault(("overrides", i), f"ngày {day:%d/%m/%Y} ghi hai lần")
            if not file.overrides[i].document.strip():
                marked.fault(("overrides", i, "document"), "thiếu văn bản làm căn cứ")
    marked.raise_faults()
    assert isinstance(file, _File)
    library = holidays.country_holidays("VN", years=YEARS, language="vi")
    return WorkingDays(library, {o.date: o for o in file.overrides}, file.unconfirmed_years)


def is_working_day(day: date) -> bool:
    """On the calendar that is shipped with dondoc."""
    return load(DATA / "directives" / "working-days.yaml").is_working_day(day)
