"""An agency's own letter to the Department, ready but for its number, day and signature (Decree 30/2020/NĐ-CP, Annex
III, template 1.5): what it sends, or whom it names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dondoc.clock import HERE
from dondoc.directive.model import Agency, Directive
from dondoc.documents import citations, template, words
from dondoc.documents.letterhead import above, own
from dondoc.documents.package import Properties
from dondoc.drafts.fields import LETTER, LetterFields
from dondoc.vocabulary.agencies import AgencyKind

BLANK = "……………………"
_DISTRICT = re.compile(r"^(?:UBND|Ủy ban nhân dân) (?:huyện|quận|thị xã|thành phố|xã|phường|thị trấn|tỉnh) ")
_TITLE = re.compile(r"^((?:Tổng |Phó )?Giám đốc|(?:Chi c|C)ục trưởng|Trưởng ban|Chánh [^\s]+|Chủ tịch)\b")


@dataclass(frozen=True)
class Survey:
    """What a form said, in numbers. `label` is the short name of the form, `about` what it surveys."""

    label: str
    about: str
    cameras: int
    sites: int
    sent: datetime


@dataclass(frozen=True)
class Officer:
    """A focal officer; what is not known is left blank."""

    name: str = ""
    title: str = ""
    department: str = ""
    phone: str = ""
    email: str = ""
    system: str = ""  # the name of the one that is his, where there are several


def survey(
    data: Path, letter: Directive, agency: Agency, what: Survey, officer: Officer, code: str | None, now: datetime
) -> bytes:
    """The letter that goes with a form, as a .docx file's bytes: the same for the same content of the same day.

    Raises:
        Problem: the template is missing or cannot be used.
    """
    ours = _ours(letter, now)
    about = what.about[:1].lower() + what.about[1:]
    paragraphs = [
        f"Thực hiện {citations.grounds(letter)}, {words.full(agency.name)} gửi {ours.name} thông tin {about} "
        f"({what.label}) như sau:",
        _counted(what, ours),
        "Cán bộ đầu mối phối hợp:",
        *_person(officer),
        f"{words.full(agency.name)} gửi {ours.name} để tổng hợp./.",
    ]
    return _draft(data, letter, agency, f"V/v gửi thông tin {about}", paragraphs, code, now)


def focal(
    data: Path,
    letter: Directive,
    agency: Agency,
    systems: Sequence[str],
    officers: Sequence[Officer],
    code: str | None,
    now: datetime,
) -> bytes:
    """The letter that names focal officers for systems of cameras, by the systems' names.

    Raises:
        Problem: the template is missing or cannot be used.
    """
    ours = _ours(letter, now)
    named = words.listed(systems) if systems else ""
    of = f" thuộc hệ thống {named}" if named else ""
    name = words.full(agency.name)
    doing = f"{name} cử cán bộ đầu mối phối hợp kết nối camera{of} với {ours.name}"
    paragraphs = [
        f"Thực hiện {citations.grounds(letter)}, {doing}, cụ thể như sau:",
        *(line for one in officers or [Officer()] for line in _person(one)),
        f"{name} gửi {ours.name} để phối hợp thực hiện./.",
    ]
    subject = "V/v cử cán bộ đầu mối phối hợp kết nối, tích hợp hệ thống camera giám sát"
    return _draft(data, letter, agency, subject, paragraphs, code, now)


def _ours(letter: Directive, now: datetime) -> Agency:
    return words.today(letter.registry, letter.issuer, now.astimezone(HERE).date())


def _counted(what: Survey, ours: Agency) -> str:
    if not what.cameras:
        return f"Đơn vị không có camera thuộc phạm vi {what.label}."
    sent = words.short(what.sent.astimezone(HERE).date())
    return (
        f"Tổng số: {words.number(what.cameras)} camera tại {words.number(what.sites)} điểm. Thông tin chi tiết từng "
        f"camera nêu tại {what.label} kèm theo (bản điện tử {ours.name} đã nhận ngày {sent})."
    )


def _person(officer: Officer) -> Iterator[str]:
    of = f" (hệ thống {officer.system})" if officer.system else ""
    yield f"- Họ và tên: {officer.name or BLANK}{of}"
    yield f"Chức vụ: {officer.title or BLANK}; phòng, bộ phận: {officer.department or BLANK}"
    yield f"Điện thoại: {words.phone(officer.phone) or BLANK}; thư điện tử: {officer.email or BLANK}"


def _draft(
    data: Path,
    letter: Directive,
    agency: Agency,
    subject: str,
    paragraphs: Sequence[str],
    code: str | None,
    now: datetime,
) -> bytes:
    day = now.astimezone(HERE).date()
    given = LetterFields(
        above=above(letter.registry, agency),
        issuer=own(agency),
        symbol=agency.symbol or ("UBND-……" if agency.kind == AgencyKind.DISTRICT else "……"),
        subject=subject,
        place_and_day=f"{_place(letter, agency)}, {words.blank_date(day)}",
        addressee=_ours(letter, now).name,
        paragraphs=tuple(paragraphs),
        signer_title=_signer(agency),
        recipients=("- Như trên;", "- Lưu: VT."),
        code=code,
    )
    about = Properties(f"{agency.name}: {subject}", agency.name)
    midnight = datetime(day.year, day.month, day.day, tzinfo=HERE)
    return template.render(template.load(data, LETTER), given, about, midnight)


def _place(letter: Directive, agency: Agency) -> str:
    """Địa danh: of a committee its own place, of others the province's."""
    district = _DISTRICT.match(agency.name)
    return agency.name[district.end() :] if district else letter.registry.place


def _signer(agency: Agency) -> tuple[str, ...]:
    title = _TITLE.match(agency.head_title)
    signs = title[1].upper() if title else "THỦ TRƯỞNG ĐƠN VỊ"
    return ("TM. ỦY BAN NHÂN DÂN", signs) if agency.kind == AgencyKind.DISTRICT else (signs,)
