"""Work in a child: its answer within limits, or how it ended; and always room for the next piece of work."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import pytest

from dondoc.isolation import workers
from dondoc.isolation.workers import Fault, Limits

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(memory=512 << 20, cpu=20, wall=60, output=1 << 20)
Run = Callable[..., Any]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(expression: str, reply: workers.Reply | None = None, context: bytes = b"", **limits: Any) -> Any:
        bounded = replace(LIMITS, **limits)
        return json.loads(workers.run("tests.isolation.jobs", context, expression.encode(), bounded, reply))

    yield run
    workers.end()


@pytest.mark.parametrize(
    ("expression", "limits", "why"),
    [
        ("time.sleep(600)", {"wall": 1}, "time"),
        ("[0 for _ in iter(int, 1)]", {"cpu": 1, "memory": 8 << 30}, "time"),
        ("'x' * (1 << 30)", {}, "memory"),
        ("native(1 << 40)", {}, "memory"),
        ("b'1' * (2 << 20)", {}, "output"),
        ("ask(b'1' * (2 << 20))", {}, "output"),
        ("os.abort()", {}, "error"),
        ("ctypes.string_at(0)", {}, "error"),
        ("os.kill(os.getpid(), 9)", {}, "error"),
        ("os._exit(0)", {}, "error"),
        ("int('x')", {}, "error"),
        ("(lambda f: f(f))(lambda f: f(f))", {}, "error"),
        ("[ask(b'') for _ in range(99)]", {}, "error"),
    ],
)
def test_only_a_limit_is_called_one_and_the_next_piece_is_done(
    run: Run, expression: str, limits: dict[str, Any], why: str
) -> None:
    with pytest.raises(Fault) as caught:
        run(expression, reply=lambda _: b"", **limits)
    assert (caught.value.kind, caught.value.heavy) == (why, why != "error")
    assert run("6 * 7") == 42


def test_a_fault_names_the_error_and_never_what_stood_in_the_file(run: Run) -> None:
    with pytest.raises(Fault) as caught:
        run("int('mat khau cua toi')")
    assert str(caught.value) == "error: ValueError"
    with pytest.raises(Fault, match="error: ValueError"):
        run("os.write(2, b'memory allocation of 9 bytes failed') and int('x')")
    with pytest.raises(Fault, match="Segmentation fault"):
        run("ctypes.string_at(0)")


def test_what_a_library_prints_harms_nobody(run: Run) -> None:
    assert run("[os.write(1, bytes(1 << 20)) for _ in range(1024)][0]") == 1 << 20
    assert run("attempt(lambda: [os.write(2, bytes(1 << 20)) for _ in range(99)])") == "BlockingIOError"


def test_a_conversation_of_one_question(run: Run) -> None:
    assert run("ask(b'bao nhieu').decode()", reply=lambda q: q.upper()) == "BAO NHIEU"
    with pytest.raises(Fault, match="questions"):
        run("ask(b'bao nhieu').decode()")


def test_large_requests_go_through(run: Run) -> None:
    assert run(f"len('{'x' * (20 << 20)}')") == 20 << 20


def test_nothing_is_left_of_one_file_for_the_next(run: Run) -> None:
    run("KNOWN.update(secret=1)")
    assert run("list(KNOWN)") == ["context"]
    assert run("KNOWN['context']", context=b"khac") == "khac"
    first, second = run("os.getpid()"), run("os.getpid()")
    assert first != second
    assert run("os.getppid()") == run("os.getppid()")  # but they have the same parent, which is warm


def test_threads_get_their_own_answers(run: Run) -> None:
    answers: dict[int, int] = {}
    threads = [threading.Thread(target=lambda n=n: answers.update({n: run(f"{n} * {n}")})) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert answers == {n: n * n for n in range(12)}


def test_a_server_that_was_killed_while_it_waited_is_replaced(run: Run) -> None:
    server = run("os.getppid()")
    os.kill(server, signal.SIGKILL)
    assert run("os.getppid()") != server


def test_a_fork_of_ours_uses_none_of_our_servers(run: Run) -> None:
    ours = run("os.getppid()")
    heard, told = os.pipe()
    if (child := os.fork()) == 0:
        os.write(told, str(run("os.getppid()")).encode())
        workers.end()
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(heard, 99)) != ours
    assert run("os.getppid()") == ours
    os.close(heard)
    os.close(told)


def test_when_we_are_killed_nothing_of_ours_stays(tmp_path: Path) -> None:
    code = f"""
from dondoc.isolation import workers
from dondoc.isolation.workers import Limits
limits = Limits(memory=1 << 30, cpu=20, wall=600, output=1 << 20)
ask = "[ask(str((os.getpid(), os.getppid())).encode()), time.sleep(600)]"
def reply(pids):
    open({str(tmp_path / "pids")!r}, "wb").write(pids)
    return b""
workers.run("tests.isolation.jobs", b"", ask.encode(), limits, reply)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)})
    pids = tmp_path / "pids"
    wait_until(lambda: pids.exists() and pids.read_bytes().endswith(b")"))
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(alive(int(pid)) for pid in pids.read_text().strip("()").split(",")))


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


LEAVES_BEHIND = """
import os, socket, time
from types import SimpleNamespace
from dondoc.isolation import frames, server

def work(request, ask):
    if os.fork() == 0:
        os.closerange(3, 1000)
        time.sleep(5)
        os._exit(0)
    return b""

server.confine = lambda **_: None  # as on a kernel that refuses no call
ours, control = socket.socketpair()
talk, theirs = socket.socketpair()
talk.sendall(frames.head(frames.REQUEST, 0))
server._one(control, SimpleNamespace(work=work), theirs.detach(), {"memory": 0, "cpu": 0})
print(ours.recv(1000).decode())
"""


def test_a_child_that_left_a_process_behind_ends_no_server() -> None:
    done = subprocess.run([sys.executable, "-c", LEAVES_BEHIND], stdout=PIPE, stderr=DEVNULL, text=True, timeout=60)
    assert json.loads(done.stdout)["status"] == 0


def test_a_process_with_very_many_open_descriptors_has_its_work_done(run: Run) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3000), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert run("1 + 1") == 2
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
