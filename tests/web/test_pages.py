"""What people see, who may see it, and who may act."""

import hashlib
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from fastapi.testclient import TestClient
from lxml import html
from sqlalchemy import select, update

from dondoc import __version__, clock
from dondoc.configuration.context import AppContext
from dondoc.diagnosis import examine
from dondoc.facts import contacts
from dondoc.facts.register import register
from dondoc.forms.blank import blank
from dondoc.forms.spec import load_specs
from dondoc.intake.gather import read_folder
from dondoc.intake.receive import receive
from dondoc.mail import outbox
from dondoc.mail.letter import Letter, OnHold
from dondoc.reporting import report
from dondoc.store.facts import ContactChange
from dondoc.store.intake import SourceRead
from dondoc.store.mail import OutboxLetter
from dondoc.store.session import head
from dondoc.store.trust import AuditEvent
from dondoc.vocabulary.letters import OutboxState
from dondoc.web.pages import agencies
from tests.conftest import CLERK, NOVEMBER, acting, approver, letter_of
from tests.web.conftest import ORIGIN, Visit, rows_of, words_of

pytestmark = pytest.mark.slow

PAGES = [
    "/",
    "/inbox",
    "/letters",
    "/official",
    "/reports",
    "/agency/so-nnptnt",
    "/letters/1",
    "/inbox/1/original",
    "/letters/1/attachments/0",
    "/inbox/1/register",
    "/submissions",
    "/submissions/1",
    "/submissions/1/copy",
    "/rejudge",
]
ACTIONS = {
    "/inbox/upload": {"files": {"file": ("thu.pdf", b"%PDF-1.4")}},
    "/inbox/1/assign": {"data": {"agency": "so-nnptnt"}},
    "/inbox/1/dismiss": {"data": {"reason": "thử"}},
    "/inbox/changes/1/confirm": {},
    "/submissions/1/undo": {"data": {"reason": "thử"}},
    "/rejudge": {},
    "/rejudge/apply": {"data": {"submission": "1"}},
    "/called": {"data": {"agency": "so-nnptnt", "document": "thử", "reason": "thử"}},
    "/inbox/changes/1/refuse": {"data": {"reason": "thử"}},
    "/inbox/1/register": {
        "data": {
            "agency": "so-nnptnt",
            "fulfils": "reservoir/focal_letter",
            "number": "1/SNN",
            "document_date": "2021-11-18",
        }
    },
    "/letters/1/cancel": {"data": {"reason": "thử"}},
    "/letters/1/resume": {"data": {"reason": "thử"}},
    "/letters/1/settle": {"data": {"word": "sent"}},
    "/reports/1/issue": {
        "data": {"number": "05/BC-STTTT", "document_date": "2021-11-19"},
        "files": {"file": ("ky.pdf", b"%PDF-1.7")},
    },
}


@pytest.fixture
def held(app: AppContext) -> int:
    """A letter that waits for approval."""
    letter = Letter(
        kind="internal",
        recipient="lanh-dao@example.vn",
        subject="Thử",
        text="Nội dung <b>thử</b>",
        html="<p>thử</p>",
        dedup="thu|1",
        reason="để thử",
        needs_approval=True,
    )
    with app.sessions.begin() as session:
        return outbox.enqueue(session, [letter], settings=app.settings, now=clock.now())[0].id


def waiting_scan(app: AppContext) -> int:
    now = clock.now()
    content = b"%PDF-1.4 scan"
    number, _ = receive(
        app,
        content,
        channel="mail",
        channel_id=hashlib.sha256(content).hexdigest(),
        sender="la@example.com",
        filename="<script>alert(1)</script>.pdf",
        received_at=now,
        now=now,
    )
    return number


@pytest.mark.parametrize("path", PAGES)
def test_a_logged_out_visitor_is_led_to_the_login_and_back(visit: Visit, path: str) -> None:
    answer = visit("").get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/auth/login?next={path}"


