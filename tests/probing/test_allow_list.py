"""Addresses: allowed only where they are listed, in whatever way they are written."""

from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.probing import allow_list
from dondoc.probing.allow_list import AllowList, Ip

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
    assert ip_address(ip) not in AllowList(EVERYWHERE)


@pytest.mark.parametrize("inner", ["169.254.169.254", "127.0.0.1", "10.1.2.3", "8.8.8.8"])
def test_an_address_wrapped_into_ipv6_is_refused_under_the_widest_networks(inner: str) -> None:
    for ip in wrapped(inner)[1:]:
        assert ip_address(ip) not in AllowList(EVERYWHERE), ip
    may = inner in ("10.1.2.3", "8.8.8.8")  # mapped: the same address in another spelling, judged as that
    assert (ip_address(wrapped(inner)[0]) in AllowList(EVERYWHERE)) is may
    assert ip_address(wrapped(inner)[0]) not in AllowList([ip_network("::/0"), ip_network("::ffff:0:0/96")])


@pytest.mark.parametrize("kind", range(3, 12))
def test_what_a_listed_ipv6_network_carries_must_not_be_special_itself(kind: int) -> None:
    good, bad = wrapped("10.1.2.3")[kind], wrapped("169.254.169.254")[kind]
    listed = [ip_network(f"{good}/128"), ip_network(f"{bad}/128")]
    assert ip_address(bad) not in AllowList(listed), bad
    if kind in (3, 4, 7, 10, 11):  # of the others nobody can tell for sure which address they carry
        assert ip_address(good) in AllowList(listed), good
        assert ip_address(bad) in AllowList([*listed, ip_network("169.254.0.0/16")])


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
    assert (ip_address(ip) in AllowList([ip_network(n) for n in listed])) is may


NETWORKS = st.sampled_from(
    ["0.0.0.0/0", "10.0.0.0/8", "127.0.0.0/8", "127.77.0.0/16", "169.254.0.0/16", "::/0", "::1/128"]
)


@given(
    st.lists(NETWORKS, max_size=3),
    st.ip_addresses() | NETWORKS.map(lambda n: ip_network(n)[1 if n != "::1/128" else 0]),
)
def test_a_special_address_may_be_probed_only_where_its_own_network_is_listed(listed: list[str], ip: Ip) -> None:
    allow = [ip_network(n) for n in listed]
    inner = getattr(ip, "ipv4_mapped", None) or ip
    special = next((s for s in allow_list._SPECIAL if inner in s), None)
    may = any(inner in n and (special is None or n.subnet_of(special)) for n in allow)  # type: ignore[arg-type]
    ends = {end for n in allow if n.version == 4 for end in (n.network_address, n.broadcast_address)}
    assert (ip in AllowList(allow)) is (may and inner not in ends)


PLACE = int(IPv4Address("10.1.2.64"))
NEIGHBOURS = st.builds(
    lambda offset, length: IPv4Network((PLACE + offset, length), strict=False), st.integers(0, 63), st.integers(27, 32)
)


@given(st.lists(NEIGHBOURS, max_size=8), st.integers(-1, 64))
def test_of_networks_that_touch_or_hold_each_other_each_is_listed_whole(listed: list[IPv4Network], offset: int) -> None:
    ip, large = IPv4Address(PLACE + offset), [n for n in listed if n.num_addresses > 2]
    is_end = any(ip in (n.network_address, n.broadcast_address) for n in large)
    held_by = [n for n in listed if ip in n and not (is_end and n in large)]
    assert (ip in AllowList(listed)) is bool(held_by)


@pytest.mark.parametrize(
    ("ip", "network", "may"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "0.0.0.0/0", True),
        ("127.0.0.1", "0.0.0.0/0", False),
        ("127.0.0.1", "127.0.0.0/8", True),
        ("127.9.9.9", "127.9.9.9/32", True),
        ("169.254.169.254", "0.0.0.0/0", False),
        ("169.254.169.254", "169.254.0.0/16", True),
        ("::1", "::/0", False),
        ("::1", "::1/128", True),
        ("::ffff:127.0.0.1", "::/0", False),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "::/0", False),
        ("0.0.0.0", "0.0.0.0/0", False),
    ],
)
def test_special_addresses_need_to_be_listed_as_such(ip: str, network: str, may: bool) -> None:
    assert (ip_address(ip) in AllowList([ip_network(network)])) is may
