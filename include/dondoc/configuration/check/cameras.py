"""Rules of the nights, streams by brand, thresholds of pictures: each can be used, and speaks of what there is."""

import re
from collections.abc import Iterator
from pathlib import Path

from dondoc.cameras.measured import playback
from dondoc.cameras.registry import streams
from dondoc.cameras.state import rules
from dondoc.configuration.check import forms
from dondoc.configuration.check.faults import at, faults_of
from dondoc.configuration.settings import Settings, variable
from dondoc.directive.load import changed
from dondoc.directive.model import Registry
from dondoc.errors import FileFault, Problem
from dondoc.probing.picture.judge import thresholds

KINDS = ("silences", "patience")
DECLARED = ("status", "power")  # what a rule may ask of a camera: codes of the columns with these keys


def faults(settings: Settings, registry: Registry | None) -> Iterator[FileFault]:
    folder = settings.data / "cameras"
    if registry:
        yield from _agencies_exist(settings, {agency.id for agency in registry.agencies})
    yield from faults_of("pictures.yaml", lambda: thresholds(folder / "pictures.yaml"))
    paths = folder / "streams.yaml"
    yield from faults_of("streams.yaml", lambda: streams.of((paths, changed(paths))))
    ways = folder / "playback.yaml"
    yield from faults_of("playback.yaml", lambda: playback.of((ways, changed(ways))))
    yield from _brands_exist(paths, ways)
    yield from faults_of("rules.yaml", lambda: rules.load(settings))
    try:
        known = rules.load(settings)
    except Problem:
        return
    if registry:
        yield from _systems_exist(settings, known, {system.id for system in registry.systems})
    yield from _codes_exist(settings, known)


def _brands_exist(paths: Path, ways: Path) -> Iterator[FileFault]:
    try:
        known, asked = streams.of((paths, changed(paths))), playback.of((ways, changed(ways))).playback
    except Problem:
        return
    brands = {stream.id for stream in known.streams}
    for i, way in enumerate(asked):
        for brand in sorted({*way.streams} - brands):
            yield at(ways, ("playback", i, "streams"), f"không có dòng “{brand}” trong streams.yaml")
    for i, rule in enumerate(known.md5):
        for brand in sorted({*rule.streams} - brands):
            yield at(paths, ("md5", i, "streams"), f"không có dòng “{brand}” trong streams")
        for camera in rule.cameras:
            if not re.fullmatch(r"CAM-[0-9]{5,}", camera):
                yield at(paths, ("md5", i, "cameras"), f"“{camera}” không phải số hiệu camera (CAM-00012)")


def _agencies_exist(settings: Settings, agencies: set[str]) -> Iterator[FileFault]:
    for agency in sorted({*settings.device_info_agencies} - agencies):
        yield FileFault(variable("device_info_agencies"), 1, f"không có đơn vị “{agency}” trong agencies.yaml.")


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
