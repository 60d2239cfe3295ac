"""What arrives: by which way, and what becomes of it."""

from dondoc.vocabulary.code import Code
from dondoc.vocabulary.obligations import Deliverable


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


class Work(Code):
    """For what a submission waits; `MACHINE`: nobody's work."""

    OURS = "ours", "chờ Sở xử lý"
    CONFLICT = "conflict", "hai bản khác nhau"
    REFUSED = "refused", "không đọc được"
    CORRECTION = "correction", "chờ đơn vị sửa"
    ACCEPTED = "accepted", "đã tiếp nhận"
    ASIDE = "aside", "đã xếp lại, trùng hoặc đã có bản mới"
    MACHINE = "machine", "thư của máy"


class ToDo(Code):
    """What is to be done about a submission, and by whom."""

    JUDGE = "judge", "hệ thống kiểm tra ở lượt tiếp nhận tới"
    ASK_SENDER = "ask_sender", "hỏi đơn vị xem có đúng họ gửi không, rồi giao hoặc xếp lại"
    READ = "read", "đọc thư; ghi ngày hẹn, vào sổ hoặc ghi không liên quan"
    SEND_FILE = "send_file", "chờ người gửi gửi lại tệp; lâu quá thì gọi điện"
    REGISTER = "register", "mở bản gốc, đọc số, ngày văn bản rồi vào sổ"
    ASSIGN = "assign", "xem tệp, rồi giao cho đơn vị hoặc vào sổ"
    CHOOSE = "choose", "so từng ô với bản đang dùng, rồi chọn bản được dùng"
    SEND_AGAIN = "send_again", "chờ gửi lại tệp đọc được"
    CORRECT = "correct", "chờ đơn vị sửa theo bản đánh dấu rồi gửi lại"
    NOTHING = "nothing", "không cần làm gì"


class MayBe(Code):
    """What a file may turn out to be while nobody has said what it is: it pauses no duty that it cannot meet.

    `endings`: of the names of such files; what has none of them may be either.
    """

    endings: tuple[str, ...]

    def __init__(self, code: str, label: str, *endings: str) -> None:
        super().__init__(code, label)
        self.endings = endings

    FORM = "form", "biểu mẫu", "xlsx", "xlsm", "xlsb", "xls", "xltx", "xltm", "ods", "fods", "csv", "et"
    LETTER = "letter", "văn bản", "pdf", "png", "jpg", "jpeg", "jfif", "tif", "tiff", "bmp", "gif", "heic", "webp"
    EITHER = "either", "biểu mẫu hoặc văn bản"
    NEITHER = (
        "neither",
        "tệp không liên quan",
        *("txt", "htm", "html", "xml", "ics", "vcf", "p7s"),
        *("mp3", "mp4", "m4a", "wav", "avi", "mov"),
        *("exe", "msi", "bat", "cmd", "scr", "lnk"),
    )

    def meets(self, deliverable: str) -> bool:
        """Whether it can be what a duty asks for; a duty may ask for any file."""
        if self in (MayBe.EITHER, MayBe.NEITHER) or deliverable.startswith(Deliverable.FILE):
            return self != MayBe.NEITHER
        return (self == MayBe.FORM) == deliverable.startswith("form_")


def may_be(filename: str) -> MayBe:
    """By the ending of its name: a scan may be a letter, a workbook a form."""
    ending = filename.rpartition(".")[2].lower()
    return next((kind for kind in MayBe if ending in kind.endings), MayBe.EITHER)


class Change(Code):
    """What an agency says of a camera in its current copy."""

    KEEP = "keep", "giữ nguyên"
    EDIT = "edit", "sửa"
    REPLACE_DEVICE = "replace_device", "thay thiết bị"
    REMOVE = "remove", "tháo dỡ"
