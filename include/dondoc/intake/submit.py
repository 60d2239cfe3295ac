"""One file from a person who waits for the answer: the command line and the upload page."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from dondoc.audit import Actor
from dondoc.configuration.context import AppContext
from dondoc.facts.moments import happened
from dondoc.intake.answers.answer import answer
from dondoc.intake.attempts import Underway
from dondoc.intake.inbox import ASIDE
from dondoc.intake.judge import Postponed, judge_submission
from dondoc.intake.receive import receive
from dondoc.intake.verdicts import without_reading
from dondoc.store.intake import COUNTS, Submission, Verdict
from dondoc.vocabulary.submissions import Arrival, Outcome


def submit(
    app: AppContext,
    content: bytes,
    filename: str,
    *,
    sender: str,
    channel: Arrival,
    by: Actor,
    received_at: datetime,
    now: datetime,
    note: str | None = None,
) -> dict[str, Any]:
    """Receive, judge and answer.

    Returns:
        file, sha256, submission, outcome, duplicate, as in the contract of `receive`; `reason` besides. A duplicate
        carries the outcome of the submission that it repeats; one whose like waits for a person waits beside it.

    Raises:
        Problem: it is said to come in the future, or before anybody asked for anything.
    """
    if received_at != now:
        happened(received_at, now, since=app.first_asked, of="văn bản chỉ đạo đầu tiên")
    digest = sha256(content).hexdigest()
    submission, new = receive(
        app,
        content,
        channel=channel,
        channel_id=f"{sender}/{filename}/{digest}/{received_at.isoformat()}",
        sender=sender,
        filename=filename,
        received_at=received_at,
        now=now,
        subject=note,
        by=by,
    )
    verdict = _verdict(app, submission, now)
    answer(app, [submission], now=now)
    duplicate = not new or verdict.outcome == Outcome.DUPLICATE or _lies_there(app, submission, verdict.outcome)
    return {
        "file": filename,
        "sha256": digest,
        "submission": str(submission),
        "outcome": _original(app, verdict) if verdict.outcome == Outcome.DUPLICATE else verdict.outcome,
        "duplicate": duplicate,
        "agency": verdict.agency,
        "form": verdict.form,
        "reason": verdict.reason,
    }


def _verdict(app: AppContext, submission: int, now: datetime) -> Verdict:
    """What was judged; of what is not judged yet, what is said, and not written."""
    try:
        return judge_submission(app, submission, now=now)
    except (Postponed, Underway) as postponed:
        reason = f"chưa kiểm tra xong ({postponed}); hệ thống sẽ kiểm tra lại"
        return without_reading(submission, Outcome.WAITING, reason, now)


def _lies_there(app: AppContext, submission: int, outcome: Outcome) -> bool:
    """Whether the same sender's same bytes lie there already, with nothing new to say of them."""
    with app.sessions.reading() as session:
        mine = session.get_one(Submission, submission)
        before = (
            select(Submission.id)
            .join(Verdict, Verdict.submission_id == Submission.id)
            .where(Submission.id < submission, Submission.sha256 == mine.sha256, Submission.sender == mine.sender)
            .where(COUNTS, Verdict.outcome == outcome, Verdict.outcome.in_(ASIDE))
        )
        return session.scalar(before.limit(1)) is not None


def _original(app: AppContext, verdict: Verdict) -> str:
    with app.sessions.reading() as session:
        return session.scalars(
            select(Verdict.outcome)
            .join(Submission, Submission.id == Verdict.submission_id)
            .where(Verdict.agency == verdict.agency, Verdict.form == verdict.form)
            .where(Verdict.value_hash == verdict.value_hash, Verdict.outcome != Outcome.DUPLICATE)
            .order_by(Verdict.id.desc())
            .limit(1)
        ).one()
