"""Children that cannot be started are our own fault: no camera is blamed, no batch ends, nobody waits for each."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
import uvloop

from dondoc.demo.fleet import Fleet
from dondoc.probing.picture import children
from dondoc.probing.picture.children import Children, NotStarted
from dondoc.probing.picture.decoder import Decoder
from dondoc.probing.verdicts import OURS, Verdict

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
        while len(started.read_text().splitlines()) < 3:
            await asyncio.sleep(0.01)
        pool.give_back(first)
        used = set(await asyncio.gather(*waiting)) | {first.pid}
        await pool.end_all()
        return used

    assert len(asyncio.run(run())) == 1


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
