"""A file that is whole or not there."""

import os
import tempfile
from pathlib import Path

from dondoc.errors import Problem


def replace(path: Path, content: bytes, mode: int) -> None:
    """Put the content in the file's place at once; readers see the old or the new one, nobody but `mode` ever reads it.

    Raises:
        Problem: it cannot be written.
    """
    try:
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