@pytest.mark.parametrize("path", ACTIONS)
def test_a_viewer_cannot_post(visit: Visit, path: str) -> None:
    answer = visit("viewer").post(path, headers=ORIGIN, **ACTIONS[path])
    assert answer.status_code == 403
    assert "chỉ được xem" in answer.text


@pytest.mark.parametrize("path", [*ACTIONS, "/letters/1/approve"])
@pytest.mark.parametrize("origin", [{}, {"Origin": "https://evil.example"}, {"Referer": "https://evil.example/x"}])
def test_a_post_from_another_site_is_refused(visit: Visit, path: str, origin: dict[str, str]) -> None:
    answer = visit("ops").post(path, headers=origin, **ACTIONS.get(path, {}))
    assert answer.status_code == 403
    assert "không đến từ trang này" in answer.text


def test_the_matrix_shows_every_dated_obligation_with_its_sign_and_lateness(visit: Visit) -> None:
    page = visit("viewer").get("/?as_of=2021-11-22").text
    cells = [cell for row in rows_of(page) for cell in row[1:] if cell]
    assert len(rows_of(page)) == 17
    assert len(cells) == 30
    assert cells.count("! 2 ngày Quá hạn") == 9
    assert cells.count("! 1 ngày Quá hạn") == 21


def test_the_foot_of_a_page_tells_the_version_to_who_is_logged_in(visit: Visit) -> None:
    for who in ("viewer", "ops"):
        assert f"dondoc {__version__} · cơ sở dữ liệu {head()}" in visit(who).get("/").text


def test_a_registered_letter_turns_its_cell_and_the_agency_page_says_why(app: AppContext, visit: Visit) -> None:
    with app.sessions.begin() as session:
        register(
            session,
            app.letters(session, NOVEMBER),
            app.registry,
            agency="so-nnptnt",
            fulfils=["focal_letter"],
            number="2211/SNN-TL",
            document_date=date(2021, 11, 17),
            arrived=clock.at(date(2021, 11, 18), 9),
            blob=None,
            by=CLERK,
            secrets=app.secrets,
            now=clock.at(date(2021, 11, 18), 10),
        )
    assert "✓ Đã hoàn thành" in words_of(visit("viewer").get("/?as_of=2021-11-22").text)
    agency = words_of(visit("viewer").get("/agency/so-nnptnt?as_of=2021-11-22").text)
    assert "đã nhận Văn bản số 2211/SNN-TL ngày 17/11/2021" in agency
    assert "phối hợp kết nối" in agency


def test_an_agency_page_tells_operators_whom_to_ring_up(app: AppContext, visit: Visit) -> None:
    assert "Chưa có ai trong danh bạ" in words_of(visit("ops").get("/agency/so-nnptnt").text)
    listed = "agency,role,name,email,phone\nso-nnptnt,clerk,Trần Thị Minh,vt@example.vn,0912001345\n"
    with app.sessions.begin() as session:
        contacts.import_csv(
            session, app.registry, listed, "danh-ba.csv", by=CLERK, secrets=app.secrets, now=clock.now()
        )
    assert "Trần Thị Minh0912 001 345vt@example.vn" in words_of(visit("ops").get("/agency/so-nnptnt").text)
    assert "0912" not in visit("viewer").get("/agency/so-nnptnt").text


def test_what_a_form_lacks_is_said_in_the_words_of_its_page(app: AppContext, visit: Visit) -> None:
    sent = {key: value for key, value in ACTIONS["/inbox/1/register"]["data"].items() if key != "fulfils"}
    answer = visit("ops").post(
        f"/inbox/{waiting_scan(app)}/register", headers=ORIGIN, data=sent | {"document_date": "?"}
    )
    assert answer.status_code == 400
    assert "chưa đúng: ngày văn bản, nội dung mà văn bản hoàn thành. Quay lại" in words_of(answer.text)


