"""Pictures are kept only where they may be, encrypted, for a week; and nothing else ever carries one."""

import asyncio
import logging
import os
from base64 import b64encode
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import cv2
import numpy as np
import pytest
from cryptography.fernet import Fernet

from dondoc.cameras.nights import night, thumbnails
from dondoc.cameras.registry.declare import declare
from dondoc.configuration.context import AppContext
from dondoc.configuration.settings import load
from dondoc.demo.fleet import Fleet
from dondoc.errors import Problem
from dondoc.probing.picture import decode as picture
from dondoc.probing.picture.measure import Planes
from dondoc.probing.probe import probe
from dondoc.probing.verdicts import Finding, Target
from dondoc.store.cameras import Camera
from tests.cameras.nights import AGENCY, NIGHT, NOW, cameras

JPEG = b"\xff\xd8\xff a picture"


@pytest.fixture(autouse=True)
def _on(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_PROBE_ALLOW", "127.0.0.0/8")
    environment.setenv("DONDOC_CLOCK", NOW.isoformat())
    environment.setenv("DONDOC_THUMBNAILS", "true")


@pytest.fixture
def four(app: AppContext, fleet: Fleet) -> list[int]:
    """1 may be kept; 2 is restricted; 3 records sound; 4 is of a system that the directive excludes."""
    systems = ["reservoir", "reservoir", "reservoir", "security_traffic"]
    ids = cameras(app, *(f"{AGENCY},{s},C{n},{fleet.url('healthy', str(n))}" for n, s in enumerate(systems)))
    change(app, 2, restricted=True)
    change(app, 3, records_sound=True)
    return ids


def change(app: AppContext, camera: int, **values: object) -> None:
    with app.sessions.begin() as session:
        found = session.get_one(Camera, camera)
        for name, value in values.items():
            setattr(found, name, value)


def look(app: AppContext, ids: list[int]) -> list[dict[str, Any]]:
    return night.check_batch(app, ids, night=NIGHT, round="night", now=NOW)


def files(app: AppContext) -> list[str]:
    return sorted(path.name for path in (app.settings.home / "thumbnails").glob("*"))


def kept(app: AppContext, camera: int, days: float = 0) -> thumbnails.Thumbnail | None:
    with app.sessions.begin() as session:
        return thumbnails.get(app, session.get_one(Camera, camera), NOW + timedelta(days=days))


def off(environment: pytest.MonkeyPatch) -> AppContext:
    environment.delenv("DONDOC_THUMBNAILS")
    return AppContext(load())


def seen(fleet: Fleet, behaviour: str, wanted: bool) -> Finding:
    target = Target("x", fleet.url(behaviour), thumbnail=wanted)
    return asyncio.run(probe(target, stage=2, allow=[ip_network("127.0.0.0/8")], timeout=60))


def shown(jpeg: bytes | None) -> Any:
    return cv2.imdecode(np.frombuffer(jpeg or b"", np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("behaviour", ["healthy", "mjpeg"])
def test_a_picture_comes_small_and_only_when_asked_for(fleet: Fleet, behaviour: str) -> None:
    found = seen(fleet, behaviour, True)
    assert (found.verdict, shown(found.thumbnail).shape[1]) == ("ok", 160)
    assert "xff" not in repr(found)
    assert seen(fleet, behaviour, False).thumbnail is None


@pytest.mark.parametrize("size", [(1, 4000), (4000, 1), (90, 120), (1080, 1920), (3000, 500)])
def test_no_size_of_a_picture_is_too_odd(size: tuple[int, int]) -> None:
    y = np.full(size, 200, np.uint8)
    grey = np.full((-(-size[0] // 2), -(-size[1] // 2)), 128, np.uint8)
    height, width = shown(picture.small(Planes(y, grey, grey, True))).shape[:2]
    assert max(height, width) == min(160, max(size))


def test_colours_are_those_of_the_picture() -> None:
    y, u, v = (np.full((90, 160), value, np.uint8) for value in (81, 90, 240))  # red, limited range
    blue, green, red = shown(picture.small(Planes(y, u, v, False))).mean(axis=(0, 1))
    assert red > 200 > 60 > max(blue, green)


def test_nothing_is_kept_by_default(four: list[int], environment: pytest.MonkeyPatch) -> None:
    app = off(environment)
    assert [r.verdict for r in look(app, four)] == ["ok"] * 4
    assert not (app.settings.home / "thumbnails").exists()


def test_a_picture_is_kept_only_of_cameras_that_nothing_speaks_against(app: AppContext, four: list[int]) -> None:
    results = look(app, four)
    assert [r.verdict for r in results] == ["ok"] * 4
    assert files(app) == ["CAM-00001.bin"]
    found = kept(app, 1)
    assert found is not None
    assert shown(found.jpeg).shape[1] == 160
    assert timedelta(0) <= found.at - NOW.replace(microsecond=0) < timedelta(minutes=1)


def test_results_that_travel_through_airflow_hold_no_picture(app: AppContext, four: list[int]) -> None:
    (result,) = look(app, [1])
    found = kept(app, 1)
    assert found is not None
    assert bytes not in {type(value) for value in result.model_dump().values()}
    assert "thumbnail" not in result.model_dump_json()
    assert b64encode(found.jpeg).decode()[:40] not in result.model_dump_json()


def test_a_kept_picture_is_encrypted_and_ours_alone(app: AppContext, four: list[int]) -> None:
    thumbnails.put(app, 1, JPEG, NOW)
    folder = app.settings.home / "thumbnails"
    content = (folder / "CAM-00001.bin").read_bytes()
    assert b"\xff\xd8" not in content
    assert b"picture" not in content
    assert (folder.stat().st_mode & 0o777, (folder / "CAM-00001.bin").stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_newer_picture_takes_the_place_of_the_older(app: AppContext, four: list[int]) -> None:
    thumbnails.put(app, 1, JPEG, NOW - timedelta(days=2))
    thumbnails.put(app, 1, b"newer", NOW)
    assert (files(app), kept(app, 1)) == (["CAM-00001.bin"], thumbnails.Thumbnail(b"newer", NOW))


def test_a_picture_that_cannot_be_kept_does_not_cost_the_look(
    app: AppContext, four: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    (app.settings.home / "thumbnails").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert [r.verdict for r in look(app, [1])] == ["ok"]
    assert "no thumbnail of CAM-00001" in caplog.text


def test_without_a_key_nothing_is_kept_in_clear(
    four: list[int], environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    environment.delenv("DONDOC_SECRET_KEY")
    app = AppContext(load())
    thumbnails.put(app, 1, JPEG, NOW)
    assert (files(app), "DONDOC_SECRET_KEY" in caplog.text) == ([], True)


def test_a_look_that_may_no_longer_keep_one_deletes_the_former(app: AppContext, four: list[int]) -> None:
    look(app, [1])
    change(app, 1, restricted=True)
    assert kept(app, 1) is None  # at once, before anything is deleted
    look(app, [1])
    assert files(app) == []


@pytest.mark.parametrize(
    "values",
    [{"restricted": True}, {"records_sound": True}, {"exemption": "no_route"}, {"system": "security_traffic"},
     {"system": "not-in-the-directive"}],
)  # fmt: skip
def test_pruning_deletes_what_is_no_longer_allowed(app: AppContext, four: list[int], values: dict) -> None:
    thumbnails.put(app, 1, JPEG, NOW)
    assert (thumbnails.prune(app, NOW), files(app)) == (0, ["CAM-00001.bin"])
    change(app, 1, **values)
    assert (thumbnails.prune(app, NOW), files(app)) == (1, [])


def test_pruning_deletes_after_seven_days_whatever_the_file_says_of_its_age(app: AppContext, four: list[int]) -> None:
    thumbnails.put(app, 1, JPEG, NOW)
    os.utime(app.settings.home / "thumbnails" / "CAM-00001.bin")  # as a restored backup has it
    assert (thumbnails.prune(app, NOW + timedelta(days=7)), kept(app, 1, days=7) is None) == (0, False)
    later = timedelta(days=7, seconds=1)
    assert kept(app, 1, days=later / timedelta(days=1)) is None
    assert (thumbnails.prune(app, NOW + later), files(app)) == (1, [])


def test_pruning_deletes_everything_when_the_setting_is_off(
    app: AppContext, four: list[int], environment: pytest.MonkeyPatch
) -> None:
    thumbnails.put(app, 1, JPEG, NOW)
    assert (thumbnails.prune(off(environment), NOW), files(app)) == (1, [])


def test_pruning_deletes_what_nobody_can_read_or_knows(app: AppContext, four: list[int]) -> None:
    folder = app.settings.home / "thumbnails"
    thumbnails.put(app, 1, JPEG, NOW)
    thumbnails.put(app, 99, JPEG, NOW)
    (folder / "CAM-00001.jpg").write_bytes(JPEG)
    (folder / ".CAM-00001.bin.x7").write_bytes(b"half")
    assert (thumbnails.prune(app, NOW), files(app)) == (3, ["CAM-00001.bin"])
    (folder / "CAM-00001.bin").write_bytes(Fernet(Fernet.generate_key()).encrypt(JPEG))
    assert (kept(app, 1), thumbnails.prune(app, NOW), files(app)) == (None, 1, [])


def test_a_wrong_key_costs_no_picture(app: AppContext, four: list[int], environment: pytest.MonkeyPatch) -> None:
    with app.sessions.begin():
        thumbnails.put(app, 1, JPEG, NOW)
    environment.setenv("DONDOC_SECRET_KEY", "khoa-khac-rat-dai-va-that-ngau-nhien")
    with pytest.raises(Problem, match="không phải khóa của cơ sở dữ liệu này"):
        thumbnails.prune(AppContext(load()), NOW)
    assert files(app) == ["CAM-00001.bin"]


def test_a_deletion_that_fails_is_loud(app: AppContext, four: list[int], caplog: pytest.LogCaptureFixture) -> None:
    blocked = app.settings.home / "thumbnails" / "CAM-00099.bin"
    (blocked / "x").mkdir(parents=True)
    assert thumbnails.prune(app, NOW) == 0
    assert [(r.levelname, blocked.name in r.getMessage()) for r in caplog.records] == [("ERROR", True)]


def test_a_form_says_whether_a_camera_records_sound(app: AppContext, directive: Any) -> None:
    rows = [{"name": n, "host": f"10.1.1.{i}", "audio": a} for i, (n, a) in enumerate([("a", True), ("b", False)], 1)]
    with app.sessions.begin() as session:
        declare(session, agency=AGENCY, system="reservoir", rows=rows, submission_id=None, happened_at=NOW, now=NOW)
        found = session.query(Camera).order_by(Camera.id)
        assert [thumbnails.allowed(app, camera) for camera in found] == [False, True]
