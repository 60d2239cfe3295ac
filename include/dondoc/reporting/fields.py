"""What a report's template is given: every field with its words for the office. docs/report-template.md shows them.

All values are texts that are ready to be read, or lists of them: a template only places them.
"""

from dataclasses import dataclass
from typing import Annotated

from dondoc.documents.template import Template


@dataclass(frozen=True)
class DutyRow:
    """Một hệ thống (hoặc dòng tổng cộng) của bảng tiến độ."""

    number: Annotated[str, "Số thứ tự; dòng tổng cộng: để trống"]
    name: Annotated[str, "Tên hệ thống"]
    owed: Annotated[str, "Phải gửi: tổng của sáu cột tiếp theo"]
    on_time: Annotated[str, "Đúng hạn"]
    done_late: Annotated[str, "Chậm hạn: đã hoàn thành, sau thời hạn"]
    under_review: Annotated[str, "Sở đang xem"]
    returned: Annotated[str, "Trả lại để sửa"]
    overdue: Annotated[str, "Chưa gửi, quá hạn"]
    not_due: Annotated[str, "Trong hạn"]
    percent: Annotated[str, "Tỷ lệ hoàn thành, ví dụ 46,7%"]
    change: Annotated[str, "Số nội dung hoàn thành thêm so với kỳ trước"]


@dataclass(frozen=True)
class Duties:
    """Bảng tiến độ gửi các nội dung."""

    title: Annotated[str, "Tên bảng, có số thứ tự"]
    change_title: Annotated[str, "Đầu cột tăng, giảm: so với ngày nào"]
    rows: Annotated[tuple[DutyRow, ...], "Mỗi hệ thống một dòng"]
    total: Annotated[DutyRow, "Dòng tổng cộng"]
    note: Annotated[str, "Giải thích các cột, một dòng dưới bảng"]
    remarks: Annotated[tuple[str, ...], "Câu về nội dung được miễn, chờ phân công lại; có thể không có câu nào"]


@dataclass(frozen=True)
class CameraRow:
    """Một hệ thống (hoặc dòng tổng cộng) của bảng camera."""

    number: Annotated[str, "Số thứ tự; dòng tổng cộng: để trống"]
    name: Annotated[str, "Tên hệ thống"]
    declared: Annotated[str, "Đã khai: tổng của năm cột tiếp theo"]
    showing: Annotated[str, "Có hình tốt"]
    awaiting_account: Annotated[str, "Chờ cấp tài khoản"]
    bad_picture: Annotated[str, "Hình chưa đạt"]
    no_answer: Annotated[str, "Không trả lời"]
    unchecked: Annotated[str, "Chưa kiểm tra"]


@dataclass(frozen=True)
class Cameras:
    """Phần camera; văn bản không khảo sát camera thì không có phần này."""

    title: Annotated[str, "Tên bảng, có số thứ tự"]
    rows: Annotated[tuple[CameraRow, ...], "Mỗi hệ thống một dòng; chưa khai camera nào thì không có dòng"]
    total: Annotated[CameraRow, "Dòng tổng cộng"]
    note: Annotated[str, "Giải thích các cột, một dòng dưới bảng"]
    remarks: Annotated[tuple[str, ...], "Câu so với kỳ trước, câu về camera từng có hình nay mất hình"]


@dataclass(frozen=True)
class LateRow:
    """Một đơn vị có nội dung quá hạn."""

    number: Annotated[str, "Số thứ tự"]
    name: Annotated[str, "Tên đơn vị"]
    items: Annotated[str, "Nội dung còn thiếu, kèm số ngày làm việc quá hạn"]
    state: Annotated[str, "Đôn đốc gần nhất; tình trạng, lý do hoặc ngày đơn vị hẹn"]


