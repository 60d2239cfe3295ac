"""Who has to be known before a step is due is told by the doctor, on the page and in the morning, days before."""

from datetime import date

import pytest
from sqlalchemy import update

from dondoc import diagnosis
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.escalation import needed
from dondoc.escalation.ladder import ladder_on
from dondoc.store.facts import Contact
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reasons import said
from tests.conftest import approver
from tests.escalation.conftest import Office
from tests.web.conftest import browsers

HONG_LINH = "ubnd-thi-xa-hong-linh"


def ends(office: Office, role: Role, last: date, agency: str = HONG_LINH) -> None:
    with office.app.sessions.begin() as session:
        mine = (Contact.agency == agency, Contact.role == role)
        session.execute(update(Contact).where(*mine).values(valid_to=last))


def lacking(office: Office, day: date) -> list[str]:
    office.go(day)
    with office.app.sessions.reading() as session:
        return [said(one) for one in needed.lacking(office.app, session, office.now)]


SERVER = "chưa khai báo máy chủ thư (kết nối dondoc_smtp trong Airflow, hoặc DONDOC_SMTP_URL), cần từ ngày {:%d/%m/%Y}"
APPROVER = "chưa có người duyệt, cần cho bậc “đề nghị lãnh đạo đơn vị chỉ đạo” từ ngày {:%d/%m/%Y}"


def test_roles_are_missed_five_working_days_before_their_step(office: Office) -> None:
    monday, tuesday = date(2021, 11, 8), date(2021, 11, 9)
    first = date(2021, 11, 15)
    ends(office, Role.FOCAL_OFFICER, date(2021, 11, 12))
    assert lacking(office, date(2021, 11, 5)) == []
    assert lacking(office, monday) == [SERVER.format(first)], "another agency's first reminder"
    assert lacking(office, tuesday)[1:] == [
        "UBND thị xã Hồng Lĩnh: chưa có địa chỉ của cán bộ đầu mối; bậc “nhắc trước hạn” từ ngày 16/11/2021 sẽ gửi "
        "văn thư"
    ]
    ends(office, Role.CLERK, date(2021, 11, 12))
    assert lacking(office, tuesday)[1:] == [
        "UBND thị xã Hồng Lĩnh: chưa có địa chỉ của cán bộ đầu mối hoặc văn thư, cần cho bậc “nhắc trước hạn” từ ngày "
        "16/11/2021"
    ]


def test_an_agency_is_named_once_with_all_that_it_lacks(office: Office) -> None:
    for role in (Role.FOCAL_OFFICER, Role.CLERK, Role.HEAD):
        ends(office, role, date(2021, 11, 12))
    found = [one for one in lacking(office, date(2021, 11, 22)) if "Hồng Lĩnh" in one]
    assert found == [
        "UBND thị xã Hồng Lĩnh: chưa có địa chỉ của cán bộ đầu mối hoặc văn thư, cần cho bậc “đề nghị gửi nội dung "
        "quá hạn” từ ngày 23/11/2021; chưa có địa chỉ của lãnh đạo đơn vị, cần cho bậc “đề nghị lãnh đạo đơn vị chỉ "
        "đạo” từ ngày 25/11/2021"
    ]


def test_an_approver_and_our_own_board_are_missed_too(office: Office) -> None:
    ends(office, Role.BOARD, date(2021, 11, 12), office.app.registry.office)
    found = lacking(office, date(2021, 11, 22))
    assert next(one for one in found if "người duyệt" in one).startswith(APPROVER.format(date(2021, 11, 24)))
    assert any("lãnh đạo Sở, cần cho bậc “báo cáo lãnh đạo Sở”" in one for one in found)
    approver(office.app)
    assert not [one for one in lacking(office, date(2021, 11, 22)) if "người duyệt" in one]


def test_the_morning_the_doctor_and_the_page_say_so(office: Office, environment: pytest.MonkeyPatch) -> None:
    ends(office, Role.CLERK, date(2021, 11, 1))
    ends(office, Role.HEAD, date(2021, 11, 1))
    office.go(date(2021, 11, 22))
    office.see()
    office.decide(agencies=[HONG_LINH])
    [mail] = [row.text for row in office.letters() if "Sắp cần mà chưa có" in row.text]
    line = "UBND thị xã Hồng Lĩnh: chưa có địa chỉ của văn thư, cần cho bậc “đề nghị gửi nội dung quá hạn” từ ngày"
    head = "chưa có địa chỉ của lãnh đạo đơn vị, cần cho bậc “đề nghị lãnh đạo đơn vị chỉ đạo” từ ngày 25/11/2021"
    assert f"- {line} 23/11/2021; {head}" in mail
    found = [f["message"] for f in diagnosis.examine(lambda: office.now) if f["code"] == "roles"]
    assert any(one.startswith(line) for one in found)
    environment.setenv("DONDOC_CLOCK", "2021-11-22T08:00+07:00")
    page = browsers(office.app)("ops").get("/letters").text
    assert line in page


def test_while_every_role_is_held_no_obligation_is_judged_for_the_page(
    office: Office, environment: pytest.MonkeyPatch
) -> None:
    def concerned() -> set[str]:
        app, day = office.app, office.now.date()
        with app.sessions.reading() as session:
            return needed._may_lack(app, session, ladder_on(app, session, day), day, office.now)

    approver(office.app)
    environment.setenv("DONDOC_SMTP_URL", "smtp://127.0.0.1:1")
    office.app = AppContext(load())
    office.know(
        ("so-tttt", "focal_officer", "a@so.test"), ("so-tttt", "clerk", "b@so.test"), ("so-tttt", "head", "c@so.test")
    )
    assert concerned() == set()
    ends(office, Role.FOCAL_OFFICER, date(2021, 11, 26))
    assert concerned() == {HONG_LINH}
    ends(office, Role.BOARD, date(2021, 11, 26), office.app.registry.office)
    assert len(concerned()) >= 17, "everybody whose ladder ends there"
