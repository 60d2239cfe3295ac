"""Letters of agencies entered in the register: on paper, or from a scan that waits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive, Duty
from dondoc.directive.names import deliverable, month
from dondoc.escalation.words import short_reference
from dondoc.facts.register import register, undo
from dondoc.intake import inbox, open_replies
from dondoc.intake.record import Record
from dondoc.store.facts import RegisteredLetter
from dondoc.store.intake import Submission
from dondoc.store.retractions import not_retracted
from dondoc.vocabulary.mails import Closing
from dondoc.vocabulary.numbers import BN, VB
from dondoc.web.pages import AtTime, Back, Day, Number, OnDay, Text, agencies, app_of, back, page, redirect, when
from dondoc.web.submissions import known
from dondoc.web.user import User

SHOWN = 50  # letters of the register, on its page
Whose = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True)
class Paper:
    """A letter of an agency as it is entered into the register, with a scan that waits or without one."""

    agency: Text
    fulfils: Annotated[list[str], Form()]
    number: Text
    document_date: Annotated[Day, Form()]
    day: OnDay = None
    hour: AtTime = None

    def summary(self, app: AppContext) -> str:
        return f"đã vào sổ văn bản số {self.number.strip()} của {app.registry.agency(self.agency).name}."


def _name(app: AppContext, duty: Duty, letters: Sequence[Directive]) -> str:
    period = f", kỳ {month(duty.period)}" if duty.period else ""
    by = next(letter for letter in letters if letter.id == duty.directive)
    under = f" theo {short_reference(by)}" if len(letters) > 1 else ""
    return f"{deliverable(duty.deliverable, duty.text)} ({app.registry.system(duty.system).name}{period}){under}"


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/register", response_class=HTMLResponse)
    def paper(
        request: Request,
        about: Annotated[int | None, Query(alias="submission", ge=1, le=2**31 - 1)] = None,
        agency: Whose = "",
    ) -> HTMLResponse:
        """`submission`: a mail that says that the letter was sent, by another way."""
        return _entry(request, known(request, about) if about else None, agency, scanned=False)

    @routes.post("/register")
    def enter_paper(
        request: Request,
        paper: Annotated[Paper, Depends()],
        user: Annotated[User, Depends(require_operator)],
        reply: Number = None,
    ) -> RedirectResponse:
        """`reply`: the mail that speaks of the letter, which is closed by this."""
        app, now = app_of(request), clock.now()
        with app.sessions.begin() as session:
            number = _register(app, session, user, now, paper, when(paper.day, paper.hour, now))
            if reply:
                open_replies.close(session, app.secrets, reply, Closing.REGISTERED, number, by=user.actor, now=now)
        entry = f"{VB(number)}: {paper.summary(app)}"
        return redirect(request, "/register", entry)

    @routes.post("/register/{entry}/undo")
    def undo_paper(
        request: Request, entry: int, reason: Text, user: Annotated[User, Depends(require_operator)]
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        with app.sessions.begin() as session:
            row = undo(session, entry, reason=reason, by=user.actor, secrets=app.secrets, now=now)
            if row.blob:
                inbox.unmark_registered(session, row.blob, number=row.document_number, now=now)
            open_replies.reopen(session, Closing.REGISTERED, entry, now)
            said = f"Đã rút {VB(entry)} (văn bản số {row.document_number}) khỏi sổ."
        return redirect(request, "/register", said)

    @routes.get("/inbox/{submission}/register", response_class=HTMLResponse)
    def letter(request: Request, submission: int, agency: Whose = "") -> HTMLResponse:
        scan = known(request, submission)
        if scan.verdict and scan.verdict.outcome not in inbox.ASIDE:
            raise HTTPException(404, f"Bản nộp {BN(submission)} không chờ người xử lý.")
        return _entry(request, scan, agency, scanned=True)

    @routes.post("/inbox/{submission}/register")
    def enter(
        request: Request,
        submission: int,
        paper: Annotated[Paper, Depends()],
        user: Annotated[User, Depends(require_operator)],
        here: Back = False,
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        with app.sessions.begin() as session:
            inbox.waits(session, submission, inbox.ASIDE, now)
            scan = session.get_one(Submission, submission)
            arrived = when(paper.day, paper.hour, now) if paper.day else scan.happened_at
            _register(app, session, user, now, paper, arrived, scan.sha256)
            inbox.mark_registered(session, scan.sha256, agency=paper.agency, number=paper.number.strip(), now=now)
        return redirect(request, back(submission, here), f"{BN(submission)}: {paper.summary(app)}")

    return routes


def _entry(request: Request, about: Record | None, agency: str, *, scanned: bool) -> HTMLResponse:
    """The form for a letter of an agency; `about`: the scan of it that waits, or a mail that speaks of it. Which agency
    is asked first, where nobody knows: its own duties are few, those of all are hundreds."""
    app, now = app_of(request), clock.now()
    with app.sessions.reading() as session:
        letters = app.letters_since(session, app.first_day)
        newest = not_retracted(RegisteredLetter).order_by(RegisteredLetter.id.desc()).limit(SHOWN)
        papers = session.scalars(newest).all() if not about else []
    duties = [duty for letter in letters for duty in letter.obligations]
    owed = {d.id: _name(app, d, letters) for d in duties}
    row = about.line.as_row() if about else None
    chosen = agency or (row["agency"] if row else None)
    keys = {d.id for d in duties if d.agency == chosen}
    own, others = ({k: name for k, name in owed.items() if (k in keys) is mine} for mine in (True, False))
    arrival = about.submission.happened_at.astimezone(clock.HERE) if about and scanned else now
    return page(
        request,
        "register.html",
        row=row,
        chosen=chosen,
        scanned=scanned,
        number=about.paper[0] if about else "",
        dated=about.paper[1] if about else "",
        names=agencies(app, now.date()),
        own=own,
        others=others,
        came=arrival,
        papers=papers,
        VB=VB,
    )


def _register(
    app: AppContext,
    session: Session,
    user: User,
    now: datetime,
    paper: Paper,
    arrived: datetime,
    blob: str | None = None,
) -> int:
    return register(
        session,
        app.letters_since(session, arrived.astimezone(clock.HERE).date()),
        app.registry,
        agency=paper.agency,
        fulfils=paper.fulfils,
        number=paper.number,
        document_date=paper.document_date,
        arrived=arrived,
        blob=blob,
        by=user.actor,
        secrets=app.secrets,
        now=now,
    )
