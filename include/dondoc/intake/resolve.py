"""Decide what becomes of a judged workbook: whose it is, who may act, and which version is current. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from dondoc.directive.model import Agency, Directive
from dondoc.forms.verdict import FormVerdict
from dondoc.vocabulary.submissions import Outcome

READABLE = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")


@dataclass(frozen=True)
class Version:
    """An earlier version of the same agency's same form."""

    number: int | None  # None: it was returned, and never became current
    value_hash: str | None
    outcome: Outcome


@dataclass(frozen=True)
class Settled:
    outcome: Outcome
    agency: str | None
    version: int | None
    reason: str


def owner(form: FormVerdict, assigned: str | None, sender_agencies: set[str]) -> tuple[str | None, str]:
    """Whose form it is: a person's word, the token or exact name, or a sender registered for one agency only."""
    if assigned:
        return assigned, "cán bộ của Sở đã giao cho đơn vị này"
    if form.agency:
        return form.agency, "mã xác nhận hoặc tên đơn vị trong biểu mẫu"
    if len(sender_agencies) == 1:
        return next(iter(sender_agencies)), "địa chỉ gửi đã đăng ký của đơn vị"
    return None, "không xác định được đơn vị gửi"


def may_act(agency: str, assigned: str | None, sender: str, sender_agencies: set[str]) -> bool:
    """The token says whose form, the sender says who may act. A drop folder has no sender: it is ours."""
    return assigned is not None or not sender or agency in sender_agencies


def repeats(form: FormVerdict, versions: list[Version], current: int) -> bool:
    """Whether the same values came before; going back from the current version to an older one's is no repetition."""
    same = [v.number for v in versions if form.value_hash and v.value_hash == form.value_hash]
    goes_back = current and (form.base_version or 0) >= current and current not in same
    return bool(same) and not goes_back


def settle(
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
) -> Settled:
    """What becomes of it, and why.

    Args:
        earlier: per agency, the versions of the same form received before, oldest first.
        automatic: a machine sent it; what is no form then means no agency.
        doubt: why the mail may be from somebody else than its sender, who is then a stranger whatever the contacts say.
        decided: a person saw that it was filled in from another version than the current one, and takes it.
    """
    if form.form is None and not filename.lower().endswith(READABLE):
        whose = None if automatic and not assigned else owner(form, assigned, sender_agencies)[0]
        return Settled(
            Outcome.WAITING, whose, None, "không phải biểu mẫu Excel (có thể là văn bản scan): cần người xem"
        )
    agency, why = owner(form, assigned, sender_agencies)
    if form.outcome == Outcome.REFUSED:
        return Settled(Outcome.REFUSED, agency, None, form.issues[0].message if form.issues else "không đọc được tệp")
    if agency is None:
        return Settled(Outcome.WAITING, None, None, f"{why}; chưa chắc người gửi: {doubt}" if doubt else why)
    if doubt and not assigned:
        return Settled(Outcome.WAITING, agency, None, f"chưa chắc thư là của người gửi ghi trong thư: {doubt}")
    if not may_act(agency, assigned, sender, sender_agencies):
        return Settled(Outcome.WAITING, agency, None, f"địa chỉ gửi {sender} chưa được đăng ký cho đơn vị")
    versions = earlier.get(agency, [])
    current = max((v.number for v in versions if v.number), default=0)
    if repeats(form, versions, current):
        return Settled(Outcome.DUPLICATE, agency, None, "nội dung giống hệt bản đã nhận trước đó")
    if form.outcome == Outcome.RETURNED:
        errors = sum(i.severity == "error" for i in form.issues)
        return Settled(Outcome.RETURNED, agency, None, f"{errors} chỗ cần bổ sung, chỉnh sửa")
    if current and (form.base_version or 0) < current and not decided:
        return Settled(
            Outcome.CONFLICT,
            agency,
            None,
            f"điền từ bản {form.base_version or 0}, trong khi bản đang dùng là bản {current}",
        )
    return Settled(form.outcome, agency, current + 1, f"hợp lệ; {why}")


def fulfilled_by(letters: Iterable[Directive], agency: Agency | None, form: str | None) -> list[str]:
    """The agency's obligations, of whichever letter, that this form meets; without periods."""
    if agency is None:
        return []
    owed = (d for letter in letters for d in letter.obligations if d.agency == agency.id and d.deliverable == form)
    return list(dict.fromkeys(f"{d.directive}:{d.series}" for d in owed))
