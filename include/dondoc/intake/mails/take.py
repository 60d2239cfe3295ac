"""Take in a mail: what it is, and all that it brings, in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dondoc.configuration.context import AppContext
from dondoc.forms.redact import redact
from dondoc.intake import origins, replies
from dondoc.intake.authentication import Sender
from dondoc.intake.mails import kinds, letters, words
from dondoc.intake.mails.content import DOCUMENTS
from dondoc.intake.mails.kinds import Decision
from dondoc.intake.receive import prepared, visible
from dondoc.intake.sources.mail import ReadMail
from dondoc.intake.verdicts import may_act_for, without_reading
from dondoc.store.intake import Mail, Submission, Verdict
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.reasons import because, said
from dondoc.vocabulary.submissions import Arrival, MayBe, Outcome

WHOLE, TOO_LARGE = "thu.eml", "thu-qua-lon.eml"  # names of mails that are kept themselves
TEXT = 4_000  # characters of a text that are kept
_BY_A_PERSON = (MailKind.SUBMISSION, MailKind.REPLY, MailKind.FORGOTTEN)


@dataclass(frozen=True)
class Taken:
    """What a mail was taken in as. `new`: by this call."""

    decision: Decision
    submissions: list[int]
    new: bool


@dataclass(frozen=True)
class _Arrived:
    raw: bytes
    mail: ReadMail
    sender: Sender
    at: datetime
    refused: str | None  # why it was not read as a whole, in words; None: it was
    now: datetime


def take_in(
    app: AppContext,
    raw: bytes,
    mail: ReadMail,
    sender: Sender,
    arrived: datetime,
    now: datetime,
    *,
    refused: str | None = None,
) -> Taken:
    """Keep a mail and what it brings; doing so again changes nothing.

    What it is known by is the whole of it, as it was delivered: neither a change of UIDs nor a second reading makes it
    new, and nobody can send something that passes for another's mail. One without a document is kept itself, and its
    verdict stands at once; so is one of which a part could not be read, beside its documents.

    Args:
        raw: all of it, or its beginning where it is refused.
        refused: why it is not read, for its sender: it is too large.

    Raises:
        Problem: the disk is nearly full or cannot be used.
    """
    arrival = _Arrived(raw, mail, sender, min(arrived, now), refused, now)  # nothing arrives in the future
    decision = _decided(app, arrival)
    brings = decision.kind == MailKind.SUBMISSION and bool(mail.documents) and not refused
    files = list(mail.documents) if brings else [(TOO_LARGE if refused else WHOLE, raw)]
    if brings and mail.parts.faults:  # what of it was not read may be a document too
        files.append((WHOLE, raw))
    digest = sha256(raw).hexdigest()
    rows = [_row(app, arrival, decision, f"{digest}/{index}", *file) for index, file in enumerate(files)]
    try:
        return _keep(app, arrival, decision, digest, rows, brings=brings)
    except IntegrityError:  # another run took it in between our look and our insert
        with app.sessions.reading() as session:
            return Taken(decision, _known(session, digest), new=False)


def _keep(
    app: AppContext, arrival: _Arrived, decision: Decision, digest: str, rows: list[Submission], *, brings: bool
) -> Taken:
    """Write down a mail and its submissions. `brings`: documents; else, or where a part could not be read, the last of
    them is the mail itself, whose verdict stands at once."""
    with app.sessions.begin() as session:
        if known := _known(session, digest):
            return Taken(decision, known, new=False)
        row = _mail(session, arrival, decision, digest)
        session.add(row)
        session.flush()
        for submission in rows:
            submission.mail_id = row.id
            session.add(submission)
            session.flush()
        if not brings:
            session.add(_verdict(app, session, arrival, decision, rows[0]))
        elif faults := arrival.mail.parts.faults:
            reason = said(because(kinds.Why.UNREADABLE, faults=", ".join(faults)))
            session.add(without_reading(rows[-1].id, Outcome.WAITING, reason, arrival.now, answered=True))
        return Taken(decision, [submission.id for submission in rows], new=True)


def _known(session: Session, digest: str) -> list[int]:
    """The submissions of a mail that was taken in already, also before mails had a row of their own."""
    ids = [f"{digest}/{index}" for index in range(DOCUMENTS)]
    query = select(Submission.id).where(Submission.channel == Arrival.MAIL, Submission.channel_id.in_(ids))
    return list(session.scalars(query.order_by(Submission.id)))


def _decided(app: AppContext, arrival: _Arrived) -> Decision:
    with app.sessions.reading() as session:
        letter = letters.of_id(session, arrival.mail.message_id)
        sent = {one["sha256"] for one in letter.attachments} if letter else set()
    sent_back = bool(sent) and all(sha256(file).hexdigest() in sent for _, file in arrival.mail.documents)
    if arrival.refused:
        return kinds.decide_unread(arrival.mail.header, arrival.mail.parts, ours=letter is not None)
    return kinds.decide(arrival.mail.header, arrival.mail.parts, ours=letter is not None, sent_back=sent_back)


def _row(
    app: AppContext, arrival: _Arrived, decision: Decision, channel_id: str, name: str, content: bytes
) -> Submission:
    sender = arrival.sender
    return prepared(
        app,
        content,
        channel=Arrival.MAIL,
        channel_id=channel_id,
        sender=sender.address,
        filename=name,
        received_at=arrival.at,
        now=arrival.now,
        message_id=arrival.mail.message_id,
        subject=arrival.mail.parts.subject,
        automatic=decision.automatic,
        sender_doubt=sender.doubt,
        authentication=sender.authentication.result if sender.authentication else None,
    )


def _mail(session: Session, arrival: _Arrived, decision: Decision, digest: str) -> Mail:
    parts, by_person = arrival.mail.parts, decision.kind in _BY_A_PERSON
    own = parts.own if by_person else parts.text
    return Mail(
        digest=digest,
        kind=decision.kind,
        reason=decision.reason.as_json(),
        text="\n".join(redact(visible(line))[0] for line in own[:TEXT].splitlines())[:TEXT],
        promised=words.promised(parts.own, arrival.at) if by_person else None,
        document_number=words.document_number(parts.own) if by_person else None,
        letter_id=_letter(session, arrival, decision.kind),
        bounced=[one._asdict() for one in parts.bounced],
        passed_over=[[visible(name), str(why)] for name, why in parts.passed_over],
        origin=origins.origin(arrival.mail.header),
        recorded_at=arrival.now,
    )


def _letter(session: Session, arrival: _Arrived, kind: MailKind) -> int | None:
    parts, ids = arrival.mail.parts, letters.named(arrival.mail.header)
    if kind == MailKind.OURS:
        letter = letters.of_id(session, arrival.mail.message_id)
        return letter.id if letter else None
    if kind == MailKind.BOUNCE:
        return letters.returned(session, parts.originals, ids, parts.bounced, arrival.at)
    sender = "" if arrival.sender.doubt else arrival.sender.address
    agencies = _agencies(session, arrival)
    return letters.answered(session, [*ids, *parts.originals], sender, agencies) if sender else None


def _agencies(session: Session, arrival: _Arrived) -> set[str]:
    probe = Submission(sender=arrival.sender.address, sender_doubt=arrival.sender.doubt, happened_at=arrival.at)
    return may_act_for(session, probe)


def _verdict(
    app: AppContext, session: Session, arrival: _Arrived, decision: Decision, submission: Submission
) -> Verdict:
    """On a mail that is kept itself. A machine's is nobody's work; a person's waits, and is answered."""
    reason = said(decision.reason)
    may_be = MayBe.EITHER if arrival.mail.documents or decision.kind == MailKind.SUBMISSION else MayBe.NEITHER
    if decision.kind not in _BY_A_PERSON:
        return without_reading(submission.id, Outcome.DISMISSED, reason, arrival.now, may_be=may_be, answered=True)
    if arrival.refused:
        return without_reading(submission.id, Outcome.REFUSED, arrival.refused, arrival.now)
    agencies = _agencies(session, arrival)
    agency = next(iter(agencies)) if len(agencies) == 1 else None
    question = replies.question(app, session, arrival.mail.header, arrival.sender, arrival.mail.parts.subject or "")
    answered = decision.automatic or (question is not None and decision.kind != MailKind.SUBMISSION)
    return without_reading(
        submission.id, Outcome.WAITING, reason, arrival.now, agency=agency, may_be=may_be, answered=answered
    )
