"""A person's word: dated, quoted with document, reason and name, undone only by another one."""

import json
from datetime import date

import pytest

from dondoc.clock import end_of
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.facts.obligations import Rest
from dondoc.facts.rulings import hold_all, standing_rulings
from dondoc.vocabulary.reasons import said
from dondoc.vocabulary.rulings import RulingKind
from tests.conftest import Run, acting, at

from .conftest import Book

DUC_THO, FORM, FOCAL = "ubnd-huyen-duc-tho", "tourism/form_03", "public_admin_centre/focal_letter"
MONDAY = end_of(date(2021, 11, 22))
QUOTED = "theo Văn bản số 9/STTTT (mưa lũ; Đậu Tùng Lâm)"


def test_an_extension_moves_the_last_day_but_not_what_is_written(book: Book) -> None:
    book.rule("extend", agency=DUC_THO, deliverable="form_03", until=date(2021, 11, 24))
    found = book.standing(DUC_THO, FORM, MONDAY)
    assert (found.status, found.last_day) == ("not_due", date(2021, 11, 24))
    assert found.duty.due_before == date(2021, 11, 20)
    assert found.reason.endswith(f"gia hạn đến hết ngày 24/11/2021 {QUOTED}")
    assert book.standing(DUC_THO, FORM, end_of(date(2021, 11, 25))).working_days_late == 1
    assert book.standing(DUC_THO, FOCAL, MONDAY).status == "overdue"


def test_the_newest_extension_counts_and_none_reaches_further_than_it_says(book: Book) -> None:
    book.rule("extend", until=date(2021, 11, 24), system="tourism")
    book.rule("extend", until=date(2021, 11, 26), system="tourism", agency=DUC_THO)
    assert book.standing(DUC_THO, FORM, MONDAY).last_day == date(2021, 11, 26)
    assert book.standing("ubnd-huyen-vu-quang", FORM, MONDAY).last_day == date(2021, 11, 24)
    assert book.standing("so-nnptnt", "reservoir/form_01", MONDAY).last_day == date(2021, 11, 19)


def test_an_extension_backwards_is_refused(book: Book) -> None:
    with pytest.raises(Problem, match="sớm hơn thời hạn"):
        book.rule("extend", agency=DUC_THO, deliverable="form_03", until=date(2021, 11, 18))
    with pytest.raises(Problem, match="không lùi thời hạn nào"):
        book.rule("extend", agency=DUC_THO, until=date(2021, 11, 18))  # nothing new for the focal letter


def test_a_waiver_is_quoted(book: Book) -> None:
    book.rule("waive", agency=DUC_THO, system="tourism")
    found = book.standing(DUC_THO, FORM, MONDAY)
    assert (found.status, found.reason) == ("waived", f"được miễn {QUOTED}")


def test_acceptance_counts_from_the_moment_it_names(book: Book) -> None:
    book.rule("accept", agency=DUC_THO, deliverable="form_03", from_=at(19), now=at(23))
    found = book.standing(DUC_THO, FORM, MONDAY)
    assert (found.status, found.reason) == ("fulfilled", f"được công nhận hoàn thành {QUOTED}")
    assert book.standing(DUC_THO, FORM, MONDAY, known_at=at(22)).status == "overdue"
    book.rule("accept", agency="ubnd-huyen-vu-quang", now=at(22))
    assert book.standing("ubnd-huyen-vu-quang", FORM, MONDAY).status == "fulfilled_late"


def test_a_duty_that_lost_its_agency_is_given_to_another_by_a_person(book: Book) -> None:
    day = at(2, month=7, year=2025)
    book.rule("reassign", agency=DUC_THO, to_agency="vien-thong-ha-tinh", now=day)
    found = book.standing(DUC_THO, FORM, end_of(day.date()))
    assert (found.agency, found.status) == ("vien-thong-ha-tinh", "overdue")
    assert found.reason.endswith(f"phân công lại {QUOTED}")
    before = book.standing(DUC_THO, FORM, end_of(date(2025, 7, 1)))
    assert before.status == "needs_reassignment"
    book.submitted(at(3, month=7, year=2025), "accepted", agency="vien-thong-ha-tinh", form="form_03")
    assert book.standing(DUC_THO, FORM, end_of(date(2025, 7, 4))).status == "fulfilled_late"


