"""Sockets and descriptors: what is ours to run out of must not look like dead cameras, nor one dead address."""

import asyncio
import errno
import json
import socket
import subprocess
import sys
from ipaddress import ip_network
from typing import Any

import pytest

from dondoc.demo.fleet import Fleet
from dondoc.probing.probe import probe
from dondoc.probing.rtsp.connection import Connection
from dondoc.probing.shortage import OUR_OWN, Shortage
from dondoc.probing.verdicts import NOT_CHECKED, Finding, Target, Verdict
from tests.ports import held

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
# What a child with few descriptors finds of 300 cameras that hang, 300 at a time.
FEW = """
import json, resource, sys
from ipaddress import ip_network
from dondoc.probing.probe import probe_many
from dondoc.probing.verdicts import Target
resource.setrlimit(resource.RLIMIT_NOFILE, (64, int(sys.argv[2])))
targets = [Target(str(i), sys.argv[1]) for i in range(300)]
found = probe_many(targets, concurrency=300, timeout=1.0, allow=[ip_network("127.0.0.0/8")])
print(json.dumps([f.verdict for f in found]))
"""


def look(url: str, **options: Any) -> Finding:
    return asyncio.run(probe(Target("x", url), **{"allow": LOOPBACK, "timeout": 2.0, **options}))


def test_the_other_addresses_of_a_name_are_tried_too(names: dict[str, Any], fleet: Fleet) -> None:
    names["answers"]["hai.example.vn"] = ["192.0.2.1", "::1", "127.0.0.1"]
    assert look(fleet.url("healthy").replace("127.0.0.1", "hai.example.vn")).verdict == "ok"


@pytest.mark.slow
def test_a_dead_address_uses_up_no_time_of_the_next_and_hides_no_refusal(names: dict[str, Any], fleet: Fleet) -> None:
    url = fleet.url("healthy")
    with socket.socket() as deaf, socket.socket() as waiting, socket.socket() as also:
        deaf.bind(("127.0.0.4", int(url.split(":")[2].split("/")[0])))
        deaf.listen(0)
        for one in (waiting, also):  # its queue is full: it picks up no more
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        names["answers"]["hai.example.vn"] = ["127.0.0.4", "127.0.0.1"]
        assert look(url.replace("127.0.0.1", "hai.example.vn")).verdict == "ok"
        for silent_and_refusing in (["127.0.0.4", "127.0.0.5"], ["127.0.0.5", "127.0.0.4"]):
            names["answers"]["chet.example.vn"] = silent_and_refusing
            assert look(url.replace("127.0.0.1", "chet.example.vn")).verdict == "connection_refused"


@pytest.mark.slow
def test_a_camera_that_is_connected_to_again_for_its_login_is_the_same_one(names: dict[str, Any]) -> None:
    """Its name stands for two; the one that gave the nonce is gone at once. The other has not asked for a login."""
    heard: list[bytes] = []

    async def run() -> Finding:
        async def asks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            first.close()
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"RTSP/1.0 200 OK\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"RTSP/1.0 401 No\r\nConnection: close\r\nWWW-Authenticate: Digest realm=a, nonce=b\r\n\r\n")
            writer.close()

        async def hears(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.read(4096))
            writer.close()

        with held() as [port]:
            first = await asyncio.start_server(asks, "127.0.0.4", port)
            async with await asyncio.start_server(hears, "127.0.0.1", port):
                target = Target("x", f"rtsp://hai.example.vn:{port}/1", "u", "p")
                return await probe(target, allow=LOOPBACK, timeout=5.0)

    names["answers"]["hai.example.vn"] = ["127.0.0.4", "127.0.0.1"]
    assert asyncio.run(run()).verdict in ("connection_refused", "closed_early")
    assert heard == []


@pytest.mark.slow
def test_a_camera_on_ipv6_is_looked_at() -> None:
    async def run() -> Finding:
        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"RTSP/1.0 200 OK\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"RTSP/1.0 404 No\r\n\r\n")

        async with await asyncio.start_server(visit, "::1", 0) as server:
            url = f"rtsp://[::1]:{server.sockets[0].getsockname()[1]}/1"
            return await probe(Target("x", url), allow=LOOPBACK, timeout=20.0)

    found = asyncio.run(run())
    assert found.verdict == "not_found"
    assert "::1" not in " ".join(found.steps)


def test_a_soft_limit_of_descriptors_is_raised_as_far_as_it_goes(fleet: Fleet) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FEW, fleet.url("hanging"), "4096"], capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout)) == {"rtsp_timeout"}


def test_a_hard_limit_of_descriptors_makes_it_slower_not_wrong(fleet: Fleet) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FEW, fleet.url("hanging"), "320"], capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout)) == {"rtsp_timeout"}


def test_out_of_descriptors_says_nothing_of_a_camera(fleet: Fleet) -> None:
    words = FEW.replace("targets =", "import dondoc.probing.probe as p; p.SPARE_DESCRIPTORS = -300; targets =")
    done = subprocess.run(
        [sys.executable, "-c", words, fleet.url("hanging"), "64"], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert (len(told), {*told}) == (300, {Verdict.OUT_OF_RESOURCES, "rtsp_timeout"})
    assert Verdict.OUT_OF_RESOURCES in NOT_CHECKED


# What a child that can open nothing more says of a name, and of a look that it would take.
NOTHING = """
import asyncio, json, os, resource
from ipaddress import ip_network
from dondoc.probing.probe import probe
from dondoc.probing.verdicts import Target
import encodings.idna
async def run():
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    opened = []
    try:
        while True:
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    allow = [ip_network("127.0.0.0/8")]
    urls = ("rtsp://camera.example.invalid/1", "rtsp://127.0.0.1:9/1", "rtsps://127.0.0.1:9/1")
    return [(await probe(Target("x", url), allow=allow, timeout=4.0)).verdict for url in urls]
print(json.dumps(asyncio.run(run())))
"""


@pytest.mark.slow
def test_a_name_that_nobody_can_look_up_for_want_of_descriptors_is_no_wrong_name() -> None:
    done = subprocess.run([sys.executable, "-c", NOTHING], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [Verdict.OUT_OF_RESOURCES] * 3


@pytest.mark.parametrize("number", OUR_OWN)
def test_a_connection_that_ends_for_want_of_ours_was_not_ended_by_the_camera(number: int) -> None:
    async def read(lost: Exception | None) -> None:
        connection = Connection()
        connection.connection_lost(lost)
        await connection.read()

    with pytest.raises(Shortage):
        asyncio.run(read(OSError(number, "")))
    for others in (None, ConnectionResetError(), TimeoutError(errno.ETIMEDOUT, "")):
        with pytest.raises(ConnectionAbortedError):
            asyncio.run(read(others))
