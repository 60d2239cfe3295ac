"""`check_camera_reachability`, run to its end against real cameras."""

import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from dondoc import audit, clock
from dondoc.cameras.nights import night, planner
from dondoc.cameras.registry import imports
from dondoc.configuration.context import AppContext
from dondoc.demo.fleet import Fleet
from dondoc.diagnosis import examine
from dondoc.orchestration import checking
from dondoc.store.cameras import Camera, CameraCheck, NightRun
from dondoc.store.facts import Contact
from dondoc.store.mail import OutboxLetter
from tests.cameras import nights
from tests.conftest import CLERK
from tests.orchestration import rounds

pytestmark = pytest.mark.slow
OF = rounds.context()
WHO = {"agency": "so-nnptnt", "role": "focal_officer", "name": "Lê A", "email": "a@x.test", "phone": "0912"}


def declare(app: AppContext, fleet: Fleet, *behaviours: str) -> None:
    rows = [f"so-nnptnt,reservoir,Đập {b},{fleet.url(b, str(n))}" for n, b in enumerate(behaviours)]
    text = "\n".join(["agency,system,name,url", *rows])
    with app.sessions.begin() as session:
        imports.import_csv(
            session, app.registry, text, "cameras.csv", by=CLERK, secrets=app.settings.secret_keys, now=clock.now()
        )


def looks(app: AppContext) -> dict[str, tuple[str, str]]:
    with app.sessions.begin() as session:
        return {str(c.night): (c.round, c.verdict) for c in session.scalars(select(CameraCheck))}


def test_a_night_ends_in_rows_with_a_verdict_per_camera(
    desk: AppContext, fleet: Fleet, play: Callable[..., dict[str, str]]
) -> None:
    declare(desk, fleet, "healthy", "missing", "refusing")
    with desk.sessions.begin() as session:
        session.add(Contact(**WHO, valid_from=date(2018, 1, 1), valid_to=date(2019, 11, 1), recorded_at=clock.now()))
    states = play("check_camera_reachability", as_of="2021-11-22", look="all")
    tasks = ("plan", "check", "store", "conclude", "mask_former_contacts", "all_went_well")
    assert states == dict.fromkeys(("", *tasks), "success")
    with desk.sessions.begin() as session:
        assert session.scalars(select(Contact.name)).all() == ["(đã ẩn)"], "who left over two years ago"
        assert audit.events(session, act="contacts_mask")[0].details["masked"] == 1
        rows = [(c.verdict, c.round, str(c.night)) for c in session.scalars(select(CameraCheck))]
    assert sorted(rows) == [(verdict, "all", "2021-11-22") for verdict in ("connection_refused", "not_found", "ok")]


def test_a_night_leaves_its_metrics_where_a_collector_reads_them(
    desk: AppContext, fleet: Fleet, play: Callable[..., dict[str, str]], environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target = tmp_path / "metrics" / "dondoc.prom"  # its folder is made
    environment.setenv("DONDOC_METRICS_FILE", str(target))
    declare(desk, fleet, "healthy", "missing")
    assert play("check_camera_reachability", as_of="2021-11-22", look="night")[""] == "success"
    assert 'dondoc_check_last_run_cameras{look="night",verdict="ok"} 1.0' in target.read_text()


def test_a_metrics_file_that_cannot_be_written_costs_the_run_its_green_and_the_night_nothing(
    desk: AppContext,
    fleet: Fleet,
    play: Callable[..., dict[str, str]],
    environment: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    environment.setenv("DONDOC_METRICS_FILE", "/khong/co/dondoc.prom")
    declare(desk, fleet, "healthy", "missing")
    with caplog.at_level(logging.INFO, "dondoc.orchestration.checking"):
        states = play("check_camera_reachability", as_of="2021-11-22", look="night")
    assert (states["store"], states["conclude"], states[""]) == ("success", "failed", "failed")
    assert "past their time" in caplog.text, "everything else was done before"
    with desk.sessions.begin() as session:
        assert sorted(session.scalars(select(CameraCheck.verdict))) == ["not_found", "ok"]
        assert session.scalars(select(NightRun.finished_at)).one()
        (alert,) = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "internal"))
    assert "Kết quả kiểm tra đã lưu đủ" in alert.text
    assert "Không ghi được /khong/co/dondoc.prom" in alert.text


def test_the_second_look_takes_only_what_was_not_seen_well(
    desk: AppContext, fleet: Fleet, play: Callable[..., dict[str, str]]
) -> None:
    declare(desk, fleet, "healthy", "missing")
    play("check_camera_reachability", as_of="2021-11-22", look="night")
    seen = fleet.counts["connections"]
    assert play("check_camera_reachability", as_of="2021-11-22", look="second")[""] == "success"
    assert fleet.counts["connections"] == seen + 1


def test_a_dry_run_looks_at_nothing(desk: AppContext, fleet: Fleet, play: Callable[..., dict[str, str]]) -> None:
    declare(desk, fleet, "healthy")
    assert play("check_camera_reachability", as_of="2021-11-22", look="all", dry_run=True)[""] == "success"
    assert (looks(desk), fleet.counts["connections"]) == ({}, 0)


