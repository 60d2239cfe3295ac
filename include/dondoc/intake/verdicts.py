"""The rows that count: of verdicts, of people's words on whose a submission is, and of who may act for whom."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.facts import contacts
from dondoc.store.intake import Assignment, Submission, Verdict
from dondoc.vocabulary.submissions import Outcome


def newest_verdict(session: Session, submission_id: int) -> Verdict | None:
    """The verdict that counts."""
    return session.scalar(
        select(Verdict).where(Verdict.submission_id == submission_id).order_by(Verdict.id.desc()).limit(1)
    )


def newest_assignment(session: Session, submission_id: int) -> Assignment | None:
    """A person's last word on whose a submission is; None: there is none, or it was taken back."""
    words = select(Assignment).where(Assignment.submission_id == submission_id).order_by(Assignment.id.desc())
    newest = session.scalar(words.limit(1))
    return newest if newest and newest.agency else None


def without_reading(submission_id: int, outcome: Outcome, reason: str, now: datetime, **more: Any) -> Verdict:
    """A verdict on what nothing was read from, to be added to a session."""
    return Verdict(
        submission_id=submission_id,
        outcome=outcome,
        reason=reason,
        fulfils=[],
        rows=[],
        head={},
        issues=[],
        recorded_at=now,
        **more,
    )


def may_act_for(session: Session, submission: Submission) -> set[str]:
    """The agencies that a sender may act for: by contacts, or because a person said so for good. In doubt none."""
    if submission.sender_doubt or not submission.sender:
        return set()
    known = contacts.agency_of_sender(session, submission.sender, submission.happened_at.date())
    return known | contacts.assigned_agencies(session, submission.sender)
