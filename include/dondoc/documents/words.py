"""How numbers and names are written in a Vietnamese official document."""

import unicodedata
from collections.abc import Iterable
from datetime import date
from textwrap import shorten

import phonenumbers

from dondoc.directive.model import Agency, Directive, Registry
from dondoc.directive.succession import responsible


def today(registry: Registry, agency: str, day: date) -> Agency:
    """The agency as it is called on a day: the Department of 2021 is another one since March 2025."""
    return registry.agency(responsible(registry, agency, day)[0] or agency)


def about(directive: Directive, day: date) -> str:
    """What a report is about: the letter itself once the clerk has given it a number, else what it carries out."""
    if directive.number and directive.day:
        issuer = today(directive.registry, directive.issuer, directive.day).name  # as it was called then
        return f"Văn bản số {directive.number} ngày {short(directive.day)} của {issuer}"
    return f"{directive.superior_document} của {directive.registry.agency(directive.superior).short}"


def number(value: int) -> str:
    """Thousands with a dot; under 10 with a zero in front: 05, 12, 1.234."""
    return f"{value:02}" if value < 10 else plain(value)


def plain(value: object) -> str:
    """A value in a table: thousands with a dot."""
    return f"{value:,}".replace(",", ".") if isinstance(value, int) else str(value)


def percent(value: float | None) -> str:
    """70,0%; a dash where there is nothing to divide by."""
    return f"{value:.1f}%".replace(".", ",") if value is not None else "–"


def change(value: int) -> str:
    """An increase as a plain number, a decrease with its sign."""
    return f"−{plain(-value)}" if value < 0 else plain(value)


def short(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def brief(day: date, today: date | None = None) -> str:
    """A day in a table: without its year while that is this one's."""
    return f"{day:%d/%m}" if today is None or day.year == today.year else short(day)


def phone(number: str) -> str:
    """A stored number, +84912345678, as people here write it: 0912 345 678."""
    try:
        parsed = phonenumbers.parse(number, "VN")
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_valid_number(parsed):
        return number  # as it was written: what would become of it loses its zero
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def full(name: str) -> str:
    """An agency's name as it is written to: not shortened."""
    return name.replace("UBND", "Ủy ban nhân dân")


def listed(parts: Iterable[str]) -> str:
    """Each part once: "A", "A và B", "A, B và C"; semicolons where a part has a comma itself."""
    once = list(dict.fromkeys(parts))
    *first, last = once
    between = "; " if any("," in part for part in once) else ", "
    return f"{between.join(first)} và {last}" if first else last


def sentence_part(text: str, longest: int | None = None) -> str:
    """What a person typed, to stand within a sentence: on one line, without its end mark."""
    plain = " ".join(unicodedata.normalize("NFC", text).split()).rstrip(".;,!? ")
    return shorten(plain, longest, placeholder="…") if longest else plain


def report_symbol(directive: Directive, day: date) -> str:
    """What stands after the number of a report: of the agency as it is on that day."""
    ours = today(directive.registry, directive.issuer, day)
    if ours.id == directive.issuer or not ours.symbol:
        return directive.report_symbol
    return f"BC-{ours.symbol}"


def blank_date(day: date) -> str:
    """The date line of a draft: the clerk writes the day (Decree 30/2020: zero only before months 1 and 2)."""
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"ngày      tháng {month} năm {day.year}"


def camera_line(total: dict[str, int]) -> str:
    """Declared, verified, showing, side by side."""
    awaiting_credentials = (
        f"; {number(total['asking'])} camera đòi đăng nhập, Sở chưa có tài khoản" if total["asking"] else ""
    )
    missed = f"; {number(total['not_checked'])} camera chưa kiểm tra được" if total["not_checked"] else ""
    return (
        f"Các đơn vị đã khai {number(total['declared'])} camera tại {number(total['sites'])} điểm; kiểm tra được "
        f"{number(total['checked'])} camera, trong đó {number(total['reachable'])} camera có trả lời "
        f"({number(total['showing'])} camera có hình tốt{awaiting_credentials}){missed}."
    )
