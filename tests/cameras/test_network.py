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

from dondoc.cameras import network
from dondoc.cameras.probe import probe, probe_many
from dondoc.cameras.verdicts import Finding, Target
from dondoc.demo.fleet import Fleet

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
# What a child with few descriptors finds of 300 cameras that hang, 300 at a time.
FEW = """
import json, resource, sys
from ipaddress import ip_network
from dondoc.cameras.probe import probe_many
from dondoc.cameras.verdicts import Target
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
    assert time.monotonic() - started < 3
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
    found = probe_many([Target(str(i), url) for i in range(9)], concurrency=1, timeout=2.0, allow=LOOPBACK)
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


def test_a_name_in_vietnamese_is_asked_for_in_ascii(names: dict[str, Any]) -> None:
    assert look("rtsp://hồ-kẻ-gỗ.vn/1").verdict == "dns_failure"
    assert [name.encode().decode("idna") for name in names["asked"]] == ["hồ-kẻ-gỗ.vn"]


def test_a_camera_on_ipv6_is_looked_at() -> None:
    async def run() -> Finding:
        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"RTSP/1.0 200 OK\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"RTSP/1.0 404 No\r\n\r\n")

        async with await asyncio.start_server(visit, "::1", 0) as server:
            url = f"rtsp://[::1]:{server.sockets[0].getsockname()[1]}/1"
            return await probe(Target("x", url), allow=LOOPBACK, timeout=2.0)

    found = asyncio.run(run())
    assert found.verdict == "not_found"
    assert "::1" not in " ".join(found.steps)


@pytest.mark.parametrize("ip", ["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"])
def test_an_address_wrapped_into_ipv6_is_judged_by_what_is_in_it(ip: str) -> None:
    assert ip_address(ip) not in network.AllowList([ip_network("::/0"), ip_network("0.0.0.0/0")])


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
    assert (ip in network.AllowList(allow)) is may


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
    words = FEW.replace("targets =", "import dondoc.cameras.probe as p; p.SPARE_DESCRIPTORS = -300; targets =")
    done = subprocess.run(
        [sys.executable, "-c", words, fleet.url("hanging"), "64"], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1].startswith("dondoc.errors.Problem: Máy kiểm tra thiếu tài nguyên mạng")


def test_the_deadline_counts_from_each_cameras_own_start(fleet: Fleet) -> None:
    targets = [Target(str(i), fleet.url("hanging", str(i))) for i in range(1500)]
    elapsed = sorted(f.elapsed_ms for f in probe_many(targets, concurrency=500, timeout=1.0, allow=LOOPBACK))
    assert elapsed[0] >= 990
    assert elapsed[int(len(elapsed) * 0.99)] < 1500


def test_literal_addresses_are_not_looked_up(names: dict[str, Any]) -> None:
    assert asyncio.run(network.Resolver([ip_network("10.0.0.0/8")]).resolve("10.1.2.3")) == [IPv4Address("10.1.2.3")]
    assert names["asked"] == []
