"""Decide what becomes of a judged workbook: whose it is, who may act, and which version is current. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dondoc.directive.model import Agency, Directive
from dondoc.forms.verdict import FormVerdict
from dondoc.vocabulary.numbers import BN
from dondoc.vocabulary.reasons import Reason, ReasonCode, because
from dondoc.vocabulary.submissions import MayBe, Outcome, may_be

# What the judge says of a form in which nobody has written anything.
_OF_A_BLANK = frozenset(("required_missing", "no_rows", "no_officers", "token_missing", "token_unverified"))


@dataclass(frozen=True)
class Version:
    """An earlier version of the same agency's same form."""

    number: int | None  # None: it was returned, and never became current
    value_hash: str | None
    submission: int
    sender: str  # "": it came through our own hands, or may not be from whom it names
    mail: int | None
    arrived: datetime


@dataclass(frozen=True)
class Arrived:
    """What is known of an arrival besides its content.

    `sender`: "" where it came through our own hands; `doubt`: why it may be from somebody else, who is then a stranger
    whatever the contacts say; `agencies`: those that the sender may act for; `elsewhere`: the address has not written
    from there before, and nothing vouches for it.
    """

    filename: str
    sender: str
    at: datetime
    mail: int | None = None
    agencies: frozenset[str] = frozenset()
    doubt: str | None = None
    elsewhere: bool = False
    automatic: bool = False
    letter_of: tuple[int, str] | None = None  # the submission, and its agency, whose code of ours it bears
    brings_nothing: bool = False  # a mail without a document
    online: bool = False  # of a survey server, which knows no sender: a signed token alone says who may act


@dataclass(frozen=True)
class Word:
    """What a person said of it: whose it is; `decided`: knowing that another version is current, take this one."""

    agency: str
    decided: bool = False


class ResolutionReason(ReasonCode):
    """Why a workbook was judged as it was, besides what is wrong in it."""

    # whose it is
    GIVEN = "given", "cán bộ của Sở đã giao cho đơn vị này"
    NAMED = "named", "đơn vị theo mã xác nhận hoặc tên trong biểu mẫu"
    REGISTERED = "registered", "đơn vị theo địa chỉ gửi đã đăng ký"
    NOBODY_S = "nobody_s", "không xác định được đơn vị gửi"
    # what becomes of it
    VALID = "valid", "hợp lệ; {whose}"
    NEXT = "next", "hợp lệ, thay bản {replaced}; {whose}"
    NO_FORM = "no_form", "không phải biểu mẫu Excel (có thể là {kind}): cần người xem"
    LETTER_OF = "letter_of", "văn bản mang mã đối chiếu của bản nộp {submission}: chờ vào sổ"
    UNREADABLE = "unreadable", "{why}"
    BLANK = "blank", "biểu mẫu còn để trống, chưa điền nội dung"
    NOBODY_S_AND_DOUBTFUL = "nobody_s_and_doubtful", "{whose}; chưa chắc người gửi: {doubt}"
    DOUBTFUL = "doubtful", "chưa chắc thư là của người gửi ghi trong thư: {doubt}"
    UNREGISTERED = "unregistered", "địa chỉ gửi {sender} chưa được đăng ký cho đơn vị"
    UNSIGNED = "unsigned", "phiếu khảo sát trực tuyến không mang mã xác nhận của đơn vị: cần người xem"
    REPEATED = "repeated", "nội dung giống hệt bản đã nhận trước đó"
    EARLIER = "earlier", "nội dung giống hệt {later}, nhưng đến trước: tính theo lúc đến của bản này"
    FAULTY = "faulty", "{errors} chỗ cần bổ sung, chỉnh sửa"
    FROM_BLANK = "from_blank", "điền từ biểu mẫu trống, trong khi đã có bản đang dùng (bản {current}) do người khác gửi"
    OUTDATED = "outdated", "điền từ bản {base}, trong khi bản đang dùng là bản {current}, do người khác gửi"
    OLDER = "older", "đến trước bản đang dùng (bản {current}) mà nội dung khác"
    TWO_IN_ONE = "two_in_one", "cùng một thư có hai bản khác nhau của biểu mẫu này"
    ELSEWHERE = (
        "elsewhere",
        "thư ghi người gửi là {sender} nhưng đến từ nơi khác các lần trước, mà nội dung thay bản {current}: cần hỏi "
        "lại đơn vị",
    )


