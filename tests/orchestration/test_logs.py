"""A worker that somebody took over writes where the api-server reads what it shows to everybody with a login."""

import os
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def reader(tmp_path: Path) -> Any:
    """What the api-server of docker-compose.yaml reads logs with, over a folder of its own."""
    service = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]["api-server"]
    handler = resolve_name(service["environment"]["AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS"])["handlers"]["task"]
    return resolve_name(handler["class"])(str(tmp_path / "logs"))


def read(reader: Any, log: Path) -> list[str]:
    return [line for stream in reader._read_from_local(log)[1] for line in stream]


def test_the_log_of_a_task_is_shown_with_that_of_its_waiting(reader: Any, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "dag_id=d" / "attempt=1.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"mot\nhai \xff")
    log.with_name("attempt=1.log.trigger.5.log").write_text("ba")
    assert read(reader, log) == ["mot", "hai \ufffd", "ba"]
    assert read(reader, log.with_name("attempt=2.log")) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("trap", ["link", "folder", "pipe"])
def test_nothing_that_was_laid_there_is_followed_or_waited_for(reader: Any, tmp_path: Path, trap: str) -> None:
    """Airflow's own reader follows a link that stays among the logs, and so one exchanged at the right moment."""
    logs = tmp_path / "logs"
    (logs / "dag_id=secret").mkdir(parents=True)
    (logs / "dag_id=secret" / "attempt=1.log").write_text("bi mat")
    log = logs / "dag_id=d" / "attempt=1.log"
    if trap == "folder":
        log.parent.symlink_to(logs / "dag_id=secret")
    else:
        log.parent.mkdir()
    if trap == "link":
        log.symlink_to(logs / "dag_id=secret" / "attempt=1.log")
    elif trap == "pipe":
        os.mkfifo(log)
    assert read(reader, log) == []
