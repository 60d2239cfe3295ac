"""Judge a received submission, once per assignment, and let an accepted one enter the data."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.drafts import scan
from dondoc.forms import limited
from dondoc.forms.verdict import FormVerdict
from dondoc.intake import attempts
from dondoc.intake.conclude import arrival, verdict_on
from dondoc.intake.enter import enter
from dondoc.intake.verdicts import newest_assignment, newest_verdict, without_reading
from dondoc.isolation.workers import Fault
from dondoc.store.intake import Assignment, Submission, Verdict
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.submissions import ACCEPTED, Outcome, may_be

PATIENCE = 2 * limited.LIMITS.wall  # seconds for another process that judges the same
UNCHECKED = (
    "không kiểm tra được trong giới hạn cho phép ({why}; đã thử {times:02} lần): cần người xem bản gốc, hoặc đề nghị "
    "đơn vị chép số liệu sang biểu mẫu gốc của Sở rồi gửi lại"
)


class Postponed(Exception):
    """An attempt at judging failed, and there will be another; says why, in words."""


def judge_submission(app: AppContext, submission_id: int, *, now: datetime, patience: float = PATIENCE) -> Verdict:
    """The verdict of a submission; made when there is none, or none since a person assigned it.

    Its workbook is judged in a confined child, outside the transactions: one notes the attempt, one writes what comes
    of it. After two that failed it is set aside for a person, without a third.

    Args:
        patience: seconds to wait while another process judges the same.

    Raises:
        Postponed: this attempt failed, and there will be another.
        Underway: another process is still at it.
    """
    with app.sessions.reading() as session:
        if verdict := _standing(session, submission_id, newest_assignment(session, submission_id)):
            return verdict
    with attempts.alone(app.settings.home, submission_id, patience):
        with app.sessions.begin() as session:
            submission = session.get_one(Submission, submission_id)
            assignment = newest_assignment(session, submission_id)
            if verdict := _standing(session, submission_id, assignment):
                return verdict
            if aside := _set_aside(session, submission, assignment, now):
                return aside
        content = app.blobs.get(submission.sha256)  # a lost key or a disk is no fault of the submission's
        with app.sessions.begin() as session:
            attempt = attempts.begin(session, submission_id, now)
        try:
            form = read_form(app, submission, content, arrival(submission, assignment).date())
        except Fault as fault:
            return _failed(app, submission_id, attempt, limited.explain(fault), now)
        except BaseException as error:
            with app.sessions.begin() as session:
                attempts.finish(session, attempt, type(error).__name__)
            raise
        found = scan.codes_in(content) if form.form is None else ()
        return _conclude(app, submission, assignment, form, found, attempt, now)


def _standing(session: Session, submission_id: int, assignment: Assignment | None) -> Verdict | None:
    """The verdict that counts, unless a person has assigned the submission since."""
    verdict = newest_verdict(session, submission_id)
    if assignment is None:
        return verdict
    rests = select(Verdict.id).where(Verdict.assignment_id == assignment.id)
    return verdict if session.scalar(rests) else None


def read_form(app: AppContext, submission: Submission, content: bytes, day: date) -> FormVerdict:
    """What a submission's file says, judged in a confined child.

    Raises:
        Fault: the child met a limit, or broke.
    """
    return limited.judge(
        content,
        submission.filename,
        data=app.settings.data,
        registry=app.registry,
        secrets=app.secrets,
        day=day,
    )


def _failed(app: AppContext, submission: int, attempt: int, reason: str, now: datetime) -> Verdict:
    """After an attempt that failed: the verdict that sets it aside. Raises Postponed when it is to be tried again."""
    with app.sessions.begin() as session:
        attempts.finish(session, attempt, reason)
        if aside := _set_aside(
            session, session.get_one(Submission, submission), newest_assignment(session, submission), now
        ):
            return aside
    raise Postponed(reason)


def _set_aside(
    session: Session, submission: Submission, assignment: Assignment | None, now: datetime
) -> Verdict | None:
    """A person's now, when too many attempts have failed."""
    faults = attempts.failed(session, submission.id)
    if len(faults) < attempts.allowed(session, submission.id):
        return None
    reason = UNCHECKED.format(why=faults[-1], times=len(faults))
    row = without_reading(submission.id, Outcome.WAITING, reason, now, may_be=may_be(submission.filename))
    row.assignment_id = assignment.id if assignment else None
    session.add(row)
    session.flush()
    return row


def _conclude(
    app: AppContext,
    submission: Submission,
    assignment: Assignment | None,
    form: FormVerdict,
    letter_codes: Sequence[str],
    attempt: int,
    now: datetime,
) -> Verdict:
    """What a judged form becomes, written down."""
    with app.sessions.begin() as session:
        one_at_a_time(session, f"form/{form.form}")
        attempts.finish(session, attempt)
        before = newest_verdict(session, submission.id)
        # A version that a person took against a newer one is the agency's word from then on.
        decided = before is not None and before.outcome == Outcome.CONFLICT
        row, form = verdict_on(session, app, submission, assignment, form, now, letter_codes)
        session.add(row)
        session.flush()
        if row.outcome in ACCEPTED:
            enter(session, app, submission, form, row.agency, now if decided else submission.happened_at, now)
        return row
