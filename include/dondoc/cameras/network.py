"""Resolve a host, keep to the networks that may be probed, and connect to just the address that was checked."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from dondoc.cameras.address import Address
from dondoc.settings import Network

Ip = IPv4Address | IPv6Address
# Never meant by a wide network such as 0.0.0.0/0: this machine, its link (cloud metadata lives there), multicast.
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
    )
]


def allowed(ip: Ip, allow: Sequence[Network]) -> bool:
    """Whether an address may be probed: listed, and if it is a special one, by a network inside that special one."""
    ip = getattr(ip, "ipv4_mapped", None) or ip
    listed = [n for n in allow if ip in n]
    special = next((s for s in _SPECIAL if ip in s), None)
    return any(special is None or n.subnet_of(special) for n in listed)  # type: ignore[arg-type]


async def resolve(host: str) -> list[Ip]:
    """Every address of a host, in the resolver's order.

    Raises:
        OSError: there is none.
    """
    try:
        return [ip_address(host)]
    except ValueError:
        return await _look_up(host)


async def _look_up(host: str) -> list[Ip]:
    """The resolver, in a thread that nobody waits for: a dead name server must not hold up the others or the exit."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Ip]] = loop.create_future()

    def settle(found: list[Ip] | None) -> None:
        if answer.done():
            return
        if found:
            answer.set_result(found)
        else:
            answer.set_exception(OSError("không có địa chỉ"))

    def ask() -> None:
        found = None
        with contextlib.suppress(OSError, ValueError):  # ValueError: a name that its encoding refuses
            rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found = [ip_address(str(row[4][0]).partition("%")[0]) for row in rows]
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=ask, daemon=True, name="resolver").start()
    return await answer


async def connect(ip: Ip, port: int) -> socket.socket:
    """A connected TCP socket.

    Raises:
        OSError: refused, no route, out of descriptors.
    """
    made = socket.socket(socket.AF_INET6 if ip.version == 6 else socket.AF_INET)
    made.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(made, (str(ip), port))
    except BaseException:
        made.close()
        raise
    return made


async def streams(made: socket.socket, address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Reader and writer over the socket, encrypted for rtsps.

    Cameras sign their certificates themselves: it is not verified, the allow list says who is there.

    Raises:
        ssl.SSLError, OSError: no TLS at the other end.
    """
    if address.scheme == "rtsp":
        return await asyncio.open_connection(sock=made, limit=2**16)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return await asyncio.open_connection(sock=made, limit=2**16, ssl=context, server_hostname=address.host)
