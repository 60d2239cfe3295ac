"""How far a report has come: draft, approved, issued, replaced. Each step is a person's word, kept as a fact.

A report belongs to a letter and a day; it may be drawn up several times for it. The clerk issues one of these drafts;
the number, date or file may be corrected, and another draft of the same day may replace it, each with a reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dondoc import audit, clock
from dondoc.audit import Actor
from dondoc.clock import HERE, end_of
from dondoc.configuration.context import AppContext
from dondoc.documents import words
from dondoc.errors import Problem
from dondoc.facts import approvers
from dondoc.facts.moments import happened
from dondoc.store.facts import Retraction
from dondoc.store.mail import OutboxLetter
from dondoc.store.reporting import Report, ReportApproval, ReportIssue
from dondoc.store.retractions import not_retracted
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.fields import Field, FieldProblem, may, must
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.numbers import BC
from dondoc.vocabulary.reports import ReportState

LOCK = "reports"  # which draft is the newest, and whether one is issued, is decided by one person at a time


@dataclass(frozen=True)
class Standing:
    """How far a draft has come. `issue`: the row that holds; `approved_by`: who found it right, oldest first."""

    report: Report
    state: ReportState
    issue: ReportIssue | None = None
    approved_by: tuple[str, ...] = ()


def of_day(session: Session, directive: str, day: date) -> list[Report]:
    """The drafts of a letter's day; the one that knew most is last."""
    rows = session.scalars(_drafts(directive).where(Report.as_of <= end_of(day)))
    return sorted((row for row in rows if row.day == day), key=knew)


def knew(report: Report) -> tuple[datetime, int]:
    """By what a draft is newer than another: a look back at what was known once replaces nothing."""
    return report.known_at or report.recorded_at, report.id


def standing(session: Session, reports: Iterable[Report]) -> dict[int, Standing]:
    """How far each of these has come, by its id."""
    wanted = {report.id: report for report in reports}
    issues = _issues(session, {report.directive for report in wanted.values()})
    approved = _approvals(session, wanted)
    return {number: _standing(report, issues, approved.get(number, [])) for number, report in wanted.items()}


def _standing(report: Report, issues: Mapping[tuple[str, date], Sequence[ReportIssue]], by: Sequence[str]) -> Standing:
    rows = issues.get((report.directive, report.day), ())
    mine = [row for row in rows if row.report_id == report.id]
    if mine:
        state = ReportState.ISSUED if rows[-1].report_id == report.id else ReportState.REPLACED
        return Standing(report, state, mine[-1], tuple(by))
    return Standing(report, ReportState.APPROVED if by else ReportState.DRAFT, None, tuple(by))


def _issues(session: Session, directives: Iterable[str]) -> dict[tuple[str, date], list[ReportIssue]]:
    query = not_retracted(ReportIssue).where(ReportIssue.directive.in_({*directives})).order_by(ReportIssue.id)
    found: dict[tuple[str, date], list[ReportIssue]] = {}
    for row in session.scalars(query):
        found.setdefault((row.directive, row.as_of), []).append(row)
    return found


def unissue(app: AppContext, directive: str, day: date, *, reason: str, actor: Actor, now: datetime) -> ReportIssue:
    """Take back the newest record that a report of a day was issued; the one before it, if any, stands again.

    Raises:
        Problem: none stands, or the reason or the name of a person is missing.
    """
    by, reason = audit.person(actor.name), must(Field.REASON, reason)
    with app.sessions.begin() as session:
        one_at_a_time(session, LOCK)
        standing = _issues(session, [directive]).get((directive, day), [])
        if not standing:
            raise Problem(f"Chưa ghi nhận phát hành báo cáo nào với số liệu ngày {words.short(day)}.")
        row = standing[-1]
        session.add(Retraction(report_issue_id=row.id, reason=reason, by=by, recorded_at=now))
        told = {"directive": directive, "number": row.document_number, "reason": reason}
        audit.record(session, app.secrets, actor, "unissue_report", day.isoformat(), now=now, **told)
        return row


def _approvals(session: Session, reports: Mapping[int, Report]) -> dict[int, list[str]]:
    """Who approved each: said of the draft, or of the letters that carry its figures."""
    found: dict[int, list[str]] = {}
    for row in session.scalars(
        select(ReportApproval).where(ReportApproval.report_id.in_(reports)).order_by(ReportApproval.id)
    ):
        found.setdefault(row.report_id, []).append(row.by)
    letters = select(OutboxLetter.context, OutboxLetter.approved_by).where(
        OutboxLetter.kind == LetterKind.REPORT, OutboxLetter.approved_by.is_not(None)
    )
    for context, by in session.execute(letters):
        if (number := context.get("report")) in reports and by not in found.get(number, []):
            found.setdefault(number, []).append(by)
    return found


def approve(
    app: AppContext, session: Session, number: int, actor: Actor, *, email: str | None = None, now: datetime
) -> Report:
    """An approver found a draft right; its letters, if it has any, are released by their own approval.

    Raises:
        NotAnApprover: the actor is not registered as an approver, or not for today.
        Problem: no such report, or a newer draft of its day has been drawn up.
    """
    one_at_a_time(session, LOCK)
    report = _newest(session, number)
    today = now.astimezone(HERE).date()
    by = approvers.approver(session, app.registry.office, actor, today, email=email).name
    if by not in _approvals(session, {report.id: report}).get(report.id, []):
        session.add(ReportApproval(report_id=report.id, by=by, recorded_at=now))
        who = replace(actor, name=by)
        audit.record(session, app.secrets, who, "approve_report", BC(report.id), now=now, code=report.code)
    return report


