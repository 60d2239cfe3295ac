"""What a gather run still has to do: submissions without a verdict or an answer, and cameras just declared."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from dondoc.bounded import Deadline
from dondoc.configuration.context import AppContext
from dondoc.errors import Cause
from dondoc.intake import attempts
from dondoc.intake.answers.answer import answer
from dondoc.intake.attempts import Underway
from dondoc.intake.judge import Postponed, judge_submission
from dondoc.intake.sources.source import known_senders
from dondoc.intake.sources.turns import turns
from dondoc.intake.verdicts import newest_verdict, without_reading
from dondoc.mail import outbox
from dondoc.store.cameras import Camera, CameraCheck
from dondoc.store.errors import explain
from dondoc.store.intake import COUNTS, Submission, Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import ACCEPTED, Arrival, Outcome

log = logging.getLogger(__name__)
LATELY = timedelta(days=1)
POSTPONED = "postponed"
ANSWERING = 2  # answers that are composed while the next submissions are judged, one after the other
PATIENCE = timedelta(days=30)  # how long a letter waits for cameras that could not be judged


def judge_and_answer(app: AppContext, now: datetime, deadline: Deadline | None = None) -> dict[str, list[int]]:
    """Judge and answer what is not yet, from whichever run: also what a killed one left behind.

    Of what strangers send there may be more than one run has time for; what comes after it goes on all the same.

    One submission that fails is logged and waits for a person; the others go on. One whose judging met a limit is tried
    again in the next run, after all others, and then waits for a person.

    Returns:
        submission ids by outcome; `postponed`: those to be tried again.

    Raises:
        Problem: the directive cannot be used: that is no fault of any submission, and all stay unjudged.
        Exception: neither is that the database, its disk or the key cannot be used (`store.errors.explain`).
    """
    outcomes: dict[str, list[int]] = {}
    with app.sessions.reading() as session:
        app.letters(session, now.date())
    waiting = unfinished(app)
    with ThreadPoolExecutor(ANSWERING) as pool:
        answers: list[tuple[int, Future[list[int]]]] = []
        for place, submission in enumerate(waiting):
            if deadline and deadline.over:
                log.warning("%d submissions are left for the next run", len(waiting) - place)
                break
            if (outcome := _judged(app, submission, now)) is None:
                continue
            if outcome != POSTPONED:
                answers.append((submission, pool.submit(answer, app, [submission], now=now)))
            outcomes.setdefault(outcome, []).append(submission)
            log.info("%s: %s", BN(submission), outcome)
        for submission, answered in answers:
            try:
                answered.result()
            except Exception as error:
                _ours(app, submission, error, now)
    return outcomes


def _judged(app: AppContext, submission: int, now: datetime) -> str | None:
    """What was judged of a submission; None: another process is at it."""
    try:
        return str(judge_submission(app, submission, now=now, patience=0).outcome)
    except Underway:
        return None
    except Postponed as postponed:
        log.warning("%s: %s", BN(submission), postponed)
        return POSTPONED
    except Exception as error:
        _ours(app, submission, error, now)
        return str(Outcome.WAITING)


def _ours(app: AppContext, submission: int, error: Exception, now: datetime) -> None:
    """A fault of ours: where it is the submission that brings it about, a person looks at it.

    Raises:
        Exception: the database, its disk or the key cannot be used.
    """
    if (explained := explain(error)) and explained.cause is not Cause.OTHER:
        raise error
    log.error("%s could not be judged and answered", BN(submission), exc_info=error)
    leave_to_a_person(app, submission, type(error).__name__, now)


def unfinished(app: AppContext) -> list[int]:
    """Ids of submissions without a verdict, or whose newest one was not answered yet, in turns as the mailbox is read:
    heavy workbooks of strangers, of which each may cost a child its whole time, keep nobody's form waiting."""
    done = select(Verdict.submission_id).where(COUNTS, Verdict.answered)
    query = select(Submission).where(Submission.id.not_in(done)).order_by(Submission.id)
    with app.sessions.reading() as session:
        senders = {one.id: _whose(one) for one in session.scalars(query)}
        spoilt = attempts.spoilt(session, list(senders))
        known = {*known_senders(session), *(way for way in Arrival if way.ours)}
    return turns(list(senders), senders, known, spoilt, len(senders)).take


