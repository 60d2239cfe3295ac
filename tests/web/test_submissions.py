"""All submissions in one list; of one everything that is known of it; and what a person does about it."""

import json
import re
from collections.abc import Iterator
from datetime import date

import pytest
from lxml import html
from sqlalchemy import event, select

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.intake import browse, record
from dondoc.store.facts import Ruling
from dondoc.store.intake import Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.trust import AuditEvent
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import Outcome
from tests.conftest import migrate, only_ours
from tests.intake.conftest import DUC_THO, OFFICER, VU_QUANG
from tests.web.arrivals import ADDRESS, NOW, SCRIPT, SECRET, Arrivals, everything
from tests.web.conftest import ORIGIN, Visit, browsers, rows_of, words_of

pytestmark = pytest.mark.slow
RULE = "quy tắc mới"


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arrivals]:
    """Made once: the tests that change something change it each at a place of its own."""
    with pytest.MonkeyPatch.context() as patch:
        only_ours(patch, tmp_path_factory.mktemp("arrived") / "home")
        patch.setenv("DONDOC_CLOCK", NOW.isoformat())
        app = AppContext(load())
        migrate(app.settings.url)
        yield everything(app)
        app.sessions.kw["bind"].dispose()


@pytest.fixture(scope="module")
def visit(arrived: Arrivals) -> Visit:
    return browsers(arrived.app)


def number(arrived: Arrivals, key: str) -> str:
    return BN(arrived.ids[key])


def listed(visit: Visit, query: str, role: str = "ops") -> list[str]:
    answer = visit(role).get(f"/submissions{query}")
    assert answer.status_code == 200
    return [row[0] for row in rows_of(answer.text)]


def shown(visit: Visit, arrived: Arrivals, key: str, role: str = "ops", query: str = "") -> str:
    answer = visit(role).get(f"/submissions/{arrived.ids[key]}{query}")
    assert answer.status_code == 200
    return answer.text


def test_the_list_has_every_submission_but_the_mails_of_machines_newest_first(visit: Visit, arrived: Arrivals) -> None:
    keys = ["reply", "doubt", "upload", "refused", "scan", "conflict", "returned", "next", "accepted"]
    assert listed(visit, "") == [number(arrived, key) for key in keys]


FILTERS = {
    "?work=ours": ["reply", "doubt", "scan"],
    "?work=conflict": ["conflict"],
    "?work=refused": ["refused"],
    "?work=correction": ["returned"],
    "?work=accepted": ["upload", "next"],
    "?work=aside": ["accepted"],
    "?work=machine": ["bounce", "absence"],
    "?channel=upload": ["upload"],
    "?form=form_03&agency=ubnd-huyen-vu-quang": ["returned"],
    f"?agency={DUC_THO}&work=ours": ["reply"],
    "?age=6": ["conflict", "returned", "next", "accepted"],
    "?q=BN-0003": ["returned"],
    "?q=bm03+duc+tho": ["next", "accepted"],
    "?q=BM03+%C4%90%E1%BB%A9c+Th%E1%BB%8D+%28l%E1%BA%A7n": ["next"],
    "?q=gui+bieu+mau": ["accepted"],
    "?q=vu+quang": ["returned"],
    "?q=LA2%40example": ["doubt"],
    "?q=100%25": [],
    "?q=%25": [],
    "?q=_": [],
}


@pytest.mark.parametrize("query", FILTERS)
def test_it_is_filtered_and_searched_without_accents(visit: Visit, arrived: Arrivals, query: str) -> None:
    assert listed(visit, query) == [number(arrived, key) for key in FILTERS[query]]


def test_who_may_only_look_does_not_learn_whether_an_address_wrote(visit: Visit) -> None:
    assert listed(visit, "?q=la2%40example") != []
    assert listed(visit, "?q=la2%40example", "viewer") == []


@pytest.mark.parametrize("query", ["?work=x", "?channel=x", "?age=-1", "?page=0"])
def test_a_filter_that_there_is_not_is_a_sentence(visit: Visit, query: str) -> None:
    assert visit("ops").get(f"/submissions{query}").status_code == 400


