"""What a mail brought, as its answer is to speak of it: which of it counts, and whom it is told to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.facts import contacts
from dondoc.intake.verdicts import may_act_for, newest_verdict
from dondoc.store.intake import Mail, Submission, Verdict
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.submissions import ACCEPTED, Arrival, Outcome


@dataclass(frozen=True)
class Part:
    """A submission and what was judged of it."""

    submission: Submission
    verdict: Verdict

    @property
    def given(self) -> bool:
        """A person of ours said whose it is: by giving it to its agency, or by entering it in the register."""
        return self.verdict.assignment_id is not None or self.registered

    @property
    def registered(self) -> bool:
        """It is a letter that was entered in the register."""
        return self.verdict.outcome in ACCEPTED and self.verdict.form is None

    @property
    def errors(self) -> list[dict[str, Any]]:
        return [issue for issue in self.verdict.issues if issue["severity"] == "error"]

    @property
    def form(self) -> tuple[str, str] | None:
        """Of which agency which form it is."""
        verdict = self.verdict
        return (verdict.agency, verdict.form) if verdict.agency and verdict.form else None


class Incoming(NamedTuple):
    """What one mail brought, or one file that came by another way; `unanswered`: what nobody was told of yet."""

    kind: MailKind
    mail: Mail | None
    unanswered: Sequence[Part]


class Addressee(NamedTuple):
    """`stranger`: nobody vouches for the address: it is told nothing, and repeated nothing."""

    address: str
    stranger: bool


def incoming_with(session: Session, submission_id: int) -> Incoming | None:
    """What came with a submission; None while not all of it is judged."""
    first = session.get_one(Submission, submission_id)
    mail = session.get(Mail, first.mail_id) if first.mail_id else None
    together = select(Submission).where(Submission.mail_id == first.mail_id).order_by(Submission.id)
    parts = []
    for submission in session.scalars(together).all() if mail else [first]:
        verdict = newest_verdict(session, submission.id)
        if verdict is None:
            return None
        parts.append(Part(submission, verdict))
    kind = mail.kind if mail else MailKind.SUBMISSION
    return Incoming(kind, mail, [part for part in parts if not part.verdict.answered])


def counting(parts: Iterable[Part]) -> list[Part]:
    """Without old copies beside the corrected form, and blanks beside the one that was filled in: that one counts."""
    parts = list(parts)
    return [part for part in parts if not any(_counts_before(other, part) for other in parts)]


def _counts_before(other: Part, part: Part) -> bool:
    if part.form is None or other.form != part.form:
        return False
    if part.verdict.outcome == Outcome.REFUSED:
        return other.verdict.outcome != Outcome.REFUSED
    newer = (*ACCEPTED, Outcome.RETURNED) if part.errors else ACCEPTED
    return part.verdict.outcome == Outcome.DUPLICATE and other.verdict.outcome in newer


def addressee(session: Session, part: Part, now: datetime) -> Addressee | None:
    """Whom to answer; None: nobody.

    From an address in doubt only what a person has given to its agency is answered with content, and to the agency's
    own officer.
    """
    submission = part.submission
    if submission.automatic:
        return None
    if submission.sender_doubt and part.given:
        address = _own_address(session, part.verdict, now)
        return Addressee(address, False) if address else None
    if not submission.sender and submission.channel.ours:
        address = _own_address(session, part.verdict, now)
        return Addressee(address, False) if address else None
    if submission.channel == Arrival.SURVEY:
        address = _of_survey(session, part.verdict, now)
        return Addressee(address, False) if address else None
    return Addressee(submission.sender, _is_stranger(session, part)) if submission.sender else None


def of_whom(session: Session, part: Part) -> str | None:
    """The agency of a part, where its addressee may hear of it: who sends another's form learns nothing of that one."""
    submission, agency = part.submission, part.verdict.agency
    if part.given or submission.channel.ours or submission.channel == Arrival.SURVEY:
        return agency
    return agency if agency in may_act_for(session, submission) else None


def _of_survey(session: Session, verdict: Verdict, now: datetime) -> str:
    """The officer whom an online survey names, where he is known as the agency's; nobody for what anybody may send."""
    if verdict.outcome == Outcome.WAITING or not verdict.agency:
        return ""
    named = str(verdict.head.get("officer_email", "")).lower()
    known = named and verdict.agency in contacts.agency_of_sender(session, named, now.date())
    return named if known else _own_address(session, verdict, now)


def _own_address(session: Session, verdict: Verdict, now: datetime) -> str:
    """Where to answer what came through our own hands, without an address."""
    for role in (Role.FOCAL_OFFICER, Role.CLERK):
        if verdict.agency and (holders := contacts.find(session, verdict.agency, role, now.date())):
            return holders[0].email
    return ""


def _is_stranger(session: Session, part: Part) -> bool:
    """Nobody answers for the sender: in doubt, or neither registered nor given an agency by a person."""
    if part.submission.sender_doubt is not None:
        return True
    return not part.given and not may_act_for(session, part.submission)
