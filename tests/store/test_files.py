"""What dondoc keeps is closed to every other account, whatever the umask of who starts it."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.diagnosis import examine
from dondoc.errors import Problem
from dondoc.store import files
from dondoc.store.session import upgrade
from tests.conftest import Run, at

# Everything that writes into home; the modes are read while the database is open, so that its log is there too.
WRITES = """
import json, os, sys, time
from datetime import timedelta
from pathlib import Path
from dondoc import clock
from dondoc.cameras.nights import on_demand as looking, thumbnails
from dondoc.cli import cli
from dondoc.intake.gather import read_folder
from dondoc.reporting import report
from dondoc.store.trust import Alert
from dondoc.configuration.context import open_context
cli(["db", "upgrade"], standalone_mode=False)
app, moment = open_context(), clock.now()
home = app.settings.home
read_folder(app, moment)
for name, size in (("nho.xlsx", 10), ("to.xlsx", 2**20 + 1)):
    file = home / "drop" / name
    file.write_bytes(b"x" * size)
    file.chmod(0o666)
    os.utime(file, (time.time() - 60,) * 2)
found = read_folder(app, moment)
assert len(found.submission_ids) == 2, found
thumbnails.put(app, 1, b"JPEG", moment)
with looking._alone(app, 1):
    pass
with app.sessions.reading() as session:
    [letter] = report.wanted(app, session, moment.date())
report.make(app, letter, moment, None, home / "reports" / "tuan")
cli(["blank", "--form", "03", "--agency", "so-nnptnt", "--out", str(home / "bm03.xlsx")], standalone_mode=False)
with app.sessions.begin() as session:
    session.add(Alert(cause="a", detail="", count=1, first_at=moment, last_at=moment))
    session.flush()
    print(json.dumps({str(p.relative_to(home)): oct(p.stat().st_mode & 0o777) for p in [home, *home.rglob("*")]}))
"""
EXPECTED = (
    "dondoc.db",
    "dondoc.db-wal",
    "dondoc.db-shm",
    "drop/Qua-lon",
    "locks/camera-1",
    "thumbnails/CAM-00001.bin",
    "reports/tuan/report.docx",
    "bm03.xlsx",
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_every_folder_is_0700_and_every_file_0600_under_any_umask(
    environment: pytest.MonkeyPatch, tmp_path: Path, umask: int
) -> None:
    environment.setenv("DONDOC_HOME", str(tmp_path / "mot" / "hai"))
    environment.setenv("DONDOC_MAX_FILE_MB", "1")
    ran = subprocess.run(
        [sys.executable, "-c", WRITES], umask=umask, env=dict(os.environ), capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    modes = json.loads(ran.stdout.splitlines()[-1])
    assert set(EXPECTED) <= set(modes)
    assert any(name.startswith("originals/") and len(name) > 70 for name in modes)
    assert any(name.startswith("drop/Qua-lon/") and name.endswith("to.xlsx") for name in modes)
    home = tmp_path / "mot" / "hai"
    wrong = {n: m for n, m in modes.items() if m != ("0o700" if n == "." or (home / n).is_dir() else "0o600")}
    assert wrong == {}
    assert mode(tmp_path / "mot") == 0o700, "a folder above it that had to be made"


@pytest.mark.slow
def test_what_was_open_is_closed_at_the_start_and_named_until_then(
    environment: pytest.MonkeyPatch, dondoc: Run, tmp_path: Path
) -> None:
    home = load().home
    dondoc("db", "upgrade")
    name = AppContext(load()).blobs.put(b"ban goc")
    (home / "drop").mkdir(mode=0o755)
    (home / "drop" / "cua-nguoi-khac.xlsx").touch(0o644)
    metrics = home / "metrics"
    metrics.mkdir(mode=0o755)
    metrics.chmod(0o755)
    environment.setenv("DONDOC_METRICS_FILE", str(metrics / "dondoc.prom"))
    opened = [home, home / "dondoc.db", home / "originals", home / "originals" / name[:2] / name]
    for path in opened:
        path.chmod(0o755)
    found = {f["code"]: f["message"] for f in examine(lambda: at(22))}
    assert "dondoc db upgrade" in found["open_files"]
    dondoc("db", "upgrade")
    assert {mode(path) & 0o077 for path in opened} == {0}
    assert "open_files" not in {f["code"] for f in examine(lambda: at(22))}
    assert mode(metrics) == 0o755, "the collector of metrics reads it"


def test_home_is_closed_by_whatever_opens_the_database(app: AppContext) -> None:
    app.settings.home.chmod(0o755)
    with AppContext(load()).sessions.reading():
        assert mode(app.settings.home) == 0o700


@pytest.mark.slow
def test_a_database_that_others_could_read_is_closed_when_it_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "dondoc.db"
    file.touch()
    file.chmod(0o666)
    upgrade(f"sqlite:///{file}")
    assert mode(file) == 0o600


def test_a_folder_for_everybody_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    assert not files.narrow(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_a_drop_folder_that_is_a_link_to_a_folder_of_the_operators_keeps_its_mode(
    app: AppContext, tmp_path: Path, dondoc: Run
) -> None:
    shared = tmp_path / "nop"
    shared.mkdir()
    shared.chmod(0o2770)
    app.settings.home.mkdir(exist_ok=True)
    (app.settings.home / "drop").symlink_to(shared)
    dondoc("db", "upgrade")
    assert mode(shared) == 0o2770


def test_a_file_is_replaced_whole_and_a_link_to_it_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "that", tmp_path / "lien-ket"
    target.write_text("cũ")
    target.chmod(0o644)
    link.symlink_to(target)
    files.replace(link, b"moi")
    assert (target.read_bytes(), mode(target), link.is_symlink()) == (b"moi", 0o600, True)
    assert len(list(tmp_path.iterdir())) == 2, "nothing half-written"


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    files.replace(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_what_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="Không ghi được"):
        files.replace(tmp_path / "khong-co" / "x", b"x")
    with pytest.raises(OSError, match="Not a directory"):
        files.folder(Path("/dev/null/x"))
    (tmp_path / "tep").touch()
    with pytest.raises(OSError, match="Not a directory"):
        files.folder(tmp_path / "tep")


class TestOpenedWhereOthersWrite:
    def test_a_file_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "mot").mkdir()
        (tmp_path / "mot" / "tep").write_bytes(b"x")
        with files.opened(tmp_path, tmp_path / "mot" / "tep") as file:
            assert file.read() == b"x"

    @pytest.mark.parametrize("trap", ["link", "folder", "pipe", "device"])
    def test_nothing_else_is_and_nobody_waits(self, tmp_path: Path, trap: str) -> None:
        secret, base = tmp_path / "secrets", tmp_path / "base"
        secret.mkdir()
        base.mkdir()
        (secret / "tep").write_bytes(b"bi mat")
        path = base / "tep"
        if trap == "link":
            path.symlink_to(secret / "tep")
        elif trap == "folder":
            (base / "mot").symlink_to(secret)
            path = base / "mot" / "tep"
        elif trap == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero")
        before = os.listdir("/proc/self/fd")
        with pytest.raises(OSError, match=r"tep|mot"):
            files.opened(base, path)
        assert len(os.listdir("/proc/self/fd")) == len(before), "and nothing stays open"

    def test_what_lies_elsewhere_is_not(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="not in the subpath"):
            files.opened(tmp_path / "base", tmp_path / "tep")
        (tmp_path / "base").mkdir()
        (tmp_path / "tep").touch()
        with pytest.raises(ValueError, match="not in the subpath"):
            files.opened(tmp_path / "base", tmp_path / "base" / ".." / "tep")
