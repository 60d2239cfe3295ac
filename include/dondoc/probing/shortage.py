"""What this machine lacks, and no camera is to be blamed for: descriptors, ports, memory."""

import errno
import os

from dondoc.errors import Problem

OUR_OWN = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
SHORT = "Máy kiểm tra thiếu tài nguyên mạng ({}). Giảm --concurrency, hoặc tăng giới hạn tệp mở (ulimit -n)."


class Shortage(Problem):
    """This machine is out of descriptors, ports or memory."""

    @classmethod
    def of(cls, error: BaseException | None) -> "Shortage | None":
        """What an error says of this machine; None: nothing."""
        number = error.errno if isinstance(error, OSError) else errno.ENOMEM if isinstance(error, MemoryError) else None
        return cls(SHORT.format(os.strerror(number))) if number in OUR_OWN else None


def raise_if_ours(error: BaseException | None) -> None:
    """Raises Shortage where an error is of our own making."""
    if short := Shortage.of(error):
        raise short from None


def check_descriptors() -> None:
    """Raises Shortage where no file can be opened: a name that is looked up then fails in whatever way."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        raise_if_ours(error)
