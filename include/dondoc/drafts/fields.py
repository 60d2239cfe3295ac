"""What the template of agencies' letters is given. docs/report-template.md shows it."""

from dataclasses import dataclass
from typing import Annotated

from dondoc.documents.template import Template


@dataclass(frozen=True)
class LetterFields:
    """Dự thảo công văn của đơn vị gửi Sở (mẫu `letter-drafts/cong-van.docx`)."""

    above: Annotated[str, "Cơ quan chủ quản, chữ in hoa; UBND không có"]
    issuer: Annotated[tuple[str, ...], "Cơ quan ban hành, chữ in hoa, mỗi dòng một phần"]
    symbol: Annotated[str, "Ký hiệu sau số văn bản; phần chưa biết để dấu chấm"]
    subject: Annotated[str, "Trích yếu, bắt đầu bằng V/v"]
    place_and_day: Annotated[str, "Địa danh và ngày tháng, để trống ngày"]
    addressee: Annotated[str, "Nơi nhận chính, sau Kính gửi"]
    paragraphs: Annotated[tuple[str, ...], "Nội dung, mỗi đoạn một mục; đoạn cuối có dấu ./."]
    signer_title: Annotated[tuple[str, ...], "Quyền hạn, chức vụ người ký, mỗi dòng một phần"]
    recipients: Annotated[tuple[str, ...], "Nơi nhận, mỗi dòng một nơi"]
    code: Annotated[str | None, "Mã đối chiếu với bản số liệu đã gửi; không có khi chưa gửi số liệu"]


LETTER = Template("letter-drafts/cong-van.docx", LetterFields)
