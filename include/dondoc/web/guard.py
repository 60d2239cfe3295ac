"""What stands before every page: who it is and what may be sent, decided before a byte of the body is read; and one
answer, in Vietnamese and with the same headers, for everything that goes wrong behind it.

An ASGI layer (https://asgi.readthedocs.io), because FastAPI reads a form before it asks any dependency.
"""

import asyncio
import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from inspect import isawaitable
from pathlib import Path
from typing import Self
from urllib.parse import quote

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import DataError, NoResultFound
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.invisible import warning
from dondoc.store.errors import PASSING, explain
from dondoc.web.caller import caller, forged, origin_of
from dondoc.web.pages import INVISIBLE, LARGEST, page
from dondoc.web.user import NotLoggedIn, User

log = logging.getLogger(__name__)

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
LONGEST_PATH, LONGEST_QUERY = 1000, 4000  # bytes
LARGEST_NUMBER = 2**31 - 1  # of a row: PostgreSQL's integer
FORM = 64 * 2**10  # bytes of a form without a file
UPLOAD = LARGEST + FORM
BODY_SECONDS = {FORM: 20.0, UPLOAD: 180.0}  # from the first byte to the last
SILENCE_SECONDS = 15.0  # between two parts of a body, and for a part of an answer to leave
DRAIN = (4 * UPLOAD, 10.0)  # bytes and seconds: of what is too large, so that its sender reads our answer
# Pages are made in threads, of which this process has 40, Airflow's own among them. More than a few at a time make none
# of them sooner, and the loop that hears and answers everybody later. Those who look never wait behind those who act,
# these not behind a file that comes slowly, and nobody waits longer than this for a turn.
LOOKING, ACTING, UPLOADING = 6, 8, 4
PLACES = {"look": LOOKING, "act": ACTING, "upload": UPLOADING}
TURN_SECONDS = 1.5

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",  # Airflow shows our pages in a frame of its own
}
# A field of a form → how its page calls it
FIELDS = {
    "agency": "đơn vị",
    "as_of": "ngày",
    "begins": "từ ngày",
    "document": "văn bản",
    "document_date": "ngày văn bản",
    "file": "tệp",
    "fulfils": "nội dung mà văn bản hoàn thành",
    "number": "số, ký hiệu",
    "password": "mật khẩu",
    "q": "nội dung tìm",
    "reason": "lý do",
    "scope": "phạm vi",
    "until": "đến hết ngày",
    "username": "tên đăng nhập",
}
# What the framework says in English, by status
WORDS = {
    400: "Yêu cầu không đúng dạng. Mở lại trang rồi làm lại.",
    403: "Tài khoản này không được làm việc đó.",
    404: "Không có trang này.",
    405: "Trang này không nhận thao tác đó. Mở lại trang từ danh sách.",
    408: "Dữ liệu gửi lên quá chậm nên đã dừng nhận. Kiểm tra đường truyền rồi gửi lại.",
    413: "Dữ liệu gửi lên quá lớn.",
    414: "Địa chỉ trang quá dài. Mở lại trang từ danh sách.",
    415: "Dữ liệu gửi lên không đúng dạng. Mở lại trang rồi làm lại.",
    503: "Máy chủ đang bận. Thử lại sau ít phút.",
}
TOO_LARGE = f"Tệp lớn hơn {LARGEST // 2**20} MB nên không được nhận. Giảm dung lượng rồi gửi lại, hoặc chuyển tệp cho "
TOO_LARGE += "người vận hành để đặt vào thư mục tiếp nhận."
OUT_OF_RANGE = "Có số, ngày hoặc ký tự ngoài khoảng dùng được. Kiểm tra lại."
FORGED = "Yêu cầu không đến từ trang này. Mở lại trang rồi thao tác lại."
LOOK_ONLY = "Tài khoản này chỉ được xem. Liên hệ quản trị viên để được cấp quyền."
UNEXPECTED = "Có lỗi ngoài dự kiến. Báo người vận hành mã {reference}: nhật ký của máy chủ ghi chi tiết dưới mã này."