def test_only_the_agencies_asked_for_are_looked_at(
    desk: AppContext, fleet: Fleet, play: Callable[..., dict[str, str]]
) -> None:
    declare(desk, fleet, "healthy")
    assert play("check_camera_reachability", look="all", agencies=["cong-an-tinh"])[""] == "success"
    assert looks(desk) == {}
    assert play("check_camera_reachability", look="all", agencies=["so-nnptn"])["plan"] == "failed"


def test_when_our_own_side_is_down_nothing_is_asked_and_everybody_is_told(
    desk: AppContext, fleet: Fleet, environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    declare(desk, fleet, "healthy", "missing")
    environment.setenv("DONDOC_REFERENCE_HOSTS", "127.0.0.1:9")
    environment.setenv("DONDOC_OPS_ADDRESS", "ops@example.vn")
    before = fleet.counts["connections"]
    with caplog.at_level(logging.WARNING):
        told = rounds.whole([rounds.batch(desk, [1, 2])], rounds.context())
    assert (looks(desk), fleet.counts["connections"]) == ({}, before)
    assert "00/02 camera" in told["summary"]
    assert "phía Sở mất kết nối" in told["summary"]
    assert told["summary"] in caplog.text
    with desk.sessions.begin() as session:
        assert session.scalars(select(NightRun.our_side_down)).one()
        letters = session.scalars(select(OutboxLetter).where(OutboxLetter.kind == "internal")).all()
    assert len(letters) == 1


def test_a_night_that_our_machine_was_too_small_for_is_told_once_and_accuses_nobody(
    desk: AppContext, fleet: Fleet, environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    declare(desk, fleet, "healthy", "missing")
    environment.setenv("DONDOC_OPS_ADDRESS", "ops@example.vn")
    first, again = (rounds.batch(desk, [1, 2], look=look) for look in ("night", "second"))
    now = clock.now()
    results = [nights.result(camera, "out_of_resources", now) for camera in (1, 2)]
    for name in (first, again):
        told = checking.conclude([name], [checking.store(name, rounds.found(desk, name, results), OF)], OF)
        assert "Chưa kết luận được 02/02 camera, có thể do phía Sở (máy kiểm tra của Sở quá tải" in told["summary"]
    assert {r.levelname for r in caplog.records if r.message.startswith("Chưa kết luận được 02/02")} == {"ERROR"}
    with desk.sessions.begin() as session:
        letters = session.scalars(select(OutboxLetter)).all()
    assert [letter.kind for letter in letters] == ["internal"]
    assert "nâng giới hạn tệp mở" in letters[0].text
    assert "Chưa kết luận được 02/02" in {f["code"]: f["message"] for f in examine(clock.now)}["unconcluded"]


def test_a_batch_that_failed_does_not_cost_the_others_their_night(
    desk: AppContext,
    fleet: Fleet,
    play: Callable[..., dict[str, str]],
    environment: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    declare(desk, fleet, "healthy", "missing", "refusing")
    environment.setattr(planner, "LEAST", 1)
    looking = night.check_batch
    environment.setattr(night, "check_batch", lambda app, ids, **more: looking(app, {1: ids, 2: None}[ids[0]], **more))
    with caplog.at_level(logging.INFO, "dondoc.orchestration.checking"):
        states = play("check_camera_reachability", as_of="2021-11-22", look="all")
    assert sorted(states["check"].split()) == ["failed", "failed", "success"]  # batches go by ports, which vary
    assert sorted(states["store"].split()) == ["success", "upstream_failed", "upstream_failed"]
    assert (states["conclude"], states["all_went_well"], states[""]) == ("success", "upstream_failed", "failed")
    told = "đã xem 01/03 camera; 01 đạt, 00 chưa đạt. Lô chưa kiểm tra hoặc chưa lưu được: 02 camera, xem tác vụ đỏ."
    assert told in caplog.text
    assert looks(desk) == {"2021-11-22": ("all", "ok")}


def test_pictures_are_pruned_even_when_nothing_was_planned(desk: AppContext) -> None:
    folder = desk.settings.home / "thumbnails"
    folder.mkdir(parents=True)
    (folder / "CAM-00001.bin").write_bytes(b"of a time when the setting was on")
    assert checking.conclude([], [], rounds.context()) == {}
    assert list(folder.iterdir()) == []


def test_ten_thousand_cameras_are_few_tasks(desk: AppContext) -> None:
    with desk.sessions.begin() as session:
        session.add_all(
            Camera(
                agency="so-nnptnt", system="reservoir", key=str(n), name=f"c{n}", site=f"Điểm {n // 6}",
                url=f"rtsp://10.{n // 65536}.{n // 256 % 256}.{n % 256}:554/", happened_at=clock.now(),
                recorded_at=clock.now(),
            )
            for n in range(10_000)
        )  # fmt: skip
    batches = night.plan(desk, night=date(2021, 11, 22), round="night", system_window=None)
    assert sum(map(len, batches)) == 10_000
    assert 2 * len(batches) + 4 <= 40, "a check and a store each, and plan, conclude, masking, all went well"
