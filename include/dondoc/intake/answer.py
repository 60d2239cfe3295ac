"""Answer a judged submission: a receipt, the annotated workbook back, or a neutral receipt while a person looks."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import PurePath

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.errors import Problem
from dondoc.facts import contacts, obligations
from dondoc.forms import attached, limited
from dondoc.forms.spec import load_specs
from dondoc.forms.verdict import FormVerdict, Issue
from dondoc.intake.judge import ACCEPTED, may_act_for, newest_verdict
from dondoc.mail import compose, outbox
from dondoc.mail.letter import Attachment, Letter
from dondoc.mail.render import render
from dondoc.mail.shapes import AnswerWords
from dondoc.store.intake import Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.submissions import Outcome

log = logging.getLogger(__name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OWED = (Status.NOT_DUE, Status.OVERDUE)  # not what was returned: its sender has a form to correct
SHOWN = 10  # issues in the mail's own text: people read on phones
PER_DAY = 20  # answers to one address a day: an automatic correspondent must not become a loop
NEUTRAL = "neutral"  # the letter that says only that something was received

# What answers an outcome, and the folder of its words; nothing answers what a person put aside.
LETTERS: dict[Outcome, tuple[LetterKind, str]] = {
    Outcome.ACCEPTED: (LetterKind.RECEIPT, "receipt"),
    Outcome.ACCEPTED_WITH_WARNINGS: (LetterKind.RECEIPT, "receipt"),
    Outcome.DUPLICATE: (LetterKind.RECEIPT, "receipt"),
    Outcome.RETURNED: (LetterKind.RETURNED, "returned"),
    Outcome.REFUSED: (LetterKind.RETURNED, "returned"),
    Outcome.WAITING: (LetterKind.RECEIPT, NEUTRAL),
    Outcome.CONFLICT: (LetterKind.RECEIPT, NEUTRAL),
}


def answer(app: AppContext, submission_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Put one answer per submission into the outbox; answering again changes nothing.

    Nobody is answered when a machine sent it, when there is no address, after the day's 20th answer to one address, or
    as a stranger after the day's last to all strangers. What was not answered for being too many is not answered later
    either: its verdict says so, and a person sees it. An address that somebody else may have written into From gets one
    neutral receipt a day, and nothing with content: once a person has given the form to its agency, the agency's own
    officer is answered.

    Returns:
        ids of the outbox rows.
    """
    ids = []
    for submission_id in submission_ids:
        letter = _letter(app, submission_id, now)
        with app.sessions.begin() as session:
            verdict = newest_verdict(session, submission_id)
            if letter:
                one_at_a_time(session, "answers")
                if reason := _too_many(app, session, letter, now):
                    log.warning("%s is not answered: %s", BN(submission_id), reason)
                    if verdict:
                        verdict.reason += f" (không tự trả lời người gửi: {reason})"
                else:
                    ids += [row.id for row in outbox.enqueue(session, [letter], settings=app.settings, now=now)]
            if verdict:
                verdict.answered = True
    return ids


def _letter(app: AppContext, submission_id: int, now: datetime) -> Letter | None:
    with app.sessions.reading() as session:
        submission = session.get_one(Submission, submission_id)
        verdict = newest_verdict(session, submission_id)
        if verdict is None or submission.automatic or verdict.outcome not in LETTERS:
            return None
        recipient, folder = submission.sender, LETTERS[verdict.outcome][1]
        if submission.sender_doubt:
            known = verdict.assignment_id is not None and folder != NEUTRAL
            recipient, folder = (_own_address(session, verdict, now), folder) if known else (recipient, NEUTRAL)
        elif not recipient and submission.channel.ours:
            recipient = _own_address(session, verdict, now)
        if not recipient:
            return None
        stranger = recipient == submission.sender and _is_stranger(session, submission, verdict)
    kind = LetterKind.RECEIPT if folder == NEUTRAL else LETTERS[verdict.outcome][0]
    outcome = verdict.outcome if folder != NEUTRAL else Outcome.WAITING
    attachments = _annotated(app, submission, verdict) if outcome == Outcome.RETURNED and not stranger else ()
    fresh = _fresh(app, verdict, now) if outcome == Outcome.REFUSED and not stranger else ()
    context = _context(app, submission, verdict, bool(attachments), [a.filename for a in fresh])
    if stranger:  # nobody makes us repeat words of theirs to somebody else, whose address From may be
        context |= {
            "filename": None,
            "agency": None,
            "form": None,
            "errors": [],
            "warnings": [],
            "shown": [],
            "more": 0,
        }
    words = render(app.settings.data, app.registry, folder, context)
    # Two different arrivals with the same values get one answer: it is the content that is acknowledged.
    about = f"{verdict.form}/{verdict.value_hash}" if verdict.value_hash else submission.sha256
    key = compose.of_answer(app.registry.survey, verdict.agency, folder, verdict.outcome, about)
    if doubted := bool(submission.sender_doubt) and folder == NEUTRAL:
        key = compose.of_answer(app.registry.survey, None, folder, "doubted", f"{now:%Y-%m-%d}")
    return compose.letter(
        app.settings,
        kind,
        recipient,
        words,
        key,
        f"Trả lời bản nộp {BN(submission.id)}: {verdict.reason}",
        agency=None if doubted else verdict.agency,
        attachments=attachments + fresh,
        in_reply_to=submission.message_id,
        context={"submission": submission.id, "outcome": verdict.outcome, "stranger": stranger},
    )