def test_the_first_page_leads_to_what_waits_for_a_person(app: AppContext, visit: Visit, held: int) -> None:
    waiting_scan(app)
    page = visit("ops").get("/").text
    assert "Đang chờ: 01 bản nộp chờ xử lý · 01 thư chờ duyệt." in words_of(page)
    assert 'href="/letters?state=held"' in page
    visit("ops").post(f"/letters/{held}/cancel", headers=ORIGIN, data={"reason": "thử"})
    visit("ops").post("/inbox/1/dismiss", headers=ORIGIN, data={"reason": "thử"})
    assert "Đang chờ" not in words_of(visit("ops").get("/").text)
    assert "Đang chờ" not in words_of(visit("ops").get("/?as_of=2021-11-22").text)


def test_a_gathering_that_somebody_paused_is_seen_by_first_page_and_doctor(app: AppContext, visit: Visit) -> None:
    began = clock.now()
    read_folder(app, began)
    assert "lượt tiếp nhận" not in words_of(visit("viewer").get("/").text)
    assert "gathering" not in {finding["code"] for finding in examine(lambda: began)}
    with app.sessions.begin() as session:
        session.execute(update(SourceRead).values(recorded_at=began - timedelta(days=3)))
    assert "không lượt tiếp nhận nào chạy (từ " in words_of(visit("viewer").get("/").text)
    [said] = [finding["message"] for finding in examine(lambda: began) if finding["code"] == "gathering"]
    assert "gather_survey_submissions có bị tạm dừng" in said


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/?as_of=hom-nay", 400),
        ("/agency/khong-co", 404),
        ("/letters/999", 404),
        ("/nowhere", 404),
        ("/letters/x", 400),
    ],
)
def test_a_wrong_address_gets_a_page_with_a_sentence(visit: Visit, path: str, status: int) -> None:
    answer = visit("viewer").get(path)
    assert answer.status_code == status
    assert "Về trang tiến độ" in answer.text


def test_the_login_leads_back_to_the_very_page_that_was_asked_for(visit: Visit) -> None:
    answer = visit("").get("/letters?state=held&before=9")
    assert answer.headers["location"] == "/auth/login?next=/letters%3Fstate%3Dheld%26before%3D9"


def test_no_agency_that_is_still_to_come_can_be_chosen(app: AppContext) -> None:
    in_2021, in_2026 = (set(agencies(app, date(year, 11, 25)).values()) for year in (2021, 2026))
    assert "Sở Nông nghiệp và Môi trường" in in_2026 - in_2021
    assert "Sở Nông nghiệp và Phát triển nông thôn" in in_2026 & in_2021  # its papers may still come


def recorded(app: AppContext) -> list[tuple[str, str, dict[str, Any]]]:
    with app.sessions.reading() as session:
        return [(event.act, event.subject, event.details) for event in session.scalars(select(AuditEvent))]


def test_an_upload_is_received_and_waits_in_the_inbox(app: AppContext, visit: Visit) -> None:
    sent = {"file": ("cv cử đầu mối.pdf", b"%PDF-1.4 scan", "application/pdf")}
    answer = visit("ops").post("/inbox/upload", headers=ORIGIN, files=sent)
    assert [one[:2] for one in recorded(app)] == [("receive", "BN-0001")]
    assert answer.status_code == 303
    page = visit("ops").get(answer.headers["location"]).text
    assert "BN-0001: chờ xử lý" in words_of(page)
    assert rows_of(page)[0][1] == "cv cử đầu mối.pdf"


