"""The one check of all data files: a wrong line for each rule, named with file and line before the day it would run."""

import ast
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from dondoc.configuration import check
from dondoc.configuration.check import program
from dondoc.configuration.settings import DATA, Settings
from dondoc.directive.located_yaml import read
from dondoc.forms.catalogue import CATALOGUE
from dondoc.intake.gather import READERS
from dondoc.probing import verdicts

PACKAGE = DATA / "dondoc"
Change = Callable[[str, str, str], int]
HEAD = next(line for line in (DATA / "forms" / "form_03.yaml").read_text().splitlines() if line.startswith("head:"))
LETTER = "directives/stttt-cntt-2021-11.yaml"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped files, to be spoilt. One folder for all tests: what stays as it is is not read again."""
    to = tmp_path_factory.mktemp("data") / "include"
    return Path(shutil.copytree(DATA, to, ignore=shutil.ignore_patterns("dondoc", "__pycache__")))


@pytest.fixture
def change(data: Path) -> Iterator[Change]:
    """Replace something in a file, for one test; answers the line."""
    before: dict[Path, str] = {}

    def changed(name: str, old: str, new: str) -> int:
        path = data / name
        text = before.setdefault(path, path.read_text(encoding="utf-8"))
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    yield changed
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def found(data: Path, environment: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], list[str]]:
    """What the check says of the files as they are now."""
    return lambda: [str(fault) for fault in check.check_config(Settings(data=data, home=tmp_path))]


def test_the_shipped_files_have_no_fault(found: Callable[[], list[str]]) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("agencies.yaml", "superior: ubnd-tinh", "superior: ubnd-la", "không có đơn vị “ubnd-la”"),
        (
            "systems.yaml",
            "form: form_03",
            "form: form_33",
            "không có biểu mẫu “form_33” (thiếu tệp forms/form_33",
        ),
        ("systems.yaml", "internal_form: form_pac", "internal_form: form_x", "không có biểu mẫu “form_x”"),
        (LETTER, "form_03", "form_33", "“form_33” không phải thứ phải gửi ở đây"),
        ("forms/form_03.yaml", "id: form_03", "id: form_04", "id “form_04” có ở hai biểu mẫu"),
        ("forms/form_03.yaml", "head: [agency_name, ", "head: [", "phần head thiếu trường “agency_name”"),
        ("forms/form_03.yaml", "  - host", "  - {key: host, kind: text}", "cột “host” phải thuộc loại (kind) host"),
        ("forms/form_focal.yaml", "{code: tourism", "{code: turism", "không có hệ thống “turism” trong systems.yaml"),
        (LETTER, "to: [head]", "to: [chief]", "không có vai trò “chief”"),
        (LETTER, "also: [focal_officer]", "also: [approver]", "không có vai trò “approver”"),
        (
            LETTER,
            "letter: overdue_2",
            "letter: overdue_3",
            "letters/overdue_3 thiếu subject.txt.j2, text.txt.j2",
        ),
        (LETTER, "letter: overdue_2", "letter: answer", "thư của bậc “overdue_2”: letters/answer/"),
        (
            LETTER,
            "to: [focal_officer, clerk], letter: reminder",
            "to: [clerk], letter: overdue_1",
            "bậc “remind_3”: letters/",
        ),
        ("ladders/day-du.yaml", "to: [board]", "to: [bord]", "không có “bord”"),
        ("ladders/day-du.yaml", "letter: overdue_board", "letter: board", "thư mục letters/board thiếu"),
        (
            "letters/answer/text.txt.j2",
            "{{ issuer }}",
            "{{ isuer }}",
            "không có “isuer” trong những gì thư này",
        ),
        ("letters/outage/text.txt.j2", "place.name", "place.nmae", "mẫu thư không dựng được (UndefinedError: "),
        ("letters/report/subject.txt.j2", "owed | two", "owed | tow", "No filter named 'tow'"),
        ("cameras/rules.yaml", "[public_admin_centre]", "[centre]", "không có hệ thống “centre”"),
        ("cameras/rules.yaml", "status: [maintenance]", "status: [mending]", "không biểu mẫu nào có mã “mending”"),
        ("cameras/rules.yaml", "nights: 5", "nights: 0", "“nights” phải từ 1 trở lên"),
        ("directives/working-days.yaml", '"12729/VPCP-KGVX ngày 25/12/2025"', '" "', "thiếu văn bản làm căn cứ"),
    ],
)
def test_a_wrong_line_is_named(
    change: Change, found: Callable[[], list[str]], file: str, old: str, new: str, words: str
) -> None:
    line = change(file, old, new)
    name = file if file.startswith("letters/") else Path(file).name
    assert any(said.startswith(f"{name}:{line}: ") and words in said for said in found()), found()


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "words"),
    [
        (
            "forms/form_03.yaml",
            "  - name\n",
            "  - {key: cam, label: Cam, kind: text}\n",
            "form_03",
            "thiếu cột “name”",
        ),
        ("forms/form_03.yaml", "  - host\n", "", "form_03", "thiếu cột “host” để khai camera của hệ thống “tourism”"),
        ("forms/form_03.yaml", HEAD, "head: [agency_name]", "form_03", "phải có trường “no_camera”"),
        ("forms/common.yaml", "code: vms", "code: vmss", "form_03", "cột “sharing” thiếu mã “vms”"),
        ("forms/common.yaml", "code: leased", "code: rented", "form_03", "“link” có mã “rented” mà chương trình không"),
        ("forms/form_focal.yaml", "{code: tourism", "{code: turism", "form_focal", "thiếu hệ thống “tourism”"),
        ("letters/overdue_1/text.txt.j2", "{{ grounds }}", "{{ ground }}", "stttt-cntt-2021-11", "không có “ground”"),
        ("letters/items.txt.j2", "item.due }}", "item.deu }}", "day-du", "has no attribute 'deu'"),
        ("letters/outage/text.txt.j2", "{% endfor %}", "", "letters/outage/text.txt.j2", "TemplateSyntaxError"),
        ("cameras/pictures.yaml", "black_mean:", "blak_mean:", "pictures", "thiếu hoặc thừa: black_mean, blak_mean"),
        ("cameras/streams.yaml", "generic: /", "generick: /", "streams", "không có khóa “generick”"),
        (
            "cameras/streams.yaml",
            "md5: []",
            "md5: [{streams: [hik], source: x}]",
            "streams",
            "không có dòng “hik”",
        ),
    ],
)
def test_what_one_file_lacks_for_another_is_named(
    change: Change, found: Callable[[], list[str]], file: str, old: str, new: str, where: str, words: str
) -> None:
    change(file, old, new)
    assert any(said.startswith(where) and words in said for said in found()), found()


def test_an_agency_that_agreed_exists(found: Callable[[], list[str]], environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_DEVICE_INFO_AGENCIES", "ubnd-huyen-duc-tho, ubnd-la")
    assert found() == ["DONDOC_DEVICE_INFO_AGENCIES:1: không có đơn vị “ubnd-la” trong agencies.yaml."]


def test_all_faults_of_all_files_are_said_at_once(change: Change, found: Callable[[], list[str]]) -> None:
    change("agencies.yaml", "superior: ubnd-tinh", "superior: ubnd-la")
    change("systems.yaml", "check_window: day", "check_window: noon")
    change("forms/form_01.yaml", "nil: true", "nil: maybe")
    change("forms/form_02.yaml", "nil: true", "nil: maybe")
    change("directives/working-days.yaml", "{date: 2026-01-02, kind: day_off", "{date: 2026-01-02, kind: off")
    named = {said.partition(":")[0] for said in found()}
    assert named == {"agencies.yaml", "systems.yaml", "form_01.yaml", "form_02.yaml", "working-days.yaml"}


def test_a_letter_without_a_part_of_its_words_is_named(data: Path, found: Callable[[], list[str]]) -> None:
    html = data / "letters" / "outage" / "letter.html.j2"
    kept = html.rename(html.with_suffix(".away"))
    assert "letters/outage:1: thiếu letter.html.j2." in found()
    kept.rename(html)


def test_a_letter_that_a_page_put_together_is_checked_by_the_same_rules(data: Path) -> None:
    marked = read(data / LETTER)
    marked.data["ladder"][3]["letter"] = "overdue_3"
    marked.data["obligations"][1]["agencies"] = ["so-la"]
    check.check_letter(marked, check.load.load_registry(data), data)
    assert {fault.place[:3] for fault in marked.faults} == {("ladder", 3, "letter"), ("obligations", 1, "agencies")}


# The five changes that somebody new makes, each half done.


def test_a_sixth_system_with_a_new_form(change: Change, found: Callable[[], list[str]], data: Path) -> None:
    sixth = "systems:\n  - {id: schools, section: 6, name: Trường học, form: form_05}"
    change("systems.yaml", "systems:", sixth)
    assert any("systems.yaml:3: không có biểu mẫu “form_05”" in said for said in found())
    assert any(said.startswith("form_focal.yaml:") and "thiếu hệ thống “schools”" in said for said in found())
    form = data / "forms" / "form_05.yaml"
    text = (data / "forms" / "form_03.yaml").read_text(encoding="utf-8").replace("form_03", "form_05")
    form.write_text(text.replace("  - host\n", "").replace('code: "03"', 'code: "05"'), encoding="utf-8")
    said = found()
    form.unlink()
    assert any(one.startswith("form_05.yaml:") and "thiếu cột “host”" in one and "“schools”" in one for one in said)


def test_a_new_source(monkeypatch: pytest.MonkeyPatch, found: Callable[[], list[str]]) -> None:
    monkeypatch.setattr(program, "SourceName", Literal["folder", "mailbox", "sftp"])
    said = [one for one in found() if "sftp" in one]
    assert len(said) == 2
    assert "chưa có trong intake/gather.py, READERS" in said[0]
    assert "chưa có trong intake/sources/source.py, SOURCES" in said[1]


def test_whatever_reads_a_source_is_registered_and_has_a_task() -> None:
    modules = (PACKAGE / "intake" / "sources").glob("*.py")
    functions = [f for path in modules for f in ast.parse(path.read_text()).body if isinstance(f, ast.FunctionDef)]
    given = {f.name: ast.unparse(f.returns) for f in functions if f.returns}
    readers = {name.removeprefix("read_") for name, what in given.items() if what == "SourceResult"} - {
        "begin",
        "record",
    }
    assert readers == set(READERS)
    bodies = (PACKAGE / "orchestration" / "gathering.py").read_text()
    tasks = (DATA.parent / "dags" / "gather_survey_submissions.py").read_text()
    for name in READERS:
        assert f"def read_{name}(" in bodies
        assert f"gathering.read_{name}()" in tasks


def test_a_new_verdict_on_pictures(monkeypatch: pytest.MonkeyPatch, found: Callable[[], list[str]]) -> None:
    monkeypatch.setitem(verdicts.PHASE, "upside_down", "picture")
    assert [one.partition(" ")[2] for one in found()] == [
        "kết luận “upside_down” chưa có lời cho đơn vị (SENTENCE).",
        "kết luận “upside_down” chưa có việc đề nghị đơn vị làm (ADVICE).",
    ]


def test_a_new_step_with_a_copy_to_a_new_role(change: Change, found: Callable[[], list[str]]) -> None:
    line = change(LETTER, "also: [focal_officer]", "also: [deputy]")  # a role of the vocabulary has all that it needs
    assert any(f"{Path(LETTER).name}:{line}: không có vai trò “deputy”" in one for one in found())


def test_a_new_kind_of_letter(monkeypatch: pytest.MonkeyPatch, found: Callable[[], list[str]]) -> None:
    monkeypatch.setattr(program, "LetterKind", ("receipt", "telegram"))
    said = found()
    assert len(said) == 2
    assert "chưa có cách kiểm tra còn đúng không (preconditions.py, registry)" in said[0]
    assert "chưa có mẫu thư để kiểm tra (configuration/check/samples.py, LETTERS)" in said[1]


def test_every_issue_that_forms_tell_has_words() -> None:
    told: set[str] = set()
    for path in (PACKAGE / "forms").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "issue":
                told |= {a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    assert len(told) > 10
    assert told <= set(CATALOGUE)
