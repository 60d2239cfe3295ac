"""Answer what arrived: once a mail, after all of it is judged."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dondoc.clock import HERE
from dondoc.configuration.context import AppContext
from dondoc.intake.answers import files, words
from dondoc.intake.answers.part import Addressee, Incoming, Part, addressee, counting, incoming_with, of_whom
from dondoc.intake.verdicts import newest_verdict
from dondoc.mail import compose, outbox
from dondoc.mail.letter import Letter
from dondoc.mail.render import render
from dondoc.store.intake import Verdict
from dondoc.store.mail import OutboxLetter
from dondoc.store.session import one_at_a_time
from dondoc.vocabulary.letters import LetterKind
from dondoc.vocabulary.mails import MailKind
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.submissions import OUR_TURN, Outcome

log = logging.getLogger(__name__)
PER_DAY = 20  # answers to one address a day: an automatic correspondent must not become a loop


class Wording(StrEnum):
    """Folders of words."""

    ANSWER = "answer"
    NEUTRAL = "neutral"  # says only that something was received


class Instead(StrEnum):
    """What stands where the key of an answer else has one outcome."""

    DOUBTED = "doubted"  # whatever it is: somebody else may have sent it
    SEVERAL = "several"


# What answers an outcome; nothing answers what a person put aside.
LETTERS = {
    Outcome.ACCEPTED: LetterKind.RECEIPT,
    Outcome.ACCEPTED_WITH_WARNINGS: LetterKind.RECEIPT,
    Outcome.DUPLICATE: LetterKind.RECEIPT,
    Outcome.RETURNED: LetterKind.RETURNED,
    Outcome.REFUSED: LetterKind.RETURNED,
    Outcome.WAITING: LetterKind.RECEIPT,
    Outcome.CONFLICT: LetterKind.RECEIPT,
}


def answer(app: AppContext, submission_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Put one answer for each mail, or other arrival, into the outbox; answering again changes nothing.

    A mail of which something is not judged yet is answered later. What is judged anew after its mail was answered, such
    as a scan that was entered in the register, is answered by itself.

    Nobody is answered when a machine sent it, when there is no address, after the day's 20th answer to one address, or
    as a stranger after the day's last to all strangers. What was not answered for being too many is not answered later
    either: its verdict says so, and a person sees it. An address that somebody else may have written into From gets one
    neutral receipt a day, and nothing with content: once a person has given the form to its agency, the agency's own
    officer is answered.

    Returns:
        ids of the outbox rows.
    """
    ids: list[int] = []
    for submission_id in submission_ids:
        with app.sessions.reading() as session:
            incoming = incoming_with(session, submission_id)
            if incoming is None or not incoming.unanswered:
                continue
            recipients = _recipients(session, incoming, now)
        letters = [_letter(app, incoming, to, counting(parts), now) for to, parts in recipients.items()]
        with app.sessions.begin() as session:
            one_at_a_time(session, "answers")
            if (verdicts := _still(session, incoming)) is None:
                continue
            for letter in letters:
                ids += _enqueue(app, session, letter, verdicts, now)
            for verdict in verdicts:
                verdict.answered = True
    return ids


def _still(session: Session, incoming: Incoming) -> list[Verdict] | None:
    """The verdicts that were answered; None: another has answered meanwhile, or a person has judged otherwise, which is
    to be answered anew."""
    verdicts = [newest_verdict(session, part.submission.id) for part in incoming.unanswered]
    same = [
        verdict
        for verdict, part in zip(verdicts, incoming.unanswered, strict=True)
        if verdict and verdict.id == part.verdict.id and not verdict.answered
    ]
    return same if len(same) == len(verdicts) else None


def _enqueue(
    app: AppContext, session: Session, letter: Letter, verdicts: Sequence[Verdict], now: datetime
) -> list[int]:
    if reason := _too_many(app, session, letter, now):
        log.warning("%s is not answered: %s", BN(letter.context["submission"]), reason)
        for verdict in verdicts:
            verdict.reason += f" (không tự trả lời người gửi: {reason})"
        return []
    return [row.id for row in outbox.enqueue(session, [letter], settings=app.settings, now=now)]


