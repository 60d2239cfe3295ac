"""A person says when a thing happened: it is what counts, and what cannot have been is refused with a sentence."""

from datetime import date, datetime

import pytest
from sqlalchemy import select

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.directive import record
from dondoc.directive.record import State
from dondoc.errors import Problem
from dondoc.facts import contacts, obligations
from dondoc.facts.register import register
from dondoc.facts.rule import rule
from dondoc.facts.rulings import standing_rulings
from dondoc.intake import inbox
from dondoc.intake.receive import receive
from dondoc.store.facts import ContactChange, RegisteredLetter
from dondoc.store.intake import Submission, Verdict
from dondoc.vocabulary.rulings import RulingKind
from tests.conftest import CLERK, acting, at
from tests.directive.letters import directive, file, group
from tests.web.conftest import ORIGIN, browsers

from .conftest import Book

DUC_THO, FOCAL = "ubnd-huyen-duc-tho", "public_admin_centre/focal_letter"
NOW = at(25)


@pytest.fixture
def today(environment: pytest.MonkeyPatch, app: AppContext) -> AppContext:
    """25/11/2021."""
    environment.setenv("DONDOC_CLOCK", NOW.isoformat())
    return AppContext(load())


def late(app: AppContext, as_of: datetime = NOW, known_at: datetime | None = None) -> dict[str, int]:
    with app.sessions.reading() as session:
        found = obligations.at(app, session, as_of, known_at)
    return {s.duty.short: s.working_days_late for s in found if s.duty.agency == DUC_THO}


def scan(app: AppContext) -> int:
    kept = {"channel": "folder", "channel_id": "a", "sender": "", "filename": "a.pdf"}
    return receive(app, b"%PDF-1.4", **kept, received_at=at(24), now=at(24))[0]


PAPER = {"agency": DUC_THO, "fulfils": "focal_letter", "number": "12/UBND", "document_date": "2021-11-17"}


@pytest.mark.parametrize("with_scan", [True, False])
def test_a_letter_of_the_17th_that_is_entered_on_the_25th_is_in_time(today: AppContext, with_scan: bool) -> None:
    ops, path = browsers(today)("ops"), f"/inbox/{scan(today)}/register" if with_scan else "/register"
    assert late(today)[FOCAL] == 5
    for wrong, sentence in (
        ({"day": "2021-11-26"}, "trong tương lai"),
        ({"day": "2021-11-16"}, "sau ngày đến"),
        ({"day": "2021-11-17", "hour": "25:00"}, "hour"),
    ):
        answer = ops.post(path, headers=ORIGIN, data=PAPER | {"hour": "10:00"} | wrong)
        assert (answer.status_code in (400, 422), sentence in answer.text or sentence == "hour") == (True, True)
    assert ops.post(path, headers=ORIGIN, data=PAPER | {"day": "2021-11-17", "hour": "10:00"}).status_code == 303
    assert (late(today)[FOCAL], late(today, known_at=at(24, 12))[FOCAL]) == (0, 5)
    with today.sessions.reading() as session:
        [row] = session.scalars(select(RegisteredLetter))
    assert (row.happened_at, row.recorded_at.date()) == (at(17, 10), date(2021, 11, 25))


def test_an_upload_is_dated_by_who_brings_it(today: AppContext) -> None:
    ops = browsers(today)("ops")
    sent = {"files": {"file": ("a.pdf", b"%PDF-1.4")}, "headers": ORIGIN}
    for day, sentence in (("2021-11-26", "trong tương lai"), ("2011-11-17", "trước ngày của văn bản chỉ đạo đầu tiên")):
        answer = ops.post("/inbox/upload", data={"day": day, "hour": "10:00"}, **sent)  # type: ignore[arg-type]
        assert (answer.status_code, sentence in answer.text) == (400, True)
    assert ops.post("/inbox/upload", data={"day": "2021-11-17", "hour": "10:00"}, **sent).status_code == 303  # type: ignore[arg-type]
    with today.sessions.reading() as session:
        assert session.scalars(select(Submission.happened_at)).all() == [at(17, 10)]


def test_who_gives_a_file_to_its_agency_says_when_it_came(today: AppContext) -> None:
    """It lay on a colleague's desk until the 24th."""
    number = scan(today)
    with pytest.raises(Problem, match="đã nhận lúc 09:00 24/11/2021"):
        inbox.assign(today, number, DUC_THO, by=acting("Lê Văn C"), now=NOW, arrived=at(24, 10))
    given = inbox.assign(today, number, DUC_THO, by=acting("Lê Văn C"), now=NOW, arrived=at(18))
    with today.sessions.begin() as session:
        judged = {"form": "form_03", "agency": DUC_THO, "fulfils": [], "rows": [], "head": {}, "issues": []}
        word = given.assignment_id
        session.add(
            Verdict(submission_id=number, outcome="accepted", reason="", assignment_id=word, recorded_at=NOW, **judged)
        )
    form = "tourism/form_03"
    assert (late(today)[form], late(today, at(22, 12))[form]) == (0, 0), "it repairs the past"
    assert late(today, at(22, 12), known_at=at(24, 12))[form] == 1


