"""A snapshot of the facts that obligations rest on: happened up to `as_of`, recorded up to `known_at`."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session, defer

from dondoc.clock import HERE
from dondoc.facts import contacts
from dondoc.facts.rulings import PauseOver, holding, pauses_over, ruled
from dondoc.store.facts import RegisteredLetter, Ruling
from dondoc.store.intake import Assignment, JudgingAttempt, Submission, Verdict
from dondoc.store.retractions import not_retracted
from dondoc.vocabulary.submissions import ACCEPTED, OUR_TURN, MayBe, Outcome, may_be

LATELY = timedelta(days=1)  # how long what could not be looked into pauses anything


@dataclass(frozen=True)
class Paper:
    """A registered letter."""

    agency: str
    fulfils: frozenset[str]
    number: str
    day: date
    received_at: datetime


@dataclass(frozen=True)
class Received:
    """A submission with the newest thing that was judged of it.

    `named` is the agency's name as the sender wrote it; `may_be`: what it can be while `form` is None.
    """

    id: int
    agency: str | None
    form: str | None
    fulfils: frozenset[str]
    outcome: Outcome
    named: str | None
    received_at: datetime
    may_be: MayBe = MayBe.EITHER
    judged_at: datetime | None = None  # when it was found so
    first: bool = False  # a duplicate that came before what was accepted
    waited_until: datetime | None = None  # until when it waited for us


@dataclass(frozen=True)
class Facts:
    papers: tuple[Paper, ...] = ()
    submissions: tuple[Received, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    pauses_over: tuple[PauseOver, ...] = ()


def read(
    session: Session, as_of: datetime, known_at: datetime | None = None, senders: Collection[str] | None = None
) -> Facts:
    """The facts for a moment.

    Args:
        known_at: None: everything recorded by now.
        senders: of submissions only what was judged to be of these agencies, and what is nobody's yet; None: all.
    """

    def known(query: Any, column: Any) -> Any:
        return query if known_at is None else query.where(column <= known_at)

    entered = not_retracted(RegisteredLetter, known_at)
    papers = session.scalars(entered.where(RegisteredLetter.happened_at <= as_of).order_by(RegisteredLetter.id))
    assigned = known(
        select(Assignment.submission_id, Assignment.arrived_at).where(Assignment.arrived_at.is_not(None)),
        Assignment.recorded_at,
    )
    said: dict[int, datetime] = dict(session.execute(assigned.order_by(Assignment.id)).all())
    came = or_(Submission.happened_at <= as_of, Submission.id.in_(said))
    submissions = select(Submission).where(came)
    verdicts = select(Verdict).order_by(Verdict.id).options(defer(Verdict.rows), defer(Verdict.issues))
    if senders is not None:
        theirs = _of(senders)
        submissions, verdicts = (
            submissions.where(or_(Submission.id.in_(theirs), Submission.id.in_(_unread_of(session, senders)))),
            verdicts.where(Verdict.submission_id.in_(theirs)),
        )
    rows = session.scalars(known(submissions, Submission.recorded_at))
    arrived = [(said.get(row.id, row.happened_at), row) for row in rows]
    arrived = [(when, row) for when, row in arrived if when <= as_of]
    newest, waited = _judged(session.scalars(known(verdicts, Verdict.recorded_at)))
    failed = JudgingAttempt.fault.is_not(None) | ~JudgingAttempt.finished
    tried = known(select(JudgingAttempt.submission_id).where(failed), JudgingAttempt.recorded_at)
    spoilt = set(session.scalars(tried))
    unread = {
        s.id: (s.sender, when.date())
        for when, s in arrived
        if s.id not in newest or (s.id in spoilt and _tells_nothing(newest[s.id]))
    }
    whose = contacts.agencies_of_senders(session, set(unread.values()), known_at) if unread else {}
    said_of = ruled(session, as_of, known_at)
    return Facts(
        papers=tuple(
            Paper(p.agency, frozenset(p.fulfils), p.document_number, p.document_date, p.happened_at) for p in papers
        ),
        submissions=tuple(
            _unread(s, when, as_of, whose[unread[s.id]]) if s.id in unread else _received(s, when, newest, waited)
            for when, s in sorted(arrived, key=lambda pair: (pair[0], pair[1].id))
        ),
        rulings=tuple(holding(said_of)),
        pauses_over=tuple(pauses_over(said_of, as_of.astimezone(HERE).date())),
    )


def _judged(verdicts: Iterable[Verdict]) -> tuple[dict[int, Verdict], dict[int, datetime]]:
    """By submission the newest verdict, and when it last ceased to wait for us, if it ever did wait.

    `verdicts`: in the order in which they were recorded.
    """
    newest, waited = dict[int, Verdict](), dict[int, datetime]()
    for verdict in verdicts:
        before, newest[verdict.submission_id] = newest.get(verdict.submission_id), verdict
        if before and before.outcome in OUR_TURN and verdict.outcome not in OUR_TURN:
            waited[verdict.submission_id] = verdict.recorded_at
    return newest, waited


def _of(senders: Collection[str]) -> Select[int]:
    """Submissions that were once judged to be of these agencies, or of nobody while a person has to look."""
    nobodys = Verdict.agency.is_(None) & Verdict.outcome.in_(OUR_TURN)
    return select(Verdict.submission_id).where(or_(Verdict.agency.in_(senders), nobodys))


def _unread_of(session: Session, senders: Collection[str]) -> list[int]:
    """Submissions that nobody has judged yet, from an address of these agencies."""
    known = contacts.addresses_of(session, senders)
    unread = select(Submission.id, Submission.sender).where(~exists().where(Verdict.submission_id == Submission.id))
    return [number for number, sender in session.execute(unread) if contacts.folded(sender) in known]


def _tells_nothing(verdict: Verdict) -> bool:
    """Set aside because it could not be checked."""
    return verdict.outcome == Outcome.WAITING and verdict.form is None and verdict.agency is None


def _unread(submission: Submission, came: datetime, as_of: datetime, senders: Collection[str]) -> Received:
    """Nobody could look into it yet: it waits for us, for the agency whose address sent it, if it is from there.

    After a day for nobody in particular: whoever sends what cannot be checked would else never be chased.

    Args:
        senders: the agencies that its address is registered for.
    """
    certain = len(senders) == 1 and submission.sender_doubt is None and not submission.automatic
    lately = submission.recorded_at > as_of - LATELY
    return Received(
        id=submission.id,
        agency=next(iter(senders)) if lately and certain else None,
        form=None,
        fulfils=frozenset(),
        outcome=Outcome.WAITING,
        named=None,
        received_at=came,
        may_be=may_be(submission.filename),
    )


def _received(
    submission: Submission, came: datetime, newest: Mapping[int, Verdict], waited: Mapping[int, datetime]
) -> Received:
    verdict = newest[submission.id]
    later = newest.get(verdict.replaces or 0)
    repeated = verdict.outcome == Outcome.DUPLICATE and later is not None and later.outcome in ACCEPTED
    return Received(
        id=submission.id,
        agency=verdict.agency,
        form=verdict.form,
        fulfils=frozenset(verdict.fulfils),
        outcome=verdict.outcome,
        named=verdict.head.get("agency_name"),
        received_at=came,
        may_be=verdict.may_be or MayBe.EITHER,
        judged_at=verdict.recorded_at,
        first=repeated,
        waited_until=waited.get(submission.id),
    )
