"""Pauses: what is not judged and not chased for a while, on what ground, and taking one back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from dondoc import clock
from dondoc.configuration.context import World
from dondoc.directive.names import deliverable
from dondoc.facts.rulings import rule, standing_rulings
from dondoc.store.facts import Ruling
from dondoc.web.pages import Day, Text, agencies, onward, page, world_of
from dondoc.web.user import User

AHEAD = timedelta(days=3660)  # pauses that begin later are shown too
EVERY = "all"  # said, never left out: a form sent too early must not silence the whole province


def router(acting: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/pauses", response_class=HTMLResponse)
    def pauses(request: Request) -> HTMLResponse:
        world, moment = world_of(request), clock.now()
        with world.sessions.reading() as session:
            standing = [
                r
                for r in standing_rulings(session, moment + AHEAD)
                if r.kind == "pause" and (r.until is None or r.until >= moment.date())
            ]
        return page(
            request,
            "pauses.html",
            rows=[_row(world, r) for r in reversed(standing)],
            agencies=agencies(world, moment.date()),
            every=EVERY,
            systems={s.id: s.name for s in world.registry.systems},
            today=moment.date(),
        )

    @routes.post("/pauses")
    def pause(
        request: Request,
        agency: Annotated[str, Form(min_length=1, max_length=100)],
        begins: Annotated[Day, Form()],
        document: Text,
        reason: Text,
        user: Annotated[User, Depends(acting)],
        system: Annotated[str, Form(max_length=100)] = "",
        site: Text = "",
        until: Annotated[Day | Literal[""], Form()] = "",
    ) -> RedirectResponse:
        if site.strip() and agency == EVERY:
            raise HTTPException(400, "Ghi điểm thì phải chọn đơn vị có điểm đó.")
        world = world_of(request)
        with world.sessions.begin() as session:
            number = rule(
                session,
                world.letters(session, clock.now().date()),
                world.registry,
                "pause",
                agency=agency if agency != EVERY else None,
                system=system or None,
                site=site.strip() or None,
                until=until or None,
                document=document,
                reason=reason,
                by=user.actor,
                secrets=world.secrets,
                from_=clock.at(begins, 0),
                now=clock.now(),
            )
            scope = _scope(world, session.get_one(Ruling, number))
        return onward(request, "/pauses", f"Đã ghi quyết định số {number}: tạm dừng {scope}.")

    @routes.post("/pauses/{ruling}/undo")
    def undo(request: Request, ruling: int, reason: Text, user: Annotated[User, Depends(acting)]) -> RedirectResponse:
        world = world_of(request)
        with world.sessions.begin() as session:
            document = f"quyết định số {ruling}"
            rule(
                session,
                world.letters(session, clock.now().date()),
                world.registry,
                "undo",
                undoes=ruling,
                document=document,
                reason=reason,
                by=user.actor,
                secrets=world.secrets,
                now=clock.now(),
            )
        return onward(request, "/pauses", f"Đã hủy quyết định số {ruling}.")

    return routes


def _row(world: World, ruling: Ruling) -> dict[str, Any]:
    scope = _scope(world, ruling)
    return {"ruling": ruling, "scope": scope[:1].upper() + scope[1:]}


def _scope(world: World, ruling: Ruling) -> str:
    parts = [
        world.registry.agency(ruling.agency).name if ruling.agency else "mọi đơn vị",
        world.registry.system(ruling.system).name if ruling.system else "mọi hệ thống",
        *([f"điểm “{ruling.site}”"] if ruling.site else []),
        *([deliverable(ruling.deliverable)] if ruling.deliverable else []),
    ]
    return ", ".join(parts)
