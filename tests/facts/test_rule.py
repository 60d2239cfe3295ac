"""A ruling does what it says, says what it covers, or is refused with a sentence."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dondoc.clock import end_of
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.facts.promises import Promise
from dondoc.facts.rulings import spans, standing, standing_rulings
from dondoc.store.facts import Ruling
from dondoc.vocabulary.reasons import said
from dondoc.vocabulary.rulings import CallResult, Cause, RulingKind
from tests.conftest import Run, at

from .conftest import Book

DUC_THO, VU_QUANG, FORM = "ubnd-huyen-duc-tho", "ubnd-huyen-vu-quang", "tourism/form_03"
FOCAL = "public_admin_centre/focal_letter"


def on(day: int) -> date:
    return date(2021, 12, day)


def in_november(day: int) -> datetime:
    return end_of(date(2021, 11, day))


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("hold_all", {"agency": DUC_THO}, "không dùng “Đơn vị”.*pause --agency"),
        ("called", {}, "cần thêm “Đơn vị”"),
        ("promise", {"agency": DUC_THO}, "cần thêm “Đến hết ngày”"),
        ("waive", {"agency": DUC_THO, "until": on(1)}, "không dùng “Đến hết ngày”.*extend hoặc pause"),
        ("accept", {"agency": DUC_THO, "until": on(1)}, "không dùng “Đến hết ngày”"),
        ("reassign", {"agency": DUC_THO, "to_agency": VU_QUANG, "until": on(1)}, "không dùng “Đến hết ngày”"),
        ("extend", {"until": on(1), "to_agency": DUC_THO}, "không dùng “Đơn vị nhận”"),
        ("extend", {"until": on(1), "cause": Cause.WEATHER}, "không dùng “Nguyên nhân”"),
        ("pause", {"undoes": 1}, "không dùng “Quyết định bị hủy bỏ”"),
        ("undo", {"undoes": 1, "agency": DUC_THO}, "không dùng “Đơn vị”"),
        ("called", {"agency": DUC_THO, "result": CallResult.NO_ANSWER, "until": on(1)}, "không có ngày hẹn"),
        ("waive", {"agency": "ubnd-thanh-pho-ha-tinh", "deliverable": "focal_letter"}, "không có nội dung nào như vậy"),
        ("called", {"agency": "ubnd-tinh"}, "không có nội dung nào như vậy"),
        ("pause", {"agency": DUC_THO, "until": date(2021, 11, 10), "from_": at(9)}, "đã qua"),
        ("promise", {"agency": DUC_THO, "until": date(2021, 11, 12), "from_": at(10)}, "đã qua"),
        ("promise", {"agency": DUC_THO, "until": on(31)}, "xin gia hạn"),
        ("pause", {"from_": at(15, month=11, year=2023)}, "quá xa"),
        ("waive", {"agency": DUC_THO, "document_date": on(1)}, "sau hôm nay"),
        ("reassign", {"agency": DUC_THO, "to_agency": DUC_THO}, "không thay đổi"),
    ],
)
def test_what_a_kind_does_not_use_or_what_covers_nothing_is_refused(
    book: Book, kind: str, given: dict[str, Any], words: str
) -> None:
    before = book.standings(in_november(24))
    with pytest.raises(Problem, match=words):
        book.rule(kind, **given)
    assert standing_rulings(book.session, in_november(30)) == []
    assert book.standings(in_november(24)) == before


def test_every_kind_says_what_it_covers(book: Book) -> None:
    extended = book.ruled("extend", agency=DUC_THO, until=on(10))
    assert extended.covers.startswith("02 nhiệm vụ: ")
    assert extended.covers.endswith("hạn mới hết ngày 10/12/2021")
    assert len(extended.coverage.ids) == 2
    assert len(book.ruled("hold_all").coverage.ids) == len(book.directive.duties)
    one = book.ruled("waive", agency=DUC_THO, deliverable="form_03")
    assert one.coverage.ids == [f"{book.directive.id}:{FORM}"] or one.coverage.ids[0].endswith("form_03")
    with pytest.raises(Problem, match="đã hoàn thành hoặc được miễn"):
        book.rule("waive", agency=DUC_THO, deliverable="form_03")
    assert book.ruled("called", agency=DUC_THO, deliverable="form_03").coverage.ids == []
    undone = book.ruled("undo", undoes=extended.number, now=at(16))
    assert len(undone.coverage.ids) == 1, "what is waived is owed no more"
    book.submitted(at(17), "accepted", agency="ubnd-huyen-can-loc", form="form_03")
    with pytest.raises(Problem, match="đã hoàn thành hoặc được miễn"):
        book.rule("extend", agency="ubnd-huyen-can-loc", until=on(10), now=at(18))


@pytest.mark.parametrize(
    ("extensions", "last"),
    [
        # the agency's own to 10/12, one for all to 05/12 or to 15/12: the more favourable
        ([({"agency": DUC_THO}, 10, {}), ({}, 5, {})], 10),
        ([({}, 5, {}), ({"agency": DUC_THO}, 10, {})], 10),
        ([({"agency": DUC_THO}, 10, {}), ({}, 15, {})], 15),
        ([({}, 15, {}), ({"agency": DUC_THO}, 10, {})], 15),
        # of two for the same agency, or of two for all, the newest document, whatever was written down first
        ([({"agency": DUC_THO}, 10, {}), ({"agency": DUC_THO}, 8, {})], 8),
        ([({}, 10, {}), ({}, 8, {})], 8),
        ([({}, 10, {"document": "CV 2 ngày 12/11/2021"}), ({}, 8, {"document": "CV 1 ngày 10/11/2021"})], 10),
        ([({}, 10, {"document_date": date(2021, 11, 12)}), ({}, 8, {"document": "CV 1 ngày 10-11-2021"})], 10),
        ([({}, 10, {"document": "CV ngày 12 tháng 11 năm 2021"}), ({}, 8, {"document_date": date(2021, 11, 11)})], 10),
        # a wider one for the same agency takes nothing from what it was granted for one thing; a narrower one corrects
        ([({"agency": DUC_THO, "deliverable": "form_03"}, 10, {}), ({"agency": DUC_THO}, 5, {})], 10),
        ([({"agency": DUC_THO}, 10, {}), ({"agency": DUC_THO, "deliverable": "form_03"}, 5, {})], 5),
    ],
)
def test_the_newest_document_counts_and_the_most_favourable_last_day(
    book: Book, extensions: list[tuple[dict[str, str], int, dict[str, Any]]], last: int
) -> None:
    for scope, until, more in extensions:
        book.rule("extend", **scope, until=on(until), **more)
    assert book.standing(DUC_THO, FORM, in_november(22)).last_day == on(last)


def test_a_pause_and_a_promise_are_for_who_holds_the_duty_on_the_day(book: Book) -> None:
    book.rule("pause", agency=DUC_THO)
    book.rule("promise", agency=VU_QUANG, until=date(2021, 11, 26))
    for owner in (DUC_THO, VU_QUANG):
        book.rule("reassign", agency=owner, system="tourism", to_agency="so-nnptnt", now=at(16))
    assert [book.standing(a, FORM, in_november(22)).paused for a in (DUC_THO, VU_QUANG)] == [None, None]
    assert book.standing(DUC_THO, FOCAL, in_november(22)).paused
    with pytest.raises(Problem, match="Nội dung đó nay do Sở Nông nghiệp"):
        book.rule("pause", agency=DUC_THO, deliverable="form_03", now=at(17))
    book.rule("pause", agency="so-nnptnt", now=at(17))
    assert book.standing(DUC_THO, FORM, in_november(22)).paused


def test_a_promise_pauses_until_its_day_is_over_and_is_named_when_it_is_broken(book: Book) -> None:
    told = {"agency": DUC_THO, "spoken_to": "Lê Văn B", "until": date(2021, 11, 24), "document": "", "reason": ""}
    done = book.ruled("called", **told, deliverable="form_03", cause=Cause.STAFF_CHANGE, now=at(22))
    assert len(done.coverage.ids) == 1
    paused = book.standing(DUC_THO, FORM, in_november(24)).paused
    assert paused
    assert said(paused) == (
        "đơn vị hẹn gửi chậm nhất ngày 24/11/2021, theo trao đổi ngày 22/11/2021 với Lê Văn B "
        "(cuộc gọi ngày 22/11/2021)"
    )
    assert book.standing(DUC_THO, FORM, at(21)).paused is None, "not before it was given"
    assert book.standing(DUC_THO, FOCAL, in_november(24)).paused is None

    def broken(today: int) -> list[tuple[str, Promise]]:
        rows = book.standings(in_november(today))
        return [(s.agency, told) for s in rows if (told := s.broken_promise(date(2021, 11, today)))]

    assert broken(24) == []
    [(agency, newest)] = broken(25)
    assert (agency, newest.until, newest.given, newest.who) == (
        DUC_THO, date(2021, 11, 24), date(2021, 11, 22), "Lê Văn B",
    )  # fmt: skip
    assert book.standing(DUC_THO, FORM, in_november(25)).paused is None
    book.submitted(at(25), "accepted", agency=DUC_THO, form="form_03")
    assert broken(25) == []


@pytest.mark.parametrize(
    ("kind", "until", "day"),
    [("extend", date(2021, 11, 24), 29), ("extend", date(2021, 11, 26), 29), ("pause", date(2021, 11, 26), 29)],
)
def test_a_promise_is_not_broken_where_we_gave_more_time_ourselves(
    book: Book, kind: str, until: date, day: int
) -> None:
    book.rule("promise", agency=DUC_THO, deliverable="form_03", until=date(2021, 11, 24), now=at(22))
    book.rule(kind, agency=DUC_THO, until=until, now=at(23))
    assert not any(s.broken_promise(date(2021, 11, day)) for s in book.standings(in_november(day)))


def test_an_agency_promises_twice_and_then_asks_for_an_extension(book: Book) -> None:
    for day in (22, 24):
        book.rule("promise", agency=DUC_THO, until=date(2021, 11, day + 1), now=at(day))
    with pytest.raises(Problem, match=r"đã hẹn 02 lần.*xin gia hạn"):
        book.rule("promise", agency=DUC_THO, until=date(2021, 11, 29), now=at(26))
    book.rule("promise", agency=VU_QUANG, until=date(2021, 12, 6), now=at(22))  # ten working days
    with pytest.raises(Problem, match=r"10 ngày làm việc.*xin gia hạn"):
        book.rule("promise", agency=VU_QUANG, until=date(2021, 12, 7), now=at(22))


def test_no_undoing_lies_in_the_future_or_before_what_it_undoes(book: Book) -> None:
    held = book.rule("hold_all", now=at(16))
    for when, words in ((at(16, year=2210), "tương lai"), (at(15), "có hiệu lực từ")):
        with pytest.raises(Problem, match=words):
            book.rule("undo", undoes=held, from_=when, now=at(17))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_of_any_chain_of_undoings_the_last_word_holds(data: st.DataObject) -> None:
    """Oracle: what nobody undoes holds, and what is undone by nothing that holds. Spans say the same of each moment."""
    rows: list[Ruling] = []
    for number in range(1, data.draw(st.integers(1, 9)) + 1):
        open_ = [r for r in standing(rows) if r.happened_at <= at(1) + timedelta(days=number)]
        target = data.draw(st.sampled_from([None, *open_]))
        day = data.draw(st.integers(target.happened_at.day if target else 1, 28))
        kind = RulingKind.UNDO if target else RulingKind.HOLD_ALL
        rows.append(Ruling(id=number, kind=kind, undoes=target.id if target else None, happened_at=at(day)))

    def holds(row: Ruling, known: list[Ruling]) -> bool:
        return not any(holds(other, known) for other in known if other.undoes == row.id)

    for moment in map(at, range(1, 29)):
        known = [r for r in rows if r.happened_at <= moment]
        assert standing(known) == [r for r in known if holds(r, known)]
        for row in rows:
            held = any(since <= moment and (until is None or moment < until) for since, until in spans(rows, row))
            assert held == (row in known and holds(row, known))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rulings=st.lists(
        st.tuples(st.booleans(), st.integers(1, 28), st.integers(1, 28)),
        min_size=1,
        max_size=5,
        unique_by=lambda r: r[2],
    )
)
def test_the_order_in_which_extensions_are_written_down_changes_no_last_day(
    book: Book, rulings: list[tuple[bool, int, int]]
) -> None:
    """Their documents say which is newer: one replaces the older of its kind, of the two the more favourable counts."""

    def last_day(order: list[tuple[bool, int, int]]) -> date | None:
        nested = book.session.begin_nested()
        for own, until, written in order:
            row = Ruling(
                kind="extend", agency=DUC_THO if own else None, until=on(until), document="CV", reason="x", by="A",
                document_date=date(2021, 10, written), happened_at=at(15),
                recorded_at=at(15),
            )  # fmt: skip
            book.session.add(row)
            book.session.flush()
        found = book.standing(DUC_THO, FORM, in_november(16)).last_day
        nested.rollback()
        return found

    assert last_day(rulings) == last_day(rulings[::-1])


def test_a_call_is_logged_with_one_line_and_its_answer_says_what_waits(
    dondoc: Run, app: AppContext, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DONDOC_CLOCK", at(22).isoformat())
    done = dondoc(
        *("rule", "called", "--agency", DUC_THO, "--spoken-to", "Lê Văn B", "--result", "reached"),
        *("--cause", "staff_change", "--by", "Trần Thị Văn", "--json"),
    )
    told = json.loads(done.stdout)
    assert (told["kind"], len(told["covers"])) == ("called", 3)
    assert "03 nhiệm vụ: " in done.stderr
    [listed] = json.loads(dondoc("rulings", "--json").stdout)
    assert [listed[k] for k in ("spoken_to", "result", "cause")] == ["Lê Văn B", "reached", "staff_change"]
    with pytest.raises(Problem, match="Không có nguyên nhân “x”"):
        dondoc("rule", "called", "--agency", DUC_THO, "--cause", "x", "--by", "A")