class Guard:
    """The layer. Arguments as in `create_app`."""

    def __init__(
        self,
        pages: ASGIApp,
        *,
        current_user: Callable[[Request], User | Awaitable[User]],
        app: Callable[[], AppContext],
        login_url: str,
    ) -> None:
        self._app, self._current_user, self._world, self._login_url = pages, current_user, app, login_url
        self._turns = {kind: asyncio.Semaphore(most) for kind, most in PLACES.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        if scope["type"] != "http":
            return await self._app(scope, receive, send) if scope["type"] == "lifespan" else None
        body = _Body(scope, receive)
        answer = _Answer(scope, send, body)
        scope = {**scope, "method": "GET" if scope["method"] == "HEAD" else scope["method"]}
        scope["state"] = {**scope.get("state", {}), "visitor": None, "app": None}
        request = Request(scope, body)
        try:
            await self._pass(request, body, answer)
        except Exception as error:
            if answer.started:  # half of it is out: nothing can be said any more, and the connection is closed
                _note(request, error, "answer")
                return None
            await self.respond(request, error)(scope, body, answer)

    async def _pass(self, request: Request, body: "_Body", answer: "_Answer") -> None:
        _plausible(request)
        if request.method == "OPTIONS":
            await Response(status_code=204, headers={"Allow": ", ".join(METHODS)})(request.scope, body, answer)
            return
        if _inside(request).startswith("/static/"):
            await self._app(request.scope, body, answer)
            return
        request.state.app = app = self._world()
        whence = caller(request.scope, app.settings.trusted_proxies)
        request.state.encrypted = whence.encrypted
        user = self._current_user(request)
        user = await user if isawaitable(user) else user
        request.state.visitor = replace(user, address=whence.address)
        if request.method == "POST":
            if forged(request.headers, {whence.origin, origin_of(app.settings.public_url)} - {None}):
                raise HTTPException(403, FORGED)
            if _is_upload(request.headers) and not user.may_act:
                raise HTTPException(403, LOOK_ONLY)
            body.limit(UPLOAD if _is_upload(request.headers) else FORM)
            if not _is_upload(request.headers):
                await body.take_in()
        async with Turn(self._turns[_kind(request)]) as turn:
            answer.when_started, request.state.turn = turn.give_back, turn
            await self._app(request.scope, body, answer)

    def respond(self, request: Request, error: Exception) -> Response:
        """The answer to what went wrong."""
        if isinstance(error, NotLoggedIn):
            return RedirectResponse(f"{self._login_url}?next={quote(_next(request))}", status_code=303)
        return refusal(request, error)


def refusal(request: Request, error: Exception) -> Response:
    """A page with a sentence on what went wrong; what is not the visitor's fault goes to the log too."""
    if explained := explain(error):
        _note(request, error, explained.cause)
        wait = {"Retry-After": "30" if explained.cause in PASSING else "300"}
        return page(request, "problem.html", status=503, headers=wait, problem=str(explained))
    if isinstance(error, Problem):
        # where nothing could be opened, it is the installation that is wrong, not what was entered
        return page(request, "problem.html", status=400 if request.state.app else 503, problem=str(error))
    if isinstance(error, RequestValidationError):
        return page(request, "problem.html", status=400, problem=_incomplete(error))
    if isinstance(error, AnyHTTPException):
        own = str(error.detail)
        words = own if not own.isascii() else WORDS.get(error.status_code, WORDS[400])
        return page(request, "problem.html", status=error.status_code, headers=error.headers, problem=words)
    if isinstance(error, NoResultFound):
        return page(request, "problem.html", status=404, problem=WORDS[404])
    if isinstance(error, OverflowError | DataError | UnicodeError):
        _note(request, error, "value")
        return page(request, "problem.html", status=400, problem=OUT_OF_RANGE)
    reference = secrets.token_hex(4)
    _note(request, error, reference)
    return page(request, "problem.html", status=500, problem=UNEXPECTED.format(reference=reference))


def _incomplete(error: RequestValidationError) -> str:
    for one in error.errors():
        if one["type"] == INVISIBLE:
            called = FIELDS.get(str(one["loc"][-1]), str(one["loc"][-1]))
            return f"Ô {warning(f'“{called}”', one['ctx']['character'])}."
    at = {str(part) for e in error.errors() for part in e["loc"]}
    if missing := [words for name, words in FIELDS.items() if name in at]:
        return f"Còn thiếu hoặc chưa đúng: {', '.join(missing)}. Quay lại và điền đủ."
    return "Địa chỉ trang không đúng. Mở lại trang từ danh sách."


def _note(request: Request, error: BaseException, code: str) -> None:
    """In the log: which page, what kinds of error, and where in our code. Their words may hold a secret: left out."""
    kinds: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(kinds) < 6:
        kinds.append(type(getattr(seen, "orig", None) or seen).__name__)
        seen = seen.__cause__ or seen.__context__
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "dondoc" in Path(frame.filename).parts and frame.name != "_pass"]
    where = " > ".join(f"{'/'.join(Path(f.filename).parts[-2:])}:{f.lineno} {f.name}" for f in [*ours, *frames[-1:]])
    path = request.scope["path"][:200].encode("ascii", "backslashreplace").decode()
    log.error("[%s] %s %r: %s, at %s", code, request.method, path, " < ".join(kinds), where)


def _plausible(request: Request) -> None:
    """Refuse what no page of ours ever sends.

    Raises:
        HTTPException: 400, 404, 405, 414 or 415.
    """
    scope, headers = request.scope, request.headers
    if scope["method"] not in METHODS:
        raise HTTPException(405, WORDS[405], {"Allow": ", ".join(METHODS)})
    path, query = scope.get("raw_path") or scope["path"].encode(), scope.get("query_string", b"")
    if len(path) > LONGEST_PATH or len(query) > LONGEST_QUERY:
        raise HTTPException(414, WORDS[414])
    if any(ord(c) < 32 or c in "\x7f\ufffd\\" for c in scope["path"]) or b"%00" in query or b"\x00" in query:
        raise HTTPException(400, WORDS[400])
    for part in _inside(request).split("/"):
        digits = part.lstrip("-")
        if digits.isdecimal() and (len(part) > 10 or int(digits) > LARGEST_NUMBER):
            raise HTTPException(404, WORDS[404])
    if scope["method"] != "POST" and (headers.get("content-length", "0") != "0" or "transfer-encoding" in headers):
        raise HTTPException(400, WORDS[400])
    if "content-length" in headers and "transfer-encoding" in headers:
        raise HTTPException(
            400, WORDS[400]
        )  # where its body ends is what a smuggled request is made of (RFC 9112, 6.3)
    charset = headers.get("content-type", "").lower().partition("charset=")[2].strip('" ;')
    if charset not in ("", "utf-8", "utf8"):
        raise HTTPException(415, WORDS[415])


