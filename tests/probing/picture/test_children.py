"""Children that cannot be started are our own fault: no camera is blamed, no batch ends, nobody waits for each."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
import uvloop

from dondoc.demo.fleet import Fleet
from dondoc.probing.picture import children
from dondoc.probing.picture.children import Children, NotStarted
from dondoc.probing.picture.decoder import Decoder
from dondoc.probing.probe import probe
from dondoc.probing.verdicts import OURS, Target, Verdict

pytestmark = pytest.mark.slow

BATCH = 6
# A process whose children get too little memory to load OpenCV looks for pictures of as many cameras.
LITTLE_MEMORY = f"""
import json, logging, resource, sys
from ipaddress import ip_network
from dondoc.probing.probe import probe_many
from dondoc.probing.verdicts import Target
logging.basicConfig(format="%(message)s")
resource.setrlimit(resource.RLIMIT_AS, (300 * 1024**2,) * 2)
targets = [Target(str(i), sys.argv[1]) for i in range({BATCH})]
found = probe_many(targets, stage=2, concurrency=1, timeout=20.0, allow=[ip_network("127.0.0.0/8")])
print(json.dumps([[f.verdict, f.detail] for f in found]))
"""


def test_a_batch_goes_on_without_a_child_and_says_aloud_why(fleet: Fleet) -> None:
    words = [sys.executable, "-c", LITTLE_MEMORY, fleet.url("healthy")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert [verdict for verdict, _ in found] == [Verdict.OUT_OF_RESOURCES] * BATCH
    assert all("tiến trình giải mã" in detail for _, detail in found)
    assert Verdict.OUT_OF_RESOURCES in OURS
    said = done.stderr.splitlines()
    assert sum("no child that decodes pictures gets ready" in line for line in said) == 1, "each was waited for"
    assert sum("tiến trình giải mã" in line for line in said) == BATCH


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file with a line for each child that was begun; only the first of them gets ready."""
    lines = tmp_path / "started"
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho >> {lines}\n[ $(wc -l < {lines}) = 1 ] && echo ready\nexec cat\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return lines


async def begun(started: Path, count: int) -> None:
    """Wait until so many children were."""
    async with asyncio.timeout(30):
        while not started.exists() or len(started.read_text().splitlines()) < count:
            await asyncio.sleep(0.01)


def test_nobody_waits_again_for_a_child_that_does_not_get_ready(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "START", 0.5)
    started.write_text("\n")

    async def run() -> list[BaseException | object]:
        pool = Children(1, "")
        return await asyncio.gather(*(pool.borrow() for _ in range(BATCH)), return_exceptions=True)

    assert {type(one) for one in asyncio.run(run())} == {NotStarted}
    assert len(started.read_text().splitlines()) == 2


def test_where_one_child_got_ready_it_serves_all(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> set[int]:
        pool = Children(3, "")

        async def use() -> int:
            child = await pool.borrow()
            await asyncio.sleep(0)
            pool.give_back(child)
            return child.pid

        first = await pool.borrow()
        monkeypatch.setattr(children, "START", 0.5)
        waiting = [asyncio.create_task(use()) for _ in range(BATCH)]
        await begun(started, 3)
        pool.give_back(first)
        used = set(await asyncio.gather(*waiting)) | {first.pid}
        await pool.end_all()
        return used

    assert len(asyncio.run(run())) == 1


def test_a_place_that_was_given_up_is_taken_again_later(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "PAUSE", 0.0)

    async def run() -> bool:
        pool = Children(2, "")
        first = await pool.borrow()
        monkeypatch.setattr(children, "START", 0.5)
        waits = asyncio.create_task(pool.borrow())
        await begun(started, 2)
        pool.give_back(first)
        again = await waits  # the second did not get ready
        started.unlink()  # the next one does
        monkeypatch.setattr(children, "START", 60.0)
        async with asyncio.timeout(30):
            other = await pool.borrow()
        for child in (again, other):
            await pool.end(child)
        return again is first and other is not first

    assert asyncio.run(run())


def test_a_child_is_begun_before_it_is_needed_and_more_only_for_more_pictures(started: Path) -> None:
    async def run() -> list[int]:
        pool, counts = Children(2, ""), []
        pool.prepare()
        await begun(started, 1)
        child = await pool.borrow()
        counts.append(len(started.read_text().splitlines()))
        pool.give_back(child)
        for _ in range(BATCH):
            pool.prepare()
        await begun(started, 2)
        await pool.end_all()
        return [*counts, len(started.read_text().splitlines())]

    assert asyncio.run(run()) == [1, 2]


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_no_child_outlives_a_batch_that_was_begun_and_not_needed(
    run: Callable[..., None], waits: bool, started: Path
) -> None:
    """`waits`: until its program runs; else it is ended while it is begun."""

    others = living_children()  # of tests before this one

    async def ended_early() -> None:
        pool = Children(1, "")
        pool.prepare()
        if waits:
            await begun(started, 1)
        else:
            await asyncio.sleep(0)
        await pool.end_all()
        assert pool.idle == []
        assert not living_children() - others

    run(ended_early())


def living_children() -> set[str]:
    """Of this process."""
    return {*Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()}


@pytest.mark.parametrize(("behaviour", "count"), [("refusing", 0), ("wrong-password", 0), ("silent", 1)])
def test_only_a_camera_that_was_described_gets_a_child_ready(
    fleet: Fleet, started: Path, behaviour: str, count: int
) -> None:
    async def look() -> str:
        async with Decoder(1) as decoder:
            target = Target("1", fleet.url(behaviour))
            found = await probe(target, stage=2, timeout=3.0, allow=[ip_network("127.0.0.0/8")], decoder=decoder)
        return found.verdict

    assert asyncio.run(look()) != Verdict.OK
    assert len(started.read_text().splitlines() if started.exists() else ()) == count


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_child_that_was_killed_while_it_waited_costs_no_camera_its_look(run: Callable[..., str]) -> None:
    picture = simplejpeg.encode_jpeg(np.tile(np.arange(256, dtype=np.uint8), (144, 1))[:, :, None], colorspace="GRAY")

    async def looked_at() -> str:
        async with Decoder(1) as decoder:
            before = await decoder.judge("jpeg", picture)
            (child,) = decoder._children.idle
            child.kill()
            await child.wait()
            after = await decoder.judge("jpeg", picture)
        return "" if after == before else after.detail

    assert run(looked_at()) == ""


def test_a_place_is_free_again_when_its_child_was_ended() -> None:
    async def run() -> bool:
        pool = Children(1, "json.tool", "--help")  # says a line, and ends
        for _ in range(2):
            await pool.end(await pool.borrow())
        return pool.idle == []

    assert asyncio.run(run())
