"""What our own people are told."""

from dondoc.vocabulary.code import Code
from dondoc.vocabulary.people import Role

APPROVERS = (Role.APPROVER, Role.OPS)


class Notice(Code):
    """A letter to our own people: its label is the title. The code begins the keys of such letters: never change it.

    `roles`: the first of them that anybody holds gets it.
    """

    roles: tuple[Role, ...]

    def __init__(self, code: str, label: str, roles: tuple[Role, ...] = (Role.OPS,)) -> None:
        super().__init__(code, label)
        self.roles = roles

    SOURCES_UNREAD = "blind", "Chưa gửi thư đôn đốc: không thấy hết nguồn tiếp nhận"
    NO_ADDRESS = "nobody", "Danh bạ thiếu địa chỉ gửi thư được: cần bổ sung"
    MORNING = "morning", "Sáng {day:%d/%m}: {counted}", APPROVERS
    OFFICIAL_DRAFTED = "official", "Dự thảo công văn {letter}: trình ký, cấp số", (Role.CLERK, Role.APPROVER, Role.OPS)
    LETTERS_WAIT = "approve", "{count:02} thư đang chờ duyệt gửi", APPROVERS
    ANSWER_REFUSED = "answer", "Không chấp nhận một câu trả lời duyệt thư trong Airflow"
    LOCAL_OUTAGE = "our-side", "Không kiểm tra được camera: phía Sở mất kết nối"
    UNCONCLUDED = "unconcluded", "Nhiều camera chưa kết luận được, có thể do phía Sở"
    UNJUDGED = "unjudged", "{count:02} camera nhiều đêm liền chưa kết luận được: cần người xem"
    OWN_CLOCK = "our-clock", "Đồng hồ máy kiểm tra của Sở có vẻ sai"
    RESTORED = "restored", "{count:02} thư chờ xem lại: cơ sở dữ liệu được khôi phục từ bản sao lưu", APPROVERS
    TASK_FAILED = "task_failed", "Việc {where} không chạy được"
    RUN_TIMED_OUT = "run_timed_out", "Lượt chạy {where} quá thời hạn"
    RUN_UNFINISHED = "run_unfinished", "Lượt chạy {where} không xong"
    FAILURE_OVER = "failure_over", "Đã hết lỗi: {where}"
    DATABASE_USABLE = "database_usable", "Đã hết lỗi: cơ sở dữ liệu dùng lại được"
