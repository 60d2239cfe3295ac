"""A reply without a form, until a person has closed it: registered, promised, not relevant; each can be taken back."""

import json
from datetime import date
from typing import Any

import pytest

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.intake import open_replies
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.submissions import Outcome
from tests.conftest import Run
from tests.web.arrivals import DUC_THO, Arrivals

pytestmark = pytest.mark.slow
BY = ("--by", "Lê A")
PAPER = ("--agency", DUC_THO, "--fulfils", "focal_letter", "--number", "128/UBND-VP", "--date", "2021-11-18")
# how a person closes it → what closed it, and how that is taken back
ENDS = {
    "registered": (("register", *PAPER, "--arrived", "2021-11-19"), ("register", "undo", "VB-0001")),
    "promised": (
        ("rule", "promise", "--agency", DUC_THO, "--until", "2021-11-26"),
        ("rule", "undo", "--undoes", "1", "--document", "x"),
    ),
    "not_relevant": (("dismiss", "BN-0001", "--reason", "chỉ cảm ơn"), ("intake", "undo", "BN-0001")),
}


@pytest.fixture
def replied(environment: pytest.MonkeyPatch, app: AppContext) -> AppContext:
    """A letter of ours is answered: a day, and a document that was sent."""
    environment.setenv("DONDOC_CLOCK", "2021-11-22T09:00+07:00")
    it = Arrivals(app)
    said = {"promised": date(2021, 11, 26), "document_number": "128/UBND-VP", "letter_id": it.letter()}
    it.mail("reply", MailKind.REPLY, "Dạ thứ Sáu em gửi ạ.", Outcome.WAITING, **said)
    return app


def waiting(dondoc: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(dondoc("replies", "--json").stdout)
    return found


@pytest.mark.parametrize("end", ENDS)
def test_a_person_closes_it_and_takes_that_back(end: str, replied: AppContext, dondoc: Run) -> None:
    [row] = waiting(dondoc)
    assert (row["number"], row["agency"], row["letter"]) == ("BN-0001", DUC_THO, "TH-00001")
    assert (row["promised"], row["document_number"]) == ("2021-11-26", "128/UBND-VP")
    closing, back = ENDS[end]
    dondoc(*closing, *(() if end == "not_relevant" else ("--reply", "BN-0001")), *BY)
    assert waiting(dondoc) == []
    with replied.sessions.reading() as session:
        [closed] = open_replies.of_letters(replied, session, [1], clock.now())
    assert (closed.closing, closed.open) == (end, False)
    assert closed.line.verdict is not None
    assert closed.line.verdict.reason.endswith("(Lê A)")
    dondoc(*back, "--reason", "nhầm", *BY)
    assert [row["number"] for row in waiting(dondoc)] == ["BN-0001"]


def test_what_is_closed_is_not_closed_again(replied: AppContext, dondoc: Run) -> None:
    closing, _ = ENDS["registered"]
    dondoc(*closing, "--reply", "BN-0001", *BY)
    with pytest.raises(Problem, match="BN-0001 đã có người xử lý: đã vào sổ văn bản: VB-0001"):
        dondoc(*ENDS["promised"][0], "--reply", "BN-0001", *BY)
