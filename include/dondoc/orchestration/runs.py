"""What a run was asked, its moment, and which runs do nothing: Airflow's buttons start more than makes sense."""

import os
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from airflow.exceptions import AirflowFailException
from airflow.sdk import Param
from airflow.timetables.base import Timetable

from dondoc import clock
from dondoc.audit import Actor, Channel
from dondoc.errors import Problem

STALE = timedelta(hours=2)  # a scheduled run later than this decides, but records nothing
BACKFILL = "backfill"
# What the schedule and a person start. Nothing here is about an interval of the past: a backfill would ask today's
# cameras, and write today's letters, in the name of other days.
RUN_TYPES = ("scheduled", "manual")

DRY_RUN = Param(False, type="boolean", title="Chạy thử", description="Chỉ xem sẽ làm gì, không ghi và không gửi.")
AS_OF = Param(None, type=["null", "string"], format="date", title="Ngày", description="Để trống: ngày của lượt chạy.")
AGENCIES = Param(
    [],
    type=["null", "array"],
    items={"type": "string"},
    title="Đơn vị",
    description="Mã các đơn vị, mỗi dòng một mã, ví dụ so-nnptnt. Để trống: tất cả.",
)


class Refused(Problem, AirflowFailException):
    """The run is not to do what it was asked, and does nothing. Trying again would change nothing."""


def refuse_backfill(context: Mapping[str, Any]) -> None:
    """`pre_execute` of every task: a backfill run reads, asks, records and sends nothing.

    Airflow does not start one of our DAGs (`allowed_run_types`); this holds for runs made before or around that.

    Raises:
        Refused: it is one.
    """
    if run_type(context) == BACKFILL:
        raise Refused(
            "Lượt chạy bù (backfill) không làm gì: không đọc nguồn, không hỏi camera, không ghi, không gửi. "
            "Cần xem một ngày đã qua thì chạy tay với tham số as_of."
        )


def schedule(value: str | Timetable) -> str | Timetable | None:
    """The schedule as written, or none where `DONDOC_SCHEDULES=off`: the demo starts its runs itself."""
    return None if os.environ.get("DONDOC_SCHEDULES") == "off" else value


def params(context: Mapping[str, Any]) -> dict[str, Any]:
    """The run's parameters.

    Raises:
        Refused: the run was started with a parameter that the DAG does not know (Airflow lets it through). Nobody but
            who started it is told: whoever may start runs could use up the day's letters to the operators.
    """
    known, given = context["dag"].params, context["dag_run"].conf or {}
    if unknown := sorted(set(given) - set(known)):
        raise Refused(f"Không có tham số {', '.join(unknown)}. DAG này nhận: {', '.join(sorted(known))}.")
    return dict(context["params"])


def moment(context: Mapping[str, Any]) -> datetime:
    """When the run was due: the same however often its tasks are cleared and run again."""
    return clock.played(context["dag_run"].run_after)


def as_of(context: Mapping[str, Any], first: date) -> date:
    """The run's day: its parameter, else the day of its `run_after` in Vietnam; never `ds` or `logical_date`.

    Raises:
        Refused: it lies before `first`, the day from which on there is something to look at.
    """
    value = params(context).get("as_of")
    day = date.fromisoformat(value) if value else moment(context).date()
    if day < first:
        raise Refused(f"Không có gì để xem trước ngày {first:%d/%m/%Y}. Để trống as_of, hoặc chọn ngày từ hôm đó.")
    return day


def late(context: Mapping[str, Any], now: datetime) -> str | None:
    """Why this scheduled run came too late to record anything; None for a punctual or a manual run."""
    due = moment(context)
    if not scheduled(context) or now - due < STALE:
        return None
    return (
        f"Lượt chạy theo lịch lúc {due:%H:%M %d/%m/%Y} bị trễ quá 02 giờ: không ghi và không gửi gì. Xem vì sao "
        "Airflow chạy muộn; việc của hôm nay còn cần làm thì chạy tay (Trigger)."
    )


def run_type(context: Mapping[str, Any]) -> str:
    """As Airflow writes it: scheduled, manual, backfill."""
    return str(context["dag_run"].run_type).rsplit(".", 1)[-1].lower()


def scheduled(context: Mapping[str, Any]) -> bool:
    """Whether the timetable started this run, not a person."""
    return run_type(context) == "scheduled"


def started_by(context: Mapping[str, Any]) -> Actor | None:
    """The person who started a run by hand, as Airflow knows them, for the audit trail; None: its hour had come."""
    name = context["dag_run"].triggering_user_name if run_type(context) == "manual" else None
    return Actor(name, name, Channel.AIRFLOW) if name else None


def by_hand(context: Mapping[str, Any]) -> bool:
    """Whether a person started this run, or had it run again: who did so sees what becomes of it."""
    return not scheduled(context) or bool(getattr(context["dag_run"], "clear_number", 0))


def agencies(context: Mapping[str, Any], known: set[str]) -> list[str] | None:
    """The subset of agencies, or None for all.

    Raises:
        Refused: an id that the directive does not know.
    """
    wanted = params(context).get("agencies") or []
    if unknown := sorted(set(wanted) - known):
        raise Refused(f"Không có đơn vị {', '.join(unknown)} trong văn bản chỉ đạo. Kiểm tra lại mã đơn vị.")
    return wanted or None
