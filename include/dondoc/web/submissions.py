"""All submissions, and one with everything that is known of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from openpyxl.utils import get_column_letter

from dondoc import clock
from dondoc.configuration.context import AppContext
from dondoc.forms import limited, table
from dondoc.forms.spec import load_specs
from dondoc.forms.verdict import spread
from dondoc.intake import attempts, browse, inbox, record
from dondoc.intake.answers import files
from dondoc.intake.answers.part import Part
from dondoc.intake.browse import Wanted
from dondoc.intake.record import Record
from dondoc.isolation.workers import Fault
from dondoc.store.intake import Submission
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import ACCEPTED, Arrival, MayBe, Outcome, Work, may_be
from dondoc.web.audit import ACT, describe
from dondoc.web.pages import Text, agencies, app_of, audited, download, page, redirect, visitor_of
from dondoc.web.user import User

AGES = (1, 3, 5, 10)  # working days
ORIGINAL = "Bản gốc có thể chứa thông tin nhạy cảm: chỉ người vận hành được tải về."
Sheet = Annotated[int | None, Query(ge=0, le=10_000)]
Row = Annotated[int, Query(ge=1, le=2**31 - 1)]


@dataclass(frozen=True)
class Asked:
    """The list's filters, as its address has them."""

    work: Annotated[str, Query(max_length=20)] = ""
    channel: Annotated[str, Query(max_length=20)] = ""
    form: Annotated[str, Query(max_length=100)] = ""
    agency: Annotated[str, Query(max_length=100)] = ""
    age: Annotated[int, Query(ge=0, le=1000)] = 0
    q: Annotated[str, Query(max_length=200)] = ""

    @property
    def wanted(self) -> Wanted:
        return Wanted(**vars(self))


@dataclass(frozen=True)
class Shown:
    """What of a file is shown: headings, and rows with their numbers; or `why` there is nothing.

    `part`: where in the file they stand; `marks`: addresses of cells with issues.
    """

    headings: list[str]
    rows: list[tuple[int, Any]]
    why: str = ""
    part: table.Part | None = None
    marks: frozenset[str] = frozenset()


def known(request: Request, submission: int, *, sensitive: bool = False) -> Record:
    """A submission.

    Raises:
        HTTPException: 404.
    """
    app = app_of(request)
    try:
        with app.sessions.reading() as session:
            return record.of(app, session, submission, clock.now(), sensitive=sensitive)
    except record.Unknown as unknown:
        raise HTTPException(404, str(unknown)) from None


def router(require_operator: Callable[..., User]) -> APIRouter:
    routes = APIRouter()

    @routes.get("/submissions", response_class=HTMLResponse)
    def submissions(
        request: Request,
        asked: Annotated[Asked, Depends()],
        number: Annotated[int, Query(alias="page", ge=1, le=10**6)] = 1,
    ) -> HTMLResponse:
        app, user, now = app_of(request), visitor_of(request), clock.now()
        with app.sessions.reading() as session:
            found = browse.found(app, session, asked.wanted, now, senders=user.may_act, number=number)
        return page(
            request,
            "submissions.html",
            found=found,
            wanted=asked,
            query=lambda **changed: _query(asked, **changed),
            works=list(Work),
            total=sum(number for work, number in found.counts.items() if work != Work.MACHINE),
            channels=list(Arrival),
            forms={one.id: one.label for one in load_specs(app.settings.data).values()},
            names=agencies(app, now.date()),
            ages=AGES,
        )

    @routes.get("/submissions/{submission}", response_class=HTMLResponse)
    def submission(request: Request, submission: int, sheet: Sheet = None, row: Row = 1) -> HTMLResponse:
        app, user, now = app_of(request), visitor_of(request), clock.now()
        it = known(request, submission, sensitive=user.may_act)
        return page(
            request,
            "submission.html",
            it=it,
            line=it.line,
            shown=_table(app, it, sheet, row) if user.may_act else _read(app, it, row),
            size=table.ROWS,
            issues=it.places[: record.ISSUES],
            more_issues=len(it.places[record.ISSUES :]),
            cells=record.CELLS,
            column=record.COLUMN,
            waits=it.verdict is None or it.verdict.outcome in inbox.ASIDE,
            undoable=bool(it.verdict and (it.verdict.outcome == Outcome.DISMISSED or _given(it))),
            passed_over=record.passed_over(it.mail) if it.mail else [],
            accepted=ACCEPTED,
            acts=ACT,
            describe=describe,
            names=agencies(app, now.date()),
        )

    @routes.get("/inbox/{submission}/original")
    def original(request: Request, submission: int) -> Response:
        if not visitor_of(request).may_act:
            raise HTTPException(403, ORIGINAL)
        app = app_of(request)
        with app.sessions.reading() as session:
            row = session.get(Submission, submission)
        if row is None:
            raise HTTPException(404, f"Không có bản nộp {BN(submission)}.")
        content = app.blobs.get(row.sha256)
        audited(request, "download", BN(submission), file=row.filename)
        return download(content, row.filename)

    @routes.get("/submissions/{submission}/copy")
    def copy(request: Request, submission: int) -> Response:
        """The copy to correct, as an answer would attach it: also for who gets no answer, such as a file on a stick."""
        if not visitor_of(request).may_act:
            raise HTTPException(403, ORIGINAL)
        app, it = app_of(request), known(request, submission)
        made = files.of(app, [Part(it.submission, it.verdict)], clock.now()).marked if it.verdict else {}
        if submission not in made:
            raise HTTPException(404, f"{BN(submission)} không có bản đánh dấu để sửa.")
        audited(request, "download", BN(submission), file=made[submission].filename)
        return download(app.blobs.get(made[submission].sha256), made[submission].filename)

    @routes.post("/submissions/{submission}/undo")
    def undo(
        request: Request, submission: int, reason: Text, user: Annotated[User, Depends(require_operator)]
    ) -> RedirectResponse:
        inbox.undo(app_of(request), submission, reason=reason, by=user.actor, now=clock.now())
        return redirect(request, f"/submissions/{submission}", f"{BN(submission)}: chờ xử lý trở lại.")

    return routes


