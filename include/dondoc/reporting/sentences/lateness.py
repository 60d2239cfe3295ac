"""Of what is late: whose it is, what was done about it, what eases it, and why."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from dondoc.directive.names import deliverable, month
from dondoc.documents.words import brief, listed, number, sentence_part, short
from dondoc.reporting.figures.model import Figures, LateAgency, LateDuty, Relief
from dondoc.reporting.sentences.cameras import pictureless, unchecked
from dondoc.reporting.sentences.tables import IN_BODY, late_table
from dondoc.vocabulary.obligations import Status
from dondoc.vocabulary.rulings import RulingKind

LATE_NOTE = "Số ngày quá hạn là số ngày làm việc kể từ sau ngày cuối của thời hạn."
REASON = 90  # characters of an agency's own reason that stand in the table
LISTED = 6  # agencies that a sentence on a ruling names


def lateness(figures: Figures) -> str:
    """How many agencies are late, where they stand, what became of their things, and how many said why."""
    late = len(figures.late_agencies)
    if not late:
        return "Đến thời điểm báo cáo, không có nội dung nào quá hạn."
    table = late_table(figures)
    where = f"{table}, danh sách tại Phụ lục kèm theo" if late > IN_BODY else table
    parts = (f"Có {number(late)} đơn vị còn nội dung quá hạn ({where}): {_became(figures)}", _reasons_given(figures))
    return "; ".join(part for part in parts if part) + "."


def _became(figures: Figures) -> str:
    words = {
        Status.OVERDUE: "chưa gửi",
        Status.RETURNED: "đã gửi nhưng phải sửa lại",
        Status.UNDER_REVIEW: "gửi sau thời hạn mà Sở đang xem",
    }
    count = Counter(duty.status for agency in figures.late_agencies for duty in agency.duties)
    return listed(f"{number(count[status])} nội dung {said}" for status, said in words.items() if count[status])


def _reasons_given(figures: Figures) -> str:
    gave = sum(agency.word is not None for agency in figures.late_agencies)
    return f"{number(gave)} đơn vị đã nêu lý do hoặc hẹn ngày gửi" if gave else ""


def late_items(agency: LateAgency) -> str:
    """What an agency is late with and how long: "Biểu mẫu 03 (02 ngày); …". The system is named where it must be."""
    systems: dict[str, set[str]] = defaultdict(set)
    for duty in agency.duties:
        systems[_name(duty)].add(duty.system)
    return "; ".join(_item(duty, alone=len(systems[_name(duty)]) == 1) for duty in agency.duties)


def _name(duty: LateDuty) -> str:
    named = deliverable(duty.deliverable, duty.text).replace("cử cán bộ đầu mối", "cử đầu mối")
    return f"{named}, kỳ {month(duty.period)}" if duty.period else named


def _item(duty: LateDuty, *, alone: bool) -> str:
    days = f"{number(duty.working_days_late)} ngày" if duty.working_days_late else "vừa hết hạn"
    former = f"nhiệm vụ của {duty.former}" if duty.former else ""
    notes = ("" if alone else duty.system_name, former, days)
    return f"{_name(duty)} ({'; '.join(note for note in notes if note)})"


def late_state(agency: LateAgency, today: date | None = None) -> str:
    """What was done about an agency last, where its things are, and what it said itself.

    Args:
        today: of the report; days of another year are then written in full.
    """
    parts = [_chased(agency, today), *_notes(agency.duties, today), _said(agency, today)]
    return "; ".join(part for part in parts if part)


def _notes(duties: Sequence[LateDuty], today: date | None) -> list[str]:
    """Where its things are: said once of all of them, where it is the same; else each with its name."""
    notes = [_note(duty, today) for duty in duties]
    if len(set(notes)) == 1:
        return notes[:1]
    named = (f"{_name(duty)}: {note}" if note else "" for duty, note in zip(duties, notes, strict=True))
    return [*dict.fromkeys(named)]


def _chased(agency: LateAgency, today: date | None) -> str:
    if agency.chased is None:
        return "chưa có thư đôn đốc" if agency.its_turn else ""
    to = "lãnh đạo" if agency.chased.to_head else "đầu mối"
    return f"{brief(agency.chased.on, today)}, gửi {to}"


def _note(duty: LateDuty, today: date | None) -> str:
    """Where something is that did not simply fail to come."""
    came = f", gửi {brief(duty.received_on, today)}" if duty.received_on else ""
    if duty.status is Status.UNDER_REVIEW:
        said = f"Sở đang xem{came}"
    elif duty.status is Status.RETURNED:
        said = f"trả lại để sửa {number(duty.faults)} chỗ" if duty.faults else "trả lại để sửa"
    else:
        said = ""
    paused = "đang tạm dừng đôn đốc" if duty.paused else ""
    return ", ".join(part for part in (said, paused) if part)


def _said(agency: LateAgency, today: date | None) -> str:
    """Its own reason, and the day that it promised."""
    if agency.word is None:
        return ""
    reason = sentence_part(agency.word.reason, REASON)
    until = f"hẹn gửi đến hết ngày {brief(agency.word.until, today)}" if agency.word.until else ""
    said = ": ".join(part for part in (until, reason) if part)
    return f"đơn vị {said}" if until else (f"đơn vị nêu: {said}" if said else "")


def reliefs(figures: Figures) -> list[str]:
    """Extensions, pauses and waivers that hold, each with its document and reason."""
    return [_relief(one) for one in figures.relief]


def _relief(one: Relief) -> str:
    who = _who(one.agencies)
    what = f" {one.what}" if one.what else ""
    until = f" đến hết ngày {short(one.until)}" if one.until else ""
    if one.kind is RulingKind.PAUSE:
        said = f"Tạm dừng đôn đốc{f'{what} đối với' if what else ' đối với'} {who}{until}"
    elif one.kind is RulingKind.WAIVE:
        said = f"{who} được miễn{what or ' các nội dung phải gửi'}"
    else:
        said = f"{who} được gia hạn{what}{until}"
    document = sentence_part(one.document)
    reason = sentence_part(one.reason)
    by = f" theo {document}" if document else ""
    return f"{said[0].upper()}{said[1:]}{by}{f' ({reason})' if reason else ''}."


def _who(agencies: Sequence[str]) -> str:
    if not agencies:
        return "các đơn vị"
    return listed(agencies) if len(agencies) <= LISTED else f"{number(len(agencies))} đơn vị"


def causes(figures: Figures) -> list[str]:
    """Why cameras show nothing. Why agencies are late is theirs to say: in their rows."""
    if not figures.surveys:
        return []
    said = " ".join(filter(None, (pictureless(figures), unchecked(figures))))
    return [said] if said else []
