"""The dialogue with one camera up to its description: connect, OPTIONS, DESCRIBE, log in at most once."""

import asyncio
import contextlib
import ssl
from collections.abc import Sequence

from dondoc.cameras import network, sdp
from dondoc.cameras.address import Address, parse
from dondoc.cameras.digest import Login, choose, parse_challenges
from dondoc.cameras.message import NotRtsp, Response, read_response
from dondoc.settings import Network

REDIRECTS = 2
EARLY_PACKETS = 512  # interleaved packets kept while a reply is awaited


class Verdict(Exception):
    """The dialogue is over: what was found, and a detail without anything secret or anything the camera wrote."""

    def __init__(self, verdict: str, detail: str) -> None:
        super().__init__(verdict)
        self.verdict, self.detail = verdict, detail


class Dialogue:
    """One look at one camera over one connection (a redirect makes another).

    `phase` names the step under way, so that a time-out or a broken connection can be told apart by it.
    """

    def __init__(self, address: Address, user: str | None, password: str | None, allow: Sequence[Network]) -> None:
        self.address, self.allow = address, allow
        self._credentials = (user, password or "") if user is not None else None
        self.phase = "dns"
        self.password_sent = False
        self.packets: list[bytes] = []  # that came before a reply: channel byte first
        self.session = ""
        self._login: Login | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._sequence = 0

    async def open(self) -> None:
        """Resolve, check against the allow list, connect.

        Raises:
            Verdict: any of that failed.
        """
        self.phase = "dns"
        try:
            ips = await network.resolve(self.address.host)
        except OSError:
            raise Verdict("dns_failure", "không phân giải được tên máy") from None
        ip = next((ip for ip in ips if network.allowed(ip, self.allow)), None)
        if ip is None:
            raise Verdict("blocked_target", "địa chỉ nằm ngoài các dải mạng được phép kiểm tra (DONDOC_PROBE_ALLOW)")
        self.phase = "connect"
        try:
            made = await network.connect(ip, self.address.port)
        except ConnectionRefusedError:
            raise Verdict("connection_refused", "cổng không mở") from None
        except TimeoutError:  # the kernel gave up before we did
            raise Verdict("connect_timeout", "thiết bị không trả lời kết nối") from None
        except OSError as error:
            raise Verdict("unreachable", f"không có đường đến thiết bị (lỗi mạng {error.errno})") from None
        self.phase = "tls" if self.address.scheme == "rtsps" else "rtsp"
        try:
            self._reader, self._writer = await network.streams(made, self.address)
        except (ssl.SSLError, OSError, ValueError):
            made.close()
            raise Verdict("tls_failure", "không thiết lập được TLS") from None
        except BaseException:
            made.close()
            raise
        self.phase = "rtsp"

    def close(self) -> None:
        """Hang up, at once."""
        if self._writer:
            with contextlib.suppress(RuntimeError):  # the loop is closing
                self._writer.transport.abort()
        self._reader = self._writer = None

    async def send(self, method: str, url: str, **headers: str) -> None:
        if self._writer is None or not all(c.isprintable() and not c.isspace() for c in url):
            raise NotRtsp
        self._sequence += 1
        fields = {"CSeq": str(self._sequence), "User-Agent": "dondoc", **headers}
        if self.session:
            fields["Session"] = self.session
        if self._login:
            fields["Authorization"] = self._login.header(method, url)
            self.password_sent = True
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        self._writer.write(f"{method} {url} RTSP/1.0\r\n{lines}\r\n".encode())
        await self._writer.drain()

    async def read(self) -> Response | bytes:
        if self._reader is None:
            raise NotRtsp
        return await read_response(self._reader)

    async def request(self, method: str, url: str, **headers: str) -> Response:
        """Ask, and await the reply; a nonce that went stale is renewed once."""
        for last in (False, True):
            await self.send(method, url, **headers)
            reply = await self._reply()
            if reply.status != 401 or not self._login or last:
                return reply
            renewed = choose(parse_challenges(reply.headers.get("www-authenticate", [])))
            if not (renewed and renewed.stale and self._credentials):
                return reply
            self._login = Login(*self._credentials, renewed)
        raise AssertionError("unreachable")

    async def _reply(self) -> Response:
        while True:
            got = await self.read()
            if isinstance(got, Response):
                if got.status >= 200:
                    return got
            elif len(self.packets) < EARLY_PACKETS:
                self.packets.append(got)

    async def describe(self) -> tuple[sdp.Video, str]:
        """The video track and the base of its addresses.

        Raises:
            Verdict: anything else was answered.
        """
        for _ in range(REDIRECTS + 1):
            await self.request("OPTIONS", self.address.url)  # asked first as every player does; the answer is no matter
            reply = await self._describe()
            if not 300 <= reply.status < 400:
                return _video(reply, self.address.url)
            await self._follow(reply)
        raise Verdict("server_error", "chuyển hướng vòng quanh")

    async def _describe(self) -> Response:
        url = self.address.url
        reply = await self.request("DESCRIBE", url, Accept="application/sdp")
        if reply.status != 401:
            return reply
        challenge = choose(parse_challenges(reply.headers.get("www-authenticate", [])))
        if self._credentials is None:
            raise Verdict("auth_required", "camera yêu cầu đăng nhập; chưa có tài khoản")
        if challenge is None:
            raise Verdict("auth_required", "camera đòi cách đăng nhập không được hỗ trợ; chưa gửi mật khẩu")
        self._login = Login(*self._credentials, challenge)
        reply = await self.request("DESCRIBE", url, Accept="application/sdp")
        if reply.status == 401:
            raise Verdict("auth_failed", "camera từ chối tài khoản hoặc mật khẩu")
        return reply

    async def _follow(self, reply: Response) -> None:
        """Go where the camera points, as to any new address; the password goes to no other device."""
        try:
            target = parse(reply.get("location"))
        except ValueError:
            raise Verdict("server_error", f"mã {reply.status}: chuyển hướng không rõ đi đâu") from None
        self.close()
        if target.device != self.address.device:
            self._credentials = None
        self._login, self.session = None, ""
        self.address = target
        await self.open()


def _video(reply: Response, url: str) -> tuple[sdp.Video, str]:
    status = reply.status
    if status in (401, 403, 407):
        raise Verdict("forbidden", f"mã {status}: không được phép xem")
    if status in (404, 410):
        raise Verdict("not_found", f"mã {status}: không có luồng hình theo đường dẫn này")
    if status in (453, 503):
        raise Verdict("server_error", f"mã {status}: thiết bị đang bận, xem lại sau")
    if status >= 300:
        raise Verdict("server_error", f"mã {status}")
    track = sdp.video(reply.body)
    if track is None:
        raise Verdict("no_video_track", "luồng không có hình")
    return track, reply.get("content-base") or reply.get("content-location") or url
