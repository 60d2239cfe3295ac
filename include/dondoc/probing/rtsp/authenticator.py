"""The login of one dialogue: how to answer the challenges of a device, and what became of the login. No I/O.

A device sees no more than one login that it refuses, gets no password in clear once it has offered Digest, and of
another device's password nothing.
"""

from collections import deque
from typing import TypeAlias

from dondoc.probing.rtsp.authentication import Challenge, Login, choose, parse_challenges, ranked
from dondoc.probing.rtsp.message import Response

Credentials: TypeAlias = tuple[str, str]  # name and password
Device: TypeAlias = tuple[str, str, int]  # as of `Address.device`


class Authenticator:
    """`credentials` None: there are none, or a redirect led to another device (`redirected_away`).

    `sent`: the login was; `accepted`: it was answered with something else than a refusal, ever; `refused`: nothing more
    carries it. `offered`: with the last 401.
    """

    def __init__(
        self, credentials: Credentials | None, device: Device, *, digest: bool = False, md5: bool = False
    ) -> None:
        """`digest`: the device has offered it before. `md5`: its SHA-256 is known to be wrong."""
        self.credentials = credentials
        self.sent = self.accepted = self.refused = self.redirected_away = False
        self._hung_up = False  # while an answer was awaited
        self.offered: list[Challenge] = []
        self._device = self._first = device
        self._digest = {device} if digest else set()  # devices that offered it: from then on they get no Basic
        self._md5 = md5
        self._login: Login | None = None
        self._renewed = False  # the last answer to it was that its nonce is stale
        self._awaited: deque[bool] = deque()  # requests whose answer was not read; whether each carried the login

    @property
    def answered_challenge(self) -> bool:
        """Whether a challenge of the device was answered."""
        return self._login is not None

    @property
    def challenge(self) -> Challenge | None:
        """What the device was logged in under, None without a login, or when it was refused."""
        return self._login.challenge if self._login and not self.refused else None

    @property
    def digest(self) -> bool:
        """Whether the device that was to be checked has offered Digest, now or ever."""
        return self._first in self._digest

    @property
    def only_refused(self) -> bool:
        """Whether the login was shown, and all that it got was a refusal."""
        return self.refused and not self.accepted

    @property
    def may_lock(self) -> bool:
        """Whether a login got no good answer: the account may be locked when it is shown once more."""
        return self.refused or (self.sent and not self.accepted)

    @property
    def useless(self) -> bool:
        """Whether a login was refused, or hung up on: it is not to be shown again this night."""
        return self.may_lock and (self.refused or self._hung_up)

    @property
    def next_login(self) -> Login | None:
        """What the next request carries; nothing while an answer is awaited, which may be a refusal."""
        return None if self.refused or self._awaited else self._login

    @property
    def downgraded(self) -> bool:
        """Whether there are no `usable_challenges` because it offers Basic, and had offered Digest before."""
        return choose(self.offered) is not None

    def usable_challenges(self) -> list[Challenge]:
        """How to log in as asked last, the strongest first; never by Basic once Digest was offered, be it in another
        reply, nor by SHA-256 where the device is known to be wrong at it."""
        digest_seen = self._device in self._digest
        ways = ranked([c for c in self.offered if c.scheme == "DIGEST" or not digest_seen])
        return [way for way in ways if self._md5 and "MD5" in way.method] or ways

    def log_in(self, challenge: Challenge) -> None:
        """Answer this one from now on."""
        assert self.credentials
        self._login = Login(*self.credentials, challenge)

    def asked(self, *, carried: bool) -> None:
        """A request was sent; `carried`: with the login."""
        self._awaited.append(carried)
        self.sent |= carried

    def read_reply(self, reply: Response) -> bool:
        """Keep what an answer, be it to a keep-alive request, says of the login; whether it refuses it."""
        carried = self._awaited.popleft() if self._awaited else True
        if reply.status == 401:
            return self._read_challenges(reply) and carried and self._is_refused()
        if self._login and carried:
            self.accepted, self._renewed = True, False
            self._login = self._login.following(reply.written("authentication-info"))
        return False

    def mark_refused(self) -> None:
        """The login is not to be shown any more."""
        self.refused = True

    def forget_awaited(self) -> None:
        """A new connection: nothing that was asked on the former one is answered."""
        self._awaited.clear()

    def hang_up(self) -> None:
        """The device hung up while an answer was awaited."""
        self._hung_up = True

    def change_device(self, device: Device) -> None:
        """Go on with another device, which gets no login, or the same one anew."""
        if device != self._device:
            self.redirected_away |= self.credentials is not None
            self.credentials = None
        self._device, self._login = device, None

    def _read_challenges(self, reply: Response) -> bool:
        """Keep what a 401 offers; whether a login was begun, which it may refuse."""
        self.offered = parse_challenges(reply.challenges)
        if "DIGEST" in {c.scheme for c in self.offered}:
            self._digest.add(self._device)
        return self._login is not None and self.credentials is not None

    def _is_refused(self) -> bool:
        """Whether a 401 refuses the login, not, as it says, only the nonce: then there is a new one.

        One that says nothing of a stale nonce refuses the login, be its nonce new: most cameras name one each time. So
        does one that calls stale what it has just given.
        """
        assert self._login
        ways, used = self.usable_challenges(), self._login.challenge
        renewed = next((way for way in ways if way.method == used.method), next(iter(ways), None))
        if renewed and renewed.stale and renewed.nonce != used.nonce and not self._renewed:
            self.log_in(renewed)
            self._renewed = True
            return False
        self.mark_refused()
        return True
