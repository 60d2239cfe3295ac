"""Forms of a survey server whose questions have other names than our fields: `forms/survey.yaml`.

A form that is built with our keys (`dondoc blank --survey`) needs no line there.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from dondoc.directive.located_yaml import LocatedYaml, read
from dondoc.directive.model import Strict
from dondoc.forms.spec import Code, FormSpec, load_specs


class Survey(Strict):
    """What a server's form means: its questions by name → our fields, and choices of a question → our codes."""

    form: str
    questions: dict[str, str] = {}
    choices: dict[str, dict[str, Code]] = {}


class _File(Strict):
    forms: dict[str, Survey] = {}


def load_surveys(data: Path) -> dict[str, Survey]:
    """The forms by their id on the server (Kobo: the asset's uid; ODK: the form's id); none where there is no file.

    Raises:
        Problem: the file, or our forms, cannot be used; `file:line: …` per fault.
    """
    files = sorted((data / "forms").glob("*.yaml"))
    return _load(data, tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache
def _load(data: Path, _files: tuple[tuple[Path, int], ...]) -> dict[str, Survey]:
    file = data / "forms" / "survey.yaml"
    if not file.exists():
        return {}
    specs, marked = load_specs(data), read(file)
    if marked.data is None:
        return {}
    found = marked.check(_File)
    if isinstance(found, _File):
        for name, survey in found.forms.items():
            _fits(marked, ("forms", name), survey, specs)
    marked.raise_faults()
    assert isinstance(found, _File)
    return found.forms


def _fits(marked: LocatedYaml, place: tuple[str, ...], survey: Survey, specs: Mapping[str, FormSpec]) -> None:
    spec = specs.get(survey.form)
    if spec is None:
        marked.fault((*place, "form"), f"không có biểu mẫu “{survey.form}”")
        return
    known = {**spec.fields, **spec.heads}
    for question, key in survey.questions.items():
        if key not in known:
            marked.fault((*place, "questions", question), f"biểu mẫu “{spec.id}” không có trường “{key}”")
    for question, codes in survey.choices.items():
        here, field = (*place, "choices", question), known.get(survey.questions.get(question, question))
        if field is None or field.kind != "choice":
            marked.fault(here, f"câu hỏi “{question}” không ứng với trường chọn nào của biểu mẫu “{spec.id}”")
            continue
        listed = [choice.code for choice in spec.lists[field.choices or ""]]
        for choice, code in codes.items():
            if not any(code is one or code == one for one in listed):
                marked.fault((*here, choice), f"danh sách “{field.choices}” không có mã “{code}”")
