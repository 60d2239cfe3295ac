"""What waits for a person; giving it to an agency; uploading a file for somebody."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.facts import contact_changes
from dondoc.forms.spec import load_specs
from dondoc.intake import browse, record
from dondoc.intake import inbox as room
from dondoc.intake.answers.answer import answer
from dondoc.intake.submit import submit
from dondoc.vocabulary.numbers import BN, TD
from dondoc.vocabulary.submissions import ACCEPTED, Arrival, Outcome
from dondoc.web.pages import AtTime, Back, OnDay, Text, agencies, app_of, back, page, redirect, uploaded, when
from dondoc.web.user import User


def _arrived(app: AppContext, line: dict[str, Any]) -> str:
    """What became of an upload, and what happens next."""
    number = BN(int(line["submission"]))
    if line["outcome"] not in ACCEPTED:
        return f"{number}: {Outcome.stored(line['outcome']).label}; {line['reason'].rstrip('.')}."
    if line["duplicate"]:
        return f"{number}: {Outcome.DUPLICATE.label}, không cần làm gì thêm."
    form, owner = load_specs(app.settings.data)[line["form"]].title, app.registry.agency(line["agency"]).name
    became = Outcome.stored(line["outcome"]).label
    return f"{number}: {form} của {owner} {became}. Camera đã khai được kiểm tra ở lượt tiếp nhận tới."


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/inbox", response_class=HTMLResponse)
    def inbox(request: Request, number: Annotated[int, Query(alias="page", ge=1, le=10**6)] = 1) -> HTMLResponse:
        app, now = app_of(request), clock.now()
        with app.sessions.reading() as session:
            found = browse.found(app, session, browse.Wanted(), now, inbox=True, number=number)
            changes = contact_changes.rows(contact_changes.waiting(session))
        return page(
            request,
            "inbox.html",
            waiting=found.lines,
            found=found,
            beginning=record.beginning,
            changes=changes,
            systems={s.id: s.name for s in app.registry.systems},
            names=agencies(app, clock.now().date()),
        )

    @routes.post("/inbox/upload")
    def upload(
        request: Request,
        file: UploadFile,
        user: Annotated[User, Depends(require_operator)],
        day: OnDay = None,
        hour: AtTime = None,
    ) -> RedirectResponse:
        content = uploaded(file, "Chọn tệp khác.")
        app, now = app_of(request), clock.now()
        line = submit(
            app,
            content,
            file.filename or "",
            sender="",
            channel=Arrival.UPLOAD,
            note=f"{user.name} tải lên",
            by=user.actor,
            received_at=when(day, hour, now),
            now=now,
        )
        return redirect(request, "/inbox", _arrived(app, line))

    @routes.post("/inbox/{submission}/dismiss")
    def dismiss(
        request: Request,
        submission: int,
        reason: Text,
        user: Annotated[User, Depends(require_operator)],
        here: Back = False,
    ) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.begin() as session:
            room.dismiss(session, app.secrets, submission, reason=reason, by=user.actor, now=clock.now())
        return redirect(request, back(submission, here), f"{BN(submission)}: {Outcome.DISMISSED.label}.")

    @routes.post("/inbox/{submission}/assign")
    def assign(
        request: Request,
        submission: int,
        agency: Text,
        user: Annotated[User, Depends(require_operator)],
        lasting: Annotated[bool, Form()] = False,
        day: OnDay = None,
        hour: AtTime = None,
        here: Back = False,
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        arrived = when(day, hour, now) if day else None
        verdict = room.assign(app, submission, agency, by=user.actor, now=now, lasting=lasting, arrived=arrived)
        answer(app, [submission], now=now)
        given = f"đã giao cho {app.registry.agency(agency).name}"
        done = f"{BN(submission)}: {given}; {verdict.outcome.label}; {verdict.reason.rstrip('.')}."
        return redirect(request, back(submission, here), done)

    @routes.post("/inbox/changes/{change}/confirm")
    def confirm(
        request: Request, change: int, user: Annotated[User, Depends(require_operator)], day: OnDay = None
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        since = day or now.date()
        with app.sessions.begin() as session:
            done = contact_changes.confirm(session, app.secrets, change, by=user.actor, now=now, on=since)
        sentence = f"{TD(change)}: từ ngày {since:%d/%m/%Y} {done.name} là cán bộ đầu mối."
        return redirect(request, "/inbox", sentence)

    @routes.post("/inbox/changes/{change}/refuse")
    def refuse(
        request: Request, change: int, reason: Text, user: Annotated[User, Depends(require_operator)]
    ) -> RedirectResponse:
        app, secrets = app_of(request), app_of(request).secrets
        with app.sessions.begin() as session:
            contact_changes.refuse(session, secrets, change, reason=reason, by=user.actor, now=clock.now())
        return redirect(request, "/inbox", f"{TD(change)}: đã từ chối.")

    return routes