def test_an_accepted_upload_says_whose_it_is_and_what_comes_next(app: AppContext, visit: Visit) -> None:
    spec, owner = load_specs(app.settings.data)["form_03"], app.registry.agency("ubnd-huyen-duc-tho")
    examples = {field.key: field.example for field in spec.head if field.example}
    head = examples | {"agency_name": owner.name, "no_camera": "Có", "total_cameras": "0", "total_sites": "0"}
    secrets = app.settings.secret_keys
    workbook = blank(spec, owner, registry=app.registry, secrets=secrets, head=head, rows=[])
    said = []
    for _ in range(2):
        answer = visit("ops").post("/inbox/upload", headers=ORIGIN, files={"file": ("BM03.xlsx", workbook)})
        said.append(words_of(visit("ops").get(answer.headers["location"]).text))
    assert "Biểu mẫu 03 (Khu, điểm du lịch) của UBND huyện Đức Thọ đã tiếp nhận" in said[0]
    assert "BN-0002: trùng bản đã nhận, không cần làm gì thêm" in said[1]


def test_an_empty_upload_is_refused(visit: Visit) -> None:
    answer = visit("ops").post("/inbox/upload", headers=ORIGIN, files={"file": ("a.xlsx", b"")})
    assert answer.status_code == 400


def test_what_arrived_is_shown_as_text_and_saved_only_by_an_operator(app: AppContext, visit: Visit) -> None:
    number = waiting_scan(app)
    page = visit("ops").get("/inbox").text
    assert "<script>alert" not in page
    assert visit("viewer").get(f"/inbox/{number}/original").status_code == 403
    original = visit("ops").get(f"/inbox/{number}/original")
    assert original.content == b"%PDF-1.4 scan"
    assert original.headers["content-disposition"].startswith("attachment;")
    assert original.headers["content-type"] == "application/octet-stream"


def test_assigning_gives_the_item_to_the_agency(app: AppContext, visit: Visit) -> None:
    number = waiting_scan(app)
    answer = visit("ops").post(f"/inbox/{number}/assign", headers=ORIGIN, data={"agency": "so-nnptnt"})
    assert answer.status_code == 303
    wrong = visit("ops").post(f"/inbox/{number}/assign", headers=ORIGIN, data={"agency": "khong-co"})
    assert wrong.status_code == 400
    assert "Không có đơn vị" in wrong.text
    missing = visit("ops").post(f"/inbox/{number}/assign", headers=ORIGIN)
    assert missing.status_code == 400


def test_assigning_is_for_this_once_unless_the_box_is_ticked(app: AppContext, visit: Visit) -> None:
    number = waiting_scan(app)
    assert "Từ nay địa chỉ này được thay mặt đơn vị" in visit("ops").get("/inbox").text
    for ticked in ({}, {"lasting": "true"}):
        sent = {"agency": "so-nnptnt"} | ticked
        assert visit("ops").post(f"/inbox/{number}/assign", headers=ORIGIN, data=sent).status_code == 303
        with app.sessions.reading() as session:
            assert contacts.assigned_agencies(session, "la@example.com") == ({"so-nnptnt"} if ticked else set())
    with app.sessions.reading() as session:
        acts = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(e.act, e.name, e.channel, e.details["lasting"]) for e in acts] == [
        ("assign", "ops", "page", False),
        ("assign", "ops", "page", True),
    ]


def test_a_doubtful_sender_is_shown_as_such_and_never_made_lasting(app: AppContext, visit: Visit) -> None:
    now = clock.now()
    doubt = "tên miền example.com không được xác thực (dmarc=fail)"
    receive(
        app, b"%PDF-1.4", channel="mail", channel_id="1", sender="la@example.com", filename="a.pdf",
        received_at=now, now=now, sender_doubt=doubt,
    )  # fmt: skip
    page = visit("viewer").get("/inbox").text
    assert f"Chưa chắc người gửi: {doubt}" in words_of(page)
    assert "Từ nay địa chỉ này" not in page
    assert f"Chưa chắc người gửi: {doubt}" in words_of(visit("ops").get("/inbox/1/register").text)
    sent = {"agency": "so-nnptnt", "lasting": "true"}
    assert visit("ops").post("/inbox/1/assign", headers=ORIGIN, data=sent).status_code == 400
    assert visit("ops").post("/inbox/1/dismiss", headers=ORIGIN, data={"reason": "giả mạo"}).status_code == 303
    with app.sessions.reading() as session:
        [event] = session.scalars(select(AuditEvent))
    assert (event.act, event.subject, event.details) == ("dismiss", "BN-0001", {"reason": "giả mạo"})