@dataclass(frozen=True)
class LateKind:
    """Các đơn vị quá hạn cùng loại: dùng khi danh sách dài phải đưa vào phụ lục."""

    name: Annotated[str, "Loại đơn vị"]
    agencies: Annotated[str, "Số đơn vị"]
    duties: Annotated[str, "Số nội dung quá hạn"]
    not_sent: Annotated[str, "Trong đó chưa gửi"]
    returned: Annotated[str, "Trong đó trả lại để sửa"]
    under_review: Annotated[str, "Trong đó gửi sau thời hạn, Sở đang xem"]
    longest: Annotated[str, "Số ngày làm việc quá hạn nhiều nhất"]


@dataclass(frozen=True)
class Late:
    """Các đơn vị có nội dung quá hạn."""

    title: Annotated[str, "Tên bảng trong báo cáo, có số thứ tự"]
    rows: Annotated[tuple[LateRow, ...], "Mỗi đơn vị một dòng, quá hạn lâu nhất trước; không có đơn vị nào thì trống"]
    kinds: Annotated[tuple[LateKind, ...], "Mỗi loại đơn vị một dòng; chỉ có khi danh sách nằm ở phụ lục"]
    note: Annotated[str, "Giải thích, một dòng dưới bảng"]


@dataclass(frozen=True)
class Annex:
    """Phụ lục: danh sách đơn vị quá hạn, khi dài quá để đứng trong báo cáo. Ngắn thì không có phần này."""

    title: Annotated[str, "Tên phụ lục, chữ in hoa"]
    reference: Annotated[str, "Dòng “(Kèm theo Báo cáo số … ngày … của …)”"]


@dataclass(frozen=True)
class Fields:
    """Các trường của báo cáo."""

    superior_name: Annotated[str, "Cơ quan chủ quản, chữ in hoa"]
    issuer_name: Annotated[str, "Cơ quan ban hành, chữ in hoa"]
    symbol: Annotated[str, "Ký hiệu sau số văn bản, ví dụ BC-STTTT; số do văn thư cấp nên để trống"]
    place_and_day: Annotated[str, "Địa danh, ngày tháng năm; ngày do văn thư ghi nên để trống"]
    title: Annotated[str, "Trích yếu"]
    period: Annotated[str, "“(số liệu đến 17 giờ 00 phút ngày …, tuần …)”"]
    addressee: Annotated[str, "Nơi kính gửi, tên đầy đủ"]
    opening: Annotated[str, "Câu căn cứ: thực hiện văn bản nào"]
    summary: Annotated[str, "Đoạn tóm tắt: đã hoàn thành, quá hạn, camera, điều kính đề nghị"]
    duties: Annotated[Duties, "Bảng tiến độ"]
    cameras: Annotated[Cameras | None, "Phần camera; không có khi văn bản không khảo sát camera"]
    lateness: Annotated[str, "Câu mở đầu mục II: bao nhiêu đơn vị quá hạn, hoặc không có"]
    late: Annotated[Late, "Bảng đơn vị quá hạn"]
    relief: Annotated[tuple[str, ...], "Câu về gia hạn, tạm dừng, miễn, kèm văn bản"]
    causes: Annotated[tuple[str, ...], "Nguyên nhân: lời của chương trình hoặc của người soạn"]
    tasks: Annotated[tuple[str, ...], "Nhiệm vụ tuần tới: lời của chương trình hoặc của người soạn"]
    proposals: Annotated[tuple[str, ...], "Kiến nghị, đề xuất: lời của chương trình hoặc của người soạn"]
    closing: Annotated[str, "Câu kết, có dấu ./."]
    signer_title: Annotated[tuple[str, ...], "Quyền hạn, chức vụ người ký, mỗi dòng một phần"]
    signer: Annotated[str, "Họ tên người ký; để trống khi đơn vị đã sắp xếp lại"]
    recipients: Annotated[tuple[str, ...], "Nơi nhận, mỗi dòng một nơi"]
    code: Annotated[str, "Mã số liệu: dẫn về figures.json"]
    annex: Annotated[Annex | None, "Phụ lục; không có khi danh sách ngắn"]


REPORT = Template("reports/bao-cao.docx", Fields)
