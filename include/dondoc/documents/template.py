"""Templates of documents that the office edits in Word, and whose fields are those of a dataclass.

One may come from outside: its size is bounded, it brings no program and asks for nothing from elsewhere, and of Jinja
it has values, `if` and `for` alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import jinja2
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from dondoc.documents import layout, package
from dondoc.documents.package import Properties
from dondoc.errors import Faulty, FileFault, Problem

JOINED = (nodes.Not, nodes.And, nodes.Or)
PAGE = "docs/report-template.md"
COMPILED = 64  # texts: of a template about ten, most of them properties that are empty


@dataclass(frozen=True)
class Loop:
    """Trong {% for %}: lần lặp đang ở đâu."""

    index: Annotated[int, "Lần thứ mấy, từ 1"]
    first: Annotated[bool, "Lần đầu (dùng với {% if %})"]
    last: Annotated[bool, "Lần cuối (dùng với {% if %})"]


@dataclass(frozen=True)
class Template:
    """A file of the data folder, and the dataclass of what it is given: texts that are ready to be read."""

    name: str
    fields: type


def load(data: Path, of: Template) -> bytes:
    """The template's bytes, fit to be filled.

    Raises:
        Faulty: it is missing or cannot be used; every fault at once.
    """
    path = data / of.name
    try:
        state = path.stat()
        return _checked(of, path, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise Faulty([_fault(of, f"không đọc được mẫu văn bản ({error.strerror})")]) from None


def render(template: bytes, given: Any, about: Properties, as_of: datetime) -> bytes:
    """The template filled, with its pages in order and properties of our own."""
    document = DocxTemplate(BytesIO(template))
    document.init_docx()
    package.clear(document.docx)  # its properties are no templates either
    document.render(_context(given), jinja_env=_environment(), autoescape=True)
    layout.keep_together(document.docx)
    return package.saved(document.docx, about, as_of)


def faults(template: bytes, of: Template, samples: list[Any]) -> Iterator[FileFault]:
    """What only shows when the template is filled: a command that tears a table, or a paragraph, apart."""
    for given in samples:
        document = DocxTemplate(BytesIO(template))
        document.init_docx()
        try:
            etree.fromstring(document.build_xml(_context(given), _environment()))
        except TemplateError as error:
            yield _fault(of, f"không điền được mẫu ({error})")
            return
        except etree.XMLSyntaxError:
            said = "lệnh {% if %} hoặc {% for %} mở trong một đoạn, một bảng mà đóng ở nơi khác"
            yield _fault(of, f"{said}; đặt mỗi lệnh ở một đoạn riêng ({{%p …%}}) hoặc một dòng bảng riêng ({{%tr …%}})")
            return


class _Environment(ImmutableSandboxedEnvironment):
    """Values, `if` and `for`. A text is compiled once: the parts of a template are the same for each document."""

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=True, finalize=package.clean)
        self.globals.clear()
        self._compiled = lru_cache(maxsize=COMPILED)(super().from_string)

    def from_string(self, source: str | nodes.Template, *_: Any, **__: Any) -> jinja2.Template:
        return self._compiled(source)


@cache
def _environment() -> _Environment:
    return _Environment()


def _context(given: Any) -> dict[str, Any]:
    return {one.name: getattr(given, one.name) for one in fields(given)}


def _fault(of: Template, message: str) -> FileFault:
    return FileFault(of.name, 1, f"{message}.")


@lru_cache(maxsize=8)
def _checked(of: Template, path: Path, _changed: int, _size: int) -> bytes:
    template = path.read_bytes()
    try:
        package.guard(template)
        found = sorted(set(_jinja(template, of)))
    except Problem as problem:
        raise Faulty([_fault(of, str(problem).removesuffix("."))]) from None
    if found:
        raise Faulty([_fault(of, one) for one in found])
    return template


def _jinja(template: bytes, of: Template) -> Iterator[str]:
    """What is wrong with the fields and commands, in any branch."""
    document = DocxTemplate(BytesIO(template))
    document.init_docx()
    if any("{{" in (text := document.patch_xml(part)) or "{%" in text for part in package.footnotes(document.docx)):
        yield "chú thích cuối trang không điền được: chuyển trường, lệnh lên thân văn bản"
    for source in _sources(document):
        lines = source.splitlines()
        try:
            tree = _environment().parse(source)
        except TemplateSyntaxError as error:
            yield f"có lệnh sai ({error.message}){_at(lines, error.lineno)}"
            continue
        for line, said in _wrong(tree, get_type_hints(of.fields)):
            yield f"{said}{_at(lines, line)}"


def _sources(document: DocxTemplate) -> Iterator[str]:
    """The text of the body, of headers and of footers as Jinja gets it, a line a paragraph."""
    parts = [document.get_xml()]
    for uri in (document.HEADER_URI, document.FOOTER_URI):
        parts += [document.get_part_xml(part) for _, part in document.get_headers_footers(uri)]
    for part in parts:
        yield re.sub(r"<w:p([ >])", r"\n<w:p\1", document.patch_xml(part))


def _at(lines: list[str], line: int) -> str:
    """The paragraph of a line, for a person to find it."""
    text = " ".join(re.sub(r"<[^>]+>", " ", lines[line - 1] if 0 < line <= len(lines) else "").split())
    return f" ở đoạn “{text[:80]}”" if text else ""


def _wrong(node: nodes.Node, scope: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Names that there are not, and whatever is more than a value, `if` or `for`; with the line."""
    if isinstance(node, nodes.For):
        yield from _wrong_loop(node, scope)
    elif isinstance(node, nodes.Output):
        for value in node.nodes:
            yield from _wrong_value(value, scope)
    elif isinstance(node, nodes.Name | nodes.Getattr):
        yield from _unknown(node, scope)
    elif isinstance(node, (nodes.Template, nodes.If, *JOINED)):
        for child in node.iter_child_nodes():
            yield from _wrong(child, scope)
    elif not isinstance(node, nodes.TemplateData):
        yield node.lineno, "chỉ dùng được {{ trường }}, {% if %} và {% for %}"


