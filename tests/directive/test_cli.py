"""dondoc directive: check, add, list, show, close, activate, export."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dondoc.configuration.context import AppContext
from dondoc.directive.load import load_file
from dondoc.errors import Problem
from tests.conftest import OTHER_DIRECTIVE, Run, at
from tests.directive.letters import NOVEMBER_2021, REGISTRY, SHIPPED, file, group, written

OWES = group("tourism/form_03", "ubnd-huyen-duc-tho", due_before="2021-11-25")
LETTER = file(OWES)
BY, WHY = ("--by", "Lê A"), ("--document", "CV 9", "--reason", "mưa lũ")


@pytest.fixture
def typed(app: AppContext, environment: pytest.MonkeyPatch, dondoc: Run, tmp_path: Path) -> Callable[..., str]:
    """Types `dondoc directive …` on 22/11/2021 in a folder with the letter, `b.yaml`; what it said."""
    environment.setenv("DONDOC_CLOCK", at(22).isoformat())
    environment.chdir(tmp_path)
    written(Path("b.yaml"), LETTER)

    def type_(*words: object) -> str:
        done = dondoc("directive", *words)
        return done.stdout or done.stderr

    return type_


def listed(typed: Callable[..., str], *words: str) -> list[tuple[str, str, int]]:
    rows: list[dict[str, Any]] = json.loads(typed("list", "--json", *words))
    return [(row["id"], row["state"], row["version"]) for row in rows]


def test_a_file_is_checked_without_a_database(environment: pytest.MonkeyPatch, dondoc: Run, tmp_path: Path) -> None:
    good = written(tmp_path / "b.yaml", LETTER)
    said = json.loads(dondoc("directive", "check", good, "--json").stdout)
    [warning] = said.pop("warnings")
    assert warning.startswith("Chưa ghi contact")
    assert said == {"file": str(good), "directive": "stttt-2021-12", "obligations": 1, "agencies": 1}
    assert "dùng được" in dondoc("directive", "check", OTHER_DIRECTIVE).stderr, "it brings its own agencies"
    good.write_text(good.read_text("utf-8").replace("ubnd-huyen-duc-tho", "ubnd-khac"), "utf-8")
    with pytest.raises(Problem, match=r"b\.yaml:\d+: .*không có đơn vị “ubnd-khac”"):
        dondoc("directive", "check", good)
    assert not (tmp_path / "home" / "dondoc.db").exists()


def test_a_letter_is_added_amended_and_closed_by_a_person(typed: Callable[..., str], dondoc: Run) -> None:
    assert listed(typed) == [("stttt-cntt-2021-11", "active", 1)]
    assert "phiên bản 1, có hiệu lực từ 16/11/2021" in typed("add", "b.yaml", *BY)
    assert listed(typed) == [("stttt-2021-12", "active", 1), ("stttt-cntt-2021-11", "active", 1)]
    assert listed(typed, "--as-of", "2021-11-15") == [("stttt-cntt-2021-11", "active", 1)]
    assert listed(typed, "--known-at", "2021-11-21") == [("stttt-cntt-2021-11", "active", 1)]

    written(Path("b.yaml"), file(OWES | {"due_before": "2021-12-10"}))
    with pytest.raises(Problem, match="ghi thêm --document và --reason"):
        typed("add", "b.yaml", *BY)
    assert "phiên bản 2, có hiệu lực từ 24/11/2021" in typed("add", "b.yaml", *BY, *WHY, "--from", "2021-11-24")

    def last_day(as_of: str) -> list[str]:
        rows = json.loads(dondoc("obligations", "--as-of", as_of, "--directive", "stttt-2021-12", "--json").stdout)
        return [row["last_day"] for row in rows]

    assert (last_day("2021-11-23"), last_day("2021-11-24")) == (["2021-11-24"], ["2021-12-09"])
    assert "kết thúc từ 30/11/2021 (phiên bản 3)" in typed("close", "stttt-2021-12", *BY, *WHY, "--on", "2021-11-30")
    assert (last_day("2021-11-29"), last_day("2021-11-30")) == (["2021-12-09"], [])
    rows = json.loads(typed("show", "stttt-2021-12", "--json"))
    assert [(row["version"], row["state"], row["document"], row["reason"], row["by"]) for row in rows] == [
        (1, "active", "", "", "Lê A"),
        (2, "active", "CV 9", "mưa lũ", "Lê A"),
        (3, "closed", "CV 9", "mưa lũ", "Lê A"),
    ]


def test_a_draft_is_listed_and_chases_nobody_until_it_is_activated(typed: Callable[..., str], dondoc: Run) -> None:
    typed("add", "b.yaml", "--draft", *BY)
    assert listed(typed)[0] == ("stttt-2021-12", "draft", 1)
    owed = ("obligations", "--as-of", "2021-11-22", "--directive", "stttt-2021-12", "--json")
    assert json.loads(dondoc(*owed).stdout) == []
    assert "bắt đầu thực hiện (phiên bản 2)" in typed("activate", "stttt-2021-12", *BY)
    assert [row["id"] for row in json.loads(dondoc(*owed).stdout)] == ["stttt-2021-12:tourism/form_03"]
    written(Path("b.yaml"), file(OWES | {"due_before": "2021-12-10"}))
    typed("add", "b.yaml", "--draft", *BY, *WHY)
    assert listed(typed)[0] == ("stttt-2021-12", "active", 2), "a drafted amendment changes nothing yet"


def test_what_is_exported_is_the_file_again(typed: Callable[..., str], dondoc: Run) -> None:
    typed("add", "b.yaml", *BY)
    typed("export", "stttt-2021-12", "--out", "ra.yaml")
    assert "dùng được" in typed("check", "ra.yaml")
    assert load_file(Path("ra.yaml"), REGISTRY).content() == LETTER.content()
    with pytest.raises(Problem, match="không có gì thay đổi"):
        typed("add", "ra.yaml", *BY, *WHY)
    Path("ra-2.yaml").write_text(typed("export", NOVEMBER_2021.id), "utf-8")
    assert load_file(Path("ra-2.yaml"), REGISTRY).content() == load_file(SHIPPED, REGISTRY).content()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "khong-co"), "Không có văn bản “khong-co”"),
        (("export", "khong-co"), "Không có văn bản “khong-co”"),
        (("close", "khong-co", *WHY, *BY), "Không có văn bản “khong-co”"),
        (("activate", "stttt-cntt-2021-11", *BY), "không phải bản nháp"),
        (("close", "stttt-cntt-2021-11", "--document", " ", "--reason", "x", *BY), "văn bản làm căn cứ và lý do"),
        (("add", OTHER_DIRECTIVE, *BY), "khác danh sách chung"),
        (("add", "khong-co.yaml", *BY), "Không đọc được"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_takes_nothing_in(
    typed: Callable[..., str], words: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(Problem, match=sentence):
        typed(*words)
    assert listed(typed) == [("stttt-cntt-2021-11", "active", 1)]


def test_a_ruling_names_the_letter_and_the_period_that_it_is_about(typed: Callable[..., str], dondoc: Run) -> None:
    monthly = {"first": "2021-12", "last": "2022-01", "before_day": 25}
    written(Path("b.yaml"), file(group("tourism/form_03", "ubnd-huyen-duc-tho", periodic=monthly)))
    typed("add", "b.yaml", *BY)
    about = ("--agency", "ubnd-huyen-duc-tho", "--directive", "stttt-2021-12", "--period", "2021-12")
    dondoc("rule", "waive", *about, *WHY, *BY)
    rows = json.loads(dondoc("obligations", "--as-of", "2021-11-22", "--json").stdout)
    assert [row["id"] for row in rows if row["status"] == "waived"] == ["stttt-2021-12:tourism/form_03@2021-12"]
    with pytest.raises(Problem, match="Không có văn bản “khong-co” đang thực hiện"):
        dondoc("rule", "waive", *about[:2], "--directive", "khong-co", *WHY, *BY)
