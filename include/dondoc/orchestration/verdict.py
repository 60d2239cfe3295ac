"""The last task of a DAG whose other tasks go on when one of them fails."""

from collections.abc import Mapping
from typing import Any, Literal

from airflow.sdk import task

from dondoc import clock
from dondoc.orchestration import alerts
from dondoc.orchestration.connections import open_context
from dondoc.orchestration.ping import ping as heartbeat


def all_went_well(*, ping: Literal["gather", "night"] | None = None) -> Any:
    """Put it after every task that asks no person: Airflow takes the state of a run from its last tasks alone.

    When all of them went well it ends what was told of the DAG's failures, and sends the heartbeat, if any.
    """

    @task(task_id="all_went_well", trigger_rule="none_failed")
    def last(**context: Any) -> None:
        well(context, ping)

    return last()


def well(context: Mapping[str, Any], which: Literal["gather", "night"] | None) -> None:
    """All tasks of the run went well."""
    from dondoc.staff import alerts as causes

    alerts.over(context["dag"].dag_id)
    app = open_context()
    causes.publish(app, clock.now())
    if which and not context["params"].get("dry_run"):
        settings = app.settings
        heartbeat(settings.ping_gather_url if which == "gather" else settings.ping_night_url, settings.ca_file)
