"""DAGs whose task is stopped (SIGSTOP) in the middle. Read by the Airflow of `test_live.py`, not by ours."""

import os
import time
from datetime import timedelta
from pathlib import Path

from airflow.sdk import dag, task

from dondoc.orchestration import defaults, limits
from dondoc.orchestration.verdict import all_went_well

SOON = timedelta(seconds=8)


def sleep() -> None:
    """Say who sleeps; the first sleeps longer than anybody waits, the next ones do not."""
    place = Path(os.environ["DONDOC_HOME"])
    name = os.environ["AIRFLOW_CTX_DAG_ID"]
    first = not (place / name).exists()
    (place / name).write_text(str(os.getpid()))
    time.sleep(900 if first else 0)


@dag(**defaults.DAG, schedule=None, max_active_runs=1, dagrun_timeout=timedelta(minutes=30), default_args=defaults.TASK)
def stopped_in_its_body():
    @task(execution_timeout=SOON, retries=0)
    def sleeper() -> None:
        limits.held_to(SOON)(sleep)()

    @task(trigger_rule="all_done")
    def others() -> None:
        """Goes on, as in the DAGs of ours in which a task that failed does not cost the rest."""

    slept, went_on = sleeper(), others()
    slept >> went_on
    [slept, went_on] >> all_went_well(ping="gather")


@dag(**defaults.DAG, schedule=None, max_active_runs=1, dagrun_timeout=timedelta(seconds=45), default_args=defaults.TASK)
def stopped_elsewhere():
    @task(execution_timeout=SOON, retries=0)
    def sleeper() -> None:
        sleep()

    sleeper()


stopped_in_its_body()
stopped_elsewhere()
