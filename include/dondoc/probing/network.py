"""Resolve a host, keep to the networks that may be probed, and connect to just the address that was checked."""

import asyncio
import contextlib
import errno
import os
import socket
import ssl
import threading
from asyncio.staggered import staggered_race
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import zip_longest
from typing import cast

from dondoc.configuration.settings import Network
from dondoc.errors import Problem
from dondoc.probing.picture.memory import cost
from dondoc.probing.rtsp.connection import Connection

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
ADDRESSES = 4  # of a name, tried side by side
NEXT = 0.25  # seconds before the next of them is tried as well (RFC 8305, section 5)
KEPT = 1024 * 1024  # bytes, so counted, of datagrams that wait to be read; they are read as soon as we have a turn
RECEIVED = 4 * 1024 * 1024  # bytes that the kernel is asked to hold meanwhile; it may allow less
PAIRS = 64  # tries to find two ports side by side
# Of these the camera is innocent.
_OUR_OWN = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
_SHORT = "Máy kiểm tra thiếu tài nguyên mạng ({}). Giảm --concurrency, hoặc tăng giới hạn tệp mở (ulimit -n)."


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


def _ranges(networks: Iterable[Network]) -> dict[int, list[tuple[int, int]]]:
    """First and last address of each, by version: looked up for every camera, and `ip in network` is slow."""
    ranges: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    for n in networks:
        ranges[n.version].append((int(n.network_address), int(n.broadcast_address)))
    return ranges


def _inside(number: int, ranges: list[tuple[int, int]]) -> bool:
    return any(first <= number <= last for first, last in ranges)


