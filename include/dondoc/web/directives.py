"""Letters as dated records: entered without YAML, checked, looked at in advance, put into force, amended, closed."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from dondoc import clock, lifecycle
from dondoc.configuration.context import AppContext
from dondoc.directive import record
from dondoc.directive.ladders import ready_ladders
from dondoc.directive.names import in_period
from dondoc.directive.record import State, Version
from dondoc.errors import Problem
from dondoc.escalation import words
from dondoc.escalation.forecast import WEEKS, Expected, Forecast, forecast
from dondoc.web import directive_form
from dondoc.web.directive_form import DirectiveForm
from dondoc.web.pages import Day, Text, app_of, page, redirect
from dondoc.web.user import User

STATE = {"draft": "bản nháp", "active": "đang thực hiện", "closed": "đã kết thúc"}
Seen = Annotated[int, Form(ge=1, le=1_000_000)]  # the version that was on the page


async def typed(request: Request) -> FormData:
    return await request.form()


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/directives", response_class=HTMLResponse)
    def directives(request: Request) -> HTMLResponse:
        app, today = app_of(request), clock.now().date()
        with app.sessions.reading() as session:
            known = app.versions(session)
        now = record.holding(known, today)
        newest = {version.directive.id: version for version in known}
        rows = [(now.get(name, version), version) for name, version in newest.items()]
        rows.sort(key=lambda row: (row[0].directive.day or record.ALWAYS, row[0].directive.id), reverse=True)
        return page(request, "directives.html", rows=rows, states=STATE, today=today)

    @routes.get("/directives/new", response_class=HTMLResponse)
    def new(request: Request) -> HTMLResponse:
        return _form(request, directive_form.empty(clock.now().date()), [])

    @routes.post("/directives", response_model=None)
    def enter(
        request: Request,
        form: Annotated[FormData, Depends(typed)],
        user: Annotated[User, Depends(require_operator)],
    ) -> HTMLResponse | RedirectResponse:
        return _save(request, user, form, [])

    @routes.get("/directives/{directive}", response_class=HTMLResponse)
    def directive(request: Request, directive: str) -> HTMLResponse:
        with app_of(request).sessions.reading() as session:
            return _shown(request, _versions(app_of(request), session, directive))

    @routes.post("/directives/{directive}/forecast", response_class=HTMLResponse)
    def look_ahead(request: Request, directive: str, _: Annotated[User, Depends(require_operator)]) -> HTMLResponse:
        """Costs seconds, and so not for everybody who looks at the page."""
        app = app_of(request)
        with app.sessions.reading() as session:
            history = _versions(app, session, directive)
            shown = history[-1]
            if shown.state is State.CLOSED:
                raise HTTPException(400, "Văn bản đã kết thúc: không còn đôn đốc.")
            found = forecast(app, session, shown.directive, shown.valid_from, clock.now())
        return _shown(request, history, found)

    @routes.get("/directives/{directive}/edit", response_class=HTMLResponse)
    def edit(request: Request, directive: str) -> HTMLResponse:
        app = app_of(request)
        with app.sessions.reading() as session:
            history = _versions(app, session, directive)
        ladders = ready_ladders(app.settings.data)
        return _form(request, directive_form.of(history[-1], app.registry, ladders, clock.now().date()), history)

    @routes.post("/directives/{directive}", response_model=None)
    def amend(
        request: Request,
        directive: str,
        form: Annotated[FormData, Depends(typed)],
        user: Annotated[User, Depends(require_operator)],
    ) -> HTMLResponse | RedirectResponse:
        with app_of(request).sessions.reading() as session:
            history = _versions(app_of(request), session, directive)
        return _save(request, user, form, history)

    @routes.post("/directives/{directive}/activate")
    def activate(
        request: Request,
        directive: str,
        version: Seen,
        user: Annotated[User, Depends(require_operator)],
        replaces: Annotated[bool, Form()] = False,
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        with app.sessions.begin() as session:
            number = lifecycle.activate(
                app, session, directive, by=user.actor, now=now, after=version, replaces=replaces
            )
        return redirect(request, f"/directives/{directive}", f"Bắt đầu thực hiện (phiên bản {number}).")

    @routes.post("/directives/{directive}/close")
    def close(
        request: Request,
        directive: str,
        version: Seen,
        on: Annotated[Day, Form()],
        document: Text,
        reason: Text,
        user: Annotated[User, Depends(require_operator)],
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        with app.sessions.begin() as session:
            number = lifecycle.close(
                app,
                session,
                directive,
                on=on,
                document=document,
                reason=reason,
                by=user.actor,
                now=now,
                after=version,
            )
        done = f"Kết thúc từ {words.short(on)} (phiên bản {number})."
        return redirect(request, f"/directives/{directive}", done)

    return routes


def _versions(app: AppContext, session: Session, directive: str) -> list[Version]:
    versions = [version for version in app.versions(session) if version.directive.id == directive]
    if not versions:
        raise HTTPException(404, f"Không có văn bản “{directive[:60]}”.")
    return versions


def _form(
    request: Request, form: DirectiveForm, history: Sequence[Version], faults: Sequence[str] = ()
) -> HTMLResponse:
    app, day = app_of(request), clock.now().date()
    own = history[-1].directive.id if history else None
    with app.sessions.reading() as session:
        known = {v.directive.id: v.directive.title for v in app.versions(session)}
    return page(
        request,
        "directive_form.html",
        status=400 if faults else 200,
        form=form,
        faults=faults,
        own=own,
        to_come=record.to_come(history, clock.now()),
        amends=directive_form.amends(history),
        milestones=[one.text for one in history[-1].file.milestones] if history else [],
        others={name: title for name, title in known.items() if name != own},
        choices=directive_form.choices(app.registry, ready_ladders(app.settings.data), form, day),
    )


def _save(request: Request, user: User, typed: FormData, history: Sequence[Version]) -> HTMLResponse | RedirectResponse:
    """Record what was typed as a draft; where something is wrong, say it and show all of it again."""
    app, now, form = app_of(request), clock.now(), directive_form.read(typed)
    with app.sessions.reading() as session:
        known = {v.directive.id for v in app.versions(session)}
    letter, faults = form.letter(app, history, known, now.date())
    if letter is None or faults:
        return _form(request, form, history, faults)
    try:
        with app.sessions.begin() as session:
            number = lifecycle.enter(
                app,
                session,
                letter,
                state=State.DRAFT,
                valid_from=form.begins(now.date()),
                document=form.document,
                reason=form.reason,
                by=user.actor,
                now=now,
                after=form.seen,
                replaces=form.replaces,
            )
    except Problem as problem:  # what was typed is not lost with it
        return _form(request, form, history, [str(problem)])
    return redirect(request, f"/directives/{letter.id}", f"Đã lưu bản nháp (phiên bản {number}): chưa đôn đốc ai.")


def _shown(request: Request, history: Sequence[Version], ahead: Forecast | None = None) -> HTMLResponse:
    """A letter's page, with what is to be expected where that was asked for."""
    app, shown, today = app_of(request), history[-1], clock.now().date()
    over = shown.state is State.CLOSED and shown.valid_from <= today
    closable = any(v.state is not State.DRAFT for v in history) and not over
    return page(
        request,
        "directive.html",
        shown=shown,
        history=list(reversed(history)),
        holds=record.holding(history, today).get(shown.directive.id),
        faults=[] if shown.state is State.CLOSED else directive_form.faults(app, shown.file),
        duties=directive_form.duties(app.registry, shown.file),
        ahead=ahead,
        expected=[_row(app, one) for one in ahead.expected] if ahead else [],
        weeks=WEEKS,
        closable=closable,
        to_replace=record.to_come(history, clock.now(), shown.valid_from) if shown.state is State.DRAFT else [],
        states=STATE,
        today=today,
    )


def _row(app: AppContext, expected: Expected) -> dict[str, Any]:
    decision = expected.decision
    assert decision.step is not None
    return {
        "day": decision.day,
        "agency": app.registry.agency(decision.agency).name,
        "step": " và ".join(dict.fromkeys(words.title(step) for step in decision.steps.values())),
        "to": " hoặc ".join(role.label for role in decision.step.to),
        "approval": any(step.approval for step in decision.steps.values()),
        "addresses": expected.addresses,
        "duties": [in_period(s.duty.deliverable, s.duty.text, s.duty.period) for s in decision.ground],
        "others": len(decision.steps) > 1,
    }
