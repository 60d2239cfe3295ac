"""Servers that run in a thread of their own between `with` and its end."""

import asyncio
import threading
from types import TracebackType
from typing import Self


class Served:
    """They belong to a loop of their own, in which `start` opens them."""

    async def start(self) -> list[asyncio.Server]:
        raise NotImplementedError

    async def stop(self) -> None:
        """End what the servers began, once they are closed."""

    def __enter__(self) -> Self:
        ready = threading.Event()
        name = type(self).__name__
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name=name, daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        servers = await self.start()
        ready.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        await self.stop()
