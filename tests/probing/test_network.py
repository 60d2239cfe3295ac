"""Names, sockets and descriptors: what is ours to run out of must not look like dead cameras."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.demo.fleet import Fleet
from dondoc.probing import network
from dondoc.probing.probe import probe, probe_many
from dondoc.probing.verdicts import Finding, Target

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


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A name server of ours, for the time of a test: answers, and how it was asked."""
    state: dict[str, Any] = {"answers": {}, "asked": [], "most": 0, "open": threading.Event()}
    state["open"].set()

    def look_up(host: str, *words: object, **more: object) -> list[tuple]:
        state["asked"].append(host)
        state["most"] = max(state["most"], sum(t.name == "resolver" for t in threading.enumerate()))
        state["open"].wait()
        if host not in state["answers"]:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(0, 0, 0, "", (ip, 0)) for ip in state["answers"][host]]

    monkeypatch.setattr(network.socket, "getaddrinfo", look_up)
    return state


def look(url: str, **options: Any) -> Finding:
    return asyncio.run(probe(Target("x", url), **{"allow": LOOPBACK, "timeout": 2.0, **options}))


def test_a_dead_name_server_takes_few_threads_and_no_longer_than_the_deadline(names: dict[str, Any]) -> None:
    names["open"].clear()
    targets = [Target(str(i), f"rtsp://may{i}.example.vn/") for i in range(400)]
    started = time.monotonic()
    found = list(probe_many(targets, concurrency=400, timeout=0.5, allow=LOOPBACK))
    names["open"].set()
    assert {f.verdict for f in found} == {"dns_failure"}
    assert time.monotonic() - started < 120  # else until this test opens the server again, which is never
    assert names["most"] <= 64
    assert len(names["asked"]) <= 64  # the others' time was over before they were asked for


def test_a_slow_name_does_not_hold_up_the_others(names: dict[str, Any], fleet: Fleet) -> None:
    names["open"].clear()
    targets = [Target("slow", "rtsp://cham.example.vn/"), Target("quick", fleet.url("healthy"))]
    assert next(iter(probe_many(targets, timeout=1.0, allow=LOOPBACK))).camera == "quick"
    names["open"].set()


def test_the_cameras_of_a_run_that_share_a_name_are_asked_at_one_address(names: dict[str, Any], fleet: Fleet) -> None:
    names["answers"]["dau-ghi.example.vn"] = ["127.0.0.1"]
    url = fleet.url("healthy").replace("127.0.0.1", "dau-ghi.example.vn")
    found = probe_many([Target(str(i), url) for i in range(9)], concurrency=1, timeout=20.0, allow=LOOPBACK)
    assert {f.verdict for f in found} == {"ok"}
    assert names["asked"] == ["dau-ghi.example.vn"]


def test_a_name_that_changes_its_mind_is_connected_to_only_where_it_was_checked(
    names: dict[str, Any], fleet: Fleet
) -> None:
    """DNS rebinding: allowed when asked for the first time, somewhere else when asked again."""
    names["answers"] = {"doi-y.example.vn": ["127.0.0.1"]}
    url = fleet.url("healthy").replace("127.0.0.1", "doi-y.example.vn")
    assert look(url).verdict == "ok"
    assert len(names["asked"]) == 1
    names["answers"] = {"doi-y.example.vn": ["169.254.169.254", "192.0.2.1"]}
    assert look(url).verdict == "blocked_target"


def test_the_other_addresses_of_a_name_are_tried_too(names: dict[str, Any], fleet: Fleet) -> None:
    names["answers"]["hai.example.vn"] = ["192.0.2.1", "::1", "127.0.0.1"]
    assert look(fleet.url("healthy").replace("127.0.0.1", "hai.example.vn")).verdict == "ok"


@pytest.mark.slow
def test_a_dead_address_does_not_use_up_the_time_of_the_next(names: dict[str, Any], fleet: Fleet) -> None:
    url = fleet.url("healthy")
    with socket.socket() as deaf, socket.socket() as waiting, socket.socket() as also:
        deaf.bind(("127.0.0.4", int(url.split(":")[2].split("/")[0])))
        deaf.listen(0)
        for one in (waiting, also):  # its queue is full: it picks up no more
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        names["answers"]["hai.example.vn"] = ["127.0.0.4", "127.0.0.1"]
        assert look(url.replace("127.0.0.1", "hai.example.vn")).verdict == "ok"
        names["answers"]["chet.example.vn"] = ["127.0.0.4", "127.0.0.5"]
        assert look(url.replace("127.0.0.1", "chet.example.vn")).verdict in ("connect_timeout", "connection_refused")


