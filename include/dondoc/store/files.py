"""Files and folders that only our own account can open, whatever its umask says."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from dondoc.errors import Problem

OTHERS = 0o077  # what group and others may do


def folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, with mode 0700. One that exists keeps its mode.

    Raises:
        OSError: it cannot be made.
    """
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    for one in reversed(missing):
        with suppress(FileExistsError):  # another process made it meanwhile
            one.mkdir(0o700)
    if not (missing[0] if missing else path).is_dir():
        raise NotADirectoryError(20, os.strerror(20), str(path))


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put the content in the file's place at once; readers see the old or the new one, nobody but `mode` ever reads it.

    What is no file of its own (`/dev/stdout`, a pipe) is written to.

    Raises:
        Problem: it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        path = path.resolve()  # the file that a link names, not the link
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), mode)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Problem(f"Không ghi được {path}: {error.strerror}. Kiểm tra thư mục và quyền ghi.") from None


def opened(base: Path, path: Path) -> IO[bytes]:
    """Open a file that lies in a folder where somebody else may write, for reading.

    No link is followed on the way down from `base`, at whatever moment it is laid: each step is taken from the folder
    that the one before opened (openat(2)). A pipe keeps nobody waiting.

    Raises:
        OSError: there is no such file, a link is in the way, or it is something else than a file.
        ValueError: the path does not lie in the folder.
    """
    *folders, name = path.relative_to(base).parts
    if ".." in (*folders, name):
        raise ValueError(f"{str(path)!r} is not in the subpath of {str(base)!r}")
    within = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for step in folders:
            outer, within = within, os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=within)
            os.close(outer)
        file = os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=within), "rb")
    finally:
        os.close(within)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
    return file


def narrow(path: Path) -> bool:
    """Take a file or folder from group and others.

    Returns:
        whether it is closed to them now: another account's, or a folder for everybody (`/tmp`), stays as it is.
    """
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode) or not found.st_mode & OTHERS:
            return True
        if found.st_mode & stat.S_ISVTX or found.st_uid != os.geteuid():
            return False
        path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def wide(home: Path, *, leave: tuple[Path, ...] = ()) -> Iterator[Path]:
    """What lies in a folder, and the folder itself, that others than its owner may open. No link is followed.

    `leave` names folders that others have a right to: they and what is in them are passed over.
    """
    try:
        if stat.S_IMODE(home.lstat().st_mode) & OTHERS:
            yield home
        entries = list(os.scandir(home))
    except OSError:  # gone meanwhile, or closed even to us
        return
    for entry in entries:
        path = Path(entry.path)
        if path in leave or entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from wide(path, leave=leave)
        else:
            with suppress(FileNotFoundError):
                if entry.stat(follow_symlinks=False).st_mode & OTHERS:
                    yield path
