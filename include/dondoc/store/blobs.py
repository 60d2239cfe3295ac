"""Originals, whole and encrypted, under the SHA-256 of their clear bytes."""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from cryptography.fernet import InvalidToken, MultiFernet

from dondoc import keys
from dondoc.errors import Problem
from dondoc.store import files

_SHA256 = re.compile("[0-9a-f]{64}")


class Blobs:
    """One put, one get. A put that returned is on disk."""

    def __init__(self, folder: Path, secrets: list[str]) -> None:
        self.folder = folder
        self._cipher = keys.cipher(secrets, "originals")
        self._newest = keys.cipher(secrets[:1], "originals")

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keep the bytes; return their SHA-256 (hex). The same bytes twice are kept once.

        Raises:
            Problem: they cannot be written.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        try:
            if not path.exists():
                files.folder(path.parent)
                _write(path, self._cipher.encrypt(content))
        except OSError as error:
            raise Problem(f"Không ghi được bản gốc vào {self.folder}: {error.strerror}. Kiểm tra ổ đĩa.") from None
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes again.

        Raises:
            Problem: they are not there, or no key of ours opens them.
        """
        try:
            content = _opened(self._cipher, self._path(sha256).read_bytes())
        except FileNotFoundError:
            raise Problem(f"Không thấy bản gốc {sha256[:12]} trong kho {self.folder}.") from None
        if content is None:
            raise Problem(f"Không khóa nào trong DONDOC_SECRET_KEY mở được bản gốc {sha256[:12]}.")
        return content

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
        _write(path, self._newest.encrypt(content))
        return "rotated"


def _opened(cipher: MultiFernet, sealed: bytes) -> bytes | None:
    try:
        return cipher.decrypt(sealed)
    except InvalidToken:
        return None


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, and on the disk when this returns."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name too
    finally:
        os.close(folder)
