"""What a child does first: give up what it does not need, before it looks at anything from outside."""

import contextlib
import os
import resource
import sysconfig
from pathlib import Path

import dondoc
from dondoc.isolation import kernel

_PASSED_ON = ("PATH", "LANG", "LANGUAGE", "TZ", "TZDIR", "SYSTEMROOT")
_PASSED_ON_BY_START = ("LC_", "PYTHON", "OPENBLAS_", "MALLOC_")


def environment(**more: str) -> dict[str, str]:
    """What a child is told of our environment: nothing that could hold a secret. `more` is added."""
    kept = {k: v for k, v in os.environ.items() if k in _PASSED_ON or k.startswith(_PASSED_ON_BY_START)}
    package = str(Path(dondoc.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (package, kept.get("PYTHONPATH"))))
    return kept | {"PYTHONPATH": path, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", **more}


def confine(*, processes: bool = False, memory: int | None = None, cpu: int | None = None) -> None:
    """Bound this process for good: no new privilege, no socket, no core, no file written, only Python's own folders
    read, no other program; as far as the kernel can (`missing` says what it cannot). To be called once all that is
    needed is loaded.

    Args:
        processes: it may fork.
        memory: bytes of address space.
        cpu: seconds of processor time; then SIGXCPU ends it.
    """
    _limit(resource.RLIMIT_CORE, 0)  # secrets of a sender could be in it
    _limit(resource.RLIMIT_FSIZE, 0)
    if memory is not None:
        _limit(resource.RLIMIT_AS, memory)
    if cpu is not None:
        _limit(resource.RLIMIT_CPU, cpu, cpu + 1)
    with contextlib.suppress(OSError):  # macOS: none of these
        kernel.no_privileges()
    with contextlib.suppress(OSError):
        kernel.restrict_files(_own_folders())
    try:
        kernel.refuse_calls(processes=processes)
    except OSError:
        if not processes:
            _limit(resource.RLIMIT_NPROC, 0)  # less: it counts threads too, and root goes free


def _limit(which: int, soft: int, hard: int | None = None) -> None:
    with contextlib.suppress(ValueError, OSError):  # macOS has no limit of memory; a stricter one may be set already
        resource.setrlimit(which, (soft, soft if hard is None else hard))


def _own_folders() -> list[Path]:
    """Where modules that are loaded later lie."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return [Path(p) for p in {sysconfig.get_path(name) for name in names}] + [Path(dondoc.__file__).resolve().parent]


def missing() -> list[str]:
    """What the kernel lacks to confine a child, by name; empty when it has all."""
    return kernel.missing()
