"""Work for a child of the tests: a Python expression, in a process confined as those that read workbooks are."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

KNOWN: dict[str, Any] = {}
libc = ctypes.CDLL(None, use_errno=True)


def prepare(context: bytes) -> None:
    KNOWN["context"] = context.decode()


def work(request: bytes, ask: Callable[[bytes], bytes]) -> bytes:
    names = {"ask": ask, "attempt": attempt, "call": call, "native": native, "KNOWN": KNOWN, "libc": libc}
    modules = {m.__name__: m for m in (ctypes, os, signal, socket, subprocess, sys, threading, time)}
    answer = eval(request.decode(), names | modules)
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def attempt(act: Callable[[], Any]) -> str:
    """What came of it: the name of the error, or `done`."""
    try:
        act()
    except Exception as error:
        return type(error).__name__
    return "done"


def call(number: int, *arguments: int) -> str:
    """A system call by its number."""
    answer = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) for a in arguments))
    return "done" if answer >= 0 else os.strerror(ctypes.get_errno())


def native(size: int) -> None:
    """Dies as a Rust library does that gets no memory."""
    os.write(2, b"memory allocation of %d bytes failed\n" % size)
    os.abort()
