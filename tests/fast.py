"""Which tests `make check` runs: those that stay in their process.

A test is slow when it opens a database or a socket or starts a program. Most do so by a fixture, and those are named
here; one that does so by itself, or takes seconds of processor, carries the mark `slow`. A test that is neither and
opens something all the same fails in `make check` and says so: nobody has to remember.
"""

import re
import sys
import threading
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

# Fixtures that open something. What asks for them, directly or through other fixtures, is slow.
OPENING = {
    "airflow",
    "app",
    "convert",
    "dags",
    "department",
    "empty_database",
    "fleet",
    "guarded",
    "installed",
    "lasting",
    "mail",
    "postgres",
    "shell",
}
EVENTS = {
    "os.exec": "starts a program",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.posix_spawn": "starts a program",
    "subprocess.Popen": "starts a program",
    "socket.bind": "opens a socket",
    "socket.connect": "opens a socket",
    "socket.sendmsg": "speaks to another process",
    "sqlite3.connect": "opens a database",
}
SLOW_FILE = re.compile(r"^pytestmark = .*\.(slow|whole_airflow)\b", re.MULTILINE)
_seen: Counter[str] = Counter()


def _note(event: str, _: Any) -> None:
    """What the test does itself: a server that an earlier test left running has threads of its own."""
    if event in EVENTS and threading.current_thread() is threading.main_thread():
        _seen[EVENTS[event]] += 1


def pytest_configure() -> None:
    sys.addaudithook(_note)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file of slow tests alone is not even imported for the fast ones: that would take as long as they do."""
    if config.option.markexpr != "not slow" or not re.fullmatch(r"test_.*\.py", collection_path.name):
        return None
    return bool(SLOW_FILE.search(collection_path.read_text(encoding="utf-8"))) or None


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if OPENING & {*getattr(item, "fixturenames", ())} or item.get_closest_marker("whole_airflow"):
            item.add_marker("slow")


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.markexpr == "not slow" and "airflow" in sys.modules:
        raise pytest.UsageError("A file of fast tests imports Airflow: it wants pytestmark = pytest.mark.slow")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    _seen.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    result = yield
    # Not beside slow tests: what those leave behind may open something while the memory is cleared.
    if _seen and item.config.option.markexpr == "not slow":
        pytest.fail(f"This test {' and '.join(_seen)}: mark it pytest.mark.slow, or name its fixture in tests/fast.py.")
    return result
