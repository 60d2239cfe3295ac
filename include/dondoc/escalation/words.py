"""How the ladder names things for people."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from dondoc.directive.model import Directive, Registry, Step
from dondoc.directive.names import deliverable
from dondoc.escalation.reasons import Code, Reason
from dondoc.facts.obligations import Standing

ROLE = {"focal_officer": "cán bộ đầu mối", "clerk": "văn thư", "head": "lãnh đạo đơn vị", "board": "lãnh đạo Sở"}

KIND = {"report": "Báo cáo tuần"}  # what waits for approval beside the ladder's letters


SENTENCES = {
    Code.DAY_OFF: "Không gửi thư: {why}",
    Code.CALLED: "Không gửi thư hôm nay: {why}",
    Code.ONE_LETTER_A_DAY: "Chưa gửi thư khác: {letters} (mỗi đơn vị nhận nhiều nhất một thư đôn đốc mỗi ngày)",
    Code.LETTER_WAITS: "Chưa gửi thư khác: {letters} (chờ thư ấy xong mới viết thư khác)",
    Code.NOTHING_DATED: "Không gửi thư: đơn vị không có nội dung nào định thời hạn",
    Code.NO_STEP: "Không gửi thư: {obligations}",
    Code.NOT_CHASED: "{name}: {why}",
    Code.STEP_TAKEN: "{so_far}, bậc “{step}” đã có thư {letter}",
    Code.ALL_STEPS_TAKEN: "{so_far}, đã hết các bậc",
    Code.NEXT_STEP: "{so_far}, bậc kế tiếp “{step}”: {why}",
    Code.STEP: "Bậc {titles} vì {ground}",
    Code.OWED: "{name}: {why}",
    Code.RETURNED: "{name}: {why}; thời hạn {due}",
    Code.RETURNED_LATE: "{name}: {why}; thời hạn {due}, chậm {late:02} ngày làm việc",
    Code.LETTERS_BEFORE: "Thư trước: {letters}",
    Code.LETTER_BEFORE: "{title} {letter}",
    Code.LETTERS_REFUSED: "Máy chủ thư đã từ chối {letters}: cần kiểm tra địa chỉ",
    Code.NOT_YET: "Chưa lên bậc “{step}”: {why}",
    Code.STILL_TO_COME: "Nêu riêng trong thư, còn phải gửi: {owed}",
    Code.NO_ADDRESS: "Chưa có địa chỉ của {roles} để gửi",
    Code.ARRIVED: "{letter} đã đến ngày {on:%d/%m/%Y}",
    Code.HELD: "{letter} đang giữ, chờ người duyệt",
    Code.UNCERTAIN: "{letter} chưa rõ đã đến hay chưa, cần người xác nhận",
    Code.ON_ITS_WAY: "{letter} đang chờ gửi",
    Code.UNDATED: "không định thời hạn",
    Code.PAST_DUE: "đã qua thời hạn {due}",
    Code.TOO_EARLY: "sớm nhất ngày {first:%d/%m/%Y}",
    Code.STEP_BEFORE_MISSING: "chưa có thư “{before}” nào đến nơi",
    Code.STEP_BEFORE_RECENT: (
        "thư “{before}” đến ngày {arrived:%d/%m/%Y}, còn chờ đủ {days:02} ngày làm việc, đến {first:%d/%m/%Y}"
    ),
    Code.TIME_TO_ANSWER: "{letter} đã hẹn đơn vị trả lời đến hết ngày {until:%d/%m/%Y}",
    Code.STOPPED: "{by} đã dừng ngày {on:%d/%m/%Y} vì {why}, đến ngày {until:%d/%m/%Y}",
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
        f"kỳ {duty.period[5:]}/{duty.period[:4]}" if duty.period else "",
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


def cited(directive: Directive) -> str:
    """A directive with its title, where it stands beside others."""
    return f"{reference(directive)} ({directive.title})" if directive.number and directive.day else reference(directive)


def listed(parts: Iterable[str]) -> str:
    """Each part once: "A", "A và B", "A, B và C"."""
    *first, last = dict.fromkeys(parts)
    return f"{', '.join(first)} và {last}" if first else last
