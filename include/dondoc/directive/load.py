"""Read a directive from YAML: every fault at once, each with its line."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from dondoc.directive.marked import read
from dondoc.directive.model import Agency, Directive, Duty, Letterhead, Step, Strict, System
from dondoc.directive.rules import apply_rules


class _Group(Strict):
    """Duties as people write them: the same thing asked of several agencies at once."""

    agencies: tuple[str, ...] = Field(min_length=1)
    system: str
    deliverable: str
    text: str = ""

    def duties(self, due_before: date | None) -> Iterator[Duty]:
        for agency in self.agencies:
            yield Duty(
                agency=agency, system=self.system, deliverable=self.deliverable, due_before=due_before, text=self.text
            )


class _Dated(_Group):
    due_before: date


class _Undated(_Group):
    text: str


class _File(Strict):
    """The keys of a directive's YAML file: those of `Directive`, with duties in groups."""

    id: str
    number: str | None = None
    day: date | None = None
    title: str
    issuer: str
    superior: str
    superior_document: str
    place: str
    signer_title: tuple[str, ...] = ()
    report_symbol: str = "BC"
    archive: str = "VT"
    letterhead: Letterhead | None = None
    agencies: tuple[Agency, ...]
    systems: tuple[System, ...]
    obligations: tuple[_Dated, ...]
    milestones: tuple[_Undated, ...] = ()
    ladder: tuple[Step, ...]


def load(path: Path) -> Directive:
    """The directive in a YAML file, read again when the file has changed.

    Raises:
        Problem: the file cannot be used; `file:line: …` per fault.
    """
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache
def _load(path: Path, _mtime: int) -> Directive:
    marked = read(path)
    marked.data = {} if marked.data is None else marked.data
    file = marked.check(_File)
    apply_rules(marked)
    marked.raise_faults()
    assert isinstance(file, _File)
    plain = {name: getattr(file, name) for name in _File.model_fields if name not in ("obligations", "milestones")}
    return Directive(
        **plain,
        obligations=tuple(duty for group in file.obligations for duty in group.duties(group.due_before)),
        milestones=tuple(duty for group in file.milestones for duty in group.duties(None)),
    )
