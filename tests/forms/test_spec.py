"""The forms as data."""

from pathlib import Path

import pytest
import yaml

from dondoc.directive.names import deliverable
from dondoc.errors import Problem
from dondoc.forms import values
from dondoc.forms.spec import FormSpec, load_specs
from dondoc.forms.values import Context
from tests.forms.conftest import DAY, DIRECTIVE, SPECS

FORMS = ["form_01", "form_02", "form_03", "form_04", "form_focal", "form_pac"]
SENSITIVE = {"latitude", "longitude", "host", "rtsp_port", "main_path", "sub_path"}
OTHERS_READ = SENSITIVE | {"name", "site", "address", "brand", "model", "channel", "status", "sharing", "restricted"}


def test_every_form_is_there_and_every_form_of_the_directive_has_a_spec() -> None:
    assert sorted(SPECS) == FORMS
    assert {system.form for system in DIRECTIVE.registry.systems if system.form} <= set(SPECS)
    for system in DIRECTIVE.registry.systems:
        if system.form:  # one spelling in letters, pages and the report
            assert SPECS[system.form].title == f"{deliverable(system.form)} ({system.name})"


@pytest.mark.parametrize("form", [f for f in FORMS if f != "form_focal"])
def test_what_others_read_of_a_camera_is_asked_and_what_must_not_travel_is_marked(form: str) -> None:
    fields = SPECS[form].fields
    assert set(fields) >= OTHERS_READ
    assert {field.key for field in SPECS[form].columns if field.sensitive} == SENSITIVE


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda s: s.id)
def test_every_field_explains_itself_with_an_example_that_is_accepted(spec: FormSpec) -> None:
    for field in (*spec.head, *spec.columns):
        assert field.help, field.key
        if field.example:
            assert not values.parse(field, field.example, Context(spec, DAY)).warnings, field.key


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda s: s.id)
def test_no_two_columns_of_a_form_have_the_same_label_and_each_word_of_a_list_means_its_own_code(
    spec: FormSpec,
) -> None:
    for fields in (spec.head, spec.columns):
        assert len({field.label for field in fields}) == len(fields)
    for field in spec.columns:
        for choice in spec.lists.get(field.choices or "", ()):
            assert spec.code_of(field, choice.label) == choice.code, f"{field.key}: {choice.label}"
            assert spec.code_of(field, choice.label.upper()) == choice.code
            assert spec.label_of(field, choice.code) == choice.label


@pytest.mark.parametrize(
    ("form", "before", "after", "said"),
    [
        ("form_03", "nil: true", "nill: true", "form_03.yaml:10: không có khóa “nill”"),
        ("form_03", "key: visitors, label", "key: visitors, labell", "không có khóa “labell”"),
        ("form_01", "choices: dam_class", "choices: dam_clas", "trường “dam_class” phải gọi một danh sách"),
        ("form_04", "  - name\n", "  - name\n  - name\n", "trường “name” ghi hai lần"),
        ("form_focal", "kind: text, max: 120", "kind: txt, max: 120", "“kind” phải là một trong"),
        ("form_03", "has_camera: [false]", "had_camera: [false]", "không có trường “had_camera”"),
        ("form_01", "  - sharing\n", "", "nhắc đến trường “sharing”"),
        (
            "form_02",
            "\nplace: site",
            "\n#",
            "form_02.yaml:1: biểu mẫu khai camera (cột “name”) phải ghi cột nào là điểm",
        ),
        ("form_02", "\nplace: site", "\nplace: road", "form_02.yaml:11: “road” không phải một cột bắt buộc"),
        ("form_pac", "columns:\n", "columns: # {\n  - [1]\n", "form_pac.yaml"),
    ],
)
def test_a_broken_spec_is_refused_with_its_line(
    forms_folder: Path, form: str, before: str, after: str, said: str
) -> None:
    file = forms_folder / "forms" / f"{form}.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(Problem, match=f"(?s)^{form}.yaml:\\d+: .*") as problem:
        load_specs(forms_folder)
    assert said in str(problem.value)


def test_a_changed_spec_is_read_again(forms_folder: Path) -> None:
    assert load_specs(forms_folder)["form_03"].version == 1
    file = forms_folder / "forms" / "form_03.yaml"
    plain = yaml.safe_load(file.read_text(encoding="utf-8")) | {"version": 2}
    file.write_text(yaml.safe_dump(plain, allow_unicode=True), encoding="utf-8")
    assert load_specs(forms_folder)["form_03"].version == 2


def test_a_folder_without_forms_is_told_to_a_person(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="Không có mẫu biểu"):
        load_specs(tmp_path)


def test_a_copy_of_a_form_forgets_what_was_worked_out_of_its_fields() -> None:
    spec = SPECS["form_03"]
    assert "name" in spec.fields
    assert "name" not in spec.model_copy(update={"columns": ()}).fields
