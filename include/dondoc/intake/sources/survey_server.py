"""A survey server: its address, and a bounded line to it. The same URL comes from settings and Airflow's Connections.

`requests` speaks HTTP; what it does not do is done here: an end for an answer that drips, an amount, redirects that
lead nowhere else, and the patience that a busy server asks for.
"""

import json
import math
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal, TypeVar
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from dondoc import tls
from dondoc.bounded import CHUNK, Deadline, TooMuch, explain
from dondoc.configuration.settings import Settings
from dondoc.errors import Problem
from dondoc.mail.servers import BARE, Trust, Unusable, on_loopback, trust

SurveyKind = Literal["kobo", "odk"]
Plain = TypeVar("Plain", dict[str, Any], list[Any])
SCHEMES: Mapping[str, tuple[SurveyKind, str, int]] = {
    f"{kind}+{scheme}": (kind, scheme, port)
    for kind in ("kobo", "odk")
    for scheme, port in (("https", 443), ("http", 80))
}
PAGE = 64 << 20  # bytes of one answer
VALUES = 2_000_000  # in one answer: 64 MB of empty objects would take 1.7 GB
PATIENCE = 30.0  # seconds for one step of the server
ONE_ANSWER = 60.0  # seconds for all of one answer
TRIES = 4  # of one question to a server that is busy or breaks off
BACKOFF = 0.5  # seconds, doubled each time, where the server does not say how long to wait
REDIRECTS = 3
BUSY = (429, 500, 502, 503, 504)
LASTING = (ssl.SSLError, ConnectionRefusedError, socket.gaierror)  # asking again at once changes nothing
_WHAT = "Địa chỉ máy chủ khảo sát (DONDOC_SURVEY_URL hoặc kết nối dondoc_survey)"
_LIKE = (
    "kobo+https://:khóa-API@máy-chủ/mã-phiếu,mã-phiếu hoặc odk+https://người-dùng:mật-khẩu@máy-chủ/dự-án/mã-phiếu; ký "
    "tự đặc biệt trong tên, khóa và mật khẩu viết dạng %XX"
)
_FORM = re.compile(r"[\w.:-]{1,100}", re.ASCII)


class Refused(Exception):
    """The server does not give this one thing; why, in words."""


@dataclass(frozen=True)
class SurveyServer:
    """Where survey submissions lie, and which forms of it are ours. `user` and `project` are ODK Central's."""

    kind: SurveyKind
    scheme: str
    host: str
    port: int
    password: str = field(repr=False)  # Kobo: the API token
    forms: tuple[str, ...]
    user: str = ""
    project: str = ""
    trust: Trust = field(default_factory=Trust)

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def bares_password(self) -> bool:
        """True when the login would show the password on the way, and nobody has said that it may."""
        return self.scheme == "http" and not on_loopback(self.host) and not self.trust.plain_login


def server(settings: Settings) -> SurveyServer | None:
    """The server whose submissions are read; None when none is set.

    Raises:
        Problem: its URL cannot be read.
    """
    return from_url(settings.survey_url.get_secret_value(), trust(settings)) if settings.survey_url else None


def from_url(url: str, trust: Trust = Trust()) -> SurveyServer:
    """Read `kobo+https://:token@host/form,form` or `odk+https://user:password@host/project/form,form`.

    Raises:
        Problem: the URL is none of these. It never quotes the URL, which holds a password.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise _unreadable("cổng không phải số, hoặc mật khẩu có ký tự chưa mã hóa") from None
    if parts.scheme not in SCHEMES:
        raise _unreadable(f"phải bắt đầu bằng {', '.join(f'{scheme}://' for scheme in SCHEMES)}")
    kind, scheme, usual = SCHEMES[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if kind == "kobo":
        user, password = "", password or user
    *project, forms = [unquote(part) for part in parts.path.strip("/").split("/")]
    names = tuple(name for name in forms.split(",") if name)
    if not parts.hostname:
        raise _unreadable("thiếu tên máy chủ")
    if not password or (kind == "odk" and not user):
        raise _unreadable("thiếu khóa API" if kind == "kobo" else "thiếu người dùng hoặc mật khẩu")
    if not (password.isascii() and password.isprintable()):
        raise _unreadable("khóa API hoặc mật khẩu có ký tự lạ")
    if parts.query or parts.fragment or not names or not all(map(_FORM.fullmatch, names)):
        raise _unreadable("sau tên máy chủ phải là mã phiếu, nhiều mã cách nhau bằng dấu phẩy")
    if len(project) != (kind == "odk") or not all(number.isdecimal() for number in project):
        raise _unreadable("thừa phần trước mã phiếu" if kind == "kobo" else "trước mã phiếu phải là số của dự án")
    return SurveyServer(kind, scheme, parts.hostname, port or usual, password, names, user, "".join(project), trust)


def _unreadable(reason: str) -> Problem:
    return Problem(f"{_WHAT} không đọc được: {reason}. Viết dạng {_LIKE}.")


class _Adapter(HTTPAdapter):
    """Believes whom our context believes, and nobody else."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, ssl_context=self._context)

    def cert_verify(self, *args: Any) -> None:
        """Not by the library's own list of authorities: the context verifies."""


