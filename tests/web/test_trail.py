"""Every act on the pages, and every sight of what is sensitive, is in the audit trail with who, from where and what."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from sqlalchemy import select

from dondoc import audit
from dondoc.cameras.nights import thumbnails
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.camera import PASSWORD, USER
from dondoc.demo.fleet import Fleet
from dondoc.intake.judge import judge_submission
from dondoc.intake.receive import receive
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.reporting import states
from dondoc.store.facts import ContactChange
from dondoc.store.trust import AuditEvent
from dondoc.web.app import create_app
from dondoc.web.audit import ACT
from tests.conftest import CLERK, approver
from tests.decisions import official_letters, stopped
from tests.intake.conftest import Desk
from tests.web.conftest import ORIGIN, Visit, browsers, visitor, words_of
from tests.web.test_cameras import ACTIONS, AGENCY, NOW, four_cameras
from tests.web.test_directives import ID, LETTER
from tests.web.test_pages import drawn_up

pytestmark = pytest.mark.slow


@pytest.fixture
def seen(environment: pytest.MonkeyPatch, app: AppContext) -> Iterator[AppContext]:
    """A world of four cameras that keeps their pictures; the second has refused a password tonight."""
    environment.setenv("DONDOC_CLOCK", NOW.isoformat())
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
    environment.setenv("DONDOC_THUMBNAILS", "true")
    with Fleet() as fleet:
        made = AppContext(load())
        four_cameras(made, fleet)
        thumbnails.put(made, 4, b"\xff\xd8\xff a picture", NOW - timedelta(days=1))
        yield made


@pytest.fixture
def visit(seen: AppContext) -> Visit:
    return browsers(seen)


def trail(app: AppContext) -> list[AuditEvent]:
    with app.sessions.reading() as session:
        done = select(AuditEvent).where(AuditEvent.name != CLERK.name)  # who furnished the world
        return list(session.scalars(done.order_by(AuditEvent.id)))


def told(app: AppContext) -> list[tuple[str, str]]:
    return [(event.act, event.subject) for event in trail(app)]


def test_a_wrong_key_writes_nothing_down(seen: AppContext, visit: Visit, environment: pytest.MonkeyPatch) -> None:
    assert visit("ops").post("/cameras/1/confirm", headers=ORIGIN).status_code == 303
    environment.setenv("DONDOC_SECRET_KEY", "fedcba9876543210" * 4)
    answer = browsers(AppContext(load()))("ops").post("/cameras/2/confirm", headers=ORIGIN)
    assert (answer.status_code, "không phải khóa" in answer.text) == (503, True)
    assert told(seen) == [("confirm", "CAM-00001")]


def test_looking_at_pages_and_what_machines_ask_is_not(seen: AppContext, visit: Visit) -> None:
    for path in (
        "/",
        "/cameras",
        "/cameras/1",
        "/pauses",
        "/inbox",
        "/submissions",
        "/rejudge",
        "/letters",
        "/official",
        "/reports",
        "/metrics",
    ):
        assert visit("ops").get(path).status_code == 200
    assert trail(seen) == []


# route → the requests for it, in order: an address, what is sent, the act and to what
Sent = dict[str, Any]
DOCUMENT = {"document": "Công điện 1", "reason": "lũ"}
PAUSE = {"agency": AGENCY, "begins": "2021-11-20", **DOCUMENT}
PAPER = {"agency": "so-nnptnt", "fulfils": "reservoir/focal_letter", "number": "1/SNN", "document_date": "2021-11-18"}
SIGNED = {"number": "05/BC", "document_date": "2021-11-19", "reason": "thay bản trước"}
NUMBERED = {"number": "9/STTTT", "document_date": "2021-11-19", "signer": "Lê B"}
COVERS = {
    "number": "10/STTTT",
    "step": "stttt-cntt-2021-11:overdue_2",
    "answer_days": "5",
    "agency": "ubnd-huyen-duc-tho",
}
PDF = {"file": ("ky.pdf", b"%PDF-1.7")}
POSTED: dict[str, tuple[str, Sent, str, str]] = {
    "/cameras/{camera}/probe": ("/cameras/2/probe", {}, "probe", "CAM-00002"),
    "/cameras/{camera}/release": ("/cameras/2/release", {"data": {"reason": "x"}}, "release_login", "CAM-00002"),
    "/cameras/{camera}/credentials": (
        "/cameras/1/credentials", {"data": {"username": USER, "password": PASSWORD}}, "enter_login", "CAM-00001",
    ),
    "/cameras/{camera}/confirm": ("/cameras/1/confirm", {}, "confirm", "CAM-00001"),
    "/cameras/{camera}/pause": (
        "/cameras/1/pause", {"data": {"scope": "place", "begins": "2021-11-20", **DOCUMENT}}, "pause", "QD-2",
    ),
    "/pauses": ("/pauses", {"data": PAUSE}, "pause", "QD-3"),
    "/pauses/{ruling}/undo": ("/pauses/2/undo", {"data": {"reason": "hết lũ"}}, "undo", "QD-4"),
    "/inbox/upload": ("/inbox/upload", {"files": {"file": ("t.pdf", b"%PDF-1.5")}}, "receive", "BN-0005"),
    "/inbox/{submission}/assign": ("/inbox/1/assign", {"data": {"agency": "so-nnptnt"}}, "assign", "BN-0001"),
    "/inbox/{submission}/dismiss": ("/inbox/2/dismiss", {"data": {"reason": "thử"}}, "dismiss", "BN-0002"),
    "/submissions/{submission}/undo": (
        "/submissions/2/undo", {"data": {"reason": "nhầm"}}, "reopen", "BN-0002",
    ),
    "/inbox/{submission}/register": ("/inbox/3/register", {"data": PAPER}, "register", "VB-0001"),
    "/register": ("/register", {"data": PAPER | {"day": "2021-11-18", "hour": "09:30"}}, "register", "VB-0002"),
    "/register/{entry}/undo": ("/register/2/undo", {"data": {"reason": "nhầm đơn vị"}}, "register_undo", "VB-0002"),
    "/inbox/changes/{change}/confirm": ("/inbox/changes/1/confirm", {}, "contact_confirm", "TD-0001"),
    "/inbox/changes/{change}/refuse": (
        "/inbox/changes/2/refuse", {"data": {"reason": "thử"}}, "contact_refuse", "TD-0002",
    ),
    "/letters/{letter}/approve": ("/letters/1/approve", {}, "approve", "TH-00001"),
    "/letters/approve": ("/letters/approve", {"data": {"letters": ["6"]}}, "approve", "TH-00006"),
    "/letters/{letter}/cancel": ("/letters/2/cancel", {"data": {"reason": "thử"}}, "cancel", "TH-00002"),
    "/letters/{letter}/resume": ("/letters/4/resume", {"data": {"reason": "nhầm"}}, "undo", "QD-5"),
    "/called": ("/called", {"data": {"agency": AGENCY, **DOCUMENT}}, "called", "QD-6"),
    "/promised": (
        "/promised", {"data": {"agency": AGENCY, "until": "2021-11-25", "document": "thư BN-0001"}}, "promise", "QD-7",
    ),
    "/rejudge/apply": ("/rejudge/apply", {"data": {"submission": "4"}}, "rejudge", "intake"),
    "/letters/{letter}/settle": ("/letters/3/settle", {"data": {"word": "sent"}}, "settle", "TH-00003"),
    "/letters/{letter}/withdraw": ("/letters/7/withdraw", {"data": {"reason": "nhầm"}}, "withdraw", "TH-00007"),
    "/letters/{letter}/keep": ("/letters/7/keep", {"data": {"reason": "không nhầm"}}, "keep_letter", "TH-00007"),
    "/directives": ("/directives", {"data": LETTER}, "directive_add", ID),
    "/directives/{directive}": (
        f"/directives/{ID}", {"data": LETTER | {"seen": "1", "title": "V/v khác"}}, "directive_add", ID,
    ),
    "/directives/{directive}/activate": (
        f"/directives/{ID}/activate", {"data": {"version": "2"}}, "directive_activate", ID,
    ),
    "/directives/{directive}/close": (
        f"/directives/{ID}/close", {"data": {"version": "3", "on": "2021-11-20", **DOCUMENT}}, "directive_close", ID,
    ),
    "/official/{letter}/issue": (
        "/official/1/issue", {"data": NUMBERED, "files": PDF}, "issue_official", "CV-0001",
    ),
    "/official/enter": (
        "/official/enter", {"data": NUMBERED | COVERS, "files": PDF}, "issue_official", "CV-0003",
    ),
    "/official/{letter}/unissue": ("/official/1/unissue", {"data": {"reason": "nhầm"}}, "unissue_official", "CV-0001"),
    "/reports/{report}/write": (
        "/reports/1/write", {"data": {"part": "causes", "text": "Do mưa lũ."}}, "write_report", "2021-11-18",
    ),
    "/reports/{report}/draw": ("/reports/1/draw", {}, "draw_report", "2021-11-18"),
    "/reports/{report}/approve": ("/reports/2/approve", {}, "approve_report", "BC-0002"),
    "/reports/{report}/issue": (
        "/reports/2/issue", {"data": SIGNED, "files": {"file": ("ky.pdf", b"%PDF-1.7")}}, "issue_report", "2021-11-18",
    ),
    "/reports/{report}/unissue": (
        "/reports/2/unissue", {"data": {"reason": "nhầm"}}, "unissue_report", "2021-11-18",
    ),
}  # fmt: skip
LOOKED = {
    "/directives/{directive}/forecast": "what would be written to whom: nothing is kept, nobody is written to",
    "/rejudge": "what would be judged otherwise: nothing is kept, nobody is written to",
}
SAVED = {
    "/cameras.{form}": ("/cameras.csv", "export", "cameras.csv"),
    "/cameras/{camera}/thumbnail": ("/cameras/4/thumbnail", "see_picture", "CAM-00004"),
    "/inbox/{submission}/original": ("/inbox/1/original", "download", "BN-0001"),
    "/submissions/{submission}/copy": ("/submissions/4/copy", "download", "BN-0004"),
    "/letters/{letter}/attachments/{position}": ("/letters/3/attachments/0", "download", "TH-00003"),
    "/official/{letter}/draft": ("/official/1/draft", "download", "CV-0001"),
    "/official/{letter}/signed": ("/official/2/signed", "download", "CV-0002"),
    "/reports/{report}/{name}": ("/reports/1/report.docx", "download", "BC-0001"),
    "/reports/{report}/signed/{issue}": ("/reports/1/signed/1", "download", "BC-0001"),
}
UNRECORDED = {"/metrics": "machines ask for it every few minutes, and it names no address, login or restricted camera"}


def of(method: str) -> set[str]:
    """Paths of the routes that take a method and show no page."""
    pages = create_app(current_user=visitor, app=lambda: None)  # type: ignore[arg-type, return-value]
    routes = [route for route in pages.routes if isinstance(route, APIRoute) and method in route.methods]
    return {route.path for route in routes if method == "POST" or route.response_class is not HTMLResponse}


def test_every_act_and_every_file_is_in_the_trail_or_it_is_said_why_not() -> None:
    assert of("POST") == POSTED.keys() | LOOKED.keys()
    assert of("GET") == SAVED.keys() | UNRECORDED.keys()
    pages = create_app(current_user=visitor, app=lambda: None)  # type: ignore[arg-type, return-value]
    assert {method for route in pages.routes if isinstance(route, APIRoute) for method in route.methods} == {
        "GET",
        "POST",
    }


@pytest.fixture
def furnished(seen: AppContext) -> AppContext:
    """Something of everything waits for a person."""
    approver(seen, "Người Duyệt", "ops.dangnhap")
    for number in range(3):
        kept = {"channel": "mail", "channel_id": str(number), "sender": "la@x.test", "filename": "a.pdf"}
        receive(seen, b"%PDF-1.4 " + bytes([48 + number]), **kept, received_at=NOW, now=NOW)
    returned = {"channel": "upload", "channel_id": "4", "sender": "", "filename": "BM03.xlsx"}
    number, _ = receive(seen, Desk(seen).form(wrong=1), **returned, received_at=NOW, now=NOW)
    judge_submission(seen, number, now=NOW)
    with seen.sessions.begin() as session:
        letters = [Letter("internal", "a@hatinh.test", "S", "t", "", key, "vì", needs_approval=True) for key in "123"]
        *_, last = outbox.enqueue(session, letters, settings=seen.settings, now=NOW)
        last.state, last.attachments = (
            "uncertain",
            [{"filename": "a.xlsx", "sha256": seen.blobs.put(b"PK"), "type": "x/y"}],
        )
        who = {"agency": "so-nnptnt", "role": "clerk", "name": "Lê B", "phone": "0", "recorded_at": NOW}
        for email in ("a@sonn.test", "b@sonn.test"):
            session.add(ContactChange(submission_id=1, email=email, asked="c@sonn.test", happened_at=NOW, **who))
    stopped(seen, NOW)
    official_letters(seen, date(2021, 11, 19))
    with seen.sessions.begin() as session:
        waits = Letter("internal", "a@hatinh.test", "S", "t", "", "4", "vì", needs_approval=True)
        left = Letter("receipt", "a@hatinh.test", "S", "t", "", "5", "vì", agency=AGENCY)
        _, gone = outbox.enqueue(session, [waits, left], settings=seen.settings, now=NOW)
        gone.state, gone.sent_at = "sent", NOW
    drawn_up(seen)
    signed = {"number": "04/BC", "document_date": date(2021, 11, 19), "signed": b"%PDF-1.7"}
    states.issued(seen, "stttt-cntt-2021-11", date(2021, 11, 18), actor=CLERK, now=NOW, **signed)  # type: ignore[arg-type]
    return seen


def test_what_is_done(furnished: AppContext, visit: Visit) -> None:
    for address, sent, act, subject in POSTED.values():
        before = len(trail(furnished))
        assert visit("ops").post(address, headers=ORIGIN, **sent).status_code == 303, address
        [event] = trail(furnished)[before:]
        assert (event.act, event.subject, event.login, event.channel) == (act, subject, "ops.dangnhap", "page")
        assert (event.name, event.address) == ("Người Duyệt" if act.startswith("approve") else "ops", "10.1.2.3")
        assert act in ACT
    details = {event.subject: event.details for event in trail(furnished)}
    assert details["CAM-00002"] == {"reason": "x"}
    assert details["QD-2"]["place"] == "Điểm 1"
    assert PASSWORD not in str(details)
    read = words_of(visit("admin").get("/audit").text)
    assert "điểm: Điểm 1; từ: 2021-11-20T00:00:00+07:00; văn bản: Công điện 1; lý do: lũ" in read
    assert audit.examine(furnished.sessions, furnished.settings).broken is None


def test_what_is_saved_or_seen(furnished: AppContext, visit: Visit) -> None:
    for address, act, subject in SAVED.values():
        before = len(trail(furnished))
        assert visit("ops").get(address).status_code == 200, address
        [event] = trail(furnished)[before:]
        assert (event.act, event.subject, event.name) == (act, subject, "ops")
        assert act in ACT
    assert event.details == {"file": "signed.pdf"}


def test_what_was_refused_is_not_written_down_as_done(seen: AppContext, visit: Visit) -> None:
    for path, data in ACTIONS.items():
        assert visit("viewer").post(path, headers=ORIGIN, data=data).status_code == 403
    for path in ("/cameras/99/confirm", "/cameras/99/pause", "/pauses/99/undo", "/cameras/1/release"):
        data = {**ACTIONS["/cameras/1/pause"], "reason": "x"}
        assert visit("ops").post(path, headers=ORIGIN, data=data).status_code in (400, 404)
    for path in ("/cameras/4/thumbnail", "/inbox/1/original"):
        assert visit("viewer").get(path).status_code == 403
    assert trail(seen) == []


def test_nothing_sensitive_leaves_that_cannot_be_written_down(
    seen: AppContext, visit: Visit, environment: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import text

    with seen.sessions.begin() as session:
        session.execute(text("DROP TABLE audit_events"))
    for path in ("/cameras.csv", "/cameras/4/thumbnail"):
        answer = visit("ops").get(path)
        assert (answer.status_code, "CAM-00001" in answer.text) == (503, False)
