"""Text typed with the fonts of before Unicode, whose letters are other letters: recognised and converted when certain.

.VnTime and its like (TCVN3, TCVN 5712:1993 table VN3), VNI-Times and its like, VISCII (RFC 1456). Programs show the
bytes of such text as Latin-1 letters: "huyÖn Kú Anh". A reading counts when all its words are Vietnamese syllables.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import product
from typing import Any

from dondoc.forms.reading import Book, Note, Sheet
from dondoc.forms.redact import redact
from dondoc.forms.words import shown

CERTAIN = 2  # words that must be read anew before a font is believed
NAMED = 5  # cells that a note names
_STASH = 0xE000  # where bytes wait that cleaning would take away: soft hyphen is ư
_LOST = re.compile("[\x80-\x9f\xad]")
_STASHED = re.compile("[\ue080-\ue0ad]")
_WORD = re.compile(r"(?:[^\W\d_]|[\u00a1-\u00bf\u00d7\u00f7\ue080-\ue0ad])+")
_HIGH = re.compile("[\u00a1-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\ue080-\ue0ad]")
_UNICODE = re.compile("[\u0102\u0103\u0110\u0111\u0128\u0129\u0168\u0169\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]")

_SIGNS = dict.fromkeys(map(ord, "°º²³±"))

# -- fonts. From 0x80, "·" where there is no letter of the font; checked against glibc's iconv in tests.

_TCVN3 = (
    "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ·ĂÂÊÔƠƯĐăâêôơưđẰ·····àảãáạẲằẳẵắẴ"
    "ẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
)
_VISCII = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ"
)
_TONES = dict(zip("ùøûõï", "\u0301\u0300\u0309\u0303\u0323", strict=True))
_ROOFED = dict(zip("âáàåãä", ("", *_TONES.values()), strict=True))
_CUPPED = dict(zip("êéèúüë", ("", *_TONES.values()), strict=True))
_VNI_ALONE = dict(zip("ñôöíìæóòî", "đơưíìỉĩịỵ", strict=True))


def _vni() -> dict[str, str]:
    """VNI writes a vowel and its marks as two letters: "eä" is ệ."""
    table = dict(_VNI_ALONE)
    for (letter, base), (mark, tone) in product(zip("aeouyôö", "aeouyơư", strict=True), _TONES.items()):
        table[letter + mark] = unicodedata.normalize("NFC", base + tone)
    for letters, hat, marks in (("aeo", "\u0302", _ROOFED), ("a", "\u0306", _CUPPED)):
        for letter, (mark, tone) in product(letters, marks.items()):
            table[letter + mark] = unicodedata.normalize("NFC", letter + hat + tone)
    return table


_VNI = _vni()
_VNI_UNIT = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)), re.IGNORECASE)


def _vni_text(text: str) -> str:
    def letter(match: re.Match[str]) -> str:
        found = _VNI[match[0].lower()]
        return found.upper() if match[0][0].isupper() else found

    return _VNI_UNIT.sub(letter, text)


def _byte(char: str) -> int:
    if 0xE080 <= ord(char) <= 0xE0AD:
        return ord(char) - _STASH
    try:
        return char.encode("cp1252")[0]
    except UnicodeEncodeError:
        return 0


def _one_to_one(table: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        return "".join(table[b - 0x80] if (b := _byte(c)) >= 0xA1 or (b and c >= "\ue080") else c for c in text)

    return convert


FONTS: dict[str, Callable[[str], str]] = {
    "TCVN3 (.VnTime)": _one_to_one(_TCVN3),
    "VNI": _vni_text,
    "VISCII": _one_to_one(_VISCII),
}

# -- syllables

_ONSETS = "ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvx]"
_RIMES = (
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng eo ep et "
    "ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu o oa oac oach oai oam oan "
    "oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op ot ô ôc ôi ôm ôn "
    "ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uê uêch uênh uơ uôc uôi uôm uôn uông uôt uc ui um un ung up "
    "ut uy uya uych uynh uyên uyêt uyt uyu uyn uyp ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu y "
    "ynh yêm yên yêng yêt yêu yt"
)
_SYLLABLE = re.compile(f"(?:{_ONSETS})?({_RIMES.replace(' ', '|')})")
_EITHER = ("oa", "oe", "uy", "uê", "uơ")  # old and new spelling put the tone on one or the other
_MARKS = frozenset(_TONES.values())


@lru_cache(20_000)
def is_syllable(word: str) -> bool:
    """Whether a word can be Vietnamese: an onset, a rime, at most one tone, on its vowel, that goes with its end."""
    letters = [unicodedata.normalize("NFD", c) for c in word.lower()]
    toned = [(at, mark) for at, letter in enumerate(letters) for mark in letter if mark in _MARKS]
    base = "".join(unicodedata.normalize("NFC", "".join(c for c in letter if c not in _MARKS)) for letter in letters)
    match = _SYLLABLE.fullmatch(base)
    if not match or len(toned) > 1:
        return False
    if base.endswith(("c", "ch", "p", "t")) and not (toned and toned[0][1] in "\u0301\u0323"):
        return False
    return not toned or toned[0][0] - match.start(1) in _places(match[1])


def _places(rime: str) -> set[int]:
    """Which letter of a rime may carry the tone."""
    vowels = [at for at, letter in enumerate(rime) if letter in "aăâeêioôơuưy"]
    special = [at for at in vowels if rime[at] in "ăâêôơư"]
    if rime in _EITHER:
        return set(vowels)
    if special:
        return {special[-1]}
    if len(vowels) == 1 or rime[-1] not in "aeiouy":
        return {vowels[-1]}
    return {vowels[1] if len(vowels) == 3 else vowels[0]}


def _odd_words(text: str) -> list[str]:
    """The words that are not plain ASCII; a sign without a letter, a degree or a square makes none."""
    return [w for w in _WORD.findall(text) if not w.translate(_SIGNS).isascii() and any(map(str.isalpha, w))]


def _is_vietnamese(text: str) -> bool:
    return not _STASHED.search(text) and all(map(is_syllable, _odd_words(text)))


@lru_cache(20_000)
def readings(text: str) -> dict[str, str]:
    """What a text says in each font in which all its words are Vietnamese."""
    if _UNICODE.search(text) or not _odd_words(text):
        return {}
    found = {font: convert(text) for font, convert in FONTS.items()}
    return {font: said for font, said in found.items() if said != text and _is_vietnamese(said) and "·" not in said}


# -- a book


def kept(text: str) -> str:
    """The text with what cleaning would take out of such text put aside; `converted` puts it back, or takes it out."""
    return _LOST.sub(lambda match: chr(_STASH + ord(match[0])), text) if _LOST.search(text) else text


def converted(book: Book) -> Book:
    """The book with such text as Unicode, and notes that say so."""
    texts = set(_texts(book))
    odd = {text for text in texts if not text.isascii() and _HIGH.search(text) and not _UNICODE.search(text)}
    font = _font(odd) if odd else None
    mixed = any(map(_UNICODE.search, texts)) if font else True
    table = {text: said for text in odd if (said := _meant(text, font, mixed=mixed)) != text}
    doubtful = {t for t in odd if not _is_vietnamese(t) and table.get(t, t) == t and (font or readings(t))}
    if not table and not doubtful:
        return book
    sheets = tuple(replace(sheet, cells=_cells(sheet, table)) for sheet in book.sheets)
    return replace(book, sheets=sheets, notes=(*book.notes, *_notes(book, font, table, doubtful)))


def _texts(book: Book) -> Iterator[str]:
    return (str(c.value) for sheet in book.sheets for c in sheet.cells.values() if c.kind == "text")


def _font(texts: set[str]) -> str | None:
    """The font that explains what is no Vietnamese as it stands; None unless it is certain."""
    votes: Counter[str] = Counter()
    for text in texts:
        if not _is_vietnamese(text):
            votes.update({font: len(_odd_words(text)) for font in readings(text)})
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < CERTAIN or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _meant(text: str, font: str | None, *, mixed: bool) -> str:
    """What a text says. What is Vietnamese either way stays, unless nothing in the book is Unicode."""
    said = readings(text).get(font or "")
    if said and (not mixed or not _is_vietnamese(text)):
        return said
    return _STASHED.sub("", text)


def _cells(sheet: Sheet, table: dict[str, str]) -> dict[tuple[int, int], Any]:
    changed = {}
    for place, cell in sheet.cells.items():
        if cell.kind == "text" and cell.value in table:
            text, secret = redact(table[str(cell.value)])
            changed[place] = cell._replace(value=text, secret=cell.secret or secret)
    return sheet.cells | changed if changed else sheet.cells


def _notes(book: Book, font: str | None, table: dict[str, str], doubtful: set[str]) -> Iterator[Note]:
    done = [text for text in _texts(book) if text in table and _STASHED.sub("", text) != table[text]]
    if done:
        example = shown(redact(table[done[0]])[0])
        yield Note("legacy_converted", None, {"font": font, "count": len(done), "example": example})
    if doubtful:
        listed = "; ".join(f"“{shown(text)}”" for text in sorted(doubtful)[:NAMED])
        yield Note("legacy_doubtful", None, {"count": len(doubtful), "listed": listed})
