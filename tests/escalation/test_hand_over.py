"""A new focal officer: what he hears first, what he gets before anybody higher hears, and who hears no more."""

from datetime import date, timedelta

from dondoc.vocabulary.letters import LetterKind
from tests.escalation.conftest import Office, one

HONG_LINH = "ubnd-thi-xa-hong-linh"
OLD, CLERK, NEW = f"focal_officer@{HONG_LINH}.test", f"clerk@{HONG_LINH}.test", "moi@hong-linh.test"


def morning(office: Office, day: date, hour: int = 7) -> dict[str, object]:
    """Read, decide, deliver; what was decided of the agency."""
    office.go(day, hour, 30)
    office.see()
    [row] = office.decide(agencies=[HONG_LINH], everyone=True)
    office.deliver()
    return row


def mornings(office: Office, first: date, last: date) -> list[str]:
    """Day and step of every morning that has one."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [f"{day:%d/%m} {row['step']}" for day in days if (row := morning(office, day))["step"]]


def replaced(office: Office, day: date) -> None:
    office.go(day, 6)
    office.know((HONG_LINH, "focal_officer", NEW))


def got(office: Office, address: str) -> list[str]:
    return [r.context["step"] for r in office.letters(HONG_LINH) if r.recipient == address and r.state == "sent"]


def test_the_step_is_repeated_to_a_new_officer_alone_before_anybody_higher_hears(post_office: Office) -> None:
    assert mornings(post_office, date(2021, 11, 23), date(2021, 11, 24)) == ["23/11 overdue_1"]
    replaced(post_office, date(2021, 11, 25))
    row = morning(post_office, date(2021, 11, 25))
    assert (row["step"], row["recipients"]) == ("overdue_1", [NEW]), "the head was due that day"
    [letter] = [r for r in post_office.letters(HONG_LINH) if r.recipient == NEW]
    assert "ngày 23/11/2021, tới cán bộ đầu mối trước và văn thư: đề nghị gửi nội dung quá hạn (TH-" in letter.text
    assert letter.attachments
    assert "kèm bàn giao" in str(row["reason"])
    assert mornings(post_office, date(2021, 11, 26), date(2021, 11, 29)) == ["29/11 overdue_2"], "two days after it"
    assert (got(post_office, OLD), got(post_office, CLERK)) == (["overdue_1"], ["overdue_1"])


def test_where_the_ladder_has_no_letter_a_new_officer_gets_one_that_hands_over_and_keeps_the_day_that_was_given(
    post_office: Office,
) -> None:
    assert mornings(post_office, date(2021, 11, 23), date(2021, 11, 23)) == ["23/11 overdue_1"]
    replaced(post_office, date(2021, 11, 24))
    row = morning(post_office, date(2021, 11, 24))
    assert (row["step"], row["recipients"], row["answer_by"]) == ("hand_over", [NEW], "2021-11-24")
    [letter] = [r for r in post_office.letters(HONG_LINH) if r.kind == LetterKind.HAND_OVER]
    assert letter.state == "sent"
    assert letter.subject.startswith("Gửi Biểu mẫu 03 trước 25/11/2021 – bàn giao đầu mối"), letter.subject
    for said in (
        "quá 03 ngày làm việc",
        "ngày 23/11/2021, tới cán bộ đầu mối trước",
        "Kèm theo: biểu mẫu",
        "Trao đổi:",
    ):
        assert said in letter.text
    assert mornings(post_office, date(2021, 11, 25), date(2021, 11, 29)) == ["25/11 overdue_1", "29/11 overdue_2"]
    assert got(post_office, NEW) == ["hand_over", "overdue_1"]
    assert (got(post_office, OLD), got(post_office, CLERK)) == (["overdue_1"], ["overdue_1"])


def test_a_letter_to_an_officer_who_was_replaced_does_not_leave_and_is_made_again(post_office: Office) -> None:
    post_office.go(date(2021, 11, 23))
    post_office.see()
    post_office.decide(agencies=[HONG_LINH])
    post_office.know((HONG_LINH, "focal_officer", NEW))
    assert post_office.deliver() == {"cancelled": 2}
    assert "người nhận không còn là cán bộ đầu mối của đơn vị" in post_office.letters(HONG_LINH)[0].reason
    row = morning(post_office, date(2021, 11, 24))
    assert (row["step"], row["recipients"]) == ("overdue_1", [NEW, CLERK])
    assert (got(post_office, OLD), got(post_office, NEW)) == ([], ["overdue_1"])


def test_an_officer_of_old_who_has_what_was_sent_and_one_before_any_letter_get_no_hand_over(
    post_office: Office,
) -> None:
    replaced(post_office, date(2021, 11, 15))
    assert mornings(post_office, date(2021, 11, 15), date(2021, 11, 16)) == ["16/11 remind_3"]
    post_office.go(date(2021, 11, 17), 6)
    post_office.know((HONG_LINH, "focal_officer", NEW))
    assert mornings(post_office, date(2021, 11, 17), date(2021, 11, 18)) == ["18/11 remind_1"]
    assert {r.kind for r in post_office.letters(HONG_LINH)} == {LetterKind.REMINDER}


def test_who_is_replaced_when_the_head_was_told_gets_the_first_step_before_the_board_hears(
    post_office: Office,
) -> None:
    for day in (23, 24, 25):
        morning(post_office, date(2021, 11, day))
    held = [str(r.id) for r in post_office.letters(HONG_LINH) if r.state == "held"]
    post_office.approve(*held)
    post_office.deliver()
    replaced(post_office, date(2021, 12, 1))
    assert one(post_office.preview(date(2021, 12, 1)), HONG_LINH)["step"] == "overdue_1"
    assert mornings(post_office, date(2021, 12, 1), date(2021, 12, 3)) == ["01/12 overdue_1", "03/12 report_up"]
    assert got(post_office, CLERK) == ["overdue_1", "overdue_2"], "none of them twice"