@dataclass(frozen=True)
class Resolution:
    """`replaces`: the submission whose place it takes, of a duplicate that came earlier its place in time; `letter_of`:
    the one whose code it bears."""

    outcome: Outcome
    agency: str | None
    version: int | None
    reason: Reason
    may_be: MayBe | None = None
    replaces: int | None = None
    letter_of: int | None = None


Whose = tuple[str | None, Reason]


def owner(form: FormVerdict, arrived: Arrived, word: Word | None) -> Whose:
    """Whose form it is: a person's word, the token or exact name, or a sender registered for one agency only."""
    if word:
        return word.agency, because(ResolutionReason.GIVEN)
    if form.agency:
        return form.agency, because(ResolutionReason.NAMED)
    if len(arrived.agencies) == 1:
        return next(iter(arrived.agencies)), because(ResolutionReason.REGISTERED)
    return None, because(ResolutionReason.NOBODY_S)


def may_act(agency: str, arrived: Arrived, word: Word | None) -> bool:
    """The token says whose form, the sender says who may act. A drop folder has no sender: it is ours."""
    return word is not None or not arrived.sender or agency in arrived.agencies


def repeats(form: FormVerdict, versions: Sequence[Version], current: int) -> bool:
    """Whether the same values came before.

    Going back from the current version to an older one's is no repetition; nor are values that were returned for what
    stood beside them, and by now are without a fault: nobody has them yet.
    """
    faulty = form.outcome == Outcome.RETURNED
    alike = (v for v in versions if form.value_hash and v.value_hash == form.value_hash)
    same = [v.number for v in alike if v.number or faulty]
    goes_back = current and (form.base_version or 0) >= current and current not in same
    return bool(same) and not goes_back


def is_blank(form: FormVerdict) -> bool:
    """Nothing stands in it but what we wrote: our own form coming back."""
    said = {issue.code for issue in form.issues}
    empty = not form.rows and form.head.keys() <= {"agency_name"} and said <= _OF_A_BLANK
    return form.outcome == Outcome.RETURNED and empty


def resolve(
    form: FormVerdict, whose: Whose, arrived: Arrived, *, word: Word | None = None, earlier: Sequence[Version] = ()
) -> Resolution:
    """What becomes of it, and why.

    Args:
        whose: as `owner` says.
        earlier: the versions of the same form that the same agency sent before, oldest first.
    """
    agency, basis = whose
    kind = MayBe.NEITHER if arrived.brings_nothing else may_be(arrived.filename)
    if form.form is None and kind != MayBe.FORM:
        return _unread(kind, None if arrived.automatic and not word else agency, arrived)
    if form.outcome == Outcome.REFUSED:
        why = form.issues[0].message if form.issues else "không đọc được tệp"
        return Resolution(Outcome.REFUSED, agency, None, because(ResolutionReason.UNREADABLE, why=why))
    if agency is None:
        doubtful = because(ResolutionReason.NOBODY_S_AND_DOUBTFUL, whose=basis, doubt=arrived.doubt)
        return Resolution(Outcome.WAITING, None, None, doubtful if arrived.doubt else basis)
    if arrived.doubt and not word:
        return Resolution(Outcome.WAITING, agency, None, because(ResolutionReason.DOUBTFUL, doubt=arrived.doubt))
    if not may_act(agency, arrived, word):
        unknown = because(ResolutionReason.UNREGISTERED, sender=arrived.sender)
        return Resolution(
            Outcome.WAITING, agency, None, because(ResolutionReason.UNSIGNED) if arrived.online else unknown
        )
    if is_blank(form):
        return Resolution(Outcome.REFUSED, agency, None, because(ResolutionReason.BLANK))
    return _version(form, agency, basis, arrived, word, earlier)


