"""The outbox: what was written to whom and why, and what waits for approval."""

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc import approval, clock
from dondoc.audit import Channel
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.escalation import needed, withdrawal
from dondoc.escalation.undelivered import DELAYED
from dondoc.facts import approvers
from dondoc.facts.addressee import addressees
from dondoc.intake import open_replies, record
from dondoc.mail import outbox
from dondoc.staff import to_approve
from dondoc.staff.to_approve import Entry
from dondoc.store.intake import Mail
from dondoc.store.mail import OutboxEvent, OutboxLetter
from dondoc.vocabulary.letters import IN_HAND, STOPPABLE, OutboxState
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.numbers import TH
from dondoc.vocabulary.reasons import said
from dondoc.web.pages import Day, Text, app_of, audited, download, page, redirect, visitor_of
from dondoc.web.user import User

SHOWN = 50  # letters on a page
ADDRESSES = select(OutboxLetter.id, OutboxLetter.recipient)
DOOR = {
    Channel.PAGE: "trang đôn đốc",
    Channel.CLI: "dòng lệnh",
    Channel.AIRFLOW: "Airflow",
    Channel.MAIL: "thư",
    Channel.MACHINE: "máy",
}


def may_approve(app: AppContext, session: Session, user: User, now: datetime) -> str | None:
    """None when this is an approver, else a sentence why not and who is one."""
    day, issuer = now.astimezone(clock.HERE).date(), app.registry.office
    try:
        approvers.approver(session, issuer, user.actor, day, email=user.email)
    except Problem as refused:
        return str(refused)
    return None


def state_of(letter: OutboxLetter) -> str:
    """A letter's state for people: who has approved a letter that is still held is not asked again, and of one that
    needs no approver nobody is asked."""
    if letter.state != OutboxState.HELD:
        return letter.state.label
    if letter.approved_by:
        return "đã duyệt, đang giữ"
    return letter.state.label if letter.needs_approval else "đang giữ"


