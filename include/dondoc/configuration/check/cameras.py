"""Rules of the nights, streams by brand, thresholds of pictures: each can be used, and speaks of what there is."""

from collections.abc import Iterator

from dondoc.cameras.registry import streams
from dondoc.cameras.state import rules
from dondoc.configuration.check import forms
from dondoc.configuration.check.faults import at, faults_of
from dondoc.configuration.settings import Settings
from dondoc.directive.load import changed
from dondoc.directive.model import Registry
from dondoc.errors import FileFault, Problem
from dondoc.probing.picture.judge import thresholds

KINDS = ("silences", "patience")
DECLARED = ("status", "power")  # what a rule may ask of a camera: codes of the columns with these keys


def faults(settings: Settings, registry: Registry | None) -> Iterator[FileFault]:
    folder = settings.data / "cameras"
    yield from faults_of("pictures.yaml", lambda: thresholds(folder / "pictures.yaml"))
    yield from faults_of(
        "streams.yaml", lambda: streams.of((folder / "streams.yaml", changed(folder / "streams.yaml")))
    )
    yield from faults_of("rules.yaml", lambda: rules.load(settings))
    try:
        known = rules.load(settings)
    except Problem:
        return
    if registry:
        yield from _systems_exist(settings, known, {system.id for system in registry.systems})
    yield from _codes_exist(settings, known)


def _systems_exist(settings: Settings, known: rules.Rules, systems: set[str]) -> Iterator[FileFault]:
    for kind in KINDS:
        for i, rule in enumerate(getattr(known, kind)):
            for system in sorted({*(rule.systems or ())} - systems):
                place = (kind, i, "systems")
                yield at(settings.data / "cameras" / "rules.yaml", place, f"không có hệ thống “{system}”")


def _codes_exist(settings: Settings, known: rules.Rules) -> Iterator[FileFault]:
    """No form offers such a word: the rule would never hold."""
    specs = forms.usable(settings.data).values()
    for column in DECLARED:
        fields = [(spec, spec.fields[column]) for spec in specs if column in spec.fields]
        offered = {c.code for spec, field in fields for c in spec.lists.get(field.choices or "", ())}
        for kind in KINDS:
            for i, rule in enumerate(getattr(known, kind)):
                for code in sorted({code for code in getattr(rule, column) or () if code} - offered if fields else ()):
                    message = f"không biểu mẫu nào có mã “{code}” ở cột “{column}”"
                    yield at(settings.data / "cameras" / "rules.yaml", (kind, i, column), message)
