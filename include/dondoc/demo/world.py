"""Ten working days of November 2021 before the demo's own, played through the rooms by a clock that jumps."""

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import select

from dondoc import clock, lifecycle, preconditions
from dondoc.audit import Actor, Channel
from dondoc.cameras.measured.turn import due
from dondoc.cameras.nights import night
from dondoc.cameras.nights.result import Result
from dondoc.cameras.registry import addresses, imports
from dondoc.configuration.context import AppContext
from dondoc.demo import submissions
from dondoc.demo.camera import PASSWORD, USER
from dondoc.demo.days import APPROVER, MAIL, ROLES, address, at
from dondoc.demo.fleet import Fleet
from dondoc.demo.mailserver import MailServer
from dondoc.directive.load import load_file
from dondoc.directive.record import State
from dondoc.escalation import escalate, sources
from dondoc.facts import contacts
from dondoc.facts.register import register
from dondoc.facts.rule import rule
from dondoc.probing.verdicts import Finding, Verdict
from dondoc.store.cameras import Camera
from dondoc.vocabulary.obligations import Deliverable
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.rulings import RulingKind

SECOND = Path(__file__).with_name("second_letter.yaml")
CENTRE = "public_admin_centre"
CLERK = Actor("Nguyễn Thị Văn Thư", "van.thu", Channel.CLI)
DEPUTY = Actor("Phó Giám đốc Đậu Tùng Lâm", "tung.lam", Channel.CLI)
FAMILY = ("Nguyễn", "Trần", "Lê", "Phan", "Hồ", "Võ", "Đặng", "Bùi", "Dương", "Hoàng")
GIVEN = ("Hà", "Minh", "Thủy", "Quang", "Lan", "Đức", "Hương", "Tuấn", "Nga", "Sơn", "Bình", "Thảo", "Khánh")
OURS = (
    ("so-tttt", Role.BOARD, "Ban Giám đốc Sở", "ban-giam-doc"),
    ("so-tttt", Role.APPROVER, "Trưởng phòng CNTT", "duyet"),
    ("so-tttt", Role.FOCAL_OFFICER, "Nguyễn Thị Hà", "dau-moi.so-tttt"),
    ("so-tttt", Role.OPS, "Người vận hành", "van-hanh"),
    ("ubnd-tinh", Role.HEAD, "Văn phòng UBND tỉnh", "van-phong-ubnd"),
)
LOGINS = {Role.APPROVER: APPROVER}
# agency, number, written on, arrived
LETTERS = (
    ("ubnd-huyen-cam-xuyen", "1521/UBND-VP", "2021-11-16", "2021-11-16T09:30"),
    ("ubnd-huyen-nghi-xuan", "1874/UBND-VX", "2021-11-17", "2021-11-17T15:10"),
    ("cong-an-tinh", "2210/CAT-PV01", "2021-11-18", "2021-11-18T10:00"),
    ("so-nnptnt", "2645/SNN-TL", "2021-11-18", "2021-11-18T16:20"),
    ("ubnd-huyen-duc-tho", "1633/UBND-VHTT", "2021-11-18", "2021-11-18T16:45"),
)
LATE_LETTER = ("ubnd-huyen-thach-ha", "2011/UBND-VP", "2021-11-22", "2021-11-22T10:05")
# Cameras of the centres that are connected already: agency, name, how it behaves, the password that we were given
CENTRES = (
    ("ubnd-thanh-pho-ha-tinh", "Quầy một cửa 1", "pink", ""),
    ("ubnd-thanh-pho-ha-tinh", "Sảnh chờ", "digest", PASSWORD),
    ("ubnd-thi-xa-hong-linh", "Quầy một cửa 1", "digest", PASSWORD),
    ("ubnd-thi-xa-hong-linh", "Sảnh chờ", "dark", ""),
    ("ubnd-huyen-huong-son", "Quầy một cửa 1", "wrong-password", "mat-khau-cu"),
    ("ubnd-huyen-can-loc", "Quầy một cửa 1", "unknown-codec", ""),
    ("ubnd-huyen-can-loc", "Sảnh chờ", "frozen", ""),
)
AGREED = "ubnd-thi-xa-hong-linh"  # its devices are asked what they are; the first has its turn on the demo's day
LATELY = "2021-11-22"  # the first of the nights of which most is known
BY_OWN_PAST = ("frozen", "pink")  # of which only what was really seen before tells: that it hangs, that it is doubted


def person(number: int) -> str:
    """An invented name."""
    return f"{FAMILY[number % len(FAMILY)]} {('Văn', 'Thị')[number % 2]} {GIVEN[number % len(GIVEN)]}"


def write_contacts(app: AppContext, file: Path) -> str:
    """The address book as a CSV that a person could have kept."""
    with app.sessions.reading() as session:
        letters = [version.directive for version in app.versions(session)]
    agencies = sorted({duty.agency for letter in letters for duty in letter.obligations})
    rows = [
        (agency, role, person(3 * i + j), address(agency, role), f"0912{i:02}{j}345", "")
        for i, agency in enumerate(agencies)
        for j, role in enumerate(ROLES)
    ]
    rows += [
        (agency, role, name, f"{box}@{MAIL}", "02393855555", LOGINS.get(role, "")) for agency, role, name, box in OURS
    ]
    return _write(file, [("agency", "role", "name", "email", "phone", "login"), *rows])


