"""What a judged form becomes: compared with what came before of the same agency, and given its place among it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.registry.hiding import public
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.drafts import codes
from dondoc.forms.spec import load_specs
from dondoc.forms.verdict import FormVerdict
from dondoc.intake import corrections, differences, origins, versions
from dondoc.intake.differences import Content
from dondoc.intake.resolve import Arrived, Resolution, Version, Word, fulfilled_by, owner, resolve
from dondoc.intake.sources.rows import record_of
from dondoc.intake.verdicts import may_act_for, newest_verdict
from dondoc.store.intake import COUNTS, Assignment, Mail, Submission, Verdict
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.reasons import said
from dondoc.vocabulary.submissions import ACCEPTED, Arrival, Change, Outcome

PATHS = ("main_path", "sub_path")


def verdict_on(
    session: Session,
    app: AppContext,
    submission: Submission,
    assignment: Assignment | None,
    form: FormVerdict,
    now: datetime,
    letter_codes: Sequence[str] = (),
) -> tuple[Verdict, FormVerdict]:
    """What a judged form becomes: a row that is not yet in the session, and the form with what its blanks stand for.

    Args:
        letter_codes: of ours, that a letter bears; none of them believed yet.
    """
    before = newest_verdict(session, submission.id)
    decided = before is not None and before.outcome == Outcome.CONFLICT
    word = Word(assignment.agency, decided) if assignment else None
    arrived = replace(
        _arrived(session, submission, form),
        at=arrival(submission, assignment),
        letter_of=_letter_of(session, app, letter_codes),
    )
    whose = owner(form, arrived, word)
    form = _followed(session, app, submission, whose[0], form, before)
    earlier = _earlier(session, form.form, whose[0], submission.id, before)
    resolution = resolve(form, whose, arrived, word=word, earlier=earlier)
    form = _compared(session, app, form, resolution)
    letters = app.letters(session, arrival(submission, assignment).date())
    row = _row(app, letters, submission, form, resolution, now)
    row.assignment_id = assignment.id if assignment else None
    return row, form


def arrival(submission: Submission, assignment: Assignment | None) -> datetime:
    """When it came: a person who gives it to its agency may know better than the channel that brought it."""
    stated = assignment.arrived_at if assignment else None
    return (stated or submission.happened_at).astimezone(HERE)


def _arrived(session: Session, submission: Submission, form: FormVerdict) -> Arrived:
    mail = session.get(Mail, submission.mail_id) if submission.mail_id else None
    return Arrived(
        filename=submission.filename,
        sender=_who(submission) or ("" if submission.channel.ours else "không rõ"),
        at=submission.happened_at,
        mail=submission.mail_id,
        agencies=_agencies(session, submission, form),
        brings_nothing=mail is not None and mail.kind != MailKind.SUBMISSION,
        online=submission.channel == Arrival.SURVEY,
        doubt=submission.sender_doubt,
        elsewhere=origins.is_new(session, submission),
        automatic=submission.automatic,
    )


def _who(submission: Submission) -> str:
    """Who sent it. Of an online survey nobody knows: whoever edits a submission there is who filled it in."""
    return record_of(submission.channel_id) if submission.channel == Arrival.SURVEY else submission.sender


def _agencies(session: Session, submission: Submission, form: FormVerdict) -> frozenset[str]:
    """Whom it may act for: an online survey for the agency whose signed token it carries."""
    if submission.channel != Arrival.SURVEY:
        return frozenset(may_act_for(session, submission))
    proven = form.token == "valid"  # noqa: S105 - a state
    return frozenset({form.agency} if proven and form.agency else ())


def _letter_of(session: Session, app: AppContext, letter_codes: Sequence[str]) -> tuple[int, str] | None:
    """The submission, and its agency, whose letter bears one of these codes; None where they are of several."""
    found = {codes.verify(app.secrets, code) for code in letter_codes} - {None} if app.secrets else set()
    submission = found.pop() if len(found) == 1 else None
    verdict = newest_verdict(session, submission) if submission else None
    return (verdict.submission_id, verdict.agency) if verdict and verdict.agency else None


def _followed(
    session: Session,
    app: AppContext,
    submission: Submission,
    agency: str | None,
    form: FormVerdict,
    before: Verdict | None,
) -> FormVerdict:
    """A correction of a current copy, with what its blanks stand for."""
    if agency is None or form.form is None or not any(row.get("number") for row in form.rows):
        return form
    spec = load_specs(app.settings.data)[form.form]
    version = before.version if before else None
    in_force = versions.current(session, spec, agency, but_for=submission.id, before=version)
    return corrections.follow(spec, form, in_force, versions.numbers(session, agency).values())


def _earlier(
    session: Session, form: str | None, agency: str | None, submission_id: int, before: Verdict | None
) -> list[Version]:
    """The versions of a form that an agency sent before, oldest first; of one that is judged again, before that."""
    if form is None or agency is None:
        return []
    query = select(Verdict.version, Verdict.value_hash, Submission, Assignment).where(COUNTS)
    if before and before.version:
        query = query.where(Verdict.version < before.version)
    rows = session.execute(
        query.join(Submission, Submission.id == Verdict.submission_id)
        .outerjoin(Assignment, Assignment.id == Verdict.assignment_id)
        .where(Verdict.form == form, Verdict.agency == agency, Verdict.submission_id != submission_id)
        .where(Verdict.outcome.in_([*ACCEPTED, Outcome.RETURNED]))
        .order_by(Verdict.id)
    )
    return [
        Version(number, value_hash, s.id, "" if s.sender_doubt else _who(s), s.mail_id, arrival(s, given))
        for number, value_hash, s, given in rows
    ]


def _compared(session: Session, app: AppContext, form: FormVerdict, resolution: Resolution) -> FormVerdict:
    """A version that takes another's place, with what is to be asked of it: where are the cameras it does not name?"""
    before = newest_verdict(session, resolution.replaces) if resolution.replaces else None
    if before is None or form.form is None or resolution.outcome not in ACCEPTED:
        return form
    spec = load_specs(app.settings.data)[form.form]
    there = [row for row in before.rows if row.get("change") != Change.REMOVE]
    gone = differences.between(spec, Content(before.head, there), Content(form.head, [*map(_shown, form.rows)])).gone
    asked = tuple(differences.asked(spec, row) for row in gone)
    outcome = Outcome.ACCEPTED_WITH_WARNINGS if asked else form.outcome
    return replace(form, outcome=outcome, issues=(*form.issues, *asked))


def _row(
    app: AppContext,
    letters: Sequence[Directive],
    submission: Submission,
    form: FormVerdict,
    resolution: Resolution,
    now: datetime,
) -> Verdict:
    agency = app.registry.agency(resolution.agency) if resolution.agency else None
    return Verdict(
        submission_id=submission.id,
        outcome=form.outcome if resolution.outcome in ACCEPTED else resolution.outcome,
        reason=said(resolution.reason),
        form=form.form,
        agency=resolution.agency,
        value_hash=form.value_hash,
        version=resolution.version,
        base_version=form.base_version,
        replaces=resolution.replaces,
        letter_of=resolution.letter_of,
        fulfils=fulfilled_by(letters, agency, form.form),
        may_be=resolution.may_be,
        rows=[_shown(row) for row in form.rows],
        head=form.head,
        issues=[asdict(issue) for issue in form.issues],
        recorded_at=now,
    )


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it is kept with the verdict: of addresses only what may be shown; the camera itself has all of them."""
    return {k: public(v) if k in PATHS or (k == "host" and set(str(v)) & {*"/@?="}) else v for k, v in row.items()}
