"""Make the world of a version: with the code of then, through its own demo, commands and task bodies.

    PYTHONPATH=<checkout of then>/include python tests/store/worlds/make.py <name> <file.jsonl.gz>

See README.md. Only what the commands of all versions have in common is used, so that one script makes every world.
"""

import contextlib
import gzip
import io
import json
import os
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import MetaData, create_engine, select, text

SECRET = "khoa-cua-nhung-co-so-du-lieu-dong-bang"  # opens the passwords in them; of invented cameras
TODAY = "2021-11-25T14:00+07:00"
AGENCIES = (  # those that the demo plays with, so that a world stays small
    "ubnd-huyen-can-loc",
    "ubnd-thanh-pho-ha-tinh",
    "ubnd-huyen-cam-xuyen",
    "ubnd-huyen-duc-tho",
    "ubnd-huyen-nghi-xuan",
    "ubnd-huyen-thach-ha",
    "ubnd-huyen-huong-khe",
    "so-nnptnt",
)
DAY = "2021-11-26"  # of which the commands are asked
TELLING = ("id", "agency", "system", "deliverable", "last_day", "status", "working_days_late", "state", "step")
UNCERTAIN, REFUSED = "dau-moi.huong-khe", "van-thu.thach-ha"


def main(name: str, file: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="dondoc-world-") as folder, ExitStack() as stack:
        url = play(Path(folder), stack)
        expected = answers()
        write(name, url, expected, file)


def play(home: Path, stack: ExitStack) -> str:
    """The days of the demo before 25 November 2021, that day, and what people did on it. Returns the database's URL."""
    from dondoc.demo import days, world
    from dondoc.demo.fleet import Fleet
    from dondoc.demo.mailserver import MailServer, Post

    class Faulty(Post):  # type: ignore[misc, unused-ignore]
        """Breaks off after the content of one recipient's letters, and refuses another's."""

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            told = " ".join(envelope.rcpt_tos)
            if UNCERTAIN in told and os.environ.get("BREAK_OFF"):
                server.transport.abort()
                return "250 OK"
            if REFUSED in told:
                return "550 5.1.1 no such user"
            return await super().handle_DATA(server, session, envelope)

    fleet = stack.enter_context(Fleet())
    mail = stack.enter_context(MailServer(home / "mail", post=Faulty))
    for variable in [n for n in os.environ if n.startswith(("AIRFLOW_", "DONDOC_"))]:
        del os.environ[variable]
    os.environ |= {
        "DONDOC_CLOCK": TODAY,
        "DONDOC_CLOCK_SINCE": str(time.time()),
        "DONDOC_HOME": str(home / "dondoc"),
        "DONDOC_IMAP_URL": mail.imap_url(days.INTAKE),
        "DONDOC_INSTALLATION": days.MAIL,
        "DONDOC_MODE": "live",  # to the mail server on this machine
        "DONDOC_OPS_ADDRESS": f"van-hanh@{days.MAIL}",
        "DONDOC_PROBE_ALLOW": "127.0.0.0/8",
        "DONDOC_SECRET_KEY": SECRET,
        "DONDOC_SMTP_URL": mail.smtp_url(f"IOC Hà Tĩnh <ioc@{days.MAIL}>"),
        "AIRFLOW_HOME": str(home / "airflow"),
        "LOGNAME": "duyet",  # the account of the command line
    }
    socket.gethostname = lambda: "may-chu"
    _only(AGENCIES, world)
    from dondoc.configuration.settings import load
    from dondoc.store.session import upgrade

    url = load().url
    upgrade(url)
    world.play(_open(), mail, fleet, home)
    old_nights(_open())
    with days.at("2021-11-25T09:00"):
        new_officer(_open(), mail, fleet)
    with days.at("2021-11-25T11:30"):
        gather()
    with days.at("2021-11-25T14:00"):
        look("day")
    with days.at("2021-11-25T15:00"):
        people(home)
    with days.at("2021-11-26T07:30"):
        next_morning()
    return str(url)


