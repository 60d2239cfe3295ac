"""Steps of ladders: each has people it can reach, what these are called, and words to write to them."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from dondoc.configuration.check import words
from dondoc.configuration.check.faults import faults_of
from dondoc.directive import located_yaml
from dondoc.directive.ladders import ReadyLadder
from dondoc.directive.located_yaml import LocatedYaml, Place
from dondoc.directive.model import Registry, Step
from dondoc.directive.rules import apply_ladder_rules
from dondoc.errors import FileFault
from dondoc.vocabulary.people import ON_LADDER


def ready(data: Path, registry: Registry) -> Iterator[FileFault]:
    """Of the ladders that a page offers."""
    for path in _files(data):
        yield from faults_of(path.name, partial(_ready, path, data, registry))


def _ready(path: Path, data: Path, registry: Registry) -> None:
    ladder = located_yaml.load(path, ReadyLadder, "bậc đôn đốc")
    marked = located_yaml.read(path)
    apply_ladder_rules(marked, "steps")
    steps(marked, ("steps",), ladder.steps, registry, data)
    for i, own in enumerate(ladder.ladders):
        steps(marked, ("ladders", i, "steps"), own.steps, registry, data)
    marked.raise_faults()


def _files(data: Path) -> list[Path]:
    return sorted((data / "ladders").glob("*.yaml"))


def steps(marked: LocatedYaml, key: Place, ladder: Sequence[Step], registry: Registry, data: Path) -> None:
    """Faults of the steps under a key. What they say of each other is `directive.rules`."""
    for i, step in enumerate(ladder):
        for field, roles in (("to", step.to), ("also", step.also)):
            for j, role in enumerate(roles):
                _role(marked, (*key, i, field, j), role)
        _words(marked, (*key, i, "letter"), step, registry, data)


def _role(marked: LocatedYaml, place: Place, role: str) -> None:
    """A role is one that a step may name."""
    if role not in ON_LADDER:
        marked.fault(place, f"không có vai trò “{role}” ({', '.join(ON_LADDER)})")


def _words(marked: LocatedYaml, place: Place, step: Step, registry: Registry, data: Path) -> None:
    if lacking := words.lacking(data, step.letter):
        marked.fault(place, f"thư mục letters/{step.letter} thiếu {', '.join(lacking)}")
        return
    for fault in words.of_step(data, registry, step):
        marked.fault(place, f"thư của bậc “{step.id}”: {fault}".removesuffix("."))
