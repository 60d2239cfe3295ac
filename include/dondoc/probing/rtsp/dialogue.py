"""The dialogue with one camera up to its description: connect, OPTIONS, DESCRIBE, log in at most once."""

import asyncio
import re
import ssl
import string
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from urllib.parse import quote

from dondoc.probing.address import Address, parse
from dondoc.probing.allow_list import Ip
from dondoc.probing.resolver import Resolver
from dondoc.probing.rtsp import sdp
from dondoc.probing.rtsp.authentication import Challenge
from dondoc.probing.rtsp.authenticator import Authenticator
from dondoc.probing.rtsp.connecting import connect, connect_first, tls
from dondoc.probing.rtsp.connection import Connection, NotTls
from dondoc.probing.rtsp.datagrams import Datagrams, datagrams
from dondoc.probing.rtsp.exchange import Exchange, Progress, Verdict
from dondoc.probing.rtsp.message import TLS, Response
from dondoc.probing.rtsp.refusals import TRANSPORT, Known, is_granted, refusal
from dondoc.probing.rtsp.shared_logins import DeviceLogin, LoginWithheld, SharedLogins
from dondoc.probing.shortage import raise_if_ours

REDIRECTS = 2
FOLLOWED = (301, 302, 303, 307, 308)
REFUSED = "cổng không mở"
HUNG_UP = "ngắt kết nối khi được hỏi, không trả lời gì"
DOWNGRADED = (
    "thiết bị từng đòi Digest, nay chỉ nhận Basic (mật khẩu gửi rõ): có thể có kẻ đứng giữa, chưa gửi mật khẩu. Nếu "
    "đúng là đã thay thiết bị, cho phép bằng dondoc cameras retry --basic"
)
UNKNOWN_LOGIN = "camera đòi cách đăng nhập không được hỗ trợ; chưa gửi mật khẩu"
LOGIN = "camera yêu cầu đăng nhập; chưa có tài khoản"
ELSEWHERE = "thiết bị khác đòi đăng nhập: không gửi mật khẩu đến đó, đúng là thiết bị ấy thì khai lại địa chỉ"
TLS_PATIENCE = 1.0  # seconds
CONFUSED = (400, 500, 501)  # what a camera answers to a login that it cannot read: it has refused none
_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)


