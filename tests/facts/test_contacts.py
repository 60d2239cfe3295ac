"""Who is written to, and who may act for an agency."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.errors import Problem
from dondoc.facts import former_contacts
from dondoc.facts.addressee import addressees
from dondoc.facts.contacts import Missing, agency_of_sender, end, find, held_since, import_csv, masked
from dondoc.store.facts import Contact
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.people import Role
from tests.conftest import CLERK, SECRET, Run, at

from .conftest import Book

HEAD = "agency,role,name,email,phone\n"
DUC_THO, DAY = "ubnd-huyen-duc-tho", date(2021, 11, 20)


def load(book: Book, text: str) -> dict[str, int]:
    done = import_csv(book.session, book.registry, text, "danh-ba.csv", by=CLERK, secrets=[SECRET], now=at(15))
    return {"added": done.added, "unchanged": done.unchanged}


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


DATED = HEAD.strip() + ",valid_from\n"
OFFICER = f"{DUC_THO},focal_officer"


def _row(name: str, email: str, since: str = "") -> str:
    return f"{OFFICER},{name},{email},,{since}\n"


@pytest.mark.parametrize(
    ("lists", "first"),
    [
        # the newest list wins over older dated rows
        ([_row("A", "a@x.test", "2021-11-10"), _row("B", "b@x.test")], "b@x.test"),
        ([_row("A", "a@x.test", "2021-11-10"), _row("B", "b@x.test", "2021-11-02")], "b@x.test"),
        # also of somebody who is known already
        ([_row("A", "a@x.test"), _row("B", "b@x.test", "2021-11-10"), _row("A", "a@x.test")], "a@x.test"),
        # within a list whoever begins later, else whoever stands below
        ([_row("A", "a@x.test", "2021-11-10") + _row("B", "b@x.test", "2021-11-02")], "a@x.test"),
        ([_row("A", "a@x.test") + _row("B", "b@x.test")], "b@x.test"),
        # who is still to come comes before nobody
        ([_row("A", "a@x.test"), _row("B", "b@x.test", "2021-12-10")], "a@x.test"),
    ],
)
def test_the_newest_list_says_who_comes_first(book: Book, lists: list[str], first: str) -> None:
    for text in lists:
        load(book, DATED + text)
    assert emails(book.session, "focal_officer")[0] == first
    assert load(book, DATED + lists[-1])["added"] == 0, "the same list again changes nothing"


@pytest.mark.parametrize(
    ("missing", "ended"),
    [(Missing.NOBODY, []), (Missing.LISTED, ["cu@x.test"]), (Missing.ALL, ["cu@x.test", "vq@x.test"])],
)
def test_a_list_ends_who_is_missing_only_when_asked_to(book: Book, missing: Missing, ended: list[str]) -> None:
    load(book, HEAD + f"{OFFICER},Cũ,cu@x.test,\nubnd-huyen-vu-quang,clerk,V,vq@x.test,\n")
    who = {"by": CLERK, "secrets": [SECRET], "now": at(20), "missing": missing}
    done = import_csv(book.session, book.registry, HEAD + f"{OFFICER},Mới,moi@x.test,\n", "m.csv", **who)
    assert [c.email for c in done.ended] == ended
    assert emails(book.session, "focal_officer") == ["moi@x.test", *(["cu@x.test"] if not ended else [])]
    assert emails(book.session, "focal_officer", day=date(2021, 11, 19))[-1] == "cu@x.test", "the past stays"


def test_a_list_is_looked_at_before_it_is_taken_over(dondoc: Run, app: AppContext, tmp_path: Path) -> None:
    for name, who in (("a.csv", "Cũ,cu@x.test"), ("b.csv", "Mới,moi@x.test")):
        (tmp_path / name).write_text(HEAD + f"{OFFICER},{who},\n", "utf-8")
    dondoc("contacts", "import", str(tmp_path / "a.csv"))
    looked = dondoc("contacts", "import", str(tmp_path / "b.csv"), "--ends-missing", "--dry-run")
    assert "kết thúc: Cũ (cán bộ đầu mối UBND huyện Đức Thọ)" in looked.stderr
    with app.sessions.reading() as session:
        assert session.query(Contact).count() == 1
    dondoc("contacts", "import", str(tmp_path / "b.csv"), "--ends-missing")
    with app.sessions.reading() as session:
        assert session.query(Contact).count() == 3


def test_it_is_known_since_when_somebody_holds_a_role_and_whom_they_replaced(book: Book) -> None:
    load(book, DATED + f"{OFFICER},A,a@x.test,,2021-11-01\n{OFFICER},B,b@x.test,,2021-11-10\n")
    load(book, DATED.replace("phone", "phone,system") + f"{OFFICER},D,d@x.test,,tourism,2021-11-15\n")

    def held(day: int, system: str | None = None) -> tuple[str, date, str | None] | None:
        found = held_since(book.session, DUC_THO, Role.FOCAL_OFFICER, date(2021, 11, day), system)
        return found and (found.contact.email, found.since, found.before.email if found.before else None)

    assert held_since(book.session, DUC_THO, Role.FOCAL_OFFICER, date(2021, 10, 31)) is None
    assert held(9) == ("a@x.test", date(2021, 11, 1), None)
    assert held(20, "reservoir") == ("b@x.test", date(2021, 11, 10), "a@x.test")
    assert held(20, "tourism") == ("d@x.test", date(2021, 11, 15), "b@x.test")
    end(book.session, "d@x.test", agency=DUC_THO, on=date(2021, 11, 20), by=CLERK, secrets=[SECRET], now=at(20))
    assert held(22, "tourism") == ("b@x.test", date(2021, 11, 21), "d@x.test")


def test_former_contacts_are_masked_and_their_letters_still_say_to_whom(book: Book) -> None:
    text = PERIOD + f"{OFFICER},Xưa,xua@x.test,1,2018-01-01,2019-06-30\n{DUC_THO},clerk,Nay,nay@x.test,2,,\n"
    load(
        book,
        text
        + f"{OFFICER},Gần,gan@x.test,3,2018-01-01,2021-06-30\nso-tttt,board,Ta,ta@x.test,4,,2018-01-01\n".replace(
            ",4,,2018", ",4,2017-01-01,2018"
        ),
    )
    who = {"by": CLERK, "secrets": [SECRET], "now": at(20)}
    assert [former_contacts.mask(book.session, 24, **who) for _ in range(2)] == [1, 0]
    rows = {c.name: (c.email, c.phone) for c in book.session.query(Contact)}
    assert rows.keys() == {"(đã ẩn)", "Nay", "Gần", "Ta"}
    assert rows["(đã ẩn)"] == (masked("xua@x.test"), "")
    sent = OutboxLetter(id=1, recipient="xua@x.test", agency=DUC_THO)
    assert addressees(book.session, book.registry, [sent]) == {1: "cán bộ đầu mối UBND huyện Đức Thọ"}
    load(book, HEAD + f"{OFFICER},Xưa,xua@x.test,1\n")
    assert "xua@x.test" not in emails(book.session, "focal_officer"), "an old list does not bring back who has left"
