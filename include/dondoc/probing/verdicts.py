"""Camera verdicts, their phases, and what follows from them. A contract: see docs/architecture.md §4."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PHASE = {
    "invalid_address": "address",
    "blocked_target": "address",
    "dns_failure": "dns",
    "connection_refused": "connect",
    "unreachable": "connect",
    "connect_timeout": "connect",
    "tls_failure": "tls",
    "rtsp_timeout": "rtsp",
    "not_rtsp": "rtsp",
    "closed_early": "rtsp",
    "server_error": "rtsp",
    "auth_required": "auth",
    "auth_failed": "auth",
    "login_withheld": "auth",
    "forbidden": "auth",
    "not_found": "describe",
    "no_video_track": "describe",
    "no_frame": "frame",
    "decode_failed": "frame",
    "black": "picture",
    "overexposed": "picture",
    "covered": "picture",
    "blurred": "picture",
    "frozen": "picture",
    "no_signal_card": "picture",
    "ok": "done",
}
REACHABLE_PHASES = frozenset({"auth", "describe", "frame", "picture", "done"})
GOOD = frozenset({"ok", "auth_required"})  # of what was asked; auth_required: we were given no password
WITHHELD = "login_withheld"  # it asked for the password we hold, which we could not or dared not send
NOT_CHECKED = frozenset({"blocked_target", WITHHELD})  # says nothing of the camera: no outage, no letter
# What an agency reads, in letters: no address, no number of a port.
SENTENCE = {
    "invalid_address": "địa chỉ luồng hình khai chưa đúng",
    "blocked_target": "chưa kiểm tra: địa chỉ nằm ngoài các dải mạng Sở được phép kiểm tra",
    "dns_failure": "không tìm thấy tên máy của camera",
    "connection_refused": "thiết bị từ chối kết nối (cổng RTSP chưa mở)",
    "unreachable": "không có đường mạng đến camera",
    "connect_timeout": "camera không trả lời kết nối",
    "tls_failure": "không thiết lập được kết nối mã hóa",
    "rtsp_timeout": "kết nối được nhưng camera không trả lời",
    "not_rtsp": "cổng đã khai không phải dịch vụ RTSP",
    "closed_early": "camera ngắt kết nối giữa chừng",
    "server_error": "camera đang bận hoặc báo lỗi",
    "auth_required": "camera có trả lời và yêu cầu đăng nhập",
    "auth_failed": "camera từ chối tài khoản, mật khẩu đã cấp",
    "login_withheld": "chưa kiểm tra: Sở chưa gửi mật khẩu trong đêm (để khỏi khóa tài khoản, hoặc chưa dùng được)",
    "forbidden": "tài khoản đã cấp không có quyền xem",
    "not_found": "camera có trả lời nhưng không có luồng hình theo đường dẫn đã khai",
    "no_video_track": "camera có trả lời nhưng luồng không có hình",
    "no_frame": "camera nhận yêu cầu nhưng không gửi hình",
    "decode_failed": "hình nhận được bị hỏng, không xem được",
    "black": "hình chỉ có màu đen",
    "overexposed": "hình bị cháy sáng",
    "covered": "ống kính bị che",
    "blurred": "hình bị mờ",
    "frozen": "hình đứng yên",
    "no_signal_card": "đầu ghi báo mất tín hiệu",
    "ok": "hoạt động tốt",
}
# What an agency can do about it: for whatever it is asked to look into.
ADVICE = {
    "invalid_address": "kiểm tra địa chỉ, cổng, đường dẫn luồng trong biểu mẫu",
    "dns_failure": "kiểm tra tên máy đã khai, hoặc khai bằng địa chỉ IP",
    "connection_refused": "kiểm tra cổng đã khai; bật dịch vụ RTSP trên camera, đầu ghi",
    "unreachable": "kiểm tra đường truyền, thiết bị mạng tại điểm lắp và địa chỉ IP đã khai",
    "connect_timeout": "kiểm tra nguồn điện, đường truyền; nếu vẫn tốt, kiểm tra tường lửa, địa chỉ và cổng đã khai",
    "tls_failure": "kiểm tra chứng thư, cấu hình mã hóa RTSP của camera, hoặc khai cổng không mã hóa",
    "rtsp_timeout": "khởi động lại camera, đầu ghi; kiểm tra cổng đã khai",
    "not_rtsp": "khai lại cổng của dịch vụ RTSP",
    "closed_early": "khởi động lại camera, đầu ghi; kiểm tra giới hạn số kết nối cùng lúc",
    "server_error": "khởi động lại camera, đầu ghi; kiểm tra giới hạn số kết nối cùng lúc",
    "auth_failed": "kiểm tra tài khoản, mật khẩu xem; trao đổi trực tiếp với cán bộ phụ trách, không gửi qua thư",
    "forbidden": "cấp quyền xem trực tiếp cho tài khoản đã giao cho Sở",
    "not_found": "kiểm tra đường dẫn luồng và số kênh đã khai",
    "no_video_track": "kiểm tra đường dẫn luồng đã khai: phải là luồng có hình",
    "no_frame": "kiểm tra đường truyền; khởi động lại camera, đầu ghi",
    "decode_failed": "đặt luồng về H.264 hoặc H.265; kiểm tra chất lượng đường truyền",
    "black": "kiểm tra ống kính, đèn hồng ngoại hoặc đèn chiếu sáng tại điểm lắp",
    "overexposed": "chỉnh hướng, độ sáng của camera; tránh đèn chiếu thẳng vào ống kính",
    "covered": "gỡ vật che, lau ống kính",
    "blurred": "lau ống kính, chỉnh lại nét",
    "frozen": "khởi động lại camera, đầu ghi",
    "no_signal_card": "kiểm tra nguồn điện, dây nối từ camera đến đầu ghi và số kênh đã khai",
}


@dataclass(frozen=True)
class Target:
    """A camera to look at. `id` is printed; `url` may hold user info only in the command line's own input.

    `past` is what its earlier pictures were like (JSON-safe), None when nobody remembers.
    `thumbnail`: a small picture is wanted, too.
    `digest`: its device has asked for Digest before, and gets no password in clear.
    """

    id: str
    url: str
    user: str | None = None
    password: str | None = None
    past: Mapping[str, Any] | None = None
    thumbnail: bool = False
    digest: bool = False

    def __repr__(self) -> str:
        return f"Target({self.id})"


@dataclass(frozen=True)
class Finding:
    """What one look found: verdict, a detail for a person (no secret in it), and how long it took.

    `steps` are the lines of a dialogue that failed, for a page: bounded, without secrets, printable characters only.
    `features` are of the picture (JSON-safe), for the next look's `past`.
    `thumbnail` is a small JPEG where one was wanted and a picture came: not JSON-safe, and not to travel.
    """

    camera: str
    verdict: str
    detail: str
    elapsed_ms: int
    stage: int
    password_sent: bool = False  # a login left for the camera, whatever became of it
    steps: tuple[str, ...] = ()
    features: Mapping[str, Any] | None = None
    thumbnail: bytes | None = field(default=None, repr=False)
    password_answered: bool = True  # of one that was sent: something was answered, and not that it is wrong
    digest: bool = False  # the device that was to be looked at asked for Digest

    @property
    def phase(self) -> str:
        return PHASE[self.verdict]

    @property
    def reachable(self) -> bool:
        return self.phase in REACHABLE_PHASES

    @property
    def showing(self) -> bool:
        return self.verdict == "ok" and self.stage == 2
