"""Which agency a written name means: exactly one that was alive on the day, or nobody's guess."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from dondoc.directive.model import Agency, Registry
from dondoc.vocabulary.obligations import LOOSE, Deliverable

# What people shorten in an agency's name, after folding.
_SHORTENINGS = (
    (r"\b(uy ban nhan dan|u b n d)\b", "ubnd"),
    (r"\b(tp|t p)\b", "thanh pho"),
    (r"\b(tx|t x)\b", "thi xa"),
    (r"\bh\b", "huyen"),
    (r"\bvnpt\b", "vien thong"),
    ("y", "i"),  # last: Kỳ and Kì, Quý and Quí: both spellings are in use
)
_OWN = {"district": "ubnd", "province": "ubnd"}
_DISTRICT = ("huien ", "thi xa ", "thanh pho ")  # as they stand in a canonical name
_DD = str.maketrans("ðɖÐƉ", "đđĐĐ")  # look-alikes of đ in text converted from old encodings


@dataclass(frozen=True)
class Match:
    """`agency` only when exactly one fits; `candidates`: all that fit."""

    agency: str | None
    candidates: tuple[str, ...]


def deliverable(code: str, text: str = "") -> str:
    """What people call a deliverable: `form_03` is Biểu mẫu 03. `text`: as the letter says it, of what is no form."""
    if code == Deliverable.FOCAL_LETTER:
        return Deliverable.FOCAL_LETTER.label
    if code.startswith("form_"):
        return f"Biểu mẫu {code.removeprefix('form_')}"
    return text or next((one.label for one in LOOSE if one == code.partition("_")[0]), code)


def month(period: str) -> str:
    """A period as people write it: 2022-03 is 03/2022."""
    return f"{period[5:]}/{period[:4]}"


def in_period(code: str, text: str, period: str | None) -> str:
    """What people call a deliverable, and of which period it is."""
    return f"{deliverable(code, text)} (kỳ {month(period)})" if period else deliverable(code, text)


@lru_cache(maxsize=8192)  # names of places and agencies come again and again
def fold(text: str) -> str:
    """A name as it is compared: lower case without accents, đ as d, single blanks, punctuation as blanks."""
    plain = unicodedata.normalize("NFD", text.translate(_DD).lower().replace("đ", "d"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


def _canonical(text: str) -> str:
    folded = fold(text)
    for pattern, word in _SHORTENINGS:
        folded = re.sub(pattern, word, folded)
    return folded


def _accents(text: str) -> Iterator[tuple[str, str]]:
    """Each syllable without and with its accents, wherever in it they are written: hoà is hòa."""
    for syllable in re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", text.translate(_DD))).split():
        marks = unicodedata.normalize("NFD", syllable.lower().replace("đ", "d\u0336"))
        yield _canonical(syllable), "".join(sorted(c for c in marks if unicodedata.combining(c)))


def _contradicts(registry: Registry, text: str, agency: Agency) -> bool:
    """Whether an accent that somebody took the trouble to write is not the agency's: Thạch Hạ is not Thạch Hà."""
    written = {*_accents(" ".join((agency.name, agency.short, *agency.aliases, "tỉnh", registry.place)))}
    syllables = {base for base, _ in written}
    return any(marks and base in syllables and (base, marks) not in written for base, marks in _accents(text))


def _spellings(agency: Agency, place: str) -> set[str]:
    known = {_canonical(name) for name in (agency.name, agency.short, *agency.aliases)}
    if prefix := _OWN.get(agency.kind):
        # "Huyện Đức Thọ" and "UBND Đức Thọ" mean the same People's Committee.
        known |= {name.removeprefix(f"{prefix} ") for name in known}
        known |= {name.removeprefix(rank) for name in known for rank in _DISTRICT}
        known |= {f"{prefix} {name}" for name in known if not name.startswith(prefix)}
    known |= {f"{name} tinh {place}" for name in known} | {f"{name} {place}" for name in known}
    return known - {""}


@lru_cache
def _index(registry: Registry) -> dict[str, tuple[str, ...]]:
    index: dict[str, tuple[str, ...]] = {}
    for agency in registry.agencies:
        for spelling in _spellings(agency, _canonical(registry.place)):
            index[spelling] = (*index.get(spelling, ()), agency.id)
    return index


def match(registry: Registry, text: str, day: date) -> Match:
    """The agency that a written name means on a day.

    "Kỳ Anh" alone is a town and a district: two candidates, no agency.
    """
    named = _canonical(text)
    known = (registry.agency(a) for a in _index(registry).get(named, ()))
    alive = tuple(a for a in known if a.alive(day) and not _contradicts(registry, text, a))
    exact = tuple(a for a in alive if _canonical(a.name) == named)
    found = exact if len(exact) == 1 else alive
    ids = tuple(a.id for a in found)
    return Match(ids[0] if len(ids) == 1 else None, ids)
