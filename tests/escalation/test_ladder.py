"""`decide`, row by row: what is known of one agency on one day, which step follows, and why."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from dondoc.directive.model import Directive, Step
from dondoc.escalation.decision import decide
from dondoc.escalation.ladder import Ladder
from dondoc.escalation.past import SentLetter, Stop, duty
from dondoc.escalation.reasons import LadderReason
from dondoc.facts.obligations import Rest, Standing
from dondoc.facts.reasons import StandingReason
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.reasons import because, said
from dondoc.workdays import WorkingDays

AGENCY = "ubnd-huyen-duc-tho"
FRIDAY = date(2021, 11, 19)  # the last day of form_03
MISSING = because(StandingReason.MISSING, due_before=date(2021, 11, 20))
RETURNED = because(StandingReason.RETURNED, submission="BN-0001", arrived=date(2021, 11, 17))
RULING = because(StandingReason.RULING, document="Giấy ghi 12", reason="mưa lũ", by="Lê A")
Make = Callable[..., Any]


def nov(day: int) -> date:
    """A day of November 2021, or so many days after its beginning."""
    return date(2021, 11, 1) + timedelta(days=day - 1)


@pytest.fixture
def ladder(directive: Directive, calendar: WorkingDays) -> Ladder:
    return Ladder(directive.registry, {directive.id: directive}, calendar, grace_days=1)


@pytest.fixture
def owed(directive: Directive) -> Callable[..., Standing]:
    """A standing of the agency on a day."""

    def make(deliverable: str = "form_03", day: date = nov(23), status: str = "", **other: Any) -> Standing:
        found = next(d for d in directive.obligations if d.agency == AGENCY and d.deliverable == deliverable)
        last = other.pop("last_day", FRIDAY if deliverable == "form_03" else nov(18))
        status = status or ("overdue" if day > last else "not_due")
        return Standing(found, AGENCY, Status(status), last, 0, (other.pop("reason", MISSING),), **other)

    return make


def letter(step: str, day: int, *standings: Standing, state: str = "sent", number: int = 1, **other: Any) -> SentLetter:
    values = {"sent_on": nov(day) if state == "sent" else None, "last_chance": nov(day)} | other
    duties = frozenset(duty(s) for s in standings)
    steps = {s.duty.directive: step for s in standings}
    return SentLetter(
        number, AGENCY, step, steps, duties, nov(day), values.pop("decided_on", nov(day)), state, **values
    )


def sent(**steps: int) -> list[tuple[str, int, dict[str, Any]]]:
    return [(step, day, {}) for step, day in steps.items()]


def lost(step: str, day: int, **other: Any) -> list[tuple[str, int, dict[str, Any]]]:
    return [(step, day, other)]


O1, O2 = "overdue_1", "overdue_2"
UNTIL_29 = Stop(nov(25), nov(29), "đã gọi điện", "Lê Văn C")
ROWS: list[tuple[str, int, list[Any], str | None]] = [
    ("nothing is due four working days before the last day", 15, [], None),
    ("three working days before it, the first reminder", 16, [], "remind_3"),
    ("a reminder missed on its day is made up while the next is not due", 17, [], "remind_3"),
    ("one reminder of a kind is enough", 17, sent(remind_3=16), None),
    ("the day before the last, the second reminder", 18, sent(remind_3=16), "remind_1"),
    ("once the second is due the first is not made up", 18, [], "remind_1"),
    ("on the last day, a second reminder missed is still sent", 19, [], "remind_1"),
    ("on the last day, one already sent is not repeated", 19, sent(remind_1=18), None),
    ("nothing on a Saturday", 20, [], None),
    ("the first working day late is the day of grace", 22, [], None),
    ("after the day of grace, the first overdue letter, reminders or not", 23, [], O1),
    ("an overdue letter is not repeated", 24, sent(overdue_1=23), None),
    ("the head is written to two working days after the first letter arrived", 25, sent(overdue_1=23), O2),
    ("with no first letter ever sent, the ladder starts below, however late", 30, [], O1),
    ("a first letter that was refused is no letter", 25, lost(O1, 23, state="refused"), O1),
    ("a first letter that was cancelled is no letter", 25, lost(O1, 23, state="cancelled"), O1),
    ("a first letter sent in rehearsal is no letter", 25, lost(O1, 23, rehearsal=True), O1),
    ("a first letter that never left and has died is no letter", 25, lost(O1, 23, state="deferred"), O1),
    (
        "a first letter of which nobody knows is not repeated, and carries nothing",
        30,
        lost(O1, 23, state="uncertain"),
        None,
    ),
    ("a copy carries no step", 25, lost(O1, 23, copy=True), O1),
    ("a first letter that came back is no letter", 25, lost(O1, 23, sent_on=nov(23), state="sent", bounced=True), O1),
    ("whoever has it, it has arrived", 25, [*lost(O1, 23, state="refused"), *sent(overdue_1=23)], O2),
    (
        "a held letter to the head waits for its approver",
        26,
        [*sent(overdue_1=23), *lost(O2, 25, state="held", last_chance=nov(29))],
        None,
    ),
    (
        "unapproved too long, it is decided anew",
        30,
        [*sent(overdue_1=23), *lost(O2, 25, state="held", last_chance=nov(29))],
        O2,
    ),
    ("approved and on its way, it counts", 26, [*sent(overdue_1=23), *lost(O2, 25, state="sending")], None),
    ("the board two working days after the head had it", 29, sent(overdue_1=23, overdue_2=25), "report_up"),
    ("not sooner", 26, sent(overdue_1=23, overdue_2=25), None),
    ("nothing above the board", 30, sent(overdue_1=23, overdue_2=25, report_up=29), None),
    (
        "but the agency is asked again, some days after what was written last",
        36,
        sent(overdue_1=23, overdue_2=25, report_up=29),
        "ask_again",
    ),
    ("not sooner", 35, sent(overdue_1=23, overdue_2=25, report_up=29), None),
    (
        "and again",
        43,
        sent(overdue_1=23, overdue_2=25, report_up=29, ask_again=36),
        "ask_again",
    ),
    ("not sooner, either", 42, sent(overdue_1=23, overdue_2=25, report_up=29, ask_again=36), None),
    (
        "a trial for another day is no letter",
        25,
        [*sent(overdue_1=23), *lost(O2, 25, state="held", decided_on=nov(22))],
        O2,
    ),
    ("a letter decided for a later day is not yet one", 25, [*sent(overdue_1=23), *lost(O2, 26, state="held")], O2),
    (
        "the board not before the day is over that the head was given",
        30,
        [*sent(overdue_1=23), *lost(O2, 25, state="sent", sent_on=nov(25), answer_by=nov(30))],
        None,
    ),
    (
        "the head not before the day is over that the officer was given, known to have arrived or not",
        29,
        [*sent(overdue_1=23), *lost(O1, 24, state="uncertain", answer_by=nov(29))],
        None,
    ),
    (
        "a letter that was refused gave nobody a day",
        25,
        [*sent(overdue_1=23), *lost(O1, 24, state="refused", answer_by=nov(29))],
        O2,
    ),
    ("a person's stop holds", 26, [*sent(overdue_1=23), *lost(O2, 25, state="cancelled", stop=UNTIL_29)], None),
    ("until its day", 29, [*sent(overdue_1=23), *lost(O2, 25, state="cancelled", stop=UNTIL_29)], O2),
    (
        "a stopped reminder is not made up by a lower one",
        19,
        lost("remind_1", 18, state="cancelled", stop=UNTIL_29),
        None,
    ),
    ("what arrives today does not count as waited for", 25, lost(O1, 24, sent_on=nov(25)), None),
]


@pytest.mark.parametrize(("why", "day", "before", "step"), ROWS, ids=[r[0] for r in ROWS])
def test_the_step_of_one_obligation(
    ladder: Ladder, owed: Make, why: str, day: int, before: list[Any], step: str | None
) -> None:
    standing = owed(day=nov(day))
    past = [letter(s, d, standing, number=n, **more) for n, (s, d, more) in enumerate(before, 1)]
    decision = decide(ladder, AGENCY, [standing], past, nov(day))
    assert (decision.step.id if decision.step else None) == step, f"{why}: {decision.reason}"
    assert bool(decision.ground) == bool(step)
    assert decision.reason.endswith(".")


@pytest.mark.parametrize("status", ["fulfilled", "fulfilled_late", "waived", "needs_reassignment", "under_review"])
def test_what_is_settled_or_ours_is_not_chased(ladder: Ladder, owed: Make, status: str) -> None:
    decision = decide(ladder, AGENCY, [owed(status=status, reason=because(StandingReason.NO_AGENCY))], [], nov(23))
    assert decision.step is None
    assert "đơn vị không còn" in decision.reason


def test_what_is_paused_is_not_chased_and_the_reason_quotes_the_ruling(ladder: Ladder, owed: Make) -> None:
    decision = decide(ladder, AGENCY, [owed(paused=because(StandingReason.PAUSED, ruling=RULING))], [], nov(23))
    assert decision.step is None
    assert "tạm dừng đôn đốc theo Giấy ghi 12 (mưa lũ; Lê A)" in decision.reason


def test_a_returned_form_is_chased_by_its_last_day_and_says_so(ladder: Ladder, owed: Make) -> None:
    back = owed(status="returned", reason=RETURNED)
    decision = decide(ladder, AGENCY, [back], [], nov(23))
    assert decision.step
    assert decision.step.id == O1
    said = "BN-0001 ngày 17/11/2021 đã được đề nghị chỉnh sửa, chưa nhận lại; thời hạn trước ngày 20/11/2021, chậm 02"
    assert said in decision.reason


def test_a_letter_gives_a_day_for_all_that_it_lists(ladder: Ladder, owed: Make) -> None:
    focal, form = owed("focal_letter", nov(24)), owed("form_03", nov(24))
    lists_both = letter(O1, 23, form, others=frozenset([duty(focal)]), answer_by=nov(24), number=2)
    decision = decide(ladder, AGENCY, [focal, form], [letter(O1, 22, focal), lists_both], nov(24))
    assert decision.step is None
    assert "TH-00002 đã hẹn đơn vị trả lời đến hết ngày 24/11/2021" in decision.reason


def test_the_day_that_a_letter_gives_is_part_of_the_decision(ladder: Ladder, owed: Make) -> None:
    first, before = owed(), owed(day=nov(18))
    assert decide(ladder, AGENCY, [before], [], nov(18)).answer_by is None
    assert decide(ladder, AGENCY, [first], [], nov(23)).answer_by == nov(24)
    given = [letter(O1, 23, first), letter(O2, 25, first, number=2)]
    assert decide(ladder, AGENCY, [first], given[:1], nov(25)).answer_by == nov(30), "“trước ngày 01/12”"
    assert decide(ladder, AGENCY, [first], given, nov(29)).answer_by is None, "our own board is given none"


def test_of_a_duty_that_comes_back_no_period_after_the_one_that_runs_is_listed(ladder: Ladder, owed: Make) -> None:
    focal, form = owed("focal_letter"), owed()
    months = {"2021-11": nov(24), "2021-12": date(2021, 12, 24), "2022-01": date(2022, 1, 24)}
    periods = [
        replace(form, duty=form.duty.model_copy(update={"period": month}), last_day=last, status=Status.NOT_DUE)
        for month, last in months.items()
    ]
    listed = decide(ladder, AGENCY, [focal, *periods], [], nov(23)).still_to_come
    assert [standing.duty.period for standing in listed] == ["2021-11"]
    listed = decide(ladder, AGENCY, [focal, *periods], [], nov(25)).still_to_come
    assert [standing.duty.period for standing in listed] == ["2021-11", "2021-12"], "the first is late now"


def test_reasons_are_kept_as_codes(ladder: Ladder, owed: Make) -> None:
    decision = decide(ladder, AGENCY, [owed(status="returned", reason=RETURNED)], [], nov(23))
    [[code, params], [_, blocked]] = [reason.as_json() for reason in decision.reasons]
    assert (code, params["steps"]) == ("step", [O1])
    [[owed_code, about]] = params["ground"]
    assert (owed_code, about["late"], about["obligation"]) == ("returned_late", 2, "stttt-cntt-2021-11:tourism/form_03")
    assert about["why"] == [["returned", {"submission": "BN-0001", "arrived": "2021-11-17"}]]
    assert blocked["why"] == ["too_early", {"first": "2021-11-24"}]


def test_a_person_who_phoned_today_is_enough(ladder: Ladder, owed: Make) -> None:
    decision = decide(ladder, AGENCY, [owed()], [], nov(23), called=because(LadderReason.SPOKEN_TO, ruling=RULING))
    assert decision.step is None
    assert "Không gửi thư hôm nay: đã trao đổi trực tiếp với đơn vị theo Giấy ghi 12 (mưa lũ; Lê A)" in decision.reason


def test_one_letter_goes_at_the_highest_step_and_lists_the_others_apart(ladder: Ladder, owed: Make) -> None:
    focal, form = owed("focal_letter", nov(24)), owed("form_03", nov(24))
    past = [letter(O1, 22, focal, number=1), letter(O1, 23, form, number=2)]
    decision = decide(ladder, AGENCY, [focal, form], past, nov(24))
    assert (decision.step and decision.step.id, decision.ground, decision.still_to_come) == (O2, (focal,), (form,))
    assert "TH-00001 đã đến ngày 22/11/2021" in decision.reason
    assert "Chưa lên bậc “báo cáo lãnh đạo Sở”: sớm nhất ngày 25/11/2021" in decision.reason
    assert "Nêu riêng trong thư, còn phải gửi: Biểu mẫu 03" in decision.reason


def test_a_head_is_not_asked_for_what_is_late_and_nobody_of_the_agency_has_heard_of(ladder: Ladder, owed: Make) -> None:
    """A duty that another agency owed until yesterday: the officer hears first."""
    focal, form = owed("focal_letter", nov(24)), owed("form_03", nov(24))
    past = [letter(O1, 22, focal)]
    decision = decide(ladder, AGENCY, [focal, form], past, nov(24))
    assert (decision.step and decision.step.id, decision.ground, decision.still_to_come) == (O2, (focal,), ())
    past.append(letter(O2, 24, focal, number=2))
    decision = decide(ladder, AGENCY, [focal, form], past, nov(25))
    assert (decision.step and decision.step.id, decision.ground) == (O1, (form,))


@pytest.mark.parametrize(("state", "last_chance"), [("pending", 25), ("deferred", 24), ("sending", 23)])
def test_no_second_letter_while_one_is_on_its_way(ladder: Ladder, owed: Make, state: str, last_chance: int) -> None:
    focal, form = owed("focal_letter", nov(24)), owed("form_03", nov(24))
    waiting = letter(O2, 23, focal, state=state, last_chance=nov(last_chance))
    assert decide(ladder, AGENCY, [focal, form], [waiting], nov(24)).step is None


def test_a_letter_that_waits_for_its_approver_holds_up_only_what_it_is_about(ladder: Ladder, owed: Make) -> None:
    focal, form = owed("focal_letter", nov(24)), owed("form_03", nov(24))
    waiting = letter(O2, 23, focal, state="held", last_chance=nov(26))
    decision = decide(ladder, AGENCY, [focal, form], [letter(O1, 22, focal), waiting], nov(24))
    assert (decision.step and decision.step.id, decision.ground, decision.still_to_come) == (O1, (form,), ())


def test_a_step_that_nobody_can_be_written_to_at_gives_way_to_the_highest_that_can_leave(
    ladder: Ladder, owed: Make
) -> None:
    focal, form = owed("focal_letter", nov(24)), owed("form_03", nov(24))
    past, missing = [letter(O1, 22, focal)], because(LadderReason.NO_ADDRESS, roles="lãnh đạo đơn vị")

    def no_head(step: Step, ground: Any) -> Any:
        return missing if step.id == O2 else None

    decision = decide(ladder, AGENCY, [focal, form], past, nov(24), obstacle=no_head)
    assert (decision.step and decision.step.id, decision.ground, decision.still_to_come) == (O1, (form,), (focal,))
    assert "Chưa gửi được bậc “đề nghị lãnh đạo đơn vị chỉ đạo”: Chưa có địa chỉ" in decision.reason
    alone = decide(ladder, AGENCY, [focal], past, nov(24), obstacle=no_head)
    assert alone.step
    assert alone.step.id == O2, "said, not passed over in silence"
    later = owed("focal_letter", nov(36))
    assert decide(ladder, AGENCY, [later], past, nov(36), obstacle=no_head).step.id == "ask_again"  # type: ignore[union-attr]


def test_what_a_letter_asks_for_is_in_no_other_letter_before_its_day_is_over(ladder: Ladder, owed: Make) -> None:
    focal, form = owed("focal_letter", nov(24)), owed("form_03", nov(24))
    given = letter(O1, 22, focal, answer_by=nov(24))
    decision = decide(ladder, AGENCY, [focal, form], [given], nov(24))
    assert (decision.ground, decision.still_to_come) == ((form,), ())
    assert decide(ladder, AGENCY, [focal, form], [given], nov(25)).ground == (focal,)


def test_no_second_letter_on_the_day_on_which_one_left(ladder: Ladder, owed: Make) -> None:
    focal, form = owed("focal_letter", nov(24)), owed("form_03", nov(24))
    approved_late = letter(O2, 23, focal, sent_on=nov(24))
    decision = decide(ladder, AGENCY, [focal, form], [approved_late], nov(24))
    assert decision.step is None
    assert "TH-00001 đã đến ngày 24/11/2021" in decision.reason


def test_an_extension_begins_the_ladder_anew(ladder: Ladder, owed: Make) -> None:
    before = letter(O1, 23, owed())
    extended = owed(day=nov(25), last_day=nov(24))
    assert decide(ladder, AGENCY, [extended], [before], nov(25)).step is None, "the new day of grace"
    decision = decide(ladder, AGENCY, [extended], [before], nov(26))
    assert decision.step
    assert decision.step.id == O1


def test_whoever_answers_for_it_now_begins_at_the_first_step(ladder: Ladder, owed: Make) -> None:
    before = letter(O1, 23, owed())
    moved = replace(owed(day=nov(25)), agency="ubnd-huyen-can-loc")
    decision = decide(ladder, moved.agency, [moved], [before], nov(25))
    assert decision.step
    assert decision.step.id == O1
    assert "nhiệm vụ của UBND huyện Đức Thọ" in decision.reason


def test_a_letter_that_was_refused_is_named(ladder: Ladder, owed: Make) -> None:
    decision = decide(ladder, AGENCY, [owed()], [letter(O1, 22, owed(), state="refused", number=7)], nov(23))
    assert "từ chối TH-00007" in decision.reason


def test_a_step_never_goes_back_below_one_that_was_taken(ladder: Ladder, owed: Make) -> None:
    [letter_] = ladder.letters.values()
    free = tuple(s.model_copy(update={"needs": None}) for s in letter_.ladder)
    without_needs = replace(ladder, letters={letter_.id: letter_.model_copy(update={"ladder": free})})
    standing = owed(day=nov(25))
    assert decide(without_needs, AGENCY, [standing], [letter(O2, 24, standing)], nov(25)).step is None


def test_the_grace_is_a_setting_and_only_delays_the_first_steps(ladder: Ladder) -> None:
    steps: dict[str, Step] = {s.id: s for letter_ in ladder.letters.values() for s in letter_.ladder}
    firsts = [replace(ladder, grace_days=n).first_day(steps[O1], FRIDAY) for n in (0, 1, 2)]
    assert firsts == [nov(22), nov(23), nov(24)]
    assert ladder.first_day(steps[O2], FRIDAY) == nov(24)
    assert ladder.first_day(steps["remind_3"], nov(18)) == nov(15)


def test_why_nothing_says_what_comes_next_and_when(ladder: Ladder, owed: Make) -> None:
    standing = owed(day=nov(24))
    why = decide(ladder, AGENCY, [standing], [letter(O1, 23, standing)], nov(24)).reason
    assert "bậc “đề nghị gửi nội dung quá hạn” đã có thư TH-00001 đã đến ngày 23/11/2021" in why
    assert "bậc kế tiếp “đề nghị lãnh đạo đơn vị chỉ đạo”" in why
    assert "còn chờ đủ 02 ngày làm việc, đến 25/11/2021" in why


STORM = (Rest(nov(24), nov(30)),)
RESTED: list[tuple[str, int, str | None]] = [
    ("on the first morning after a pause nobody higher hears", 31, None),
    ("once the wait has passed anew", 32, O2),
]


@pytest.mark.parametrize(("case", "day", "step"), RESTED)
def test_a_pause_gives_the_wait_back(ladder: Ladder, owed: Make, case: str, day: int, step: str | None) -> None:
    standing = owed(day=nov(day), rests=STORM)
    decided = decide(ladder, AGENCY, [standing], [letter(O1, 23, standing)], nov(day))
    assert (decided.step and decided.step.id) == step, case
    if step is None:
        why = "ngừng đôn đốc đến hết ngày 30/11/2021, tính lại đủ 02 ngày làm việc, đến 02/12/2021"
        assert why in decided.reason


def test_a_pause_gives_back_the_days_that_a_letter_gave(ladder: Ladder, owed: Make) -> None:
    """Three working days from 25/11: two of them fell into the pause of 29/11 to 1/12, another lay within it."""
    standing = owed(day=nov(37), rests=(Rest(nov(29), nov(31)), Rest(nov(30), nov(30))))
    past = [letter(O1, 23, standing), letter(O2, 25, standing, number=2, answer_by=nov(30))]
    board = next(step for step in ladder.steps(standing) if step.id == "report_up")
    assert ladder.blocked_reason(board, standing, past, nov(37)) is None
    why = said(ladder.blocked_reason(board, standing, past, nov(36)))
    assert why == (
        "TH-00002 đã hẹn đơn vị trả lời đến hết ngày 30/11/2021; ngừng đôn đốc đến hết ngày 01/12/2021, "
        "tính lại đến hết ngày 06/12/2021"
    )
    again = decide(ladder, AGENCY, [standing], past, nov(36))
    assert {step.id for step in again.steps.values()} == {"ask_again"}, "which gives the officer a new day itself"
