"""What a mail is, decided by its header and its parts alone, with the reason."""

from dataclasses import dataclass
from email.message import Message

from dondoc.intake.mails import signs, words
from dondoc.intake.mails.bounces import DELAYED, FAILED, Bounced
from dondoc.intake.mails.signs import ABSENT, Sign
from dondoc.intake.sources.parts import Parts
from dondoc.vocabulary.mails import MailKind, NoDocument
from dondoc.vocabulary.reasons import Reason, ReasonCode, because
from dondoc.vocabulary.submissions import MayBe, may_be

NAMED = 5  # recipients in a reason
_NOTICES = (Sign.GENERATED, Sign.BULK, Sign.LIST, Sign.MACHINE, Sign.NO_RETURN, Sign.LOOP, Sign.WORDS)
_SURE = {Sign.SUBJECT, Sign.REPLIED, Sign.AUTOREPLY, Sign.PRECEDENCE, Sign.ANSWERS_ITSELF}  # of an absence note
_LETTERS = (MayBe.LETTER, MayBe.NEITHER)


class Why(ReasonCode):
    """Why a mail is of its kind."""

    CAME_BACK = "came_back", "thư do chính hệ thống này gửi đi quay trở lại"
    FAILED = "failed", "máy chủ thư báo không chuyển được thư tới {recipients}"
    DELAYED = "delayed", "máy chủ thư báo thư tới {recipients} chưa đến, còn gửi lại"
    RETURNED = "returned", "máy chủ thư trả lại thư của Sở"
    ABSENT = "absent", "thư trả lời tự động ({sign})"
    MAIL_REPORT = "mail_report", "báo cáo kỹ thuật về thư (DMARC, TLS)"
    COMPLAINT = "complaint", "báo cáo thư bị xếp là thư rác"
    RECEIPT = "receipt", "báo đã đọc hoặc đã nhận thư"
    CALENDAR = "calendar", "lời mời hoặc trả lời lịch họp"
    RECALLED = "recalled", "Outlook đề nghị thu hồi một thư đã gửi; thư và tệp đã nhận vẫn được giữ nguyên"
    MACHINE = "machine", "thư do máy gửi ({sign})"
    DOCUMENTS = "documents", "có {count:02} tệp gửi kèm"
    OPAQUE = "opaque", "thư được ký hoặc mã hóa nguyên khối (S/MIME), không mở được: cần người xem"
    UNREADABLE = "unreadable", "không đọc được thư ({faults}): cần người xem"
    TOO_MANY = "too_many", "thư có {count:02} tệp, nhiều hơn số tệp được mở của một thư: cần người xem"
    TOO_LARGE = "too_large", "thư quá lớn nên chưa đọc"
    SAYS_ATTACHED = "says_attached", "thư viết “{words}” mà không có tệp nào"
    EMPTY_FILE = "empty_file", "tệp gửi kèm “{name}” không có nội dung"
    STRIPPED = "stripped", "tệp gửi kèm đã bị phần mềm chống virus gỡ khỏi thư, chỉ còn “{name}”"
    SHARED = "shared", "thư chia sẻ tệp bằng đường dẫn (“{words}”) mà không kèm tệp; phần mềm không mở đường dẫn"
    WORDS = "words", "thư trả lời, không có tệp gửi kèm"


# Of mails that are kept whole, because nothing could be taken out of them.
UNREAD = (Why.OPAQUE, Why.UNREADABLE, Why.TOO_MANY, Why.TOO_LARGE)


@dataclass(frozen=True)
class Decision:
    """`automatic`: nobody is answered."""

    kind: MailKind
    reason: Reason
    automatic: bool = False


def decide(header: Message, parts: Parts, *, ours: bool = False, sent_back: bool = False) -> Decision:
    """What a mail is.

    A report of a mail server, and our own letter, are known by what they are made of. Else a mail that brings a
    document is a person's, whatever sign stands in its header: lists of offices and rules of Exchange set all of them.
    Without one, a sign is enough.

    Args:
        ours: its own Message-ID is that of a letter of ours.
        sent_back: what it brings is, byte for byte, what that letter brought.
    """
    found = signs.signs(header, parts.subject or "", parts.own)
    loop = ours or Sign.LOOP in found
    decided = _report(header, parts) or _returned(found, parts)
    if decided is None and loop and (sent_back or not parts.documents):
        decided = _machines(MailKind.OURS, Why.CAME_BACK)
    return decided or _brought(found, parts, loop) or _without_document(found, parts)


def decide_unread(header: Message, parts: Parts, *, ours: bool = False) -> Decision:
    """What a mail is of which only the beginning was read: unless that is a bounce, it may bring anything."""
    decided, found = decide(header, parts), signs.signs(header, parts.subject or "")
    if decided.kind == MailKind.BOUNCE:
        return decided
    return Decision(MailKind.SUBMISSION, because(Why.TOO_LARGE), ours or any(not sign.weak for sign in found))


