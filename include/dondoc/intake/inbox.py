"""What waits for a person, and the person's word on whose it is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import audit
from dondoc.audit import Actor
from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.errors import Problem
from dondoc.facts.moments import happened
from dondoc.intake.attempts import Underway
from dondoc.intake.browse import BRIEF
from dondoc.intake.judge import Postponed, judge_submission
from dondoc.intake.verdicts import newest_assignment, newest_verdict, sent_again, standing, stands_for, without_reading
from dondoc.store.intake import COUNTS, Assignment, Mail, Submission, Verdict
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.fields import Field, must
from dondoc.vocabulary.mails import Closing, MailKind
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import ACCEPTED, OUR_TURN, Outcome

JUDGING = timedelta(minutes=5)  # after these whoever was judging it has died
ASIDE = (*OUR_TURN, Outcome.REFUSED)  # what a person may put aside; only those, and what was put aside, can be assigned


def inbox(
    session: Session, outcomes: tuple[Outcome, ...] = OUR_TURN, forms: Mapping[str, str] = {}
) -> list[dict[str, Any]]:
    """Submissions whose newest verdict waits for a person, and those not judged yet; oldest first.

    Args:
        forms: as `only_forms`, by which a file that could not be read and was sent again is known.
    """
    theirs = standing()
    rows = session.execute(
        select(Submission, Verdict)
        .outerjoin(Verdict, (Verdict.submission_id == Submission.id) & COUNTS)
        .outerjoin(theirs, stands_for(theirs, forms))
        .where(Verdict.id.is_(None) | (Verdict.outcome.in_(outcomes) & ~sent_again(theirs)))
        .order_by(Submission.id)
        .options(BRIEF)
    )
    return [as_row(submission, verdict) for submission, verdict in rows]


def as_row(submission: Submission, verdict: Verdict | None) -> dict[str, Any]:
    return {
        "id": str(submission.id),
        "number": BN(submission.id),
        "file": submission.filename,
        "sender": submission.sender,
        "channel": submission.channel,
        "subject": submission.subject,
        "received_at": submission.happened_at.isoformat(timespec="seconds"),
        "outcome": verdict.outcome if verdict else "received",
        "agency": verdict.agency if verdict else None,
        "form": verdict.form if verdict else None,
        "reason": verdict.reason if verdict else "chưa kiểm tra",
        "sender_doubt": submission.sender_doubt,
    }


def assign(
    app: AppContext,
    submission: int,
    agency: str,
    *,
    by: Actor,
    now: datetime,
    lasting: bool = False,
    arrived: datetime | None = None,
) -> Verdict:
    """Give a waiting submission to an agency, and judge it again as that agency's.

    A submission that conflicts with a newer version replaces that version: the person has seen both.

    Args:
        lasting: from now on its sender may act for the agency, too.
        arrived: when it came, where that is not when we received it, such as a file that a colleague brought late.

    Raises:
        Problem: there is no such submission or agency, it does not wait for a person, its sender shall act from now
            on but is not known for certain, or it came later than we received it.
    """
    if agency not in {a.id for a in app.registry.agencies}:
        raise Problem(f"Không có đơn vị “{agency}”. Xem mã đơn vị ở cột agency của lệnh `obligations`.")
    with app.sessions.begin() as session:
        waits(session, submission, (*ASIDE, Outcome.DISMISSED), now, to=agency)
        original = session.get_one(Submission, submission)
        if lasting:
            _must_be_certain(original)
        arrival = _arrival(app, original, arrived, now)
        word = {"submission_id": submission, "agency": agency, "by": by.name, "lasting": lasting}
        session.add(Assignment(**word, arrived_at=arrival, recorded_at=now))
        details = {"agency": agency, "sender": original.sender, "lasting": lasting}
        details |= {"sender_doubt": original.sender_doubt} | ({"received_at": arrival} if arrival else {})
        audit.record(session, app.secrets, by, "assign", BN(submission), now=now, **details)
    try:
        return judge_submission(app, submission, now=now)
    except (Postponed, Underway) as postponed:
        raise Problem(f"{BN(submission)} chưa kiểm tra xong: {postponed}. Sau ít phút, giao lại lần nữa.") from None


def _must_be_certain(submission: Submission) -> None:
    """A sender who may act for an agency from now on has an address, and it is his."""
    if submission.sender_doubt or not submission.sender:
        doubt = submission.sender_doubt or "không có địa chỉ gửi"
        raise Problem(
            f"{BN(submission.id)}: không cho người gửi thay mặt đơn vị lâu dài được, vì {doubt}. Chỉ giao bản nộp này."
        )


def _arrival(app: AppContext, submission: Submission, arrived: datetime | None, now: datetime) -> datetime | None:
    """When it came, if that is another minute than the one in which we received it."""
    if arrived is None or arrived == submission.happened_at.replace(second=0, microsecond=0):
        return None
    arrival = happened(arrived, now, since=app.first_asked, of="văn bản chỉ đạo đầu tiên")
    if arrival > submission.happened_at:
        received = f"{submission.happened_at.astimezone(HERE):%H:%M %d/%m/%Y}"
        raise Problem(f"{BN(submission.id)} đã nhận lúc {received}, trước ngày, giờ đến được ghi. Kiểm tra lại.")
    return arrival


def dismiss(session: Session, secrets: list[str], submission: int, *, reason: str, by: Actor, now: datetime) -> None:
    """Put aside what asks for nothing more, such as spam or what was answered by telephone. Nothing is deleted.

    Raises:
        Problem: there is no such submission, it does not wait for a person, or nobody says why.
    """
    reason = must(Field.REASON, reason)
    before = waits(session, submission, ASIDE, now)
    word = _word(submission, before, Outcome.DISMISSED, f"{reason} ({by.name})", now)
    word.closing = Closing.NOT_RELEVANT if _is_reply(session, submission) else None
    session.add(word)
    audit.record(session, secrets, by, "dismiss", BN(submission), now=now, reason=reason)


def _is_reply(session: Session, submission: int) -> bool:
    kind = select(Mail.kind).join(Submission, Submission.mail_id == Mail.id).where(Submission.id == submission)
    return session.scalar(kind) in (MailKind.REPLY, MailKind.FORGOTTEN)


def undo(app: AppContext, submission: int, *, reason: str, by: Actor, now: datetime) -> Verdict:
    """Take back a person's word on a submission: that it needs nothing more, or whose it is. It waits again, as before.

    Cameras that it declared stay, as no camera is ever removed; what it met is open again.

    Raises:
        Problem: there is no such submission, nobody has said anything of it, or a newer version rests on it.
    """
    reason = must(Field.REASON, reason)
    with app.sessions.begin() as session:
        original_of(session, submission)
        given, verdict = newest_assignment(session, submission), newest_verdict(session, submission)
        if verdict is None or not (given or verdict.outcome == Outcome.DISMISSED):
            raise Problem(f"{BN(submission)}: chưa có ai giao hoặc xếp lại, không có gì để thu hồi.")
        if newer := _replaced_by(session, submission):
            raise Problem(f"{BN(submission)} đã được {BN(newer)} thay. Thu hồi {BN(newer)} trước.")
        if verdict.outcome != Outcome.DISMISSED and given:
            _take_back(session, session.get_one(Submission, submission), by, now)
        before = _before(session, verdict)
        outcome = before.outcome if before.outcome in ASIDE else Outcome.WAITING
        again = without_reading(submission, outcome, f"mở lại: {reason} ({by.name})", now, answered=True)
        again.agency, again.form, again.may_be = before.agency, before.form, before.may_be
        again.head, again.rows, again.issues = before.head, before.rows, before.issues
        session.add(again)
        audit.record(session, app.secrets, by, "reopen", BN(submission), now=now, reason=reason, was=verdict.outcome)
        return again


def _take_back(session: Session, sent: Submission, by: Actor, now: datetime) -> None:
    """Nobody has given it to an agency any more, and its sender may not act because of it."""
    for word in session.scalars(select(Assignment).where(Assignment.submission_id == sent.id)):
        word.lasting = False
    nobody = {"agency": "", "by": by.name, "arrived_at": sent.happened_at}
    session.add(Assignment(submission_id=sent.id, **nobody, recorded_at=now))


def _before(session: Session, verdict: Verdict) -> Verdict:
    """The verdict on which a person's word fell; the verdict itself where it is the first."""
    earlier = select(Verdict).where(Verdict.submission_id == verdict.submission_id, Verdict.id < verdict.id)
    return session.scalar(earlier.order_by(Verdict.id.desc()).limit(1)) or verdict


