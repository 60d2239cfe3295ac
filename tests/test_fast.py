"""What tests/fast.py takes for a slow test, and that no test becomes slow unnoticed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow
OPENS = """
import socket, pytest
{mark}
def test_it():
    socket.socket().bind(("127.0.0.1", 0))
"""
BY_FIXTURE = """
import pytest, sqlite3
@pytest.fixture
def app():
    return sqlite3.connect(":memory:")
def test_it(app):
    pass
"""


def run(folder: Path, text: str, *options: str) -> str:
    """What pytest says of a file of tests under our rules."""
    (folder / "test_file.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.fast", "-p", "no:cacheprovider", *options, folder]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


def test_a_test_that_opens_something_and_is_not_marked_fails_and_says_what_to_do(tmp_path: Path) -> None:
    said = run(tmp_path, OPENS.format(mark=""), "-m", "not slow")
    assert "1 failed" in said
    assert "This test opens a socket: mark it pytest.mark.slow, or name its fixture in tests/fast.py." in said
    assert "1 passed" in run(tmp_path, OPENS.format(mark="@pytest.mark.slow"))
    assert "1 passed" in run(tmp_path, OPENS.format(mark="")), "beside slow tests others may have opened it"


def test_whoever_asks_for_a_fixture_that_opens_something_is_slow_without_a_mark(tmp_path: Path) -> None:
    assert "1 passed" in run(tmp_path, BY_FIXTURE)
    assert "1 deselected" in run(tmp_path, BY_FIXTURE, "-m", "not slow")


def test_a_file_of_slow_tests_is_not_imported_for_the_fast_ones(tmp_path: Path) -> None:
    broken = "import pytest\npytestmark = pytest.mark.slow\nraise RuntimeError('imported')"
    assert "imported" in run(tmp_path, broken)
    assert "imported" not in run(tmp_path, broken, "-m", "not slow")


def test_a_file_of_fast_tests_imports_no_airflow(tmp_path: Path) -> None:
    (tmp_path / "airflow.py").touch()
    text = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport airflow\ndef test_it(): pass"
    assert "1 passed" in run(tmp_path, text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.fast", "-p", "no:cacheprovider", "-m", "not slow", tmp_path]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert "imports Airflow" in refused.stderr
