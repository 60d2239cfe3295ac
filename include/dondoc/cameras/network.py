"""Resolve a host, keep to the networks that may be probed, and connect to just the address that was checked."""

import asyncio
import contextlib
import errno
import os
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from dondoc.cameras.wire import Wire
from dondoc.errors import Problem
from dondoc.settings import Network

Ip = IPv4Address | IPv6Address
# Never meant by a wide network such as 0.0.0.0/0: this machine, its link (cloud metadata lives there), multicast, and
# IPv6 that wraps any of them up (NAT64, 6to4, Teredo).
_SPECIAL = [
    ip_network(n)
    for n in (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/3",
        "100.100.100.200/32",
        "::/127",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::/32",
        "64:ff9b::/96",
        "2002::/16",
        "2001::/32",
    )
]
# Of these the camera is innocent.
_OUR_OWN = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
_SHORT = "Máy kiểm tra thiếu tài nguyên mạng ({}). Giảm --concurrency, hoặc tăng giới hạn tệp mở (ulimit -n)."


class AllowList:
    """Which addresses may be probed: the listed, and a special one only by a network inside that special one."""

    def __init__(self, allow: Sequence[Network]) -> None:
        narrow = [n for n in allow if any(n.version == s.version and n.subnet_of(s) for s in _SPECIAL)]  # type: ignore[arg-type]
        self._narrow, self._wide, self._special = map(_ranges, (narrow, allow, _SPECIAL))

    def __contains__(self, ip: Ip) -> bool:
        ip = getattr(ip, "ipv4_mapped", None) or ip
        inside = partial(_inside, ip.version, int(ip))
        return inside(self._narrow) or (inside(self._wide) and not inside(self._special))


def _ranges(networks: Iterable[Network]) -> list[tuple[int, int, int]]:
    """Version, first and last address of each: looked up for every camera, and `ip in network` is slow."""
    return [(n.version, int(n.network_address), int(n.broadcast_address)) for n in networks]


def _inside(version: int, ip: int, ranges: list[tuple[int, int, int]]) -> bool:
    return any(first <= ip <= last and theirs == version for theirs, first, last in ranges)


class Resolver:
    """Looks up names, for what may be probed of them, in at most `threads` threads that nobody waits for.

    A dead name server holds up neither the others nor the exit, and ten thousand names are not ten thousand threads.
    What was found is kept: the cameras of a run that share a name are asked at one address.
    """

    def __init__(self, allow: Sequence[Network], threads: int = 64) -> None:
        self._allow = AllowList(allow)
        self._known: dict[str, list[Ip]] = {}
        self._asked: deque[Callable[[], None]] = deque()
        self._free, self._lock = threads, threading.Lock()

    async def resolve(self, host: str) -> list[Ip]:
        """The addresses of a host that may be probed, in the resolver's order; none of them: the list is empty.

        Raises:
            OSError: it has no address.
        """
        try:
            found = [ip_address(host)]
        except ValueError:
            found = self._known.get(host) or await self._look_up(host)
        return [ip for ip in found if ip in self._allow]

    async def _look_up(self, host: str) -> list[Ip]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Ip]] = loop.create_future()
        self._submit(lambda: _answer(host, loop, answer))
        self._known[host] = await answer
        return self._known[host]

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
    found: list[Ip] = []
    with contextlib.suppress(OSError, ValueError):  # ValueError: a name that its encoding refuses
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = [ip_address(str(row[4][0]).partition("%")[0]) for row in rows]
    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(_settle, answer, found)


def _settle(answer: "asyncio.Future[list[Ip]]", found: list[Ip]) -> None:
    if answer.done():
        return
    if found:
        answer.set_result(found)
    else:
        answer.set_exception(OSError("không có địa chỉ"))


async def connect(ip: Ip, port: int) -> Wire:
    """A wire to the camera.

    Raises:
        OSError: refused, no route.
        Problem: this machine has no more descriptors, ports or memory; says nothing of the camera.
    """
    try:
        return (await asyncio.get_running_loop().create_connection(Wire, str(ip), port))[1]
    except OSError as error:
        if error.errno in _OUR_OWN:
            raise Problem(_SHORT.format(os.strerror(error.errno))) from None
        raise


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
