"""Who may import what, read from the source."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "include" / "dondoc"
DAGS = sorted((ROOT / "dags").glob("*.py"))
WEB = {"fastapi", "starlette"}


@cache  # most tests here ask about every file
def imported(path: Path) -> tuple[str, ...]:
    """Dotted names that a file imports, wherever in it."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
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


# What is named first knows nothing of what is named later. Of two names that fit a module the longer one counts.
ORDER = [
    "errors",
    "clock",
    "keys",
    "tls",
    "bounded",
    "invisible",
    "garbage",
    "masking",
    "archives",
    "vocabulary",
    "spreadsheets",
    "isolation",
    "configuration.settings",
    "probing",
    "directive.located_yaml",
    "directive.model",
    "workdays",
    "directive.names",
    "store",
    "versions",
    "audit",
    "directive",
    "documents",
    "drafts",
    "mail",
    "configuration.context",
    "facts",
    "forms",
    "cameras",
    "intake",
    "staff",
    "escalation",
    "reporting",
    "preconditions",
    "approval",
    "configuration",
    "lifecycle",
    "diagnosis",
    "web",
    "cli",
    "orchestration",
    "demo",
]


def room(module: str) -> int:
    """The place of a module in the order."""
    fit = [name for name in ORDER if f"{module}.".startswith(f"{name}.")]
    assert fit, f"{module} stands nowhere in ORDER: say what it may know"
    return ORDER.index(max(fit, key=len))


def test_a_room_knows_only_what_stands_before_it() -> None:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts == ("__init__",) or "migrations" in parts:
            continue
        mine = room(".".join(parts).removesuffix(".__init__"))
        asked = {name.removeprefix("dondoc.") for name in imported(path) if name.startswith("dondoc.")}
        if later := sorted(name for name in asked - {"__version__"} if room(name) > mine):
            found[".".join(parts)] = later
    assert found == {}


def modules_asked() -> dict[str, set[str]]:
    """Which of our modules each of them imports."""
    modules = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    return {
        module: {part for name in imported(path) for part in (name, name.rpartition(".")[0]) if part in modules}
        for module, path in modules.items()
    }


def test_no_module_imports_itself_by_way_of_others_not_even_late_or_for_types_alone() -> None:
    asked = modules_asked()
    assert len([*TopologicalSorter(asked).static_order()]) == len(asked)


def test_what_lies_deeper_in_probing_knows_nothing_of_what_knows_it() -> None:
    """Each folder in it is taken as one: what `rtsp/` asks for must not, by way of others, ask for something in it."""
    asked: dict[str, set[str]] = {}
    for module, others in modules_asked().items():
        if module.startswith("dondoc.probing."):
            taken = {".".join(other.split(".")[:3]) for other in others}
            mine = ".".join(module.split(".")[:3])
            asked[mine] = asked.get(mine, set()) | taken - {mine}
    order = [*TopologicalSorter(asked).static_order()]
    assert order.index("dondoc.probing.picture") < order.index("dondoc.probing.rtsp")


def test_probing_is_usable_alone() -> None:
    """It knows settings only for where the data files lie, and of the vocabulary what all closed sets share."""
    known = {"bounded", "clock", "configuration.settings", "errors", "invisible", "isolation", "probing", "tls"}
    for path in (PACKAGE / "probing").rglob("*.py"):
        names = {n.removeprefix("dondoc.") for n in imported(path) if n.startswith("dondoc.")}
        asked = {ORDER[room(n)] for n in names if not n.startswith("vocabulary.code")}
        assert asked <= known, path


def test_only_one_room_knows_who_of_ours_is_written_to() -> None:
    """Else a letter to our own people is composed a second time, with a key of its own."""
    users = {str(p.relative_to(PACKAGE)) for p in PACKAGE.rglob("*.py") if ".ops_address" in p.read_text()}
    assert users == {"staff/letters.py", "staff/past_the_outbox.py"}
