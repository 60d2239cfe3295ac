"""The commands that checks outside the repository call: names, options, and what --json prints."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from dondoc.cli import cli
from dondoc.cli.output import show
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from tests.conftest import OTHER_DIRECTIVE, Run

# docs/architecture.md §4: command → options, arguments in capitals
CONTRACT = {
    "obligations": "--as-of --known-at --json",
    "directive check": "FILE --json",
    "directive add": "FILE --document --reason --from --draft --by",
    "directive list": "--as-of --known-at --json",
    "directive show": "ID --json",
    "directive activate": "ID --by",
    "directive close": "ID --document --reason --on --by",
    "directive export": "ID --out",
    "blank": "--form --agency --out",
    "check": "FILES --json --annotate",
    "receive": "FILES --from --received-at --json",
    "register": "--agency --fulfils --number --date --arrived --file --by",
    "rule": "KIND --document --reason --by",
    "inbox": "--json",
    "replies": "--json",
    "intake list": "--work --channel --form --agency --age --search --limit --json",
    "intake show": "ID --json",
    "assign": "ID --agency --arrived --by",
    "contacts import": "FILE",
    "cameras import": "FILE --by",
    "probe": "URLS --from --json --stage --concurrency --timeout --allow",
    "preview": "--as-of --json --all",
    "escalate": "--as-of --json",
    "outbox": "--json",
    "approve": "IDS --by --json",
    "cancel": "ID --reason --by",
    "settle": "ID WORD --by",
    "deliver": "--json",
    "report": "--as-of --known-at --directive --out",
    "report issue": "--as-of --number --date --file --by",
    "audit list": "--act --since --json",
    "audit verify": "--expect --json",
    "db upgrade": "",
    "doctor": "--json",
}


@pytest.mark.slow
def test_the_command_starts_without_a_database_and_without_the_settings() -> None:
    """Half a second of processor at each start, for `probe` and `check` too, which need neither."""
    program = "import sys, dondoc.cli; print({'sqlalchemy', 'alembic', 'pydantic'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "set()\n"


def find(name: str) -> Any:
    command: Any = get_command(cli)
    for part in name.split():
        assert part in command.commands, name
        command = command.commands[part]
    return command


@pytest.mark.parametrize("name", CONTRACT)
def test_every_command_of_the_contract_has_its_options(name: str) -> None:
    parameters = find(name).params
    options = {o for p in parameters if p.param_type_name == "option" for o in p.opts}
    shown = [p for p in parameters if p.param_type_name == "argument" and not p.hidden]
    wanted, places = [], []
    for word in CONTRACT[name].split():
        (wanted if word.startswith("--") else places).append(word)
    assert {*wanted} <= options
    assert len(shown) == len(places)


@pytest.mark.parametrize("name", CONTRACT)
def test_every_command_says_what_it_does(name: str) -> None:
    assert (find(name).help or "").strip()


@pytest.mark.parametrize(
    "arguments",
    [
        ("obligations", "--as-of", "2021-11-22"),
        ("inbox",),
        ("replies",),
        ("outbox",),
        ("preview", "--as-of", "2021-11-22"),
        ("preview", "--as-of", "2021-11-22", "--all"),
        ("escalate", "--as-of", "2021-11-22"),
        ("doctor",),
    ],
)
def test_json_is_one_array_and_nothing_else(
    app: AppContext, dondoc: Run, environment: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    environment.setenv("DONDOC_CLOCK", "2021-11-22T07:30+07:00")
    result = dondoc(*arguments, "--json")
    assert result.exit_code == 0
    assert isinstance(json.loads(result.stdout), list)
    assert result.stdout.count("\n") == 1


def test_obligations_from_the_command_are_the_thirty_of_that_monday(app: AppContext, dondoc: Run) -> None:
    rows = json.loads(dondoc("obligations", "--as-of", "2021-11-22", "--json").stdout)
    dated = [row for row in rows if row["due_before"]]
    assert len(dated) == 30
    assert {(r["last_day"], r["status"], r["working_days_late"]) for r in dated} == {
        ("2021-11-18", "overdue", 2),
        ("2021-11-19", "overdue", 1),
    }


def test_a_late_entry_is_seen_unless_it_was_not_known(
    app: AppContext, dondoc: Run, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_CLOCK", "2021-11-24T08:00+07:00")
    letter = ("--agency", "cong-an-tinh", "--fulfils", "focal_letter", "security_traffic/form_02")
    letter += ("--number", "88/CAT", "--date", "2021-11-17", "--arrived", "2021-11-18", "--by", "Trần Thị Văn")
    dondoc("register", *letter)

    def statuses(*more: str) -> set[str]:
        rows = json.loads(dondoc("obligations", "--as-of", "2021-11-22", *more, "--json").stdout)
        return {row["status"] for row in rows if row["agency"] == "cong-an-tinh" and row["due_before"]}

    assert statuses() == {"fulfilled"}
    assert statuses("--known-at", "2021-11-23") == {"overdue"}
    assert statuses("--known-at", "2021-11-24T07:59+07:00") == {"overdue"}
    assert statuses("--known-at", "2021-11-24") == {"fulfilled"}


def test_a_ruling_is_recorded_and_undone_from_the_command(
    app: AppContext, dondoc: Run, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_CLOCK", "2021-11-19T08:00+07:00")
    why = ("--document", "Văn bản số 9", "--reason", "mưa lũ", "--by", "Đậu Tùng Lâm")

    def row() -> dict[str, object]:
        rows = json.loads(dondoc("obligations", "--as-of", "2021-11-22", "--json").stdout)
        return next(r for r in rows if r["agency"] == "so-nnptnt" and r["deliverable"] == "form_01")

    said = dondoc(
        "rule", "extend", "--agency", "so-nnptnt", "--system", "reservoir", "--until", "2021-11-30", *why
    ).stderr
    assert "quyết định số 1 (extend)" in said
    assert (row()["status"], row()["last_day"], row()["due_before"]) == ("not_due", "2021-11-30", "2021-11-20")
    assert "theo Văn bản số 9 (mưa lũ; Đậu Tùng Lâm)" in str(row()["reason"])
    dondoc("rule", "undo", "--undoes", 1, *why)
    assert row()["status"] == "overdue"


@pytest.mark.parametrize(
    "arguments",
    [
        ("obligations", "--as-of", "0001-01-01"),
        ("obligations", "--as-of", "2021-11-22", "--known-at", "0001-01-01T00:00+07:00"),
        ("report", "--as-of", "9999-12-31", "--out", "ra"),
        ("assign", "9" * 20, "--agency", "so-nnptnt", "--by", "Lan"),
        ("settle", "9" * 12, "sent", "--by", "Lan"),
    ],
)
def test_a_number_or_year_out_of_all_proportion_is_a_sentence(
    app: AppContext, dondoc: Run, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(Problem, match=r"Kiểm tra lại|Viết dạng"):
        dondoc(*arguments)


def test_contacts_are_imported_from_the_command(app: AppContext, dondoc: Run, tmp_path: Path) -> None:
    file = tmp_path / "danh-ba.csv"
    file.write_text("agency,role,name,email,phone\nso-nnptnt,clerk,A,a@nn.test,\n", encoding="utf-8-sig")
    assert "thêm 1 dòng, 0 dòng đã có" in dondoc("contacts", "import", file).stderr
    assert "thêm 0 dòng, 1 dòng đã có" in dondoc("contacts", "import", file).stderr


def test_another_directive_needs_only_its_file(
    environment: pytest.MonkeyPatch, app: AppContext, dondoc: Run, tmp_path: Path
) -> None:
    environment.setenv("DONDOC_DIRECTIVE", str(OTHER_DIRECTIVE))
    rows = json.loads(dondoc("obligations", "--as-of", "2023-04-20", "--json").stdout)
    assert [(r["agency"], r["status"], r["working_days_late"]) for r in rows if r["due_before"]] == [
        ("ubnd-huyen-song-ca", "overdue", 3),
        ("ubnd-huyen-nui-do", "overdue", 3),
        ("ubnd-huyen-song-ca", "overdue", 3),
    ]
    out = tmp_path / "ra"
    dondoc("report", "--as-of", "2023-04-20", "--out", out)
    figures = json.loads((out / "figures.json").read_bytes())
    assert (figures["directive"], figures["headline"]["total"], figures["headline"]["overdue"]) == (
        "sgtvt-2023-04",
        3,
        3,
    )
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Sở Giao thông vận tải" in page
    assert "Hà Tĩnh" not in page


def test_a_person_reads_whole_ids_and_whole_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    reason = "chưa nhận được; " * 20
    show([{"agency": "ubnd-thanh-pho-ha-tinh", "step": None, "recipients": ["a@x", "b@x"], "reason": reason}], False)
    assert capsys.readouterr().out.splitlines()[2:] == ["ubnd-thanh-pho-ha-tinh  -  a@x,b@x", f"    {reason}"]
