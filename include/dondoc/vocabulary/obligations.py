"""What a duty asks for, and where it stands."""

from dondoc.vocabulary.code import Code


class Deliverable(Code):
    """What a letter may ask for besides forms, which are data (`form_…`)."""

    FOCAL_LETTER = "focal_letter", "Văn bản cử cán bộ đầu mối"
    LETTER = "letter", "Văn bản"
    FILE = "file", "Tệp"
    CONNECTION = "connection", "Kết nối"
    COORDINATION = "coordination", "Phối hợp"
    DIRECTION = "direction", "Chỉ đạo"


# `text` says which; the code may go on, to keep two of a kind apart (`letter_plan`).
LOOSE = (Deliverable.LETTER, Deliverable.FILE)
MILESTONES = (Deliverable.CONNECTION, Deliverable.COORDINATION, Deliverable.DIRECTION)  # duties without a date


class Status(Code):
    """Where a duty stands at a moment. `sign`: for who sees no colours; `chased`: its agency is written to."""

    sign: str
    chased: bool

    def __init__(self, code: str, sign: str, label: str, chased: bool = False) -> None:
        super().__init__(code, label)
        self.sign, self.chased = sign, chased

    FULFILLED = "fulfilled", "✓", "đã hoàn thành"
    FULFILLED_LATE = "fulfilled_late", "✓*", "hoàn thành, chậm"
    WAIVED = "waived", "–", "được miễn"
    NEEDS_REASSIGNMENT = "needs_reassignment", "⇄", "cần phân công lại"
    UNDER_REVIEW = "under_review", "…", "Sở đang xem"
    RETURNED = "returned", "↩", "đề nghị chỉnh sửa", True
    OVERDUE = "overdue", "!", "quá hạn", True
    NOT_DUE = "not_due", "○", "trong hạn", True


DONE = (Status.FULFILLED, Status.FULFILLED_LATE)
