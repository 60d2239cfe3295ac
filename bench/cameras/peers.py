"""The tools that stage 1 is measured against, driven as their users drive them."""

import asyncio
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BLACKBOX = "prometheus-blackbox-exporter"
# OPTIONS and DESCRIBE; of each answer no more than the status line is looked at, which is less than we do.
_MODULE = r"""modules:
  rtsp:
    prober: tcp
    timeout: 5s
    tcp:
      query_response:
        - send: "OPTIONS rtsp://camera/1 RTSP/1.0\r\nCSeq: 1\r\n\r"
        - expect: "^RTSP/1.0 200"
        - send: "DESCRIBE rtsp://camera/1 RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r"
        - expect: "^RTSP/1.0 200"
"""
# The script by force (+): by itself it looks only at port 554.
_NMAP = ("nmap", "-n", "-Pn", "-sT", "-T5", "--min-parallelism", "100", "--script", "+rtsp-methods")


def missing() -> list[str]:
    return [tool for tool in (BLACKBOX, "nmap") if not shutil.which(tool)]


@contextmanager
def blackbox(folder: Path) -> Iterator[int]:
    """The exporter; its port."""
    config = folder / "blackbox.yml"
    config.write_text(_MODULE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = (BLACKBOX, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while not _listens(port):
            time.sleep(0.05)
        try:
            yield port
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


class _Scrape(asyncio.Protocol):
    """One kept-alive connection, as Prometheus keeps it: asks for one camera after another."""

    def __init__(self, cameras: Iterator[str], done: "asyncio.Future[int]") -> None:
        self._cameras, self._done, self._seen, self._good = cameras, done, b"", 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        camera = next(self._cameras, None)
        if camera is None:
            self._transport.close()
            self._done.set_result(self._good)
            return
        get = f"GET /probe?module=rtsp&target={camera} HTTP/1.1\r\nHost: exporter\r\n\r\n"
        self._transport.write(get.encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, blank, body = self._seen.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        whole = body.endswith(b"0\r\n\r\n") if length is None else len(body) >= int(length[1])
        if blank and whole:
            self._good += b"\nprobe_success 1\n" in body
            self._seen = b""
            self._next()


async def _scrape(port: int, cameras: Sequence[str], at_once: int) -> int:
    loop, left = asyncio.get_running_loop(), iter(cameras)
    done = [loop.create_future() for _ in range(at_once)]
    for each in done:
        await loop.create_connection(lambda each=each: _Scrape(left, each), "127.0.0.1", port)
    return sum(await asyncio.gather(*done))


def scrape(port: int, cameras: Sequence[str], at_once: int) -> float:
    """Seconds to ask the exporter for every camera, `at_once` at a time."""
    started = time.perf_counter()
    good = asyncio.run(_scrape(port, cameras, at_once))
    assert good == len(cameras), f"the exporter found {good} of {len(cameras)}"
    return time.perf_counter() - started


def nmap(port: int, addresses: str, cameras: int) -> float:
    """Seconds for rtsp-methods (OPTIONS alone) over the addresses."""
    started = time.perf_counter()
    command = (*_NMAP, "-p", str(port), addresses)
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.count("rtsp-methods:")
    assert found == cameras, f"nmap found {found} of {cameras}"
    return time.perf_counter() - started
