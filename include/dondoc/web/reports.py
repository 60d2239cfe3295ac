"""The weekly reports: what they said, their files, and whether the clerk has issued them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from dondoc import clock
from dondoc.directive import record
from dondoc.directive.record import Version
from dondoc.reporting import report as room
from dondoc.reporting import words
from dondoc.store import files
from dondoc.store.reporting import Report, ReportIssue
from dondoc.web.pages import Day, Text, app_of, audited, download, page, redirect, uploaded
from dondoc.web.user import User

FILES = {"report.docx": "Dự thảo (Word)", "report.xlsx": "Số liệu (Excel)", "report.html": "Nội dung thư"}
GONE = "Không còn tệp này trong thư mục báo cáo."


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/reports", response_class=HTMLResponse)
    def reports(request: Request) -> HTMLResponse:
        with app_of(request).sessions.reading() as session:
            drawn = list(session.scalars(select(Report).order_by(Report.as_of.desc(), Report.id.desc()).limit(60)))
            known = record.holding(app_of(request).versions(session), clock.now().date())
            issues = {(issue.directive, issue.as_of): issue for issue in session.scalars(select(ReportIssue))}
        newest = {
            (report.directive, report.as_of.date()): report.id for report in reversed(drawn)
        }  # a day is issued once
        rows = [
            _row(known, report, issues, newest[report.directive, report.as_of.date()] == report.id) for report in drawn
        ]
        return page(request, "reports.html", rows=rows, files=FILES)

    @routes.get("/reports/{report}/{name}")
    def file(request: Request, report: int, name: str) -> Response:
        with app_of(request).sessions.reading() as session:
            row = session.get(Report, report)
        if row is None or name not in FILES:
            raise HTTPException(404, GONE)
        path, home = Path(row.folder) / name, app_of(request).settings.home.absolute()
        try:
            # Whoever may write to the home, a worker say, may have laid a link anywhere on the way.
            with files.opened(home if path.is_relative_to(home) else path.parent, path) as drawn:
                content = drawn.read()
        except (OSError, ValueError):
            raise HTTPException(404, GONE) from None
        audited(request, "download", f"BC-{report}", file=name)
        return download(content, f"bao_cao_{row.as_of:%Y%m%d}{path.suffix}")

    @routes.post("/reports/{report}/issue")
    def issue(
        request: Request,
        report: int,
        number: Text,
        document_date: Annotated[Day, Form()],
        file: UploadFile,
        user: Annotated[User, Depends(require_operator)],
    ) -> RedirectResponse:
        app = app_of(request)
        with app.sessions.reading() as session:
            row = session.get(Report, report)
        if row is None:
            raise HTTPException(404, "Không có báo cáo này.")
        signed = uploaded(file, "Chọn văn bản đã ký.")
        day = row.as_of.date()
        who, now = user.actor, clock.now()
        room.issued(
            app, row.directive, day, number=number, document_date=document_date, signed=signed, actor=who, now=now
        )
        done = f"Đã ghi nhận: báo cáo số liệu đến {words.short(day)} phát hành số {number.strip()}."
        return redirect(request, "/reports", done)

    return routes


def _row(known: Mapping[str, Version], report: Report, issues: dict[Any, ReportIssue], newest: bool) -> dict[str, Any]:
    return {
        "id": report.id,
        "as_of": report.as_of,
        "title": known[report.directive].directive.title if report.directive in known else report.directive,
        "symbol": known[report.directive].directive.report_symbol if report.directive in known else "BC",
        "headline": words.headline(report.figures),
        "files": [name for name in FILES if (Path(report.folder) / name).is_file()],
        "issue": issues.get((report.directive, report.as_of.date())),
        "newest": newest,
    }
