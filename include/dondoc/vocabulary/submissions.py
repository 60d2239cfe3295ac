"""What arrives: by which way, and what becomes of it."""

from dondoc.vocabulary.code import Code


class Arrival(Code):
    """The way by which something came. `ours`: only our own people reach it, so that nothing there has a sender."""

    ours: bool

    def __init__(self, code: str, label: str, ours: bool = False) -> None:
        super().__init__(code, label)
        self.ours = ours

    MAIL = "mail", "thư"
    FOLDER = "folder", "thư mục tiếp nhận", True
    UPLOAD = "upload", "tải lên", True
    SURVEY = "survey", "biểu mẫu trực tuyến"
    CLI = "cli", "dòng lệnh"


class Outcome(Code):
    """What was judged of a submission."""

    ACCEPTED = "accepted", "đã tiếp nhận"
    ACCEPTED_WITH_WARNINGS = "accepted_with_warnings", "đã tiếp nhận, có điểm cần lưu ý"
    RETURNED = "returned", "đề nghị chỉnh sửa"
    REFUSED = "refused", "không đọc được"
    WAITING = "waiting", "chờ xử lý"
    CONFLICT = "conflict", "hai bản khác nhau"
    DUPLICATE = "duplicate", "trùng bản đã nhận"
    DISMISSED = "dismissed", "đã xếp lại"


ACCEPTED = (Outcome.ACCEPTED, Outcome.ACCEPTED_WITH_WARNINGS)
OUR_TURN = (Outcome.WAITING, Outcome.CONFLICT)  # a person of ours has to look


class MayBe(Code):
    """What a file of which nobody has said what it is may turn out to be: it pauses no other duty."""

    FORM = "form", "biểu mẫu"
    LETTER = "letter", "văn bản"
    EITHER = "either", "biểu mẫu hoặc văn bản"
    NEITHER = "neither", "không phải nội dung phải gửi"
