"""How the ladder names things for people."""

from collections.abc import Iterable
from datetime import date
from textwrap import shorten
from typing import Any

from dondoc.directive.model import Directive, Registry, Step
from dondoc.directive.names import deliverable, month
from dondoc.escalation.reasons import Reason, ReasonCode
from dondoc.facts.obligations import Standing

SENTENCES = {
    ReasonCode.DAY_OFF: "Không gửi thư: {why}",
    ReasonCode.CALLED: "Không gửi thư hôm nay: {why}",
    ReasonCode.ONE_LETTER_A_DAY: "Chưa gửi thư khác: {letters} (mỗi đơn vị nhận nhiều nhất một thư đôn đốc mỗi ngày)",
    ReasonCode.LETTER_WAITS: "Chưa gửi thư khác: {letters} (chờ thư ấy xong mới viết thư khác)",
    ReasonCode.NOTHING_DATED: "Không gửi thư: đơn vị không có nội dung nào định thời hạn",
    ReasonCode.NO_STEP: "Không gửi thư: {obligations}",
    ReasonCode.NOT_CHASED: "{name}: {why}",
    ReasonCode.STEP_TAKEN: "{so_far}, bậc “{step}” đã có thư {letter}",
    ReasonCode.ALL_STEPS_TAKEN: "{so_far}, đã hết các bậc",
    ReasonCode.NEXT_STEP: "{so_far}, bậc kế tiếp “{step}”: {why}",
    ReasonCode.STEP: "Bậc {titles} vì {ground}",
    ReasonCode.OWED: "{name}: {why}",
    ReasonCode.RETURNED: "{name}: {why}; thời hạn {due}",
    ReasonCode.RETURNED_LATE: "{name}: {why}; thời hạn {due}, chậm {late:02} ngày làm việc",
    ReasonCode.LETTERS_BEFORE: "Thư trước: {letters}",
    ReasonCode.LETTER_BEFORE: "{title} {letter}",
    ReasonCode.LETTERS_REFUSED: "Máy chủ thư đã từ chối {letters}: cần kiểm tra địa chỉ",
    ReasonCode.NOT_YET: "Chưa lên bậc “{step}”: {why}",
    ReasonCode.STILL_TO_COME: "Nêu riêng trong thư, còn phải gửi: {owed}",
    ReasonCode.NO_ADDRESS: "Chưa có địa chỉ của {roles} để gửi",
    ReasonCode.ARRIVED: "{letter} đã đến ngày {on:%d/%m/%Y}",
    ReasonCode.HELD: "{letter} đang giữ, chờ người duyệt",
    ReasonCode.UNCERTAIN: "{letter} chưa rõ đã đến hay chưa, cần người xác nhận",
    ReasonCode.ON_ITS_WAY: "{letter} đang chờ gửi",
    ReasonCode.UNDATED: "không định thời hạn",
    ReasonCode.PAST_DUE: "đã qua thời hạn {due}",
    ReasonCode.TOO_EARLY: "sớm nhất ngày {first:%d/%m/%Y}",
    ReasonCode.STEP_BEFORE_MISSING: "chưa có thư “{before}” nào đến nơi",
    ReasonCode.STEP_BEFORE_RECENT: (
        "thư “{before}” đến ngày {arrived:%d/%m/%Y}, còn chờ đủ {days:02} ngày làm việc, đến {first:%d/%m/%Y}"
    ),
    ReasonCode.TIME_TO_ANSWER: "{letter} đã hẹn đơn vị trả lời đến hết ngày {until:%d/%m/%Y}",
    ReasonCode.STOPPED: "{by} đã dừng ngày {on:%d/%m/%Y} vì {why}, đến ngày {until:%d/%m/%Y}",
}


def said(reason: Reason) -> str:
    """A reason in words, to stand within a sentence."""
    return SENTENCES[reason.code].format(**{name: _part(value) for name, value in reason.params.items()})


def _part(value: Any) -> Any:
    if isinstance(value, Reason):
        return said(value)
    return "; ".join(map(_part, value)) if isinstance(value, tuple) else value


def sentence(reasons: Iterable[Reason]) -> str:
    """Why something was decided, for people."""
    return ". ".join(dict.fromkeys(map(said, reasons))) + "."


def short(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def title(step: Step) -> str:
    """What people call a step."""
    return step.title or step.id


def name(registry: Registry, standing: Standing) -> str:
    """An obligation, with its system, its period, and whose it was before the agencies were rearranged."""
    duty, system = standing.duty, registry.system(standing.duty.system)
    former = f"nhiệm vụ của {registry.agency(duty.agency).name}" if standing.agency != duty.agency else ""
    notes = [
        system.name if system.cameras else "",
        f"kỳ {month(duty.period)}" if duty.period else "",
        former,
    ]
    noted = ", ".join(note for note in notes if note)
    return (
        f"{deliverable(duty.deliverable, duty.text)} ({noted})" if noted else deliverable(duty.deliverable, duty.text)
    )


def due(standing: Standing, *notes: str) -> str:
    """The deadline as the directive writes it; an extended one by its last day. What there is to note, in brackets."""
    written, last = standing.duty.due_before, standing.last_day
    if written is None or last is None:
        return "không định thời hạn"
    extended = (written - last).days != 1
    day = f"hết ngày {short(last)}" if extended else f"trước ngày {short(written)}"
    noted = ("đã gia hạn", *notes) if extended else notes
    return f"{day} ({', '.join(noted)})" if noted else day


def reference(directive: Directive) -> str:
    """The directive as letters cite it: by its number only once the clerk has given one."""
    if directive.number and directive.day:
        return f"Văn bản số {directive.number} ngày {short(directive.day)}"
    return f"văn bản {directive.title}"


def short_reference(directive: Directive) -> str:
    """As a list of reasons names it: the title of one without a number would drown them."""
    return shorten(reference(directive), 60, placeholder="…")


def cited(directive: Directive) -> str:
    """A directive with its title, where it stands beside others."""
    return f"{reference(directive)} ({directive.title})" if directive.number and directive.day else reference(directive)


def listed(parts: Iterable[str]) -> str:
    """Each part once: "A", "A và B", "A, B và C"."""
    *first, last = dict.fromkeys(parts)
    return f"{', '.join(first)} và {last}" if first else last
