"""The commands, as the contract has them."""

import json

import pytest

from dondoc.errors import Problem
from tests.conftest import Run
from tests.escalation.conftest import Office, one

HONG_LINH = "ubnd-thi-xa-hong-linh"
PREVIEW = {"agency", "step", "recipients", "obligations", "reason", "needs_approval"}


@pytest.fixture
def office(environment: pytest.MonkeyPatch, live: None, app) -> Office:  # type: ignore[no-untyped-def]
    """It is 07:30 of Tuesday 23/11/2021, and nobody has read a source yet."""
    environment.setenv("DONDOC_CLOCK", "2021-11-23T07:30+07:00")
    made = Office(app)
    made.know_everybody()
    return made


def test_preview_is_one_array_and_changes_nothing(office: Office, dondoc: Run) -> None:
    rows = json.loads(dondoc("preview", "--as-of", "2021-11-23", "--json").stdout)
    assert all(set(r) >= PREVIEW and r["step"] for r in rows)
    row = one(rows, HONG_LINH)
    assert (row["step"], row["obligations"], row["needs_approval"]) == ("overdue_1", ["tourism/form_03"], False)
    assert row["recipients"] == [f"focal_officer@{HONG_LINH}.test", f"clerk@{HONG_LINH}.test"]
    assert office.letters() == office.decisions() == []


def test_preview_all_adds_the_rest_with_their_reasons(office: Office, dondoc: Run) -> None:
    assert json.loads(dondoc("preview", "--as-of", "2021-11-20", "--json").stdout) == []
    rows = json.loads(dondoc("preview", "--as-of", "2021-11-20", "--json", "--all").stdout)
    assert len(rows) == 18
    assert {r["step"] for r in rows} == {None}
    assert all("thứ Bảy ngày 20/11/2021 là ngày nghỉ" in r["reason"] for r in rows)


def test_escalate_reads_the_sources_first_and_records(office: Office, dondoc: Run) -> None:
    rows = json.loads(dondoc("escalate", "--as-of", "2021-11-23", "--json").stdout)
    row = one(rows, HONG_LINH)
    assert [str(r.id) for r in office.letters(HONG_LINH)] == row["outbox_ids"]
    assert {r.state for r in office.letters()} == {"pending"}
    assert json.loads(dondoc("escalate", "--as-of", "2021-11-23", "--json").stdout) == rows


def test_escalate_holds_everything_while_the_mailbox_cannot_be_read(
    office: Office, dondoc: Run, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_IMAP_URL", "imap://a:bi-mat@127.0.0.1:9/INBOX")
    row = one(json.loads(dondoc("escalate", "--as-of", "2021-11-23", "--json").stdout), HONG_LINH)
    assert "không đọc được hộp thư tiếp nhận" in row["reason"]
    assert "bi-mat" not in row["reason"]
    assert {r.state for r in office.letters() if r.agency} == {"held"}
    assert [r.recipient for r in office.letters() if "nguồn tiếp nhận" in r.subject] == ["quan-tri@so.test"]


@pytest.mark.parametrize("day", ["2021-11-24", "2021-11-22", "2031-01-06"])
def test_escalate_for_another_day_than_the_clocks_holds_every_row(office: Office, dondoc: Run, day: str) -> None:
    rows = json.loads(dondoc("escalate", "--as-of", day, "--json").stdout)
    assert rows
    assert {r.state for r in office.letters()} == {"held"}


def test_a_table_for_people(office: Office, dondoc: Run) -> None:
    assert "overdue_1" in dondoc("preview", "--as-of", "2021-11-23").stdout


def test_what_is_no_day_is_a_sentence(office: Office, dondoc: Run) -> None:
    for command in ("preview", "escalate"):
        with pytest.raises(Problem, match="23/11/2021"):
            dondoc(command, "--as-of", "23/11/2021", "--json")
