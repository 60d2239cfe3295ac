"""What waits for a person; giving it to an agency; uploading a file for somebody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive, Duty
from dondoc.directive.names import deliverable, month
from dondoc.escalation.words import short_reference
from dondoc.facts import contact_changes
from dondoc.facts.register import register
from dondoc.forms.spec import load_specs
from dondoc.intake import inbox as room
from dondoc.intake.answers.answer import answer
from dondoc.intake.submit import submit
from dondoc.store.intake import Submission
from dondoc.vocabulary.numbers import BN, TD
from dondoc.vocabulary.submissions import ACCEPTED, Arrival, Outcome
from dondoc.web.pages import (
    AtTime,
    Day,
    OnDay,
    Text,
    agencies,
    app_of,
    audited,
    download,
    page,
    redirect,
    uploaded,
    when,
)
from dondoc.web.user import User

OUTCOME: dict[str, str] = {**{outcome: outcome.label for outcome in Outcome}, "received": "chưa kiểm tra"}


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


def _arrived(app: AppContext, line: dict[str, Any]) -> str:
    """What became of an upload, and what happens next."""
    number = BN(int(line["submission"]))
    if line["outcome"] not in ACCEPTED:
        return f"{number}: {OUTCOME[line['outcome']]}; {line['reason'].rstrip('.')}."
    if line["duplicate"]:
        return f"{number}: {Outcome.DUPLICATE.label}, không cần làm gì thêm."
    form, owner = load_specs(app.settings.data)[line["form"]].title, app.registry.agency(line["agency"]).name
    return (
        f"{number}: {form} của {owner} {OUTCOME[line['outcome']]}. Camera đã khai được kiểm tra ở lượt tiếp nhận tới."
    )


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/inbox", response_class=HTMLResponse)
    def inbox(request: Request) -> HTMLResponse:
        app = app_of(request)
        with app.sessions.reading() as session:
            waiting = room.inbox(session, room.ASIDE)
            changes = contact_changes.rows(contact_changes.waiting(session))
        return page(
            request,
            "inbox.html",
            waiting=waiting,
            changes=changes,
            systems={s.id: s.name for s in app.registry.systems},
            names=agencies(app, clock.now().date()),
            outcome=OUTCOME,
            channels={way: f"({way.label})" for way in Arrival},
            came=lambda text: datetime.fromisoformat(text).astimezone(clock.HERE),
        )

    @routes.get("/inbox/{submission}/original")
    def original(request: Request, submission: int) -> Response:
        user: User = request.state.visitor
        if not user.may_act:
            raise HTTPException(403, "Bản gốc có thể chứa thông tin nhạy cảm: chỉ người vận hành được tải về.")
        app = app_of(request)
        with app.sessions.reading() as session:
            row = session.get(Submission, submission)
        if row is None:
            raise HTTPException(404, f"Không có bản nộp {BN(submission)}.")
        content = app.blobs.get(row.sha256)
        audited(request, "download", BN(submission), file=row.filename)
        return download(content, row.filename)

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
        request: Request, submission: int, reason: Text, user: Annotated[User, Depends(require_operator)]
    ) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.begin() as session:
            room.dismiss(session, app.secrets, submission, reason=reason, by=user.actor, now=clock.now())
        return redirect(request, "/inbox", f"{BN(submission)}: {Outcome.DISMISSED.label}.")

    @routes.get("/register", response_class=HTMLResponse)
    def paper(request: Request) -> HTMLResponse:
        return _entry(request, None)

    @routes.post("/register")
    def enter_paper(
        request: Request,
        paper: Annotated[Paper, Depends()],
        user: Annotated[User, Depends(require_operator)],
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        with app.sessions.begin() as session:
            entered = _register(app, session, user, now, paper, when(paper.day, paper.hour, now))
        entry = f"VB-{entered:04}: {paper.summary(app)}"
        return redirect(request, "/register", entry)

    @routes.get("/inbox/{submission}/register", response_class=HTMLResponse)
    def letter(request: Request, submission: int) -> HTMLResponse:
        with app_of(request).sessions.reading() as session:
            row = next((r for r in room.inbox(session, room.ASIDE) if r["id"] == str(submission)), None)
        if row is None:
            raise HTTPException(404, f"Bản nộp {BN(submission)} không chờ người xử lý.")
        return _entry(request, row)

    @routes.post("/inbox/{submission}/register")
    def enter(
        request: Request,
        submission: int,
        paper: Annotated[Paper, Depends()],
        user: Annotated[User, Depends(require_operator)],
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        with app.sessions.begin() as session:
            scan = session.get_one(Submission, submission)
            arrived = when(paper.day, paper.hour, now) if paper.day else scan.happened_at
            _register(app, session, user, now, paper, arrived, scan.sha256)
            room.mark_registered(session, scan.sha256, agency=paper.agency, number=paper.number.strip(), now=now)
        return redirect(request, "/inbox", f"{BN(submission)}: {paper.summary(app)}")

    @routes.post("/inbox/{submission}/assign")
    def assign(
        request: Request,
        submission: int,
        agency: Text,
        user: Annotated[User, Depends(require_operator)],
        lasting: Annotated[bool, Form()] = False,
        day: OnDay = None,
        hour: AtTime = None,
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        arrived = when(day, hour, now) if day else None
        verdict = room.assign(app, submission, agency, by=user.actor, now=now, lasting=lasting, arrived=arrived)
        answer(app, [submission], now=now)
        return redirect(request, "/inbox", f"{BN(submission)}: {verdict.outcome.label}; {verdict.reason.rstrip('.')}.")

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


def _entry(request: Request, row: dict[str, Any] | None) -> HTMLResponse:
    """The form for a letter of an agency; `row`: the scan of it that waits, if there is one."""
    app, now = app_of(request), clock.now()
    with app.sessions.reading() as session:
        letters = app.letters_since(session, app.first_day)
    duties = [duty for letter in letters for duty in letter.obligations]
    owed = {d.id: _name(app, d, letters) for d in duties}
    keys = {d.id for d in duties if row and d.agency == row["agency"]}
    own, others = ({k: name for k, name in owed.items() if (k in keys) is mine} for mine in (True, False))
    arrival = datetime.fromisoformat(row["received_at"]).astimezone(clock.HERE) if row else now
    names = agencies(app, now.date())
    return page(request, "register.html", row=row, names=names, own=own, others=others, came=arrival)


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
