"""The pages of docs/ that are made from the code: `make docs` writes them, tests/test_docs.py compares them.

python docs/generate.py [--into FOLDER] [PAGE ...]
"""

import argparse
import ast
import enum
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PACKAGE = ROOT / "include" / "dondoc"
Rows = Iterable[Iterable[object]]
ENUMS = ("StrEnum", "Code", "ReasonCode")  # what a closed set is a subclass of

# Closed sets that are no types yet: title, and where the codes and each column of words stand. What becomes a StrEnum
# leaves this list, and stands on the page by itself.
UNTYPED: tuple[tuple[str, dict[str, str]], ...] = (
    ("What follows a state of the outbox", {"next": "mail.states.NEXT"}),
    ("Acts in the audit trail", {"words": "web.audit.ACT"}),
    ("Issues of a workbook", {"severity and words": "forms.catalogue.CATALOGUE"}),
)


def settings() -> str:
    """Every setting."""
    from dondoc.configuration.settings import table

    return table()


def cli() -> str:
    """Every command with its arguments and options, from the tree that parses them."""
    from typer.main import get_command

    from dondoc.cli import cli as tree

    return _page("Commands", "What `dondoc … --help` says, on one page.", _commands("dondoc", get_command(tree)))


def _commands(name: str, command: Any) -> Iterator[str]:
    below = getattr(command, "commands", {})
    if not below or command.invoke_without_command:
        yield _command(name, command)
    for word in sorted(below):
        if not below[word].hidden:
            yield from _commands(f"{name} {word}", below[word])


def _command(name: str, command: Any) -> str:
    from typer import Context

    context = Context(command)
    shown = [p for p in command.params if not getattr(p, "hidden", False)]
    rows = [(f"`{_spelling(p, context)}`", "must" if p.required else "may", _default(p), p.help or "") for p in shown]
    table = [_table(("argument", "be given", "default", "what it is"), rows)] if rows else []
    return "\n".join([f"## {name}", _paragraphs(command.help), *table])


def _spelling(parameter: Any, context: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.display_name_raw).upper() + (" …" if parameter.nargs == -1 else "")
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    return names if parameter.is_flag else f"{names} {parameter.display_type(context)}"


def _default(parameter: Any) -> str:
    value = parameter.default
    return "" if value in (None, False, "") or callable(value) else f"`{getattr(value, 'value', value)}`"


def codes() -> str:
    """Every closed set: the enums and literals of the package, and what is listed as no type yet."""
    about = "Words that stand in tables, JSON and logs. A code is never renamed: stored rows and scripts have it."
    untyped = [_untyped(*entry) for entry in UNTYPED]
    return _page("Codes", about, [*untyped, *(_typed(name, found) for name, found in sorted(_closed_sets()))])


def _untyped(title: str, columns: dict[str, str]) -> str:
    sets = {head: _constant(name) for head, name in columns.items()}
    first = next(iter(sets.values()))
    words = {head: values for head, values in sets.items() if isinstance(values, Mapping)}
    rows = [(f"`{code}`", *(_words(values.get(code, "")) for values in words.values())) for code in first]
    places = ", ".join(f"`dondoc.{name}`" for name in columns.values())
    return f"## {title}\n{places}\n\n{_table(('code', *words), rows)}"


def _constant(name: str) -> Any:
    module, _, constant = name.rpartition(".")
    return getattr(import_module(f"dondoc.{module}"), constant)


def _closed_sets() -> Iterator[tuple[str, Any]]:
    """Dotted name → StrEnum or Literal, of each that a module of the package defines under a public name.

    Only modules that define one are imported.
    """
    for path in PACKAGE.rglob("*.py"):
        if names := [*_defined(ast.parse(path.read_text(encoding="utf-8")))]:
            module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
            yield from ((f"{module}.{name}", getattr(import_module(module), name)) for name in names)


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name, bases=bases) if any(ast.unparse(base) in ENUMS for base in bases):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript(value=ast.Name(id="Literal"))):
                pass
            case _:
                continue
        if not name.startswith("_") and name not in ENUMS:
            yield name


