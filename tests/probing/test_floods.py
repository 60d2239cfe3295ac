"""Cameras that send without end take neither our memory nor the time of the others."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.probing.picture import memory
from dondoc.probing.probe import probe_many
from dondoc.probing.rtsp.exchange import EARLY
from dondoc.probing.verdicts import PHASE, Finding, Target
from tests.probing.flooders import FLOODS, FLOODS_AND_HOARDS, HOARDS, flooders

pytestmark = pytest.mark.slow

LOOPBACK = [ip_network("127.0.0.0/8")]
HONEST, PATIENCE, NEVER = 24, 120.0, 1800.0  # seconds: for a busy machine; more than a test may take
OF_A_FLOOD = {"not_rtsp", "server_error", "no_frame", "no_video_track", "rtsp_timeout", "closed_early"}
APART = ("noise", "a line", "replies", "questions", "descriptions", "large datagrams")
SHARE = [kind for kind in FLOODS if kind not in APART]  # 16


@pytest.fixture(scope="module")
def flooding() -> Iterator[dict[str, str]]:
    with flooders() as urls:
        yield urls


@pytest.fixture(scope="module")
def honest() -> Iterator[str]:
    """The address of honest cameras in a process of their own, which have played before."""
    command = [sys.executable, "-m", "dondoc.demo.fleet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = f"rtsp://127.0.0.1:{json.loads(process.stdout.readline())['ports'][0]}/healthy"
        first = Target("first", f"{url}/first")
        assert [f.verdict for f in probe_many([first], stage=2, timeout=PATIENCE, allow=LOOPBACK)] == ["ok"]
        yield url
        process.terminate()


@pytest.fixture(scope="module")
def found(flooding: dict[str, str], honest: str) -> dict[str, Finding]:
    """16 that flood beside 24 that are honest, all at once, with a deadline for which nobody would wait."""
    targets = [Target(kind, flooding[kind]) for kind in SHARE]
    targets += [Target(f"honest {number}", f"{honest}/{number}") for number in range(HONEST)]
    seen = probe_many(targets, stage=2, concurrency=len(targets), timeout=NEVER, allow=LOOPBACK)
    return {finding.camera: finding for finding in seen}


def test_sixteen_that_flood_cost_none_of_twenty_four_honest_ones_its_verdict(found: dict[str, Finding]) -> None:
    assert len(SHARE) == 16
    assert {name: f.verdict for name, f in found.items() if name.startswith("honest") and f.verdict != "ok"} == {}


@pytest.mark.parametrize("kind", SHARE)
def test_each_flood_is_given_up_by_its_size_with_a_verdict_that_is_known(found: dict[str, Finding], kind: str) -> None:
    assert found[kind].verdict in OF_A_FLOOD
    assert found[kind].phase == PHASE[found[kind].verdict]
    assert found[kind].elapsed_ms < PATIENCE * 1000


@pytest.mark.parametrize("kind", APART)
def test_a_flood_alone_is_given_up_by_its_size_long_before_its_time(flooding: dict[str, str], kind: str) -> None:
    [finding] = probe_many([Target(kind, flooding[kind])], stage=2, timeout=NEVER, allow=LOOPBACK)
    assert finding.verdict in OF_A_FLOOD
    assert finding.elapsed_ms < PATIENCE * 1000


GROWTH = """
import resource, sys
from ipaddress import ip_network
from dondoc.probing.probe import probe_many
from dondoc.probing.verdicts import Target
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
targets = [Target(str(i), url) for i, url in enumerate(sys.argv[3:])]
found = probe_many(
    targets, stage=int(sys.argv[1]), concurrency=128, timeout=float(sys.argv[2]), allow=[ip_network("127.0.0.0/8")]
)
assert len(list(found)) == len(targets)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def grown(*arguments: object) -> int:
    """Bytes that a process took to look at all of these: stage, seconds, addresses."""
    command = [sys.executable, "-c", GROWTH, *map(str, arguments)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) * 1024


def test_many_floods_take_a_bounded_memory(flooding: dict[str, str]) -> None:
    early = [url for kind, url in flooding.items() if FLOODS_AND_HOARDS[kind][0] in (b"", b"OPTIONS", b"DESCRIBE")]
    assert grown(1, 60, *early * 4) < len(early) * 4 * (EARLY // 4)


def test_pictures_that_many_cameras_send_at_once_take_a_bounded_memory(flooding: dict[str, str]) -> None:
    """As large as one look takes, and held until the time is over: 16 cameras of each kind took more than 1 GB."""
    kinds = [*HOARDS, "large datagrams"]
    urls = [f"{flooding[kind]}/{number}" for kind in kinds for number in range(16)]
    copies = 4 * memory.LARGEST  # on the way to children that decode, and what the allocator keeps
    assert grown(2, 5, *urls) < memory.TOTAL + len(urls) * memory.SHARE + 2 * copies


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12 * 2**20)), max_size=40))
def test_a_picture_of_usual_size_finds_room_whatever_the_others_hold(asked: list[tuple[int, int]]) -> None:
    shared = memory.PictureMemory(total=20 * 2**20)
    with ExitStack() as stack:
        places, held = [stack.enter_context(shared.place()) for _ in range(10)], [0] * 10
        for number, size in asked:
            if places[number](size):
                held[number] = size
            else:
                assert size > memory.SHARE
        assert sum(held) <= 20 * 2**20 + 10 * memory.SHARE
        assert max(held) <= memory.LARGEST
    with shared.place() as place:
        assert place(memory.LARGEST), "all was given back"
