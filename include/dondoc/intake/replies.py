"""An old contact's answer to our question whether a new one is right: a reply that quotes the code, or our letter."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from email.message import Message
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc.audit import Actor, Channel
from dondoc.configuration.context import AppContext
from dondoc.directive.names import fold
from dondoc.facts import contact_changes
from dondoc.intake.authentication import Sender
from dondoc.intake.officers import KIND
from dondoc.intake.verdicts import newest_verdict, without_reading
from dondoc.store.mail import OutboxLetter
from dondoc.vocabulary.numbers import TD
from dondoc.vocabulary.submissions import MayBe, Outcome

READ = 4_000  # characters of a reply: the answer stands at its top
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}>")
# Where what somebody else wrote begins: our own line, a mark of quotation, or the head of the letter answered.
_QUOTED = re.compile(
    r"^\s*(>|---|___|[^\n]{0,200}(viết phía trên dòng này|wrote:|đã viết:)|(From|Từ|Người gửi)\s*:|Sent from\s)",
    re.MULTILINE | re.IGNORECASE,
)
_NO = re.compile(r"\b(khong|tu choi)\b")
_YES = re.compile(r"\b(dong y|xac nhan|nhat tri|chap thuan|ok|yes)\b")
_NOT_YES = re.compile(r"\b(khong|chua|chua the)( \w+)? (dong y|xac nhan|nhat tri|chap thuan)\b")
_REFUSES = re.compile(
    r"\bkhong (he |the )?(dong y|xac nhan|nhat tri|chap thuan|phai|dung|chinh xac|thay doi|doi|de nghi|de xuat)\b"
    r"|\btu choi\b"
)
_JUST_NO = re.compile(r"(da |thua )*khong( a)?")
_AUTOMATIC = re.compile(r"\b(tu dong|he thong)\b")
_SENTENCE = re.compile(r"[^\n.!?;]+[.!?;]*")
# What a sentence that says yes or no is made of besides: who says it, to whom, and to what. "Xác nhận đã nhận được thư"
# and "tôi không có mặt ở cơ quan", as absence notes say, "sẽ kiểm tra và xác nhận sau" and "ai đồng ý?" are none.
_AROUND = re.compile(
    r"(a|anh|bo|can|cap|chi|chung|co|cua|da|dau|dia|dien|doi|don|dung|em|gui|hoan|he|ho|kinh|la|lien|moi|nay|noi|phong|"
    r"quan|quy|roi|so|tat|ca|thay|the|thoai|thong|tin|thu|tinh|toan|toi|tren|truyen|ubnd|va|ve|vi|viec|voi|xin)"
)
_DO_NOT = re.compile(r"\bđừng\b", re.IGNORECASE)  # folded it is đúng, right


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


def answer_of(text: str) -> Answer:
    """What somebody answers in their own words, above what they quote. Yes and no at once is neither."""
    own = _QUOTED.split(text[:READ], maxsplit=1)[0]
    folded = fold(own)
    no, yes = bool(_NO.search(folded)), bool(_YES.search(_NOT_YES.sub(" khong ", folded)))
    if no == yes:
        return Answer.UNCLEAR
    word, meant, answer = (_NO, _REFUSES, Answer.NO) if no else (_YES, _YES, Answer.YES)
    saying = [one for one in _SENTENCE.findall(own) if word.search(fold(one))]
    return answer if saying and all(_means(meant, one) for one in saying) else Answer.UNCLEAR


def _means(meant: re.Pattern[str], sentence: str) -> bool:
    """Whether a sentence means this and says nothing else."""
    folded = fold(sentence)
    if "?" in sentence or _DO_NOT.search(unicodedata.normalize("NFC", sentence)) or _AUTOMATIC.search(folded):
        return False
    if meant is _REFUSES and _JUST_NO.fullmatch(" ".join(re.findall(r"\w+", folded))):
        return True
    return bool(meant.search(folded)) and all(map(_AROUND.fullmatch, re.findall(r"\w+", meant.sub(" ", folded))))


def take(
    app: AppContext, mail: Message, sender: Sender, subject: str, text: str, submissions: Sequence[int], now: datetime
) -> None:
    """Let a reply count, if it is one; doing so again changes nothing.

    Only from the address that was asked, and only where nothing makes us doubt that it is from there. A reply that
    says neither yes nor no waits for a person.

    Args:
        submissions: what the mail was taken in as, when it brought nothing else: settled by the answer.
    """
    with app.sessions.reading() as session:
        about = question(app, session, mail, sender, subject)
    if about is None:
        return
    answer = answer_of(text)
    by = Actor(sender.address, sender.address, Channel.MAIL)
    with app.sessions.begin() as session:
        changes = contact_changes.asked_of(session, about, sender.address)
        for change in changes:
            if answer == Answer.YES:
                contact_changes.confirm(session, app.secrets, change.id, by=by, now=now)
            elif answer == Answer.NO:
                reason = "địa chỉ cũ trả lời không"
                contact_changes.refuse(session, app.secrets, change.id, reason=reason, by=by, now=now)
        numbers = ", ".join(TD(change.id) for change in changes)
        for submission in submissions if changes else ():
            _close(session, submission, answer, numbers, now)


def question(app: AppContext, session: Session, mail: Message, sender: Sender, subject: str) -> int | None:
    """The submission that brought the changes about which a mail answers our question; None: it answers none."""
    if sender.doubt or not sender.address:
        return None
    about = contact_changes.genuine(app.secrets, subject, sender.address)
    about = about or _answered_letter(session, mail, sender.address)
    return about if about is not None and contact_changes.asked_of(session, about, sender.address) else None


def _answered_letter(session: Session, mail: Message, recipient: str) -> int | None:
    """The submission of our question that a mail answers: nobody else can know its Message-ID."""
    fields = " ".join(str(value) for name in ("in-reply-to", "references") for value in mail.get_all(name, []))
    named = _MESSAGE_ID.findall(fields[:READ])
    query = select(OutboxLetter.context).where(
        OutboxLetter.kind == KIND, OutboxLetter.recipient == recipient, OutboxLetter.message_id.in_(named)
    )
    asking = (context["submission"] for context in session.scalars(query) if context["asks"])
    return next(asking, None)


def _close(session: Session, submission: int, answer: Answer, numbers: str, now: datetime) -> None:
    if answer == Answer.UNCLEAR:
        reason, outcome = f"trả lời về {numbers} không rõ đồng ý hay không: cần người xem", Outcome.WAITING
    else:
        reason, outcome = f"đã ghi nhận trả lời về {numbers}", Outcome.DISMISSED
    standing = newest_verdict(session, submission)
    if standing is None or (standing.outcome == Outcome.WAITING and standing.reason != reason):
        more = {"agency": standing.agency, "may_be": MayBe.NEITHER} if standing else {}
        session.add(without_reading(submission, outcome, reason, now, answered=True, **more))