def _unread(kind: MayBe, agency: str | None, arrived: Arrived) -> Resolution:
    """What is no workbook: a person looks at it. A letter that bears our code is its submission's."""
    if arrived.letter_of is None:
        return Resolution(Outcome.WAITING, agency, None, because(ResolutionReason.NO_FORM, kind=kind.label), kind)
    submission, owner_of_form = arrived.letter_of
    about = because(ResolutionReason.LETTER_OF, submission=BN(submission))
    return Resolution(Outcome.WAITING, agency or owner_of_form, None, about, kind, letter_of=submission)


def _version(
    form: FormVerdict, agency: str, basis: Reason, arrived: Arrived, word: Word | None, earlier: Sequence[Version]
) -> Resolution:
    accepted = [v for v in earlier if v.number]
    newest = max(accepted, key=lambda v: v.number or 0, default=None)
    current = newest.number if newest and newest.number else 0
    if repeats(form, earlier, current):
        return _repeated(form, agency, arrived, accepted)
    if form.outcome == Outcome.RETURNED:
        errors = sum(i.severity == "error" for i in form.issues)
        return Resolution(Outcome.RETURNED, agency, None, because(ResolutionReason.FAULTY, errors=errors))
    if newest is None:
        return Resolution(form.outcome, agency, 1, because(ResolutionReason.VALID, whose=basis))
    if not (word and word.decided) and (reason := _conflicts(form, arrived, accepted, current)):
        return Resolution(Outcome.CONFLICT, agency, None, reason)
    if arrived.elsewhere and not word:
        elsewhere = because(ResolutionReason.ELSEWHERE, sender=arrived.sender, current=current)
        return Resolution(Outcome.WAITING, agency, None, elsewhere)
    replaced = because(ResolutionReason.NEXT, replaced=BN(newest.submission), whose=basis)
    return Resolution(form.outcome, agency, current + 1, replaced, replaces=newest.submission)


def _repeated(form: FormVerdict, agency: str, arrived: Arrived, accepted: Sequence[Version]) -> Resolution:
    """The same values again. Which of the two came first, their arrival says and not the order of judging."""
    same = [v for v in accepted if v.value_hash == form.value_hash]
    if not same or any(v.arrived <= arrived.at for v in same):
        return Resolution(Outcome.DUPLICATE, agency, None, because(ResolutionReason.REPEATED))
    first = min(same, key=lambda v: v.arrived).submission
    earlier = because(ResolutionReason.EARLIER, later=BN(first))
    return Resolution(Outcome.DUPLICATE, agency, None, earlier, replaces=first)


def _conflicts(form: FormVerdict, arrived: Arrived, accepted: Sequence[Version], current: int) -> Reason | None:
    """Why a person has to choose between the current version and this one; None: this is the agency's newer word.

    It is where it was filled in from the current version, or whoever sent it also sent all versions since the one that
    it was filled in from, and sent them before.
    """
    base = form.base_version or 0
    unseen = [v for v in accepted if (v.number or 0) > base]
    if any(v.mail is not None and v.mail == arrived.mail for v in unseen):
        return because(ResolutionReason.TWO_IN_ONE)
    if any(not v.sender or v.sender != arrived.sender for v in unseen):
        if base == 0:
            return because(ResolutionReason.FROM_BLANK, current=current)
        return because(ResolutionReason.OUTDATED, base=base, current=current)
    if any(v.arrived > arrived.at for v in unseen):
        return because(ResolutionReason.OLDER, current=current)
    return None


def fulfilled_by(letters: Iterable[Directive], agency: Agency | None, form: str | None) -> list[str]:
    """The agency's obligations, of whichever letter, that this form meets; without periods."""
    if agency is None:
        return []
    owed = (d for letter in letters for d in letter.obligations if d.agency == agency.id and d.deliverable == form)
    return list(dict.fromkeys(f"{d.directive}:{d.series}" for d in owed))
