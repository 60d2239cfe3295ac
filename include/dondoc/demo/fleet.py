"""A fleet of simulated cameras that speak real RTSP over TCP, some of them broken.

The first element of the path says how a camera behaves, the rest is free: `rtsp://127.0.0.1:8554/healthy/17`.
`python -m dondoc.demo.fleet --port 8554` serves until it is told to stop.
"""

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Sequence
from types import TracebackType

from dondoc.demo.camera import BEHAVIOURS, HOST, SLOW_CLOCK, Camera
from dondoc.demo.served import Served


class Fleet(Served):
    """Serves in a thread of its own between `with` and its end.

    `counts` says how often each happened: "connections", "logins", "refused logins", and "logins /path".
    """

    def __init__(self, ports: Sequence[int] = (0,), refusing_port: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        self._visits: set[asyncio.Task[None]] = set()
        self._sockets = [_bound(p) for p in ports]
        with contextlib.suppress(OSError):  # macOS has one address only: no clock is slow there
            self._sockets.append(_bound(self._sockets[0].getsockname()[1], host=SLOW_CLOCK))
        # Bound but not listening: a connection to it is refused. Not shared: nobody else can bind it and listen there.
        self._refusing = _bound(refusing_port, shared=False)
        self.ports = [s.getsockname()[1] for s in self._sockets if s.getsockname()[0] == HOST]
        self.slow_clock = self._sockets[-1].getsockname()[0]
        self.refusing_port: int = self._refusing.getsockname()[1]

    def url(self, behaviour: str, name: str = "1", user: str = "", password: str = "", scheme: str = "rtsp") -> str:
        """Where to find a camera that behaves like this."""
        port = self.refusing_port if behaviour == "refusing" else self.ports[0]
        info = f"{user}:{password}@" if user else ""
        host = self.slow_clock if behaviour == "wrong-clock" else HOST
        return f"{scheme}://{info}{host}:{port}/{behaviour}/{name}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._refusing.close()

    async def start(self) -> list[asyncio.Server]:
        """Clips are made when a camera is first played."""
        return [await asyncio.start_server(self._visit, sock=s, backlog=1024) for s in self._sockets]

    async def stop(self) -> None:
        for task in self._visits:
            task.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._visits.add(task)
        try:
            await Camera(reader, writer, self.counts).talk()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the visitor left, or the fleet stops
        finally:
            self._visits.discard(task)
            writer.close()


def _bound(port: int, *, shared: bool = True, host: str = HOST) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(shared))
    made.bind((host, port))
    return made


def main() -> None:
    """Serve until SIGINT or SIGTERM; one JSON line on standard output says when and where."""
    import argparse
    import json
    import signal
    import sys

    parser = argparse.ArgumentParser(description="Simulated cameras on 127.0.0.1")
    parser.add_argument("--port", type=int, action="append", help="repeatable; default: a free one")
    parser.add_argument("--refusing-port", type=int, default=0)
    given = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Fleet(given.port or (0,), given.refusing_port) as fleet:
        ready = {"ports": fleet.ports, "refusing_port": fleet.refusing_port, "behaviours": sorted(BEHAVIOURS)}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
