"""Look up names, of what may be probed, each once a run: what is connected to is just what was checked."""

import asyncio
import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import zip_longest

from dondoc.configuration.settings import Network
from dondoc.probing.allow_list import AllowList, Ip
from dondoc.probing.shortage import Shortage, check_descriptors, raise_if_ours

NO_ADDRESS = OSError("không có địa chỉ")
ADDRESSES = 4  # of a name, tried side by side


def _literal(host: str) -> Ip | None:
    """The address that a host is, None of a name."""
    try:
        # Faster than `ip_address`, which takes every name apart twice before it refuses it.
        return IPv6Address(host) if ":" in host else IPv4Address(socket.inet_pton(socket.AF_INET, host))
    except (OSError, ValueError):
        return None


class Resolver:
    """Looks up names, for what may be probed of them, in at most `threads` threads that nobody waits for.

    A dead name server holds up neither the others nor the exit, and ten thousand names are not ten thousand threads.
    What was found is kept: the cameras of a run that share a name are asked at one address.
    """

    def __init__(self, allow: Sequence[Network], threads: int = 64) -> None:
        self._allow = AllowList(allow)
        self._known: dict[str, list[Ip]] = {}
        self._failed: dict[str, Exception] = {}
        self._asked: deque[Callable[[], None]] = deque()
        self._threads = self._free = threads
        self._lock = threading.Lock()

    async def resolve(self, host: str) -> list[Ip]:
        """The addresses of a host that may be probed, in the order in which to try them; none: the list is empty.

        Raises:
            OSError: it has no address.
            Shortage: this machine can look up nothing.
        """
        if host in self._failed:
            raise self._failed[host].with_traceback(None)  # else it keeps what every camera of that name held
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
                self._failed[host] = TimeoutError()
            elif (failure := task.exception()) and isinstance(failure, Exception):
                self._failed[host] = failure

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
    found: list[Ip] | Exception
    try:
        found = _addresses(host) or NO_ADDRESS
    except Shortage as error:
        found = error
    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(_hand_over, answer, found)


def _addresses(host: str) -> list[Ip]:
    """Those that a name stands for, none where it stands for nothing. Raises Shortage."""
    try:
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return [ip_address(str(row[4][0]).partition("%")[0]) for row in rows]
    except (OSError, ValueError, MemoryError) as error:  # ValueError: a name that its encoding refuses
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_MEMORY:
            raise_if_ours(MemoryError())
        raise_if_ours(None if isinstance(error, socket.gaierror) else error)  # whose numbers are others
        check_descriptors()
        return []


def _hand_over(answer: "asyncio.Future[list[Ip]]", found: list[Ip] | Exception) -> None:
    if answer.done():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)
