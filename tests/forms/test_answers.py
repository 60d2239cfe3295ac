"""A submission of an online survey is judged as the workbook with the same answers is."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from dondoc.configuration.check import forms as check
from dondoc.forms import annotate as annotating
from dondoc.forms import answers, catalogue, layout, template
from dondoc.forms import judge as judging
from dondoc.forms import token as tokens
from dondoc.forms.reading import Unreadable
from dondoc.forms.surveys import Survey, load_surveys
from dondoc.forms.token import Proof
from dondoc.forms.verdict import FormVerdict

from .conftest import DAY, DIRECTIVE, SECRETS, SPECS, form, head, row

ROW = row(link="TSLCD")
REGISTRY = DIRECTIVE.registry


def prove(texts: list[str]) -> Proof:
    return tokens.prove(texts, registry=REGISTRY, forms=SPECS, secrets=SECRETS)


def judged(content: bytes, surveys: dict[str, Survey] | None = None) -> FormVerdict:
    return judging.judge(content, "a.json", specs=SPECS, registry=REGISTRY, prove=prove, day=DAY, surveys=surveys or {})


def coded(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Answers as a survey server has them: choices by name, dates in ISO."""
    spec, made = SPECS[kind], {}
    for key, value in values.items():
        field = spec.heads.get(key) or spec.fields[key]
        code = spec.code_of(field, value) if field.kind == "choice" else None
        made[key] = value if code is None else answers.choice_name(code)
        if field.kind == "date":
            day, month, year = value.split("/")
            made[key] = f"{year}-{month}-{day}"
    return made


def kobo(kind: str = "form_03", rows: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """As Kobo gives it: flat, each name with its groups before it, and what the server adds."""
    rows = [ROW] if rows is None else rows
    general = coded(kind, head(kind, agency_name=REGISTRY.agency("ubnd-huyen-duc-tho").name))
    return {
        "_id": 7,
        "_uuid": "u-7",
        "formhub/uuid": "f",
        "start": "2021-11-17T08:00:00+07:00",
        "meta/instanceID": "uuid:u-7",
        **{f"chung/{key}": value for key, value in general.items()},
        "cameras": [{f"cameras/camera/{key}": value for key, value in coded(kind, one).items()} for one in rows],
        "_attachments": [{"filename": "x"}],
        "_geolocation": [None, None],
        "_submitted_by": None,
        **more,
    }


def odk(kind: str = "form_03", rows: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """As ODK Central gives it: groups as objects, what nobody answered as null, numbers as numbers."""
    flat = kobo(kind, rows)
    return {
        "__id": "uuid:u-7",
        "meta": {"instanceID": "uuid:u-7"},
        "__system": {"submissionDate": "2021-11-18T01:00:00.000Z", "updatedAt": None, "edits": 0, "deletedAt": None},
        "chung": {key.removeprefix("chung/"): value for key, value in flat.items() if key.startswith("chung/")},
        "ghi_chu": None,
        "cameras@odata.navigationLink": "Submissions('uuid%3Au-7')/cameras",
        "cameras": [{"__id": "1", "camera": dict(map(_typed, one.items()))} for one in flat["cameras"]],
    }


def _typed(answer: tuple[str, Any]) -> tuple[str, Any]:
    key = answer[0].rsplit("/", 1)[-1]
    number = SPECS["form_03"].fields[key].kind in ("whole", "days", "year")
    return key, int(answer[1]) if number else answer[1]


def packed(given: dict[str, Any], server_form: str = "x") -> bytes:
    return answers.pack(given, kind="kobo", server="127.0.0.1", form=server_form)


def signed() -> str:
    token = tokens.of_form(SPECS["form_03"], REGISTRY.agency("ubnd-huyen-duc-tho"), REGISTRY, SECRETS)
    assert token
    return token


@pytest.mark.parametrize("shape", [kobo, odk])
def test_answers_are_judged_as_the_workbook_with_the_same_answers(shape: Any) -> None:
    mine = judged(packed(shape() | {answers.TOKEN: signed()}))
    theirs = judged(form("form_03", head(), [ROW]))
    assert (mine.outcome, mine.agency, mine.token) == ("accepted", "ubnd-huyen-duc-tho", "valid")
    assert (mine.head, mine.value_hash, mine.issues) == (theirs.head, theirs.value_hash, theirs.issues)
    assert [{**one, "_row": 0} for one in mine.rows] == [{**one, "_row": 0} for one in theirs.rows]


@pytest.mark.parametrize("kind", SPECS)
def test_every_form_is_known_by_its_keys_by_a_hidden_question_or_by_the_servers_own_id(kind: str) -> None:
    rows = [row(kind)]
    for answers_, server_form in (
        (kobo(kind, rows), "x"),
        (kobo(kind, []) | {answers.FORM: kind}, "x"),
        (kobo(kind, []), kind),
    ):
        assert judged(packed(answers_, server_form)).form == kind


def test_without_a_token_the_exact_name_says_whose_it_is_and_a_forged_one_says_nothing() -> None:
    assert (judged(packed(kobo())).agency, judged(packed(kobo())).token) == ("ubnd-huyen-duc-tho", "missing")
    forged = judged(packed(kobo() | {answers.TOKEN: signed().replace("duc-tho", "vu-quang")}))
    assert forged.token == "invalid"
    assert "token_invalid" in {issue.code for issue in forged.issues}


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        10**400,
        -1e308,
        "Cổng \ud83d",
        "\udc00",
        [[[]]],
        {"a": {"b": 1}},
        "\x00",
        "x" * 10**6,
    ],
)
def test_a_server_may_answer_with_anything(value: Any) -> None:
    verdict = judged(packed(kobo(rows=[ROW, {**ROW, "name": value, "rtsp_port": value}])))
    assert verdict.outcome == "returned"
    assert str(verdict.rows).encode()
    assert all(issue.message.encode() for issue in verdict.issues)


