"""The weekly reports: their files, what they said, how far each has come, and what people do with them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from dondoc import clock
from dondoc.directive import record
from dondoc.directive.record import Version
from dondoc.documents import words
from dondoc.errors import Problem
from dondoc.facts import approvers
from dondoc.facts.issued import is_pdf
from dondoc.reporting import changes, sentences, states, texts
from dondoc.reporting import report as room
from dondoc.reporting.figures.model import code_of
from dondoc.reporting.states import Standing
from dondoc.store import files
from dondoc.store.reporting import Report
from dondoc.vocabulary.numbers import BC
from dondoc.vocabulary.reports import ReportPart, ReportState
from dondoc.web.letters import may_approve
from dondoc.web.pages import Day, Text, app_of, audited, download, page, redirect, uploaded, visitor_of
from dondoc.web.user import User

FILES = {"report.docx": "Dự thảo (Word)", "report.xlsx": "Số liệu (Excel)", "report.html": "Nội dung thư"}
GONE = "Không còn tệp này trong thư mục báo cáo."
SHOWN = 60  # reports of the list


def router(require_operator: Callable[..., User], approving: Callable[..., User]) -> APIRouter:
    """`approving`: anybody with a login, whom the address book may know."""
    routes = APIRouter()
    Operator = Annotated[User, Depends(require_operator)]

    @routes.get("/reports", response_class=HTMLResponse)
    def reports(request: Request, code: str = "") -> Response:
        app = app_of(request)
        with app.sessions.reading() as session:
            if code.strip():
                try:
                    return RedirectResponse(
                        f"{request.scope.get('root_path', '')}/reports/{states.named(session, code)[0].id}", 303
                    )
                except Problem as problem:
                    return redirect(request, "/reports", str(problem))
            query = select(Report).order_by(Report.as_of.desc(), Report.id.desc()).limit(SHOWN)
            drawn = list(session.scalars(query))
            known = record.holding(app.versions(session), clock.now().date())
            standing = states.standing(session, drawn)
        newest = {(one.directive, one.day): one.id for one in sorted(drawn, key=states.knew)}
        rows = [_row(known, standing[one.id], newest[one.directive, one.day] == one.id) for one in drawn]
        return page(request, "reports.html", rows=rows, files=FILES)

    @routes.get("/reports/{report}", response_class=HTMLResponse)
    def one(request: Request, report: int) -> HTMLResponse:
        app, row = app_of(request), _report(request, report)
        day = row.day
        with app.sessions.reading() as session:
            standing = states.standing(session, [row])[row.id]
            drafts = states.of_day(session, row.directive, day)
            versions = app.versions(session)
            written = texts.read(session, row.directive, day)
            refused = may_approve(app, session, visitor_of(request), clock.now())
        known = record.holding(versions, day)
        shown = _row(known, standing, drafts[-1].id == row.id)
        letter = known[row.directive].directive if row.directive in known else None
        different = changes.since_drawn(app, letter, row) if letter else []
        return page(
            request,
            "report.html",
            row=shown,
            files=FILES,
            newest=drafts[-1],
            parts=[(part, getattr(written, part) or "") for part in ReportPart],
            changes=different,
            refused=refused,
        )

    @routes.get("/reports/{report}/{name}")
    def file(request: Request, report: int, name: str) -> Response:
        row = _report(request, report)
        if name not in FILES:
            raise HTTPException(404, GONE)
        home = app_of(request).settings.home.absolute()
        try:
            content, figures = (_read(home, Path(row.folder) / one) for one in (name, "figures.json"))
            if code_of(json.loads(figures)) != row.code:  # a later report was drawn up into the same folder
                raise HTTPException(404, GONE)
        except (OSError, ValueError):
            raise HTTPException(404, GONE) from None
        audited(request, "download", BC(report), file=name)
        return download(content, f"bao_cao_{row.as_of:%Y%m%d}{Path(name).suffix}")

    @routes.get("/reports/{report}/signed/{issue}")
    def signed(request: Request, report: int, issue: int) -> Response:
        """The signed document, as the clerk gave it."""
        app, row = app_of(request), _report(request, report)
        with app.sessions.reading() as session:
            its = states.standing(session, [row])[row.id].issue
        if its is None or its.id != issue:
            raise HTTPException(404, GONE)
        audited(request, "download", BC(report), file="signed.pdf")
        return download(app.blobs.get(its.blob), f"bao_cao_{row.as_of:%Y%m%d}_da_ky.pdf")

    @routes.post("/reports/{report}/approve")
    def approve(request: Request, report: int, user: Annotated[User, Depends(approving)]) -> RedirectResponse:
        app = app_of(request)
        try:
            with app.sessions.begin() as session:
                states.approve(app, session, report, user.actor, email=user.email, now=clock.now())
        except approvers.NotAnApprover as refused:
            raise HTTPException(403, str(refused)) from None
        return redirect(request, f"/reports/{report}", f"Đã duyệt dự thảo {BC(report)}.")

    @routes.post("/reports/{report}/write")
    def write(
        request: Request,
        report: int,
        part: Annotated[str, Form()],
        user: Operator,
        text: Annotated[str, Form(max_length=20_000)] = "",
    ) -> RedirectResponse:
        app, row, which = app_of(request), _report(request, report), ReportPart.read(part, "phần")
        day, now = row.day, clock.now()
        with app.sessions.begin() as session:
            texts.write(session, row.directive, day, which, text, user.actor, secrets=app.secrets, now=now)
        said = f"Đã ghi phần “{which.label}”. Bấm “Lập lại” để có dự thảo mới."
        return redirect(request, f"/reports/{report}", said)

    @routes.post("/reports/{report}/draw")
    def draw(request: Request, report: int, user: Operator) -> RedirectResponse:
        """Draw up the report of that moment again, from what is known by now."""
        app, row, now = app_of(request), _report(request, report), clock.now()
        day = row.day
        with app.sessions.reading() as session:
            [letter] = room.wanted(app, session, day, row.directive)
            folders = [Path(one.folder) for one in states.of_day(session, row.directive, day)]
        home = app.settings.home.absolute() / "reports"
        first = next((one for one in folders if one.is_relative_to(home)), home / day.isoformat() / row.directive)
        out = room.draw(app, letter, row.as_of, first)
        room.enqueue(app, letter, row.as_of, out, now, user.actor)
        with app.sessions.reading() as session:
            made = states.of_day(session, row.directive, day)[-1].id
        said = f"Đã lập {BC(made)}." if made != report else "Không có gì khác so với bản này."
        return redirect(request, f"/reports/{made}", said)

    @routes.post("/reports/{report}/issue")
    def issue(
        request: Request,
        report: int,
        number: Text,
        document_date: Annotated[Day, Form()],
        file: UploadFile,
        user: Operator,
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> RedirectResponse:
        app, row = app_of(request), _report(request, report)
        signed, day = uploaded(file, "Chọn văn bản đã ký."), row.day
        if not is_pdf(signed):
            raise Problem("Văn bản đã ký phải là tệp PDF (bản ký số hoặc bản quét). Chọn lại tệp.")
        said = {"number": number, "document_date": document_date, "signed": signed, "reason": reason, "draft": report}
        states.issued(app, row.directive, day, actor=user.actor, now=clock.now(), **said)  # type: ignore[arg-type]
        told = f"Đã ghi nhận: báo cáo số liệu đến {words.short(day)} phát hành số {number.strip()}."
        return redirect(request, "/reports", told)

    @routes.post("/reports/{report}/unissue")
    def unissue(
        request: Request, report: int, user: Operator, reason: Annotated[str, Form(max_length=2000)]
    ) -> RedirectResponse:
        app, row = app_of(request), _report(request, report)
        taken = states.unissue(app, row.directive, row.day, reason=reason, actor=user.actor, now=clock.now())
        return redirect(request, f"/reports/{report}", f"Đã rút ghi nhận phát hành số {taken.document_number}.")

    return routes


def _report(request: Request, number: int) -> Report:
    with app_of(request).sessions.reading() as session:
        row = session.get(Report, number)
    if row is None:
        raise HTTPException(404, "Không có báo cáo này.")
    return row


def _read(home: Path, path: Path) -> bytes:
    """Whoever may write to the home, a worker say, may have laid a link anywhere on the way: none is followed."""
    with files.opened(home if path.is_relative_to(home) else path.parent, path) as drawn:
        return drawn.read()


def _row(known: Mapping[str, Version], standing: Standing, newest: bool) -> dict[str, Any]:
    report = standing.report
    letter = known[report.directive].directive if report.directive in known else None
    return {
        "id": report.id,
        "number": BC(report.id),
        "as_of": report.as_of,
        "recorded_at": report.recorded_at,
        "code": report.code,
        "title": letter.title if letter else report.directive,
        "symbol": words.report_symbol(letter, report.day) if letter else "BC",
        "headline": sentences.headline(report.figures),
        "files": [name for name in FILES if (Path(report.folder) / name).is_file()],
        "state": standing.state,
        "open": standing.state in (ReportState.DRAFT, ReportState.APPROVED),
        "issue": standing.issue,
        "approved_by": standing.approved_by,
        "newest": newest,
    }
