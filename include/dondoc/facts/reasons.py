"""Why an obligation stands where it does: codes with parameters, each with its words."""

from dondoc.store.facts import Ruling
from dondoc.vocabulary.reasons import Reason, ReasonCode, because


class StandingReason(ReasonCode):
    """Why an obligation stands where it does at a moment.

    The first of a standing's reasons decides, and is `reason_code` in JSON; what follows moved its last day or gave it
    to another agency.
    """

    # what met it
    PAPER = "paper", "đã nhận Văn bản số {number} ngày {day:%d/%m/%Y}, đến ngày {arrived:%d/%m/%Y}"
    SUBMISSION = "submission", "đã nhận bản nộp {submission} ngày {arrived:%d/%m/%Y}"
    ACCEPTED = "accepted", "được công nhận hoàn thành {ruling}"
    AFTER_LAST_DAY = "after_last_day", "{met_by}, sau hạn {last_day:%d/%m/%Y}"
    LATE = "late", "{met_by}, sau hạn {last_day:%d/%m/%Y}, chậm {days:02} ngày làm việc"
    # what is open
    WAIVED = "waived", "được miễn {ruling}"
    NO_AGENCY = "no_agency", "đơn vị không còn"
    OUR_TURN = "our_turn", "bản nộp {submission} ngày {arrived:%d/%m/%Y} đang chờ Sở xử lý"
    RETURNED = (
        "returned",
        "bản nộp {submission} ngày {arrived:%d/%m/%Y} đã được đề nghị chỉnh sửa, chưa nhận lại",
    )
    UNDATED = "undated", "không định thời hạn"
    NOT_DUE = "not_due", "chưa đến hạn (trước ngày {due_before:%d/%m/%Y})"
    MISSING = "missing", "chưa nhận được; thời hạn trước ngày {due_before:%d/%m/%Y}"
    MISSING_LATE = (
        "missing_late",
        "chưa nhận được; thời hạn trước ngày {due_before:%d/%m/%Y}, chậm {days:02} ngày làm việc",
    )
    # what people ruled besides
    EXTENDED = "extended", "gia hạn đến hết ngày {until:%d/%m/%Y} {ruling}"
    REASSIGNED = "reassigned", "phân công lại {ruling}"
    PAUSED = "paused", "tạm dừng đôn đốc {ruling}"
    PROMISED = (
        "promised",
        "đơn vị hẹn gửi chậm nhất ngày {until:%d/%m/%Y}, theo trao đổi ngày {given:%d/%m/%Y}{who} ({document})",
    )
    RULING = "ruling", "theo {document} ({reason}; {by})"


def cited(ruling: Ruling) -> Reason:
    """A ruling as every reason quotes it: document, reason, name."""
    return because(StandingReason.RULING, document=ruling.document, reason=ruling.reason, by=ruling.by)
