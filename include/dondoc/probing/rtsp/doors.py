"""Looks that show the same logins at the same devices: where one was shown in vain, no other shows it.

The channels of a recorder are looked at side by side, and it locks the account after a few refusals.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from dondoc.probing.rtsp.message import Response

Door: TypeAlias = tuple[str, int, str, str]  # address and port of a device, name and password


class Shut(Exception):
    """The login was shown there in vain: it is not shown again."""


class Doors:
    """What became of logins so far. The first at a device is waited for; once it was taken, nobody waits."""

    def __init__(self) -> None:
        self._open, self._shut = set[Door](), set[Door]()
        self._turns: defaultdict[Door, asyncio.Lock] = defaultdict(asyncio.Lock)

    def shut(self, door: Door) -> None:
        """Let nobody show it any more."""
        self._shut.add(door)

    async def show(self, door: Door, log_in: Callable[[], Awaitable[Response]]) -> Response:
        """Log in, when it is one's turn; what is left without an answer may have been a refusal.

        Raises:
            Shut: nobody may.
            whatever `log_in` raises.
        """
        if door in self._open:
            return await self._show(door, log_in)
        async with self._turns[door]:
            return await self._show(door, log_in)

    async def _show(self, door: Door, log_in: Callable[[], Awaitable[Response]]) -> Response:
        if door in self._shut:
            raise Shut
        try:
            reply = await log_in()
        except BaseException:
            self.shut(door)
            raise
        if reply.status != 401:
            self._open.add(door)
        return reply
