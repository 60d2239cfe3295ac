"""What the templates of letters are given: of agencies' own, and of ours. docs/report-template.md shows it."""

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


@dataclass(frozen=True)
class OfficialRow:
    """Một đơn vị trong phụ lục của công văn."""

    number: Annotated[str, "Số thứ tự"]
    name: Annotated[str, "Tên cơ quan, đơn vị"]
    items: Annotated[str, "Nội dung đề nghị gửi, kèm thời hạn"]
    asked: Annotated[str, "Các ngày đã đề nghị qua thư điện tử"]


@dataclass(frozen=True)
class OfficialFields:
    """Dự thảo công văn của Sở gửi các đơn vị chậm (mẫu `letter-drafts/cong-van-cua-so.docx`)."""

    above: Annotated[str, "Cơ quan chủ quản, chữ in hoa"]
    issuer: Annotated[tuple[str, ...], "Cơ quan ban hành, chữ in hoa, mỗi dòng một phần"]
    symbol: Annotated[str, "Ký hiệu sau số văn bản; số do văn thư cấp nên để trống"]
    subject: Annotated[str, "Trích yếu, bắt đầu bằng V/v"]
    place_and_day: Annotated[str, "Địa danh và ngày tháng, để trống ngày"]
    addressee: Annotated[
        str, "Nơi kính gửi trên một dòng: một đơn vị, hoặc các đơn vị tại Phụ lục; vài đơn vị: để trống"
    ]
    addressees: Annotated[tuple[str, ...], "Nơi kính gửi khi có vài đơn vị, mỗi dòng một nơi"]
    paragraphs: Annotated[tuple[str, ...], "Nội dung, mỗi đoạn một mục; đoạn cuối có dấu ./."]
    signer_title: Annotated[tuple[str, ...], "Quyền hạn, chức vụ người ký, mỗi dòng một phần; họ tên để trống"]
    recipients: Annotated[tuple[str, ...], "Nơi nhận, mỗi dòng một nơi"]
    annex_title: Annotated[str, "Tên phụ lục, chữ in hoa"]
    annex_reference: Annotated[str, "Dòng “(Kèm theo Công văn số … ngày … của …)”"]
    rows: Annotated[tuple[OfficialRow, ...], "Phụ lục: mỗi đơn vị một dòng"]


LETTER = Template("letter-drafts/cong-van.docx", LetterFields)
OFFICIAL = Template("letter-drafts/cong-van-cua-so.docx", OfficialFields)