def _wrong_loop(node: nodes.For, scope: dict[str, Any]) -> Iterator[tuple[int, str]]:
    yield from _wrong(node.iter, scope)
    if "loop" in scope:  # each level would multiply what is written
        yield node.lineno, "không lặp được trong một vòng lặp khác"
    repeated = _type(node.iter, scope)
    if not isinstance(node.target, nodes.Name) or node.test or node.recursive:
        yield node.lineno, "chỉ dùng được {% for tên in trường %}"
        return
    if repeated is not None and get_origin(repeated) is not tuple:
        yield node.lineno, f"“{_said(node.iter)}” không phải danh sách, không lặp được"
    element = get_args(repeated)[0] if get_origin(repeated) is tuple else None
    inner = {**scope, node.target.name: element, "loop": Loop}
    for child in (*node.body, *node.else_):
        yield from _wrong(child, inner)


def _wrong_value(node: nodes.Node, scope: dict[str, Any]) -> Iterator[tuple[int, str]]:
    yield from _wrong(node, scope)
    kind = _type(node, scope) if isinstance(node, nodes.Name | nodes.Getattr) else str
    if kind not in (str, int, bool, None):
        yield node.lineno, f"“{_said(node)}” là cả một nhóm: ghi rõ trường nào của nhóm, hoặc lặp bằng {{% for %}}"


def _unknown(node: nodes.Node, scope: dict[str, Any]) -> Iterator[tuple[int, str]]:
    if isinstance(node, nodes.Name) and node.name not in scope:
        yield node.lineno, f"không có trường “{node.name}” (các trường: {PAGE})"
    if isinstance(node, nodes.Getattr):
        yield from _wrong(node.node, scope)
        of = _type(node.node, scope)
        if of is not None and node.attr not in _fields(of):
            yield node.lineno, f"không có trường “{_said(node)}” (các trường: {PAGE})"


def _type(node: nodes.Node, scope: dict[str, Any]) -> Any:
    """What stands in a field: a type; None where that was said to be wrong already."""
    if isinstance(node, nodes.Name):
        return _bare(scope.get(node.name))
    if isinstance(node, nodes.Getattr):
        return _bare(_fields(_type(node.node, scope)).get(node.attr))
    return None


def _bare(kind: Any) -> Any:
    """Of what may be missing, what it is when it is there."""
    there = [one for one in get_args(kind) if one is not NoneType] if NoneType in get_args(kind) else [kind]
    return there[0]


def _fields(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind) if is_dataclass(kind) else {}


def _said(node: nodes.Node) -> str:
    """As it is written in the template."""
    if isinstance(node, nodes.Getattr):
        return f"{_said(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "…"
