"""Addresses that people write into free text are hidden from who may only look, on every page and in every file."""

import io
import re
import time
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from dondoc import clock
from dondoc.cameras.logins import credentials
from dondoc.cameras.registry import streams
from dondoc.configuration.context import AppContext
from dondoc.demo.fleet import Fleet
from dondoc.facts import contact_changes, contacts
from dondoc.masking import HIDDEN, without_addresses
from dondoc.store.cameras import Camera, CameraCheck, CredentialRelease, Outage
from dondoc.store.facts import Ruling
from dondoc.store.intake import Submission, Verdict
from dondoc.store.mail import OutboxEvent, OutboxLetter
from dondoc.web.app import create_app
from tests.conftest import CLERK, at
from tests.web import test_cameras
from tests.web.conftest import ORIGIN, Visit, visitor
from tests.web.test_pages import drawn_up, held, waiting_scan

__all__ = ["held"]  # a fixture

ADDRESSES = [
    "rtsp://10.20.30.41:554/Streaming/101?user=a&pass=b",
    "rtsps://cam-cong.hatinh.local/live",
    "nguyen.van.a@sonn.hatinh.gov.vn",
    "admin@sonn",
    "10.20.30.42",
    "10.20.30.43:8554/ch1",
    "192.168.17.0/24",
    "2001:db8:17::42",
    "fe80::1ff:fe23:4567:890a",
    "28:57:be:aa:bb:cc",
    "28-57-BE-AA-BB-CD",
    "cam9.hatinh.vn:8554/live",
    "0912001345",
    "0912 001 346",
    "0912.001.347",
    "+84 912 001 348",
    "84912001349",
    "(0239) 3855123",
    "0239.3855.124",
    "10.20.30.44?token=0912001346",
    "10.20.30.44:554#sonn",
    "10.20.30.45;password=0912001346",
    "10.20.30.46%2Fsonn",
    "10.20.30.47./sonn",
    "010.020.030.048/sonn",
    "10.20.30.256/sonn",
    "rtsp:\\\\10.20.30.49\\sonn",
    "[2001:db8:17::42]:554/live?pw=sonn",
    "2001:db8:17::42/sonn",
    "fe80::1ff:fe23:4567:890a%25eth0/sonn",
    "admin:x@cam.hatinh.vn:554/live?sonn",
    "admin:sonn@[2001:db8:17::42]:554/live",
    "cam.hatinh.vn/live?token=sonn",
    "cam.hatinh.vn:554?token=sonn",
    "sonn-01:554/live",
    "sonn:10554/live?pw=sonn",
    "rtsp://10.20.30.41/live'sonn'",
    "10.20.30.50:554:sonn",
    "10.20.30.51&password=sonn",
    "10.20.30.52&amp;password=sonn",
    "10.20.30.53|sonn",
    "10.20.30.54=sonn",
    "10.20.30.55:0000554/sonn",
    "admin:(sonn)@10.20.30.56",
    "sonn_01:554/live",
    "admin:sonn＠10.20.30.58",
    "10。20。30。59／sonn",
    "cam1/live?pwd=sonn",
    "/live.sdp?chn=5&psw=sonn",
    "/video1?loginuse=a&loginpas=sonn",
    "/cam/realmonitor?channel=1&authbasic=sonn",
    "/kenh/4?jwt=sonn",
    "/kenh/4;jsessionid=sonn",
    "/kenh/4?sign=sonn",
    "/kenh/4?mật_khẩu=sonn",
    "/h264/ch1?verify_code=sonn",
    "cam1/live?user=a&matKhau=sonn",
    "0x0a010203/live?access_token=sonn",
    "cam.gov.vn?password=sonn",
    "rtsp%3A%2F%2Fadmin%3Asonn%4010.20.30.57%2Flive",
]
SECRET = re.compile(  # whatever of them tells where to ring, write or connect
    r"10\.20\.30|hatinh|sonn|192\.168\.17|db8:17|fe80:|28:57|28-57|001.?34|3855.?12|912.?001|912001", re.IGNORECASE
)
HARMLESS = [
    "22/11/2021",
    "17:00 18/11/2021",
    "17:00:05",
    "2021-11-22",
    "2021-11-22 08:30:00",
    "01-11-2021 10:22",
    "CAM-00001, TH-00012, BN-0004, SC-0001",
    "Công điện số 12/CĐ-UBND ngày 18/11/2021",
    "12729/VPCP-KGVX",
    "Số:124/KH-UBND",
    "lúc 8:30/ngày 22/11",
    "TP.HCM/Q1, tr.12/15",
    "cột A:554 dòng",
    "mục 1.2.3, bảng 4.5",
    "[08:30] xem lại: 12:00:30?",
    "1.234.567 camera",
    "bieu_mau_03.xlsx",
    "0/30, 0,001 s, 120 ms",
    'value="2021-11-20"',
    "/cameras?agency=so-nnptnt&amp;page=2",
    "<input name=password value=1>",
    "&quot;password=&quot;",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("around", ["{}", "gọi {}.", "<td>{}</td>", 'title="{}"', "({})", "“{}”, rồi", "{} 2021"])
def test_every_kind_of_address_is_hidden(address: str, around: str) -> None:
    found = without_addresses(around.format(address))
    assert HIDDEN in found
    assert not SECRET.search(found)


@pytest.mark.parametrize("name", streams.load().credentials.words)
def test_whatever_hides_a_part_of_a_known_address_hides_it_in_what_people_write_too(name: str) -> None:
    assert without_addresses(f"xem cam1/live {name}=Xy12z nhé") == f"xem cam1/live {HIDDEN} nhé"


def test_the_code_that_agrees_to_a_new_contact_is_its_reader_s_alone() -> None:
    code = contact_changes.code(["khoa"], 12, "cu@ductho.test")
    assert without_addresses(f"Đề nghị xác nhận (mã {code})") == f"Đề nghị xác nhận (mã {HIDDEN})"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_address_stays(text: str) -> None:
    assert without_addresses(text) == text


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.times(), st.integers(0, 10**7))
def test_days_times_and_numbers_stay(day: date, at: Any, number: int) -> None:
    for text in (f"{day:%d/%m/%Y}", f"{at:%H:%M} {day:%d/%m/%Y}", f"{day} {at:%H:%M:%S}", f"số {number}/UBND-VP"):
        assert without_addresses(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "0",
        "00 ",
        "a@",
        ":",
        "1.",
        "a.",
        "a:/",
        "(",
        "aa:",
        "0.00.",
        "84",
        "0912 ",
        "http:",
        "a.b/",
        "1:2/",
        "[::",
        "1.1.1.1%",
        "1.1.1.1&",
        "1.1.1.1|",
        "(a@",
        "(a)",
        "pwd=",
        "a%3A",
        "a_",
        "ab-",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    began = time.process_time()
    without_addresses(piece * (200_000 // len(piece)) + "g")
    assert time.process_time() - began < 5


FREE: dict[type, tuple[str, ...]] = {
    Camera: ("name", "place", "site", "confirmed_by"),
    CredentialRelease: ("by", "reason"),
    OutboxEvent: ("reason", "by"),
    OutboxLetter: ("recipient", "subject", "text", "reason"),
    Ruling: ("document", "reason", "by"),
    Submission: ("filename", "subject", "sender"),
    Verdict: ("reason",),
}


def plant(app: AppContext) -> None:
    """Every kind of address into every text that a person or a stranger may have written."""
    text = " ; ".join(ADDRESSES)
    with app.sessions.begin() as session:
        for model, columns in FREE.items():
            rows = list(session.scalars(select(model)))
            assert rows, model
            for row in rows:
                for column in columns:
                    setattr(row, column, text)
        tonight, now = test_cameras.TONIGHT, test_cameras.NOW
        look = {"night": tonight, "round": "again", "phase": "auth", "elapsed_ms": 9, "stage": 2, "detail": text}
        seen = {"verdict": "auth_failed", "happened_at": now, "recorded_at": now, "steps": [text]}
        session.add(CameraCheck(camera_id=2, **look, **seen))  # a look that is stored is never changed


class TestPages:
    @pytest.fixture
    def planted(self, environment: pytest.MonkeyPatch, app: AppContext, held: int, visit: Visit) -> AppContext:
        with Fleet() as fleet:
            environment.setenv("DONDOC_CLOCK", test_cameras.NOW.isoformat())
            test_cameras.four_cameras(app, fleet)
        waiting_scan(app)
        with app.sessions.begin() as session:
            listed = "agency,role,name,email,phone\nso-nnptnt,clerk,Trần Thị Minh,vt@sonn.hatinh.gov.vn,0912001345\n"
            contacts.import_csv(
                session,
                app.registry,
                listed,
                "danh-ba.csv",
                by=CLERK,
                secrets=app.secrets,
                now=clock.now() - timedelta(days=3),
            )
            ago = at(16)  # before the report
            common = {"document": "x", "reason": "x", "by": "x", "happened_at": ago, "recorded_at": ago}
            session.add(Ruling(kind="pause", agency="cong-an-tinh", **common))
            session.add(Ruling(kind="waive", agency="so-nnptnt", system="reservoir", **common))
            session.add(Ruling(kind="extend", agency="so-gtvt", until=date(2021, 11, 30), **common))
            lost = session.get_one(Camera, 2)
            lost.confirmed = True
            credentials.handed_out(session, [lost], "x", by=CLERK, now=clock.now())
            session.add(Outage(camera_id=2, first_night=date(2021, 11, 14), verdict="auth_failed", opened_at=at(16)))
        visit("ops").post("/inbox/1/assign", headers=ORIGIN, data={"agency": "so-nnptnt"})
        plant(app)
        drawn_up(app)
        return app

    def test_no_page_and_no_file_shows_one_to_who_may_only_look(self, planted: AppContext, visit: Visit) -> None:
        seen = {path: visit("viewer").get(path) for path in addresses(planted)}
        assert {answer.status_code for answer in seen.values()} <= {200, 403, 404}
        leaks = {path: found[0] for path, answer in seen.items() if (found := SECRET.search(readable(answer.content)))}
        assert leaks == {}
        for path in ("/cameras", "/letters", "/inbox", "/pauses", "/letters/1", "/cameras/1"):
            assert seen[path].status_code == 200
            assert HIDDEN in seen[path].text

    def test_an_operator_sees_what_he_works_with(self, planted: AppContext, visit: Visit) -> None:
        for path in ("/cameras", "/letters", "/inbox", "/pauses", "/letters/1", "/agency/so-nnptnt", "/cameras/4"):
            page = visit("ops").get(path).text
            assert SECRET.search(page), path
            assert HIDDEN not in page

    def test_the_search_tells_nothing_either(self, planted: AppContext, visit: Visit) -> None:
        page = visit("viewer").get("/cameras?q=10.20.30.42").text
        assert "10.20.30.42" not in page


def addresses(app: AppContext) -> list[str]:
    """Every page that can be fetched, with each number that there is."""
    pages = create_app(current_user=visitor, app=lambda: app)
    names = {
        "agency": ["so-nnptnt", "cong-an-tinh"],
        "form": ["csv", "xlsx"],
        "name": ["report.docx", "report.xlsx", "report.html"],
    }
    found: list[str] = []
    for route in pages.routes:
        if "GET" not in (getattr(route, "methods", None) or ()):
            continue
        paths = [route.path]  # type: ignore[attr-defined]
        for name in re.findall(r"{(\w+)}", paths[0]):
            given = names.get(name, ["0", "1", "2", "3", "4"])
            paths = [path.replace(f"{{{name}}}", value) for path in paths for value in given]
        found += paths
    assert len(found) > 40
    return [*found, "/?as_of=2021-11-22", "/cameras?state=not_checked", "/letters?state=held", "/nowhere/10.20.30.42"]


def readable(content: bytes) -> str:
    """The text of a page or a file, of every part of a packed one."""
    if content[:2] != b"PK":
        return content.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "\n".join(packed.read(name).decode(errors="replace") for name in packed.namelist())
