"""The drop folder. A file is removed only after it is durable here."""

import errno
import fcntl
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG

from dondoc.bounded import Deadline
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.intake.receive import receive, visible
from dondoc.intake.sources.source import (
    TOO_LARGE,
    SourceResult,
    begin,
    largest,
    last_read,
    mb,
    record,
    too_large,
    unread,
)
from dondoc.store import files
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import Arrival, Outcome

STABLE = timedelta(seconds=2)
LONG = timedelta(hours=1)  # that a file which was there at a reading may have been left for the next
NO_DOCUMENT = (".", "~$")  # how the names of hidden, temporary and lock files begin
# What file systems, Windows and network disks put there themselves; none of it can be moved away for good.
HOUSEKEEPING = frozenset(
    ("lost+found", "thumbs.db", "desktop.ini", "system volume information", "$recycle.bin", "@eadir", "#recycle")
)
SHOWN = 10  # names in one message
SECONDS = 120.0  # of one reading: less than its task has


def read_folder(app: AppContext, now: datetime) -> SourceResult:
    """Take in every file of `drop/` that no longer grows; then remove it: the original is kept whole, encrypted.

    One that is too large to be read is moved as it is to `drop/Qua-lon/`, under the number of its submission. What
    cannot be taken in stays where it is and is named, and the folder counts as unread: it may be what an agency owes.
    """
    result = begin(app, "folder", now)
    drop = app.settings.home / "drop"
    try:
        files.folder(drop)
        paths = sorted(path for path in drop.iterdir() if _may_be_a_document(path.name))
    except OSError as error:
        result.ok = False
        result.problems.append(f"Không đọc được thư mục {drop}: {error.strerror}. Kiểm tra quyền truy cập.")
        return record(app, result)
    if left := list(_left_of(app, paths, result, now)):
        result.ok = False
        result.problems.append(_advice(left))
    return record(app, result)


def _may_be_a_document(name: str) -> bool:
    return not name.startswith(NO_DOCUMENT) and name.casefold() not in HOUSEKEEPING


def _left_of(app: AppContext, paths: list[Path], result: SourceResult, now: datetime) -> Iterator[str]:
    """Takes in what it can; the others with why they were left."""
    deadline, read_before = Deadline(SECONDS), last_read(app, "folder", result)
    for number, path in enumerate(paths):
        if deadline.over:  # a task that is killed writes down nothing
            yield f"còn {len(paths) - number:02} mục chưa đến lượt, lần sau đọc tiếp"
            return
        try:
            reason = _take(app, path, result, now, read_before)
        except Problem as problem:  # the disk is full: stop here, the rest stays where it is
            result.ok = False
            result.problems.append(str(problem))
            return
        except OSError as error:
            reason = None if _gone(path, error) else error.strerror
        if reason:
            yield f"“{visible(path.name, '?')}” ({reason})"


def _take(app: AppContext, path: Path, result: SourceResult, now: datetime, read_before: datetime | None) -> str | None:
    """Take in what stands in `drop/`, if it is a file of its own: no link is followed, no pipe is opened.

    Returns:
        why it was not, where somebody has to see to it.
    """
    mode = path.lstat().st_mode
    if S_ISREG(mode):
        _take_file(app, path, result, now, read_before)
        return None
    if S_ISDIR(mode):
        return None if path.name == TOO_LARGE or not any(path.iterdir()) else "thư mục"
    return "liên kết" if S_ISLNK(mode) else "không phải tệp"


def _gone(path: Path, error: OSError) -> bool:
    """Somebody moved it meanwhile, or another reader took it in."""
    return isinstance(error, FileNotFoundError) and not os.path.lexists(path)


def _advice(names: list[str]) -> str:
    more = f" và {len(names) - SHOWN:02} mục khác" if len(names) > SHOWN else ""
    return (
        f"Không tiếp nhận được {len(names):02} mục trong drop/: {', '.join(names[:SHOWN])}{more}. Tất cả vẫn nằm ở đó. "
        "Cho tài khoản chạy dondoc quyền đọc và xóa, đặt chính tệp (không phải thư mục hay liên kết) vào drop/, hoặc "
        "chuyển đi nơi khác."
    )


def _read(path: Path, most: int) -> tuple[os.stat_result, bytes] | None:
    """What a file is, and its bytes; none of a larger one, nor of what was put in its place and is no file.

    None: somebody is still writing it.
    """
    with open(path, "rb", opener=lambda p, flags: os.open(p, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
        status = os.fstat(file.fileno())
        if S_ISREG(status.st_mode) and _is_written(file.fileno()):
            return None
        return status, file.read(status.st_size) if S_ISREG(status.st_mode) and status.st_size <= most else b""


def _is_written(file: int) -> bool:
    """Whether a program of this machine still has it open for writing: a copy that stalls looks finished.

    Linux refuses a read lease then (fcntl(2), F_SETLEASE). Where there is none, the time of the last change tells.
    """
    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # to who writes meanwhile: SIGIO, the usual one, would end us
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except AttributeError:  # macOS
        return False
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


def _arrived(stat: os.stat_result, read_before: datetime | None, now: datetime) -> datetime:
    """When a file came: its own time, but for a copy that kept the time of its original: what was not there at the last
    reading came after that. A file that is long in coming keeps its own time."""
    own = datetime.fromtimestamp(max(0, min(stat.st_mtime, now.timestamp())), HERE)  # else no date at all
    return max(own, read_before) if read_before and own < read_before - LONG else own


def _take_file(app: AppContext, path: Path, result: SourceResult, now: datetime, read_before: datetime | None) -> None:
    if (read := _read(path, largest(app))) is None:
        return
    stat, content = read
    if not S_ISREG(stat.st_mode) or abs(datetime.now(HERE).timestamp() - stat.st_mtime) < STABLE.total_seconds():
        return
    large = stat.st_size > largest(app)
    note = f"{path.name}: {mb(stat.st_size)}, nằm nguyên trong drop/{TOO_LARGE}/\n".encode(errors="replace")
    submission, new = receive(
        app,
        note if large else content,
        channel=Arrival.FOLDER,
        channel_id=f"{path.name}/{stat.st_size}/{stat.st_mtime_ns}/{sha256(content).hexdigest()[:16]}",
        sender="",
        filename=f"{path.name}.txt" if large else path.name,
        received_at=_arrived(stat, read_before, now),
        now=now,
    )
    if large:
        where = f"{TOO_LARGE}/{BN(submission)}"
        reason = f"{too_large(app, 'tệp', stat.st_size)}; tệp nằm nguyên ở drop/{where}/: cần người xem"
        unread(app, submission, Outcome.WAITING, reason, result, now)
    if new:
        result.submission_ids.append(submission)
    if _which(path.stat()) == _which(stat):  # else a new copy came meanwhile: the next run takes it
        _put_aside(path, (TOO_LARGE, BN(submission))) if large else path.unlink()


def _which(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _put_aside(path: Path, folders: Sequence[str]) -> None:
    """Move a file into folders beside it. No link is followed: whoever may write to drop/ could lay one there, and have
    a file taken away to where nobody looks for it.
    """
    files.narrow(path)
    here = os.open(path.parent, os.O_DIRECTORY)
    try:
        for name in folders:
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=here)
            there = os.open(name, os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = there
        os.rename(path, path.name, dst_dir_fd=here)
    finally:
        os.close(here)