def _replaced_by(session: Session, submission: int) -> int | None:
    replacing = select(Verdict.submission_id).where(Verdict.replaces == submission, COUNTS)
    return session.scalar(replacing.where(Verdict.outcome.in_(ACCEPTED)).limit(1))


def mark_registered(session: Session, sha256: str, *, agency: str, number: str, now: datetime) -> list[int]:
    """A letter was entered in the register: the scans of it that wait for a person need nobody any more.

    Returns:
        ids of the submissions put aside so.
    """
    same = session.scalars(select(Submission.id).where(Submission.sha256 == sha256).order_by(Submission.id)).all()
    closed = []
    for submission in same:
        before = newest_verdict(session, submission)
        if before is None or before.outcome in ASIDE:
            word = _word(submission, before, Outcome.ACCEPTED, _registered(number), now)
            word.agency, word.form, word.answered = agency, None, False  # its sender is told that it counts now
            session.add(word)
            closed.append(submission)
    return closed


def unmark_registered(session: Session, sha256: str, *, number: str, now: datetime) -> list[int]:
    """A letter was taken out of the register again: the scans that it had settled wait for a person as before.

    Returns:
        ids of those submissions.
    """
    same = session.scalars(select(Submission.id).where(Submission.sha256 == sha256).order_by(Submission.id)).all()
    opened = []
    for submission in same:
        settled = newest_verdict(session, submission)
        if settled and settled.outcome == Outcome.ACCEPTED and settled.reason == _registered(number):
            before = _before(session, settled)
            session.add(_word(submission, before, Outcome.WAITING, f"rút khỏi sổ văn bản số {number}", now))
            opened.append(submission)
    return opened


