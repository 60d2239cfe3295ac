"""The pages over a real database, seen by an operator, a viewer, or nobody."""

from collections.abc import Callable
from functools import cache

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from lxml import html

from dondoc.web.app import create_app
from dondoc.web.user import NotLoggedIn, User
from dondoc.world import World

ORIGIN = {"Origin": "http://testserver"}
PEOPLE = {
    "ops": User("ops", may_act=True, login="ops.dangnhap"),
    "viewer": User("nguoixem", may_act=False, login="nguoixem"),
    "approver": User("duyet", may_act=True, login="b.tran", address="10.1.2.3"),
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
def visit(world: World) -> Visit:
    """A browser of somebody with a role; an empty role is a logged-out visitor."""
    return browsers(world)


def browsers(world: World) -> Visit:
    """One browser a role, which keeps its cookies."""
    app = create_app(current_user=visitor, world=lambda: world)

    @cache
    def browser(role: str) -> TestClient:
        return TestClient(app, headers={"x-role": role} if role else {}, follow_redirects=False)

    return browser


def rows_of(page: str) -> list[list[str]]:
    """The body rows of the first table of a page, as text."""
    tree = html.fromstring(page)
    return [[" ".join(cell.text_content().split()) for cell in row] for row in tree.xpath("(//table)[1]/tbody/tr")]


def words_of(page: str) -> str:
    return " ".join(html.fromstring(page).text_content().split())
