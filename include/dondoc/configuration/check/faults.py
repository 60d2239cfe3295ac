"""How faults are made: where something stands in a data file, in a template, in the program."""

import traceback
from collections.abc import Callable
from pathlib import Path

from jinja2 import TemplateSyntaxError

from dondoc.directive.located_yaml import Place, read
from dondoc.errors import Faulty, FileFault, Problem

PACKAGE = Path(__file__).parents[2]


def faults_of(file: str, act: Callable[[], object]) -> list[FileFault]:
    """What keeps a file from being used. `file`: whose fault it is when the error does not say."""
    try:
        act()
    except Faulty as faulty:
        return list(faulty.faults)
    except Problem as problem:
        return [FileFault(file, 1, str(problem))]
    return []


def at(path: Path, place: Place, message: str) -> FileFault:
    """A fault at a place in a YAML file; the file is read again for its line."""
    return FileFault(path.name, read(path).line(place), f"{message}.")


def in_template(error: Exception, templates: Path, name: str) -> FileFault:
    """What stopped a template: a name that nobody gives, or a wrong word of Jinja.

    Args:
        name: where it is when the error does not say.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    where, line, said = (frames[-1].filename, frames[-1].lineno, str(error)) if frames else ("", 1, str(error))
    if isinstance(error, TemplateSyntaxError):
        where, line, said = error.filename or "", error.lineno, error.message or ""
    if Path(where).is_relative_to(templates):
        name = str(Path(where).relative_to(templates))
    return FileFault(f"letters/{name}", line or 1, f"mẫu thư không dựng được ({type(error).__name__}: {said}).")


def in_program(module: str, word: str, message: str) -> FileFault:
    """A fault of the program itself, at the line of a module (`mail/letter.py`) that has a word."""
    lines = (PACKAGE / module).read_text(encoding="utf-8").splitlines()
    line = next((number for number, text in enumerate(lines, 1) if f'"{word}"' in text), 1)
    return FileFault(f"dondoc/{module}", line, f"{message}.")
