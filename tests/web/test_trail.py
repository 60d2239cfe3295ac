"""Every act on the pages, and every sight of what is sensitive, is in the audit trail with who, from where and what."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dondoc import audit
from dondoc.cameras import thumbnails
from dondoc.demo.camera import PASSWORD, USER
from dondoc.demo.fleet import Fleet
from dondoc.errors import Problem
from dondoc.mail import outbox
from dondoc.mail.letter import Letter
from dondoc.settings import load
from dondoc.store.trust import AuditEvent
from dondoc.world import World
from tests.conftest import Run
from tests.web.conftest import ORIGIN, Visit, browsers, words_of
from tests.web.test_cameras import ACTIONS, NOW, four_cameras
from tests.web.test_pages import drawn_up, waiting_scan


@pytest.fixture
def seen(environment: pytest.MonkeyPatch, world: World) -> Iterator[World]:
    """A world of four cameras that keeps their pictures; the second has refused a password tonight."""
    environment.setenv("DONDOC_CLOCK", NOW.isoformat())
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
    environment.setenv("DONDOC_THUMBNAILS", "true")
    with Fleet() as fleet:
        made = World(load())
        four_cameras(made, fleet)
        thumbnails.put(made, 4, b"\xff\xd8\xff a picture", NOW - timedelta(days=1))
        yield made


@pytest.fixture
def visit(seen: World) -> Visit:
    return browsers(seen)


def trail(world: World) -> list[AuditEvent]:
    with world.sessions.reading() as session:
        return list(session.scalars(select(AuditEvent).order_by(AuditEvent.id)))


def told(world: World) -> list[tuple[str, str]]:
    return [(event.act, event.subject) for event in trail(world)]


def test_what_is_saved_or_seen(seen: World, visit: Visit) -> None:
    number = waiting_scan(seen)
    drawn_up(seen)
    for path in (
        "/cameras.csv",
        "/cameras.xlsx",
        "/cameras/4/thumbnail",
        "/reports/1/report.docx",
        f"/inbox/{number}/original",
    ):
        assert visit("ops").get(path).status_code == 200
    assert told(seen) == [
        ("download", "cameras.csv"),
        ("download", "cameras.xlsx"),
        ("see_picture", "CAM-00004"),
        ("download", "BC-1"),
        ("download", "BN-0001"),
    ]
    assert trail(seen)[3].details == {"file": "report.docx"}


def test_what_a_letter_carries(seen: World, visit: Visit) -> None:
    with seen.sessions.begin() as session:
        digest = seen.blobs.put(b"PK danh sach")
        letter = Letter("internal", "a@hatinh.test", "S", "t", "<p>t</p>", "1", "vì")
        [row] = outbox.enqueue(session, [letter], settings=seen.settings, now=NOW)
        row.attachments = [{"filename": "a.xlsx", "sha256": digest, "type": "x/y"}]
    assert visit("ops").get(f"/letters/{row.id}/attachments/0").status_code == 200
    assert told(seen) == [("download", f"TH-{row.id:05}")]


def test_a_wrong_key_writes_nothing_down(seen: World, visit: Visit, environment: pytest.MonkeyPatch) -> None:
    assert visit("ops").post("/cameras/1/confirm", headers=ORIGIN).status_code == 303
    environment.setenv("DONDOC_SECRET_KEY", "fedcba9876543210" * 4)
    answer = browsers(World(load()))("ops").post("/cameras/2/confirm", headers=ORIGIN)
    assert (answer.status_code, "không phải khóa" in answer.text) == (400, True)
    assert told(seen) == [("confirm", "CAM-00001")]


def test_the_same_acts_at_the_command_line(seen: World, dondoc: Run, tmp_path: Path) -> None:
    by = ("--by", "Lê Văn C")
    dondoc("cameras", "confirm", "CAM-00001", *by)
    dondoc("cameras", "export", "--as", "csv", "--out", tmp_path / "a.csv", *by)
    dondoc("rule", "hold_all", "--document", "Công điện 1", "--reason", "lũ", *by)
    assert told(seen) == [
        ("confirm", "CAM-00001"),
        ("export", "cameras.csv"),
        ("hold_all", "QD-1"),
    ]
    assert {(event.name, event.channel) for event in trail(seen)} == {("Lê Văn C", "cli")}
    for command in (("cameras", "confirm", "CAM-00002"), ("rule", "hold_all", "--document", "x", "--reason", "x")):
        with pytest.raises(Problem, match="tên của máy"):
            dondoc(*command, "--by", "dondoc")
    assert len(trail(seen)) == 3


def test_looking_at_pages_and_what_machines_ask_is_not(seen: World, visit: Visit) -> None:
    for path in ("/", "/cameras", "/cameras/1", "/pauses", "/inbox", "/letters", "/reports", "/metrics"):
        assert visit("ops").get(path).status_code == 200
    assert trail(seen) == []


def test_what_is_done(seen: World, visit: Visit) -> None:
    for path, data in ACTIONS.items():
        if path == "/cameras/2/release":
            visit("ops").post("/cameras/2/probe", headers=ORIGIN)
        sent = {"username": USER, "password": PASSWORD} if "username" in data else data
        assert visit("ops").post(path, headers=ORIGIN, data=sent).status_code == 303, path
    events = trail(seen)
    assert [(event.act, event.subject) for event in events] == [
        ("probe", "CAM-00001"),
        ("enter_login", "CAM-00001"),
        ("probe", "CAM-00002"),
        ("release_login", "CAM-00002"),
        ("confirm", "CAM-00001"),
        ("pause", "CAM-00001"),
        ("pause", "QD-2"),
        ("unpause", "QD-1"),
    ]
    assert {(event.name, event.login, event.channel) for event in events} == {("ops", "ops.dangnhap", "page")}
    assert events[3].details == {"reason": "đã mở khóa"}
    assert events[5].details == {"ruling": "QD-1", "scope": "site", "document": "Công điện 1", "reason": "lũ"}
    assert PASSWORD not in str([event.details for event in events])
    read = words_of(visit("admin").get("/audit").text)
    assert "quyết định: QD-1; phạm vi: site; văn bản: Công điện 1; lý do: lũ" in read
    with seen.sessions.reading() as session:
        assert audit.verify(session, seen.settings.secret_keys).broken is None


def test_what_was_refused_is_not_written_down_as_done(seen: World, visit: Visit) -> None:
    for path, data in ACTIONS.items():
        assert visit("viewer").post(path, headers=ORIGIN, data=data).status_code == 403
    for path in ("/cameras/99/confirm", "/cameras/99/pause", "/pauses/99/undo", "/cameras/1/release"):
        data = {**ACTIONS["/cameras/1/pause"], "reason": "x"}
        assert visit("ops").post(path, headers=ORIGIN, data=data).status_code in (400, 404)
    for path in ("/cameras/4/thumbnail", "/inbox/1/original"):
        assert visit("viewer").get(path).status_code == 403
    assert trail(seen) == []


def test_nothing_sensitive_leaves_that_cannot_be_written_down(
    seen: World, visit: Visit, environment: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import text

    with seen.sessions.begin() as session:
        session.execute(text("DROP TABLE audit_events"))
    for path in ("/cameras.csv", "/cameras/4/thumbnail"):
        answer = visit("ops").get(path)
        assert (answer.status_code, "CAM-00001" in answer.text) == (503, False)