def _machines(kind: MailKind, why: Why, **params: object) -> Decision:
    return Decision(kind, because(why, **params), automatic=True)


def _report(header: Message, parts: Parts) -> Decision | None:
    """A report in a form of its own; a person's files beside what only words tell make it none."""
    kind, subject = signs.report_type(header), parts.subject or ""
    if (bounce := _bounce(parts.bounced)) and (kind is not None or not parts.documents):
        return bounce
    if kind == "feedback-report":
        return _machines(MailKind.NOTICE, Why.COMPLAINT)
    names = [name for name, _ in (*parts.documents, *parts.passed_over)]
    if kind == "tlsrpt" or signs.is_mail_report(subject, names):
        return _machines(MailKind.NOTICE, Why.MAIL_REPORT)
    if kind in ("delivery-status", "") and not parts.bounced:
        return _machines(MailKind.BOUNCE, Why.RETURNED)
    return _machines(MailKind.NOTICE, Why.RECEIPT) if kind is not None else None


def _bounce(bounced: list[Bounced]) -> Decision | None:
    for action, why in ((FAILED, Why.FAILED), (DELAYED, Why.DELAYED)):
        if several := [one.recipient for one in bounced if one.action == action]:
            named = ", ".join(filter(None, several[:NAMED])) or "người nhận"
            return _machines(MailKind.BOUNCE, why, recipients=named)
    return None


def _returned(found: frozenset[Sign], parts: Parts) -> Decision | None:
    """A letter of ours given back by a machine, in a report whose form nobody knows."""
    if parts.of_ours and found & {Sign.MACHINE, Sign.NO_RETURN}:
        return _machines(MailKind.BOUNCE, Why.RETURNED)
    return None


def _brought(found: frozenset[Sign], parts: Parts, loop: bool) -> Decision | None:
    """A mail that brings something, or of which nobody can tell."""
    unanswered = loop or bool(found & {Sign.MACHINE, Sign.NO_RETURN})
    if len(found & _SURE) > 1 and all(may_be(name) in _LETTERS for name, _ in parts.documents):
        return None  # an absence note with a leaflet of its office
    if parts.documents:
        return Decision(MailKind.SUBMISSION, because(Why.DOCUMENTS, count=len(parts.documents)), unanswered)
    unanswered |= any(not sign.weak for sign in found)
    if parts.opaque:
        return Decision(MailKind.SUBMISSION, because(Why.OPAQUE), unanswered)
    if parts.too_many:
        return Decision(MailKind.SUBMISSION, because(Why.TOO_MANY, count=parts.too_many), unanswered)
    if parts.faults:
        return Decision(MailKind.SUBMISSION, because(Why.UNREADABLE, faults=", ".join(parts.faults)), unanswered)
    return None


def _without_document(found: frozenset[Sign], parts: Parts) -> Decision:
    subject, passed = parts.subject or "", {why: name for name, why in parts.passed_over}
    if signs.is_read_receipt(subject) and not words.claims(parts.own):
        return _machines(MailKind.NOTICE, Why.RECEIPT)
    if NoDocument.INVITATION in passed or signs.is_answer_to_invitation(subject, parts.own):
        return _machines(MailKind.NOTICE, Why.CALENDAR)
    if signs.is_recall(subject, parts.own):
        return _machines(MailKind.NOTICE, Why.RECALLED)
    if shared := words.shares(subject, parts.own):
        return Decision(MailKind.FORGOTTEN, because(Why.SHARED, words=shared), any(not sign.weak for sign in found))
    if found & _SURE or (found & {Sign.RULE, Sign.SUPPRESS} and not found & {Sign.LIST, Sign.BULK}):
        sign = next(one for one in ABSENT if one in found)
        return _machines(MailKind.ABSENCE, Why.ABSENT, sign=sign.label)
    if machine := next((one for one in _NOTICES if one in found), None):
        return _machines(MailKind.NOTICE, Why.MACHINE, sign=machine.label)
    if NoDocument.EMPTY in passed:
        return Decision(MailKind.FORGOTTEN, because(Why.EMPTY_FILE, name=passed[NoDocument.EMPTY]))
    if NoDocument.STRIPPED in passed:
        return Decision(MailKind.FORGOTTEN, because(Why.STRIPPED, name=passed[NoDocument.STRIPPED]))
    if said := words.claims(parts.own or ("" if _is_answer(subject) else subject)):
        return Decision(MailKind.FORGOTTEN, because(Why.SAYS_ATTACHED, words=said))
    return Decision(MailKind.REPLY, because(Why.WORDS))


def _is_answer(subject: str) -> bool:
    """Whether the words of a subject are those of the mail that it answers or forwards."""
    return subject.lower().lstrip().startswith(("re:", "tl:", "trả lời:", "fwd:", "fw:", "chuyển tiếp:", "aw:"))