def _only(agencies: tuple[str, ...], world: Any) -> None:
    """The address book of these agencies alone, and of our own people."""
    whole = world.write_contacts

    def some(opened: Any, file: Path) -> str:
        lines = whole(opened, file).splitlines(keepends=True)
        kept = "".join(line for line in lines if line.startswith((*agencies, "agency", "so-tttt", "ubnd-tinh")))
        file.write_text(kept, encoding="utf-8", newline="")
        return kept

    world.write_contacts = some


def old_nights(opened: Any) -> None:
    """Looks of a year ago, which a month's counts have taken the place of, where there are such."""
    from dondoc import clock
    from dondoc.cameras.nights import night
    from dondoc.cameras.nights.rollup import roll_up
    from dondoc.demo import days, world

    for day in range(1, 13):  # ten looks of a camera are never thrown away
        with days.at(f"2020-08-{day:02}T10:05"):
            found = [world._seen(camera, dark=camera == 2) for camera in (1, 2)]
            night.store(opened, found, night=date(2020, 8, day), round="day", now=clock.now())
    roll_up(opened, date(2021, 11, 25))


def new_officer(opened: Any, mail: Any, fleet: Any) -> None:
    """A form that names another focal officer than the address book."""
    from dondoc.demo.submissions import Desk

    desk, agency = Desk(opened, mail, fleet), "ubnd-huyen-can-loc"
    rows = desk.rows(agency, "healthy", "h265", "healthy")
    desk.post(agency, desk.fill("form_03", agency, rows, officer_email="nguoi-moi@demo.hatinh.gov.vn"))


def gather() -> None:
    """As the task bodies of `gather_survey_submissions` do it."""
    from dondoc.orchestration import gathering

    gathering.open_context = _open
    gathering.read_folder()
    gathering.read_mailbox()
    outcomes = gathering.judge_and_answer()
    probe = gathering.probe_declared
    inner = getattr(probe, "__wrapped__", probe)
    probe(outcomes) if inner.__code__.co_argcount else probe()
    gathering.deliver()


def look(which: str) -> None:
    """As the task bodies of `check_camera_reachability` do it."""
    from dondoc import clock
    from dondoc.orchestration import checking

    checking.open_context = _open
    asked = {"look": which, "as_of": f"{clock.now():%Y-%m-%d}", "agencies": [], "dry_run": False}
    run = SimpleNamespace(run_after=clock.now(), run_type="manual", run_id="manual__2021-11-25", conf={})
    context = {"dag": SimpleNamespace(params=asked), "dag_run": run, "params": asked}
    batches = checking.plan(context)
    if hasattr(checking, "conclude"):
        stored = [checking.store(batch, checking.check(batch, context), context) for batch in batches]
        checking.conclude(batches, stored, context)
    else:  # what was handed on was signed, and stored at once
        checking.store(batches, [checking.check(batch) for batch in batches])


def _open() -> Any:
    from dondoc.configuration.context import AppContext
    from dondoc.configuration.settings import load

    return AppContext(load())


