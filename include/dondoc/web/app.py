"""The application: its rooms, and the login that its caller provides."""

from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.routing import BaseRoute

from dondoc.configuration.context import AppContext
from dondoc.web import (
    audit,
    cameras,
    directives,
    guard,
    inbox,
    letters,
    matrix,
    official,
    pauses,
    register,
    rejudge,
    reports,
    submissions,
)
from dondoc.web.user import User

HERE = Path(__file__).parent


def create_app(
    *,
    current_user: Callable[[Request], User | Awaitable[User]],
    app: Callable[[], AppContext],
    login_url: str = "/auth/login",
) -> FastAPI:
    """The pages.

    Args:
        current_user: who sends a request, told by its headers alone: asked before the body is read. Raises
            NotLoggedIn for a visitor without a login, HTTPException (403) for one who may see nothing. Must not block.
        app: opens settings and database for one request.
        login_url: where a logged-out visitor is led, with `?next=` to come back.
    """
    pages = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, routes=_routes())
    pages.add_middleware(guard.Guard, current_user=current_user, app=app, login_url=login_url)

    def refused(request: Request, error: Exception) -> Response:
        return guard.refusal(request, error)

    for kind in (AnyHTTPException, RequestValidationError):  # FastAPI has answers of its own to these
        pages.add_exception_handler(kind, refused)
    return pages


@cache
def _routes() -> list[BaseRoute]:
    """The pages of all rooms. They hold no state, and making them takes a quarter of a second: once a process."""
    router = APIRouter()
    for room in (matrix, cameras, pauses, inbox, register, submissions, rejudge, official, directives, audit):
        router.include_router(room.router(require_operator))
    for approved in (letters, reports):
        router.include_router(approved.router(require_operator, approving))
    router.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return router.routes


def approving(request: Request) -> User:
    """Who wants to approve: whoever is logged in; whether they may is decided with the letter at hand."""
    user: User = request.state.visitor
    return user


def require_operator(request: Request) -> User:
    """Who acts: operators only. That the request comes from a page of ours was seen before its body was read."""
    user: User = request.state.visitor
    if not user.may_act:
        raise HTTPException(403, guard.LOOK_ONLY)
    return user
