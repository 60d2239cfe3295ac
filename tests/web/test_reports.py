"""The page of a report: what people do with it, from the draft to what replaces the issued one."""

from datetime import date

import pytest
from lxml import html
from sqlalchemy import select

from dondoc.configuration.context import AppContext
from dondoc.facts.register import register
from dondoc.reporting import report
from dondoc.reporting.figures.compute import figures
from dondoc.store.reporting import Report, ReportApproval, ReportIssue, ReportText
from tests.conftest import NOVEMBER, SECRET, acting, approver, at, letter_of
from tests.web.conftest import ORIGIN, Visit, rows_of
from tests.web.test_pages import drawn_up, words_of

POST = {"headers": ORIGIN}
SIGNED = {"file": ("ky.pdf", b"%PDF-1.7 da ky")}
NUMBERED = {"number": " 05/BC-STTTT ", "document_date": "2021-11-19"}


def late_paper(app: AppContext) -> None:
    """Entered after the report: a letter that came before its moment."""
    with app.sessions.begin() as session:
        register(
            session,
            app.letters(session, NOVEMBER),
            app.registry,
            agency="ubnd-huyen-ky-anh",
            fulfils=["focal_letter"],
            number="8/UBND",
            document_date=date(2021, 11, 16),
            arrived=at(17),
            blob=None,
            by=acting("Trần Thị Văn"),
            secrets=[SECRET],
            now=at(22),
        )


def forms(page: str) -> set[str]:
    return {str(action).rpartition("/")[2] for action in html.fromstring(page).xpath("//form/@action")}


def test_an_operator_records_that_the_clerk_has_issued_a_report(app: AppContext, visit: Visit) -> None:
    drawn_up(app)
    drawn_up(app, "lap-lai")
    assert "issue" not in forms(visit("ops").get("/reports/1").text)  # another draft was drawn up since
    assert forms(visit("ops").get("/reports/2").text) == {"write", "draw", "issue"}
    assert (
        visit("ops").post("/reports/2/issue", **POST, data=NUMBERED, files={"file": ("ky.pdf", b"")}).status_code == 400
    )
    word = visit("ops").post("/reports/2/issue", **POST, data=NUMBERED, files={"file": ("ky.pdf", b"PK")})
    assert (word.status_code, "phải là tệp PDF" in word.text) == (400, True)
    assert visit("ops").post("/reports/9/issue", **POST, data=NUMBERED, files=SIGNED).status_code == 404
    older = visit("ops").post("/reports/1/issue", **POST, data=NUMBERED, files=SIGNED)
    assert (older.status_code, "bản lập sau là BC-0002" in older.text) == (400, True)
    assert visit("ops").post("/reports/2/issue", **POST, data=NUMBERED, files=SIGNED).status_code == 303
    with app.sessions.begin() as session:
        [row] = session.scalars(select(ReportIssue))
        told = (row.as_of, row.report_id, row.document_number, row.document_date, row.by)
        assert told == (date(2021, 11, 18), 2, "05/BC-STTTT", date(2021, 11, 19), "ops")
        assert app.blobs.get(row.blob) == b"%PDF-1.7 da ky"
    words = words_of(visit("ops").get("/reports").text)
    assert "Đã phát hành: số 05/BC-STTTT ngày 19/11/2021" in words
    assert "ops ghi nhận lúc" in words
    assert visit("ops").get("/reports/2/signed/1").content == b"%PDF-1.7 da ky"


def test_an_issued_report_is_corrected_only_with_a_reason_and_both_rows_stay(app: AppContext, visit: Visit) -> None:
    drawn_up(app)
    visit("ops").post("/reports/1/issue", **POST, data=NUMBERED, files=SIGNED)
    again = {**NUMBERED, "number": "06/BC-STTTT"}
    refused = visit("ops").post("/reports/1/issue", **POST, data=again, files=SIGNED)
    assert (refused.status_code, "đã được ghi nhận phát hành rồi (số 05/BC-STTTT)" in refused.text) == (400, True)
    more = {**again, "reason": "ghi nhầm số"}
    assert visit("ops").post("/reports/1/issue", **POST, data=more, files=SIGNED).status_code == 303
    page = words_of(visit("ops").get("/reports/1").text)
    assert "Đã phát hành: số 06/BC-STTTT" in page
    assert "ghi nhầm số" in page
    with app.sessions.reading() as session:
        assert [row.reason for row in session.scalars(select(ReportIssue).order_by(ReportIssue.id))] == [
            None,
            "ghi nhầm số",
        ]


