"""Rulings that stand: pauses, of which one is written down here, and all others; and taking one back."""

import math
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.directive.names import in_period
from dondoc.directive.succession import responsible
from dondoc.facts import places
from dondoc.facts.rule import Ruled, rule
from dondoc.facts.rulings import standing_rulings
from dondoc.intake import open_replies
from dondoc.store.facts import Ruling
from dondoc.vocabulary.mails import Closing
from dondoc.vocabulary.rulings import CallResult, Cause, RulingKind
from dondoc.web.pages import AtTime, Day, Number, OnDay, Text, agencies, app_of, page, redirect, visitor_of, when
from dondoc.web.user import User

AHEAD = timedelta(days=3660)  # pauses that begin later are shown too
SHOWN = 50  # rulings other than pauses, on a page
EVERY = "all"  # said, never left out: a form sent too early must not silence the whole province


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/pauses", response_class=HTMLResponse)
    def pauses(request: Request, before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None) -> HTMLResponse:
        app, user, moment = app_of(request), visitor_of(request), clock.now()
        with app.sessions.reading() as session:
            held = standing_rulings(session, moment + AHEAD, undoings=True)
            standing = sorted(held, key=lambda r: r.id, reverse=True)
            listed = places.listed(session, restricted=user.may_act)
        running = [r for r in standing if r.kind == RulingKind.PAUSE and (not r.until or r.until >= moment.date())]
        others = [r for r in standing if r.kind != RulingKind.PAUSE and r.id < (before or math.inf)]
        return page(
            request,
            "pauses.html",
            rows=[_row(app, r) for r in running],
            others=[_row(app, r) for r in others[:SHOWN]],
            before=others[SHOWN - 1].id if len(others) > SHOWN else None,
            agencies=agencies(app, moment.date()),
            places=listed,
            names={agency: app.registry.agency(agency).name for agency in listed},
            every=EVERY,
            systems={s.id: s.name for s in app.registry.systems},
            today=moment.date(),
        )

    @routes.post("/pauses")
    def pause(
        request: Request,
        agency: Annotated[str, Form(min_length=1, max_length=100)],
        begins: Annotated[Day, Form()],
        document: Text,
        reason: Text,
        user: Annotated[User, Depends(require_operator)],
        system: Annotated[str, Form(max_length=100)] = "",
        place: Annotated[str, Form(max_length=1000)] = "",
        until: Annotated[Day | Literal[""], Form()] = "",
    ) -> RedirectResponse:
        app, (whose, _, named) = app_of(request), place.partition("/")
        known = any(whose == one.id for one in app.registry.agencies)
        if place and not (known and agency in (whose, responsible(app.registry, whose, begins)[0])):
            raise HTTPException(400, "Chọn điểm thì phải chọn đơn vị có điểm đó.")
        about = {"agency": agency if agency != EVERY else None, "system": system, "place": named, "until": until}
        told = {"document": document, "reason": reason, "from_": clock.at(begins, 0)}
        done, row = _rule(app, user, RulingKind.PAUSE, {**about, **told})
        covers = f" ({done.covers})" if done.covers else ""
        return redirect(request, "/pauses", f"Đã ghi quyết định số {done.number}: tạm dừng {_scope(app, row)}{covers}.")

    @routes.post("/called")
    def called(
        request: Request,
        agency: Annotated[str, Form(min_length=1, max_length=100)],
        user: Annotated[User, Depends(require_operator)],
        document: Text = "",
        reason: Text = "",
        spoken_to: Text = "",
        result: Annotated[CallResult | Literal[""], Form()] = "",
        until: Annotated[Day | Literal[""], Form()] = "",
        cause: Annotated[Cause | Literal[""], Form()] = "",
        day: OnDay = None,
        hour: AtTime = None,
    ) -> RedirectResponse:
        app, at = app_of(request), when(day, hour, clock.now())
        told = {"document": document, "reason": reason, "from_": at, "spoken_to": spoken_to.strip()}
        about = {"agency": agency, "result": result, "until": until, "cause": cause}
        done, _ = _rule(app, user, RulingKind.CALLED, {**about, **told})
        covers = f": {done.covers}" if done.covers else ""
        said = f"Quyết định số {done.number}: {RulingKind.CALLED.label} với {_agency(app, agency)}{covers}"
        return redirect(request, f"/agency/{agency}", f"{said}. {_after(result or None, until or None)}")

    @routes.post("/promised")
    def promised(
        request: Request,
        agency: Annotated[str, Form(min_length=1, max_length=100)],
        until: Annotated[Day, Form()],
        document: Text,
        user: Annotated[User, Depends(require_operator)],
        cause: Annotated[Cause | Literal[""], Form()] = "",
        reply: Number = None,
        day: OnDay = None,
        hour: AtTime = None,
    ) -> RedirectResponse:
        """`reply`: the mail that names the day, which is closed by this."""
        app, at = app_of(request), when(day, hour, clock.now())
        about = {"agency": agency, "until": until, "cause": cause, "document": document, "from_": at}
        done, _ = _rule(app, user, RulingKind.PROMISE, about, reply=reply)
        said = f"Quyết định số {done.number}: {_agency(app, agency)} hẹn; {done.covers}. {_after(None, until)}"
        return redirect(request, f"/agency/{agency}", said)

    @routes.post("/pauses/{ruling}/undo")
    def undo(
        request: Request,
        ruling: int,
        reason: Text,
        user: Annotated[User, Depends(require_operator)],
        document: Text = "",
        day: OnDay = None,
        hour: AtTime = None,
    ) -> RedirectResponse:
        app, at = app_of(request), when(day, hour, clock.now())
        document = document.strip() or f"quyết định số {ruling}"
        about = {"undoes": ruling, "document": document, "reason": reason, "from_": at}
        done, _ = _rule(app, user, RulingKind.UNDO, about)
        covers = f" ({done.covers})" if done.covers else ""
        said = f"Đã hủy quyết định số {ruling}{covers}. Số của lần hủy này: {done.number}."
        return redirect(request, "/pauses", said)

    return routes


