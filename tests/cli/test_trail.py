"""Every command is in the audit trail, or stands in a list with the reason why not. A new one is in neither: it fails.

What is in the trail is refused in the name of a program; what is not changes nothing.
"""

import getpass
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import select
from typer.main import get_command

from dondoc import audit, clock
from dondoc.cameras.registry import imports
from dondoc.cli import cli
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.directive import record as directive_record
from dondoc.directive.record import State
from dondoc.errors import Problem
from dondoc.intake.receive import receive
from dondoc.intake.verdicts import without_reading
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.reporting import report
from dondoc.store.base import Base
from dondoc.store.cameras import Camera
from dondoc.store.facts import Contact, ContactChange, RegisteredLetter
from dondoc.store.reporting import ReportIssue
from dondoc.store.session import migrations
from dondoc.store.trust import AuditEvent, KeyCheck
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.submissions import Outcome
from dondoc.web.audit import ACT
from tests.conftest import CLERK, Run, approver, at, letter_of
from tests.decisions import official_letters, stopped
from tests.directive import letters

CAMERA = "agency,system,name,url,user,password\nso-nnptnt,reservoir,Đập,rtsp://10.1.1.1,ioc,mat-khau-1\n"
CONTACT = "agency,role,name,email,phone\nso-nnptnt,clerk,Trần Thị Minh,vt@sonn.test,0239\n"
NOW = at(22, 7)
LETTER = "stttt-cntt-2021-11"
HEAD = ScriptDirectory.from_config(migrations()).get_current_head() or ""  # the newest migration
DAY = ("--as-of", "2021-11-22")
PAPER = ("--agency", "so-nnptnt", "--fulfils", "focal_letter", "--number", "1/VB", "--date", "2021-11-18")
ISSUE = ("--as-of", "2021-11-18", "--number", "05/BC", "--date", "2021-11-19", "--file", "da-ky.pdf", "--reason", "sửa")
OFFICIAL = ("CV-0001", "--number", "9/STTTT", "--date", "2021-11-22", "--signer", "Lê B", "--file", "da-ky.pdf")
ELSEWHERE = (
    *("--number", "10/STTTT", *OFFICIAL[3:], "--directive", LETTER, "--step", "overdue_2"),
    *("--agency", "ubnd-huyen-duc-tho", "--answer-days", "5"),
)
BLANK = ("--form", "03", "--agency", "ubnd-huyen-duc-tho", "--out", "ra")
EXPORT = ("--as", "go2rtc", "--out", "ra", "--with-passwords", "--restricted")
# command → its arguments without `--by`, its act and to what
RECORDED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "approve": (("TH-00001",), "approve", "TH-00001"),
    "assign": (("BN-0001", "--agency", "so-nnptnt"), "assign", "BN-0001"),
    "blank": (BLANK, "blank", "ubnd-huyen-duc-tho"),
    "cameras confirm": (("CAM-00001",), "confirm", "CAM-00001"),
    "cameras credentials": (("CAM-00001", "--user", "ioc"), "enter_login", "CAM-00001"),
    "cameras export": (EXPORT, "export", "cameras.go2rtc"),
    "cameras import": (("c.csv",), "cameras_import", "c.csv"),
    "cameras lift": (("CAM-00001", "--restricted", "--reason", "CV 1"), "lift", "CAM-00001"),
    "cameras retry": (("CAM-00001", "--reason", "đã mở khóa"), "release_login", "CAM-00001"),
    "cameras rotate-key": ((), "rotate_key", "DONDOC_SECRET_KEY"),
    "cancel": (("TH-00001", "--reason", "thử"), "cancel", "TH-00001"),
    "contacts confirm": (("TD-0001",), "contact_confirm", "TD-0001"),
    "cameras rebuild": ((), "rebuild_cameras", "cameras"),
    "contacts end": (("cu@sonn.test", "--agency", "so-nnptnt", "--on", "2021-11-22"), "contacts_end", "cu@sonn.test"),
    "contacts import": (("danh-ba.csv",), "contacts_import", "danh-ba.csv"),
    "contacts mask": ((), "contacts_mask", "2019-11-22"),
    "contacts refuse": (("TD-0001", "--reason", "không phải"), "contact_refuse", "TD-0001"),
    "db upgrade": ((), "db_upgrade", HEAD),
    "deliver": ((), "deliver", "outbox"),
    "directive activate": (("nhap-2021",), "directive_activate", "nhap-2021"),
    "directive add": (("vb.yaml",), "directive_add", "stttt-2021-12"),
    "directive close": ((LETTER, "--document", "CV 1", "--reason", "đã xong"), "directive_close", LETTER),
    "dismiss": (("BN-0001", "--reason", "thư rác"), "dismiss", "BN-0001"),
    "escalate": (DAY, "escalate", "2021-11-22"),
    "receive": (("c.csv", "--from", "la@dau.test"), "receive", "BN-0003"),
    "intake undo": (("BN-0002", "--reason", "nhầm"), "reopen", "BN-0002"),
    "intake rejudge": (("--apply",), "rejudge", "intake"),
    "official enter": (ELSEWHERE, "issue_official", "CV-0003"),
    "official issue": (OFFICIAL, "issue_official", "CV-0001"),
    "official unissue": (("CV-0002", "--reason", "nhầm"), "unissue_official", "CV-0002"),
    "register": ((*PAPER, "--arrived", "2021-11-18"), "register", "VB-0002"),
    "register-undo": (("VB-0001", "--reason", "nhầm đơn vị"), "register_undo", "VB-0001"),
    "report": (("--as-of", "2021-11-18", "--out", "bc"), "draw_report", "2021-11-18"),
    "report approve": (("BC-0001",), "approve_report", "BC-0001"),
    "report issue": (ISSUE, "issue_report", "2021-11-18"),
    "report unissue": (("--as-of", "2021-11-18", "--reason", "nhầm"), "unissue_report", "2021-11-18"),
    "report write": (
        ("--as-of", "2021-11-18", "--part", "causes", "--text", "Do mưa lũ."),
        "write_report",
        "2021-11-18",
    ),
    "resume": (("TH-00003", "--reason", "nhầm"), "undo", "QD-2"),
    "rotate-key": ((), "rotate_key", "DONDOC_SECRET_KEY"),
    "rule": (("hold_all", "--document", "CV 1", "--reason", "thử"), "hold_all", "QD-2"),
    "settle": (("TH-00002", "sent"), "settle", "TH-00002"),
    "withdraw": (("TH-00005", "--reason", "gửi nhầm"), "withdraw", "TH-00005"),
}
MAY_BE_NAMELESS = {  # what the account at the machine may do without a name
    *(
        "blank",
        "cameras import",
        "cameras rebuild",
        "cameras rotate-key",
        "contacts import",
        "contacts mask",
        "db upgrade",
        "deliver",
        "escalate",
    ),
    *("receive", "report", "rotate-key"),
}
READS = "it only reads, and whoever has a shell here can read the database itself"
NO_DATABASE = "it works without a database, and keeps nothing"
UNRECORDED: dict[str, tuple[tuple[str, ...], str]] = {
    "audit list": ((), READS),
    "audit verify": ((), READS),
    "cameras doubles": ((), READS),
    "cameras places": ((), READS),
    "cameras list": ((), READS),
    "cameras nights": ((), READS),
    "check": (("c.csv",), NO_DATABASE),
    "contacts changes": (("--all",), READS),
    "directive check": (("vb.yaml",), NO_DATABASE),
    "directive export": ((LETTER,), READS),
    "directive list": ((), READS),
    "directive show": ((LETTER,), READS),
    "doctor": ((), READS),
    "check-config": ((), READS),
    "inbox": ((), READS),
    "replies": ((), READS),
    "intake list": ((), READS),
    "intake show": (("BN-0001",), READS),
    "official draft": (("CV-0001", "--out", "ra.docx"), READS),
    "official list": ((), READS),
    "obligations": (DAY, READS),
    "outbox": ((), READS),
    "preview": ((*DAY, "--all"), READS),
    "probe": (("rtsp://127.0.0.1:9/", "--allow", "127.0.0.0/8", "--timeout", "1"), NO_DATABASE),
    "report changes": (("--as-of", "2021-11-18"), READS),
    "report list": ((), READS),
    "report show": (("BC-0001",), READS),
    "rulings": ((), READS),
}


