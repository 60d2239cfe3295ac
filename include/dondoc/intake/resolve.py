"""Decide what becomes of a judged workbook: whose it is, who may act, and which version is current. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from dondoc.directive.model import Agency, Directive
from dondoc.forms.verdict import FormVerdict
from dondoc.vocabulary.reasons import Reason, ReasonCode, because
from dondoc.vocabulary.submissions import Outcome

READABLE = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")


@dataclass(frozen=True)
class Version:
    """An earlier version of the same agency's same form."""

    number: int | None  # None: it was returned, and never became current
    value_hash: str | None
    outcome: Outcome


class ResolutionReason(ReasonCode):
    """Why a workbook was judged as it was, besides what is wrong in it."""

    # whose it is
    GIVEN = "given", "cán bộ của Sở đã giao cho đơn vị này"
    NAMED = "named", "mã xác nhận hoặc tên đơn vị trong biểu mẫu"
    REGISTERED = "registered", "địa chỉ gửi đã đăng ký của đơn vị"
    NOBODY_S = "nobody_s", "không xác định được đơn vị gửi"
    # what becomes of it
    VALID = "valid", "hợp lệ; {whose}"
    NO_FORM = "no_form", "không phải biểu mẫu Excel (có thể là văn bản scan): cần người xem"
    UNREADABLE = "unreadable", "{why}"
    NOBODY_S_AND_DOUBTFUL = "nobody_s_and_doubtful", "{whose}; chưa chắc người gửi: {doubt}"
    DOUBTFUL = "doubtful", "chưa chắc thư là của người gửi ghi trong thư: {doubt}"
    UNREGISTERED = "unregistered", "địa chỉ gửi {sender} chưa được đăng ký cho đơn vị"
    REPEATED = "repeated", "nội dung giống hệt bản đã nhận trước đó"
    FAULTY = "faulty", "{errors} chỗ cần bổ sung, chỉnh sửa"
    OUTDATED = "outdated", "điền từ bản {base}, trong khi bản đang dùng là bản {current}"


@dataclass(frozen=True)
class Resolution:
    outcome: Outcome
    agency: str | None
    version: int | None
    reason: Reason


def owner(form: FormVerdict, assigned: str | None, sender_agencies: set[str]) -> tuple[str | None, Reason]:
    """Whose form it is: a person's word, the token or exact name, or a sender registered for one agency only."""
    if assigned:
        return assigned, because(ResolutionReason.GIVEN)
    if form.agency:
        return form.agency, because(ResolutionReason.NAMED)
    if len(sender_agencies) == 1:
        return next(iter(sender_agencies)), because(ResolutionReason.REGISTERED)
    return None, because(ResolutionReason.NOBODY_S)


def may_act(agency: str, assigned: str | None, sender: str, sender_agencies: set[str]) -> bool:
    """The token says whose form, the sender says who may act. A drop folder has no sender: it is ours."""
    return assigned is not None or not sender or agency in sender_agencies


def repeats(form: FormVerdict, versions: list[Version], current: int) -> bool:
    """Whether the same values came before; going back from the current version to an older one's is no repetition."""
    same = [v.number for v in versions if form.value_hash and v.value_hash == form.value_hash]
    goes_back = current and (form.base_version or 0) >= current and current not in same
    return bool(same) and not goes_back


def resolve(
    form: FormVerdict,
    *,
    filename: str,
    assigned: str | None,
    sender: str,
    sender_agencies: set[str],
    earlier: dict[str, list[Version]],
    automatic: bool = False,
    decided: bool = False,
    doubt: str | None = None,
) -> Resolution:
    """What becomes of it, and why.

    Args:
        earlier: per agency, the versions of the same form received before, oldest first.
        automatic: a machine sent it; what is no form then means no agency.
        doubt: why the mail may be from somebody else than its sender, who is then a stranger whatever the contacts say.
        decided: a person saw that it was filled in from another version than the current one, and takes it.
    """
    if form.form is None and not filename.lower().endswith(READABLE):
        whose = None if automatic and not assigned else owner(form, assigned, sender_agencies)[0]
        return Resolution(Outcome.WAITING, whose, None, because(ResolutionReason.NO_FORM))
    agency, basis = owner(form, assigned, sender_agencies)
    if form.outcome == Outcome.REFUSED:
        why = form.issues[0].message if form.issues else "không đọc được tệp"
        return Resolution(Outcome.REFUSED, agency, None, because(ResolutionReason.UNREADABLE, why=why))
    if agency is None:
        doubtful = because(ResolutionReason.NOBODY_S_AND_DOUBTFUL, whose=basis, doubt=doubt)
        return Resolution(Outcome.WAITING, None, None, doubtful if doubt else basis)
    if doubt and not assigned:
        return Resolution(Outcome.WAITING, agency, None, because(ResolutionReason.DOUBTFUL, doubt=doubt))
    if not may_act(agency, assigned, sender, sender_agencies):
        return Resolution(Outcome.WAITING, agency, None, because(ResolutionReason.UNREGISTERED, sender=sender))
    versions = earlier.get(agency, [])
    current = max((v.number for v in versions if v.number), default=0)
    if repeats(form, versions, current):
        return Resolution(Outcome.DUPLICATE, agency, None, because(ResolutionReason.REPEATED))
    if form.outcome == Outcome.RETURNED:
        errors = sum(i.severity == "error" for i in form.issues)
        return Resolution(Outcome.RETURNED, agency, None, because(ResolutionReason.FAULTY, errors=errors))
    if current and (form.base_version or 0) < current and not decided:
        outdated = because(ResolutionReason.OUTDATED, base=form.base_version or 0, current=current)
        return Resolution(Outcome.CONFLICT, agency, None, outdated)
    return Resolution(form.outcome, agency, current + 1, because(ResolutionReason.VALID, whose=basis))


def fulfilled_by(letters: Iterable[Directive], agency: Agency | None, form: str | None) -> list[str]:
    """The agency's obligations, of whichever letter, that this form meets; without periods."""
    if agency is None:
        return []
    owed = (d for letter in letters for d in letter.obligations if d.agency == agency.id and d.deliverable == form)
    return list(dict.fromkeys(f"{d.directive}:{d.series}" for d in owed))
