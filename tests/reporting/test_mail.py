"""The week's e-mail: its subject, its sentences and its one table, on a phone too."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dondoc.configuration.settings import DATA
from dondoc.mail.render import Rendered, render
from dondoc.masking import HIDDEN
from dondoc.reporting import mail, sentences
from dondoc.reporting.figures.compute import Contents
from dondoc.reporting.figures.model import LateAgency, Progress, Proposal, Texts
from dondoc.vocabulary.agencies import AgencyKind
from dondoc.vocabulary.reports import Ask
from tests.directive.letters import NOVEMBER_2021, REGISTRY, directive, group
from tests.reporting.samples import TODAY, contents

LETTER = NOVEMBER_2021.directive(REGISTRY)
DESK = "Nguyễn Thị Hà, điện thoại 0912 345 678"


def written(made: Contents, desk: str | None = DESK) -> Rendered:
    return render(DATA, REGISTRY, "report", mail.words_of(made.figures, LETTER, desk), made.figures.day)


def subject(**fields: Any) -> str:
    return written(contents(late=0, done=0, **{"proposals": (), **fields})).subject


def asked(ask: Ask, *agencies: str) -> Proposal:
    return Proposal(ask=ask, kind=AgencyKind.CENTRAL, agencies=agencies, by=TODAY, week=48)


def test_the_subject_says_how_far_it_is_what_is_late_and_what_is_asked() -> None:
    week = Progress(owed=30, on_time=13, done_late=1, overdue=16, late=14)
    three = (asked(Ask.SUPERIOR_LETTER, "A", "B"), asked(Ask.REMINDER, "C"), asked(Ask.KEEP_CHASING, "D"))
    said = subject(headline=week, proposals=three)
    assert said == "Camera IOC tuần 47: 14/30 nội dung, 14 quá hạn, xin ý kiến về 03 cơ quan [IOC Hà Tĩnh]"


def test_the_subject_counts_no_agency_where_a_person_wrote_the_proposals() -> None:
    said = subject(proposals=(asked(Ask.REMINDER, "A"),), texts=Texts(proposals="Đề nghị họp giao ban."))
    assert "xin ý kiến" not in said


@pytest.mark.parametrize(
    ("week", "said"),
    [
        (Progress(owed=30, on_time=14, not_due=16), "14/30 nội dung"),
        (Progress(owed=30, overdue=30, late=30), "chưa có nội dung nào hoàn thành, 30 quá hạn"),
        (Progress(owed=5, on_time=4, done_late=1), "đã hoàn thành đủ 05 nội dung"),
        (Progress(waived=3), "không có nội dung phải gửi"),
    ],
)
def test_a_part_of_the_subject_that_is_not_true_is_left_out(week: Progress, said: str) -> None:
    assert subject(headline=week) == f"Camera IOC tuần 47: {said} [IOC Hà Tĩnh]"


def test_a_letter_without_a_short_name_goes_by_its_number() -> None:
    other = directive(group("tourism/form_03", "ubnd-huyen-duc-tho", due_before="2021-11-20"))
    assert mail.words_of(contents().figures, other, None)["matter"] == "Văn bản 2500/STTTT-CNTT"


def test_it_opens_with_the_sentences_of_the_report_and_says_where_the_rest_is() -> None:
    made = contents()
    sent, opening = written(made), mail.opening(made.figures, LETTER)
    for said in opening:
        assert said in sent.text
        assert said in html.unescape(sent.html)
    assert not any(re.search("Bảng|mục I", said) for said in opening)  # of a document that is not attached
    assert sent.text.index(opening[0]) < sent.text.index("UBND huyện Số 00") < sent.text.index("so_lieu_20211125.xlsx")
    assert f"Trao đổi: {DESK}." in sent.text
    assert f"Trao đổi: {DESK}." in sent.html
    assert "Trao đổi" not in written(made, None).text


def test_where_the_document_has_something_is_not_said_in_a_mail() -> None:
    for made in (contents(), contents(late=40), contents(texts=Texts(proposals="Đề nghị bố trí kinh phí."))):
        in_document = " ".join(sentences.summary(made.figures, LETTER))
        assert re.search(r"\(mục IV\)", in_document)
        sent = " ".join(mail.opening(made.figures, LETTER))
        assert not re.search(r"mục IV|Bảng \d", sent)
        assert re.sub(r" \((mục IV|Bảng \d)\)", "", in_document) == sent


def test_the_table_has_one_row_an_agency_and_four_columns() -> None:
    made = contents()
    sent = written(made)
    assert re.findall("<th[^>]*>(.*?)</th>", sent.html) == ["Đơn vị", "Còn thiếu", "Quá (ngày)", "Đôn đốc"]
    cells = [re.findall("<td[^>]*>(.*?)</td>", row) for row in re.findall("<tr>(.*?)</tr>", sent.html)]
    first = made.figures.late_agencies[0]
    assert cells[0] == [first.name, "Biểu mẫu 03", "04", sentences.late_state(first, TODAY)]
    assert len(cells) == 9
    assert f"- {first.name}: Biểu mẫu 03; quá 04 ngày; đôn đốc: " in sent.text


def test_the_system_is_named_only_where_two_things_would_be_called_the_same() -> None:
    [one] = contents(late=1).figures.late_agencies
    [duty] = one.duties
    other = duty.model_copy(update={"what": "Biểu mẫu 03 (Khu, điểm du lịch)", "working_days_late": 2})
    letter = duty.model_copy(update={"deliverable": "focal_letter", "what": "Văn bản cử cán bộ đầu mối (Hồ, đập)"})
    several: LateAgency = one.model_copy(update={"duties": (duty, other, letter)})
    [row] = mail.words_of(contents(late_agencies=(several,)).figures, LETTER, None)["rows"]
    assert row["missing"] == f"{duty.what}; {other.what}; Văn bản cử cán bộ đầu mối"
    assert row["days"] == "02–04"


def test_an_address_that_an_agency_named_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "late_state", lambda *_: "đơn vị nêu: xem 10.20.30.42")
    sent = written(contents(late=1))
    assert "10.20.30.42" not in sent.text + sent.html
    assert f"xem {HIDDEN}" in sent.text


def test_a_week_in_which_nothing_is_late_has_no_table() -> None:
    sent = written(contents(late=0, done=30, review=0))
    assert "<table" not in sent.html
    assert "quá hạn (ngày" not in sent.text


def test_more_late_agencies_than_one_reads_on_a_phone_are_counted() -> None:
    sent = written(contents(late=40))
    assert sent.html.count("<tr>") == mail.SHOWN
    assert "… và 10 đơn vị khác, có trong tệp kèm theo." in sent.text
    assert "… và 10 đơn vị khác" in sent.html


PAGE = """<!doctype html><meta charset="utf-8">{frames}<script>
onload = () => {{
  const seen = [...document.querySelectorAll("iframe")].map(frame => {{
    const page = frame.contentDocument, shown = [...page.body.querySelectorAll("*")].filter(
      e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
    return {{width: frame.clientWidth, across: page.documentElement.scrollWidth,
      font: Math.min(...shown.map(e => parseFloat(page.defaultView.getComputedStyle(e).fontSize))),
      cut: shown.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map(e => e.textContent)}};
  }});
  document.body.innerHTML = "<pre>" + JSON.stringify(seen) + "</pre>";
}}
</script>"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs the Debian package chromium")
@pytest.mark.parametrize("long", [False, True])
def test_a_browser_shows_it_on_a_phone_and_on_a_desk(tmp_path: Path, long: bool) -> None:
    sent = html.escape(written(contents(late=40, long=long)).html)
    frames = "".join(f'<iframe width={w} height=800 style="border:0" srcdoc="{sent}"></iframe>' for w in (390, 1280))
    (tmp_path / "thu.html").write_text(PAGE.format(frames=frames), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={tmp_path}/ho-so", "--dump-dom"]
    seen = subprocess.run(
        ["chromium", *options, f"file://{tmp_path}/thu.html"], check=True, capture_output=True, timeout=120
    ).stdout.decode()
    measured = json.loads(html.unescape(re.findall(r"<pre>(.*?)</pre>", seen)[0]))
    assert [(page["width"], page["across"]) for page in measured] == [(390, 390), (1280, 1280)]
    for page in measured:
        assert page["font"] >= 14
        assert page["cut"] == []