def _registered(number: str) -> str:
    return f"đã vào sổ văn bản số {number}"


def original_of(session: Session, submission: int) -> str:
    """SHA-256 of what a submission brought.

    Raises:
        Problem: there is no such submission.
    """
    row = session.get(Submission, submission)
    if row is None:
        raise Problem(f"Không có bản nộp {BN(submission)}.")
    return row.sha256


def waits(
    session: Session, submission: int, outcomes: tuple[Outcome, ...], now: datetime, *, to: str | None = None
) -> Verdict | None:
    """The verdict of a submission that is a person's to decide: one of the outcomes, or none yet.

    Args:
        to: the agency to which it is to be given.

    Raises:
        Problem: there is no such submission, it does not wait, or it is being judged as another agency's.
    """
    one_at_a_time(session, f"word/{submission}")
    original_of(session, submission)
    verdict = newest_verdict(session, submission)
    if verdict is not None and verdict.outcome not in outcomes:
        raise Problem(f"Bản nộp {BN(submission)} không chờ người xử lý.")
    _not_underway(session, submission, now, to)
    return verdict


def _not_underway(session: Session, submission: int, now: datetime, to: str | None) -> None:
    """Another's word of this minute comes first: what is being judged as an agency's is given to none else."""
    given = newest_assignment(session, submission)
    if given is None or given.agency == to or given.recorded_at <= now - JUDGING:
        return
    if session.scalar(select(Verdict.id).where(Verdict.assignment_id == given.id)) is None:
        raise Problem(
            f"{BN(submission)} vừa được {given.by} giao cho một đơn vị và đang được kiểm tra. Sau ít phút, mở lại "
            "trang để xem kết quả."
        )


def _word(submission: int, before: Verdict | None, outcome: Outcome, reason: str, now: datetime) -> Verdict:
    """A person's word as the verdict that counts from now on."""
    return without_reading(
        submission,
        outcome,
        reason,
        now,
        assignment_id=before.assignment_id if before else None,
        form=before.form if before else None,
        agency=before.agency if before else None,
        answered=True,  # a person did
    )
