"""Official letters of ours: drafts that wait for the clerk, and the register of those that were issued."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dondoc import clock
from dondoc.escalation import official as room
from dondoc.escalation.ladder import ladder_on
from dondoc.facts import issued
from dondoc.store.official import OfficialIssue, OfficialLetter
from dondoc.vocabulary.numbers import CV
from dondoc.vocabulary.official import OfficialState
from dondoc.web.pages import Day, Text, app_of, audited, download, page, redirect, uploaded
from dondoc.web.user import User

SHOWN = 50  # drafts of the list


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()
    Operator = Annotated[User, Depends(require_operator)]

    @routes.get("/official", response_class=HTMLResponse)
    def register(request: Request) -> HTMLResponse:
        app, now = app_of(request), clock.now()
        with app.sessions.reading() as session:
            entries = room.register(app, session, now)[:SHOWN]
            ladder = ladder_on(app, session, now.astimezone(clock.HERE).date())
        owing = {one.agency for letter in ladder.letters.values() for one in letter.obligations}
        names = {agency.id: agency.name for agency in app.registry.agencies}
        asked = {one.letter.id: list(dict.fromkeys(i.agency for i in issued.items(one.letter))) for one in entries}
        return page(
            request,
            "official.html",
            waiting=[one for one in entries if one.state == OfficialState.WAITING],
            over=[one for one in entries if one.state == OfficialState.OVER],
            issued_ones=[one for one in entries if one.issue],
            asked=asked,
            steps=room.steps_to_cover(ladder),
            most_days=room.MOST_DAYS,
            owing=[agency for agency in app.registry.agencies if agency.id in owing and agency.alive(now.date())],
            names=names,
            between=app.calendar.between,
            CV=CV,
        )

    @routes.get("/official/{letter}/draft")
    def draft(request: Request, letter: int) -> Response:
        if (row := _letter(request, letter)).elsewhere:
            raise HTTPException(404, f"{CV(letter)} soạn ngoài chương trình: không có dự thảo.")
        audited(request, "download", CV(letter), file=room.filename(row))
        return download(app_of(request).blobs.get(row.blob), room.filename(row))

    @routes.get("/official/{letter}/signed")
    def signed(request: Request, letter: int) -> Response:
        app, row = app_of(request), _letter(request, letter)
        with app.sessions.reading() as session:
            its: OfficialIssue | None = issued.issue_of(session, row.id)
        if its is None:
            raise HTTPException(404, f"{CV(letter)} chưa vào sổ.")
        audited(request, "download", CV(letter), file="signed.pdf")
        return download(app.blobs.get(its.blob), f"{CV(letter)}_da_ky.pdf")

    @routes.post("/official/{letter}/issue")
    def issue(
        request: Request,
        letter: int,
        number: Text,
        document_date: Annotated[Day, Form()],
        signer: Text,
        file: UploadFile,
        user: Operator,
        agency: Annotated[list[str] | None, Form()] = None,
    ) -> RedirectResponse:
        app, content = app_of(request), uploaded(file, "Chọn văn bản đã ký.")
        row = issued.issue(
            app,
            letter,
            number=number,
            document_date=document_date,
            signer=signer,
            signed=content,
            agencies=agency or (),
            actor=user.actor,
            now=clock.now(),
        )
        return redirect(request, "/official", f"Đã vào sổ {CV(letter)}: số {row.document_number}.")

    @routes.post("/official/enter")
    def enter(
        request: Request,
        number: Text,
        document_date: Annotated[Day, Form()],
        signer: Text,
        step: Text,
        answer_days: Annotated[int, Form()],
        file: UploadFile,
        user: Operator,
        agency: Annotated[list[str] | None, Form()] = None,
    ) -> RedirectResponse:
        """A letter written elsewhere; `step`: directive and step, a colon between them."""
        app, content = app_of(request), uploaded(file, "Chọn văn bản đã ký.")
        directive, _, name = step.partition(":")
        row = room.issue_elsewhere(
            app,
            directive,
            name,
            agency or (),
            number=number,
            document_date=document_date,
            signer=signer,
            signed=content,
            answer_days=answer_days,
            actor=user.actor,
            now=clock.now(),
        )
        return redirect(request, "/official", f"Đã vào sổ công văn số {row.document_number} ({CV(row.letter_id)}).")

    @routes.post("/official/{letter}/unissue")
    def unissue(request: Request, letter: int, reason: Text, user: Operator) -> RedirectResponse:
        row = issued.unissue(app_of(request), letter, reason=reason, actor=user.actor, now=clock.now())
        return redirect(request, "/official", room.taken_back(app_of(request), row))

    return routes


def _letter(request: Request, number: int) -> OfficialLetter:
    with app_of(request).sessions.reading() as session:
        row = session.get(OfficialLetter, number)
    if row is None:
        raise HTTPException(404, f"Không có dự thảo {CV(number)}.")
    return row
