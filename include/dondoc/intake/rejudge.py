"""Judging again what is stored, when a rule, a mapping or a contact has changed: first shown, then done."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from dondoc import audit
from dondoc.audit import Actor
from dondoc.configuration.context import AppContext
from dondoc.forms import limited
from dondoc.forms.verdict import FormVerdict, spread
from dondoc.intake import attempts
from dondoc.intake.answers.answer import answer
from dondoc.intake.conclude import arrival, verdict_on
from dondoc.intake.enter import enter
from dondoc.intake.judge import PATIENCE, read_form
from dondoc.intake.verdicts import newest_assignment, newest_verdict
from dondoc.isolation.workers import Fault
from dondoc.store.intake import COUNTS, Submission, Verdict
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import ACCEPTED, OUR_TURN, Outcome

Ids = Collection[int] | None


@dataclass(frozen=True)
class Rejudged:
    """A submission that is judged otherwise now. `after`: the verdict that it would have, or has by now."""

    submission: Submission
    before: Verdict
    after: Verdict

    def as_row(self) -> dict[str, Any]:
        old, new = _errors(self.before), _errors(self.after)
        return {
            "id": str(self.submission.id),
            "number": BN(self.submission.id),
            "file": self.submission.filename,
            "sender": self.submission.sender,
            "agency": self.after.agency,
            "form": self.after.form,
            "before": self.before.outcome,
            "after": self.after.outcome,
            "reason": self.after.reason,
            "new_errors": sorted((new - old).elements()),
            "settled_errors": sorted((old - new).elements()),
        }


def changes(
    app: AppContext, now: datetime, *, form: str | None = None, agency: str | None = None, only: Ids = None
) -> Iterator[Rejudged | str]:
    """What would change, without changing it; of what cannot be judged, why, in words. `only`: of these alone."""
    for submission in concerned(app, form, agency, only):
        found = _again(app, submission, now, lambda session, judged: None, form=form, agency=agency)
        if found is not None:
            yield found


def apply(
    app: AppContext, now: datetime, *, by: Actor, form: str | None = None, agency: str | None = None, only: Ids = None
) -> Iterator[Rejudged | str]:
    """Judge again, write down what comes out differently, and tell the senders concerned."""
    counts: Counter[str] = Counter()
    for submission in concerned(app, form, agency, only):
        write = partial(_write, app=app, now=now)
        found = _again(app, submission, now, write, form=form, agency=agency)
        if isinstance(found, Rejudged):
            answer(app, [submission], now=now)
            counts[f"{found.before.outcome} → {found.after.outcome}"] += 1
        if found is not None:
            yield found
    with app.sessions.begin() as session:
        audit.record(session, app.secrets, by, "rejudge", "intake", now=now, form=form, agency=agency, **counts)


def concerned(app: AppContext, form: str | None = None, agency: str | None = None, only: Ids = None) -> list[int]:
    """Ids of what a machine judged and nothing has taken the place of; not what a person put aside or registered.

    Of a form or an agency also what is of none yet: that turns out when it is judged.
    """
    newer = aliased(Verdict)
    corrected = and_(
        Verdict.outcome == Outcome.RETURNED,
        newer.outcome == Outcome.RETURNED,
        newer.submission_id > Verdict.submission_id,
    )
    replaced = select(newer.id).where(
        newer.agency == Verdict.agency,
        newer.form == Verdict.form,
        or_(and_(newer.outcome.in_(ACCEPTED), newer.id > Verdict.id), corrected),
    )
    with_form = and_(Verdict.form.is_not(None), ~replaced.exists())
    query = (
        select(Verdict.submission_id)
        .where(COUNTS)
        .where(or_(with_form, and_(Verdict.form.is_(None), Verdict.outcome == Outcome.REFUSED)))
        .where(Verdict.outcome.not_in([Outcome.DISMISSED, Outcome.DUPLICATE]))
        .order_by(Verdict.submission_id)
    )
    if form:
        query = query.where(or_(Verdict.form == form, Verdict.form.is_(None)))
    if agency:
        query = query.where(or_(Verdict.agency == agency, Verdict.agency.is_(None)))
    if only is not None:
        query = query.where(Verdict.submission_id.in_(only))
    with app.sessions.reading() as session:
        return list(session.scalars(query))


def _again(
    app: AppContext,
    submission_id: int,
    now: datetime,
    write: Callable[[Session, "_Judged"], None],
    *,
    form: str | None,
    agency: str | None,
) -> Rejudged | str | None:
    """One submission judged again; None where nothing is different, or it is neither of this form nor agency."""
    try:
        with attempts.alone(app.settings.home, submission_id, PATIENCE):
            with app.sessions.reading() as session:
                submission = session.get_one(Submission, submission_id)
                assignment = newest_assignment(session, submission_id)
            day = arrival(submission, assignment).date()
            read = read_form(app, submission, app.blobs.get(submission.sha256), day)
            with app.sessions.begin() as session:
                one_at_a_time(session, f"form/{read.form}")
                before = newest_verdict(session, submission_id)
                after, read = verdict_on(session, app, submission, assignment, read, now)
                if before is None or _same(before, after) or not _is_of(before, after, form, agency):
                    return None
                # Of what waits for us as before nobody is told anew: there is nothing to say.
                after.answered = before.outcome == after.outcome and after.outcome in OUR_TURN
                write(session, _Judged(submission, read, after))
                return Rejudged(submission, before, after)
    except Fault as fault:
        return f"{BN(submission_id)}: {limited.explain(fault)}"
    except attempts.Underway as underway:
        return f"{BN(submission_id)}: {underway}"


@dataclass(frozen=True)
class _Judged:
    submission: Submission
    form: FormVerdict
    verdict: Verdict


def _is_of(before: Verdict, after: Verdict, form: str | None, agency: str | None) -> bool:
    """Whether it is, or was, of the form and the agency that are asked for."""
    return form in (None, before.form, after.form) and agency in (None, before.agency, after.agency)


def _write(session: Session, judged: _Judged, *, app: AppContext, now: datetime) -> None:
    judged.verdict.again = True
    session.add(judged.verdict)
    session.flush()
    if judged.verdict.outcome in ACCEPTED:
        happened_at = judged.submission.happened_at
        enter(session, app, judged.submission, judged.form, judged.verdict.agency, happened_at, now)


def _same(before: Verdict, after: Verdict) -> bool:
    """Nothing is different that anybody has to know: more or fewer points to look at are not."""
    alike = before.outcome == after.outcome or {before.outcome, after.outcome} <= {*ACCEPTED}
    said = all(getattr(before, name) == getattr(after, name) for name in ("agency", "form", "rows", "head"))
    return alike and said and _errors(before) == _errors(after)


def _errors(verdict: Verdict) -> Counter[str]:
    """By cell, also where a run of rows is one: an older version said it of each."""
    wrong = (issue for issue in verdict.issues if issue["severity"] == "error")
    each = ((i["code"], cell) for i in wrong for cell in spread(i["cell"], i.get("cells")) or [""])
    return Counter(f"{code} {cell}".strip() for code, cell in each)
