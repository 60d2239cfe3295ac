"""Connect to a camera at just the addresses that were checked."""

import asyncio
import errno
import socket
import ssl
from asyncio.staggered import staggered_race
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from dondoc.probing.allow_list import Ip
from dondoc.probing.rtsp.connection import Connection
from dondoc.probing.shortage import Shortage, raise_if_ours

DISCARD = 9  # any port will do (RFC 863)
NEXT = 0.25  # seconds before the next address of a name is tried as well (RFC 8305, section 5)


async def connect(ip: Ip, port: int) -> Connection:
    """A connection to the camera.

    Raises:
        OSError: refused, no route.
        Shortage: this machine has no more descriptors, ports or memory; says nothing of the camera.
    """
    # All cameras that are at this point connect one after another: what Python and what the kernel does for each drives
    # the other out of the processor's caches, which took a fifth of a check.
    await asyncio.sleep(0)
    try:
        return (await asyncio.get_running_loop().create_connection(Connection, str(ip), port))[1]
    except OSError as error:
        # EADDRNOTAVAIL also comes where this machine has no address of the camera's kind: then no port is lacking.
        if error.errno != errno.EADDRNOTAVAIL or _has_address_for(ip):
            raise_if_ours(error)
        raise


def _has_address_for(ip: Ip) -> bool:
    """Whether this machine has an address to call from: without IPv6 it has none for a camera's IPv6 address.

    A UDP socket sends nothing when it connects (connect(2)), and takes no TCP port.
    """
    family = socket.AF_INET6 if ip.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as tried:
            tried.connect((str(ip), DISCARD))
    except OSError as error:
        return error.errno != errno.EADDRNOTAVAIL
    return True


async def connect_first(ips: Sequence[Ip], port: int, refused: Callable[[], None]) -> tuple[Connection, Ip]:
    """A connection to the first of a camera's addresses that answers: each is begun a moment after the one before, so
    that a dead one does not use up the time of the others (RFC 8305).

    Args:
        refused: called when one of several refuses, for who is interrupted while another is silent.

    Raises:
        OSError, Shortage: as `connect`, of all of them what says most.
    """
    if len(ips) == 1:
        return await connect(ips[0], port), ips[0]

    async def attempt(ip: Ip) -> Connection:
        try:
            return await connect(ip, port)
        except ConnectionRefusedError:
            refused()
            raise

    made, winner, failures = await staggered_race([partial(attempt, ip) for ip in ips], NEXT)
    if made is None or winner is None:
        raise max(filter(None, failures), key=_says)
    return made, ips[winner]


def _says(failure: Exception) -> int:
    """How much a failure tells: of our own machine, that a device picked up, that it is there, nothing."""
    telling = (OSError, ConnectionRefusedError, ConnectionResetError, Shortage)
    return max((rank for rank, kind in enumerate(telling) if isinstance(failure, kind)), default=-1)


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