def _own_address(session: Session, verdict: Verdict, now: datetime) -> str:
    """Where to answer what came through our own hands, without an address."""
    for role in (Role.FOCAL_OFFICER, Role.CLERK):
        if verdict.agency and (holders := contacts.find(session, verdict.agency, role, now.date())):
            return holders[0].email
    return ""


def _is_stranger(session: Session, submission: Submission, verdict: Verdict) -> bool:
    """Whether nobody answers for the sender: in doubt, or neither registered nor given an agency by a person."""
    if submission.sender_doubt is not None:
        return True
    return verdict.assignment_id is None and not may_act_for(session, submission)


def _too_many(app: AppContext, session: Session, letter: Letter, now: datetime) -> str | None:
    """Why the letter would be one too many; None when it is not."""
    lately = (
        OutboxLetter.kind.in_([LetterKind.RECEIPT, LetterKind.RETURNED]),
        OutboxLetter.decided_at > now - timedelta(days=1),
        outbox.counted(app.settings),
    )
    to_them = session.scalar(select(func.count()).where(OutboxLetter.recipient == letter.recipient, *lately)) or 0
    if to_them >= PER_DAY:
        return f"địa chỉ này đã nhận {PER_DAY} thư trả lời trong 24 giờ"
    if letter.context["stranger"]:
        contexts = session.scalars(select(OutboxLetter.context).where(*lately))
        most = app.settings.answers_per_day
        if sum(bool(context.get("stranger")) for context in contexts) >= most:
            return f"đã trả lời {most} thư của người gửi chưa đăng ký trong 24 giờ (DONDOC_ANSWERS_PER_DAY)"
    return None


def _annotated(app: AppContext, submission: Submission, verdict: Verdict) -> tuple[Attachment, ...]:
    """The workbook back with the wrong cells marked; nothing when it cannot be marked."""
    issues = tuple(Issue(**{"said": issue["message"], **issue}) for issue in verdict.issues)
    # Its token names the agency whose form it was found to be, unless the form names another.
    disagree = any(issue.code == "agency_disagrees" for issue in issues)
    form = FormVerdict(Outcome.RETURNED, verdict.form, None if disagree else verdict.agency, "missing", issues)
    try:
        marked = limited.annotate(
            app.blobs.get(submission.sha256),
            form,
            data=app.settings.data,
            registry=app.registry,
            secrets=app.secrets,
            base_version=verdict.base_version or 0,
        )
    except Problem as problem:
        log.warning("%s: %s", BN(submission.id), problem)
        return ()  # the letter's own text lists what is wrong, and says that there is no copy
    name = fold(PurePath(submission.filename).stem).replace(" ", "_").encode("ascii", "ignore").decode()[:60]
    return (Attachment(f"{name or 'bieu_mau'}_can_sua.xlsx", app.blobs.put(marked), XLSX),)


def _fresh(app: AppContext, verdict: Verdict, now: datetime) -> tuple[Attachment, ...]:
    """A blank of each form that the agency still owes, to start over; nothing when we do not know whose the file is."""
    if not verdict.agency:
        return ()
    with app.sessions.reading() as session:
        owed = obligations.at(app, session, now)
    forms = dict.fromkeys(s.duty.deliverable for s in owed if s.agency == verdict.agency and s.status in OWED)
    known = load_specs(app.settings.data)
    return tuple(attached.make(app, [(verdict.agency, form) for form in forms if form in known]).values())


def _reason(verdict: Verdict) -> str:
    """Why a file was refused, without its name, which the letter has said already."""
    reason = next((issue["said"] for issue in verdict.issues if issue.get("said")), verdict.reason)
    return reason[:1].upper() + reason[1:]


def _context(
    app: AppContext, submission: Submission, verdict: Verdict, attached: bool, fresh: list[str]
) -> AnswerWords:
    specs = load_specs(app.settings.data)
    errors = [i for i in verdict.issues if i["severity"] == "error"]
    warnings = [i for i in verdict.issues if i["severity"] == "warning"]
    return {
        "number": BN(submission.id),
        "filename": submission.filename,
        "received_at": submission.happened_at,
        "form": specs[verdict.form].title if verdict.form in specs else None,
        "agency": app.registry.agency(verdict.agency).name if verdict.agency else None,
        "outcome": verdict.outcome,
        "reason": _reason(verdict) if verdict.outcome == Outcome.REFUSED else verdict.reason,
        "rows": len(verdict.rows),
        "fulfils": bool(verdict.fulfils) and verdict.outcome in ACCEPTED,
        "errors": errors,
        "warnings": warnings,
        "shown": (errors or warnings)[:SHOWN],
        "more": max(0, len(errors or warnings) - SHOWN),
        "attached": attached,
        "fresh": fresh,
    }