def test_what_changed_since_is_told_with_its_fact_and_a_new_draft_replaces_the_issued_one(
    app: AppContext, visit: Visit
) -> None:
    drawn_up(app)
    visit("ops").post("/reports/1/issue", **POST, data=NUMBERED, files=SIGNED)
    assert "Không có số liệu nào khác" in visit("ops").get("/reports/1").text
    late_paper(app)
    page = words_of(visit("ops").get("/reports/1").text)
    assert "Văn bản số 8/UBND" in page
    drawn = visit("ops").post("/reports/1/draw", **POST)
    assert drawn.headers["location"] == "/reports/2"
    more = {**NUMBERED, "number": "07/BC-STTTT", "reason": "bổ sung văn bản vào sổ muộn"}
    assert visit("ops").post("/reports/2/issue", **POST, data=more, files=SIGNED).status_code == 303
    rows = words_of(visit("viewer").get("/reports").text)
    assert "Đã được thay: số 05/BC-STTTT" in rows
    assert "Đã phát hành: số 07/BC-STTTT" in rows


def test_what_a_person_writes_stays_when_the_report_is_drawn_up_again(app: AppContext, visit: Visit) -> None:
    drawn_up(app)
    said = {"part": "causes", "text": "Do mưa lũ từ ngày 16/11/2021.\n\n  Nhiều đơn vị   mất điện."}
    assert visit("ops").post("/reports/1/write", **POST, data=said).status_code == 303
    assert visit("viewer").post("/reports/1/write", **POST, data=said).status_code == 403
    with app.sessions.reading() as session:
        [row] = session.scalars(select(ReportText))
        assert (row.part, row.text) == ("causes", "Do mưa lũ từ ngày 16/11/2021.\nNhiều đơn vị mất điện.")
    assert visit("ops").post("/reports/1/draw", **POST).headers["location"] == "/reports/2"
    assert visit("ops").post("/reports/2/draw", **POST).headers["location"] == "/reports/2"  # nothing is new
    assert "Do mưa lũ từ ngày 16/11/2021." in visit("ops").get("/reports/2").text
    figures = visit("ops").get("/reports/2").text
    assert "Nhiều đơn vị mất điện." in figures
    wrong = visit("ops").post("/reports/2/write", **POST, data={"part": "title", "text": "x"})
    assert (wrong.status_code, "causes, tasks, proposals" in wrong.text) == (400, True)


def test_only_an_approver_approves_the_newest_draft(app: AppContext, visit: Visit) -> None:
    drawn_up(app)
    approver(app)
    approver(app, "Nguyễn Văn Xem", "nguoixem")
    assert visit("ops").post("/reports/1/approve", **POST).status_code == 403
    assert forms(visit("ops").get("/reports/1").text) == {"write", "draw", "issue"}
    assert "approve" in forms(visit("viewer").get("/reports/1").text)
    assert visit("viewer").post("/reports/1/approve", **POST).status_code == 303  # as letters: who signs may only look
    assert visit("viewer").post("/reports/1/approve", **POST).status_code == 303
    with app.sessions.reading() as session:
        assert len(session.scalars(select(ReportApproval)).all()) == 1
    assert "Đã duyệt" in words_of(visit("viewer").get("/reports/1").text)


