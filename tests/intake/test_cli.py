"""`dondoc receive`, `inbox` and `assign` as the contract has them."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from dondoc.errors import Problem
from dondoc.facts import contacts
from dondoc.store.trust import AuditEvent
from tests.conftest import Run

from .conftest import DUC_THO, NAMED, OFFICER, SCAN, Desk

CONTRACT = {"file", "sha256", "submission", "outcome", "duplicate"}


@pytest.fixture
def files(desk: Desk, environment: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Path]:
    environment.setenv("DONDOC_CLOCK", "2021-11-18T15:00+07:00")
    made = {"tot": desk.form(), "sai": desk.form(wrong=1, note=" b"), "scan": SCAN, "hong": desk.form()[:300]}
    paths = {}
    for name, content in made.items():
        paths[name] = tmp_path / f"{name}.{'pdf' if name == 'scan' else 'xlsx'}"
        paths[name].write_bytes(content)
    return paths


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_receive_prints_one_object_per_file_and_nothing_else(files: dict[str, Path], dondoc: Run) -> None:
    rows = lines(dondoc("receive", *files.values(), "--from", OFFICER, "--json").stdout)
    assert all(set(row) >= CONTRACT for row in rows)
    assert [row["file"] for row in rows] == [str(path) for path in files.values()]
    assert [row["outcome"] for row in rows] == ["accepted", "returned", "waiting", "refused"]
    assert [row["submission"] for row in rows] == ["1", "2", "3", "4"]
    assert not any(row["duplicate"] for row in rows)


def test_the_same_file_twice_is_a_duplicate_with_the_outcome_of_the_first(files: dict[str, Path], dondoc: Run) -> None:
    when = ("--received-at", "2021-11-18T09:00+07:00")
    for name, outcome in (("tot", "accepted"), ("sai", "returned")):
        [first] = lines(dondoc("receive", files[name], "--from", OFFICER, *when, "--json").stdout)
        [same] = lines(dondoc("receive", files[name], "--from", OFFICER, *when, "--json").stdout)
        [later] = lines(dondoc("receive", files[name], "--from", OFFICER, "--json").stdout)
        assert [r["outcome"] for r in (first, same, later)] == [outcome] * 3
        assert [r["duplicate"] for r in (first, same, later)] == [False, True, True]
        assert first["submission"] == same["submission"] != later["submission"]


def test_what_waits_already_is_a_duplicate_that_waits_too(files: dict[str, Path], dondoc: Run) -> None:
    def sent(name: str, sender: str) -> tuple[object, object]:
        [row] = lines(dondoc("receive", files[name], "--from", sender, "--json").stdout)
        return row["outcome"], row["duplicate"]

    assert [sent("scan", OFFICER), sent("scan", OFFICER)] == [("waiting", False), ("waiting", True)]
    assert [sent("hong", OFFICER), sent("hong", OFFICER)] == [("refused", False), ("refused", True)]
    assert [sent("tot", "la@noi-khac.test"), sent("tot", OFFICER)] == [("waiting", False), ("accepted", False)]


def test_somebody_else_s_correction_of_an_old_copy_is_a_conflict(
    files: dict[str, Path], dondoc: Run, desk: Desk, tmp_path: Path
) -> None:
    dondoc("receive", files["tot"], "--from", OFFICER)
    other = tmp_path / "khac.xlsx"
    other.write_bytes(desk.form(cameras=3))
    [row] = lines(dondoc("receive", other, "--from", NAMED, "--json").stdout)
    assert (row["outcome"], row["duplicate"]) == ("conflict", False)
    [row] = lines(dondoc("receive", other, "--from", OFFICER, "--json").stdout)
    assert (row["outcome"], row["duplicate"]) == ("accepted", False)  # who sent the first may send the next


def test_a_missing_file_is_said_and_the_others_are_received(files: dict[str, Path], dondoc: Run, desk: Desk) -> None:
    with pytest.raises(Problem, match="các tệp khác đã được xử lý"):
        dondoc("receive", "khong-co.xlsx", files["tot"], "--from", OFFICER)
    assert [row.filename for row in desk.submissions()] == ["tot.xlsx"]


def test_receive_keeps_the_time_it_is_told(files: dict[str, Path], dondoc: Run, desk: Desk) -> None:
    dondoc("receive", files["tot"], "--from", OFFICER, "--received-at", "2021-11-17T08:05")
    assert desk.submissions()[0].happened_at.isoformat() == "2021-11-17T08:05:00+07:00"
    with pytest.raises(Problem, match="không phải thời điểm"):
        dondoc("receive", files["tot"], "--from", OFFICER, "--received-at", "hôm qua")


def test_the_inbox_is_one_array_and_assigning_empties_it(files: dict[str, Path], dondoc: Run) -> None:
    assert json.loads(dondoc("inbox", "--json").stdout) == []
    dondoc("receive", files["tot"], files["scan"], "--from", "la@noi-khac.test")
    rows = json.loads(dondoc("inbox", "--json").stdout)
    assert [(r["id"], r["number"], r["outcome"]) for r in rows] == [
        ("1", "BN-0001", "waiting"),
        ("2", "BN-0002", "waiting"),
    ]
    assert rows[0]["agency"] == DUC_THO
    assert "BN-0001" in dondoc("inbox").stdout
    assert "accepted" in dondoc("assign", "BN-0001", "--agency", DUC_THO, "--by", "Nguyễn Văn A").stderr
    assert [r["number"] for r in json.loads(dondoc("inbox", "--json").stdout)] == ["BN-0002"]
    letters = json.loads(dondoc("outbox", "--json").stdout)
    assert [r["kind"] for r in letters] == ["receipt"] * 3  # two neutral ones, then the receipt


def test_a_file_too_large_to_be_read_is_named_and_the_others_are_received(
    files: dict[str, Path], dondoc: Run, desk: Desk, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("DONDOC_MAX_FILE_MB", "1")
    large = tmp_path / "quet.pdf"
    large.write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(Problem, match="các tệp khác đã được xử lý"):
        dondoc("receive", str(large), str(files["tot"]), "--from", OFFICER)
    assert len(desk.submissions()) == 1
    assert large.exists()


def test_assigning_is_for_this_once_under_a_person_s_name_unless_lasting_is_asked_for(
    files: dict[str, Path], dondoc: Run, desk: Desk
) -> None:
    dondoc("receive", files["scan"], "--from", "la@noi-khac.test")
    for machine in ("dondoc", " Hệ  thống ", "AIRFLOW"):
        with pytest.raises(Problem, match="tên của máy"):
            dondoc("assign", "1", "--agency", DUC_THO, "--by", machine)
        with pytest.raises(Problem, match="tên của máy"):
            dondoc("dismiss", "1", "--reason", "x", "--by", machine)
    for asked in ((), ("--lasting",)):
        dondoc("assign", "BN-0001", "--agency", DUC_THO, "--by", "Lê A", *asked)
        with desk.app.sessions.reading() as session:
            assert contacts.assigned_agencies(session, "la@noi-khac.test") == ({DUC_THO} if asked else set())
    dondoc("dismiss", "1", "--reason", "đã gọi điện", "--by", "Lê A")
    with desk.app.sessions.reading() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(e.act, e.subject, e.name, e.channel) for e in events] == [
        ("receive", "BN-0001", events[0].login, "cli"),
        ("assign", "BN-0001", "Lê A", "cli"),
        ("assign", "BN-0001", "Lê A", "cli"),
        ("dismiss", "BN-0001", "Lê A", "cli"),
    ]


def test_registering_and_importing_contacts_are_written_down(dondoc: Run, desk: Desk, tmp_path: Path) -> None:
    book = tmp_path / "danh-ba.csv"
    book.write_text(f"agency,role,name,email,phone\n{DUC_THO},clerk,A,vt@ductho.test,\n")
    letter = ("--agency", "so-nnptnt", "--fulfils", "focal_letter", "--number", "1/VB", "--date", "2021-11-17")
    with pytest.raises(Problem, match="tên của máy"):
        dondoc("register", *letter, "--arrived", "2021-11-18", "--by", "dondoc")
    with pytest.raises(Problem, match="tên của máy"):
        dondoc("contacts", "import", book, "--by", "cron")
    dondoc("register", *letter, "--arrived", "2021-11-18", "--by", "Lê A")
    dondoc("contacts", "import", book, "--by", "Lê A")
    dondoc("contacts", "import", book)
    with desk.app.sessions.reading() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(e.act, e.subject) for e in events] == [
        ("register", "VB-0001"),
        *[("contacts_import", "danh-ba.csv")] * 2,
    ]
    assert [e.name for e in events] == ["Lê A", "Lê A", events[2].login]


def test_a_file_that_nobody_could_read_waits_in_the_inbox_too(files: dict[str, Path], dondoc: Run) -> None:
    dondoc("receive", files["hong"], "--from", "la@noi-khac.test")
    [row] = json.loads(dondoc("inbox", "--json").stdout)
    assert (row["number"], row["outcome"]) == ("BN-0001", "refused")