def _inside(request: Request) -> str:
    """The path below where we are mounted."""
    return str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))


def _next(request: Request) -> str:
    """Where to come back to after the login: a page of ours and nothing else, `//host` least of all."""
    base = request.scope.get("root_path", "")
    if request.method != "GET":
        return f"{base}/"  # what was posted is gone
    query = request.scope.get("query_string", b"").decode("latin-1")
    return "/" + request.scope["path"].lstrip("/") + (f"?{query}" if query else "")


def _kind(request: Request) -> str:
    """Whom a request waits behind."""
    if request.method == "GET":
        return "look"
    return "upload" if _is_upload(request.headers) else "act"


def _is_upload(headers: Headers) -> bool:
    return headers.get("content-type", "").lower().startswith("multipart/form-data")


class Turn:
    """A place among those who are served, given back when the answer begins: a slow reader keeps none."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places, self._held = places, False

    async def take(self) -> None:
        """Raises HTTPException (503) when all places stay taken."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise HTTPException(503, WORDS[503], {"Retry-After": "5"}) from None
        self._held = True

    def give_back(self) -> None:
        if self._held:
            self._held = False
            self._places.release()

    async def __aenter__(self) -> Self:
        await self.take()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.give_back()


class _Body:
    """The body of a request: never more of it than its limit, never slower than its time."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        self._announced = int(length) if length.isdecimal() else 0
        self._receive, self._most, self._count = receive, 0, 0
        self._ends: float | None = None
        self._taken: bytes | None = None
        self._waits = "expect" in headers  # for our word before it sends (RFC 9110, 10.1.1)
        self.unread = bool(self._announced) or "transfer-encoding" in headers

    def limit(self, most: int) -> None:
        """How many bytes it may have.

        Raises:
            HTTPException: 413 when more are announced.
        """
        self._most = most
        if self._announced > most:
            raise self._too_large()

    def _too_large(self) -> HTTPException:
        return HTTPException(413, TOO_LARGE if self._most == UPLOAD else WORDS[413])

    async def take_in(self) -> None:
        """Read all of a form now: who sends one slowly, and everybody with a login may, has no turn meanwhile.

        Raises:
            HTTPException: 400, 408 or 413; also when its sender is gone before its end.
        """
        body = b""
        while self.unread:
            message = await self()
            if message["type"] == "http.disconnect":
                raise HTTPException(400, WORDS[400])
            body += message.get("body", b"")
        self._taken = body

    async def __call__(self) -> Message:
        if self._taken is not None:
            body, self._taken = self._taken, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self.unread:
            return await self._receive()  # waits until the visitor is gone
        now = asyncio.get_running_loop().time()
        self._ends = self._ends or now + BODY_SECONDS.get(self._most, SILENCE_SECONDS)
        try:
            async with asyncio.timeout_at(min(self._ends, now + SILENCE_SECONDS)):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, WORDS[408]) from None
        if message["type"] == "http.disconnect":
            self.unread = False
            return message
        self._count += len(message.get("body", b""))
        self.unread = bool(message.get("more_body"))
        if self._count > self._most:
            raise self._too_large()
        return message

    async def drain(self) -> None:
        """Throw away the rest, within limits: who is still sending reads no answer, and sees a broken connection.

        Only for those who may send a body: the limit was set for them.
        """
        most, seconds = DRAIN if self._most and not self._waits else (0, 0.0)
        try:
            async with asyncio.timeout(seconds):
                while self.unread and self._count < most:
                    message = await self._receive()
                    self._count += len(message.get("body", b""))
                    self.unread = bool(message.get("more_body"))
        except TimeoutError:
            return


class _Answer:
    """The answer on its way out: our headers on every one, no body for HEAD, and no patience without end."""

    def __init__(self, scope: Scope, send: Send, body: _Body) -> None:
        self._send, self._bodiless, self._body = send, scope["method"] == "HEAD", body
        self.started = False
        self.when_started: Callable[[], None] = lambda: None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == 413:
                await self._body.drain()
            headers = MutableHeaders(raw=list(message.get("headers", [])))
            for name, value in HEADERS.items():
                headers[name] = value
            if self._body.unread:
                headers["Connection"] = "close"  # what is still to come is not wanted
            message = {**message, "headers": headers.raw}
            self.started = True
            self.when_started()
        elif self._bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        async with asyncio.timeout(SILENCE_SECONDS):
            await self._send(message)
