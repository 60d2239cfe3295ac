"""Who may import what, read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "include" / "dondoc"
DAGS = sorted((ROOT / "dags").glob("*.py"))
WEB = {"fastapi", "starlette"}


def imported(path: Path) -> Iterator[str]:
    """Dotted names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def users_of(library: set[str]) -> set[str]:
    files = [p for p in PACKAGE.rglob("*.py") if library & {name.split(".")[0] for name in imported(p)}]
    return {str(p.relative_to(PACKAGE)) for p in files}


def test_only_orchestration_imports_airflow() -> None:
    users = users_of({"airflow"})
    assert users
    assert {u for u in users if not u.startswith("orchestration/")} == set()


def test_only_the_pages_their_login_and_the_demos_mail_page_import_a_web_framework() -> None:
    users = {u for u in users_of(WEB) if not u.startswith("web/")}
    assert users == {"orchestration/login.py", "demo/mailpage.py"}
    assert "demo/mailpage.py" not in users_of({"fastapi"})


@pytest.mark.parametrize("path", DAGS, ids=lambda p: p.stem)
def test_a_dag_file_is_a_table_of_contents(path: Path) -> None:
    rooms = {".".join(name.split(".")[:2]) for name in imported(path) if name.startswith("dondoc.")}
    assert rooms <= {"dondoc.orchestration", "dondoc.clock"}
    assert {name.split(".")[0] for name in imported(path)} <= {"airflow", "datetime", "dondoc"}
    assert len(path.read_text().splitlines()) <= 80


def test_the_plugin_registers_and_does_nothing_else() -> None:
    assert [p.name for p in (ROOT / "plugins").glob("*.py")] == ["dondoc_plugin.py"]
    assert {n.split(".")[0] for n in imported(ROOT / "plugins" / "dondoc_plugin.py")} <= {"airflow", "dondoc", "sys"}


def test_mail_knows_no_other_room() -> None:
    known = {"mail", "store", "directive", "configuration", "__pycache__"}
    rooms = {p.name for p in PACKAGE.iterdir() if p.is_dir()} - known
    for path in (PACKAGE / "mail").glob("*.py"):
        assert rooms & {name.split(".")[1] for name in imported(path) if name.startswith("dondoc.")} == set(), path
