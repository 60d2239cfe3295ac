"""What a mail is: decided before anything that it brings is looked into."""

from dondoc.vocabulary.code import Code


class MailKind(Code):
    """`by_machine`: no person wrote it, so nobody is answered; `work`: somebody of ours has to look at it when it
    brings no document."""

    by_machine: bool
    work: bool

    def __init__(self, code: str, label: str, by_machine: bool = False, work: bool = False) -> None:
        super().__init__(code, label)
        self.by_machine, self.work = by_machine, work

    SUBMISSION = "submission", "có tệp gửi kèm"
    REPLY = "reply", "thư trả lời, không có tệp", False, True
    FORGOTTEN = "forgotten", "thư nói có tệp mà không kèm tệp"
    OURS = "ours", "thư hoặc biểu mẫu trống của Sở gửi lại nguyên vẹn"
    BOUNCE = "bounce", "thư của Sở không đến được", True
    ABSENCE = "absence", "trả lời tự động", True
    NOTICE = "notice", "thư của máy, danh sách hoặc báo cáo thư", True
