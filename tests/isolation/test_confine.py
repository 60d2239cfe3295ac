"""What a child that looks at strangers' files can still do: its work. Each test runs in such a child."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dondoc import diagnosis
from dondoc.isolation import confine, kernel, workers
from dondoc.isolation.workers import Limits

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(memory=1 << 30, cpu=20, wall=60, output=1 << 20)
Inside = Callable[[str], Any]


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
    """What an expression is worth in a confined child."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(expression: str) -> Any:
        return json.loads(workers.run("tests.isolation.jobs", b"", expression.encode(), LIMITS))

    yield run
    workers.end()


def has(what: str) -> bool:
    return what not in confine.missing()


def test_this_machine_has_what_the_tests_below_are_about_or_doctor_says_so() -> None:
    said = " ".join(f["message"] for f in diagnosis.kernel())
    assert all(what in said for what in confine.missing())
    assert bool(said) == bool(confine.missing())


@pytest.mark.parametrize(
    "act",
    [
        "socket.socket()",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "socket.create_connection(('127.0.0.1', 22), 1)",
    ],
)
def test_it_reaches_nobody(inside: Inside, act: str) -> None:
    assert inside(f"attempt(lambda: {act})") == ("PermissionError" if has("seccomp") else "done")


@pytest.mark.parametrize(
    "act",
    [
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "subprocess.run(['/bin/true'])",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
        "os.setsid()",
    ],
)
def test_it_starts_no_program_and_touches_no_other_process(inside: Inside, act: str) -> None:
    assert inside(f"attempt(lambda: {act})") == "PermissionError"


def test_it_starts_no_thread_and_may_still_end_itself(inside: Inside) -> None:
    assert inside("attempt(threading.Thread(target=print).start)") == "RuntimeError"
    with pytest.raises(workers.Fault, match="Aborted"):
        inside("os.abort()")


@pytest.mark.parametrize("name", kernel._ALWAYS)
def test_no_other_way_to_a_socket_or_a_process_is_open(inside: Inside, name: str) -> None:
    number = kernel._ALWAYS[name][list(kernel._MACHINES).index(platform.machine())]
    if number is None:  # this machine has no such call
        return
    assert inside(f"call({number}, 0, 0, 0, 0, 0)") == "Operation not permitted"


@pytest.mark.parametrize(
    "act",
    [
        "os.chmod({folder!r}, 0o777)",
        "os.chmod({file!r}, 0o644)",
        "os.utime({file!r}, (1, 1))",
        "os.setxattr({file!r}, 'user.x', b'x')",
        "os.sched_setaffinity(os.getppid(), {{0}})",
    ],
)
def test_it_changes_nothing_about_a_file_or_a_process_that_it_cannot_open(
    inside: Inside, tmp_path: Path, act: str
) -> None:
    file = tmp_path / "goc"
    file.write_text("x")
    file.chmod(0o600)
    tmp_path.chmod(0o700)
    before = file.stat(), tmp_path.stat()
    said = inside(f"attempt(lambda: {act.format(folder=str(tmp_path), file=str(file))})")
    if has("seccomp"):
        assert said == "PermissionError"
        assert (file.stat(), tmp_path.stat()) == before


def test_no_signal_reaches_another_process_by_way_of_a_file_without_landlock_too() -> None:
    """A kernel before 6.12 lets whoever has a pipe send any process of the account SIGKILL."""
    order = """
import fcntl, os, sys
from dondoc.isolation import kernel
read, write = os.pipe()
kernel.no_privileges()
kernel.refuse_calls(processes=False)
said = []
for what, value in ((8, os.getppid()), (10, 9), (15, 0)):
    try:
        fcntl.fcntl(read, what, value)
    except PermissionError:
        said.append(what)
print(said, fcntl.fcntl(read, fcntl.F_GETFD))
"""
    if has("seccomp"):
        done = subprocess.run([sys.executable, "-c", order], capture_output=True, text=True, check=True)
        assert done.stdout == "[8, 10, 15] 1\n"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the other table of x86_64")
def test_a_call_of_another_table_ends_it(inside: Inside) -> None:
    with pytest.raises(workers.Fault, match="Bad system call"):
        inside("call(0x40000000 + 41, 2, 1, 0)")


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/proc/self/environ", "/proc/{parent}/environ", "/proc/{us}/environ", "/proc/self/mem", "{secret}"],
)
def test_it_reads_no_file_but_pythons_own(inside: Inside, path: str, tmp_path: Path) -> None:
    secret = tmp_path / "khoa"
    secret.write_text("bi-mat")
    path = path.format(parent="{os.getppid()}", us=os.getpid(), secret=secret)
    said = inside(f"attempt(lambda: open(f{path!r}).read())")
    assert said == ("PermissionError" if has("Landlock") else said)
    assert inside("attempt(lambda: __import__('fractions'))") == "done"  # a module that it had not loaded


def test_it_writes_no_file_and_takes_none_away(inside: Inside, tmp_path: Path) -> None:
    there = tmp_path / "co-san"
    there.write_text("x")
    wrote = inside(f"attempt(lambda: open({str(tmp_path / 'moi')!r}, 'w').write('x'))")
    assert wrote in (("PermissionError",) if has("Landlock") else ("OSError",))
    if has("Landlock"):
        assert inside(f"attempt(lambda: os.unlink({str(there)!r}))") == "PermissionError"
        assert inside("attempt(lambda: os.listdir('/'))") == "PermissionError"
    assert there.read_text() == "x"


def test_it_is_told_no_secret(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DONDOC_SECRET_KEY", "AIRFLOW__CORE__FERNET_KEY", "HTTPS_PROXY", "PGPASSWORD", "AWS_SECRET", "HOME"):
        monkeypatch.setenv(name, "bi-mat")
    monkeypatch.setenv("LC_TIME", "C")
    told = inside("dict(os.environ)")
    assert "bi-mat" not in told.values()
    assert (told["PATH"], told["LC_TIME"]) == (os.environ["PATH"], "C")


def test_it_has_no_descriptor_but_its_own(inside: Inside) -> None:
    with open(os.devnull) as ours:
        os.set_inheritable(ours.fileno(), True)
        opened = inside("[n for n in range(256) if attempt(lambda: os.fstat(n)) == 'done']")
    assert len(opened) == 5  # the three of every process, the conversation, and its heartbeat
    assert inside("[os.path.realpath('/dev/null'), os.read(0, 1).decode()]")[1] == ""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_nobody_may_look_into_it_and_nothing_gives_it_privileges(inside: Inside) -> None:
    assert inside("[libc.prctl(3, 0, 0, 0, 0), libc.prctl(39, 0, 0, 0, 0)]") == [0, 1]  # dumpable, no new privileges
    assert inside("[libc.prctl(23, n, 0, 0, 0) for n in range(37)]") == [0] * 37  # the capabilities it could have
    assert inside("[list(__import__('resource').getrlimit(r)) for r in (4, 1)]") == [[0, 0], [0, 0]]  # core, file size


def test_every_call_has_a_number_on_both_machines_and_none_two(inside: Inside) -> None:
    for place in (0, 1):
        tables = (kernel._ALWAYS, kernel._NETWORK, kernel._NEW_PROCESS, kernel._ONLY_ITSELF)
        numbers = list(kernel._numbers(place, *tables))
        assert len(numbers) == len(set(numbers))
    assert len(b"".join(kernel._program("aarch64", processes=False, own=1))) % 8 == 0
