"""Where a demo lives: one folder that it wipes at start, and ports of this machine."""

import fcntl
import shutil
import socket
from pathlib import Path
from typing import IO

from dondoc.errors import Problem

MARK = ".dondoc-demo"
HOST = "127.0.0.1"
HIGHEST = 32_767  # above lie the ports that the system hands out to connections


def claim(home: Path) -> IO[str]:
    """An empty folder of our own, ours for as long as the returned file is open.

    Raises:
        Problem: the folder is not a demo's, or a demo still runs in it.
    """
    if home.is_symlink() or (home.exists() and not _ours(home)):
        raise Problem(f"{home} không phải thư mục của bản thử: không xóa. Đổi tên hoặc chạy ở thư mục khác.")
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / MARK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise Problem(f"Một bản thử đang chạy trong {home}. Dừng bản đó (Ctrl-C) rồi chạy lại.") from None
    for path in home.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MARK:
            path.unlink()
    return lock


def _ours(home: Path) -> bool:
    return home.is_dir() and ((home / MARK).is_file() or not any(home.iterdir()))


def port(wanted: int) -> int:
    """The first free port from the wanted one on.

    Raises:
        Problem: a hundred ports are taken.
    """
    for number in range(wanted, min(wanted + 100, HIGHEST)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, number))
            except OSError:
                continue
            return number
    raise Problem(f"Không có cổng nào trống từ {wanted}. Đóng bớt chương trình rồi chạy lại.")
