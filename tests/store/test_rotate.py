"""A new key: everything that was encrypted with the old one is opened by the new one alone afterwards."""

import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select

from dondoc import keys
from dondoc.cameras.nights import thumbnails
from dondoc.cameras.registry import imports
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.errors import Problem
from dondoc.store.cameras import Camera
from tests.conftest import CLERK, SECRET, Run, at

pytestmark = pytest.mark.slow

NEW = "khoa-moi-rat-dai-va-that-ngau-nhien"
CONTENTS = [f"bản gốc {n}".encode() * 100 for n in range(5)]
DIES = """
import os, signal
from dondoc.store import blobs
from dondoc.cli import main
write, written = blobs._write, []
def dies(path, content):
    write(path, content)
    written.append(path)
    if len(written) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
blobs._write = dies
main()
"""


@pytest.fixture
def kept(environment: pytest.MonkeyPatch, app: AppContext) -> list[str]:
    """Five originals, a password and a picture under the old key; then the new key is put before it."""
    names = [app.blobs.put(content) for content in CONTENTS]
    text = "agency,system,name,url,user,password\nso-nnptnt,reservoir,Cam 1,rtsp://127.0.0.1/1,xem,mat-khau\n"
    with app.sessions.begin() as session:
        imports.import_csv(session, app.registry, text, "c.csv", by=CLERK, secrets=[SECRET], now=at(1))
    thumbnails.put(app, 1, b"JPEG", at(20))
    environment.setenv("DONDOC_SECRET_KEY", f"{NEW},{SECRET}")
    return names


def under(environment: pytest.MonkeyPatch, secret: str) -> AppContext:
    environment.setenv("DONDOC_SECRET_KEY", secret)
    environment.setenv("DONDOC_THUMBNAILS", "true")
    return AppContext(load())


def test_the_new_key_alone_opens_everything_and_the_counts_are_told(
    kept: list[str], dondoc: Run, environment: pytest.MonkeyPatch
) -> None:
    said = dondoc("rotate-key").stderr
    for words in ("1 mật khẩu, 0 không", "5 bản gốc, 0 đã dùng", "0 không mở được", "1 hình, 0 không"):
        assert words in said
    newer = under(environment, NEW)
    assert [newer.blobs.get(name) for name in kept] == CONTENTS
    with newer.sessions.begin() as session:
        camera = session.scalars(select(Camera)).one()
        assert keys.cipher([NEW], "password").decrypt((camera.password or "").encode()) == b"mat-khau"
        picture = thumbnails.get(newer, camera, at(21))
    assert picture
    assert (picture.jpeg, picture.at) == (b"JPEG", at(20)), "a picture does not become younger"
    newer.sessions.kw["bind"].dispose()


def test_killed_in_the_middle_both_keys_open_everything_and_it_goes_on(
    kept: list[str], dondoc: Run, environment: pytest.MonkeyPatch
) -> None:
    died = subprocess.run([sys.executable, "-c", DIES, "rotate-key"], env=os.environ.copy(), check=False)
    assert died.returncode == -signal.SIGKILL
    assert [AppContext(load()).blobs.get(name) for name in kept] == CONTENTS
    environment.setenv("DONDOC_SECRET_KEY", SECRET)
    with pytest.raises(Problem, match="không phải khóa của cơ sở dữ liệu này"):  # it would open only some of them
        _ = AppContext(load()).blobs
    environment.setenv("DONDOC_SECRET_KEY", f"{NEW},{SECRET}")
    assert "3 bản gốc, 2 đã dùng khóa mới từ trước, 0 không" in dondoc("rotate-key").stderr
    assert [under(environment, NEW).blobs.get(name) for name in kept] == CONTENTS


def test_what_no_key_opens_or_is_damaged_is_left_as_it_is_and_told(
    kept: list[str], dondoc: Run, environment: pytest.MonkeyPatch, app: AppContext
) -> None:
    lost = app.settings.home / "originals" / kept[0][:2] / kept[0]
    swapped = app.settings.home / "originals" / kept[1][:2] / kept[1]
    lost.write_bytes(b"rac")
    swapped.write_bytes((app.settings.home / "originals" / kept[2][:2] / kept[2]).read_bytes())
    before = swapped.read_bytes()
    said = dondoc("rotate-key").stderr
    assert "3 bản gốc, 0 đã dùng khóa mới từ trước, 2 không mở được" in said
    assert "CHÚ Ý" in said
    assert (lost.read_bytes(), swapped.read_bytes()) == (b"rac", before)
