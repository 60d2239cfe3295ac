"""A large fleet is asked by several processes: nobody twice, nobody forgotten, and none of them stays behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dondoc.demo.fleet import Fleet

pytestmark = pytest.mark.slow

# Thirty cameras in three processes: says which these are, then what each finding is, as it comes.
SHARED = """
import multiprocessing, sys
from ipaddress import ip_network
from dondoc.probing import probe, processes as shares
from dondoc.probing.verdicts import Target
shares.WORTH, shares._cores = 10, lambda: 3
{before}
targets = [Target(str(i), sys.argv[1]) for i in range(30)]
found = shares.probe_shares(targets, concurrency=30, timeout=float(sys.argv[2]), allow=[ip_network("127.0.0.0/8")])
print(*(process.pid for process in multiprocessing.active_children()), flush=True)
for finding in found:
    print(finding.camera, finding.verdict, flush=True)
    {after}
print("left", *multiprocessing.active_children())
"""


def shared(url: str, seconds: float, *, before: str = "", after: str = "pass") -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", SHARED.format(before=before, after=after), url, str(seconds)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def started(run: "subprocess.Popen[str]") -> list[int]:
    assert run.stdout
    return [int(number) for number in run.stdout.readline().split()]


def gone(processes: list[int]) -> bool:
    for _ in range(600):
        if not any(Path(f"/proc/{number}").exists() for number in processes):
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def hanging(fleet: Fleet) -> Iterator["subprocess.Popen[str]"]:
    with shared(fleet.url("hanging"), 30.0) as run:
        yield run
        run.kill()


def test_every_camera_is_asked_once_and_no_process_is_left(fleet: Fleet) -> None:
    run = shared(fleet.url("healthy"), 5.0)
    processes = started(run)
    assert run.stdout
    assert run.stderr
    printed, complaint = run.stdout.read(), run.stderr.read()  # `communicate` would lose what is buffered already
    assert run.wait(timeout=120) == 0, complaint
    *lines, left = printed.splitlines()
    assert len(processes) == 3
    assert sorted(lines) == sorted(f"{i} ok" for i in range(30))
    assert left == "left"
    assert gone(processes)


def test_what_was_found_is_told_while_others_still_hang(fleet: Fleet) -> None:
    with shared(
        fleet.url("hanging"), 30.0, before="cut = Target; Target = lambda i, url: cut(i, url if i != '4' else 'x')"
    ) as run:
        processes = started(run)
        assert run.stdout
        assert run.stdout.readline() == "4 invalid_address\n"
        run.terminate()
    assert gone(processes)


def test_a_process_that_dies_is_a_sentence_and_ends_the_others(hanging: "subprocess.Popen[str]") -> None:
    processes = started(hanging)
    os.kill(processes[1], signal.SIGKILL)
    _, said = hanging.communicate(timeout=120)
    assert said.splitlines()[-1].startswith("dondoc.errors.Problem: Một tiến trình kiểm tra camera dừng đột ngột")
    assert gone(processes)


def test_cameras_for_which_a_process_lacks_descriptors_are_called_not_checked(fleet: Fleet) -> None:
    few = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24)); probe.SPARE_DESCRIPTORS = -300"
    run = shared(fleet.url("hanging"), 2.0, before=few)
    processes = started(run)
    assert run.stdout
    *lines, left = run.stdout.read().splitlines()
    assert run.wait(timeout=120) == 0
    assert len(lines) == 30
    assert {line.split()[1] for line in lines} == {"out_of_resources", "rtsp_timeout"}
    assert left == "left"
    assert gone(processes)


def test_who_stops_listening_leaves_no_process(fleet: Fleet) -> None:
    run = shared(fleet.url("healthy"), 5.0, after="found.close(); break")
    processes = started(run)
    assert run.stdout
    assert run.stdout.read().splitlines()[-1] == "left"
    assert gone(processes)


@pytest.mark.parametrize("with_what", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_asker_that_is_ended_leaves_no_process(fleet: Fleet, with_what: signal.Signals) -> None:
    with shared(fleet.url("hanging"), 30.0) as run:
        processes = started(run)
        run.send_signal(with_what)
    assert gone(processes)


def test_the_command_asks_thousands_and_prints_each_once(fleet: Fleet, tmp_path: Path) -> None:
    listed = tmp_path / "cameras.csv"
    url = fleet.url("healthy")
    listed.write_text("id,url\n" + "".join(f"{i},{url}\n" for i in range(2500)))
    words = [
        sys.executable,
        "-c",
        "from dondoc.cli import main; main()",
        "probe",
        "--from",
        str(listed),
        "--allow",
        "127.0.0.0/8",
        "--json",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(int(f["camera"]) for f in found) == list(range(2500))
    assert {f["verdict"] for f in found} == {"ok"}