class Dialogue(Exchange):
    """One check of one camera, over one connection; a redirect makes another.

    `ip`: where it is: of all that its name stands for, what was connected to.
    """

    def __init__(
        self,
        address: Address,
        user: str | None,
        password: str | None,
        resolver: Resolver,
        *,
        digest: bool = False,
        md5: bool = False,
        worked: bool = False,
        at: Ip | None = None,
        shared_logins: SharedLogins | None = None,
        hangs_up: bool = True,
    ) -> None:
        """`at`: where the device was found before, and is asked alone.

        `hangs_up`: it may hang up after a 401, so that a login which was hung up on was not read: it is shown again.
        """
        self.address, self._first = address, address.device
        credentials = (user, password or "") if user is not None else None
        super().__init__(Authenticator(credentials, address.device, digest=digest, md5=md5))
        self._resolver, self._worked = resolver, worked
        self._shared_logins = shared_logins
        self.ip = at
        self.lossy = False
        self._may_hang_up, self.hangs_up = hangs_up, False  # after a 401; whether it did
        self._options = Response(0)  # what it said of its ways
        self._track: sdp.Video | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether a redirect led to another device than the one that was to be checked."""
        return self.address.device != self._first

    async def open(self) -> None:
        """Resolve, check against the allow list, connect; where it is known, to that place.

        Raises:
            Verdict: any of that failed.
        """
        self.progress = Progress.RESOLVE
        self.authenticator.forget_awaited()
        ips = [self.ip] if self.ip else await self._allowed()  # a nonce is good there alone
        self.progress = Progress.CONNECT
        self._connection = await self._connect(ips)
        if self.address.scheme == "rtsps":
            self.progress = Progress.TLS
            try:
                await self._connection.encrypt(tls(), self.address.host)
            except (OSError, ValueError) as error:
                raise_if_ours(error)
                raise Verdict("tls_failure", _without_tls(error)) from None
        self.steps.note("đã nối")
        self.progress = Progress.DESCRIBE

    async def _allowed(self) -> list[Ip]:
        try:
            ips = await self._resolver.resolve(self.address.host)
        except TimeoutError:
            raise
        except OSError:
            raise Verdict("dns_failure", "không phân giải được tên máy") from None
        if not ips:
            raise Verdict("blocked_target", "địa chỉ nằm ngoài các dải mạng được phép kiểm tra (DONDOC_PROBE_ALLOW)")
        return ips

    def _refused(self) -> None:
        self.progress = Progress.REFUSED

    async def _connect(self, ips: Sequence[Ip]) -> Connection:
        self.steps.note(
            "nối đến thiết bị" if len(ips) == 1 else f"nối đến thiết bị ({len(ips):02} địa chỉ của tên máy)"
        )
        try:
            connection, self.ip = await connect_first(ips, self.address.port, self._refused)
        except ConnectionResetError:  # it had picked up
            verdict = "tls_failure" if self.address.scheme == "rtsps" else "closed_early"
            raise Verdict(verdict, "thiết bị ngắt ngay khi nối") from None
        except OSError as error:
            raise _failure(error) from None
        return connection

    def login_refused(self) -> None:
        if self._shared_logins:
            self._shared_logins.withhold(self._device_login)

    @property
    def _device_login(self) -> DeviceLogin:
        assert self.authenticator.credentials
        return (str(self.ip), self.address.port, *self.authenticator.credentials)

    def own(self, url: str) -> str:
        """An address that the camera named, as one of its own: it says what to ask for, never whom.

        Digest signs what is asked for: a camera that had an address of another one signed could log in there.
        """
        # Some write what no request may hold: blanks, letters of their own, in whichever code.
        url = quote(url, safe=string.punctuation, errors="surrogateescape")
        if _is_of(url, self.address.device):
            return url  # as it stands: some cameras compare letter by letter
        authority = _AUTHORITY.match(url)  # searched for, it takes a minute
        path = url[authority.end() :] if authority else url
        return f"{self.address.root}{path if path.startswith('/') else f'/{path}'}"

    async def keep_alive(self, url: str) -> None:
        """Say that the session is still wanted, in the way that this camera knows. No answer is awaited."""
        keeps = "GET_PARAMETER" in self._options.get("public").upper()
        await self.send("GET_PARAMETER" if keeps else "OPTIONS", url)

    async def datagrams(self) -> Datagrams:
        """Where the camera may send packets over UDP: nobody else can.

        Raises:
            Shortage: this machine has no more descriptors, ports or memory.
        """
        if self._connection is None or self.ip is None:
            raise ConnectionAbortedError
        try:
            return await datagrams(self.ip, self._connection.ours)
        except OSError as error:
            raise_if_ours(error)
            raise

    async def describe(self) -> tuple[sdp.Video, str]:
        """The video track and the base of its addresses, as the camera names it: see `own`.

        Raises:
            Verdict: anything else was answered.
        """
        for _ in range(REDIRECTS + 1):
            await self._greet()
            reply = await self._asked_to_describe()
            if reply.status not in FOLLOWED:
                track, named = self._video(reply)
                return track, named or self.address.url
            await self._follow(reply)
        raise Verdict("server_error", "chuyển hướng vòng quanh")

    async def _greet(self) -> None:
        """OPTIONS, as every player asks first. The answer is no matter; that there is none may be."""
        try:
            self._options = await self.request("OPTIONS", self.address.url)
        except ConnectionError:
            if self.address.scheme == "rtsps" or self._connection is None or self._connection.inbox.received:
                raise
            self.progress = Progress.HUNG_UP
            raise Verdict("not_rtsp", TLS) if await self._secure() else Verdict("closed_early", HUNG_UP) from None
        if self.ended:
            await self._reopen()

    async def _asked_to_describe(self) -> Response:
        """Asked again where it hung up after OPTIONS, as it had said, or after a 401 to it, as some do after each."""
        asked = partial(self.ask, "DESCRIBE", self.address.url, Accept="application/sdp")
        try:
            return await asked()
        except ConnectionError:
            foreseen = self._options.status == 401 or self._options.closes
            if not foreseen or self.received or self.authenticator.sent:
                raise
        await self._reopen()
        return await asked()

    async def _secure(self) -> bool:
        """Whether the other end, which hung up without a word, would speak TLS: over a connection of its own."""
        assert self.ip is not None
        connection = None
        try:
            async with asyncio.timeout(TLS_PATIENCE):
                connection = await connect(self.ip, self.address.port)
                await connection.encrypt(tls(), self.address.host)
        except (OSError, ValueError):
            return False
        finally:
            if connection:
                connection.close()
        return True

    async def ask(self, method: str, url: str, **headers: str) -> Response:
        """As `request`, and log in where that is asked for: most cameras ask at DESCRIBE, some at SETUP or PLAY only.

        Raises:
            Verdict: the login is lacking, of a kind not spoken here, or refused.
        """
        reply, login = await self.request(method, url, **headers), self.authenticator
        if reply.status != 401 or login.answered_challenge:
            return reply
        if login.credentials is None:
            raise Verdict("auth_required", ELSEWHERE if login.redirected_away else LOGIN)
        if not (ways := login.usable_challenges()):
            raise Verdict("auth_required", DOWNGRADED if login.downgraded else UNKNOWN_LOGIN)
        if self.ended or reply.closes:
            self.hangs_up = True
            await self._reopen()
        try:
            reply = await self._shown(partial(self._log_in, ways, method, url, **headers))
        except LoginWithheld:
            raise Verdict("auth_failed", "thiết bị vừa từ chối tài khoản này: không gửi lại") from None
        if reply.status == 401:
            raise Verdict("auth_failed", "camera từ chối tài khoản hoặc mật khẩu")
        return reply

    async def _shown(self, log_in: Callable[[], Awaitable[Response]]) -> Response:
        if self._shared_logins is None:
            return await log_in()
        return await self._shared_logins.show(self._device_login, log_in)

    async def _log_in(self, ways: Sequence[Challenge], method: str, url: str, **headers: str) -> Response:
        """Ask with the login, and once more where the camera neither took nor refused it.

        It had hung up after its 401, or its SHA-256 is broken: so the second time by MD5, where it offers that too.
        """
        strongest, second = ways[0], next((w for w in ways if "MD5" in w.method), ways[0])
        self.authenticator.log_in(strongest)
        try:
            reply = await self.request(method, url, **headers)
            if second is strongest or reply.status not in CONFUSED:
                return reply
        except ConnectionError:
            if self.session or self.received or not self._may_hang_up:  # it had begun to answer
                raise
            self.hangs_up = True
        await self._reopen()
        self.authenticator.log_in(second)
        return await self.request(method, url, **headers)

    async def _reopen(self) -> None:
        """Connect to it again: that it does not pick up now is a connection that it ended, for it had answered."""
        progress = self.progress
        self.close()
        try:
            await self.open()
        except Verdict:
            raise ConnectionAbortedError from None
        finally:
            self.progress = progress

    def refusal(self, status: int, step: str = "") -> Verdict | None:
        """What a status says when a request was not granted; None: it was. See `refusals`."""
        if is_granted(status):
            return None
        multicast = self._track is not None and self._track.multicast
        login = self.authenticator
        known = Known(login.answered_challenge, login.accepted, self._worked, TRANSPORT in self.statuses, multicast)
        return Verdict(*refusal(status, step, known), status)

    def _video(self, reply: Response) -> tuple[sdp.Video, str]:
        if refused := self.refusal(reply.status):
            raise refused
        track = sdp.video(reply.body)
        if track is None:
            raise Verdict("no_video_track", _without_video(reply))
        self._track = track
        return track, base(reply)

    async def _follow(self, reply: Response) -> None:
        """Go where the camera points, as to any new address; the password goes to no other device."""
        place = reply.get("location")
        try:
            target = parse(f"{self.address.root}{place}" if re.match("/(?!/)", place) else place)
        except ValueError:
            raise Verdict("server_error", f"mã {reply.status}: chuyển hướng không rõ đi đâu") from None
        self.close()
        if target.device != self.address.device:
            self._worked, self.ip = False, None
        self.authenticator.change_device(target.device)
        self.session = ""
        self.address = target
        await self.open()


def base(reply: Response) -> str:
    """What the addresses in a description are relative to, as the camera wrote it; empty where it names nothing."""
    named = (*reply.written("content-base"), *reply.written("content-location"))
    return next(filter(None, named), b"").decode("utf-8", "surrogateescape")


def _is_of(url: str, device: tuple[str, str, int]) -> bool:
    try:
        address = parse(url)
    except ValueError:
        return False
    return address.user is None and address.device == device


def _without_tls(error: Exception) -> str:
    if isinstance(error, NotTls) or (isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER"):
        return "cổng này không dùng TLS: thử địa chỉ rtsp://"
    return "không thiết lập được TLS"


def _failure(error: OSError) -> Verdict:
    if isinstance(error, ConnectionRefusedError):
        return Verdict("connection_refused", REFUSED)
    if isinstance(error, TimeoutError):  # the kernel gave up before we did
        return Verdict("connect_timeout", "thiết bị không trả lời kết nối")
    return Verdict("unreachable", f"không có đường đến thiết bị (lỗi mạng {error.errno})")


def _without_video(reply: Response) -> str:
    if not reply.body:
        return "camera không gửi bản mô tả luồng"
    if reply.get("content-encoding"):
        return "bản mô tả luồng bị nén, không đọc được"
    if "sdp" not in (reply.get("content-type").lower() or "sdp"):
        return "bản mô tả luồng không phải SDP"
    return "luồng không có hình"
