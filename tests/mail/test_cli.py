"""The commands of the outbox, as the contract has them."""

import json
from datetime import datetime

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from dondoc import preconditions
from dondoc.cli import cli
from dondoc.errors import Problem
from dondoc.store.mail import OutboxLetter
from tests.conftest import approver
from tests.mail.conftest import Desk

CONTRACT = {"id", "message_id", "recipient", "kind", "state", "attempts", "reason"}


@pytest.fixture
def run(desk: Desk, environment: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Runs `dondoc`."""
    environment.setenv("DONDOC_SMTP_URL", desk.server.smtp_url("ioc@hatinh.test"))

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def test_the_outbox_is_one_array_with_the_fields_of_the_contract(desk: Desk, run) -> None:  # type: ignore[no-untyped-def]
    assert json.loads(run("outbox", "--json").stdout) == []
    desk.write()
    [row] = json.loads(run("outbox", "--json").stdout)
    assert set(row) >= CONTRACT
    assert (row["id"], row["state"], row["attempts"]) == ("1", "pending", 0)
    assert "can-bo@huyen.test" in run("outbox").stdout


def test_letters_are_approved_cancelled_and_delivered(desk: Desk, run) -> None:  # type: ignore[no-untyped-def]
    approver(desk.app, "Nguyễn Văn A")
    desk.write(kind="internal", needs_approval=True)
    desk.write("b@huyen.test")
    rows = json.loads(run("approve", "TH-00001", "2", "--by", "Nguyễn Văn A", "--json").stdout)
    assert [(r["id"], r["state"]) for r in rows] == [("1", "pending"), ("2", "pending")]
    assert run("cancel", "2", "--reason", "đã gọi điện", "--by", "A").stdout == ""
    assert json.loads(run("deliver", "--json").stdout) == {"sent": 1}
    assert [r["state"] for r in json.loads(run("outbox", "--json").stdout)] == ["sent", "cancelled"]


def test_a_mail_server_that_cannot_be_used_is_told_beside_the_counts(desk: Desk, run, environment) -> None:  # type: ignore[no-untyped-def]
    desk.write()
    environment.setenv("DONDOC_SMTP_URL", "smtp://ai-do:mat-khau-that@mail.khong-co.test:25?from=ioc@hatinh.test")
    done = run("deliver", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"deferred": 1})
    assert "mail.khong-co.test:25" in done.stderr
    assert "DONDOC_ALLOW_PLAIN_LOGIN" in done.stderr
    assert "mat-khau-that" not in done.stderr


def test_an_uncertain_letter_is_settled(desk: Desk, run) -> None:  # type: ignore[no-untyped-def]
    row_id = desk.write()
    with desk.app.sessions.begin() as session:
        session.execute(update(OutboxLetter).values(state="uncertain"))
    run("settle", str(row_id), "sent", "--by", "A")
    assert desk.row(row_id).state == "sent"


@pytest.mark.parametrize(
    "arguments",
    [
        ("approve", "99", "--by", "A"),
        ("approve", "x1", "--by", "A"),
        ("cancel", "99", "--reason", "x", "--by", "A"),
        ("settle", "99", "sent", "--by", "A"),
    ],
)
def test_an_unknown_letter_is_a_sentence(desk: Desk, run, arguments: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    approver(desk.app, "A")
    with pytest.raises(Problem, match=r"99|x1"):
        run(*arguments)


def test_without_a_mail_server_delivery_says_which_setting_is_missing(run, environment) -> None:  # type: ignore[no-untyped-def]
    environment.delenv("DONDOC_SMTP_URL")
    with pytest.raises(Problem, match="DONDOC_SMTP_URL"):
        run("deliver", "--json")


def test_a_rehearsal_that_has_no_address_says_which_setting_is_missing(run, environment) -> None:  # type: ignore[no-untyped-def]
    environment.setenv("DONDOC_MODE", "rehearsal")
    environment.delenv("DONDOC_REHEARSAL_TO")
    with pytest.raises(Problem, match="DONDOC_REHEARSAL_TO"):
        run("deliver", "--json")


def test_there_is_a_check_for_every_kind_of_the_contract(desk: Desk) -> None:
    kinds = {"receipt", "returned", "reachability", "reminder", "overdue", "outage", "report", "internal"} | {
        *("contact_change", "withdrawal", "thanks", "hand_over", "recovery"),
    }
    checks = preconditions.registry(desk.app)
    assert set(checks) == kinds
    row = desk.row(desk.write())
    with desk.app.sessions.begin() as session:
        assert checks["receipt"](session, row, datetime.now().astimezone()) is None
