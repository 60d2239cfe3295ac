"""The rows that count: of verdicts, of people's words on whose a submission is, and of who may act for whom."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, func, select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.facts import contacts
from dondoc.forms.spec import load_specs
from dondoc.store.intake import COUNTS, Assignment, Submission, Verdict
from dondoc.vocabulary.submissions import ACCEPTED, Outcome


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


def standing() -> Subquery:
    """Of each agency's form the newest `version`, and the newest submission that was accepted, `good`."""
    good = case((Verdict.outcome.in_(ACCEPTED), Verdict.submission_id))
    return (
        select(Verdict.agency, Verdict.form, func.max(Verdict.version).label("version"), func.max(good).label("good"))
        .where(COUNTS, Verdict.outcome.in_([*ACCEPTED, Outcome.RETURNED]))
        .group_by(Verdict.agency, Verdict.form)
        .subquery()
    )


def stands_for(theirs: Subquery, forms: Mapping[str, str]) -> ColumnElement[bool]:
    """What `standing` says of the form that `Verdict` is about.

    Args:
        forms: as `only_forms`: where nobody can tell which form it was, it was the one that its agency has to send.
    """
    form = func.coalesce(Verdict.form, case(forms, value=Verdict.agency)) if forms else Verdict.form
    return and_(theirs.c.agency == Verdict.agency, theirs.c.form == form)


def sent_again(theirs: Subquery) -> ColumnElement[bool]:
    """Whether a good form came after one that could not be read."""
    return and_(Verdict.outcome == Outcome.REFUSED, func.coalesce(theirs.c.good > Verdict.submission_id, False))


def only_forms(app: AppContext, session: Session, now: datetime) -> dict[str, str]:
    """The form of each agency that has to send one form only."""
    owed: dict[str, set[str]] = {}
    specs = load_specs(app.settings.data)
    for letter in app.letters(session, now.astimezone(HERE).date()):
        for duty in letter.obligations:
            if duty.deliverable in specs:
                owed.setdefault(duty.agency, set()).add(duty.deliverable)
    return {agency: forms.pop() for agency, forms in owed.items() if len(forms) == 1}


def may_act_for(session: Session, submission: Submission) -> set[str]:
    """The agencies that a sender may act for: by contacts, or because a person said so for good. In doubt none."""
    if submission.sender_doubt or not submission.sender:
        return set()
    known = contacts.agency_of_sender(session, submission.sender, submission.happened_at.date())
    return known | contacts.assigned_agencies(session, submission.sender)
