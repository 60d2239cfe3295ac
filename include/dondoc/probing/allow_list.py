"""Which addresses may be probed."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, collapse_addresses, ip_network

from dondoc.configuration.settings import Network

Ip = IPv4Address | IPv6Address
# Never meant by a wide network such as 0.0.0.0/0 (IANA's registries of special-purpose addresses, RFC 6890).
_SPECIAL = [
    ip_network(n)
    for n in (
        "0.0.0.0/8",  # unspecified
        "127.0.0.0/8",  # this machine
        "169.254.0.0/16",  # its link; most clouds' metadata live there
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata (192.0.0.192)
        "100.100.100.200/32",  # Alibaba's metadata
        "168.63.129.16/32",  # Azure's
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "::/96",  # unspecified, this machine, IPv4-compatible (RFC 4291)
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated (RFC 2765)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # NAT64 of a network's own (RFC 8215)
        "100::/64",  # discarded (RFC 6666)
        "2001::/32",  # Teredo (RFC 4380)
        "2002::/16",  # 6to4 (RFC 3056)
        "fd00:ec2::/32",  # Amazon's metadata
        "fd20:ce::/32",  # Google's
        "fe80::/10",  # the link
        "fec0::/10",  # site-local, given up (RFC 3879)
        "ff00::/8",  # multicast
    )
]
_ISATAP = (0x00005EFE, 0x02005EFE)  # bits 64 to 95 of an address that holds an IPv4 one in its last 32 (RFC 5214)
_ALONE = 2  # bits of the host part from which on a network has a broadcast address (RFC 3021: not /31, /32)


class AllowList:
    """Which addresses may be probed: the listed, and a special one only by a network inside that special one.

    The first and the last address of a listed IPv4 network are no camera's (the last is its broadcast address), unless
    they are listed themselves. IPv6 that carries an IPv4 address is special, and where it is listed as such, the
    address that it carries must not be special itself.
    """

    def __init__(self, allow: Sequence[Network]) -> None:
        narrow = [n for n in allow if any(n.version == s.version and n.subnet_of(s) for s in _SPECIAL)]  # type: ignore[arg-type]
        self._narrow, self._wide, self._special = map(_ranges, (narrow, allow, _SPECIAL))
        large = [n for n in allow if n.version == 4 and n.max_prefixlen - n.prefixlen >= _ALONE]
        alone = {int(ip) for n in allow if n.version == 4 and n not in large for ip in n}
        self._ends = {int(end) for n in large for end in (n.network_address, n.broadcast_address)} - alone
        self._isatap = _ranges(n for n in allow if n.prefixlen >= 96)

    def __contains__(self, ip: Ip) -> bool:
        number = int(ip)
        if isinstance(ip, IPv4Address):
            return self._listed(4, number) and number not in self._ends
        if ip.ipv4_mapped:  # another spelling of the same address: the kernel connects over IPv4
            return ip.ipv4_mapped in self
        if number >> 32 & 0xFFFFFFFF in _ISATAP and not _inside(number, self._isatap[6]):
            return False
        return self._listed(6, number) and not any(self._misused(int(inner)) for inner in _carried(ip))

    def _listed(self, version: int, number: int) -> bool:
        if _inside(number, self._special[version]):
            return _inside(number, self._narrow[version])
        return _inside(number, self._wide[version])

    def _misused(self, number: int) -> bool:
        """Whether this IPv4 address may not be reached by way of IPv6."""
        if number >> 24 == 0:  # read at the wrong place, or ::1
            return False
        special = _inside(number, self._special[4]) and not _inside(number, self._narrow[4])
        return special or number in self._ends


def _carried(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 one stands for, as far as its kind tells."""
    number = int(ip)
    if ip.sixtofour:
        yield ip.sixtofour
    if ip.teredo:
        yield from ip.teredo
    if number >> 32 & 0xFFFFFFFF in _ISATAP or number >> 32 in (0, 0xFFFF0000, 0x64FF9B << 64):
        yield IPv4Address(number & 0xFFFFFFFF)
    if number >> 80 == 0x64FF9B0001:  # where it stands depends on the length of the prefix (RFC 6052)
        octets = ip.packed
        yield from (IPv4Address(octets[a:8] + octets[9 : 5 + a]) for a in (6, 7))
        yield from (IPv4Address(octets[9:13]), IPv4Address(octets[12:16]))


def same(ip: Ip) -> set[Ip]:
    """An address, in all the spellings under which the same device may be declared."""
    return {ip} if isinstance(ip, IPv4Address) else {ip.ipv4_mapped or ip, *_carried(ip)}


def _ranges(networks: Iterable[Network]) -> dict[int, list[int]]:
    """Where ranges of addresses begin, and where they are over, in turns, by version: looked up for every camera, of
    networks that may be hundreds, and `ip in network` is slow.
    """
    ranges: dict[int, list[int]] = {4: [], 6: []}
    listed = list(networks)
    for version, edges in ranges.items():
        for n in collapse_addresses([n for n in listed if n.version == version]):  # type: ignore[type-var]
            edges += [int(n.network_address), int(n.broadcast_address) + 1]
    return ranges


def _inside(number: int, ranges: Sequence[int]) -> bool:
    return bisect_right(ranges, number) % 2 == 1
