"""What is suspected of a picture that is not surely at fault. A contract: see docs/codes.md."""

from dondoc.vocabulary.code import Code

_CALL = "nếu vẫn vậy thì gọi đơn vị lắp đặt, bảo trì"
_LOOK = "mở xem trực tiếp"


class Suspicion(Code):
    """What a picture that passed may yet be. `label`: what was seen, and what it may be; `short`: for lists; `advice`:
    what an agency looks into first, and whom it calls."""

    short: str
    advice: str

    def __init__(self, code: str, short: str, label: str, advice: str) -> None:
        super().__init__(code, label)
        self.short, self.advice = short, advice

    DARK = (
        "dark",
        "hình rất tối",
        "hình rất tối: không có đèn, đèn hồng ngoại hỏng hoặc ống kính bị che",
        "xem lại lúc trời sáng: vẫn tối thì gỡ vật che, lau ống kính; chỉ tối ban đêm thì kiểm tra đèn chiếu sáng, đèn "
        f"hồng ngoại; {_CALL}",
    )
    CARD = (
        "card",
        "có thể là bảng thông báo",
        "hình có thể là bảng thông báo của thiết bị",
        f"{_LOOK}: đúng là bảng thông báo thì kiểm tra nguồn điện, dây nối từ camera đến đầu ghi và số kênh đã khai, "
        f"{_CALL}; là hình thật thì không phải làm gì",
    )
    PERHAPS_FROZEN = (
        "perhaps_frozen",
        "có thể đứng hình",
        "hình gần trùng với hình các đêm trước: có thể bị treo hình",
        f"{_LOOK}: đồng hồ trên hình không chạy, người và xe không chuyển động thì khởi động lại camera, đầu ghi, "
        f"{_CALL}; hình vẫn chạy thì không phải làm gì",
    )
    GLARE = (
        "glare",
        "hình bị lóa",
        "một phần lớn của hình bị lóa: đèn hoặc nắng chiếu thẳng vào ống kính, hoặc độ sáng đặt quá cao",
        "tránh đèn chiếu thẳng vào ống kính; cần chỉnh hướng, độ sáng của camera thì gọi đơn vị lắp đặt, bảo trì",
    )
    HAZY = (
        "hazy",
        "hình nhạt, ít chi tiết",
        "hình rất nhạt, ít chi tiết: sương mù, hơi nước hoặc ống kính bị che một phần",
        f"trời quang mà hình vẫn nhạt thì gỡ vật che, lau ống kính; {_CALL}",
    )
    SOFT = (
        "soft",
        "kém nét",
        "hình kém nét hơn các đêm trước: ống kính bám bẩn hoặc lệch nét",
        f"lau ống kính, chỉnh lại nét; {_CALL}",
    )
    GAP = (
        "gap",
        "một phần hình trơn một màu",
        "một phần hình trơn một màu (xám, xanh lá hoặc hồng): vùng che riêng tư, hoặc hình nhận thiếu",
        "vùng che do đơn vị đặt thì không phải làm gì; không phải thì kiểm tra đường truyền (kém thì gọi nhà mạng), "
        f"khởi động lại camera, đầu ghi; {_CALL}",
    )
    CUT = (
        "cut",
        "mất phần dưới hình",
        "phần dưới hình lặp lại một dòng hoặc mất chi tiết so với các đêm trước: bị che một phần hoặc hình nhận thiếu",
        f"{_LOOK}: bị che thì gỡ vật che, lau ống kính; hình thiếu thì kiểm tra đường truyền (kém thì gọi nhà mạng), "
        f"khởi động lại camera, đầu ghi; {_CALL}",
    )
    MOVED = (
        "moved",
        "khung cảnh thay đổi",
        "khung cảnh khác các đêm trước: camera có thể bị xoay",
        f"{_LOOK}: camera bị xoay, va đập thì chỉnh lại hướng, không tự làm được thì gọi đơn vị lắp đặt, bảo trì; đơn "
        "vị chủ động đổi hướng thì không phải làm gì",
    )
    CAST = (
        "cast",
        "ngả màu",
        "hình ngả màu khác thường (hồng, tím hoặc lệch hẳn các lần trước): có thể kẹt kính lọc hồng ngoại",
        "khởi động lại camera, xem lại lúc trời sáng; vẫn ngả màu thì gọi đơn vị lắp đặt, bảo trì kiểm tra kính lọc "
        "hồng ngoại",
    )
