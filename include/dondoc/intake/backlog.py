"""What a gather run still has to do: submissions without a verdict or an answer, and cameras just declared."""

import logging
from datetime import datetime

from sqlalchemy import func, select

from dondoc.intake.answer import answer
from dondoc.intake.judge import judge_submission
from dondoc.store.cameras import Camera
from dondoc.store.intake import Submission, Verdict
from dondoc.world import World

log = logging.getLogger(__name__)


def judge_and_answer(world: World, now: datetime) -> dict[str, list[int]]:
    """Judge and answer what is not yet, from whichever run: also what a killed one left behind.

    One submission that fails is logged and waits for a person; the others go on.

    Returns:
        submission ids by outcome.

    Raises:
        Problem: the directive cannot be used: that is no fault of any submission, and all stay unjudged.
    """
    outcomes: dict[str, list[int]] = {}
    _ = world.directive
    for submission in unfinished(world):
        try:
            outcome = judge_submission(world, submission, now=now).outcome
            answer(world, [submission], now=now)
        except Exception as error:
            log.exception("BN-%04d could not be judged", submission)
            leave_to_a_person(world, submission, type(error).__name__, now)
            outcome = "waiting"
        outcomes.setdefault(outcome, []).append(submission)
        log.info("BN-%04d: %s", submission, outcome)
    return outcomes


def unfinished(world: World) -> list[int]:
    """Ids of submissions without a verdict, or whose newest one was not answered yet, oldest first."""
    newest = select(func.max(Verdict.id)).group_by(Verdict.submission_id)
    done = select(Verdict.submission_id).where(Verdict.id.in_(newest), Verdict.answered)
    with world.sessions.begin() as session:
        return list(session.scalars(select(Submission.id).where(Submission.id.not_in(done)).order_by(Submission.id)))


def leave_to_a_person(world: World, submission_id: int, error: str, now: datetime) -> None:
    """Our own fault must not hide a submission: it goes to the inbox."""
    with world.sessions.begin() as session:
        session.add(
            Verdict(
                submission_id=submission_id,
                outcome="waiting",
                reason=f"lỗi của hệ thống khi kiểm tra ({error}): cần người xem",
                fulfils=[],
                rows=[],
                head={},
                issues=[],
                answered=True,
                recorded_at=now,
            )
        )


def cameras_of(world: World, submission_ids: list[int]) -> list[int]:
    """Ids of the cameras that these submissions declared, as their newest word."""
    with world.sessions.begin() as session:
        return list(session.scalars(select(Camera.id).where(Camera.submission_id.in_(submission_ids))))
