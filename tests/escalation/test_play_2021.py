"""The letter of November 2021 from 15/11 to 31/12/2021, day by day: what happened, and what each reader had of us.

`HAPPENED` is the script; `play_2021.txt` tells for each agency what happened to it and, between the lines of that, the
subject of every letter that its people had. A head's mail goes to the official mailbox, which the clerk reads.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from dondoc import clock
from dondoc.demo.mailserver import MailServer
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.rulings import Cause
from tests.directive.letters import file
from tests.escalation.conftest import days
from tests.escalation.play import (
    IDS,
    Department,
    Happens,
    address,
    bounces,
    day_of,
    officer_is_now,
    ours_signs,
    paper,
    replies,
    ruled,
    said_on_the_phone,
    sends,
    sends_something_broken,
    withdrawn,
)
from tests.intake.conftest import INTAKE

PEOPLE = {"focal_officer": "Nguyễn Văn An", "clerk": "Trần Thị Thư", "head": "Lê Văn Trưởng"}
ALL = [
    *("TP. Hà Tĩnh", "TX. Hồng Lĩnh", "TX. Kỳ Anh", "Hương Sơn", "Đức Thọ", "Vũ Quang", "Nghi Xuân", "Can Lộc"),
    *("Hương Khê", "Thạch Hà", "Cẩm Xuyên", "H. Kỳ Anh", "Lộc Hà"),
    *("Sở NN&PTNT", "CA tỉnh", "Cục Hải quan", "Cảng vụ"),
]
TRAINING = file(
    {
        "system": "general",
        "deliverable": "file",
        "text": "Danh sách cán bộ dự tập huấn",
        "due_before": "2021-12-15",
        "agencies": [IDS["TX. Hồng Lĩnh"], IDS["Đức Thọ"], IDS["Vũ Quang"]],
    },
    id="stttt-cntt-2021-12",
    number="2550/STTTT-CNTT",
    day="2021-12-01",
    title="V/v tập huấn khai thác Hệ thống camera giám sát",
    superior_document="Công văn số 7900/UBND-NC2 ngày 26/11/2021",
)
FLOOD = ("Công văn số 1905/UBND-VP ngày 18/11/2021", "khắc phục hậu quả mưa lũ")
STORM = ("Công điện số 22/CĐ-UBND ngày 24/11/2021", "ứng phó mưa bão")
OVERLOOKED = "văn bản cử cán bộ đầu mối đã đến Sở ngày 18/11/2021 mà chưa vào sổ"
BY_FRIDAY = "Đơn vị sẽ gửi chậm nhất ngày 26/11/2021 do cán bộ đi công tác."
MAI = "mai.vu-quang@hatinh.gov.vn"
# Day, hour, whom it happens to, what happens in words, and as the Department sees it.
HAPPENED: list[tuple[str, int, str, str, Happens]] = [
    ("15/11", 10, "Hương Sơn", "sends its form", sends("form_03")),
    ("15/11", 11, "Thạch Hà", "its officer's mailbox is dead", bounces()),
    ("17/11", 10, "Đức Thọ", "its letter comes on paper", paper("focal_letter", "812/UBND-VHTT", "16/11")),
    ("18/11", 14, "Sở NN&PTNT", "sends its form", sends("form_01")),
    ("18/11", 15, "Hương Khê", "has more time until 30/11 after a flood", ruled("extend", "30/11", *FLOOD)),
    ("19/11", 15, "Can Lộc", "sends its form with faults", sends("form_03", wrong=1)),
    ("22/11", 15, "Nghi Xuân", "its letter of 18/11 turns up", paper("focal_letter", "640/UBND-VP", "17/11", "18/11")),
    ("22/11", 15, "Nghi Xuân", "the Department takes its letter of today back", withdrawn(OVERLOOKED)),
    ("22/11", 16, "TP. Hà Tĩnh", "sends a file that cannot be opened", sends_something_broken),
    ("23/11", 10, "Đức Thọ", "sends its form", sends("form_03")),
    ("23/11", 14, "Lộc Hà", "replies that it will send by 26/11", replies(BY_FRIDAY)),
    ("23/11", 15, "Cục Hải quan", "says on the phone: by 03/12", said_on_the_phone("03/12", Cause.WAITING_SUPERIOR)),
    ("24/11", 9, "TX. Kỳ Anh", "says on the phone: by 30/11", said_on_the_phone("30/11", Cause.STAFF_CHANGE)),
    ("24/11", 11, "Cẩm Xuyên", "is left alone until 30/11: a storm", ruled("pause", "30/11", *STORM)),
    ("24/11", 11, "H. Kỳ Anh", "is left alone until 30/11: a storm", ruled("pause", "30/11", *STORM)),
    ("24/11", 15, "Can Lộc", "sends its form again, corrected", sends("form_03")),
    ("25/11", 9, "Cảng vụ", "its letter comes on paper", paper("focal_letter", "311/CVHH", "24/11")),
    ("25/11", 14, "Cảng vụ", "sends its form", sends("form_04")),
    ("26/11", 10, "Vũ Quang", "has another officer", officer_is_now("Trần Thị Mai", MAI, "0912 000 099")),
    ("29/11", 10, "TX. Kỳ Anh", "sends its form", sends("form_03")),
    ("29/11", 10, "TX. Kỳ Anh", "its letter comes on paper", paper("focal_letter", "702/UBND-VHTT", "26/11")),
    ("29/11", 14, "Hương Khê", "sends its form", sends("form_03")),
    ("29/11", 14, "Hương Khê", "its letter comes on paper", paper("focal_letter", "1950/UBND-VP", "29/11")),
    ("30/11", 14, "Lộc Hà", "sends its form, and still no letter", sends("form_03")),
    ("01/12", 8, "Sở TT&TT", "asks three of them under a second letter", ours_signs(TRAINING)),
    ("01/12", 14, "Thạch Hà", "its letter comes on paper", paper("focal_letter", "905/UBND-VP", "30/11")),
    ("01/12", 14, "Thạch Hà", "its clerk sends its form", sends("form_03", "clerk")),
    ("02/12", 14, "Sở NN&PTNT", "its letter comes on paper", paper("focal_letter", "2210/SNN-VP", "01/12")),
    ("03/12", 9, "Cục Hải quan", "sends its form", sends("form_04")),
    ("03/12", 9, "Cục Hải quan", "its letter comes on paper", paper("focal_letter", "1422/HQHT-VP", "02/12")),
    ("07/12", 14, "TP. Hà Tĩnh", "sends its form", sends("form_03")),
    ("08/12", 9, "Cẩm Xuyên", "its letter comes on paper", paper("focal_letter", "1300/UBND-VP", "07/12")),
    ("08/12", 10, "Cẩm Xuyên", "sends its form", sends("form_03")),
    ("13/12", 9, "Đức Thọ", "its list of people to be trained comes", paper("general/file", "990/UBND-VHTT", "13/12")),
    ("22/12", 9, "Vũ Quang", "its letter comes on paper", paper("focal_letter", "1105/UBND-VP", "21/12")),
    ("22/12", 9, "Vũ Quang", "its list comes with it", paper("general/file", "1106/UBND-VP", "21/12")),
    ("22/12", 14, "Vũ Quang", "its new officer sends its form", sends("form_03", sender=MAI)),
]


@pytest.fixture
def department(
    live: None, environment: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Department]:
    with MailServer(tmp_path / "mail") as server:
        environment.setenv("DONDOC_SMTP_URL", server.smtp_url("ioc@so.test"))
        environment.setenv("DONDOC_IMAP_URL", server.imap_url(INTAKE))
        office = Department(request.getfixturevalue("app"), server, patch=environment)
        office.go(date(2021, 11, 15), 7)
        theirs = [
            (IDS[name], role, PEOPLE[role], address(IDS[name], role), f"0912 0{n:02} 0{m:02}", "")
            for n, name in enumerate(ALL)
            for m, role in enumerate(("focal_officer", "clerk", "head"))
        ]
        office.learn(
            *theirs,
            ("so-tttt", "focal_officer", "Nguyễn Văn Hải", "hai@so.test", "0239 385 5555", ""),
            ("so-tttt", "board", "Đậu Tùng Lâm", "lam@so.test", "0239 385 5556", ""),
            ("so-tttt", "approver", "Trần Thị B", "b.tran@so.test", "0239 385 5557", "b.tran"),
            ("so-tttt", "ops", "Lê Anh", "ops@so.test", "0239 385 5558", ""),
        )
        yield office


ROLES = {"dau-moi": "officer", "van-thu": "clerk", "lanh-dao": "head", "mai": "new officer"}
STORY = Path(__file__).with_name("play_2021.txt")


def play(office: Department) -> None:
    for day in days(date(2021, 11, 15), date(2021, 12, 31)):
        if office.app.calendar.is_working_day(day):
            office.morning(day)
        for when, hour, whom, _, happens in HAPPENED:
            if day_of(when) == day:
                office.go(day, hour, 5)
                happens(office, IDS[whom])
                office.work()


def told(office: Department) -> str:
    """Agency by agency what happened and, line by line, which letters came to whom."""
    lines: dict[str, list[tuple[datetime, str]]] = {name: [] for name in (*ALL, "Sở TT&TT")}
    for when, hour, whom, what, _ in HAPPENED:
        lines[whom].append((clock.at(day_of(when), hour, 5), f"{when}   … {what}"))
    for moment, agency, subject, readers in letters(office):
        lines[agency].append((moment, f"{moment:%d/%m} {', '.join(readers)}: {subject}"))
    parts = ["\n".join([name, *(f"  {line}" for _, line in sorted(own, key=by_time))]) for name, own in lines.items()]
    return "\n\n".join(parts) + "\n"


def by_time(line: tuple[datetime, str]) -> datetime:
    return line[0]


def letters(office: Department) -> Iterator[tuple[datetime, str, str, list[str]]]:
    """When a letter came, about which agency, its subject without what all have, and who had it."""
    short = {agency: name for name, agency in IDS.items()}
    found: dict[tuple[datetime, str, str], list[str]] = defaultdict(list)
    for row in office.letters():
        if row.sent_at and row.kind != "internal":
            subject = re.sub(r"( – [^\[]*)? \[.*\]$", "", row.subject)
            subject = re.sub(r"TH-\d+", "TH-…", subject)
            reader = ROLES.get(row.recipient.split(".")[0].split("@")[0], "board")
            found[row.sent_at.astimezone(clock.HERE), short[row.agency or "so-tttt"], subject].append(reader)
    for (moment, agency, subject), readers in found.items():
        yield moment, agency, subject, readers


def printed(row: OutboxLetter) -> str:
    """A letter as its reader has it, or why nobody had it."""
    when = f"{row.sent_at.astimezone(clock.HERE):%d/%m %H:%M}" if row.sent_at else f"{row.state}: {row.reason}"
    return f"==== {row.id} → {row.recipient}, {when}\n{row.subject}\n\n{row.text}"


def test_every_reader_has_the_letters_that_the_story_tells(department: Department, tmp_path: Path) -> None:
    office = department
    play(office)
    came, all_letters = tmp_path / "story.txt", tmp_path / "letters.txt"
    came.write_text(told(office), encoding="utf-8")
    all_letters.write_text("\n".join(map(printed, office.letters())), encoding="utf-8")
    same = came.read_text(encoding="utf-8") == STORY.read_text(encoding="utf-8")
    assert same, f"compare {came} with {STORY.name}, read {all_letters} as each reader, and sign it or not"
    rows = [row for row in office.letters() if row.sent_at]
    assert len(rows) == len({(row.recipient, row.subject, row.sent_at) for row in rows}), "nothing twice"
    for row in rows:
        assert len(row.subject) < 100
        assert "None" not in row.text
        assert "  " not in row.text.replace("\n- ", "")
        assert "điện thoại" in row.text or row.kind == "internal", "somebody to call"
    assert office.server is not None
    for role in ("focal_officer", "clerk"):
        thread = office.server.boxes.messages(address(IDS["TX. Hồng Lĩnh"], role))
        known = {m["Message-ID"] for m in thread}
        assert all(m["In-Reply-To"] in {None, *known} for m in thread), "no reply to what somebody else had"
