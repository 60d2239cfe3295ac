"""Whether all data files can be used, and fit each other and the program: every fault at once, with file and line.

One module for each kind of data, one function a rule. Nothing here needs a database.
"""

from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path

from dondoc.configuration.check import cameras, forms, ladders, program, reports, systems, words
from dondoc.configuration.check.faults import faults_of
from dondoc.configuration.settings import Settings
from dondoc.directive import files, load
from dondoc.directive.load import File
from dondoc.directive.located_yaml import LocatedYaml, read
from dondoc.directive.model import Registry
from dondoc.errors import FileFault, Problem
from dondoc.workdays import load as load_calendar

__all__ = ["check_config", "check_letter"]


def check_config(settings: Settings) -> list[FileFault]:
    """Everything that is wrong with the data of an installation, sorted by file and line."""
    registry, data, letters = _registry(settings), settings.data, settings.directive_files
    found: list[Iterable[FileFault]] = [
        faults_of("agencies.yaml", lambda: load.load_registry(data)),
        faults_of("DONDOC_DIRECTIVE", lambda: files.letters(letters, data)),
        faults_of(settings.calendar_file.name, lambda: load_calendar(settings.calendar_file)),
        forms.faults(data),
        cameras.faults(settings, registry),
        reports.faults(data),
        program.faults(settings),
    ]
    if registry:
        found += [systems.faults(data, registry), ladders.ready(data, registry), words.faults(data, registry)]
        found += [_letter(path, registry, data) for path in letters]
    return sorted(set(chain.from_iterable(found)))


def check_letter(marked: LocatedYaml, registry: Registry, data: Path) -> File | None:
    """The one check of a letter, from a file or from what a page has put together: what is wrong becomes its faults.

    Args:
        registry: the agencies and systems of a letter that names none itself.

    Returns:
        the letter, to be used only where there are no faults; None where its keys do not fit.
    """
    file = load.check(marked, registry)
    if file is not None:
        forms.owed(marked, file, data)
        known = load.own_registry(file) or registry
        ladders.steps(marked, ("ladder",), file.ladder, known, data)
        for i, own in enumerate(file.ladders):
            ladders.steps(marked, ("ladders", i, "steps"), own.steps, known, data)
    return file


def _registry(settings: Settings) -> Registry | None:
    """That which the letters bring, else the shared one; None when neither can be used."""
    with suppress(Problem):
        return files.letters(settings.directive_files, settings.data)[0]
    with suppress(Problem):
        return load.load_registry(settings.data)
    return None


def _letter(path: Path, registry: Registry, data: Path) -> Iterable[FileFault]:
    def checked() -> None:
        marked = read(path)
        check_letter(marked, registry, data)
        marked.raise_faults()

    return faults_of(path.name, checked)
