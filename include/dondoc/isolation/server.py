"""A process that has loaded what a kind of work needs and forks once for each piece: `… MODULE DESCRIPTOR`.

Started and told what to do by `workers`, over one socket. The module has `prepare(context)`, called once, here, with
bytes that our own side made, and `work(request, ask)`, called once in each child: bytes in, bytes out; `ask` puts a
question to the parent and returns its reply. Nothing that a stranger sent is looked at in this process, and no child
sees more than one request: what one sender's file does to its process is gone with it.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any, NoReturn

from dondoc.isolation.confine import confine
from dondoc.isolation.frames import ANSWER, FAULT, QUESTION, Descriptor

IDLE = 600.0  # seconds without work, after which it ends
READY, THERE = b"+", b"?"
TOLD = 4096  # bytes of what a dying library printed
MEMORY = "memory"


def _ready(descriptors: list[int], seconds: float | None = None) -> set[int]:
    """Which can be read, or have ended. Not `select`: it knows no descriptor beyond 1,023, and ours may be larger."""
    waiting = select.poll()
    for descriptor in descriptors:
        waiting.register(descriptor, select.POLLIN)
    return {one for one, _ in waiting.poll(None if seconds is None else seconds * 1000)}


def main() -> None:
    module = importlib.import_module(sys.argv[1])
    control = socket.socket(fileno=int(sys.argv[2]))
    module.prepare(Descriptor(control.fileno()).receive())
    gc.collect()
    gc.freeze()  # or each child's first collection would copy all of this process's memory
    confine(processes=True)
    control.sendall(READY)
    while _ready([control.fileno()], IDLE):
        order, descriptors, _, _ = socket.recv_fds(control, 1024, 1)
        if order == THERE:
            control.sendall(THERE)
        elif descriptors:
            _one(control, module, descriptors[0], json.loads(order))
        else:
            return


def _one(control: socket.socket, module: Any, descriptor: int, limits: dict[str, int]) -> None:
    """A child for one piece of work; tells the parent how it ended."""
    life, alive = os.pipe()  # the writing end is held by the child alone: it ends when the child ends
    errors_read, errors_written = os.pipe()
    os.set_blocking(errors_written, False)  # a library that prints much must not wait for us
    child = os.fork()
    if child == 0:
        os.dup2(errors_written, 2)
        for number in (control.detach(), life, errors_read, errors_written):
            os.close(number)
        _child(module, descriptor, limits)
    for number in (descriptor, alive, errors_written):
        os.close(number)
    gone = control.fileno() in _ready([control.fileno(), life])
    if gone:  # the parent wants no answer any more
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    os.set_blocking(errors_read, False)
    errors = b""
    with contextlib.suppress(BlockingIOError):  # nothing, and what it left behind holds the pipe
        errors = os.read(errors_read, TOLD)
    no_memory = b"memory allocation" in errors or b"bad_alloc" in errors  # Rust's and C++'s last words
    ended = {"status": status, "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss, "out": no_memory}
    os.close(life)
    os.close(errors_read)
    if gone:
        sys.exit()
    control.sendall(json.dumps(ended).encode() + b"\n")


def _child(module: Any, descriptor: int, limits: dict[str, int]) -> NoReturn:
    """The work, and nothing after it."""
    gc.disable()  # a short life, and hardly anything circular
    channel = Descriptor(descriptor)
    try:
        confine(memory=limits["memory"], cpu=limits["cpu"])

        def ask(question: bytes) -> bytes:
            channel.send(QUESTION, question)
            return channel.receive()

        channel.send(ANSWER, module.work(channel.receive(), ask))
    except MemoryError:
        channel.send(FAULT, MEMORY.encode())
    except BaseException as error:  # a panic of a Rust library is not an Exception; its text may quote the sender
        channel.send(FAULT, type(error).__name__.encode())
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