def _whose(submission: Submission) -> str:
    """Whom a submission is from, for its turn: in doubt nobody."""
    if submission.channel.ours:
        return submission.channel
    return "" if submission.sender_doubt else submission.sender


def leave_to_a_person(app: AppContext, submission_id: int, error: str, now: datetime) -> None:
    """Our own fault must not hide a submission: it goes to the inbox, as its agency's where that is known by then. One
    that was accepted stays so, though its answer failed: its cameras are in the data, and its duty is met."""
    with app.sessions.begin() as session:
        standing = newest_verdict(session, submission_id)
        if standing and standing.outcome in ACCEPTED:
            standing.reason += f" (chưa trả lời được người gửi: lỗi của hệ thống, {error})"
            standing.answered = True
            return
        known = {"agency": standing.agency, "form": standing.form, "may_be": standing.may_be} if standing else {}
        reason = f"lỗi của hệ thống khi kiểm tra ({error}): cần người xem"
        session.add(without_reading(submission_id, Outcome.WAITING, reason, now, answered=True, **known))


def declared(app: AppContext, now: datetime) -> list[int]:
    """Ids of accepted submissions whose sender is still to be told what their cameras answered.

    Whoever accepted them, this run, one that was killed, or a person who gave a stranger's form to its agency. A day
    after that, only those that could not be told of yet: nothing, or not of all cameras.
    """
    accepted = (
        select(Verdict.submission_id, Verdict.recorded_at > now - LATELY, _replaced() | Submission.automatic)
        .join(Submission, Submission.id == Verdict.submission_id)
        .where(COUNTS, Verdict.outcome.in_(ACCEPTED))
        .where(Verdict.recorded_at > now - PATIENCE)
        .where(Verdict.submission_id.in_(select(Camera.submission_id).where(Camera.submission_id.is_not(None))))
        .order_by(Verdict.submission_id)
    )
    letters = select(OutboxLetter.context, outbox.counted(app.settings)).where(
        OutboxLetter.kind == LetterKind.REACHABILITY, OutboxLetter.decided_at > now - PATIENCE - LATELY
    )
    with app.sessions.reading() as session:
        answered, waiting, rehearsed = set[int](), set[int](), set[int]()
        for context, counts in session.execute(letters):
            kind = rehearsed if not counts else waiting if context.get("waits") else answered
            kind.add(context.get("submission", 0))
        return [
            one
            for one, lately, over in session.execute(accepted)
            if one not in answered
            and ((lately and one not in waiting) or (not over and (one in waiting or one not in rehearsed)))
        ]


def _replaced() -> ColumnElement[bool]:
    """Whether a newer version of a verdict's form was accepted."""
    newer = aliased(Verdict)
    return (
        select(newer.id)
        .where(newer.agency == Verdict.agency, newer.form == Verdict.form, newer.version > Verdict.version)
        .where(newer.outcome.in_(ACCEPTED))
        .exists()
    )


def unseen_cameras(app: AppContext, submission_ids: list[int]) -> list[int]:
    """Ids of the cameras that these submissions declared, as their newest word, and nobody has checked since.

    Not those that cannot be checked.
    """
    judged = select(Verdict.submission_id, func.max(Verdict.recorded_at).label("at")).group_by(Verdict.submission_id)
    verdict = judged.subquery()
    looked = select(CameraCheck.id).where(CameraCheck.camera_id == Camera.id, CameraCheck.recorded_at >= verdict.c.at)
    with app.sessions.reading() as session:
        return list(
            session.scalars(
                select(Camera.id)
                .join(verdict, verdict.c.submission_id == Camera.submission_id)
                .where(Camera.submission_id.in_(submission_ids), ~looked.exists())
                .where(Camera.exemption.is_(None), Camera.url.is_not(None))
                .order_by(Camera.id)
            )
        )