@pytest.mark.parametrize("typed", ["{code}", " {lower} ", "BC-1", "1"])
def test_the_code_on_a_draft_leads_back_to_it(app: AppContext, visit: Visit, typed: str) -> None:
    drawn_up(app)
    with app.sessions.reading() as session:
        code = session.get_one(Report, 1).code
    asked = typed.format(code=code, lower=code.lower().replace("-", ""))
    found = visit("viewer").get("/reports", params={"code": asked})
    assert (found.status_code, found.headers["location"]) == (303, "/reports/1")
    assert visit("viewer").get("/reports", params={"code": "0000-0000"}).headers["location"] == "/reports"


def test_a_report_of_the_first_format_is_listed_with_the_figures_that_it_has(app: AppContext, visit: Visit) -> None:
    total = {"total": 30, "waived": 1, "fulfilled": 8, "in_progress": 2, "not_due": 0, "overdue": 19, "percent": 27.6}
    moment = at(25, 17)
    figures = {"directive": "stttt-cntt-2021-11", "as_of": moment.isoformat(), "headline": total, "last_week": total}
    plain = {"as_of": moment, "known_at": None, "folder": "/khong-con", "recorded_at": moment}
    with app.sessions.begin() as session:
        session.add(Report(directive="stttt-cntt-2021-11", figures=figures, code="1A2B-3C4D", **plain))
    assert "Đã hoàn thành 08/29 nội dung; 19 nội dung quá hạn." in words_of(visit("viewer").get("/reports").text)


def test_the_newest_draft_of_a_day_is_the_one_drawn_up_last_whatever_its_moment(app: AppContext, visit: Visit) -> None:
    drawn_up(app)
    early = at(18, 9)
    folder = app.settings.home / "reports" / "sang"
    report.make(app, letter_of(app), early, None, folder)
    report.enqueue(app, letter_of(app), early, folder, at(18, 18))
    states = {row[0]: row[5] for row in rows_of(visit("viewer").get("/reports").text)}
    assert states == {"BC-0001": "Dự thảo, đã có bản lập sau", "BC-0002": "Dự thảo, chờ văn thư cấp số"}


def test_no_file_of_a_later_report_is_given_for_a_draft_whose_folder_it_was_drawn_up_into(
    app: AppContext, visit: Visit
) -> None:
    drawn_up(app)
    late_paper(app)
    drawn_up(app)
    assert visit("ops").get("/reports/1/report.docx").status_code == 404
    assert visit("ops").get("/reports/2/report.docx").content.startswith(b"PK")


def test_a_slip_is_corrected_on_the_page_of_the_issued_report_and_not_on_that_of_a_replaced_one(
    app: AppContext, visit: Visit
) -> None:
    drawn_up(app)
    visit("ops").post("/reports/1/issue", **POST, data=NUMBERED, files=SIGNED)
    drawn_up(app, "lap-lai")
    assert forms(visit("ops").get("/reports/1").text) == {"issue", "unissue"}
    more = {**NUMBERED, "number": "06/BC-STTTT", "reason": "ghi nhầm số"}
    hidden = {**more, "reason": "ghi \u202enhầm"}
    assert visit("ops").post("/reports/1/issue", **POST, data=hidden, files=SIGNED).status_code == 400
    assert visit("ops").post("/reports/1/issue", **POST, data=more, files=SIGNED).status_code == 303
    assert "Đã phát hành: số 06/BC-STTTT" in words_of(visit("ops").get("/reports/1").text)
    assert visit("ops").post("/reports/2/issue", **POST, data=more, files=SIGNED).status_code == 303
    assert forms(visit("ops").get("/reports/1").text) == set()


def test_figures_that_a_later_version_wrote_keep_no_page_from_being_read(app: AppContext, visit: Visit) -> None:
    drawn_up(app)
    with app.sessions.begin() as session:
        row = session.get_one(Report, 1)
        row.figures = {**row.figures, "format": 3, "tasks": [{"task": "sing"}]}
    visit("ops").post("/reports/1/issue", **POST, data=NUMBERED, files=SIGNED)
    assert visit("viewer").get("/reports/1").status_code == 200
    assert "05/BC-STTTT" in str(figures(app, letter_of(app), at(25, 17)).since)