def test_what_is_wrong_is_marked_in_a_copy_of_ours_with_their_answers() -> None:
    content = packed(kobo(rows=[ROW, {**ROW, "name": "Cổng 02", "rtsp_port": "năm năm bốn"}]))
    verdict = judged(content)
    assert verdict.outcome == "returned"
    [issue] = [one for one in verdict.issues if one.severity == "error" and one.code == "not_whole"]
    spec = SPECS["form_03"]
    assert (issue.sheet, issue.cell) == (spec.sheet, f"{_letter(spec, 'rtsp_port')}7")
    assert "Dòng 2" in issue.message
    copy = annotating.annotate(content, verdict, specs=SPECS, registry=REGISTRY, token=None, surveys={})
    book = load_workbook(BytesIO(copy))
    cell = book[spec.sheet][issue.cell]
    assert (cell.value, cell.comment is not None) == ("năm năm bốn", True)


def _letter(spec: Any, key: str) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(template.column(spec, key))


def test_one_site_with_several_cameras_and_questions_of_one_camera_alone_become_rows() -> None:
    site = {"place": "Bãi biển A", "place_type": "beach"}
    inner = {key: value for key, value in coded("form_03", ROW).items() if key not in site}
    nested = {**kobo(rows=[]), "sites": [{**site, "cameras": [inner, {**inner, "name": "Cổng 02"}]}]}
    assert [(one["place"], one["name"]) for one in judged(packed(nested)).rows] == [
        ("Bãi biển A", ROW["name"]),
        ("Bãi biển A", "Cổng 02"),
    ]
    flat = judged(packed({**kobo(rows=[]), **coded("form_03", ROW)}))
    assert [one["name"] for one in flat.rows] == [ROW["name"]]


@pytest.mark.parametrize(
    "point", ["18.5362 105.5911 12.0 4.5", {"type": "Point", "coordinates": [105.5911, 18.5362, 12]}]
)
def test_a_point_of_a_map_is_both_coordinates(point: Any) -> None:
    given = kobo(rows=[{key: value for key, value in ROW.items() if key not in ("latitude", "longitude")}])
    given["cameras"][0]["cameras/latitude"] = point
    [one] = judged(packed(given)).rows
    assert (one["latitude"], one["longitude"]) == (18.5362, 105.5911)


