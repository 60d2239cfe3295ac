"""Duties that come back: "báo cáo trước ngày 25 hằng tháng, đến hết tháng 6/2022"."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from pydantic import Field

from dondoc.directive.model import Strict

MONTH = r"^(19|2\d)\d{2}-(0[1-9]|1[0-2])$"


class Periodic(Strict):
    """From a first to a last month, every so many months, before a day of the month."""

    first: str = Field(pattern=MONTH)
    last: str = Field(pattern=MONTH)
    before_day: int = Field(ge=1, le=31)  # in a shorter month: its last day
    months: int = Field(1, ge=1, le=12)

    def periods(self) -> Iterator[tuple[str, date]]:
        """Each period and the day before which it is due."""
        month, last = _number(self.first), _number(self.last)
        while month <= last:
            year, index = divmod(month, 12)
            day = min(self.before_day, monthrange(year, index + 1)[1])
            yield f"{year:04}-{index + 1:02}", date(year, index + 1, day)
            month += self.months


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1