def _newest(session: Session, number: int) -> Report:
    report = session.get(Report, number)
    if report is None:
        raise Problem(f"Không có báo cáo {BC(number)}. Xem lại số ở danh sách báo cáo.")
    newest = of_day(session, report.directive, report.day)[-1]
    if newest.id != report.id:
        raise Problem(f"{BC(number)} đã có bản lập sau là {BC(newest.id)}: xem và duyệt bản đó.")
    return report


def issue(
    app: AppContext,
    directive: str,
    day: date,
    *,
    number: str,
    document_date: date,
    file: Path,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    draft: int | None = None,
) -> int:
    """As `issued`, of a signed document in a file.

    Raises:
        Problem: the file cannot be read, and as `issued`.
    """
    try:
        signed = file.read_bytes()
    except OSError as error:
        raise Problem(f"{file}: không đọc được văn bản đã ký ({error.strerror}). Kiểm tra đường dẫn.") from None
    more = {"number": number, "document_date": document_date, "signed": signed, "reason": reason, "draft": draft}
    return issued(app, directive, day, actor=actor, now=now, **more)  # type: ignore[arg-type]


def issued(
    app: AppContext,
    directive: str,
    day: date,
    *,
    number: str,
    document_date: date,
    signed: bytes,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    draft: int | None = None,
) -> int:
    """Record that the clerk has issued a draft of a day; `signed` is the document itself.

    Args:
        draft: which one it is: the newest, or the one that is issued already, to correct a slip. None: the newest,
            where nobody can take another for it.
        reason: why it is issued again: a slip in number, date or file, or a new draft that replaces the one before.

    Raises:
        Problem: no report was drawn up as of that day, it is issued already and no reason is given, its document is
            dated before that day or in the future, or the number or the name of a person is missing.
    """
    by = audit.person(actor.name)
    happened(clock.at(document_date, 0), now, since=day, of="số liệu báo cáo")
    number = must(Field.NUMBER, number)
    blob = app.blobs.put(signed)
    if reason:
        reason = may(Field.REASON, reason)
    with app.sessions.begin() as session:
        one_at_a_time(session, LOCK)
        before = _issues(session, [directive]).get((directive, day), [])
        if before and not reason:
            raise Problem(
                f"Báo cáo ngày {words.short(day)} đã được ghi nhận phát hành rồi (số {before[-1].document_number}). "
                "Ghi sai hoặc thay bằng bản khác thì ghi thêm lý do."
            )
        drafts = of_day(session, directive, day)
        if not drafts:
            what = f"Chưa có báo cáo nào với số liệu ngày {words.short(day)}"
            raise Problem(f"{what}. Lập báo cáo của ngày đó trước.")
        its = _meant(session, drafts, before[-1].report_id if before else None, draft)
        row = ReportIssue(
            directive=directive,
            as_of=day,
            report_id=its,
            document_number=number,
            document_date=document_date,
            blob=blob,
            reason=reason if before else None,
            by=by,
            recorded_at=now,
        )
        session.add(row)
        session.flush()
        told = {"directive": directive, "report": BC(its), "number": number, "sha256": blob}
        told |= {"reason": row.reason} if row.reason else {}
        audit.record(session, app.secrets, actor, "issue_report", day.isoformat(), now=now, **told)
        return row.id


def _meant(session: Session, drafts: Sequence[Report], issued_as: int | None, draft: int | None) -> int:
    """The draft that is issued: the newest, or once more the one that is issued already."""
    newest = drafts[-1].id
    if draft is None and issued_as not in (None, newest):
        raise FieldProblem(
            f"{BC(issued_as)} đã phát hành, sau đó đã lập {BC(newest)}. Ghi rõ {{}}: {BC(issued_as)} để sửa lần ghi "
            f"đã có, {BC(newest)} để thay bằng bản lập sau.",
            Field.REPORT,
        )
    if draft is None or draft == issued_as:
        return draft or newest
    if draft not in {one.id for one in drafts}:
        raise Problem(f"{BC(draft)} không phải báo cáo của văn bản và ngày này. Xem: dondoc report list.")
    return _newest(session, draft).id


def held(session: Session, directive: str, day: date) -> Report:
    """The draft of a letter's day that stands: the one that was issued, else the newest.

    Raises:
        Problem: none was drawn up.
    """
    drafts = of_day(session, directive, day)
    if not drafts:
        raise Problem(f"Chưa có báo cáo nào với số liệu ngày {words.short(day)}. Lập báo cáo của ngày đó trước.")
    issued_as = {row.report_id for row in _issues(session, [directive]).get((directive, day), [])[-1:]}
    return next((one for one in drafts if one.id in issued_as), drafts[-1])


def named(session: Session, text: str) -> list[Report]:
    """The drafts that a person means: by number, or by the code that is printed on them; newest first.

    Raises:
        Problem: there is none.
    """
    bare = "".join(one for one in text.upper() if one.isalnum())
    if not bare.startswith("BC") and len(bare) == 8:
        rows = session.scalars(
            select(Report).where(Report.code == f"{bare[:4]}-{bare[4:]}").order_by(Report.id.desc())
        ).all()
    else:
        found = session.get(Report, BC.read(text))
        rows = [found] if found else []
    if not rows:
        raise Problem(f"Không có báo cáo “{text}”. Xem lại số báo cáo (BC-0012) hoặc mã số liệu in cuối dự thảo.")
    return [*rows]


def _drafts(directive: str) -> Select[Report]:
    return select(Report).where(Report.directive == directive)
