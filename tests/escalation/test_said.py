"""What our board reads of why an agency is late: said by the agency, in a call or by a mail."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from dondoc.clock import at, end_of
from dondoc.escalation.past import Promised, SentLetter, duty
from dondoc.escalation.said import its_word
from dondoc.facts.obligations import standings
from dondoc.facts.read import Facts
from dondoc.store.facts import Ruling
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.rulings import CallResult, Cause, RulingKind
from dondoc.workdays import WorkingDays
from tests.directive.letters import NOVEMBER_2021, REGISTRY

DUC_THO = "ubnd-huyen-duc-tho"
LETTER = NOVEMBER_2021.directive(REGISTRY)
TODAY = date(2021, 11, 29)
FORM, FOCAL = "tourism/form_03", "public_admin_centre/focal_letter"


def word(day: int, kind: RulingKind = RulingKind.CALLED, **given: Any) -> Ruling:
    moment = at(date(2021, 11, day), 9)
    told = {"agency": DUC_THO, "reason": "", "document": "Sổ trực", "happened_at": moment, "recorded_at": moment}
    return Ruling(id=day, kind=kind, by="Lê Văn C", **told | given)


CASES: dict[str, tuple[list[Ruling], str | None]] = {
    "nobody spoke to it": ([], None),
    "why, and with whom": (
        [word(24, cause=Cause.WAITING_SUPERIOR, reason="chờ UBND tỉnh.", spoken_to="ông Trần Văn A")],
        "chờ ý kiến cấp trên: chờ UBND tỉnh (trao đổi ngày 24/11/2021 với ông Trần Văn A)",
    ),
    "a cause of no kind is told by its words alone": (
        [word(24, cause=Cause.OTHER, reason="đang chuyển trụ sở")],
        "đang chuyển trụ sở (trao đổi ngày 24/11/2021)",
    ),
    "a day that is over": (
        [word(24, RulingKind.PROMISE, reason="mưa lũ", until=date(2021, 11, 26))],
        "mưa lũ (trao đổi ngày 24/11/2021); ngày 24/11/2021 hẹn gửi đến hết ngày 26/11/2021, đã qua ngày hẹn",
    ),
    "the newest reason, and the day that was named before": (
        [
            word(24, RulingKind.PROMISE, reason="mưa lũ", until=date(2021, 11, 30)),
            word(25, cause=Cause.TECHNICAL, reason="vướng mắc kỹ thuật"),
        ],
        "vướng mắc kỹ thuật (trao đổi ngày 25/11/2021); ngày 24/11/2021 hẹn gửi đến hết ngày 30/11/2021",
    ),
    "nobody answered": ([word(24, result=CallResult.NO_ANSWER, reason="không nghe máy")], None),
    "about something else": ([word(24, system="reservoir", reason="x")], None),
    "another agency": ([word(24, agency="ubnd-huyen-vu-quang", reason="x")], None),
    "no word of the agency": ([word(24, RulingKind.PAUSE, reason="bão số 9")], None),
}


def ground(calendar: WorkingDays, rulings: list[Ruling]) -> list[Any]:
    all_ = standings([LETTER], calendar, Facts(rulings=tuple(rulings)), end_of(TODAY), {DUC_THO})
    return [s for s in all_ if s.agency == DUC_THO and s.duty.short in (FORM, FOCAL)]


@pytest.mark.parametrize("case", CASES)
def test_the_agencys_own_reason_and_day_are_told(case: str, calendar: WorkingDays) -> None:
    rulings, told = CASES[case]
    assert its_word(rulings, DUC_THO, ground(calendar, rulings), (), TODAY) == told


def test_a_reply_that_nobody_has_closed_tells_its_day(calendar: WorkingDays) -> None:
    owed = ground(calendar, [])
    about = {"duties": frozenset({duty(owed[0])}), "day": date(2021, 11, 23), "decided_on": date(2021, 11, 23)}
    promise = Promised(date(2021, 12, 1), date(2021, 11, 25))
    letter = SentLetter(1, DUC_THO, "overdue_1", {}, state=OutboxState.SENT, promise=promise, **about)
    told = "ngày 25/11/2021 hẹn gửi đến hết ngày 01/12/2021"
    assert its_word((), DUC_THO, owed, (letter,), TODAY) == told
    assert its_word((), DUC_THO, owed[1:], (letter,), TODAY) is None
    over = replace(letter, promise=Promised(date(2021, 11, 26), date(2021, 11, 25)))
    told = "ngày 25/11/2021 hẹn gửi đến hết ngày 26/11/2021 (theo thư trả lời, chưa có người xác nhận)"
    assert its_word((), DUC_THO, owed, (over,), TODAY) == told
