"""Requests to one camera and what comes back over one connection: replies, and packets between them. All is counted."""

import asyncio
import re
from collections import deque

from dondoc.probing.picture.memory import cost
from dondoc.probing.rtsp.authenticator import Authenticator
from dondoc.probing.rtsp.connection import Connection
from dondoc.probing.rtsp.message import NotRtsp, Response
from dondoc.probing.rtsp.steps import Steps
from dondoc.vocabulary.code import Code

NOISE = 64  # interim replies and requests of the camera's own that are put up with
# Bytes that a camera may send in one check, until it plays and from then on: 12 s of 16 Mbit/s are 24 MB. Each message
# counts EACH more, as an object of ours takes that much, and a head HEAD times: to read it takes longer than a packet.
EARLY, PLAYED, EACH, HEAD = 4 * 1024 * 1024, 64 * 1024 * 1024, 512, 16
AHEAD = 1024 * 1024  # bytes, so counted, of packets that are kept when they come before PLAY is answered
TURN = 64 * 1024  # bytes of one camera, so counted, that are read in a row before others have their turn
TEARDOWN = "TEARDOWN"  # no reply to it is awaited
ENDLESS = "camera gửi dữ liệu không dứt mà không có hình trọn vẹn"
_SENDABLE = re.compile(r"[!-~]{1,4096}")


class Verdict(Exception):
    """The dialogue is over: what was found, and a detail without anything secret or anything the camera wrote.

    `status`: of the reply that says so; 0: none does.
    """

    def __init__(self, verdict: str, detail: str, status: int = 0) -> None:
        super().__init__(verdict)
        self.verdict, self.detail, self.status = verdict, detail, status


class Progress(Code):
    """How far a dialogue has come. `label`: once a picture was asked for, what has not come yet, for people."""

    def __init__(self, code: str, label: str = "") -> None:
        super().__init__(code, label)

    RESOLVE = "resolve"
    CONNECT = "connect"
    REFUSED = "refused"  # by one address of its name, while another is silent
    TLS = "tls"
    DESCRIBE = "describe"
    HUNG_UP = "hung_up"
    SETUP = "setup", "chưa chấp nhận SETUP"
    PLAY = "play", "chưa chấp nhận PLAY"
    PACKETS = "packets", "không có gói hình nào"
    KEY_PICTURE = "key_picture", "chưa có hình trọn vẹn (khung khóa)"


class Exchange:
    """What is asked and answered over one connection, which whoever derives from this opens.

    `progress`: the step under way, by which a time-out or a broken connection is told apart. `asked`: the request that
    awaits its reply. `statuses`: of all replies. `packets`: that came before a reply, channel byte first. `session`: as
    the camera named it, empty without one.
    """

    def __init__(self, authenticator: Authenticator) -> None:
        self.authenticator = authenticator
        self.steps = Steps()
        self.progress, self.asked = Progress.RESOLVE, ""
        self.packets: deque[bytes] = deque()
        self.session = ""
        self.statuses: set[int] = set()
        self._connection: Connection | None = None
        self._sequence = self._noise = self._ahead = 0
        self._budget, self._turn = EARLY, TURN
        self._plays = False  # it was told to play

    @property
    def received(self) -> int:
        """Bytes that came on this connection and are no whole message yet."""
        return len(self._connection.inbox) if self._connection else 0

    @property
    def ended(self) -> bool:
        return self._connection is None or self._connection.ended

    def close(self) -> None:
        """Hang up, at once."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def playing(self) -> None:
        """From now on a stream is expected."""
        self._budget, self._plays = PLAYED, True
        if self._connection:
            self._connection.inbox.plays = True

    def login_refused(self) -> None:
        """For who wants to know at once that a reply, be it one that nobody waits for, refused the login."""

    async def request(self, method: str, url: str, **headers: str) -> Response:
        """Ask, and await the reply; a nonce that went stale is renewed once."""
        before = self.authenticator.answered_challenge
        self._send(method, url, headers)
        reply = await self._reply()
        if reply.status == 401 and before and not self.authenticator.refused:
            self._send(method, url, headers)
            reply = await self._reply()
        return reply

    async def send(self, method: str, url: str, **headers: str) -> None:
        """Ask, and await no reply."""
        self._send(method, url, headers)
        if method == TEARDOWN:
            await asyncio.sleep(0)  # it is sent at the end of the loop's turn: not to be overtaken by hanging up

    def _send(self, method: str, url: str, headers: dict[str, str]) -> None:
        if self._connection is None or not _SENDABLE.fullmatch(url):
            raise NotRtsp("camera nêu một địa chỉ luồng không dùng được")
        # What a server says before it is ever asked tells what it is; later it answers nothing. What plays goes on.
        if self._sequence and not self._plays:
            self._connection.inbox.forget()
        answered = method != TEARDOWN and not self._plays  # else it is TEARDOWN or a keep-alive request
        if answered:
            self._connection.check()
        self._sequence += 1
        login = self.authenticator.next_login
        head = f"{method} {url} RTSP/1.0\r\nCSeq: {self._sequence}\r\nUser-Agent: dondoc\r\n"
        for name, value in headers.items():
            head += f"{name}: {value}\r\n"
        if self.session:
            head += f"Session: {self.session}\r\n"
        if login:
            head += f"Authorization: {login.header(method, url)}\r\n"
        self._connection.send(f"{head}\r\n".encode("latin-1"))
        self.authenticator.asked(carried=login is not None)
        if answered:
            self.asked = method
        self.steps.note(f"→ {method} (đăng nhập {login.challenge.shown})" if login else f"→ {method}")

    async def _reply(self) -> Response:
        """The next reply. Its number is not compared: with one request under way, an odd one is a camera's mistake."""
        while True:
            got = await self.read()
            if isinstance(got, Response):
                self.statuses.add(got.status)
                self.steps.note_reply(got, self.authenticator.offered)
                return got
            if self.progress is Progress.PLAY and self._ahead < AHEAD:
                self.packets.append(got)
                self._ahead += cost(got)

    async def read(self) -> Response | bytes:
        """The next reply or packet; interim replies and the camera's own requests are passed over.

        Raises:
            NotRtsp: something else came.
            ConnectionError: the connection ended.
        """
        while self._connection:
            try:
                got = await self._connection.read()
            except ConnectionError:
                self.authenticator.hang_up()
                raise
            await self.spend(got)
            if not isinstance(got, Response):
                return got
            if got.status >= 200:
                if self.authenticator.read_reply(got):
                    self.login_refused()
                return got
            self._noise += 1
            if self._noise > NOISE:
                raise NotRtsp("camera gửi mãi những thứ không ai hỏi")
        raise ConnectionAbortedError

    async def spend(self, got: Response | bytes) -> None:
        """Count what came, and let others have their turn: a camera that floods is not to starve them.

        Raises:
            Verdict: it is more than any camera needs.
        """
        counted = (len(got) if isinstance(got, bytes) else HEAD * len(got.lines) + len(got.body)) + EACH
        self._budget, self._turn = self._budget - counted, self._turn - counted
        if self._budget < 0:
            if self.progress is Progress.DESCRIBE:
                raise Verdict("server_error", f"camera gửi dữ liệu không dứt mà không trả lời {self.asked}")
            raise Verdict("no_frame", ENDLESS)
        if self._turn < 0:
            self._turn = TURN
            await asyncio.sleep(0)
