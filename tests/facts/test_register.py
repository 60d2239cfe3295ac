"""Letters entered by hand."""

from datetime import UTC, date, datetime

import pytest

from dondoc.errors import Problem
from dondoc.store.facts import RegisteredLetter
from tests.conftest import acting, at

from .conftest import Book

LETTER = "stttt-cntt-2021-11"


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
