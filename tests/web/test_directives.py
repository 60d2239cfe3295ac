"""A letter entered by a person without YAML: checked, looked at in advance, put into force, amended, closed."""

import re
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml import html
from sqlalchemy import select
from starlette.datastructures import FormData

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.directive.ladders import ready_ladders
from dondoc.directive.load import File
from dondoc.directive.record import State, Version
from dondoc.escalation import forecast
from dondoc.facts import contacts
from dondoc.store.trust import AuditEvent
from dondoc.web import directive_form
from tests.conftest import CLERK, at
from tests.directive.letters import NOVEMBER_2021, REGISTRY
from tests.web.conftest import ORIGIN, Visit, browsers, rows_of, words_of

ALONE = "vien-thong-ha-tinh"  # it owes nothing else by a date
ID = "2500-stttt-cntt-2021"
DISTRICTS = [a.id for a in REGISTRY.agencies if a.kind == "district" and a.alive(date(2021, 11, 16))]
HEAD = {
    "number": "2500/STTTT-CNTT",
    "day": "2021-11-16",
    "title": "V/v tập huấn",
    "superior_document": "Công văn số 8000/UBND-NC2 ngày 15/11/2021",
    "ladder": "day-du",
    "report": "true",
    "lines": "3",
}
FILE = {
    "system-0": "general",
    "deliverable-0": "file",
    "text-0": "Danh sách cán bộ",
    "due_before-0": "2021-12-01",
}
ALL_BUT = {"kinds-0": "district", "without-0": ["ubnd-huyen-vu-quang", "ubnd-huyen-duc-tho"]}
MONTHLY = {
    "system-1": "general",
    "deliverable-1": "letter",
    "text-1": "Báo cáo tình hình",
    "first-1": "2021-12",
    "last-1": "2022-02",
    "before_day-1": "25",
    "agencies-1": ["so-nnptnt"],
}
TWENTY_YEARS = MONTHLY | {"last-1": "2041-11", "agencies-1": DISTRICTS}
LETTER: dict[str, Any] = HEAD | FILE | ALL_BUT | MONTHLY


@pytest.fixture
def ops(environment: pytest.MonkeyPatch, app: AppContext) -> TestClient:
    """An operator's browser on 22/11/2021."""
    environment.setenv("DONDOC_CLOCK", at(22).isoformat())
    return browsers(AppContext(load()))("ops")


def send(browser: TestClient, path: str, data: dict[str, Any]) -> tuple[int, str]:
    answer = browser.post(path, headers=ORIGIN, data=data)
    return answer.status_code, answer.text


def recorded(app: AppContext, directive: str = ID) -> list[Version]:
    with app.sessions.reading() as session:
        return [v for v in app.versions(session) if v.directive.id == directive]


def fields_of(page: str) -> dict[str, Any]:
    """The form of a page as a browser would send it back."""
    [form] = [form for form in html.fromstring(page).forms if form.fields.get("lines")]
    return {name: [v for n, v in form.form_values() if n == name] for name, _ in form.form_values()}


def faults_of(page: str) -> list[str]:
    return [" ".join(li.text_content().split()) for li in html.fromstring(page).xpath("//ul[@class='problem']/li")]


def test_a_letter_is_entered_looked_at_and_put_into_force_by_who_is_logged_in(app: AppContext, ops: TestClient) -> None:
    assert send(ops, "/directives", LETTER)[0] == 303
    [draft] = recorded(app)
    assert (draft.state, draft.valid_from, draft.by) == (State.DRAFT, date(2021, 11, 16), "ops")
    owed = {(d.agency, d.short) for d in draft.directive.obligations}
    files = {(a, "general/file") for a in DISTRICTS if a not in ALL_BUT["without-0"]}
    assert owed == files | {("so-nnptnt", f"general/letter@{month}") for month in ("2021-12", "2022-01", "2022-02")}
    assert draft.file.ladder == NOVEMBER_2021.ladder

    seen = ops.get(f"/directives/{ID}").text
    assert "mọi UBND cấp huyện, trừ UBND huyện Đức Thọ, UBND huyện Vũ Quang" in words_of(seen)
    assert "không thấy gì sai" in seen
    seen = ops.post(f"/directives/{ID}/forecast", headers=ORIGIN).text
    days = [row.xpath("td")[0].text_content() for row in html.fromstring(seen).xpath("(//table)[2]/tbody/tr")]
    assert days == sorted(days, key=lambda day: day.split("/")[::-1])
    first = days[0].split("/")[::-1]
    assert (first >= ["2021", "11", "25"], len(set(days)) > 5) == (True, True), "beside what they owe otherwise"
    with app.sessions.reading() as session:
        assert [
            d for letter in app.letters(session, date(2021, 11, 22)) for d in letter.obligations if d.directive == ID
        ] == []
    assert send(ops, f"/directives/{ID}/activate", {"version": 1})[0] == 303
    with app.sessions.reading() as session:
        assert ID in {letter.id for letter in app.letters(session, date(2021, 11, 22))}
        acts = session.execute(
            select(AuditEvent.act, AuditEvent.name, AuditEvent.subject).order_by(AuditEvent.id)
        ).all()
    assert acts == [("directive_add", "ops", ID), ("directive_activate", "ops", ID)]