def _recipients(session: Session, incoming: Incoming, now: datetime) -> dict[Addressee, list[Part]]:
    """Who is to be told of what: usually there is one sender."""
    recipients: dict[Addressee, list[Part]] = {}
    for part in incoming.unanswered:
        to = addressee(session, part, now) if part.verdict.outcome in LETTERS else None
        if to is not None:
            recipients.setdefault(to, []).append(part)
    return recipients


def _letter(app: AppContext, incoming: Incoming, to: Addressee, parts: Sequence[Part], now: datetime) -> Letter:
    first = parts[0].submission
    attached = files.Files() if to.stranger else files.of(app, parts, now)
    said = None if to.stranger else words.of(app, incoming, parts, attached, now)
    stands = [str(part["current"] or part["replaced"] or "") for part in said["parts"]] if said else [""] * len(parts)
    agency = _agency(app, to, parts)
    wording, today = Wording.NEUTRAL if to.stranger else Wording.ANSWER, now.astimezone(HERE).date()
    return compose.letter(
        app.settings,
        _kind(to, parts),
        to.address,
        render(app.settings.data, app.registry, wording, said or words.neutral(first), today),
        _about(app, incoming, to, [*zip(parts, stands, strict=True)], agency, now),
        f"Trả lời bản nộp {', '.join(BN(p.submission.id) for p in parts)}: {parts[0].verdict.reason}",
        agency=agency,
        attachments=attached.all,
        in_reply_to=first.message_id,
        context={"submission": first.id, "outcome": parts[0].verdict.outcome, "stranger": to.stranger},
    )


def _kind(to: Addressee, parts: Sequence[Part]) -> LetterKind:
    returned = any(LETTERS[part.verdict.outcome] == LetterKind.RETURNED for part in parts)
    return LetterKind.RETURNED if returned and not to.stranger else LetterKind.RECEIPT


def _is_doubted(to: Addressee, parts: Sequence[Part]) -> bool:
    """Somebody else may have sent it."""
    return to.stranger and parts[0].submission.sender_doubt is not None


def _agency(app: AppContext, to: Addressee, parts: Sequence[Part]) -> str | None:
    """The one agency that the letter is about."""
    with app.sessions.reading() as session:
        agencies = {of_whom(session, part) for part in parts}
    return agencies.pop() if len(agencies) == 1 and not _is_doubted(to, parts) else None


def _about(
    app: AppContext,
    incoming: Incoming,
    to: Addressee,
    parts: Sequence[tuple[Part, str]],
    agency: str | None,
    now: datetime,
) -> compose.About:
    """What is answered once: the content, whichever way and however often it comes, while the same version stands. Of
    mails without a document, and of all mails that somebody in doubt may have sent, one a day.

    Args:
        parts: each with the number of the version that stands or whose place it takes.
    """
    survey, day = app.registry.survey, f"{now:%Y-%m-%d}"
    if _is_doubted(to, [part for part, _ in parts]):
        return compose.of_answer(survey, None, Wording.NEUTRAL, Instead.DOUBTED, day)
    if incoming.kind != MailKind.SUBMISSION:
        wording = Wording.NEUTRAL if to.stranger else Wording.ANSWER
        return compose.of_answer(survey, agency, wording, incoming.kind, day)
    each = [
        (_said(to, part), part.verdict.outcome, "/".join(filter(None, (_content(part), stands))))
        for part, stands in parts
    ]
    if len(each) == 1:
        return compose.of_answer(survey, agency, *each[0])
    content = sha256("\n".join(sorted("/".join(one) for one in each)).encode()).hexdigest()
    return compose.of_answer(survey, agency, Wording.ANSWER, Instead.SEVERAL, content)


def _said(to: Addressee, part: Part) -> str:
    """What its words come to, in the key of an answer: of what waits for us only that it was received."""
    outcome = part.verdict.outcome
    return Wording.NEUTRAL if to.stranger or outcome in OUR_TURN else LETTERS[outcome]


def _content(part: Part) -> str:
    verdict = part.verdict
    content = f"{verdict.form}/{verdict.value_hash}" if verdict.value_hash else part.submission.sha256
    # The hash says nothing of what was not read: of the same values there may be other faults to be told of.
    faults = sorted(f"{i['code']} {i.get('cells') or i['cell']}" for i in part.errors)
    content += f"/{sha256(repr(faults).encode()).hexdigest()[:16]}" if faults else ""
    return f"{content}/{verdict.id}" if verdict.again else content


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
