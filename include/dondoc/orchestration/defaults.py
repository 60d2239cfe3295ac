"""What all DAGs and all their tasks have in common."""

from datetime import datetime, timedelta
from typing import Any

from dondoc.clock import HERE
from dondoc.orchestration import alerts, limits, runs

DAG: dict[str, Any] = {
    "start_date": datetime(2021, 11, 1, tzinfo=HERE),
    "catchup": False,
    "allowed_run_types": runs.RUN_TYPES,
    "on_failure_callback": alerts.run_failed,
}
TASK: dict[str, Any] = {
    "pre_execute": runs.refuse_backfill,
    "on_failure_callback": alerts.failed,
    "on_success_callback": alerts.succeeded,
    "retries": 1,
    "retry_delay": timedelta(seconds=20),
    "execution_timeout": limits.OTHERS,
}