def write_cameras(fleet: Fleet, file: Path) -> str:
    """The cameras that the Department knows itself, with the logins that never go into a form."""
    rows = [
        (agency, CENTRE, name, fleet.url(behaviour, f"tthcc-{i}"), USER if password else "", password)
        for i, (agency, name, behaviour, password) in enumerate(CENTRES)
    ]
    return _write(file, [("agency", "system", "name", "url", "user", "password"), *rows])


def _write(file: Path, rows: Sequence[Sequence[str]]) -> str:
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    return file.read_text(encoding="utf-8")


def play(app: AppContext, mail: MailServer, fleet: Fleet, home: Path) -> None:
    """Everything that happened before 14:00 of the 25th, and what lies in the mailbox and the drop folder then."""
    enter_second_directive(app)
    begin(app, fleet, home)
    for letter in LETTERS[:1]:
        enter_letter(app, *letter)
    morning(app, "2021-11-17")
    for letter in LETTERS[1:]:
        enter_letter(app, *letter)
    submissions.in_time(app, mail, fleet)
    rulings(app)
    morning(app, "2021-11-22")
    enter_letter(app, *LATE_LETTER)
    morning(app, "2021-11-23")
    nights(app)
    submissions.today(app, mail, fleet)


def enter_second_directive(app: AppContext) -> None:
    """A letter that holds from the 16th, entered and put into force by a person before that."""
    with at("2021-11-15T07:40"), app.sessions.begin() as session:
        letter, now = load_file(SECOND, app.registry), clock.now()
        number = lifecycle.enter(
            app,
            session,
            letter,
            state=State.DRAFT,
            valid_from=letter.day or now.date(),
            document="",
            reason="",
            by=CLERK,
            now=now,
            after=None,
        )
        lifecycle.activate(app, session, letter.id, by=DEPUTY, now=now, after=number)


def begin(app: AppContext, fleet: Fleet, home: Path) -> None:
    """15 November: the letter has gone out, address book and known cameras are taken over."""
    with at("2021-11-15T08:00"), app.sessions.begin() as session:
        listed, now = write_contacts(app, home / "contacts.csv"), clock.now()
        contacts.import_csv(session, app.registry, listed, "contacts.csv", by=CLERK, secrets=app.secrets, now=now)
        seen = write_cameras(fleet, home / "cameras.csv")
        imports.import_csv(session, app.registry, seen, "cameras.csv", by=CLERK, secrets=app.secrets, now=now)


def enter_letter(app: AppContext, agency: str, number: str, written: str, arrived: str) -> None:
    """A letter on paper that names a focal officer, entered into the register when it arrives."""
    with at(arrived), app.sessions.begin() as session:
        register(
            session,
            app.letters(session, clock.now().date()),
            app.registry,
            agency=agency,
            fulfils=[Deliverable.FOCAL_LETTER],
            number=number,
            document_date=date.fromisoformat(written),
            arrived=clock.now(),
            blob=None,
            by=CLERK,
            secrets=app.secrets,
            now=clock.now(),
        )


def rulings(app: AppContext) -> None:
    """A person's word: more time after a flood, and a call that was made."""
    with at("2021-11-19T15:00"), app.sessions.begin() as session:
        rule(
            app,
            session,
            RulingKind.EXTEND,
            agency="ubnd-huyen-huong-khe",
            until=date(2021, 11, 30),
            document="Công văn số 1905/UBND-VP ngày 18/11/2021 của UBND huyện Hương Khê",
            reason="khắc phục hậu quả mưa lũ",
            by=DEPUTY,
            now=clock.now(),
        )


def morning(app: AppContext, day: str) -> None:
    """07:30 of a working day: read the sources, decide, deliver."""
    with at(f"{day}T07:30"):
        sources.look(app, clock.now())
        escalate.escalate(app, date.fromisoformat(day), now=clock.now(), record=True)
        preconditions.deliver(app, clock.now)


def nights(app: AppContext) -> None:
    """What the checks of earlier nights left behind: with today's, the dark camera's third bad one, an outage; and of
    one whose pictures nobody can build the seventh.

    Really asked are those of which their own former pictures tell, and on their turn those of which only a closer look
    does.
    """
    with app.sessions.reading() as session:
        urls = {c.id: addresses.read(c, app.secrets).url or "" for c in session.scalars(select(Camera))}
    for day in (f"2021-11-{number}" for number in range(18, 25)):
        with at(f"{day}T10:05"):
            seen = {camera: verdict for camera, url in urls.items() if (verdict := _verdict(url, day))}
            results = [_seen(camera, verdict) for camera, verdict in seen.items()]
            asked = [i for i, url in urls.items() if day >= LATELY and _asked(i, url, date.fromisoformat(day))]
            results += night.check_batch(app, asked, night=date.fromisoformat(day), round="day", now=clock.now())
            night.store(app, results, night=date.fromisoformat(day), round="day", now=clock.now())


def _verdict(url: str, day: str) -> Verdict | None:
    """As what a camera was seen on a day before today; None: it was not looked at."""
    if _behaves(url, "unknown-codec"):
        return Verdict.NOT_DECODABLE
    if day < LATELY or not _behaves(url, "healthy", "dark"):
        return None
    return Verdict.BLACK if _behaves(url, "dark") and day > LATELY else Verdict.OK


def _asked(camera: int, url: str, day: date) -> bool:
    return _behaves(url, *BY_OWN_PAST) or (due(camera, day) and _behaves(url, *submissions.CLOSELY))


def _behaves(url: str, *behaviours: str) -> bool:
    return any(f"/{behaviour}/" in url for behaviour in behaviours)


def _seen(camera: int, verdict: Verdict) -> Result:
    return Result.of(Finding(str(camera), verdict, verdict.label, 400, 2), clock.now())