def people(home: Path) -> None:
    """What persons do that afternoon, at the command line."""
    scan = home / "scan.pdf"
    scan.write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
    word = {"document": "Công văn số 12/STTTT", "reason": "lý do ghi bằng tiếng Việt", "by": "Đậu Tùng Lâm"}
    rule = ("rule", *_options(word))
    dondoc(*rule, "waive", "--agency", "cuc-hai-quan-tinh", "--deliverable", "focal_letter")
    dondoc(*rule, "called", "--agency", "ubnd-huyen-cam-xuyen")
    dondoc(*rule, "hold_all")
    dondoc(*rule, "undo", "--undoes", "4")
    dondoc(
        *("register", "--agency", "ubnd-huyen-huong-khe", "--fulfils", "focal_letter", "--number", "99/UBND-VP"),
        *("--date", "2021-11-24", "--arrived", "2021-11-24", "--by", "Nguyễn Thị Văn Thư", "--file", scan),
    )
    waiting = [row["id"] for row in json.loads(dondoc("inbox", "--json"))]
    dondoc("dismiss", waiting[0], "--reason", "không phải của ta", "--by", "Nguyễn Thị Văn Thư")
    dondoc("assign", waiting[1], "--agency", "ubnd-huyen-thach-ha", "--by", "Nguyễn Thị Văn Thư")
    if "retry" in dondoc("cameras", "--help"):
        dondoc("cameras", "retry", "CAM-00002", "--reason", "đã đặt lại mật khẩu", "--by", "Nguyễn Thị Văn Thư")
    dondoc("escalate", "--as-of", "2021-11-25")
    letters = json.loads(dondoc("outbox", "--json"))
    held, due = ([row["id"] for row in letters if row["state"] == state] for state in ("held", "queued"))
    for letter in held[:1]:  # later versions have none that day: an agency has time to answer its officer's letter
        dondoc("approve", letter, "--by", _approver())
    for letter in [*held, *due][1:2]:
        dondoc("cancel", letter, "--reason", "đã gọi điện", "--by", "Đậu Tùng Lâm")
    os.environ["BREAK_OFF"] = "1"
    dondoc("deliver", may_fail=True)
    letter = ("--directive", "stttt-cntt-2021-11")
    dondoc("report", "--as-of", "2021-11-25", "--out", home / "report", *letter)
    dondoc(
        *("report", "issue", *letter, "--as-of", "2021-11-25", "--number", "77/BC-STTTT", "--date", "2021-11-25"),
        *("--file", scan, "--by", "Nguyễn Thị Văn Thư"),
    )


def next_morning() -> None:
    """Decided, and not delivered: letters that wait, some of them for a person."""
    from dondoc import clock
    from dondoc.escalation import sources
    from dondoc.staff import alerts

    sources.look(_open(), clock.now())
    dondoc("escalate", "--as-of", "2021-11-26")
    with _open().sessions.begin() as session:
        alerts.opened(session, "gather_survey_submissions.read_folder", "mark", "ổ đĩa lỗi", clock.now())


def _options(given: dict[str, str]) -> list[str]:
    return [part for name, value in given.items() for part in (f"--{name}", value)]


def _approver() -> str:
    return "Trưởng phòng CNTT"


def dondoc(*arguments: object, may_fail: bool = False) -> str:
    """A command, in this process. Returns what it printed."""
    from dondoc.cli import cli

    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            cli([str(a) for a in arguments], standalone_mode=False)
        except Exception as error:
            if not may_fail:
                raise RuntimeError(f"{arguments}: {error}") from error
    return said.getvalue()


def answers() -> dict[str, Any]:
    """What the commands of then answer: the tests ask the same of the migrated database."""
    from dondoc.demo import days

    asked = {
        "obligations": ("obligations", "--as-of", DAY),
        "outbox": ("outbox",),
        "preview": ("preview", "--as-of", "2021-11-29", "--all"),
        "inbox": ("inbox",),
    }
    with days.at(f"{DAY}T08:00"):
        found = {name: json.loads(dondoc(*command, "--json")) for name, command in asked.items()}
    return {name: [{key: row[key] for key in TELLING if key in row} for row in rows] for name, rows in found.items()}


def write(name: str, url: str, expected: dict[str, Any], file: Path) -> None:
    """One JSON line for the world, then one a table: any engine can take them."""
    made = create_engine(url)
    schema = MetaData()
    with made.connect() as connection:
        schema.reflect(connection)
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        lines: list[dict[str, Any]] = [{"world": name, "revision": revision, "answers": expected}]
        lines += [
            {
                "table": t.name,
                "columns": [c.name for c in t.columns],
                "rows": [
                    [_plain(v) for v in row] for row in connection.execute(select(t).order_by(*t.primary_key.columns))
                ],
            }
            for t in schema.sorted_tables
            if t.name != "alembic_version"
        ]
    told = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    file.write_bytes(gzip.compress(told.encode(), mtime=0))
    for line in lines[1:]:
        print(f"{line['table']:24}{len(line['rows']):6}", file=sys.stderr)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
