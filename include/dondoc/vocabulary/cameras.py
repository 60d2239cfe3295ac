"""What is declared of a camera, and how it stands. What a look at it finds is the set of `probing.verdicts`."""

from dondoc.vocabulary.code import Code


class Unseen(Code):
    """Why nothing is known of a camera at a moment, besides its exemption and what a check says of our own side."""

    NO_ADDRESS = "no_address", "chưa khai địa chỉ luồng hình"
    NEW = "new", "mới khai, chưa đến lượt kiểm tra"
    NOT_LATELY = "not_lately", "chưa được kiểm tra trong 07 ngày gần nhất"
    PAUSED = "paused", "tạm dừng theo quyết định"
    SILENT = "silent", "ngoài giờ hoạt động hoặc đang dừng như đã khai"
    OUR_SIDE = "our_side", "phía Sở mất kết nối khi kiểm tra"
    UNFINISHED = "unfinished", "lượt kiểm tra chưa kết thúc"


class Exemption(Code):
    """Why a declared camera is not checked."""

    NOT_INSTALLED = "not_installed", "chưa lắp đặt"
    REMOVED = "removed", "đơn vị báo đã tháo dỡ"
    VMS_ONLY = "vms_only", "chỉ xem qua VMS hoặc đám mây"
    NO_ROUTE = "no_route", "chưa có đường chia sẻ về Sở"
    PRIVATE_ADDRESS = "private_address", "địa chỉ mạng nội bộ, chưa có kênh riêng về Sở"


class Condition(Code):
    """In what condition an agency declares a camera to be."""

    WORKING = "working", "hoạt động tốt"
    UNSTABLE = "unstable", "hoạt động không ổn định"
    BROKEN = "broken", "hỏng"
    MAINTENANCE = "maintenance", "đang bảo trì"
    NOT_INSTALLED = "not_installed", "chưa lắp đặt"
    REMOVED = "removed", "đã tháo dỡ"


class Power(Code):
    """By what a camera is declared to run."""

    GRID = "grid", "điện lưới"
    SOLAR = "solar", "mặt trời"
    BACKUP = "backup", "dự phòng"


class Link(Code):
    """By which line a camera is declared to be reached. `public`: over it nobody gets to a private address."""

    public: bool

    def __init__(self, code: str, label: str, public: bool = False) -> None:
        super().__init__(code, label)
        self.public = public

    FTTH = "ftth", "FTTH Internet", True
    TSLCD = "tslcd", "mạng truyền số liệu chuyên dùng"
    LEASED = "leased", "kênh riêng"
    MOBILE = "mobile", "4G/5G", True
    NONE = "none", "không có", True


class State(Code):
    """How a camera stands at a moment. `sign`: for who sees no colours."""

    sign: str

    def __init__(self, code: str, sign: str, label: str) -> None:
        super().__init__(code, label)
        self.sign = sign

    OK = "ok", "✓", "hoạt động tốt"
    FAILING = "failing", "△", "chưa đạt"
    OUTAGE = "outage", "✗", "mất kết nối hoặc hình không đạt"
    FLAPPING = "flapping", "~", "chập chờn"
    NOT_CONNECTED = "not_connected_yet", "○", "chưa kết nối"
    NOT_CHECKED = "not_checked", "–", "chưa kiểm tra được"
