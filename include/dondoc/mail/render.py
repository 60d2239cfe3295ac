"""The words of letters: Jinja2 templates under letters/, one folder per letter."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from textwrap import shorten
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound

from dondoc.clock import HERE
from dondoc.directive.model import Agency, Letterhead, Registry
from dondoc.directive.succession import signing
from dondoc.errors import Problem

WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
LONGEST_SUBJECT = 99
SHOWN = 45  # letters of a subject in a narrow list
PARTS = ("subject.txt.j2", "text.txt.j2", "letter.html.j2")  # of each letter's folder


@dataclass(frozen=True)
class Rendered:
    """A letter's words: the subject on one line, the text for every reader, the HTML for most."""

    subject: str
    text: str
    html: str


def vn_date(value: date) -> str:
    """18/11/2021; of an instant, the day it has in Vietnam."""
    return f"{value.astimezone(HERE) if isinstance(value, datetime) else value:%d/%m/%Y}"


def vn_moment(value: datetime) -> str:
    """14 giờ 05 phút ngày 18/11/2021, in Vietnam's time."""
    here = value.astimezone(HERE)
    return f"{here:%H} giờ {here:%M} phút ngày {here:%d/%m/%Y}"


def vn_weekday(value: date) -> str:
    """thứ Sáu, Chủ nhật."""
    return WEEKDAYS[value.weekday()]


def two(value: int) -> str:
    """A number as official documents write it: under ten with a nought before it."""
    return f"{value:02}"


def one_line(text: str) -> str:
    """Fit for a mail header: no line break, no control character, no invisible change of direction."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c) not in ("Cf", "Cs")).split())


@lru_cache
def environment(letters: Path, part: str) -> Environment:
    """What a part of a letter is rendered in. Of one in HTML all is escaped, also what it shares with others."""
    made = Environment(
        loader=FileSystemLoader(letters),
        undefined=StrictUndefined,
        autoescape=part.endswith("html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(vn_date=vn_date, vn_moment=vn_moment, vn_weekday=vn_weekday, two=two, request=request)
    return made


def request(what: str, verb: str, when: str) -> str:
    """What a subject begins with, so that the date is among what a narrow list of mails shows: the thing between verb
    and date where there is room, else after them."""
    whole = f"{verb} {what} {when}"
    return whole if len(whole) <= SHOWN else f"{verb} {when}: {what}"


def fitted(subject: str, tag: str) -> str:
    """A subject that every mail program shows whole: the tag goes first, then the end."""
    bare = subject if len(subject) <= LONGEST_SUBJECT else subject.replace(f"[{tag}]", "").strip()
    return bare if len(bare) <= LONGEST_SUBJECT else shorten(bare, LONGEST_SUBJECT, placeholder=" …")


def _signed(registry: Registry, day: date) -> tuple[Agency, Letterhead]:
    """Our agency as it is on a day, and its letterhead: an heir signs with its own name."""
    issuer = registry.agency(signing(registry, day).office)
    head = registry.letterhead or Letterhead(tag=issuer.short, lines=(issuer.name.upper(),))
    if issuer.id != registry.office and registry.letterhead:
        place = f" TỈNH {registry.place.upper()}" if issuer.kind.orders else ""
        head = Letterhead(tag=head.tag, lines=(f"{issuer.name.upper()}{place}", *head.lines[1:]))
    return issuer, head


def render(data: Path, registry: Registry, folder: str, context: Mapping[str, Any], day: date) -> Rendered:
    """Fill in the letter of a folder: subject.txt.j2, text.txt.j2 and letter.html.j2.

    Every template also gets our `letterhead`, and our name as `issuer` and `issuer_short`.

    Args:
        day: when it is signed, by the office that there is then.

    Raises:
        Problem: a template is not there.
        jinja2.UndefinedError: the context lacks something that a template names.
    """
    letters = data / "letters"
    issuer, head = _signed(registry, day)
    context = {"letterhead": head, "issuer": issuer.name, "issuer_short": issuer.short, **context}
    try:
        filled = (environment(letters, part).get_template(f"{folder}/{part}").render(context) for part in PARTS)
        subject, text, html = (unicodedata.normalize("NFC", words) for words in filled)
    except TemplateNotFound as error:
        raise Problem(f"Không thấy mẫu thư {error.name} trong {letters}. Kiểm tra DONDOC_DATA.") from None
    spaced = re.sub(r"[ \t]*\n([ \t]*\n)+", "\n\n", text).strip()
    return Rendered(fitted(one_line(subject), head.tag), f"{spaced}\n", html)
