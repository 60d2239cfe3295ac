"""What Linux offers to confine a process: capabilities, seccomp, Landlock. Plain system calls, in this one file.

No library fits: `pyseccomp` needs libseccomp, which a machine with nothing but Python lacks; `landlock` on PyPI is a
development release that knows neither network nor signals. Numbers and layouts: linux/seccomp.h, linux/landlock.h,
asm-generic/unistd.h and arch/x86/entry/syscalls/syscall_64.tbl; they are the kernel's promise and never change.
"""

import contextlib
import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 22, 24, 38
_CAPABILITY_VERSION_3 = 0x20080522

# The same on every machine.
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_CREATE_RULESET_VERSION, _RULE_PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_ALL_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_ALL_TCP, _ALL_SCOPES = 0b11, 0b11  # bind, connect · abstract sockets, signals

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_… of <linux/audit.h>
_X32 = 0x40000000  # calls of x86_64 with this bit are another table
_CAPSET = {"x86_64": 126, "aarch64": 91}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_CLONE3 = 435

# Call: its number on x86_64, on aarch64 (None: there is none).
_NETWORK: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242),
    "bind": (49, 200), "listen": (50, 201),
}  # fmt: skip
_NEW_PROCESS: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None), "vfork": (58, None), "setsid": (112, 157), "setpgid": (109, 154),
}  # fmt: skip
_CLONE = (56, 220)
_ONLY_ITSELF: dict[str, tuple[int | None, int | None]] = {  # its first argument is a process: zero or our own
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "prlimit64": (302, 261),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
}  # fmt: skip
_ALWAYS: dict[str, tuple[int | None, int | None]] = {
    "execve": (59, 221), "execveat": (322, 281),
    # other ways to a socket, a file, a process
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440), "kcmp": (312, 272),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    # what only an administrator may, or what has been a way to become one
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41), "mount": (165, 40),
    "umount2": (166, 39), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsmount": (432, 432), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "reboot": (169, 142),
    "personality": (135, 92), "acct": (163, 89), "swapon": (167, 224), "quotactl": (179, 60),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "sched_setparam": (142, 118), "sched_setscheduler": (144, 119), "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122), "migrate_pages": (256, 238), "move_pages": (279, 239),
    # what Landlock lets be done to any file of our own account, or to what it holds
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "removexattrat": (466, 466),
    "file_setattr": (469, 469), "inotify_init": (253, None), "inotify_init1": (294, 26), "fanotify_init": (300, 262),
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
    # what Landlock refuses too: not every kernel has it, or all of it
    "truncate": (76, 45), "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "link": (86, None), "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36),
    "unlink": (87, None), "unlinkat": (263, 35), "rmdir": (84, None), "mkdir": (83, None), "mkdirat": (258, 34),
    "mknod": (133, None), "mknodat": (259, 33),
}  # fmt: skip
# fcntl and ioctl with which another process is made to get a signal of ours, SIGKILL among them (fcntl.h, sockios.h).
_SIGNAL_BY_FILE: tuple[tuple[tuple[int, int], tuple[int, ...]], ...] = (
    ((72, 25), (8, 10, 15)),  # F_SETOWN, F_SETSIG, F_SETOWN_EX
    ((16, 29), (0x8901, 0x8902)),  # FIOSETOWN, SIOCSPGRP
)

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def machine() -> str | None:
    """The machine's name when its system calls are known here, and this Python is built for it (64 bits)."""
    name = platform.machine()
    return name if _libc is not None and name in _MACHINES and sys.maxsize > 2**32 else None


def _library() -> ctypes.CDLL:
    if _libc is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return _libc


def _call(number: int, *arguments: object) -> int:
    """A system call.

    Raises:
        OSError: the kernel says no, or does not know it.
    """
    return _checked(_library().syscall(ctypes.c_long(number), *arguments))


def _prctl(option: int, value: int, third: object = None) -> None:
    zero = ctypes.c_ulong(0)
    _checked(
        _library().prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero if third is None else third, zero, zero)
    )


def _checked(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


# -- privileges


def no_privileges() -> None:
    """No memory of this process for others to read, no privilege by any program, none of an administrator.

    Raises:
        OSError: the kernel refuses.
    """
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    with contextlib.suppress(OSError):  # EPERM: there were none to drop; EINVAL: past the last one
        for capability in range(64):
            _prctl(_PR_CAPBSET_DROP, capability)
    if name := machine():
        header, nothing = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0), bytes(24)
        _call(_CAPSET[name], ctypes.c_char_p(header), ctypes.c_char_p(nothing))


# -- seccomp


class _Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = (
    0,
    4,
    16,
    24,
)  # offsets in struct seccomp_data; low half, both are little-endian
_IS_ACTION_KNOWN = 2
_EPERM = _ERRNO | errno.EPERM