def test_the_preview_climbs_the_ladder_and_writes_nothing(app: AppContext, ops: TestClient) -> None:
    send(ops, "/directives", HEAD | FILE | {"agencies-0": ALONE})
    rows = html.fromstring(ops.post(f"/directives/{ID}/forecast", headers=ORIGIN).text).xpath("(//table)[2]/tbody/tr")
    told = [(row.xpath("td")[0].text_content(), " ".join(row.xpath("td")[2].text_content().split())) for row in rows]
    assert told[:5] == [
        ("25/11/2021", "nhắc trước hạn"),
        ("29/11/2021", "nhắc trước hạn"),
        ("02/12/2021", "đề nghị phối hợp"),
        ("08/12/2021", "báo cáo lãnh đạo Sở (phải duyệt)"),
        ("15/12/2021", "tiếp tục đề nghị phối hợp"),
    ]
    assert {what for _, what in told[5:]} == {"tiếp tục đề nghị phối hợp"}
    with app.sessions.reading() as session:
        for table in ("outbox", "decisions"):
            assert session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_an_amendment_keeps_what_the_form_does_not_show_and_needs_document_and_reason(
    app: AppContext, ops: TestClient
) -> None:
    form = fields_of(ops.get(f"/directives/{NOVEMBER_2021.id}/edit").text)
    path = f"/directives/{NOVEMBER_2021.id}"
    status, said = send(ops, path, form)
    assert (status, faults_of(said)) == (
        400,
        [f"{label}: sửa văn bản đã thực hiện thì phải ghi." for label in ("Theo văn bản", "Lý do")],
    )
    told = {"valid_from": "2021-11-23", "document": "CV 9", "reason": "mưa lũ"}
    tourism = next(i for i, group in enumerate(NOVEMBER_2021.obligations) if group.deliverable == "form_03")
    assert send(ops, path, form | told | {f"due_before-{tourism}": "2021-12-10"})[0] == 303
    assert send(ops, f"{path}/activate", {"version": 2})[0] == 303
    first, draft, now = recorded(app, NOVEMBER_2021.id)
    assert (draft.state, now.state, now.valid_from, now.document, now.by) == (
        State.DRAFT, State.ACTIVE, date(2021, 11, 23), "CV 9", "ops",
    )  # fmt: skip
    changed = [g.model_copy(update={"due_before": date(2021, 12, 10)}) if g.deliverable == "form_03" else g
               for g in first.file.obligations]  # fmt: skip
    ordered = [g.model_copy(update={"agencies": tuple(sorted(g.agencies))}) for g in now.file.obligations]
    assert ordered == [g.model_copy(update={"agencies": tuple(sorted(g.agencies))}) for g in changed]
    kept = {"obligations": now.file.obligations}
    assert now.file == first.file.model_copy(update=kept), "milestones, ladder and signature too"


def test_of_two_who_change_a_letter_at_once_one_is_told_and_loses_nothing(app: AppContext, ops: TestClient) -> None:
    send(ops, "/directives", LETTER)
    mine = fields_of(ops.get(f"/directives/{ID}/edit").text)
    theirs = mine | {"title": "V/v tập huấn lần 2"}
    assert send(ops, f"/directives/{ID}", theirs)[0] == 303
    status, said = send(ops, f"/directives/{ID}", mine | {"title": "V/v tập huấn lần 3"})
    assert (status, "vừa có phiên bản khác (phiên bản 2)" in said) == (400, True)
    assert fields_of(said)["title"] == ["V/v tập huấn lần 3"]
    for act in ("activate", "close"):
        data = {"version": 1, "on": "2021-11-23", "document": "CV 1", "reason": "xong"}
        status, said = send(ops, f"/directives/{ID}/{act}", data)
        assert (status, "vừa có phiên bản khác" in said) == (400, True), "what they saw is not what they would act on"
    assert [v.directive.title for v in recorded(app)] == ["V/v tập huấn", "V/v tập huấn lần 2"]


