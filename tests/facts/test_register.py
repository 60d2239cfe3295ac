"""Letters entered by hand."""

from datetime import UTC, date, datetime

import pytest

from dondoc.clock import end_of
from dondoc.errors import Problem
from dondoc.facts.register import undo
from dondoc.store.facts import RegisteredLetter
from tests.conftest import SECRET, acting, at

from .conftest import Book

LETTER = "stttt-cntt-2021-11"
DUC_THO, FOCAL = "ubnd-huyen-duc-tho", "public_admin_centre/focal_letter"


def test_one_letter_meets_every_focal_duty_of_the_agency_and_nothing_else(book: Book) -> None:
    book.register("cong-an-tinh", "focal_letter", at(18))
    book.register("ubnd-huyen-duc-tho", "tourism/form_03", at(18))
    rows = book.session.query(RegisteredLetter).order_by(RegisteredLetter.id).all()
    assert [r.fulfils for r in rows] == [[f"{LETTER}:security_traffic/focal_letter"], [f"{LETTER}:tourism/form_03"]]


def test_a_milestone_is_met_by_a_letter(book: Book) -> None:
    book.register("vien-thong-ha-tinh", "coordination", at(18))
    assert book.standing("vien-thong-ha-tinh", "public_admin_centre/coordination", at(19)).status == "fulfilled"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"agency": "ubnd-x"}, "Không có đơn vị “ubnd-x”"),
        ({"fulfils": "form_01"}, "không phải gửi “form_01”. Đơn vị này phải gửi: public_admin_centre/focal_letter"),
        ({"agency": "ubnd-huyen-can-loc"}, "Đơn vị này phải gửi: tourism/form_03"),
        ({"now": at(17)}, "trong tương lai"),
        ({"document_date": date(2021, 11, 19)}, "sau ngày đến"),
        ({"number": " "}, "Chưa ghi “Số, ký hiệu văn bản”"),
        ({"by": acting("")}, "Chưa ghi tên người quyết định"),
    ],
)
def test_a_letter_that_cannot_be_is_a_sentence(book: Book, given: dict[str, object], words: str) -> None:
    values = {"agency": "ubnd-huyen-duc-tho", "fulfils": "focal_letter", "arrived": at(18)} | given
    with pytest.raises(Problem, match=words):
        book.register(**values)  # type: ignore[arg-type]


def test_the_day_of_arrival_is_vietnams(book: Book) -> None:
    arrived = datetime(2021, 11, 17, 18, 0, tzinfo=UTC)  # one in the morning of the 18th
    book.register("ubnd-huyen-duc-tho", "focal_letter", arrived, document_date=date(2021, 11, 18))
    found = book.standing("ubnd-huyen-duc-tho", "public_admin_centre/focal_letter", at(19))
    assert "đến ngày 18/11/2021" in found.reason


def test_a_letter_entered_by_mistake_is_taken_out_again_and_what_was_known_stays(book: Book) -> None:
    number = book.register(DUC_THO, "focal_letter", at(18))
    taken = {"reason": "của Vũ Quang", "by": acting("Trần Thị Văn"), "secrets": [SECRET]}
    undo(book.session, number, **taken, now=at(20))
    late = end_of(date(2021, 11, 22))
    assert book.standing(DUC_THO, FOCAL, late).status == "overdue"
    assert book.standing(DUC_THO, FOCAL, late, known_at=at(19)).status == "fulfilled"
    assert book.standing(DUC_THO, FOCAL, end_of(date(2021, 11, 19))).status == "overdue", "it never met anything"
    with pytest.raises(Problem, match="VB-0001 đã được rút"):
        undo(book.session, number, **taken, now=at(21))
    with pytest.raises(Problem, match="Không có VB-0099"):
        undo(book.session, 99, **taken, now=at(21))
    with pytest.raises(Problem, match="Lý do"):
        undo(book.session, number, **taken | {"reason": " "}, now=at(21))
