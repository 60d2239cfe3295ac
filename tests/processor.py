"""How long the processor may take."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """What is done meanwhile takes no longer.

    Threads that other tests left are not counted, nor is the search for garbage among all that they hold.
    """
    gc.disable()
    started = time.thread_time()
    try:
        yield
    finally:
        spent = time.thread_time() - started
        gc.enable()
    assert spent < seconds
