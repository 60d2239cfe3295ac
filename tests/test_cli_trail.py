"""Every command by which somebody decides: refused in the name of a program, and kept in the audit trail."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dondoc import audit
from dondoc.cameras import imports
from dondoc.errors import Problem
from dondoc.store.cameras import Camera, CredentialRelease
from dondoc.store.facts import Ruling
from dondoc.world import World
from tests.conftest import Run, at

RULE = ("rule", "hold_all", "--document", "CV 1", "--reason", "thử")
CAMERA = "agency,system,name,url,user,password\nso-nnptnt,reservoir,Đập,rtsp://10.1.1.1,ioc,mat-khau-1\n"
# act, its subject → the command, without `--by`
ACTS = {
    ("hold_all", "QD-1"): RULE,
    ("release_login", "CAM-00001"): ("cameras", "retry", "CAM-00001", "--reason", "đã mở khóa"),
    ("confirm", "CAM-00001"): ("cameras", "confirm", "CAM-00001"),
    ("enter_login", "CAM-00001"): ("cameras", "credentials", "CAM-00001", "--user", "ioc"),
    ("cameras_import", "c.csv"): ("cameras", "import", "c.csv"),
    ("export", "cameras.go2rtc"): ("cameras", "export", "--as", "go2rtc", "--out", "ra", "--with-passwords"),
    ("export", "cameras.csv"): ("cameras", "export", "--as", "csv", "--out", "ra", "--restricted"),
}
each_act = pytest.mark.parametrize(("act", "subject"), ACTS)


@pytest.fixture
def typed(world: World, dondoc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Types a command in a folder with a CSV file, where one camera is declared."""
    monkeypatch.chdir(tmp_path)
    Path("c.csv").write_text(CAMERA, "utf-8")
    monkeypatch.setattr("dondoc.cli.camera_records._password", lambda: "mat-khau-2")
    with world.sessions.begin() as session:
        imports.import_csv(session, world.directive, CAMERA, "c.csv", secrets=world.settings.secret_keys, now=at(18))
    return lambda *words: dondoc(*words) and None


def trail(world: World) -> list[audit.AuditEvent]:
    with world.sessions.reading() as session:
        return audit.events(session)


@each_act
def test_it_is_in_the_trail_with_who_and_from_where(
    world: World, typed: Callable[..., None], act: str, subject: str
) -> None:
    typed(*ACTS[act, subject], "--by", " Lê  A ")
    [event] = trail(world)
    assert (event.act, event.subject, event.name, event.channel) == (act, subject, "Lê A", "cli")
    assert event.login
    assert event.address
    assert "mat-khau" not in str(event.details)


@each_act
@pytest.mark.parametrize("name", ["dondoc", "Hệ thống", "d\N{CYRILLIC SMALL LETTER O}ndoc"])
def test_it_is_not_done_in_the_name_of_a_program(
    world: World, typed: Callable[..., None], act: str, subject: str, name: str
) -> None:
    with pytest.raises(Problem):
        typed(*ACTS[act, subject], "--by", name)
    with world.sessions.reading() as session:
        assert session.query(Ruling).count() == session.query(CredentialRelease).count() == 0
        assert not session.get_one(Camera, 1).confirmed
    assert trail(world) == []
    assert not Path("ra").exists()


@pytest.mark.parametrize(
    ("words", "act"),
    [
        (("cameras", "import", "c.csv"), "cameras_import"),
        (("cameras", "export", "--as", "mediamtx", "--out", "ra"), "export"),
        (("rotate-key",), "rotate_key"),
        (("receive", "c.csv", "--from", "la@dau.test"), "receive"),
    ],
)
def test_where_nobody_has_to_be_named_it_is_the_account(
    world: World, typed: Callable[..., None], words: tuple[str, ...], act: str
) -> None:
    typed(*words)
    [event] = [one for one in trail(world) if one.act == act]
    assert event.login == event.name != ""