def _typed(name: str, found: Any) -> str:
    module, _, short = name.rpartition(".")
    title = f"## {short}\n`{module.replace('.', '/')}.py`\n\n"
    if get_origin(found) is Literal:
        return title + _table(("code",), [(f"`{code}`",) for code in get_args(found)])
    words = [*dict.fromkeys(key for cls in reversed(found.__mro__) for key in vars(cls).get("__annotations__", ()))]
    if not words:
        words = [
            key for cls in found.__mro__[:-1] for key, v in vars(cls).items() if isinstance(v, property | enum.property)
        ]
    words = [key for key in dict.fromkeys(words) if key not in ("name", "value") and not key.startswith("_")]
    rows = [(f"`{member.value}`", *(_words(getattr(member, key)) for key in words)) for member in found]
    return f"{title}{_paragraphs(vars(found).get('__doc__'))}\n{_table(('code', *words), rows)}"


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is False:
        return ""
    if value is True:
        return "✓"
    if isinstance(value, frozenset | set):
        return ", ".join(f"`{word}`" for word in sorted(map(str, value)))
    return " · ".join(map(_words, value)) if isinstance(value, tuple | list) else str(value)


def dags() -> str:
    """Every DAG with its schedule, parameters and tasks, as Airflow reads them: to be called before it is imported."""
    with tempfile.TemporaryDirectory(prefix="dondoc-docs-") as home:
        os.environ |= {"AIRFLOW_HOME": home, "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR", "DONDOC_SCHEDULES": "on"}
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(str(ROOT / "dags"))
    if bag.import_errors:
        raise SystemExit(f"Airflow cannot read these: {bag.import_errors}")
    about = "What they are for stands in [architecture.md](architecture.md). Times are those of Vietnam."
    return _page("DAGs", about, [_dag(bag.dags[name]) for name in sorted(bag.dags)])


def _dag(dag: Any) -> str:
    when = getattr(dag.timetable, "summary", None) or dag.schedule
    head = f"Schedule: `{when}`. A run may take {dag.dagrun_timeout}; runs at a time: {dag.max_active_runs}.\n"
    params = [_param(name, dag.params.get_param(name)) for name in dag.params]
    tasks = _table(("task", "after", "limit", "retries", "runs when"), map(_task, dag.topological_sort()))
    parts = [head, *([_table(("parameter", "values", "title"), params)] if params else []), tasks]
    words = dag.doc_md.strip().replace("### ", "**", 1).replace("\n", "**\n", 1)  # its own heading is none of the page
    return "\n".join([f"## {dag.dag_id}", *parts, words]) + "\n"


