"""The pages over a real database, seen by an operator, a viewer, or nobody."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import pytest
import uvicorn
from fastapi import Request
from fastapi.testclient import TestClient
from lxml import html

from dondoc.configuration.context import AppContext
from dondoc.web.app import create_app
from dondoc.web.user import NotLoggedIn, User

ORIGIN = {"Origin": "http://testserver"}
PEOPLE = {
    "ops": User("ops", may_act=True, login="ops.dangnhap"),
    "viewer": User("nguoixem", may_act=False, login="nguoixem"),
    "approver": User("duyet", may_act=True, login="b.tran"),
    "machine": User("airflow", may_act=True, login="airflow"),
    "admin": User("quantri", may_act=True, login="quantri", administers=True),
}


def visitor(request: Request) -> User:
    """Stands in for Airflow's login: the role is in a header. Airflow's own is tested with a real api-server."""
    try:
        return PEOPLE[request.headers["x-role"]]
    except KeyError:
        raise NotLoggedIn from None


Visit = Callable[[str], TestClient]


@pytest.fixture
def visit(app: AppContext) -> Visit:
    """A browser of somebody with a role; an empty role is a logged-out visitor."""
    return browsers(app)


def browsers(app: AppContext) -> Visit:
    """One browser a role, which keeps its cookies."""
    pages = create_app(current_user=visitor, app=lambda: app)

    @cache
    def browser(role: str) -> TestClient:
        headers = {"x-role": role} if role else {}
        return TestClient(pages, headers=headers, follow_redirects=False, client=("10.1.2.3", 50_000))

    return browser


def rows_of(page: str) -> list[list[str]]:
    """The body rows of the first table of a page, as text."""
    tree = html.fromstring(page)
    return [[" ".join(cell.text_content().split()) for cell in row] for row in tree.xpath("(//table)[1]/tbody/tr")]


def words_of(page: str) -> str:
    return " ".join(html.fromstring(page).text_content().split())


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Served:
    """The pages behind a real uvicorn on loopback, spoken to over bare sockets."""

    port: int

    def connect(self, timeout: float = 30) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def ask(self, method: str, path: str, *, role: str = "", body: bytes = b"", **headers: str) -> Answer:
        """One request as it is written here, and what comes back. Underscores in names of headers are hyphens."""
        with self.connect() as line:
            line.sendall(self.head(method, path, role=role, length=len(body), **headers) + body)
            return heard(line, method)

    def head(self, method: str, path: str, *, role: str = "", length: int | None = None, **headers: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {headers.pop('Host', self.host)}"]
        if role:
            lines.append(f"X-Role: {role}")
        if length:
            lines.append(f"Content-Length: {length}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"


def heard(line: socket.socket, method: str = "GET") -> Answer:
    """The answer on a connection; a status of 0 when it was closed without one."""
    reply = http.client.HTTPResponse(line, method=method)
    try:
        reply.begin()
        body = reply.read()
    except (http.client.HTTPException, ConnectionError):
        return Answer(0, {}, b"")
    return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, body)


@contextmanager
def serving(app: AppContext, http: str = "httptools") -> Iterator[Served]:
    pages = create_app(current_user=visitor, app=lambda: app)
    config = uvicorn.Config(
        pages, host="127.0.0.1", port=0, http=http, log_config=None, lifespan="off", proxy_headers=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield Served(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = server.force_exit = True
        thread.join(30)


@pytest.fixture
def served(app: AppContext) -> Iterator[Served]:
    with serving(app) as found:
        yield found
