"""Judging again what is stored: some at a time are shown, and written once a person has seen what would change."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from dondoc import clock
from dondoc.bounded import Deadline
from dondoc.forms.spec import load_specs
from dondoc.intake import rejudge
from dondoc.intake.rejudge import Rejudged
from dondoc.vocabulary.submissions import Outcome
from dondoc.web.pages import agencies, app_of, page, redirect
from dondoc.web.user import User

AT_ONCE, SECONDS = 20, 20.0  # submissions that one request judges, and after how long it begins no other
Word = Annotated[str, Form(max_length=100)]
Row = Annotated[int, Form(ge=0, le=2**31 - 1)]


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/rejudge", response_class=HTMLResponse)
    def ask(request: Request) -> HTMLResponse:
        return _shown(request)

    @routes.post("/rejudge", response_class=HTMLResponse)
    def look(
        request: Request,
        _: Annotated[User, Depends(require_operator)],
        form: Word = "",
        agency: Word = "",
        after: Row = 0,
    ) -> HTMLResponse:
        """What would change. Judging costs seconds, and so not for everybody who looks at the page."""
        app, now, deadline = app_of(request), clock.now(), Deadline(SECONDS)
        waiting = [one for one in rejudge.concerned(app, form or None, agency or None) if one > after]
        done, found = 0, list[Rejudged | str]()
        while done < min(AT_ONCE, len(waiting)) and not deadline.over:
            found += rejudge.changes(app, now, form=form or None, agency=agency or None, only=[waiting[done]])
            done += 1
        return _shown(
            request,
            form=form,
            agency=agency,
            done=done,
            left=len(waiting) - done,
            last=waiting[done - 1] if done else after,
            changes=[one.as_row() for one in found if isinstance(one, Rejudged)],
            failed=[one for one in found if isinstance(one, str)],
        )

    @routes.post("/rejudge/apply")
    def apply(
        request: Request,
        submission: Annotated[list[Row], Form(max_length=AT_ONCE)],
        user: Annotated[User, Depends(require_operator)],
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        written = list(rejudge.apply(app, now, by=user.actor, only=submission))
        failed = "".join(f" {one}." for one in written if isinstance(one, str))
        done = sum(isinstance(one, Rejudged) for one in written)
        return redirect(request, "/rejudge", f"Đã ghi kết quả mới của {done:02} bản nộp.{failed}")

    return routes


def _shown(request: Request, **found: Any) -> HTMLResponse:
    app = app_of(request)
    forms = {one.id: one.label for one in load_specs(app.settings.data).values()}
    words = {outcome.value: outcome.label for outcome in Outcome}
    known = agencies(app, clock.now().date())
    return page(request, "rejudge.html", forms=forms, names=known, words=words, at_once=AT_ONCE, **found)