def test_questions_with_other_names_are_ours_by_the_file_and_the_rest_is_said_to_be_unknown() -> None:
    given = kobo()
    given["ten_don_vi"] = given.pop("chung/agency_name")
    camera = given["cameras"][0]
    camera["loai"] = "2"
    camera.pop("cameras/camera/place_type")
    camera["mau_son"] = "xanh"
    survey = Survey(
        form="form_03",
        questions={"ten_don_vi": "agency_name", "loai": "place_type"},
        choices={"loai": {"2": "beach"}},
    )
    verdict = judged(packed(given, "aKx"), {"aKx": survey})
    assert (verdict.agency, verdict.rows[0]["place_type"]) == ("ubnd-huyen-duc-tho", "beach")
    assert any("mau_son" in issue.message for issue in verdict.issues)


def test_no_camera_needs_no_row() -> None:
    given = kobo(rows=[]) | {"chung/no_camera": "true"}
    verdict = judged(packed({k: v for k, v in given.items() if not k.startswith("chung/total")}, "form_03"))
    assert (verdict.form, verdict.nil) == ("form_03", True)
    assert not [issue for issue in verdict.issues if issue.severity == "error"]


def test_a_password_is_taken_out() -> None:
    verdict = judged(packed(kobo(rows=[{**ROW, "note": "mật khẩu: Abc@12345"}])))
    assert verdict.redacted
    assert "Abc@12345" not in json.dumps([verdict.head, verdict.rows, [i.message for i in verdict.issues]])


def test_more_rows_than_are_read_make_an_issue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers.draft, "ROWS", 3)
    book = answers.read(packed(kobo(rows=[ROW] * 4)), SPECS, {})
    assert len(book.sheets[1].rows) == 4, "the heading and three rows"
    assert [note.code for note in book.sheets[1].notes] == ["too_many_rows"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cameras", "agency_name", "chung/name", "latitude", "place_type", "coordinates", "x", "_a"]
            )
            | st.text(max_size=8),
            inner,
            max_size=6,
        )
    ),
    max_leaves=40,
)


@given(st.dictionaries(st.sampled_from(["cameras", "agency_name", "name", "place", "host"]) | st.text(), JSON))
@settings(max_examples=60)
def test_whatever_a_server_gives_is_a_book_or_refused(given: dict[str, Any]) -> None:
    for server_form in ("form_03", "x"):
        try:
            layout.find(answers.read(packed(given, server_form), SPECS, {}), SPECS)
        except Unreadable as error:
            catalogue.refused("a.json", error.code, **error.gaps)


@pytest.mark.parametrize(
    "content",
    [b'{"answers":', b'{"answers":3,"form":"x"}', b'{"answers":{}}', b'{"answers":' + b'{"a":' * 90_000],
)
def test_what_is_no_submission_is_refused(content: bytes) -> None:
    assert [issue.code for issue in judged(content).issues] == ["file_damaged"]


# -- forms/survey.yaml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("forms:\n  aK:\n    form: form_99\n", "survey.yaml:3: không có biểu mẫu “form_99”"),
        (
            "forms:\n  aK:\n    form: form_03\n    questions:\n      a: nothing\n",
            "survey.yaml:5: biểu mẫu “form_03” không có trường “nothing”",
        ),
        (
            "forms:\n  aK:\n    form: form_03\n    choices:\n      place_type: {'1': nowhere}\n",
            "survey.yaml:5: danh sách “place_type” không có mã “nowhere”",
        ),
        (
            "forms:\n  aK:\n    form: form_03\n    choices:\n      name: {'1': beach}\n",
            "survey.yaml:5: câu hỏi “name” không ứng với trường chọn nào",
        ),
        ("forms:\n  aK: {form: form_03, question: {}}\n", "survey.yaml:2: không có khóa “question” ở đây"),
    ],
)
def test_what_does_not_fit_our_forms_is_a_fault_with_its_line(data: Path, text: str, said: str) -> None:
    (data / "forms" / "survey.yaml").write_text(text)
    assert any(str(fault).startswith(said) for fault in check.faults(data)), list(map(str, check.faults(data)))


def test_a_file_without_forms_or_no_file_at_all_is_none(data: Path) -> None:
    assert load_surveys(data) == {}
    (data / "forms" / "survey.yaml").write_text("")
    assert load_surveys(data) == {}
    (data / "forms" / "survey.yaml").unlink()
    assert load_surveys(data) == {}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    from shutil import copytree

    from dondoc.configuration.settings import DATA

    copytree(DATA / "forms", tmp_path / "forms")
    return tmp_path
