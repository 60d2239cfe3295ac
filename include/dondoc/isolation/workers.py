"""The parent's side: give a piece of work to a confined child, within limits, and say how it ended.

The children are forked by a server of ours (`server`), never from this process: it may have threads, and it holds
secrets. A server is started when it is needed, in about a second, and kept for the next piece; each piece has a fresh
child. May be called from several threads.
"""

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from subprocess import DEVNULL
from typing import Literal

from dondoc.isolation import frames, server
from dondoc.isolation.confine import environment

START = 60.0  # seconds for a server to get ready, on a machine that has much else to do
NO_START = "start"
KEPT = 2  # servers that wait for more
AT_ONCE = max(2, os.cpu_count() or 1)  # pieces of work at a time; further ones wait
QUESTIONS = 4  # that a child may put

FaultKind = Literal["memory", "time", "output", "error"]
Reply = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Limits:
    """Of one piece of work: bytes of address space, seconds of processor and of real time, bytes of its answer."""

    memory: int
    cpu: int
    wall: float
    output: int


class Fault(Exception):
    """A child did not do its work. `kind` names the limit that it met; `error`: it broke, `detail` says how."""

    def __init__(self, kind: FaultKind, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail

    @property
    def heavy(self) -> bool:
        """Whether the work was too much, rather than broken."""
        return self.kind != "error"

    @property
    def is_ours(self) -> bool:
        """Whether no child could be started at all: no piece of work is to blame."""
        return self.detail == NO_START


def run(
    module: str,
    context: bytes,
    request: bytes,
    limits: Limits,
    reply: Reply | None = None,
) -> bytes:
    """What `module.work` answers to the request, in a child of its own.

    Args:
        context: what `module.prepare` is given; the same as before costs nothing.
        reply: answers the child's questions. They come from where hostile content is looked at.

    Raises:
        Fault: the child met a limit, or broke.
    """
    with _places:
        worker = _take(module, context)
        try:
            return worker.run(request, limits, reply)
        finally:
            if worker.spoilt:
                worker.end()
            else:
                _give_back(worker)


@dataclass(eq=False)
class _Worker:
    """A server process. `spoilt` while a piece of work is under way, and for ever when that went wrong."""

    key: tuple[str, bytes]
    process: "subprocess.Popen[bytes]"
    control: socket.socket
    spoilt: bool = field(default=True)

    def run(self, request: bytes, limits: Limits, reply: Reply | None) -> bytes:
        self.spoilt = True
        ours, theirs = socket.socketpair()
        deadline = time.monotonic() + limits.wall
        with ours:
            with theirs:
                self._order(limits, theirs)
            try:
                kind, answer = _Talk(ours, deadline).about(request, limits.output, reply)
            except TimeoutError:
                raise Fault("time") from None
            except (EOFError, OSError):
                kind, answer = b"", b""
        ended = self._ended()
        self.spoilt = False
        if kind == frames.ANSWER:
            return answer
        raise _fault(answer if kind == frames.FAULT else None, ended, limits)

    def _order(self, limits: Limits, theirs: socket.socket) -> None:
        order = json.dumps({"memory": limits.memory, "cpu": limits.cpu}).encode()
        try:
            socket.send_fds(self.control, [order], [theirs.fileno()])
        except OSError:
            raise Fault("error", "server") from None

    def _ended(self) -> dict[str, float]:
        """How the server saw its child end: it has closed its end, so this comes at once."""
        self.control.settimeout(START)
        try:
            line = b""
            while not line.endswith(b"\n"):
                piece = self.control.recv(1024)
                if not piece:
                    raise Fault("error", "server")
                line += piece
            return json.loads(line)
        except OSError:
            raise Fault("error", "server") from None

    def is_there(self) -> bool:
        """Whether it still waits; asked for, it answers."""
        try:
            self.control.settimeout(START)
            self.control.sendall(server.THERE)
            return self.control.recv(1) == server.THERE
        except OSError:
            return False

    def end(self) -> None:
        """End it and what it has started, at once."""
        self.control.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)  # its session is its own; it is not reaped yet
        self.process.wait()