def _query(asked: Asked, **changed: object) -> str:
    """The filters as a query string, some of them changed."""
    return urlencode({name: value for name, value in {**vars(asked), **changed}.items() if value})


def _given(it: Record) -> bool:
    return bool(it.assignments and it.assignments[0].agency)


def _table(app: AppContext, it: Record, sheet: int | None, first: int) -> Shown:
    """A part of the file itself, read in a confined child; not of what a child has failed at."""
    if it.line.is_mail or may_be(it.submission.filename) in (MayBe.LETTER, MayBe.NEITHER):
        return Shown([], [], "Tệp này không phải bảng tính: tải bản gốc để xem")
    with app.sessions.reading() as session:
        if attempts.spoilt(session, [it.submission.id]):
            return Shown([], [], "Tệp này quá nặng hoặc hỏng, không hiện thành bảng được: tải bản gốc để xem")
    content, data = app.blobs.get(it.submission.sha256), app.settings.data
    preferred = it.spec.sheet if it.spec else ""
    try:
        part = limited.table(content, data=data, registry=app.registry, sheet=sheet, preferred=preferred, first=first)
    except Fault as fault:
        return Shown([], [], f"Không hiện thành bảng được ({limited.explain(fault, limited.TABLE)})")
    if part.unreadable or not part.sheets:
        return Shown([], [], f"Không hiện thành bảng được: {part.unreadable or 'tệp không có trang nào'}")
    width = min(part.columns, table.COLUMNS)
    headings = [get_column_letter(column) for column in range(1, width + 1)]
    return Shown(headings, [*part.rows], part=part, marks=_marks(it, part))


def _marks(it: Record, part: table.Part) -> frozenset[str]:
    """Addresses of the cells of this sheet that have issues."""
    name = part.sheets[part.sheet][0]
    listed = it.verdict.issues if it.verdict else []
    here = (issue for issue in listed if issue["sheet"] == name)
    return frozenset(cell for issue in here for cell in spread(issue["cell"], issue.get("cells")))


def _read(app: AppContext, it: Record, first: int) -> Shown:
    """What was read, as far as everybody may know it."""
    if it.spec is None or it.verdict is None or not it.verdict.rows:
        return Shown([], [], "Tệp gốc chỉ người vận hành xem được")
    with app.sessions.reading() as session:
        headings, rows = record.for_everybody(session, it.spec, it.verdict, first, table.ROWS)
    last = max(row.get("_row", 0) for row in it.verdict.rows)
    part = table.Part(((it.spec.sheet, False),), 0, first, (), last, len(headings))
    return Shown(headings, [*rows], part=part)