def test_whoever_answers_now_can_be_ruled_upon_by_name(book: Book) -> None:
    book.rule("reassign", agency=DUC_THO, system="tourism", to_agency="vien-thong-ha-tinh", now=at(22))
    book.rule("extend", agency="vien-thong-ha-tinh", until=date(2021, 12, 3), now=at(23))
    assert book.standing(DUC_THO, FORM, end_of(date(2021, 11, 24))).last_day == date(2021, 12, 3)
    assert book.standing(DUC_THO, FOCAL, end_of(date(2021, 11, 24))).last_day == date(2021, 11, 18)


def test_a_duty_can_be_passed_on_twice(book: Book) -> None:
    book.rule("reassign", agency=DUC_THO, system="tourism", to_agency="vien-thong-ha-tinh", now=at(22))
    book.rule("reassign", agency="vien-thong-ha-tinh", system="tourism", to_agency="so-nnptnt", now=at(23))
    assert book.standing(DUC_THO, FORM, end_of(date(2021, 11, 24))).agency == "so-nnptnt"
    assert book.standing("ubnd-huyen-vu-quang", FORM, end_of(date(2021, 11, 24))).agency == "ubnd-huyen-vu-quang"


def test_a_letter_of_the_new_owner_is_registered(book: Book) -> None:
    book.rule("reassign", agency=DUC_THO, system="public_admin_centre", to_agency="vien-thong-ha-tinh", now=at(22))
    book.register("vien-thong-ha-tinh", "focal_letter", at(23))
    assert book.standing(DUC_THO, FOCAL, end_of(date(2021, 11, 24))).status == "fulfilled_late"


def test_a_pause_is_said_and_ends_by_itself(book: Book) -> None:
    book.rule("pause", agency=DUC_THO, until=date(2021, 11, 23))
    paused = book.standing(DUC_THO, FORM, MONDAY)
    assert paused.status == "overdue"
    assert paused.paused
    assert said(paused.paused) == f"tạm dừng đôn đốc {QUOTED}"
    assert book.standing(DUC_THO, FORM, end_of(date(2021, 11, 24))).paused is None
    assert book.standing("ubnd-huyen-vu-quang", FORM, MONDAY).paused is None


def test_a_pause_that_ends_before_it_begins_is_refused(book: Book) -> None:
    with pytest.raises(Problem, match="đã hết trước khi bắt đầu"):
        book.rule("pause", agency=DUC_THO, from_=at(22), until=date(2021, 11, 21))
    book.rule("pause", agency=DUC_THO, from_=at(22), until=date(2021, 11, 22))
    assert book.standing(DUC_THO, FORM, MONDAY).paused


def test_a_pause_without_an_end_lasts_until_undone(book: Book) -> None:
    ruling = book.rule("pause")
    assert all(s.paused for s in book.standings(end_of(date(2022, 3, 1))))
    book.rule("undo", undoes=ruling, now=at(23))
    assert not any(s.paused for s in book.standings(end_of(date(2022, 3, 1))))
    assert all(s.paused for s in book.standings(MONDAY))  # on Monday it still held


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("extend", {"until": date(2021, 12, 1)}),
        ("waive", {"agency": DUC_THO}),
        ("accept", {"agency": DUC_THO}),
        ("reassign", {"agency": DUC_THO, "to_agency": "so-nnptnt"}),
        ("pause", {}),
        ("called", {"agency": DUC_THO}),
        ("promise", {"agency": DUC_THO, "until": date(2021, 11, 26)}),
        ("hold_all", {}),
    ],
)
def test_every_kind_is_undone_and_leaves_the_world_as_it_was(book: Book, kind: str, given: dict[str, object]) -> None:
    def app() -> list[tuple[object, ...]]:
        rows = book.standings(end_of(date(2021, 11, 25)))
        held = hold_all(book.session, end_of(date(2021, 11, 25)))
        return [*[(s.agency, s.status, s.last_day, s.reason, s.paused) for s in rows], (held and held.id,)]

    before = app()
    ruling = book.rule(kind, **given)
    assert standing_rulings(book.session, MONDAY)[-1].kind == kind
    if kind != "called":  # a call is for the ladder; it changes no status
        assert app() != before
    book.rule("undo", undoes=ruling, now=at(16))
    assert app() == before
    here = {"extend", "waive", "accept", "reassign", "pause", "called", "promise", "hold_all", "undo"}
    assert {*RulingKind} == {*here, "stop"}, "the undoing of a stop is tested with decisions"


