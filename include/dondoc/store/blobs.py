"""Files kept whole and encrypted, under the SHA-256 of their clear bytes: originals, and what tasks hand on."""

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cryptography.fernet import InvalidToken, MultiFernet

from dondoc import keys
from dondoc.errors import Problem
from dondoc.store import files

_SHA256 = re.compile("[0-9a-f]{64}")
SEALED = 1.4  # how much longer a file is than what it holds: base64, and some bytes


class Blobs:
    """One put, one get. A put that returned is on disk: it was read back from there and compared.

    What was put for one `purpose` is nothing for another, wherever somebody lays its file. `word`: what people call it.
    """

    def __init__(self, folder: Path, secrets: list[str], purpose: str = "originals", word: str = "bản gốc") -> None:
        self.folder, self.word = folder, word
        self._cipher = keys.cipher(secrets, purpose)
        self._newest = keys.cipher(secrets[:1], purpose)

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):  # a name from outside must lead nowhere else
            raise Problem(f"Mã {self.word} không đúng dạng trong kho {self.folder}.")
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keep the bytes; return their SHA-256 (hex). The same bytes twice are kept once.

        What lies there already is a proof only when it can be opened and is the same; else it is written again: it was
        damaged, or its key is lost.

        Raises:
            Problem: they cannot be written, or what was written reads otherwise.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        try:
            if self._holds(path, content):
                _sync(path.parent)  # whoever wrote it may have been killed right before
            else:
                self._keep(path, content, self._cipher)
        except OSError as error:
            raise Problem(f"Không ghi được {self.word} vào {self.folder}: {error.strerror}. Kiểm tra ổ đĩa.") from None
        return sha256

    def _holds(self, path: Path, content: bytes) -> bool:
        """Whether a file is there, can be read and opened, and is these bytes. A link is no file of ours."""
        try:
            return not path.is_symlink() and _opened(self._cipher, _from_disk(path)) == content
        except OSError:  # also a bad sector, a folder in its place: writing again tells what the disk is worth
            return False

    def _keep(self, path: Path, content: bytes, cipher: MultiFernet) -> None:
        """Write, read back, compare: the sealed bytes, which says the same as opening them at a tenth of the cost.

        Raises:
            OSError: it cannot be written.
            Problem: it reads otherwise.
        """
        _make_folder(path.parent)
        sealed = cipher.encrypt(content)
        _write(path, sealed)
        if _from_disk(path) != sealed and not self._holds(path, content):  # not sealed by another process meanwhile
            raise Problem(
                f"Bản gốc vừa ghi vào {self.folder} đọc lại không đúng: tạm ngừng tiếp nhận, nơi gửi vẫn giữ tệp. "
                "Kiểm tra ổ đĩa và bộ nhớ của máy chủ."
            )

    def get(self, sha256: str, *, most: int | None = None) -> bytes:
        """The bytes again, if they are no more than `most`.

        Raises:
            Problem: they are not there, too many, cannot be read, are others, or no key of ours opens them.
        """
        path = self._path(sha256)
        try:
            if most is not None and path.stat().st_size > most * SEALED:
                raise Problem(f"Tệp {self.word} {sha256[:12]} trong kho {self.folder} quá lớn, không phải do ta ghi.")
            content = _opened(self._cipher, path.read_bytes())
        except FileNotFoundError:
            raise Problem(f"Không thấy {self.word} {sha256[:12]} trong kho {self.folder}.") from None
        except OSError as error:
            raise Problem(
                f"Không đọc được {self.word} {sha256[:12]} trong kho {self.folder}: {error.strerror}. Kiểm tra ổ đĩa "
                "và quyền đọc, hoặc lấy lại từ bản sao lưu."
            ) from None
        if content is None:
            raise Problem(f"Không khóa nào trong DONDOC_SECRET_KEY mở được {self.word} {sha256[:12]}.")
        if hashlib.sha256(content).hexdigest() != sha256:  # who has the disk, but no key, can still change their places
            raise Problem(
                f"Tệp trong kho {self.folder} ở chỗ {self.word} {sha256[:12]} là tệp khác: có người đã tráo. Lấy lại "
                "từ bản sao lưu, và kiểm tra ai ghi được vào thư mục này."
            )
        return content

    def prune(self, before: datetime) -> int:
        """Delete what was put before a moment, and what killed writers left until then: never called of originals.

        Returns:
            how many files are gone. What cannot be deleted stays for the next time.
        """
        gone = 0
        for path in self.folder.glob("??/*"):
            with suppress(OSError):
                if path.lstat().st_mtime < before.timestamp():
                    path.unlink()
                    gone += 1
        return gone

    def rotate(self) -> dict[str, int]:
        """Encrypt every original with the first key. Each is replaced at once: killed and called again, it goes on.

        Returns:
            counts `rotated`, `current` (were under the first key already) and `unreadable` (damaged, or under a key
            that is not in the list; left as they are).

        Raises:
            Problem: one cannot be read from the disk or written to it.
        """
        counts = dict.fromkeys(("rotated", "current", "unreadable"), 0)
        try:
            for path in sorted(self.folder.glob("??/*")):
                if _SHA256.fullmatch(path.name):  # else what a killed writer left
                    counts[self._rotate(path)] += 1
        except OSError as error:
            raise Problem(f"Không mã hóa lại được bản gốc trong {self.folder}: {error.strerror}.") from None
        return counts

    def _rotate(self, path: Path) -> str:
        sealed = path.read_bytes()
        if _opened(self._newest, sealed) is not None:
            return "current"
        content = _opened(self._cipher, sealed)
        if content is None or hashlib.sha256(content).hexdigest() != path.name:
            return "unreadable"
        self._keep(path, content, self._newest)
        return "rotated"


def _opened(cipher: MultiFernet, sealed: bytes) -> bytes | None:
    try:
        return cipher.decrypt(sealed)
    except InvalidToken:
        return None


def _from_disk(path: Path) -> bytes:
    """What lies on the disk, not what the kernel still remembers of it, where it can be asked to forget that."""
    with path.open("rb") as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return file.read()


def _make_folder(folder: Path) -> None:
    """A folder whose name is on the disk too, with those above it that were not there yet."""
    if not folder.exists():
        _make_folder(folder.parent)
        files.folder(folder)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, and on the disk when this returns."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.is_dir() and not path.is_symlink():  # somebody's folder in its place: not ours to take away
            path.rename(f"{name}.cu")
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    _sync(path.parent)  # the name too
