"""Logins that several looks show at the same device: where one was shown in vain, no other look shows it.

The channels of a recorder are looked at side by side, and it locks the account after a few refusals.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from dondoc.probing.rtsp.message import Response

DeviceLogin: TypeAlias = tuple[str, int, str, str]  # address and port of a device, name and password


class LoginWithheld(Exception):
    """The login was shown there in vain: it is not shown again."""


class SharedLogins:
    """What became of logins so far. The first at a device is waited for; once it was taken, nobody waits."""

    def __init__(self) -> None:
        self._taken, self._withheld = set[DeviceLogin](), set[DeviceLogin]()
        self._turns: defaultdict[DeviceLogin, asyncio.Lock] = defaultdict(asyncio.Lock)

    def withhold(self, login: DeviceLogin) -> None:
        """Let nobody show it any more."""
        self._withheld.add(login)

    async def show(self, login: DeviceLogin, log_in: Callable[[], Awaitable[Response]]) -> Response:
        """Log in, when it is one's turn; what is left without an answer may have been a refusal.

        Raises:
            LoginWithheld: nobody may.
            whatever `log_in` raises.
        """
        if login in self._taken:
            return await self._show(login, log_in)
        async with self._turns[login]:
            return await self._show(login, log_in)

    async def _show(self, login: DeviceLogin, log_in: Callable[[], Awaitable[Response]]) -> Response:
        if login in self._withheld:
            raise LoginWithheld
        try:
            reply = await log_in()
        except BaseException:
            self.withhold(login)
            raise
        if reply.status != 401:
            self._taken.add(login)
        return reply
