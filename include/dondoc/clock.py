"""The one place that reads the time. Logic never does: it takes `as_of` or `now` as an argument."""

import os
import time
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from dondoc.errors import Problem

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
OUR_OFFSET = timedelta(hours=7)  # from universal time, all year
_started = time.monotonic()


def now() -> datetime:
    """The present instant, in Vietnam's time zone.

    `DONDOC_CLOCK` (ISO 8601 with offset) starts this process's clock there; it ticks from then on. Processes with the
    same `DONDOC_CLOCK_SINCE` (real time at which the clock stood there, in seconds since the epoch) share one clock.

    Raises:
        Problem: `DONDOC_CLOCK` is no instant.
    """
    if start := os.environ.get("DONDOC_CLOCK"):
        return _moment(start).astimezone(HERE) + timedelta(seconds=_ticked())
    return datetime.now(HERE)


def played(real: datetime) -> datetime:
    """An instant that a real clock told (Airflow's, of a run) as this process's clock tells it."""
    if not os.environ.get("DONDOC_CLOCK"):
        return real.astimezone(HERE)
    return now() - timedelta(seconds=time.time() - real.timestamp())


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Problem("DONDOC_CLOCK không phải thời điểm. Viết dạng 2021-11-22T07:00+07:00.") from None


def _ticked() -> float:
    since = os.environ.get("DONDOC_CLOCK_SINCE")
    return time.time() - float(since) if since else time.monotonic() - _started


def to_come(day: date, now: datetime) -> str | None:
    """Why nothing is recorded, sent or reported of a day to come; None for today and before."""
    if day <= now.astimezone(HERE).date():
        return None
    return f"Ngày {day:%d/%m/%Y} chưa đến: chưa có gì để ghi, gửi hay báo cáo. Chọn hôm nay hoặc một ngày đã qua."


def end_of(day: date) -> datetime:
    """The last instant of a day in Vietnam: what "as of that day" means."""
    return datetime.combine(day, time_of_day.max, HERE)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A wall-clock time of a day in Vietnam."""
    return datetime.combine(day, time_of_day(hour, minute), HERE)
