"""Render a page, or send the visitor on after an action."""

from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Form, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from dondoc import __version__, audit, clock
from dondoc.configuration.context import AppContext
from dondoc.documents.words import phone
from dondoc.errors import Problem
from dondoc.invisible import invisible
from dondoc.masking import without_addresses
from dondoc.store.session import head
from dondoc.vocabulary.numbers import BC, BN, SC, TH
from dondoc.web import message
from dondoc.web.user import User

LARGEST = 20 * 2**20  # bytes of an upload
INVISIBLE = "invisible"  # the type of the error of a field with characters that nobody sees
_templates = Jinja2Templates(directory=Path(__file__).with_name("templates"))
_templates.env.globals |= {"version": __version__, "revision": head}  # a database of another one is refused
_templates.env.globals |= {"TH": TH, "SC": SC, "BC": BC, "BN": BN, "phone": phone}


def _day(value: object) -> date:
    """A day as a browser's date field sends it, and none that arithmetic on dates cannot bear.

    Raises:
        ValueError: it is anything else; pydantic itself would take `1` for a day of 1970.
    """
    if not isinstance(value, str) or len(value) != len("2021-11-22"):
        raise ValueError
    day = date.fromisoformat(value)
    if not 1900 <= day.year <= 2999:
        raise ValueError
    return day


def _time(value: object) -> time:
    """A time of day as a browser's field sends it. Raises ValueError: it is anything else."""
    if not isinstance(value, str) or len(value) not in (len("07:30"), len("07:30:00")):
        raise ValueError
    return time.fromisoformat(value)


def _plain(value: str) -> str:
    """Raises ValueError: there are characters in it that nobody sees."""
    if character := invisible(value):
        raise PydanticCustomError(INVISIBLE, "{character}", {"character": character})
    return value


Day = Annotated[date, BeforeValidator(_day)]
Time = Annotated[time, BeforeValidator(_time)]
OnDay = Annotated[Day | None, Form()]  # with the next: when something happened
AtTime = Annotated[Time | None, Form()]
Number = Annotated[int | None, Form(ge=1, le=2**31 - 1)]  # of a row
Back = Annotated[bool, Form()]  # whether the form stands on the page of its submission, to which it leads back
Text = Annotated[str, Form(max_length=2000), AfterValidator(_plain)]


def when(day: date | None, hour: time | None, now: datetime) -> datetime:
    """When something happened, as a person says; without a day now, without an hour from the beginning of the day."""
    return now if day is None else clock.at(day, hour.hour if hour else 0, hour.minute if hour else 0)


def back(submission: int, here: bool) -> str:
    """The page from which a submission was dealt with."""
    return f"/submissions/{submission}" if here else "/inbox"


def app_of(request: Request) -> AppContext:
    """What this request works with."""
    app: AppContext = request.state.app
    return app


def visitor_of(request: Request) -> User:
    """Who sent this request."""
    user: User = request.state.visitor
    return user


def agencies(app: AppContext, day: date) -> dict[str, str]:
    """Names by id, in administrative order, of the agencies that exist or have existed: not those still to come."""
    known = [a for a in app.registry.agencies if a.valid_from is None or a.valid_from <= day]
    return {a.id: a.name for a in sorted(known, key=lambda a: a.order)}


def page(
    request: Request, template: str, /, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """A page; the template also gets `base` (where the application is mounted), `user` and `message`.

    Who may only look reads no address in it, whoever wrote one where.
    """
    user: User | None = request.state.visitor
    base = request.scope.get("root_path", "")
    path = request.scope["path"].removeprefix(base)
    context = {
        "base": base,
        "user": user,
        "message": _message(request, user),
        "path": path,
        "now": clock.now(),
        **values,
    }
    text = _templates.get_template(template).render(context)
    response = HTMLResponse(shown_to(user, text), status_code=status, headers=dict(headers or {}))
    if message.COOKIE in request.cookies:
        response.delete_cookie(message.COOKIE, path=base or "/", httponly=True, samesite="strict")
    return response


def shown_to(user: User | None, text: str) -> str:
    """What of a text somebody may read."""
    return text if user and user.may_act else without_addresses(text)


def _message(request: Request, user: User | None) -> str:
    value = request.cookies.get(message.COOKIE)
    if not value or not user or not request.state.app:
        return ""
    try:
        secrets = app_of(request).secrets
    except Problem:  # the page itself says what is wrong with the key, where it needs one
        return ""
    return message.unseal(secrets, user.login or user.name, value, clock.now())


def redirect(request: Request, path: str, done: str) -> RedirectResponse:
    """After a POST: to a page that can be fetched again, with a sentence on what was done."""
    base, user = request.scope.get("root_path", ""), visitor_of(request)
    response = RedirectResponse(f"{base}{path}", status_code=303)
    sealed = message.seal(app_of(request).secrets, user.login or user.name, done, clock.now())
    if sealed:
        response.set_cookie(
            message.COOKIE,
            sealed,
            max_age=message.SECONDS,
            path=base or "/",
            secure=request.state.encrypted,
            httponly=True,
            samesite="strict",
        )
    return response


def audited(request: Request, act: str, subject: str, **details: Any) -> None:
    """Write down who saw or saved something sensitive, before they get it."""
    app = app_of(request)
    secrets, actor = app.secrets, visitor_of(request).actor
    with app.sessions.begin() as session:
        audit.record(session, secrets, actor, act, subject, now=clock.now(), **details)


def download(content: bytes, filename: str) -> Response:
    """A file to save, never to be shown: what arrived may be hostile."""
    name = quote(filename[-150:].encode(errors="replace"), "")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type="application/octet-stream", headers=headers)


def uploaded(file: UploadFile, advice: str) -> bytes:
    """What a visitor sent, and no more of it than `LARGEST`. Called in a thread, as is whoever keeps or judges it.

    Raises:
        HTTPException: 400 when it is empty or larger; `advice` says what to do.
    """
    content = file.file.read(LARGEST + 1)
    if not content or len(content) > LARGEST:
        raise HTTPException(400, f"Tệp rỗng hoặc lớn hơn 20 MB. {advice}")
    return content
