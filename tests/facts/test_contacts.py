"""Who is written to, and who may act for an agency."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dondoc.directive.model import Directive
from dondoc.errors import Problem
from dondoc.facts.contacts import agency_of_sender, end, find, import_csv
from dondoc.store.facts import Contact
from dondoc.vocabulary.people import Role
from tests.conftest import CLERK, SECRET, at

from .conftest import Book

HEAD = "agency,role,name,email,phone\n"
DUC_THO, DAY = "ubnd-huyen-duc-tho", date(2021, 11, 20)


def load(book: Book, text: str) -> dict[str, int]:
    return import_csv(book.session, book.registry, text, "danh-ba.csv", by=CLERK, secrets=[SECRET], now=at(15))


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
    assert {*Role} == {"focal_officer", "clerk", "head", "board", "approver", "ops"}
    rows = "".join(f"so-tttt,{role},A,{role}@ioc.test,\n" for role in Role)
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


PERIOD = HEAD.strip() + ",valid_from,valid_to\n"


def test_a_contact_that_ended_gets_no_letters_and_may_not_act_and_the_past_stays(book: Book) -> None:
    load(book, HEAD + f"{DUC_THO},focal_officer,B,b@ductho.test,\n{DUC_THO},clerk,B,b@ductho.test,\n")
    end(book.session, "B@ductho.test", agency=DUC_THO, on=date(2021, 11, 19), by=CLERK, secrets=[SECRET], now=at(20))
    for role in ("focal_officer", "clerk"):
        assert emails(book.session, role, day=date(2021, 11, 19)) == ["b@ductho.test"]
        assert emails(book.session, role) == []
    assert agency_of_sender(book.session, "b@ductho.test", date(2021, 11, 19)) == {DUC_THO}
    assert agency_of_sender(book.session, "b@ductho.test", DAY) == set()
    load(book, PERIOD + f"{DUC_THO},clerk,B,b@ductho.test,,2021-12-01,\n")  # comes again later
    assert emails(book.session, "clerk", day=date(2021, 12, 2)) == ["b@ductho.test"]
    assert emails(book.session, "clerk") == []


def test_only_the_role_and_system_that_are_named_end(book: Book) -> None:
    head = HEAD.strip() + ",system\n"
    rows = "".join(f"{DUC_THO},{role},B,b@ductho.test,,{system}\n" for role, system in [
        ("clerk", ""), ("focal_officer", "tourism"), ("focal_officer", "reservoir")
    ])  # fmt: skip
    load(book, head + rows)
    day = date(2021, 11, 19)
    end(
        book.session,
        "b@ductho.test",
        agency=DUC_THO,
        on=day,
        by=CLERK,
        secrets=[SECRET],
        now=at(20),
        role="focal_officer",
        system="tourism",
    )
    assert emails(book.session, "focal_officer", "tourism") == []
    assert emails(book.session, "focal_officer", "reservoir") == emails(book.session, "clerk") == ["b@ductho.test"]
    with pytest.raises(Problem, match="không phải liên hệ"):
        end(
            book.session,
            "b@ductho.test",
            agency=DUC_THO,
            on=DAY,
            by=CLERK,
            secrets=[SECRET],
            now=at(20),
            system="tourism",
        )
    with pytest.raises(Problem, match="không phải liên hệ"):
        end(book.session, "b@ductho.test", agency="so-nnptnt", on=day, by=CLERK, secrets=[SECRET], now=at(20))


def test_a_list_may_end_a_contact_and_an_old_list_does_not_bring_it_back(book: Book) -> None:
    old = HEAD + f"{DUC_THO},clerk,Văn thư,vt@ductho.test,0912345678\n"
    load(book, old)
    ended = PERIOD + f"{DUC_THO},clerk,Văn thư,vt@ductho.test,0912345678,,2021-11-19\n"
    assert load(book, ended) == {"added": 1, "unchanged": 0}
    assert load(book, ended) == {"added": 0, "unchanged": 1}
    assert load(book, old) == {"added": 0, "unchanged": 1}
    assert load(book, old.replace("0912345678", "0987654321"))["added"] == 1
    assert emails(book.session, "clerk") == []
    assert emails(book.session, "clerk", day=date(2021, 11, 19)) == ["vt@ductho.test"]


def test_the_periods_of_one_address_may_stand_in_any_order(book: Book) -> None:
    later, before = (f"{DUC_THO},clerk,A,a@ductho.test,,{days}\n" for days in ("2021-12-01,", "2021-10-01,2021-11-10"))
    for _ in range(2):
        load(book, PERIOD + later + before)
        held = [bool(emails(book.session, "clerk", day=date(2021, *d))) for d in ((11, 10), (11, 11), (12, 1))]
        assert held == [True, False, True]
    assert load(book, PERIOD + later + before) == {"added": 0, "unchanged": 2}


def test_the_account_of_an_approver_is_kept_and_a_list_without_it_keeps_it(book: Book) -> None:
    load(book, HEAD.strip() + ",login\nso-tttt,approver,Lê A,a@ioc.test,,le.a\n")
    load(book, HEAD + "so-tttt,approver,Lê A,a@ioc.test,0912345678\n")
    [found] = find(book.session, "so-tttt", "approver", DAY)
    assert (found.login, found.phone) == ("le.a", "0912345678")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("2021-11-20,2021-11-19", "danh-ba.csv:2: valid_to 2021-11-19 trước valid_from 2021-11-20"),
        (",1999-12-31", "danh-ba.csv:2: valid_to 1999-12-31 trước valid_from 2000-01-01"),
        (",hôm qua", "danh-ba.csv:2: valid_to “hôm qua” không phải ngày"),
    ],
)
def test_an_end_before_the_beginning_is_refused_with_its_row(book: Book, days: str, words: str) -> None:
    with pytest.raises(Problem, match=words):
        load(book, PERIOD + f"{DUC_THO},clerk,A,a@ductho.test,,{days}\n")
    assert emails(book.session, "clerk") == []


def test_case_and_idna_are_the_same_domain(book: Book) -> None:
    load(book, HEAD + f"{DUC_THO},clerk,A,Van.Thu@ĐứcThọ.test,\n")
    for spelling in ("van.thu@đứcthọ.test", "VAN.THU@XN--CTH-UQA7719AYEA.TEST"):
        assert agency_of_sender(book.session, spelling, DAY) == {DUC_THO}
    assert agency_of_sender(book.session, "van.thu@đứctho.test", DAY) == set()


ROW = st.tuples(st.integers(1, 28), st.none() | st.integers(0, 20))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, min_size=1, max_size=5), st.integers(1, 28), st.integers(1, 28))
def test_an_end_changes_no_earlier_day_and_leaves_none_after_it(
    book: Book, rows: list[tuple[int, int | None]], on: int, day: int
) -> None:
    with book.session.begin_nested() as trial:
        for first, length in rows:
            starts = date(2021, 11, first)
            ends = None if length is None else starts + timedelta(days=length)
            book.session.add(
                Contact(agency=DUC_THO, role="head", name="A", email="h@x.test", phone="", valid_from=starts,
                        valid_to=ends, recorded_at=at(1))
            )  # fmt: skip
            book.session.flush()
        last, asked = date(2021, 11, on), date(2021, 11, day)
        before = emails(book.session, "head", day=asked)
        try:
            end(book.session, "h@x.test", agency=DUC_THO, on=last, by=CLERK, secrets=[SECRET], now=at(28))
            ended = True
        except Problem:
            ended = False
        after = emails(book.session, "head", day=asked)
        if asked > last and ended:
            assert after == []
        else:
            assert after == before
        trial.rollback()
