"""Judge a received submission, once per assignment, and let an accepted one enter the data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.cameras.registry import addresses
from dondoc.cameras.registry.declare import declare
from dondoc.cameras.registry.hiding import public
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.directive.model import Directive
from dondoc.drafts import codes, scan
from dondoc.facts import contacts
from dondoc.forms import limited
from dondoc.forms.spec import load_specs
from dondoc.forms.verdict import FormVerdict
from dondoc.intake import attempts, differences, following, officers, origins, versions
from dondoc.intake.differences import Content
from dondoc.intake.resolve import Arrived, Resolution, Version, Word, fulfilled_by, owner, resolve
from dondoc.intake.sources.rows import record_of
from dondoc.isolation.workers import Fault
from dondoc.store.cameras import Camera
from dondoc.store.intake import COUNTS, Assignment, Mail, Submission, Verdict
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.numbers import CAM
from dondoc.vocabulary.reasons import said
from dondoc.vocabulary.submissions import ACCEPTED, Arrival, Change, Outcome, may_be

PATIENCE = 2 * limited.LIMITS.wall  # seconds for another process that judges the same
UNCHECKED = (
    "không kiểm tra được trong giới hạn cho phép ({why}; đã thử {times:02} lần): cần người xem bản gốc, hoặc đề nghị "
    "đơn vị chép số liệu sang biểu mẫu gốc của Sở rồi gửi lại"
)


class Postponed(Exception):
    """An attempt at judging failed, and there will be another; says why, in words."""


PATHS = ("main_path", "sub_path")


def newest_verdict(session: Session, submission_id: int) -> Verdict | None:
    """The verdict that counts."""
    return session.scalar(
        select(Verdict).where(Verdict.submission_id == submission_id).order_by(Verdict.id.desc()).limit(1)
    )


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


def newest_assignment(session: Session, submission_id: int) -> Assignment | None:
    """A person's last word on whose a submission is; None: there is none, or it was taken back."""
    words = select(Assignment).where(Assignment.submission_id == submission_id).order_by(Assignment.id.desc())
    newest = session.scalar(words.limit(1))
    return newest if newest and newest.agency else None


def _earlier(
    session: Session, form: str | None, agency: str | None, submission_id: int, before: Verdict | None
) -> list[Version]:
    """The versions of a form that an agency sent before, oldest first; of one that is judged again, before that."""
    if form is None or agency is None:
        return []
    query = select(Verdict.version, Verdict.value_hash, Submission).where(COUNTS)
    if before and before.version:
        query = query.where(Verdict.version < before.version)
    rows = session.execute(
        query.join(Submission, Submission.id == Verdict.submission_id)
        .where(Verdict.form == form, Verdict.agency == agency, Verdict.submission_id != submission_id)
        .where(Verdict.outcome.in_([*ACCEPTED, Outcome.RETURNED]))
        .order_by(Verdict.id)
    )
    return [
        Version(number, value_hash, s.id, "" if s.sender_doubt else _who(s), s.mail_id, s.happened_at)
        for number, value_hash, s in rows
    ]


def _standing(session: Session, submission_id: int, assignment: Assignment | None) -> Verdict | None:
    """The verdict that counts, unless a person has assigned the submission since."""
    verdict = newest_verdict(session, submission_id)
    if assignment is None:
        return verdict
    rests = select(Verdict.id).where(Verdict.assignment_id == assignment.id)
    return verdict if session.scalar(rests) else None


def may_act_for(session: Session, submission: Submission) -> set[str]:
    """The agencies that a sender may act for: by contacts, or because a person said so for good. In doubt none."""
    if submission.sender_doubt or not submission.sender:
        return set()
    known = contacts.agency_of_sender(session, submission.sender, submission.happened_at.date())
    return known | contacts.assigned_agencies(session, submission.sender)


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


def arrival(submission: Submission, assignment: Assignment | None) -> datetime:
    """When it came: a person who gives it to its agency may know better than the channel that brought it."""
    stated = assignment.arrived_at if assignment else None
    return (stated or submission.happened_at).astimezone(HERE)


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
    arrived = replace(_arrived(session, submission, form), letter_of=_letter_of(session, app, letter_codes))
    whose = owner(form, arrived, word)
    form = _followed(session, app, submission, whose[0], form, before)
    earlier = _earlier(session, form.form, whose[0], submission.id, before)
    resolution = resolve(form, whose, arrived, word=word, earlier=earlier)
    form = _compared(session, app, form, resolution)
    letters = app.letters(session, arrival(submission, assignment).date())
    row = _row(app, letters, submission, form, resolution, now)
    row.assignment_id = assignment.id if assignment else None
    return row, form


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
    return following.follow(spec, form, in_force, versions.numbers(session, agency).values())


def _agencies(session: Session, submission: Submission, form: FormVerdict) -> frozenset[str]:
    """Whom it may act for: an online survey for the agency whose signed token it carries."""
    if submission.channel != Arrival.SURVEY:
        return frozenset(may_act_for(session, submission))
    proven = form.token == "valid"  # noqa: S105 - a state
    return frozenset({form.agency} if proven and form.agency else ())


def _who(submission: Submission) -> str:
    """Who sent it. Of an online survey nobody knows: whoever edits a submission there is who filled it in."""
    return record_of(submission.channel_id) if submission.channel == Arrival.SURVEY else submission.sender


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


def _paths(session: Session, app: AppContext, numbers: Sequence[str]) -> dict[str, dict[str, str]]:
    """The paths of cameras in full, by number and field."""
    found = {}
    for number in numbers:
        camera = session.get(Camera, CAM.read(number))
        if camera is not None and camera.url:
            whole = addresses.read(camera, app.secrets)
            main, url = whole.main or whole.url or "", whole.url or ""
            found[number] = {"main_path": _path(main), **({"sub_path": _path(url)} if url != main else {})}
    return found


def _path(url: str) -> str:
    """What stands after host and port, with its parameters."""
    return f"/{url.partition('://')[2].partition('/')[2]}"


def enter(
    session: Session,
    app: AppContext,
    submission: Submission,
    form: FormVerdict,
    owner: str | None,
    happened_at: datetime,
    now: datetime,
) -> None:
    """An accepted form's cameras enter the data, and its focal officers as far as nobody has to confirm them."""
    agency = owner or ""
    systems = [s.id for s in app.registry.systems if form.form in (s.form, s.internal_form)]
    for system in systems:
        declare(
            session,
            agency=agency,
            system=system,
            rows=following.declared(form.rows, _paths(session, app, following.partly_said(form.rows))),
            submission_id=submission.id,
            happened_at=happened_at,
            now=now,
            place=load_specs(app.settings.data)[form.form or ""].place or "place",
            prefer_substream=app.settings.prefer_substream,
            secrets=app.secrets,
        )
    people = officers.named(form.head, form.rows, systems)
    officers.take_over(session, app, submission, agency, people, now=now)
