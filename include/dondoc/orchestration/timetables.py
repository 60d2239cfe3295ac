"""A timetable that fires on Vietnam's working days, and shows the true next run."""

import datetime as dt
import logging
from typing import Any

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from dondoc import workdays
from dondoc.configuration import settings
from dondoc.errors import Problem

log = logging.getLogger(__name__)
ZONE = "Asia/Ho_Chi_Minh"


def calendar() -> workdays.WorkingDays:
    """The working days by which the letters are decided, read again when their file has changed.

    A file that cannot be used must not keep the scheduler from its other runs: it goes by the one that is shipped, and
    the run itself says what is wrong.
    """
    try:
        return workdays.load(settings.load().calendar_file)
    except (Problem, OSError) as error:
        log.error("the calendar cannot be used, the shipped one is: %s", error)
        return workdays.load(settings.DATA / "directives" / "working-days.yaml")


class WorkingDayTimetable(Timetable):
    """Every working day at one time of the day. A run has no interval: it is about its own moment."""

    description = "Ngày làm việc"

    def __init__(self, hour: int = 7, minute: int = 30) -> None:
        self.hour = hour
        self.minute = minute

    @property
    def summary(self) -> str:
        return f"{self.hour:02}:{self.minute:02} ngày làm việc"

    def serialize(self) -> dict[str, Any]:
        return {"hour": self.hour, "minute": self.minute}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "WorkingDayTimetable":
        return cls(**data)

    def _fire(self, moment: pendulum.DateTime, step: int) -> pendulum.DateTime:
        """The first fire time at or after a moment (step 1), or the last one at or before it (step -1)."""
        day = moment.in_timezone(ZONE).date()
        known = calendar()
        for _ in range(60):  # Tết is the longest pause, under two weeks
            fire = pendulum.datetime(day.year, day.month, day.day, self.hour, self.minute, tz=ZONE).in_timezone("UTC")
            if known.is_working_day(day) and (fire >= moment if step > 0 else fire <= moment):
                return fire
            day += dt.timedelta(days=step)
        raise RuntimeError("no working day within 60 days: look at the calendar's override file")

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        return DataInterval.exact(self._fire(run_after, -1))

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        last = last_automated_data_interval
        after = last.end + dt.timedelta(seconds=1) if last else restriction.earliest
        if not restriction.catchup:
            missed = self._fire(pendulum.now("UTC"), -1)
            after = max(after, missed) if after else missed
        if after is None:
            return None
        fire = self._fire(after, 1)
        return None if restriction.latest and fire > restriction.latest else DagRunInfo.exact(fire)