def test_a_contact_change_is_confirmed_or_refused_on_the_page(app: AppContext, visit: Visit) -> None:
    number, now = waiting_scan(app), clock.now()
    with app.sessions.begin() as session:
        for name in ("<b>An</b>", "Bình"):
            session.add(
                ContactChange(
                    submission_id=number, agency="so-nnptnt", role="focal_officer", system="reservoir", name=name,
                    email=f"{len(name)}@sonn.test", phone="+84912345678", asked=None, happened_at=now, recorded_at=now,
                )
            )  # fmt: skip
    page = visit("ops").get("/inbox").text
    assert "<b>An</b>" not in page
    assert "9@sonn.test, 0912 345 678" in page
    seen = visit("viewer").get("/inbox").text
    assert "9@sonn.test" not in seen
    assert "0912" not in seen
    assert "02 liên hệ mới chờ xác nhận" in words_of(visit("ops").get("/").text)
    assert visit("ops").post("/inbox/changes/1/confirm", headers=ORIGIN).status_code == 303
    assert visit("ops").post("/inbox/changes/1/confirm", headers=ORIGIN).status_code == 400
    refused = visit("ops").post("/inbox/changes/2/refuse", headers=ORIGIN, data={"reason": "không có thật"})
    assert refused.status_code == 303
    assert visit("ops").post("/inbox/changes/9/confirm", headers=ORIGIN).status_code == 400
    assert "Không có thay đổi nào đang chờ" in words_of(visit("ops").get("/inbox").text)
    assert "liên hệ mới" not in words_of(visit("ops").get("/").text)
    with app.sessions.reading() as session:
        [found] = contacts.find(session, "so-nnptnt", "focal_officer", now.date(), "reservoir")
        acts = session.execute(select(AuditEvent.act, AuditEvent.name).order_by(AuditEvent.id)).all()
    assert found.email == "9@sonn.test"
    assert [tuple(row) for row in acts] == [("contact_confirm", "ops"), ("contact_refuse", "ops")]


def test_who_may_only_look_can_fill_in_no_form(app: AppContext, visit: Visit) -> None:
    number = waiting_scan(app)
    fields = "//form[@method='post']//*[self::input or self::select or self::button]"
    for path in ("/inbox", f"/inbox/{number}/register?agency=so-nnptnt", "/pauses"):
        seen = {who: html.fromstring(visit(who).get(path).text) for who in ("viewer", "ops")}
        assert seen["viewer"].xpath(fields)
        assert seen["viewer"].xpath(f"{fields}[not(ancestor::fieldset[@disabled])]") == []
        assert seen["ops"].xpath("//*[@disabled]") == []


def test_a_scanned_letter_is_entered_in_the_register_from_the_inbox(app: AppContext, visit: Visit) -> None:
    number = waiting_scan(app)
    path = f"/inbox/{number}/register"
    assert "Văn bản cử cán bộ đầu mối" not in words_of(visit("ops").get(path).text), "first whose letter it is"
    form = visit("ops").get(f"{path}?agency=so-nnptnt").text
    assert "Văn bản cử cán bộ đầu mối (Hồ, đập thủy lợi)" in words_of(form)
    sent = ACTIONS["/inbox/1/register"]
    future = {"data": sent["data"] | {"document_date": "2999-01-01"}}
    assert visit("ops").post(path, headers=ORIGIN, **future).status_code == 400
    answer = visit("ops").post(path, headers=ORIGIN, **sent)
    assert answer.status_code == 303
    page = words_of(visit("ops").get(answer.headers["location"]).text)
    assert "đã vào sổ văn bản số 1/SNN của Sở Nông nghiệp và Phát triển nông thôn" in page
    assert "Không có gì đang chờ" in page
    assert "Hoàn thành" in words_of(visit("ops").get("/agency/so-nnptnt").text)
    second = visit("approver").post(path, headers=ORIGIN, **sent)  # another clerk, whose page is older
    assert (second.status_code, "không chờ người xử lý" in second.text) == (400, True)
    assert words_of(visit("ops").get("/register").text).count("1/SNN") == 1


