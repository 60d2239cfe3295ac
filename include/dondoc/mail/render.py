"""The words of letters: Jinja2 templates under letters/, one folder per letter."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound

from dondoc.clock import HERE
from dondoc.directive.model import Letterhead, Registry
from dondoc.errors import Problem

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
    made.filters.update(vn_date=vn_date, vn_moment=vn_moment, two=two)
    return made


def render(data: Path, registry: Registry, folder: str, context: Mapping[str, Any]) -> Rendered:
    """Fill in the letter of a folder: subject.txt.j2, text.txt.j2 and letter.html.j2.

    Every template also gets the directive's `letterhead` and the issuer's name as `issuer`.

    Raises:
        Problem: a template is not there.
        jinja2.UndefinedError: the context lacks something that a template names.
    """
    letters = data / "letters"
    issuer = registry.agency(registry.office)
    head = registry.letterhead or Letterhead(tag=issuer.short, lines=(issuer.name.upper(),))
    context = {"letterhead": head, "issuer": issuer.name, **context}
    try:
        filled = (environment(letters, part).get_template(f"{folder}/{part}").render(context) for part in PARTS)
        subject, text, html = (unicodedata.normalize("NFC", words) for words in filled)
    except TemplateNotFound as error:
        raise Problem(f"Không thấy mẫu thư {error.name} trong {letters}. Kiểm tra DONDOC_DATA.") from None
    return Rendered(one_line(subject), re.sub(r"[ \t]*\n([ \t]*\n)+", "\n\n", text).strip() + "\n", html)