@pytest.mark.parametrize(
    ("answers", "tried"),
    [
        ([f"2001:db8::{n}" for n in range(1, 7)] + ["10.1.1.1"], ["2001:db8::1", "10.1.1.1", "2001:db8::2"]),
        (["10.1.1.1", "10.1.1.1", "10.1.1.1", "10.1.1.1", "10.1.1.2"], ["10.1.1.1", "10.1.1.2"]),
        (["10.1.1.1", "10.1.1.2", "2001:db8::1"], ["10.1.1.1", "2001:db8::1", "10.1.1.2"]),
        (["127.0.0.1", "169.254.1.1", "fe80::1", "2001:db8::9"], ["2001:db8::9"]),
    ],
)
def test_of_many_addresses_each_kind_has_its_turn_early(
    names: dict[str, Any], answers: list[str], tried: list[str]
) -> None:
    """A name with more dead addresses of IPv6 than are ever tried."""
    names["answers"]["nhieu.example.vn"] = answers
    got = asyncio.run(network.Resolver(EVERYWHERE).resolve("nhieu.example.vn"))
    assert [str(ip) for ip in got][:3] == tried
    assert len(got) <= network.ADDRESSES


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

        first = await asyncio.start_server(asks, "127.0.0.4", 0)
        port = first.sockets[0].getsockname()[1]
        async with await asyncio.start_server(hears, "127.0.0.1", port):
            target = Target("x", f"rtsp://hai.example.vn:{port}/1", "u", "p")
            return await probe(target, allow=LOOPBACK, timeout=5.0)

    names["answers"]["hai.example.vn"] = ["127.0.0.4", "127.0.0.1"]
    assert asyncio.run(run()).verdict in ("connection_refused", "closed_early")
    assert heard == []


def test_a_name_in_vietnamese_is_asked_for_in_ascii(names: dict[str, Any]) -> None:
    assert look("rtsp://hồ-kẻ-gỗ.vn/1").verdict == "dns_failure"
    assert [name.encode().decode("idna") for name in names["asked"]] == ["hồ-kẻ-gỗ.vn"]


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


METADATA = ["169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"]
EVERYWHERE = [ip_network("::/0"), ip_network("0.0.0.0/0")]


def wrapped(ip: str) -> list[str]:
    """An IPv4 address in each of the ways in which an IPv6 one may carry it."""
    a, b, c, d = IPv4Address(ip).packed
    high, low = f"{a:02x}{b:02x}", f"{c:02x}{d:02x}"
    return [
        f"::ffff:{ip}",
        f"::{ip}",
        f"::ffff:0:{ip}",
        f"64:ff9b::{ip}",
        f"64:ff9b:1::{ip}",
        f"64:ff9b:1:{high}:{c:02x}:{d:02x}00::",
        f"64:ff9b:1:7:{a:02x}:{b:02x}{c:02x}:{d:02x}00:0",
        f"2002:{high}:{low}::1",
        f"2001:0:{high}:{low}::1",
        f"2001::{int(high, 16) ^ 0xFFFF:x}:{int(low, 16) ^ 0xFFFF:x}",
        f"2001:db8:7::5efe:{ip}",
        f"2001:db8:7::200:5efe:{ip}",
    ]


@pytest.mark.parametrize(
    "ip", [*METADATA, "255.255.255.255", "224.0.0.1", "0.0.0.0", "::", "ff02::1", "fe80::1", "fec0::1"]
)
def test_a_special_address_is_refused_under_the_widest_networks(ip: str) -> None:
    assert ip_address(ip) not in network.AllowList(EVERYWHERE)


@pytest.mark.parametrize("inner", ["169.254.169.254", "127.0.0.1", "10.1.2.3", "8.8.8.8"])
def test_an_address_wrapped_into_ipv6_is_refused_under_the_widest_networks(inner: str) -> None:
    for ip in wrapped(inner)[1:]:
        assert ip_address(ip) not in network.AllowList(EVERYWHERE), ip
    may = inner in ("10.1.2.3", "8.8.8.8")  # mapped: the same address in another spelling, judged as that
    assert (ip_address(wrapped(inner)[0]) in network.AllowList(EVERYWHERE)) is may
    assert ip_address(wrapped(inner)[0]) not in network.AllowList([ip_network("::/0"), ip_network("::ffff:0:0/96")])