def _literal(host: str) -> Ip | None:
    """The address that a host is, None of a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


class Resolver:
    """Looks up names, for what may be probed of them, in at most `threads` threads that nobody waits for.

    A dead name server holds up neither the others nor the exit, and ten thousand names are not ten thousand threads.
    What was found is kept: the cameras of a run that share a name are asked at one address.
    """

    def __init__(self, allow: Sequence[Network], threads: int = 64) -> None:
        self._allow = AllowList(allow)
        self._known: dict[str, list[Ip]] = {}
        self._failed: dict[str, type[OSError]] = {}
        self._asked: deque[Callable[[], None]] = deque()
        self._threads = self._free = threads
        self._lock = threading.Lock()

    async def resolve(self, host: str) -> list[Ip]:
        """The addresses of a host that may be probed, in the order in which to try them; none: the list is empty.

        Raises:
            OSError: it has no address.
        """
        if host in self._failed:
            raise self._failed[host]
        if ip := _literal(host):
            return [ip] if ip in self._allow else []
        if host not in self._known:
            await self._look_up(host)
        return self._allowed(self._known[host])

    def known(self, host: str) -> list[Ip]:
        """The addresses of a host that may be probed, as far as it was looked up: IPv4 and IPv6 in turns."""
        ip = _literal(host)
        return self._allowed([ip] if ip else self._known.get(host, []))

    def _allowed(self, ips: Iterable[Ip]) -> list[Ip]:
        allowed = [ip for ip in dict.fromkeys(ips) if ip in self._allow]
        kinds = [[ip for ip in allowed if ip.version == one] for one in dict.fromkeys(ip.version for ip in allowed)]
        return [ip for turn in zip_longest(*kinds) for ip in turn if ip][:ADDRESSES]

    async def learn(self, hosts: Iterable[str], patience: float) -> None:
        """Look these up once and for all: what their name server says later, or has not said by then, is not used.

        Args:
            patience: seconds for each round of as many as are looked up at a time.
        """
        names = {host for host in hosts if not _literal(host)}
        tasks = {asyncio.ensure_future(self._look_up(host)): host for host in names}
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=patience * (1 + len(names) // self._threads))
        for task, host in tasks.items():
            if task.cancel():
                self._failed[host] = TimeoutError
            elif task.exception():
                self._failed[host] = OSError

    async def _look_up(self, host: str) -> None:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Ip]] = loop.create_future()
        self._submit(lambda: _answer(host, loop, answer))
        self._known[host] = await answer

    def _submit(self, look_up: Callable[[], None]) -> None:
        with self._lock:
            self._asked.append(look_up)
            if not self._free:
                return
            self._free -= 1
        threading.Thread(target=self._work, daemon=True, name="resolver").start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._asked:
                    self._free += 1
                    return
                look_up = self._asked.popleft()
            look_up()


def _answer(host: str, loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[list[Ip]]") -> None:
    if answer.done():  # its camera's time was over before a thread was free
        return
    ips: list[Ip] = []
    with contextlib.suppress(OSError, ValueError):  # ValueError: a name that its encoding refuses
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        ips = [ip_address(str(row[4][0]).partition("%")[0]) for row in rows]
    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(_hand_over, answer, ips)


def _hand_over(answer: "asyncio.Future[list[Ip]]", ips: list[Ip]) -> None:
    if answer.done():
        return
    if ips:
        answer.set_result(ips)
    else:
        answer.set_exception(OSError("không có địa chỉ"))


async def connect(ip: Ip, port: int) -> Connection:
    """A connection to the camera.

    Raises:
        OSError: refused, no route.
        Problem: this machine has no more descriptors, ports or memory; says nothing of the camera.
    """
    try:
        return (await asyncio.get_running_loop().create_connection(Connection, str(ip), port))[1]
    except OSError as error:
        if error.errno in _OUR_OWN:
            raise Problem(_SHORT.format(os.strerror(error.errno))) from None
        raise


async def connect_first(ips: Sequence[Ip], port: int) -> tuple[Connection, Ip]:
    """A connection to the first of a camera's addresses that answers: each is begun a moment after the one before, so
    that a dead one does not use up the time of the others (RFC 8305).

    Raises:
        OSError, Problem: as `connect`, of all of them what says most.
    """
    if len(ips) == 1:
        return await connect(ips[0], port), ips[0]
    made, winner, failures = await staggered_race([partial(connect, ip, port) for ip in ips], NEXT)
    if made is None or winner is None:
        raise max(filter(None, failures), key=_says)
    return made, ips[winner]


def _says(failure: Exception) -> int:
    """How much a failure tells: of our own machine, that a device picked up, that it is there, nothing."""
    telling = (OSError, ConnectionRefusedError, ConnectionResetError, Problem)
    return max((rank for rank, kind in enumerate(telling) if isinstance(failure, kind)), default=-1)


class Datagrams(asyncio.DatagramProtocol):
    """RTP of one camera over UDP (RFC 3550: a pair of ports, the even one for packets); what others send is dropped."""

    def __init__(self, ip: Ip, reports: socket.socket) -> None:
        self._from, self._reports = str(ip), reports
        self._kept: deque[bytes] = deque()
        self._size = 0
        self._waiting: asyncio.Future[None] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr[0] != self._from or self._size > KEPT:
            return
        self._kept.append(data)
        self._size += cost(data)
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    def error_received(self, exc: Exception) -> None:
        """What we sent to open the way was not wanted: no matter."""

    async def read(self) -> bytes:
        """The next packet."""
        while not self._kept:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        data = self._kept.popleft()
        self._size -= cost(data)
        return data

    def knock(self, port: int) -> None:
        """Send an empty packet and an empty report to the camera, as FFmpeg does: firewalls let in what answers."""
        if self._transport and 1024 <= port < 65535:
            self._transport.sendto(b"\x80" + bytes(11), (self._from, port))
            with contextlib.suppress(OSError):
                self._reports.sendto(b"\x80\xc9\0\1" + bytes(4), (self._from, port + 1))

    def close(self) -> None:
        if self._transport:
            self._transport.close()
        self._reports.close()


async def datagrams(ip: Ip, ours: str) -> Datagrams:
    """A pair of UDP ports on our address `ours`, for what the camera at `ip` sends and for nobody else.

    Raises:
        Problem: this machine has no more descriptors, ports or memory.
    """
    packets, reports = _pair(ours)
    loop = asyncio.get_running_loop()
    return (await loop.create_datagram_endpoint(lambda: Datagrams(ip, reports), sock=packets))[1]


def _pair(ours: str) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in ours else socket.AF_INET
    for _ in range(PAIRS):
        with contextlib.ExitStack() as opened:
            try:
                packets, reports = (
                    opened.enter_context(socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)) for _ in "12"
                )
                packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED)
                packets.bind((ours, 0))
                port = packets.getsockname()[1]
                if port % 2:
                    continue
                reports.bind((ours, port + 1))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                if error.errno in _OUR_OWN:
                    raise Problem(_SHORT.format(os.strerror(error.errno))) from None
                raise
            opened.pop_all()
            return packets, reports
    raise Problem(_SHORT.format("không còn cặp cổng UDP"))


@lru_cache
def tls() -> ssl.SSLContext:
    """How rtsps is spoken.

    Cameras sign their certificates themselves: they are not verified, the allow list says who is there.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # Old cameras have short keys and TLS 1.0: bad as that is, it is better than their plain port.
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context
