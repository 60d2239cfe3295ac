"""Judging as it is, but for files that say what is to become of their child."""

import os
import time
from collections.abc import Callable

from dondoc.forms.work import prepare
from dondoc.forms.work import work as judge

__all__ = ["prepare", "work"]


def work(request: bytes, ask: Callable[[bytes], bytes]) -> bytes:
    if request.endswith(b"TREO"):
        time.sleep(600)
    if request.endswith(b"CHET"):
        os.abort()
    if request.endswith(b"NANG"):
        raise MemoryError
    return judge(request, ask)