def test_the_list_says_age_state_and_what_is_to_be_done(visit: Visit, arrived: Arrivals) -> None:
    rows = {row[0]: row[1:] for row in rows_of(visit("ops").get("/submissions").text)}
    assert rows[number(arrived, "returned")] == [
        "bm03 vu quang.xlsx", "UBND huyện Vũ Quang, Biểu mẫu 03", "vq@vuquang.test", "17/11/2021 18:00", "06",
        "đề nghị chỉnh sửa", "chờ đơn vị sửa theo bản đánh dấu rồi gửi lại",
    ]  # fmt: skip
    said = {key: rows[number(arrived, key)][-1] for key in ("scan", "doubt", "conflict", "reply", "accepted")}
    assert said == {
        "scan": "mở bản gốc, đọc số, ngày văn bản rồi vào sổ",
        "doubt": "hỏi đơn vị xem có đúng họ gửi không, rồi giao hoặc xếp lại",
        "conflict": "so từng ô với bản đang dùng, rồi chọn bản được dùng",
        "reply": "đọc thư; ghi ngày hẹn, vào sổ hoặc ghi không liên quan",
        "accepted": "không cần làm gì",
    }
    bounce, _ = rows_of(visit("ops").get("/submissions?work=machine").text)
    assert bounce[-2] == "thư của Sở không đến được"
    assert re.fullmatch(r"về thư TH-\d{5}; không cần làm gì", bounce[-1])


def test_the_inbox_shows_who_waits_longest_first(visit: Visit, arrived: Arrivals) -> None:
    keys = ["conflict", "scan", "refused", "doubt", "reply"]
    assert [row[0] for row in rows_of(visit("ops").get("/inbox").text)] == [number(arrived, key) for key in keys]


