"""The last task of a DAG whose other tasks go on when one of them fails."""

from airflow.providers.standard.operators.empty import EmptyOperator


def all_went_well() -> EmptyOperator:
    """Put it after every task: Airflow takes the state of a run from its last tasks alone.

    It runs nothing, and so costs and alerts nothing; whatever failed before has told the operators already.
    """
    return EmptyOperator(task_id="all_went_well", trigger_rule="none_failed", retries=0)