def test_a_version_that_waits_is_replaced_only_after_a_tick(app: AppContext, ops: TestClient) -> None:
    path = f"/directives/{NOVEMBER_2021.id}"
    told = {"valid_from": "2021-12-10", "document": "CV 9", "reason": "mưa lũ", "title": "V/v lần 2"}
    send(ops, path, fields_of(ops.get(f"{path}/edit").text) | told)
    send(ops, f"{path}/activate", {"version": 2})
    edited = ops.get(f"{path}/edit").text
    waits = r"Phiên bản 3 \(ops ghi lúc 09:\d\d 22/11/2021\) đang chờ hiệu lực từ 10/12/2021"  # the clock ticks
    assert re.search(waits, words_of(edited))
    form = fields_of(edited) | told | {"valid_from": "2021-12-01", "title": "V/v lần 3"}
    status, said = send(ops, path, form)
    [fault] = faults_of(said)
    assert (status, "có phiên bản 3 (ops ghi) chờ hiệu lực từ ngày 10/12/2021" in fault) == (400, True)
    assert fault.endswith("Nếu đúng vậy, chọn “Thay phiên bản đang chờ hiệu lực”.")
    assert send(ops, path, form | {"replaces": "true"})[0] == 303
    assert "đang chờ hiệu lực từ 10/12/2021" in words_of(ops.get(path).text)
    assert [send(ops, f"{path}/activate", {"version": 4} | more)[0] for more in ({}, {"replaces": "true"})] == [
        400,
        303,
    ]
    assert "đang chờ hiệu lực từ 10/12/2021" not in words_of(ops.get(f"{path}/edit").text)


def test_of_a_letter_of_thousands_of_duties_the_first_agencies_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, app: AppContext, ops: TestClient
) -> None:
    monkeypatch.setattr(forecast, "DUTIES", 5)
    monkeypatch.setattr(forecast, "LETTERS", 3)
    many = {f"{name[:-2]}-{i}": value for i in range(3) for name, value in FILE.items()} | {"kinds-0": "district"}
    many |= {f"text-{i}": f"Tệp {i}" for i in range(3)} | {"agencies-1": DISTRICTS, "agencies-2": DISTRICTS}
    assert send(ops, "/directives", HEAD | many)[0] == 303
    assert "Xem dự kiến" in ops.get(f"/directives/{ID}").text
    seen = ops.post(f"/directives/{ID}/forecast", headers=ORIGIN).text
    assert f"chỉ dự kiến cho 01 đơn vị đầu trong {len(DISTRICTS)} đơn vị. Chỉ hiện 3 thư đầu." in words_of(seen)
    told = html.fromstring(seen).xpath("(//table)[2]/tbody/tr/td[2]")
    assert [cell.text_content() for cell in told] == ["UBND thành phố Hà Tĩnh"] * 3


