"""What every DAG must be, as Airflow sees it."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dondoc.configuration.settings import Settings
from dondoc.forms import limited
from dondoc.orchestration import alerts, checking, escalating, gathering, limits, reporting, runs

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
IDS = [
    "check_camera_reachability",
    "escalate_overdue_agencies",
    "gather_survey_submissions",
    "weekly_status_report",
]
HEAVY = {"cv2", "av", "numpy", "openpyxl", "docx", "python_calamine", "fastapi", "sqlalchemy.orm"}
every_dag = pytest.mark.parametrize("name", IDS)


def test_the_dags_are_these_four(dags: dict[str, Any]) -> None:
    assert sorted(dags) == IDS


@every_dag
def test_a_dag_explains_itself_in_vietnamese(dags: dict[str, Any], name: str) -> None:
    dag = dags[name]
    assert len(dag.doc_md) > 200
    assert "dondoc" in dag.tags
    assert all(dag.params.get_param(p).schema.get("title") for p in dag.params)


@every_dag
def test_a_dag_catches_nothing_up_and_tells_of_failures(dags: dict[str, Any], name: str) -> None:
    dag = dags[name]
    assert not dag.catchup
    for task in dag.tasks:
        callbacks = getattr(task, "on_failure_callback", None) or task.partial_kwargs["on_failure_callback"]
        callbacks = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        assert callbacks == [alerts.failed], task.task_id


@every_dag
def test_every_parameter_has_a_type(dags: dict[str, Any], name: str) -> None:
    params = dags[name].params
    assert all(params.get_param(p).schema["type"] for p in params)
    if "as_of" in params:
        params["as_of"] = "2021-11-22"
        with pytest.raises(ValueError, match="date"):
            params["as_of"] = "hôm nay"
        params["as_of"] = None


@every_dag
def test_a_dag_survives_being_written_down_and_read_back(dags: dict[str, Any], name: str) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    again = DagSerialization.from_dict(DagSerialization.to_dict(dags[name]))
    assert (again.dag_id, set(again.task_ids)) == (name, set(dags[name].task_ids))
    assert type(again.timetable).__name__ == type(dags[name].timetable).__name__


@every_dag
def test_no_run_decides_beside_another_and_none_waits_for_another_ones_approver(
    dags: dict[str, Any], name: str
) -> None:
    dag = dags[name]
    if "approve" in dag.task_ids:
        assert dag.max_active_runs > 1
        [decides] = dag.get_task("anything_to_approve").upstream_task_ids
        assert dag.get_task(decides).max_active_tis_per_dag == 1
    else:
        assert dag.max_active_runs == 1


def test_a_run_of_a_dag_that_goes_on_after_a_failure_ends_in_the_truth(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        if any(task.trigger_rule == "all_done" for task in dag.tasks):
            [last] = dag.leaves
            assert (last.trigger_rule, last.upstream_task_ids) == ("none_failed", set(dag.task_ids) - {last.task_id})


@every_dag
def test_every_run_and_every_task_has_a_time_limit(dags: dict[str, Any], name: str) -> None:
    dag = dags[name]
    assert dag.dagrun_timeout
    for task in dag.tasks:
        limit = task.partial_kwargs["execution_timeout"] if task.is_mapped else task.execution_timeout
        assert limit, task.task_id
        assert limit < dag.dagrun_timeout, task.task_id
    for asked in (t for t in dag.tasks if t.task_id == "approve"):
        assert asked.response_timeout < dag.dagrun_timeout, "unanswered letters stay held"


def test_the_mailbox_is_left_before_its_task_is_ended(dags: dict[str, Any]) -> None:
    """Ended from outside it wrote down neither that it was read nor which mails failed: none was ever set aside."""
    [most] = [said.le for said in Settings.model_fields["mailbox_seconds"].metadata if hasattr(said, "le")]
    task = dags["gather_survey_submissions"].get_task("read_mailbox")
    assert timedelta(seconds=most) + timedelta(minutes=1) <= task.execution_timeout


def test_judging_ends_before_its_task_is_ended() -> None:
    one_more = limited.LIMITS.wall + limited.COPY.wall
    assert gathering.JUDGING + one_more < limits.JUDGE.total_seconds()


def test_a_run_that_gathers_has_time_for_all_that_its_tasks_may_take(dags: dict[str, Any]) -> None:
    dag = dags["gather_survey_submissions"]
    chain = ("read_mailbox", "judge_and_answer", "probe_declared", "deliver")
    assert sum((dag.get_task(name).execution_timeout for name in chain), timedelta()) < dag.dagrun_timeout


def test_what_airflow_may_not_be_able_to_end_is_killed_shortly_after_its_limit(dags: dict[str, Any]) -> None:
    bodies = {**vars(gathering), **vars(checking), **vars(escalating), **vars(reporting)}
    told = {
        task.task_id: task.partial_kwargs["execution_timeout"] if task.is_mapped else task.execution_timeout
        for dag in dags.values()
        for task in dag.tasks
        if task.task_id in bodies
    }
    assert len(told) == 14
    assert told == {name: bodies[name].limit for name in told}


@every_dag
def test_airflow_starts_no_run_but_scheduled_ones_and_those_by_hand(dags: dict[str, Any], name: str) -> None:
    assert {t.value for t in dags[name].allowed_run_types} == {"scheduled", "manual"}


@every_dag
def test_no_task_does_anything_in_a_backfill(dags: dict[str, Any], name: str) -> None:
    run = SimpleNamespace(run_type="backfill")
    for task in dags[name].tasks:
        hook = task.partial_kwargs["pre_execute"] if task.is_mapped else task._pre_execute_hook
        with pytest.raises(runs.Refused, match="không hỏi camera, không ghi, không gửi"):
            hook({"dag_run": run})


def test_approval_tasks_send_no_mail_themselves(dags: dict[str, Any]) -> None:
    asked = [dags[name].get_task("approve") for name in ("escalate_overdue_agencies", "weekly_status_report")]
    assert all(not task.notifiers and task.defaults for task in asked)


def test_reading_the_dags_imports_nothing_heavy() -> None:
    code = (
        "import sys, runpy, airflow.sdk; before = set(sys.modules)\n"
        "for path in sys.argv[1:]: runpy.run_path(path)\n"
        "print(*(set(sys.modules) - before))"
    )
    files = [str(p) for p in (ROOT / "dags").glob("*.py")]
    done = subprocess.run([sys.executable, "-c", code, *files], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()
