"""Letters in the outbox: their kinds and their states."""

from dondoc.vocabulary.code import Code


class LetterKind(Code):
    """What a letter is for. `office_hours`: it leaves only in those; `chases`: it carries a step of the ladder.

    `preconditions.precondition_of` knows of each whether it is still true when it leaves.
    """

    office_hours: bool
    chases: bool

    def __init__(self, code: str, label: str, office_hours: bool = False, chases: bool = False) -> None:
        super().__init__(code, label)
        self.office_hours, self.chases = office_hours, chases

    RECEIPT = "receipt", "Xác nhận"
    CONTACT_CHANGE = "contact_change", "Thay đổi liên hệ"
    RETURNED = "returned", "Đề nghị chỉnh sửa"
    REACHABILITY = "reachability", "Kết quả kiểm tra camera"
    REMINDER = "reminder", "Nhắc hạn", True, True
    OVERDUE = "overdue", "Quá hạn", True, True
    OUTAGE = "outage", "Mất kết nối", True
    RECOVERY = "recovery", "Camera hoạt động lại", True
    REPORT = "report", "Báo cáo tuần"
    HAND_OVER = "hand_over", "Bàn giao đầu mối", True
    THANKS = "thanks", "Cảm ơn", True
    WITHDRAWAL = "withdrawal", "Rút lại thư", True
    INTERNAL = "internal", "Nội bộ"


ANSWERS = (LetterKind.RECEIPT, LetterKind.RETURNED, LetterKind.INTERNAL)  # to what happened: they stay true
CHASING = tuple(kind for kind in LetterKind if kind.chases)
ONE_A_DAY = (*CHASING, LetterKind.HAND_OVER, LetterKind.THANKS)  # an agency has at most one of all these a day


class OutboxState(Code):
    """Where a letter to one recipient is; what may follow what stands in `mail.states`."""

    HELD = "held", "chờ duyệt"
    PENDING = "pending", "chờ gửi"
    CLAIMED = "claimed", "chuẩn bị gửi"
    SENDING = "sending", "đang gửi"
    SENT = "sent", "đã gửi"
    DEFERRED = "deferred", "sẽ gửi lại"
    REFUSED = "refused", "bị từ chối"
    UNCERTAIN = "uncertain", "chưa rõ đã gửi"
    CANCELLED = "cancelled", "đã hủy"


STOPPABLE = (OutboxState.HELD, OutboxState.PENDING, OutboxState.DEFERRED)  # nothing of it has left, nobody is at it
IN_HAND = (OutboxState.CLAIMED, OutboxState.SENDING)  # a worker is at it