def test_what_needs_nobody_is_put_aside_with_a_reason(app: AppContext, visit: Visit) -> None:
    number = waiting_scan(app)
    answer = visit("ops").post(f"/inbox/{number}/dismiss", headers=ORIGIN, data={"reason": "thư rác"})
    assert answer.status_code == 303
    assert "Không có gì đang chờ" in words_of(visit("ops").get("/inbox").text)


def _state(app: AppContext, letter: int) -> str:
    with app.sessions.begin() as session:
        return session.get_one(OutboxLetter, letter).state


def test_an_approver_approves_a_held_letter_under_the_name_in_the_address_book(
    app: AppContext, visit: Visit, held: int
) -> None:
    approver(app)
    assert "Duyệt gửi" in words_of(visit("approver").get(f"/letters/{held}").text)
    answer = visit("approver").post(f"/letters/{held}/approve", headers=ORIGIN)
    assert answer.status_code == 303
    assert _state(app, held) == "pending"
    words = words_of(visit("viewer").get(f"/letters/{held}").text)
    assert "Trần Thị B duyệt gửi" in words
    assert "qua trang đôn đốc, tài khoản b.tran" in words


def test_what_was_approved_and_is_still_held_is_not_asked_about_again_but_can_be_cancelled(
    app: AppContext, visit: Visit, held: int
) -> None:
    def stopped(session: object, row: OutboxLetter, now: object) -> None:
        raise OnHold("mọi thư đang tạm dừng")

    contact = approver(app)
    with app.sessions.begin() as session:
        given = {"secrets": app.secrets, "now": clock.now(), "precondition": {"internal": stopped}}
        outbox.approve(session, [held], contact, acting(), **given)
    words = words_of(visit("approver").get(f"/letters/{held}").text)
    assert "đã duyệt, đang giữ" in words
    assert "mọi thư đang tạm dừng" in words
    assert "Duyệt gửi" not in words
    assert "Hủy thư" in words
    assert "đã duyệt, đang giữ" in rows_of(visit("viewer").get("/letters").text)[0][5]


def test_an_operator_cancels_a_letter_with_a_reason(app: AppContext, visit: Visit, held: int) -> None:
    visit("ops").post(f"/letters/{held}/cancel", headers=ORIGIN, data={"reason": "đã gọi điện"})
    assert _state(app, held) == "cancelled"
    page = visit("viewer").get(f"/letters/{held}").text
    assert "đã gọi điện" in words_of(page)
    assert "<b>thử</b>" not in page


def test_letters_can_be_filtered_by_state(visit: Visit, held: int) -> None:
    assert len(rows_of(visit("viewer").get("/letters?state=held").text)) == 1
    assert rows_of(visit("viewer").get("/letters?state=sent").text) == []
    assert "chờ duyệt (1)" in words_of(visit("viewer").get("/letters?state=sent").text)
    assert rows_of(visit("viewer").get("/letters?agency=so-nnptnt").text) == []


def test_an_operator_says_what_became_of_an_uncertain_letter(app: AppContext, visit: Visit, held: int) -> None:
    with app.sessions.begin() as session:
        session.get_one(OutboxLetter, held).state = "uncertain"
    assert "Hỏi người nhận" in words_of(visit("ops").get(f"/letters/{held}").text)
    assert visit("ops").post(f"/letters/{held}/settle", headers=ORIGIN, data={"word": "hm"}).status_code == 400
    assert visit("ops").post(f"/letters/{held}/settle", headers=ORIGIN, data={"word": "sent"}).status_code == 303
    assert _state(app, held) == "sent"


