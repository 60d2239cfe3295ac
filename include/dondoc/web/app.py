"""The application: routes, the login that its caller provides, and what every answer shares."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException as AnyHTTPException

from dondoc.errors import Problem
from dondoc.web import audit, cameras, inbox, letters, matrix, pauses, reports
from dondoc.web.pages import page
from dondoc.web.user import NotLoggedIn, User
from dondoc.world import World

HERE = Path(__file__).parent
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


def create_app(
    *,
    current_user: Callable[..., User | Awaitable[User]],
    world: Callable[[], World],
    login_url: str = "/auth/login",
) -> FastAPI:
    """The pages.

    Args:
        current_user: a FastAPI dependency; raises NotLoggedIn for a visitor without a login.
        world: opens the world for one request.
        login_url: where a logged-out visitor is led, with `?next=` to come back.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.world = world

    def known(request: Request, user: Annotated[User, Depends(current_user)]) -> User:
        request.state.visitor = user
        return user

    def acting(request: Request, user: Annotated[User, Depends(known)]) -> User:
        return _may_post(request, user)

    def approving(request: Request, user: Annotated[User, Depends(known)]) -> User:
        return _from_our_page(request, user)

    for room in (matrix, cameras, pauses, inbox, reports, audit):
        app.include_router(room.router(acting), dependencies=[Depends(known)])
    app.include_router(letters.router(acting, approving), dependencies=[Depends(known)])
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")

    @app.exception_handler(NotLoggedIn)
    def login(request: Request, _: Exception) -> Response:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{login_url}?next={quote(asked)}", status_code=303)

    @app.exception_handler(Problem)
    def problem(request: Request, error: Exception) -> Response:
        return page(request, "problem.html", status=400, problem=str(error))

    @app.exception_handler(AnyHTTPException)
    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, AnyHTTPException)
        words = "Không có trang này." if error.detail == "Not Found" else error.detail
        return page(request, "problem.html", status=error.status_code, problem=words)

    @app.exception_handler(RequestValidationError)
    def incomplete(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return page(request, "problem.html", status=400, problem=_incomplete(error))

    @app.exception_handler(DBAPIError)
    def database(request: Request, _: Exception) -> HTMLResponse:
        sentence = "Cơ sở dữ liệu của dondoc không trả lời. Báo người vận hành; thử lại sau ít phút."
        return page(request, "problem.html", status=503, problem=sentence)

    @app.middleware("http")
    async def headers(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = "default-src 'self'; form-action 'self'; frame-ancestors 'self'"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return app


def _incomplete(error: RequestValidationError) -> str:
    at = {str(part) for e in error.errors() for part in e["loc"]}
    if said := [words for name, words in FIELDS.items() if name in at]:
        return f"Còn thiếu hoặc chưa đúng: {', '.join(said)}. Quay lại và điền đủ."
    return "Địa chỉ trang không đúng. Mở lại trang từ danh sách."


def _may_post(request: Request, user: User) -> User:
    """Only operators, and only from our own pages."""
    if not user.may_act:
        raise HTTPException(403, "Tài khoản này chỉ được xem. Liên hệ quản trị viên để được cấp quyền.")
    return _from_our_page(request, user)


def _from_our_page(request: Request, user: User) -> User:
    """Only from our own pages: Airflow itself has no defence against forged requests."""
    source = request.headers.get("origin") or request.headers.get("referer")
    if not source or urlsplit(source).netloc != request.headers.get("host"):
        raise HTTPException(403, "Yêu cầu không đến từ trang này. Mở lại trang rồi thao tác lại.")
    return user