class _Session(requests.Session):
    """Looks at no redirect by itself: it would read all of the answer that names one, however long."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes


class Line:
    """Questions to one server, all within a deadline. What it answers leads nowhere but to itself."""

    def __init__(self, server: SurveyServer, deadline: Deadline) -> None:
        """Connects to nothing yet.

        Raises:
            Unusable: the password would leave in clear.
            Problem: our own certificates cannot be used.
        """
        if server.bares_password:
            schemes = f"{server.kind}+https"
            raise Unusable(f"Máy chủ khảo sát {server.name}: {BARE.format(schemes=schemes)}.")
        self.server, self.deadline = server, deadline
        self._session = _Session()
        self._session.trust_env = False  # no proxy, no .netrc: the login is the address's
        self._session.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
        self._session.mount("https://", _Adapter(tls.context(server.trust.ca_file)))

    def authorize(self, credentials: str) -> None:
        """What every question carries from now on."""
        self._session.headers["Authorization"] = credentials

    def close(self) -> None:
        self._session.close()

    def fault(self, said: str) -> Unusable:
        return Unusable(f"Máy chủ khảo sát {self.server.name}: {said}.")

    def json(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the server answers, an object.

        Raises:
            Refused: it has no such thing for us.
            Unusable: it cannot be used now.
        """
        return self._read(dict, "GET", path, params=params)

    def listed(self, path: str) -> list[Any]:
        """As `json`, a list."""
        return self._read(list, "GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """As `json`, of what is sent there."""
        return self._read(dict, "POST", path, json=body)

    def get(self, path: str, most: int) -> bytes:
        """As `json`, any bytes; raises TooMuch when there are more."""
        return self._asked("GET", path, most)

    def delete(self, path: str) -> None:
        """Raises as `json`."""
        self._asked("DELETE", path, PAGE)

    def _read(self, kind: type[Plain], method: str, path: str, **more: Any) -> Plain:
        try:
            content = self._asked(method, path, PAGE, **more)
            if sum(map(content.count, (b"{", b"[", b","))) > VALUES:
                raise TooMuch("values without end")
            found = json.loads(content)
        except TooMuch as error:
            raise self.fault(explain(error)) from None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, kind):
            raise self.fault("trả lời không phải JSON; kiểm tra đúng địa chỉ máy chủ chưa")
        return found

    def _asked(self, method: str, path: str, most: int, **more: Any) -> bytes:
        """The content of an answer that says yes; asked again while the server is busy and there is time."""
        for attempt in range(1, TRIES + 1):
            answer, trouble, pause = None, "", BACKOFF * 2**attempt
            try:
                answer = self._followed(method, path, most, **more)
            except (TooMuch, Refused):
                raise
            except Exception as error:  # the library, and what it stands on, raise whatever they trip over
                trouble = explain(root := _root(error))
                if isinstance(root, LASTING):
                    break
            if answer is not None:
                if answer.status not in BUSY:
                    return self._content(answer)
                trouble, pause = f"đang bận hoặc lỗi (HTTP {answer.status})", _pause(answer, pause)
            if attempt == TRIES or pause > self.deadline.end - time.monotonic():
                break
            time.sleep(pause)
        raise self.fault(trouble)

    def _content(self, answer: _Answer) -> bytes:
        if answer.status in (200, 201, 204):
            return answer.content
        if answer.status == 401:
            raise self.fault(
                "từ chối khóa API hoặc mật khẩu (HTTP 401). Sửa kết nối dondoc_survey hoặc DONDOC_SURVEY_URL"
            )
        why = {403: "tài khoản không được xem", 404: "không có trên máy chủ, hoặc tài khoản không được xem"}
        raise Refused(why.get(answer.status, f"máy chủ từ chối (HTTP {answer.status})"))

    def _followed(self, method: str, path: str, most: int, **more: Any) -> _Answer:
        url = urljoin(self.server.origin, path)
        for _ in range(REDIRECTS + 1):
            answer = self._once(method, url, most, **more)
            if not 300 <= answer.status < 400:
                return answer
            more, target = {}, self._ours(url, answer.headers.get("Location", ""))
            if method != "GET" or target is None:
                break
            url = target
        raise Refused(
            "máy chủ chuyển sang một địa chỉ khác, không đi theo để khỏi lộ khóa; ghi đúng địa chỉ cuối cùng, với https"
        )

    def _ours(self, url: str, location: str) -> str | None:
        """Where a redirect leads, if that is this server."""
        try:
            target = urljoin(url, location)
            parts = urlsplit(target)
            place = (parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme))
        except ValueError:
            return None
        return target if place == (self.server.scheme, self.server.host, self.server.port) else None

    def _once(self, method: str, url: str, most: int, **more: Any) -> _Answer:
        """One question, over in time whatever the server does: it may send a byte now and then, for ever."""
        within, got = Deadline(ONE_ANSWER, self.deadline), list[_Answer | BaseException]()
        # The thread may outlast us: no timeout of a socket ends an answer whose head drips.
        thread = threading.Thread(target=self._ask, args=(method, url, most, within, got), kwargs=more, daemon=True)
        thread.start()
        thread.join(within.left(ONE_ANSWER))
        answer = got[0] if got else TimeoutError("no answer")
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _ask(
        self, method: str, url: str, most: int, within: Deadline, got: list[_Answer | BaseException], **more: Any
    ) -> None:
        try:
            with self._session.request(
                method, url, stream=True, allow_redirects=False, timeout=within.left(PATIENCE), **more
            ) as response:
                content = bytearray()
                while chunk := response.raw.read(CHUNK, decode_content=False):
                    content += chunk
                    if len(content) > most:
                        raise TooMuch("bytes without end")
                    within.left(PATIENCE)
                got.append(_Answer(response.status_code, response.headers, bytes(content)))
        except BaseException as error:  # it is raised where somebody waits for it
            got.append(error)


def _root(error: BaseException) -> Exception:
    """What lies under the library's own errors, which quote the address."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error if isinstance(error, Exception) else OSError()


def _pause(answer: _Answer, usual: float) -> float:
    """Seconds that the server asks us to wait (RFC 9110, 10.2.3)."""
    asked = answer.headers.get("Retry-After", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return usual
    return max(0.0, seconds) if math.isfinite(seconds) else usual
