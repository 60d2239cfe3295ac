"""A link that loses and delays packets, between two network namespaces of our own: run under `unshare --net`.

The near side probes, the far side has a camera and is a router with bad roads; what goes between them passes through
this program, packet by packet. Prints the findings as JSON, and how many packets were lost.
"""

import asyncio
import ctypes
import fcntl
import json
import mmap
import os
import random
import signal
import struct
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

from dondoc.demo.camera import Camera
from dondoc.probing.probe import probe_many
from dondoc.probing.verdicts import Target

LOSS, DELAY = 0.15, 0.1  # of the camera's packets; seconds each way, of all
FARTHER, QUICKLY = 0.3, 1.0  # seconds: each way to the camera that is too far away, and the patience it is too far for
CAMERA, SNAPPING, FAR = 554, 1554, 2554  # ports: a good camera, one whose line snaps once it is connected, a far one
CLONE_NEWNET, TUNSETIFF, TUN, NO_INFORMATION = 0x40000000, 0x400454CA, 1, 0x1000
QUICK = {
    "nobody listens": "rtsp://10.99.0.2:555/",
    "no road at all": "rtsp://10.98.0.1/",
    "our own road is closed": "rtsp://10.97.0.1/",
    "swallowed": "rtsp://10.99.2.1/",
    "the line snaps": f"rtsp://10.99.0.2:{SNAPPING}/",
    "too far away": f"rtsp://10.99.0.2:{FAR}/healthy/1",
}

ROUTERS = {  # a kernel does not say no to every packet: there is time to ask again
    "a router says unreachable": "rtsp://10.99.1.1/",
    "a router says prohibited": "rtsp://10.99.1.2/",
}


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def tunnel(address: str, far: str) -> int:
    """A network device of this namespace whose packets we read and write."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"link0", TUN | NO_INFORMATION))
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "set", "link0", "up")
    run("ip", "address", "add", f"{address}/24", "dev", "link0")
    run("ip", "route", "add", far, "dev", "link0")
    return device


class Link:
    """Carries packets from one side to the other, or not."""

    def __init__(self, near: int, far: int, lost: mmap.mmap) -> None:
        self._chance, self._lost, self._snapping = random.Random(2021), lost, 0
        for source, to in ((near, far), (far, near)):
            asyncio.get_running_loop().add_reader(source, self._carry, source, to)

    def _carry(self, source: int, to: int) -> None:
        packet = os.read(source, 2048)
        ports = struct.unpack("!HH", packet[20:24]) if packet[0] >> 4 == 4 and packet[9] == 6 else ()
        self._snapping += SNAPPING in ports
        if SNAPPING in ports and self._snapping > 3:  # the handshake got through
            return
        if CAMERA in ports and self._chance.random() < LOSS:
            self._lost[0:4] = (int.from_bytes(self._lost[0:4]) + 1).to_bytes(4)
            return
        asyncio.get_running_loop().call_later(FARTHER if FAR in ports else DELAY, os.write, to, packet)


async def far_side(near: int, lost: mmap.mmap, ready: int) -> None:
    far = tunnel("10.99.0.2", "10.99.3.0/24")
    run("ip", "route", "add", "unreachable", "10.99.1.1")
    run("ip", "route", "add", "prohibit", "10.99.1.2")
    run("ip", "route", "add", "blackhole", "10.99.2.1")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    Path("/proc/sys/net/ipv4/icmp_ratemask").write_text("0")  # it would say no twice, then once in two seconds

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await Camera(reader, writer, Counter()).talk()

    for port in (CAMERA, SNAPPING, FAR):
        await asyncio.start_server(visit, "0.0.0.0", port)
    Link(near, far, lost)
    os.write(ready, b"x")
    await asyncio.Event().wait()


def look(targets: list[Target], timeout: float) -> list[dict[str, object]]:
    found = probe_many(targets, timeout=timeout, allow=[ip_network("10.0.0.0/8")])
    return [{"camera": f.camera, "verdict": f.verdict, "elapsed_ms": f.elapsed_ms} for f in found]


def main() -> None:
    near, lost = tunnel("10.99.0.1", "10.99.0.0/16"), mmap.mmap(-1, 4)
    run("ip", "route", "add", "unreachable", "10.97.0.1")
    came, ready = os.pipe()
    child = os.fork()
    if not child:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            os._exit(1)
        asyncio.run(far_side(near, lost, ready))
    os.close(ready)
    try:
        if not os.read(came, 1):
            sys.exit("no far side")
        good = [Target(str(i), f"rtsp://10.99.0.2:{CAMERA}/healthy/{i}") for i in range(12)]
        patient = look(good, 20.0)
        quick = look([Target(name, url) for name, url in QUICK.items()], QUICKLY)
        routers = look([Target(name, url) for name, url in ROUTERS.items()], 10.0)
        print(json.dumps({"patient": patient, "quick": quick, "routers": routers, "lost": int.from_bytes(lost[0:4])}))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
