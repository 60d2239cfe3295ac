"""Rulings of every kind on one page, each to be taken back by a person with date, reason and name."""

from datetime import date

import pytest
from lxml import html

from dondoc.audit import Actor, Channel
from dondoc.configuration.context import AppContext
from dondoc.facts.rule import rule
from dondoc.facts.rulings import standing_rulings
from dondoc.store.facts import Ruling
from dondoc.vocabulary.rulings import RulingKind
from dondoc.web import pauses
from tests.conftest import at
from tests.web.conftest import ORIGIN, Visit, words_of

AGENCY = "ubnd-huyen-duc-tho"
PERSON = Actor("Lê Văn C", "c.le", Channel.CLI)


@pytest.fixture
def ruled(app: AppContext) -> AppContext:
    """Three rulings that are no pause."""
    told = {"document": "CV 5", "by": PERSON}
    with app.sessions.begin() as session:
        for number, (kind, more) in enumerate(
            (
                (RulingKind.EXTEND, {"agency": AGENCY, "deliverable": "form_03", "until": date(2021, 12, 10)}),
                (RulingKind.WAIVE, {"agency": "so-nnptnt"}),
                (RulingKind.HOLD_ALL, {}),
            )
        ):
            said = told | {"reason": f"lý do {number}", "now": at(20 + number)} | more
            rule(app, session, kind, **said)  # type: ignore[arg-type]
    return app


def rows(page: str) -> list[str]:
    found = html.fromstring(page).xpath("(//table)[last()]/tbody/tr")
    return [" ".join(" ".join(cell.text_content() for cell in row).split()) for row in found]


def test_every_kind_of_ruling_is_shown_and_taken_back_by_an_operator_with_a_reason(
    ruled: AppContext, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = rows(visit("ops").get("/pauses").text)
    assert [row.split()[0] for row in shown] == ["3", "2", "1"], "the newest first"
    assert "Gia hạn đến 10/12/2021 UBND huyện Đức Thọ" in shown[2]
    assert "lý do 0 Lê Văn C" in shown[2]
    path, said = "/pauses/2/undo", {"reason": "ghi nhầm", "document": "CV 6", "day": "2021-11-22", "hour": "08:00"}
    for role, data in (("viewer", said), ("ops", said | {"reason": " "}), ("ops", said | {"day": "2021-11-19"})):
        assert visit(role).post(path, headers=ORIGIN, data=data).status_code in (400, 403)
    hidden = visit("ops").post(path, headers=ORIGIN, data=said | {"reason": "ghi\u202e nhầm"})
    assert hidden.status_code == 400
    assert "Ô “lý do” có ký tự không nhìn thấy (U+202E)" in words_of(hidden.text)
    assert visit("ops").post(path, headers=ORIGIN, data=said).status_code == 303
    assert [row.split()[0] for row in rows(visit("ops").get("/pauses").text)] == ["4", "3", "1"], "also the undoing"
    with ruled.sessions.reading() as session:
        undone = session.get_one(Ruling, 4)
        assert (undone.kind, undone.undoes, undone.document, undone.reason, undone.by) == (
            RulingKind.UNDO, 2, "CV 6", "ghi nhầm", "ops",
        )  # fmt: skip
        assert {r.id for r in standing_rulings(session, at(21, 23))} == {1, 2}, "until then it stood"
    monkeypatch.setattr(pauses, "SHOWN", 1)
    assert "/pauses?before=4" in visit("viewer").get("/pauses").text
    assert [row.split()[0] for row in rows(visit("viewer").get("/pauses?before=3").text)] == ["1"]


def test_a_call_is_logged_on_the_page_of_its_agency(
    app: AppContext, visit: Visit, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_CLOCK", at(22).isoformat())
    told = {"agency": AGENCY, "spoken_to": "Lê Văn B", "result": "reached", "until": "2021-11-24", "cause": "weather"}
    for role, more, status in (
        ("viewer", {}, 403),
        ("ops", {"result": "no_answer"}, 400),
        ("ops", {"cause": "x"}, 400),
        ("ops", {"until": "2021-12-31"}, 400),
        ("ops", {}, 303),
    ):
        assert visit(role).post("/called", headers=ORIGIN, data=told | more).status_code == status, more
    with app.sessions.reading() as session:
        [row] = standing_rulings(session, at(22, 23))
    assert (row.spoken_to, row.result, row.cause, row.until) == ("Lê Văn B", "reached", "weather", date(2021, 11, 24))
    assert (row.document, row.reason) == ("cuộc gọi ngày 22/11/2021", "thiên tai, thời tiết")
    assert "Ghi cuộc gọi" in words_of(visit("ops").get(f"/agency/{AGENCY}").text)
