"""Our own official letter: Decree 30/2020, Annex III, template 1.5, with an annex; blank where the clerk and the signer
write."""

from datetime import date
from io import BytesIO

import pytest
from docx import Document
from docx.oxml.ns import qn

from dondoc.configuration.settings import DATA
from dondoc.drafts import official
from dondoc.drafts.official import Owed
from tests.drafts.test_letter import lines
from tests.forms.conftest import DIRECTIVE

FORM = "Biểu mẫu 03 (Khu, điểm du lịch): trước ngày 20/11/2021"
DAY, MERGED = date(2021, 11, 25), date(2025, 3, 3)
DESK = "Phòng CNTT, điện thoại 0239 000 0000"


def owed(*agencies: str) -> list[Owed]:
    return [Owed(DIRECTIVE.registry.agency(agency), (FORM,), (date(2021, 11, 23),)) for agency in agencies]


def drawn(*agencies: str, day: date = DAY, desk: str | None = DESK) -> bytes:
    return official.official(DATA, DIRECTIVE, ["Biểu mẫu 03"], owed(*agencies), 5, desk, day)


def test_two_agencies_read_what_is_asked_and_by_when_and_the_clerk_finds_his_places_blank() -> None:
    assert lines(drawn("ubnd-huyen-duc-tho", "cong-an-tinh")) == [
        "UBND TỈNH HÀ TĨNH",
        "SỞ THÔNG TIN VÀ TRUYỀN THÔNG",
        "Số:          /STTTT-CNTT",
        "V/v đề nghị gửi Biểu mẫu 03 theo Công văn số 7418/UBND-NC2 ngày 05/11/2021",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Hà Tĩnh, ngày      tháng 11 năm 2021",
        "Kính gửi:",
        "- Ủy ban nhân dân huyện Đức Thọ;",
        "- Công an tỉnh.",
        "Thực hiện Công văn số 7418/UBND-NC2 ngày 05/11/2021 của UBND tỉnh về triển khai tích hợp hệ thống camera giám "
        "sát vào Hệ thống Giám sát, điều hành thông minh của tỉnh (sau đây viết tắt là Hệ thống IOC), Sở Thông tin và "
        "Truyền thông đã đề nghị các cơ quan, đơn vị gửi Biểu mẫu 03. Đến ngày 25/11/2021, Sở Thông tin và Truyền "
        "thông chưa nhận được 02 nội dung của 02 cơ quan, đơn vị (Phụ lục kèm theo).",
        "Để kịp thời tổng hợp, báo cáo UBND tỉnh, Sở Thông tin và Truyền thông đề nghị các cơ quan, đơn vị chỉ đạo, "
        "phối hợp gửi các nội dung nêu tại Phụ lục trong thời hạn 05 ngày làm việc kể từ ngày ban hành Công văn này. "
        "Nội dung đã gửi trước khi nhận được Công văn này thì không phải gửi lại.",
        "Trong quá trình thực hiện, nếu có khó khăn, vướng mắc, đề nghị thông tin về Sở Thông tin và Truyền thông "
        "(liên hệ: Phòng CNTT, điện thoại 0239 000 0000) để phối hợp xử lý.",
        "Đề nghị các cơ quan, đơn vị quan tâm, phối hợp thực hiện./.",
        "Nơi nhận:",
        "- Như trên;",
        "- Ban Giám đốc Sở (b/c);",
        "- Lưu: VT, CNTT.",
        "KT. GIÁM ĐỐC",
        "PHÓ GIÁM ĐỐC",
        "Phụ lục",
        "DANH SÁCH CƠ QUAN, ĐƠN VỊ VÀ NỘI DUNG ĐỀ NGHỊ GỬI",
        "(Kèm theo Công văn số        /STTTT-CNTT ngày      tháng 11 năm 2021 của Sở Thông tin và Truyền thông)",
        *("TT", "Cơ quan, đơn vị", "Nội dung đề nghị gửi (thời hạn)", "Đã đề nghị qua thư điện tử"),
        *("1", "Ủy ban nhân dân huyện Đức Thọ", FORM, "23/11/2021"),
        *("2", "Công an tỉnh", FORM, "23/11/2021"),
    ]


def test_one_agency_is_addressed_in_one_line_and_many_by_the_annex() -> None:
    alone = lines(drawn("ubnd-huyen-duc-tho", desk=None))
    assert "Kính gửi: Ủy ban nhân dân huyện Đức Thọ." in alone
    assert "Đề nghị Quý cơ quan quan tâm, phối hợp thực hiện./." in alone
    assert not [line for line in alone if "liên hệ" in line]
    many = lines(drawn(*[agency.id for agency in DIRECTIVE.registry.agencies if agency.id.startswith("ubnd-huyen-")]))
    assert "Kính gửi: Các cơ quan, đơn vị có tên tại Phụ lục kèm theo." in many


def test_the_heir_signs_with_its_own_name_and_the_same_day_gives_the_same_bytes() -> None:
    said = lines(drawn("ubnd-huyen-duc-tho", day=MERGED))
    assert said[1:3] == ["SỞ KHOA HỌC VÀ CÔNG NGHỆ", "Số:          /SKHCN-………"]
    assert not [line for line in said if "Thông tin và Truyền thông" in line]
    assert drawn("ubnd-huyen-duc-tho") == drawn("ubnd-huyen-duc-tho")


@pytest.mark.parametrize("part", [0, 1], ids=["letter", "annex"])
def test_pages_are_those_of_the_decree(part: int) -> None:
    document = Document(BytesIO(drawn("ubnd-huyen-duc-tho")))
    section = document.sections[part]
    assert [section.page_width.mm, section.page_height.mm] == pytest.approx([210, 297], abs=0.1)
    margins = [one.mm for one in (section.left_margin, section.right_margin, section.top_margin, section.bottom_margin)]
    assert margins == pytest.approx([30, 15, 20, 20], abs=0.1)
    assert section.different_first_page_header_footer, "no number on the first page"
    assert section._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) == "1"
