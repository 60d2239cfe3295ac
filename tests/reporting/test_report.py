"""The week's figures, their workbook, their e-mail, and the record that the clerk issued them."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import select

from dondoc import approval, audit
from dondoc.cameras.registry.declarations import Source, say
from dondoc.clock import end_of
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.errors import Problem
from dondoc.facts import obligations
from dondoc.facts.register import register
from dondoc.reporting import mail, report, states, texts
from dondoc.reporting.changes import since_drawn
from dondoc.reporting.figures.compute import contents as compute_contents
from dondoc.reporting.figures.compute import figures as compute
from dondoc.store.cameras import Camera, CameraCheck
from dondoc.store.facts import Contact
from dondoc.store.intake import Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Decision, Report, ReportIssue
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.reports import Ask, ReportPart
from tests.conftest import NOVEMBER, SECRET, Run, acting, approver, at, letter_of
from tests.directive.letters import SHIPPED, file, group, written

from .conftest import LETTER, THURSDAY, Made, figures, looked_again, submission

FIRST_FORMAT = ("total", "waived", "fulfilled", "in_progress", "not_due", "overdue", "percent")


def test_the_figures_are_those_of_the_obligations(busy: AppContext) -> None:
    made = figures(busy, THURSDAY)
    with busy.sessions.begin() as session:
        rows = obligations.at(busy, session, THURSDAY)
    status = Counter(s.status for s in rows if s.duty.due_before)
    assert {name: made["headline"][name] for name in FIRST_FORMAT} == {
        "total": 30,
        "waived": status["waived"],
        "fulfilled": status["fulfilled"] + status["fulfilled_late"],
        "in_progress": status["under_review"] + status["returned"],
        "not_due": 0,
        "overdue": status["overdue"],
        "percent": 27.6,  # 8 of the 29 that were not waived
    }
    assert (made["headline"]["fulfilled"], made["headline"]["overdue"]) == (8, 19)
    late = {(s.agency, s.duty.short): s.working_days_late for s in rows if s.status == "overdue" and s.duty.due_before}
    assert {(r["agency"], f"{r['system']}/{r['deliverable']}"): r["working_days_late"] for r in made["late"]} == late


def test_recording_and_resolution_are_counted_as_the_newest_accepted_forms_declare_them(busy: AppContext) -> None:
    submission(busy, "ubnd-huyen-duc-tho", "form_03", "accepted", at(24))
    submission(busy, "ubnd-huyen-huong-son", "form_03", "returned", at(24))
    submission(busy, "so-nnptnt", "form_01", "accepted", at(26))
    row = {"resolution": "1080p", "retention_days": 30}
    told = {  # agency → the rows of each of its forms, in the order in which they came
        "ubnd-huyen-duc-tho": [[row] * 9, [row, row | {"retention_days": 29}, {"name": "chưa lắp"}]],
        "ubnd-huyen-huong-son": [[], [row]],
        "so-nnptnt": [[row | {"resolution": "4k"}, {"resolution": None, "retention_days": 365}], [row] * 9],
    }
    with busy.sessions.begin() as session:
        for agency, forms in told.items():
            its = session.scalars(select(Verdict).where(Verdict.agency == agency).order_by(Verdict.id))
            for verdict, rows in zip(its, forms, strict=True):
                verdict.rows = rows
    assert figures(busy, THURSDAY)["declared"] == {
        "retention": 4,
        "kept": 3,
        "resolutions": {"1080p (2MP)": 2, "4K (8MP)": 1},
    }
    assert figures(busy, at(23, 17))["declared"]["retention"] == 11


def test_the_systems_add_up_to_the_headline(busy: AppContext) -> None:
    made = figures(busy, THURSDAY)
    assert [s["system"] for s in made["systems"]] == [
        "public_admin_centre",
        "security_traffic",
        "tourism",
        "port_border",
        "reservoir",
    ]
    for name in ("total", "waived", "fulfilled", "in_progress", "not_due", "overdue"):
        assert sum(s[name] for s in made["systems"]) == made["headline"][name]


def test_declared_reachable_and_showing_stand_side_by_side(busy: AppContext) -> None:
    made = figures(busy, THURSDAY)
    rows = {c["agency"]: c for c in made["cameras"]}
    assert [*rows] == ["so-nnptnt", "ubnd-huyen-duc-tho", "ubnd-huyen-vu-quang"]  # administrative order
    duc_tho = rows["ubnd-huyen-duc-tho"]
    assert (duc_tho["declared"], duc_tho["checked"], duc_tho["reachable"], duc_tho["showing"]) == (4, 4, 3, 2)
    assert duc_tho["outages"] == 1
    vu_quang = rows["ubnd-huyen-vu-quang"]
    assert (vu_quang["checked"], vu_quang["not_checked"], vu_quang["reachable"], vu_quang["showing"]) == (1, 2, 1, 0)
    assert made["cameras_total"]["declared"] == 19
    assert made["cameras_total"]["sites"] == 7


def test_an_old_look_and_a_first_stage_say_nothing_about_a_picture(busy: AppContext) -> None:
    looked_again(busy, 5, only="ok", stage=1)
    assert figures(busy, THURSDAY)["cameras_total"]["showing"] == 0
    later = figures(busy, THURSDAY + timedelta(days=7))["cameras_total"]
    assert (later["declared"], later["checked"]) == (19, 0)


def test_a_camera_exempt_from_checks_is_outside_the_denominator(busy: AppContext) -> None:
    with busy.sessions.begin() as session:
        for camera in session.scalars(select(Camera).where(Camera.agency == "so-nnptnt")):
            gone = {"status": "not_installed"}
            say(session, camera, Source.IMPORT, gone, happened_at=at(25, 9), now=at(26))
    rows = {c["agency"]: c for c in figures(busy, THURSDAY)["cameras"]}
    assert (rows["so-nnptnt"]["checked"], rows["so-nnptnt"]["not_checked"]) == (0, 12)
    as_known_then = figures(busy, THURSDAY, known_at=THURSDAY)["cameras"]
    assert {c["agency"]: c for c in as_known_then}["so-nnptnt"]["checked"] == 12


def test_only_letters_that_truly_left_are_counted(busy: AppContext) -> None:
    late = {r["agency"]: r["letters_sent"] for r in figures(busy, THURSDAY)["late"]}
    assert late["ubnd-huyen-ky-anh"] == 2  # the third was a rehearsal
    assert {r["agency"]: r["letters_sent"] for r in figures(busy, at(23, 17))["late"]}["ubnd-huyen-ky-anh"] == 1


def test_the_same_facts_give_the_same_bytes(busy: AppContext, tmp_path: Path) -> None:
    for name in ("mot", "hai"):
        report.make(busy, letter_of(busy), THURSDAY, None, tmp_path / name)
    assert (tmp_path / "mot" / "figures.json").read_bytes() == (tmp_path / "hai" / "figures.json").read_bytes()


def test_a_report_of_three_weeks_ago_is_made_again_as_it_was_known_then(busy: AppContext, tmp_path: Path) -> None:
    then = figures(busy, THURSDAY)
    submission(busy, "ubnd-huyen-loc-ha", "form_03", "accepted", at(19), known=at(10, month=12))
    with busy.sessions.begin() as session:
        register(
            session,
            busy.letters(session, NOVEMBER),
            busy.registry,
            agency="ubnd-huyen-ky-anh",
            fulfils=["focal_letter"],
            number="8/UBND",
            document_date=date(2021, 11, 16),
            arrived=at(17),
            blob=None,
            by=acting("Trần Thị Văn"),
            secrets=[SECRET],
            now=at(12, month=12),
        )
        for camera in session.scalars(select(Camera).where(Camera.agency == "ubnd-huyen-duc-tho")):
            session.add(
                CameraCheck(
                    camera_id=camera.id,
                    night=date(2021, 11, 24),
                    round="bo-sung",
                    stage=2,
                    verdict="ok",
                    phase="done",
                    detail="",
                    elapsed_ms=1,
                    happened_at=at(25, 4),
                    recorded_at=at(11, month=12),
                )
            )
    again = figures(busy, THURSDAY, known_at=THURSDAY)
    assert {**again, "known_at": None} == then
    repaired = figures(busy, THURSDAY)
    assert repaired["headline"]["fulfilled"] == then["headline"]["fulfilled"] + 2
    assert repaired["cameras_total"]["showing"] == then["cameras_total"]["showing"] + 2


def test_a_year_without_an_official_calendar_is_said(app: AppContext) -> None:
    assert not figures(app, THURSDAY)["unconfirmed_calendar"]
    assert figures(app, at(4, 17, month=3, year=2027))["unconfirmed_calendar"]


def test_the_workbook_and_the_mail_have_the_numbers_of_the_figures(busy: AppContext, made: Made) -> None:
    book = load_workbook(made / "report.xlsx")
    below = {row[1].value: [cell.value for cell in row] for row in book["Tiến độ"].iter_rows(5)}
    assert below["Tổng cộng"][2:] == [29, 7, 1, 1, 1, 19, 0, pytest.approx(8 / 29), 1]
    assert sum(1 for _ in book["Dữ liệu – nội dung"].iter_rows(5)) == 30
    assert sum(1 for _ in book["Dữ liệu – camera"].iter_rows(5)) == 19
    page = (made / "report.html").read_text(encoding="utf-8")
    assert all(said in page for said in mail.opening(compute(busy, letter_of(busy), THURSDAY), letter_of(busy)))
    assert page.count("UBND huyện Kỳ Anh") == 1
    assert "Cộng hòa" not in page.lower()


def test_a_folder_that_cannot_be_written_is_a_sentence(app: AppContext, tmp_path: Path) -> None:
    (tmp_path / "tep").touch()
    with pytest.raises(Problem, match="Không ghi được báo cáo"):
        report.make(app, letter_of(app), THURSDAY, None, tmp_path / "tep" / "x")


def test_the_command_writes_four_files_and_the_clerk_issues_them(
    busy: AppContext, dondoc: Run, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("DONDOC_CLOCK", "2021-11-25T17:30+07:00")
    out, signed = tmp_path / "ra", tmp_path / "ky.pdf"
    signed.write_bytes(b"%PDF-1.7 da ky")
    dondoc("report", "--as-of", "2021-11-25", "--out", out)
    assert sorted(p.name for p in out.iterdir()) == ["figures.json", "report.docx", "report.html", "report.xlsx"]
    assert json.loads((out / "figures.json").read_bytes())["headline"]["overdue"] == 19

    environment.setenv("DONDOC_CLOCK", "2021-11-26T08:30+07:00")
    given = ("--number", "05/BC-STTTT", "--date", "2021-11-26", "--by", "Trần Thị Văn")
    for day, sentence in (("2021-11-27", "trong tương lai"), ("2021-11-24", "trước ngày của số liệu báo cáo")):
        with pytest.raises(Problem, match=sentence):
            dondoc("report", "issue", "--as-of", "2021-11-25", "--file", signed, *given, "--date", day)
    dondoc("report", "issue", "--as-of", "2021-11-25", "--file", signed, *given)
    with busy.sessions.begin() as session:
        [row] = session.scalars(select(ReportIssue))
        assert (row.as_of, row.document_number, row.document_date) == (
            date(2021, 11, 25),
            "05/BC-STTTT",
            date(2021, 11, 26),
        )
        assert busy.blobs.get(row.blob) == b"%PDF-1.7 da ky"
        [event] = audit.events(session, act="issue_report")
    assert (event.act, event.subject, event.name, event.channel) == (
        "issue_report",
        "2021-11-25",
        "Trần Thị Văn",
        "cli",
    )
    assert event.details["number"] == "05/BC-STTTT"
    with pytest.raises(Problem, match="tên của máy"):
        dondoc("report", "issue", "--as-of", "2021-11-25", "--file", signed, *given[:-1], "dondoc")
    with pytest.raises(Problem, match="đã được ghi nhận phát hành rồi"):
        dondoc("report", "issue", "--as-of", "2021-11-25", "--file", signed, *given)
    again = ("--number", "06/BC-STTTT", *given[2:], "--reason", "ghi nhầm số")
    (draft := tmp_path / "du-thao.pdf").write_bytes(b"PK: a renamed Word file")
    told = dondoc("report", "issue", "--as-of", "2021-11-25", "--file", draft, *again)
    assert "du-thao.pdf không phải tệp PDF: kiểm tra lại" in told.stderr
    told = dondoc("report", "issue", "--as-of", "2021-11-25", "--file", signed, *again)
    assert "không phải tệp PDF" not in told.stderr
    assert figures(busy, at(2, 17, month=12))["since"]["number"] == "06/BC-STTTT"
    with pytest.raises(Problem, match="Chưa có báo cáo nào với số liệu ngày 18/11/2021"):
        dondoc("report", "issue", "--as-of", "2021-11-18", "--file", signed, *given)
    with pytest.raises(Problem, match="không đọc được văn bản đã ký"):
        dondoc("report", "issue", "--as-of", "2021-11-18", "--file", tmp_path / "khong.pdf", *given)
    with pytest.raises(Problem, match="Số, ký hiệu văn bản"):
        dondoc("report", "issue", "--as-of", "2021-11-25", "--file", signed, "--number", " ", *given[2:])


def test_a_report_drawn_up_before_five_in_the_afternoon_speaks_of_its_own_moment(
    busy: AppContext, dondoc: Run, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("DONDOC_CLOCK", "2021-11-25T14:00+07:00")
    for day, hour in (("2021-11-25", "14"), ("2021-11-24", "17")):
        dondoc("report", "--as-of", day, "--out", tmp_path / day)
        assert json.loads((tmp_path / day / "figures.json").read_bytes())["as_of"].startswith(f"{day}T{hour}:")


def test_known_at_as_a_day_means_its_end(busy: AppContext, dondoc: Run, tmp_path: Path) -> None:
    for known, fulfilled in (("2021-11-21", 7), ("2021-11-22", 8), ("2021-11-22T08:00+07:00", 7)):
        dondoc("report", "--as-of", "2021-11-25", "--known-at", known, "--out", tmp_path / "ra")
        assert json.loads((tmp_path / "ra" / "figures.json").read_bytes())["headline"]["fulfilled"] == fulfilled


def superior_and_board(app: AppContext) -> None:
    with app.sessions.begin() as session:
        for agency, role, email in (
            ("ubnd-tinh", "clerk", "vanthu@ubnd.test"),
            ("so-tttt", "board", "bgd@sottt.test"),
        ):
            session.add(
                Contact(
                    agency=agency,
                    role=role,
                    name="A",
                    email=email,
                    phone="",
                    valid_from=date(2021, 1, 1),
                    recorded_at=at(1),
                )
            )


def letters(app: AppContext) -> list[OutboxLetter]:
    with app.sessions.begin() as session:
        return list(
            session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "report").order_by(OutboxLetter.id))
        )


def test_the_weeks_mail_is_held_for_approval_and_carries_the_workbook_only(busy: AppContext, made: Made) -> None:
    superior_and_board(busy)
    ids = report.enqueue(busy, letter_of(busy), THURSDAY, made.folder, at(25, 17, 20))
    assert report.enqueue(busy, letter_of(busy), THURSDAY, made.folder, at(25, 17, 25)) == ids
    rows = letters(busy)
    assert [(r.recipient, r.state, r.needs_approval) for r in rows] == [
        ("vanthu@ubnd.test", "held", True),
        ("bgd@sottt.test", "held", True),
    ]
    assert [a["filename"] for a in rows[0].attachments] == ["so_lieu_20211125.xlsx"]
    assert busy.blobs.get(rows[0].attachments[0]["sha256"]) == (made / "report.xlsx").read_bytes()
    late = figures(busy, THURSDAY)["headline"]["late"]
    said = f"Camera IOC tuần 47: 08/29 nội dung, {late} quá hạn, xin ý kiến về 03 cơ quan [IOC Hà Tĩnh]"
    assert rows[0].subject == said
    with busy.sessions.begin() as session:
        assert len(session.scalars(select(Report)).all()) == 1


def test_an_unsent_mail_gives_way_to_the_next_weeks(busy: AppContext, made: Made, tmp_path: Path) -> None:
    superior_and_board(busy)
    first = report.enqueue(busy, letter_of(busy), THURSDAY, made.folder, at(25, 17, 20))
    checks = {"report": report.precondition(busy)}
    with busy.sessions.begin() as session:
        rows = {row.id: row for row in letters(busy)}
        assert checks["report"](session, rows[first[0]], at(26)) is None
    report.make(busy, letter_of(busy), end_of(date(2021, 12, 2)), None, tmp_path / "sau")
    second = report.enqueue(busy, letter_of(busy), end_of(date(2021, 12, 2)), tmp_path / "sau", at(2, 17, month=12))
    approver(busy, "Phó Giám đốc")
    with busy.sessions.begin() as session:
        approval.approve(busy, session, [*first, *second], acting(), now=at(2, 18, month=12))
    states = {row.id: row for row in letters(busy)}
    assert {states[i].state for i in first} == {"cancelled"}
    assert {states[i].state for i in second} == {"pending"}
    assert "đã có báo cáo mới hơn" in states[first[0]].reason


def test_each_letter_has_a_report_of_its_own(
    environment: pytest.MonkeyPatch, app: AppContext, dondoc: Run, tmp_path: Path
) -> None:
    owed = group("tourism/form_03", "ubnd-huyen-duc-tho", due_before="2021-11-20")
    environment.setenv("DONDOC_DIRECTIVE", f"{SHIPPED},{written(tmp_path / 'b.yaml', file(owed))}")
    environment.setenv("DONDOC_CLOCK", at(25, 18).isoformat())
    asked = ("report", "--as-of", "2021-11-25", "--out")
    with pytest.raises(Problem, match="Ghi rõ --directive: stttt-cntt-2021-11, stttt-2021-12"):
        dondoc(*asked, tmp_path / "x")
    totals = {}
    for letter in (LETTER, "stttt-2021-12"):
        dondoc(*asked, tmp_path / letter, "--directive", letter)
        made = json.loads((tmp_path / letter / "figures.json").read_bytes())
        totals[made["directive"]] = (made["headline"]["total"], made["headline"]["overdue"])
    assert totals == {LETTER: (30, 30), "stttt-2021-12": (1, 1)}
    with app.sessions.reading() as session:
        assert {*session.scalars(select(Report.directive))} == totals.keys()


def test_a_letter_that_asks_for_no_form_is_reported_under_its_own_number_and_without_cameras(
    environment: pytest.MonkeyPatch, app: AppContext, tmp_path: Path
) -> None:
    monthly = {"first": "2021-11", "last": "2022-04", "before_day": 25}
    owed = group("general/letter", "ubnd-huyen-duc-tho", text="Báo cáo tình hình", periodic=monthly)
    environment.setenv("DONDOC_DIRECTIVE", f"{SHIPPED},{written(tmp_path / 'b.yaml', file(owed))}")
    two = AppContext(load())
    with two.sessions.reading() as session:
        letter = two.letters(session, date(2021, 11, 25))[-1]
    made = report.make(two, letter, at(25, 17), None, tmp_path / "made")
    about = "Văn bản số 2500/STTTT-CNTT ngày 16/11/2021 của Sở Thông tin và Truyền thông"
    drawn, page = Document(made["report.docx"]), made["report.html"].read_text()
    text = "\n".join(p.text for p in drawn.paragraphs)
    assert "Kết quả thực hiện Văn bản số 2500/STTTT-CNTT ngày 16/11/2021 về" in text
    assert "UBND tỉnh và Văn bản số 2500" in text
    assert f"về việc thực hiện {about}" in page
    subject = letter.title.removeprefix("V/v ")
    assert not any("camera" in said.lower() for said in (text.replace(subject, ""), page))
    systems, late = [[[c.text for c in row.cells] for row in table.rows[2:]] for table in drawn.tables[1:3]]
    assert [row[1] for row in systems] == ["Nội dung chung", "Tổng cộng"]
    assert [row[2] for row in late] == ["Báo cáo tình hình, kỳ 11/2021 (01 ngày)"]
    assert "Có 01 đơn vị còn nội dung quá hạn (Bảng 2): 01 nội dung chưa gửi." in text


def test_the_superior_is_asked_to_admonish_nobody_whom_a_letter_still_gives_time(busy: AppContext) -> None:
    agency = "ubnd-huyen-ky-anh"
    said: dict[str, Any] = {"step": "overdue_2", "directives": [LETTER], "obligations": [], "reason": "", "reasons": []}
    with busy.sessions.begin() as session:
        decision = Decision(as_of=at(24).date(), agency=agency, answer_by=at(26).date(), recorded_at=at(24), **said)
        session.add(decision)
        session.flush()
        letter = session.scalars(select(OutboxLetter).where(OutboxLetter.agency == agency)).all()[1]
        letter.decision_id = decision.id
        letter.context = {"steps": {LETTER: "overdue_2"}, "copy": False}
    late = {row["agency"]: row["answer_by"] for row in figures(busy, THURSDAY)["late"]}
    assert {who for who, until in late.items() if until} == {agency}
    name = busy.registry.agency(agency).name
    for as_of, ask in ((THURSDAY, Ask.KEEP_CHASING), (at(29, 17), Ask.REMINDER)):
        about = [one.ask for one in compute(busy, letter_of(busy), as_of).proposals if name in one.agencies]
        assert about == [ask]


def test_the_superior_is_asked_to_remind_nobody_whose_head_was_not_written_to(busy: AppContext) -> None:
    """The letters of the busy week went to the clerk alone, and gave no day."""
    asks = {one.ask for one in compute(busy, letter_of(busy), at(29, 17, month=12)).proposals}
    assert asks == {Ask.SUPERIOR_LETTER, Ask.KEEP_CHASING}


def test_drawn_up_again_the_weeks_mail_takes_the_place_of_what_has_not_left_and_of_nothing_else(
    busy: AppContext, tmp_path: Path
) -> None:
    superior_and_board(busy)

    def drawn(name: str) -> list[int]:
        report.make(busy, letter_of(busy), THURSDAY, None, tmp_path / name)
        return report.enqueue(busy, letter_of(busy), THURSDAY, tmp_path / name, at(25, 18))

    first = drawn("mot")
    submission(busy, "ubnd-huyen-loc-ha", "form_03", "accepted", at(19), known=at(25, 17, 30))
    second = drawn("hai")
    assert drawn("hai") == second
    assert not {*first} & {*second}
    states = {row.id: (row.state, row.reason) for row in letters(busy)}
    assert {states[one] for one in first} == {("cancelled", "đã có bản lập sau là BC-0002")}
    assert {states[one][0] for one in second} == {"held"}
    with busy.sessions.begin() as session:
        session.get_one(OutboxLetter, second[0]).state = OutboxState.SENT
    submission(busy, "ubnd-huyen-thach-ha", "form_03", "accepted", at(19), known=at(25, 17, 40))
    drawn("ba")
    assert len(letters(busy)) == 4, "one of them has left: there is no second"


def issued(app: AppContext, number: str, when: datetime, **more: Any) -> int:
    said = {
        "number": number,
        "document_date": when.date(),
        "signed": b"%PDF-" + number.encode(),
        "actor": acting("Văn Thư"),
    }
    return states.issued(app, LETTER, THURSDAY.date(), now=when, **said, **more)


def drafts(app: AppContext) -> list[int]:
    with app.sessions.reading() as session:
        return [one.id for one in states.of_day(session, LETTER, THURSDAY.date())]


def drawn_again(app: AppContext, out: Path, when: datetime, causes: str | None = None) -> list[int]:
    """Drawn up, after somebody wrote causes; the ids of its letters."""
    if causes is not None:
        with app.sessions.begin() as session:
            texts.write(
                session, LETTER, THURSDAY.date(), ReportPart.CAUSES, causes, acting(), secrets=[SECRET], now=when
            )
    place = report.draw(app, letter_of(app), THURSDAY, out)
    return report.enqueue(app, letter_of(app), THURSDAY, place, when)


def test_the_next_report_names_an_issued_one_by_the_number_that_was_corrected(busy: AppContext, made: Made) -> None:
    report.enqueue(busy, letter_of(busy), THURSDAY, made.folder, at(25, 17, 20))
    issued(busy, "05/BC", at(26))
    issued(busy, "06/BC", at(26, 9), reason="ghi nhầm số")
    later = figures(busy, at(2, 17, month=12))
    assert later["since"]["number"] == "06/BC"


def test_figures_that_go_back_to_an_earlier_drafts_are_a_new_draft_with_letters_of_its_own(
    busy: AppContext, tmp_path: Path
) -> None:
    superior_and_board(busy)
    sent = [
        drawn_again(busy, tmp_path / "ra", at(25, 17 + hour), causes)
        for hour, causes in enumerate([None, "Do mưa lũ.", "", "Do mưa lũ."])
    ]
    assert drafts(busy) == [1, 2, 3, 4]
    held = {row.id for row in letters(busy) if row.state == OutboxState.HELD}
    assert held == {*sent[-1]}
    assert len(letters(busy)) == 8
    assert drawn_again(busy, tmp_path / "ra", at(25, 22)) == sent[-1], "nothing is new"
    assert drafts(busy) == [1, 2, 3, 4]


def test_a_look_back_at_what_was_known_is_no_newer_draft(busy: AppContext, made: Made, tmp_path: Path) -> None:
    report.enqueue(busy, letter_of(busy), THURSDAY, made.folder, at(25, 17, 20))
    report.make(busy, letter_of(busy), THURSDAY, at(22), tmp_path / "ra")
    with busy.sessions.begin() as session:
        report.record(session, LETTER, THURSDAY, at(22), tmp_path / "ra", at(26), secrets=[SECRET])
    assert drafts(busy) == [2, 1]
    issued(busy, "05/BC", at(26, 9))
    with busy.sessions.reading() as session:
        assert states.held(session, LETTER, THURSDAY.date()).id == 1


def test_a_slip_in_an_issued_report_is_corrected_when_another_draft_was_drawn_up_since(
    busy: AppContext, tmp_path: Path
) -> None:
    drawn_again(busy, tmp_path / "ra", at(25, 18))
    issued(busy, "05/BC", at(26))
    drawn_again(busy, tmp_path / "ra", at(26, 9), "Do mưa lũ.")
    with pytest.raises(Problem, match=r"BC-0001 để sửa lần ghi đã có, BC-0002 để thay"):
        issued(busy, "06/BC", at(26, 10), reason="ghi nhầm số")
    issued(busy, "06/BC", at(26, 10), reason="ghi nhầm số", draft=1)
    with busy.sessions.reading() as session:
        standing = states.standing(session, states.of_day(session, LETTER, THURSDAY.date()))
    assert {number: one.state for number, one in standing.items()} == {1: "issued", 2: "draft"}
    issued(busy, "07/BC", at(26, 11), reason="thay", draft=2)
    with pytest.raises(Problem, match="bản lập sau là BC-0002"):
        issued(busy, "08/BC", at(26, 12), reason="ghi lại", draft=1)


def test_two_who_draw_up_at_once_never_share_a_folder(busy: AppContext, tmp_path: Path) -> None:
    first = compute_contents(busy, letter_of(busy), THURSDAY)
    submission(busy, "ubnd-huyen-loc-ha", "form_03", "accepted", at(19), known=at(25, 17, 30))
    report.draw(busy, letter_of(busy), THURSDAY, tmp_path / "ra")  # while the other counted
    assert not report._laid(busy, letter_of(busy), first, tmp_path / "ra")
    assert {one.name for one in tmp_path.iterdir()} >= {"ra"}
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]
    assert json.loads((tmp_path / "ra" / "figures.json").read_bytes()) != first.figures.as_json()


def test_two_who_issue_at_once_do_it_once(empty_database: str, app: AppContext, tmp_path: Path) -> None:
    report.make(app, letter_of(app), THURSDAY, None, tmp_path / "ra")
    report.enqueue(app, letter_of(app), THURSDAY, tmp_path / "ra", at(25, 18))
    gate = threading.Barrier(4)

    def clerk(number: int) -> bool:
        gate.wait()
        try:
            issued(app, f"{number}/BC", at(26))
        except Problem:
            return False
        return True

    with ThreadPoolExecutor(4) as clerks:
        assert sorted(clerks.map(clerk, range(4))) == [False, False, False, True]


def test_changes_are_told_from_what_a_report_says_whatever_came_while_it_was_drawn(
    busy: AppContext, tmp_path: Path
) -> None:
    submission(busy, "ubnd-huyen-loc-ha", "form_03", "accepted", at(19), known=at(25, 17, 30))
    report.make(busy, letter_of(busy), THURSDAY, None, tmp_path / "ra")
    report.enqueue(busy, letter_of(busy), THURSDAY, tmp_path / "ra", at(25, 17, 15))  # its hour, before it was counted
    with busy.sessions.reading() as session:
        drawn = session.get_one(Report, 1)
    assert since_drawn(busy, letter_of(busy), drawn) == []


@pytest.mark.parametrize("hidden", ["Do \u202emưa", "Do\x00mưa", "Do\ud800mưa"])
def test_what_is_written_in_a_report_has_no_character_that_nobody_sees(app: AppContext, hidden: str) -> None:
    with app.sessions.begin() as session, pytest.raises(Problem, match="Phần “Nguyên nhân” có ký tự không nhìn thấy"):
        texts.write(session, LETTER, THURSDAY.date(), ReportPart.CAUSES, hidden, acting(), secrets=[SECRET], now=at(25))


def test_drawn_up_twice_at_once_one_drafts_letters_wait_and_no_others(
    empty_database: str, app: AppContext, tmp_path: Path
) -> None:
    superior_and_board(app)
    places = [tmp_path / str(number) for number in range(3)]
    for number, place in enumerate(places):
        with app.sessions.begin() as session:
            said = {"secrets": [SECRET], "now": at(25, 17, number)}
            texts.write(session, LETTER, THURSDAY.date(), ReportPart.CAUSES, f"{number}", acting(), **said)  # type: ignore[arg-type]
        report.make(app, letter_of(app), THURSDAY, None, place)
    gate = threading.Barrier(3)

    def draw(place: Path) -> None:
        gate.wait()
        report.enqueue(app, letter_of(app), THURSDAY, place, at(25, 18))

    with ThreadPoolExecutor(3) as hands:
        list(hands.map(draw, places))
    held = [row for row in letters(app) if row.state == OutboxState.HELD]
    assert (len(held), {row.context["report"] for row in held}) == (2, {drafts(app)[-1]})