def router(require_operator: Callable[..., User], approving: Callable[..., User]) -> APIRouter:
    """`approving`: anybody with a login, whom the address book may know as an approver."""
    Operator = Annotated[User, Depends(require_operator)]
    routes = APIRouter()

    @routes.get("/letters", response_class=HTMLResponse)
    def letters(
        request: Request,
        state: str | None = None,
        agency: str | None = None,
        before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    ) -> HTMLResponse:
        newest = select(OutboxLetter).order_by(OutboxLetter.id.desc()).limit(SHOWN)
        if state:
            newest = newest.where(OutboxLetter.state == state)
        if agency:
            newest = newest.where(OutboxLetter.agency == agency)
        if before:
            newest = newest.where(OutboxLetter.id < before)
        app = app_of(request)
        with app.sessions.reading() as session:
            rows = list(session.scalars(newest))
            decided = [list(unit) for _, unit in groupby(rows, lambda row: row.decision_id or -row.id)]
            counts = dict(session.execute(select(OutboxLetter.state, func.count()).group_by(OutboxLetter.state)).all())
            to = addressees(session, app.registry, rows)
            asked, stopped = _held(app, session, agency) if state == OutboxState.HELD and not before else ([], [])
            numbers = {number for one in (*asked, *stopped) for number in one.letters}
            addresses = dict(session.execute(ADDRESSES.where(OutboxLetter.id.in_(numbers))).all())
            refused = may_approve(app, session, visitor_of(request), clock.now())
            needs = [] if state or agency or before else needed.lacking(app, session, clock.now())
        names = {a.id: a.name for a in app.registry.agencies}
        return page(
            request,
            "letters.html",
            rows=rows,
            decided=[unit for unit in decided if unit[0].id not in numbers],
            state=state,
            agency=agency,
            names=names,
            counts=counts,
            states=[s for s in OutboxState if s not in IN_HAND],
            state_of=state_of,
            shown=SHOWN,
            to=to,
            asked=asked,
            stopped=stopped,
            addresses=addresses,
            refused=refused,
            needed=[*map(said, needs)],
        )

    @routes.get("/letters/{letter}", response_class=HTMLResponse)
    def letter(request: Request, letter: int) -> HTMLResponse:
        app, user = app_of(request), visitor_of(request)
        with app.sessions.reading() as session:
            if (row := session.get(OutboxLetter, letter)) is None:
                raise HTTPException(404, f"Không có thư {TH(letter)}.")
            history = select(OutboxEvent).where(OutboxEvent.letter_id == letter).order_by(OutboxEvent.id)
            events = list(session.scalars(history))
            approvals = outbox.approvals(session, letter)
            unit = outbox.siblings(session, row)
            to = addressees(session, app.registry, unit)
            stopped = approval.stop_of(session, row, clock.now())
            refused = may_approve(app, session, user, clock.now())
            taken_back = withdrawal.letter_withdrawn(session, letter)
            corrections = withdrawal.corrections(session, unit)
            replies = open_replies.of_letters(app, session, [letter], clock.now())
            bounces = select(Mail).where(Mail.kind == MailKind.BOUNCE, Mail.letter_id == letter).order_by(Mail.id)
            returned = list(session.scalars(bounces))
        return page(
            request,
            "letter.html",
            row=row,
            unit=unit,
            stopped=stopped,
            withdrawn=taken_back,
            corrections=corrections,
            replies=replies,
            beginning=record.beginning,
            returned=returned,
            delayed=DELAYED,
            never=withdrawal.NEVER,
            waiting=STOPPABLE,
            to=to,
            events=events,
            approvals=[one for one, _ in approvals],
            doors=DOOR,
            refused=refused,
            state_of=state_of,
        )

    @routes.get("/letters/{letter}/attachments/{position}")
    def attachment(request: Request, letter: int, position: int) -> Response:
        app, user = app_of(request), visitor_of(request)
        with app.sessions.reading() as session:
            row = session.get(OutboxLetter, letter)
            approves = row is not None and row.needs_approval and not may_approve(app, session, user, clock.now())
        if not (user.may_act or approves):  # who releases a letter reads all of it first
            raise HTTPException(403, "Tệp kèm có thể chứa thông tin nhạy cảm: chỉ người vận hành được tải về.")
        if row is None or not 0 <= position < len(row.attachments):
            raise HTTPException(404, "Thư này không có tệp kèm đó.")
        file = row.attachments[position]
        content = app.blobs.get(file["sha256"])
        audited(request, "download", TH(letter), file=file["filename"])
        return download(content, file["filename"])

    @routes.post("/letters/approve")
    def approve_several(
        request: Request,
        user: Annotated[User, Depends(approving)],
        letters: Annotated[list[int], Form(max_length=1000)] = [],  # noqa: B006 - FastAPI copies it
    ) -> RedirectResponse:
        """Those decisions that are ticked, each by a letter of it; the rest waits."""
        done = _approve(request, letters, user) if letters else "Chưa chọn quyết định nào: chưa gửi gì."
        return redirect(request, "/letters?state=held", done)

    @routes.post("/letters/{letter}/approve")
    def approve(request: Request, letter: int, user: Annotated[User, Depends(approving)]) -> RedirectResponse:
        return redirect(request, f"/letters/{letter}", _approve(request, [letter], user))

    @routes.post("/letters/{letter}/cancel")
    def cancel(
        request: Request,
        letter: int,
        reason: Text,
        user: Operator,
        until: Annotated[Day | Literal[""], Form()] = "",
    ) -> RedirectResponse:
        app, now = app_of(request), clock.now()
        with app.sessions.begin() as session:
            unit = approval.stop(app, session, letter, reason, user.actor, until=until or None, now=now)
            done = approval.outcome(unit, approval.stop_of(session, unit[0], now))
        return redirect(request, f"/letters/{letter}", done)

    @routes.post("/letters/{letter}/resume")
    def resume(request: Request, letter: int, reason: Text, user: Operator) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.begin() as session:
            approval.resume(app, session, letter, reason, user.actor, now=clock.now())
        return redirect(request, f"/letters/{letter}", "Bậc này được đề xuất lại từ lần lập thư kế tiếp.")

    @routes.post("/letters/{letter}/withdraw")
    def withdraw(request: Request, letter: int, reason: Text, user: Operator) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.begin() as session:
            written = withdrawal.withdraw(app, session, letter, reason, user.actor, now=clock.now())
            done = withdrawal.outcome(written)
        return redirect(request, f"/letters/{letter}", done)

    @routes.post("/letters/{letter}/keep")
    def keep(request: Request, letter: int, reason: Text, user: Operator) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.begin() as session:
            withdrawal.take_back(app, session, letter, reason, user.actor, now=clock.now())
        return redirect(request, f"/letters/{letter}", f"{TH(letter)}: thôi rút lại.")

    @routes.post("/letters/{letter}/settle")
    def settle(request: Request, letter: int, word: Text, user: Operator) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.begin() as session:
            row = outbox.settle(session, letter, word, user.actor, secrets=app.secrets, now=clock.now())
        return redirect(request, f"/letters/{letter}", f"{TH(letter)}: {row.state.label}.")

    return routes


def _held(app: AppContext, session: Session, agency: str | None) -> tuple[list[Entry], list[Entry]]:
    """The decisions that wait for an approver, and those that are held for another reason; of one agency, or of all."""
    now = clock.now()
    found = to_approve.waiting(app, session, now), to_approve.stopped(app, session, now)
    asked, stopped = ([one for one in entries if agency in (None, one.agency)] for entries in found)
    return asked, stopped


def _approve(request: Request, letters: list[int], user: User) -> str:
    """Release decisions in the name of who is logged in; what became of their letters, for that person.

    Raises:
        HTTPException: 403, this is no approver.
    """
    app = app_of(request)
    try:
        with app.sessions.begin() as session:
            rows = approval.approve(app, session, letters, user.actor, email=user.email, now=clock.now())
    except approvers.NotAnApprover as refused:
        raise HTTPException(403, str(refused)) from None
    waits = dict.fromkeys(f" {row.reason}" for row in rows if row.state == OutboxState.HELD)
    became = "; ".join(f"{TH(row.id)}: {state_of(row)}" for row in rows)
    return f"{became}.{''.join(waits)}"
