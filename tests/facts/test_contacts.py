"""Who is written to, and who may act for an agency."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from dondoc.directive.model import Directive
from dondoc.errors import Problem
from dondoc.facts.contacts import ROLES, agency_of_sender, find, import_csv
from tests.conftest import at

from .conftest import Book

HEAD = "agency,role,name,email,phone\n"
DUC_THO, DAY = "ubnd-huyen-duc-tho", date(2021, 11, 20)


def load(book: Book, text: str) -> dict[str, int]:
    return import_csv(book.session, book.directive, text, "danh-ba.csv", at(15))


def emails(session: Session, role: str, system: str | None = None, day: date = DAY) -> list[str]:
    return [c.email for c in find(session, DUC_THO, role, day, system)]


def test_importing_again_changes_nothing_and_a_changed_row_is_added(book: Book) -> None:
    text = "\ufeff" + HEAD + f"{DUC_THO},focal_officer,Lê Văn B,CNTT@ductho.test,0912345678\n\n"
    assert load(book, text) == {"added": 1, "unchanged": 0}
    assert load(book, text) == {"added": 0, "unchanged": 1}
    assert load(book, text.replace("0912345678", "0987654321")) == {"added": 1, "unchanged": 0}
    [found] = find(book.session, DUC_THO, "focal_officer", DAY)
    assert (found.email, found.phone) == ("cntt@ductho.test", "0987654321")


def test_one_wrong_row_keeps_the_whole_file_out_and_all_wrong_rows_are_named(book: Book) -> None:
    text = (
        HEAD
        + f"{DUC_THO},clerk,Văn thư,vt@ductho.test,\nubnd-x,clerk,A,a@x.test,\n{DUC_THO},boss,A,a@x.test,\n"
        + f"{DUC_THO},clerk,A,khong-phai-thu,\n"
    )
    with pytest.raises(Problem) as refused:
        load(book, text)
    for words in (
        "danh-ba.csv:3: không có đơn vị “ubnd-x”",
        "csv:4: không có vai trò “boss”",
        "csv:5: “khong-phai-thu”",
    ):
        assert words in str(refused.value)
    assert find(book.session, DUC_THO, "clerk", DAY) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("agency,role,name,email\n", "thiếu cột phone"),
        ("", "thiếu cột"),
        (HEAD + f'{DUC_THO},clerk,"' + "A" * 200_000, "danh-ba.csv:2: không phải CSV"),
        (HEAD.strip() + ",password\n", "không hiểu cột password"),
        (HEAD.strip() + ",system\n" + f"{DUC_THO},clerk,A,a@x.test,,trains\n", "không có hệ thống “trains”"),
        (HEAD.strip() + ",valid_from\n" + f"{DUC_THO},clerk,A,a@x.test,,20/11/2021\n", "không phải ngày"),
    ],
)
def test_a_file_that_is_not_a_list_of_contacts_is_a_sentence(book: Book, text: str, words: str) -> None:
    with pytest.raises(Problem, match=words):
        load(book, text)


def test_every_role_of_the_contract_is_known(book: Book) -> None:
    assert {*ROLES} == {"focal_officer", "clerk", "head", "board", "approver", "ops"}
    rows = "".join(f"so-tttt,{role},A,{role}@ioc.test,\n" for role in ROLES)
    assert load(book, HEAD + rows) == {"added": 6, "unchanged": 0}


def test_whoever_was_named_last_and_for_the_system_comes_first(book: Book) -> None:
    load(
        book,
        HEAD.strip()
        + ",system,valid_from\n"
        + f"{DUC_THO},focal_officer,Cũ,cu@ductho.test,,,2021-11-01\n"
        + f"{DUC_THO},focal_officer,Mới,moi@ductho.test,,,2021-11-10\n"
        + f"{DUC_THO},focal_officer,Du lịch,dulich@ductho.test,,tourism,2021-11-05\n"
        + f"{DUC_THO},focal_officer,Sau,sau@ductho.test,,,2021-12-01\n",
    )
    assert emails(book.session, "focal_officer", "tourism") == [
        "dulich@ductho.test",
        "moi@ductho.test",
        "cu@ductho.test",
    ]
    assert emails(book.session, "focal_officer", "reservoir") == ["moi@ductho.test", "cu@ductho.test"]
    assert emails(book.session, "focal_officer", day=date(2021, 12, 2))[0] == "sau@ductho.test"


def test_an_address_may_act_only_in_a_role_of_the_agency_and_from_its_day(book: Book, directive: Directive) -> None:
    load(
        book,
        HEAD.strip()
        + ",valid_from\n"
        + f"{DUC_THO},clerk,A,a@ductho.test,,2021-11-15\nso-tttt,ops,B,a@ductho.test,,\nso-tttt,ops,C,ops@ioc.test,,\n",
    )
    assert agency_of_sender(book.session, " A@DucTho.test ", DAY) == {DUC_THO}
    assert agency_of_sender(book.session, "a@ductho.test", date(2021, 11, 14)) == set()
    assert agency_of_sender(book.session, "ops@ioc.test", DAY) == set()
    assert agency_of_sender(book.session, "", DAY) == set()