def _rule(
    app: AppContext, user: User, kind: RulingKind, given: Mapping[str, Any], reply: int | None = None
) -> tuple[Ruled, Ruling]:
    """Write a ruling down as a form has it, whose empty fields say nothing, and close the reply that it was made of."""
    now = clock.now()
    with app.sessions.begin() as session:
        filled = {name: value for name, value in given.items() if value not in ("", None)}
        done = rule(app, session, kind, by=user.actor, now=now, **filled)
        if reply:
            open_replies.close(session, app.secrets, reply, Closing.PROMISED, done.number, by=user.actor, now=now)
        if kind == RulingKind.UNDO:
            open_replies.reopen(session, Closing.PROMISED, given["undoes"], now)
        return done, session.get_one(Ruling, done.number)


def _after(result: CallResult | None, until: date | None) -> str:
    """What becomes of letters after a call."""
    if result and not result.spoken:
        return "Thư đôn đốc vẫn đi như thường."
    return f"Không đôn đốc đến hết ngày {until:%d/%m/%Y}." if until else "Ngày đó không gửi thư đôn đốc."


def _row(app: AppContext, ruling: Ruling) -> dict[str, Any]:
    scope = _scope(app, ruling)
    to = _agency(app, ruling.to_agency) if ruling.to_agency else ""
    return {"ruling": ruling, "scope": scope[:1].upper() + scope[1:], "to": to}


def _scope(app: AppContext, ruling: Ruling) -> str:
    if ruling.undoes:
        return f"quyết định số {ruling.undoes}"
    parts = [
        _agency(app, ruling.agency) if ruling.agency else "mọi đơn vị",
        _system(app, ruling.system) if ruling.system else "mọi hệ thống",
        *([f"điểm “{ruling.place}”"] if ruling.place else []),
        *([f"vị trí “{ruling.site}”"] if ruling.site else []),
        *([in_period(ruling.deliverable, "", ruling.period)] if ruling.deliverable else []),
        *([f"văn bản {ruling.directive}"] if ruling.directive else []),
    ]
    return ", ".join(parts)


def _agency(app: AppContext, agency: str) -> str:
    """Its name; its id where the list of agencies has lost it: the page must show the ruling all the same."""
    return next((one.name for one in app.registry.agencies if one.id == agency), agency)


def _system(app: AppContext, system: str) -> str:
    return next((one.name for one in app.registry.systems if one.id == system), system)
