"""The weekly reports: what they said, their files, and whether the clerk has issued them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from dondoc.reporting import words
from dondoc.store.reporting import Report, ReportIssue
from dondoc.web.pages import download, page, world_of
from dondoc.web.user import User

FILES = {"report.docx": "Dự thảo (Word)", "report.xlsx": "Số liệu (Excel)", "report.html": "Nội dung thư"}


def router(_: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/reports", response_class=HTMLResponse)
    def reports(request: Request) -> HTMLResponse:
        with world_of(request).sessions.begin() as session:
            drawn = list(session.scalars(select(Report).order_by(Report.as_of.desc(), Report.id.desc()).limit(60)))
            issues = {issue.as_of: issue for issue in session.scalars(select(ReportIssue))}
        return page(request, "reports.html", rows=[_row(report, issues) for report in drawn], files=FILES)

    @routes.get("/reports/{report}/{name}")
    def file(request: Request, report: int, name: str) -> Response:
        with world_of(request).sessions.begin() as session:
            row = session.get(Report, report)
        if row is None or name not in FILES or not (path := Path(row.folder) / name).is_file():
            raise HTTPException(404, "Không còn tệp này trong thư mục báo cáo.")
        return download(path.read_bytes(), f"bao_cao_{row.as_of:%Y%m%d}{path.suffix}")

    return routes


def _row(report: Report, issues: dict[Any, ReportIssue]) -> dict[str, Any]:
    return {
        "id": report.id,
        "as_of": report.as_of,
        "headline": words.headline(report.figures),
        "files": [name for name in FILES if (Path(report.folder) / name).is_file()],
        "issue": issues.get(report.as_of.date()),
    }
