"""Files that go with a letter: made, named without accents, kept."""

from datetime import date
from io import BytesIO

import pytest
from docx import Document
from openpyxl import load_workbook

from dondoc.configuration.context import AppContext
from dondoc.drafts import codes
from dondoc.forms import attached
from tests.conftest import NOVEMBER, at
from tests.forms.conftest import DIRECTIVE, SPECS, head, row, table

ROWS = [row(number="CAM-00014"), row(name="Bãi xe", number="CAM-00015"), {"place": "Bãi biển", "has_camera": False}]
DUC_THO = "ubnd-huyen-duc-tho"


def said(app: AppContext, file: attached.Attachment) -> str:
    document = Document(BytesIO(app.blobs.get(file.sha256)))
    tables = (p.text for t in document.tables for c in t._cells for p in c.paragraphs)
    return "\n".join([*(p.text for p in document.paragraphs), *tables])


def draft(app: AppContext, form: str = "form_03", rows: list[dict[str, object]] = ROWS) -> attached.Attachment:
    return attached.letter_draft(
        app, DIRECTIVE, DUC_THO, form, submission=42, received_at=at(18), head=head(), rows=rows, now=at(18)
    )


@pytest.mark.parametrize(
    ("day", "ours"), [(NOVEMBER, "Sở Thông tin và Truyền thông"), (date(2025, 3, 3), "Sở Khoa học và Công nghệ")]
)
def test_a_blank_is_to_be_sent_to_the_department_that_there_is(app: AppContext, day: date, ours: str) -> None:
    [made] = attached.make(app, [(DUC_THO, "form_03")], day).values()
    book = load_workbook(BytesIO(app.blobs.get(made.sha256)))
    assert book.worksheets[0]["A6"].value == f"(Gửi kèm văn bản của đơn vị về {ours})"
    assert book.properties.creator == ours


def test_a_receipt_can_carry_the_letter_that_goes_with_the_form(app: AppContext) -> None:
    file = draft(app)
    assert file.filename == "Du_thao_cong_van_gui_bieu_mau_03_ubnd-huyen-duc-tho.docx"
    text = said(app, file)
    assert "02 camera tại 01 điểm" in text
    [code] = codes.find_codes(text)
    assert codes.verify(app.secrets, code) == 42


def test_a_form_of_officers_makes_the_letter_that_names_them(app: AppContext) -> None:
    people = [
        {"system": "tourism", "officer_name": "Nguyễn Thị Hà"},
        {"system": "public_admin_centre", "officer_name": "Lê Văn Nam"},
    ]
    text = said(app, draft(app, "form_focal", people))
    assert "- Họ và tên: Nguyễn Thị Hà (hệ thống Khu, điểm du lịch)" in text
    assert "- Họ và tên: Lê Văn Nam (hệ thống Trung tâm Hành chính công cấp huyện)" in text


def test_a_reminder_can_carry_a_letter_with_blanks_and_without_a_code(app: AppContext) -> None:
    text = said(app, attached.focal_draft(app, DIRECTIVE, DUC_THO, ["public_admin_centre"], now=at(18)))
    assert "thuộc hệ thống Trung tâm Hành chính công" in text
    assert codes.find_codes(text) == ()


def test_a_receipt_can_carry_the_version_in_force(app: AppContext) -> None:
    file = attached.current_copy(app, DUC_THO, "form_03", version=2, head=head(), rows=ROWS, day=NOVEMBER)
    assert file.filename == "Bieu_mau_03_ubnd-huyen-duc-tho_ban_2.xlsx"
    sheet = table(load_workbook(BytesIO(app.blobs.get(file.sha256))))
    assert [sheet.cell(6 + n, 2).value for n in range(3)] == ["CAM-00014", "CAM-00015", None]
    assert SPECS["form_03"].sheet == sheet.title
    again = attached.current_copy(app, DUC_THO, "form_03", version=2, head=head(), rows=ROWS, day=NOVEMBER)
    assert again.sha256 == file.sha256
