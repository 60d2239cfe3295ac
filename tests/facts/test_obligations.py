"""Where every obligation stands at a moment, by what was known at another, and why."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.clock import end_of
from dondoc.directive.model import Directive
from dondoc.facts.obligations import about, as_row, of, standings
from dondoc.facts.obligations import at as at_moment
from dondoc.facts.read import Facts, Paper, Received
from dondoc.workdays import WorkingDays
from tests.conftest import at

from .conftest import Book

DUC_THO, FORM = "ubnd-huyen-duc-tho", "tourism/form_03"
FOCAL = "public_admin_centre/focal_letter"
MONDAY = end_of(date(2021, 11, 22))
FIELDS = {
    "id",
    "directive",
    "period",
    "agency",
    "system",
    "deliverable",
    "due_before",
    "last_day",
    "status",
    "working_days_late",
    "reason",
    "reason_code",
}


def test_on_the_first_monday_thirty_are_overdue_by_two_days_or_one(book: Book) -> None:
    rows = [as_row(s) for s in book.standings(MONDAY)]
    dated = [r for r in rows if r["due_before"]]
    assert all(set(r) == FIELDS for r in rows)
    assert len(dated) == 30
    assert Counter((r["due_before"], r["last_day"], r["status"], r["working_days_late"]) for r in dated) == {
        ("2021-11-19", "2021-11-18", "overdue", 2): 9,
        ("2021-11-20", "2021-11-19", "overdue", 1): 21,
    }
    assert dated[0]["reason_code"] == "missing_late"
    assert dated[0]["reason"] == "chưa nhận được; thời hạn trước ngày 19/11/2021, chậm 02 ngày làm việc"


def test_what_has_no_date_is_never_overdue(book: Book) -> None:
    rows = [as_row(s) for s in book.standings(end_of(date(2030, 1, 1)))]
    undated = [r for r in rows if r["due_before"] is None]
    assert len(undated) == 14
    assert {(r["last_day"], r["working_days_late"]) for r in undated} == {(None, 0)}
    assert "overdue" not in {r["status"] for r in undated}


@pytest.mark.parametrize(
    ("day", "focal", "form"),
    [(18, "not_due", "not_due"), (19, "overdue", "not_due"), (20, "overdue", "overdue")],
)
def test_before_a_day_ends_with_the_day_before(book: Book, day: int, focal: str, form: str) -> None:
    as_of = end_of(date(2021, 11, day))
    assert book.standing(DUC_THO, FOCAL, as_of).status == focal
    assert book.standing(DUC_THO, FORM, as_of).status == form


def test_the_weekend_after_the_last_day_counts_no_working_day(book: Book) -> None:
    sunday = book.standing(DUC_THO, FORM, end_of(date(2021, 11, 21)))
    assert (sunday.status, sunday.working_days_late) == ("overdue", 0)


@pytest.mark.parametrize(
    ("arrived", "status", "late"),
    [
        (at(19, 23, 59), "fulfilled", 0),
        (at(20, 0, 0), "fulfilled_late", 0),  # a Saturday: late, but by no working day
        (at(22, 8), "fulfilled_late", 1),
        (datetime(2021, 11, 19, 16, 59, tzinfo=UTC), "fulfilled", 0),  # 23:59 in Vietnam
        (datetime(2021, 11, 19, 17, 0, tzinfo=UTC), "fulfilled_late", 0),  # midnight in Vietnam
    ],
)
def test_receipt_decides_whether_it_was_in_time(book: Book, arrived: datetime, status: str, late: int) -> None:
    book.submitted(arrived, "accepted", agency=DUC_THO, form="form_03")
    found = book.standing(DUC_THO, FORM, end_of(date(2021, 12, 1)))
    assert (found.status, found.working_days_late) == (status, late)
    assert "đã nhận bản nộp BN-0001" in found.reason


def test_the_first_accepted_version_decides_and_a_later_one_changes_nothing(book: Book) -> None:
    book.submitted(at(18), "accepted_with_warnings", agency=DUC_THO, form="form_03")
    book.submitted(at(25), "accepted", agency=DUC_THO, form="form_03")
    assert book.standing(DUC_THO, FORM, MONDAY).status == "fulfilled"
    assert book.standing(DUC_THO, FORM, end_of(date(2021, 11, 30))).status == "fulfilled"


def test_the_first_status_that_holds_decides(book: Book) -> None:
    def status() -> str:
        return book.standing(DUC_THO, FORM, MONDAY).status

    assert status() == "overdue"
    book.submitted(at(17), "returned", agency=DUC_THO, form="form_03")
    assert status() == "returned"
    book.submitted(at(18), "waiting", agency=DUC_THO, form="form_03")
    assert status() == "under_review"
    book.rule("waive", agency=DUC_THO, deliverable="form_03")
    assert status() == "waived"
    book.submitted(at(22), "accepted", agency=DUC_THO, form="form_03")
    assert status() == "fulfilled_late"
    assert book.standing("ubnd-huyen-vu-quang", FORM, MONDAY).status == "overdue"


def test_a_returned_form_says_which_and_when(book: Book) -> None:
    book.submitted(at(17), "returned", agency=DUC_THO, form="form_03")
    found = book.standing(DUC_THO, FORM, MONDAY)
    assert found.reason == "bản nộp BN-0001 ngày 17/11/2021 đã được đề nghị chỉnh sửa, chưa nhận lại"
    assert found.working_days_late == 0


def test_something_unread_pauses_only_what_it_may_meet(book: Book) -> None:
    book.submitted(at(19), "waiting", agency=DUC_THO, form=None)  # a scan: the form or the focal letter
    assert book.standing(DUC_THO, FORM, MONDAY).status == "under_review"
    assert book.standing(DUC_THO, FOCAL, MONDAY).status == "under_review"
    assert "đang chờ Sở" in book.standing(DUC_THO, FOCAL, MONDAY).reason
    assert book.standing("ubnd-huyen-vu-quang", FORM, MONDAY).status == "overdue"


def test_a_form_with_an_ambiguous_name_pauses_both_agencies_that_it_may_be_of(book: Book) -> None:
    book.submitted(at(19), "waiting", form="form_03", head={"agency_name": "Kỳ Anh"})
    assert book.standing("ubnd-huyen-ky-anh", FORM, MONDAY).status == "under_review"
    assert book.standing("ubnd-thi-xa-ky-anh", FORM, MONDAY).status == "under_review"
    assert book.standing("ubnd-huyen-ky-anh", FOCAL, MONDAY).status == "overdue"


def test_a_stray_mail_of_nobody_pauses_nobody(book: Book) -> None:
    book.submitted(at(19), "waiting")
    assert {s.status for s in book.standings(MONDAY) if s.last_day} == {"overdue"}


def test_what_nobody_has_judged_yet_pauses_its_sender_for_a_day(book: Book) -> None:
    book.contact(DUC_THO, "cntt@ductho.test")
    book.submitted(at(21, 12), None, sender="cntt@ductho.test")
    book.submitted(at(21, 12), None, sender="la@noi-khac.test")
    paused = [
        {s.duty.agency for s in book.standings(t) if s.status == "under_review"} for t in (at(22, 11), at(22, 13))
    ]
    assert paused == [{DUC_THO}, set()]


def test_an_absence_note_pauses_nobody(book: Book) -> None:
    book.contact(DUC_THO, "cntt@ductho.test")
    book.submitted(at(19), None, sender="cntt@ductho.test", automatic=True)
    assert book.standing(DUC_THO, FORM, MONDAY).status == "overdue"


def test_a_paper_letter_entered_late_repairs_the_past_but_not_what_was_known(book: Book) -> None:
    book.register(DUC_THO, "focal_letter", at(18, 15), now=at(24, 8))
    now = book.standing(DUC_THO, FOCAL, MONDAY)
    assert (now.status, now.working_days_late) == ("fulfilled", 0)
    assert now.reason == "đã nhận Văn bản số 12/UBND-VP ngày 18/11/2021, đến ngày 18/11/2021"
    then = book.standing(DUC_THO, FOCAL, MONDAY, known_at=at(24, 7, 59))
    assert (then.status, then.working_days_late) == ("overdue", 2)
    assert book.standing(DUC_THO, FOCAL, at(18, 14)).status == "not_due"  # it had not happened yet


def test_a_verdict_of_later_is_not_known_before(book: Book) -> None:
    submission = book.submitted(at(19), "waiting", agency=DUC_THO, form="form_03")
    book.judged(submission, "accepted", at(23), agency=DUC_THO, form="form_03")
    assert book.standing(DUC_THO, FORM, MONDAY, known_at=MONDAY).status == "under_review"
    assert book.standing(DUC_THO, FORM, MONDAY).status == "fulfilled"


def test_a_submission_entered_later_is_not_known_before(book: Book) -> None:
    book.submitted(at(19), "accepted", agency=DUC_THO, form="form_03", recorded=at(25))
    assert book.standing(DUC_THO, FORM, MONDAY, known_at=at(24)).status == "overdue"
    assert book.standing(DUC_THO, FORM, MONDAY, known_at=at(25)).status == "fulfilled"


def test_an_instant_in_another_zone_is_the_same_day_in_vietnam(book: Book) -> None:
    utc = datetime(2021, 11, 19, 17, 30, tzinfo=UTC)  # half past midnight on the 20th in Vietnam
    assert book.standing(DUC_THO, FORM, utc).status == "overdue"


def test_from_july_2025_what_districts_owe_waits_for_a_person(book: Book) -> None:
    rows = [s for s in book.standings(end_of(date(2025, 7, 1))) if s.duty.due_before]
    status = Counter(s.status for s in rows)
    assert status == {"needs_reassignment": 22, "overdue": 8}
    waiting = next(s for s in rows if s.duty.agency == DUC_THO)
    assert waiting.agency == DUC_THO
    assert "kết thúc hoạt động ngày 30/06/2025; chưa rõ đơn vị nào nhận nhiệm vụ" in waiting.reason
    assert {s.agency for s in rows if s.status == "overdue"} == {
        "cong-an-tinh",
        "cang-vu-hang-hai",
        "chi-cuc-hai-quan-xi",
        "so-nnmt",
    }


def test_a_merger_takes_the_duty_over_from_its_day(book: Book) -> None:
    def answers(day: date) -> str:
        return book.standing("ubnd-huyen-loc-ha", FORM, end_of(day)).agency

    assert answers(date(2024, 12, 31)) == "ubnd-huyen-loc-ha"
    assert answers(date(2025, 1, 1)) == "ubnd-huyen-thach-ha"
    reason = book.standing("ubnd-huyen-loc-ha", FORM, end_of(date(2025, 1, 1))).reason
    assert "UBND huyện Lộc Hà → UBND huyện Thạch Hà" in reason


def test_an_heirs_own_form_of_before_it_took_over_meets_nothing_of_the_other(book: Book) -> None:
    book.submitted(at(18), "accepted", agency="ubnd-huyen-thach-ha", form="form_03")
    later = end_of(date(2025, 2, 1))
    assert book.standing("ubnd-huyen-thach-ha", FORM, later).status == "fulfilled"
    assert book.standing("ubnd-huyen-loc-ha", FORM, later).status == "overdue"
    book.submitted(at(10, month=1, year=2025), "accepted", agency="ubnd-huyen-thach-ha", form="form_03")
    assert book.standing("ubnd-huyen-loc-ha", FORM, later).status == "fulfilled_late"


def test_an_heir_registers_the_letter_that_its_predecessor_owed(book: Book) -> None:
    key, arrived = "reservoir/focal_letter", at(10, month=3, year=2025)
    book.register("so-nnmt", "focal_letter", arrived)
    assert book.standing("so-nnptnt", key, end_of(arrived.date())).status == "fulfilled_late"


@pytest.mark.parametrize("day", [date(2021, 11, 22), date(2025, 2, 1), date(2025, 8, 1)])
def test_of_one_agency_is_what_stands_of_it_among_all(book: Book, day: date) -> None:
    book.rule("reassign", agency="cong-an-tinh", to_agency=DUC_THO)
    book.submitted(at(18), "accepted", agency="ubnd-huyen-thach-ha", form="form_03")
    book.submitted(at(19), "returned", agency="ubnd-huyen-loc-ha", form="form_03")
    book.register("so-nnptnt", "focal_letter", at(19))
    as_of = end_of(day)
    found = at_moment(book.app, book.session, as_of)
    assert len({standing.agency for standing in found}) > 10
    for agency in {*(a.id for a in book.registry.agencies)}:
        assert of(book.app, book.session, agency, as_of) == [s for s in found if s.agency == agency]


def test_a_second_directive_runs_on_the_same_code(
    book: Book, other_directive: Directive, calendar: WorkingDays
) -> None:
    as_of = end_of(date(2023, 4, 20))
    book.directive = other_directive
    book.register("ubnd-huyen-song-ca", "focal_letter", at(17, month=4, year=2023))
    rows = [as_row(s) for s in book.standings(as_of)]
    assert [(r["agency"], r["deliverable"], r["last_day"], r["status"], r["working_days_late"]) for r in rows] == [
        ("ubnd-huyen-song-ca", "form_03", "2023-04-17", "overdue", 3),
        ("ubnd-huyen-nui-do", "form_03", "2023-04-17", "overdue", 3),
        ("ubnd-huyen-song-ca", "focal_letter", "2023-04-17", "fulfilled", 0),
        ("ban-ben-khach", "connection", None, "not_due", 0),
    ]
    after = [as_row(s)["agency"] for s in book.standings(end_of(date(2023, 5, 1)))]
    assert after[1] == "ubnd-huyen-song-ca"


papers = st.builds(
    Paper,
    agency=st.sampled_from([DUC_THO, "ubnd-huyen-vu-quang"]),
    fulfils=st.just(frozenset({FOCAL})),
    number=st.just("1/VB"),
    day=st.just(date(2021, 11, 15)),
    received_at=st.datetimes(datetime(2021, 11, 10), datetime(2021, 12, 10)).map(lambda d: d.replace(tzinfo=UTC)),
)
forms = st.builds(
    Received,
    id=st.integers(1, 50),
    agency=st.sampled_from([None, DUC_THO, "ubnd-huyen-vu-quang"]),
    form=st.sampled_from([None, "form_03"]),
    fulfils=st.just(frozenset()),
    outcome=st.sampled_from(
        ["accepted", "accepted_with_warnings", "returned", "refused", "waiting", "conflict", "duplicate", "dismissed"]
    ),
    named=st.sampled_from([None, "Đức Thọ", "Kỳ Anh"]),
    received_at=st.datetimes(datetime(2021, 11, 10), datetime(2021, 12, 10)).map(
        lambda d: d.replace(tzinfo=at(1).tzinfo)
    ),
)


@given(st.lists(papers, max_size=3), st.lists(forms, max_size=4), st.integers(0, 40))
def test_whatever_arrived_the_statuses_keep_their_meaning(
    directive: Directive, calendar: WorkingDays, paper: list[Paper], form: list[Received], days: int
) -> None:
    as_of = end_of(date(2021, 11, 10) + timedelta(days=days))
    facts = Facts(
        tuple(p for p in paper if p.received_at <= as_of), tuple(f for f in form if f.received_at <= as_of), ()
    )
    for s in standings((directive,), calendar, facts, as_of):
        assert s.reason
        assert s.working_days_late >= 0
        if s.status not in ("overdue", "fulfilled_late"):
            assert s.working_days_late == 0
        if s.status == "overdue":
            assert s.last_day is not None
            assert as_of.date() > s.last_day
        if s.status in ("fulfilled", "fulfilled_late"):
            assert s.received_at is not None
            assert (s.status == "fulfilled_late") == (s.last_day is not None and s.received_at.date() > s.last_day)


@pytest.mark.slow
def test_what_is_read_about_one_agency_says_the_same_of_it_as_what_is_read_about_all(book: Book) -> None:
    other, heir, moment = "ubnd-huyen-vu-quang", "ubnd-huyen-ky-anh", at(22)
    book.contact(DUC_THO, "a@ductho.test")
    book.submitted(at(17), "accepted", agency=DUC_THO, form="form_03")
    book.submitted(at(18), "returned", agency=other, form="form_03")
    book.submitted(at(18), "waiting", form="form_03", head={"agency_name": "UBND huyện Nghi Xuân"})
    book.submitted(at(22) - timedelta(hours=2), None, sender="a@ductho.test")
    moved = book.submitted(at(19), "waiting", form="form_03", head={"agency_name": "UBND huyện Cẩm Xuyên"})
    book.judged(moved, "accepted", at(20), agency="ubnd-huyen-cam-xuyen", form="form_03")
    book.register(other, "focal_letter", at(18))
    book.rule("reassign", agency="ubnd-huyen-huong-khe", to_agency=heir)
    book.rule("pause", agency="ubnd-huyen-loc-ha", until=date(2021, 12, 1))
    everybody = book.standings(moment)
    assert {s.status for s in everybody} >= {"under_review", "returned", "fulfilled", "overdue"}
    for agency in dict.fromkeys(s.agency for s in everybody):
        facts, asked = about(book.session, (book.directive,), [agency], moment)
        found = standings((book.directive,), book.calendar, facts, moment, asked)
        assert [s for s in found if s.agency == agency] == [s for s in everybody if s.agency == agency]
        assert [s for s in everybody if s.duty.agency in asked] == found
