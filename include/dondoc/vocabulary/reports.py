"""What a report counts, promises and asks for."""

from dondoc.vocabulary.code import Code


class DutyColumn(Code):
    """The columns that duties fall into, each that is not waived into exactly one. In the report's order."""

    ON_TIME = "on_time", "Đúng hạn"
    DONE_LATE = "done_late", "Chậm hạn"
    UNDER_REVIEW = "under_review", "Sở đang xem"
    RETURNED = "returned", "Trả lại để sửa"
    OVERDUE = "overdue", "Chưa gửi, quá hạn"
    NOT_DUE = "not_due", "Trong hạn"


class CameraColumn(Code):
    """The columns that declared cameras fall into: each into exactly one. In the report's order."""

    SHOWING = "showing", "Có hình tốt"
    AWAITING_ACCOUNT = "awaiting_account", "Chờ cấp tài khoản"
    BAD_PICTURE = "bad_picture", "Hình chưa đạt"
    NO_ANSWER = "no_answer", "Không trả lời"
    UNCHECKED = "unchecked", "Chưa kiểm tra"


class Task(Code):
    """What we do next week."""

    REVIEW = "review", "xử lý nội dung đang chờ Sở"
    REASSIGN = "reassign", "phân công lại nội dung của đơn vị đã sắp xếp"
    TALK = "talk", "trao đổi với đơn vị đã được đề nghị hoàn thành"
    CHASE = "chase", "đôn đốc đơn vị quá hạn"
    REMIND = "remind", "nhắc nội dung sắp đến hạn"
    ACCOUNTS = "accounts", "nhận tài khoản xem của camera"
    CAMERAS = "cameras", "kiểm tra camera đã khai"


class Ask(Code):
    """What a report says to the superior of agencies that are late."""

    SUPERIOR_LETTER = "superior_letter", "đề nghị cấp trên có văn bản đề nghị phối hợp"
    REMINDER = "reminder", "đề nghị cấp trên nhắc nhở"
    KEEP_CHASING = "keep_chasing", "Sở tiếp tục đôn đốc"


class ReportPart(Code):
    """A part of the report that a person may write instead of what is drawn."""

    CAUSES = "causes", "Nguyên nhân"
    TASKS = "tasks", "Nhiệm vụ tuần tới"
    PROPOSALS = "proposals", "Kiến nghị, đề xuất"


class ReportState(Code):
    """How far a report has come."""

    DRAFT = "draft", "dự thảo"
    APPROVED = "approved", "đã duyệt"
    ISSUED = "issued", "đã phát hành"
    REPLACED = "replaced", "đã được thay"
