"""Words of letters: every template renders with samples of what it is given, and names nothing else."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, meta, nodes

from dondoc.configuration.check import samples
from dondoc.configuration.check.faults import in_template
from dondoc.configuration.check.samples import FOLDERS, Shape
from dondoc.directive.model import Registry, Step
from dondoc.errors import FileFault, Problem
from dondoc.mail.render import PARTS, environment, render

ALWAYS = {"letterhead", "issuer", "issuer_short"}  # what `render` gives to all
Version = tuple[int, ...]  # when each template was changed


def faults(data: Path, registry: Registry) -> Iterator[FileFault]:
    """Of the letters whose folders the program names itself. Those of ladders are checked with their steps."""
    for folder, shape in FOLDERS.items():
        if lacks := lacking(data, folder):
            yield FileFault(f"letters/{folder}", 1, f"thiếu {', '.join(lacks)}.")
        else:
            yield from _of(data, registry, folder, shape, _version(data))


def lacking(data: Path, folder: str) -> list[str]:
    """Parts of a letter that are not there."""
    return [part for part in PARTS if not (data / "letters" / folder / part).is_file()]


def of_step(data: Path, registry: Registry, step: Step) -> tuple[FileFault, ...]:
    """Of a letter that a step of a ladder names."""
    return _of(data, registry, step.letter, samples.of_step(step), _version(data))


def _version(data: Path) -> Version:
    return tuple(path.stat().st_mtime_ns for path in sorted((data / "letters").rglob("*.j2")))


@lru_cache
def _of(data: Path, registry: Registry, folder: str, shape: Shape, version: Version) -> tuple[FileFault, ...]:
    """Names that the shape has not, in whatever branch; else what the rendering of its samples stops at."""
    unknown = tuple(_unknown(data, folder, shape, version))
    return unknown or tuple(_rendered(data, registry, folder, shape))


def _rendered(data: Path, registry: Registry, folder: str, shape: Shape) -> Iterator[FileFault]:
    for sample in shape.samples:
        try:
            render(data, registry, folder, sample, samples.DAY)
        except Problem as problem:  # a template that another includes is not there
            yield FileFault(f"letters/{folder}", 1, str(problem))
            return
        except (TemplateError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
            yield in_template(error, data / "letters", folder)
            return


def _unknown(data: Path, folder: str, shape: Shape, version: Version) -> Iterator[FileFault]:
    given, names, seen = ALWAYS | shape.keys, [f"{folder}/{part}" for part in PARTS], set[str]()
    while names:
        name = names.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            words, others = _named(data / "letters", name, version)
        except TemplateNotFound:  # the rendering says so
            continue
        except TemplateSyntaxError as error:
            yield in_template(error, data / "letters", name)
            continue
        names += others
        for word in sorted(words.keys() - given):
            said = f"không có “{word}” trong những gì thư này được cho."
            yield FileFault(f"letters/{name}", words[word], said)


@lru_cache
def _named(letters: Path, name: str, _version: Version) -> tuple[dict[str, int], list[str]]:
    """What a template expects to be given, with the line; and the templates that it includes or extends.

    Raises:
        jinja2.TemplateNotFound, jinja2.TemplateSyntaxError
    """
    templates = environment(letters, name)
    assert templates.loader is not None
    source, filename, _ = templates.loader.get_source(templates, name)
    tree = templates.parse(source, name, filename)
    lines: dict[str, int] = {}
    for node in tree.find_all(nodes.Name):
        lines[node.name] = min(node.lineno, lines.get(node.name, node.lineno))
    words = {word: lines.get(word, 1) for word in meta.find_undeclared_variables(tree)}
    return words, [other for other in meta.find_referenced_templates(tree) if other]
