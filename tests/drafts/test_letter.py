"""An agency's own letter: Decree 30/2020, Annex III, template 1.5, ready but for number, day and signature."""

from datetime import datetime
from io import BytesIO

import pytest
from docx import Document
from docx.oxml.ns import qn

from dondoc.clock import HERE
from dondoc.configuration.settings import DATA
from dondoc.drafts import letter
from dondoc.drafts.letter import Officer, Survey
from tests.forms.conftest import DIRECTIVE

NOW = datetime(2021, 11, 18, 11, 5, tzinfo=HERE)
HA = Officer("Nguyễn Thị Hà", "Chuyên viên", "Phòng Văn hóa - Thông tin", "+84912345678", "hant.dt@hatinh.gov.vn")
SURVEY = Survey("Biểu mẫu 03", "Khảo sát hệ thống camera giám sát tại các khu, điểm du lịch", 12, 3, NOW)


def survey(agency: str = "ubnd-huyen-duc-tho", what: Survey = SURVEY, code: str | None = "BN-0042-7K3Q") -> bytes:
    return letter.survey(DATA, DIRECTIVE, DIRECTIVE.registry.agency(agency), what, HA, code, NOW)


def lines(content: bytes) -> list[str]:
    """Every paragraph of the body, those of tables too, in order."""
    body = Document(BytesIO(content)).element.body
    texts = ("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in body.iter(qn("w:p")))
    return [text for text in texts if text.strip()]


def test_the_letter_says_what_the_form_said_and_leaves_to_the_clerk_what_is_his() -> None:
    assert lines(survey()) == [
        "ỦY BAN NHÂN DÂN",
        "HUYỆN ĐỨC THỌ",
        "Số:          /UBND-……",
        "V/v gửi thông tin khảo sát hệ thống camera giám sát tại các khu, điểm du lịch",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Đức Thọ, ngày      tháng 11 năm 2021",
        "Kính gửi: Sở Thông tin và Truyền thông.",
        "Thực hiện Công văn số 7418/UBND-NC2 ngày 05/11/2021 của UBND tỉnh về triển khai tích hợp hệ thống camera giám "
        "sát vào Hệ thống Giám sát, điều hành thông minh của tỉnh (sau đây viết tắt là Hệ thống IOC), Ủy ban nhân dân "
        "huyện Đức Thọ gửi Sở Thông tin và Truyền thông thông tin khảo sát hệ thống camera giám sát tại các khu, điểm "
        "du lịch (Biểu mẫu 03) như sau:",
        "Tổng số: 12 camera tại 03 điểm. Thông tin chi tiết từng camera nêu tại Biểu mẫu 03 kèm theo (bản điện tử Sở "
        "Thông tin và Truyền thông đã nhận ngày 18/11/2021).",
        "Cán bộ đầu mối phối hợp:",
        "- Họ và tên: Nguyễn Thị Hà",
        "Chức vụ: Chuyên viên; phòng, bộ phận: Phòng Văn hóa - Thông tin",
        "Điện thoại: 0912 345 678; thư điện tử: hant.dt@hatinh.gov.vn",
        "Ủy ban nhân dân huyện Đức Thọ gửi Sở Thông tin và Truyền thông để tổng hợp./.",
        "Nơi nhận:",
        "- Như trên;",
        "- Lưu: VT.",
        "TM. ỦY BAN NHÂN DÂN",
        "CHỦ TỊCH",
        "Mã đối chiếu: BN-0042-7K3Q (đề nghị giữ nguyên trên bản ký).",
    ]


@pytest.mark.parametrize(
    ("agency", "head", "place", "signer"),
    [
        ("ubnd-thi-xa-ky-anh", ["ỦY BAN NHÂN DÂN", "THỊ XÃ KỲ ANH"], "Kỳ Anh", "CHỦ TỊCH"),
        ("so-nnptnt", ["UBND TỈNH HÀ TĨNH", "SỞ NÔNG NGHIỆP VÀ PHÁT TRIỂN NÔNG THÔN"], "Hà Tĩnh", "GIÁM ĐỐC"),
        ("cong-an-tinh", ["BỘ CÔNG AN", "CÔNG AN TỈNH"], "Hà Tĩnh", "GIÁM ĐỐC"),
        ("cuc-hai-quan-tinh", ["TỔNG CỤC HẢI QUAN", "CỤC HẢI QUAN TỈNH"], "Hà Tĩnh", "CỤC TRƯỞNG"),
        ("cang-vu-hang-hai", ["CỤC HÀNG HẢI VIỆT NAM", "CẢNG VỤ HÀNG HẢI HÀ TĨNH"], "Hà Tĩnh", "GIÁM ĐỐC"),
    ],
)
def test_each_agency_has_its_own_head_place_and_signer(agency: str, head: list[str], place: str, signer: str) -> None:
    said = lines(survey(agency))
    assert said[:2] == head
    assert f"{place}, ngày      tháng 11 năm 2021" in said
    assert said[-2] == signer
    assert ("TM. ỦY BAN NHÂN DÂN" in said) == agency.startswith("ubnd")


def test_no_camera_is_said_in_words() -> None:
    said = lines(survey(what=Survey("Biểu mẫu 03", SURVEY.about, 0, 0, NOW), code=None))
    assert "Đơn vị không có camera thuộc phạm vi Biểu mẫu 03." in said
    assert not [line for line in said if "Mã đối chiếu" in line]


def test_a_focal_letter_leaves_blank_whom_it_does_not_know() -> None:
    agency = DIRECTIVE.registry.agency("ubnd-huyen-duc-tho")
    said = lines(letter.focal(DATA, DIRECTIVE, agency, ["Trung tâm Hành chính công"], [], None, NOW))
    assert "V/v cử cán bộ đầu mối phối hợp kết nối, tích hợp hệ thống camera giám sát" in said
    assert "- Họ và tên: ……………………" in said
    assert [line for line in said if "camera thuộc hệ thống Trung tâm Hành chính công với Sở Thông tin" in line]


def test_the_same_content_gives_the_same_bytes_within_a_day() -> None:
    later = letter.survey(
        DATA,
        DIRECTIVE,
        DIRECTIVE.registry.agency("ubnd-huyen-duc-tho"),
        SURVEY,
        HA,
        "BN-0042-7K3Q",
        NOW.replace(hour=17),
    )
    assert later == survey()


def test_it_is_set_as_the_decree_says() -> None:
    document = Document(BytesIO(survey()))
    section = document.sections[0]
    assert [round(side.mm) for side in (section.page_width, section.page_height)] == [210, 297]
    assert 30 <= section.left_margin.mm <= 35
    assert section.different_first_page_header_footer
    sizes = {p.text[:9]: p.runs[0].font.size.pt for p in document.paragraphs if p.runs and p.text.strip()}
    assert sizes["Kính gửi:"] == sizes["Thực hiện"] == 14
    left = document.tables[0].cell(0, 0).paragraphs
    subject = next(p for p in left if p.text.startswith("V/v"))
    assert (subject.runs[0].font.size.pt, subject.runs[0].bold) == (12, False)