def test_a_long_list_has_pages_and_keeps_its_filters(visit: Visit, arrived: Arrivals) -> None:
    whole = listed(visit, "?work=ours")
    with arrived.app.sessions.reading() as session:
        pages = [
            browse.found(arrived.app, session, browse.Wanted(work="ours"), NOW, number=n, size=2) for n in (1, 2, 99)
        ]
    assert [[BN(line.submission.id) for line in page.lines] for page in pages] == [whole[:2], whole[2:], whole[2:]]
    assert (pages[0].total, pages[0].last, pages[2].number) == (3, 2, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(browse.found, "__kwdefaults__", {**browse.found.__kwdefaults__, "size": 2})
        page = html.fromstring(visit("ops").get("/submissions?work=ours&agency=").text)
    [link] = page.xpath("//a[@rel='next']/@href")
    assert listed(visit, link.removeprefix("/submissions")) == whole  # page 2 of what now fits on one
    assert link == "/submissions?work=ours&page=2"


def test_of_one_submission_issues_stand_by_row_and_cell(visit: Visit, arrived: Arrivals) -> None:
    page = shown(visit, arrived, "returned")
    [table] = html.fromstring(page).xpath("//h2[.='Điểm cần sửa, cần lưu ý']/following::table[1]")
    rows = [[" ".join(cell.text_content().split()) for cell in row] for row in table.xpath("tbody/tr")]
    [row] = [one for one in rows if "Cổng 01" in one[0]]
    assert row[0].startswith("Dòng 1, Cổng 01"), "as the letter calls it"
    assert "Lỗi, cột Độ phân giải (ô V6)" in row[2]
    assert "Dòng 1" in words_of(shown(visit, arrived, "returned", "viewer"))
    assert "Dòng 1, Cổng 01" not in words_of(shown(visit, arrived, "returned", "viewer"))
    with arrived.app.sessions.reading() as session:
        letter = session.scalar(select(OutboxLetter).where(OutboxLetter.kind == "returned"))
    assert letter is not None
    assert "- Dòng 1, Cổng 01, cột" in letter.text
    with arrived.app.sessions.reading() as session:
        errors = record.of(arrived.app, session, arrived.ids["returned"], NOW).as_json()["issues"]
    cells = {issue["cell"] for issue in errors if issue["severity"] == "error"}
    assert len(cells) >= 3
    assert all(cell in row[1] for cell in cells)


def test_its_cells_are_marked_in_the_file_s_own_table(visit: Visit, arrived: Arrivals) -> None:
    tree = html.fromstring(shown(visit, arrived, "returned"))
    [address] = {link for link in tree.xpath("//a/@href") if link.endswith("row=6#file")} or {""}
    assert address, "the row with the issues leads to its place in the file"
    tree = html.fromstring(visit("ops").get(address.partition("#")[0]).text)
    marked = [cell.text_content() for cell in tree.xpath("//table[contains(@class, 'sheet')]//td[@class='marked']")]
    assert "năm năm bốn" in marked
    assert "nét cao" in marked


def sheet_with_markup(visit: Visit, arrived: Arrivals, role: str) -> str:
    page = shown(visit, arrived, "upload", role)
    links = sorted(set(html.fromstring(page).xpath("//nav[@aria-label='Trang tính']/a/@href")))
    pages = [page, *(visit(role).get(link.partition("#")[0]).text for link in links)]
    return "".join(pages)


def test_what_stands_in_the_file_is_text_and_no_password_is_in_it(visit: Visit, arrived: Arrivals) -> None:
    pages = sheet_with_markup(visit, arrived, "ops")
    assert SCRIPT not in pages
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages
    assert SECRET not in pages
    assert ADDRESS in pages
    assert "dài dài …" in pages
    assert "dài " * 100 not in pages


def test_who_may_only_look_sees_no_address_no_file_and_no_sensitive_column(visit: Visit, arrived: Arrivals) -> None:
    everything = "".join(shown(visit, arrived, key, "viewer") for key in arrived.ids)
    for hidden in (OFFICER, "la@example.com", ADDRESS, "0912345678", "105,90", "18,34", "/original", "/copy"):
        assert hidden not in everything
    assert "Cổng 02" in shown(visit, arrived, "returned", "viewer")
    assert html.fromstring(everything).xpath("//form[@method='post']") == []
    for path in (f"/inbox/{arrived.ids['returned']}/original", f"/submissions/{arrived.ids['returned']}/copy"):
        assert visit("viewer").get(path).status_code == 403


def test_a_restricted_camera_is_not_named_to_who_may_only_look(visit: Visit, arrived: Arrivals) -> None:
    from dondoc.store.cameras import Camera

    assert "Cổng 03" in shown(visit, arrived, "next", "viewer")
    with arrived.app.sessions.begin() as session:
        session.scalars(select(Camera).where(Camera.name == "Cổng 03")).one().restricted = True
    try:
        page = shown(visit, arrived, "next", "viewer")
        assert ("Cổng 03" in page, "Cổng 02" in page, "(camera hạn chế)" in page) == (False, True, True)
    finally:
        with arrived.app.sessions.begin() as session:
            session.scalars(select(Camera).where(Camera.name == "Cổng 03")).one().restricted = False


def test_a_version_shows_what_is_different_from_the_one_it_replaced(visit: Visit, arrived: Arrivals) -> None:
    words = words_of(shown(visit, arrived, "next"))
    assert f"Khác gì {number(arrived, 'accepted')} (bản trước)" in words
    assert "Thêm: Cổng 03" in words
    assert f"Đã có bản mới hơn: {number(arrived, 'next')}" in words_of(shown(visit, arrived, "accepted"))


def test_a_conflict_is_shown_cell_by_cell_with_the_choice(visit: Visit, arrived: Arrivals) -> None:
    page = shown(visit, arrived, "conflict")
    assert f"Khác gì {number(arrived, 'next')} (bản đang dùng)" in words_of(page)
    [table] = html.fromstring(page).xpath("//h2[starts-with(., 'Khác gì')]/following::table[1]")
    cells = [[cell.text_content() for cell in row] for row in table.xpath("tbody/tr")]
    assert any(one[1:] == ["Tên camera", "Cổng 01", "Cổng 01 sửa"] for one in cells)
    buttons = html.fromstring(page).xpath("//section[contains(., 'Chọn bản')]//button")
    assert [button.text for button in buttons] == ["Dùng bản này", "Giữ bản đang dùng"]


def test_history_letters_and_the_copy_to_correct(visit: Visit, arrived: Arrivals) -> None:
    page = shown(visit, arrived, "returned")
    [letter] = [link for link in html.fromstring(page).xpath("//a/@href") if link.endswith("/attachments/0")]
    assert visit("ops").get(letter).status_code == 200
    copy = visit("ops").get(f"/submissions/{arrived.ids['returned']}/copy")
    assert copy.content[:2] == b"PK"
    assert visit("ops").get(f"/submissions/{arrived.ids['scan']}/copy").status_code == 404
    with arrived.app.sessions.reading() as session:
        last = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert last is not None
    assert (last.act, last.subject, last.name) == ("download", number(arrived, "returned"), "ops")
    assert f"{last.recorded_at:%d/%m/%Y}" in words_of(shown(visit, arrived, "returned"))


def test_a_mail_shows_what_it_says_and_leads_to_what_follows(visit: Visit, arrived: Arrivals) -> None:
    page = shown(visit, arrived, "reply")
    words = words_of(page)
    assert "Dạ chiều thứ Sáu em gửi ạ" in words
    assert "Hẹn gửi chậm nhất ngày 26/11/2021" in words
    assert "Nói đã gửi văn bản số 128/UBND-VP" in words
    form = visit("ops").get(f"/register?submission={arrived.ids['reply']}").text
    assert html.fromstring(form).xpath("//input[@name='number']/@value") == ["128/UBND-VP"]
    assert html.fromstring(form).xpath("//select[@name='agency']/option[@selected]/@value") == [DUC_THO]
    bounce = words_of(shown(visit, arrived, "bounce"))
    assert "Không đến được cu@ductho.test (mã 5.1.1)" in bounce
    assert "về thư TH-" in bounce


def test_a_scan_that_bears_a_workbook_s_code_is_registered_by_what_the_workbook_says(acted: Arrivals) -> None:
    scan = acted.file("scan", b"%PDF-1.4 scan", "cv.pdf")
    with acted.app.sessions.begin() as session:
        session.scalars(select(Verdict).where(Verdict.submission_id == scan)).one().letter_of = acted.ids["accepted"]
    form = html.fromstring(browsers(acted.app)("ops").get(f"/inbox/{scan}/register").text)
    filled = [form.xpath(f"//input[@name='{name}']/@value") for name in ("number", "document_date")]
    assert filled == [["1234/UBND-VHTT"], ["2021-11-17"]]


def test_a_reply_stands_beside_its_agency(visit: Visit, arrived: Arrivals) -> None:
    page = visit("ops").get(f"/agency/{DUC_THO}").text
    assert "Dạ chiều thứ Sáu em gửi ạ" in words_of(page)
    assert f'href="/submissions/{arrived.ids["reply"]}"' in page
    assert "0912345678" not in visit("viewer").get(f"/agency/{DUC_THO}").text
    assert "Thư trả lời" not in visit("ops").get(f"/agency/{VU_QUANG}").text


def test_a_reply_is_closed_from_the_page_of_its_agency_with_what_it_says_filled_in(acted: Arrivals) -> None:
    said = {"promised": date(2021, 11, 26), "document_number": "128/UBND-VP"}
    visit, reply = browsers(acted.app), acted.mail("reply", MailKind.REPLY, "Thứ Sáu ạ.", Outcome.WAITING, **said)
    page = html.fromstring(visit("ops").get(f"/agency/{DUC_THO}").text)
    [form] = [one for one in page.forms if one.fields.get("reply") == str(reply)]
    assert form.fields["until"] == "2021-11-26"
    assert visit("ops").post("/promised", headers=ORIGIN, data=dict(form.fields)).status_code == 303
    assert "đã ghi ngày hẹn: quyết định số 1 (ops)" in words_of(visit("ops").get(f"/agency/{DUC_THO}").text)
    visit("ops").post("/pauses/1/undo", headers=ORIGIN, data={"reason": "ghi nhầm"})
    assert "chờ Sở xử lý" in words_of(visit("ops").get(f"/agency/{DUC_THO}").text), "its promise was taken back"
    entered = html.fromstring(visit("ops").get(f"/register?submission={reply}").text)
    assert entered.xpath("//input[@name='number']/@value") == ["128/UBND-VP"]
    assert entered.xpath("//input[@name='reply']/@value") == [str(reply)]


def test_there_is_no_page_of_what_never_came(visit: Visit) -> None:
    for path in ("/submissions/999", "/submissions/999/copy", "/register?submission=999", "/submissions/x"):
        assert visit("ops").get(path).status_code in (400, 404), path


def test_a_page_reads_no_rows_of_forms_and_asks_the_database_a_fixed_number_of_times(
    visit: Visit, arrived: Arrivals
) -> None:
    asked: list[str] = []
    engine = arrived.app.sessions.kw["bind"]

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        visit("ops").get("/submissions")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(asked) <= 12
    assert not [one for one in asked if "verdicts.rows" in one or "verdicts.issues" in one]


def test_scripts_get_the_same_from_the_command_line(arrived: Arrivals, capsys: pytest.CaptureFixture[str]) -> None:
    from dondoc.cli.intake import listed as command
    from dondoc.cli.intake import shown as one

    command(work="correction", as_json=True, limit=10, age=0)
    [row] = json.loads(capsys.readouterr().out)
    assert (row["number"], row["todo"], row["age"]) == (number(arrived, "returned"), "correct", 6)
    one(number(arrived, "conflict"), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["differences"]["other"] == number(arrived, "next")
    assert told["verdicts"][0]["outcome"] == "conflict"
    assert [letter["kind"] for letter in told["letters"]] == ["receipt"]
    one(number(arrived, "returned"), as_json=True)
    assert {issue["code"] for issue in json.loads(capsys.readouterr().out)["issues"]} >= {"not_in_list"}


# -- what a person does; each to a submission that no test above reads the state of


@pytest.fixture
def acted(environment: pytest.MonkeyPatch, app: AppContext) -> Arrivals:
    environment.setenv("DONDOC_CLOCK", NOW.isoformat())
    it = Arrivals(app)
    it.file("accepted", it.desk.form(cameras=1), "BM03.xlsx")
    it.file("conflict", it.desk.form(cameras=2), "BM03.xlsx", sender="hant.dt@hatinh.gov.vn")
    return it


def post(acted: Arrivals, path: str, **data: str) -> str:
    """The page to which a POST leads."""
    visit = browsers(acted.app)("ops")
    answer = visit.post(path, headers=ORIGIN, data=data)
    assert answer.status_code == 303, words_of(answer.text)
    return words_of(visit.get(answer.headers["location"]).text)


def outcome(acted: Arrivals, key: str) -> str:
    with acted.app.sessions.reading() as session:
        return str(record.of(acted.app, session, acted.ids[key], NOW).line.as_row()["outcome"])


def test_a_conflict_is_settled_either_way_and_taken_back(acted: Arrivals) -> None:
    number = acted.ids["conflict"]
    buttons = html.fromstring(browsers(acted.app)("ops").get(f"/submissions/{number}").text)
    forms = buttons.xpath("//section[contains(., 'Chọn bản')]//form")
    use, keep = ({i.get("name"): i.get("value") for i in form.xpath(".//input")} for form in forms)
    assert outcome(acted, "conflict") == Outcome.CONFLICT
    said = post(acted, forms[1].get("action"), **keep)
    assert f"{BN(number)}: đã xếp lại" in said
    assert "Thu hồi" in said
    assert "chờ xử lý trở lại" in post(acted, f"/submissions/{number}/undo", reason="chọn nhầm")
    assert outcome(acted, "conflict") == Outcome.CONFLICT
    post(acted, forms[0].get("action"), **use)
    assert outcome(acted, "conflict") == Outcome.ACCEPTED
    done = words_of(browsers(acted.app)("ops").get(f"/submissions/{number}").text)
    for word in ("chọn nhầm", "ops giao cho UBND huyện Đức Thọ", "giữ bản đang dùng BN-0001"):
        assert word in done


def test_a_call_is_written_down_from_the_reply(acted: Arrivals) -> None:
    from dondoc.vocabulary.mails import MailKind

    acted.mail("reply", MailKind.REPLY, "mai em gửi", Outcome.WAITING, promised=NOW.date())
    page = browsers(acted.app)("ops").get(f"/submissions/{acted.ids['reply']}").text
    [form] = html.fromstring(page).xpath("//form[@action='/called']")
    filled = {i.get("name"): i.get("value") for i in form.xpath(".//input")}
    assert filled["reason"] == "đơn vị hẹn gửi chậm nhất ngày 25/11/2021"
    assert "ghi đã gọi điện với UBND huyện Đức Thọ" in post(acted, "/called", **filled)
    with acted.app.sessions.reading() as session:
        [ruling] = session.scalars(select(Ruling))
    assert (ruling.kind, ruling.agency, ruling.by) == ("called", DUC_THO, "ops")


def test_judging_again_shows_first_then_writes_what_was_shown(acted: Arrivals, monkeypatch: pytest.MonkeyPatch) -> None:
    from dondoc.web import rejudge

    new = acted.file("new", acted.desk.form(VU_QUANG, note=" mới"), "BM03.xlsx", sender="moi@vuquang.test")
    assert outcome(acted, "new") == Outcome.WAITING
    acted.desk.register(VU_QUANG, "moi@vuquang.test")
    monkeypatch.setattr(rejudge, "AT_ONCE", 2)
    visit = browsers(acted.app)("ops")
    page = visit.post("/rejudge", headers=ORIGIN).text
    assert "Đã kiểm tra 02 bản nộp, còn 1" in words_of(page)
    rest = html.fromstring(page).xpath("//form[.//button[starts-with(., 'Xem tiếp')]]//input")
    page = visit.post("/rejudge", headers=ORIGIN, data={i.get("name"): i.get("value") for i in rest}).text
    assert rows_of(page)[0][3:5] == ["chờ xử lý", "đã tiếp nhận"]
    assert html.fromstring(page).xpath("//form[@action='/rejudge/apply']//input/@value") == [str(new)]
    assert outcome(acted, "new") == Outcome.WAITING
    assert "Đã ghi kết quả mới của 01 bản nộp" in post(acted, "/rejudge/apply", submission=str(new))
    assert outcome(acted, "new") == Outcome.ACCEPTED
    assert "Không bản nộp nào" in words_of(visit.post("/rejudge", headers=ORIGIN, data={"agency": VU_QUANG}).text)


class TestWords:
    def test_a_mail_that_brought_no_file_is_called_by_its_subject(self, visit: Visit, arrived: Arrivals) -> None:
        key = next(key for key, n in arrived.ids.items() if f"Trả lời: {key}" in listed_words(visit, n))
        page = shown(visit, arrived, key)
        assert "thu.eml" not in words_of(page)
        assert 'id="file"' not in page

    def test_the_options_of_the_inbox_begin_with_the_guess(self, visit: Visit) -> None:
        tree = html.fromstring(visit("ops").get("/inbox").text)
        selects = tree.xpath("//select[@name='agency']")
        assert selects
        assert len({tuple(option.get("value") for option in s if option.get("selected") is None) for s in selects}) == 1


def listed_words(visit: Visit, number: int) -> str:
    return words_of(visit("ops").get(f"/submissions?q={BN(number)}").text)


def test_a_sentence_ends_once_and_a_mail_is_opened_where_it_can_be_read(visit: Visit, arrived: Arrivals) -> None:
    assert ".." not in words_of(shown(visit, arrived, "refused"))
    page = html.fromstring(visit("ops").get("/inbox").text)
    assert page.xpath("//a[text()='Trả lời: reply']/@href") == [f"/submissions/{arrived.ids['reply']}"]


def test_a_scan_that_waits_to_be_registered_lists_no_issues(visit: Visit, arrived: Arrivals) -> None:
    with arrived.app.sessions.reading() as session:
        assert record.of(arrived.app, session, arrived.ids["scan"], NOW).places, "it could not be read as a form"
    assert "Điểm cần sửa" not in shown(visit, arrived, "scan")
    assert "Điểm cần sửa" in shown(visit, arrived, "refused")


def test_any_file_can_be_uploaded(acted: Arrivals) -> None:
    visit = browsers(acted.app)
    [field] = html.fromstring(visit("ops").get("/inbox").text).xpath("//input[@type='file']")
    assert "accept" not in field.attrib
    sent = {"files": {"file": ("phụ lục.docx", b"PK la", "application/octet-stream")}}
    answer = visit("ops").post("/inbox/upload", headers=ORIGIN, **sent)
    assert answer.status_code == 303
    assert "phụ lục.docx" in words_of(visit("ops").get("/inbox").text)
