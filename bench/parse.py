"""How long each DAG file takes to parse, beyond Airflow's own import: a fresh process each, five times; medians."""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARSE = """
import runpy, sys, time
from airflow.sdk import dag, task, Param
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.timetables.trigger import CronTriggerTimetable
from airflow.dag_processing.dagbag import DagBag
began = time.perf_counter()
runpy.run_path(sys.argv[1])
print(time.perf_counter() - began)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        own = {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__UNIT_TEST_MODE": "True"}
        for path in sorted((ROOT / "dags").glob("*.py")):
            taken = []
            for _ in range(5):
                call = [sys.executable, "-c", PARSE, str(path)]
                done = subprocess.run(call, capture_output=True, text=True, check=True, env=os.environ | own)
                taken.append(float(done.stdout.split()[-1]))
            print(f"{path.name}: {statistics.median(taken):.3f} s ({min(taken):.3f}–{max(taken):.3f})")


if __name__ == "__main__":
    main()
