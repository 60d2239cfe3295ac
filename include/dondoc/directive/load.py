"""Read a directive from YAML: every fault at once, each with its line."""

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import Field

from dondoc.configuration.settings import DATA
from dondoc.directive.located_yaml import LocatedYaml, raise_together, read
from dondoc.directive.model import (
    Agency,
    Desk,
    Directive,
    Duty,
    KindLadder,
    Letterhead,
    Registry,
    Step,
    Strict,
    System,
    WeeklyReport,
)
from dondoc.directive.periods import Periodic
from dondoc.directive.rules import apply_agency_rules, apply_rules, apply_system_rules


class _Group(Strict):
    """Duties as people write them: the same thing asked of several agencies at once."""

    agencies: tuple[str, ...] = Field(min_length=1)
    system: str
    deliverable: str
    text: str = ""
    due_before: date | None = None
    periodic: Periodic | None = None

    def duties(self, directive: str) -> Iterator[Duty]:
        plain = {"directive": directive, "system": self.system, "deliverable": self.deliverable, "text": self.text}
        for agency in self.agencies:
            if self.periodic is None:
                yield Duty(agency=agency, due_before=self.due_before, **plain)
            else:
                for period, due_before in self.periodic.periods():
                    yield Duty(agency=agency, due_before=due_before, period=period, **plain)


class _Milestone(_Group):
    text: str


# Keys that came later: letters that do not use them keep their digest.
_LATER = ("weekly_report", "ladders", "contact")
_LATER_OF_A_STEP = ("repeat", "answer_days", "own_address")


class File(Strict):
    """The keys of a directive's YAML file: those of `Directive`, with duties in groups.

    A file that names agencies and systems brings its own registry, and needs no other.
    """

    id: str
    number: str | None = None
    day: date | None = None
    title: str
    issuer: str
    superior: str
    superior_document: str
    signer_title: tuple[str, ...] = ()
    report_symbol: str = "BC"
    archive: str = "VT"
    follows: str | None = None
    again: bool = False
    report: bool = True
    weekly_report: WeeklyReport = WeeklyReport()
    obligations: tuple[_Group, ...]
    milestones: tuple[_Milestone, ...] = ()
    ladder: tuple[Step, ...]
    ladders: tuple[KindLadder, ...] = ()
    contact: Desk | None = None

    def content(self) -> dict[str, Any]:
        """What a version of the letter is recorded as: plain JSON, without what is not said."""
        content = {name: value for name, value in self.model_dump(mode="json").items() if name in File.model_fields}
        for name in _LATER:
            if getattr(self, name) == File.model_fields[name].default:
                del content[name]
        for step in chain(content["ladder"], *(own["steps"] for own in content.get("ladders", ()))):
            for name in _LATER_OF_A_STEP:
                if step[name] == Step.model_fields[name].default:
                    del step[name]
        return content

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its content."""
        return hashlib.sha256(json.dumps(self.content(), sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def directive(self, registry: Registry) -> Directive:
        plain = {n: getattr(self, n) for n in File.model_fields if n not in ("obligations", "milestones")}
        return Directive(
            **plain,
            obligations=tuple(duty for group in self.obligations for duty in group.duties(self.id)),
            milestones=tuple(duty for group in self.milestones for duty in group.duties(self.id)),
            registry=registry,
        )


class _Whole(File):
    place: str
    letterhead: Letterhead | None = None
    agencies: tuple[Agency, ...]
    systems: tuple[System, ...]

    def registry(self) -> Registry:
        own = {name: getattr(self, name) for name in ("superior", "place", "letterhead", "agencies", "systems")}
        return Registry(office=self.issuer, survey=self.id, **own)


class _Agencies(Strict):
    office: str
    superior: str
    survey: str
    place: str
    letterhead: Letterhead | None = None
    agencies: tuple[Agency, ...]


class _Systems(Strict):
    systems: tuple[System, ...]


def load(path: Path, registry: Registry | None = None) -> Directive:
    """The directive in a YAML file, read again when the file has changed.

    Args:
        registry: the agencies and systems of a file that names none itself; default: those that are shipped.

    Raises:
        Problem: the file cannot be used; `file:line: …` per fault.
    """
    shared = registry or load_registry(DATA)
    file = load_file(path, shared)
    return file.directive(own_registry(file) or shared)


def load_file(path: Path, registry: Registry) -> File:
    """The letter in a YAML file as it is written there. Raises as `load`."""
    return _load(path, changed(path), registry)


@lru_cache
def _load(path: Path, _mtime: int, registry: Registry) -> File:
    return parse(read(path), registry)


def own_registry(file: File) -> Registry | None:
    """The agencies and systems that a file brings itself."""
    return file.registry() if isinstance(file, _Whole) else None


def parse(marked: LocatedYaml, registry: Registry) -> File:
    """A letter from the data of a file.

    Raises:
        Problem: it cannot be used; `file:line: …` per fault.
    """
    file = check(marked, registry)
    marked.raise_faults()
    assert file is not None
    return file


def check(marked: LocatedYaml, registry: Registry) -> File | None:
    """A letter by its own rules; whether forms, people and words are there, `configuration.check.check_letter` asks.

    Returns:
        the letter, to be used only where there are no faults; None where its keys do not fit.
    """
    marked.data = {} if marked.data is None else marked.data
    whole = isinstance(marked.data, dict) and not {"agencies", "systems"}.isdisjoint(marked.data)
    file = marked.check(_Whole if whole else File)
    apply_rules(marked, None if whole else registry)
    return file if isinstance(file, File) else None


def load_registry(data: Path) -> Registry:
    """The agencies and systems that all letters share, from `agencies.yaml` and `systems.yaml`.

    Raises:
        Problem: a file cannot be used; `file:line: …` per fault.
    """
    files = data / "agencies.yaml", data / "systems.yaml"
    return _load_registry(*files, *map(changed, files))


@lru_cache
def _load_registry(agencies: Path, systems: Path, *_mtimes: int) -> Registry:
    listed = read(agencies)
    listed.data = {} if listed.data is None else listed.data
    first = listed.check(_Agencies)
    apply_agency_rules(listed, "office", "superior")
    kinds = read(systems)
    kinds.data = {} if kinds.data is None else kinds.data
    second = kinds.check(_Systems)
    apply_system_rules(kinds)
    raise_together(listed, kinds)
    assert isinstance(first, _Agencies)
    assert isinstance(second, _Systems)
    return Registry(**{name: getattr(first, name) for name in _Agencies.model_fields}, systems=second.systems)


def changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
