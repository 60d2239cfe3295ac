"""Systems: their forms are there, and a form that declares cameras has what cameras are made of."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dondoc.cameras.registry.columns import CLOSED, CODES, KINDS, NEEDED
from dondoc.configuration.check import forms
from dondoc.configuration.check.faults import at
from dondoc.directive.load import load_registry
from dondoc.directive.model import Registry, System
from dondoc.errors import FileFault, Problem
from dondoc.forms.spec import FormSpec


def faults(data: Path, registry: Registry) -> Iterator[FileFault]:
    """`registry`: the one in force, which a letter may have brought itself."""
    specs = forms.usable(data)
    try:
        shared = load_registry(data).systems
    except Problem:
        shared = ()
    yield from _forms_exist(data, shared, forms.known(data))
    by_id = {spec.id: (path, spec) for path, spec in specs.items()}
    for system in {*shared, *registry.systems} if system_cameras(registry) else ():
        for form in (system.form, system.internal_form):
            if system.cameras and form in by_id:
                yield from _columns(*by_id[form], system)
    for path, spec in specs.items():
        yield from _choice_of_systems(path, spec, registry)


def system_cameras(registry: Registry) -> list[System]:
    return [system for system in registry.systems if system.cameras]


def _forms_exist(data: Path, systems: tuple[System, ...], there: set[str]) -> Iterator[FileFault]:
    for i, system in enumerate(systems):
        for key, form in (("form", system.form), ("internal_form", system.internal_form)):
            if form and form not in there:
                yield at(data / "systems.yaml", ("systems", i, key), forms.missing(form))


def _columns(path: Path, spec: FormSpec, system: System) -> Iterator[FileFault]:
    """A column with another key is no column: rows would be accepted, and no camera be made of them."""
    for either in NEEDED:
        if not spec.fields.keys() & set(either):
            said = " hoặc ".join(f"“{key}”" for key in either)
            yield at(path, ("columns",), f"thiếu cột {said} để khai camera của hệ thống “{system.id}”; {REMEDY}")
    yield from _kinds(path, spec)
    yield from _codes(path, spec)


REMEDY = "hệ thống không có camera thì ghi cameras: false trong systems.yaml"


def _kinds(path: Path, spec: FormSpec) -> Iterator[FileFault]:
    for i, field in enumerate(spec.columns):
        if field.kind != KINDS.get(field.key, field.kind):
            yield at(path, ("columns", i), f"cột “{field.key}” phải thuộc loại (kind) {KINDS[field.key]}")


def _codes(path: Path, spec: FormSpec) -> Iterator[FileFault]:
    """The program decides by these codes; a list without them would never be heard."""
    for i, field in enumerate((*spec.columns, *spec.followed)):
        codes = {choice.code for choice in spec.lists.get(field.choices or "", ())}
        for code in sorted(CODES.get(field.key, frozenset()) - codes if codes else ()):
            yield at(path, ("columns", i), f"danh sách của cột “{field.key}” thiếu mã “{code}” mà chương trình dựa vào")
        if known := CLOSED.get(field.key):
            for code in sorted(code for code in map(str, codes) if code not in [*known]):
                said = f"danh sách của cột “{field.key}” có mã “{code}” mà chương trình không biết"
                yield at(path, ("columns", i), f"{said} (có: {', '.join(known)})")


def _choice_of_systems(path: Path, spec: FormSpec, registry: Registry) -> Iterator[FileFault]:
    """A form in which a system is chosen (focal officers) offers each that has cameras, and no other."""
    field = spec.fields.get("system")
    if field is None or field.choices is None:
        return
    offered: Mapping[object, int] = {choice.code: i for i, choice in enumerate(spec.lists[field.choices])}
    known = {system.id for system in registry.systems}
    for code, i in offered.items():
        if code not in known:
            yield at(path, ("lists", field.choices, i), f"không có hệ thống “{code}” trong systems.yaml")
    for system in system_cameras(registry):
        if system.id not in offered:
            said = f"danh sách “{field.choices}” thiếu hệ thống “{system.id}” của systems.yaml"
            yield at(path, ("lists", field.choices), said)
