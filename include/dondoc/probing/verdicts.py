"""Camera verdicts, their phases, and what follows from them. A contract: see docs/codes.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dondoc.probing.wanted import Wanted
from dondoc.vocabulary.code import Code


class Phase(StrEnum):
    """How far a check got."""

    ADDRESS = "address"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    RTSP = "rtsp"
    AUTH = "auth"
    DESCRIBE = "describe"
    FRAME = "frame"
    PICTURE = "picture"
    DONE = "done"


class Verdict(Code):
    """What a check found. `label`: what an agency reads, in letters: no address, no number of a port. `advice`: what it
    can do about it and whom to call; None only where nothing is wrong. `staff_advice`: what our own people can do, of
    what says nothing of the camera.
    """

    phase: Phase
    advice: str | None
    staff_advice: str | None

    def __init__(
        self, code: str, phase: Phase, label: str, advice: str | None = None, staff_advice: str | None = None
    ) -> None:
        super().__init__(code, label)
        self.phase, self.advice, self.staff_advice = phase, advice, staff_advice

    INVALID_ADDRESS = (
        "invalid_address",
        Phase.ADDRESS,
        "địa chỉ luồng hình khai chưa đúng",
        "sửa địa chỉ, cổng, đường dẫn luồng trong biểu mẫu rồi gửi lại Sở; chưa rõ thì hỏi đơn vị lắp đặt, bảo trì",
    )
    BLOCKED_TARGET = (
        "blocked_target",
        Phase.ADDRESS,
        "địa chỉ nằm ngoài các dải mạng Sở được phép kiểm tra",
        "địa chỉ khai đúng thì báo Sở để bổ sung dải mạng này, không phải sửa gì tại camera; khai nhầm thì sửa trong "
        "biểu mẫu rồi gửi lại Sở",
        "địa chỉ khai đúng thì bổ sung dải mạng vào DONDOC_PROBE_ALLOW; khai nhầm thì gọi đơn vị sửa biểu mẫu",
    )
    OUT_OF_RESOURCES = (
        "out_of_resources",
        Phase.ADDRESS,
        "máy kiểm tra của Sở quá tải nên chưa xem được",
        "không phải sửa gì tại camera, Sở sẽ kiểm tra lại",
        "nâng giới hạn tệp mở của máy kiểm tra (ulimit -n; Docker: ulimits nofile), kiểm tra bộ nhớ, tải và cổng mạng "
        "còn trống (dondoc doctor)",
    )
    CHECK_FAILED = (
        "check_failed",
        Phase.ADDRESS,
        "chương trình kiểm tra của Sở gặp lỗi nên chưa kết luận được",
        "không phải sửa gì tại camera, Sở sẽ kiểm tra lại",
        "xem nhật ký tác vụ check (dòng “a check failed”), báo đơn vị phát triển kèm số camera",
    )
    DNS_FAILURE = (
        "dns_failure",
        Phase.DNS,
        "không tìm thấy tên máy (tên miền) đã khai của camera",
        "kiểm tra tên máy đã khai còn dùng được, hoặc khai bằng địa chỉ IP; chưa rõ thì hỏi đơn vị lắp đặt, bảo trì",
    )
    CONNECTION_REFUSED = (
        "connection_refused",
        Phase.CONNECT,
        "thiết bị có trên mạng nhưng không nhận kết nối xem hình",
        "nhờ đơn vị lắp đặt, bảo trì bật dịch vụ xem hình (RTSP) trên camera, đầu ghi và kiểm tra cổng đã khai",
    )
    UNREACHABLE = (
        "unreachable",
        Phase.CONNECT,
        "không có đường mạng đến camera",
        "nhờ bộ phận công nghệ thông tin của đơn vị kiểm tra thiết bị mạng tại điểm lắp và địa chỉ IP đã khai; đường "
        "truyền hỏng thì gọi nhà mạng",
    )
    CONNECT_TIMEOUT = (
        "connect_timeout",
        Phase.CONNECT,
        "camera không trả lời kết nối",
        "kiểm tra nguồn điện, đường truyền tại điểm lắp (mất điện thì gọi điện lực, đường truyền hỏng thì gọi nhà mạng)"
        "; nếu vẫn tốt, nhờ đơn vị lắp đặt, bảo trì kiểm tra tường lửa, địa chỉ và cổng đã khai",
    )
    TLS_FAILURE = (
        "tls_failure",
        Phase.TLS,
        "không thiết lập được kết nối mã hóa",
        "nhờ đơn vị lắp đặt, bảo trì kiểm tra chứng thư, cấu hình mã hóa RTSP của camera, hoặc khai cổng không mã hóa",
    )
    RTSP_TIMEOUT = (
        "rtsp_timeout",
        Phase.RTSP,
        "kết nối được nhưng camera không trả lời",
        "khởi động lại camera, đầu ghi; kiểm tra cổng đã khai; nếu vẫn vậy thì gọi đơn vị lắp đặt, bảo trì",
    )
    NOT_RTSP = (
        "not_rtsp",
        Phase.RTSP,
        "cổng đã khai không phải cổng xem hình (dịch vụ RTSP)",
        "khai lại cổng của dịch vụ RTSP; chưa rõ cổng nào thì hỏi đơn vị lắp đặt, bảo trì",
    )
    CLOSED_EARLY = (
        "closed_early",
        Phase.RTSP,
        "camera ngắt kết nối giữa chừng",
        "khởi động lại camera, đầu ghi; kiểm tra giới hạn số kết nối cùng lúc; nếu vẫn vậy thì gọi đơn vị lắp đặt, bảo "
        "trì",
    )
    SERVER_ERROR = (
        "server_error",
        Phase.RTSP,
        "camera đang bận hoặc báo lỗi",
        "khởi động lại camera, đầu ghi; kiểm tra giới hạn số kết nối cùng lúc; nếu vẫn vậy thì gọi đơn vị lắp đặt, bảo "
        "trì",
    )
    AUTH_REQUIRED = (
        "auth_required",
        Phase.AUTH,
        "camera có trả lời và yêu cầu đăng nhập",
        "trao đổi tài khoản xem trực tiếp với cán bộ phụ trách của Sở, không gửi qua thư",
    )
    AUTH_FAILED = (
        "auth_failed",
        Phase.AUTH,
        "camera từ chối tài khoản, mật khẩu đã cấp",
        "kiểm tra tài khoản, mật khẩu xem; trao đổi trực tiếp với cán bộ phụ trách của Sở, không gửi qua thư",
    )
    LOGIN_WITHHELD = (
        "login_withheld",
        Phase.AUTH,
        "Sở chưa gửi mật khẩu trong đêm, để khỏi khóa tài khoản hoặc vì mật khẩu đã lưu chưa dùng được",
        "không phải sửa gì tại camera, Sở sẽ kiểm tra lại; đã đổi tài khoản, mật khẩu xem thì trao đổi trực tiếp với "
        "cán bộ phụ trách của Sở, không gửi qua thư",
        "trang của camera ghi lý do giữ mật khẩu: gọi đơn vị hỏi lại tài khoản xem, nhập lại trên trang, hoặc bấm “Cho "
        "thử lại” nếu mật khẩu vẫn đúng; nhiều camera cùng lúc thì kiểm tra DONDOC_SECRET_KEY có còn đúng khóa cũ "
        "không (dondoc doctor)",
    )
    FORBIDDEN = (
        "forbidden",
        Phase.AUTH,
        "camera không cho xem (tài khoản không có quyền, hoặc thiết bị giới hạn người xem)",
        "cấp quyền xem trực tiếp cho tài khoản đã giao cho Sở, bỏ giới hạn địa chỉ và số người xem; chưa rõ thì hỏi "
        "đơn vị lắp đặt, bảo trì",
    )
    NOT_FOUND = (
        "not_found",
        Phase.DESCRIBE,
        "camera có trả lời nhưng không có luồng hình theo đường dẫn đã khai",
        "kiểm tra đường dẫn luồng và số kênh đã khai; chưa rõ thì hỏi đơn vị lắp đặt, bảo trì",
    )
    NO_VIDEO_TRACK = (
        "no_video_track",
        Phase.DESCRIBE,
        "camera có trả lời nhưng luồng không có hình",
        "kiểm tra đường dẫn luồng đã khai: phải là luồng có hình; chưa rõ thì hỏi đơn vị lắp đặt, bảo trì",
    )
    NO_FRAME = (
        "no_frame",
        Phase.FRAME,
        "camera có trả lời nhưng không gửi hình",
        "khởi động lại camera, đầu ghi; kiểm tra đường truyền, cách phát hình (RTSP), giới hạn số người xem; nếu vẫn "
        "vậy thì gọi đơn vị lắp đặt, bảo trì",
    )
    DECODE_FAILED = (
        "decode_failed",
        Phase.FRAME,
        "hình nhận được bị hỏng (vỡ, thiếu hoặc không mở được)",
        "khởi động lại camera, đầu ghi; kiểm tra chất lượng đường truyền (kém thì gọi nhà mạng); nếu vẫn vậy thì gọi "
        "đơn vị lắp đặt, bảo trì",
    )
    NOT_DECODABLE = (
        "not_decodable",
        Phase.FRAME,
        "camera có gửi dữ liệu hình nhưng hệ thống của Sở chưa dựng được hình",
        "nhờ đơn vị lắp đặt, bảo trì đặt luồng về H.264 hoặc H.265, không mã hóa, gửi qua TCP; đã đúng như vậy thì "
        "kiểm tra chất lượng đường truyền (kém thì gọi nhà mạng); rồi báo Sở kiểm tra lại",
        "gọi đơn vị hỏi chuẩn nén của luồng: nhờ đơn vị lắp đặt, bảo trì đặt về H.264 hoặc H.265, không mã hóa; đã "
        "đúng như vậy thì báo đơn vị phát triển kèm số camera",
    )
    UNCONFIRMED = (
        "unconfirmed",
        Phase.FRAME,
        "chưa có hình tốt ở lần xem đầu, lần xem lại chưa có kết quả nên chưa kết luận",
        "chưa phải sửa gì tại camera, Sở sẽ kiểm tra lại",
        "gọi đơn vị cùng mở xem trực tiếp: hình hỏng thì nhờ đơn vị lắp đặt, bảo trì kiểm tra đường truyền, camera, "
        "đầu ghi; hình tốt thì kiểm tra giới hạn số người xem cùng lúc của thiết bị; nhiều camera cùng lúc thì xem "
        "nhật ký tác vụ check, bộ nhớ và tải của máy kiểm tra",
    )
    BLACK = (
        "black",
        Phase.PICTURE,
        "hình chỉ có màu đen",
        "kiểm tra ống kính, đèn hồng ngoại hoặc đèn chiếu sáng tại điểm lắp; nếu vẫn vậy thì gọi đơn vị lắp đặt, bảo "
        "trì",
    )
    OVEREXPOSED = (
        "overexposed",
        Phase.PICTURE,
        "hình bị cháy sáng",
        "nhờ đơn vị lắp đặt, bảo trì chỉnh hướng, độ sáng của camera; tránh đèn chiếu thẳng vào ống kính",
    )
    COVERED = (
        "covered",
        Phase.PICTURE,
        "hình một màu, không thấy cảnh (có thể ống kính bị che)",
        "gỡ vật che, lau ống kính; nếu không tự làm được thì gọi đơn vị lắp đặt, bảo trì",
    )
    BLURRED = (
        "blurred",
        Phase.PICTURE,
        "hình bị mờ",
        "lau ống kính, chỉnh lại nét; nếu vẫn mờ thì gọi đơn vị lắp đặt, bảo trì",
    )
    FROZEN = (
        "frozen",
        Phase.PICTURE,
        "hình bị đứng, không đổi",
        "khởi động lại camera, đầu ghi; nếu vẫn vậy thì gọi đơn vị lắp đặt, bảo trì",
    )
    NO_SIGNAL_CARD = (
        "no_signal_card",
        Phase.PICTURE,
        "thay cho hình camera chỉ có bảng báo mất tín hiệu, màn hình chờ hoặc nhiễu hạt",
        "kiểm tra nguồn điện, dây nối từ camera đến đầu ghi và số kênh đã khai; thiết bị dừng ở màn hình chờ thì khởi "
        "động lại, nếu vẫn vậy thì gọi đơn vị lắp đặt, bảo trì",
    )
    OK = "ok", Phase.DONE, "hoạt động tốt"


PHASE: Mapping[str, Phase] = {verdict: verdict.phase for verdict in Verdict}
SENTENCE: Mapping[str, str] = {verdict: verdict.label for verdict in Verdict}
ADVICE: Mapping[str, str] = {verdict: verdict.advice for verdict in Verdict if verdict.advice}  # as agencies read it
OUR_ADVICE: Mapping[str, str] = {  # as our own people read it: none of them is to "tell the Department"
    verdict: verdict.staff_advice or verdict.advice for verdict in Verdict if verdict.advice
}
UNREACHED = frozenset({Phase.DNS, Phase.CONNECT})  # nobody has answered yet
REACHABLE_PHASES = frozenset({Phase.AUTH, Phase.DESCRIBE, Phase.FRAME, Phase.PICTURE, Phase.DONE})
GOOD = frozenset({Verdict.OK, Verdict.AUTH_REQUIRED})  # of what was asked; auth_required: we were given no password
WITHHELD = Verdict.LOGIN_WITHHELD  # it asked for the password we hold, which we could not or dared not send
OURS = frozenset({Verdict.OUT_OF_RESOURCES, Verdict.CHECK_FAILED})  # a fault of our machine, or of our program
OPEN = OURS | {WITHHELD, Verdict.UNCONFIRMED}  # another look the same night may tell
NOT_CHECKED = OPEN | {Verdict.BLOCKED_TARGET, Verdict.NOT_DECODABLE}  # says nothing of the camera: no outage, no letter


class Help(Code):
    """Why a camera shows a picture only at the second look of one check; `label`: as the summary of a night counts."""

    NETWORK = "network", "hình đầu tiên bị hỏng trên đường truyền, xem lại thì tốt"
    SLOW = "slow", "lâu mới gửi một hình đầy đủ (khung khóa thưa), phải chờ thêm"
    MISREAD = "misread", "cách đọc thứ nhất của hệ thống không dựng được hình, cách thứ hai dựng được"
    UDP = "udp", "không gửi gì qua TCP, chỉ gửi qua UDP"


@dataclass(frozen=True)
class Target:
    """A camera to check. `id` is printed; `url` may hold user info only in the command line's own input.

    `past` is what its earlier pictures were like (JSON-safe), None when nobody remembers.
    `thumbnail`: a small picture is wanted, too.
    `digest`: its device has asked for Digest before, and gets no password in clear.
    `md5`: its SHA-256 is known to be wrong. `worked`: with this login, or wanting none, it has shown a picture.
    `wanted`: what a closer look is to find out, where the picture is good; None: there is none.
    """

    id: str
    url: str
    user: str | None = None
    password: str | None = None
    past: Mapping[str, Any] | None = None
    thumbnail: bool = False
    digest: bool = False
    md5: bool = False
    worked: bool = False
    wanted: Wanted | None = None

    def __repr__(self) -> str:
        return f"Target({self.id})"


@dataclass(frozen=True)
class Finding:
    """What one check found: verdict, a detail for a person (no secret in it), and how long it took.

    `steps` are the lines of a dialogue that failed, for a page: bounded, without secrets, printable characters only.
    `features` are of the picture (JSON-safe), for the next check's `past`.
    `thumbnail` is a small JPEG where one was wanted and a picture came: not JSON-safe, and not to travel.
    """

    camera: str
    verdict: Verdict
    detail: str
    elapsed_ms: int
    stage: int
    password_sent: bool = False  # a login left for the camera, whatever became of it
    steps: tuple[str, ...] = ()
    features: Mapping[str, Any] | None = None
    thumbnail: bytes | None = field(default=None, repr=False)
    password_answered: bool = True  # of one that was sent: something was answered, and not that it is wrong
    password_refused: bool = False  # in whichever look, and taken in none
    login_taken_back: bool = False  # it was taken, and then refused, or hung up on, in a closer look
    digest: bool = False  # the device that was to be checked asked for Digest
    measured: Mapping[str, Mapping[str, Any]] | None = None  # by a closer look: see `measuring.measure`
    help: Help | None = None

    @property
    def phase(self) -> Phase:
        return self.verdict.phase

    @property
    def reachable(self) -> bool:
        return self.phase in REACHABLE_PHASES

    @property
    def showing(self) -> bool:
        return self.verdict == Verdict.OK and self.stage == 2