class _Talk:
    """One conversation with a child, until a deadline."""

    def __init__(self, ours: socket.socket, deadline: float) -> None:
        self.ours = ours
        self.deadline = deadline

    def about(self, request: bytes, most: int, reply: Reply | None) -> tuple[bytes, bytes]:
        """The kind of the child's last word, and its content of at most so many bytes."""
        self._send(frames.REQUEST, request)
        for _ in range(QUESTIONS + 1):
            kind, content = self._receive(most)
            if kind != frames.QUESTION:
                return kind, content
            if reply is None:
                break
            self._send(frames.REPLY, reply(content))
        raise Fault("error", "questions")

    def _receive(self, most: int) -> tuple[bytes, bytes]:
        head = frames.exactly(self._read, frames.HEAD)
        length = int.from_bytes(head[1:])
        if length > most:
            raise Fault("output")
        return head[:1], frames.exactly(self._read, length)

    def _read(self, size: int) -> bytes:
        self._in_time()
        return self.ours.recv(size)

    def _send(self, kind: bytes, content: bytes) -> None:
        for part in (frames.head(kind, len(content)), content):
            self._in_time()
            self.ours.sendall(part)

    def _in_time(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.ours.settimeout(left)


def _fault(error: bytes | None, ended: dict[str, float], limits: Limits) -> Fault:
    """Only a real limit is called one."""
    status = int(ended["status"])
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    unit = 1 if sys.platform == "darwin" else 1024
    if error == server.MEMORY.encode() or (killed and ended["out"]):  # else a library only spoke of memory
        return Fault("memory")
    if killed == signal.SIGXCPU or ended["cpu"] >= limits.cpu:
        return Fault("time")
    if killed and ended["memory"] * unit > limits.memory * 0.8:
        return Fault("memory")
    if killed:
        return Fault("error", signal.strsignal(killed) or str(killed))
    return Fault("error", "".join(c for c in (error or b"").decode("ascii", "replace")[:40] if c.isidentifier()))


# -- servers, kept for the next piece of work

_lock = threading.Lock()
_places = threading.BoundedSemaphore(AT_ONCE)
_idle: list[_Worker] = []


def _take(module: str, context: bytes) -> _Worker:
    key = (module, context)
    with _lock:
        idle = next((worker for worker in _idle if worker.key == key), None)
        if idle:
            _idle.remove(idle)
    if idle and idle.is_there():
        return idle
    if idle:  # it had nothing to do for a long time, and ended
        idle.end()
    return _start(key)


def _give_back(worker: _Worker) -> None:
    with _lock:
        _idle.append(worker)
        spare = _idle[:-KEPT]
        del _idle[:-KEPT]
    for other in spare:
        other.end()


def _start(key: tuple[str, bytes]) -> _Worker:
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-P", "-m", "dondoc.isolation.server", key[0], str(theirs.fileno())]
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
            env=environment(),
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            cwd="/",
        )
    worker = _Worker(key, process, ours)
    try:
        ours.settimeout(START)
        ours.sendall(frames.head(frames.REQUEST, len(key[1])) + key[1])
        if ours.recv(1) != server.READY:
            raise Fault("error", NO_START)
    except OSError:
        worker.end()
        raise Fault("error", NO_START) from None
    except BaseException:
        worker.end()
        raise
    return worker


@atexit.register
def end() -> None:
    """End the servers that wait."""
    with _lock:
        spare, _idle[:] = _idle[:], []
    for worker in spare:
        worker.end()


def _forget() -> None:
    """In a fork of this process: the servers are the parent's."""
    global _lock, _places
    for worker in _idle:
        worker.control.close()
        worker.process.returncode = 0
    _idle.clear()
    _lock, _places = threading.Lock(), threading.BoundedSemaphore(AT_ONCE)


os.register_at_fork(after_in_child=_forget)
