"""Pages of docs/ that are made from the code say what the code says today."""

import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate import DOCS, PAGES


@pytest.mark.parametrize("name", [name for name in PAGES if name != "dags.md"])
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), f"docs/{name} is stale, run: make docs"


def test_the_page_of_dags_is_what_airflow_reads(tmp_path: Path) -> None:
    """In a process of its own: Airflow believes the environment that stands before its first import."""
    command = [sys.executable, DOCS / "generate.py", "dags.md", "--into", tmp_path]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    page = (tmp_path / "dags.md").read_text(encoding="utf-8")
    assert (DOCS / "dags.md").read_text(encoding="utf-8") == page, "docs/dags.md is stale, run: make docs"


def test_the_other_pages_need_no_airflow() -> None:
    names = [name for name in PAGES if name != "dags.md"]
    program = f"import sys, docs.generate as g; [g.PAGES[n]() for n in {names}]; print('airflow' in sys.modules)"
    made = subprocess.run([sys.executable, "-c", program], cwd=DOCS.parent, capture_output=True, text=True, check=True)
    assert made.stdout == "False\n"