@pytest.mark.parametrize("kind", range(3, 12))
def test_what_a_listed_ipv6_network_carries_must_not_be_special_itself(kind: int) -> None:
    good, bad = wrapped("10.1.2.3")[kind], wrapped("169.254.169.254")[kind]
    listed = [ip_network(f"{good}/128"), ip_network(f"{bad}/128")]
    assert ip_address(bad) not in network.AllowList(listed), bad
    if kind in (3, 4, 7, 10, 11):  # of the others nobody can tell for sure which address they carry
        assert ip_address(good) in network.AllowList(listed), good
        assert ip_address(bad) in network.AllowList([*listed, ip_network("169.254.0.0/16")])


@pytest.mark.parametrize(
    ("ip", "listed", "may"),
    [
        ("10.1.2.0", ["10.1.2.0/24"], False),
        ("10.1.2.255", ["10.1.2.0/24"], False),
        ("10.1.2.254", ["10.1.2.0/24"], True),
        ("10.1.2.255", ["10.1.2.0/24", "10.1.0.0/16"], False),
        ("10.1.2.255", ["10.1.0.0/16"], True),
        ("10.1.2.255", ["10.1.2.0/24", "10.1.2.255/32"], True),
        ("10.1.2.0", ["10.1.2.0/31"], True),
        ("10.1.2.1", ["10.1.2.0/31"], True),
        ("127.255.255.255", ["127.0.0.0/8"], False),
        ("2001:db8::", ["2001:db8::/64"], True),
    ],
)
def test_nobody_is_asked_at_the_ends_of_a_network(ip: str, listed: list[str], may: bool) -> None:
    assert (ip_address(ip) in network.AllowList([ip_network(n) for n in listed])) is may


NETWORKS = st.sampled_from(
    ["0.0.0.0/0", "10.0.0.0/8", "127.0.0.0/8", "127.77.0.0/16", "169.254.0.0/16", "::/0", "::1/128"]
)


@given(
    st.lists(NETWORKS, max_size=3),
    st.ip_addresses() | NETWORKS.map(lambda n: ip_network(n)[1 if n != "::1/128" else 0]),
)
def test_a_special_address_may_be_probed_only_where_its_own_network_is_listed(
    listed: list[str], ip: network.Ip
) -> None:
    allow = [ip_network(n) for n in listed]
    inner = getattr(ip, "ipv4_mapped", None) or ip
    special = next((s for s in network._SPECIAL if inner in s), None)
    may = any(inner in n and (special is None or n.subnet_of(special)) for n in allow)  # type: ignore[arg-type]
    ends = {end for n in allow if n.version == 4 for end in (n.network_address, n.broadcast_address)}
    assert (ip in network.AllowList(allow)) is (may and inner not in ends)


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


def test_out_of_descriptors_is_a_sentence_and_no_verdict(fleet: Fleet) -> None:
    words = FEW.replace("targets =", "import dondoc.probing.probe as p; p.SPARE_DESCRIPTORS = -300; targets =")
    done = subprocess.run(
        [sys.executable, "-c", words, fleet.url("hanging"), "64"], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1].startswith("dondoc.errors.Problem: Máy kiểm tra thiếu tài nguyên mạng")


def test_the_deadline_counts_from_each_cameras_own_start(fleet: Fleet) -> None:
    targets = [Target(str(i), fleet.url("hanging", str(i))) for i in range(1500)]
    began = time.monotonic()
    elapsed = {int(f.camera): f.elapsed_ms for f in probe_many(targets, concurrency=500, timeout=1.0, allow=LOOPBACK)}
    took_ms = (time.monotonic() - began) * 1000
    assert min(elapsed.values()) >= 990  # of one deadline for all, cameras of the second 500 would have nothing left
    # Nor is what others took before held against a camera: of 500 places, one had two of them before the 1,000th began.
    assert max(ms for number, ms in elapsed.items() if number >= 1000) <= took_ms - 2 * 990


def test_literal_addresses_are_not_looked_up(names: dict[str, Any]) -> None:
    assert asyncio.run(network.Resolver([ip_network("10.0.0.0/8")]).resolve("10.1.2.3")) == [IPv4Address("10.1.2.3")]
    assert names["asked"] == []
