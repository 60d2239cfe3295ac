"""Pages of docs/ that are made from the code say what the code says today."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate import DOCS, PAGES, ROOT
from dondoc import __version__

WRITTEN = [p for p in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "bench" / "README.md") if p.name not in PAGES]
FOLDERS = ("bench", "dags", "docs", "include", "plugins", "tests")


@pytest.mark.parametrize("name", [name for name in PAGES if name != "dags.md"])
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), f"docs/{name} is stale, run: make docs"


@pytest.mark.slow
def test_the_page_of_dags_is_what_airflow_reads(tmp_path: Path) -> None:
    """In a process of its own: Airflow believes the environment that stands before its first import."""
    command = [sys.executable, DOCS / "generate.py", "dags.md", "--into", tmp_path]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    page = (tmp_path / "dags.md").read_text(encoding="utf-8")
    assert (DOCS / "dags.md").read_text(encoding="utf-8") == page, "docs/dags.md is stale, run: make docs"


@pytest.mark.slow
def test_the_other_pages_need_no_airflow() -> None:
    names = [name for name in PAGES if name != "dags.md"]
    program = f"import sys, docs.generate as g; [g.PAGES[n]() for n in {names}]; print('airflow' in sys.modules)"
    made = subprocess.run([sys.executable, "-c", program], cwd=DOCS.parent, capture_output=True, text=True, check=True)
    assert made.stdout == "False\n"


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_files_that_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = {page.parent / link for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)}
    paths = {ROOT / path for path in re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]+\w/?)`", text)}
    assert {path for path in links | paths if not path.exists()} == set()


def test_every_decision_stands_in_the_list() -> None:
    files = {path.name for path in (DOCS / "decisions").glob("0*.md")}
    assert files == set(re.findall(r"\((0[^)]+)\)", (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")))


def test_the_newest_release_of_the_changelog_is_the_version_of_the_package_and_of_the_image() -> None:
    [newest, *_] = re.findall(r"^## \[(\d[^]]*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest == __version__
    assert f"image: dondoc:{__version__}\n" in (ROOT / "docker-compose.yaml").read_text()
