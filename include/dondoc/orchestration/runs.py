"""What a run was asked: its parameters and its moment."""

import os
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from airflow.sdk import Param
from airflow.timetables.base import Timetable

from dondoc import clock
from dondoc.errors import Problem

STALE = timedelta(hours=2)  # a scheduled run later than this decides, but records nothing

DRY_RUN = Param(False, type="boolean", title="Chạy thử", description="Chỉ xem sẽ làm gì, không ghi và không gửi.")
AS_OF = Param(None, type=["null", "string"], format="date", title="Ngày", description="Để trống: ngày của lượt chạy.")
AGENCIES = Param(
    [],
    type=["null", "array"],
    items={"type": "string"},
    title="Đơn vị",
    description="Mã các đơn vị, mỗi dòng một mã, ví dụ so-nnptnt. Để trống: tất cả.",
)


def schedule(value: str | Timetable) -> str | Timetable | None:
    """The schedule as written, or none where `DONDOC_SCHEDULES=off`: the demo starts its runs itself."""
    return None if os.environ.get("DONDOC_SCHEDULES") == "off" else value


def params(context: Mapping[str, Any]) -> dict[str, Any]:
    """The run's parameters.

    Raises:
        Problem: the run was started with a parameter that the DAG does not know (Airflow lets it through).
    """
    known, given = context["dag"].params, context["dag_run"].conf or {}
    if unknown := sorted(set(given) - set(known)):
        raise Problem(f"Không có tham số {', '.join(unknown)}. DAG này nhận: {', '.join(sorted(known))}.")
    return dict(context["params"])


def as_of(context: Mapping[str, Any]) -> date:
    """The run's day: its parameter, else the day of its `run_after` in Vietnam; never `ds` or `logical_date`."""
    if value := params(context).get("as_of"):
        return date.fromisoformat(value)
    return context["dag_run"].run_after.astimezone(clock.HERE).date()


def late(context: Mapping[str, Any], now: datetime) -> str | None:
    """Why this scheduled run came too late to record anything; None for a punctual or a manual run."""
    run = context["dag_run"]
    if not scheduled(context) or now - run.run_after < STALE:
        return None
    return f"lượt chạy theo lịch lúc {run.run_after.astimezone(clock.HERE):%H:%M %d/%m/%Y} bị trễ quá 02 giờ"


def scheduled(context: Mapping[str, Any]) -> bool:
    """Whether the timetable started this run, not a person."""
    return str(context["dag_run"].run_type).rsplit(".", 1)[-1].lower() == "scheduled"


def agencies(context: Mapping[str, Any], known: set[str]) -> list[str] | None:
    """The subset of agencies, or None for all.

    Raises:
        Problem: an id that the directive does not know.
    """
    wanted = params(context).get("agencies") or []
    if unknown := sorted(set(wanted) - known):
        raise Problem(f"Không có đơn vị {', '.join(unknown)} trong văn bản chỉ đạo. Kiểm tra lại mã đơn vị.")
    return wanted or None
