"""What a mail is: decided before anything that it brings is looked into."""

from dondoc.vocabulary.code import Code


class MailKind(Code):
    """`by_machine`: no person wrote it, so nobody is answered."""

    by_machine: bool

    def __init__(self, code: str, label: str, by_machine: bool = False) -> None:
        super().__init__(code, label)
        self.by_machine = by_machine

    SUBMISSION = "submission", "có tệp gửi kèm"
    REPLY = "reply", "thư trả lời, không có tệp"
    FORGOTTEN = "forgotten", "thư nói có tệp mà không kèm tệp"
    OURS = "ours", "thư hoặc biểu mẫu trống của Sở gửi lại nguyên vẹn"
    BOUNCE = "bounce", "thư của Sở không đến được", True
    ABSENCE = "absence", "trả lời tự động", True
    NOTICE = "notice", "thư của máy, danh sách hoặc báo cáo thư", True


class Closing(Code):
    """What a person made of a reply without a form."""

    REGISTERED = "registered", "đã vào sổ văn bản"
    PROMISED = "promised", "đã ghi ngày hẹn"
    NOT_RELEVANT = "not_relevant", "không liên quan"


class NoDocument(Code):
    """Why a part of a mail is not what its sender wanted to send."""

    PICTURE = "picture", "ảnh trong chữ ký hoặc logo"
    CARD = "card", "danh thiếp"
    INVITATION = "invitation", "lời mời lịch"
    SIGNATURE = "signature", "chữ ký số của thư"
    FOOTER = "footer", "phần do máy chủ thư thêm vào"
    REPORT = "report", "báo cáo của máy chủ thư"
    RETURNED = "returned", "phần của thư bị trả lại"
    OUR_LETTER = "our_letter", "thư của Sở"
    OPENED = "opened", "gói đã mở, các tệp trong đó được lấy ra"
    SYSTEM = "system", "tệp của hệ điều hành"
    EMPTY = "empty", "tệp rỗng"
    STRIPPED = "stripped", "lời báo của phần mềm chống virus thay cho tệp đã gỡ"
    REPEATED = "repeated", "lặp lại một tệp cùng thư"
