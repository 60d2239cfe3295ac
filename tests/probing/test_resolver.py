"""Names: looked up once, without waiting for a dead name server, and connected to only where they were checked."""

import asyncio
import time
from ipaddress import IPv4Address, ip_network
from traceback import walk_tb
from typing import Any

import pytest

from dondoc.demo.fleet import Fleet
from dondoc.probing.probe import probe, probe_many
from dondoc.probing.resolver import ADDRESSES, Resolver
from dondoc.probing.verdicts import Finding, Target

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
EVERYWHERE = [ip_network("::/0"), ip_network("0.0.0.0/0")]


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
    got = asyncio.run(Resolver(EVERYWHERE).resolve("nhieu.example.vn"))
    assert [str(ip) for ip in got][:3] == tried
    assert len(got) <= ADDRESSES


def test_a_name_in_vietnamese_is_asked_for_in_ascii(names: dict[str, Any]) -> None:
    assert look("rtsp://hồ-kẻ-gỗ.vn/1").verdict == "dns_failure"
    assert [name.encode().decode("idna") for name in names["asked"]] == ["hồ-kẻ-gỗ.vn"]


def test_literal_addresses_are_not_looked_up(names: dict[str, Any]) -> None:
    assert asyncio.run(Resolver([ip_network("10.0.0.0/8")]).resolve("10.1.2.3")) == [IPv4Address("10.1.2.3")]
    assert names["asked"] == []


def test_a_name_that_failed_keeps_nothing_of_those_that_ask_for_it(names: dict[str, Any]) -> None:
    names["answers"]["mat.example.vn"] = []

    async def ask(resolver: Resolver) -> list[int]:
        await resolver.learn(["mat.example.vn"], 5.0)
        depths = []
        for _ in range(3):
            with pytest.raises(OSError, match="không có địa chỉ") as failed:
                await resolver.resolve("mat.example.vn")
            depths.append(sum(1 for _ in walk_tb(failed.value.__traceback__)))
        return depths

    assert len({*asyncio.run(ask(Resolver(LOOPBACK)))}) == 1