def test_a_letter_is_closed_with_document_and_reason_and_its_history_stays(app: AppContext, ops: TestClient) -> None:
    send(ops, "/directives", LETTER)
    send(ops, f"/directives/{ID}/activate", {"version": 1})
    told = {"version": "2", "on": "2021-11-22", "document": "CV 10", "reason": "đã xong"}
    assert send(ops, f"/directives/{ID}/close", told | {"reason": " "})[0] == 400
    assert send(ops, f"/directives/{ID}/close", told)[0] == 303
    page = ops.get(f"/directives/{ID}").text
    history = html.fromstring(page).xpath("(//table)[last()]/tbody/tr")
    assert [row.xpath("td")[1].text_content() for row in history] == ["đã kết thúc", "đang thực hiện", "bản nháp"]
    assert "CV 10" in page
    listed = rows_of(ops.get("/directives").text)
    assert [row[2] for row in listed] == ["đã kết thúc", "đang thực hiện"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"agencies-0": "ubnd-khac"}, "Việc 01, Đơn vị: không có đơn vị “ubnd-khac”."),
    ({"deliverable-0": "form_99"}, "Việc 01, Nội dung phải gửi: “form_99” không phải thứ phải gửi ở đây"),
    ({"system-0": "bridge"}, "Việc 01, Lĩnh vực: không có hệ thống “bridge”."),
    ({"text-0": ""}, "Việc 01, Ghi rõ: “Tệp bất kỳ” phải ghi rõ là gì (Ghi rõ)."),
    ({"ladder": "khong-co"}, "Các bậc đôn đốc: chưa ghi."),
    ({"due_before-0": "2021-11-16"}, "Việc 01, Trước ngày: thời hạn 16/11/2021 không sau ngày văn bản 16/11/2021."),
    ({"due_before-0": "2021-02-30"}, "Việc 01, Trước ngày: “Trước ngày” phải là một ngày có thật"),
    ({"due_before-0": "1"}, "Việc 01, Trước ngày: “Trước ngày” phải là một ngày có thật"),
    ({"due_before-0": ""}, "Việc 01, Trước ngày: chưa ghi."),
    ({"day": "0001-01-01"}, "Ngày văn bản: “Ngày văn bản” phải là một ngày có thật"),
    ({"first-0": "2021-12", "last-0": "2022-01"}, "chỉ ghi một trong hai: Trước ngày hoặc Định kỳ"),
    ({"last-1": ""}, "Việc 02, Kỳ cuối: chưa ghi."),
    ({"last-1": "2021-11"}, "Việc 02, Định kỳ: kỳ cuối 2021-11 trước kỳ đầu 2021-12."),
    ({"first-1": "2021-10"}, "Việc 02, Định kỳ: thời hạn 25/10/2021 không sau ngày văn bản 16/11/2021."),
    ({"last-1": "2999-12"}, "Việc 02, Định kỳ: 11737 kỳ là quá nhiều"),
    ({"last-1": "9999-12"}, "Việc 02, Kỳ cuối: “Kỳ cuối” chưa đúng dạng."),
    ({"before_day-1": "32"}, "Việc 02, Trước ngày … của tháng: “Trước ngày … của tháng” chỉ được đến 31."),
    ({"agencies-1": []}, "Việc 02, Đơn vị: “Đơn vị” phải có ít nhất một mục."),
    (
        {"system-2": "general", "deliverable-2": "file", "text-2": FILE["text-0"], "due_before-2": "2021-12-02",
         "agencies-2": "ubnd-huyen-ky-anh"},
        "Việc 03, Đơn vị: nhiệm vụ Nội dung chung/Tệp bất kỳ của “UBND huyện Kỳ Anh” ghi hai lần.",
    ),
    ({"follows": "khong-co"}, "Nhắc lại yêu cầu của: không có văn bản “khong-co”."),
    ({"title": ""}, "Trích yếu: chưa ghi."),
    ({"title": "a\x00b"}, "Trích yếu: “Trích yếu” có ký tự không nhìn thấy (U+0000)"),
    ({"title": "a\u202eb"}, "Trích yếu: “Trích yếu” có ký tự không nhìn thấy (U+202E)"),
    ({"text-1": "a\u200bb"}, "Việc 02, Ghi rõ: “Ghi rõ” có ký tự không nhìn thấy (U+200B)"),
    ({"document": "CV\u2066 9"}, "Theo văn bản: ô này có ký tự không nhìn thấy (U+2066)"),
    ({"number": "", "day": ""}, "Mã văn bản: chưa ghi."),
    ({"id": "Mã A/1"}, "Mã văn bản: mã “Mã A/1” chỉ gồm chữ thường không dấu, số và gạch nối."),
    ({"id": NOVEMBER_2021.id}, "Mã văn bản: đã có văn bản mã “stttt-cntt-2021-11”"),
    ({"id": "x" * 81}, "Mã văn bản: mã dài nhất 80 ký tự"),
    ({"id": "new"}, "Mã văn bản: mã dài nhất 80 ký tự, và không phải “new”."),
    ({"lines": "0"}, "Việc phải làm: chưa ghi việc nào."),
    (
        {f"{name[:-2]}-{i}": value for i in range(1, 9) for name, value in TWENTY_YEARS.items()}
        | {f"text-{i}": f"Báo cáo {i}" for i in range(1, 9)}
        | {"lines": "9"},
        "việc (mỗi đơn vị, mỗi kỳ tính là một) là quá nhiều, nhiều nhất 20000",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "sentence"), WRONG)
