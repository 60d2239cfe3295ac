"""Agencies by obligations: who owes what, how late, and why."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.directive import names
from dondoc.directive.model import Directive, Duty
from dondoc.escalation import sources
from dondoc.escalation.undelivered import undelivered
from dondoc.escalation.words import short_reference
from dondoc.facts import contact_changes, contacts, obligations
from dondoc.facts.obligations import Standing
from dondoc.intake import browse, open_replies, record
from dondoc.staff import alerts
from dondoc.store.cameras import Outage
from dondoc.store.facts import Contact
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import OutboxState
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.rulings import CallResult, Cause
from dondoc.web.pages import app_of, page, visitor_of
from dondoc.web.user import User

CALLED = (Role.FOCAL_OFFICER, Role.CLERK, Role.HEAD)  # whom to ring up


def _status(standing: Standing) -> str:
    if standing.duty.due_before is None and standing.status == Status.NOT_DUE:
        return "Không định thời hạn"
    return f"{standing.status.sign} {standing.status.heading}"


def _row(app: AppContext, standing: Standing, letters: Mapping[str, Directive]) -> dict[str, Any]:
    duty = standing.duty
    what = names.in_period(duty.deliverable, duty.text, duty.period) if duty.due_before else duty.text
    cells = [
        app.registry.system(duty.system).name,
        f"{what}, theo {short_reference(letters[duty.directive])}" if len(letters) > 1 else what,
        f"trước ngày {duty.due_before:%d/%m/%Y}" if duty.due_before else "không định thời hạn",
        _status(standing),
        standing.working_days_late or "",
        standing.reason,
    ]
    return {"status": standing.status if duty.due_before else "", "cells": cells}


def _contacts(app: AppContext, agency: str, moment: datetime) -> list[tuple[str, Contact]]:
    """Whom to ring up: by role, as of the day."""
    with app.sessions.reading() as session:
        return [(role.heading, one) for role in CALLED for one in contacts.find(session, agency, role, moment.date())]


def _heading(app: AppContext, duty: Duty) -> str:
    return f"{app.registry.system(duty.system).name}: {names.in_period(duty.deliverable, duty.text, duty.period)}"


def _moment(app: AppContext, text: str | None) -> datetime:
    """The end of the day that was asked for, which has to lie between a year before the letter and two years ahead.

    Raises:
        HTTPException: 400.
    """
    if not text:
        return clock.now()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise HTTPException(400, f"“{text[:40]}” không phải ngày. Viết dạng 2021-11-22.") from None
    first, last = app.first_day, clock.now().date() + timedelta(days=731)
    if not first <= day <= last:
        raise HTTPException(400, f"Chỉ xem được từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y}. Chọn ngày khác.")
    return clock.end_of(day)


def _to_do(app: AppContext) -> list[tuple[str, str]]:
    """What waits for a person now: words, and the page where it is done."""
    letters = select(func.count()).select_from(OutboxLetter)
    held = letters.where(OutboxLetter.state == OutboxState.HELD, OutboxLetter.approved_by.is_(None))
    with app.sessions.reading() as session:
        counted = [
            (browse.waiting(app, session, clock.now()), "bản nộp chờ xử lý", "/inbox"),
            (len(contact_changes.waiting(session)), "liên hệ mới chờ xác nhận", "/inbox"),
            (session.scalar(held), "thư chờ duyệt", "/letters?state=held"),
            (
                session.scalar(letters.where(OutboxLetter.state == OutboxState.UNCERTAIN)),
                "thư chưa rõ đã gửi",
                "/letters?state=uncertain",
            ),
            (
                session.scalar(letters.where(OutboxLetter.state == OutboxState.REFUSED)),
                "thư bị từ chối",
                "/letters?state=refused",
            ),
            (
                session.scalar(select(func.count()).select_from(Outage).where(Outage.closed_at.is_(None))),
                "camera mất kết nối hoặc hình không đạt",
                "/cameras?state=outage",
            ),
        ]
    return [(f"{count:02} {words}", href) for count, words, href in counted if count]


def _alerts(app: AppContext) -> list[str]:
    """What is wrong with the installation now: where, and since when."""
    with app.sessions.reading() as session:
        lines = [f"{alerts.task_or_run(alert)} (từ {alerts.since(alert)})" for alert in alerts.open_alerts(session)]
        if since := sources.stopped(session, app.settings, clock.now()):
            lines.append(f"không lượt tiếp nhận nào chạy (từ {since.astimezone(clock.HERE):%H:%M %d/%m/%Y})")
    return lines


def router(_: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/", response_class=HTMLResponse)
    def matrix(request: Request, as_of: str | None = None, directive: str | None = None) -> HTMLResponse:
        app = app_of(request)
        moment = _moment(app, as_of)
        with app.sessions.reading() as session:
            letters = {letter.id: letter for letter in app.letters(session, moment.date())}
            everything = obligations.at(app, session, moment)
        if directive is not None and directive not in letters:
            raise HTTPException(404, f"Không có văn bản “{directive[:60]}” đang thực hiện ngày {moment:%d/%m/%Y}.")
        shown = letters[directive] if directive else next(iter(letters.values()), None)
        dated = [s for s in everything if shown and s.duty.directive == shown.id and s.duty.due_before]
        cells = {(s.duty.agency, s.duty.short): s for s in dated}
        columns = {s.duty.short: s.duty for s in dated}
        agencies = sorted({a for a, _ in cells}, key=lambda a: app.registry.agency(a).order)
        return page(
            request,
            "matrix.html",
            shown=shown,
            letters=list(letters.values()),
            moment=moment,
            as_of=as_of or "",
            cells=cells,
            columns=list(columns),
            headings=["Đơn vị", *(_heading(app, duty) for duty in columns.values())],
            agencies=[app.registry.agency(a) for a in agencies],
            statuses=list(Status),
            counts={name: sum(s.status == name for s in dated) for name in Status},
            total=len(dated),
            to_do=[] if as_of else _to_do(app),
            alerts=[] if as_of else _alerts(app),
        )

    @routes.get("/agency/{agency}", response_class=HTMLResponse)
    def agency(request: Request, agency: str, as_of: str | None = None) -> HTMLResponse:
        app = app_of(request)
        moment = _moment(app, as_of)
        if agency not in {a.id for a in app.registry.agencies}:
            raise HTTPException(404, f"Không có đơn vị “{agency}” trong văn bản chỉ đạo.")
        with app.sessions.reading() as session:
            letters = {letter.id: letter for letter in app.letters(session, moment.date())}
            standings = [s for s in obligations.at(app, session, moment) if s.duty.agency == agency]
            replies = open_replies.of_agency(app, session, agency, clock.now()) if not as_of else []
            failed = undelivered(session, clock.now())
        return page(
            request,
            "agency.html",
            agency=app.registry.agency(agency),
            moment=moment,
            rows=[_row(app, s, letters) for s in standings],
            replies=replies,
            beginning=record.beginning,
            undelivered=failed,
            contacts=_contacts(app, agency, moment) if visitor_of(request).may_act else None,
            results=[*CallResult],
            causes=[*Cause],
        )

    return routes
