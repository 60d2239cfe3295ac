"""Forms: each can be used, has what the program asks of every form, and is there when a letter asks for it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dondoc.configuration.check.faults import at, faults_of
from dondoc.directive.load import File
from dondoc.directive.located_yaml import LocatedYaml
from dondoc.errors import FileFault, Problem
from dondoc.forms.spec import FormSpec, load_specs, read_specs
from dondoc.forms.surveys import load_surveys


def faults(data: Path) -> Iterator[FileFault]:
    yield from faults_of("forms", lambda: load_specs(data))
    yield from faults_of("survey.yaml", lambda: load_surveys(data))
    specs = usable(data)
    yield from _doubled(specs)
    for path, spec in specs.items():
        yield from _head(path, spec)


def usable(data: Path) -> dict[Path, FormSpec]:
    """The forms without faults, by file."""
    with suppress(Problem):
        return read_specs(data).by_file
    return {}


def known(data: Path) -> set[str]:
    """Ids of the forms that are there, be they usable or not."""
    return {spec.id for spec in usable(data).values()} | {path.stem for path in (data / "forms").glob("form_*.yaml")}


def owed(marked: LocatedYaml, file: File, data: Path) -> None:
    """Every form that a letter asks for is there: else its duty would be chased, and no blank could be sent."""
    there = known(data)
    for i, group in enumerate(file.obligations):
        if group.deliverable.startswith("form_") and group.deliverable not in there:
            marked.fault(("obligations", i, "deliverable"), missing(group.deliverable))


def missing(form: str) -> str:
    return f"không có biểu mẫu “{form}” (thiếu tệp forms/{form}.yaml)"


def _doubled(specs: dict[Path, FormSpec]) -> Iterator[FileFault]:
    """Of two forms with one id, or one code, the program would see one."""
    for key in ("id", "code"):
        count = Counter(getattr(spec, key) for spec in specs.values())
        for path, spec in specs.items():
            if count[value := getattr(spec, key)] > 1:
                yield at(path, (key,), f"{key} “{value}” có ở hai biểu mẫu")


def _head(path: Path, spec: FormSpec) -> Iterator[FileFault]:
    """Whose form it is stands in its head, and that there is no camera, where that fulfils it."""
    if "agency_name" not in spec.heads:
        yield at(path, ("head",), "phần head thiếu trường “agency_name”: không biết biểu mẫu là của đơn vị nào")
    if spec.nil and "no_camera" not in spec.heads:
        yield at(path, ("nil",), "nil: true thì phần head phải có trường “no_camera” để đơn vị khai không có camera")
