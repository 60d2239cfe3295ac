"""Ports for servers that cannot be given a socket, or port 0 and asked for what they got."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def held(count: int = 1) -> Iterator[list[int]]:
    """Ports on loopback that nobody else is given while this lasts: bound, but never listened on.

    A port that was asked for and let go may be given to the next who asks, or to a connection that leaves. A server
    that sets SO_REUSEADDR (asyncio's, uvicorn, nginx) may bind one of these all the same (socket(7)).
    """
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind(("127.0.0.1", 0))
        yield [int(each.getsockname()[1]) for each in sockets]