def test_an_undoing_has_a_day_a_document_and_a_reason(today: AppContext) -> None:
    told = {"document": "CĐ 1", "reason": "lũ", "by": CLERK}
    with today.sessions.begin() as session:
        number = rule(today, session, RulingKind.PAUSE, now=at(20), **told).number  # type: ignore[arg-type]
    ops = browsers(today)("ops")
    for day, sentence in (("2021-11-26", "trong tương lai"), ("2021-11-19", "có hiệu lực từ 09:00 20/11/2021")):
        data = {"reason": "hết lũ", "day": day, "hour": "08:00"}
        answer = ops.post(f"/pauses/{number}/undo", headers=ORIGIN, data=data)
        assert (answer.status_code, sentence in answer.text) == (400, True), answer.text
    data = {"reason": "hết lũ", "document": "CĐ 2", "day": "2021-11-22", "hour": "08:00"}
    assert ops.post(f"/pauses/{number}/undo", headers=ORIGIN, data=data).status_code == 303
    with today.sessions.reading() as session:
        held = [len(standing_rulings(session, when)) for when in (at(21), at(22, 7), at(22, 8), NOW)]
        assert held == [1, 1, 0, 0]
        assert len(standing_rulings(session, at(23), known_at=at(24))) == 1, "as it was known"


def test_a_contact_counts_from_the_day_that_a_person_says(today: AppContext) -> None:
    who = {"agency": DUC_THO, "role": "clerk", "name": "Lê B", "phone": "0", "email": "b@x.test", "asked": None}
    number = scan(today)
    with today.sessions.begin() as session:
        session.add(ContactChange(submission_id=number, happened_at=at(17), recorded_at=at(17), **who))
    ops = browsers(today)("ops")
    for day, sentence in (("2021-11-26", "trong tương lai"), ("2021-11-16", "trước ngày của BN-0001")):
        answer = ops.post("/inbox/changes/1/confirm", headers=ORIGIN, data={"day": day})
        assert (answer.status_code, sentence in answer.text) == (400, True)
    assert ops.post("/inbox/changes/1/confirm", headers=ORIGIN, data={"day": "2021-11-18"}).status_code == 303
    with today.sessions.reading() as session:
        days = [bool(contacts.find(session, DUC_THO, "clerk", date(2021, 11, day))) for day in (17, 18)]
    assert days == [False, True]


def test_what_arrived_while_a_letter_was_active_is_entered_also_after_it_was_closed(today: AppContext) -> None:
    letter = file(group("tourism/focal_letter", DUC_THO, due_before="2021-11-19"))
    told = {"document": "CV", "reason": "xong", "by": "Lê A"}
    with today.sessions.begin() as session:
        record.add(session, letter, state=State.ACTIVE, valid_from=date(2021, 11, 16), after=None, now=at(16), **told)  # type: ignore[arg-type]
        record.close(session, letter.id, on=date(2021, 11, 22), now=at(22), **told)  # type: ignore[arg-type]

    def enter(arrived: datetime) -> None:
        with today.sessions.begin() as session:
            register(
                session, today.letters_since(session, arrived.date()), today.registry, agency=DUC_THO,
                fulfils=["tourism/focal_letter"], number="12/UBND", document_date=date(2021, 11, 15), arrived=arrived,
                blob=None, by=CLERK, secrets=today.secrets, now=NOW,
            )  # fmt: skip

    with pytest.raises(Problem, match="không phải gửi"):
        enter(at(23))
    with pytest.raises(Problem, match=r"chưa ai yêu cầu “tourism/focal_letter” \(văn bản chỉ đạo ngày 16/11/2021\)"):
        enter(at(15))
    assert late(today, at(21, 23))["tourism/focal_letter"] == 1
    enter(at(18))
    assert late(today, at(21, 23))["tourism/focal_letter"] == 0
    assert late(today, at(21, 23), known_at=at(24))["tourism/focal_letter"] == 1


def test_what_is_taken_for_done_names_its_period(book: Book) -> None:
    book.directive = directive(
        group("tourism/form_03", DUC_THO, periodic={"first": "2021-12", "last": "2022-06", "before_day": 25})
    )
    with pytest.raises(Problem, match=r"nhiều kỳ \(2021-12 … 2022-06\): ghi rõ công nhận kỳ nào"):
        book.rule("accept", agency=DUC_THO, now=at(18))
    book.rule("accept", agency=DUC_THO, period="2022-01", now=at(18))
    statuses = [s.status for s in book.standings(at(19))]
    assert statuses == ["not_due", "fulfilled", *["not_due"] * 5]
