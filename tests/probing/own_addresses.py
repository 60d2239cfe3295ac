"""Cameras as a machine without IPv6, and one whose ports have run out, finds them: run under `unshare --net`.

Prints the verdicts as JSON: with IPv4 and IPv6 addresses of a name, of which one answers or none; with IPv6 alone; and
with no port left.
"""

import asyncio
import json
import socket
import subprocess
from collections import Counter
from contextlib import ExitStack, suppress
from ipaddress import ip_network
from pathlib import Path

from dondoc.demo.camera import Camera
from dondoc.probing import resolver
from dondoc.probing.probe import probe
from dondoc.probing.verdicts import Target

PORT = 554
NAMES = {
    "both": ["2001:db8::1", "127.0.0.1"],
    "both-refusing": ["2001:db8::1", "127.0.0.2"],
    "ipv6-alone": ["2001:db8::1"],
}
ALLOW = [ip_network("127.0.0.0/8"), ip_network("2001:db8::/32")]


def write(name: str, value: str) -> None:
    Path("/proc/sys/net", name).write_text(value)


def look_up(host: str, *words: object, **more: object) -> list[tuple[object, ...]]:
    return [(0, 0, 0, "", (ip, 0)) for ip in NAMES[host]]


async def verdict(url: str) -> str:
    return (await probe(Target("x", url), allow=ALLOW, timeout=20.0)).verdict


async def run() -> dict[str, str]:
    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await Camera(reader, writer, Counter()).talk()

    async with await asyncio.start_server(visit, "127.0.0.1", PORT):
        found = {name: await verdict(f"rtsp://{name}:{PORT}/healthy/1") for name in NAMES}
        write("ipv4/ip_local_port_range", "40000 40001")
        with ExitStack() as taken:
            for _ in range(2):
                taken.enter_context(socket.socket()).connect(("127.0.0.1", PORT))
            found["no-port-left"] = await verdict(f"rtsp://127.0.0.1:{PORT}/healthy/1")
    return found


if __name__ == "__main__":
    subprocess.run(("ip", "link", "set", "lo", "up"), check=True)
    write("ipv6/conf/all/disable_ipv6", "1")
    resolver.socket.getaddrinfo = look_up  # type: ignore[assignment]
    print(json.dumps(asyncio.run(run())))