def test_hold_all_has_two_times(book: Book) -> None:
    book.rule("hold_all", from_=at(21), now=at(22))
    assert hold_all(book.session, at(20)) is None
    assert hold_all(book.session, at(23), known_at=at(21)) is None
    held = hold_all(book.session, at(23))
    assert held is not None
    assert held.reason == "mưa lũ"


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("cancel", {}, "Không có loại quyết định “cancel”"),
        ("extend", {"agency": DUC_THO}, "Đến hết ngày"),
        ("reassign", {"agency": DUC_THO}, "Đơn vị nhận"),
        ("undo", {}, "Quyết định bị hủy bỏ"),
        ("undo", {"undoes": 99}, "Không có quyết định số 99"),
        ("waive", {}, "Đơn vị"),
        ("waive", {"agency": "ubnd-x"}, "Không có đơn vị “ubnd-x”"),
        ("reassign", {"agency": DUC_THO, "to_agency": "ubnd-x"}, "Không có đơn vị “ubnd-x”"),
        ("pause", {"system": "x"}, "Không có hệ thống “x”"),
        ("pause", {"deliverable": "form_09"}, "Không có nội dung phải gửi “form_09”"),
        ("pause", {"reason": " "}, "Chưa ghi “Lý do”"),
        ("pause", {"document": ""}, "Chưa ghi “Văn bản”"),
        ("pause", {"by": acting("")}, "Chưa ghi tên người quyết định"),
    ],
)
def test_a_ruling_that_lacks_something_is_a_sentence(
    book: Book, kind: str, given: dict[str, object], words: str
) -> None:
    with pytest.raises(Problem, match=words):
        book.rule(kind, **given)


def test_nothing_is_undone_twice(book: Book) -> None:
    ruling = book.rule("hold_all")
    undo = book.rule("undo", undoes=ruling)
    with pytest.raises(Problem, match="đã được hủy bỏ"):
        book.rule("undo", undoes=ruling)
    again = book.rule("undo", undoes=undo)
    assert hold_all(book.session, at(16)), "the undoing was undone: it holds again"
    with pytest.raises(Problem, match="đã được hủy bỏ"):
        book.rule("undo", undoes=undo)
    book.rule("undo", undoes=again)
    assert hold_all(book.session, at(16)) is None


def test_the_rulings_that_hold_are_listed_with_the_numbers_by_which_they_are_undone(
    dondoc: Run, app: AppContext
) -> None:
    why = ("--document", "Công văn 7", "--reason", "mưa lũ", "--by", "Lê Văn C")
    dondoc("rule", "waive", "--agency", "so-nnptnt", "--system", "reservoir", *why)
    dondoc("rule", "hold_all", *why)
    first, second = json.loads(dondoc("rulings", "--json").stdout)
    assert [first[k] for k in ("kind", "agency", "system", "until")] == ["waive", "so-nnptnt", "reservoir", None]
    assert first["reason"] == "Công văn 7: mưa lũ (Lê Văn C)"
    dondoc("rule", "undo", "--undoes", second["id"], *why)
    assert [r["id"] for r in json.loads(dondoc("rulings", "--json").stdout)] == [first["id"]]
    assert "Công văn 7: mưa lũ (Lê Văn C)" in dondoc("rulings").stdout
    assert json.loads(dondoc("rulings", "--as-of", "2021-11-01", "--json").stdout) == []


def test_the_days_of_a_pause_that_is_over_are_kept_whether_it_ended_or_was_lifted(book: Book) -> None:
    """Which the ladder gives back."""
    book.rule("pause", now=at(10), agency=DUC_THO, until=date(2021, 11, 12))
    lifted = book.rule("pause", now=at(15), agency=DUC_THO)
    book.rule("undo", now=at(17), undoes=lifted)
    days = [[(one.first.day, one.last.day) for one in rests(book, day)] for day in (11, 13, 16, 18)]
    assert days == [[], [(10, 12)], [(10, 12)], [(10, 12), (15, 17)]]


def rests(book: Book, day: int) -> tuple[Rest, ...]:
    return next(s.rests for s in book.standings(at(day, 23)) if s.agency == DUC_THO)
