"""The Department's own official letter to agencies that still owe something (Decree 30/2020/NĐ-CP, Annex III, template
1.5), ready but for its number, day and signature: what is asked and by when, and in its annex of whom and what.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from dondoc.clock import HERE
from dondoc.directive.model import Agency, Directive
from dondoc.documents import citations, template, words
from dondoc.documents.letterhead import above, own
from dondoc.documents.package import Properties
from dondoc.drafts.fields import OFFICIAL, OfficialFields, OfficialRow

NAMED = 5  # agencies that are addressed by name; more are those of the annex
ANNEX = "Các cơ quan, đơn vị có tên tại Phụ lục kèm theo"
BLANK = "………"


@dataclass(frozen=True)
class Owed:
    """What an agency still owes: `items` with their time limits, `asked` on which days by e-mail."""

    agency: Agency
    items: tuple[str, ...]
    asked: tuple[date, ...]


def official(
    data: Path, letter: Directive, what: Sequence[str], owed: Sequence[Owed], days: int, desk: str | None, day: date
) -> bytes:
    """The draft as a .docx file's bytes: the same for the same content of the same day.

    Args:
        what: the kinds of things that are owed, in a few words each.
        owed: by agency, in administrative order.
        days: working days that agencies get, from the day on which it is issued.
        desk: whom they can call.

    Raises:
        Problem: the template is missing or cannot be used.
    """
    given = fields_of(letter, what, owed, days, desk, day)
    ours = words.today(letter.registry, letter.issuer, day)
    midnight = datetime(day.year, day.month, day.day, tzinfo=HERE)
    about = Properties(f"Dự thảo công văn {given.subject}", ours.name)
    return template.render(template.load(data, OFFICIAL), given, about, midnight)


def fields_of(
    letter: Directive, what: Sequence[str], owed: Sequence[Owed], days: int, desk: str | None, day: date
) -> OfficialFields:
    """What the template is given."""
    registry, ours = letter.registry, words.today(letter.registry, letter.issuer, day)
    symbol, dated = _symbol(letter, ours), words.blank_date(day)
    names = [words.full(one.agency.name) for one in owed]
    return OfficialFields(
        above=above(registry, ours),
        issuer=own(ours),
        symbol=symbol,
        subject=f"V/v đề nghị gửi {_what(what)} theo {_document(letter)}",
        place_and_day=f"{registry.place}, {dated}",
        addressee=names[0] if len(names) == 1 else ANNEX if len(names) > NAMED else "",
        addressees=tuple(_lines(names)) if 1 < len(names) <= NAMED else (),
        paragraphs=tuple(_paragraphs(letter, ours, what, owed, days, desk, day)),
        signer_title=tuple(line.upper() for line in letter.signer_title or ("GIÁM ĐỐC",)),
        recipients=("- Như trên;", "- Ban Giám đốc Sở (b/c);", f"- Lưu: {letter.archive}."),
        annex_title="DANH SÁCH CƠ QUAN, ĐƠN VỊ VÀ NỘI DUNG ĐỀ NGHỊ GỬI",
        annex_reference=f"(Kèm theo Công văn số        /{symbol} {dated} của {ours.name})",
        rows=tuple(
            OfficialRow(str(i), name, "; ".join(one.items), ", ".join(map(words.short, one.asked)) or "–")
            for i, (name, one) in enumerate(zip(names, owed, strict=True), 1)
        ),
    )


def _symbol(letter: Directive, ours: Agency) -> str:
    """Ký hiệu: of our agency, and of the unit that drafts while it is still the letter's own."""
    *_, unit = (part.strip() for part in letter.archive.split(","))
    known = ours.id == letter.issuer and unit not in ("", "VT")
    return f"{ours.symbol or BLANK}-{unit if known else BLANK}"


def _what(what: Sequence[str]) -> str:
    return words.listed(what) if len(what) <= 3 else "các nội dung còn thiếu"


def _document(letter: Directive) -> str:
    """What agencies owe it by: our letter where it has a number, else the superior's document."""
    return citations.number(letter) or letter.superior_document


def _lines(names: Sequence[str]) -> Sequence[str]:
    """The addressees, each in a line of its own."""
    *first, last = names
    return [*(f"- {name};" for name in first), f"- {last}."]


def _paragraphs(
    letter: Directive, ours: Agency, what: Sequence[str], owed: Sequence[Owed], days: int, desk: str | None, day: date
) -> Sequence[str]:
    alone, count = len(owed) == 1, sum(len(one.items) for one in owed)
    you = "Quý cơ quan" if alone else "các cơ quan, đơn vị"
    whose = "Quý cơ quan" if alone else f"{words.number(len(owed))} cơ quan, đơn vị"
    superior = words.today(letter.registry, letter.superior, day).short
    call = f" (liên hệ: {desk})" if desk else ""
    return [
        f"Thực hiện {citations.grounds(letter)}, {ours.name} đã đề nghị {you} gửi {_what(what)}. Đến ngày "
        f"{words.short(day)}, {ours.name} chưa nhận được {words.number(count)} nội dung của {whose} (Phụ lục kèm "
        "theo).",
        f"Để kịp thời tổng hợp, báo cáo {superior}, {ours.name} đề nghị {you} chỉ đạo, phối hợp gửi các nội dung nêu "
        f"tại Phụ lục trong thời hạn {words.number(days)} ngày làm việc kể từ ngày ban hành Công văn "
        "này. Nội dung đã gửi trước khi nhận được Công văn này thì không phải gửi lại.",
        f"Trong quá trình thực hiện, nếu có khó khăn, vướng mắc, đề nghị thông tin về {ours.name}{call} để phối hợp "
        "xử lý.",
        f"Đề nghị {you} quan tâm, phối hợp thực hiện./.",
    ]