def test_what_a_letter_carries_can_be_read_before_it_is_approved(app: AppContext, visit: Visit, held: int) -> None:
    with app.sessions.begin() as session:
        digest = app.blobs.put(b"PK bang tinh")
        session.get_one(OutboxLetter, held).attachments = [{"filename": "a.xlsx", "sha256": digest, "type": "x/y"}]
    assert visit("viewer").get(f"/letters/{held}/attachments/0").status_code == 403
    assert visit("ops").get(f"/letters/{held}/attachments/0").content == b"PK bang tinh"
    assert recorded(app) == [("download", f"TH-{held:05}", {"file": "a.xlsx"})]
    assert visit("ops").get(f"/letters/{held}/attachments/1").status_code == 404


def drawn_up(app: AppContext, name: str = "2021-11-18") -> None:
    as_of = clock.at(date(2021, 11, 18), 17)
    folder = app.settings.home / "reports" / name
    report.make(app, letter_of(app), as_of, None, folder)
    report.enqueue(app, letter_of(app), as_of, folder, as_of)


def test_a_link_in_the_place_of_a_reports_folder_is_not_followed(app: AppContext, visit: Visit, tmp_path: Path) -> None:
    drawn_up(app)
    assert visit("ops").get("/reports/1/report.xlsx").content.startswith(b"PK")
    folder = app.settings.home / "reports" / "2021-11-18"
    folder.rename(tmp_path / "dau-di")
    folder.symlink_to(tmp_path / "dau-di")
    assert visit("ops").get("/reports/1/report.xlsx").status_code == 404


def test_a_letters_history_names_each_step_apart() -> None:
    assert len({state.label for state in OutboxState}) == len(OutboxState)


def test_a_report_is_listed_with_its_files(app: AppContext, visit: Visit) -> None:
    drawn_up(app)
    row = rows_of(visit("viewer").get("/reports").text)[0]
    assert row[:2] == ["BC-0001", "17:00 18/11/2021"]
    assert row[2].startswith("V/v đôn đốc triển khai")
    document = visit("viewer").get("/reports/1/report.docx")
    assert any(paragraph.text.startswith(row[3]) for paragraph in Document(BytesIO(document.content)).paragraphs)
    assert row[3].startswith("Đến thời điểm báo cáo, chưa có nội dung nào hoàn thành trong số 30 nội dung")
    assert visit("viewer").get("/reports/1/..%2fdondoc.db").status_code == 404


def test_nothing_is_kept_by_a_cache_and_no_foreign_script_runs(visit: Visit) -> None:
    headers = visit("viewer").get("/").headers
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_a_dead_database_is_said_in_a_sentence(app: AppContext, visit: Visit) -> None:
    app.sessions.kw["bind"].dispose()
    (app.settings.home / "dondoc.db").write_bytes(b"not a database, whatever it says" * 200)
    answer = visit("viewer").get("/letters")
    assert answer.status_code == 503
    assert "Cơ sở dữ liệu" in answer.text


def test_the_pages_work_where_they_are_mounted(app: AppContext) -> None:
    from fastapi import FastAPI

    from dondoc.web.app import create_app
    from tests.web.conftest import visitor

    outer = FastAPI()
    outer.mount("/dondoc", create_app(current_user=visitor, app=lambda: app))
    browser = TestClient(outer, headers={"x-role": "ops"}, follow_redirects=False)
    assert 'href="/dondoc/inbox"' in browser.get("/dondoc/").text
    browser.headers.pop("x-role")
    assert browser.get("/dondoc/inbox").headers["location"] == "/auth/login?next=/dondoc/inbox"
