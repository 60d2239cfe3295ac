"""Airflow's callbacks: what failed is handed to the room `staff`, and what works again.

An error in one is logged, and never hides the first. Airflow reads this with each DAG: what it needs is imported late.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dondoc import clock
from dondoc.orchestration import runs
from dondoc.orchestration.connections import open_context
from dondoc.vocabulary.notices import Notice

log = logging.getLogger(__name__)


def failed(context: Mapping[str, Any]) -> None:
    """`on_failure_callback` of every task."""
    task, error, by_hand = context["task_instance"], context.get("exception"), runs.by_hand(context)
    mapped = task.map_index is not None and task.map_index >= 0
    _report(
        notice=Notice.TASK_FAILED,
        where=f"{task.dag_id}.{task.task_id}",
        run=task.run_id,
        task=f"{task.task_id}/mapped/{task.map_index}" if mapped else task.task_id,
        attempt=task.try_number,
        error=error,
        by_hand=by_hand,
        quiet=by_hand and isinstance(error, runs.Refused),
    )


def run_failed(context: Mapping[str, Any]) -> None:
    """`on_failure_callback` of every DAG: of runs that were ended, and of tasks that died without a word."""
    timed_out = context.get("reason") == "timed_out"
    if not timed_out and _tasks_have_told(context):
        return
    _report(
        notice=Notice.RUN_TIMED_OUT if timed_out else Notice.RUN_UNFINISHED,
        where=context["dag"].dag_id,
        run=context["run_id"],
        by_hand="dag_run" in context and runs.by_hand(context),
    )


def _report(**failure: Any) -> None:
    from dondoc.staff import failures

    reported = failures.Failure(**failure)
    log.error("%s: %s", reported.where, reported.detail)
    try:
        app = open_context()
    except Exception:
        log.exception("failure alert: settings unusable")
        return
    failures.occurred(app, reported, clock.now())


def _tasks_have_told(context: Mapping[str, Any]) -> bool:
    from dondoc.staff import alerts

    run = context.get("dag_run")
    began = clock.played(run.start_date) if run and run.start_date else clock.now() - timedelta(hours=1)
    try:
        with open_context().sessions.reading() as session:
            return alerts.told_since(session, context["dag"].dag_id, began)
    except Exception:
        log.exception("failure alert: nobody knows what was told")
        return False


def succeeded(context: Mapping[str, Any]) -> None:
    """`on_success_callback` of every task: what was wrong with it, or with runs of its DAG, is over."""
    task = context["task_instance"]
    if task.map_index is not None and task.map_index >= 0:
        return  # that another batch or letter failed is over when all went well
    if (context.get("params") or {}).get("dry_run"):
        return  # who only looks mends nothing
    over(f"{task.dag_id}.{task.task_id}", task.dag_id, exactly=True)


def over(*places: str, exactly: bool = False) -> None:
    """These tasks or runs, or these DAGs with all their tasks, work again: tell those who know that they did not."""
    from dondoc.staff import failures

    try:
        app = open_context()
    except Exception:
        log.exception("the end of a failure could not be told")
        return
    failures.over(app, places, clock.now(), exactly=exactly)