def commands(command: Any, name: str = "") -> Iterator[str]:
    """All commands by their whole names, also groups that do something themselves."""
    below = getattr(command, "commands", {})
    if not below or command.invoke_without_command:
        yield name
    for part, one in below.items():
        yield from commands(one, f"{name} {part}".strip())


def everything(app: AppContext) -> dict[str, list[Any]]:
    """All rows of all tables, but for what a key leaves at its first use."""
    with app.sessions.reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table))))
            for table in Base.metadata.sorted_tables
            if table.name != KeyCheck.__tablename__
        }


def trail(app: AppContext) -> list[AuditEvent]:
    """What was done since the world was furnished, oldest first."""
    with app.sessions.reading() as session:
        return [event for event in reversed(audit.events(session)) if event.name != CLERK.name]


@pytest.fixture(scope="module")
def drawn(lasting: AppContext, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of an empty world, drawn up once."""
    folder = tmp_path_factory.mktemp("drawn") / "bao-cao"
    report.make(lasting, letter_of(lasting), clock.at(date(2021, 11, 18), 17), None, folder)
    return folder


@pytest.fixture
def typed(
    app: AppContext, dondoc: Run, drawn: Path, tmp_path: Path, environment: pytest.MonkeyPatch
) -> Callable[..., None]:  # fmt: skip
    """Types a command in a folder of files, where something of everything waits."""
    environment.chdir(tmp_path)
    environment.setenv("DONDOC_CLOCK", NOW.isoformat())
    environment.setenv("DONDOC_SMTP_URL", "smtp://127.0.0.1:9?from=so@hatinh.test")  # nothing is due: nobody is asked
    environment.setattr("dondoc.cli.camera_records._password", lambda: "mat-khau-2")
    Path("c.csv").write_text(CAMERA, "utf-8")
    Path("danh-ba.csv").write_text(CONTACT, "utf-8")
    Path("da-ky.pdf").write_bytes(b"%PDF-1.7")
    approver(app, "Nguyễn Văn Duyệt", "duyet")
    owed = letters.group("tourism/form_03", "ubnd-huyen-duc-tho", due_before="2021-12-01")
    letters.written(Path("vb.yaml"), letters.file(owed))
    scan = {"sender": "la@dau.test", "filename": "thu.pdf", "received_at": at(19), "now": at(19)}
    number, _ = receive(app, b"%PDF-1.4", channel="mail", channel_id="1", **scan)
    shutil.copytree(drawn, tmp_path / "nhap")
    aside, _ = receive(app, b"%PDF-1.5", channel="mail", channel_id="2", **scan)
    with app.sessions.begin() as session:
        session.add(without_reading(aside, Outcome.DISMISSED, "thử", at(18), answered=True))
        imports.import_csv(
            session, app.registry, CAMERA, "c.csv", by=CLERK, secrets=app.secrets, now=at(18)
        )  # fmt: skip
        camera = session.get_one(Camera, 1)
        camera.restricted, camera.url = True, "rtsp://10.1.1.1:554/Streaming/channels/101"
        camera.identity = camera.url  # as an older version wrote it: `db upgrade` corrects that
        as_of = clock.at(date(2021, 11, 18), 17)
        report.record(session, letter_of(app).id, as_of, None, tmp_path / "nhap", at(18, 18), secrets=app.secrets)
        waiting = [
            Letter("internal", "a@hatinh.test", "S", "t", "<p>t</p>", key, "vì", needs_approval=True) for key in "12"
        ]
        outbox.enqueue(session, waiting, settings=app.settings, now=at(18))[1].state = "uncertain"
        who = {"agency": "so-nnptnt", "name": "Lê B", "phone": "0", "recorded_at": at(1)}
        session.add(Contact(role="clerk", email="cu@sonn.test", valid_from=date(2021, 1, 1), **who))
        gone = {"email": "xua@sonn.test", "valid_from": date(2018, 1, 1), "valid_to": date(2018, 6, 1)}
        session.add(Contact(role="clerk", **gone, **who))
        paper = {"agency": "so-nnptnt", "fulfils": [], "document_number": "9/VB", "document_date": date(2021, 11, 18)}
        session.add(RegisteredLetter(**paper, blob=None, by=CLERK.name, happened_at=at(18), recorded_at=at(18)))
        issue = {"directive": LETTER, "as_of": date(2021, 11, 18), "document_number": "4/BC", "blob": "0" * 64}
        issue |= {"document_date": date(2021, 11, 18), "report_id": 1, "by": CLERK.name, "recorded_at": at(18)}
        session.add(ReportIssue(**issue))
        draft = {"state": State.DRAFT, "valid_from": date(2021, 11, 22), "document": "", "reason": ""}
        directive_record.add(session, letters.file(owed, id="nhap-2021"), by=CLERK.name, now=at(18), **draft)  # type: ignore[arg-type]
        asked = {"role": "clerk", "email": "moi@sonn.test", "asked": "cu@sonn.test", "happened_at": at(1)}
        session.add(ContactChange(submission_id=number, **asked, **who))
    stopped(app, NOW)
    official_letters(app, date(2021, 11, 19))
    with app.sessions.begin() as session:
        wrong = Letter("receipt", "cu@sonn.test", "S", "t", "<p>t</p>", "3", "vì", agency="so-nnptnt")
        [sent] = outbox.enqueue(session, [wrong], settings=app.settings, now=at(18))
        sent.state, sent.sent_at = OutboxState.SENT, at(18)
    return lambda *words: dondoc(*words) and None


def test_every_command_is_in_the_trail_or_it_is_said_why_not() -> None:
    every = set(commands(get_command(cli)))
    assert every == RECORDED.keys() | UNRECORDED.keys()
    assert not RECORDED.keys() & UNRECORDED.keys()


@pytest.mark.parametrize("command", RECORDED)
def test_what_it_does_is_in_the_trail_with_who_and_from_where_and_not_done_by_a_program(
    app: AppContext, typed: Callable[..., None], command: str
) -> None:
    words, act, subject = RECORDED[command]
    by = "Nguyễn  Văn Duyệt "
    before = everything(app)
    with pytest.raises(Problem):
        typed(*command.split(), *words, "--by", "Hệ thống")
    assert everything(app) == before
    assert not Path("ra").exists()
    typed(*command.split(), *words, "--by", by)
    event = trail(app)[-1]
    assert (event.act, event.subject, event.name, event.channel) == (act, subject, " ".join(by.split()), "cli")
    assert (event.login, bool(event.address)) == (getpass.getuser(), True)
    assert "mat-khau" not in str(event.details)
    assert {event.act for event in trail(app)} <= ACT.keys()
    assert audit.examine(app.sessions, app.settings).broken is None


@pytest.mark.parametrize("command", sorted(MAY_BE_NAMELESS))
def test_where_nobody_has_to_be_named_it_is_the_account(
    app: AppContext, typed: Callable[..., None], command: str
) -> None:
    words, act, _ = RECORDED[command]
    typed(*command.split(), *words)
    event = trail(app)[-1]
    assert (event.act, event.name) == (act, getpass.getuser())


@pytest.mark.parametrize("command", UNRECORDED)
def test_what_is_not_in_the_trail_changes_nothing(app: AppContext, typed: Callable[..., None], command: str) -> None:
    before = everything(app)
    typed(*command.split(), *UNRECORDED[command][0])
    assert everything(app) == before


def test_metrics_for_machines_are_not_in_the_trail(app: AppContext, typed: Callable[..., None]) -> None:
    typed("cameras", "export", "--as", "openmetrics", "--out", "ra")
    assert trail(app) == []


@pytest.mark.slow
def test_a_database_is_made_once_and_asked_again_at_every_start(environment: pytest.MonkeyPatch, dondoc: Run) -> None:
    dondoc("db", "upgrade")
    dondoc("db", "upgrade")
    [event] = trail(AppContext(load()))
    assert (event.act, event.details["before"]) == ("db_upgrade", None)


def test_a_change_of_key_that_was_ended_in_the_middle_is_seen(
    app: AppContext, typed: Callable[..., None], environment: pytest.MonkeyPatch, dondoc: Run
) -> None:
    def dies(_: AppContext) -> None:
        raise OSError("điện cúp")

    with environment.context() as meanwhile:
        meanwhile.setattr("dondoc.cameras.nights.thumbnails.rotate", dies)
        with pytest.raises(OSError, match="điện cúp"):
            typed("rotate-key")
    assert [event.act for event in trail(app)] == ["rotate_key_begin"]
    assert "Đổi khóa chưa xong" in dondoc("doctor").stderr
    typed("rotate-key")
    assert [event.act for event in trail(app)] == ["rotate_key_begin", "rotate_key_begin", "rotate_key"]
    assert "Đổi khóa chưa xong" not in dondoc("doctor").stderr