def test_what_is_wrong_is_a_sentence_that_names_its_field(
    environment: pytest.MonkeyPatch, wrong: dict[str, Any], sentence: str
) -> None:
    given = [
        (name, v) for name, value in (LETTER | wrong).items() for v in ([value] if isinstance(value, str) else value)
    ]
    form = directive_form.read(FormData(given))
    _, found = form.letter(AppContext(load()), [], {NOVEMBER_2021.id}, date(2021, 11, 22))
    assert any(sentence in one for one in found), found


def test_the_office_that_chases_is_no_agency_of_a_kind() -> None:
    owing = directive_form.Line(kinds=("department",)).group(REGISTRY, date(2021, 11, 22))["agencies"]
    assert "so-nnptnt" in owing
    assert REGISTRY.office not in owing


def test_where_something_is_wrong_nothing_is_taken_in_and_nothing_typed_is_lost(
    app: AppContext, ops: TestClient
) -> None:
    status, said = send(ops, "/directives", LETTER | {"last-1": "2021-11", "agencies-1": ["ubnd-khac"]})
    assert (status, faults_of(said)) == (
        400,
        [
            "Việc 02, Định kỳ: kỳ cuối 2021-11 trước kỳ đầu 2021-12.",
            "Việc 02, Đơn vị: không có đơn vị “ubnd-khac”.",
        ],
    )
    kept = fields_of(said)
    assert {name: kept[name] for name in ("title", "text-0", "without-0", "before_day-1")} == {
        "title": ["V/v tập huấn"],
        "text-0": [FILE["text-0"]],
        "without-0": ALL_BUT["without-0"][::-1],
        "before_day-1": ["25"],
    }
    assert recorded(app) == []


def test_what_no_browser_sends_is_refused(ops: TestClient, visit: Visit) -> None:
    assert send(ops, "/directives", LETTER | {"text-0": "x" * 2001})[0] == 400
    assert send(ops, "/directives", LETTER | {"lines": "9" * 30, "seen": "9" * 30})[0] == 400
    known = f"/directives/{NOVEMBER_2021.id}"
    for path in ("/directives", known, f"{known}/close", f"{known}/forecast"):
        assert visit("viewer").post(path, headers=ORIGIN, data=LETTER).status_code == 403
        assert visit("ops").post(path, data=LETTER).status_code == 403, "from another site"
    assert ops.get("/directives/khong-co").status_code == 404
    assert visit("viewer").get(f"/directives/{NOVEMBER_2021.id}").status_code == 200


def test_several_files_of_one_field_are_duties_of_their_own_and_keep_their_codes() -> None:
    lines = [
        directive_form.Line(system="general", deliverable=code, text=text)
        for code, text in (("file", "a"), ("file", "b"), ("file", "a"), ("letter", "c"), ("file_2", "d"))
    ]
    codes = [line.deliverable for line in directive_form.numbered(lines)]
    assert codes == ["file", "file_3", "file", "letter", "file_2"]


@pytest.mark.parametrize("name", ["day-du", "den-lanh-dao-don-vi", "nhac-nhe"])
def test_every_ladder_that_is_ready_passes_the_one_check(app: AppContext, name: str) -> None:
    ladders = ready_ladders(app.settings.data)
    assert set(ladders) == {"day-du", "den-lanh-dao-don-vi", "nhac-nhe"}
    content = NOVEMBER_2021.content() | {"ladder": [s.model_dump(mode="json") for s in ladders[name].steps]}
    assert directive_form.faults(app, File.model_validate(content)) == []
    assert all((app.settings.data / "letters" / step.letter).is_dir() for step in ladders[name].steps)


def test_contacts_make_the_preview_say_so(app: AppContext, ops: TestClient) -> None:
    book = f"agency,role,name,email,phone\n{ALONE},clerk,A,a@x.test,09\n"
    with app.sessions.begin() as session:
        contacts.import_csv(session, app.registry, book, "x.csv", by=CLERK, secrets=app.secrets, now=at(20))
    send(ops, "/directives", HEAD | FILE | {"agencies-0": ALONE})
    rows = html.fromstring(ops.post(f"/directives/{ID}/forecast", headers=ORIGIN).text).xpath(
        "(//table)[2]/tbody/tr/td[4]"
    )
    assert rows[0].text_content() == "cán bộ đầu mối hoặc văn thư"