def _param(name: str, param: Any) -> tuple[str, ...]:
    schema = param.schema
    values = schema.get("enum") or [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return f"`{name}`", ", ".join(values) + (f" ({schema['format']})" if "format" in schema else ""), schema["title"]


def _task(task: Any) -> tuple[object, ...]:
    each = " (one for each)" if task.is_mapped else ""
    after = ", ".join(f"`{name}`" for name in sorted(task.upstream_task_ids))
    return f"`{task.task_id}`{each}", after, task.execution_timeout, task.retries, task.trigger_rule.value


TEMPLATE = """# Mẫu báo cáo tuần, mẫu công văn của đơn vị và của Sở

Mẫu báo cáo là tệp Word `reports/bao-cao.docx` trong thư mục dữ liệu (bản gốc: `include/reports/bao-cao.docx`). Mở bằng
Word, sửa lời văn, cỡ chữ, thứ tự các phần như mọi văn bản; chỗ nào cần số liệu thì ghi một trường dưới đây. Sửa xong,
chạy `dondoc check-config`: trường viết sai được nêu tên, kèm đoạn có lỗi. Báo cáo lập sau đó dùng mẫu mới; báo cáo đã
lập không đổi. Dự thảo công văn gửi kèm thư cho đơn vị lập theo `letter-drafts/cong-van.docx`, công văn của Sở theo
`letter-drafts/cong-van-cua-so.docx`, cách ghi như nhau, các trường ở mục LetterFields và OfficialFields. Trang này lập
từ chương trình (`make docs`).

## Cách ghi

- **Một trường**: `{{ tên }}`, ví dụ `Kính gửi: {{ addressee }}.` Trường trong một nhóm: `{{ late.title }}`. Định dạng
  (đậm, nghiêng, cỡ chữ) của chữ trong mẫu được giữ. Mọi trường đã là lời văn, con số viết sẵn: chỉ đặt vào chỗ.
- **Lặp đoạn văn**, mỗi câu một đoạn: ba đoạn liền nhau `{%p for said in tasks %}`, `{{ said }}`, `{%p endfor %}`. Hai
  đoạn có lệnh biến mất khi lập báo cáo.
- **Lặp dòng của bảng**: ba dòng liền nhau `{%tr for row in late.rows %}`, dòng có `{{ row.name }}`…, `{%tr endfor %}`.
  Thêm, bỏ, đổi chỗ cột tùy ý.
- **Phần chỉ có khi có số liệu**: `{%p if cameras %}` … `{%p endif %}`. Trường ghi “có thể không có” phải đứng trong
  lệnh này.
- Ngoài ra không dùng được lệnh nào khác, không lặp trong một vòng lặp khác. Mẫu không được có macro, tệp nhúng, liên
  kết ra ngoài, mã trường nào ngoài số trang.
- Tên bảng đứng ở dòng đầu của bảng (ô gộp, không kẻ trên và hai bên) và đặt lặp lại cùng đầu cột ở mỗi trang. Chương
  trình giữ chữ ký đi liền hai đoạn văn trước nó, không tách dòng bảng.
"""


def report_template() -> str:
    """Every field of the template of the report, for the office."""
    from dondoc.documents.template import Loop
    from dondoc.drafts.fields import LetterFields, OfficialFields, OfficialRow
    from dondoc.reporting import fields

    of_report = (shape for shape in vars(fields).values() if isinstance(shape, type) and is_dataclass(shape))
    shapes = [fields.Fields, *(shape for shape in of_report if shape.__module__ == fields.__name__), Loop]
    shapes += [LetterFields, OfficialFields, OfficialRow]
    return "\n".join([TEMPLATE, *(_shape(shape) for shape in dict.fromkeys(shapes))])


def _shape(shape: Any) -> str:
    hints = get_type_hints(shape, include_extras=True)
    rows = [(f"`{name}`", _kind(get_args(hint)[0]), get_args(hint)[1]) for name, hint in hints.items()]
    return f"## {shape.__name__}\n{_paragraphs(shape.__doc__)}\n{_table(('trường', 'loại', 'nội dung'), rows)}"


def _kind(hint: Any) -> str:
    """What a field holds: words, a group, or a list of either; and whether it may be missing."""
    there = next((one for one in get_args(hint) if one is not NoneType), hint) if NoneType in get_args(hint) else hint
    each = get_args(there)[0] if get_origin(there) is tuple else there
    words = f"[{each.__name__}](#{each.__name__.lower()})" if is_dataclass(each) else KINDS[each]
    repeated = f"danh sách: {words}" if get_origin(there) is tuple else words
    return repeated if there is hint else f"{repeated}; có thể không có"


KINDS = {str: "lời văn", int: "số", bool: "có hay không"}


def _page(title: str, about: str, parts: Iterable[str]) -> str:
    return "\n".join([f"# {title}", f"{about} Generated: `make docs`.\n", *parts])


def _paragraphs(text: str | None) -> str:
    """As it was typed, without the indentation of a docstring."""
    return cleandoc(text or "") + "\n"


def _table(head: tuple[str, ...], rows: Rows) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    cells = ([str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in cells)]) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "cli.md": cli,
    "codes.md": codes,
    "dags.md": dags,
    "report-template.md": report_template,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", default=[*PAGES], metavar="PAGE", help=", ".join(PAGES))
    parser.add_argument("--into", type=Path, default=DOCS, metavar="FOLDER")
    asked = parser.parse_args()
    for name in asked.pages:
        (asked.into / name).write_text(PAGES[name](), encoding="utf-8")


if __name__ == "__main__":
    main()
