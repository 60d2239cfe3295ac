"""Render a page, or send the visitor on after an action."""

from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from dondoc.web.user import User
from dondoc.world import World

LARGEST = 20 * 2**20  # bytes of an upload
_templates = Jinja2Templates(directory=Path(__file__).with_name("templates"))


def world_of(request: Request) -> World:
    """The world of this request."""
    world: World = request.app.state.world()
    return world


def agencies(world: World, day: date) -> dict[str, str]:
    """Names by id, in administrative order, of the agencies that exist or have existed: not those still to come."""
    known = [a for a in world.directive.agencies if a.valid_from is None or a.valid_from <= day]
    return {a.id: a.name for a in sorted(known, key=lambda a: a.order)}


def page(request: Request, template: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; the template also gets `base` (where the application is mounted), `user` and `said`."""
    user: User | None = getattr(request.state, "visitor", None)
    base = request.scope.get("root_path", "")
    said = request.query_params.get("said", "")
    context = {"base": base, "user": user, "said": said, "path": request.url.path.removeprefix(base), **values}
    return _templates.TemplateResponse(request, template, context, status_code=status)


def onward(request: Request, path: str, said: str) -> RedirectResponse:
    """After a POST: to a page that can be fetched again, with a sentence on what was done."""
    base = request.scope.get("root_path", "")
    return RedirectResponse(f"{base}{path}?{urlencode({'said': said})}", status_code=303)


def download(content: bytes, filename: str) -> Response:
    """A file to save, never to be shown: what arrived may be hostile."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, '')}"}
    return Response(content, media_type="application/octet-stream", headers=headers)


async def uploaded(file: UploadFile, advice: str) -> bytes:
    """What a visitor sent, and no more of it than `LARGEST`.

    Raises:
        HTTPException: 400 when it is empty or larger; `advice` says what to do.
    """
    content = await file.read(LARGEST + 1)
    if not content or len(content) > LARGEST:
        raise HTTPException(400, f"Tệp rỗng hoặc lớn hơn 20 MB. {advice}")
    return content