def refuse_calls(*, processes: bool) -> None:
    """From now on sockets, other programs, and new processes and threads (unless `processes`) are refused: nothing here
    needs a thread, and ten thousand of one child would leave none to the rest of the machine.

    A refused call says EPERM, so that a library that merely tries goes on; calls of another machine's table kill. Needs
    `no_privileges` before. Nothing undoes it; a second call only adds to it.

    Raises:
        OSError: the kernel or the machine cannot.
    """
    name = machine()
    if name is None:
        raise OSError(errno.ENOSYS, "no table of calls for this machine")
    program = b"".join(_program(name, processes=processes, own=os.getpid()))
    held = ctypes.create_string_buffer(program, len(program))
    wanted = _Filter(len(program) // 8, ctypes.cast(held, ctypes.c_void_p))
    _prctl(_PR_SET_SECCOMP, 2, ctypes.byref(wanted))


def _program(name: str, *, processes: bool, own: int) -> Iterator[bytes]:
    """The filter in classic BPF. Each rule falls through to the next."""
    place = list(_MACHINES).index(name)
    yield _step(_LOAD, _ARCHITECTURE)
    yield _step(_EQUAL, _MACHINES[name], 1, 0)
    yield _step(_RETURN, _KILL_PROCESS)
    yield _step(_LOAD, _NUMBER)
    if name == "x86_64":
        yield _step(_AT_LEAST, _X32, 0, 1)
        yield _step(_RETURN, _KILL_PROCESS)
    for call in _numbers(place, _ALWAYS, _NETWORK, {} if processes else _NEW_PROCESS):
        yield _step(_EQUAL, call, 0, 1)
        yield _step(_RETURN, _EPERM)
    for places, orders in _SIGNAL_BY_FILE:
        yield _step(_EQUAL, places[place], 0, 2 * len(orders) + 2)
        yield _step(_LOAD, _SECOND_ARGUMENT)
        for order in orders:
            yield _step(_EQUAL, order, 0, 1)
            yield _step(_RETURN, _EPERM)
        yield _step(_RETURN, _ALLOW)
    if not processes:
        for call in (_CLONE3, _CLONE[place]):
            yield _step(_EQUAL, call, 0, 1)
            yield _step(_RETURN, _EPERM)
        for call in _numbers(place, _ONLY_ITSELF):
            yield _step(_EQUAL, call, 0, 5)
            yield _step(_LOAD, _FIRST_ARGUMENT)
            yield _step(_EQUAL, own, 2, 0)
            yield _step(_EQUAL, 0, 1, 0)
            yield _step(_RETURN, _EPERM)
            yield _step(_RETURN, _ALLOW)
    yield _step(_RETURN, _ALLOW)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _numbers(place: int, *tables: dict[str, tuple[int | None, int | None]]) -> Iterator[int]:
    for table in tables:
        for numbers in table.values():
            if (number := numbers[place]) is not None:
                yield number


# -- Landlock


def landlock_version() -> int:
    """The kernel's version of Landlock's interface; 0: it has none, or it is switched off."""
    if machine() is None:
        return 0
    try:
        return _call(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_CREATE_RULESET_VERSION))
    except OSError:
        return 0


def restrict_files(readable: Iterable[Path]) -> None:
    """From now on only what lies in these folders can be opened, to be read; no TCP (from version 4 on), no
    signal to others and no abstract socket (from version 6 on). Needs `no_privileges` before.

    Raises:
        OSError: the kernel refuses.
    """
    version = landlock_version()
    if not version:
        raise OSError(errno.ENOSYS, "no Landlock")
    handled = struct.pack("<QQQ", _ALL_FILES[min(version, 5)], 0 if version < 4 else _ALL_TCP, _ALL_SCOPES)[
        : 8 if version < 4 else 16 if version < 6 else 24
    ]
    rules = _call(_LANDLOCK_CREATE, ctypes.c_char_p(handled), ctypes.c_size_t(len(handled)), ctypes.c_uint32(0))
    try:
        for folder in readable:
            _allow(rules, folder)
        _call(_LANDLOCK_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)


def _allow(rules: int, folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_PATH | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError:
        return  # not there: nothing to be read
    try:
        rule = struct.pack("<Qi", _READ_FILE | _READ_DIR, handle)
        _call(_LANDLOCK_ADD, ctypes.c_int(rules), ctypes.c_int(_RULE_PATH_BENEATH), ctypes.c_char_p(rule), 0)
    finally:
        os.close(handle)


# -- what this kernel has


def missing() -> list[str]:
    """What this machine lacks of all this, by name."""
    if _libc is None or machine() is None:
        return ["seccomp", "Landlock"]
    lacking = []
    try:
        _call(
            _SECCOMP[platform.machine()],
            ctypes.c_uint(_IS_ACTION_KNOWN),
            ctypes.c_uint(0),
            ctypes.c_char_p(struct.pack("<I", _ERRNO)),
        )
    except OSError:
        lacking.append("seccomp")
    return lacking if landlock_version() else [*lacking, "Landlock"]
